"""How tables may be written: every choice that systems differ in, and the ``[input]`` settings that read them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ABSENT",
    "DATES",
    "DAY_FIRST",
    "FOUND_ENCODINGS",
    "FOUND_SEPARATORS",
    "IDS",
    "KINDS",
    "LINE_ENDS",
    "MONTH_FIRST",
    "NAMES",
    "NULL_WORDS",
    "NUMBERS",
    "OTHER_COLUMNS",
    "PACKINGS",
    "PLACEHOLDERS",
    "PROTECTED",
    "SENTINELS",
    "SHEET",
    "SPELLINGS",
    "TOTALS",
    "Writing",
    "fitting",
    "input_settings",
]

KINDS = ("csv", "parquet", "feather", "xlsx")
PACKINGS = ("", "gz", "bz2", "xz", "zst", "zip")
LINE_ENDS = ("\n", "\r\n", "\r")

#: Separators and encodings that are found out; of others the configuration has to tell.
FOUND_SEPARATORS = (",", ";", "\t", "|", "^", "~")
FOUND_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")

#: What the first field of a line of totals may be; the last is the number of rows.
TOTALS = ("Total", "GRAND TOTAL", "Gesamt")

#: Words for no value, of those that always stand for none.
NULL_WORDS = ("", "NA", "NULL", "None", "nan", "NaT", "<NA>", "\\N", "#N/A", "n/a", "-", "unknown", "Not Recorded")

#: What no list of words knows: who was not named has it for an id.
SENTINELS = ("UNKNOWN PERSON", "X0", "99999")

#: Days that some systems write where there is no date.
PLACEHOLDERS = ("1900-01-01", "1970-01-01", "9999-12-31")

#: How a name of ours may be spelt and still be known.
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "as ours": str,
    "words": lambda name: name.replace("_", " ").title(),
    "capitals": str.upper,
    "hyphens": lambda name: name.replace("_", "-"),
    "together": lambda name: name.title().replace("_", ""),
    "blanks": lambda name: f" {name.replace('_', '  ')} ",
    "american": lambda name: name.replace("offence", "Offense"),
}

#: What our columns are called elsewhere.
NAMES: Mapping[str, tuple[str, ...]] = {
    "person_id": ("Nominal Ref", "SUSPECT_NO", "arrestee"),
    "incident_id": ("Crime No", "CASE_NUMBER", "Report No."),
    "date": ("Arrest Date", "Date Occurred", "OCCURRED_ON"),
    "offence": ("Charge", "PRIMARY_TYPE", "Statute"),
    "beat": ("Post", "Patrol Sector"),
    "gang": ("Crew", "Street Group"),
    "force": ("Agency", "Department"),
}

#: Columns that may be absent from all tables: the configuration says so.
ABSENT = ("date", "offence")

#: Columns about a person that are never read, and others of no use, with values that are not ASCII.
PROTECTED = ("Race", "SEX", "Vict Descent", "ethnicity", "Self-Defined Ethnicity (16+1)", "Religion", "IC_CODE")
OTHER_COLUMNS = ("Officer", "Race Track Beat", "Remarks")

#: Dates of types of their own, and as numbers: ISO's digits, seconds since 1970, days of spreadsheets.
_TYPED, NUMBERS = ("date", "timestamp"), ("digits", "epoch", "excel")
_ISO = ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ")

#: How dates may be written: types, numbers, and codes of strftime (``%-d`` lacks the zero in front).
DATES = (*_TYPED, *NUMBERS, *_ISO, "%Y/%m/%d", "%d-%b-%y", "%b %d, %Y", "%Y-%m-%d %H:%M CST", "%d %B %Y")
DAY_FIRST = ("%d/%m/%Y", "%-d/%-m/%Y", "%d.%m.%Y %H:%M", "%d/%m/%y", "%d/%m/%Y %H:%M:%S")
MONTH_FIRST = ("%m/%d/%Y", "%-m/%-d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%y", "%m-%d-%Y %H:%M")

#: How ids of persons may be written, in every second row or, for floats, in all; and the rules that undo it.
IDS: Mapping[str, Mapping[str, Any]] = {
    "as they are": {},
    "number": {},
    "float": {},
    "zeros": {"strip_zeros": True},
    "case": {"casefold": True},
    "hyphens": {"strip_hyphens": True},
    "suffix": {"before": ":"},
}

#: The name of the sheet with the table, where a workbook has several.
SHEET = "Arrests"


@dataclass(frozen=True)
class Writing:
    """How one table is written. The default is plain CSV with our names, as docs/input.md has it.

    What a kind of file does not have, such as the separator of Parquet, does not count.

    Attributes
    ----------
    kind, packing, ending
        One of ``KINDS`` and of ``PACKINGS``, and how the file's name ends where it does not tell these, such as
        ``"csv"`` of what is gzip.
    folders
        Columns that the table lacks: the names of its folders have them.
    separator, encoding, line_end, separator_at_end, blanks, quoted
        Of text: what stands between fields, and whether it stands behind the last one too; blanks behind it; all
        fields in quotation marks.
    sep_line, titles, total
        Lines around the table: Excel's ``sep=``; so many titles before the header; the beginning of a line of totals.
    two_sheets
        Whether a workbook has another sheet before the one with the table.
    spelling, names
        One of ``SPELLINGS``, and ``(ours, theirs)`` for columns with other names.
    absent
        Columns that there are not.
    protected, others
        Columns beside ours.
    date
        One of ``DATES``, ``DAY_FIRST`` or ``MONTH_FIRST``.
    null
        The word for no value.
    ids
        One of ``IDS``; ``number`` and ``float`` are types where the kind of file has types.
    padded, decomposed
        Blanks around the values, and Unicode's form NFD, in every second row.
    restarting
        Whether numbers of incidents lack the year that they begin with, ``2013-0007``.
    repeats, nobody
        Whether some rows come twice, and whether there are some without a person.
    sentinel, placeholder
        The id of persons without a name, and the day of dates that there are not, in more rows; "" for no such rows.
    """

    kind: str = "csv"
    packing: str = ""
    ending: str = ""
    folders: tuple[str, ...] = ()
    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    separator_at_end: bool = False
    blanks: bool = False
    quoted: bool = False
    sep_line: bool = False
    titles: int = 0
    total: str = ""
    two_sheets: bool = False
    spelling: str = "as ours"
    names: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    date: str = "%Y-%m-%d"
    null: str = ""
    ids: str = "as they are"
    padded: bool = False
    decomposed: bool = False
    restarting: bool = False
    repeats: bool = False
    nobody: bool = False
    sentinel: str = ""
    placeholder: str = ""

    @property
    def file_ending(self) -> str:
        """How the file's name ends, from the point on."""
        if self.ending:
            return f".{self.ending}"
        kind = "tsv" if self.kind == "csv" and self.separator == "\t" else self.kind
        return f".{kind}.{self.packing}" if self.packing else f".{kind}"

    def name_of(self, column: str) -> str:
        """What a column of ours is called."""
        return dict(self.names).get(column) or SPELLINGS[self.spelling](column)

    def changed(self) -> dict[str, Any]:
        """The choices that are not the default."""
        every = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in every.items() if value != getattr(_PLAIN, name)}


