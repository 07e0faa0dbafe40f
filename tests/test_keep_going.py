"""Files that cannot be read: each is named, and left out where the reader is told to keep going."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty_tables import CONFIG, FILE_KINDS, split_tables, write_csv, write_table
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_at import HOMES, assert_same

from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.reading import direct, file_bytes, files, stream
from gpunet.reading.read import read_arrests, read_arrests_at
from tests.examples import examples

COLUMNS = ("person_id", "incident_id", "date", "offence")


def rows(first: int, count: int) -> list[dict[str, Any]]:
    """Each row twice over in what two calls with neighbouring numbers give: repeats of another file's rows."""
    return [
        {"person_id": f"p{k * 7919 % 90}", "incident_id": f"i{k // 3}", "date": f"2013-02-{k % 28 + 1:02}",
         "offence": "robbery" if k % 5 else "theft", "gang": f"g{k % 4}"}
        for k in range(first, first + count)
    ]  # fmt: skip


def less_skipped(found: Arrests) -> Arrests:
    """What a run that was given the good files alone gives."""
    assert found.report is not None
    report = replace(found.report, skipped=(), warnings=found.report.warnings[bool(found.report.skipped) :])
    return replace(found, report=report)


def overwritten(data: bytes, start: int, length: int = 48) -> bytes:
    return data[:start] + b"\xff" * length + data[start + length :]


def a_page(path: Path) -> int:
    """Where the last page of a Parquet file begins."""
    told = pq.read_metadata(path)
    return int(told.row_group(told.num_row_groups - 1).column(0).data_page_offset)


def without_column(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["offence"]), path)


def of_lists(path: Path) -> None:
    table = pq.read_table(path).drop_columns(["offence"])
    pq.write_table(table.append_column("offence", pa.array([["robbery"]] * len(table))), path)


def in_no_zone(path: Path) -> None:
    table = pq.read_table(path).drop_columns(["date"])
    pq.write_table(table.append_column("date", pa.array([1] * len(table), pa.timestamp("us", "No/Where"))), path)


def of_bytes(path: Path) -> None:
    """Of a fixed length; those of the last row are no text."""
    table = pq.read_table(path).drop_columns(["offence"])
    values = [b"theft"] * (len(table) - 1) + [b"\xff" * 5]
    pq.write_table(table.append_column("offence", pa.array(values, pa.binary(5))), path)


def misnamed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"offence", b"offe\xffce"))


def cut(path: Path, size: int = -30) -> None:
    path.write_bytes(path.read_bytes()[:size])


