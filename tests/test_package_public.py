"""A package for everybody holds no person: no id, no table of persons, no name of an official, no small number."""

from __future__ import annotations

import io
import json
import re
import zipfile

import polars as pl
import pyarrow.parquet as pq
import pytest

from gpunet.cli.reports import write_report
from gpunet.cli.run import RunOptions, run_forecast
from gpunet.config.config import Config
from gpunet.packages.public import public_config, public_statement
from gpunet.packages.verify import verify_package
from gpunet.synthetic import make_arrests
from tests.package_runs import GOVERNED, KEY, features_run, packed

#: What no byte of a package for everybody may hold: all persons, incidents, gangs and officials have it in their names.
SENTINEL = re.compile(rb"ZQ(PERSON|INCIDENT|GANG|FILE|NULL|OWNER|TEAM|REVIEWER)", re.IGNORECASE)


@pytest.fixture(scope="module")
def forecast(tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    table = folder / "ZQFILE.parquet"
    named = [pl.format(f"{prefix}{{}}", pl.col(name)).alias(name) for name, prefix in
             (("person_id", "ZQPERSON"), ("incident_id", "ZQINCIDENT"), ("gang", "ZQGANG"))]  # fmt: skip
    frame = make_arrests(250, seed=3).with_columns(named)
    large = pl.DataFrame(
        {"person_id": [f"ZQPERSON{i}" for i in range(60)], "incident_id": "ZQINCIDENT-LARGE"}
    ).with_columns(
        *(pl.lit(frame[name][0], frame[name].dtype).alias(name) for name in frame.columns if not name.endswith("_id"))
    )
    bad = frame.head(1).with_columns(person_id=pl.lit(None, pl.String), incident_id=pl.lit("ZQINCIDENT-BAD"))
    pl.concat([frame, large.select(frame.columns), bad]).write_parquet(table)
    config = {"model": {"max_rounds": 4, "folds": 2}, "governance": GOVERNED, "input": {"null_values": ["ZQNULL"]}}
    run_forecast([str(table)], folder / "run", config, None, RunOptions(threads=2))
    return folder / "run"


def read(package):
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def public(forecast, tmp_path_factory):
    out = tmp_path_factory.mktemp("package") / "p.zip"
    return packed(forecast, out, public=True)


def test_no_byte_names_anybody(forecast, public):
    assert SENTINEL.search((forecast / "run.json").read_bytes())
    for name, data in read(public).items():
        assert not SENTINEL.search(data), name
        assert not SENTINEL.search(name.encode())
    assert not verify_package(public, KEY.public_key()).differences


def test_there_is_no_table_and_no_model(public):
    kinds = {name.rpartition(".")[2] for name in read(public)}
    assert kinds <= {"json", "html", "csv"}


def test_tables_of_persons_are_in_the_whole_package_alone(forecast, tmp_path):
    whole = read(packed(forecast, tmp_path / "x.zip"))
    persons = [
        name
        for name, data in whole.items()
        if name.endswith(".parquet") and "person_id" in pq.read_schema(io.BytesIO(data)).names
    ]
    assert "run/scores.parquet" in persons


def test_the_report_is_that_for_the_public(forecast, public):
    write_report(forecast, "public")
    found = read(public)
    made = {name: data for name, data in found.items() if name == "run/report.html" or name.startswith("run/figures/")}
    there = [forecast / "report.html", *(forecast / "figures").glob("*.csv")]
    assert made == {f"run/{path.relative_to(forecast).as_posix()}": path.read_bytes() for path in there}


def test_small_numbers_are_not_told(tmp_path):
    found = read(packed(features_run(tmp_path), tmp_path / "p.zip", public=True))
    manifest = json.loads(found["run/run.json"])
    assert manifest["persons"] == "fewer than 10"
    assert manifest["arrests"] == "12"
    assert "rows" not in manifest["input"]


def test_what_is_new_in_a_configuration_is_not_public_unasked():
    config = Config(
        input={"victims": ["ZQV"], "ties": ["ZQT"]},
        evaluate={"victims": "ZQV", "custody": "ZQC"},
        ties={"calls": {"use": True, "task_ref": "ZQ", "authority": "ZQ"}},
        governance={**GOVERNED, "task_ref": "T-1", "log": "ZQLOG", "authority": "ZQ", "never_outcomes": ["ZQ*"]},
        cluster={"tls_key": "ZQKEY"},
    ).as_dict()
    config["later"], config["governance"]["later"], config["input"]["later"] = "ZQ", "ZQ", "ZQ"
    found = public_config(config)
    assert "ZQ" not in json.dumps(found)
    assert found["governance"]["purpose"] == GOVERNED["purpose"]
    assert found["ties"]["calls"]["use"] is True
    assert public_statement({"purpose": "p", "later": "ZQ"}) == {"purpose": "p"}


def test_small_numbers_of_the_log_are_not_told_either(tmp_path):
    run = features_run(tmp_path, {"governance": GOVERNED})
    assert json.loads(read(packed(run, tmp_path / "p.zip", public=True))["log.json"]) == {
        "collection": "fewer than 10",
        "disclosure": "fewer than 10",
    }
