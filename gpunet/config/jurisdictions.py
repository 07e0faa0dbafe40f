"""Whose law ``[governance] jurisdiction`` names: the European Union's, another country's, or none that is known here.

Codes are those of ISO 3166-1, with "uk", and "el" of the Union's own publications.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_known", "is_of_union"]

#: Codes of the Union, of the European Economic Area, and of the Union's 27 members by two and by three letters.
_UNION_CODES = """
eu ue eea at be bg cy cz de dk ee el es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk
aut bel bgr cyp cze deu dnk est esp fin fra grc hrv hun irl ita ltu lux lva mlt nld pol prt rou swe svn svk
"""

#: All other codes of two letters, and two of three.
_OTHER_CODES = """
ad ae af ag ai al am ao aq ar as au aw ax az ba bb bd bf bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca cc cd cf cg ch
ci ck cl cm cn co cr cu cv cw cx dj dm do dz ec eg eh er et fj fk fm fo ga gb gd ge gf gg gh gi gl gm gn gp gq gs gt gu
gw gy hk hm hn ht id il im in io iq ir is je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls ly ma mc md
me mf mg mh mk ml mm mn mo mp mq mr ms mu mv mw mx my mz na nc ne nf ng ni no np nr nu nz om pa pe pf pg ph pk pm pn pr
ps pw py qa re rs ru rw sa sb sc sd sg sh sj sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv
tw tz ua ug um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw uk gbr usa
"""

_UNION, _OTHERS = frozenset(_UNION_CODES.split()), frozenset(_OTHER_CODES.split())


def _plain(text: str) -> str:
    """A text without case and accents, words parted by one space.

    >>> _plain(" ÖSTERREICH,  Wien")
    'osterreich, wien'
    """
    letters = unicodedata.normalize("NFKD", text.casefold().replace("\N{LATIN SMALL LETTER DOTLESS I}", "i"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


#: The Union and its members in English, and as they call themselves in their own languages.
_UNION_NAMES = """
europe, european union, european economic area
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
"""
#: Names of other countries, beside those that are known by their codes alone.
_OTHER_NAMES = """
united kingdom, great britain, england, wales, scotland, northern ireland, united states, canada, australia
new zealand, iceland, liechtenstein, norway, switzerland, el salvador
"""


def _any_of(names: str) -> re.Pattern[str]:
    words = [_plain(name) for name in re.split(r"[,\n]", names) if name.strip()]
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, words))})(?!\w)")


_OF_UNION, _OF_OTHERS = _any_of(_UNION_NAMES), _any_of(_OTHER_NAMES)

#: Names that begin or end as those of the Union do.
_ALIKE = re.compile(r"\bnorthern ireland\b|\bel salvador\b")


def is_of_union(jurisdiction: str) -> bool:
    """Whether the law of the European Union holds: it or a member is named, by code or name, be it with a region.

    Examples
    --------
    >>> [is_of_union(of) for of in ("EU", "E.U.", "de-by", "DEU", "Germany", "Deutschland", "España")]
    [True, True, True, True, True, True, True]
    >>> [is_of_union(of) for of in ("uk", "US-IL", "Northern Ireland", "Norway", "")]
    [False, False, False, False, False]
    """
    named = _ALIKE.sub("", _plain(jurisdiction))
    # In doubt the law holds: "EU law" begins with a code, and so does "it depends".
    return not _UNION.isdisjoint({_first_word(named), _whole(named)}) or _OF_UNION.search(named) is not None


def is_known(jurisdiction: str) -> bool:
    """Whether it is known whose law a text names.

    Examples
    --------
    >>> [is_known(of) for of in ("uk", "England and Wales", "us-il", "FRA", "Gotham", "as agreed")]
    [True, True, True, True, False, False]
    """
    named = _plain(jurisdiction)
    before_region = re.match(r"[a-z]{2,3}(?=\s*[-_/,;:(])", named.replace(".", ""))
    codes = {_whole(named), *([before_region[0]] if before_region else ())}
    return _OF_OTHERS.search(named) is not None or not codes.isdisjoint(_OTHERS) or is_of_union(jurisdiction)


def _whole(named: str) -> str:
    """A text without dots and spaces, which may be a code as a whole."""
    return re.sub(r"[.\s]", "", named)


def _first_word(named: str) -> str:
    return re.split(r"[\W\d_]+", named.replace(".", ""))[0]
