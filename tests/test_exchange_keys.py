"""Keys, and what the commands about them and pseudonyms refuse: nothing is written over, and nothing half written."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from exchanged import DOMAIN, KEY, made

from gpunet.base.errors import ConfigError, InputError, StorageError
from gpunet.cli.app import _code_of
from gpunet.exchange import keys, link_log, written
from gpunet.exchange.keys import read_key, rotate_key
from gpunet.governance.log import append, check, entries
from gpunet.tables.files import write_whole

GOVERNED = {"purpose": "knife crime", "legal_basis": "an act", "controller": "a force", "task_ref": "T-1"}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in" / "arrests.csv"
    path.parent.mkdir()
    rows = {"person_id": ["PERSON-A", "PERSON-B", ""], "incident_id": ["1", "1", "2"], "date": ["2013-02-01"] * 3}
    pl.DataFrame({**rows, "offence": ["theft"] * 3}).write_csv(path)
    return path


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(KEY.secret)
    path.chmod(0o600)
    return path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_key_is_its_owners_and_is_never_shown(tmp_path, capsys):
    for n, words in enumerate((["new", "K"], ["new", "--out", "K"])):
        path = tmp_path / str(n)
        assert _code_of(["key", *(str(path) if word == "K" else word for word in words)], False) == 0
        assert _code_of(["key", "show", str(path), "--domain", DOMAIN], False) == 0
        secret, said = path.read_bytes(), "".join(capsys.readouterr())
        assert len(secret) == 32
        assert _mode(path) == 0o600
        assert said.count(read_key(path).fingerprint) == 2
        assert read_key(path).domain_check(DOMAIN) in said
        assert secret.hex() not in said
        assert _code_of(["key", "new", str(path)], False) == 2
        assert path.read_bytes() == secret
        assert "no key is written over" in capsys.readouterr().err
    assert (tmp_path / "0").read_bytes() != (tmp_path / "1").read_bytes()


def test_a_key_of_signatures_is_pem_and_no_key_of_pseudonyms(tmp_path, table, capsys):
    path = tmp_path / "sign.pem"
    assert _code_of(["key", "new", str(path), "--signing"], False) == 0
    fingerprint = capsys.readouterr().out.split()[1]
    private = load_pem_private_key(path.read_bytes(), None)
    public = load_pem_public_key((tmp_path / "sign.pem.pub").read_bytes())
    public.verify(private.sign(b"x"), b"x")
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert _mode(path) == 0o600
    for name in ("sign.pem", "sign.pem.pub"):
        assert _code_of(["key", "show", str(tmp_path / name)], False) == 0
        assert fingerprint in capsys.readouterr().out
    for words in (["key", "rotate", str(path)], ["key", "new", str(path), "--signing"]):
        assert _code_of(words, False) == 2
    arguments = ["pseudonymise", str(table), "--key", str(path), "--domain", "x", "--out", str(tmp_path / "o")]
    assert _code_of(arguments, False) == 2
    assert "a key of signatures" in capsys.readouterr().err


def test_rotation_keeps_the_old_key_and_names_its_tables(tmp_path, table, key, capsys):
    made(tmp_path / "tables" / "out", [table])
    made(tmp_path / "tables" / "other", [table], key=type(KEY)(bytes(range(40))))
    assert _code_of(["key", "rotate", str(key), str(tmp_path / "tables")], False) == 0
    said = capsys.readouterr().out
    kept = tmp_path / f"key.{KEY.fingerprint}"
    assert kept.read_bytes() == KEY.secret != key.read_bytes()
    assert (_mode(kept), _mode(key)) == (0o600, 0o600)
    assert "1 to be made again" in said
    assert f"out{os.sep}arrests{os.sep}0001.parquet" in said
    assert not list(tmp_path.glob("*.partial"))


def test_rotation_names_tables_of_one_folder_together(tmp_path, table, key, capsys):
    made(tmp_path / "tables", [table, shutil.copy(table, tmp_path / "more.csv")])
    assert _code_of(["key", "rotate", str(key), str(tmp_path / "tables")], False) == 0
    said = capsys.readouterr().out
    assert f"tables{os.sep}arrests: 2 tables" in said
    assert "0001" not in said


@pytest.mark.parametrize("part", [KEY.secret, KEY.secret[:7], b""])
def test_a_rotation_that_was_killed_is_given_again(part, tmp_path, key):
    kept = tmp_path / f"key.{KEY.fingerprint}"
    kept.write_bytes(part)
    kept.chmod(0o644)
    assert _code_of(["key", "rotate", str(key)], False) == 0
    assert kept.read_bytes() == KEY.secret != key.read_bytes()
    assert _mode(kept) == 0o600


def test_what_is_no_part_of_the_key_is_not_written_over(tmp_path, key, capsys):
    kept = tmp_path / f"key.{KEY.fingerprint}"
    kept.write_bytes(b"another")
    assert _code_of(["key", "rotate", str(key)], False) == 2
    assert "no key is written over" in capsys.readouterr().err
    assert (kept.read_bytes(), key.read_bytes()) == (b"another", KEY.secret)


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt()])
def test_where_the_new_key_cannot_be_written_the_old_one_is_alone(error, tmp_path, key, monkeypatch):
    def fails(*_):
        raise error

    monkeypatch.setattr(keys, "write_whole", fails)
    with pytest.raises((StorageError, KeyboardInterrupt)):
        rotate_key(key)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "key.lock"]
    assert key.read_bytes() == KEY.secret


def test_of_two_who_rotate_at_once_each_keeps_what_it_found(tmp_path, key, monkeypatch):
    found, other = [], threading.Thread(target=lambda: found.append(rotate_key(key)))

    def meets(path, write):
        if not found and other.ident is None:
            other.start()
            other.join(0.5)  # as long as it waits for this one
        write_whole(path, write)

    monkeypatch.setattr(keys, "write_whole", meets)
    found.append(rotate_key(key))
    other.join()
    held = {path.read_bytes() for path in tmp_path.iterdir()}
    assert {of.secret for old, new, _ in found for of in (old, new)} <= held
    assert KEY.secret in held


def test_a_copy_that_is_whole_is_never_removed(tmp_path, key, monkeypatch):
    kept = tmp_path / f"key.{KEY.fingerprint}"
    kept.write_bytes(KEY.secret)
    kept.chmod(0o644)
    there = kept.stat().st_ino

    def fails(*_):
        raise OSError(28, "full")

    monkeypatch.setattr(keys, "write_whole", fails)
    with pytest.raises(StorageError):
        rotate_key(key)
    assert (kept.read_bytes(), kept.stat().st_ino, _mode(kept)) == (KEY.secret, there, 0o600)


def test_the_first_error_is_told_where_the_key_is_gone_too(tmp_path, key, monkeypatch):
    def fails(path, write):
        path.unlink()
        raise OSError(28, "full")

    monkeypatch.setattr(keys, "write_whole", fails)
    with pytest.raises(StorageError, match="cannot write"):
        rotate_key(key)
    assert (tmp_path / f"key.{KEY.fingerprint}").read_bytes() == KEY.secret


def test_the_old_key_is_kept_where_the_new_one_was_put_in_place_after_all(tmp_path, key, monkeypatch):
    def fails(path, write):
        write(path)
        raise OSError(5, "not on disk")

    monkeypatch.setattr(keys, "write_whole", fails)
    with pytest.raises(StorageError):
        rotate_key(key)
    assert (tmp_path / f"key.{KEY.fingerprint}").read_bytes() == KEY.secret


def test_a_link_to_a_key_is_not_rotated(tmp_path, key, capsys):
    (tmp_path / "link").symlink_to(key)
    assert _code_of(["key", "rotate", str(tmp_path / "link")], False) == 2
    assert "name the file that it leads to" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "link"]
    assert key.read_bytes() == KEY.secret


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "32 random bytes"), (bytes(range(31)), "32 random bytes"), (b"\0" * 64, "equal"), (b"x" * 70_000, "larger")],
)
def test_what_is_no_key_is_refused(data, said, tmp_path, table, capsys):
    path = tmp_path / "key"
    path.write_bytes(data)
    arguments = ["pseudonymise", str(table), "--key", str(path), "--domain", "x", "--out", str(tmp_path / "o")]
    for words in (arguments, ["key", "show", str(path)], ["key", "rotate", str(path)]):
        if not (words[1] == "show" and not data):
            assert _code_of(words, False) == 2
            assert said in capsys.readouterr().err.replace("equal, so", "equal")
    assert path.read_bytes() == data
    assert not (tmp_path / "o").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_key_that_others_may_read_is_said(tmp_path, key, capsys):
    key.chmod(0o640)
    assert _code_of(["key", "show", str(key)], False) == 0
    assert "others than its owner" in capsys.readouterr().err


@pytest.mark.parametrize("domain", ["", " \t", "a\nb", "x" * 201, "\u202e"])
def test_names_of_domains_are_one_line(domain, tmp_path, table, key, capsys):
    arguments = ["pseudonymise", str(table), "--key", str(key), "--domain", domain, "--out", str(tmp_path / "o")]
    assert _code_of(arguments, False) == 2
    assert "--domain" in capsys.readouterr().err
    with pytest.raises(InputError):
        made(tmp_path / "o", [table], domain=domain)


@pytest.mark.parametrize("missing", ["--key", "--out", "--domain", "input", "file"])
def test_what_is_not_given_is_said(missing, tmp_path, table, key, capsys):
    words = {"--key": str(key), "--out": str(tmp_path / "o"), "--domain": "x"}
    words.pop(missing, None)
    inputs = {"input": [], "file": [str(tmp_path / "none.csv")]}.get(missing, [str(table)])
    assert _code_of(["pseudonymise", *inputs, *(word for pair in words.items() for word in pair)], False) == 2
    assert capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "key"]


def test_a_folder_that_holds_files_is_left_as_it_is(tmp_path, table):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("full", "file", "link", "in"):
        with pytest.raises(InputError, match="--out"):
            made(tmp_path / name, [table])
    (tmp_path / "empty").mkdir()
    made(tmp_path / "empty", [table])
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == [
        "arrests", "pseudonyms.json", "uniqueness.json"
    ]  # fmt: skip
    assert _mode(tmp_path / "empty") == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full", "in", "link"]


def test_what_fails_on_the_way_leaves_nothing(tmp_path, table, monkeypatch):
    def fails(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(written, "write_parquet", fails)
    with pytest.raises(Exception, match="cannot write into"):
        made(tmp_path / "o", [table])
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_disclosure_is_in_the_log_before_the_folder_is_there(tmp_path, table, monkeypatch):
    def logged(*arguments, **what):
        assert not (tmp_path / "a").exists()
        return append(*arguments, **what)

    monkeypatch.setattr(link_log, "append", logged)
    made(tmp_path / "a", [table], {"governance": GOVERNED})
    monkeypatch.setattr(link_log, "append", append)
    made(tmp_path / "b", [table], {"governance": GOVERNED})
    made(tmp_path / "c", [table])
    log = tmp_path / "log.jsonl"
    first, second, third = entries(log)
    assert check(log) == []
    assert {entry["operation"] for entry in (first, second, third)} == {"disclosure"}
    assert (first["purpose"], first["task_ref"], first["persons"]) == ("knife crime", "T-1", 2)
    assert first["object_sha256"] == second["object_sha256"] != third["object_sha256"]
    assert (third["purpose"], third["task_ref"]) == ("no purpose stated", "")
    assert "PERSON-" not in log.read_text()


def test_without_a_purpose_or_a_log_none_is_begun(tmp_path, table):
    assert made(tmp_path / "a", [table]).warnings == []
    assert not (tmp_path / "log.jsonl").exists()


def test_what_no_log_has_though_one_is_kept_close_by_is_told(tmp_path, table):
    said = {"purpose": "p", "task_ref": "", "object_sha256": "a" * 64, "persons": 1}
    append(tmp_path / "runs" / "log.jsonl", "collection", **said)
    (warning,) = made(tmp_path / "a", [table]).warnings
    assert warning.startswith(
        f"not entered: there is no log beside {tmp_path / 'a'}, and runs/log.jsonl is of other runs"
    )
    assert made(tmp_path / "b", [table], {"governance": {**GOVERNED, "log": "runs/log.jsonl"}}).warnings == []
    assert len(list(entries(tmp_path / "runs" / "log.jsonl"))) == 2


def test_what_cannot_be_logged_is_not_given_out(tmp_path, table, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise InputError("the log is damaged")

    monkeypatch.setattr(link_log, "append", fails)
    with pytest.raises(InputError, match="damaged"):
        made(tmp_path / "a", [table], {"governance": GOVERNED})
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_links_of_raw_ids_are_refused(tmp_path, table):
    with pytest.raises(ConfigError, match="person_links"):
        made(tmp_path / "a", [table], {"input": {"person_links": ["links.parquet"]}})


def test_messages_hold_no_id(tmp_path, table, key, capsys):
    arguments = ["pseudonymise", str(table), "--key", str(key), "--domain", "x", "--out", str(tmp_path / "o")]
    assert _code_of(arguments, False) == 0
    said = "".join(capsys.readouterr())
    assert "PERSON-" not in said
    assert "2 of 3 rows of 1 file, 1 missing_person" in said
    assert "no purpose stated" in said
