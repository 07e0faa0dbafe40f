"""Files appear whole or not at all, and nobody's files are touched."""

import json

import polars as pl
import pytest

from gpunet.errors import InputError
from gpunet.folder import RunFolder, sha256_of, write_whole


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail(path):
        path.write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "a.txt", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_earlier_file(tmp_path):
    write_whole(tmp_path / "a.txt", lambda path: path.write_text("old"))

    def fail(path):
        path.write_text("new")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "a.txt", fail)
    assert (tmp_path / "a.txt").read_text() == "old"


def test_the_manifest_comes_last_and_hashes_the_rest(tmp_path):
    folder = RunFolder(tmp_path / "run", ("t.parquet", "d.json"))
    folder.write_table("t.parquet", pl.DataFrame({"x": [1, 2]}), {"k": "v"})
    folder.write_json("d.json", {"a": None})
    assert not (tmp_path / "run" / "run.json").exists()
    manifest = folder.finish({"kind": "test"})
    assert json.loads((tmp_path / "run" / "run.json").read_text()) == manifest
    assert manifest["outputs"]["t.parquet"]["sha256"] == sha256_of(tmp_path / "run" / "t.parquet")
    assert set(manifest["outputs"]) == {"t.parquet", "d.json"}


def test_a_new_run_removes_the_earlier_one_and_its_leftovers(tmp_path):
    for name in ("run.json", "t.parquet", "t.parquet.partial"):
        (tmp_path / name).write_text("old")
    RunFolder(tmp_path, ("t.parquet",))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_refused_and_kept(tmp_path):
    for name in ("run.json", "thesis.docx"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=r"thesis\.docx"):
        RunFolder(tmp_path, ("t.parquet",))
    assert (tmp_path / "run.json").read_text() == "mine"


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="run"):
        RunFolder(tmp_path / "run", ())


def test_json_refuses_what_json_has_no_word_for(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        RunFolder(tmp_path / "run", ("d.json",)).write_json("d.json", float("nan"))
    assert list((tmp_path / "run").iterdir()) == []