#: Kind of file, what is done to it, what is said of it.
FAULTS: Mapping[str, tuple[str, Callable[[Path], object], str]] = {
    "Parquet without its end": ("parquet", cut, "not readable as Parquet: "),
    "Parquet with a damaged page": (
        "parquet",
        lambda path: path.write_bytes(overwritten(path.read_bytes(), a_page(path))),
        "not readable: ",
    ),
    "an empty Parquet": ("parquet", lambda path: path.write_bytes(b""), "not readable as Parquet: "),
    "a column's name is not UTF-8": ("feather", misnamed, "not readable as Arrow/Feather: 'utf-8'"),
    "Arrow without its end": ("feather", cut, "not readable as Arrow/Feather: "),
    "Arrow damaged in its middle": (
        "feather",
        lambda path: path.write_bytes(overwritten(path.read_bytes(), path.stat().st_size // 2, 400)),
        "not readable: ",
    ),
    "gzip without its end": ("csv.gz", cut, "not readable: Compressed file ended before"),
    "gzip damaged in its middle": (
        "csv.gz",
        lambda path: path.write_bytes(overwritten(path.read_bytes(), path.stat().st_size // 2)),
        "not readable: ",
    ),
    "a quotation mark that is not closed": (
        "csv",
        lambda path: path.write_text(path.read_text() + 'p1,i1,,"theft\n' + "p2,i1,,theft\n" * 200_000),
        "not readable as CSV: .*quotation mark",
    ),
    "half a character of UTF-16": (
        "csv",
        lambda path: path.write_bytes(path.read_text().encode("utf-16") + b"a"),
        "not readable as CSV: ",
    ),
    "no offence": ("parquet", without_column, 'there is no column "offence"'),
    "lists": ("parquet", of_lists, 'column "offence": lists and structures'),
    "bytes that are no text": (
        "parquet",
        of_bytes,
        r'column "offence": type fixed_size_binary\[5\] cannot be read: write it as text',
    ),
    "an unknown time zone": ("parquet", in_no_zone, 'column "date": .*No/Where'),
    "a link that leads nowhere": (
        "csv",
        lambda path: (path.unlink(), path.symlink_to(path.with_name("gone.csv"))),
        "a link that leads nowhere",
    ),
    "a link that leads to itself": (
        "csv",
        lambda path: (path.unlink(), path.symlink_to(path)),
        "Too many levels of symbolic links",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_named_and_skipped_whole(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches so small that those before the fault have been coded when it shows."""
    kind, harm, reason = FAULTS[fault]
    monkeypatch.setattr(files, "BATCH_ROWS", 40)
    monkeypatch.setattr(stream, "BATCH_ROWS", 100)
    monkeypatch.setattr(stream, "DEVICE_ROWS", 100)
    good = [write_table(tmp_path, "a", rows(0, 70), "csv"), write_table(tmp_path, "c", rows(40, 300), "parquet")]
    harm(bad := write_table(tmp_path, "b", rows(30, 500), kind))
    with pytest.raises(UnreadableFile, match=reason) as raised:
        read_arrests(tmp_path)
    assert raised.value.name == str(bad)
    assert str(raised.value) == f"{bad}: {raised.value.reason}"
    assert "\n" not in str(raised.value)
    expected = read_arrests(good)
    for location, direct_bytes in ((None, 0), (HOMES["polars"], 0), (HOMES["pandas"], 1 << 22)):
        monkeypatch.setattr(direct, "_DIRECT_BYTES", direct_bytes)
        found = read_arrests_at(location, tmp_path, keep_going=True)
        assert found.report is not None
        (skipped,) = found.report.skipped
        assert (skipped.name, skipped.reason) == (str(bad), raised.value.reason)
        assert found.report.warnings[0] == f"{bad} was left out: {skipped.reason}"
        assert skipped.size_bytes == (None if "link" in fault else bad.stat().st_size)
        assert (skipped.sha256 is None) == ("link" in fault)
        assert_same(less_skipped(found), expected)
    with pytest.raises(UnreadableFile, match=reason):
        read_arrests(bad, keep_going=True)


@settings(max_examples=examples(40))
@given(tables=split_tables(), data=st.data(), at=st.sampled_from([None, *HOMES]))
def test_what_is_skipped_leaves_nothing_behind(tables: list[list[dict[str, Any]]], data: Any, at: str | None) -> None:
    """Whatever the rows, after however many of them it turns out that the file is damaged."""
    tables = [[*table, *tables[0]] for table in tables]
    faults = data.draw(st.lists(st.none() | st.integers(0, 6), min_size=len(tables), max_size=len(tables)))
    config = {**CONFIG, "input": {"incident_key": data.draw(st.sampled_from([["force", "incident_id"], ["beat"]]))}}
    real = files.InputFile.batches

    def batches(self: files.InputFile, columns: Mapping[str, str]) -> Iterator[Any]:
        fault = faults[int(self.source.path.name[1])]
        for number, table in enumerate(real(self, columns)):
            if number == fault:
                break
            yield table
        if fault is not None:
            raise UnreadableFile(self.source.name, "not readable: so the test wants it")

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        for module, name, value in ((files, "BATCH_ROWS", 3), (stream, "BATCH_ROWS", 7), (stream, "DEVICE_ROWS", 7)):
            patch.setattr(module, name, value)
        kinds = data.draw(st.lists(st.sampled_from(FILE_KINDS), min_size=len(tables), max_size=len(tables)))
        paths = [write_table(Path(folder), f"t{i}", table, kinds[i]) for i, table in enumerate(tables)]
        good = [path for path, fault in zip(paths, faults, strict=True) if fault is None]
        patch.setattr(files.InputFile, "batches", batches)
        if not good:
            with pytest.raises(InputError, match=r"so the test wants it" if len(paths) == 1 else "none of"):
                read_arrests(paths, config, keep_going=True)
            return
        found = read_arrests_at(at and HOMES[at], paths, config, keep_going=True)
        assert found.report is not None
        assert [file.name for file in found.report.skipped] == [str(path) for path in paths if path not in good]
        assert_same(less_skipped(found), read_arrests(good, config))


def test_files_that_go_while_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they are opened, and after."""
    monkeypatch.setattr(files, "BATCH_ROWS", 10)
    monkeypatch.setattr(stream, "BATCH_ROWS", 10)
    monkeypatch.setattr(file_bytes, "_SMALL_BYTES", 0)  # a small file is in memory before it could go
    for name in ("a", "b", "c"):
        write_table(tmp_path, name, rows(0, 20), "parquet")
    later, opened = tmp_path / "b.parquet", tmp_path / "c.parquet"
    content, real = later.read_bytes(), stream.record_of

    def record_of(file: files.InputFile, *of: Any) -> Any:
        record = real(file, *of)
        if file.source.path == opened:
            opened.unlink()
        return record

    monkeypatch.setattr(stream, "record_of", record_of)

    def progress(stage: str, done: float, total: float) -> None:
        later.unlink(missing_ok=True)

    for gone in (later, opened):
        with pytest.raises(UnreadableFile, match="not readable: No such file") as raised:
            read_arrests(tmp_path, progress=progress if gone == later else None)
        assert raised.value.name == str(gone)
        later.write_bytes(content)
        opened.write_bytes(content)
    found = read_arrests(tmp_path, progress=progress, keep_going=True)
    assert found.report is not None
    assert [file.name for file in found.report.skipped] == [str(later), str(opened)]
    assert [file.sha256 is None for file in found.report.skipped] == [True, False]  # the second had been hashed
    assert [file.accepted for file in found.report.files] == [20]


@contextmanager
def nobody() -> Iterator[None]:
    """Not the superuser, whom no file refuses itself to."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_may_not_be_read() -> None:
    """A file is left out; of a folder nobody knows what is in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for kind in FILE_KINDS:
            write_table(folder, "bad", rows(0, 10), kind).chmod(0)
        good = write_table(folder, "good", rows(0, 10), "csv")
        (folder / "inside").mkdir(mode=0o755)
        write_table(folder / "inside", "more", rows(20, 10), "csv")
        with nobody():
            with pytest.raises(UnreadableFile, match=r"bad\.csv: not readable: Permission denied$"):
                read_arrests(folder)
            found = read_arrests(folder, keep_going=True)
        assert found.report is not None
        assert [file.name for file in found.report.files] == [str(good), str(folder / "inside" / "more.csv")]
        assert {file.reason.rsplit(": ")[-1] for file in found.report.skipped} == {"Permission denied"}
        assert [file.sha256 for file in found.report.skipped] == [None] * 4
        assert "4 files could not be read and were left out" in found.report.warnings[0]
        assert found.report.warnings[0].count("bad.") == 3
        (folder / "inside").chmod(0)
        try:
            for keep_going in (False, True):
                with nobody(), pytest.raises(InputError, match="inside: this folder cannot be listed: Permission"):
                    read_arrests(folder, keep_going=keep_going)
        finally:
            (folder / "inside").chmod(0o755)


def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    """One of a table may be a file that is gone; any other may be a folder, or mistyped."""
    good, gone = write_csv(tmp_path / "a.csv", rows(0, 10), COLUMNS), tmp_path / "gone.csv.gz"
    with pytest.raises(UnreadableFile, match=r"gone\.csv\.gz: there is no such file$"):
        read_arrests([good, gone])
    found = read_arrests([gone, good], keep_going=True)
    assert found.report is not None
    assert [(file.name, file.size_bytes) for file in found.report.skipped] == [(str(gone), None)]
    assert_same(less_skipped(found), read_arrests(good))
    for path in (tmp_path / "gone", tmp_path / "*.parquet"):
        with pytest.raises(InputError, match=r"there is no such|no file of a known kind") as raised:
            read_arrests([good, str(path)], keep_going=True)
        assert not isinstance(raised.value, UnreadableFile)
    with pytest.raises(InputError, match=r"none of 2 files could be read; .*gone\.csv\.gz: there is no such file"):
        read_arrests([gone, tmp_path / "too.csv"], keep_going=True)


def test_of_frames_none_is_skipped() -> None:
    with pytest.raises(InputError, match='"person_id"'):
        read_arrests([pa.table({"x": [1]}), pa.table({name: ["1"] for name in COLUMNS})], keep_going=True)


def test_the_error_travels_between_processes() -> None:
    """A copy is made of what a pickle holds."""
    error = UnreadableFile("a.csv", "not readable: Permission denied")
    for found in (error, copy.copy(error)):
        assert type(found) is UnreadableFile
        assert isinstance(found, InputError)
        assert (found.name, found.reason) == ("a.csv", "not readable: Permission denied")
        assert str(found) == "a.csv: not readable: Permission denied"
