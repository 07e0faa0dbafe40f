"""``gpunet show``: tables of a run folder on the terminal."""

from __future__ import annotations

import io
import re
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gpunet.base.errors import InputError
from gpunet.cli.run import RUN_FILES
from gpunet.cli.show import print_run
from gpunet.runs.folder import RunFolder

TIES = pl.DataFrame(
    {
        "person_a": ["a\x1b[2J", "b\nc", "d" * 60],
        "person_b": ["\u202egnp.exe", "7", "007"],
        "incidents": [1, 2, 1234567],
        "strength": [0.5, 1 / 3, 64924.25],
        "first_date": [date(2012, 1, 1), None, date(2013, 2, 3)],
        "sets": [["robbery", "assault"], [], ["\x9b31m"]],
        "tipping_2": [True, False, None],
    }
)

SCORES = pl.DataFrame(
    {
        "person_id": range(1000, 1050),
        "probability": [i / 100 for i in range(50)],
        "rank": range(50, 0, -1),
        **{f"factor_{k}": [f"a_feature_with_a_long_name_{k}"] * 50 for k in range(1, 6)},
    }
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(tmp_path) -> Path:
    """A run without scores."""
    with RunFolder(tmp_path / "run", RUN_FILES) as folder:
        folder.write_table("ties.parquet", [TIES])
        folder.write_table("rejected.parquet", [TIES.head(0)])
        folder.finish({})
    return tmp_path / "run"


@pytest.fixture
def scored(tmp_path) -> Path:
    with RunFolder(tmp_path / "scored", RUN_FILES) as folder:
        folder.write_table("ties.parquet", [TIES])
        folder.write_table("scores.parquet", [SCORES])
        folder.write_file("top.csv", lambda path: path.write_text("rank\n"))
        folder.finish({})
    return tmp_path / "scored"


def lines(text: str) -> list[str]:
    """Without the lines that are drawn, and without colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [line.strip() for line in plain.splitlines() if line.strip(" ─")]


def shown(capsys, folder: Path, table: str | None = None, rows: int = 20) -> list[str]:
    print_run(folder, table, rows)
    return lines(capsys.readouterr().out)


def test_scores_by_rank(scored, capsys):
    head, *rows, counts, tables = shown(capsys, scored, rows=7)
    assert head.split() == ["rank", "person_id", "probability", *SCORES.columns[3:]]
    assert [row.split()[:3] for row in rows] == [[str(i), str(1050 - i), f"{(50 - i) / 100:g}"] for i in range(1, 8)]
    assert counts == "7 of 50 rows, 8 of 8 columns"
    assert tables == "tables of this run: scores, ties"
    assert shown(capsys, scored, "scores.parquet", 7) == [head, *rows, counts, tables]
    assert len(shown(capsys, scored, "scores", 1000)) == 53


def test_a_list_of_tables_where_there_are_no_scores(run, capsys):
    found = [line.split() for line in shown(capsys, run)]
    assert found == [["table", "rows", "columns"], ["rejected", "0", "7"], ["ties", "3", "7"]]


@pytest.mark.parametrize("name", ["ties", "ties.parquet"])
def test_a_table_by_its_name(run, capsys, name):
    head, *rows, counts, _ = shown(capsys, run, name, 10**9)
    assert head.split() == TIES.columns
    assert [re.split(r"\s{2,}", row) for row in rows] == [
        [r"a\u001b[2J", r"\u202egnp.exe", "1", "0.5", "2012-01-01", "robbery, assault", "True"],
        [r"b\nc", "7", "2", "0.333333", "False"],
        ["d" * 60, "007", "1234567", "64924.2", "2013-02-03", r"\u009b31m"],
    ]
    assert counts == "3 of 3 rows, 7 of 7 columns"
    assert shown(capsys, run, name, 2)[-2] == "2 of 3 rows, 7 of 7 columns"


def test_more_rows_than_can_be_counted(run, scored, capsys):
    assert "of 50 rows" in shown(capsys, scored, None, 10**30)[-2]
    assert shown(capsys, run, "ties", 10**30)[-2].startswith("3 of 3 rows")


def test_a_table_without_rows(run, capsys):
    head, counts, _ = shown(capsys, run, "rejected")
    assert head.split() == TIES.columns
    assert counts == "0 of 0 rows, 7 of 7 columns"


@pytest.mark.parametrize("width", [29, 30, 80, 120, 400])
def test_a_terminal_gets_the_columns_that_it_has_room_for(scored, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", Terminal())
    print_run(scored, None, 5)
    printed = lines(sys.stdout.getvalue())
    table, counts = printed[:6], " ".join(printed[6:])
    columns = {29: 2, 30: 3, 80: 4, 120: 5, 400: 8}[width]
    assert table[0].split() == ["rank", "person_id", "probability", *SCORES.columns[3:]][:columns]
    assert max(map(len, printed)) <= width
    assert counts.startswith(f"5 of 50 rows, {columns} of 8 columns")
    assert ("room" in counts) == (columns < 8)


def test_one_long_text_does_not_take_the_room_of_all(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stdout", Terminal())
    with RunFolder(tmp_path / "run", RUN_FILES) as folder:
        folder.write_table("ties.parquet", [TIES.with_columns(sets=pl.lit("s" * 60))])
        folder.finish({})
    print_run(tmp_path / "run", "ties", 5)
    text = sys.stdout.getvalue()
    assert f"{'s' * 39}…" in text
    assert "d" * 60 in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize("width", [20, 40, 80])
def test_ids_that_have_no_room_go_on_below(run, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", Terminal())
    print_run(run, "ties", 5)
    text = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdout.getvalue())
    assert text.count("d") - text.count("d", text.index("rows,")) >= 60
    assert max(map(len, text.splitlines())) <= width


def test_a_pipe_gets_everything_even_if_colours_are_forced(scored, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    head, *_, counts, _ = shown(capsys, scored, rows=3)
    assert head.split() == ["rank", "person_id", "probability", *SCORES.columns[3:]]
    assert counts == "3 of 50 rows, 8 of 8 columns"


@pytest.mark.parametrize("name", ["features", "ties.csv", "../run/ties", "top", ""])
def test_a_table_that_is_not_there(run, name):
    with pytest.raises(InputError, match=r'has no (such table|table "\w+"); there are rejected, ties$'):
        print_run(run, name, 5)


def test_a_folder_that_is_not_of_a_run(tmp_path):
    with pytest.raises(InputError, match=r"is not the folder of a run: it has no run\.json"):
        print_run(tmp_path, None, 5)


def test_a_table_that_is_damaged(scored):
    (scored / "scores.parquet").write_text("no table")
    with pytest.raises(InputError, match=r"scores\.parquet: not readable as Parquet"):
        print_run(scored, None, 5)
