"""The log: any edit is found, writers wait for each other, and no kill takes a finished line."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import stat
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gpunet.base.errors import InputError, StorageError
from gpunet.governance import log as log_module
from gpunet.governance.log import append, check, entries, is_log, refuse_unwritable
from gpunet.governance.log_head import head_of
from gpunet.governance.log_line import FIELDS, FIRST, OPERATIONS, actor_of, line_of, read_line, team_of

OF_RUN = {"purpose": "triage", "task_ref": "T-1", "object_sha256": "ab" * 32}


def enter(log: Path, persons: int | None = 10, operation: str = "consultation", **more) -> dict:
    return append(log, operation, persons=persons, **{**OF_RUN, **more})


def files_of(log: Path) -> list[bytes]:
    return [log.read_bytes(), log.with_name("log.jsonl.head").read_bytes()]


def put(log: Path, data: bytes, head: bytes) -> Path:
    log.write_bytes(data)
    log.with_name("log.jsonl.head").write_bytes(head)
    return log


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[bytes, bytes]:
    log = tmp_path_factory.mktemp("whole") / "log.jsonl"
    for i in range(6):
        enter(log, i, OPERATIONS[i], purpose='to reduce "harm" \u00e9')
    return tuple(files_of(log))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("edited") / "log.jsonl"


def test_a_line_has_ten_fields_in_one_order_and_is_bound_to_the_line_before(tmp_path):
    log = tmp_path / "runs" / "log.jsonl"
    first, second = enter(log, actor="pat"), enter(log, None, "erasure")
    lines = log.read_bytes().splitlines(keepends=True)
    assert [json.loads(line) for line in lines] == [first, second] == list(entries(log))
    assert all(tuple(json.loads(line)) == FIELDS and line.isascii() for line in lines)
    assert (first["seq"], first["previous_sha256"], first["actor"]) == (1, FIRST, "pat")
    assert (second["seq"], second["previous_sha256"], second["persons"]) == (2, first["sha256"], None)
    assert second["actor"] == actor_of()
    assert check(log) == []
    assert head_of(log) == (2, second["sha256"])


@given(data=st.data())
def test_any_other_byte_is_found(written, place, data):
    files = list(written)
    which = data.draw(st.integers(0, 1))
    at = data.draw(st.integers(0, len(files[which]) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != files[which][at]))
    files[which] = files[which][:at] + bytes([other]) + files[which][at + 1 :]
    assert check(put(place, *files))


def test_every_flipped_bit_of_a_line_is_found(written, place):
    whole, head = written
    for at in range(len(whole.splitlines(keepends=True)[0])):
        for bit in (0, 5, 7):
            changed = bytearray(whole)
            changed[at] ^= 1 << bit
            assert check(put(place, bytes(changed), head)), (at, bit)


@given(data=st.data())
def test_lines_removed_moved_repeated_or_put_in_are_found(written, place, data):
    lines = written[0].splitlines(keepends=True)
    some = st.integers(0, len(lines) - 1)
    changed = list(lines)
    for _ in range(data.draw(st.integers(1, 3))):
        how = data.draw(st.sampled_from(("remove", "swap", "repeat", "put in", "cut")))
        at, other = data.draw(some) % max(1, len(changed)), data.draw(some) % max(1, len(changed))
        if not changed or how == "put in":
            texts = dict.fromkeys(FIELDS[3:6], "x") | {"operation": "erasure", "object_sha256": FIRST, "persons": 1}
            made = line_of(texts, 3, FIRST)[0]
            changed.insert(at, data.draw(st.sampled_from((made, b"\n", b"{}\n", b"\0", lines[-1][:40]))))
        elif how == "remove":
            del changed[at]
        elif how == "swap":
            changed[at], changed[other] = changed[other], changed[at]
        elif how == "repeat":
            changed.insert(other, changed[at])
        else:
            changed[at] = changed[at][: data.draw(st.integers(0, len(changed[at])))]
    assume(changed != lines and b"".join(changed) != written[0])
    assert check(put(place, b"".join(changed), written[1]))


@given(start=st.integers(0, 3000), length=st.integers(0, 3000), what=st.binary(max_size=40))
def test_any_part_put_in_the_place_of_another_is_found(written, place, start, length, what):
    whole, head = written
    changed = whole[:start] + what + whole[start + length :]
    assume(changed != whole)
    assert check(put(place, changed, head))


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_changed_line_is_found_that_has_its_own_hash_made_anew(written, place, at):
    lines = written[0].splitlines(keepends=True)
    entry = json.loads(lines[at])
    lines[at] = line_of(
        {name: entry[name] for name in FIELDS[2:8]} | {"persons": 77}, at + 1, entry["previous_sha256"]
    )[0]
    assert read_line(lines[at][:-1])[1] == ""
    assert check(put(place, b"".join(lines), written[1]))


def test_lines_are_told_by_number(written, place):
    lines = written[0].splitlines(keepends=True)
    assert "number 3 where 2 follows" in check(put(place, b"".join([lines[0], *lines[2:]]), written[1]))[0]
    assert "the last ones were removed" in check(put(place, b"".join(lines[:-2]), written[1]))[-1]
    assert "line 2: " in check(put(place, written[0].replace(b'"persons":1,', b'"persons":9,'), written[1]))[0]
    place.with_name("log.jsonl.head").unlink()
    assert "its head, log.jsonl.head, is gone" in check(place)[-1]


def test_what_was_never_finished_is_cut_off_and_what_was_finished_is_kept(tmp_path):
    log = tmp_path / "log.jsonl"
    enter(log)
    before = files_of(log)
    torn = before[0] + b'{"seq":2,"time":"2026'
    log.write_bytes(torn)
    assert "it has no end" in check(log)[0]
    enter(log)
    assert check(log) == []
    assert log.read_bytes().startswith(before[0] + b'{"seq":2,')
    finished = log.read_bytes()  # a writer that was killed before it wrote the head
    put(log, finished, before[1])
    assert check(log) == []
    assert enter(log)["seq"] == 3
    assert log.read_bytes().startswith(finished)
    assert check(log) == []


def test_writers_that_are_killed_one_after_the_other_before_they_write_the_head(tmp_path, monkeypatch):
    log = tmp_path / "log.jsonl"
    enter(log)
    write = log_module.write_head

    def killed(log: Path, seq: int, sha256: str, shared: bool) -> None:
        if seq == kills_at:
            raise KeyboardInterrupt
        write(log, seq, sha256, shared)

    monkeypatch.setattr(log_module, "write_head", killed)
    for kills_at in (2, 3, 4):  # noqa: B007 - it is looked at above
        with pytest.raises(KeyboardInterrupt):
            enter(log)
        assert check(log) == []
    monkeypatch.undo()
    assert enter(log)["seq"] == 5
    assert check(log) == []


def test_a_kill_before_the_first_line_leaves_what_can_be_gone_on_with(tmp_path):
    log = tmp_path / "log.jsonl"
    log.touch()
    assert not is_log(log)
    enter(log)
    assert check(log) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data, head: (data[:-1], head),
        lambda data, head: (data[: data.index(b"\n") + 1], head),
        lambda data, head: (b"", head),
        lambda data, head: (data, head.replace(b'"seq":2', b'"seq":7')),
        lambda data, head: (data, b"\xff" * 2000),
        lambda data, head: (data, b'{"seq":null,"sha256":null}\n'),
        lambda data, head: (data.replace(b"triage", b"others"), head),
        lambda data, head: (b"x" * 300_000, head),
    ],
)
def test_a_damaged_log_takes_no_entry_and_stays_as_it_is(tmp_path, damage):
    log = tmp_path / "log.jsonl"
    enter(log)
    enter(log)
    put(log, *damage(*files_of(log)))
    before = files_of(log)
    assert is_log(log)
    with pytest.raises(InputError, match="gpunet log verify"):
        enter(log)
    assert files_of(log) == before
    assert check(log)


def test_a_log_without_its_head_takes_no_entry(tmp_path):
    log = tmp_path / "log.jsonl"
    enter(log)
    log.with_name("log.jsonl.head").unlink()
    with pytest.raises(InputError, match="is gone"):
        enter(log)


def test_a_log_that_was_removed_is_missed_by_its_head(tmp_path):
    log = tmp_path / "log.jsonl"
    enter(log)
    log.unlink()
    assert is_log(log)
    assert "knows 1 lines" in check(log)[0]
    with pytest.raises(InputError, match="gpunet log verify"):
        enter(log)


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    log = tmp_path / "log.jsonl"
    enter(log)
    before = files_of(log)
    write = os.write
    monkeypatch.setattr(log_module.os, "write", lambda descriptor, data: write(descriptor, data[:50]))
    with pytest.raises(StorageError, match="nothing is done"):
        enter(log)
    monkeypatch.undo()
    assert files_of(log) == before


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.head", "log.jsonl.lock"])
def test_links_are_not_followed(tmp_path, name):
    other = tmp_path / "other"
    other.write_bytes(b"")
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / name).symlink_to(other)
    with pytest.raises((InputError, StorageError)):
        enter(folder / "log.jsonl")
    assert other.read_bytes() == b""


def test_other_files_are_no_logs(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"event": "start"}\n')
    assert not is_log(log)
    with pytest.raises(InputError):
        enter(log)
    assert log.read_text() == '{"event": "start"}\n'
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="named pipe"):
        enter(tmp_path / "fifo")


def test_who_may_read_it(tmp_path):
    modes = {False: 0o600, True: 0o660}
    for group, mode in modes.items():
        log = tmp_path / str(group) / "log.jsonl"
        enter(log, group=group)
        enter(log, group=not group)  # what is there stays what it is
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in log.parent.iterdir()}
        head = 0o640 if group else 0o600  # which is replaced, and never written into
        assert found == {"log.jsonl": mode, "log.jsonl.lock": mode, "log.jsonl.head": head}


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("again", [refuse_unwritable, enter])
def test_a_lock_that_is_made_again_is_for_whom_the_log_is(tmp_path, group, again):
    log, lock = tmp_path / "log.jsonl", tmp_path / "log.jsonl.lock"
    enter(log, group=group)
    lock.unlink()
    again(log)
    assert stat.S_IMODE(lock.stat().st_mode) == (0o660 if group else 0o600)


def test_actors(monkeypatch):
    user = actor_of()
    monkeypatch.setenv("LOGNAME", "somebody else")
    assert actor_of() == user
    assert team_of(actor_of("harm reduction for all")) == "harm reduction for all"
    monkeypatch.setenv("GPUNET_ACTOR", "pat\n")
    assert actor_of() == f"pat (through {user})"
    assert team_of(actor_of("x")) == "x"


@pytest.mark.parametrize(
    "name", ["jane for Team Ethics", 'jane "for" x for y', '"jane" for x', '"', "jane (through x)"]
)
def test_a_name_is_never_taken_for_a_team(tmp_path, monkeypatch, name):
    monkeypatch.setenv("GPUNET_ACTOR", name)
    assert team_of(actor_of()) == ""
    assert team_of(actor_of("harm reduction for all")) == "harm reduction for all"
    assert team_of(enter(tmp_path / "log.jsonl", actor=actor_of("triage"))["actor"]) == "triage"


def test_an_actor_of_any_length_leaves_a_log_that_can_be_read(tmp_path, monkeypatch):
    log = tmp_path / "log.jsonl"
    monkeypatch.setenv("GPUNET_ACTOR", "p" * 200)
    enter(log)
    monkeypatch.setenv("GPUNET_ACTOR", "p" * 100_000)
    for job in (lambda: enter(log), lambda: refuse_unwritable(log)):
        with pytest.raises(
            InputError, match="GPUNET_ACTOR has 100,000 characters: name who is at work in 200 or fewer"
        ):
            job()
    with pytest.raises(InputError, match="a line of the log would have"):
        enter(log, actor="pat", purpose="\u00e9" * 20_000)
    assert len(list(entries(log))) == 1
    assert check(log) == []


def test_a_log_that_cannot_be_written_is_found_without_a_trace(tmp_path):
    (tmp_path / "file").touch()
    for log in (tmp_path / "file" / "log.jsonl", Path("/proc/nope/log.jsonl")):
        with pytest.raises((InputError, StorageError), match="so nothing is done"):
            refuse_unwritable(log)
    refuse_unwritable(tmp_path / "deep" / "runs" / "log.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    log = tmp_path / "log.jsonl"
    enter(log)
    torn = log.read_bytes() + b'{"seq":2,'
    log.write_bytes(torn)
    refuse_unwritable(log)
    assert log.read_bytes() == torn
    (tmp_path / "log.jsonl.head").write_text("x")
    with pytest.raises(InputError, match="damaged"):
        refuse_unwritable(log)
    (tmp_path / "log.jsonl.head").unlink()
    with pytest.raises(InputError, match="damaged"):
        refuse_unwritable(log)


def test_a_head_that_is_gone_can_be_written_again_if_the_last_hash_was_noted(tmp_path):
    log = tmp_path / "log.jsonl"
    first, last = enter(log)["sha256"], enter(log)["sha256"]
    head = tmp_path / "log.jsonl.head"
    before = head.read_bytes()
    head.unlink()
    (fault,) = check(log)
    assert "its head, log.jsonl.head, is gone, so lines may have been cut off the end: put it back" in fault
    assert "--head SHA256" in fault
    assert before.decode().strip() in fault
    assert check(log, first) == [fault]
    assert check(log, last) == []
    assert "says what is wrong" not in fault
    log.unlink()
    with pytest.raises(InputError, match="there is no log"):
        check(log, last)


@pytest.mark.parametrize(
    "wrong",
    [{"operation": "reading"}, {"persons": -1}, {"persons": True}, {"object_sha256": "id-7"}, {"persons": 1.0}],
)
def test_what_cannot_stand_in_a_log_is_an_error_of_ours(tmp_path, wrong):
    with pytest.raises(ValueError, match="log"):
        append(tmp_path / "log.jsonl", **{"operation": "erasure", "persons": 1, **OF_RUN, **wrong})
    assert not list(tmp_path.iterdir())


@given(text=st.text(max_size=40))
def test_texts_of_any_kind_make_one_line(place, text):
    log = place.with_name("texts.jsonl")
    lines = len(list(entries(log))) if log.exists() else 0
    enter(log, purpose=text, task_ref=text, actor=text)
    assert log.read_bytes().count(b"\n") == lines + 1
    assert check(log) == []


def _writes(log: Path, times: int, told: int) -> None:
    for i in range(times):
        sha256 = enter(log, i, purpose="p" * 300)["sha256"]
        os.write(told, sha256.encode() + b"\n")


def _begun(log: Path, times: int, told: int) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=_writes, args=(log, times, told))
    process.start()
    return process


def test_eight_writers_at_once_lose_no_line(tmp_path):
    log, told = tmp_path / "log.jsonl", os.open(tmp_path / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    processes = [_begun(log, 15, told) for _ in range(8)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    found = list(entries(log))
    assert check(log) == []
    assert [entry["seq"] for entry in found] == list(range(1, 121))
    assert {entry["sha256"] for entry in found} == set((tmp_path / "told").read_text().split())
    os.close(told)


def test_killed_writers_take_no_finished_line_with_them(tmp_path):
    log, told = tmp_path / "log.jsonl", os.open(tmp_path / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    drawn = random.Random(1)
    processes = [_begun(log, 10_000, told) for _ in range(4)]
    for _ in range(25):
        time.sleep(drawn.random() * 0.05)
        killed = processes.pop(drawn.randrange(4))
        killed.kill()
        killed.join()
        processes.append(_begun(log, 10_000, told))
    for process in processes:
        process.kill()
        process.join()
    enter(log)
    os.close(told)
    found = list(entries(log))
    assert check(log) == []
    assert [entry["seq"] for entry in found] == list(range(1, len(found) + 1))
    assert set((tmp_path / "told").read_text().split()) <= {entry["sha256"] for entry in found}


def test_heads_that_killed_writers_did_not_finish_are_removed_and_nothing_else(tmp_path):
    log = tmp_path / "log.jsonl"
    enter(log)
    gone = tmp_path / "log.jsonl.head.0123abcd.partial"
    stays = [
        tmp_path / name
        for name in (
            "log.jsonl.head.mine.partial",
            "log.jsonl.0123abcd.partial",
            "other.jsonl.head.0123abcd.partial",
            "log.jsonl.head.0123abcd.partial.txt",
            "xlog.jsonl.head.0123abcd.partial",
        )
    ]
    for path in (gone, *stays):
        path.write_text("half")
    linked = tmp_path / "log.jsonl.head.89abcdef.partial"
    linked.symlink_to(stays[0])
    enter(log)
    assert not gone.exists()
    assert all(path.read_text() == "half" for path in (*stays, linked))
    assert check(log) == []
