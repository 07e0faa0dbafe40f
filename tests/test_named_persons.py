"""``persons_named``: a table's persons in the order in which its rows first name them, whatever becomes of the rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from gpunet import read_arrests
from gpunet.base.errors import InputError
from gpunet.config.config import load_config
from gpunet.reading.named_persons import persons_named

ROWS = {"person_id": ["b", "a", "b", "c"], "incident_id": [1, 1, 2, 2], "date": ["2014-01-02", "bad", "", "2014-01-03"]}
HEAD = "person_id,incident_id,date,offence\n"


def test_in_the_order_of_rows_rejected_ones_too(tmp_path: Path) -> None:
    pl.DataFrame(ROWS).with_columns(offence=pl.lit("theft")).write_parquet(tmp_path / "a.parquet")
    assert persons_named(tmp_path / "a.parquet", load_config({})).ids == ["b", "a", "c"]


def test_fields_of_malformed_rows_come_last(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'{HEAD}b,1,2014-01-02,theft\nx,1,"z",2,3,4\n012,2,2014-01-02,theft\n')
    named = persons_named(tmp_path / "a.csv", load_config({}))
    assert named.ids == ["b", "012"]
    assert {"12", "x", "z"} <= {*named.forms}
    assert named.places_of(frozenset({"012", "X"})) == [1, 2 + named.forms.index("x")]


def test_ids_are_those_of_results_with_rules_and_forces(tmp_path: Path) -> None:
    table = tmp_path / "force=met" / "a.csv"
    table.parent.mkdir()
    table.write_text(
        f"{HEAD} 007 ,1,2014-01-02,theft\n007,2,2014-01-03,theft\n,2,2014-01-03,theft\n8,2,2014-01-03,theft\n"
    )
    config = load_config({"input": {"person_scope": "force"}})
    assert persons_named(table, config).ids == ["met:007", "met:8"]
    assert sorted(persons_named(table, config).ids) == read_arrests([table], config).person_ids.to_list()


def test_both_persons_of_ties_row_by_row(tmp_path: Path) -> None:
    rows = {"person_a": [3, 1, None], "person_b": [2, 3, 4], "kind": ["calls"] * 3, "date": ["2014-01-02"] * 3}
    pl.DataFrame(rows).write_parquet(tmp_path / "ties.parquet")
    assert persons_named(tmp_path / "ties.parquet", load_config({}), "ties").ids == ["3", "2", "1", "4"]


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError):
        persons_named(tmp_path / "a.parquet", load_config({}))
