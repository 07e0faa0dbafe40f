"""Files that workers read, in any partitions, give the arrests that one process reads, row counts and warnings too."""

from __future__ import annotations

import os
import re
import signal
from datetime import date, timedelta
from random import Random

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty_tables import CONFIG, FILE_KINDS, SETS, split_tables, write_table
from distributed.protocol.pickle import dumps
from distributed_comparison import assert_same_arrests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaged_tables import KINDS, PACKINGS, written

import gpunet
from gpunet.arrests.as_of import cut_before, violent_between
from gpunet.base.errors import GpunetError, InputError
from gpunet.cluster import cluster_engine, reading
from gpunet.cluster.as_of import labels_between, late_charges, partitions_before
from gpunet.cluster.reading import read_distributed
from gpunet.cluster.results import each, fetched
from gpunet.cluster.shuffle import (
    BUCKET,
    bounds_of,
    columns_of,
    frame_of,
    range_of,
    range_of_texts,
    shuffled,
    table_of,
)
from gpunet.cluster.ties import ranges_of
from gpunet.config.cluster_config import ClusterConfig
from gpunet.config.config import InputConfig, load_config
from gpunet.reading.location import HOST, code_series, in_order
from gpunet.reading.partition import plan_partitions
from gpunet.reading.sources import find_sources
from gpunet.synthetic import write_tables

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def client():
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as engine:
        yield engine.executor.client


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic") / "tables"
    write_tables(folder, persons=300, seed=3)
    return folder


def read(client, paths, config=None, **options):
    return read_distributed(client, [str(path) for path in paths], load_config(config), **options)


@pytest.mark.parametrize("parts", [1, 2, 7, 40])
def test_synthetic_tables_in_any_partitions(client, tables, parts):
    steps = []
    found = read(client, [tables], parts=parts, progress=lambda *step: steps.append(step))
    assert_same_arrests(found, gpunet.read_arrests(tables))
    assert len(found.partitions) <= parts
    assert len(found.partitions) > parts // 3
    assert steps[-1][1] == steps[-1][2] > 0
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)


@few
@given(split=split_tables(), kind=st.sampled_from(FILE_KINDS), parts=st.integers(1, 5))
def test_dirty_tables(client, tmp_path_factory, split, kind, parts):
    folder = tmp_path_factory.mktemp("dirty")
    paths = [write_table(folder, f"{i}", rows, kind) for i, rows in enumerate(split)]
    assert_same_arrests(read(client, paths, CONFIG, parts=parts), gpunet.read_arrests(paths, CONFIG))


@few
@given(
    split=split_tables(),
    key=st.sampled_from([("date", "beat"), ("force",), ("offence", "incident_id"), ("incident_id",), ("district",)]),
    scope=st.sampled_from(["national", "force"]),
)
def test_incident_keys_and_person_scope(client, tmp_path_factory, split, key, scope):
    folder = tmp_path_factory.mktemp("keys")
    paths = [write_table(folder, f"{i}", rows, "csv") for i, rows in enumerate(split)]
    config = {"violent_offences": SETS, "input": {"incident_key": list(key), "person_scope": scope}}
    try:
        expected = gpunet.read_arrests(paths, config)
    except InputError as error:  # there is no force
        with pytest.raises(InputError, match=re.escape(str(error))):
            read(client, paths, config, parts=3)
        return
    assert_same_arrests(read(client, paths, config, parts=3), expected)


