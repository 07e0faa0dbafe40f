"""What an engine must give, as checks that take its name and hold it against the CPU engine.

test_engine_contract.py runs them with the CPU engine itself, so that the checks are known to work; gpu/test_contract.py
runs the same ones on a real GPU. They use the public interface alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import networkx as nx
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import gpunet
from gpunet.cli.app import app
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.config.registry import columns
from gpunet.features import compute_all

#: Floats of two engines may differ by this part of the larger: they add up in different orders.
RELATIVE = 1e-9

#: How far below the CPU engine's modularity another engine's Louvain partition may be.
MODULARITY = 0.005

#: How far apart scores of models that two engines trained may be on average: their histograms differ.
SCORES = 0.05

KINDS = {
    nw.Int64: np.int64, nw.Int32: np.int32, nw.Float64: np.float64, nw.Float32: np.float32, nw.Boolean: np.bool_,
}  # fmt: skip

Columns = Mapping[str, tuple[np.ndarray, np.ndarray]]  # name: values, null


def follows_louvain(name: str, feature: Any) -> bool:
    """Whether a column depends on the engine's own partition."""
    return feature.family == "community" and name != "gang_out_members"


# Comparisons.


def on_host(values: Any) -> np.ndarray:
    """An array of either side as NumPy's."""
    return np.asarray(values.get() if hasattr(values, "get") else values)


def of_arrays(found: Mapping[str, Any]) -> Columns:
    return {name: (on_host(values), np.zeros(len(values), bool)) for name, values in found.items()}


def of_frame(frame: Any) -> Columns:
    """Every column of a frame of any kind, in the order of its rows."""
    table = nw.from_native(frame, eager_only=True)
    found = {}
    for name in table.columns:
        column = table[name]
        null = np.array([value is None for value in column.to_list()], bool)
        blank: Any = "" if column.dtype == nw.String else False if column.dtype == nw.Boolean else 0
        values = column.to_list() if not null.any() else [blank if value is None else value for value in column]
        found[name] = (np.array(values, KINDS.get(type(column.dtype))), null)
    return found


def assert_same(found: Columns, expected: Columns) -> None:
    """Names in order, types and nulls the same; whole numbers, flags and texts equal; floats within RELATIVE."""
    assert list(found) == list(expected)
    problems = []
    for name, (values, null) in expected.items():
        mine, mine_null = found[name]
        if mine.dtype.kind != values.dtype.kind or (values.dtype.kind != "U" and mine.dtype != values.dtype):
            problems.append(f"{name}: {mine.dtype} instead of {values.dtype}")
            continue
        if len(mine) != len(values):
            problems.append(f"{name}: {len(mine)} rows instead of {len(values)}")
            continue
        wrong = mine_null != null
        if values.dtype.kind == "f":
            largest = np.maximum(np.abs(mine), np.abs(values))
            wrong |= ~null & ~(np.abs(mine - values) <= RELATIVE * largest)  # NaN is wrong too
        else:
            wrong |= ~null & (mine != values)
        if wrong.any():
            row = int(np.argmax(wrong))
            got, want = (None if n[row] else v[row] for v, n in ((mine, mine_null), (values, null)))
            problems.append(f"{name}: {np.count_nonzero(wrong)} wrong; row {row}: {got!r} instead of {want!r}")
    assert not problems, "\n".join(["columns differ:", *problems])


def assert_same_bits(first: Columns, second: Columns) -> None:
    assert list(first) == list(second)
    wrong = [
        name
        for name in first
        if any(a.dtype != b.dtype or a.tobytes() != b.tobytes() for a, b in zip(first[name], second[name], strict=True))
    ]
    assert not wrong, f"not the same bytes in two runs: {', '.join(wrong)}"


def assert_same_document(found: Any, expected: Any, where: str = "manifest") -> None:
    """Mappings and lists by their members, floats within RELATIVE, the rest equal."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), where
        assert list(found) == list(expected), where
        for key, value in expected.items():
            assert_same_document(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(found, list), where
        assert len(found) == len(expected), where
        for i, value in enumerate(expected):
            assert_same_document(found[i], value, f"{where}[{i}]")
    elif isinstance(expected, float):
        assert isinstance(found, float), where
        assert math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=0.0), f"{where}: {found!r}, not {expected!r}"
    else:
        assert type(found) is type(expected), where
        assert found == expected, f"{where}: {found!r}, not {expected!r}"


def without_louvain(found: Columns) -> Columns:
    """The columns that do not follow the engine's own partition."""
    sets = [name.removeprefix("degree__") for name in found if name.startswith("degree__")]
    declared = columns(sets)
    return {name: both for name, both in found.items() if not _own(name, declared)}


def _own(name: str, declared: Mapping[str, Any]) -> bool:
    return name in declared and follows_louvain(name, declared[name])


# Checks of results in memory.


def check_paths(engine: str, network: Any) -> None:
    """Every path feature of every set is the CPU engine's."""
    found = of_arrays(gpunet.path_features(network, engine=engine))
    assert_same(found, of_arrays(gpunet.path_features(network, engine="cpu")))


