"""Dirty arrest tables for the tests of reading: strategies, and the same rows as every kind of file and frame."""

from __future__ import annotations

import csv
import gzip
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from hypothesis import strategies as st

Row = dict[str, Any]

COLUMNS = ("person_id", "incident_id", "date", "offence", "district", "beat", "gang", "force")
FILE_KINDS = ("csv", "csv.gz", "parquet", "feather")
FRAME_KINDS = ("polars", "pandas", "pyarrow")
SETS = {"homicide": ["murder*"], "robbery": ["robbery*", "*armed*"], "arson": ["arson"]}
CONFIG = {"violent_offences": SETS}

BLANKS = [None, "", " ", "\t ", "\u00a0\u2003"]
IDS = ["1", "2", "7", "07", " 7", "7.0", "Zoë", "日本", "a,b", 'quo"te', "two\nlines", "x" * 40, "x" * 40 + "y",
       "NA", "Null ", "\\N", "unknown", "1.23457E+12", "1e5", "9007199254740993.0", "Zoe\u0308", "zoë"]  # fmt: skip
DATES = [
    "2013-02-01", "20130201", "2012-02-29", " 2013-02-03 ", "2013-02-01T10:00:00", "2013-02-01 10:00", "2013-02-01t10",
    "2013-02-01T00:00:00", "2013-02-01T10:00:00.5Z", "2013-02-01T23:30:00+05:30", "20130201T100000,25-0100",
    "1900-01-01", "1969-12-31T23:59:59.999999",
]  # fmt: skip
BAD_DATES = [
    "2013-02-29", "1899-12-31", "2999-01-01", "01/02/2013", "yesterday", "2013-2-1", "2013-02-01T25:00", "2013-0201",
    "2013-02-01T10:00:0", "2013-02-01T", "2013-02-01T10:00+1", "2013-W05-5", "41306", "0000-01-01",
    "2013-02-01 10:00 x",
]  # fmt: skip
OFFENCES = ["Murder 1st degree", " murder ", "ROBBERY - ARMED", "unarmed robbery", "arson", "theft", "arson of a barn"]
PLACES = ["1", "2", "11/A", "Nørth"]
GANGS = ["Reds", "Blues"]
FORCES = ["north", "south", "a/b"]

_text = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
_blank = st.sampled_from(BLANKS)


def _cell(*values: str) -> st.SearchStrategy[str | None]:
    return st.one_of(st.sampled_from(values), st.sampled_from(values), st.sampled_from(values), _blank)


dirty_row: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "person_id": st.one_of(_cell(*IDS[:4]), _cell(*IDS), _text),
        "incident_id": st.one_of(_cell(*IDS[:4]), _cell(*IDS), _text),
        "date": st.one_of(_cell(*DATES), _cell(*DATES, *BAD_DATES)),
        "offence": st.one_of(_cell(*OFFENCES), _text),
        "district": _cell(*PLACES),
        "beat": _cell(*PLACES),
        "gang": _cell(*GANGS),
        "force": _cell(*FORCES),
    }
)


@st.composite
def dirty_tables(draw: st.DrawFn) -> list[Row]:
    """Rows of text, with exact repeats of some of them."""
    rows = draw(st.lists(dirty_row, max_size=25))
    if rows:
        for i in draw(st.lists(st.integers(0, len(rows) - 1), max_size=6)):
            rows.insert(draw(st.integers(0, len(rows))), dict(rows[i]))
    return rows


@st.composite
def split_tables(draw: st.DrawFn) -> list[list[Row]]:
    """Rows over one to four tables, some of them perhaps empty."""
    rows = draw(dirty_tables())
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    bounds = [0, *cuts, len(rows)]
    return [rows[a:b] for a, b in pairwise(bounds)]


def as_frame(rows: list[Row], kind: str, columns: tuple[str, ...] = COLUMNS) -> Any:
    """The rows as a frame of text columns."""
    values = {c: [row.get(c) for row in rows] for c in columns}
    if kind == "polars":
        return pl.DataFrame(values, schema=dict.fromkeys(columns, pl.String))
    if kind == "pandas":
        return pd.DataFrame(values, dtype="str")
    return pa.table(values, schema=pa.schema([(c, pa.string()) for c in columns]))


def write_csv(path: Path, rows: list[Row], columns: tuple[str, ...] = COLUMNS, encoding: str = "utf-8") -> Path:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([["" if row.get(c) is None else row[c] for c in columns] for row in rows])
    return path


def write_table(folder: Path, name: str, rows: list[Row], kind: str) -> Path:
    """The rows as a file of `kind`, one of ``FILE_KINDS``."""
    path = folder / f"{name}.{kind}"
    if kind.startswith("csv"):
        return write_csv(path, rows)
    table = as_frame(rows, "pyarrow")
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=7)
    else:
        feather.write_feather(table, path, chunksize=5)
    return path
