"""Tables of every kind, packed in every way, under their own names and others; and columns of every type."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import shutil
import tempfile
import uuid
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dirty_tables import COLUMNS, IDS, OFFENCES, PLACES
from hypothesis import given, settings
from hypothesis import strategies as st
from packaged_tables import KINDS, PACKINGS, WORKBOOKS, archive, as_bytes, packed, workbook, written
from reading_at import read_everywhere
from reading_naive import decoded, rejections

from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.config.config import InputConfig
from gpunet.reading import direct, read_arrests, unpacking
from gpunet.reading.files import open_file
from gpunet.reading.sources import find_sources
from gpunet.tables.arrow_text import plain_array
from tests.examples import examples

HEADER = ("person_id", "incident_id", "date", "offence")
ROWS = (("p1", "i1", "2013-01-05", "robbery"), ("p2", "i1", "2013-01-05", "theft"), ("p2", "i2", None, "arson"),
        ("p3", "i2", "2013-02-06", None))  # fmt: skip
CELLS = (HEADER, *ROWS)


@cache
def expected() -> list[tuple[Any, ...]]:
    return decoded(read_arrests(pa.table([list(c) for c in zip(*ROWS, strict=True)], names=list(HEADER))))


def notes_of(path: Path, **config: Any) -> list[str]:
    """What is to be told of a file beside what its name says."""
    settings = InputConfig(**config)
    (source,) = find_sources([path], settings, [])
    return open_file(source, settings).notes


def refusal(path: Path, **config: Any) -> str:
    """The reason for which a file cannot be read."""
    with pytest.raises(UnreadableFile) as raised:
        read_arrests(path, {"input": config})
    assert str(raised.value) == f"{path.as_posix()}: {raised.value.reason}"
    assert "\n" not in raised.value.reason
    return raised.value.reason


# Kinds and packings


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_every_packing(kind: str, packing: str, tmp_path: Path) -> None:
    path = written(tmp_path, "a", CELLS, kind, packing)
    for asked in (path, tmp_path, str(tmp_path / "*")):
        arrests = read_arrests(asked)
        assert decoded(arrests) == expected()
        assert arrests.report.warnings == ()
        file = arrests.report.files[0]
        assert (file.name, file.read, file.accepted, file.size_bytes) == (path.as_posix(), 4, 4, path.stat().st_size)
        assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert file.encoding == ("utf-8" if kind in ("csv", "txt") else None)
    assert notes_of(path) == []


_person = st.sampled_from([text for text in IDS if text != "7.0"])  # 7 in text files, if a column has no other
_row = st.tuples(
    st.one_of(_person, _person, st.sampled_from([None, " "])),
    st.one_of(_person, _person, st.sampled_from([None, "\u00a0"])),
    st.sampled_from(["2013-02-01", "2013-02-01T10:00:00", "yesterday", None]),
    st.sampled_from(OFFENCES),
    *(st.sampled_from([*PLACES, None]) for _ in COLUMNS[4:]),
)


@settings(max_examples=examples(60), deadline=None)
@given(rows=st.lists(_row, max_size=12), kind=st.sampled_from(KINDS), packing=st.sampled_from(PACKINGS))
def test_whatever_the_packaging_the_arrests_are_the_same(rows: list[Any], kind: str, packing: str) -> None:
    clean = pa.table([pa.array([row[k] for row in rows], pa.string()) for k in range(len(COLUMNS))], names=COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        found = read_arrests(written(Path(folder), "a", (COLUMNS, *rows), kind, packing))
    wanted = read_arrests(clean)
    assert decoded(found) == decoded(wanted)
    assert [r[1:] for r in rejections(found)] == [r[1:] for r in rejections(wanted)]
    (file,), (frame,) = found.report.files, wanted.report.files
    assert (file.read, file.accepted, file.duplicate) == (frame.read, frame.accepted, frame.duplicate)


@settings(max_examples=examples(40), deadline=None)
@given(
    kind=st.sampled_from(KINDS), packing=st.sampled_from(PACKINGS), name=st.sampled_from(KINDS),
    suffix=st.sampled_from(PACKINGS),
)  # fmt: skip
def test_the_bytes_count_and_not_the_name(kind: str, packing: str, name: str, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{name}{suffix and '.'}{suffix}"
        path.write_bytes(packed(as_bytes(CELLS, kind), packing, f"b.{kind}"))
        assert decoded(read_arrests(path)) == expected()
        assert bool(notes_of(path)) == (
            unpacking.named(path.name) != unpacking.named(f"b.{kind}{packing and '.'}{packing}")
        )


@pytest.mark.parametrize(
    ("name", "kind", "packing", "note"),
    [
        ("a.csv", "csv", "gz", "text in gzip under the name of text"),
        ("a.csv", "csv", "zip", "text in zip under the name of text"),
        ("a.csv.gz", "csv", "", "text under the name of text in gzip"),
        ("a.csv", "parquet", "", "Parquet under the name of text"),
        ("a.csv", "xlsx", "", "a workbook under the name of text"),
        ("a.xls", "txt", "", "text under the name of a workbook"),
        ("a.xlsx", "csv", "zip", "text in zip under the name of a workbook"),
        ("a.parquet", "feather", "", "Arrow under the name of Parquet"),
    ],
)
def test_a_name_that_says_otherwise_is_noted(name: str, kind: str, packing: str, note: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(packed(as_bytes(CELLS, kind), packing))
    assert notes_of(tmp_path / name) == [note]
    assert decoded(read_arrests(tmp_path)) == expected()


def test_the_device_reader_reads_them_too(tmp_path: Path) -> None:
    for k, kind in enumerate(KINDS):
        written(tmp_path, f"{k}", CELLS, kind, PACKINGS[k % 6])
    assert decoded(read_everywhere(tmp_path)) == expected()


def test_a_name_that_says_nothing_will_do_where_the_bytes_are_certain(tmp_path: Path) -> None:
    for name, kind, packing in (
        ("part-0", "parquet", ""),
        ("b", "xlsx", ""),
        ("c.gz", "csv", "gz"),
        ("d", "csv", "zip"),
    ):
        (tmp_path / name).write_bytes(packed(as_bytes(CELLS, kind), packing))
        assert decoded(read_arrests(tmp_path / name)) == expected()
        assert notes_of(tmp_path / name) == []
    (tmp_path / "a.dat").write_bytes(as_bytes(CELLS, "csv"))
    (tmp_path / "b.dat").write_bytes(b"%PDF-1.7")
    for name in ("a.dat", "b.dat"):
        with pytest.raises(InputError, match=rf"{name}: not a kind of table that is read; there are .*\.xlsx.*\.zst"):
            read_arrests(tmp_path / name)


@pytest.mark.parametrize(
    "start", [b"%PDF-1.7\n", b"7z\xbc\xaf\x27\x1c\0", b"SQLite format 3\0", b"FEA1\0\0\0\0", b"Obj\x01"]
)
def test_what_holds_no_table_that_is_read(start: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(start * 9)
    assert refusal(tmp_path / "a.csv").endswith(", which is not read: write the table as CSV or Parquet")


@pytest.mark.parametrize("packing", PACKINGS[1:])
@pytest.mark.parametrize("kind", ["csv", "parquet", "feather"])
def test_what_is_packed_and_damaged_is_named(kind: str, packing: str, tmp_path: Path) -> None:
    cells = (HEADER, *((f"p{k * 7919}", f"i{k * k}", "2013-01-05", "theft") for k in range(3000)))
    path = written(tmp_path, "a", cells, kind, packing)
    data = path.read_bytes()
    for damaged in (data[:-40], data[:200], b"\0" + data[1:]):
        path.write_bytes(damaged)
        assert "not readable" in refusal(path)


def test_a_large_table_in_a_packing_lies_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_IN_MEMORY_BYTES", 100)
    for kind in ("parquet", "feather", "arrows", "xlsx"):
        assert decoded(read_arrests(written(tmp_path, "a", CELLS, kind, "gz"))) == expected()


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_packed_is_read_as_a_stream(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first byte needs no more than the beginning of the file."""
    monkeypatch.setattr(unpacking, "_CHUNK_BYTES", 1 << 12)
    data = np.random.default_rng(1).bytes(1 << 21)
    raw = io.BytesIO(packed(data, packing, "a.csv"))
    with unpacking.unpacked(raw, unpacking.PACKINGS.get(f".{packing}", ""), "a.csv") as stream:
        assert stream.read(1) == data[:1]
        assert raw.tell() < 1 << 20
        assert stream.read() == data[1:]


