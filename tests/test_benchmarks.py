"""The benchmark suite: end to end on a tiny network, and what it must refuse or mark. No time is judged here."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from benchmarks import suite
from benchmarks.__main__ import main
from benchmarks.arguments import parse
from benchmarks.compare import BenchmarkError, check_equal, check_partition, modularity
from benchmarks.networks import load_network, save_network
from benchmarks.plots import _marks, bar_plot, line_plot, slope
from benchmarks.process import Outcome, run_worker
from benchmarks.report import markdown
from benchmarks.systems import OURS, PLAIN, SYSTEMS
from gpunet import network_from_edges

KEYS = {
    "benchmark", "measure", "network", "persons", "ties", "system", "threads", "status", "note", "runs", "seconds",
    "compile_seconds", "convert_seconds", "values_seconds", "peak_memory_bytes", "added_memory_bytes",
}  # fmt: skip


def run(tmp_path: Path, *arguments: str) -> dict:
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    return json.loads((tmp_path / "results.json").read_text())


@pytest.fixture(scope="module")
def all_measures(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    out = tmp_path_factory.mktemp("benchmarks")
    arguments = ["paths", "louvain", "--persons", "200", "--repeat", "2", "--threads", "2", "--limit", "300"]
    return run(out, *arguments, "--peers", "networkx,igraph"), out


def test_every_system_has_a_time_for_every_measure(all_measures):
    results, _ = all_measures
    rows = {(r["measure"], r["system"]): r for r in results["results"]}
    peers = ("networkx", "igraph")
    expected = {(m, s) for m in ("betweenness", "closeness") for s in (OURS, PLAIN, *peers)}
    assert set(rows) == expected | {("louvain", s) for s in (PLAIN, *peers)}
    for (measure, system), r in rows.items():
        assert set(r) >= KEYS
        assert (r["status"], r["runs"], r["persons"]) == ("ok", 2, 200)
        times = r["seconds"]
        assert 0 < times["min"] <= times["median"] <= times["max"]
        assert r["peak_memory_bytes"] >= r["added_memory_bytes"] >= 0
        assert (r["compile_seconds"] is None) == (system in peers)
        assert r["threads"] == (1 if system in peers or measure == "louvain" else 2)
        assert ("modularity" in r) == (measure == "louvain")


def test_results_name_machine_versions_and_command(all_measures):
    results, _ = all_measures
    assert set(results) == {"format", "date", "machine", "versions", "settings", "networks", "results", "command"}
    assert results["machine"]["processors"] >= 1
    assert results["versions"]["igraph"]
    assert results["versions"]["gpunet"]
    assert results["command"].startswith("python -m benchmarks paths louvain --persons 200")
    assert results["networks"][0]["sets"][:2] == ["all", "violent"]


def test_plots_are_well_formed_and_the_tables_are_complete(all_measures):
    results, out = all_measures
    plots = sorted(out.glob("*.svg"))
    measures = ("betweenness", "closeness", "louvain")
    assert [p.name for p in plots] == sorted([f"{kind}_{m}.svg" for kind in ("time", "speedup") for m in measures])
    for plot in plots:
        assert ElementTree.parse(plot).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    text = (out / "results.md").read_text()
    assert text == markdown(results)
    assert sum(line.startswith("| synthetic 200 |") for line in text.splitlines()) == len(results["results"])


def test_reading_and_the_whole_command(tmp_path):
    results = run(tmp_path, "ingest", "end-to-end", "--persons", "200", "--repeat", "2", "--limit", "300")
    ingest, whole = results["results"]
    assert set(ingest) >= KEYS
    assert set(whole) >= KEYS
    assert ingest["rows"] > ingest["arrests"] > 200
    assert ingest["rows_per_second"] > 0
    assert next(stage["stage"] for stage in whole["stages"]) == "read"
    assert whole["peak_memory_bytes"] >= max(stage["peak_memory_bytes"] for stage in whole["stages"]) > 0
    assert all(0 <= s["seconds"]["min"] <= s["seconds"]["median"] <= s["seconds"]["max"] for s in whole["stages"])
    assert whole["peak_memory_is"] in ("of the stage", "so far")
    assert "**whole process**" in (tmp_path / "results.md").read_text()


def test_ones_own_tables(tmp_path):
    table = tmp_path / "arrests.csv"
    rows = ["A,1", "B,1", "C,1", "C,2", "D,2"]
    table.write_text("person_id,incident_id,date,offence\n" + "".join(f"{row},2014-01-01,ROBBERY\n" for row in rows))
    results = run(tmp_path / "out", "cores", "--input", str(table), "--peers", "networkx", "--repeat", "1")
    assert results["networks"] == [
        {"name": "arrests.csv", "persons": 4, "ties": 4, "sets": results["networks"][0]["sets"]}
    ]
    assert str(tmp_path) not in json.dumps(results)  # results are passed on


def test_ones_own_rules_show_in_the_name_of_the_network(tmp_path):
    table, rules = tmp_path / "arrests.csv", tmp_path / "pairs.toml"
    rows = "".join(f"{person},1,2014-01-01,ROBBERY\n" for person in "ABC") + "A,2,2014-01-01,\nD,2,2014-01-01,\n"
    table.write_text("person_id,incident_id,date,offence\n" + rows)
    rules.write_text("[network]\nmax_incident_size = 2\n")
    arguments = ["cores", "--input", str(table), "--config", str(rules), "--peers", "none", "--repeat", "1"]
    results = run(tmp_path / "out", *arguments)
    assert [(n["name"], n["persons"], n["ties"]) for n in results["networks"]] == [("arrests.csv (pairs.toml)", 2, 1)]
    assert results["command"] == (
        "python -m benchmarks cores --input arrests.csv --config pairs.toml --peers none --repeat 1 --out out"
    )


def planted(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """Let `system` return a wrong number for vertex 7."""

    def wrong(job: dict, folder: Path) -> Outcome:
        values = np.arange(1.0, 21.0)
        if job["system"] == system:
            values[7] *= 1 + 2e-9
        return Outcome("ok", runs=[{"seconds": 1.0, "values_seconds": 0.0}], values=[values])

    monkeypatch.setattr(suite, "run_worker", wrong)


def test_a_wrong_number_is_an_error_that_names_the_vertex(tmp_path, monkeypatch, capsys):
    planted(monkeypatch, "igraph")
    code = main(["paths", "--persons", "100", "--peers", "networkx,igraph", "--out", str(tmp_path)])
    assert code == 1
    message = capsys.readouterr().err
    assert f"betweenness on synthetic 100: igraph and {OURS} disagree at 1 of 20 vertices; at vertex 7:" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 3 + 1e-8])
def test_floats_must_agree_in_every_run(bad):
    good = np.array([0.0, 2.0, 3.0])
    close = good * (1 + 1e-12)
    check_equal("closeness", "x", {"a": [good, good], "b": [close]})
    wrong = good.copy()
    wrong[2] = bad
    with pytest.raises(BenchmarkError, match="b and a disagree at 1 of 3 vertices; at vertex 2"):
        check_equal("closeness", "x", {"a": [good], "b": [good, wrong]})


def test_whole_numbers_must_agree_exactly():
    with pytest.raises(BenchmarkError, match="vertex 1"):
        check_equal("cores", "x", {"a": [np.array([1, 2])], "b": [np.array([1, 3])]})
    with pytest.raises(BenchmarkError, match="values"):
        check_equal("cores", "x", {"a": [np.array([1, 2])], "b": [np.array([1])]})


def test_modularity_is_networkx_s():
    graph = nx.karate_club_graph()
    ends = np.array(graph.edges)
    network = network_from_edges(ends[:, 0], ends[:, 1], 34)
    label = np.arange(34) % 3
    cells = [set(np.flatnonzero(label == i).tolist()) for i in range(3)]
    assert modularity(network, label) == pytest.approx(nx.community.modularity(graph, cells, weight=None), abs=1e-12)
    label[5] = -1
    with pytest.raises(BenchmarkError, match="no community for vertex 5"):
        check_partition("karate", "x", network, label)


@pytest.mark.parametrize("measure", ["betweenness", "closeness", "cores"])
def test_definitions_agree_on_a_network_with_pieces_and_lone_vertices(measure):
    rng = np.random.default_rng(3)
    network = network_from_edges(rng.integers(0, 50, 45), rng.integers(0, 50, 45), 60)
    assert (network.degree == 0).any()
    values = {}
    for name in (OURS, PLAIN, "networkx", "igraph"):
        system = SYSTEMS[name]
        values[name] = [system.values(measure, system.measures[measure](system.convert(network, 1)), network)]
    check_equal(measure, "x", values)


def job(tmp_path: Path, **changes: object) -> dict:
    rng = np.random.default_rng(1)
    network = network_from_edges(rng.integers(0, 1500, 4000), rng.integers(0, 1500, 4000), 1500)
    save_network(network, tmp_path / "network.npz")
    default = {
        "system": "networkx",
        "engine": "cpu",
        "measure": "betweenness",
        "network": str(tmp_path / "network.npz"),
    }
    return {**default, "threads": 1, "repeat": 3, "limit": 300.0, **changes}


def test_a_system_over_the_limit_is_marked(tmp_path):
    outcome = run_worker(job(tmp_path, limit=0.1), tmp_path / "job")
    assert outcome.status == "over limit"
    assert outcome.note == "no run within 0.1 s"
    assert not outcome.runs


def test_a_system_that_fails_is_marked(tmp_path):
    outcome = run_worker(job(tmp_path, measure="no such measure"), tmp_path / "job")
    assert outcome.status == "failed"
    assert "no such measure" in outcome.note


def test_over_the_limit_once_is_not_tried_on_larger_networks(tmp_path, monkeypatch):
    tried = []

    def slow(job: dict, folder: Path) -> Outcome:
        tried.append(job["system"])
        if job["system"] == "networkx":
            return Outcome("over limit", "no run within 20 s")
        return Outcome("ok", runs=[{"seconds": 1.0, "values_seconds": 0.0}], values=[np.ones(3, np.int64)])

    monkeypatch.setattr(suite, "run_worker", slow)
    results = run(tmp_path, "cores", "--persons", "100,200", "--peers", "networkx,igraph")
    notes = [(r["status"], r["note"]) for r in results["results"] if r["system"] == "networkx"]
    assert notes == [
        ("over limit", "no run within 20 s"),
        ("over limit", "not tried: over the limit on synthetic 100"),
    ]
    assert tried.count("networkx") == 1
    assert "over limit (no run within 20 s)" in (tmp_path / "results.md").read_text()
    assert "over limit" in (tmp_path / "speedup_cores.svg").read_text()
    assert "networkx (no time)" in (tmp_path / "time_cores.svg").read_text()


@pytest.mark.parametrize(("last", "tried"), [(1.0, True), (40.0, False)])
def test_a_peer_that_would_take_far_longer_than_the_limit_is_not_tried(tmp_path, monkeypatch, last, tried):
    """From 300 to 600 persons it takes 40 times as long: so it would from 600 to 1,200, and 1,600 s are far over."""

    def grow(job: dict, folder: Path) -> Outcome:
        persons = len(load_network(Path(job["network"])).indptr) - 1
        seconds = 1.0 if persons <= 300 or job["system"] != "igraph" else last if persons <= 600 else 1600.0
        return Outcome("ok", runs=[{"seconds": seconds, "values_seconds": 0.0}], values=[np.ones(3, np.int64)])

    monkeypatch.setattr(suite, "run_worker", grow)
    results = run(tmp_path, "cores", "--persons", "300,600,1200", "--peers", "igraph,networkx", "--limit", "300")
    *_, largest = [r for r in results["results"] if r["system"] == "igraph"]
    assert (largest["status"] == "ok") == tried
    assert largest["note"].startswith("not tried: its growth") != tried
    assert all(r["status"] == "ok" for r in results["results"] if r["system"] != "igraph")


def test_a_missing_peer_is_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "installed_version", lambda package: None)
    planted(monkeypatch, "nobody")
    results = run(tmp_path, "paths", "--persons", "100", "--peers", "rustworkx")
    rows = [r for r in results["results"] if r["system"] == "rustworkx"]
    assert [(r["status"], r["note"], r["seconds"]) for r in rows] == [
        ("not installed", "pip install rustworkx", None)
    ] * 2
    assert results["versions"]["rustworkx"] is None


def test_networks_come_back_as_they_were(tmp_path):
    network = network_from_edges([0, 1, 2], [1, 2, 3], 5, {"violent": [True, False, False, True, False]})
    save_network(network, tmp_path / "n.npz")
    again = load_network(tmp_path / "n.npz")
    assert again.n == 5
    np.testing.assert_array_equal(again.indptr, network.indptr)
    np.testing.assert_array_equal(again.indices, network.indices)
    assert {name: mask.tolist() for name, mask in again.sets.items()} == {
        name: mask.tolist() for name, mask in network.sets.items()
    }


def test_slope_is_the_exponent():
    assert slope([(n, 3e-6 * n**1.5) for n in (1e3, 1e4, 1e5)]) == pytest.approx(1.5)
    assert slope([(10, 1)]) is None


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([300, 365], [200, 500]),
        ([9596, 1e5], [5000, 10000, 20000, 50000, 100000]),
        ([1000, 1e5], [1000, 2000, 5000, 10000, 20000, 50000, 100000]),
        ([0.003, 40], [0.001, 0.01, 0.1, 1, 10, 100]),
        ([7], [5, 10]),
        ([10], [10, 20]),
        ([0], [1, 2]),
        ([], [1, 2]),
    ],
)
def test_axes_end_at_round_figures_around_the_values(values, marks):
    assert _marks(values) == marks


def test_plots_escape_text_and_take_empty_and_odd_values():
    for text in (
        line_plot("a < b & c", {}),
        line_plot("t", {"<x>": [(1000, 0.5)], "networkx": []}),
        line_plot("t", {"x": [(9596, 1e-7), (1e9, 1e3)]}),
        bar_plot("t", [("g & h", "igraph", 28.4, "28.4"), ("g & h", "<y>", 0.5, "0.5")]),
    ):
        ElementTree.fromstring(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["path"], "unknown benchmark 'path'"),
        (["--persons", "1e4,x"], "'x' is not a number"),
        (["--persons", "50"], "at least 100"),
        (["--peers", "snap"], "unknown peer 'snap'"),
        (["--threads", "0"], "at least 1"),
        (["--repeat", "half"], "not a whole number"),
        (["--limit", "-1"], "above 0"),
        (["--seed", "-1"], "--seed"),
        (["--config", "absent.toml"], "no such file"),
        (["--input", "a.csv", "--persons", "1e3"], "does not go with --input"),
        (["--input", "synth", "a.csv"], "stands alone"),
        (["--input", "a.csv", "paths"], "put 'paths' before --input"),
    ],
)
def test_wrong_usage_is_one_clear_message_and_exit_code_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_an_absent_table_is_exit_code_2(tmp_path, capsys):
    assert main(["cores", "--input", str(tmp_path / "absent.csv"), "--out", str(tmp_path / "out")]) == 2
    assert "absent.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text"), [("results.json", "{}"), ("results.json", "[]"), ("results.md", "mine"), ("mine.svg", "mine")]
)
def test_a_report_replaces_nothing_but_a_report(tmp_path, capsys, name, text):
    (tmp_path / name).write_text(text)
    assert main(["cores", "--input", str(tmp_path / "absent.csv"), "--out", str(tmp_path)]) == 2
    assert "no results.json of benchmarks: give another --out" in capsys.readouterr().err
    (tmp_path / name).unlink()
    (tmp_path / "elsewhere").write_text('{"command": "python -m benchmarks"}')
    (tmp_path / "results.json").symlink_to(tmp_path / "elsewhere")
    assert main(["cores", "--input", str(tmp_path / "absent.csv"), "--out", str(tmp_path)]) == 2
    assert "results.json is a symbolic link" in capsys.readouterr().err


def test_a_report_is_no_input(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("mine")
    (tmp_path / "results.md").hardlink_to(tmp_path / "a.csv")
    assert main(["cores", "--input", str(tmp_path / "a.csv"), "--out", str(tmp_path)]) == 2
    assert "is the input" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["cores", "--out", ""])
    assert "the path is empty" in capsys.readouterr().err
