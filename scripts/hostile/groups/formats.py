"""Tables that are packed, written or typed as no table should be."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator

import pyarrow as pa

from scripts.hostile import tables
from scripts.hostile.case import Case, Place, Step, command, single

_PAIRS = tables.rows()


def cases() -> Iterator[Case]:
    yield from _packed()
    yield from _texts()
    yield from _parquets()


def _packed() -> Iterator[Case]:
    def bomb(size: int) -> bytes:
        return b"person_id,incident_id,date,offence\n" + b"0" * size

    def many() -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for k in range(5000):
                archive.writestr(f"{k}.csv", "a,b\n1,2\n")
        return out.getvalue()

    def named(name: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, tables.csv(_PAIRS))
        return out.getvalue()

    def encrypted() -> bytes:
        data = bytearray(tables.zipped(a__csv=tables.csv(_PAIRS)))
        data[6] |= 1
        data[data.rfind(b"PK\x01\x02") + 8] |= 1
        return bytes(data)

    xml = '<?xml version="1.0"?>'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    laughs = '<!DOCTYPE w [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(9)
    ) + "]>"  # fmt: skip
    row = '<row><c t="inlineStr"><is><t>&j;</t></is></c></row>'
    sheet = f"{xml}{laughs}<worksheet {main}><sheetData>{row}</sheetData></worksheet>"
    last = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    size = '<dimension ref="A1:XFD1048576"/>'
    far = f"{xml}<worksheet {main}>{size}<sheetData>{last}</sheetData></worksheet>"
    packed: dict[str, tuple[str, Callable[[], bytes]]] = {
        "gz-bomb": ("csv.gz", lambda: gzip.compress(bomb(1 << 28), 1)),
        "zst-bomb": ("csv.zst", lambda: pa.compress(bomb(1 << 28), "zstd", asbytes=True)),
        "zip-bomb": ("zip", lambda: tables.zipped(a__csv=bomb(1 << 28))),
        "zip-many": ("zip", many),
        "zip-slip": ("zip", lambda: named("../../victim/a.csv")),
        "zip-absolute": ("zip", lambda: named("/etc/a.csv")),
        "zip-folder": ("zip", lambda: named("a.csv/")),
        "zip-no-name": ("zip", lambda: named(" ")),
        "zip-in-zip": ("zip", lambda: tables.zipped(a__zip=tables.zipped(b__zip=tables.zipped(a__csv=b"a,b\n")))),
        "zip-encrypted": ("zip", encrypted),
        "zip-empty": ("zip", lambda: tables.zipped()),
        "zip-two": ("zip", lambda: tables.zipped(a__csv=tables.csv(_PAIRS), b__csv=b"x,y\n1,2\n")),
        "gz-twice": ("csv.gz", lambda: gzip.compress(gzip.compress(tables.csv(_PAIRS)))),
        "gz-joined": ("csv.gz", lambda: gzip.compress(tables.csv(_PAIRS)) * 2),
        "gz-tail": ("csv.gz", lambda: gzip.compress(tables.csv(_PAIRS)) + b"\0" * 512),
        "xlsx-laughs": ("xlsx", lambda: tables.workbook(_PAIRS, **{"xl/worksheets/sheet1__xml": sheet})),
        "xlsx-far-cell": ("xlsx", lambda: tables.workbook(_PAIRS, **{"xl/worksheets/sheet1__xml": far})),
        "xlsx-no-xml": ("xlsx", lambda: tables.workbook(_PAIRS, **{"xl/worksheets/sheet1__xml": "<row" * 1000})),
        "xlsx-bomb": (
            "xlsx",
            lambda: tables.workbook(_PAIRS, **{"xl/worksheets/sheet1__xml": xml + " " * (1 << 28)}),
        ),
    }
    for name, (suffix, make) in packed.items():
        for verb in ("check", "features"):

            def step(place: Place, make: Callable[[], bytes] = make, suffix: str = suffix, verb: str = verb) -> Step:
                place.victim()
                path = place.write(f"in/deep/a.{suffix}", make())
                return command(verb, path, *(("--out", place.out) if verb == "features" else ()))

            yield single(f"files/{name}-{verb}", step)


def _texts() -> Iterator[Case]:
    plain = tables.csv(_PAIRS)
    head = plain.split(b"\n", 1)[0] + b"\n"
    texts: dict[str, Callable[[], bytes]] = {
        "null-bytes": lambda: plain.replace(b"P", b"\0"),
        "null-lines": lambda: head + b"\0\0\0\n" * 50,
        "open-quote": lambda: plain.replace(b"I3,", b'"I3,', 1),
        "all-open-quotes": lambda: plain.replace(b"P", b'"P'),
        "quotes": lambda: head + b'"' * 100_001 + b"\n",
        "many-columns": lambda: b",".join(b"c%d" % k for k in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n",
        "long-line": lambda: head + b"P1,I1,2014-01-01," + b"x" * 50_000_000 + b",north\n",
        "long-header": lambda: b"person_id," + b"x" * 5_000_000 + b",incident_id,date,offence\n1,1,1,2014-01-01,x\n",
        "only-header": lambda: head,
        "header-no-end": lambda: head[:-1],
        "empty-lines": lambda: b"\n" * 1_000_000,
        "blanks": lambda: b" " * 1_000_000,
        "carriage-returns": lambda: plain.replace(b"\n", b"\r"),
        "mixed-ends": lambda: plain.replace(b"\n", b"\r\n", 5).replace(b"I3", b"I\r3"),
        "ragged": lambda: plain + b"a\nb,c\n,,,,,,,,,,,,\n",
        "bom-16": lambda: b"\xff\xfe" + plain,
        "utf-16": lambda: tables.csv(_PAIRS, encoding="utf-16"),
        "utf-32": lambda: tables.csv(_PAIRS, encoding="utf-32"),
        "bom-thrice": lambda: b"\xef\xbb\xbf" * 3 + plain,
        "surrogates": lambda: tables.csv(tables.rows(offence="\ud800")),
        "latin": lambda: tables.csv(tables.rows(offence="caf\xe9"), encoding="latin-1"),
        "mixed-encodings": lambda: tables.csv(tables.rows(offence="caf\xe9")) + b"P1,I1,2014-01-01,caf\xe9,north\n",
        "same-columns": lambda: plain.replace(b"offence", b"person_id", 1),
        "alike-columns": lambda: plain.replace(b"offence", b"Person ID", 1),
        "empty-names": lambda: plain.replace(head, b",,,,\n"),
        "no-separator": lambda: plain.replace(b",", b""),
        "formula": lambda: plain.replace(b"P", b"=cmd|' /C calc'!A0"),
        "escape": lambda: plain.replace(b"person_id", b"\x1b[2Jperson_id", 1),
        "secret-date": lambda: tables.csv(tables.rows(date=tables.SECRET)),
        "secret-late": lambda: plain * 3000 + f"{tables.SECRET},{tables.SECRET}\n".encode(),
        "secret-bytes": lambda: plain + b"P1,I1,2014-01-01," + tables.SECRET.encode() + b"\xff\xfe\x81,north\n",
        "secret-quote": lambda: plain + f'"{tables.SECRET}\n'.encode() * 3,
        "half-character": lambda: plain + b"P1,I1,2014-01-01,caf\xc3",
        "sql-dump": lambda: b"INSERT INTO arrests VALUES (1, 2, 'a');\n" * 100,
        "json": lambda: b'[{"person_id": 1}]\n',
        "html": lambda: b"<html><table><tr><td>person_id</td></tr></table></html>\n",
    }
    for name, make in texts.items():
        for verb in ("check", "features"):

            def step(place: Place, make: Callable[[], bytes] = make, verb: str = verb) -> Step:
                path = place.write("a.csv", make())
                return command(verb, path, *(("--out", place.out) if verb == "features" else ()), secret=tables.SECRET)

            yield single(f"files/text-{name}-{verb}", step)


def _parquets() -> Iterator[Case]:
    def of(**arrays: pa.Array) -> Callable[[], bytes]:
        def make() -> bytes:
            table = pa.table(_PAIRS)
            for name, array in arrays.items():
                table = table.set_column(table.schema.get_field_index(name), name, array)
            return tables.parquet(table)

        return make

    def renamed(*names: str) -> Callable[[], bytes]:
        return lambda: tables.parquet(pa.table(_PAIRS).rename_columns(list(names)))

    n = 60
    texts = pa.array([f"P{k}" for k in range(n)])
    made: dict[str, Callable[[], bytes]] = {
        "no-rows": lambda: tables.parquet(pa.table(_PAIRS).slice(0, 0)),
        "no-columns": lambda: tables.parquet(pa.table({})),
        "all-null": lambda: tables.parquet(pa.table({name: pa.nulls(n) for name in _PAIRS})),
        "one-row": lambda: tables.parquet(pa.table(_PAIRS).slice(0, 1)),
        "same-names": renamed("person_id", "person_id", "date", "offence", "force"),
        "alike-names": renamed("person_id", "incident_id", "date", "offence", "Person-ID"),
        "empty-names": renamed("person_id", "incident_id", "date", "offence", ""),
        "odd-name": renamed("person_id", "incident_id", "date", "offence", "a\x00b\x1b[2J"),
        "struct": of(person_id=pa.array([{"a": 1}] * n)),
        "list": of(person_id=pa.array([[1, 2]] * n)),
        "list-offence": of(offence=pa.array([["x"]] * n)),
        "map": of(offence=pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64()))),
        "binary": of(person_id=pa.array([b"\xff\xfe"] * n)),
        "binary-offence": of(offence=pa.array([b"\xff\xfe"] * n)),
        "dictionary": of(person_id=texts.dictionary_encode(), offence=texts.dictionary_encode()),
        "decimal": of(person_id=pa.array([1] * n, pa.decimal128(38, 0))),
        "decimal-fine": of(person_id=pa.array([1] * n, pa.decimal128(38, 10))),
        "bool-id": of(person_id=pa.array([True] * n)),
        "float-id": of(person_id=pa.array([float("nan")] * 5 + [1.5] * (n - 5))),
        "infinite-id": of(person_id=pa.array([float("inf")] * n)),
        "int64-limits": of(person_id=pa.array([-(2**63), 2**63 - 1] * 30)),
        "uint64-limits": of(person_id=pa.array([0, 2**64 - 1] * 30, pa.uint64())),
        "date-id": of(person_id=pa.array([0] * n, pa.date32())),
        "duration": of(date=pa.array([0] * n, pa.duration("s"))),
        "time": of(date=pa.array([0] * n, pa.time32("s"))),
        "date32-limits": of(date=pa.array([-(2**31), 2**31 - 1] * 30, pa.date32())),
        "date64-limits": of(date=pa.array([-(2**62) // 86_400_000 * 86_400_000] * n, pa.date64())),
        "microseconds-limits": of(date=pa.array([-(2**63) + 1, 2**63 - 1] * 30, pa.timestamp("us"))),
        "nanoseconds-limits": of(date=pa.array([-(2**63) + 1, 2**63 - 1] * 30, pa.timestamp("ns"))),
        "zone": of(date=pa.array([1_400_000_000] * n, pa.timestamp("s", "Pacific/Kiritimati"))),
        "odd-zone": of(date=pa.array([1_400_000_000] * n, pa.timestamp("s", "Nowhere/Land"))),
        "int-date": of(date=pa.array([20140101] * n)),
        "float-date": of(date=pa.array([float("nan")] * n)),
        "bool-date": of(date=pa.array([True] * n)),
        "int-offence": of(offence=pa.array([1] * n)),
        "float-offence": of(offence=pa.array([float("inf")] * n)),
        "bool-offence": of(offence=pa.array([False] * n)),
        "half-float": of(person_id=pa.array([1.0] * n, pa.float16())),
        "large-text": of(person_id=pa.array(["x"] * n, pa.large_string())),
        "long-text": of(offence=pa.array(["x" * 1_000_000] * n)),
        "many-columns": lambda: tables.parquet(pa.table(_PAIRS | {f"c{k}": [1] * n for k in range(5000)})),
        "many-groups": lambda: tables.parquet(pa.table(tables.rows(3000)), row_group_size=1),
        "metadata": lambda: tables.parquet(
            pa.table(_PAIRS).replace_schema_metadata({"pandas": "{" * 5000, "ARROW:schema": "x", "gpunet": "\x00"})
        ),
    }
    for name, make in made.items():
        for verb in ("check", "features"):

            def step(place: Place, make: Callable[[], bytes] = make, verb: str = verb) -> Step:
                path = place.write("a.parquet", make())
                return command(verb, path, *(("--out", place.out) if verb == "features" else ()))

            yield single(f"files/parquet-of-{name}-{verb}", step)

    def unlike(place: Place) -> Step:
        place.write("in/a.parquet", of(person_id=pa.array(range(n)))())
        place.write("in/b.parquet", of(person_id=texts)())
        place.write("in/c.parquet", of(date=pa.array([1] * n))())
        place.write("in/d.csv", tables.csv(tables.rows(person_id="1.0")))
        return command("features", place.root / "in", "--out", place.out)

    yield single("files/parquet-unlike", unlike)
