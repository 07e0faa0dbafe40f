"""Wordings of offences in official lists and in public tables, and the set of a preset that each belongs to."""

from __future__ import annotations

#: preset -> set ("" for none) -> wordings. Each belongs to this set and to no other.
WORDINGS = {
    "fbi_index": {
        "homicide": """
            HOMICIDE
            CRIMINAL HOMICIDE
            criminal_homicide
            Murder and Nonnegligent Manslaughter
            Murder & Nonnegligent Manslaughter
            Negligent Manslaughter
            Manslaughter by Negligence
            Homicide Offenses
            MURDER & NON-NEGL. MANSLAUGHTE
            MURDER & NON-NEGL. MANSLAUGHTER
            HOMICIDE-NEGLIGENT,UNCLASSIFIE
            HOMICIDE-NEGLIGENT-VEHICLE
            MANSLAUGHTER, NEGLIGENT
            NEG MANSLAUGHTER
            FIRST DEGREE MURDER
            HOMICIDE - FIRST DEGREE MURDER
            HOMICIDE RECKLESS HOMICIDE
            INVOLUNTARY MANSLAUGHTER
            Drug Induced Homicide
            Homicide of an Unborn Child
            CAPITAL MURDER
            MURDER 1ST DEGREE
            MURDER-1ST DEG
            Murder in the First Degree
            Murder In 2nd Degree W/firearm
            Manslaughter W/Weapon/Firearm
            MANSL
            INVOL MANSL
            Vehicular Homicide
            DUI Manslaughter
            Attempted Murder
            ATT MURDER 2
            Att. Murder
            ATTEMPT FIRST DEGREE MURDER
            187(A) PC-MURDER
            FELONY MURDER
        """,
        "criminal_sexual_assault": """
            CRIMINAL SEXUAL ASSAULT
            criminal_sexual_assault
            CRIM SEXUAL ASSAULT
            CRIM SEX ASSAULT/CANT CONSENT
            CRIM SEXUAL ASSAULT - AGGRAVATED: HANDGUN
            CRIMINAL SEXUAL ASSAULT - NON-AGGRAVATED
            AGGRAVATED CRIMINAL SEXUAL ASSAULT
            AGG CRIM SEX ASLT/BODILY HARM
            AGG CRIM SEX ASSAULT / VICTIM < 9
            PREDATORY CRIMINAL SEXUAL ASLT
            ATTEMPT (CRIMINAL SEXUAL ASSAULT)
            SEXUAL ASSAULT
            Sexual Assault With An Object
            SEX ASSLT
            sex-aslt-rape
            ASSAULT, SEXUAL
            Assault (sexual)
            AGG SEXUAL ASSAULT CHILD
            Rape
            Rape (Revised Definition)
            Forcible Rape
            FORCIBLE RAPE, BODILY FORCE
            RAPE 1
            RAPE 1,ATTEMPT
            RAPE, FORCIBLE
            RAPE, ATTEMPTED
            AGG RAPE OF A CHILD
            ASSAULT TO RAPE
            Sodomy
            SODOMY 1
            FORCIBLE SODOMY
            SODOMY/SEXUAL CONTACT B/W PENIS OF ONE PERS TO ANUS OTH
            ORAL COPULATION
            SEXUAL PENETRATION W/FOREIGN OBJECT
            Sexual Battery / Vict 12 Yrs +
            Sex Batt Faml/Cust Vict 12-17Y
            Sex Battery Deft 18+/Vict 11-
            AGGRAVATED SEXUAL BATTERY
            BATTERY, SEXUAL
            CRIMINAL SEXUAL CONDUCT 1ST DEGREE
            CRIM SEX COND-RAPE
            INVOLUNTARY DEVIATE SEXUAL INTERCOURSE
            AGGRAVATED INDECENT ASSAULT
            AGG ASSAULT W/INTENT TO RAPE
            SEX ABUSE
            SEX OFFENSES, FORCIBLE
            FORCIBLE SEX OFFENSE
            CSC-1ST DEGREE
            ASSLT SEXUAL
        """,
        "robbery": """
            ROBBERY
            Robbery - armed
            ROBBERY - STRONGARM
            ROBBERY ATTEMPT: ARMED-HANDGUN
            ROBBERY, BODILY FORCE
            ROBBERY,OPEN AREA UNCLASSIFIED
            ROBBERY,CAR JACKING
            ROBBERY ON THE STREET WITH A GUN
            ATTEMPTED ROBBERY
            ATTEMPTED ROBBERY ON THE STREET WITH BODILY FORCE
            Attempted Robbery  No Weapon
            Robbery / No Weapon
            Robbery Sudd Snatch No Weapon
            Robbery W/Deadly Weapon
            Strong Armed  Robbery
            STRONG-ARM ROBBERY
            STRONGARM ROBBERY
            ARMED ROBBERY
            ATTEMPT (ARMED ROBBERY)
            AGGRAVATED ROBBERY
            AGG ROBBERY/DEADLY WEAPON
            AGG ROBBERY BY ASSAULT
            ROBBERY BY THREAT
            ROBBERY BY ASSAULT
            HOME INVASION ROBBERY
            FIRST DEGREE ROBBERY
            ROBB 1ST DEG
            ROBB/FIREARM
            ARMED ROBB
            ROBBRY
            ROB
            ROB-1ST DEG
            STRONG ARM ROB
            ATTEMPT TO ROB BANK
            VEH HIJACKING
            CARJACKING
            Carjacking with a Firearm
            Carjacking w/o Deadly Weapon
            CAR-JACKING
            VEHICULAR HIJACKING
            AGGRAVATED VEHICULAR HIJACKING/FIREARM
            ATTEMPT AGGRAVATED VEHICLE HIJACKING/FIREARM
            ASSAULT W/INTENT TO ROB
            ASSLT W/I TO ROB
            ASLT TO ROB
            AGG ASSAULT W/INT TO ROB
            ROBBERY-AGG BATTERY
            ROBBERY - AGG ASSAULT
        """,
        "aggravated_assault": """
            AGGRAVATED ASSAULT
            aggravated_assault
            AGGRAVATED  ASSAULT
            Aggravated Assault W/Dead Weap
            Aggravated Assault W/o Firearm
            AGGRAVATED ASSAULT WITH BODILY FORCE
            Aggravated Assault - No Injury
            AGG ASSAULT
            Agg. Assault - Firearm
            Agg Assault Law Enforc Officer
            AGG ASSAULT ON PROBATION OFFICER
            AGG ASSAULT - ESSEX COUNTY
            AGG ASSAULT ON REGISTERED NURSE
            AGG ASSAULT, PITTSBURGH OFFICER
            Agg Assault W/int Com Fel Dome
            AGG ASSAULT FAM/DATE VIOLENCE
            AGGRAV ASSAULT
            AGGRVTD ASSAULT
            AGGRAVATED ASSUALT
            AGGR ASSLT
            AGG ASLT/USE DDLY WEAP/RIFLE
            AGG ASLT STRANGLE/SUFFOCATE
            ATTEMPTED AGG ASSLT
            INTIMATE PARTNER - AGGRAVATED ASSAULT
            CHILD ABUSE (PHYSICAL) - AGGRAVATED ASSAULT
            ASSAULT, AGGRAVATED
            ASSAULT (AGGRAVATED)
            ASSAULT - AGGRAVATED
            ASSAULT - AGGRAVATED - HANDGUN
            ASSAULT AGG PO: HANDGUN
            ASSLT-AGGRAVATED
            ASLT AGG W/GUN
            FELONY ASSAULT
            FELONY ASSLT
            FELONY ASLT
            FELONIOUS ASSAULT
            FELONY DOMESTIC ASSAULT
            ASSAULT (FELONY)
            ASSAULT W/DDLY WEAP
            ASSAULT - DDLY WPN
            ASSAULT WITH A GUN
            ASSAULT W/HANDGUN
            ASLT W/KNIFE
            ASSAULT WITH DEADLY WEAPON, AGGRAVATED ASSAULT
            ASSAULT WITH DEADLY WEAPON ON POLICE OFFICER
            ASSAULT WITH A DEADLY WEAPON
            ASSAULT W/DEADLY WEAPON
            ASSAULT-DEADLY WEAPON
            ASSLT W/DEADLY WPN
            ASLT W/ DEADLY WPN
            ASSAULT W/DANGEROUS WEAPON
            ASSAULT - DANGEROUS WEAPON
            ASSLT W DANG WEAP
            ASLT W DANG WEAP
            ASSAULT D/W - KNIFE ON POLICE OFFICER
            ADW
            ADW - GUN
            AWDW SERIOUS INJURY
            MALICIOUS WOUNDING
            UNLAWFUL WOUNDING
            ASSAULT WITH FIREARM ON PERSON
            ASSLT W/FIREARM
            ASLT W/FIREARM
            ASSAULT BY MEANS LIKELY TO PRODUCE GREAT BODILY INJURY
            ASLT-GREAT BODILY HM
            ASSAULT W/FORCE LIKELY GBI
            ASSAULT INFLICTING SERIOUS INJURY
            ASLT SERIOUS BODILY INJ
            ASSAULT WITH INTENT TO KILL
            ASLT W/INT TO KILL
            ASSAULT W/INTENT TO MURDER
            AGG ASSAULT-INTENT TO MURDER
            ASLT W/INT TO MURDER
            AGG ASSLT INT TO MURDER
            MAYHEM
            MAIMING
            STRANGULATION 1ST
            DOMESTIC VIOLENCE - STRANGLED
            ASSAULT 1
            ASSAULT 2
            ASSAULT 2,1,UNCLASSIFIED
            ASSAULT 2ND
            ASSAULT 1ST DEGREE
            DOMESTIC ASSAULT - 2ND DEGREE
            ASSAULT IN THE FIRST DEGREE
            ASSAULT, SECOND DEGREE
            FIRST DEGREE ASSAULT
            SECOND DEGREE ASSAULT
            2ND DEGREE ASSAULT
            SHOOTING
            NONFATAL SHOOTING
            NON-FATAL SHOOTING
            SHOTS FIRED AT INHABITED DWELLING
            SHOTS FIRED AT MOVING VEHICLE, TRAIN OR AIRCRAFT
        """,
        "aggravated_battery": """
            AGGRAVATED BATTERY
            Aggravated Battery: handgun
            Aggravated Battery (Firearm)
            Aggravated Battery / Pregnant
            Aggravated Battery On 65/Older
            AGG BATTERY WITH PRIOR CONVICTION
            Aggrav Battery w/Deadly Weapon
            Agg Battery Grt/Bod/Harm
            AGG BTRY/GRT BOD HARM/TORTURE
            AGG BATT
            Agg Batt-Great Harm
            Aggrav Child Abuse-Agg Battery
            AGGRAVATED DOMESTIC BATTERY
            AGGRAVATED DOMESTIC BATTERY - KNIFE / CUTTING INSTRUMENT
            AGG. DOMESTIC BATTERY - HANDS, FISTS, FEET, SERIOUS INJURY
            BATTERY - AGGRAVATED - HANDGUN
            BATTERY AGG PO HANDS NO/MIN INJURY
            BATTERY (AGGRAVATED)
            BATTERY-AGG
            BATT-AGGRAVATED
            BTRY-AGGRAVATED
            ASSAULT AND BATTERY OF A HIGH AND AGGRAVATED NATURE
            ATTEMPT AGGRAVATED BATTERY/STRANGLE
            HEINOUS BATTERY
            BATTERY W/DEADLY WEAPON
            ASSAULT & BATTERY W/DANGEROUS WEAPON
            ASSAULT & BATTERY D/W - KNIFE
            BATTERY-GREAT BODILY HARM
            BATTERY W/SERIOUS INJURY
            BATTERY WITH SERIOUS BODILY HARM
            Felony Battery (Dom Strang)
            Felony Batt(Great Bodily Harm)
            BATTERY BY STRANGULATION
            AGGRAVATED ASSAULT AND BATTERY
            AGG ASSAULT/AGG BTRY
            A&B W/DANGEROUS WEAPON
            A&B SERIOUS BODILY INJURY
            ABDW
            BATTERY 2ND DEGREE
            DOMESTIC BATTERING - 1ST DEGREE
            BATTERY IN THE FIRST DEGREE
            BATTERY, SECOND DEGREE
            FIRST DEGREE BATTERY
            SECOND DEGREE BATTERY
        """,
        "": """
            theft
            burglary
            Possession of Cannabis
            Agg Fleeing and Eluding
            Flee/Elude LEO-Agg Flee Unsafe
            Aggrav Stalking After Injunctn
            AGGRAVATED ARSON
            AGGRAVATED HARASSMENT 2
            AGGRAVATED IDENTITY THEFT
            AGGRAVATED UNLAWFUL USE OF WEAPON/VEH/PREV CONVICTION AS ADULT
            AGGRAVATED DISCHARGE OF A FIREARM
            AGG UUW/LOADED/NO FCCA/FOID
            Agg Abuse Elderlly/Disabled Adult
            Aggress/Panhandle/Beg/Solict
            Battery
            BATTERY - SIMPLE ASSAULT
            BATTERY POLICE (SIMPLE)
            BATTERY - DOMESTIC BATTERY SIMPLE
            Battery (petty theft of car battery)
            AGGRAVATED THEFT OF CAR BATTERY
            Aggravated larceny: battery
            Battery on Law Enforc Officer
            Battery on a Person Over 65
            Felony Battery w/Prior Convict
            BATTERY WITH SEXUAL CONTACT
            BATTERY - NO SERIOUS INJURY
            BATTERY WITHOUT SERIOUS INJURY
            BATTERY WITHOUT GREAT BODILY HARM
            BATTERY, NON-AGGRAVATED
            NONAGGRAVATED BATTERY
            THIRD DEGREE BATTERY
            BATTERY ON AGGRESSOR
            SIMPLE BATTERY, NOT AGGRAVATED
            SIMPLE BATTERY
            SIMPLE ASSAULT
            SIMPLE ASSAULT - NO AGGRAVATING FACTOR
            ASSAULT
            Assault Offenses
            Assault Law Enforcement Officer
            ASSAULT 3 & RELATED OFFENSES
            ASSAULT, NON-AGGRAVATED
            NONAGGRAVATED ASSAULT
            ESSEX COUNTY: SIMPLE ASSAULT
            BAGGAGE THEFT AND ASSAULT
            ASSAULT BY AGGRESSOR
            ASSAULT W/O DEADLY WEAPON
            ASSAULT WITHOUT DANGEROUS WEAPON
            ASSAULT - NO SERIOUS INJURY
            ASSAULT WITHOUT SERIOUS INJURY
            ASSAULT WITHOUT GREAT BODILY HARM
            ASSAULT WITH INJURY
            ASSAULT BY THREAT
            ASSAULT - THREAT TO KILL
            VEHICULAR ASSAULT
            ASSAULT POLICE/PEACE OFFICER
            FELONY ENHANCEMENT/ASSLT W/INJ
            ASSAULT-SEC DEGREE
            5TH DEGREE ASSAULT
            ASSAULT ON FIRST RESPONDER
            ASSAULT  CONTACT-SEXUAL NATURE
            DOMESTIC ASSAULT 2ND OFFENSE
            INTIMATE PARTNER - SIMPLE ASSAULT
            COMMON ASSAULT
            FELONY POSSESSION OF ASSAULT WEAPON, AGGRAVATED
            ASSAULT WEAPON - AGG POSSESSION
            ASSAULT RIFLE, AGG POSSESSION
            Other Assaults
            INDECENT ASSAULT
            INDECENT ASSAULT - STRANGLED
            AGGRAVATED VEHICULAR ASSAULT
            Burglary With Assault/battery
            AGGRAVATED BURGLARY W/ASSAULT
            AGGRAVATED BURGLARY W/BATTERY
            BURGLARY OF RESIDENCE
            Grand Theft Firearm
            theft of firearm
            PURSE SNATCHING
            EXTORTION
            KIDNAPPING
            LYNCHING
            RECKLESS CONDUCT
            RIOT
            MOB ACTION
            Statutory Rape
            STAT RAPE
            Statutory Sexual Assault
            SEXUAL ASSAULT (NON-FORCIBLE)
            SEXUAL ASSAULT, NONFORCIBLE
            POSSESSION OF BURGLARY/ROBBERY TOOLS
            AGGRAVATED CRIMINAL SEXUAL ABUSE
            CRIMINAL SEXUAL ABUSE
            Lewd/Lasc Battery Pers 12+/<16
            Fondling
            sex-aslt-fondle-adult
            SEXUAL ASSAULT OF ANIMAL
            BEASTIALITY, CRIME AGAINST NATURE SEXUAL ASSLT WITH ANIM
            CONSENSUAL SODOMY
            SEX,UNLAWFUL(INC MUTUAL CONSENT, PENETRATION W/ FRGN OBJ
            SEX OFFENDER REGISTRANT OUT OF COMPLIANCE
            SEX OFFENDER LOITERING AFTER SEXUAL ASSAULT
            SCRAPE OF VEHICLE
            Justifiable Homicide
            EXCUSABLE HOMICIDE
            CONCEALMENT OF HOMICIDE
            Concealment of Homicidal Death
            MAKING THREAT TO MURDER
            THREATEN TO COMMIT AGGRAVATED ASSAULT
            THREAT TO COMMIT AGG BATTERY
            THREATENING RAPE
            THREATENED ROBBERY
            CONSPIRACY TO COMMIT MURDER
            CONSPIRACY TO COMMIT ARMED ROBBERY
            CONSPIRACY(AGGRAVATED BATTERY)
            CONSP CRIMINAL SEXUAL ASSAULT
            CONSP AGG ASSAULT
            SOLICITATION OF MURDER FOR HIRE
            SOLIC AGG ASSAULT
            SOLICITATION OF AGGRAVATED BATTERY
            SOLIC SEXUAL ASSAULT
            SOLICIT ROBBERY
            ACCESSORY TO MURDER
            ACCESSORY - ROBBERY
            ACCESSORY SEXUAL BATTERY
            ACCESSORY AGG ASSAULT
            ACCESSORY AGG BATTERY
            AFTER THE FACT MURDER
            False report of robbery
            GIVING FALSE CRIME REPORT-RAPE
            FALSE REPORT MURDER
            FALSE REPORT AGG ASSAULT
            PROBATION VIOLATION - ROBBERY
            PROBATION VIOLATION - AGG BATTERY
            PAROLE VIOL: MURDER
            VIOLATION OF PROBATION: RAPE
            FAIL TO REGISTER: MURDERER
            MURDERER REGISTRATION
        """,
    },
    "nibrs": {
        "homicide": """
            09A
            9A
            09b
            9B
            09A Murder & Nonnegligent Manslaughter
            9A: Murder
            09B - Negligent Manslaughter
            9B Negligent Manslaughter
        """,
        "criminal_sexual_assault": """
            11A
            11B
            11C
            11A Rape
            11B-Sodomy
            11C Sexual Assault With An Object
        """,
        "robbery": """
            120
            120.0
            120 - Robbery
        """,
        "aggravated_assault": """
            13A
            13a
            13A Aggravated Assault
            13A: Aggravated Assault
        """,
        "": """
            09C
            09C Justifiable Homicide
            100
            11
            11D
            11D Fondling
            13B
            13B Simple Assault
            13C
            1200
            12
            200
            220
            23H
            36A
            36B Statutory Rape
            64A
            90Z
            520
            ROBBERY
        """,
    },
    "home_office": {
        "homicide": """
            Homicide
            Murder
            Murder of persons aged 1 yr or over - Common Law
            Murder of a person under 1 year of age
            Murder with knife
            Manslaughter
            Corporate Manslaughter
            Infanticide
        """,
        "rape_and_sexual_assault": """
            Rape
            Rape offences
            Rape of a female aged 16 or over
            Rape of a male child under 13 by a male
            Attempted rape of a female aged 16 or over
            Single Offender: Rape of a female aged under 16
            Multiple Undefined Offenders Rape of a male aged 16 or over
            Sexual assault on a female aged 13 and over
            Sexual Assault on Female aged 13 and over
            Sexual Assualt on a Male aged 13 and over
            Rape at knife point
            Attempted - Sexual assault on a male
            Sexual assault of a female 13 or over by penetration (S2, SOA 2003)
            Assault on a female by penetration
            Assault by penetration
            Sexual offences
            Sexual Offence
            Other Sexual Offences
            Other serious sexual
            Serious Sexual Offences
            Causing sexual activity without consent
            Sexual activity involving a child under 16
            Sexual activity etc with a person with a mental disorder
            Causing or inciting a child under 13 to engage in sexual activity: Female child
            Indecent assault on a female
            Sexual touching
            Buggery
            Unlawful sexual intercourse with a girl under 13
            Incest or familial sexual offences
            Familial sexual offences
            Abuse of position of trust of a sexual nature
        """,
        "robbery": """
            Robbery
            Robbery offences
            Business robbery
            Personal Robbery
            Robbery of Personal Property
            Robbery of Business Property
            Robbery (of Personal Property)
            Robbery - personal - Theft Act 1968 Sec 8
            Attempted - Robbery (of Personal Property)
            Robbery with a firearm
            Robbery with violence: wounding
            Assault with intent to rob
            Conspiracy to rob
            Carjacking
            Car-jacking
        """,
        "violence_with_injury": """
            Violence with injury
            Violence Against the Person - Violence with Injury
            Violence and sexual offences
            Violence & Sexual Offences
            Violent and sexual offences
            Violence against the person
            Violent crime
            Most serious violence
            Most Serious Violence Against The Person
            Serious violence
            Knife crime with injury
            Assault with injury
            Assault with injury on a constable
            Racially or religiously aggravated assault with injury
            Other violence with injury
            Assault with intent to cause serious harm
            Endangering life
            Attempted murder
            Att. murder
            Attempted murder - Common Law. Criminal Attempts Act 1981
            Assault occasioning ABH
            Assault occasioning actual bodily harm (Section 47)
            Assault emergency worker - ABH
            ABH
            A.B.H.
            AOABH
            Inflicting grievous bodily harm
            GBH with intent
            S20 GBH
            Wounding/GBH
            Inflict G.B.H.
            s.18 wounding with intent
            Sec 18. Wounding with intent to do grievous bodily harm
            Malicious Wounding:- Wounding or Inflicting grievous bodily harm (without intent Section 20)
            Other wounding
            Less serious wounding
            Wounding with knife
            Grievous bodily harm - firearm
            GBH with knife
            ABH, knife
            Use of substance or object to endanger life
            Wound with intent
            Racially or religiously aggravated wounding or grievous bodily harm
            Non-fatal strangulation and suffocation
            Strangle another person
            Administering poison with intent to injure or annoy
            Female genital mutilation
            Causing or allowing death of child or vulnerable person
            Cause or allow a child to suffer serious physical harm
            Intentional destruction of a viable unborn child
            Child destruction
            Throwing corrosive fluid on a person
            S18
            S.18
            Sec 18
            Section 18
            s20
            S.20
            Sec. 20
            Section 20
            S47
            s.47
            Sec 47
            Section 47
            S18 assault
            S.18 assault
            Sec 18 assault
            Section 18 assault
            S20 assault
            S.20 assault
            Sec 20 assault
            Section 20 assault
            S47 assault
            S.47 assault
            Sec 47 assault
            Section 47 assault
            Assault S18
            Assault - S.18
            Assault (Sec 18)
            Assault (Section 18)
            Assault S20
            Assault - S.20
            Assault (Sec 20)
            Assault (Section 20)
            Assault S47
            Assault - S.47
            Assault (Sec 47)
            Assault Section 47
        """,
        "weapons": """
            Possession of weapons
            Possession of weapons offences
            POSSESSION OF WEAPONS OFFENCES
            Possession Of Other Weapons
            Weapons
            Weapons offences
            Other weapons
            Gun crime
            Possession of firearms offences
            Possession of firearm with intent
            Possession of firearms with intent to endanger life
            Other firearms offences
            Possess a prohibited weapon
            Prohibited weapons
            Air weapons
            Shotgun without certificate
            Possess shot gun
            Possess ammunition
            Ammunition offences
            Offensive weapon
            Possess an offensive weapon
            Threaten with an offensive weapon in a public place
            Possession of Article with Blade or Point
            Having an article with a blade or point in a public place
            Possession of bladed article
            Threaten with a blade or sharply pointed article in a public place
            Having a sharply pointed article
            Knife in a public place
            Other knives offences
            Possession of corrosive substance in a public place
            Having a corrosive substance
        """,
        "": """
            Burglary
            Aggravated burglary in a dwelling
            Aggravated burglary: inflicting grievous bodily harm
            Shoplifting
            Shoplifting razor blades
            Theft of firearm
            Handling stolen firearm
            Theft of ammunition
            Burglary - firearms taken
            Going equipped for stealing, knife
            Theft from the person
            Violence without injury
            Violence Against the Person - Violence without injury
            Less Serious Violence Against The Person
            Assault without injury
            Assault without injury on a constable
            Common assault
            Common assault and battery
            Common assault with offensive weapon
            Common assault (not ABH)
            Assault Police
            Assault or assault by beating of a constable
            Assault without injury, neither GBH nor ABH
            Threats to kill
            Threats to kill or cause grievous bodily harm
            Threats to murder
            Conspiracy to murder
            Soliciting to murder
            Inciting murder
            Encouraging murder
            Aiding, abetting or encouraging a murder
            Assisting an offender - murder
            Concealing a murder
            Harassment
            Stalking
            Kidnapping
            Affray
            Violent disorder
            Arson endangering life
            Criminal damage with intent to do grievous bodily harm
            Causing death by dangerous driving
            Cause grievous bodily harm by furious driving
            Dog out of control causing wounding
            Wounding an animal
            Failing to protect girl from risk of genital mutilation
            Breach of female genital mutilation protection order
            Exposure and voyeurism
            Exposure - Sexual Offences Act 2003 Sec 66
            Sexual grooming
            Possession of drugs
            Possession of Cannabis (class B drug)
            Anti-social behaviour
            Public order
            Other crime
            S39 assault
            Section 18 Public Order Act
            Malicious communications
        """,
    },
}


def wordings(preset: str) -> dict[str, str]:
    """``{wording: its set, or ""}`` of a preset."""
    return {
        line.strip(): name for name, lines in WORDINGS[preset].items() for line in lines.splitlines() if line.strip()
    }
