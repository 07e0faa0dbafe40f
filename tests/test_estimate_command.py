"""``gpunet estimate``: what tables come to as a network, and what their features would cost."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet import build_network, estimate_path_work, network_from_edges, read_arrests
from gpunet.base.errors import ConfigError, InputError
from gpunet.cli.app import app
from gpunet.cli.ending import code_and_message
from gpunet.cli.estimate import NOT_COUNTED, THREADS, describe_estimate, estimate_tables
from gpunet.config.config import PathConfig
from gpunet.features.pairs import Blocks, PairWork
from gpunet.features.path_cost import path_cost
from gpunet.kernels.cuda.betweenness_workspace import SHARES, Workspace
from gpunet.search import gpu_floor as floors
from gpunet.search.gpu_floor import gpu_floor
from gpunet.synthetic import make_arrests

RING = 300


def ring(n: int, members: int = 0):
    source = np.arange(n)
    return network_from_edges(source, (source + 1) % n, n, sets={"violent": source < members})


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A ring of 300 persons with a tail of two, one person alone, and an incident of 2014."""
    pairs = [(i, (i + 1) % RING) for i in range(RING)] + [(0, 1000), (1000, 1001)]
    rows = [(person, number, "2012-01-01") for number, pair in enumerate(pairs) for person in pair]
    rows += [(2000, 5000, "2012-01-01"), (1, 6000, "2014-01-01"), (150, 6000, "2014-01-01")]
    path = tmp_path_factory.mktemp("input") / "arrests.parquet"
    columns = ["person_id", "incident_id", "date"]
    pl.DataFrame(rows, columns, orient="row").with_columns(offence=pl.lit("robbery")).write_parquet(path)
    return path


