"""The device reader, with other libraries in cuDF's and CuPy's place, gives what the host's reader gives, whole."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import array_api_strict
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty_tables import COLUMNS, CONFIG, FILE_KINDS, FRAME_KINDS, as_frame, dirty_tables, split_tables, write_table
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_at import HOMES, assert_same, read_everywhere

from gpunet.base.errors import InputError
from gpunet.reading import direct, stream, utf8
from gpunet.reading.read import read_arrests, read_arrests_at
from tests.examples import examples

ALL_HOMES = pytest.mark.parametrize("location", HOMES.values(), ids=HOMES)


@ALL_HOMES
@settings(max_examples=examples(40))
@given(rows=dirty_tables(), kind=st.sampled_from(FRAME_KINDS))
def test_a_dirty_frame(location: Any, kind: str, rows: list[dict[str, Any]]) -> None:
    frame = as_frame(rows, kind)
    assert_same(read_arrests_at(location, frame, CONFIG), read_arrests(frame, CONFIG))


@ALL_HOMES
@settings(max_examples=examples(25))
@given(tables=split_tables(), small=st.booleans())
def test_dirty_files_of_every_kind(location: Any, small: bool, tables: list[list[dict[str, Any]]]) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(direct, "_DIRECT_BYTES", 1 << 22 if small else 0)
        patch.setattr(stream, "DEVICE_ROWS", 9)
        for i, rows in enumerate(tables):
            write_table(Path(folder), f"t{i}", rows, FILE_KINDS[(i + 2) % 4])
        assert_same(read_arrests_at(location, folder, CONFIG), read_arrests(folder, CONFIG))


@pytest.mark.parametrize("scope", ["national", "force"])
@pytest.mark.parametrize("key", [("incident_id",), ("district", "date"), ("beat", "force"), ("force",),
                                 ("incident_id", "gang", "force"), ("extra", "date"), ("date",)])  # fmt: skip
@settings(max_examples=examples(10))
@given(rows=dirty_tables(), data=st.data())
def test_incident_keys_and_person_scope(
    key: tuple[str, ...], scope: str, rows: list[dict[str, Any]], data: Any
) -> None:
    rows = [{**row, "extra": data.draw(st.sampled_from(["p", "q", None]))} for row in rows]
    config = {**CONFIG, "input": {"incident_key": list(key), "person_scope": scope}}
    frames = [as_frame(some, "polars", (*COLUMNS, "extra")) for some in (rows, rows[:3])]
    try:
        read_everywhere(frames, config)
    except InputError as error:
        assert scope == "force"
        assert "no row has a force" in str(error)  # noqa: PT017


def _loose_utf8(character: int) -> bytes:
    """Four bytes for any character, so too long a form for most."""
    return bytes([0xF0 | character >> 18, *(0x80 | character >> k & 0x3F for k in (12, 6, 0))])


_number = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([10, 100, 2**40]))


@ALL_HOMES
@settings(max_examples=examples(30))
@given(st.lists(st.tuples(_number, _number, st.dates(dt.date(1899, 12, 30), dt.date(1900, 1, 3))), max_size=20))
def test_typed_parquet_is_read_directly(location: Any, rows: list[tuple[int | None, int | None, dt.date]]) -> None:
    persons, incidents, dates = ([row[k] for row in rows] for k in range(3))
    table = pa.table(
        {
            "person_id": pa.array(persons, pa.int64()),
            "incident_id": pa.array(incidents, pa.int64()),
            "date": pa.array(dates, pa.date32()),
            "offence": pa.array(["murder" if p else None for p in persons], pa.string()),
        }
    )
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(direct, "_DIRECT_BYTES", 0)
        pq.write_table(table, Path(folder) / "a.parquet")
        pq.write_table(table.set_column(2, "date", table["date"].cast(pa.timestamp("us"))), Path(folder) / "b.parquet")
        assert_same(read_arrests_at(location, folder, CONFIG), read_arrests(folder, CONFIG))


def test_what_parquet_is_read_directly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only plain types, in files that are not small; what the device cannot read the host reads or refuses."""
    rows = [{"person_id": "p", "incident_id": "i", "date": "2013-02-01", "offence": "arson"}]
    plain = as_frame(rows, "pyarrow").select(COLUMNS[:4])
    zoned = pa.array([dt.datetime(2013, 2, 1)], pa.timestamp("us", "Europe/Berlin"))
    tables = {
        "plain": plain,
        "dictionary": plain.set_column(0, "person_id", pa.array(["p"]).dictionary_encode()),
        "float": plain.set_column(0, "person_id", pa.array([1.0])),
        "zone": plain.set_column(2, "date", zoned),
        "date for an id": plain.set_column(0, "person_id", pa.array([dt.date(2013, 1, 1)])),
    }
    seen: list[str] = []
    location = HOMES["polars"]
    read = type(location).read_parquet

    def noted(self: Any, path: Path, columns: Any) -> Any:
        seen.append(path.stem)
        if path.stem == "unknown encoding":
            raise RuntimeError("CUDF failure")
        return read(self, path, columns)

    monkeypatch.setattr(type(location), "read_parquet", noted)
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
        assert_same(read_arrests_at(location, tmp_path, CONFIG), read_arrests(tmp_path, CONFIG))
    assert seen == []
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    pq.write_table(plain, tmp_path / "unknown encoding.parquet")
    (tmp_path / "a[1]").mkdir()
    for name in ("what?", "a[1]/b", "x::y"):  # cuDF would look for other files
        pq.write_table(plain, tmp_path / f"{name}.parquet")
    assert_same(read_arrests_at(location, tmp_path, CONFIG), read_arrests(tmp_path, CONFIG))
    assert seen == ["plain", "unknown encoding"]
    (tmp_path / "unknown encoding.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"unknown encoding\.parquet: not readable"):
        read_arrests_at(location, tmp_path, CONFIG)


_bytes = st.one_of(
    st.text(max_size=4).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=5),
    st.integers(0, 0x10FFFF).map(_loose_utf8),
)


