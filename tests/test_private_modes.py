"""Files and folders are made for their owner alone, or for the group where a run says so; the umask does not matter."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from every_command import WRITING, called, scored_person, write_tables

from gpunet.base.errors import InputError
from gpunet.base.private import file_mode, make_file, make_folder, share_of, sharing
from gpunet.cli.run import run_features
from gpunet.runs.folder import RunFolder
from gpunet.runs.hidden_folder import checkpoints_of
from gpunet.runs.report_folder import ReportFolder
from gpunet.runs.share import share_of_run
from gpunet.tables.files import write_new, write_whole

pytestmark = pytest.mark.skipif(os.name != "posix", reason="has no such modes")


#: Files whose content is no secret, and is meant for others.
FOR_EVERYBODY = {"tls/cert.pem": "0o644", "sign.pem.pub": "0o644"}

#: What the group may write too, as every analyst's entries go there.
BY_THE_GROUP = {"log/n/log.jsonl": "0o660", "log/n/log.jsonl.lock": "0o660", "log/n": "0o770"}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def other_modes(folder: Path, file: int, of_folders: int) -> dict[str, str]:
    """What below a folder has another mode than these."""
    return {
        path.relative_to(folder).as_posix(): oct(mode_of(path))
        for path in folder.rglob("*")
        if mode_of(path) != (of_folders if path.is_dir() else file)
    }


@pytest.mark.parametrize("mask", [0o077])
def test_what_a_run_writes_is_for_its_owner_alone_under_a_strict_umask(tmp_path: Path, mask: int) -> None:
    """With the umask 0, and for every command, it is looked at where all are given: test_no_ids_in_messages.py."""
    (tmp_path / "in").mkdir()
    write_tables(tmp_path / "in")
    (tmp_path / "out").mkdir()
    with umask(mask):
        for line in WRITING[4:8]:
            code, said = called(line, tmp_path)
            assert code == 0, said
            assert other_modes(tmp_path / "out", 0o600, 0o700) == {}, line


@pytest.mark.parametrize("mask", [0o077])
def test_a_run_for_the_group_and_what_is_added_to_it(tmp_path: Path, mask: int) -> None:
    (tmp_path / "in").mkdir()
    write_tables(tmp_path / "in", '\n[output]\nshare = "group"\n')
    (tmp_path / "out").mkdir()
    lines = [line for line in WRITING if "/run " in line or "panel" in line or "/gov" in line]
    own = (
        "score ",
        "show ",
        "card ",
        "cards {out}/deep",
        "subject ",
    )  # what an analyst takes out of a run, for himself
    with umask(mask):
        for line in lines:
            if line.startswith(("features", *own)):
                continue
            person = scored_person(tmp_path / "out" / "deep" / "run") if "{person}" in line else ""
            code, said = called(line, tmp_path, person=person)
            assert code == 0, said
            found = other_modes(tmp_path / "out", 0o640, 0o750)
            assert found.items() <= BY_THE_GROUP.items(), (line, found)
            if line.startswith("run") and "/gov" in line:  # whose log lies in a folder that only its owner may write
                assert "colleagues cannot" in said
                (tmp_path / "out" / "log" / "n").chmod(0o770)
            else:
                assert "colleagues cannot" not in said
        called("show {out}/deep/run scores --csv {out}/scores.csv", tmp_path)
        assert mode_of(tmp_path / "out" / "scores.csv") == 0o600


def test_checkpoints_and_half_a_file_are_as_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    write_tables(tmp_path / "in")
    seen: dict[str, dict[str, str]] = {}

    def ended(self: RunFolder, *_: object) -> None:
        seen["files"] = other_modes(tmp_path / "run", 0o600, 0o700)
        seen["names"] = {path.name: "" for path in checkpoints_of(tmp_path / "run").iterdir()}
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "finish", ended)
    monkeypatch.setattr("gpunet.runs.checkpoints.Checkpoints.worth", lambda *_: True)
    with umask(0), pytest.raises(KeyboardInterrupt):
        run_features([str(tmp_path / "in" / "arrests.csv")], tmp_path / "run", str(tmp_path / "in" / "config.toml"))
    assert seen["files"] == {}
    assert {"request.json", "inputs.json", "arrests.checkpoint"} <= set(seen["names"])
    assert other_modes(tmp_path / "run", 0o600, 0o700) == {}


def test_a_file_is_private_while_it_is_written(tmp_path: Path) -> None:
    modes = []

    def write(path: Path) -> None:
        path.write_text("x")
        modes.append(mode_of(path))

    with umask(0), sharing("group"):
        write_whole(tmp_path / "a", write)
        write_new(tmp_path / "b", "x")
        write_new(tmp_path / "c", "x", 0o600)
        make_file(tmp_path / "d")
    assert modes == [0o600]
    assert [mode_of(tmp_path / name) for name in "abcd"] == [0o640, 0o640, 0o600, 0o600]
    with umask(0o777):  # even of one that lets nobody do anything
        write_whole(tmp_path / "e", lambda path: path.write_text("x"))
        make_folder(tmp_path / "f" / "g")
    assert [mode_of(tmp_path / name) for name in ("e", "f", "f/g")] == [0o600, 0o700, 0o700]


def test_a_file_that_is_replaced_is_private_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("of an earlier version")
    (tmp_path / "a").chmod(0o644)
    write_whole(tmp_path / "a", lambda path: path.write_text("x"))
    assert mode_of(tmp_path / "a") == 0o600


def test_group_and_its_bit_are_kept(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    if not tmp_path.stat().st_mode & stat.S_ISGID:
        pytest.skip("the system keeps no such bit here")
    with umask(0), sharing("group"):
        make_folder(tmp_path / "a" / "b")
    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a" / "b") == 0o2750
    assert (tmp_path / "a" / "b").stat().st_gid == tmp_path.stat().st_gid


def test_a_folder_that_was_there_keeps_its_mode_but_for_a_group(tmp_path: Path) -> None:
    for share, before, after in (("owner", 0o755, 0o755), ("group", 0o700, 0o750)):
        folder = tmp_path / share
        folder.mkdir()
        folder.chmod(before)
        with sharing(share), RunFolder(folder, ("d.json",)) as run:
            run.write_json("d.json", 1)
            run.finish({})
        assert mode_of(folder) == after
        assert {mode_of(path) for path in folder.iterdir()} == {0o600 if share == "owner" else 0o640}


def test_whoever_may_read_alone_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sharing("group"), RunFolder(tmp_path / "run", ("d.json",)) as run:
        run.write_json("d.json", 1)
        run.finish({})

    def refused(self: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refused)  # as the system does to a member of the group; but root may do anything
    said = r"cannot write into .*run: .* for its owner to write"
    for kind in (RunFolder, ReportFolder):
        with pytest.raises(InputError, match=said), kind(tmp_path / "run", ("d.json",)):
            pass


def test_who_may_read_a_complete_run_stands_in_its_manifest(tmp_path: Path) -> None:
    assert share_of({"config": {"output": {"share": "everybody"}}}) == "owner"
    assert share_of_run(tmp_path) == "owner"
    for text in ("", "[]", "3", '{"config": []}', "[" * 100_000):
        (tmp_path / "run.json").write_text(text)
        assert share_of_run(tmp_path) == "owner"
    (tmp_path / "run.json").write_text('{"config": {"output": {"share": "group"}}}')
    assert share_of_run(tmp_path) == "group"
    with sharing("group"):
        assert file_mode() == 0o640
    assert file_mode() == 0o600


def test_something_that_is_no_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for name in ("a", "a/b", "link"):
        with pytest.raises(OSError):  # noqa: PT011 - of whichever kind the system has
            make_folder(tmp_path / name)