def estimated(*arguments: object) -> dict:
    done = CliRunner().invoke(app, ["estimate", *map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_what_the_tables_come_to(table):
    found = estimated(table)
    assert found["arrests"] == {"arrests": 2 * (RING + 2) + 3, "persons": RING + 3}
    assert found["network"] == {"persons": RING + 2, "ties": RING + 3, "blocks": 3, "largest_block": RING}
    early = estimated(table, "--as-of", "2013-01-01")
    assert early["as_of"] == "2013-01-01"
    assert early["arrests"]["arrests"] == 2 * (RING + 2) + 1
    assert early["network"] == {"persons": RING + 2, "ties": RING + 2, "blocks": 3, "largest_block": RING}


def test_seconds_and_memory_are_those_of_the_estimate(table):
    found, estimate = estimated(table), estimate_path_work(build_network(read_arrests(str(table))))
    assert found["exact"] == estimate.as_dict()
    assert [row["threads"] for row in found["cpu"]] == list(THREADS) == [1, 2, 4, 8, 16, 32, 64]
    assert [row["exact_seconds"] for row in found["cpu"]] == [estimate.seconds(n) for n in THREADS]
    peak, memory = found["measured_here"]["peak_memory_bytes"], [row["exact_memory_bytes"] for row in found["cpu"]]
    held = memory[-1] - estimate.memory(64)
    assert memory == [max(peak, held + estimate.memory(n)) for n in THREADS]
    assert memory[0] >= peak > 1 << 20
    assert found["gpu"]["is"] == "counted, not measured"


def test_exact_and_approximate_are_those_that_a_run_would_have():
    network = build_network(read_arrests(make_arrests(2000, seed=1)))
    for epsilon in (0.3, 0.01):
        cost = path_cost(network, PathConfig(epsilon=epsilon))
        assert cost.exact == estimate_path_work(network)
        assert cost.approx == estimate_path_work(network, betweenness="approx", epsilon=epsilon)


@pytest.mark.parametrize(
    ("asked", "budget", "method"),
    [("exact", 0.0, "exact"), ("approx", 1e9, "approx"), ("auto", 1e9, "exact"), ("auto", 0.0, "approx")],
)
def test_which_way_the_configuration_asks_for(asked, budget, method):
    config = PathConfig(betweenness=asked, budget=budget)
    cost = path_cost(ring(500), config)
    assert cost.method == method == estimate_path_work(ring(500), betweenness=asked, budget=budget).method
    assert (cost.exact.method, cost.approx.method) == ("exact", "approx")


def test_a_configuration_for_cugraph_is_estimated_too():
    config = PathConfig(whole_network="cugraph")
    assert path_cost(ring(50), config) == path_cost(ring(50), PathConfig())


def test_epsilon_and_delta_of_the_configuration(table, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('[path]\nepsilon = 0.2\ndelta = 0.05\nbetweenness = "approx"\n')
    found = estimated(table, "--config", config)
    assert (found["approx"]["epsilon"], found["approx"]["delta"], found["betweenness"]) == (0.2, 0.05, "approx")


@pytest.mark.parametrize("n", [5, 64, 65, 1000])
def test_what_a_gpu_moves_for_a_ring(n):
    graph = PairWork(Blocks(ring(n)), ("all",)).graph
    found = gpu_floor(graph)
    group = n * (3.65 * 288 + 5.6 * 40 + 2.85 * 3.65 * 397) + 2 * n * (3.65 * 8 + 5.6 * 4 + 2.85 * 3.65 * 4)
    moved = -(-n // 8) * group + -(-n // 64) * n * 1850
    assert found.bytes_moved == pytest.approx(moved, rel=1e-4)
    assert found.seconds == pytest.approx(moved / 4.8e12, rel=1e-3)


def test_simplicial_sources_leave_one_after_the_other():
    """A ring of six with a triangle on each tie: the tips are simplicial, and search half of what is left of them."""
    n, inner = 12, np.arange(6)
    ties = [*zip(inner, (inner + 1) % 6, strict=True)]
    ties += [(i, 6 + i) for i in inner] + [((i + 1) % 6, 6 + i) for i in inner]
    graph = PairWork(Blocks(network_from_edges(*np.array(ties).T, n)), ("all",)).graph
    assert (graph.core.tolist(), graph.reach.tolist()) == ([6], [12])
    core, whole = (size * floors._POSITION_BYTES + ends * floors._ENTRY_BYTES for size, ends in ((6, 12), (12, 36)))
    assert gpu_floor(graph).bytes_moved == pytest.approx(core + (core + whole) / 2 + 12 * 1850, rel=1e-4)


def test_memory_of_a_gpu_is_that_of_the_workspaces():
    assert floors._MOST_WORKSPACES == SHARES
    for sets in (1, 7):
        taken = Workspace.block_bytes(10_000, 10_000 * sets)
        assert 10_000 * (floors._WORKSPACE_BYTES + floors._SET_BYTES * sets) == pytest.approx(taken, rel=0.01)
    small, large = (gpu_floor(PairWork(Blocks(ring(n)), ("all",)).graph).memory_bytes for n in (8, 16))
    assert large > 2 * small  # twice the groups, each with a larger workspace


def test_nothing_to_search_costs_nothing(tmp_path):
    empty = path_cost(network_from_edges([], [], 0), PathConfig())
    assert (empty.blocks, empty.largest_block, empty.exact.visits) == (0, 0, 0)
    assert (empty.gpu.bytes_moved, empty.gpu.seconds, empty.gpu.memory_bytes) == (0, 0.0, 8)
    alone = pl.DataFrame({"person_id": [1], "incident_id": [1], "date": ["2012-01-01"], "offence": ["theft"]})
    alone.write_csv(tmp_path / "alone.csv")
    text = describe_estimate(estimate_tables([str(tmp_path / "alone.csv")]))
    assert "1 arrest of 1 person" in text
    assert "0 persons, 0 ties" in text
    assert "saves nothing here" in text


def test_what_it_says(table):
    done = CliRunner().invoke(app, ["estimate", str(table)], catch_exceptions=False)
    for words in (
        "607 arrests of 303 persons",
        "302 persons, 303 ties",
        "3 blocks",
        "the largest has 300 persons",
        "CPU, 1 thread ",
        "CPU, 64 threads",
        "one GPU, at least",
        "counted, not measured. Its processors have to move",
        "at the speed of that memory alone this takes under 0.1 s; real searches take longer",
        "betweenness exact",
        *NOT_COUNTED,
    ):
        assert words in done.stdout, words


def test_what_approximation_saves():
    found = estimate_tables([make_arrests(1000, seed=1)])
    found["exact"] |= {"core_seconds": 40_000.0}
    found["approx"] |= {"core_seconds": 900.0, "most_core_seconds": 60_000.0, "epsilon": 0.05, "delta": 0.1}
    assert (
        "within 0.05 of every normalised value, with probability 0.9: 15 min of one core in place of 11.1 h, "
        "44.4 times less; 16.7 h if the bound is reached late"
    ) in describe_estimate(found)


def test_a_narrow_terminal_gets_columns_below_one_another(table):
    found = estimate_tables([str(table)])
    lines = [line for line in describe_estimate(found, 40).splitlines() if line.startswith("  ")]
    assert max(map(len, lines)) <= 40
    assert sum("CPU, 64 threads" in line for line in lines) > 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"inputs": ["nowhere.parquet"]}, InputError, "nowhere.parquet"),
        ({"config": {"path": {"epsilon": 2}}}, ConfigError, "epsilon"),
        ({"as_of": date(2001, 1, 1)}, InputError, "no arrest before 2001-01-01: the data begin on 2012-01-01"),
    ],
)
def test_what_cannot_be_estimated(table, change, error, message):
    with pytest.raises(error, match=message):
        estimate_tables(**{"inputs": [str(table)], **change})


def test_errors_of_the_command(table, tmp_path):
    (tmp_path / "none.csv").write_text("person_id,incident_id,date,offence\n,1,2012-01-01,theft\n")
    (tmp_path / "bad.toml").write_text("[path]\nepsilom = 1\n")
    for arguments, message in [
        ([], "no input: name the tables to read"),
        ([tmp_path / "none.csv"], "no arrest was accepted"),
        ([table, "--config", tmp_path / "bad.toml"], "epsilom"),
        ([table, "--config", tmp_path / "none.toml"], "none.toml"),
    ]:
        done = CliRunner().invoke(app, ["estimate", *map(str, arguments)])
        code, said = code_and_message(done.exception)
        assert (code, done.stdout) == (2, "")
        assert message in said
    assert CliRunner().invoke(app, ["estimate", str(table), "--as-of", "soon"]).exit_code == 2
