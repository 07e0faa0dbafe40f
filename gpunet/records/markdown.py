"""Markdown of public records: others' words are escaped, so that no text of a configuration or table is markup."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

import polars as pl

from gpunet.base.printable import printable
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.html_text import cell
from gpunet.report.named import ISOLATED

__all__ = ["MARK", "inline", "listed", "open_field", "sentences_of", "table", "tables_of", "text"]

#: What stands where only the force can know what belongs there.
MARK = "[to be completed by the force]"

# Of CommonMark and its common extensions: emphasis, code, links, tables, struck out, mathematics, attributes.
_MARKUP = re.compile(r"[\\`*_\[\]{}|~$#]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ADDRESS = re.compile(r"(?<=[A-Za-z0-9]):(?=//)|(?<=[Ww]{3})\.")
_BEGINNING = re.compile(r"^(?:([-+=:])|([0-9]+)([.)]))")
_SPACES = re.compile(r"\s+")


def inline(value: object) -> str:
    r"""A text within a line of Markdown that shows it and does nothing: no link, no element, no cell of a table.

    Control characters are written as escapes; whatever ends a line is a space.

    Examples
    --------
    >>> inline("a|b <i> [x](http://y)")
    'a\\|b &lt;i&gt; \\[x\\](http\\://y)'
    """
    plain = str(value)
    for mark in ISOLATED:
        plain = plain.replace(mark, "")
    line = _SPACES.sub(" ", printable(_SPACES.sub(" ", plain))).strip()
    escaped = re.sub("[&<>]", lambda found: _ENTITIES[found.group()], _MARKUP.sub(r"\\\g<0>", line))
    return _ADDRESS.sub(r"\\\g<0>", escaped)


def text(value: object) -> str:
    r"""As :func:`inline`, at the beginning of a line: it begins no list.

    Examples
    --------
    >>> text("1. April"), text("- a")
    ('1\\. April', '\\- a')
    """
    escaped = inline(value)
    return _BEGINNING.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", escaped)


def open_field(hint: str) -> str:
    """A field that the force completes, with what belongs there; the hint is Markdown of ours.

    >>> open_field("The page.")
    '**[to be completed by the force]** The page.'
    """
    return f"**{MARK}** {hint}"


def listed(items: Sequence[str]) -> str:
    r"""Lines of Markdown as a list.

    >>> listed(["a", "b"])
    '- a\n- b'
    """
    return "\n".join(f"- {item}" for item in items)


def table(heads: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    r"""A table of texts; the heads and every cell are escaped.

    >>> print(table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    |---|---|
    | 1 | x\|y |
    """
    lines = [[inline(value) for value in row] for row in (heads, *rows)]
    lines.insert(1, ["---"] * len(heads))
    return "\n".join(
        "|" + "|".join(line) + "|" if at == 1 else "| " + " | ".join(line) + " |" for at, line in enumerate(lines)
    )


def sentences_of(section: Section, *, lead: bool = True) -> Iterator[str]:
    """The lead of a report's section and its paragraphs, each a block."""
    if lead:
        yield text(section.lead)
    yield from (text(part.text) for part in section.parts if isinstance(part, Paragraph))


def tables_of(section: Section | None, audience: Audience, names: Container[str] | None = None) -> Iterator[str]:
    """The tables of a report's section, of those names if any are given, as far as the audience may see them."""
    for part in () if section is None else section.parts:
        if isinstance(part, Table) and (names is None or part.name in names):
            yield from _table(part, audience)


def _table(part: Table, audience: Audience) -> Iterator[str]:
    data = audience.shown(part.data, part.counts)
    yield f"*{text(part.title)}.* {text(part.sentence)}"
    if len(data):
        yield table(list(part.heads.values()), list(_rows(part, data)))
    if (left_out := len(part.data) - len(data)) or data.is_empty():
        rows = "Rows" if left_out != 1 else "A row"
        are = "are" if left_out != 1 else "is"
        yield f"{rows} from which a number under {MIN_PERSONS} could be worked out {are} left out."
    if len(data) > part.rows:
        yield f"These are the first {part.rows:,} of {len(data):,} rows."


def _rows(part: Table, data: pl.DataFrame) -> Iterator[list[str]]:
    for row in data.head(part.rows).iter_rows(named=True):
        yield [cell(row[name], part.formats.get(name, "")) for name in part.heads]
