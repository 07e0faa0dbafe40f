"""Small files: read once and put together, and yet as each would be read by itself, from the disk."""

from __future__ import annotations

import hashlib
import itertools
import os
import tracemalloc
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaged_tables import KINDS, PACKINGS, packed, written
from reading_naive import decoded, rejections

from gpunet.base.errors import GpunetError, InputError, UnreadableFile
from gpunet.config.config import InputConfig
from gpunet.reading import delimited, file_bytes, read_arrests, schemas, unpacking
from gpunet.reading.batches import Batch, InputRecord, Piece
from gpunet.reading.columns import Layout
from gpunet.reading.file_bytes import FileBytes
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.rejections import rejected_rows
from gpunet.reading.schemas import columns_of_schema
from gpunet.reading.sources import find_sources
from gpunet.reading.values import meaning_of
from gpunet.reading.whole_numbers import NotThroughout, PointZero

HEADER = "person_id,incident_id,date,offence\n"
ROWS = "p1,i1,2013-01-05,robbery\np2,i1,2013-01-05,theft\np2,i2,,arson\n"
CELLS = (("person_id", "incident_id", "date", "offence"), ("p1", "i1", "2013-01-05", "robbery"),
         ("p2", "i1", "2013-01-05", None), (None, "i2", "2013-01-05", "arson"))  # fmt: skip

#: Text files as they come.
TEXTS = {
    "empty": b"",
    "header": HEADER.encode(),
    "header without end": HEADER.strip().encode(),
    "one row": f"{HEADER}p,i,2013-01-05,theft".encode(),
    "UTF-16": (HEADER + ROWS).encode("utf-16"),
    "Windows-1252": f"{HEADER}Ren\u00e9,i,,theft\n".encode("cp1252"),
    "NUL": f"{HEADER}p\0,i,,theft\n".encode(),
    "malformed": f"{HEADER}p,i\n{ROWS}p,i,,theft,x\n{ROWS}".encode(),
    "nothing else than malformed": (HEADER + "p,i\n" * 9).encode(),
    "quoted": f'{HEADER}p,i,2013-01-05,"theft\nand more"\n{ROWS}p, "i", "",x\n'.encode(),
    "a quotation mark too many": f'{HEADER}p,i,2013-01-05,"theft\n{ROWS}'.encode(),
    "beyond the header": f"{HEADER}{ROWS}p,i,,theft,full\n{ROWS}".replace("\n", ",\n").encode(),
    "total": f"{HEADER}{ROWS}Total,3,,\n".encode(),
    "no table": b"dear reader,\nthis is a letter\n",
    "no such column": b"a,b\n1,2\n",
    "many rows": (HEADER + ROWS * 9000).encode(),
}


def opened(path: Path) -> InputFile:
    (source,) = find_sources([path], InputConfig(), [])
    return open_file(source, InputConfig())


def outcome(paths: Path | list[Path]) -> Any:
    """All that reading gives and tells, or why it cannot be."""
    try:
        arrests = read_arrests(paths)
    except GpunetError as error:
        return type(error), str(error)
    report = arrests.report
    assert report is not None
    told = report.files, report.warnings, report.notes, report.by_reason, report.columns, report.null_words
    return decoded(arrests), rejections(arrests), report.rejected["line"].to_list(), told


