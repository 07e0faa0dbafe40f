"""The contract of engines, held by the CPU engine; and that each check can fail."""

from __future__ import annotations

from pathlib import Path

import engine_contract as contract
import numpy as np
import polars as pl
import pytest
from contract_networks import NETWORKS
from synthetic_layers import with_layers

import gpunet
from gpunet.synthetic import write_tables

CONFIG = {"model": {"max_rounds": 40, "folds": 3, "horizon_days": 150}}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract") / "arrests"
    write_tables(folder, persons=900, seed=8)
    return str(folder)


@pytest.fixture(scope="module")
def arrests(tables):
    return gpunet.read_arrests(tables)


@pytest.fixture(scope="module")
def runs(tables, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return [contract.forecast_run("cpu", tables, out / name, CONFIG) for name in ("found", "expected")]


@pytest.mark.parametrize("name", NETWORKS)
def test_paths(name):
    contract.check_paths("cpu", NETWORKS[name]())


def test_families_and_sets_one_by_one():
    contract.check_some_paths("cpu", NETWORKS["dense pieces"]())


def test_approximate_paths():
    contract.check_approximate("cpu", NETWORKS["dense pieces"]())


def test_features(arrests):
    contract.check_features("cpu", arrests)


def test_layers():
    contract.check_layers("cpu", with_layers(100, seed=4))


def test_two_runs(arrests):
    contract.check_repeats("cpu", NETWORKS["sparse pieces"](), arrests)


def test_refusals(arrests):
    contract.check_refusals("cpu", NETWORKS["one tie"](), arrests)


def test_a_whole_run(runs):
    contract.check_forecasts(*runs, "cpu")


def test_partitions(runs):
    contract.check_partitions(runs[0][0], runs[1][0])


def test_scoring(runs, tmp_path):
    contract.check_score(runs[0][0], tmp_path / "scores.parquet", [])


# The checks themselves.


def altered(runs, tmp_path: Path, table: str, change) -> tuple[Path, dict]:
    """A copy of the run folder with one table changed."""
    folder, manifest = runs[0]
    out = tmp_path / "altered"
    out.mkdir()
    for path in folder.iterdir():
        (out / path.name).write_bytes(path.read_bytes())
    change(pl.read_parquet(folder / table)).write_parquet(out / table)
    return out, manifest


def one_off(name: str, by: float):
    """The largest value of a column, changed by a part of itself."""
    largest = pl.col(name) == pl.col(name).max()
    return lambda table: table.with_columns(pl.when(largest).then(pl.col(name) * (1 + by)).otherwise(pl.col(name)))


@pytest.mark.parametrize("name", ["betweenness__all", "closeness__violent", "share_2hop__violent"])
def test_a_float_that_is_off_is_seen(runs, tmp_path, name):
    wrong = altered(runs, tmp_path, "features.parquet", one_off(name, 3e-9))
    with pytest.raises(AssertionError, match=rf"{name}: \d+ wrong"):
        contract.check_feature_runs(wrong, runs[1], "cpu")


def test_a_float_that_is_nearly_the_same_is_the_same(runs, tmp_path):
    right = altered(runs, tmp_path, "features.parquet", one_off("betweenness__all", 1e-11))
    contract.check_feature_runs(right, runs[1], "cpu")


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("features.parquet", lambda t: t.with_columns(pl.col("shell__all") + 1), "shell__all"),
        ("features.parquet", lambda t: t.with_columns(pl.col("shell__all").cast(pl.Int32)), "shell__all: int32"),
        ("features.parquet", lambda t: t.with_columns(pl.col("share_2hop__violent").fill_null(0.0)), "share_2hop"),
        ("features.parquet", lambda t: t.with_columns(~pl.col("tipping_2")), "tipping_2"),
        ("features.parquet", lambda t: t.sort("person_id", descending=True), "person_id"),
        ("ties.parquet", lambda t: t.head(-1), "rows instead of"),
        ("groups.parquet", lambda t: t.with_columns(gang=pl.lit("x")), "gang"),
    ],
)
def test_a_wrong_table_is_seen(runs, tmp_path, table, change, message):
    with pytest.raises(AssertionError, match=message):
        contract.check_feature_runs(altered(runs, tmp_path, table, change), runs[1], "cpu")


def test_another_partition_is_no_difference_but_must_be_told_right(runs, tmp_path):
    wrong = altered(runs, tmp_path, "features.parquet", lambda t: t.with_columns(pl.col("community_ties") + 1))
    contract.check_feature_runs(wrong, runs[1], "cpu")
    with pytest.raises(AssertionError, match="community_ties"):
        contract.check_partitions(wrong[0], runs[1][0])


def test_cells_that_are_not_connected_are_seen(runs, tmp_path):
    one = pl.when(pl.col("community").is_null()).then(None).otherwise(0)
    wrong = altered(runs, tmp_path, "groups.parquet", lambda t: t.with_columns(community=one.cast(pl.Int64)))
    with pytest.raises(AssertionError, match="community 0 is not connected"):
        contract.check_partitions(wrong[0], runs[1][0])


def test_low_modularity_is_seen(runs, monkeypatch):
    theirs = contract.Partitions(runs[1][0]).modularities()
    assert 0.3 < theirs[0] < 1
    low = iter([(theirs[0], theirs[1] - 0.006), theirs])
    monkeypatch.setattr(contract.Partitions, "modularities", lambda self: next(low))
    with pytest.raises(AssertionError, match="is below"):
        contract.check_partitions(runs[0][0], runs[1][0])


def test_scores_of_another_model_are_seen(runs, tmp_path):
    wrong = altered(runs, tmp_path, "scores.parquet", lambda t: t.with_columns(probability=pl.lit(0.9)))
    with pytest.raises(AssertionError):
        contract.check_forecasts(wrong, runs[1], "cpu")


def test_bits_that_change_are_seen(monkeypatch):
    noise = iter([0.0, 1e-15])
    real = gpunet.path_features
    monkeypatch.setattr(
        gpunet, "path_features",
        lambda network, **options: {"betweenness__all": real(network, **options)["betweenness__all"] + next(noise)},
    )  # fmt: skip
    with pytest.raises(AssertionError, match="not the same bytes in two runs: betweenness__all"):
        contract.check_repeats("cpu", NETWORKS["one tie"](), None)


def test_nan_never_passes():
    nan = {"x": (np.array([np.nan]), np.array([False]))}
    with pytest.raises(AssertionError, match="x: 1 wrong"):
        contract.assert_same(nan, nan)
