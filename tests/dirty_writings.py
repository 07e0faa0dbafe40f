"""Tables in every writing, for the tests of reading: strategies, files, and networks that can be held together."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import strategies as st

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.diagnostics import diagnosed
from gpunet.arrests.network import build_network
from gpunet.base.errors import GpunetError
from gpunet.reading import read_arrests
from gpunet.synthetic import writing as choices
from gpunet.synthetic.dirty_files import write_table
from gpunet.synthetic.writing import Writing, fitting
from tests.reading_naive import decoded

SETS = {"homicide": ["murder*"], "robbery": ["robbery*"], "arson": ["arson"]}
NUMBERS = [str(1_000_000 + 7 * k) for k in range(18)]
TEXTS = ["ab10", "ac10", "zoë1", "josé", "x-1", "a,b", "c;d|e", "k o", "q'u", *(f"P{k}" for k in range(9))]

#: Columns that nothing is missing without: that they have another name is not told.
OPTIONAL = ("beat", "gang", "force")


@st.composite
def clean_tables(draw: st.DrawFn, persons: list[str]) -> pa.Table:
    """Incidents of two forces over three years; each arrest has a district of its own, by which it is known again."""
    rows: list[dict[str, Any]] = []
    numbers: Counter[tuple[int, str]] = Counter()
    for i in range(draw(st.integers(12, 16))):
        year, force = draw(st.sampled_from([2011, 2013])), draw(st.sampled_from(["north", "south"]))
        day = dt.date(year, 1, 1) + dt.timedelta(days=draw(st.integers(0, 364)))
        numbers[year, force] += 1
        members = [persons[k % len(persons)] for k in range(2 * i, 2 * i + draw(st.integers(1, 3)))]
        for person in dict.fromkeys([*members, draw(st.sampled_from(persons))]):
            arrest = {"person_id": person, "incident_id": f"{year}-{numbers[year, force]:04}", "date": day}
            place = {"district": f"D{len(rows):03}", "beat": draw(st.sampled_from(["1", "b;2", None]))}
            gang = draw(st.sampled_from([None, "Reds, 1st", 'The "Blues"', "Größe"]))
            offences = draw(st.sampled_from([["murder"], ["THEFT"], [None], ["robbery - armed, knife", "arson"]]))
            rows += [{**arrest, "offence": offence, **place, "gang": gang, "force": force} for offence in offences]
    return pa.Table.from_pylist(rows)


@st.composite
def writings(draw: st.DrawFn, numbers: bool) -> Writing:
    """Any writing of ids that are numbers or text."""

    def one(options: Any) -> Any:
        return draw(st.sampled_from(tuple(options)))

    def some(options: Any) -> Any:
        return tuple(draw(st.lists(st.sampled_from(tuple(options)), max_size=2, unique=True)))

    kind, flags = one(("csv", "csv", *choices.KINDS)), iter(draw(st.lists(st.booleans(), min_size=9, max_size=9)))
    names = {c: one(choices.NAMES[c]) for c in some(choices.NAMES)}
    made = Writing(
        kind=kind,
        packing=one(choices.PACKINGS),
        ending=one(("", "", "csv")),
        folders=one(((), (), ("force",), ("force", "month"))),
        separator=one((*choices.FOUND_SEPARATORS, ":", " ")),
        encoding=one((*choices.FOUND_ENCODINGS, "cp850", "mac-roman")),
        line_end=one(choices.LINE_ENDS),
        separator_at_end=next(flags),
        blanks=next(flags),
        quoted=next(flags),
        sep_line=next(flags),
        titles=one((0, 0, 1, 2, 3)),
        total=one(("", "", *choices.TOTALS)),
        two_sheets=next(flags),
        spelling=one(choices.SPELLINGS),
        names=tuple(names.items()),
        absent=one(((), (), (), *((c,) for c in choices.ABSENT))),
        protected=some(choices.PROTECTED),
        others=some(choices.OTHER_COLUMNS),
        date=one((*choices.DATES, *choices.DAY_FIRST, *choices.MONTH_FIRST)),
        null=one(choices.NULL_WORDS),
        ids=one(("as they are", "number", "float", "zeros", "hyphens", "suffix") if numbers else
                ("as they are", "case", "hyphens", "suffix")),
        padded=next(flags),
        decomposed=next(flags),
        restarting=next(flags),
        repeats=next(flags),
        nobody=draw(st.booleans()),
        sentinel=one(("", "", *choices.SENTINELS)),
        placeholder=one(("", "", *choices.PLACEHOLDERS)),
    )  # fmt: skip
    return fitting(made)


def written(table: pa.Table, writing: Writing, folder: Path) -> Path:
    """The folder with one file for each force if that is in the names of folders, else with one."""
    tables = folder / "tables"
    forces = ("north", "south") if "force" in writing.folders else ("",)
    for force in forces:
        keys = {"force": force, "month": "2013-01"}
        path = tables.joinpath(*(f"{key}={keys[key]}" for key in writing.folders))
        path.mkdir(parents=True)
        part = table.filter(pc.equal(table["force"], force)) if force else table
        write_table(part, writing, path / f"arrests{writing.file_ending}")
    return tables


def network_of(arrests: Arrests, without: tuple[str, ...] = ()) -> tuple[list[Any], list[Any]]:
    """Arrests with those of the same person and of the same incident, and ties; known by the arrests' districts.

    Of `without`, some of beat, gang and force, nothing is told.
    """
    rows = [dict(zip(("person", "incident", "force", "day", "offences", "district", "beat", "gang"), row, strict=True))
            for row in decoded(arrests)]  # fmt: skip
    marks = [str(row["district"]).rpartition("/")[2] for row in rows]
    persons = _classes(arrests.person.tolist(), marks)
    incidents = _classes(arrests.incident.tolist(), marks)
    kept = [name for name in ("force", "day", "offences", "beat", "gang") if name not in without]
    every = [
        (mark, persons[person], incidents[incident], *(str(row[name]).rpartition("/")[2] for name in kept))
        for mark, person, incident, row in zip(
            marks, arrests.person.tolist(), arrests.incident.tolist(), rows, strict=True
        )
    ]
    network = build_network(arrests)
    assert network.ties is not None
    assert network.person is not None
    vertices = [persons[code] for code in network.person.tolist()]
    ties = [sorted((vertices[a], vertices[b])) for a, b in zip(network.ties.a, network.ties.b, strict=True)]
    return sorted(every), sorted(ties)


def _classes(codes: list[int], marks: list[str]) -> dict[int, tuple[str, ...]]:
    found: dict[int, set[str]] = {}
    for code, mark in zip(codes, marks, strict=True):
        found.setdefault(code, set()).add(mark)
    return {code: tuple(sorted(of)) for code, of in found.items()}


def reading(tables: Path, of_input: dict[str, Any]) -> Arrests | str:
    """The arrests, or the text of the refusal, which is one clear sentence."""
    try:
        return read_arrests(str(tables), {"input": of_input, "violent_offences": SETS})
    except GpunetError as error:
        return str(error)


def told(arrests: Arrests) -> list[str]:
    assert arrests.report is not None
    return [*arrests.report.warnings, *diagnosed(arrests).warnings]


class Clean:
    """A clean table, without the columns that are absent in a writing of it, to be compared with what is read."""

    def __init__(self, table: pa.Table, writing: Writing) -> None:
        for column in writing.absent:
            at = table.column_names.index(column)
            table = table.set_column(at, column, pa.nulls(len(table), pa.string()))
        self._arrests = read_arrests(table, {"violent_offences": SETS})
        self._networks: dict[tuple[str, ...], Any] = {}

    def unlike(self, arrests: Arrests, without: tuple[str, ...] = ()) -> bool:
        """Whether the arrests are others than those of the clean table, but for columns of beat, gang and force."""
        key = tuple(sorted(without))
        if key not in self._networks:
            self._networks[key] = network_of(self._arrests, key)
        return bool(network_of(arrests, key) != self._networks[key])


def is_clear(refusal: str, tables: Path) -> bool:
    """Whether it is one line that can be printed, and names a file or a column, and what to do."""
    named = str(tables) in refusal or "column" in refusal
    return refusal.isprintable() and named and bool(re.search(r"\b(write|set|save|give|remove|rename)\b", refusal))


cases = st.booleans().flatmap(lambda n: st.tuples(clean_tables(NUMBERS if n else TEXTS), writings(n)))
