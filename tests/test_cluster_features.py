"""Features of arrests on workers: the files have the bytes that one process writes, however arrests are distributed."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from comparison import frame_of, row
from dask.sizeof import sizeof
from dirty_tables import CONFIG, as_frame, dirty_tables
from distributed_arrests import bytes_of, distributed, part_of
from hypothesis import given, settings
from hypothesis import strategies as st
from run_processes import results
from strategies import arrest_tables

from gpunet import read_arrests
from gpunet.arrests.as_of import cut_before, forecast_days, violent_between
from gpunet.arrests.diagnostics import diagnosed
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.errors import InputError
from gpunet.cli.evaluations import run_known
from gpunet.cli.panels import run_panel
from gpunet.cli.run import RunOptions, feature_metadata, run_features
from gpunet.cluster import cluster_engine
from gpunet.cluster.as_of import labels_between, partitions_before
from gpunet.cluster.features import compute_distributed, model_partitions, with_betweenness
from gpunet.cluster.incidents import grouped, member_frame
from gpunet.cluster.network import build_distributed_network
from gpunet.cluster.results import fetched
from gpunet.cluster.statistics import (
    distributed_arrest_statistics,
    distributed_counts,
    distributed_diagnosis,
    distributed_network_statistics,
)
from gpunet.cluster.ties import merged, pair_frame
from gpunet.config.cluster_config import ClusterConfig
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.features import compute_all
from gpunet.model.table import read_features
from gpunet.runs.manifest import arrest_statistics, network_statistics
from gpunet.synthetic import write_tables
from gpunet.tables.parquet import write_parquet, write_parquet_parts

TABLES = ("features", "ties", "groups")
DATES = ("first_date", "last_date")

#: As of no day, and of one in the middle of the synthetic data.
CUTS = (None, dt.date(2013, 1, 1))


@pytest.fixture(scope="module")
def two_workers():
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of one process for each cut, on tables of a few hundred persons."""
    folder = tmp_path_factory.mktemp("single")
    write_tables(folder / "tables", persons=400, seed=8)
    for cut in CUTS:
        run_features(str(folder / "tables"), folder / str(cut), SYNTHETIC, as_of=cut)
    return folder


def drawn(n, **strategies):
    """So many examples, drawn now: while a cluster runs Dask's threads draw random numbers beside Hypothesis."""
    found = []

    @settings(max_examples=n, derandomize=True, database=None)
    @given(**strategies)
    def collect(**values):
        found.append(tuple(values.values()))

    collect()
    return found


SMALL = drawn(8, case=arrest_tables(max_incidents=14), parts=st.integers(1, 5), seed=st.integers(0, 99))
KEYS = (("force", "incident_id"), ("incident_id",), ("incident_id", "district"), ("force",))
DIRTY = drawn(
    8,
    rows=dirty_tables(),
    parts=st.integers(1, 5),
    key=st.sampled_from(KEYS),
    scope=st.sampled_from(["national", "force"]),
    cap=st.sampled_from([2, 50]),
)


# Some incidents of the synthetic tables have more persons than this.
SYNTHETIC = {"network": {"max_incident_size": 5}}


def client(engine):
    return engine.executor.client


def parts_of(found, name):
    return {"features": found.feature_tables, "ties": found.tie_tables, "groups": found.groups_tables}[name]()


def metadata_of(arrests, path, undated):
    counted_from = None if arrests.last_day == NO_DAY else day_to_date(arrests.today)
    return feature_metadata(arrests.config, arrests.as_of, path, counted_from, undated if arrests.as_of is None else 0)


#: What every table of a run says of its purpose.
STATED = {"governance": {"purpose": NO_PURPOSE}}


def files_of(found, folder):
    """The bytes of the three files as a run writes them."""
    undated = int(distributed_counts(found.arrests).values["undated_arrests"])
    metadata = {"features": metadata_of(found.arrests, found.path, undated)}
    return {
        name: bytes_of(
            lambda path, name=name: write_parquet_parts(
                path, parts_of(found, name), {**metadata.get(name, {}), **STATED}, dates=DATES if name == "ties" else ()
            ),
            folder,
        )
        for name in TABLES
    }


