"""Whole runs over files that cannot be read: what they say, leave out, remember, and refuse to go on with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gpunet.base.errors import InputError, UnreadableFile
from gpunet.cli.run import RunOptions, resume_run, run_features
from gpunet.runs import resume
from gpunet.synthetic import write_tables
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import make_frame
from tests.run_processes import gpunet, results

KEEP_GOING = RunOptions(threads=1, checkpoint_seconds=0, keep_going=True)


class Enough(BaseException):
    """Ends a run as a signal does."""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Some dozens of files, two of which are damaged."""
    write_tables(tmp_path / "arrests", persons=200, seed=5)
    for path in bad(tmp_path / "arrests"):
        path.with_suffix(".whole").write_bytes(path.read_bytes())
        path.write_bytes(path.read_bytes()[:-9])
    return tmp_path / "arrests"


def bad(tables: Path) -> list[Path]:
    return [sorted(tables.glob("*.parquet"))[k] for k in (3, 7)]


def good(tables: Path) -> list[Path]:
    return [path for path in sorted(tables.glob("*.parquet")) if path not in bad(tables)]


def stopped(out: Path, *inputs: Path) -> None:
    """A run that ends when betweenness begins."""

    def progress(stage: str, done: float, total: float) -> None:
        if stage == "betweenness":
            raise Enough

    with pytest.raises(Enough):
        run_features([str(path) for path in inputs], out, options=replace(KEEP_GOING, progress=progress))


def test_the_run_says_which_and_finishes_the_rest(tables: Path, tmp_path: Path) -> None:
    out, first = tmp_path / "out", bad(tables)[0]
    refused = gpunet("features", tables, "--out", out)
    assert (refused.returncode, refused.stdout) == (2, "")
    said = refused.stderr.splitlines()[-1]
    assert said.startswith(f"gpunet: {first}: not readable as Parquet: ")
    assert "Traceback" not in refused.stderr
    assert not list(out.iterdir())
    done = gpunet("features", tables, "--out", out, "--keep-going")
    assert done.returncode == 0, done.stderr
    assert f"rows of {len(good(tables))} files (2 unreadable and left out): " in done.stdout
    assert f"2 files could not be read and were left out (left_out has the reasons): {first}, " in done.stdout
    run_features([str(path) for path in good(tables)], tmp_path / "good")
    found, expected = results(out), results(tmp_path / "good")
    manifest = found.pop("run.json")
    skipped = manifest["input"].pop("left_out")
    assert [file["name"] for file in skipped] == [str(path) for path in bad(tables)]
    assert [file["bytes"] for file in skipped] == [path.stat().st_size for path in bad(tables)]
    assert all(file["reason"].startswith("not readable as Parquet: ") for file in skipped)
    assert "2 files" in manifest["warnings"].pop(0)
    of_the_good = expected.pop("run.json")
    assert of_the_good["input"].pop("left_out") == []
    assert manifest == of_the_good
    assert found == expected


def test_what_was_skipped_is_remembered(tables: Path, tmp_path: Path) -> None:
    """Whether the arrests were kept or have to be read again."""
    run_features([str(tables)], tmp_path / "undisturbed", options=KEEP_GOING)
    stopped(tmp_path / "run", tables)
    kept = tmp_path / "run" / ".partial" / "checkpoints"
    shutil.copytree(tmp_path / "run", tmp_path / "again")
    assert (kept / "arrests.checkpoint").exists()
    path = bad(tables)[1]
    damaged, whole = path.read_bytes(), path.with_suffix(".whole").read_bytes()
    with pytest.raises(InputError, match="keep-going was given and is not"):
        run_features([str(tables)], tmp_path / "run", options=replace(KEEP_GOING, keep_going=False))
    for content in (whole, damaged[:-1]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=rf"the input {path}, which was left out, has changed.*--start-over"):
            resume_run(tmp_path / "run", "features", RunOptions())
    path.unlink()
    with pytest.raises(InputError, match=rf"the input {path}, which was left out, has changed"):
        resume_run(tmp_path / "run", "features", RunOptions())
    path.write_bytes(damaged)
    resume_run(tmp_path / "run", "features", RunOptions())
    assert results(tmp_path / "run") == results(tmp_path / "undisturbed")
    refused = gpunet("features", "--resume", tmp_path / "again", "--keep-going")
    assert (refused.returncode, "there is no keep-going," in refused.stderr) == (2, True)


def test_a_file_that_could_not_be_read_for_a_while(tables: Path, tmp_path: Path) -> None:
    """Sums of arrests without it were kept, but not these arrests, and now it can be read."""
    stopped(tmp_path / "run", tables)
    kept = tmp_path / "run" / ".partial" / "checkpoints"
    (kept / "arrests.checkpoint").unlink()
    (kept / "features-betweenness.checkpoint").write_bytes(b"")  # whatever it is
    noted = json.loads((kept / "inputs.json").read_text())
    path = bad(tables)[0]
    path.write_bytes(path.with_suffix(".whole").read_bytes())
    with pytest.raises(InputError, match="has changed"):
        resume_run(tmp_path / "run", "features", RunOptions())
    noted["left_out"][str(path)] = sha256_of(path)
    (kept / "inputs.json").write_text(json.dumps(noted))
    with pytest.raises(InputError, match=rf"the input {path} was left out and can be read now"):
        resume_run(tmp_path / "run", "features", RunOptions())
    assert (kept / "features-betweenness.checkpoint").exists()


def test_a_file_that_comes_and_goes_between_the_runs(tables: Path, tmp_path: Path) -> None:
    """Given by its own name."""
    stopped(tmp_path / "run", *good(tables), tables / "gone.csv")
    (tables / "gone.csv").write_text("person_id,incident_id,date,offence\n")
    with pytest.raises(InputError, match=r"gone\.csv, which was left out, has changed"):
        resume_run(tmp_path / "run", "features", RunOptions())
    (tables / "gone.csv").unlink()
    (skipped,) = resume_run(tmp_path / "run", "features", RunOptions())["input"]["left_out"]
    assert skipped == {
        "name": str(tables / "gone.csv"), "reason": "there is no such file", "bytes": None, "sha256": None,
    }  # fmt: skip


def test_an_input_that_cannot_be_read_any_more(tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(tmp_path / "run", tables)
    locked = good(tables)[0]

    def refuse(path: Path) -> str:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return sha256_of(path)

    monkeypatch.setattr(resume, "sha256_of", refuse)
    with pytest.raises(InputError, match=rf"the input {locked} cannot be read any more"):
        resume_run(tmp_path / "run", "features", RunOptions())


def test_nothing_readable(tables: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of 2 files could be read; .*: not readable as Parquet"):
        run_features([str(path) for path in bad(tables)], tmp_path / "run", options=KEEP_GOING)
    with pytest.raises(UnreadableFile, match="not readable as Parquet"):
        run_features([str(bad(tables)[0])], tmp_path / "run", options=KEEP_GOING)
    assert not list((tmp_path / "run").iterdir())


def test_frames_are_read_as_without_it(tmp_path: Path) -> None:
    columns = {"person_id": ["a", "b"], "incident_id": ["i", "i"], "date": ["2013-02-01"] * 2, "offence": ["x", "y"]}
    manifest = run_features(make_frame(columns, "polars"), tmp_path / "run", options=KEEP_GOING)
    assert manifest["input"]["left_out"] == []
    del columns["date"]
    with pytest.raises(InputError, match='there is no column "date"'):
        run_features(make_frame(columns, "polars"), tmp_path / "run", options=KEEP_GOING)
