"""The tutorial and the page beyond it: their commands run one after the other, and print what they quote."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gpunet.cli.app import app

DOCS = Path(__file__).parents[1] / "docs"


def blocks(text: str) -> list[tuple[str, str]]:
    """The language of each block of code, and what stands in it."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def quoted(text: str) -> list[str]:
    """What a page quotes of reports, each quotation in one line."""
    found = re.findall(r"^> ((?:.+\n> )*.+)$", text, re.MULTILINE)
    return [" ".join(part.replace("\n> ", " ").split()) for part in found]


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


@pytest.mark.parametrize(
    ("page", "quotations"),
    [("tutorial.md", 2), pytest.param("more-than-arrests.md", 0, marks=pytest.mark.slow)],
)
def test_what_the_page_says_is_so(page: str, quotations: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = (DOCS / page).read_text(encoding="utf-8")
    output: list[str] = []
    for language, text in blocks(told):
        if language == "python":
            exec(compile(text, page, "exec"), {})
        elif language == "text":
            rest = iter(output)
            missing = [line for line in text.splitlines() if line not in rest]
            assert not missing, "\n".join([*missing, "is not, or not in this order, in", *output])
        else:
            assert language == ""
            output = printed(text)
    pages = [words(found) for found in tmp_path.rglob("*.html")]
    quotes = quoted(told)
    assert [quote for quote in quotes if not any(quote in found for found in pages)] == []
    assert len(quotes) == quotations