# Bytes


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 500])
def test_few_bytes_are_kept_and_many_are_not(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may tell a size that is none yet, or no more: what is read counts."""
    monkeypatch.setattr(file_bytes, "_SMALL_BYTES", 10)
    path, content = tmp_path / "a.csv", os.urandom(size)
    path.write_bytes(content)
    true = os.fstat
    for told in (size, 0):
        monkeypatch.setattr(os, "fstat", lambda at, told=told: os.stat_result((*true(at)[:6], told, *true(at)[7:])))
        file = FileBytes(path).read()
        assert file.data == (content if size <= 10 else None)
        assert file.sha256() == hashlib.sha256(content).hexdigest()
        with file.open() as stream:
            assert stream.read() == content


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_file_is_what_it_was_when_it_was_opened(kind: str, tmp_path: Path) -> None:
    """Its hash is that of the rows that are given, whatever becomes of it meanwhile."""
    path = written(tmp_path, "a", CELLS, kind)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    file = opened(path)
    path.write_bytes(b"other")
    table = pa.concat_tables(file.batches({"person_id": "person_id"}))
    assert (table["person_id"].to_pylist(), file.sha256) == (["p1", "p2", None], sha256)


@pytest.mark.parametrize("rows", [3, 200_000])
def test_an_index_past_its_dictionary_is_damage(rows: int, tmp_path: Path) -> None:
    """PyArrow would read memory that is not the file's."""
    indices = pa.array([0] * (rows - 1) + [1 << 30], pa.int32())
    person = pa.DictionaryArray.from_arrays(indices, pa.array(["p1"]), safe=False)
    known = {name: pa.array(["2013-01-05"]).take(pa.array([0] * rows)) for name in ("incident_id", "date", "offence")}
    table = pa.table({"person_id": person, **known})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as out:
        out.write_table(table)
    with pytest.raises(UnreadableFile, match=r'a\.arrow: column "person_id" is damaged: write the file anew'):
        read_arrests(tmp_path)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_of_a_dictionary_only_what_rows_have_must_be_utf_8(kind: pa.DataType, tmp_path: Path) -> None:
    width = pa.binary() if kind == pa.string() else pa.large_binary()
    words = pa.array([b"p1", b"\xff", b"p2"], width).view(kind)
    known = {name: ["2013-01-05"] * 3 for name in ("incident_id", "date", "offence")}

    def write(*indices: int | None) -> None:
        person = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), words)
        table = pa.table({"person_id": person, **known})
        with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as out:
            out.write_table(table)

    write(2, None, 0)
    assert read_arrests(tmp_path).person_ids.to_list() == ["p1", "p2"]
    write(None, None, None)
    assert read_arrests(tmp_path).person_ids.to_list() == []
    write(2, 1, 0)
    with pytest.raises(UnreadableFile, match=r'a\.arrow: column "person_id": its text is not UTF-8: write it anew'):
        read_arrests(tmp_path)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_the_same_from_memory_and_from_the_disk(
    kind: str, packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(tmp_path, "a", CELLS, kind, packing)
    cut = tmp_path / f"b{''.join(whole.suffixes)}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = [outcome(whole), outcome(cut)]
    monkeypatch.setattr(file_bytes, "_SMALL_BYTES", -1)
    assert found == [outcome(whole), outcome(cut)]


@pytest.mark.parametrize("packing", ["", "gz"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_read_the_same_from_memory_and_from_the_disk(
    name: str, packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.csv{packing and '.'}{packing}"
    path.write_bytes(packed(TEXTS[name], packing))
    found = outcome(path)
    monkeypatch.setattr(file_bytes, "_SMALL_BYTES", -1)
    assert found == outcome(path)


@pytest.mark.parametrize("packing", PACKINGS[1:])
def test_a_small_file_of_much_text_is_read_as_a_stream(
    packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((unpacking, "_CHUNK_BYTES"), (delimited, "_CHUNK_BYTES"), (delimited, "_BLOCK_BYTES")):
        monkeypatch.setattr(module, name, 1 << 16)
    rows, row = 5000, f"p,i,,{'x' * 4000}\n"
    (tmp_path / f"a.csv.{packing}").write_bytes(packed((HEADER + row * rows).encode(), packing))
    file = opened(tmp_path)
    assert file.source.size_bytes < 1 << 18
    tracemalloc.start()
    try:
        found = sum(map(len, file.batches({"person_id": "person_id"})))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == rows
    assert peak < rows * len(row) * 0.75  # the text twice where it is not; unpacking xz alone takes 8 MiB


# Files in a row


def test_bytes_and_uuids_of_one_schema_are_told_apart(tmp_path: Path) -> None:
    """What Parquet says of its UUIDs may be nowhere in the schema of the table."""
    asked: dict[str, tuple[pa.Schema, Any]] = {}
    for name, kind in (("bytes", pa.binary(16)), ("uuids", pa.uuid())):
        table = pa.table({"person_id": pa.array([b"%016d" % k for k in range(3)], kind)})
        pq.write_table(table, tmp_path / name, store_schema=False)
        found = pq.read_metadata(tmp_path / name).schema
        asked[name] = pa.schema({"person_id": pa.binary(16)}), found
    asked["no Parquet"] = asked["bytes"][0], None
    for order in itertools.permutations([*asked, *asked], 4):
        schemas._LAST.clear()
        for name in order:
            wanted = pa.uuid() if name == "uuids" else pa.binary(16)
            assert columns_of_schema(*asked[name]).types == {"person_id": wanted}, order


def test_bytes_and_uuids_of_files_in_a_row(tmp_path: Path) -> None:
    ids = [b"%016d" % k for k in range(3)]
    known = {"incident_id": ["i"] * 3, "date": ["2013-01-05"] * 3, "offence": ["theft"] * 3}
    for number, kind in enumerate((pa.binary(16), pa.uuid(), pa.binary(16), pa.uuid())):
        table = pa.table({"person_id": pa.array(ids, kind), **known})
        pq.write_table(table, tmp_path / f"{number}.parquet", store_schema=False)
        if kind == pa.binary(16):
            with pa.ipc.new_file(tmp_path / f"{number}.arrow", table.schema) as out:
                out.write_table(table)
    texts = [text.decode() for text in ids] + [str(uuid.UUID(bytes=text)) for text in ids]
    assert read_arrests(tmp_path).person_ids.to_list() == sorted(texts)


def test_types_may_change_from_file_to_file(tmp_path: Path) -> None:
    known = {"incident_id": ["i"], "date": ["2013-01-05"], "offence": ["theft"]}

    def write(name: str, person: pa.Array) -> None:
        pq.write_table(pa.table({"person_id": person, **known}), tmp_path / name)

    write("a.parquet", pa.array([7]))
    write("b.parquet", pa.array([8], pa.int32()))
    write("c.parquet", pa.nulls(1))
    assert read_arrests(tmp_path).person_ids.to_list() == [7, 8]
    write("d.parquet", pa.array(["07"]))
    write("e.parquet", pa.array(["7"]).dictionary_encode())
    assert read_arrests(tmp_path).person_ids.to_list() == ["07", "7", "8"]
    write("f.parquet", pa.array([["7"]]))
    with pytest.raises(UnreadableFile, match=r'f\.parquet: column "person_id"'):
        read_arrests(tmp_path)


# Rejected rows


def test_rows_of_many_files_are_rejected_as_each_file_by_itself_says(tmp_path: Path) -> None:
    lines = [",i,2013-01-05,theft", "p,,2013-01-05,theft", "p,i,2013-31-31,theft", "p,i", "p,i,2013-01-05,theft"]
    paths = [tmp_path / f"{number:02}.csv" for number in range(40)]
    random = np.random.default_rng(5)
    for number, path in enumerate(paths):
        chosen = random.choice(lines, number % 7)
        path.write_text(HEADER + "".join(f"{line.replace('i,', f'i{number},')}\n" for line in chosen))
    alone = [row for path in paths for row in rejections(read_arrests(path))]
    together = read_arrests(tmp_path)
    assert rejections(together) == alone
    assert len(alone) > 60
    assert together.report is not None
    counts = [sum(row[0] == path.as_posix() for row in alone) for path in paths]
    assert [file.rejected for file in together.report.files] == counts


def test_what_cannot_be_read_is_said_of_all_files_it_may_be_in() -> None:
    def batch(names: Iterable[str]) -> Batch:
        records = [InputRecord(name, number, Layout({}, (), ()), None) for number, name in enumerate(names)]
        frame = pd.DataFrame({"person_id": [object()] * len(records)})
        pieces = tuple(Piece(record, number, 1, 0) for number, record in enumerate(records))
        return Batch(nw.from_native(frame, eager_only=True), pieces)

    of_names = {"a": "a", "ab": "a or b", "aab": "a or b", "abc": "a, or one of 2 files after it"}
    for names, said in of_names.items():
        with pytest.raises(InputError, match=f'^{said}: column "person_id": values of type object'):
            rejected_rows(batch(names), np.arange(len(names)), np.zeros(len(names), np.int8))


# Whole numbers

TEXT = st.text(st.sampled_from("01.,-+/ naNA\u0661_x"), max_size=5) | st.sampled_from(
    ["NA", "n/a", "null", "None", "1.0"]
)


@given(st.lists(TEXT | st.none(), min_size=1, max_size=12), st.integers(1, 5))
def test_a_quick_look_at_ids_changes_nothing(values: list[str | None], size: int) -> None:
    """As where every row is searched: in pieces of some size."""

    def found(few: int) -> list[Any]:
        points = PointZero(["a"], meaning_of(InputConfig(), "person_id"))
        given: list[Any] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("gpunet.reading.whole_numbers._FEW", few)
            for start in range(0, len(values), size):
                table = pa.table({"a": pa.array(values[start : start + size], pa.large_string())})
                try:
                    given += points.without(table)["a"].to_pylist()
                except NotThroughout:
                    return [*given, NotThroughout]
        return given

    assert found(4) == found(0)