_PLAIN = Writing()


#: What only text files have, and what these and workbooks have.
_OF_TEXT = ("separator", "encoding", "line_end", "separator_at_end", "blanks", "quoted", "sep_line")
_OF_LINES = ("titles", "total")


def fitting(writing: Writing) -> Writing:
    """The writing less what its kind of file has not, or what its other choices cannot hold.

    Examples
    --------
    >>> fitting(Writing(kind="parquet", separator=";", ids="float", sentinel="X0")).changed()
    {'kind': 'parquet', 'ids': 'float', 'sentinel': '99999'}
    """
    gone = () if writing.kind == "csv" else _OF_TEXT if writing.kind == "xlsx" else (*_OF_TEXT, *_OF_LINES)
    changes: dict[str, Any] = {name: getattr(_PLAIN, name) for name in gone}
    if writing.kind != "xlsx":
        changes["two_sheets"] = False
    if writing.kind == "csv" and not writing.encoding.startswith("utf"):
        changes["decomposed"] = False
    if writing.ids in ("number", "float") and writing.sentinel:
        changes["sentinel"] = "99999"
    if "date" in writing.absent:
        changes |= {"placeholder": "", "restarting": False}
    elif writing.placeholder and not _holds(writing, writing.placeholder):
        changes["placeholder"] = "1970-01-01"
    without = (*writing.folders, *writing.absent)
    changes["names"] = tuple((ours, theirs) for ours, theirs in writing.names if ours not in without)
    return dataclasses.replace(writing, **changes)