def check_everything(engine, arrests, parts, seed, folder):
    """Files, statistics and warnings of arrests in parts are those of one process."""
    whole = compute_all(arrests, threads=1)
    there = distributed(client(engine), arrests, parts, seed)
    if arrests.as_of is not None:
        there = replace(there, as_of=arrests.as_of)
    found = compute_distributed(there, engine)
    metadata = {"features": metadata_of(arrests, whole.path, int((arrests.day == NO_DAY).sum()))}
    for name, bytes_there in files_of(found, folder).items():
        dates = DATES if name == "ties" else ()
        frame = getattr(whole, name)
        assert bytes_there == bytes_of(
            lambda path, frame=frame, name=name, dates=dates: write_parquet(
                path, frame, {**metadata.get(name, {}), **STATED}, dates=dates
            ),
            folder,
        ), name
    assert distributed_diagnosis(there) == diagnosed(arrests)
    assert distributed_arrest_statistics(found) == arrest_statistics(arrests)
    assert distributed_counts(there).values["undated_arrests"] == (arrests.day == NO_DAY).sum()
    closeness = whole.features["closeness__all"].to_numpy()[whole.network.person]
    assert distributed_network_statistics(found, engine) == network_statistics(arrests, whole.network, closeness)
    return found


@pytest.mark.parametrize("workers", [1, 4])
def test_one_and_four_workers(folder, workers, tmp_path):
    with cluster_engine("local", ClusterConfig(workers=workers, threads=1)) as engine:
        check_run(engine, folder, 3, CUTS[1], tmp_path)
        check_run(engine, folder, 7, CUTS[0], tmp_path)


@pytest.mark.parametrize(("parts", "cut"), [(1, CUTS[0]), (7, CUTS[0]), (3, CUTS[1]), (33, CUTS[1])])
def test_two_workers(two_workers, folder, parts, cut, tmp_path):
    check_run(two_workers, folder, parts, cut, tmp_path)


def check_run(engine, folder, parts, cut, tmp_path):
    """Files and figures are those of a run in one process."""
    arrests = read_arrests(str(folder / "tables"), SYNTHETIC)
    there = distributed(client(engine), arrests, parts, seed=parts)
    expected = json.loads((folder / str(cut) / "run.json").read_text())
    told = distributed_diagnosis(there).warnings
    assert [text for text in expected["warnings"] if text in told] == told
    if cut is not None:
        there = partitions_before(there, cut)
    found = compute_distributed(there, engine)
    for name, bytes_there in files_of(found, tmp_path).items():
        assert bytes_there == (folder / str(cut) / f"{name}.parquet").read_bytes(), name
    assert distributed_arrest_statistics(found) == expected["arrests"]
    assert distributed_network_statistics(found, engine) == expected["network"]
    assert expected["network"]["incidents_over_max_size"]


@pytest.mark.parametrize(("case", "parts", "seed"), SMALL, ids=range(len(SMALL)))
def test_small_tables_in_any_parts(two_workers, tmp_path, case, parts, seed):
    arrests = read_arrests(frame_of(case.rows), case.config)
    if case.as_of is not None:
        arrests = arrests.before(case.as_of)
    check_everything(two_workers, arrests, parts, seed, tmp_path)


@pytest.mark.parametrize(("rows", "parts", "key", "scope", "cap"), DIRTY, ids=range(len(DIRTY)))
def test_dirty_tables_in_any_parts(two_workers, tmp_path, rows, parts, key, scope, cap):
    config = {
        **CONFIG,
        "input": {"incident_key": list(key), "person_scope": scope},
        "network": {"max_incident_size": cap},
    }
    check_everything(two_workers, read_arrests(as_frame(rows, "polars"), config), parts, len(rows), tmp_path)


DAY = dt.date(2013, 5, 1)


