"""top.csv: the persons of highest rank, whatever the scores' kind of frame and however they were cut."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.runs.top import TOP_ROWS, noting_best, write_top
from gpunet.tables.frames import to_arrow

#: What a spreadsheet might take for a formula, or for its mark of a text, and what it would not.
IDS = ["=1+1", "+44", "-5", "@SUM(A1)", "'x", "\tx", "\r\nx", "007", 'a,"b"\nc', "ä=", "x'", " =1"]


def scores(n: int, ids: Any = None) -> pl.DataFrame:
    rng = np.random.default_rng(n)
    factor = [("degree__all", None, "own_arrests")[i % 3] for i in range(n)]
    contribution = [None if name is None else value for name, value in zip(factor, rng.normal(size=n), strict=True)]
    return pl.DataFrame(
        {
            "person_id": range(n) if ids is None else ids,
            "probability": rng.random(n),
            "rank": rng.permutation(n) + 1,
            "factor_1": pl.Series(factor, dtype=pl.String),
            "contribution_1": pl.Series(contribution, dtype=pl.Float64),
        }
    )


def written(path: Path, frames: list[Any]) -> bytes:
    best: list[Any] = []
    passed_on = list(noting_best(frames, best))
    assert pa.concat_tables(passed_on).equals(pa.concat_tables(to_arrow(frame) for frame in frames))
    write_top(path, best)
    return path.read_bytes()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_first_thousand_by_rank(tmp_path):
    frame = scores(2500)
    written(tmp_path / "top.csv", [frame])
    rows, expected = rows_of(tmp_path / "top.csv"), frame.sort("rank").head(TOP_ROWS)
    assert list(rows[0]) == ["rank", "person_id", "probability", "factor_1", "contribution_1"]
    assert [int(row["rank"]) for row in rows] == list(range(1, 1001))
    assert [int(row["person_id"]) for row in rows] == expected["person_id"].to_list()
    assert [float(row["probability"]) for row in rows] == expected["probability"].to_list()
    assert [row["factor_1"] or None for row in rows] == expected["factor_1"].to_list()
    contributions = [float(row["contribution_1"]) if row["contribution_1"] else None for row in rows]
    assert contributions == expected["contribution_1"].to_list()


@given(n=st.integers(1, 3000), cuts=st.lists(st.integers(0, 3000), max_size=4))
def test_the_bytes_do_not_depend_on_how_the_scores_are_cut(n, cuts, tmp_path_factory):
    frame, bounds = scores(n), sorted({0, n, *(cut for cut in cuts if cut < n)})
    parts = [frame[a:b] for a, b in pairwise(bounds)]
    path = tmp_path_factory.mktemp("top") / "top.csv"
    whole = written(path, [frame])
    assert written(path, parts) == whole
    assert whole.count(b"\n") == min(n, TOP_ROWS) + 1


def test_every_kind_of_frame_gives_the_same_bytes(tmp_path):
    frame = scores(12, IDS)
    found = {written(tmp_path / "top.csv", [each]) for each in (frame, frame.to_arrow(), frame.to_pandas())}
    assert len(found) == 1


def test_no_id_is_a_formula_and_each_can_be_read_back(tmp_path):
    frame = scores(12, IDS)
    text = written(tmp_path / "top.csv", [frame]).decode()
    rows = rows_of(tmp_path / "top.csv")
    shown = [row["person_id"] for row in rows]
    assert not any(each.startswith(("=", "+", "-", "@", "\t", "\r")) for each in shown)
    assert [each.removeprefix("'") for each in shown] == frame.sort("rank")["person_id"].to_list()
    assert {"007", 'a,"b"\nc', "ä=", "x'", " =1"} < set(shown)
    assert all(f'"{name}"' in text for name in ("rank", "person_id", "'=1+1", "007"))


@pytest.mark.parametrize("ids", [[-3, -2, -1], [7, 8, 9]])
def test_whole_numbers_stay_numbers(tmp_path, ids):
    written(tmp_path / "top.csv", [scores(3, ids)])
    assert sorted(int(row["person_id"]) for row in rows_of(tmp_path / "top.csv")) == ids
    assert "'" not in (tmp_path / "top.csv").read_text()