def check_some_paths(engine: str, network: Any) -> None:
    """Families and sets can be asked for one by one, and are then what they are together."""
    whole = of_arrays(gpunet.path_features(network, engine="cpu"))
    for family in ("betweenness", "closeness", "shell", "tipping", "removal"):
        for sets in (None, ("few",), ("violent", "all")):
            found = of_arrays(gpunet.path_features(network, family, sets, engine))
            assert found
            assert_same(found, {name: whole[name] for name in found})


def check_approximate(engine: str, network: Any) -> None:
    """The same samples for the same seed, so the same estimates."""
    options: dict[str, Any] = {"families": "betweenness", "betweenness": "approx", "epsilon": 0.05, "seed": 3}
    found = of_arrays(gpunet.path_features(network, engine=engine, **options))
    assert_same(found, of_arrays(gpunet.path_features(network, engine="cpu", **options)))


def check_repeats(engine: str, network: Any, arrests: Any) -> None:
    """Two runs give the same bytes, but for what follows Louvain."""
    assert_same_bits(*(of_arrays(gpunet.path_features(network, engine=engine)) for _ in range(2)))
    assert_same_bits(*(without_louvain(of_frame(gpunet.compute_features(arrests, engine=engine))) for _ in range(2)))


def check_features(engine: str, arrests: Any) -> None:
    """Every feature of every person that does not follow Louvain is the CPU engine's."""
    found, expected = (of_frame(gpunet.compute_features(arrests, engine=name)) for name in (engine, "cpu"))
    assert list(found) == list(expected)
    assert_same(without_louvain(found), without_louvain(expected))


def check_layers(engine: str, arrests: Any) -> None:
    """Features of layers and victims, and the ties of all layers, are the CPU engine's."""
    found, expected = (compute_all(arrests, engine=name) for name in (engine, "cpu"))
    assert arrests.layers.names[-1] == "any"
    assert_same(*(without_louvain(of_frame(each.features)) for each in (found, expected)))
    assert_same(of_frame(found.ties), of_frame(expected.ties))
    assert list(found.layers) == list(expected.layers) == list(arrests.layers.names)


def check_refusals(engine: str, network: Any, arrests: Any) -> None:
    """What cannot be used is refused with the same words, whatever the engine."""
    calls: tuple[Callable[[str], Any], ...] = (
        lambda name: gpunet.path_features(network, families="paths", engine=name),
        lambda name: gpunet.path_features(network, sets=["unheard of"], engine=name),
        lambda name: gpunet.path_features(network, threads=0, engine=name),
        lambda name: gpunet.path_features(network, epsilon=0.0, engine=name),
        lambda name: gpunet.compute_features(arrests, families="gossip", engine=name),
        lambda name: gpunet.compute_features(arrests.offences, engine=name),
    )
    for call in calls:
        said = []
        for name in (engine, "cpu"):
            with pytest.raises(gpunet.GpunetError) as error:
                call(name)
            said.append((type(error.value), str(error.value)))
        assert said[0] == said[1]


# Checks of run folders.


def feature_run(engine: str, inputs: Any, out: Path, config: Any = None) -> tuple[Path, dict[str, Any]]:
    return out, run_features(inputs, out, config, options=RunOptions(engine=engine))


def check_feature_runs(found: tuple[Path, dict[str, Any]], expected: tuple[Path, dict[str, Any]], engine: str) -> None:
    """Files, and what run.json says of input and network, but for what follows Louvain."""
    (out, manifest), (reference, wanted) = found, expected
    assert manifest["engine"] == engine
    assert set(manifest["outputs"]) == set(wanted["outputs"])
    for section in ("input", "arrests", "network", "config", "as_of", "seed"):
        assert_same_document(manifest[section], wanted[section], section)
    assert set(wanted["warnings"]) <= set(manifest["warnings"])  # an engine may have more to say
    for name in ("ties", "rejected"):
        assert_same(*(of_frame(pl.read_parquet(folder / f"{name}.parquet")) for folder in (out, reference)))
    tables = [of_frame(pl.read_parquet(folder / "features.parquet")) for folder in (out, reference)]
    assert_same(without_louvain(tables[0]), without_louvain(tables[1]))
    groups = [
        of_frame(pl.read_parquet(folder / "groups.parquet").drop("group", "community")) for folder in (out, reference)
    ]
    assert_same(*groups)


def check_partitions(out: Path, reference: Path) -> None:
    """Communities are connected and lie inside gangs, their columns follow from them, and modularity is as high."""
    mine, theirs = Partitions(out), Partitions(reference)
    mine.check_communities()
    for found, expected in zip(mine.modularities(), theirs.modularities(), strict=True):
        assert found >= expected - MODULARITY, f"modularity {found} is below {expected} by more than {MODULARITY}"


