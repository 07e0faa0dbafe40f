"""Tables of ties and victims beside those of arrests: one person is one, however ids are typed; cuts; warnings."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gpunet
from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import InputError
from gpunet.cli.check import check_tables, describe_check
from gpunet.config.config import load_config
from gpunet.reading.arrests_table import read_arrests_at
from gpunet.reading.beside import read_beside
from tests.run_processes import gpunet as run

TIES = {"calls": {"use": True, "min_source": 3, "min_information": "E"}}
CONFIG: dict[str, Any] = {"ties": TIES, "violent_offences": {"robbery": ["robbery*"]}}


def arrested(persons: list[Any], **more: Any) -> pl.DataFrame:
    n = len(persons)
    table = {"person_id": persons, "incident_id": [f"i{i // 2}" for i in range(n)], "date": ["2013-02-01"] * n}
    return pl.DataFrame({**table, "offence": ["robbery", "theft"] * (n // 2) + ["theft"] * (n % 2), **more})


def tied(pairs: list[tuple[Any, Any]], **more: Any) -> pl.DataFrame:
    a, b = zip(*pairs, strict=True)
    n = len(pairs)
    return pl.DataFrame({"person_a": a, "person_b": b, "kind": ["calls"] * n, "date": ["2013-01-05"] * n, **more})


def pairs_of(arrests: Arrests) -> list[tuple[str, str]]:
    ids, of = [str(one) for one in arrests.person_ids.to_list()], arrests.associations
    assert of is not None
    return [(min(x, y), max(x, y)) for x, y in zip((ids[i] for i in of.a), (ids[i] for i in of.b), strict=True)]


def rows_of(arrests: Arrests) -> list[tuple[str, str, int]]:
    persons, incidents = arrests.person_ids.to_list(), arrests.incident_ids.to_list()
    codes = zip(arrests.person, arrests.incident, arrests.offences, strict=True)
    return sorted((str(persons[i]), incidents[j], int(bits)) for i, j, bits in codes)


_id = st.one_of(st.integers(0, 12), st.sampled_from(["7", "07", "x", "10"]))


@given(st.lists(_id, min_size=1, max_size=8), st.lists(st.tuples(_id, _id), min_size=1, max_size=8), st.data())
def test_persons_are_one_by_the_text_of_their_ids(persons: list[Any], pairs: list[Any], data: st.DataObject) -> None:
    def column(values: list[Any]) -> pl.Series:
        texts = any(isinstance(value, str) for value in values) or data.draw(st.booleans())
        return pl.Series([str(value) for value in values] if texts else values)

    frame = arrested(["1"] * len(persons)).with_columns(person_id=column(persons))
    a, b = zip(*pairs, strict=True)
    ties = tied(pairs=[("1", "2")] * len(pairs), person_a=column(list(a)), person_b=column(list(b)))
    alone = gpunet.read_arrests(frame, CONFIG)
    both = gpunet.read_arrests(frame, CONFIG, ties=ties, victims=frame.head(1))
    assert rows_of(both) == rows_of(alone)
    known = dict.fromkeys((min(str(x), str(y)), max(str(x), str(y))) for x, y in pairs if str(x) != str(y))
    assert pairs_of(both) == list(known)
    ids = both.person_ids.to_list()
    assert ids == sorted(set(ids))
    assert set(map(str, ids)) == set(map(str, persons)) | {one for pair in known for one in pair}
    whole = alone.person_ids.dtype.is_integer() and all(not x.startswith("0") or x == "0" for x in map(str, ids))
    assert both.person_ids.dtype.is_integer() == (whole and all(str(x).isdecimal() for x in ids))
    assert both.victims is not None
    assert str(ids[both.victims.person[0]]) == str(persons[0])
    assert both.incident_ids.to_list()[both.victims.incident[0]] == "i0"


def test_charges_stay_with_their_arrests() -> None:
    frame = arrested(["10", "9", "9", "10"]).with_columns(person_id=pl.Series([10, 9, 9, 10]))
    frame = frame.with_columns(recorded_at=pl.Series(["2013-02-01", "2013-02-05", "2013-02-02", "2013-02-08"]))
    ties = tied([("9", "x"), ("10", "x")])
    for day in ("2013-02-03", "2013-02-06", "2013-02-09"):
        alone = gpunet.read_arrests(frame, CONFIG, day)
        both = gpunet.read_arrests(frame, CONFIG, day, ties=ties)
        assert both.person_ids.to_list() == ["10", "9", "x"]  # as text: ids that sort otherwise than whole numbers do
        assert rows_of(both) == rows_of(alone)


def test_the_day_cuts_all_tables() -> None:
    ties = tied([("1", "2"), ("1", "3")], recorded_at=["2013-01-06", "2013-03-01"])
    victims = arrested(["8", "9"]).with_columns(date=pl.Series(["2013-01-10", "2013-02-10"]))
    found = gpunet.read_arrests(arrested(["1", "2"]), CONFIG, "2013-02-02", ties=ties, victims=victims)
    assert pairs_of(found) == [("1", "2")]
    assert found.person_ids.to_list() == ["1", "2", "8"]
    assert found.as_of == date(2013, 2, 2)


def test_reports_are_beside_that_of_the_arrests() -> None:
    frame = arrested(["1", "2"])
    alone = gpunet.read_arrests(frame, CONFIG)
    assert alone.report is not None
    assert alone.report.beside == {}
    assert (alone.associations, alone.victims) == (None, None)
    both = gpunet.read_arrests(frame, CONFIG, ties=tied([("1", "1"), ("1", "2")]), victims=frame)
    assert both.report is not None
    assert both.report.warnings == alone.report.warnings
    beside = both.report.beside
    assert {name: report.files[0].accepted for name, report in beside.items()} == {"ties": 1, "victims": 2}
    assert beside["ties"].by_reason == {"same_person": 1}


def test_tables_that_have_nothing_in_common_are_warned_of() -> None:
    frame = arrested(["1", "2", "3", "4"])
    strangers = arrested(["5", "6"], district=["d", "e"]).with_columns(incident_id=pl.lit("z"), offence=pl.lit("theft"))
    found = gpunet.read_arrests(frame, CONFIG, ties=tied([("a", "b")]), victims=strangers)
    assert found.report is not None
    said = [warning for report in found.report.beside.values() for warning in report.warnings]
    assert [text.split(":")[0] for text in said] == ["ties", "victims", "victims"]
    assert "no person of these tables has an arrest: are ids written alike in both? See [input] id_rules" in said[0]
    assert "0 of 1 incidents of victims are incidents of arrests" in said[1]
    assert "no offence is in a set of [violent_offences]" in said[2]
    zeros = gpunet.read_arrests(frame, CONFIG, ties=tied([("0001", "0002")]))
    assert zeros.report is not None
    assert any(
        "[input] id_rules = {person_id = {strip_zeros = true}}" in text for text in zeros.report.beside["ties"].warnings
    )
    near = gpunet.read_arrests(frame, CONFIG, ties=tied([("a", "1")]), victims=frame)
    assert near.report is not None
    assert not any(report.warnings for report in near.report.beside.values())


def test_victims_are_read_by_the_rules_of_arrests(tmp_path: Path) -> None:
    config = {**CONFIG, "input": {"columns": {"person_id": "nominal", "district": "area"}, "id_rules": ["strip_zeros"]}}
    frame = arrested(["01", "2"], area=["n", "s"]).rename({"person_id": "nominal"})
    (tmp_path / "v.csv").write_text(
        "person_id;incident_id;date;offence\n0008;i0;2013-02-01;robbery\n;i0;2013-02-01;x\n"
    )
    for name, victims in (("frame", frame), ("file", tmp_path / "v.csv")):
        found = gpunet.read_arrests(frame, config, victims=victims)
        assert found.victims is not None
        assert found.report is not None
        report = found.report.beside["victims"]
        assert report.by_reason == ({} if name == "frame" else {"missing_person": 1})
        assert all(text.startswith("victims: ") for text in report.warnings)
        assert "area" not in report.columns.get("district", [])
    assert found.person_ids.to_list() == ["1", "2", "8"]
    with pytest.raises(InputError, match=r'victims: frame: there is no column "offence".* or "" where there is none'):
        gpunet.read_arrests(frame, config, victims=frame.drop("offence"))
    keyed = {"input": {"incident_key": ["incident_id", "offence"]}}
    with pytest.raises(InputError, match="victims: incidents are told apart by"):
        gpunet.read_arrests(arrested(["1", "2"]), keyed, victims=arrested(["1", "2"]))


def test_the_configuration_may_name_the_tables(tmp_path: Path) -> None:
    arrested(["1", "2"]).write_csv(tmp_path / "arrests.csv")
    tied([("1", "9")]).write_csv(tmp_path / "ties.csv")
    arrested(["7"]).write_csv(tmp_path / "victims.csv")
    paths = {name: str(tmp_path / f"{name}.csv") for name in ("ties", "victims")}
    config = load_config({**CONFIG, "input": paths})
    told: list[str] = []
    alone = read_arrests_at(None, tmp_path / "arrests.csv", config)
    both, reports = read_beside(alone, config, progress=lambda stage, *_: told.append(stage))
    assert list(dict.fromkeys(told)) == ["reading ties", "reading victims"]
    assert both.person_ids.to_list() == ["1", "2", "7", "9"]
    assert list(reports) == ["ties", "victims"]
    assert gpunet.read_arrests(tmp_path / "arrests.csv", config).n_persons == both.n_persons
    assert read_beside(alone, load_config(CONFIG)) == (alone, {})
    found, proposed = check_tables([str(tmp_path / "arrests.csv")], config)
    assert found["ready"]
    assert found["ties"]["rows"] == {"read": 1, "accepted": 1, "rejected": 0, "duplicate": 0}
    assert json.loads(json.dumps(found)) == found
    assert "ties       1 row of 1 file: 1 accepted" in describe_check(found)
    (tmp_path / "ties.csv").write_text("person_a,person_b,kind,date\n1,2,lunch,2013-01-01\n")
    (tmp_path / "proposed.toml").write_text(proposed)
    assert load_config(tmp_path / "proposed.toml") == config
    found, _ = check_tables([str(tmp_path / "arrests.csv")], config)
    assert not found["ready"]
    assert "[ties.lunch]" in found["error"]


def test_check_takes_them_as_options(tmp_path: Path) -> None:
    arrested(["1", "2"]).write_csv(tmp_path / "arrests.csv")
    tied([("1", "9"), ("1", "1")]).write_csv(tmp_path / "ties.csv")
    (tmp_path / "c.toml").write_text('[ties.calls]\nuse = true\nmin_source = 3\nmin_information = "E"\n')
    done = run(
        *("check", "arrests.csv", "--config", "c.toml", "--ties", "ties.csv", "--victims", "arrests.csv"), cwd=tmp_path
    )
    assert done.returncode == 0
    assert "ties       2 rows of 1 file: 1 accepted, 1 rejected (1 same_person), 0 duplicate" in done.stdout
    assert "victims    2 rows of 1 file: 2 accepted" in done.stdout
    refused = run("check", "--ties", "ties.csv", "arrests.csv", cwd=tmp_path)
    assert (refused.returncode, "before --ties" in refused.stderr) == (2, True)
