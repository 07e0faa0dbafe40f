"""Small tables in every format that is read, as bytes."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

COLUMNS = ("person_id", "incident_id", "date", "offence", "district", "beat", "gang", "force")

#: Stands in a cell that no message may repeat.
SECRET = "Q7secretname"


def rows(count: int = 60, **columns: Any) -> dict[str, list[Any]]:
    """Columns of a table of pairs of persons; those that are given replace them, a single value in every row."""
    table: dict[str, list[Any]] = {
        "person_id": [f"P{k % 37:03d}" for k in range(count)],
        "incident_id": [f"I{k // 2}" for k in range(count)],
        "date": [f"2014-{1 + k % 8:02d}-{1 + k % 28:02d}" for k in range(count)],
        "offence": [("ROBBERY", "THEFT", "HOMICIDE")[k % 3] for k in range(count)],
        "force": ["north"] * count,
    }
    for name, values in columns.items():
        table[name] = values if isinstance(values, list) else [values] * count
    return table


def parquet(table: Any, **options: Any) -> bytes:
    """Parquet of a PyArrow table or of columns."""
    out = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), out, **options)
    return out.getvalue()


def csv(table: dict[str, list[Any]], separator: str = ",", newline: str = "\n", encoding: str = "utf-8") -> bytes:
    """Text as it stands, without quotation marks but those that are given."""
    lines = [separator.join(table)]
    lines += [
        separator.join("" if cell is None else str(cell) for cell in row) for row in zip(*table.values(), strict=True)
    ]
    return (newline.join(lines) + newline).encode(encoding, "surrogatepass")


def feather(table: dict[str, list[Any]]) -> bytes:
    """Arrow's file format."""
    out = io.BytesIO()
    pyarrow.feather.write_feather(pa.table(table), out, compression="uncompressed")
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    """A zip archive; two underscores in a name stand for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def workbook(table: dict[str, list[Any]], **sheets: str) -> bytes:
    """An xlsx workbook with texts in line; a sheet's XML can be given in its place."""
    cells = [list(table), *zip(*table.values(), strict=True)]
    texts = ("".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) for row in cells)
    body = "".join(f"<row>{text}</row>" for text in texts)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    members = {
        "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{head}<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    } | {name.replace("__", "."): text for name, text in sheets.items()}
    return zipped(**{name: text.encode() for name, text in members.items()})


#: A table in each format, by suffix.
FORMATS: dict[str, Callable[[dict[str, list[Any]]], bytes]] = {
    "parquet": parquet,
    "csv": csv,
    "tsv": lambda table: csv(table, "\t"),
    "csv.gz": lambda table: gzip.compress(csv(table)),
    "csv.zip": lambda table: zipped(a__csv=csv(table)),
    "csv.zst": lambda table: pa.compress(csv(table), "zstd", asbytes=True),
    "feather": feather,
    "xlsx": workbook,
}