class Partitions:
    """Groups and communities of a run folder, looked at by NetworkX."""

    def __init__(self, folder: Path) -> None:
        ties = pl.read_parquet(folder / "ties.parquet")
        self.graph = nx.Graph(zip(ties["person_a"], ties["person_b"], strict=True))
        self.people = pl.read_parquet(folder / "features.parquet").join(
            pl.read_parquet(folder / "groups.parquet"), on="person_id", how="left", validate="1:1"
        )
        rows = self.people.filter(pl.col("own_violent_arrests") > 0)
        self.violent = set(rows["person_id"]) & set(self.graph)

    def communities(self, column: str) -> dict[int, list[Any]]:
        """Members of each community."""
        inside = self.people.drop_nulls(column)
        members: dict[int, list[Any]] = {}
        for person, community in zip(inside["person_id"], inside[column], strict=True):
            members.setdefault(community, []).append(person)
        return members

    def check_communities(self) -> None:
        gang = dict(zip(self.people["person_id"], self.people["gang"], strict=True))
        assert set(self._all("community")) == set(self.graph)
        assert set(self._all("group")) == {person for person in self.graph if gang[person] is not None}
        rows = {row["person_id"]: row for row in self.people.iter_rows(named=True)}
        for column in ("group", "community"):
            for community, members in self.communities(column).items():
                inside = self.graph.subgraph(members)
                assert nx.is_connected(inside), f"{column} {community} is not connected"
                assert column == "community" or len({gang[person] for person in members}) == 1
                expected = self._columns(column, inside)
                for person in members:
                    expected[f"{column}_violent"] = len(self.violent & (set(members) - {person}))
                    found = {name: rows[person][name] for name in expected}
                    assert_same_document(found, expected, f"person {person!r}")

    def _columns(self, column: str, inside: Any) -> dict[str, Any]:
        ties = inside.number_of_edges()
        triangles = sum(nx.triangles(inside).values()) // 3
        triples = sum(d * (d - 1) // 2 for _, d in inside.degree)
        out = sum(any(other not in inside for other in self.graph[person]) for person in inside)
        return {
            f"{column}_size": len(inside), f"{column}_ties": ties, f"{column}_triangles": triangles,
            f"{column}_transitivity": 3 * triangles / triples if triples else None, f"{column}_out_members": out,
        }  # fmt: skip

    def _all(self, column: str) -> list[Any]:
        return [person for members in self.communities(column).values() for person in members]

    def modularities(self) -> tuple[float, float]:
        """Of the communities, and of the groups: each gang's own, by the ties that it has inside."""
        whole = nx.community.modularity(self.graph, self.communities("community").values(), weight=None)
        gangs: dict[Any, list[list[Any]]] = {}
        gang = dict(zip(self.people["person_id"], self.people["gang"], strict=True))
        for members in self.communities("group").values():
            gangs.setdefault(gang[members[0]], []).append(members)
        weighed = ties = 0.0
        for communities in gangs.values():
            inside = self.graph.subgraph([person for members in communities for person in members])
            if inside.number_of_edges():
                weighed += inside.number_of_edges() * nx.community.modularity(inside, communities, weight=None)
                ties += inside.number_of_edges()
        return whole, weighed / ties if ties else 0.0


def forecast_run(engine: str, inputs: Any, out: Path, config: Any = None) -> tuple[Path, dict[str, Any]]:
    return out, run_forecast(inputs, out, config, options=RunOptions(engine=engine))


def check_forecasts(found: tuple[Path, dict[str, Any]], expected: tuple[Path, dict[str, Any]], engine: str) -> None:
    """The features are the CPU's, and the model, which may be another one, says nearly the same."""
    check_feature_runs(found, expected, engine)
    scores, wanted = (pl.read_parquet(folder / "scores.parquet").sort("person_id") for folder, _ in (found, expected))
    assert scores.schema == wanted.schema
    assert scores["person_id"].equals(wanted["person_id"])
    probability = scores["probability"].to_numpy()
    assert ((probability >= 0) & (probability <= 1)).all()
    assert scores.sort("rank", descending=False)["probability"].is_sorted(descending=True)
    assert np.abs(probability - wanted["probability"].to_numpy()).mean() <= SCORES
    top = pl.read_csv(found[0] / "top.csv", schema_overrides={"person_id": scores.schema["person_id"]})
    assert top.select(scores.columns).equals(scores.sort("rank").head(1000))
    assert list(found[1]["model"]) == list(expected[1]["model"])


def check_score(folder: Path, out: Path, options: list[str]) -> None:
    """The command ``gpunet score`` gives the run's own scores."""
    model, features = next(folder.glob("model.*")), folder / "features.parquet"
    given = ["score", "--model", str(model), "--features", str(features), "--out", str(out), *options]
    done = CliRunner().invoke(app, given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    scores, wanted = (pl.read_parquet(path).sort("person_id") for path in (out, folder / "scores.parquet"))
    assert scores["person_id"].equals(wanted["person_id"])
    # The forecast's probabilities are sums of float32.
    np.testing.assert_allclose(scores["probability"], wanted["probability"], rtol=1e-5, atol=1e-7)
