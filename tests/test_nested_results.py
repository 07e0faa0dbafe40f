"""Results in folders of their own: as safe as those in the run folder itself, link by link and file by file."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_foreign_files import everything

from gpunet.base.errors import InputError, StorageError
from gpunet.base.paths import refuse_inputs
from gpunet.cli.run import RUN_FILES
from gpunet.runs.folder import RunFolder
from gpunet.runs.result_names import ResultNames
from gpunet.tables.files import sha256_of

NAMES = ("d.json", "panel/as_of=<day>/part.parquet")


def part(day: str) -> str:
    return f"panel/as_of={day}/part.parquet"


def complete(folder: Path, *days: str, text: str = "first") -> dict:
    with RunFolder(folder, NAMES) as run:
        run.write_json("d.json", text)
        for day in days:
            run.write_file(part(day), lambda path, day=day: path.write_text(f"{text} {day}"))
        return run.finish({})


DAYS = ("2013-01-01", "2013-02-01")
WRITTEN = {
    "d.json": b'"first"\n', "panel": "folder", "panel/as_of=2013-01-01": "folder", "panel/as_of=2013-02-01": "folder",
    part(DAYS[0]): b"first 2013-01-01", part(DAYS[1]): b"first 2013-02-01",
}  # fmt: skip


def results(folder: Path) -> dict:
    return {name: what for name, what in everything(folder).items() if name != "run.json"}


def test_they_are_listed_with_their_hashes_and_nothing_hidden_is_left(tmp_path: Path) -> None:
    manifest = complete(tmp_path, *DAYS)
    assert results(tmp_path) == WRITTEN
    assert set(manifest["outputs"]) == {"d.json", *map(part, DAYS)}
    assert manifest["outputs"][part(DAYS[0])] == {"bytes": 16, "sha256": sha256_of(tmp_path / part(DAYS[0]))}


def test_other_days_replace_them(tmp_path: Path) -> None:
    complete(tmp_path, *DAYS)
    complete(tmp_path, "2014-03-01", text="second")
    assert list(results(tmp_path)) == ["d.json", "panel", "panel/as_of=2014-03-01", part("2014-03-01")]
    complete(tmp_path, text="third")
    assert results(tmp_path) == {"d.json": b'"third"\n'}


def test_a_run_that_fails_leaves_the_earlier_ones(tmp_path: Path) -> None:
    complete(tmp_path, *DAYS)
    before = everything(tmp_path)

    def fail() -> None:
        with RunFolder(tmp_path, NAMES) as run:
            run.write_file(part(DAYS[0]), lambda path: path.write_text("second"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["mine.txt", "panel/mine.txt", "panel/as_of=2013-01-01/mine.txt", "panel/as_of=soon/part.parquet",
     "panel/as_of=2013-01-01/sub/part.parquet", "panel/part.parquet", "as_of=2013-01-01/part.parquet",
     ".partial/panel/mine.txt", ".partial/panel/as_of=2013-01-01/mine.txt", ".partial/checkpoints/panel/mine.txt",
     "panel/as_of=2013-01-01/.partial/mine.txt"],
)  # fmt: skip
@pytest.mark.parametrize("days", [(), DAYS])
def test_what_a_run_has_no_name_for_is_refused(tmp_path: Path, name: str, days: tuple[str, ...]) -> None:
    complete(tmp_path, *days)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    if name.startswith(".partial"):
        (tmp_path / ".partial" / "lock").touch()
    before = everything(tmp_path)
    with pytest.raises(InputError, match=r"another folder|new or empty folder"):
        complete(tmp_path, *DAYS, text="second")
    assert everything(tmp_path) == before


PLACES = ("panel", "panel/as_of=2013-01-01", part("2013-01-01"), ".partial/panel", ".partial/panel/as_of=2013-01-01")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("leads_to", ["victim", "victim/part.parquet", "nowhere"])
def test_a_link_is_refused(tmp_path: Path, place: str, leads_to: str) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    victim.mkdir()
    (victim / "part.parquet").write_text("mine")
    complete(out, *DAYS)
    link = out / place
    link.parent.mkdir(parents=True, exist_ok=True)
    if place.startswith(".partial"):
        (out / ".partial" / "lock").touch()
    if os.path.lexists(link):
        link.rename(tmp_path / "away")
    link.symlink_to(tmp_path / leads_to)
    before = everything(tmp_path)
    with pytest.raises(InputError, match="symbolic link") as refused:
        complete(out, *DAYS, text="second")
    assert str(link) in str(refused.value)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("place", ["panel", "panel/as_of=2013-01-01"])
def test_a_link_that_comes_during_the_run_is_not_followed(tmp_path: Path, place: str) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    (victim / "as_of=2013-01-01").mkdir(parents=True)
    with RunFolder(out, NAMES) as run:
        run.write_file(part(DAYS[0]), lambda path: path.write_text("ours"))
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        (out / place).symlink_to(victim)
        with pytest.raises(InputError, match="has come here"):
            run.finish({})
    with RunFolder(tmp_path / "second", NAMES) as run:
        (tmp_path / "second" / ".partial" / "panel").symlink_to(victim)
        with pytest.raises(StorageError, match="symbolic link"):
            run.write_file(part(DAYS[0]), lambda path: path.write_text("ours"))
    assert everything(victim) == {"as_of=2013-01-01": "folder"}


@pytest.mark.parametrize("name", [part(DAYS[0]), part("2014-01-01"), "panel/as_of=2013-01-01/mine.txt"])
def test_what_comes_or_changes_during_the_run_is_kept(tmp_path: Path, name: str) -> None:
    complete(tmp_path, *DAYS)
    with RunFolder(tmp_path, NAMES) as run:
        run.write_file(part(DAYS[0]), lambda path: path.write_text("second"))
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine")
        with pytest.raises(InputError, match="has come here or was changed"):
            run.finish({})
    assert (tmp_path / name).read_text() == "mine"
    assert (tmp_path / part(DAYS[1])).read_bytes() == WRITTEN[part(DAYS[1])]


def test_only_what_the_manifest_lists_is_replaced(tmp_path: Path) -> None:
    complete(tmp_path, *DAYS)
    for name, text in ((part("2014-01-01"), "mine"), (part(DAYS[0]), "mine"), (part(DAYS[0]), "FIRST 2013-01-01")):
        before = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=r"part\.parquet is not what run\.json lists"):
            complete(tmp_path, text="second")
        assert (tmp_path / name).read_text() == text
        (tmp_path / name).unlink() if before is None else (tmp_path / name).write_bytes(before)
    (tmp_path / "run.json").unlink()
    with pytest.raises(InputError, match=r"but no run\.json"):
        complete(tmp_path, text="second")
    assert results(tmp_path) == {**WRITTEN, "panel/as_of=2014-01-01": "folder"}


def test_folders_of_somebody_else_are_refused_though_they_are_empty(tmp_path: Path) -> None:
    (tmp_path / "panel").mkdir()
    with pytest.raises(InputError, match=r"holds panel but no run\.json"):
        complete(tmp_path)


class Killed(BaseException):
    pass


def killed_at(monkeypatch, folder: Path, at: int, work) -> None:
    """Do some work, which ends at the step of that number, as a process does that is killed."""
    steps = [0]

    def stopped(real):
        def step(path, *rest, **named):
            if folder in path.parents and "lock" not in path.name and "checkpoints" not in path.parts:
                steps[0] += 1
                if steps[0] > at:
                    raise Killed
            return real(path, *rest, **named)

        return step

    with monkeypatch.context() as patch:
        patch.setattr("gpunet.runs.folder.store_whole", lambda path, write: write(path))
        for name in ("replace", "unlink", "rmdir", "mkdir"):
            patch.setattr(Path, name, stopped(getattr(Path, name)))
        work()


@pytest.mark.parametrize("at", range(16))
def test_killed_between_any_two_steps_it_leaves_what_the_next_run_knows(tmp_path: Path, monkeypatch, at: int) -> None:
    """And what has been put there meanwhile is told from it; the next run may be killed as well."""
    complete(tmp_path, *DAYS)

    def leave(run: RunFolder, **_: object) -> None:
        run._lock._lock.release()  # as the system does

    def replaced() -> None:
        with RunFolder(tmp_path, NAMES) as run:
            monkeypatch.setattr(RunFolder, "_leave", leave)
            for day in ("2013-02-01", "2013-03-01"):
                run.write_file(part(day), lambda path: path.write_text("second"))
            run.write_json("d.json", "second")
            killed_at(monkeypatch, tmp_path, at, lambda: run.finish({}))

    with pytest.raises(Killed):
        replaced()
    monkeypatch.undo()
    for name in (part("2013-01-01"), part("2013-02-01"), part("2013-03-01")):
        if (tmp_path / name).exists():
            before = (tmp_path / name).read_bytes()
            (tmp_path / name).write_text("mine")
            with pytest.raises(InputError, match="is not what"):
                complete(tmp_path, text="third")
            assert (tmp_path / name).read_text() == "mine"
            (tmp_path / name).write_bytes(before)
    monkeypatch.setattr(RunFolder, "_leave", leave)
    with suppress(Killed):
        killed_at(monkeypatch, tmp_path, at % 6, RunFolder(tmp_path, NAMES).__enter__)
    monkeypatch.undo()
    complete(tmp_path, "2013-04-01", text="third")
    assert list(results(tmp_path)) == ["d.json", "panel", "panel/as_of=2013-04-01", part("2013-04-01")]
    assert json.loads((tmp_path / "run.json").read_text())["outputs"].keys() == {"d.json", part("2013-04-01")}


def test_an_input_among_them_is_refused(tmp_path: Path) -> None:
    """By a second name too."""
    complete(tmp_path / "out", *DAYS)
    (tmp_path / "mine.parquet").hardlink_to(tmp_path / "out" / part(DAYS[0]))
    with RunFolder(tmp_path / "out", NAMES) as run, pytest.raises(InputError, match=r"mine\.parquet"):
        run.refuse_inputs([tmp_path / "mine.parquet"])
    with pytest.raises(InputError, match=r"part\.parquet"):
        refuse_inputs(tmp_path / "out", [tmp_path / "out" / part(DAYS[0])])


def test_a_full_disk_names_the_file_and_the_folder(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    name = part(DAYS[0])
    with RunFolder(tmp_path, NAMES) as run, pytest.raises(StorageError, match=f"cannot write {name} into {tmp_path}: "):
        run.write_file(name, fail)


@pytest.mark.parametrize("name", ["panel/as_of=2013-1-1/part.parquet", "panel", "part.parquet", "../d.json", "d.json/"])
def test_other_names_are_not_written(tmp_path: Path, name: str) -> None:
    with RunFolder(tmp_path, NAMES) as run, pytest.raises(ValueError, match="not among"):
        run.write_file(name, lambda path: path.write_text("x"))


@given(st.dates())
def test_any_day_is_a_name(day) -> None:
    names = ResultNames(RUN_FILES)
    assert names.is_file(("panel", f"as_of={day.isoformat()}", "part.parquet"))
    assert names.is_temporary(("panel", f"as_of={day.isoformat()}", "part.parquet.0a1b2c3d.partial"))
    assert names.is_folder(("panel", f"as_of={day.isoformat()}"))
    assert names.any_of([part(day.isoformat())])


@given(st.text(max_size=12).filter(lambda text: "/" not in text))
def test_nothing_else_is(text: str) -> None:
    names = ResultNames(NAMES)
    fits = len(text) == 10 and text[4] == text[7] == "-" and (text[:4] + text[5:7] + text[8:]).isdecimal()
    assert names.is_folder(("panel", f"as_of={text}")) == (fits and text.isascii())
