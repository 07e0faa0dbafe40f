"""What the public is not told, and cannot work out; and CSV that a spreadsheet does not run."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.report.audience import Audience
from gpunet.report.csv_text import csv_of

PUBLIC, ANALYST = Audience("public"), Audience("analyst")

COUNTS = st.integers(0, 40) | st.none() | st.integers(0, 12)
TABLES = st.lists(st.tuples(COUNTS, COUNTS), max_size=12)


def table(rows: Sequence[tuple[int | None, int | None]]) -> pl.DataFrame:
    data = [{"group": f"g{i}", "persons": a, "arrests": b} for i, (a, b) in enumerate(rows)]
    return pl.DataFrame(data, {"group": pl.String, "persons": pl.Int64, "arrests": pl.Int64})


@given(TABLES)
def test_no_small_count_is_shown_and_none_is_found_by_subtraction(rows):
    data = table(rows)
    shown = PUBLIC.shown(data, ["persons", "arrests"])
    assert ANALYST.shown(data, ["persons", "arrests"]).equals(data)
    assert shown.equals(PUBLIC.shown(shown, ["persons", "arrests"]))
    for name in ("persons", "arrests"):
        assert not set(shown[name].drop_nulls()) & set(range(1, 10))
        rest = data[name].sum() - shown[name].sum()
        assert rest == 0 or rest >= 10 or not shown[name].sum()
    if not any(count in range(1, 10) for row in rows for count in row):
        assert shown.equals(data)


def test_the_smallest_group_goes_with_a_small_one():
    data = table([(500, 500), (3, 12), (20, 60), (20, 50), (0, 0)])
    assert PUBLIC.shown(data, ["persons"])["group"].to_list() == ["g0", "g3", "g4"]
    # Two small ones that are ten together tell nothing: each may be any of nine numbers.
    assert PUBLIC.shown(table([(4, 1), (6, 1), (30, 1)]), ["persons"])["group"].to_list() == ["g2"]
    assert PUBLIC.shown(data, []).equals(data)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 100, "0"), (1, 100, "fewer than 10"), (9, 100, "fewer than 10"), (10, 100, "10"), (90, 100, "90"),
     (91, 100, "more than 90"), (99, 100, "more than 90"), (100, 100, "100"), (6, 8, "fewer than 10"),
     (1995, 2000, "more than 1,990"), (10, 12, "more than 2"), (0, 5, "0")],
)  # fmt: skip
def test_a_part_of_a_whole_and_its_rest_are_not_small(part, whole, said):
    assert PUBLIC.out_of(part, whole) == said
    assert ANALYST.out_of(part, whole) == f"{part:,}"


RUNS = (
    "=1+1",
    "+cmd",
    "-cmd",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "|x",
    "%x",
    "\uff1d1",
    "\u200b=1",
    "\ufeff=1",
)


@pytest.mark.parametrize("text", RUNS)
def test_a_cell_that_a_spreadsheet_would_run_is_text(text):
    data = pl.DataFrame({text: [text, None], "n": [-1, 2], "kind": pl.Series([text, None], dtype=pl.Categorical)})
    written = pl.read_csv(csv_of(data), infer_schema=False)
    assert not re.match(r"\s*[=+\-@|%]", written.columns[0])
    for column in (written.columns[0], "kind"):
        assert written[column][0].startswith("'")
        assert written[column][0].replace("'", "") == text
        assert written[column][1] is None
    assert written["n"].to_list() == ["-1", "2"]


def test_a_formula_behind_a_separator_of_another_country_is_text_too():
    assert csv_of(pl.DataFrame({"a": ["x;=cmd()", "x;\n @cmd", "x; y"]})) == b"a\nx;'=cmd()\n\"x;\n '@cmd\"\nx; y\n"


def test_what_a_spreadsheet_shows_stays_as_it_is():
    texts = ["-12", "+4.5", "0007", 'say "x"', "a,b", "\u0645\u0631\u062d", "a=b"]
    data = pl.DataFrame(
        {"t": texts, "of": [[1, 2]] * len(texts), "e": pl.Series(["a"] * len(texts), dtype=pl.Enum(["a"]))}
    )
    written = pl.read_csv(io.BytesIO(csv_of(data)), infer_schema=False)
    assert written["t"].to_list() == texts
    assert set(written["of"]) == {"1 2"}
    assert csv_of(pl.DataFrame()) in (b"", b"\n")
