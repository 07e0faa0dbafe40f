"""How commands end: exit codes, one line without a traceback; streams that are closed, full or of few characters."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gpunet.base.errors import (
    ConfigError,
    EngineError,
    GpunetError,
    InputError,
    ModelError,
    ResourceError,
    StorageError,
    UnreadableFile,
    cannot_write,
)
from gpunet.base.stopping import Stopped
from gpunet.cli import show
from gpunet.cli.app import app, main
from gpunet.cli.ending import EXIT_CODES, code_and_message, debug_asked, open_streams

COMMAND = [sys.executable, "-m", "gpunet"]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("c"), 2, "c"),
        (InputError("i"), 2, "i"),
        (UnreadableFile("a.csv", "no table"), 2, "a.csv: no table"),
        (EngineError("e"), 2, "e"),
        (ModelError("m"), 2, "m"),
        (ResourceError("lost"), 1, "lost"),
        (StorageError("full"), 1, "full"),
        (Stopped("stopped by SIGTERM"), 1, "stopped by SIGTERM"),
        (KeyboardInterrupt(), 1, "interrupted"),
        (MemoryError(), 1, "memory"),
        (RuntimeError("std::bad_alloc"), 1, "memory"),
        (OSError("it is a folder"), 1, "it is a folder"),
        (OSError(errno.ENOSPC, "no room", "out/a"), 1, '"out/a": No space left on device'),
        (OSError(errno.EMFILE, "many"), 1, "Too many open files"),
        (RecursionError("deep"), 1, "unexpected error, RecursionError"),
        (AssertionError(), 1, "unexpected error, AssertionError"),
    ],
)
def test_every_error_has_a_code_and_one_line(error, code, said):
    assert code_and_message(error)[0] == code
    assert code in EXIT_CODES
    assert said in code_and_message(error)[1]
    assert "\n" not in code_and_message(error)[1]


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, 1), (errno.EIO, 1), (errno.EMFILE, 1), (errno.EACCES, 2), (errno.ENOTDIR, 2), (errno.EROFS, 2)],
)
def test_an_output_that_cannot_be_made_is_the_users_only_where_another_path_would_do(number, code):
    error = cannot_write("cannot write to out", OSError(number, "x", "out"))
    assert error.exit_code == code
    assert str(error) == f"cannot write to out: {os.strerror(number)}"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 1), (errno.EDQUOT, 1), (errno.EACCES, 2)])
def test_a_full_disk_is_1_in_every_command(number, code, tmp_path, monkeypatch):
    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    table = tmp_path / "a.csv"
    table.write_text("person_id,incident_id,date,offence\np,i,2013-01-05,robbery\nq,i,2013-01-05,robbery\n")
    for module, name, arguments in (
        ("gpunet.synthetic.tables", "write_whole", ["synth", "--persons", "100", "--out"]),
        ("gpunet.cluster.certificates", "write_new", ["certificates", "--out"]),
        ("gpunet.tables.files", "write_new", ["check", str(table), "--write-config"]),
        ("gpunet.runs.writing", "write_whole", ["features", str(table), "--threads", "1", "--out"]),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(f"{module}.{name}", fails)
            error = CliRunner().invoke(app, [*arguments, str(tmp_path / arguments[0])]).exception
        # What a run writes is written after its folder was found fit.
        assert code_and_message(error)[0] == (1 if arguments[0] == "features" else code)
        assert os.strerror(number) in str(error)
        assert isinstance(error, GpunetError)


@pytest.mark.parametrize(
    ("arguments", "variable", "found"),
    [
        (["show", "a"], "", (False, ["show", "a"])),
        (["--debug", "show", "a"], "", (True, ["show", "a"])),
        (["show", "a", "--debug"], "", (True, ["show", "a"])),
        (["show", "--", "--debug"], "", (False, ["show", "--", "--debug"])),
        (["show"], "1", (True, ["show"])),
        (["show"], "0", (False, ["show"])),
    ],
)
def test_debug_stands_anywhere_or_in_the_environment(arguments, variable, found, monkeypatch):
    monkeypatch.setenv("GPUNET_DEBUG", variable)
    assert debug_asked(arguments) == found


def ended(monkeypatch, capsys, error, *arguments):
    """Exit code and standard error of a command within which this error is raised."""

    def fails(*_):
        raise error

    monkeypatch.setattr(show, "print_run", fails)
    monkeypatch.setattr(sys, "argv", ["gpunet", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code, capsys.readouterr().err


def test_what_nobody_expected_is_one_line_without_its_text(monkeypatch, capsys):
    """The text may hold the content of a cell."""
    code, said = ended(monkeypatch, capsys, ValueError("Ann Example, 1970"), "show", "run")
    assert code == 1
    assert said.startswith("gpunet: unexpected error, ValueError in gpunet/cli/commands/show.py, line ")
    assert "--debug" in said
    assert "Ann" not in said
    assert said.count("\n") == 1


def test_debug_shows_the_traceback(monkeypatch, capsys):
    for arguments in (["--debug", "show", "run"], ["show", "run", "--debug"]):
        code, said = ended(monkeypatch, capsys, InputError("no such run"), *arguments)
        assert code == 2
        assert "Traceback" in said
        assert said.endswith("gpunet: no such run\n")


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), MemoryError(), RecursionError(), SystemError("x"), Stopped("s")]
)
def test_what_ends_python_ends_with_1_and_one_line(error, monkeypatch, capsys):
    code, said = ended(monkeypatch, capsys, error, "show", "run")
    assert code == 1
    assert said.startswith("gpunet: ")
    assert said.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_error(monkeypatch, capsys):
    assert ended(monkeypatch, capsys, BrokenPipeError(errno.EPIPE, "x"), "show", "run") == (1, "")


def test_usage_is_2(monkeypatch, capsys):
    for arguments in (["conjure"], ["show"], ["show", "a", "--top", "x"], ["--conjure"]):
        monkeypatch.setattr(sys, "argv", ["gpunet", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_help_tells_the_codes(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpunet", "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in said
    assert "--debug" in said


@given(st.text())
def test_a_terminal_of_few_characters_gets_escapes_of_json(text):
    open_streams()
    out = io.BytesIO()
    with io.TextIOWrapper(out, encoding="ascii", errors="gpunet.escape", newline="") as stream:
        stream.write(json.dumps(text, ensure_ascii=False))
        stream.flush()
        assert json.loads(out.getvalue()) == text


def test_streams_that_are_closed_full_or_ascii():
    def run(command, **environment):
        quoted = " ".join(COMMAND)
        asked = ["bash", "-c", command.replace("gpunet", quoted)]
        done = subprocess.run(asked, capture_output=True, check=False, env={**os.environ, **environment})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    assert run("gpunet --version >&-") == (0, "", "")
    assert run("gpunet show absent 2>&-") == (2, "", "")
    assert run("set -o pipefail; gpunet --help | true")[2] == ""
    code, _, said = run("gpunet --version >/dev/full")
    assert (code, said) == (1, "gpunet: No space left on device\n")
    code, _, said = run("gpunet show straße", PYTHONIOENCODING="ascii:strict")
    assert code == 2
    assert "stra\\u00dfe" in said
