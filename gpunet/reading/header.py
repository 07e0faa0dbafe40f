"""Which line of a text file is the header of its table, and what separates its fields."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gpunet.base.errors import UnreadableFile
from gpunet.config.config import ALL_COLUMNS, InputConfig
from gpunet.reading.columns import missing_columns, plain_name

__all__ = ["HEADER_LINES", "SEPARATORS", "Header", "find_header", "has_header", "separated_by", "split_line"]

#: What may stand between fields where neither file nor configuration says it; the plainer first.
SEPARATORS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01")

#: Lines among which the header is sought.
HEADER_LINES = 50

#: What may separate fields, but stands in texts as well: it has to be said.
_RARE_SEPARATORS = (" ", ":")

#: Excel's line that names the separator.
_SEP_LINE = re.compile(r'"?sep=([^\w"\r\n\x80-\U0010ffff])', re.IGNORECASE)

#: What stands in rows and hardly ever in names of columns: a day, or nothing but digits.
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*|\d+")


@dataclass(frozen=True)
class Header:
    """The header of a table: its line, from 0, and the line after it; what separates its fields; and these.

    ``complete``: whether they have all required columns; ``known``: how many of our columns they have. ``titles``: how
    many lines before it are not blank, and do not name the separator.
    """

    line: int
    after: int
    separator: str
    names: list[str]
    complete: bool = False
    known: int = 0
    titles: int = 0


def find_header(name: str, lines: Sequence[str], config: InputConfig, keys: Iterable[str] = ()) -> Header | None:
    """Find the header among the first lines of the text file `name`, None if there is nothing but blank lines.

    It is the first line whose fields are the required columns, less the `keys` in the names of folders, with whichever
    separator they are; so titles before it do not matter. Where there is none, what looks most like a header is taken
    for it: whoever looks for the columns says what is missing.

    Raises
    ------
    UnreadableFile
        If the configuration says otherwise than the file, if there seems to be no header, or if whole lines are quoted.
    """
    wanted = _wanted(config, keys)
    told, everywhere, separators = _where(lines)
    allowed = (config.separator,) if config.separator else separators
    starts = everywhere if config.skip_lines is None else _filled(lines, config.skip_lines)
    header = _by_names(lines, starts, allowed, wanted)
    if header is None or not header.complete:
        if config.separator or config.skip_lines is not None:
            _refuse_other(name, _by_names(lines, everywhere, separators, wanted), starts, config)
        header = header or _by_length(lines, starts, allowed)
        if header is None and everywhere:
            skipped = f"the first {config.skip_lines} lines, which [input] skip_lines leaves out"
            raise UnreadableFile(name, f"there is nothing after {skipped}: write a smaller number, or leave it out")
        if header is None:
            return None
        _refuse_strange(name, lines, header, wanted)
    titles = sum(bool(line.strip()) for line in lines[told : header.line])
    return replace(header, titles=titles)


def has_header(lines: Sequence[str], config: InputConfig, keys: Iterable[str]) -> bool:
    """Whether one of the first lines of a text has the required columns, wherever it should be."""
    _, everywhere, separators = _where(lines)
    found = _by_names(lines, everywhere, tuple({*separators, config.separator or ","}), _wanted(config, keys))
    return found is not None and found.complete


def _where(lines: Sequence[str]) -> tuple[bool, list[int], tuple[str, ...]]:
    """Whether the first line names the separator; the lines that may be the header; and what may separate fields."""
    told = _SEP_LINE.match(lines[0]) if lines else None
    everywhere = [i for i, line in enumerate(lines[:HEADER_LINES]) if line.strip() and not (told and i == 0)]
    return bool(told), everywhere, tuple(dict.fromkeys([*([told[1]] if told else []), *SEPARATORS]))


def split_line(lines: Iterable[str], separator: str) -> tuple[list[str], int]:
    """The fields of the first row of some lines, without blanks in front, and how many lines it takes.

    No fields if it has a value that is too long to be one.
    """
    reader = csv.reader(iter(lines), delimiter=separator, skipinitialspace=separator != " ")
    try:
        return next(reader, []), reader.line_num
    except csv.Error:
        return [], reader.line_num


def separated_by(separator: str) -> str:
    """How a text is separated, in words."""
    return "separated by tabs" if separator == "\t" else f"separated by {json.dumps(separator)}"


class _Wanted:
    """Our columns, by the names that tables may have for them; `keys` are those in the names of the file's folders."""

    def __init__(self, config: InputConfig, keys: Iterable[str]) -> None:
        ours = dict.fromkeys((*ALL_COLUMNS, *config.incident_key))
        names = {column: set(map(plain_name, config.source_names(column))) for column in ours}
        self._known, self._keys = list(names.values()), set(map(plain_name, keys))
        self._required = missing_columns((), config)
        self._names = [names[column] for column in self._required]
        self._example = [config.source_names(column)[0] for column in self._required]

    def complete(self, names: Iterable[str]) -> bool:
        """Whether some fields, with the keys, are all that a table must have."""
        plain = self._keys.union(map(plain_name, names))
        return not any(wanted.isdisjoint(plain) for wanted in self._names)

    def count(self, names: Iterable[str]) -> int:
        """How many of our columns are among some fields."""
        plain = set(map(plain_name, names))
        return sum(not wanted.isdisjoint(plain) for wanted in self._known)

    def example(self) -> str:
        """A header as it could be written."""
        return ",".join(self._example)


