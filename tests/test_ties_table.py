"""Tables of ties against a slow reader in plain Python, as files and frames of every kind."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.arrests.beside import ALWAYS, NEVER
from gpunet.arrests.joined import TieRows
from gpunet.config.config import load_config
from gpunet.reading.ties_table import read_ties
from tests.tie_tables import COLUMNS, GOOD, OPTIONAL, TIES, TODAY, Row, expected, tie_row


def as_told(rows: TieRows) -> list[tuple[Any, ...]]:
    """The ties with ids and names instead of codes; the lesser id of each comes first."""
    ids, of = rows.ids.to_list(), rows.rows
    assert ids == sorted(set(ids))
    assert set(of.a.tolist()) | set(of.b.tolist()) == set(range(len(ids)))
    assert (of.a != of.b).all()
    assert {values.dtype.name for values in (of.a, of.b, of.kind, of.day, of.until, of.recorded)} == {"int32"}
    told = {ALWAYS: "always", NEVER: None}
    return [
        (
            *sorted((ids[a], ids[b])),
            of.kinds[kind].name,
            day,
            None if until == NEVER else until,
            told.get(recorded, recorded),
        )
        for a, b, kind, day, until, recorded in zip(
            *(values.tolist() for values in (of.a, of.b, of.kind, of.day, of.until, of.recorded)), strict=True
        )
    ]


def write(path: Path, rows: list[Row], columns: list[str], kind: str) -> Any:
    """The rows as a file of a kind, or a frame."""
    table = {name: [row[name] for row in rows] for name in columns}
    frame = pl.DataFrame(table, schema=dict.fromkeys(columns, pl.String))
    if kind == "polars":
        return frame
    if kind == "pandas":
        return pd.DataFrame(table, columns=columns, dtype=object)
    if kind == "pyarrow":
        return frame.to_arrow()
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "feather":
        frame.write_ipc(path)
    else:
        separator = {"csv": ",", "semicolon": ";", "tab": "\t"}[kind]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=separator)
            writer.writerow(columns)
            writer.writerows([[row[name] or "" for name in columns] for row in rows])
    return str(path)


FILES = ("csv", "semicolon", "tab", "parquet", "feather")
FRAMES = ("polars", "pandas", "pyarrow")


@given(data=st.data())
def test_rows_are_read_as_a_slow_reader_reads_them(data: st.DataObject) -> None:
    some = data.draw(st.lists(tie_row, min_size=1, max_size=12))
    rows = st.one_of(tie_row, st.sampled_from(some))  # so that rows come again
    drawn = data.draw(st.lists(st.lists(rows, max_size=10), min_size=1, max_size=3))
    left_out = [data.draw(st.sets(st.sampled_from(OPTIONAL), max_size=3)) for _ in drawn]
    columns = [[name for name in COLUMNS if name not in out] for out in left_out]
    files = [[{name: row[name] for name in have} for row in of] for of, have in zip(drawn, columns, strict=True)]
    config: dict[str, Any] = {"ties": TIES}
    if rules := data.draw(st.sampled_from([[], ["strip_zeros"], ["casefold", "strip_zeros"]])):
        config["input"] = {"id_rules": rules}
    kinds = data.draw(st.sampled_from([FILES, FRAMES]))
    of_files = [data.draw(st.sampled_from(kinds)) for _ in files]
    if kinds is FRAMES:
        of_files = of_files[:1] * len(files)
    with tempfile.TemporaryDirectory() as folder:
        sources = [
            write(Path(folder) / f"{i}.{'csv' if kind in FILES[:3] else kind}", of, have, kind)
            for i, (of, have, kind) in enumerate(zip(files, columns, of_files, strict=True))
        ]
        found, report = read_ties(sources, load_config(config), today=TODAY)
        again, _ = read_ties(sources, load_config(config), today=TODAY)
    want = expected(files, config)
    assert as_told(found) == as_told(again) == want.ties
    assert [(f.read, f.accepted, f.rejected, f.duplicate) for f in report.files] == want.counts
    assert report.by_reason == dict(sum(want.reasons, start=type(want.reasons[0])()))
    names = {file.name: i for i, file in enumerate(report.files)}
    rejected = report.rejected.to_dict(as_series=False)
    given_rows = zip(rejected["source_file"], rejected["row_number"], rejected["reason"], strict=True)
    assert [(names[name], number, reason) for name, number, reason in given_rows] == want.rejected


@pytest.mark.parametrize("batch", [1, 3])
def test_batches_of_any_size_make_the_same_of_a_table(
    batch: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rows: list[Row] = [{**GOOD, "person_b": str(i % 4), "recorded_at": f"2013-03-{9 - i % 9:02}"} for i in range(20)]
    path = write(tmp_path / "ties.csv", rows, list(COLUMNS), "csv")
    whole, report = read_ties(path, load_config({"ties": TIES}), today=TODAY)
    monkeypatch.setattr("gpunet.reading.stream.BATCH_ROWS", batch)
    monkeypatch.setattr("gpunet.reading.files.BATCH_ROWS", batch)
    parts, of_parts = read_ties(path, load_config({"ties": TIES}), today=TODAY)
    assert as_told(parts) == as_told(whole) == expected([rows], {"ties": TIES}).ties
    assert of_parts.files == report.files


def test_types_of_frames_do_not_matter() -> None:
    frame = pl.DataFrame(
        {
            "Person A": [1, 2, 3],
            "PERSON-B": [2.0, None, 1.0],
            "kind": pl.Series(["calls", "calls", "Calls"], dtype=pl.Categorical),
            "date": pl.Series(["2013-02-01"] * 3).str.to_date(),
            "until": pl.Series(["2013-03-01 00:00:00"] * 3).str.to_datetime(),
            "source_grade": [1.0, None, 2.0],
            "information_grade": ["A", "A", "b"],
        }
    )
    for source in (frame, frame.to_pandas(), frame.to_arrow()):
        rows, report = read_ties(source, load_config({"ties": TIES}), today=TODAY)
        assert as_told(rows) == [
            ("1", "2", "calls", 15737, 15765, "always"),
            ("1", "3", "calls", 15737, 15765, "always"),
        ]
        assert report.by_reason == {"missing_person": 1}
        assert report.columns["person_a"] == ["Person A"]


def test_workbooks_packed_files_folders_and_globs_are_read_too(tmp_path: Path) -> None:
    frame = pl.DataFrame([GOOD, {**GOOD, "person_b": "3"}], schema=dict.fromkeys(COLUMNS, pl.String))
    want = ["calls: 2 rows of 3 persons, dated 2013-02-01 to 2013-02-01, 0 with handling C"]
    (tmp_path / "kind=calls").mkdir()
    frame.write_excel(tmp_path / "ties.xlsx")
    frame.to_pandas().to_csv(tmp_path / "ties.csv.gz", index=False)
    frame.drop("kind").write_parquet(tmp_path / "kind=calls" / "a.parquet")
    (tmp_path / "titled.csv").write_bytes(f"Export of ties\n\n{frame.write_csv(separator=';')}".encode("utf-16"))
    for name in ("ties.xlsx", "ties.csv.gz", "kind=calls", "titled.csv", "*.xlsx"):
        rows, report = read_ties(tmp_path / name, load_config({"ties": TIES}), today=TODAY)
        assert [note for note in report.notes if note.startswith("calls")] == want
        assert len(rows.rows) == 2
    everything, report = read_ties(str(tmp_path), load_config({"ties": TIES}), today=TODAY)
    assert as_told(everything) == as_told(rows)
    assert sum(file.duplicate for file in report.files) == 6


def test_persons_within_forces_are_the_forces_own() -> None:
    table = pa.table({**{name: [value] * 2 for name, value in GOOD.items()}, "Area": ["met", None]})
    config = {"ties": TIES, "input": {"person_scope": "force", "columns": {"force": "area"}}}
    rows, _ = read_ties(table, load_config(config), today=TODAY)
    assert [tie[:2] for tie in as_told(rows)] == [("met:1", "met:2"), (":1", ":2")]
