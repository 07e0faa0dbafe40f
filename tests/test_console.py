"""Progress and notices on the terminal: whole lines, nothing that steers it, and a word when kernels are compiled."""

from __future__ import annotations

import importlib.util
import io
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from two_kernels import TWO_KERNELS

from gpunet.cli import jobs
from gpunet.cli.console import COMPILED, COMPILING, compiling_noticed, notice, say
from gpunet.cli.progress import console_progress
from gpunet.cli.run import RunOptions
from gpunet.config.config import Config
from gpunet.kernels.jit import when_compiling


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What was written, without what moves the cursor or colours."""
        return [line.strip() for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue()))]


@pytest.fixture
def kernels(tmp_path):
    """Gives two kernels, as a new process finds them: compiled on disk, or not yet."""
    (tmp_path / "kernels.py").write_text(TWO_KERNELS)

    def load() -> ModuleType:
        spec = importlib.util.spec_from_file_location("kernels", tmp_path / "kernels.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_compiling_is_told_once_and_not_of_what_is_on_disk(kernels):
    told: list[str] = []
    first = kernels()
    with when_compiling(lambda: told.append("compiling")) as compiling:
        assert told == []
        assert (first.twice(2), first.thrice(2), first.twice(3)) == (4, 6, 6)
        assert told == ["compiling"]
        assert compiling.seconds > 0.0
    with when_compiling(lambda: told.append("again")):
        assert first.twice(4) == 8
        second = kernels()
        assert (second.twice(2), second.thrice(2)) == (4, 6)
        assert told == ["compiling"]
        assert second.twice(0.5) == 1.0  # for another type it is another one
    assert told == ["compiling", "again"]
    assert second.thrice(0.5) == 1.5  # outside nobody is told
    assert told == ["compiling", "again"]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_run_says_that_it_compiles(kernels, monkeypatch, capsys, stream):
    """Once, on standard error, also while progress bars are shown."""
    compiled = kernels()

    def job(options: RunOptions) -> dict[str, object]:
        assert options.progress is not None
        options.progress("betweenness", 0.0, 2.0)
        assert compiled.twice(1) == 2
        options.progress("betweenness", 1.0, 2.0)
        assert compiled.thrice(1) == 3
        options.progress("betweenness", 2.0, 2.0)
        return {}

    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setattr("gpunet.cli.summary.summarise", lambda *_: "done")
    jobs.work("features", Path("out"), Config(), RunOptions(), job)
    text = sys.stderr.getvalue()
    assert text.count(COMPILING) == 1
    if stream is Terminal:
        assert COMPILING in sys.stderr.lines()
    else:
        first, second, third = text.splitlines()
        assert first == COMPILING
        assert re.fullmatch(r"betweenness: done, \d+\.\d s \(step 7 of 14\)", second)
        assert third.startswith(COMPILED.partition("{")[0])
    assert capsys.readouterr().out == "done\n"


def test_a_command_whose_kernels_are_on_disk_says_nothing(kernels, capsys):
    assert kernels().twice(1) == 2
    with compiling_noticed():
        assert kernels().twice(1) == 2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_progress_and_notices_do_not_steer_the_terminal(monkeypatch, stream):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", stream())
    with console_progress() as progress:
        progress("read \x1b[2Ja\nb [red]", 0.0, 1.0)
        notice("file \x1b]0;owned\x07")
        progress("read \x1b[2Ja\nb [red]", 1.0, 1.0)
    text = sys.stderr.getvalue()
    assert r"read \u001b[2Ja\nb [red]" in text
    assert r"file \u001b]0;owned\u0007" in text
    assert not {"\x1b[2J", "\x1b]", "\x07"} & {text[i : i + n] for i in range(len(text)) for n in (1, 2, 4)}


LONG = 'warning   the column "force" of /data/with/a/long/name/2013-01.csv has words that stand for no value'


@pytest.mark.parametrize("width", [30, 80])
def test_long_lines_go_on_below_their_text_on_a_terminal(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", Terminal())
    say(f"short\n{LONG}\n  {LONG}", indent=10)
    first, *rest = sys.stdout.getvalue().splitlines()
    assert first == "short"
    assert all(len(line) <= width or line.strip() == "/data/with/a/long/name/2013-01.csv" for line in rest)
    assert " ".join(" ".join(rest).split()) == " ".join(f"{LONG} {LONG}".split())
    beginnings = [line for line in rest if not line.startswith(" " * 10)]
    assert [line.split()[0] for line in beginnings] == ["warning", "warning"]
    assert beginnings[1].startswith("  warning")


def test_lines_of_a_file_and_those_that_are_copied_stay_whole(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "30")
    say(LONG, indent=10)
    assert capsys.readouterr().out == f"{LONG}\n"
    monkeypatch.setattr(sys, "stdout", Terminal())
    say(LONG)
    assert sys.stdout.getvalue() == f"{LONG}\n"