# Archives


def test_an_archive_has_one_table(tmp_path: Path) -> None:
    table, path = as_bytes(CELLS, "csv"), tmp_path / "a.zip"
    path.write_bytes(archive({"__MACOSX/._b.csv": b"x", ".DS_Store": b"x", "README.txt": b"x", "deep/b.csv": table}))
    assert decoded(read_arrests(path)) == expected()
    assert notes_of(path) == ['"deep/b.csv" alone, of an archive that also holds "README.txt"']
    path.write_bytes(archive({"arrests.txt": table}))
    assert decoded(read_arrests(path)) == expected()
    path.write_bytes(archive({"jan.csv": table, "feb.parquet": as_bytes(CELLS, "parquet")}))
    assert 'several tables, "jan.csv", "feb.parquet": unpack it' in refusal(path)
    path.write_bytes(archive({f"{k}.csv": table for k in range(99)}))
    assert '"4.csv" and 94 more: unpack it' in refusal(path)
    path.write_bytes(archive({"report.pdf": b"%PDF-"}))
    assert 'no table, but "report.pdf": unpack it' in refusal(path)
    path.write_bytes(archive({}))
    assert "no table, but nothing" in refusal(path)
    (tmp_path / "b.csv.zip").write_bytes(archive({"what is in it": table}))
    assert decoded(read_arrests(tmp_path / "b.csv.zip")) == expected()


