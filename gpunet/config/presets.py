"""The presets of violent offences: sets of patterns with the wordings of public lists; sources are in docs/offences.md.

Patterns are written as :func:`gpunet.config.offences.plain_text` leaves a text: lower case, words parted by one blank.
Here alone `{a,b}` stands for two patterns, one with a and one with b.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["PRESETS", "spelt_out"]

Sets = Mapping[str, tuple[str, ...]]

_ASSAULT = "{assault,asslt,aslt,assualt}"
_SEX = "{,* }sex*"  # not Essex

#: Of United States records: texts that name an offence which the arrest is not for.
_NOT_THE_ACT = (
    "!*consp*", "!*solic*", "!*accessory*", "!*after the fact*", "!*false*report*", "!threat*",
    "!*{probation,parole} viol*", "!viol*{probation,parole}*", "!*{to regist,registr}*",
)  # fmt: skip

#: The paper's five violent offences (section 3, Table 1), with the wordings of United States records (FBI index).
_FBI_INDEX = {
    "homicide": (
        "*homicide*", "*murder*", "*mansl*",
        *_NOT_THE_ACT, "!*justifi*", "!*excusable*", "!*conceal*", "!*threat*", f"!*{_ASSAULT}*murder*",
    ),
    "criminal_sexual_assault": (
        f"{_SEX} {_ASSAULT}*", f"{_ASSAULT} sex*", f"{_SEX} batt*", "battery sexual", "rape*", "* rape*", "*sodomy*",
        "oral copulation*", f"{_SEX} penetrat*", "*crim* sex* cond*", "csc*", "involuntary deviate sex*",
        f"*agg* indecent {_ASSAULT}*", "sex abuse", "sex offenses forcible*", "forcible sex offense*",
        *_NOT_THE_ACT, "!*statutory*", "!*stat rape*", "!*fondl*", "!*animal*", "!* anim", "!*{sex,sexual} offender*",
        "!*mutual consent*", "!consensual*", "!*non forcible*", "!*nonforcible*",
    ),
    "robbery": (
        "*robb[er ]*", "*robb", "rob", "rob *", "* rob", "* to rob *", "*carjack*", "*car jack*", "*veh* hijack*",
        *_NOT_THE_ACT, "!*tools*",
    ),
    "aggravated_assault": (
        f"{{,* }}agg*{_ASSAULT}*", f"*{_ASSAULT}* agg*", f"*felon{{y,ious}} {{,domestic }}{_ASSAULT}*",
        f"*{_ASSAULT} felony", f"*{_ASSAULT}*[wha] {{dead,ddly,dang,gun,handgun,firearm,knife}}*",
        f"*{_ASSAULT} {{dead,ddly,dang,d w}}*", "adw*", "awdw*", f"*{_ASSAULT}*{{great bod,gbi,serious*inj}}*",
        f"*{_ASSAULT}*{{to kill,murder}}*", "*malicious* wound*", "*unlawful* wound*", "*mayhem*", "maiming*",
        "*strangul*", "*strangl*",
        "assault [12]", "assault 2 1*", "assault [12][sn][td]", "*assault [12][sn][td] deg*",
        "*assault* {first,second} deg*", "*{first,second} degree assault*", "*[12][sn][td] degree assault*",
        "shooting", "non{, }fatal shooting*", "shots fired at {inhabited,moving}*",
        *_NOT_THE_ACT, f"!{_SEX}", "!*indecent*", "!{,* }rape*", "!*batter*", "!*btry*", "!*robb*", "!*to rob*",
        "!{,* }burg*", "!*simple*", "!*non agg*", "!*aggress*", "!*assault {weapon,rifle}*", "!*vehicular as*",
        "!*threat*to kill*", "!*{no,without} {serious,great}*",
    ),
    "aggravated_battery": (
        "{,* }agg*{batter,btry}*", "{,* }agg* batt{, *}", "*{batter,batt,btry}* agg*",
        "*batter*[wha] {dead,ddly,dang}*", "*batter* d w*", "a b*dang*", "abdw*",
        "*{batter,a b}*{great bod,serious*inj,serious bod}*", "*heinous batter*", "felony batt*", "*batter*strang*",
        "*batter* [12][sn][td] deg*", "*batter* {first,second} deg*", "*{first,second} degree batter*",
        *_NOT_THE_ACT, f"!{_SEX}", "!{,* }burg*", "!*robb*", "!*theft*", "!*larceny*", "!*simple*", "!*non agg*",
        "!*aggress*", "!felony batt*prior*", "!*{no,without} {serious,great}*",
    ),
}  # fmt: skip

#: National Incident-Based Reporting System: the codes behind the same offences; 13A is aggravated battery too.
_NIBRS = {
    "homicide": ("{09a,9a,09b,9b}{, *}",),
    "criminal_sexual_assault": ("{11a,11b,11c}{, *}",),
    "robbery": ("120{, *}",),
    "aggravated_assault": ("13a{, *}",),
}

_SECTION = "{s,s ,sec ,section }{18,20,47}"  # of the Offences against the Person Act 1861

#: Home Office counting rules (England and Wales): the groups of notifiable violent offences, by their wording.
_HOME_OFFICE = {
    "homicide": (
        "*homicide*", "*murder*", "*manslaughter*", "*infanticide*",
        "!*attempt*", "!att murder*", "!*conspir*", "!*threat*", "!*solicit*", "!*incit*", "!*encourag*", "!*assist*",
        "!*conceal*",
    ),
    "rape_and_sexual_assault": (
        "rape*", "* rape*", "*sexual {assault,assualt}*", "*assault* by penetration*", "*sexual* touch*",
        "{,other }sexual offence*", "*serious sexual*", "*sexual activity*", "*indecent assault*", "*buggery*",
        "*unlawful sexual intercourse*", "incest*", "familial sexual*", "abuse of*trust*sexual*",
    ),
    "robbery": ("*robbery*", "*{intent,conspir*} to rob*", "*carjack*", "*car jack*"),
    "violence_with_injury": (
        "*with injury*", "violen{ce,t} {,and }sexual offence*", "violence against the person", "violent crime",
        "{,most }serious violence*", "*grievous bodily harm*", "*actual bodily harm*", "{gbh,abh}*", "* {gbh,abh}*",
        "*aoabh*", "*{g,a} b h*", "*wounding*", "wound *", "*attempt* murder*", "att murder*",
        "*intent to cause serious harm*", "endangering life*", "use of substance*endanger life*", "*strangulation*",
        "*strangle*", "*administ*poison*", "*genital mutilation*", "caus* or allow* death*",
        "caus* or allow*serious physical harm*", "*destruction of*unborn child*", "child destruction*",
        "*throw*corrosive*",
        _SECTION, f"{_SECTION} assault*", f"*assault* {_SECTION}*",
        "!*threat*", "!*driv*", "!*dog*", "!*animal*", "!*burglar*", "!*robb*", "!*damage*", "!*fail*to protect*",
        "!*breach*", "!*common assault*", "!*without injury*",
    ),
    "weapons": (
        "*weapon*", "*firearm*", "*shotgun*", "*shot gun*", "gun crime*", "*ammunition*", "*blade*",
        "*pointed article*", "*knife*", "*knives*", "*{possess,having}*corrosive*",
        "!*robb*", "!*assault*", "!*rape*", "!*wound*", "!*bodily*", "!*gbh*", "!*abh*", "!*murder*", "!*injury*",
        "!*theft*", "!*stolen*", "!*shoplift*", "!*burglar*", "!*stealing*",
    ),
}  # fmt: skip


def spelt_out(pattern: str) -> list[str]:
    """The patterns that one with `{a,b}` stands for.

    Examples
    --------
    >>> spelt_out("13a{, *}")
    ['13a', '13a *']
    """
    pieces = re.split(r"\{([^}]*)\}", pattern)
    choices = [piece.split(",") if i % 2 else [piece] for i, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]


def _preset(sets: Sets) -> Sets:
    return MappingProxyType({name: tuple(p for q in sets[name] for p in spelt_out(q)) for name in sets})


PRESETS: Mapping[str, Sets] = MappingProxyType(
    {"fbi_index": _preset(_FBI_INDEX), "nibrs": _preset(_NIBRS), "home_office": _preset(_HOME_OFFICE)}
)