@given(st.lists(_bytes), st.integers(1, 9))
def test_what_is_utf8(texts: list[bytes], step: int) -> None:
    def decodes(text: bytes) -> bool:
        try:
            return text.decode() is not None
        except UnicodeDecodeError:
            return False

    data, sizes = np.frombuffer(b"".join(texts), np.uint8), np.array([len(t) for t in texts], np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utf8, "_STEP", step)
        for array in (np.asarray, array_api_strict.asarray):
            assert utf8.is_utf8(array(data), array(sizes)) == all(map(decodes, texts))


def test_text_that_is_not_utf8_is_an_error_also_where_it_is_read_directly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    rows = [{"person_id": "é", "incident_id": "i", "offence": "arson"}]
    table = as_frame(rows, "pyarrow").select(COLUMNS[:4])
    bad = pa.array([b"i\xc3"], pa.binary()).view(pa.string())
    for name, column in (("good", table["incident_id"]), ("bad", bad)):
        pq.write_table(table.set_column(1, "incident_id", column), tmp_path / f"{name}.parquet")
    assert_same(read_arrests_at(HOMES["polars"], tmp_path / "good.parquet"), read_arrests(tmp_path / "good.parquet"))
    for location in (None, HOMES["pyarrow"]):
        with pytest.raises(InputError, match=r'bad\.parquet: column "incident_id": its text is not UTF-8'):
            read_arrests_at(location, tmp_path / "bad.parquet")


@ALL_HOMES
def test_many_rows(location: Any) -> None:
    """Ids of changing length, so that their order as text is not that of their numbers; repeats; several forces."""
    rng = np.random.default_rng(7)
    n = 20_000
    table = pa.table(
        {
            "person_id": pa.array(rng.integers(0, 3000, n).astype(str)),
            "incident_id": pa.array([f"HX{i}" for i in rng.integers(0, 4000, n)]),
            "date": pa.array(rng.integers(-30_000, 19_000, n).astype("datetime64[D]")),
            "offence": pa.array(rng.choice(["murder", "arson", "theft", "robbery of a bank"], n)),
            "district": pa.array(rng.choice(["1", "2", "11", ""], n)),
            "force": pa.array(rng.choice(["north", "south", ""], n, p=[0.5, 0.3, 0.2])),
        }
    )
    expected = read_arrests([table, table.slice(5, 99)], CONFIG)
    assert expected.report is not None
    assert [f.duplicate for f in expected.report.files][1] > 50
    assert_same(read_arrests_at(location, [table, table.slice(5, 99)], CONFIG), expected)