def _holds(writing: Writing, day: str) -> bool:
    """Whether a day far from the others can be written so, and read as that day."""
    recent = day == "1970-01-01"
    if writing.date == "excel" or "%y" in writing.date:
        return recent
    if writing.date == "epoch":
        return day < "2000"
    return recent or not (writing.kind == "xlsx" and writing.date in _TYPED)


def input_settings(writings: Iterable[Writing]) -> dict[str, Any]:
    """The ``[input]`` section with which tables of these writings are read to what they were written from.

    Only what has to be said is in it. Writings that no configuration reads together, such as days first and months
    first, or two encodings that are not found out, are the caller's to avoid.

    Examples
    --------
    >>> input_settings([Writing(date="%d/%m/%Y", names=(("date", "When"),)), Writing(ids="zeros")])
    {'columns': {'date': ['When', 'date']}, 'date_format': '%d/%m/%Y', 'id_rules': {'person_id': {'strip_zeros': True}}}
    """
    writings = list(writings)
    formats = [_date_format(one) for one in writings]
    settings: dict[str, Any] = {
        "columns": _columns(writings),
        "date_format": _one_or_list(filter(None, formats)),
        "null_values": sorted({one.sentinel for one in writings} - {""}),
        "null_dates": sorted({one.placeholder for one in writings} - {""}),
        "incident_key": ["force", "incident_id", "year"] if any(one.restarting for one in writings) else [],
        "id_rules": {"person_id": rules} if (rules := _rules(writings)) else {},
        "sheet": SHEET if any(one.kind == "xlsx" and one.two_sheets for one in writings) else "",
    }
    for key, found in (("separator", FOUND_SEPARATORS), ("encoding", FOUND_ENCODINGS)):
        settings[key] = _one_or_list({getattr(one, key) for one in writings if one.kind == "csv"} - set(found))
    return {key: value for key, value in settings.items() if value}


def _columns(writings: Iterable[Writing]) -> dict[str, Any]:
    """The names of columns that have others than ours in some tables, or are in none."""
    names: dict[str, dict[str, None]] = {}
    for one in writings:
        for ours in {*NAMES} - {*one.folders, *one.absent}:
            theirs = dict(one.names).get(ours, ours)
            names.setdefault(ours, {})[theirs] = None
    columns = {ours: _one_or_list(names[ours]) for ours in sorted(names) if list(names[ours]) != [ours]}
    return columns | {ours: "" for one in writings for ours in one.absent if ours in ABSENT}


def _date_format(writing: Writing) -> str:
    """What `date_format` has to have, "" if nothing."""
    if "date" in writing.absent or writing.date in (*_TYPED, "digits", *_ISO):
        return ""
    return re.sub(r"%-", "%", writing.date.replace("CST", "%Z"))


def _rules(writings: Iterable[Writing]) -> dict[str, Any]:
    return {rule: value for ids in sorted({one.ids for one in writings}) for rule, value in IDS[ids].items()}


def _one_or_list(values: Iterable[str]) -> Any:
    found = list(dict.fromkeys(values))
    return found[0] if len(found) == 1 else found
