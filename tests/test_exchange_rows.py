"""The order of rows of tables of pseudonyms: what it tells is said, and where days are cut it tells nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from exchanged import KEY, OF, made
from hypothesis import given
from hypothesis import strategies as st

from gpunet.cli.app import _code_of
from gpunet.exchange.keys import Key
from gpunet.exchange.pseudonyms import PERSON, Pseudonymiser

N = 60
PLAIN = [str(i) for i in range(7, 7 + N)]
MIXED = np.random.default_rng(5).permutation(N)


def arrests(path: Path, order: Any = None, **columns: Any) -> Path:
    """A person and an incident a row, on one day after the other; rows by number unless an order is given."""
    order = np.arange(N) if order is None else order
    days = [dt.date(2013, 1, 1) + dt.timedelta(days=i) for i in range(N)]
    rows = {"person_id": PLAIN, "incident_id": [f"C{MIXED[i]}" for i in range(N)], "date": days, **columns}
    pl.DataFrame({**rows, "offence": ["theft"] * N})[order].write_parquet(path)
    return path


def told(folder: Path, source: Path, **how: Any) -> tuple[pl.DataFrame, list[str], list[str]]:
    """The table, in the order of which columns it is said to be, and the warnings."""
    written = made(folder, [source], **how)
    (table,) = json.loads((folder / "pseudonyms.json").read_text())["tables"]
    return pl.read_parquet(folder / "arrests/0001.parquet"), table["in_order_of"], written.warnings


@given(st.integers(0, 500), st.text(max_size=9), st.text(max_size=9))
def test_an_order_is_one_of_all_rows_and_the_keys_alone(rows: int, name: str, other: str) -> None:
    order = OF.order(name, rows)
    assert sorted(order.tolist()) == list(range(rows))
    assert order.tolist() == OF.order(name, rows).tolist()
    if rows > 20:
        assert name == other or order.tolist() != OF.order(other, rows).tolist()
        assert order.tolist() != Pseudonymiser(KEY, "another").order(name, rows).tolist()
        assert order.tolist() != Pseudonymiser(Key(bytes(range(2, 34))), "study of tests").order(name, rows).tolist()
        assert abs(np.corrcoef(order, np.arange(rows))[0, 1]) < 5 / rows**0.5


@pytest.mark.parametrize("swapped", [0, 2])
@pytest.mark.parametrize("backwards", [False, True])
def test_rows_in_the_order_of_ids_are_told_of(swapped: int, backwards: bool, tmp_path: Path) -> None:
    """Of whole numbers in order as numbers, and of those nearly in order."""
    order = np.arange(N)[:: -1 if backwards else 1].copy()
    for i in range(swapped):
        order[[20 * i, 20 * i + 1]] = order[[20 * i + 1, 20 * i]]
    found, ordered, warnings = told(tmp_path / "out", arrests(tmp_path / "a.parquet", order))
    assert ordered == ["person_id"]
    (warning,) = (text for text in warnings if "in the order of" in text)
    assert "arrests/0001.parquet: the rows are in the order of person_id" in warning
    assert "--rows shuffled" in warning
    assert found["person_id"].to_list() == [OF.pseudonym(PERSON, PLAIN[i]) for i in order]


def test_rows_in_no_order_and_shuffled_rows_are_not(tmp_path: Path) -> None:
    order = np.random.default_rng(6).permutation(N)
    _, ordered, warnings = told(tmp_path / "mixed", arrests(tmp_path / "a.parquet", order))
    assert not ordered
    assert not [text for text in warnings if "order" in text]
    _, ordered, warnings = told(tmp_path / "shuffled", arrests(tmp_path / "b.parquet"), rows="shuffled")
    assert not ordered
    assert not [text for text in warnings if "order" in text]


def test_incidents_in_order_are_told_of_too(tmp_path: Path) -> None:
    cases = [f"C{i:04d}" for i in range(N)]
    source = arrests(tmp_path / "a.parquet", person_id=[PLAIN[i] for i in MIXED], incident_id=cases)
    _, ordered, warnings = told(tmp_path / "out", source)
    assert ordered == ["incident_id"]
    assert "the k-th id of incident_id" in warnings[-1]


def test_shuffled_rows_are_the_same_rows_and_the_same_bytes_again(tmp_path: Path) -> None:
    source = arrests(tmp_path / "a.parquet")
    plain, *_ = told(tmp_path / "plain", source)
    found, *_ = told(tmp_path / "found", source, rows="shuffled")
    made(tmp_path / "again", [source], rows="shuffled")
    assert found.sort("person_id").equals(plain.sort("person_id"))
    places = found.with_row_index("at").join(plain.with_row_index("was"), on="person_id")
    assert abs(np.corrcoef(places["at"], places["was"])[0, 1]) < 0.5
    for name in ("arrests/0001.parquet", "pseudonyms.json"):
        assert (tmp_path / "found" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    other = arrests(tmp_path / "b.parquet", incident_id=PLAIN)  # of another file the order is another
    assert not told(tmp_path / "other", other, rows="shuffled")[0]["person_id"].equals(found["person_id"])


@pytest.mark.parametrize("dates", ["week", "month"])
def test_where_days_are_cut_the_order_tells_no_days(dates: Any, tmp_path: Path) -> None:
    source = arrests(tmp_path / "a.parquet", person_id=[PLAIN[i] for i in MIXED])
    found, ordered, _ = told(tmp_path / "out", source, dates=dates)
    assert not ordered
    assert not found["date"].is_sorted()
    listed = json.loads((tmp_path / "out/pseudonyms.json").read_text())
    assert listed["rows"] == "shuffled"
    found, ordered, warnings = told(tmp_path / "plain", source, dates=dates, rows="as-they-are")
    assert found["date"].is_sorted()
    assert ordered == ["date"]
    assert "which days of a week or month come first" in warnings[-1]


def test_with_days_as_they_are_rows_are_too(tmp_path: Path, capsys: Any) -> None:
    """And the command says what it did, and takes the option."""
    source = arrests(tmp_path / "a.parquet")
    assert _code_of(["key", "new", str(tmp_path / "key")], False) == 0
    given = ["pseudonymise", str(source), "--key", str(tmp_path / "key"), "--domain", "x", "--out"]
    assert _code_of([*given, str(tmp_path / "plain")], False) == 0
    said = capsys.readouterr()
    assert "order      of rows as they are" in said.out
    assert "warning: arrests/0001.parquet: the rows are in the order of person_id" in said.err
    assert _code_of([*given, str(tmp_path / "shuffled"), "--rows", "shuffled"], False) == 0
    said = capsys.readouterr()
    assert "order      of rows shuffled" in said.out
    assert "the rows are in the order" not in said.err
    assert _code_of([*given, str(tmp_path / "none"), "--rows", "sorted"], False) == 2


def test_of_shuffled_ties_nothing_tells_who_was_first(tmp_path: Path) -> None:
    rows = {
        "person_a": PLAIN[:-1],
        "person_b": PLAIN[1:],
        "kind": ["calls"] * (N - 1),
        "date": ["2013-02-01"] * (N - 1),
    }
    rows |= {"source_grade": ["1"] * (N - 1), "information_grade": ["A"] * (N - 1)}
    pl.DataFrame({**rows, "basis": [f"b{i}" for i in range(N - 1)]}).write_csv(tmp_path / "ties.csv")
    config = {"ties": {"calls": {"use": True}}}
    how: dict[str, Any] = {"ties": [tmp_path / "ties.csv"]}
    tables, ordered = {}, {}
    for order in ("as-they-are", "shuffled"):
        written = made(tmp_path / order, [arrests(tmp_path / "a.parquet")], config, rows=order, **how)
        tables[order] = pl.read_parquet(tmp_path / order / "ties/0001.parquet")
        ordered[order] = written.listed["tables"][-1]["in_order_of"]
    assert ordered == {"as-they-are": ["person_a", "person_b"], "shuffled": []}
    found = tables["shuffled"]
    assert (found["person_a"] <= found["person_b"]).all()
    pairs = [Counter((tuple(sorted(row[:2])), *row[2:]) for row in table.iter_rows()) for table in tables.values()]
    assert pairs[0] == pairs[1]
    assert len(found) == N - 1


def test_files_in_the_order_of_ids_are_told_of_together(tmp_path: Path) -> None:
    files = [arrests(tmp_path / f"{name}.parquet") for name in "abc"]
    written = made(tmp_path / "out", [*files, arrests(tmp_path / "d.parquet", np.random.default_rng(1).permutation(N))])
    (warning,) = written.warnings
    assert warning.startswith("3 of 4 files of arrests (pseudonyms.json names them): the rows are in the order of pers")
    tables = json.loads((tmp_path / "out" / "pseudonyms.json").read_text())["tables"]
    assert [bool(table["in_order_of"]) for table in tables] == [True, True, True, False]