def test_archives_within_archives(tmp_path: Path) -> None:
    table, path = as_bytes(CELLS, "csv"), tmp_path / "a.csv.zip"
    path.write_bytes(archive({"a.csv.gz": packed(table, "gz")}))
    assert refusal(path) == "an archive within an archive: unpack it, and give the files in it"
    path.write_bytes(packed(packed(table, "gz"), "gz"))
    assert refusal(path) == "an archive within an archive: unpack it, and give the files in it"
    shutil.make_archive(str(tmp_path / "b"), "gztar", tmp_path, "a.csv.zip")
    assert "within an archive" in refusal(tmp_path / "b.tar.gz")


def test_an_archive_that_is_encrypted(tmp_path: Path) -> None:
    data = bytearray(archive({"a.csv": as_bytes(CELLS, "csv")}))
    data[6] |= 1  # the flag, in the file's own header and in the archive's directory
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert refusal(tmp_path / "a.zip") == "the archive is encrypted: unpack it, and give the file in it"


# Folders


def test_which_text_files_and_archives_of_a_folder_are_tables(tmp_path: Path) -> None:
    written(tmp_path, "a", CELLS, "csv")
    text = as_bytes(CELLS, "txt").decode().replace("p", "q").replace("qerson", "person")
    (tmp_path / "b.txt").write_text(f"Arrests of 2013\n\n{text}")
    (tmp_path / "c.txt").write_bytes(text.replace(",", "\t").encode("utf-16"))
    prose = "The columns are: person_id, incident_id, date, offence.\nSee person_id.\n"
    for name in ("notes.txt", "README.TXT", "notes.txt.gz"):
        (tmp_path / name).write_bytes(packed(prose.encode(), "gz" if name.endswith("gz") else ""))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "notes.txt").write_text(prose)
    (tmp_path / "shapes.zip").write_bytes(archive({"shapes.shp": b"x"}))
    found = find_sources([tmp_path], InputConfig(), warnings := [])
    assert [source.path.name for source in found] == ["a.csv", "b.txt", "c.txt"]
    assert [source.path.name for source in find_sources([f"{tmp_path}/*"], InputConfig(), [])] == [
        source.path.name for source in found
    ]
    (warning,) = warnings
    assert "5 file(s)" in warning
    assert warning.endswith("were left out: README.TXT, notes.txt, notes.txt, ...")
    with pytest.raises(UnreadableFile, match=r'notes\.txt: there is no column "person_id"'):
        read_arrests(tmp_path / "notes.txt")
    (alone,) = find_sources([tmp_path / "deep"], InputConfig(), warnings := [])  # its names may be others
    assert (alone.path.name, warnings) == ("notes.txt", [])


