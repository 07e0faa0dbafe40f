"""Tables with values that nobody expects, in any column and format."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator
from typing import Any

from scripts.hostile import tables
from scripts.hostile.case import Case, End, Place, Step, Wrong, command, single

_IDS = (
    "", " ", "\t", "NULL", "nan", "None", "-", "0", "-0", "007", "7.0", "1e5", "1E400", "0x10", "9", "=1+1", "@x",
    "+1", "-1", "'", '"', '""', ",", ";", "\\", "\\n", "\x00", "\x1b[2J", "\u202eabc", "\u200b", "\ufeff", "e\u0301",
    "\u00e9", "\u00c5", "\u212b", "\u0130", "\u00df", "\U0001f469\u200d\U0001f467", "\uffff", "\U0010ffff", "\u2028",
    "a\u0300", "x", "../../x", "/etc/passwd", "%s%n", "{0}", "${HOME}", "`id`", "<script>", "'; DROP TABLE x", "true",
    "inf", "\u0661\u0662", "\uff11\uff12", "1,000", "1 000", "1'000", "12-34", "A1:2",
)  # fmt: skip

_DATES = (
    "0000-00-00", "0000-01-01", "0001-01-01", "1582-10-10", "1677-09-20", "1900-01-01", "1970-01-01", "2014-02-29",
    "2014-02-30", "2014-13-01", "2014-00-10", "2262-04-12", "9999-12-31", "10000-01-01", "-2014-01-01", "+2014-01-01",
    "2014-1-1", "2014-01", "2014", "20140101", "140101", "1/2/2014", "31/12/2014", "12/31/2014", "1.2.14",
    "Jan 1, 2014", "1-JAN-14", "2014-W01-1", "2014-001", "2014-01-01T24:00:00", "2014-01-01T23:59:60",
    "2014-01-01T00:00:00Z", "2014-01-01T00:00:00+14:00", "2014-01-01T00:00:00-25:00",
    "2014-01-01 00:00:00.123456789123", "41640", "41640.5", "1388534400", "1388534400000", "-1", "1e10", "nan", "NaT",
    "null", "", "today", "2014-01-01x", " 2014-01-01 ", "2014\u201301\u201301", "\u0662\u0660\u0661\u0664-01-01",
    "2014-01-01\x00", "99999999999999999999", "2100-01-01", "00:00", "2014-01-01/2014-02-01",
)  # fmt: skip

_TEXTS = (*_IDS, "homicide", "HOMICIDE\n", "h\u043emicide", "*", "?", "[a-z]", "(a+)+$", "a" * 1000 + "!")

_NASTY: dict[str, tuple[str, ...]] = {
    "person_id": _IDS,
    "incident_id": _IDS,
    "date": _DATES,
    "offence": _TEXTS,
    "district": _TEXTS,
    "beat": _TEXTS,
    "gang": _TEXTS,
    "force": _TEXTS,
}


def cases() -> Iterator[Case]:
    """A value in every row, in some rows, and whole tables of such values."""
    for k, identifier in enumerate(_IDS):
        column = ("person_id", "incident_id")[k % 2]
        yield single(f"values/{column}-{k}", _everywhere(column, identifier))
        yield single(f"values/{column}-some-{k}", _somewhere(column, identifier))
    for k, day in enumerate(_DATES):
        yield single(f"values/date-{k}", _everywhere("date", day))
        yield single(f"values/date-some-{k}", _somewhere("date", day))
    for k, text in enumerate(_TEXTS):
        column = ("offence", "district", "beat", "gang", "force")[k % 5]
        yield single(f"values/{column}-{k}", _somewhere(column, text))
    for suffix in ("parquet", "csv", "xlsx"):
        for k in range(25):
            yield Case(f"values/any-{suffix}-{k}", _any(suffix))
    for name, make in _SHAPES.items():
        for verb in ("features", "run"):
            yield single(f"values/shape-{name}-{verb}", _shaped(make, verb))


def _quoted(table: dict[str, list[Any]]) -> bytes:
    """CSV whose cells are quoted, so that each of them is one cell."""
    cells = {name: ['"' + str(cell).replace('"', '""') + '"' for cell in column] for name, column in table.items()}
    return tables.csv(cells)


def _step(place: Place, table: dict[str, list[Any]]) -> Step:
    if place.rng.random() < 0.5:
        path = place.write("a.csv", _quoted(table))
    else:
        path = place.write("a.parquet", tables.parquet(table))
    if place.rng.random() < 0.3:
        return command("check", path)
    return command("features", path, "--out", place.out)


def _everywhere(column: str, value: str) -> Callable[[Place], Step]:
    return lambda place: _step(place, tables.rows(**{column: value}))


def _somewhere(column: str, value: str) -> Callable[[Place], Step]:
    def make(place: Place) -> Step:
        table = tables.rows()
        table.setdefault(column, [None] * 60)
        for k in place.rng.sample(range(60), 5):
            table[column][k] = value
        return _step(place, {name: ["" if cell is None else cell for cell in cells] for name, cells in table.items()})

    return make


def _any(suffix: str) -> Callable[[Place], Generator[Step, End, None]]:
    """A table of nothing but odd values; counts of rows have to add up all the same."""

    def play(place: Place) -> Generator[Step, End, None]:
        rng = place.rng
        table = tables.rows(200)
        for name in rng.sample(sorted(_NASTY), 5):
            table[name] = [
                rng.choice(_NASTY[name]) if rng.random() < 0.4 else f"2014-01-{k % 28 + 1:02d}" for k in range(200)
            ]
        if suffix == "xlsx":
            data = tables.workbook({name: [_xml(cell) for cell in cells] for name, cells in table.items()})
        else:
            data = _quoted(table) if suffix == "csv" else tables.parquet(table)
        path = place.write(f"a.{suffix}", data)
        end = yield command("features", path, "--out", place.out)
        if end.code == 0:
            _adds_up(place, 200)

    return play


def _xml(cell: str) -> str:
    kept = "".join(
        c for c in str(cell) if c == "\t" or " " <= c < "\ud800" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
    return kept.replace("&", "&amp;").replace("<", "&lt;")


def _adds_up(place: Place, rows: int) -> None:
    import json

    counts = json.loads((place.out / "run.json").read_text(encoding="utf-8"))["input"]["files"]
    for found in (file["rows"] for file in counts):
        if found["read"] != found["accepted"] + found["rejected"] + found["duplicate"] or found["read"] != rows:
            raise Wrong(f"rows do not add up: {rows} written, {found}")


def _shaped(make: Callable[[random.Random], dict[str, list[Any]]], verb: str) -> Callable[[Place], Step]:
    def step(place: Place) -> Step:
        path = place.write("a.parquet", tables.parquet(make(place.rng)))
        config = ("--config", place.base.config) if verb == "run" else ()
        return command(verb, path, *config, "--out", place.out)

    return step


#: Tables of odd shapes: whoever is tied to whom, and when.
_SHAPES: dict[str, Callable[[random.Random], dict[str, list[Any]]]] = {
    "one-person": lambda rng: tables.rows(person_id="P1"),
    "one-incident": lambda rng: tables.rows(incident_id="I1"),
    "one-day": lambda rng: tables.rows(date="2014-01-01"),
    "all-alone": lambda rng: tables.rows(incident_id=[f"I{k}" for k in range(60)]),
    "all-the-same": lambda rng: tables.rows(person_id="P", incident_id="I", date="2014-01-01", offence="ROBBERY"),
    "one-row": lambda rng: tables.rows(1),
    "two-rows": lambda rng: tables.rows(2),
    "no-violence": lambda rng: tables.rows(3000, offence="THEFT"),
    "all-violence": lambda rng: tables.rows(3000, offence="HOMICIDE"),
    "no-offences": lambda rng: tables.rows(offence=""),
    "one-of-each": lambda rng: tables.rows(3000, offence=[f"O{k}" for k in range(3000)]),
    "many-forces": lambda rng: tables.rows(3000, force=[f"F{k}" for k in range(3000)]),
    "star": lambda rng: tables.rows(3000, person_id=["hub" if k % 2 else f"P{k}" for k in range(3000)]),
    "chain": lambda rng: tables.rows(3000, person_id=[f"P{(k + 1) // 2}" for k in range(3000)]),
    "clique": lambda rng: tables.rows(
        2450, person_id=[f"P{k % 49}" for k in range(2450)], incident_id=[f"I{k // 49}" for k in range(2450)]
    ),
    "ten-years": lambda rng: tables.rows(3000, date=[f"{2005 + k % 10}-{1 + k % 12:02d}-01" for k in range(3000)]),
    "thousand-years": lambda rng: tables.rows(1000, date=[f"{1000 + k:04d}-01-01" for k in range(1000)]),
    "first-and-last-day": lambda rng: tables.rows(date=["0001-01-01", "2014-01-01"] * 30),
    "ladder": lambda rng: tables.rows(
        1200,
        person_id=[
            f"P{p}" for k in range(150) for a, b in ((0, 1), (0, 2), (1, 3), (2, 3)) for p in (3 * k + a, 3 * k + b)
        ],
    ),
}
