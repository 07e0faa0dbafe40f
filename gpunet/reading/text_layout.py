"""How a text file writes its table: what separates fields, which line is the header, where and how long rows are."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from gpunet.base.errors import UnreadableFile
from gpunet.config.config import InputConfig
from gpunet.reading.header import HEADER_LINES, SEPARATORS, Header, find_header, separated_by, split_line

__all__ = ["END_OF_FILE", "TextLayout", "find_layout"]

#: Rows from which it is seen how long rows are, and the lines that hold them.
_SAMPLE_ROWS, _SAMPLE_LINES = 30, 100

#: The byte order mark, which programs write more than once.
_MARK = "\ufeff"

#: Programs of DOS end their files with it.
END_OF_FILE = "\x1a"

#: What the fields of a line are that is nothing but a rule under the header.
_RULE = re.compile(r"[-=+:| ]*(---|===)[-=+:| ]*")


@dataclass(frozen=True)
class TextLayout:
    """How a text file writes its table.

    ``names``: of the columns as the header has them, and "" for fields of every row that it has no name for; the last
    ``extra`` of these are such, and a row with anything in them is too long. ``body``: bytes of the text, as UTF-8,
    before the first row. ``breaks``: names that hold a line break. ``rows``: whether anything follows the header.
    ``notes``: what was found out and is not as in plain CSV.
    """

    separator: str
    names: tuple[str, ...]
    extra: int
    body: int
    breaks: int
    rows: bool
    notes: tuple[str, ...]


def find_layout(name: str, head: str, whole: bool, config: InputConfig, keys: Iterable[str] = ()) -> TextLayout:
    """Find out how the text file `name` writes its table, from its `head`, which is all of it if `whole`.

    `keys` are the columns in the names of its folders.

    Raises
    ------
    UnreadableFile
        If the configuration says otherwise than the file, or if it is seen what keeps it from being read.
    """
    if whole and head.rstrip("\r\n").endswith(END_OF_FILE):
        head = head.rstrip(END_OF_FILE + "\r\n")
    text = io.StringIO(head.lstrip(_MARK), newline="")
    lines = list(islice(text, HEADER_LINES + _SAMPLE_LINES + (config.skip_lines or 0)))
    rest = text.read(1)
    if not whole and not rest and len(lines) > 1:
        lines.pop()  # which may be cut
    header = find_header(name, lines, config, keys)
    if header is None:
        return TextLayout(",", (), 0, len(head.encode()), 0, False, ())
    ruled = header.after < len(lines) and _is_rule(lines[header.after], header.separator)
    after = header.after + ruled
    sample = _rows(lines[after:], header.separator)
    if not whole or rest:
        sample = sample[:-1]
    _refuse_strange_rows(name, header, sample)
    names, extra = _for_each_field(name, header.names, sample)
    before = head[: len(head) - len(head.lstrip(_MARK))] + "".join(lines[:after])
    return TextLayout(
        header.separator,
        tuple(names),
        extra,
        len(before.encode()),
        sum("\n" in field or "\r" in field for field in header.names),
        not whole or bool(rest) or after < len(lines),
        tuple(_notes(header, ruled, names, sample, config)),
    )


def _is_rule(line: str, separator: str) -> bool:
    fields = [field.strip() for field in split_line([line], separator)[0] if field.strip()]
    return bool(fields) and all(map(_RULE.fullmatch, fields))


def _rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The first rows of the lines; empty lines are none."""
    reader = csv.reader(iter(lines), delimiter=separator, skipinitialspace=separator != " ")
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a value of more than 128 KiB: what came before has to do
        rows.extend(islice(filter(None, reader), _SAMPLE_ROWS))
    return rows


def _refuse_strange_rows(name: str, header: Header, sample: Sequence[list[str]]) -> None:
    """Say what is the matter with rows that are quoted otherwise, or separated otherwise, than the header."""
    first = [row[0].strip() for row in sample]
    if len(first) > 1 and all(len(text) > 1 and text[0] == text[-1] == "'" for text in first):
        column = header.names[0]
        reason = f'values, such as those of "{column}", stand within single quotation marks: write double ones'
        raise UnreadableFile(name, reason)
    if not sample or any(len(row) > 1 for row in sample) or len(header.names) == 1:
        return
    for separator in SEPARATORS:
        if all(len(split_line([text], separator)[0]) == len(header.names) for text in first):
            reason = (
                f"rows are {separated_by(separator)} and the header is {separated_by(header.separator)}: write it alike"
            )
            if separator == header.separator:
                reason = "each line stands within quotation marks as a whole: remove the outer ones"
            raise UnreadableFile(name, reason)


def _for_each_field(name: str, names: list[str], sample: Sequence[list[str]]) -> tuple[list[str], int]:
    """A name for each field that rows have, and how many of the last ones the header lacks.

    Most rows have to agree on it, or the header counts.
    """
    counts = Counter(map(len, sample))
    fields, rows = counts.most_common(1)[0] if counts else (len(names), 0)
    beyond = fields - len(names)
    if beyond == 0 or 2 * rows <= len(sample):
        return names, 0
    if beyond < 0:
        return (names, 0) if any(map(str.strip, names[fields:])) else (names[:fields], 0)
    of_length = [row for row in sample if len(row) == fields]
    blank = sum(not any(map(str.strip, row[len(names) :])) for row in of_length)
    if beyond == 1 and blank < rows > 1 and _count_up([row[0] for row in of_length]):
        raise UnreadableFile(
            name, "rows begin with their number, which the header has no name for: write one before the rest"
        )
    return ([*names, *[""] * beyond], beyond) if 2 * blank > len(sample) else (names, 0)


def _count_up(texts: list[str]) -> bool:
    """Whether the texts are 1, 2, 3, or the like from 0 on."""
    return any(texts == [str(first + i) for i in range(len(texts))] for first in (0, 1))


def _notes(
    header: Header, ruled: bool, names: Sequence[str], sample: Sequence[list[str]], config: InputConfig
) -> Iterator[str]:
    if header.separator != "," and not config.separator:
        yield separated_by(header.separator)
    several = header.titles > 1
    if config.skip_lines is None and header.titles:
        yield f"{header.titles} line{'s' * several} before the header {'were' if several else 'was'} skipped"
    if ruled:
        yield "a line of dashes under the header was skipped"
    last = [row[-1].strip() for row in sample if len(row) == len(names)]
    separator = {",": "a comma", "\t": "a tab", ";": "a semicolon"}.get(header.separator, json.dumps(header.separator))
    if len(names) > len(header.names) or (last and not any(last) and not names[-1].strip()):
        yield f"{separator} at the end of each line"
    elif len(names) < len(header.names):
        yield f"{separator} at the end of the header"
