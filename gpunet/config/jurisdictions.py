"""Whose law ``[governance] jurisdiction`` names: the European Union's, another country's, or none that is known here.

Codes are those of ISO 3166-1, with "uk", and "el" of the Union's own publications.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_known", "is_of_union", "region_meant"]

#: Codes by two and by three letters: of the Union, of the European Economic Area, of the Union's 27 members, of what
#: belongs to them and has a code of its own (Treaty on the Functioning of the European Union, Article 355(1) and (4)),
#: and of the three other states of the Area: the Regulation's title ends with "Text with EEA relevance".
_UNION_CODES = """
eu ue eea ax gf gp mf mq re yt ala guf glp maf mtq reu myt is li no isl lie nor
at be bg cy cz de dk ee el es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk
aut bel bgr cyp cze deu dnk est esp fin fra grc hrv hun irl ita ltu lux lva mlt nld pol prt rou swe svn svk
"""

#: All other codes of two letters, and two of three.
_OTHER_CODES = """
ad ae af ag ai al am ao aq ar as au aw az ba bb bd bf bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca cc cd cf cg ch
ci ck cl cm cn co cr cu cv cw cx dj dm do dz ec eg eh er et fj fk fm fo ga gb gd ge gg gh gi gl gm gn gq gs gt gu
gw gy hk hm hn ht id il im in io iq ir je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc lk lr ls ly ma mc md
me mg mh mk ml mm mn mo mp mr ms mu mv mw mx my mz na nc ne nf ng ni np nr nu nz om pa pe pf pg ph pk pm pn pr
ps pw py qa rs ru rw sa sb sc sd sg sh sj sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv
tw tz ua ug um us uy uz va vc ve vg vi vn vu wf ws ye za zm zw uk gbr usa
"""

_UNION, _OTHERS = frozenset(_UNION_CODES.split()), frozenset(_OTHER_CODES.split())


def _plain(text: str) -> str:
    """A text without case and accents, words parted by one space.

    >>> _plain(" ÖSTERREICH,  Wien")
    'osterreich, wien'
    """
    letters = unicodedata.normalize("NFKD", text.casefold().replace("\N{LATIN SMALL LETTER DOTLESS I}", "i"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


#: The Union, its members, the other states of the European Economic Area, and regions far from the members' mainland
#: (Article 349 of that Treaty, Åland, Ceuta, Melilla) in English, and as they call themselves in their own languages.
_UNION_NAMES = """
europe, european union, european economic area, iceland, ísland, liechtenstein, norway, norge, noreg
austria, belgium, bulgaria, croatia, cyprus, czechia, czech republic, denmark, estonia, finland, france, germany
greece, hungary, ireland, italy, latvia, lithuania, luxembourg, malta, netherlands, holland, poland, portugal, romania
slovakia, slovenia, spain, sweden
österreich, belgië, belgique, belgien, българия, bulgariya, hrvatska, κύπρος, kypros, kibris, česko, česká republika
danmark, eesti, suomi, deutschland, bundesrepublik, ελλάδα, ελλάς, ellada, hellas, magyarország, éire, italia, latvija
lietuva, luxemburg, lëtzebuerg, nederland, polska, românia, slovensko, slovenija, españa, sverige
европейски съюз, evropská unie, europæiske union, europäische union, euroopa liit, ευρωπαϊκή ένωση, unión europea
union européenne, aontas eorpach, europska unija, unione europea, eiropas savienība, europos sąjunga, európai unió
unjoni ewropea, europese unie, unia europejska, união europeia, uniunea europeană, európska únia, evropska unija
euroopan unioni, europeiska unionen
åland, ahvenanmaa, guadeloupe, martinique, mayotte, réunion, french guiana, guyane, saint-martin, saint martin
azores, açores, madeira, canary islands, canarias, ceuta, melilla
"""

#: Names of other countries, beside those that are known by their codes alone, and of regions that are written beside
#: their codes.
_OTHER_NAMES = """
united kingdom, great britain, england, wales, scotland, northern ireland, united states, canada, australia
new zealand, switzerland, el salvador
alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, district of columbia, florida, georgia
hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, massachusetts, michigan, minnesota
mississippi, missouri, montana, nebraska, nevada, new hampshire, new jersey, new mexico, new york, north carolina
north dakota, ohio, oklahoma, oregon, pennsylvania, rhode island, south carolina, south dakota, tennessee, texas, utah
vermont, virginia, washington, west virginia, wisconsin, wyoming
alberta, british columbia, manitoba, new brunswick, newfoundland, nova scotia, ontario, prince edward island, quebec
saskatchewan, new south wales, queensland, south australia, tasmania, victoria, western australia
"""

#: Those with an "and" in their name, which are one, and their codes.
_WITH_AND = {
    "antigua and barbuda": "ag", "bosnia and herzegovina": "ba", "saint kitts and nevis": "kn",
    "saint vincent and the grenadines": "vc", "sao tome and principe": "st", "trinidad and tobago": "tt",
}  # fmt: skip

#: What members of the Union share their codes with, as it is written after a town: Delaware, Montana, Newfoundland,
#: Saskatchewan.
_SHARED = {"de": "US-DE", "mt": "US-MT", "nl": "CA-NL", "sk": "CA-SK"}

#: Codes that are no words of a sentence, as "no", "is" and "be" are.
_NO_WORDS = frozenset({"eu", "eea"})

#: Parts that name nobody.
_NOBODY = frozenset({"no other", "no others", "only"})


#: Between several whose laws hold; a hyphen is one only with spaces around it, as in a region there are none (US-DE).
_BETWEEN = re.compile(r"[,;:/|&+()\[\]\u2013\u2014]|\s-+\s|\b(?:and|or|und)\b")

#: A code after a hyphen that is no region: none is called as the Union in ISO 3166-2.
_NO_REGION = re.compile(r"[a-z]{2,3}[-_](eu|ue|eea)")

#: The code before a region.
_BEFORE_REGION = re.compile(r"(?!no-one\b)[a-z]{2,3}(?=\s*[-_])")


def _any_of(names: str) -> re.Pattern[str]:
    words = [_plain(name) for name in re.split(r"[,\n]", names) if name.strip()]
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, words))})(?!\w)")


_OF_UNION, _OF_OTHERS, _OF_AND = _any_of(_UNION_NAMES), _any_of(_OTHER_NAMES), _any_of(",".join(_WITH_AND))

#: Names that begin or end as those of the Union do.
_ALIKE = re.compile(r"\bnorthern ireland\b|\bel salvador\b")


def is_of_union(jurisdiction: str) -> bool:
    """Whether the law of the European Union holds: it or a member is named, by code or name, be it with a region.

    Examples
    --------
    >>> [is_of_union(of) for of in ("EU", "E.U.", "de-by", "DEU", "Germany", "Deutschland", "España")]
    [True, True, True, True, True, True, True]
    >>> [is_of_union(of) for of in ("uk", "US-DE", "Northern Ireland", "Switzerland", "")]
    [False, False, False, False, False]

    Of several the law of each holds:

    >>> [is_of_union(of) for of in ("uk, eu", "us/de", "uk and eu", "gb-eng; wales")]
    [True, True, True, False]

    Words of a sentence are no codes, unless it begins with one:

    >>> [is_of_union(of) for of in ("US-IL, no other", "EU member state", "it depends")]
    [False, True, True]
    """
    named = _ALIKE.sub("", _plain(jurisdiction))
    return _OF_UNION.search(named) is not None or any(_union_codes(named))


def region_meant(jurisdiction: str) -> str | None:
    """How to write the region of another country that may be meant where the Union's law holds in doubt; else None.

    Examples
    --------
    >>> [region_meant(of) for of in ("Missoula, MT", "Dover, DE", "de", "Malta", "uk, eu", "US-MT")]
    ['US-MT', 'US-DE', None, None, None, None]
    """
    named = _ALIKE.sub("", _plain(jurisdiction))
    first, *others = _union_codes(named) or [frozenset[str]()]
    found = frozenset[str]().union(*others)
    if first or _OF_UNION.search(named) is not None or not found or not found <= _SHARED.keys():
        return None
    return _SHARED[min(found)]


def is_known(jurisdiction: str) -> bool:
    """Whether it is known whose law a text names.

    Examples
    --------
    >>> [is_known(of) for of in ("uk", "England and Wales", "us-il", "FRA", "Gotham", "as agreed")]
    [True, True, True, True, False, False]
    """
    named = [part for part in _parts(_plain(jurisdiction)) if part not in _NOBODY]
    return is_of_union(jurisdiction) or (bool(named) and all(map(_is_other, named)))


def _parts(named: str) -> list[str]:
    """Those that a text names, of which each is looked at.

    >>> _parts("uk, eu"), _parts("us-de"), _parts("uk eu"), _parts("uk-eu")
    (['uk', 'eu'], ['us-de'], ['uk', 'eu'], ['uk', 'eu'])
    """
    parts: list[str] = []
    named = _OF_AND.sub(lambda of: _WITH_AND[of[0]], named)
    for part in filter(None, map(str.strip, _BETWEEN.split(named))):
        words = part.replace(".", "").split()
        if len(words) > 1 and _whole(part) not in _UNION | _OTHERS and _UNION.union(_OTHERS).issuperset(words):
            parts += words  # codes alone
        else:
            parts += re.split("[-_]", part) if _NO_REGION.fullmatch(_whole(part)) else [part]
    return parts


def _union_codes(named: str) -> list[frozenset[str]]:
    """Codes of the Union in each part. In doubt the law holds: a text that begins with one, as "EU law", names it.

    >>> texts = "us-il, no other", "uk, de-by", "uk and eu law"
    >>> tuple([sorted(codes) for codes in _union_codes(text)] for text in texts)
    ([[], []], [[], ['de']], [[], ['eu']])
    """
    found: list[frozenset[str]] = []
    for part in _parts(named):
        first_word = re.split(r"[\W\d_]+", part.replace(".", ""))[0]
        found.append(_UNION & _codes(part) | {first_word} & (_NO_WORDS if found else _UNION))
    return found


def _codes(part: str) -> set[str]:
    """What may be a code of a part: all of it, and what is before a region."""
    before_region = _BEFORE_REGION.match(part.replace(".", ""))
    return {_whole(part), *([before_region[0]] if before_region else ())}


def _is_other(part: str) -> bool:
    """Whether a part names a country, with or without a region, whose law is not the Union's."""
    return _OF_OTHERS.search(part) is not None or not _codes(part).isdisjoint(_OTHERS)


def _whole(named: str) -> str:
    """A text without dots and spaces, which may be a code as a whole."""
    return re.sub(r"[.\s]", "", named)
