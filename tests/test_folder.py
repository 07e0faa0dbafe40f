"""Files appear whole or not at all, an earlier run stays until the new one is complete, nobody's files are touched."""

import json
import os

import polars as pl
import pytest

from gpunet.base.errors import InputError
from gpunet.runs.folder import RunFolder
from gpunet.tables.files import sha256_of, write_whole

NAMES = ("t.parquet", "d.json")


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_failed_write_leaves_nothing_and_keeps_the_earlier_file(tmp_path):
    def fail(path):
        path.write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "a.txt", fail)
    assert contents(tmp_path) == {}
    write_whole(tmp_path / "a.txt", lambda path: path.write_text("old"))
    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "a.txt", fail)
    assert contents(tmp_path) == {"a.txt": "old"}


def test_a_file_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append((os.fstat(file).st_size, contents(tmp_path))))
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_whole(path, lambda partial: partial.write_text("longer"))
    ((size, then),) = flushed
    assert (size, then.pop("a.txt"), [*then.values()]) == (6, "old", ["longer"])
    assert contents(tmp_path) == {"a.txt": "longer"}


def test_the_manifest_comes_last_and_hashes_the_rest(tmp_path):
    out = tmp_path / "run"
    with RunFolder(out, NAMES) as folder:
        folder.write_table("t.parquet", [pl.DataFrame({"x": [1, 2]})], {"k": "v"})
        folder.write_json("d.json", {"a": None})
        assert [path.name for path in out.iterdir()] == [".partial"]
        manifest = folder.finish({"kind": "test"})
    assert json.loads((out / "run.json").read_text()) == manifest
    assert manifest["outputs"]["t.parquet"]["sha256"] == sha256_of(out / "t.parquet")
    assert set(manifest["outputs"]) == set(NAMES)
    assert {path.name for path in out.iterdir()} == {*NAMES, "run.json"}


def test_a_new_run_replaces_the_earlier_one(tmp_path):
    for value in ("first", "second"):
        with RunFolder(tmp_path, NAMES) as folder:
            folder.write_json("d.json", value)
            if value == "first":
                folder.write_table("t.parquet", [pl.DataFrame({"x": [1]})])
            folder.finish({})
    assert {path.name for path in tmp_path.iterdir()} == {"d.json", "run.json"}
    assert json.loads((tmp_path / "d.json").read_text()) == "second"


def test_a_run_that_fails_leaves_the_earlier_one(tmp_path):
    with RunFolder(tmp_path, NAMES) as folder:
        folder.write_json("d.json", "first")
        folder.finish({})
    before = contents(tmp_path)

    def fail():
        with RunFolder(tmp_path, NAMES) as folder:
            folder.write_json("d.json", "second")
            raise RuntimeError("later stage")

    with pytest.raises(RuntimeError):
        fail()
    assert contents(tmp_path) == before


def test_what_a_killed_run_left_is_cleared(tmp_path):
    """Killed while moving files: no manifest, some files in place, the hidden folder still there."""
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "lock").touch()
    for half in ("t.parquet.partial", "d.json.0a1b2c3d.partial"):  # an earlier version's, and ours
        (tmp_path / ".partial" / half).write_text("half")
    moved = tmp_path / "d.json"
    moved.write_text("moved")
    listed = {"outputs": {"d.json": {"bytes": moved.stat().st_size, "sha256": sha256_of(moved)}}}
    (tmp_path / ".partial" / "run.json").write_text(json.dumps(listed))
    with RunFolder(tmp_path, NAMES) as folder:
        folder.write_json("d.json", "new")
        folder.finish({})
    assert {path.name for path in tmp_path.iterdir()} == {"d.json", "run.json"}


@pytest.mark.parametrize("present", [["run.json", "thesis.docx"], ["t.parquet"], ["d.json", "t.parquet"]])
def test_files_that_are_not_of_a_run_are_refused_and_kept(tmp_path, present):
    for name in present:
        (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=r"thesis\.docx|t\.parquet|d\.json"), RunFolder(tmp_path, NAMES):
        pass
    assert contents(tmp_path) == dict.fromkeys(present, "mine")


def test_folders_and_files_in_the_wrong_place_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "run" / "t.parquet").mkdir(parents=True)
    for name in ("file", "run"):
        with pytest.raises(InputError, match=name), RunFolder(tmp_path / name, NAMES):
            pass


def test_input_in_the_run_folder_is_refused(tmp_path):
    folder = RunFolder(tmp_path, NAMES)
    folder.refuse_inputs([str(tmp_path.parent / "t.parquet"), str(tmp_path.parent)])
    for name in ("t.parquet", "below/t.parquet"):
        with pytest.raises(InputError, match=r"t\.parquet"):
            folder.refuse_inputs([str(tmp_path / name)])


def test_json_refuses_what_json_has_no_word_for(tmp_path):
    with RunFolder(tmp_path, NAMES) as folder, pytest.raises(ValueError, match="JSON"):
        folder.write_json("d.json", float("nan"))
