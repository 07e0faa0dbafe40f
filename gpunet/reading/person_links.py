"""Links between ids of persons: which ids are one person by what was decided, and which more might be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.reading.corrections import Corrections, is_whole
from gpunet.reading.links_table import LinkFile, LinkRow, read_link_rows

__all__ = ["PersonLinks", "person_links", "settled", "with_person_links"]

#: No more rows than so many are named.
_NAMED = 5


@dataclass(frozen=True)
class PersonLinks:
    """What tables of links come to.

    Attributes
    ----------
    decided
        ``{id: the id of the same person that stays}`` by the links that somebody said yes to.
    likely
        The same with the uncertain links as well.
    yes, no, undecided
        How many links there are of each, by their rows.
    uncertain
        How many undecided ones are likely enough to be tried, and are.
    contradicted
        How many are likely enough, and would make one person of two of whom somebody said no.
    erased
        Ids of whom nothing is left, and those that links with yes lead to from them; no link of theirs counts.
    files
        The files that were read.
    """

    decided: Mapping[str, str] = field(default_factory=dict)
    likely: Mapping[str, str] = field(default_factory=dict)
    yes: int = 0
    no: int = 0
    undecided: int = 0
    uncertain: int = 0
    contradicted: int = 0
    erased: frozenset[str] = frozenset()
    files: tuple[LinkFile, ...] = ()

    def counts(self) -> dict[str, int]:
        """The counts, as they stand in ``run.json``."""
        return {name: getattr(self, name) for name in ("yes", "no", "undecided", "uncertain", "contradicted")}

    @property
    def corrections(self) -> Corrections:
        """What is done to rows by what was decided, be it nothing: so nobody reads the tables of links again."""
        return Corrections(persons=self.erased, merged=self.decided)

    @property
    def likely_corrections(self) -> Corrections | None:
        """What is done to rows with uncertain links as well."""
        return Corrections(persons=self.erased, merged=self.likely) if self.likely else None


def person_links(config: Config, erased: frozenset[str] = frozenset()) -> PersonLinks | None:
    """The links of the tables that ``[input] person_links`` names; None if it names none.

    Persons who are `erased` are so under all of their ids: those that links with yes lead to.

    Raises
    ------
    InputError
        If a table cannot be read, or the decisions contradict each other.
    """
    if not config.input.person_links:
        return None
    rows, files = read_link_rows(config.input.person_links, config)
    least = config.links.min_probability
    found = settled(rows, least)
    if erased:
        stay = {found.decided.get(one, one) for one in erased}
        all_ids = frozenset({*erased, *stay, *(one for one, into in found.decided.items() if into in stay)})
        others = [row for row in rows if all_ids.isdisjoint((row.a, row.b))]
        found = replace(settled(others, least), erased=all_ids)
    return replace(found, files=files)


def with_person_links(corrections: Corrections | None, config: Config) -> Corrections | None:
    """The corrections that are given, or if there are none what the decided links of the configuration come to."""
    if corrections is not None:
        return corrections
    links = person_links(config)
    return None if links is None else links.corrections


def settled(rows: Iterable[LinkRow], min_probability: float) -> PersonLinks:
    """Which ids are one person: those that a chain of links leads from one to the other; the smallest id stays.

    Undecided links are tried from the most likely one on, of `min_probability` or more; one that would make one person
    of two of whom somebody said no is left out. Whole numbers are smaller than texts, and are compared as numbers.

    Raises
    ------
    InputError
        If somebody said no of two ids that links with yes make one person; rows are told, and no id.

    Examples
    --------
    >>> from gpunet.reading.links_table import LinkRow
    >>> rows = [LinkRow("row 1", "b7", "12", None, "yes"), LinkRow("row 2", "b7", "c", None, "yes"),
    ...         LinkRow("row 3", "c", "d", 0.95, None), LinkRow("row 4", "d", "e", 0.6, None)]
    >>> links = settled(rows, 0.9)
    >>> dict(links.decided), dict(links.likely), links.uncertain
    ({'b7': '12', 'c': '12'}, {'b7': '12', 'c': '12', 'd': '12'}, 1)
    """
    links = list(rows)
    by_decision = {wanted: [row for row in links if row.decision == wanted] for wanted in ("yes", "no", None)}
    yes, no, open_ = by_decision["yes"], by_decision["no"], by_decision[None]
    groups = _Groups()
    for row in yes:
        groups.unite(row.a, row.b)
    for row in no:
        if groups.of(row.a) == groups.of(row.b):
            raise _contradiction(row, yes)
    decided = groups.merged()
    for row in no:
        groups.keep_apart(row.a, row.b)
    likely = [row for row in open_ if row.probability is not None and row.probability >= min_probability]
    likely.sort(key=lambda row: (-(row.probability or 0.0), *sorted(map(_order, (row.a, row.b)))))
    used = sum(groups.unite(row.a, row.b) for row in likely)
    return PersonLinks(decided, groups.merged(), len(yes), len(no), len(open_), used, len(likely) - used)


def _order(person: str) -> tuple[bool, int, str]:
    """Whole numbers first, as numbers."""
    whole = is_whole(person)
    return not whole, int(person) if whole else 0, person


class _Groups:
    """Ids in groups that are one person, and which groups are two (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._apart: dict[str, set[str]] = {}

    def of(self, person: str) -> str:
        """The id that stands for the group of an id: the smallest one in it."""
        root = person
        while (above := self._parent.get(root, root)) != root:
            root = above
        while (above := self._parent.get(person, person)) != root:  # the next time the way is short
            self._parent[person] = root
            person = above
        return root

    def unite(self, one: str, other: str) -> bool:
        """Make two groups one, unless they are kept apart; whether they are one now."""
        stays, goes = sorted((self.of(one), self.of(other)), key=_order)
        if stays == goes:
            return True
        if goes in self._apart.get(stays, ()):
            return False
        self._parent[goes] = stays
        self._parent.setdefault(stays, stays)
        for third in self._apart.pop(goes, ()):
            self._apart[third].remove(goes)
            self.keep_apart(third, stays)
        return True

    def keep_apart(self, one: str, other: str) -> None:
        """From now on these two are not made one."""
        a, b = self.of(one), self.of(other)
        self._apart.setdefault(a, set()).add(b)
        self._apart.setdefault(b, set()).add(a)

    def merged(self) -> dict[str, str]:
        """``{id: the id that stands for its group}`` of all that another one stands for."""
        found = {person: self.of(person) for person in list(self._parent)}
        return {person: stays for person, stays in found.items() if person != stays}


def _contradiction(no: LinkRow, yes: Sequence[LinkRow]) -> InputError:
    """The error that links with yes lead from one id of a link with no to the other."""
    by: dict[str, list[tuple[str, LinkRow]]] = {}
    for row in yes:
        by.setdefault(row.a, []).append((row.b, row))
        by.setdefault(row.b, []).append((row.a, row))
    came: dict[str, Any] = {no.a: None}
    queue = deque([no.a])
    while queue and no.b not in came:
        person = queue.popleft()
        for other, row in by.get(person, ()):
            if other not in came:
                came[other] = (person, row)
                queue.append(other)
    rows, at = [], no.b
    while came[at] is not None:
        at, row = came[at]
        rows.append(row.where)
    told = ", ".join(rows[:_NAMED]) + (", ..." if len(rows) > _NAMED else "")
    return InputError(
        f"person_links: {no.where} says no of two ids that {told} make one person: change one of these decisions with "
        "gpunet link-review"
    )