@pytest.mark.parametrize(
    "rows",
    [
        [row(1, 1), row(2, 2)],
        [row("a", 1, DAY), row("b", 1, DAY, "robbery")],
        [row(p, 1, None, "robbery", gang="Reds" if p % 2 else None) for p in range(6)],
        [row(p, i, DAY, force=f) for i in (1, 2) for p, f in ((1, "North"), (2, "South"), (3, None))],
        [
            *(row(p, p // 2, DAY) for p in range(30)),
            *(row(999, i, DAY) for i in range(20)),
            *(row(p, 888, DAY) for p in range(25)),
            *(row(p, 7, DAY + dt.timedelta(days=400)) for p in range(2)),
        ],
    ],
    ids=["no ties", "texts", "undated", "one incident of several forces", "sentinels and numbers that begin anew"],
)
def test_tables_by_hand(two_workers, tmp_path, rows):
    config = {"input": {"incident_key": ["incident_id"]}, "network": {"max_incident_size": 5}}
    check_everything(two_workers, read_arrests(frame_of(rows), config), 3, 1, tmp_path)


def test_an_incident_over_the_cap_in_several_parts_is_named_once(two_workers, tmp_path):
    """The force in the message is that of the person who comes first, though another force has more arrests."""
    rows = [row(p, i, DAY, force="South" if p else "North") for i in (1, 2) for p in range(5)]
    config = {"input": {"incident_key": ["incident_id"]}, "network": {"max_incident_size": 4}}
    found = check_everything(two_workers, read_arrests(frame_of(rows), config), 4, 3, tmp_path)
    assert list(found.found.oversize) == [{"incident_id": i, "force": "North", "persons": 5} for i in ("1", "2")]


@pytest.mark.parametrize("day", [DAY, None])
def test_a_cut_that_leaves_nothing_has_the_words_of_one_process(two_workers, day):
    arrests = read_arrests(frame_of([row(p, 1, day) for p in range(3)]))
    with pytest.raises(InputError) as expected:
        cut_before(arrests, DAY)
    with pytest.raises(InputError) as raised:
        partitions_before(distributed(client(two_workers), arrests, 3), DAY)
    assert str(raised.value) == str(expected.value)


def test_a_cut_keeps_numbers_and_what_follows_from_it(two_workers, folder):
    arrests = read_arrests(str(folder / "tables"), SYNTHETIC)
    there = distributed(client(two_workers), arrests, 3)
    horizon = dt.timedelta(days=150)
    assert forecast_days(there.last_day, None, horizon) == forecast_days(arrests.last_day, None, horizon)
    past, now = CUTS[1] - horizon, CUTS[1]
    cut, whole = partitions_before(there, past), arrests.before(past)
    assert (len(cut), cut.n_persons, cut.last_day) == (len(whole), whole.n_persons, whole.last_day)
    parts = fetched(client(two_workers), cut.partitions)
    numbers = np.concatenate([part.person_numbers for part in parts])
    np.testing.assert_array_equal(numbers, arrests.persons_before(past))
    labels = np.concatenate(fetched(client(two_workers), labels_between(there, past, now)))
    np.testing.assert_array_equal(labels, violent_between(arrests, past, now))
    assert labels.any()
    with pytest.raises(InputError, match="cannot go forward"):
        partitions_before(cut, now)


def test_tables_for_the_model(two_workers, folder):
    arrests = read_arrests(str(folder / "tables"), SYNTHETIC)
    found = compute_distributed(distributed(client(two_workers), arrests, 3), two_workers)
    on_workers = with_betweenness(client(two_workers), model_partitions(found), found.path.metadata())
    partitions = fetched(client(two_workers), on_workers)
    tables = [part.table for part in partitions]
    expected = read_features(folder / "None" / "features.parquet")
    assert all(table.columns == expected.columns for table in tables)
    assert all((table.taxonomy, table.sets) == (expected.taxonomy, expected.sets) for table in tables)
    assert all(table.betweenness == expected.betweenness for table in tables)
    matrix = np.concatenate([table.matrix for table in tables])
    assert matrix.tobytes() == expected.matrix.tobytes()
    assert [i for table in tables for i in table.ids().to_pylist()] == expected.ids().to_pylist()
    np.testing.assert_array_equal(np.concatenate([part.numbers for part in partitions]), np.arange(arrests.n_persons))


def test_some_families_alone(two_workers):
    rows = [row(p, i, DAY, "robbery", district="1") for i in range(3) for p in (i, i + 1)]
    arrests = read_arrests(frame_of(rows))
    whole = compute_all(arrests, ["temporal", "shell", "geographic"], threads=1)
    found = compute_distributed(
        distributed(client(two_workers), arrests, 2), two_workers, ["temporal", "shell", "geographic"]
    )
    assert pl.concat(found.feature_tables()).equals(whole.features)
    assert (found.closeness, found.path) == (None, None)
    with pytest.raises(ValueError, match="closeness"):
        distributed_network_statistics(found, two_workers)
    with pytest.raises(InputError, match="unknown family"):
        compute_distributed(found.arrests, two_workers, ["shoe size"])


def test_what_comes_to_this_process_does_not_grow_with_arrests(two_workers, monkeypatch):
    """The same persons and ties, and a hundred times the arrests."""
    there, total = client(two_workers), []
    gather = there.gather

    def counted(futures, **options):
        found = gather(futures, **options)
        total[-1] += sizeof(found)
        return found

    monkeypatch.setattr(there, "gather", counted)
    for repeats in (20, 2000):
        rows = [row(p, p // 2, DAY) for p in range(8)]
        rows += [row(p, 100_000 + 8 * i + p, DAY, "robbery", district="1") for i in range(repeats) for p in range(8)]
        total.append(0)
        found = compute_distributed(distributed(there, read_arrests(frame_of(rows)), 4), two_workers)
        assert found.network.n_ties == 4
        assert pl.concat(found.feature_tables())["own_arrests"].sum() == len(rows)
    assert total[1] < 1.05 * total[0]


@pytest.mark.parametrize("when", ["geographic", "tables", None])
def test_a_killed_worker_costs_time_alone(two_workers, folder, tmp_path, when):
    """Before columns are there, before the tables are, and when all is done: what was lost is made again."""
    client(two_workers).wait_for_workers(2)
    there = distributed(client(two_workers), read_arrests(str(folder / "tables"), SYNTHETIC), 5)

    def kill():
        os.kill(sorted(client(two_workers).run(os.getpid).values())[0], signal.SIGKILL)

    @contextmanager
    def killing(name):
        if name == when:
            kill()
        yield

    found = compute_distributed(there, two_workers, stage_context=killing)
    if when is None:
        kill()
    for name, bytes_there in files_of(found, tmp_path).items():
        assert bytes_there == (folder / "None" / f"{name}.parquet").read_bytes(), name


def test_more_persons_than_can_be_numbered(two_workers):
    there = distributed(client(two_workers), read_arrests(frame_of([row(1, 1)])), 1)
    with pytest.raises(InputError, match="3000000000 persons"):
        build_distributed_network(replace(there, n_numbers=3_000_000_000), two_workers)


def test_rows_may_come_in_any_order(folder):
    """A shuffle promises none; bits of strengths do not depend on it."""
    arrests = read_arrests(str(folder / "tables"), SYNTHETIC)
    frame = member_frame(part_of(arrests, 0, arrests.n_persons), [])
    pairs = pair_frame(grouped(frame, 50), 50, arrests.n_persons, np.zeros(0, np.int64))
    expected = merged(pairs, arrests.n_persons)
    assert expected.incidents.max() > 2
    for seed in range(3):
        mixed = grouped(frame.sample(frac=1, random_state=seed), 50)
        again = pair_frame(mixed, 50, arrests.n_persons, np.zeros(0, np.int64))
        found = merged(again.sample(frac=1, random_state=seed), arrests.n_persons)
        for name in ("a", "b", "incidents", "strength", "first_day", "last_day"):
            assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name


@pytest.mark.parametrize(
    ("job", "config"),
    [
        (run_panel, {"panel": {"start": dt.date(2013, 1, 1), "end": dt.date(2013, 3, 1), "verify": 1}}),
        (run_known, {"evaluate": {"folds": 3, "protocols": ["paper"], "classifiers": ["naive_bayes"], "bootstrap": 0}}),
    ],
)
def test_panels_and_experiments_have_the_same_bytes(two_workers, folder, tmp_path, monkeypatch, job, config):
    """Their tables are read by this process; paths are searched by the workers."""
    monkeypatch.setattr("gpunet.cluster.cluster_engine", lambda *_, **__: nullcontext(two_workers))
    for name, cluster in (("alone", None), ("cluster", "local")):
        job([str(folder / "tables")], tmp_path / name, config, None, RunOptions(threads=1, cluster=cluster))
    assert results(tmp_path / "alone") == results(tmp_path / "cluster")
    told = json.loads((tmp_path / "cluster" / "run.json").read_text())["execution"]
    assert told["cluster"]["workers"] == 2
