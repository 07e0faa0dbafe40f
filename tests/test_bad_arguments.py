"""Arguments that cannot be used are refused in words that name them."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

import gpunet
from gpunet import compute_features, network_from_edges, path_features, read_arrests
from gpunet.base.errors import ConfigError, EngineError, GpunetError, InputError
from gpunet.synthetic import make_arrests


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


@pytest.fixture(scope="module")
def tables():
    """Arguments with which every public function works, by function and name."""
    rows = {"person_id": ["a", "b"], "incident_id": [1, 1], "date": ["2013-05-04"] * 2, "offence": ["robbery"] * 2}
    arrests = read_arrests(pl.DataFrame(rows))
    network = network_from_edges([0, 1], [1, 2], 4, sets={"violent": [True, False, True, False]})
    features = pl.DataFrame({"person_id": range(20), "degree__all": [i % 2 for i in range(20)]})
    labels = [i % 2 == 0 for i in range(20)]
    model = gpunet.train(features, labels, config={"max_rounds": 1}, threads=1)
    return {
        "read_arrests": {"paths_or_frame": pl.DataFrame(rows)},
        "build_network": {"arrests": arrests},
        "compute_features": {"arrests": arrests, "families": ["shell"]},
        "panel": {"arrests": arrests, "dates": ["2013-05-05"], "families": ["shell"]},
        "path_features": {"network": network, "families": ["shell"]},
        "estimate_path_work": {"network": network},
        "network_from_edges": {"src": [0], "dst": [1], "n": 2},
        "ties_table": {"arrests": arrests, "network": gpunet.build_network(arrests)},
        "train": {"features": features, "labels": labels, "config": {"max_rounds": 1}, "threads": 1},
        "score": {"model": model, "features": features, "threads": 1},
        "evaluate_known": {
            "arrests": read_arrests(make_arrests(100, seed=1)),
            "config": {"evaluate": {"folds": 3, "classifiers": ["naive_bayes"], "bootstrap": 0}},
        },
        "load_model": {},
        "load_config": {},
        "evaluate_emerging": {"arrests": arrests},
    }


class Odd:
    """Neither this nor that."""

    def __repr__(self):
        return "odd" * 1000


_NO_NUMBER = ["2", 2.5, True, 0, -1, 10**30, float("nan"), [], Odd()]
_NO_TEXT = [5, 2.5, True, b"x", Odd(), "nonsense"]
_NO_OBJECT = [None, "text", 5, [], {}, Odd(), Odd]
_NO_FUNCTION = ["text", 5, True, [], Odd()]
_NO_NAMES = [5, True, [None], [5], {"a": 1}, b"x", "nonsense", np.array(3), Odd()]
_NO_SHARE = ["0.1", True, 0, 1, -1, float("nan"), float("inf"), [], Odd()]

BAD = {
    ("read_arrests", "paths_or_frame"): [None, 5, True, [], {}, [None], [5], np.array(3), b"x", Odd(), Odd],
    ("read_arrests", "ties"): [5, True, [], {}, [None], [5], np.array(3), b"x", Odd(), Odd, pl.DataFrame()],
    ("read_arrests", "victims"): [5, True, [], {}, [None], [5], np.array(3), b"x", Odd(), Odd, pl.DataFrame()],
    ("read_arrests", "config"): [5, True, [], b"x", {"model": None}, {5: 1}, Odd()],
    ("read_arrests", "as_of"): ["yesterday", 5, True, [], float("nan"), Odd()],
    ("read_arrests", "keep_going"): [None, "yes", 1, [], pl.DataFrame(), Odd()],
    ("read_arrests", "show_values"): [None, "yes", 1, [], pl.DataFrame(), Odd()],
    ("read_arrests", "progress"): _NO_FUNCTION,
    ("read_arrests", "notice"): _NO_FUNCTION,
    ("build_network", "arrests"): _NO_OBJECT,
    ("build_network", "engine"): [5, True, [], "quantum", Odd(), Odd, pl.DataFrame()],
    ("compute_features", "arrests"): _NO_OBJECT,
    ("panel", "arrests"): _NO_OBJECT,
    ("panel", "dates"): [None, 5, [], "2013-05-05", ["soon"], [5], [float("nan")], [pd.NaT], ["2013-05-04"], Odd()],
    ("panel", "unit"): [None, *_NO_TEXT, "beat"],
    ("panel", "horizon"): ["2", 2.5, True, 0, -1, None, 10**30, float("nan"), [], Odd()],
    ("evaluate_known", "arrests"): _NO_OBJECT,
    ("evaluate_known", "config"): [5, True, [], b"x", {"evaluate": {"folds": 2}}, {5: 1}, Odd()],
    ("evaluate_known", "population"): _NO_TEXT,
    ("evaluate_known", "victims"): [5, True, [], pl.DataFrame(), "absent.csv", Odd()],
    ("evaluate_known", "kept"): _NO_FUNCTION,
    ("network_from_edges", "src"): [None, "0", [0.5], [[0], [1, 2]], [-1], 0, Odd()],
    ("network_from_edges", "n"): ["2", 2.0, True, -1, None, 10**30, Odd()],
    ("network_from_edges", "sets"): [5, "violent", [], {5: [True, True]}, {"a": [[True], [1, 2]]}, {"a": None}, Odd()],
    ("ties_table", "arrests"): _NO_OBJECT,
    ("ties_table", "network"): _NO_OBJECT,
    ("train", "features"): [None, 5, [], {}, pl.DataFrame(), Odd()],
    ("train", "labels"): [None, 5, "text", [], [[1], [1, 2]], [None] * 20, ["x"] * 20, Odd()],
    ("train", "kind"): _NO_TEXT,
    ("train", "config"): ["c.toml", 5, True, [], {"nonsense": 1}, {5: 1}, Odd()],
    ("train", "groups"): [5, "text", [], [[1], [1, 2]], Odd()],
    ("train", "taxonomy"): [5, True, [], {1: 2}, {"a": "b"}, pd.DataFrame(), Odd()],
    ("train", "device"): _NO_TEXT,
    ("train", "progress"): _NO_FUNCTION,
    ("score", "model"): _NO_OBJECT,
    ("score", "features"): [None, 5, [], {}, pl.DataFrame(), Odd()],
    ("score", "device"): _NO_TEXT,
    ("score", "progress"): _NO_FUNCTION,
    ("load_model", "path"): [None, 5, True, [], b"x", "", "a\0b", "absent.ubj", Odd()],
    ("load_config", "source"): [5, True, [], b"x", "", "a\0b", "absent.toml", Odd()],
}
for _function in ("compute_features", "evaluate_known", "path_features"):
    BAD[_function, "engine"] = [None, 5, True, [], "quantum", Odd(), Odd]
    BAD[_function, "progress"] = _NO_FUNCTION
for _function in ("compute_features", "path_features"):
    BAD[_function, "families"] = _NO_NAMES
    BAD[_function, "betweenness"] = _NO_TEXT
    BAD[_function, "epsilon"] = BAD[_function, "delta"] = _NO_SHARE
    BAD[_function, "budget"] = ["1", True, -1, float("nan"), [], Odd()]
    BAD[_function, "seed"] = ["1", True, -1, 1.5, 2**31, [], Odd()]
    BAD[_function, "progress"] = _NO_FUNCTION
for _name in ("engine", "families", "progress"):
    BAD["panel", _name] = BAD["compute_features", _name]
for _name, _values in {
    "arrests": _NO_OBJECT,
    "config": [5, True, [], b"x", {"nonsense": 1}, {5: 1}, Odd()],
    "start": ["yesterday", 5, True, [], float("nan"), Odd()],
    "every": [5, True, b"x", "", "month", "0d", Odd()],
    "horizon": _NO_NUMBER,
    "population": _NO_TEXT,
    "victims": [5, True, [], b"x", "absent.csv", Odd()],
    "custody": [5, True, [], b"x", "absent.csv", Odd()],
    "engine": [None, 5, True, [], "quantum", Odd(), Odd],
    "threads": _NO_NUMBER,
    "progress": _NO_FUNCTION,
    "kept": _NO_FUNCTION,
    "snapshot": _NO_FUNCTION,
    "union_config": _NO_OBJECT[1:],
}.items():
    BAD["evaluate_emerging", _name] = _values
for _function in ("compute_features", "evaluate_known", "path_features", "train", "score", "panel"):
    BAD[_function, "threads"] = _NO_NUMBER
for _function in ("path_features", "estimate_path_work"):
    BAD[_function, "network"] = _NO_OBJECT
    BAD[_function, "sets"] = _NO_NAMES
for _name in ("families", "betweenness", "epsilon", "delta", "budget"):
    BAD["estimate_path_work", _name] = BAD["path_features", _name]
BAD["network_from_edges", "dst"] = BAD["network_from_edges", "src"]


@pytest.mark.parametrize(("function", "argument"), sorted(BAD))
def test_every_argument_of_every_public_function(function, argument, tables):
    for value in BAD[function, argument]:
        with pytest.raises(GpunetError) as raised:
            getattr(gpunet, function)(**{**tables[function], argument: value})
        said = str(raised.value)
        assert said.count("\n") == 0, value
        assert 0 < len(said) < 300, value


def test_every_public_function_is_in_the_table():
    wanted = {
        (name, argument)
        for name in gpunet.__all__
        if inspect.isfunction(getattr(gpunet, name))
        for argument in inspect.signature(getattr(gpunet, name)).parameters
    }
    assert wanted == set(BAD)


def test_an_estimate_wants_a_number_of_threads(network):
    estimate = gpunet.estimate_path_work(network)
    for value in [None, *_NO_NUMBER]:
        for method in (estimate.seconds, estimate.memory, estimate.describe):
            with pytest.raises(ConfigError, match="threads"):
                method(value)


def test_numbers_of_numpy_are_numbers(network):
    for threads in (1, np.int64(1), np.uint8(1)):
        assert path_features(network, "shell", threads=threads).keys()
    config = gpunet.PathConfig(budget=np.float64(2))
    assert json.dumps(gpunet.Config(path=config).as_dict()["path"]["budget"]) == "2.0"