@pytest.mark.parametrize("parts", [1, 6])
def test_rows_that_were_recorded_late(client, tmp_path, parts):
    """Cuts and labels are those of one process, also where rows repeat others that another file has recorded later."""
    random, day = Random(4), date(2013, 3, 1)
    for file in range(4):
        rows = [random_row(random, day) for _ in range(60)]
        frame = pl.DataFrame(rows, schema_overrides={"recorded_at": pl.Date})
        (frame.drop("recorded_at") if file == 2 else frame).write_parquet(tmp_path / f"{file}.parquet")
    expected, found = gpunet.read_arrests(tmp_path), read(client, [tmp_path], parts=parts)
    assert_same_arrests(found, expected)
    assert sum(file.duplicate for file in expected.report.files) > 5
    for start, known in ((day + timedelta(days=n), day + timedelta(days=n + 5)) for n in (1, 3, 9, 30)):
        cut, cut_here = partitions_before(found, start), cut_before(expected, start)
        here = [part.arrests for part in fetched(client, cut.partitions)]
        assert [person for part in here for person in part.person_ids.to_list()] == cut_here.person_ids.to_list()
        for name in ("day", "offences", "gang", "force"):
            values = np.concatenate([getattr(part, name) for part in here])
            np.testing.assert_array_equal(values, getattr(cut_here, name), err_msg=name)
        labels = fetched(client, labels_between(found, start, known, known_before=known))
        assert np.concatenate(labels).tolist() == violent_between(expected, start, known, known).tolist()
        assert late_charges(found, start) == expected.late_charges(start)


def random_row(random, day):
    """A row of few persons and incidents; the earlier it is dated, the later it may be recorded."""
    dated, late = random.choice([0, 2, 8]), random.choice([0, 0, 1, 12, None])
    return {
        "person_id": random.randint(1, 9),
        "incident_id": random.randint(1, 4),
        "date": day + timedelta(days=dated),
        "offence": random.choice(["robbery", "theft"]),
        "gang": random.choice([None, "Kings", "Lords"]),
        "recorded_at": None if late is None else day + timedelta(days=dated + late),
    }


def test_folders_with_keys_and_files_of_every_kind(client, tmp_path):
    cells = [("person_id", "incident_id", "date", "offence")]
    cells += [(f"p{k % 17}", f"i{k % 29}", "2013-01-05", "robbery") for k in range(60)]
    for k, kind in enumerate(KINDS):
        folder = tmp_path / f"force=f{k % 3}" / f"month={k}"
        folder.mkdir(parents=True)
        written(folder, "a", cells[: 1 + 7 * k], kind, PACKINGS[k % len(PACKINGS)])
    config = {"input": {"incident_key": ["month", "force", "incident_id"], "person_scope": "force"}}
    for parts in (1, 9):
        assert_same_arrests(read(client, [tmp_path], config, parts=parts), gpunet.read_arrests(tmp_path, config))


