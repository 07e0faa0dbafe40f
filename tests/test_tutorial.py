"""The tutorial: its commands run one after the other, and print what it quotes."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gpunet.cli.app import app

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
QUOTED = [
    " ".join(part.replace("\n> ", " ").split()) for part in re.findall(r"^> ((?:.+\n> )*.+)$", TEXT, re.MULTILINE)
]


def printed(commands: str) -> list[str]:
    """What the commands of a block print, a line an element."""
    lines = []
    for command in commands.splitlines():
        program, *arguments = shlex.split(command)
        assert program == "gpunet"
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, f"{command}\n{done.output}"
        lines += [line.rstrip() for line in done.stdout.splitlines()]
    return lines


def words(page: Path) -> str:
    """What a reader of a page of HTML sees, in one line."""
    return " ".join(html.unescape(re.sub("<[^>]*>", "", page.read_text(encoding="utf-8"))).split())


def test_what_the_tutorial_says_is_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output: list[str] = []
    for language, text in BLOCKS:
        if language == "python":
            exec(compile(text, PAGE.name, "exec"), {})
        elif language == "text":
            rest = iter(output)
            missing = [line for line in text.splitlines() if line not in rest]
            assert not missing, "\n".join([*missing, "is not, or not in this order, in", *output])
        else:
            assert language == ""
            output = printed(text)
    pages = [words(page) for page in tmp_path.rglob("*.html")]
    assert [quote for quote in QUOTED if not any(quote in page for page in pages)] == []
    assert len(QUOTED) == 2
