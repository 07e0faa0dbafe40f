"""``gpunet check``: what is told of tables, and whether they are read with the configuration that it proposes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.check import check_tables, describe_check
from gpunet.reading import read_arrests

ROWS = "p1,i1,2013-01-05,ROBBERY\np2,i1,2013-01-05,THEFT\np2,i2,2013-02-05,THEFT\np3,i2,2013-02-05,ARSON\n"
HEADER = "person_id,incident_id,date,offence\n"


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_clean_table_is_ready_and_needs_no_configuration(tmp_path: Path) -> None:
    found, toml = check_tables([write(tmp_path / "a.csv", HEADER + ROWS)])
    assert (found["ready"], found["error"]) == (True, None)
    assert found["input"]["rows"] == {"read": 4, "accepted": 4, "rejected": 0, "duplicate": 0}
    assert found["offences_in_no_set"] == [{"text": "THEFT", "rows": 2}, {"text": "ARSON", "rows": 1}]
    assert tomllib.loads(toml) == {}
    assert "ready      a run takes these tables as they are configured" in describe_check(found)


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("Nominal Ref,Crime No,Arrest Date,Charge\n", ROWS,
         {"columns": {"person_id": "Nominal Ref", "incident_id": "Crime No", "date": "Arrest Date",
                      "offence": "Charge"}}),
        ("person id,incident_id,Datum,offense\n", ROWS, {"columns": {"date": "Datum"}}),
        ("person_id,incident_id\n", "p1,i1\np2,i1\np2,i2\np3,i2\n", {"columns": {"date": "", "offence": ""}}),
        (HEADER, ROWS.replace("2013-01-05", "25/01/2013").replace("2013-02-05", "5/2/2013"),
         {"date_format": "dayfirst"}),
        ("Nominal,case no,when,law\n", ROWS.replace("2013-01-05", "01/25/2013").replace("2013-02-05", "02/05/2013"),
         {"columns": {"person_id": "Nominal", "incident_id": "case no", "date": "when", "offence": "law"},
          "date_format": "monthfirst"}),
    ],
)  # fmt: skip
def test_the_proposed_configuration_reads_the_tables(header: str, rows: str, expected: object, tmp_path: Path) -> None:
    path, config = write(tmp_path / "a.csv", header + rows), tmp_path / "c.toml"
    done = CliRunner().invoke(app, ["check", path, "--write-config", str(config)])
    assert done.exit_code == 0, done.output
    assert "not yet: " in done.output
    assert tomllib.loads(config.read_text()) == {"input": expected}
    arrests = read_arrests(path, config)
    assert arrests.person_ids.to_list() == ["p1", "p2", "p3"]
    assert len(arrests) == 4
    again, toml = check_tables([path], config)
    assert again["ready"]
    assert tomllib.loads(toml) == {"input": expected}


def test_names_that_changed_between_years_are_proposed_together(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "person_id,incident_id,Date Occurred,offence\n" + ROWS)
    write(tmp_path / "b.csv", "person_id,incident_id,Occurred On,offence\n" + ROWS.replace("p1", "p9"))
    found, toml = check_tables([str(tmp_path)])
    assert tomllib.loads(toml) == {"input": {"columns": {"date": ["Date Occurred", "Occurred On"]}}}
    assert found["arrests"]["persons"] == 4
    write(tmp_path / "a.csv", HEADER + ROWS)
    found, toml = check_tables([str(tmp_path)])
    assert tomllib.loads(toml) == {"input": {"columns": {"date": ["date", "Occurred On"]}}}
    assert found["arrests"]["persons"] == 4


def test_a_column_that_only_some_tables_have_is_not_proposed_as_absent(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADER + ROWS)
    write(tmp_path / "b.csv", "person_id,incident_id,offence\np1,i1,THEFT\n")
    found, toml = check_tables([str(tmp_path)])
    assert tomllib.loads(toml) == {}
    assert 'b.csv: there is no column "date"' in found["error"]
    assert found["arrests"]["last_date"] == "2013-02-05"


def test_what_nobody_but_the_user_can_decide_is_a_comment(tmp_path: Path) -> None:
    ambiguous = ROWS.replace("2013-01-05", "01/05/2013").replace("2013-02-05", "02/05/2013")
    path = write(tmp_path / "a.csv", HEADER + ambiguous)
    found, toml = check_tables([path, write(tmp_path / "b.csv", HEADER + "P1,i9,1900-01-01,x\np4,i9,,x\n")])
    assert tomllib.loads(toml) == {"input": {}}
    for line in ('# date_format = "dayfirst"', '# date_format = "monthfirst"', '# null_dates = ["1900-01-01"]'):
        assert line in toml.splitlines()
        chosen = tomllib.loads("[input]\n" + line.removeprefix("# "))
        read_arrests(path, {"input": chosen["input"]})
    assert found["error"] is None


def test_lines_to_decide_on_can_all_be_taken_and_keep_what_was_written(tmp_path: Path) -> None:
    lines = "P1,i1,1900-01-01,x\np1,i1,1970-01-01,x\n0P1,i2,2013-01-05,x\nP2,i2,2013-01-05,x\n"
    config = {"input": {"null_dates": ["1800-01-01"], "id_rules": {"person_id": {"before": ":"}}}}
    _, toml = check_tables([write(tmp_path / "a.csv", HEADER + lines)], config)
    taken = "\n".join(line.removeprefix("# ") for line in toml.splitlines() if line.startswith("# ") and " = " in line)
    wanted = tomllib.loads(taken)
    assert wanted["null_dates"] == ["1800-01-01", "1900-01-01", "1970-01-01"]
    assert wanted["id_rules"] == {"person_id": {"before": ":", "strip_zeros": True, "casefold": True}}


def test_each_reading_of_a_date_is_told_with_an_example_that_tells_them_apart(tmp_path: Path) -> None:
    rows = ROWS.replace("2013-01-05", "01/01/2013").replace("2013-02-05", "08/01/2013")
    _, toml = check_tables([write(tmp_path / "a.csv", HEADER + rows)])
    assert '# if "08/01/2013" is 8 January 2013:\n# date_format = "dayfirst"' in toml
    assert '# if "08/01/2013" is 1 August 2013:\n# date_format = "monthfirst"' in toml


def test_json_and_a_file_that_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", HEADER + ROWS)
    done = CliRunner().invoke(app, ["check", path, "--json"])
    assert json.loads(done.stdout)["arrests"]["persons"] == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]
    with pytest.raises(InputError, match="there is such a file already"):
        CliRunner().invoke(app, ["check", path, "--write-config", path], catch_exceptions=False)
    assert Path(path).read_text() == HEADER + ROWS


def test_tables_without_anything_like_our_columns_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='no column "person_id"'):
        check_tables([write(tmp_path / "a.csv", "x,y\n1,2\n")])


def test_a_file_that_cannot_be_read_is_named_and_the_rest_told_of(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    found, _ = check_tables([write(tmp_path / "a.csv", HEADER + ROWS), str(tmp_path / "bad.parquet")])
    assert not found["ready"]
    assert "bad.parquet" in found["error"]
    assert found["input"]["rows"]["accepted"] == 4
