"""Layers and exposure by other engines: strict arrays, and searches on workers of a cluster."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from layer_tables import LayerCase, layer_cases
from synthetic_layers import with_layers
from test_array_code import ElsewhereEngine, is_elsewhere

from gpunet.arrests.arrests import Arrests
from gpunet.cluster import cluster_engine
from gpunet.config.cluster_config import ClusterConfig
from gpunet.config.registry import LAYER_FAMILIES
from gpunet.engines.cpu import CpuEngine
from gpunet.features import FeatureSet, compute_all
from gpunet.tables.arrays import to_host

FAMILIES = ["neighbourhood", *LAYER_FAMILIES]


class SearchingEngine(ElsewhereEngine):
    """Strict arrays; searches, whose results every engine gives on the host, are the CPU's."""

    def all_dependencies(self, graph: Any, progress: Any) -> Any:
        return CpuEngine(1).all_dependencies(graph, progress)

    def farness(self, graph: Any, progress: Any) -> Any:
        return CpuEngine(1).farness(graph, progress)


def same_tables(found: FeatureSet, expected: FeatureSet) -> None:
    for table in ("features", "groups", "ties"):
        assert getattr(found, table).equals(getattr(expected, table)), table


@settings(max_examples=12)
@given(case=layer_cases())
def test_strict_arrays(case: LayerCase) -> None:
    arrests = case.read()
    assume(len(arrests))
    found, expected = (compute_all(arrests, FAMILIES, engine) for engine in (SearchingEngine(), "cpu"))
    same_tables(found, expected)


@pytest.fixture(scope="module")
def arrests() -> Arrests:
    return with_layers(400, seed=3)


def test_strict_arrays_of_synthetic_tables(arrests: Arrests) -> None:
    found, expected = (compute_all(arrests, FAMILIES, engine) for engine in (SearchingEngine(), "cpu"))
    same_tables(found, expected)
    for name, layer in expected.layers.items():
        np.testing.assert_array_equal(to_host(found.layers[name].network.indices), layer.network.indices)


def test_arrests_on_the_device_are_cut_alike(arrests: Arrests) -> None:
    cut = date(2013, 6, 1)
    there = arrests.to_engine(ElsewhereEngine())
    assert is_elsewhere(there.person)
    assert to_host(there.persons_before(cut)).tolist() == arrests.persons_before(cut).tolist()
    found, expected = there.before(cut), arrests.before(cut)
    assert found.person_ids.to_list() == expected.person_ids.to_list()
    np.testing.assert_array_equal(to_host(found.person), expected.person)
    same_tables(*(compute_all(each, FAMILIES, SearchingEngine()) for each in (found, expected)))


def test_workers_give_the_same_bits(arrests: Arrests) -> None:
    expected = compute_all(arrests, threads=1)
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as engine:
        found = compute_all(arrests, engine=engine)
    same_tables(found, expected)
    assert found.path_any == expected.path_any


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(arrests: Arrests, threads: int) -> None:
    same_tables(compute_all(arrests, threads=threads), compute_all(arrests, threads=2))
