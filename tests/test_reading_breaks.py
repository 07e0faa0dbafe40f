"""Line breaks within quotation marks: told for every CSV, and found exactly where the CSV reader finds them."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from dirty_tables import write_csv
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import csv as pacsv

from gpunet.reading import delimited, read_arrests
from gpunet.reading.breaks import LineBreaks

HEADER = "person_id,incident_id,date,offence"
STRAY = f'{HEADER}\na,1,2013-01-01,robbery\nb,1,2013-01-01,"x\nc,2,2013-01-01,theft\nd,2,2013-01-01,"y\ne,3,,theft\n'


def warnings_of(path: Path) -> tuple[str, ...]:
    report = read_arrests(path).report
    assert report is not None
    return report.warnings


def told(path: Path, count: str, where: str) -> str:
    return (
        f"{path.as_posix()}: {count} a line break within quotation marks, first in {where}; "
        "if none should, a stray quotation mark hides the rows after it"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_rows_between_two_stray_marks_are_told(suffix: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    content = STRAY.encode(encoding)
    if suffix == "csv.gz":
        content = gzip.compress(content)
    path.write_bytes(content)
    assert warnings_of(path) == (told(path, "1 value holds", "row 2"),)


def test_a_stray_mark_in_a_column_that_is_not_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{HEADER},note\na,1,,x,"\nb,1,,x,\nc,2,,x,"\n\nd\ne,3,,x,"two\n\nlines",\nf,4,,x,"o\nk"\n')
    arrests = read_arrests(path)
    assert arrests.report is not None
    assert arrests.person_ids.to_list() == ["a", "f"]
    assert arrests.report.warnings[0] == told(path, "3 values hold", "row 1")


def test_a_break_in_the_header_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'\n{HEADER},"a\nnote"\na,1,,x,y\n')
    assert warnings_of(path) == (told(path, "1 value holds", "the header"),)


def test_marks_that_hide_nothing_are_not_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{HEADER}\na,1,,5" knife\nb,1,,5" knife\nc,1,,"a ""b"", c"\n"d","2","",""\n')
    assert warnings_of(path) == ()


_values = st.text(st.sampled_from('a",\n\ré '), max_size=5)


@given(st.lists(st.tuples(_values, _values), max_size=12), st.sampled_from([1, 3, 1 << 20]))
def test_every_value_with_a_break_is_counted_and_the_first_row_named(rows: list[tuple[str, str]], step: int) -> None:
    table = [{"person_id": "p", "incident_id": "i", "offence": a, "note": b} for a, b in rows]
    breaks = [sum("\n" in v or "\r" in v for v in row) for row in rows]
    first = next((i for i, n in enumerate(breaks, start=1) if n), 0)
    count = f"{sum(breaks)} values hold" if sum(breaks) > 1 else "1 value holds"
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(delimited, "_CHUNK_BYTES", step)
        path = write_csv(Path(folder) / "a.csv", table, (*HEADER.split(","), "note"))
        found = [w for w in warnings_of(path) if "line break" in w]
        assert found == ([told(path, count, f"row {first}")] if first else [])


def through(text: str, step: int, separator: str) -> tuple[LineBreaks, str]:
    """What comes out of text that is read in small pieces."""
    watched = LineBreaks(io.BytesIO(text.encode()), separator)
    return watched, b"".join(iter(lambda: watched.read(step), b"")).decode()


@given(st.text(st.sampled_from('a",;\n\r '), max_size=40), st.integers(1, 7), st.sampled_from(",;"))
@example('a,"b\n"x"\n,a\n', 1, ",")
@example('a,b"\n"\n', 2, ",")
def test_what_is_quoted_is_what_the_reader_takes_for_quoted(text: str, step: int, separator: str) -> None:
    watched, kept = through(text, step, separator)
    malformed = []

    def skip(row: object) -> str:
        malformed.append(row)
        return "skip"

    try:
        table = pacsv.read_csv(
            io.BytesIO(kept.encode()),
            read_options=pacsv.ReadOptions(column_names=["x", "y"]),
            parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pacsv.ConvertOptions(column_types={"x": pa.string(), "y": pa.string()}),
        )
    except pa.ArrowInvalid:  # a mark that is not closed, or nothing at all
        return
    breaks = [sum("\n" in v or "\r" in v for v in row.values()) for row in table.to_pylist()]
    told = watched.told() or "0 "
    if malformed:  # their values are counted too
        assert int(told.split()[0]) >= sum(breaks)
        return
    assert int(told.split()[0]) == sum(breaks)
    if sum(breaks):
        first = next(i for i, n in enumerate(breaks, start=1) if n)
        assert f" row {first};" in told


@given(st.text(st.sampled_from('a",;\n\r '), max_size=40), st.integers(1, 7), st.sampled_from(",;"))
@example('  "a,b", "c"', 1, ",")
def test_blanks_before_quotation_marks_are_left_out_and_nothing_else(text: str, step: int, separator: str) -> None:
    watched, kept = through(text, step, separator)

    def rows(text: str, skip: bool) -> list[list[str]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=skip)
        return [[value.lstrip(" ") for value in row] for row in reader]

    assert rows(kept, False) == rows(text, True)
    assert kept.replace(" ", "") == text.replace(" ", "")
    assert (kept == text) == (watched.blanks() == 0)