def test_keys_with_the_characters_that_join_them(client, tmp_path):
    texts = ["a", "a\0", "a\1", "a\0b", "a\1\1", "b", "a\2"]
    rows = [(first, second) for first in texts for second in texts]
    frame = pl.DataFrame(
        {
            "person_id": [str(i) for i in range(len(rows))],
            "incident_id": [first for first, _ in rows],
            "side": [second for _, second in rows],
            "date": "2020-01-01",
            "offence": "theft",
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    config = {"input": {"incident_key": ["incident_id", "side"]}}
    path = [tmp_path / "a.parquet"]
    assert_same_arrests(read(client, path, config, parts=3), gpunet.read_arrests(path, config))


def one_large_file(tmp_path, **columns):
    """Row groups of unequal size, numbers as ids, repeats far from each other, bad rows in every group."""
    rng = np.random.default_rng(5)
    n = 4000
    values = {
        "person_id": rng.integers(0, 900, n),
        "incident_id": rng.integers(0, 700, n),
        "date": np.where(rng.random(n) < 0.03, "never", "2020-01-0" + rng.integers(1, 9, n).astype(str).astype(object)),
        "offence": rng.choice(["theft", "robbery"], n),
        **columns,
    }
    values = {name: np.concatenate([column, column[:300]]) for name, column in values.items()}
    table = pa.table(values)
    with pq.ParquetWriter(tmp_path / "one.parquet", table.schema) as writer:
        for start, stop in ((0, 50), (50, 1900), (1900, 2000), (2000, 4300)):
            writer.write_table(table.slice(start, stop - start))
    return tmp_path / "one.parquet"


def test_row_groups_of_one_file(client, tmp_path):
    path = one_large_file(tmp_path)
    plan = plan_partitions(find_sources([path], InputConfig(), []), path.stat().st_size // 4)
    assert [[(piece.groups, piece.first_row) for piece in pieces] for pieces in plan] == [
        [(range(1), 0)],
        [(range(1, 2), 50)],
        [(range(2, 3), 1900)],
        [(range(3, 4), 2000)],
    ]
    found, expected = read(client, [path], parts=4), gpunet.read_arrests(path)
    assert expected.report.files[0].duplicate >= 300 - 300 * 0.1
    assert expected.report.files[0].rejected > 50
    assert_same_arrests(found, expected)


def test_ids_beyond_int64_stay_text(client, tmp_path):
    ids = np.arange(4000, dtype=np.uint64) % 900
    ids[7] = np.iinfo(np.uint64).max
    path = one_large_file(tmp_path, person_id=ids)
    assert_same_arrests(read(client, [path], parts=4), gpunet.read_arrests(path))


@pytest.mark.parametrize(
    ("content", "config"),
    [
        (b"not Parquet", None),
        (None, {"input": {"columns": {"person_id": "nominal"}}}),
        (None, {"input": {"columns": {"person_id": "ethnicity"}}}),
    ],
)
def test_what_one_process_refuses_is_refused_alike(client, tmp_path, tables, content, config):
    path = tmp_path / "bad.parquet"
    path.write_bytes(content or next(tables.glob("*.parquet")).read_bytes())
    with pytest.raises(GpunetError) as expected:
        gpunet.read_arrests([tables, path], config)
    with pytest.raises(type(expected.value)) as found:
        read(client, [tables, path], config)
    assert str(found.value) == str(expected.value)


def test_files_that_cannot_be_read_are_skipped_whole(client, tmp_path):
    """Also where the damage is in one slice of a file, and workers have read the others."""
    path = one_large_file(tmp_path)
    metadata = pq.read_metadata(path)
    data = bytearray(path.read_bytes())
    at = metadata.row_group(3).column(0).data_page_offset
    data[at : at + 48] = bytes([255] * 48)
    path.write_bytes(data)
    good = pa.table({"person_id": [1, 1], "incident_id": [5, 5], "date": ["2020-01-01"] * 2, "offence": ["theft"] * 2})
    for name in ("a", "z"):
        pq.write_table(good, tmp_path / f"{name}.parquet")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "empty.parquet").write_bytes(b"")
    with pytest.raises(GpunetError) as expected:
        gpunet.read_arrests(tmp_path)
    with pytest.raises(type(expected.value)) as found:
        read(client, [tmp_path], parts=4)
    assert str(found.value) == str(expected.value)
    for parts in (1, 4, 9):
        found = read(client, [tmp_path], parts=parts, keep_going=True)
        assert len(found.report.skipped) == 3
        assert_same_arrests(found, gpunet.read_arrests(tmp_path, keep_going=True))
    for paths in ([path], [path, tmp_path / "empty.parquet"]):
        with pytest.raises(GpunetError) as expected:
            gpunet.read_arrests(paths, keep_going=True)
        with pytest.raises(type(expected.value)) as found:
            read(client, paths, keep_going=True)
        assert str(found.value) == str(expected.value)


def test_a_worker_that_ends_costs_time_alone(client, tables):
    found = read(client, [tables], parts=4)
    fetched(client, found.partitions)
    os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)
    assert_same_arrests(found, gpunet.read_arrests(tables))


def test_the_client_holds_no_rows(client, tmp_path, monkeypatch):
    """What comes back does not grow with rows or persons, and parts are more, not larger."""
    monkeypatch.setattr(reading, "_MOST_ROWS", 1000)
    held, largest = [], []
    for persons in (1000, 6000):
        write_tables(tmp_path / str(persons), persons=persons, seed=3)
        found = read(client, [tmp_path / str(persons)], parts=2)
        beside = {name: value for name, value in vars(found).items() if name not in ("client", "parts", "rejected")}
        assert not any(isinstance(value, np.ndarray | pa.Array) for value in beside.values())
        held.append(len(dumps(list(beside.values()))))
        largest.append(max(found.arrests))
    assert held[1] < 2 * held[0]  # more places and gangs have names; there are six times as many rows
    assert largest[1] < 1.5 * largest[0]


def test_a_file_that_changes_after_it_was_read(client, tmp_path):
    """Its worker is lost, and it has to be read again: better no result than one of two states."""
    for name in ("a", "b"):
        one_large_file(tmp_path).rename(tmp_path / f"{name}.parquet")
    found = read(client, [tmp_path], parts=1)
    fetched(client, found.partitions)
    table = pq.read_table(tmp_path / "b.parquet")
    pq.write_table(table.set_column(3, "offence", pa.array(["theft"] * len(table))), tmp_path / "b.parquet")
    for pid in client.run(os.getpid).values():
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(InputError, match=r"b\.parquet has changed since it was read"):
        fetched(client, found.partitions)


@pytest.mark.parametrize("names", [["gone"], ["gone", "away"]])
def test_nothing_can_be_read(client, tmp_path, names):
    paths = [tmp_path / f"{name}.parquet" for name in names]
    with pytest.raises(GpunetError) as expected:
        gpunet.read_arrests(paths, keep_going=True)
    with pytest.raises(type(expected.value)) as found:
        read(client, paths, keep_going=True)
    assert str(found.value) == str(expected.value)


def test_relative_paths(client, tables, monkeypatch):
    """Workers may have been started in another folder."""
    monkeypatch.chdir(tables.parent)
    client.run(os.chdir, "/")
    found = read(client, ["tables"], parts=2)
    assert_same_arrests(found, gpunet.read_arrests("tables"))


@given(st.lists(st.text(max_size=4)), st.lists(st.text(max_size=4)), st.integers(1, 9))
def test_ranges_of_texts(values, examples, n):
    bounds = bounds_of(examples, n)
    assert len(bounds) < n
    assert bounds == sorted(set(bounds))
    column = in_order(code_series(HOST.series("text", pa.array(values, pa.large_string())), HOST), HOST)
    found = range_of_texts(column.values.to_arrow(), column.codes, bounds)
    assert found.tolist() == [sum(bound <= value for bound in bounds) for value in values]


def test_ranges_of_numbers():
    assert bounds_of(range(100), 4) == [25, 50, 75]
    assert range_of(np.array([0, 25, 26, 99]), [25, 50, 75]).tolist() == [0, 1, 1, 3]


def rows(seed, n, buckets):
    row = np.arange(n, dtype=np.int64)
    return pl.DataFrame(
        {
            BUCKET: np.random.default_rng(seed).integers(0, buckets, n).astype(np.int32),
            "row": seed * 1000 + row,
            "flag": row % 2 == 0,
            "text": pl.Series([(None, "a", "\u00e9")[i % 3] for i in range(n)], dtype=pl.String),
        }
    )


def as_shuffled(frame):
    wrapped = nw.from_native(frame, eager_only=True)
    return frame_of({name: wrapped[name] for name in wrapped.columns})


# Beyond 32 Dask shuffles in several stages.
@pytest.mark.parametrize(("parts", "buckets"), [(1, 1), (4, 4), (4, 50), (7, 2), (34, 34)])
def test_a_shuffle_brings_every_row_to_its_bucket(client, parts, buckets):
    """With all that it had; from as many parts to as many buckets, to fewer or to more."""
    sent = [rows(seed, 0 if seed == 1 else 20, buckets) for seed in range(parts)]
    futures = each(client, "part", as_shuffled, sent)
    made = shuffled(client, futures, buckets)
    assert {future.status for future in made} == {"finished"}  # none needs Dask's expressions any more
    found = fetched(client, made)
    assert len(found) == buckets
    everything = pl.concat(sent)
    for bucket, frame in enumerate(found):
        expected = everything.filter(pl.col(BUCKET) == bucket).drop(BUCKET)
        assert table_of(frame).sort_by("row").to_pydict() == expected.sort("row").to_dict(as_series=False)
        assert (frame.index == bucket).all()
        (flag,) = columns_of(frame, ("flag",))
        assert flag.dtype == bool


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_ranges_of_numbers_are_of_whole_parts(n):
    """The second and the last part are empty."""
    starts = np.array([0, 4, 4, 9, 12])
    ranges = ranges_of(starts, n)
    assert len(ranges) == n
    for part, numbers in enumerate([range(4), [], range(4, 9), range(9, 12), []]):
        assert set(range_of(list(numbers), ranges.bounds).tolist()) <= {ranges.of_part[part]}
