"""Names of columns that are never read, as public tables have them, and names that only look like them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.reading.protected import is_protected

#: Of people, by whoever wrote them down: what must not be read.
PROTECTED = """
    race | RACE | race_1 | Perceived Race | Perceived_Race | SubjectPerceivedRace | raw_race | subject_race
    raceDesc
    RACEDESC | racedesc | raceid | RaceCode | perp_race | PERP_RACE | perprace | SUSP_RACE | VIC_RACE | vicrace
    OFFRACE
    OFFICER_RACE | Race/Ethnicity | race_ethnicity | raceeth | racial | racialized | arrestee_race_sex | RACESEX
    sex | Sex Code | Sex_Code_Text | SEXCD | sexrace | SUSP_SEX | VICT_SEX | Vict Sex | OffSex | officer_sex
    SexAtBirth
    SexOfficerDefined | male | Female | M/F | m / f | gender identity | subject_gender | pronouns | intersex
    nonbinary
    descent | Descent Code | Descent Description | Vict Descent | vict_descent | VICTDESCENT | ancestry
    hispanic | is_hispanic | HISPANIC_ORIGIN | hispanicorigin | Hispanic/Latino | Hispanic or Latino | latino | HISP
    ethnicity | defendant_ethnicity | arrestee_ethnic | Ethnic_Code_Text | EthnicOrigin | ethnicgroup
    raw_ethnicity
    eth_cd | ethcode | apparent ethnicity | Self-defined ethnicity | Officer-defined ethnicity | Officer observed
    self-defined 16+1 | Self Defined 16 + 1 | 6+1 code | self classification | SDE | cultural background
    ic_code | IC Code | ICCODE | Suspect IC code | IC1 | IC 1-6 | ic_6 | IC_CLASSIFICATION | identity code
    HAIR | EYES | EYE_CD | HAIR_CD | GNDR | COB
    complexion | SKIN TONE | SkinColour | skincolor | hair_color | haircolr | HairColour | suspecthaircolor
    EYE_COLOR
    white | is_black | Asian | Caucasian | African American | Pacific Islander | Visible Minority
    aboriginal | Aboriginality | Aboriginal or Torres Strait Islander | torres_strait_islander | atsi
    indigenous_status | First Nations | first_nation | Maori | Māori | iwi | Métis | Inuit
    native_flag | is_native | Native American | NativeHawaiian | alaska_native | tribal_affiliation | tribe | caste
    place of birth | PlaceOfBirth | place_birth | perpplaceofbirth | POB | birthplace | birth_country | BirthState
    country born | foreign_born | country of origin | national origin | nationality | Nationality1 | nationality_2
    citizen | US Citizen | uscitizen | non_citizen | citizenship_status | immigration status | visa_type
    alien_number
    AlienNumber | passport country | Country of Passport | passport_nationality | residency_status | refugee
    asylum_seeker
    ICE detainer | undocumented | migrant | language | Primary Language | primarylanguage | mother tongue | accent
    Interpreter | limited_english_fluent | religion | religious belief | Faith | muslim | is_muslim | Jewish | creed
    sexual_orientation | SexualOrientation | sexualorientation | LGBTQ | perceived_lgbt | marital status
    maritalstatus
    married | civil status | pregnant | is_pregnant | pregnancy | is_disabled | disability | mental_health
    mentalhealth
    HIV | hiv_status | sexe | Sexo | Geschlecht | Nationalité | Staatsangehörigkeit
"""

#: Of cases, places and records: what may be read.
HARMLESS = """
    Race Track Beat | race_track_beat | racetrack | RaceTrack | Racecourse Road | Race Course | Raceway | race_way
    horse_race_meeting | street_race | race_car_theft | Race Street | trace | Trace number | trace_no | terrace
    embrace
    bracelet | grace_period | Sussex | SUSSEX | Essex district | Wessex | Middlesex | Sexton street | bisector
    sex_offence_flag | SexOffence | sexoffence | sex_offender | sex_crimes_unit | Sex Crime | sex_trafficking
    incident_sexual_assault | female_genital_mutilation_flag | marital_rape | descent_rate | crescent
    descend_order
    Faith Street | Christian County | Christian name | native_id | native_key | native_code | alternative | tribunal
    citizen_complaint | Citizen Complaint ID | citizen_id | citizenid | national_id | foreign_key | international
    public_code | topic_code | TrafficCode | publiccode | clinic_code | mic_1 | ICD code | ic | nick_name
    beth_nickname
    hearing_no | chair_collected | vehicle_color | vehicle_is_black | white_street | Whitechapel | height
    weight | build
    court_appearance | statement | birth_date | birth_year | birthday | dob | date of birth | POB Box | po_box
    visa_card
    experimental | fundamental | pronounced_dead | ancestor_id | together | method | asian_gang | accent_color
    SDE_ROWID | origin | status | country | residence | residency | offices | permit | gang | force | district
    beat
"""


def names(lines: str) -> list[str]:
    return [name.strip() for line in lines.splitlines() for name in line.split(" | ") if name.strip()]


@pytest.mark.parametrize("name", names(PROTECTED))
def test_protected(name: str) -> None:
    assert is_protected(name)


@pytest.mark.parametrize("name", names(HARMLESS))
def test_harmless(name: str) -> None:
    assert not is_protected(name)


@given(
    st.sampled_from(
        [name.split() for name in names(PROTECTED + HARMLESS) if re.fullmatch("[A-Za-z]+( [A-Za-z]+)+", name)]
    ),
    st.sampled_from([" ", "_", "-", ".", "  "]),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_case_and_separators_do_not_count(words: list[str], separator: str, case: type[str]) -> None:
    assert is_protected(case(separator.join(words))) == is_protected(" ".join(words))