#: What was wanted last: thousands of files in a row are read by one configuration.
_LAST: list[tuple[InputConfig, list[str], _Wanted]] = []


def _wanted(config: InputConfig, keys: Iterable[str]) -> _Wanted:
    names = list(keys)
    for of, known, wanted in _LAST:
        if of is config and known == names:
            return wanted
    wanted = _Wanted(config, names)
    _LAST[:] = [(config, names, wanted)]
    return wanted


def _filled(lines: Sequence[str], start: int) -> list[int]:
    """The first line from `start` on that is not blank, if there is one."""
    return [i for i in range(start, len(lines)) if lines[i].strip()][:1]


def _by_names(lines: Sequence[str], starts: Sequence[int], separators: Sequence[str], wanted: _Wanted) -> Header | None:
    """The first line that names all required columns; else the one that names most of ours, at least two; or None."""
    best = None
    for i in starts:
        for separator in separators:
            if separator != separators[0] and separator not in lines[i] and '"' not in lines[i]:
                continue
            names, taken = split_line(lines[i:], separator)
            known = wanted.count(names)
            found = Header(i, i + taken, separator, names, known > 0 and wanted.complete(names), known)
            if found.complete:
                return found
            if found.known >= 2 and (best is None or found.known > best.known):
                best = found
    return best


def _by_length(lines: Sequence[str], starts: Sequence[int], separators: Sequence[str]) -> Header | None:
    """What looks most like the header where no name is known: the first of the most lines with as many fields."""
    best, most = None, (1, 0)
    for separator in separators:
        split = [
            Header(i, i + taken, separator, names)
            for i in starts
            for names, taken in [split_line(lines[i:], separator)]
        ]
        counts = Counter(len(found.names) for found in split if len(found.names) > 1)
        if counts and (likely := max((n, fields) for fields, n in counts.items())) > most:
            most = likely
            best = next(found for found in split if len(found.names) == likely[1])
    if best is None and starts:
        names, taken = split_line(lines[starts[0] :], separators[0])
        best = Header(starts[0], starts[0] + taken, separators[0], names)
    return best


def _refuse_other(name: str, found: Header | None, starts: Sequence[int], config: InputConfig) -> None:
    """Say what the configuration should, if the header that is `found` is not where, or not as, it says."""
    if found is None or not found.complete:
        return
    settings = []
    if config.separator not in ("", found.separator):
        settings.append(f"separator = {json.dumps(found.separator)}")
    if config.skip_lines is not None and found.line not in starts:
        settings.append(f"skip_lines = {found.line}")
    raise UnreadableFile(
        name,
        f"the header is line {found.line + 1}, {separated_by(found.separator)}, and not what [input] says: "
        f"write {' and '.join(settings)}, or leave {'them' if len(settings) > 1 else 'it'} out",
    )


def _refuse_strange(name: str, lines: Sequence[str], header: Header, wanted: _Wanted) -> None:
    """Say what is the matter with a file without the required columns, where that can be told."""
    for line in lines[:HEADER_LINES]:
        fields, _ = split_line([line], "\x02")
        if line.startswith('"') and any(wanted.complete(split_line(fields, s)[0]) for s in SEPARATORS):
            raise UnreadableFile(name, "each line stands within quotation marks as a whole: remove the outer ones")
        if wanted.count(line.split()) > 1 and wanted.complete(line.split()):
            single = "" if "  " in line.strip() else '; or, if it is one blank each time, set [input] separator = " "'
            raise UnreadableFile(name, f"the columns are separated by blanks: save the table as CSV{single}")
        for separator in _RARE_SEPARATORS:
            fields, _ = split_line([line], separator)
            if wanted.count(fields) > 1 and wanted.complete(fields):
                setting = f"set [input] separator = {json.dumps(separator)}"
                raise UnreadableFile(name, f"the columns are {separated_by(separator)}: {setting}")
        names = [[text.strip("' ") for text in split_line([line], separator)[0]] for separator in SEPARATORS]
        if any(wanted.count(fields) > 1 and wanted.complete(fields) for fields in names):
            raise UnreadableFile(name, "names stand within single quotation marks: write double ones, or none")
    if not header.known and any(_DAY.fullmatch(field.strip()) for field in header.names):
        raise UnreadableFile(
            name,
            f"there seems to be no header, as line {header.line + 1} has dates or numbers where names should stand: "
            f"write the names of the columns as the first line, such as {wanted.example()}",
        )
