"""One table as a file, in one of the ways that systems write tables."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
from pyarrow import feather, parquet

from gpunet.synthetic.writing import SHEET, Writing
from gpunet.tables.files import write_whole

__all__ = ["write_table"]

Row = Mapping[str, Any]

#: The time of day of every arrest, where dates have one.
_CLOCK = time(14, 5)

_TITLES = ("Arrests, all districts", "Exported on 3 February 2015", "")
_NAMES = ("Müller", "O'Neill", "Peña", "Sørensen", "Smith")

#: One row in so many is repeated, and one in so many more has nobody; at most so many rows have a sentinel.
_REPEATED, _NOBODY, _SENTINELS = 10, 15, 12


def write_table(table: pa.Table, writing: Writing, path: Path) -> dict[str, int]:
    r"""Write a clean table to `path` as `writing` has it.

    Parameters
    ----------
    table
        Columns of docs/input.md, ``person_id`` and ``incident_id`` whole numbers or text, ``date`` dates.
    writing
        Ids that are written as numbers have to be such, and what lacks the year, or holds a value that the encoding
        has not, is the caller's to avoid.
    path
        A file; its name ends with ``writing.file_ending``. Folders for ``writing.folders`` are the caller's.

    Returns
    -------
    dict
        Rows written, and how many of them are more than the table has, by kind.

    Examples
    --------
    >>> rows = {"person_id": [7], "incident_id": ["2013-0001"], "date": [date(2013, 2, 1)], "offence": ["THEFT"]}
    >>> writing = Writing(separator=";", spelling="words", date="%d/%m/%Y", restarting=True)
    >>> write_table(pa.table(rows), writing, folder / "arrests.csv")
    {'rows': 1}
    >>> (folder / "arrests.csv").read_text()
    'Person Id;Incident Id;Date;Offence\n7;0001;01/02/2013;THEFT\n'
    """
    rows, added = _with_more(table.to_pylist(), writing)
    columns = [c for c in table.column_names if c not in (*writing.folders, *writing.absent)]
    cells = {writing.name_of(c): [_cell(row[c], c, i, writing) for i, row in enumerate(rows)] for c in columns}
    for extra in (*writing.protected, *writing.others):
        cells[extra] = [_NAMES[i % len(_NAMES)] if extra in writing.others else f"{i % 4}" for i in range(len(rows))]
    data = _packed(_KINDS[writing.kind](cells, writing), writing.packing, path.name)
    write_whole(path, lambda partial: partial.write_bytes(data))
    return {"rows": len(rows), **added}


def _with_more(rows: list[Row], writing: Writing) -> tuple[list[Row], dict[str, int]]:
    """The rows, and among them those that make no difference to who is read as such; and how many of each kind."""
    incidents = list({(row.get("force"), row["incident_id"]): row for row in rows}.values())
    more: dict[str, list[Row]] = {}
    if writing.repeats:
        more["repeated"] = rows[::_REPEATED]
    if writing.nobody:
        more["without person"] = [{**row, "person_id": None} for row in rows[::_NOBODY]]
    if writing.sentinel:
        every = max(len(incidents) // _SENTINELS, 1)
        less = {"person_id": writing.sentinel, **dict.fromkeys(("district", "beat", "gang"))}
        more["unnamed person"] = [{**row, **less} for row in incidents[::every]]
    if writing.placeholder:
        more["placeholder date"] = [{**row, "date": writing.placeholder} for row in rows[:: _REPEATED + 1]]
    spread = [row for kind in more.values() for row in kind]
    step = len(rows) // (len(spread) + 1) + 1
    out: list[Row] = []
    for i, row in enumerate(rows):
        out.append(row)
        if i % step == step - 1 and spread:
            out.append(spread.pop())
    return [*out, *spread], {kind: len(of) for kind, of in more.items() if of}


def _cell(value: Any, column: str, row: int, writing: Writing) -> Any:
    """A value as the file has it: None, a number, a date or text."""
    odd, typed = row % 2 == 1, writing.kind != "csv"
    if value is None:
        number = (column == "person_id" and writing.ids in ("number", "float")) or (
            column == "date" and not writing.date.startswith("%")
        )
        return None if typed and (number or not writing.null) else writing.null
    if column == "date":
        value = _date(value, writing)
        value = value if typed or isinstance(value, str) else str(value)
    elif column == "person_id":
        value = _person(str(value), odd, writing)
        value = value if typed or isinstance(value, str) else str(value)
    elif column == "incident_id" and writing.restarting:
        value = str(value).partition("-")[2]
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFD" if odd and writing.decomposed else "NFC", value)
    return f" {value:12} " if odd and writing.padded else value


def _person(person: str, odd: bool, writing: Writing) -> Any:
    if writing.ids in ("number", "float"):
        return (int if writing.ids == "number" else float)(person)
    if person == writing.sentinel:
        return person
    if writing.ids == "suffix":
        return f"{person}:2"
    other = {"zeros": f"000{person}", "case": person.swapcase(), "hyphens": f"{person[:2]}-{person[2:]}"}
    return other.get(writing.ids, person) if odd else person


def _date(value: date | str, writing: Writing) -> Any:
    """A day, which is a text if there is none, as it is written: of a type of its own, a number, or text."""
    codes = writing.date
    day = date.fromisoformat(value) if isinstance(value, str) else value
    if codes == "date":
        return day if writing.kind != "csv" else day.isoformat()
    moment = datetime.combine(day, time() if isinstance(value, str) else _CLOCK)
    if codes == "timestamp":
        return moment if writing.kind != "csv" else moment.isoformat(" ")
    if codes == "digits":
        return int(f"{day:%Y%m%d}")
    if codes == "epoch":
        return int((moment - datetime(1970, 1, 1)).total_seconds())
    if codes == "excel":
        return (day - date(1899, 12, 30)).days
    return moment.strftime(codes.replace("%-d", str(day.day)).replace("%-m", str(day.month)))


def _text(cells: Mapping[str, Sequence[Any]], writing: Writing) -> bytes:
    """A text file."""
    out = io.StringIO(newline="")
    between, end = writing.separator, writing.line_end
    if writing.sep_line:
        out.write(f"sep={between}{end}")
    out.writelines(f"{title}{end}" for title in _titles(writing))
    for line in _lines(cells, writing):
        fields = (between + " " * writing.blanks).join(_field(value, writing) for value in line)
        out.write(fields + between * writing.separator_at_end + end)
    if writing.encoding == "utf-16":  # Python's own would have the machine's order of bytes
        return codecs.BOM_UTF16_LE + out.getvalue().encode("utf-16-le")
    return out.getvalue().encode(writing.encoding)


def _field(value: Any, writing: Writing) -> str:
    text = "" if value is None else str(value)
    if writing.quoted or any(c in text for c in (writing.separator, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _titles(writing: Writing) -> list[str]:
    return list(_TITLES[: writing.titles])


def _lines(cells: Mapping[str, Sequence[Any]], writing: Writing) -> list[list[Any]]:
    """Header, rows, and the line of totals."""
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    total = [[writing.total, *[""] * (len(cells) - 2), len(rows)]] if writing.total else []
    return [list(cells), *rows, *total]


def _parquet(cells: Mapping[str, Sequence[Any]], writing: Writing) -> bytes:
    out = io.BytesIO()
    parquet.write_table(_arrow(cells), out)
    return out.getvalue()


def _feather(cells: Mapping[str, Sequence[Any]], writing: Writing) -> bytes:
    out = io.BytesIO()
    feather.write_feather(_arrow(cells), out)
    return out.getvalue()


def _arrow(cells: Mapping[str, Sequence[Any]]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in cells.items()})


#: The parts of a workbook beside its sheets: enough for Excel, and the same bytes each time.
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _xlsx(cells: Mapping[str, Sequence[Any]], writing: Writing) -> bytes:
    """A workbook with its texts within its cells; dates have the format of a date."""
    sheets = {SHEET: [*([title] for title in _titles(writing)), *_lines(cells, writing)]}
    if writing.two_sheets:
        sheets = {"Notes": [["Figures may change."]], **sheets}
    numbered = list(enumerate(sheets, 1))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        + "".join(f'<Override PartName="/xl/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n, _ in numbered)
        + "</Types>",
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        + "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", f"sheet{n}.xml") for n, _ in numbered), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts><font/></fonts><fills><fill/></fills><borders><border/>'
        '</borders><cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
        "</styleSheet>",
        **{f"xl/sheet{n}.xml": _sheet(sheets[name]) for n, name in numbered},
    }
    return _archive({name: f'<?xml version="1.0" encoding="UTF-8"?>{part}'.encode() for name, part in parts.items()})


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _sheet(rows: Sequence[Sequence[Any]]) -> str:
    body = "".join(f"<row>{''.join(map(_sheet_cell, row))}</row>" for row in rows)
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def _sheet_cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, date):
        since = (value if isinstance(value, datetime) else datetime.combine(value, time())) - datetime(1899, 12, 30)
        return f'<c s="1"><v>{since.total_seconds() / 86_400!r}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


_KINDS: Mapping[str, Callable[[Mapping[str, Sequence[Any]], Writing], bytes]] = {
    "csv": _text,
    "parquet": _parquet,
    "feather": _feather,
    "xlsx": _xlsx,
}


def _packed(data: bytes, packing: str, name: str) -> bytes:
    """The bytes of a file, packed; `name` is its own, for what is in an archive."""
    if packing == "zip":
        return _archive({name.removesuffix(".zip"): data})
    if packing == "zst":
        out = pa.BufferOutputStream()
        with pa.CompressedOutputStream(out, "zstd") as stream:
            stream.write(data)
        return bytes(out.getvalue())
    if packing == "gz":
        return gzip.compress(data, mtime=0)
    if packing == "bz2":
        return bz2.compress(data)
    return lzma.compress(data) if packing == "xz" else data


def _archive(members: Mapping[str, bytes]) -> bytes:
    """A zip archive, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2015, 2, 3, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
