"""``gpunet show`` of one person, of chosen columns, and for other programs: CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gpunet.cli import stored_tables
from gpunet.cli.app import app
from gpunet.cli.console import put
from gpunet.cli.ending import code_and_message
from gpunet.cli.exports import write_csv
from gpunet.cli.run import RUN_FILES
from gpunet.cli.show import print_run
from gpunet.cli.stored_tables import Asked, rows_of, table_named
from gpunet.runs.folder import RunFolder
from tests.test_show import Terminal, lines

PERSONS = 100

SCORES = pl.DataFrame(
    {
        "person_id": range(PERSONS),
        "probability": [1 / (3 + i) for i in range(PERSONS)],
        "rank": [(37 * i) % PERSONS + 1 for i in range(PERSONS)],
    }
)
FEATURES = pl.DataFrame({"person_id": range(PERSONS), **{f"feature_{k}": [k / 7] * PERSONS for k in range(30)}})
TIES = pl.DataFrame(
    {
        "person_a": [1, 1, 2],
        "person_b": [2, 3, 99],
        "strength": [0.1 + 0.2, None, 1e-300],
        "first_date": [date(2012, 1, 1), None, date(2013, 2, 3)],
    }
)
OFFENCES = pl.DataFrame(
    {"text": ["=cmd()", 'a,"b"\n\x1b[2J', None], "rows": [-1, 2**62, None], "sets": [["robbery", "rape"], [], None]}
)
TEXT_IDS = pl.DataFrame({"person_id": ["007", "7", "=x"], "gang": ["a", None, "\u202egnp"]})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    tables = {"scores": SCORES, "features": FEATURES, "ties": TIES, "offences": OFFENCES}
    return stored(tmp_path_factory.mktemp("scored") / "run", tables)


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    return stored(tmp_path_factory.mktemp("texts") / "run", {"groups": TEXT_IDS})


def stored(out: Path, tables: dict[str, pl.DataFrame]) -> Path:
    with RunFolder(out, RUN_FILES) as folder:
        for name, table in tables.items():
            folder.write_table(f"{name}.parquet", [table])
        folder.finish({})
    return out


def shown(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["show", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def refused(*arguments: object) -> str:
    """What it says, and that it ends with 2."""
    done = CliRunner().invoke(app, ["show", *map(str, arguments)])
    code, message = code_and_message(done.exception)
    assert code == 2
    assert done.stdout == ""
    return message


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_lines_have_exact_values(run):
    assert json_lines(shown(run, "ties", "--json")) == [
        {"person_a": 1, "person_b": 2, "strength": 0.30000000000000004, "first_date": "2012-01-01"},
        {"person_a": 1, "person_b": 3, "strength": None, "first_date": None},
        {"person_a": 2, "person_b": 99, "strength": 1e-300, "first_date": "2013-02-03"},
    ]
    assert json_lines(shown(run, "offences", "--json")) == OFFENCES.to_dicts()


@settings(max_examples=5)
@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=60))
def test_every_float_comes_back(tmp_path_factory, values):
    frame = pl.DataFrame({"row": range(len(values)), "value": pl.Series(values, dtype=pl.Float64)})
    folder = stored(tmp_path_factory.mktemp("floats") / "run", {"series": frame})
    assert [row["value"] for row in json_lines(shown(folder, "series", "--json"))] == values
    rows = list(csv.DictReader(io.StringIO(shown(folder, "series", "--csv", "-"))))
    assert [float(row["value"]) if row["value"] else None for row in rows] == values


def test_an_export_has_all_rows_in_the_order_of_the_file_and_with_top_the_best(run):
    assert json_lines(shown(run, "--json")) == SCORES.to_dicts()
    best = SCORES.sort("rank").head(7).select("rank", "person_id", "probability").to_dicts()
    assert json_lines(shown(run, "--json", "--top", 7)) == best
    assert json_lines(shown(run, "features", "--json", "--top", 3)) == FEATURES.head(3).to_dicts()


def test_csv_is_neutralised(run, tmp_path):
    out = tmp_path / "offences.csv"
    assert shown(run, "offences", "--csv", out) == f"3 rows, 3 columns: {out}\n"
    assert out.read_bytes() == shown(run, "offences", "--csv", "-").encode()
    rows = list(csv.reader(io.StringIO(out.read_text(), newline="")))
    assert rows == [
        ["text", "rows", "sets"],
        ["'=cmd()", "-1", "robbery rape"],
        ['a,"b"\n\x1b[2J', str(2**62), ""],
        ["", "", ""],
    ]


@pytest.mark.parametrize("part", [1, 7, 1000])
def test_parts_make_the_same_file(run, tmp_path, monkeypatch, part):
    monkeypatch.setattr(stored_tables, "_PART_ROWS", part)
    write_csv(run, "scores", Asked(), tmp_path / "scores.csv")
    assert pl.read_csv(tmp_path / "scores.csv").equals(SCORES)
    assert (tmp_path / "scores.csv").read_text().count("person_id") == 1


def test_few_rows_are_read_of_a_long_table(run, monkeypatch):
    read = []
    parts = stored_tables.StoredTable.parts

    def counted(*arguments):
        for part in parts(*arguments):
            read.append(len(part))
            yield part

    monkeypatch.setattr(stored_tables.StoredTable, "parts", counted)
    found = list(rows_of(run, table_named(run, "features"), Asked(columns=("feature_3",), most=20)))
    assert (sum(map(len, found)), sum(read)) == (20, 20)
    assert found[0].schema.names == ["feature_3"]


def test_the_rows_about_a_person(run, capsys):
    assert [row["person_b"] for row in json_lines(shown(run, "ties", "--person", 1, "--json"))] == [2, 3]
    assert [row["person_a"] for row in json_lines(shown(run, "ties", "--person", "2", "--json"))] == [1, 2]
    assert json_lines(shown(run, "--person", 5, "--json")) == SCORES.filter(pl.col("person_id") == 5).to_dicts()
    assert json_lines(shown(run, "--person", "005", "--json", "--columns", "rank")) == [{"rank": 86}]
    assert len(json_lines(shown(run, "ties", "--person", 1, "--top", 1, "--json"))) == 1


def test_a_person_without_a_row_is_no_error_if_another_table_has_one(run, tmp_path):
    assert shown(run, "ties", "--person", 50, "--json") == ""
    assert shown(run, "ties", "--person", 50, "--csv", "-") == "person_a,person_b,strength,first_date\n"
    assert "0 rows about this person, 4 of 4 columns" in shown(run, "ties", "--person", 50)
    shown(run, "ties", "--person", 50, "--csv", tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text() == "person_a,person_b,strength,first_date\n"


def test_ids_that_are_text(texts):
    assert json_lines(shown(texts, "groups", "--person", "007", "--json")) == [{"person_id": "007", "gang": "a"}]
    assert json_lines(shown(texts, "groups", "--person", "7", "--json")) == [{"person_id": "7", "gang": None}]
    assert shown(texts, "groups", "--person", "=x", "--csv", "-").splitlines()[1] == "'=x,\u202egnp"
    assert "no table of this run has a person of that id" in refused(texts, "groups", "--person", "07")


@pytest.mark.parametrize("person", ["100", "-1", "1.0", "a", "", " 1", "٣", "9" * 30, "9" * 20])
def test_a_person_whom_nobody_knows(run, tmp_path, person):
    for more in ([], ["--json"], ["--csv", "-"], ["--csv", tmp_path / "x.csv"]):
        said = refused(run, "--person", person, *more)
        assert "no table of this run has a person of that id" in said
        assert not person.strip() or f'"{person}"' not in said
    assert list(tmp_path.iterdir()) == []


def test_a_single_person_has_a_line_a_column(run):
    head, *rows, counts, _ = lines(shown(run, "features", "--person", 5))
    assert head.split() == ["column", "value"]
    assert [row.split() for row in rows[:3]] == [["person_id", "5"], ["feature_0", "0"], ["feature_1", "0.142857"]]
    assert counts == "1 row about this person, 31 of 31 columns"


def test_all_rows_about_a_person_are_shown_unless_top_cuts_them(tmp_path):
    pairs = {"person_a": [1] * 30 + [2] * 70, "person_b": range(3, 103)}
    folder = stored(tmp_path / "run", {"ties": pl.DataFrame(pairs)})
    *rows, counts, _ = lines(shown(folder, "ties", "--person", 1))
    assert [row.split() for row in rows[1:]] == [["1", str(other)] for other in range(3, 33)]
    assert counts == "30 rows about this person, 2 of 2 columns"
    for top, said in {20: "20 of 30 rows", 1: "1 of 30 rows", 30: "30 rows", 10**30: "30 rows"}.items():
        told = lines(shown(folder, "ties", "--person", 1, "--top", top))[-2]
        assert told == f"{said} about this person, 2 of 2 columns"
    assert lines(shown(folder, "ties"))[-2] == "20 of 100 rows, 2 of 2 columns"


def test_columns_in_the_order_that_is_asked_for(run):
    head, first, *_, counts, _ = lines(shown(run, "--columns", "probability, person_id", "--top", 2))
    assert head.split() == ["probability", "person_id"]
    assert first.split() == ["0.333333", "0"]
    assert counts == "2 of 100 rows, 2 of 3 columns"
    assert shown(run, "ties", "--columns", "person_b,", "--csv", "-") == "person_b\n2\n3\n99\n"
    assert json_lines(shown(run, "offences", "--columns", "sets", "--json", "--top", 1)) == [
        {"sets": ["robbery", "rape"]}
    ]


def test_a_table_without_rows(tmp_path):
    folder = stored(tmp_path / "run", {"ties": TIES.clear()})
    assert shown(folder, "ties", "--json") == ""
    assert shown(folder, "ties", "--csv", "-") == "person_a,person_b,strength,first_date\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ties", "--columns", "strenght"), 'ties has no column "strenght"; the nearest: strength'),
        (("ties", "--columns", " , "), "--columns names no column"),
        (("ties", "--columns", "person_a,person_a"), "names a column twice"),
        (("offences", "--person", "1"), "offences says nothing of single persons"),
        (("groups", "--json"), 'has no table "groups"; there are features, offences, scores, ties'),
        (("ties", "--json", "--csv", "-"), "give one of them"),
    ],
)
def test_what_is_not_there(run, arguments, message):
    assert message in refused(run, *arguments)


def test_a_run_without_scores_is_asked_for_a_table(texts):
    for more in (["--json"], ["--csv", "-"], ["--person", "7"], ["--columns", "gang"]):
        assert 'has no table "scores"; there are groups' in refused(texts, *more)


def test_no_file_is_replaced_and_none_goes_into_a_run(run, texts, tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    (tmp_path / "nowhere.csv").symlink_to(tmp_path / "missing")
    (tmp_path / "link").symlink_to(run)
    before = sorted(path.name for path in run.iterdir())
    for out, message in [
        (tmp_path / "mine.csv", "there is such a file already"),
        (tmp_path / "nowhere.csv", "there is such a file already"),
        (run / "ties.parquet", "there is such a file already"),
        (tmp_path, "there is such a file already"),
        (tmp_path / "no" / "x.csv", "there is no folder"),
        (run / "x.csv", "would lie in the folder of a run"),
        (tmp_path / "link" / "x.csv", "would lie in the folder of a run"),
        (texts / "x.csv", "would lie in the folder of a run"),
        ("", "is empty"),
    ]:
        assert message in refused(run, "ties", "--csv", out)
    assert (tmp_path / "mine.csv").read_text() == "mine"
    assert sorted(path.name for path in run.iterdir()) == before


def test_a_file_that_comes_meanwhile_stays(run, tmp_path, monkeypatch):
    def rows(*arguments):
        (tmp_path / "x.csv").write_text("mine")
        yield from rows_of(*arguments)

    monkeypatch.setattr("gpunet.cli.exports.rows_of", rows)
    assert "already" in refused(run, "ties", "--csv", tmp_path / "x.csv")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_terminal_is_not_steered(run, monkeypatch):
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    put("a\x1b[2J\u202eb\n")
    assert terminal.getvalue() == "a\\u001b[2J\\u202eb\n"
    print_run(run, "offences", 3, None, ("text",))
    assert "\x1b[2J" not in terminal.getvalue()
