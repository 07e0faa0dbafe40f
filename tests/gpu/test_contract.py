"""The contract of engines, on the real device: the GPU engine against the CPU engine.

GPUNET_TEST_TABLE names a table, folder or glob of your own to be compared too, GPUNET_TEST_CONFIG its configuration.
GPUNET_TEST_PERSONS is the size of the synthetic tables, 10,000 if not given.
"""

from __future__ import annotations

import os

import engine_contract as contract
import pytest
from contract_networks import NETWORKS
from synthetic_layers import with_layers

import gpunet
from gpunet.config.config import PathConfig
from gpunet.features.path import compute_path
from gpunet.synthetic import write_tables

CONFIG = {"model": {"max_rounds": 60, "folds": 3}}
TABLES = ["synthetic", *(["GPUNET_TEST_TABLE"] if "GPUNET_TEST_TABLE" in os.environ else [])]


@pytest.fixture(scope="module", params=TABLES)
def given(request, tmp_path_factory):
    """(inputs, configuration)."""
    if request.param == "GPUNET_TEST_TABLE":
        return os.environ["GPUNET_TEST_TABLE"], os.environ.get("GPUNET_TEST_CONFIG")
    folder = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(folder, persons=int(os.environ.get("GPUNET_TEST_PERSONS", "10000")), seed=8)
    return str(folder), CONFIG


@pytest.fixture(scope="module")
def arrests(given):
    return gpunet.read_arrests(*given)


@pytest.fixture(scope="module")
def runs(given, tmp_path_factory):
    """A forecast by the GPU engine, and by the CPU engine."""
    inputs, config = given
    out = tmp_path_factory.mktemp("runs")
    return [contract.forecast_run(engine, inputs, out / engine, config) for engine in ("gpu", "cpu")]


@pytest.mark.parametrize("name", NETWORKS)
def test_paths(name):
    contract.check_paths("gpu", NETWORKS[name]())


def test_families_and_sets_one_by_one():
    contract.check_some_paths("gpu", NETWORKS["dense pieces"]())


def test_approximate_paths():
    contract.check_approximate("gpu", NETWORKS["dense pieces"]())


def test_betweenness_by_cugraph():
    """Of the whole network by cuGraph, of the sets by our own kernels."""
    network = NETWORKS["sparse pieces"]()
    config = PathConfig(whole_network="cugraph")
    found = contract.of_arrays(compute_path(network, "betweenness", engine="gpu", config=config).columns)
    expected = contract.of_arrays(gpunet.path_features(network, "betweenness", engine="cpu"))
    contract.assert_same(found, expected)


def test_paths_of_tables(arrests):
    contract.check_paths("gpu", gpunet.build_network(arrests))


def test_features(arrests):
    contract.check_features("gpu", arrests)


def test_layers():
    contract.check_layers("gpu", with_layers(2_000, seed=4))


def test_two_runs(arrests):
    contract.check_repeats("gpu", NETWORKS["sparse pieces"](), arrests)


def test_refusals(arrests):
    contract.check_refusals("gpu", NETWORKS["one tie"](), arrests)


def test_a_run_of_features(given, tmp_path):
    inputs, config = given
    runs = [contract.feature_run(engine, inputs, tmp_path / engine, config) for engine in ("gpu", "cpu")]
    contract.check_feature_runs(*runs, "gpu")


def test_a_whole_run(runs):
    contract.check_forecasts(*runs, "gpu")


def test_partitions(runs):
    contract.check_partitions(runs[0][0], runs[1][0])


def test_scoring(runs, tmp_path):
    contract.check_score(runs[0][0], tmp_path / "scores.parquet", ["--engine", "gpu"])


def test_the_random_forest(given, tmp_path):
    inputs, config = given
    own = gpunet.load_config(config).as_dict()
    chosen = {**own, "model": {**own["model"], "kind": "random_forest"}}
    runs = [contract.forecast_run(engine, inputs, tmp_path / engine, chosen) for engine in ("gpu", "cpu")]
    contract.check_forecasts(*runs, "gpu")
