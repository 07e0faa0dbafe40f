"""Arguments that cannot be used are refused in words that name them."""

from __future__ import annotations

import numpy as np
import pytest

from gpunet import compute_features, network_from_edges, path_features, read_arrests
from gpunet.base.errors import ConfigError, EngineError, InputError


@pytest.fixture
def network():
    return network_from_edges([0, 1], [1, 2], 4, sets={"violent": [True, False, True, False]})


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([0], [1], 3.0), "whole number"),
        (([0], [1], "3"), "whole number"),
        (([0], [1], True), "whole number"),
        (([0], [1], -1), "outside"),
        (([0], [1], 2**31), "outside"),
        (([0], [1, 2], 3), "equally long"),
        (([[0]], [[1]], 3), "flat"),
        (([0], [3], 3), "dst"),
        (([-1], [1], 3), "src"),
        (([0.5], [1], 3), "src"),
        (([0], [1], 3, ["violent"]), "mapping"),
        (([0], [1], 3, {"violent": [True]}), "violent"),
        (([0], [1], 3, {"violent": [1, 0, 1]}), "violent"),
        (([0], [1], 3, {"all": [True, True, False]}), "all"),
        (([], [], 1, {f"s{i}": [True] for i in range(64)}), "at most 64"),
    ],
)
def test_network_from_edges(arguments, named):
    with pytest.raises(InputError, match=named):
        network_from_edges(*arguments)


def test_an_empty_network_is_fine():
    network = network_from_edges([], [], 0, sets={"violent": []})
    assert network.n == 0
    assert all(len(column) == 0 for column in path_features(network).values())


def test_sets_are_copied():
    mask = np.array([True, False, True])
    network = network_from_edges([0, 1], [1, 2], 3, sets={"violent": mask})
    mask[:] = False
    assert network.sets["violent"].tolist() == [True, False, True]


def test_families_and_sets_of_path_features(network):
    everything = path_features(network)
    for families in (None, "path", ("path",)):
        assert path_features(network, families).keys() == everything.keys()
    assert list(path_features(network, "betweenness", sets="violent")) == ["betweenness__violent"]
    for arguments, named in [
        ({"families": "gossip"}, "gossip"),
        ({"families": ("history",)}, "history"),
        ({"sets": ["nobody"]}, "nobody"),
    ]:
        with pytest.raises(InputError, match=named):
            path_features(network, **arguments)
    with pytest.raises(ConfigError, match="threads"):
        path_features(network, threads=0)
    with pytest.raises(EngineError, match="quantum"):
        path_features(network, engine="quantum")


def test_without_a_violent_set_nobody_is_violent():
    columns = path_features(network_from_edges([0, 1, 2], [1, 2, 0], 3))
    assert not any(columns[f"tipping_{k}"].any() for k in range(2, 7))
    assert columns["removal_largest_violent_component"].tolist() == [0, 0, 0]
    assert columns["removal_largest_component"].tolist() == [2, 2, 2]


def test_compute_features_wants_arrests():
    with pytest.raises(InputError, match="read_arrests"):
        compute_features([{"person_id": 1}])
    with pytest.raises(ConfigError, match="int"):
        read_arrests("x.parquet", config=5)
