"""Names of files and folders that are not UTF-8, as file systems allow them: everything works, and says which it is."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import zipfile

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import gpunet
from gpunet.base.errors import InputError
from gpunet.base.paths import name_of, path_named
from gpunet.cli.app import app
from gpunet.runs.stages import Run

ODD = os.fsdecode(b"n\xff\xfe")
SHOWN = r"n\udcff\udcfe"

ROWS = {
    "person_id": [f"p{i % 40}" for i in range(120)],
    "incident_id": [f"i{i // 3}" for i in range(120)],
    "date": ["2013-01-05"] * 119 + ["never"],
    "offence": ["robbery", "theft", "arson"] * 40,
}


def gpunet_at(*arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.fixture
def odd(tmp_path):
    """A folder of such a name, with tables of every kind."""
    frame, folder = pl.DataFrame(ROWS), tmp_path / ODD
    frame.write_parquet(tmp_path / "a.parquet")
    frame.to_pandas().to_feather(tmp_path / "a.feather")
    frame.to_pandas().to_excel(tmp_path / "a.xlsx", index=False)
    folder.mkdir()
    for kind in ("parquet", "feather", "xlsx"):
        shutil.move(tmp_path / f"a.{kind}", folder / f"{ODD}.{kind}")
    text = frame.write_csv().encode()
    (folder / f"{ODD}.csv").write_bytes(text)
    (folder / f"{ODD}.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(folder / f"{ODD}.zip", "w") as archive:
        archive.writestr("x.csv", text)
    return folder


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "zip", "parquet", "feather", "xlsx"])
def test_tables_are_read(kind, odd):
    arrests = gpunet.read_arrests(odd / f"{ODD}.{kind}")
    assert len(arrests) == 119
    (file,) = arrests.report.files
    assert file.name == f"{name_of(odd)}/{SHOWN}.{kind}"
    assert path_named(file.name) == f"{odd}/{ODD}.{kind}"
    assert arrests.report.rejected["source_file"].to_list() == [file.name]
    json.dumps([file.name, *arrests.report.warnings], ensure_ascii=False).encode()
    damaged = odd / f"{ODD}bad.{kind}"
    damaged.write_bytes(b"PK\x03\x04" if kind in ("zip", "xlsx") else b"\0\1\2")
    with pytest.raises(InputError, match=r"n\\udcff\\udcfebad\."):
        gpunet.read_arrests(damaged)


def test_a_folder_key_of_such_a_name(odd):
    (odd / f"force={ODD}").mkdir()
    shutil.copy(odd / f"{ODD}.csv", odd / f"force={ODD}" / "a.csv")
    arrests = gpunet.read_arrests(odd / f"force={ODD}")
    assert arrests.force_names.to_list() == [SHOWN]


def test_a_run_its_resumption_and_its_tables(odd, monkeypatch):
    config, out = odd / f"{ODD}.toml", odd / "out"
    config.write_text("[network]\nmax_incident_size = 9\n")
    asked = (odd / f"{ODD}.parquet", odd / f"{ODD}.csv", "--threads", 1, "--checkpoint-seconds", 0)
    with monkeypatch.context() as patched:

        def stops(*_):
            raise OSError("the machine is switched off")

        patched.setattr(Run, "write_features", stops)
        with pytest.raises(OSError, match="switched off"):
            gpunet_at("features", *asked, "--config", config, "--out", out)
    assert SHOWN in gpunet_at("features", "--resume", out, "--checkpoint-seconds", 0)
    manifest = json.loads((out / "run.json").read_text())
    assert [file["name"] for file in manifest["input"]["files"]] == [
        f"{name_of(odd)}/{SHOWN}.{kind}" for kind in ("parquet", "csv")
    ]
    assert "p0" in gpunet_at("show", out, "features")
    labels = [i % 2 == 0 for i in range(40)]
    gpunet.train(out / "features.parquet", labels, config={"max_rounds": 1}, threads=1).save(odd / f"{ODD}.ubj")
    scores = odd / f"{ODD}-scores.parquet"
    gpunet_at("score", "--model", odd / f"{ODD}.ubj", "--features", out / "features.parquet", "--out", scores)
    assert scores.stat().st_size > 0


def test_what_commands_write(odd):
    gpunet_at("check", odd / f"{ODD}.csv", "--write-config", odd / "c.toml")
    assert gpunet.load_config(odd / "c.toml") == gpunet.load_config()
    gpunet_at("synth", "--dirty", "--persons", 100, "--out", odd / "tables")
    assert (odd / "tables" / "troubles.json").exists()


def test_an_input_in_the_run_folder_is_seen_whatever_its_name(odd):
    out = odd / "out"
    out.mkdir()
    shutil.copy(odd / f"{ODD}.parquet", out / "features.parquet")
    (out / "run.json").write_text("{}")
    done = CliRunner().invoke(app, ["features", str(out / "features.parquet"), "--out", str(out)])
    assert isinstance(done.exception, InputError)
    assert (out / "features.parquet").exists()


@given(st.binary(min_size=1, max_size=20))
def test_every_name_has_a_text_and_the_text_the_name(name):
    path = os.fsdecode(name)
    text = name_of(path)
    assert text.encode().decode() == text
    if r"\udc" not in path:
        assert path_named(text) == path
