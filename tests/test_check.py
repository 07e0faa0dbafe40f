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


SEVERAL = "person_id,incident_id,date,offence1,offence2,offence3\n"


def test_a_column_without_a_value_is_never_proposed_and_of_several_none_is(tmp_path: Path) -> None:
    rows = "".join(f"{row},ARSON,{word}\n" for row, word in zip(ROWS.splitlines(), ["", "NA", " ", "-"], strict=True))
    found, toml = check_tables([write(tmp_path / "a.csv", SEVERAL + rows)])
    assert not found["ready"]
    assert tomllib.loads(toml) == {"input": {}}
    assert "offence3" not in toml
    assert '# several columns of offences, "offence1", "offence2": make one row of each charge' in toml
    for name in ("offence1", "offence2"):
        assert f'# columns.offence = "{name}"' in toml.splitlines()
    assert found["arrests"]["violent_arrests"]["robbery"] == 1  # the first is looked at
    assert found["config"]["input"]["columns"] == {}


def test_the_only_column_with_a_value_is_proposed(tmp_path: Path) -> None:
    rows = "".join(f"{row},,\n" for row in ROWS.splitlines())
    _, toml = check_tables([write(tmp_path / "a.csv", SEVERAL + rows)])
    assert tomllib.loads(toml) == {"input": {"columns": {"offence": "offence1"}}}


@pytest.mark.parametrize(
    ("header", "key", "names"),
    [
        ("person_id,incident_id,offence date,offense date,offence\n", "date", ("offence date", "offense date")),
        ("Nominal Ref,Nominal Key,incident_id,date,offence\n", "person_id", ("Nominal Ref", "Nominal Key")),
    ],
)
def test_several_columns_that_fit_alike_are_asked_about_whatever_they_are(
    header: str, key: str, names: tuple[str, str], tmp_path: Path
) -> None:
    columns = header.rstrip().split(",")
    rows = [dict(zip(("person_id", "incident_id", "date", "offence"), row.split(","), strict=True)) for row in
            ROWS.splitlines()]  # fmt: skip
    lines = [",".join(row.get(name, row[key]) for name in columns) for row in rows]
    _, toml = check_tables([write(tmp_path / "a.csv", header + "\n".join(lines) + "\n")])
    assert tomllib.loads(toml) == {"input": {}}
    assert sorted(line for line in toml.splitlines() if " = " in line) == sorted(
        f'# columns.{key} = "{name}"' for name in names
    )


def test_a_choice_of_columns_can_be_taken_beside_those_that_are_certain(tmp_path: Path) -> None:
    header = "Nominal,incident_id,date,Charge 1,Charge 2\n"
    rows = "".join(f"{row},ARSON\n" for row in ROWS.splitlines())
    _, toml = check_tables([write(tmp_path / "a.csv", header + rows)])
    taken = tomllib.loads(toml.replace('# columns.offence = "Charge 2"', 'columns.offence = "Charge 2"'))
    assert taken == {"input": {"columns": {"person_id": "Nominal", "offence": "Charge 2"}}}
    assert read_arrests(str(tmp_path / "a.csv"), taken).report.offences["text"].to_list() == ["ARSON"]


UNREAD = ("13/02/24 09:05 PM", "00/00/0000", "", "31/12/9999", "Unknown")


def test_tables_of_which_many_rows_are_rejected_are_not_plainly_ready(tmp_path: Path) -> None:
    rows = "".join(f"p{i},i{i // 2},{date},THEFT\n" for i, date in enumerate(UNREAD))
    found, toml = check_tables([write(tmp_path / "a.csv", HEADER + rows)])
    assert found["ready"]
    assert found["but"] == "3 of 5 rows are rejected (bad_date): set date_format and null_dates first"
    assert f"ready      yes, but {found['but']}" in describe_check(found)
    assert '# null_dates = ["0000-00-00", "9999-12-31"]' in toml.splitlines()
    config = {"input": {"date_format": "dayfirst", "null_dates": ["0000-00-00", "9999-12-31"]}}
    again, _ = check_tables([str(tmp_path / "a.csv")], config)
    assert (again["ready"], again["but"], again["input"]["rows"]["accepted"]) == (True, None, 5)


@pytest.mark.parametrize(("accepted", "told"), [(19, True), (20, False)])
def test_one_rejected_row_of_twenty_is_many(accepted: int, told: bool, tmp_path: Path) -> None:
    rows = "".join(f"p{i % 7},i{i // 2},2013-01-05,THEFT\n" for i in range(accepted)) + ",i1,2013-01-05,THEFT\n"
    found, _ = check_tables([write(tmp_path / "a.csv", HEADER + rows)])
    expected = f"1 of {accepted + 1} rows are rejected (missing_person): see the warnings first"
    assert found["but"] == (expected if told else None)


def test_a_preset_keeps_its_name(tmp_path: Path) -> None:
    given = write(tmp_path / "given.toml", '[violent_offences]\npreset = "home_office"\n')
    options = ["check", write(tmp_path / "a.csv", HEADER + ROWS), "--config", given]
    done = CliRunner().invoke(app, [*options, "--write-config", str(tmp_path / "c.toml")])
    assert done.exit_code == 0, done.output
    assert tomllib.loads((tmp_path / "c.toml").read_text()) == {"violent_offences": {"preset": "home_office"}}


def test_figures_have_their_unit_and_shapes_are_called_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", (HEADER + ROWS).replace(",", ";"))
    lines = CliRunner().invoke(app, ["check", path]).output.splitlines()
    assert any(line.startswith("format     ") and 'a.csv: separated by ";"' in line for line in lines)
    assert any(line.startswith("violent    arrests by set: violent 1, ") for line in lines)
    assert 'in no set  offences by rows: "THEFT" 2, "AAAAA" (shape; --show-values) 1' in lines
    shown = CliRunner().invoke(app, ["check", path, "--show-values"]).output
    assert 'in no set  offences by rows: "THEFT" 2, "ARSON" 1' in shown
