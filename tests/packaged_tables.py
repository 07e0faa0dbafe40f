"""The same table as every kind of file, packed in every way."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import lzma
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import xlsxwriter
import xlwt

PACKINGS = ("", "gz", "bz2", "xz", "zst", "zip")
WORKBOOKS = ("xlsx", "xls", "ods")
KINDS = ("csv", "txt", "parquet", "feather", "arrows", *WORKBOOKS)

Cells = Sequence[Sequence[Any]]


def as_bytes(cells: Cells, kind: str) -> bytes:
    """The rows, of which the first is the header, as a file of one of ``KINDS``; None is no value."""
    if kind in ("csv", "txt"):
        text = io.StringIO()
        csv.writer(text).writerows([["" if cell is None else cell for cell in row] for row in cells])
        return text.getvalue().encode()
    if kind in WORKBOOKS:
        return workbook({"Sheet": cells}, kind)
    columns = [list(column) for column in zip(*cells[1:], strict=True)] or [[] for _ in cells[0]]
    table = pa.table([pa.array(column, None if cells[1:] else pa.string()) for column in columns], names=list(cells[0]))
    out = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, out)
    elif kind == "feather":
        feather.write_feather(table, out)
    else:
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    return out.getvalue()


def packed(data: bytes, packing: str, name: str = "arrests.csv") -> bytes:
    """The bytes of a file, packed in one of ``PACKINGS``; `name` is that of the member of a zip archive."""
    if packing == "zst":
        out = pa.BufferOutputStream()
        with pa.CompressedOutputStream(out, "zstd") as stream:
            stream.write(data)
        return out.getvalue().to_pybytes()
    if packing == "zip":
        return archive({name: data})
    return {"": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[packing](data)


def archive(members: dict[str, bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return out.getvalue()


def written(folder: Path, name: str, cells: Cells, kind: str, packing: str = "") -> Path:
    """The rows in a file of this kind and packing, which its name tells."""
    path = folder / f"{name}.{kind}{packing and '.'}{packing}"
    path.write_bytes(packed(as_bytes(cells, kind), packing, f"{name}.{kind}"))
    return path


def workbook(sheets: dict[str, Cells], kind: str = "xlsx", hidden: Sequence[str] = ()) -> bytes:
    """Sheets by their titles, with numbers, dates and texts as what they are."""
    return {"xlsx": _xlsx, "xls": _xls, "ods": _ods}[kind](sheets, hidden)


def _xlsx(sheets: dict[str, Cells], hidden: Sequence[str]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for title, cells in sheets.items():
            sheet = book.add_worksheet(title)
            if title in hidden:
                sheet.hide()
            for i, row in enumerate(cells):
                for j, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(i, j, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(i, j, cell)
                    elif cell is not None:
                        sheet.write(i, j, cell)
    return out.getvalue()


def _xls(sheets: dict[str, Cells], hidden: Sequence[str]) -> bytes:
    book, out = xlwt.Workbook(), io.BytesIO()
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for title, cells in sheets.items():
        sheet = book.add_sheet(title)
        sheet.visibility = int(title in hidden)
        for i, row in enumerate(cells):
            for j, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write(i, j, cell, day)
                elif cell is not None:
                    sheet.write(i, j, cell)
    book.save(out)
    return out.getvalue()


def _ods(sheets: dict[str, Cells], hidden: Sequence[str]) -> bytes:
    assert not hidden
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
                      for name in ("office", "table", "text"))  # fmt: skip
    tables = [
        f'<table:table table:name="{escape(title)}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in cells)
        + "</table:table>"
        for title, cells in sheets.items()
    ]
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    content = f'<?xml version="1.0"?><office:document-content {spaces}>{body}</office:document-content>'
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return archive({"mimetype": kind.encode(), "content.xml": content.encode(),
                    "META-INF/manifest.xml": manifest.encode()})  # fmt: skip


def _ods_cell(cell: Any) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, dt.date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