def test_what_is_damaged_in_a_folder_is_refused_and_not_left_out(tmp_path: Path) -> None:
    written(tmp_path, "a", CELLS, "csv")
    (tmp_path / "b.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(UnreadableFile, match=r"b\.zip: not readable"):
        read_arrests(tmp_path)
    assert [file.name for file in read_arrests(tmp_path, keep_going=True).report.skipped] == [str(tmp_path / "b.zip")]


# Workbooks


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_cells_of_a_workbook(kind: str, tmp_path: Path) -> None:
    day, later = dt.date(2013, 1, 5), dt.datetime(2013, 1, 6, 10, 30)
    rows = (101, 7, day, "robbery"), ("A7", 7.5, later, "theft"), ("101", "x", None, 5), (102.0, 8, day, None)
    (tmp_path / f"a.{kind}").write_bytes(workbook({"Arrests": (HEADER, *rows)}, kind))
    arrests = read_arrests(tmp_path)
    assert arrests.person_ids.to_list() == ["101", "102", "A7"]
    assert arrests.incident_ids.to_list() == ["7", "7.5", "8", "x"]
    assert [row[3] for row in decoded(arrests)] == [day, None, day, later.date()]
    assert arrests.report.files[0].accepted == 4


def test_dates_of_a_workbook(tmp_path: Path) -> None:
    """Alone they are timestamps, and among texts ISO; a number is none; a text that is not ISO stays what it is."""
    settings, day = InputConfig(), dt.datetime(2013, 1, 5, 10)
    columns = {"all": [day, None, dt.date(2013, 1, 6)], "some": [day, "05/01/2013", dt.date(2013, 1, 6)],
               "numbers": [41279, 41279.5, None], "none": [None, None, None]}  # fmt: skip
    cells = ([*HEADER, *columns], *(["p", "i", None, "x", *row] for row in zip(*columns.values(), strict=True)))
    (tmp_path / "a.xlsx").write_bytes(workbook({"A": cells}))
    (source,) = find_sources([tmp_path], settings, [])
    file = open_file(source, settings)
    assert file.types["all"] == pa.timestamp("us")
    table = pa.concat_tables(file.batches({name: name for name in columns}))
    assert table["all"].to_pylist() == [day, None, dt.datetime(2013, 1, 6)]
    assert table["some"].to_pylist() == ["2013-01-05T10:00:00", "05/01/2013", "2013-01-06"]
    assert table["numbers"].to_pylist() == ["41279", "41279.5", None]
    assert table["none"].to_pylist() == [None] * 3


def test_whole_numbers_that_have_lost_digits_are_no_ids(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(
        workbook({"A": [HEADER, (10**15 - 1, 1, None, "x"), (1234567890123456, 1, None, "x")]})
    )
    (source,) = find_sources([tmp_path], InputConfig(), [])
    table = pa.concat_tables(open_file(source, InputConfig()).batches({"person_id": "person_id"}))
    assert table["person_id"].to_pylist() == ["999999999999999", "1.23456789012346e+15"]


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_titles_empty_rows_and_totals_of_a_sheet(kind: str, tmp_path: Path) -> None:
    none = (None,) * 5
    cells = (("Arrests by offence and date", *none[:4]), none, (None, *HEADER), (None, *ROWS[0]), none,
             *((None, *row) for row in ROWS[1:]), none, (None, "Total", 4, None, None), none)  # fmt: skip
    path = tmp_path / f"a.{kind}"
    path.write_bytes(workbook({"A": cells}, kind))
    arrests = read_arrests(path)
    assert decoded(arrests) == expected()
    assert [(number, reason) for _, number, reason in rejections(arrests)] == [(5, "malformed_row")]
    assert arrests.report.rejected["line"].to_list()[0].strip(",").startswith("Total,4")
    assert notes_of(path) == [
        "1 row before the header was skipped",
        "the last row, which is a total, was rejected as malformed_row",
    ]
    assert decoded(read_arrests(path, {"input": {"skip_lines": 2}})) == expected()
    assert 'there is no column "person_id"' in refusal(path, skip_lines=3)
    assert '"Arrests by offence and date"' in refusal(path, skip_lines=0)


def test_a_total_that_others_follow_is_a_row(tmp_path: Path) -> None:
    cells = (HEADER, ("Total", 7, None, None), *ROWS, ("Sum", 4, None, None), ("Grand total", 4, None, None))
    (tmp_path / "a.xlsx").write_bytes(workbook({"A": cells}))
    arrests = read_arrests(tmp_path)
    assert "Total" in arrests.person_ids.to_list()
    assert [(number, reason) for _, number, reason in rejections(arrests)] == [
        (6, "malformed_row"),
        (7, "malformed_row"),
    ]


def test_which_sheet_is_read(tmp_path: Path) -> None:
    path, other = tmp_path / "a.xlsx", [HEADER, ("other", "i", None, "x")]
    path.write_bytes(workbook({"Empty": [], "Arrests": CELLS, "Lists": other}, hidden=["Lists"]))
    assert decoded(read_arrests(path)) == expected()
    assert read_arrests(path, {"input": {"sheet": "lists"}}).person_ids.to_list() == ["other"]
    assert refusal(path, sheet="Data").startswith('there is no sheet "Data"; write one of "Empty", "Arrests", "Lists"')
    path.write_bytes(workbook({"Empty": [], "2012": other, "2013": CELLS}))
    assert refusal(path) == 'several sheets are not empty; write one of "2012", "2013" under [input] sheet'
    assert decoded(read_arrests(path, {"input": {"sheet": "2013"}})) == expected()
    path.write_bytes(workbook({"Empty": []}))
    arrests = read_arrests(path)
    assert (len(arrests), arrests.report.warnings[0]) == (0, f"{path.as_posix()}: the file is empty")
    path.write_bytes(workbook({"Header": [HEADER]}))
    assert read_arrests(path).report.files[0].read == 0


def test_columns_of_a_sheet_without_a_name(tmp_path: Path) -> None:
    """One that numbers the rows, as pandas writes it, and one that is there because somebody set its width."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"A": [(None, *HEADER, None), *((k, *row, "") for k, row in enumerate(ROWS))]}))
    arrests = read_arrests(path)
    assert decoded(arrests) == expected()
    assert arrests.report.ignored_columns == ("",)


@pytest.mark.parametrize("content", [b"PK\3\4 and no more", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)])
def test_a_damaged_workbook_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    assert "not readable" in refusal(tmp_path / "a.xlsx")


def test_workbooks_that_lose_any_part_are_named_or_read(tmp_path: Path) -> None:
    for kind in WORKBOOKS:
        data, path = workbook({"A": CELLS}, kind), tmp_path / f"a.{kind}"
        for size in range(1, len(data), max(len(data) // 40, 1)):
            path.write_bytes(data[:size])
            with pytest.raises(UnreadableFile, match=r"not readable|no column"):
                read_arrests(path)


# Types


UUIDS = [uuid.UUID(f"9a1f0c3e-2b7d-4e55-8c11-0000000000f{k}") for k in (1, 2, 2, 3)]


def typed(person: Any, **columns: Any) -> pa.Table:
    n = len(person)
    base = {"incident_id": [f"i{k}" for k in range(n)], "date": ["2013-02-01"] * n, "offence": ["theft"] * n}
    return pa.table({"person_id": person, **base, **columns})


def everywhere(table: pa.Table, folder: Path) -> list[Arrests]:
    """A table as a frame, as Arrow and, if that has the type, as Parquet, read."""
    with pa.OSFile(str(folder / "a.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
        out.write_table(table)
    found = [read_everywhere(table), read_arrests(folder / "a.arrow")]
    try:
        pq.write_table(table, folder / "a.parquet")
    except pa.ArrowNotImplementedError:
        return found
    return [*found, read_arrests(folder / "a.parquet")]


def ids_everywhere(values: Any, folder: Path) -> list[Any]:
    first, *others = (arrests.person_ids.to_list() for arrests in everywhere(typed(values), folder))
    assert all(other == first for other in others)
    return first


@pytest.mark.parametrize("column", ["person_id", "incident_id", "gang", "extra"])
def test_uuids_are_their_text(column: str, tmp_path: Path) -> None:
    values = pa.array([u.bytes for u in UUIDS], pa.uuid())
    table = typed(pa.array(["a", "b", "c", "d"]))
    table = table.drop_columns([column]) if column in table.column_names else table
    texts = [str(u) for u in UUIDS]
    for arrests in everywhere(table.append_column(column, values), tmp_path):
        if column == "person_id":
            assert arrests.person_ids.to_list() == sorted({*texts})
        if column == "incident_id":
            assert [arrests.incident_ids[int(i)] for i in arrests.incident] == texts
        if column == "gang":
            assert [row[7] for row in decoded(arrests)] == texts


def test_uuids_of_every_making(tmp_path: Path) -> None:
    values = pa.array([u.bytes for u in UUIDS], pa.uuid())
    pq.write_table(typed(values), tmp_path / "a.parquet", store_schema=False)
    assert read_arrests(tmp_path).person_ids.to_list() == sorted({str(u) for u in UUIDS})
    frame = typed(values).to_pandas().assign(person_id=UUIDS)
    assert read_arrests(frame).person_ids.to_list() == sorted({str(u) for u in UUIDS})
    frame["person_id"] = pd.array(values, dtype=pd.ArrowDtype(pa.uuid()))
    assert read_arrests(frame).person_ids.to_list() == sorted({str(u) for u in UUIDS})


@given(st.lists(st.none() | st.uuids(), max_size=6), st.integers(0, 3))
def test_the_text_of_uuids(values: list[uuid.UUID | None], start: int) -> None:
    array = pa.array([None if u is None else u.bytes for u in values], pa.uuid()).slice(start)
    wanted = [None if u is None else str(u) for u in values][start:]
    assert plain_array(array).to_pylist() == wanted
    chunked = pa.chunked_array([array, array], pa.uuid())
    assert (plain_array(chunked).to_pylist(), plain_array(chunked).type) == (wanted * 2, pa.large_string())


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        (pa.array([b"ab", b"cd"], pa.binary(2)), ["ab", "cd"]),
        (pa.array(["a", "b"], pa.json_()), ["a", "b"]),
        (pa.array([1, 0], pa.bool8()), ["0", "1"]),
        (pa.array([Decimal("7.00"), Decimal("0.0000001")]), ["0.0000001", "7"]),
        (pa.array([Decimal("7.00"), Decimal("7.50")], pa.decimal256(60, 2)), ["7", "7.5"]),
        (pc.run_end_encode(pa.array(["b", "a", "a"])), ["a", "b"]),
        (pc.run_end_encode(pa.array([2, 1, 1])), [1, 2]),
        (pa.array([1.0, 2.0], pa.float16()), ["1", "2"]),
        (pa.array([b"a", b"b"], pa.binary_view()), ["a", "b"]),
        (pa.array([36_000, 1], pa.time32("s")), ["00:00:01", "10:00:00"]),
        (pa.array([36_000_000, 1_500], pa.time32("ms")), ["00:00:01.5", "10:00:00"]),
        (pa.array([1, 36_000_000_000], pa.time64("us")), ["00:00:00.000001", "10:00:00"]),
    ],
    ids=str,
)
def test_types_with_a_text(values: Any, ids: list[Any], tmp_path: Path) -> None:
    assert ids_everywhere(values, tmp_path) == ids


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2], pa.duration("s")),
        pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        pa.array([b"\xff" * 16, None], pa.binary(16)),
        pa.array([b"\xff", b"a"], pa.binary()),
    ],
    ids=lambda values: str(values.type),
)
def test_types_without_a_text_are_named(values: Any, tmp_path: Path) -> None:
    for read in (read_arrests, lambda table: everywhere(table, tmp_path)):
        with pytest.raises(InputError) as raised:
            read(typed(values))
        assert str(raised.value).endswith(f'column "person_id": type {values.type} cannot be read: write it as text')
    pq_types = (pa.duration("s"), pa.month_day_nano_interval())
    if values.type not in pq_types:
        pq.write_table(typed(values), tmp_path / "a.parquet")
        assert refusal(tmp_path / "a.parquet") == (
            f'column "person_id": type {values.type} cannot be read: write it as text'
        )


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], [2]]),
        pa.array([{"a": 1}, None]),
        pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
        pa.array([[1], [2]], pa.list_view(pa.int64())),
        pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2)),
    ],
    ids=lambda values: str(values.type),
)
def test_nested_types_are_named(values: Any, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r'column "person_id": lists and structures cannot be read \(type .*write it as'
    ):
        everywhere(typed(values), tmp_path)
    kept = typed(pa.array(["a", "b"])).append_column("extra", values)
    for arrests in everywhere(kept, tmp_path):
        assert arrests.report.ignored_columns == ("extra",)


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        (pd.arrays.SparseArray([2, 1, 1]), [1, 2]),
        (pd.arrays.SparseArray([1.0, np.nan, 2.0]), ["1", "2"]),
        (pd.arrays.SparseArray(np.array(["b", "a", None], dtype=object)), ["a", "b"]),
        (pd.array(["b", None, "a"], dtype="string[pyarrow]"), ["a", "b"]),
        (pd.array([2, None, 1], dtype="Int64"), [1, 2]),
        (pd.array([2.0, None, 1.0], dtype="Float64"), ["1", "2"]),
        (pd.array([True, None, False], dtype="boolean"), ["false", "true"]),
        (pd.Categorical(["b", "a", None]), ["a", "b"]),
        (pd.Categorical([2, 1, None]), ["1", "2"]),
        (pd.Categorical([2.0, 1.5, None]), ["1.5", "2"]),
        (
            pd.array(pa.array([Decimal("7.00"), None, Decimal("7.50")]), dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
            ["7", "7.5"],
        ),
        (pd.Series([b"b", b"a", None]), ["a", "b"]),
        (pd.Series([dt.time(10), dt.time(9, 30), None]), ["09:30:00", "10:00:00"]),
    ],
    ids=lambda values: str(getattr(values, "dtype", "")),
)
def test_types_of_pandas(values: Any, ids: list[Any]) -> None:
    frame = typed(pa.array(["x"] * 3)).to_pandas().assign(person_id=values, indicator=pd.arrays.SparseArray([0, 0, 1]))
    assert read_everywhere(frame).person_ids.to_list() == ids


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pd.to_timedelta([1, 2]), r"type duration\[ns\] cannot be read: write it as text"),
        (np.array([1j, 2]), "cannot be read: write it as text"),
        (pd.arrays.IntervalArray.from_breaks([0, 1, 2]), "lists and structures cannot be read"),
        (pd.Series([b"\xff", b"a"]), "values of type bytes cannot be read: write them as text"),
    ],
    ids=["timedelta", "complex", "interval", "bytes"],
)
def test_types_of_pandas_without_a_text(values: Any, said: str) -> None:
    with pytest.raises(InputError, match=f'frame: column "person_id": .*{said}'):
        read_arrests(typed(pa.array(["x"] * 2)).to_pandas().assign(person_id=values))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_periods_in_files_are_when_they_begin(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    months = pa.array(pd.PeriodIndex(["2013-02", "2013-03"], freq="M"))
    table = typed(pa.array(["a", "b"]), date=months)
    if kind == "parquet":
        pq.write_table(table, tmp_path / "a.parquet")
    else:
        with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
            out.write_table(table)
    for arrests in (read_everywhere(tmp_path), read_everywhere(table), read_everywhere(table.to_pandas())):
        assert [row[3] for row in decoded(arrests)] == [dt.date(2013, 2, 1), dt.date(2013, 3, 1)]


def test_a_frame_of_polars_with_times_and_binary() -> None:
    frame = pl.DataFrame(typed(pa.array([36_000, 1], pa.time32("s")))).with_columns(gang=pl.lit(b"a"))
    arrests = read_arrests(frame)
    assert arrests.person_ids.to_list() == ["00:00:01", "10:00:00"]
    assert arrests.gang_names.to_list() == ["a"]
