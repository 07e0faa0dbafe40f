"""The benchmark suite: end to end on a tiny network, and what it must refuse or mark. No time is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path

import igraph
import networkx as nx
import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import commands, growth, process, suite, worker
from benchmarks.__main__ import main
from benchmarks.arguments import Settings, parse
from benchmarks.commands import BUSY, OUTSIDE, QUIET
from benchmarks.compare import BenchmarkError, check_equal, check_partition, modularity
from benchmarks.dense import DENSE
from benchmarks.networks import Case, _panel_days, load_network, save_network
from benchmarks.plots import _marks, bar_plot, line_plot, slope
from benchmarks.process import Outcome, run_worker
from benchmarks.report import markdown
from benchmarks.systems import OURS, PLAIN, SYSTEMS
from gpunet import build_network, network_from_edges, read_arrests
from gpunet.base.threads import available_threads
from gpunet.cli.app import app
from gpunet.synthetic import make_arrests

KEYS = {
    "benchmark", "measure", "network", "persons", "ties", "system", "threads", "status", "note", "runs", "seconds",
    "compile_seconds", "convert_seconds", "values_seconds", "peak_memory_bytes", "added_memory_bytes",
}  # fmt: skip


def run(tmp_path: Path, *arguments: str) -> dict:
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    return json.loads((tmp_path / "results.json").read_text())


def here(command: list[str], threads: int, log: Path, limit: float, ready: Path | None = None) -> int:
    """What run_limited does, in this process: to start another costs seconds."""
    python, dash_m, module, *arguments = command
    assert (python, dash_m) == (sys.executable, "-m")
    if module == "benchmarks.worker":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [module, *arguments])
            worker.main()
        return 0
    assert module == "gpunet"
    if "warm" in arguments[arguments.index("--out") + 1]:
        return 0
    done = CliRunner().invoke(app, arguments)
    log.write_text(f"{done.output}\n{done.exception or ''}")
    return done.exit_code


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run_limited", here)
    monkeypatch.setattr(commands, "run_limited", here)


@pytest.fixture(scope="module")
def all_measures(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    out = tmp_path_factory.mktemp("benchmarks")
    arguments = ["paths", "louvain", "--persons", "200", "--repeat", "2", "--threads", "2", "--limit", "300"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "run_limited", here)
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
    assert set(results) == {
        "format", "date", "machine", "versions", "settings", "networks", "ended_by", "results", "command",
    }  # fmt: skip
    assert results["ended_by"] is None
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


@pytest.mark.usefixtures("in_this_process")
def test_reading_and_whole_commands(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "_LOOP", [sys.executable, "-S", "-c", "input()"])  # no rival: no time is judged
    arguments = ["ingest", "end-to-end", "run", "panel", "--persons", "200", "--repeat", "1", "--limit", "300"]
    results = run(tmp_path, *arguments, "--busy")
    rows = {(r["measure"], r["system"]): r for r in results["results"]}
    assert list(rows) == [
        ("ingest", "gpunet"),
        *((m, s) for m in ("end-to-end", "run", "panel") for s in (QUIET, BUSY)),
    ]
    assert all(set(r) >= KEYS and r["status"] == "ok" for r in rows.values())
    ingest = rows.pop(("ingest", "gpunet"))
    assert ingest["rows"] > ingest["arrests"] > 200
    assert ingest["rows_per_second"] > 0
    for (_, system), whole in rows.items():
        stages = {stage["stage"]: stage for stage in whole["stages"]}
        assert next(iter(stages)) == "read"
        assert next(reversed(stages)) == OUTSIDE
        assert not any(" as of " in name for name in stages)
        highest = max(stage["peak_memory_bytes"] for stage in whole["stages"] if stage["stage"] != OUTSIDE)
        assert whole["peak_memory_bytes"] >= highest > 0
        assert whole["peak_memory_is"] in ("of the stage", "so far")
        assert sum(stage["share"] for stage in whole["stages"]) == pytest.approx(1)
        seconds = sum(stage["seconds"]["median"] for stage in whole["stages"])
        assert seconds == pytest.approx(whole["seconds"]["median"])
        assert stages["read"]["processor_seconds"]["median"] > 0
        assert ("times_as_long" in whole) == (system == BUSY)
    assert "model" in {stage["stage"] for stage in rows["run", QUIET]["stages"]}
    panel = rows["panel", QUIET]
    snapshots = next(stage["seconds"]["median"] for stage in panel["stages"] if stage["stage"] == "snapshots")
    assert panel["snapshots"] == 12
    assert panel["seconds_a_snapshot"]["median"] == pytest.approx(snapshots / 12)
    quiet, busy = (rows["run", name]["seconds"]["median"] for name in (QUIET, BUSY))
    assert rows["run", BUSY]["times_as_long"]["median"] == pytest.approx(busy / quiet)
    assert results["settings"]["busy_processors"] == available_threads()
    text = (tmp_path / "results.md").read_text()
    for words in (
        "**whole process**, busy",
        "each of 12 snapshots",
        "busy over quiet",
        "| synthetic 200 | 2 | model |",
    ):
        assert words.replace(" 2 ", f" {available_threads()} ") in text


def test_rivals_are_there_for_as_long_as_they_should(monkeypatch):
    started = []

    def start(command: list[str], **options: int) -> subprocess.Popen:
        started.append(popen(command, **options))
        return started[-1]

    popen = subprocess.Popen
    monkeypatch.setattr(commands.subprocess, "Popen", start)
    with commands.every_processor_busy():
        assert len(started) == available_threads()
        assert all(loop.poll() is None for loop in started)
    assert all(loop.returncode == 0 for loop in started)  # each ended with its input: nobody has to end it


def test_a_rival_that_cannot_be_started_leaves_none_behind(monkeypatch):
    first = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    starts = iter([lambda: first, lambda: Path("/nowhere").read_bytes()])
    monkeypatch.setattr(commands.subprocess, "Popen", lambda *_, **__: next(starts)())
    monkeypatch.setattr(commands, "available_threads", lambda: 2)
    with pytest.raises(FileNotFoundError), commands.every_processor_busy():
        pass
    assert first.returncode is not None


@pytest.fixture
def made_up_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rings in place of tables that are written and read."""

    def ring(folder: Path, name: str, n: int) -> Case:
        save_network(network_from_edges(np.arange(n), np.roll(np.arange(n), 1), n), folder / f"{n}.npz")
        return Case(name, ["tables"], folder / f"{n}.npz", n, n, ("all",), (date(2013, 9, 1), date(2014, 8, 1)))

    def rings(settings: Settings, folder: Path) -> list[Case]:
        return [ring(folder, f"synthetic {n:,}", n) for n in settings.persons]

    monkeypatch.setattr(suite, "prepare_cases", rings)
    monkeypatch.setattr(suite, "warm_case", lambda folder: ring(folder, "warm", 3))


def a_run(out: str, files: str = "a", stages: tuple[tuple[str, float], ...] = (("read", 0.0),)) -> None:
    """Leave what a command leaves that wrote one file of such content."""
    told = [
        {"stage": name, "seconds": seconds, "cpu_seconds": seconds, "peak_memory_bytes": 7} for name, seconds in stages
    ]
    execution = {"peak_memory_bytes": 9, "peak_memory_is": "so far", "stages": told}
    Path(out).mkdir()
    outputs = {"same.json": {"sha256": "s"}, "model.ubj": {"sha256": files}}
    (Path(out) / "run.json").write_text(json.dumps({"execution": execution, "outputs": outputs}))


def made_up(monkeypatch: pytest.MonkeyPatch, *codes: int | None, files: str = "aaaaaaaa") -> list[list[str]]:
    """Let calls end with these codes, warming first; their lines."""
    lines: list[list[str]] = []

    def run(line: list[str], threads: int, log: Path, limit: float) -> int | None:
        log.write_text("made up\n")
        lines.append(line)
        code = [0, *codes, *[0] * 8][len(lines) - 1]
        if code == 0:
            a_run(line[line.index("--out") + 1], files[len(lines) - 1])
        return code

    monkeypatch.setattr(commands, "run_limited", run)
    monkeypatch.setattr(growth, "line_plot", lambda *_: "<svg/>")
    monkeypatch.setattr(commands, "_LOOP", [sys.executable, "-S", "-c", "input()"])
    return lines


WHOLE = ["run", "--persons", "100"]


@pytest.mark.usefixtures("made_up_networks")
def test_runs_that_write_different_files_are_an_error(tmp_path, monkeypatch, capsys):
    made_up(monkeypatch, files="aab")
    assert main([*WHOLE, "--repeat", "1", "--busy", "--out", str(tmp_path)]) == 1
    message = "run on synthetic 100: gpunet, run 1 and gpunet, busy, run 1 wrote different files: model.ubj"
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("made_up_networks")
def test_quiet_and_busy_runs_take_turns(tmp_path, monkeypatch):
    lines = made_up(monkeypatch)
    run(tmp_path, *WHOLE, "--repeat", "2", "--busy")
    assert [Path(line[line.index("--out") + 1]).name for line in lines] == [
        "warm", f"{QUIET}_0", f"{BUSY}_0", f"{QUIET}_1", f"{BUSY}_1",
    ]  # fmt: skip


@pytest.mark.usefixtures("made_up_networks")
@pytest.mark.parametrize(("code", "message"), [(1, "gpunet failed, made up"), (2, "made up")])
def test_a_command_that_fails_is_an_error_with_its_last_words(tmp_path, monkeypatch, capsys, code, message):
    made_up(monkeypatch, 0, code)
    assert main([*WHOLE, "--out", str(tmp_path)]) == code
    assert f"run on synthetic 100: {message}\n" in capsys.readouterr().err


@pytest.mark.usefixtures("made_up_networks")
def test_tables_to_warm_up_with_are_nobody_s_input(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commands, "run_limited", lambda line, threads, log, limit: log.write_text("refused\n") and 2)
    assert main([*WHOLE, "--out", str(tmp_path)]) == 1
    assert "run on synthetic 100: gpunet failed, refused\n" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("made_up_networks")
@pytest.mark.parametrize(("code", "message"), [(1, "gpunet failed, made up"), (2, "made up")])
def test_what_was_measured_before_an_error_is_reported(tmp_path, monkeypatch, capsys, code, message):
    made_up(monkeypatch, 0, 0, code)  # smaller: once measured; larger: warmed up
    assert main(["run", "--persons", "100,200", "--repeat", "1", "--out", str(tmp_path)]) == code
    assert f"run on synthetic 200: {message}\n" in capsys.readouterr().err
    results = json.loads((tmp_path / "results.json").read_text())
    assert [(r["network"], r["status"]) for r in results["results"]] == [("synthetic 100", "ok")]
    assert results["ended_by"] == f"run on synthetic 200: {message}"
    assert f"Not all was measured: run on synthetic 200: {message}\n" in (tmp_path / "results.md").read_text()


@pytest.mark.usefixtures("made_up_networks")
@pytest.mark.parametrize(
    ("codes", "quiet", "busy"),
    [
        ((None,), ("over limit", 0, "no run within 25 s"), ("over limit", 0, "no run within 25 s")),
        ((0, None), ("ok", 1, "1 of 2 runs within 25 s"), ("over limit", 0, "no run within 25 s")),
        ((0, 0, 0, None), ("ok", 2, ""), ("ok", 1, "1 of 2 runs within 25 s")),
    ],
)
def test_commands_that_the_limit_ended_are_told_as_such(tmp_path, monkeypatch, codes, quiet, busy):
    lines = made_up(monkeypatch, *codes)
    results = run(tmp_path, *WHOLE, "--repeat", "2", "--busy")["results"]
    assert [(r["status"], r["runs"], r["note"]) for r in results] == [quiet, busy]
    assert len(lines) == 1 + len(codes)
    assert ("times_as_long" in results[1]) == (results[1]["runs"] > 0)
    assert "over limit" in (tmp_path / "results.md").read_text() or len(codes) > 2


def test_no_run_begins_that_would_end_after_the_limit():
    def after(*seconds: float) -> bool:
        return commands._is_spent(Outcome("ok", runs=[{"seconds": of} for of in seconds]), 25.0)

    assert (after(), after(100.0), after(12.0), after(13.0), after(8.0, 8.0), after(1.0, 12.5)) == (
        False, True, False, True, False, True,
    )  # fmt: skip


def test_stages_of_several_days_are_one():
    first = [
        {"stage": "read", "seconds": 1.0, "cpu_seconds": 1.5, "peak_memory_bytes": 5},
        {"stage": "as of", "seconds": 0.5, "cpu_seconds": 0.5, "peak_memory_bytes": 6},
        {"stage": "path as of T", "seconds": 2.0, "cpu_seconds": 4.0, "peak_memory_bytes": 8},
        {"stage": "path as of T-H", "seconds": 0.5, "cpu_seconds": 0.75, "peak_memory_bytes": 7},
    ]
    second = [{**stage, "seconds": 2 * stage["seconds"], "peak_memory_bytes": 9} for stage in first]
    whole = [{"seconds": 8.0, "processor_seconds": 10.0}, {"seconds": 9.0, "processor_seconds": 6.5}]
    found = {of["stage"]: of for of in commands._stages([first, second], whole)}
    assert [*found] == ["read", "as of", "path", OUTSIDE]
    assert found["path"]["seconds"]["all"] == [2.5, 5.0]
    assert found["path"]["processor_seconds"]["all"] == [4.75, 4.75]
    assert found["path"]["peak_memory_bytes"] == 9
    assert found["path"]["share"] == pytest.approx((2.5 / 8 + 5 / 9) / 2)
    assert found[OUTSIDE]["seconds"]["all"] == [4.0, 1.0]
    assert found[OUTSIDE]["processor_seconds"]["all"] == [3.25, 0.0]
    assert found[OUTSIDE]["peak_memory_bytes"] is None


@pytest.mark.parametrize(
    ("days", "panel"),
    [
        (["2011-08-03", "2014-08-29"], ("2013-09-01", "2014-08-01")),
        (["2011-08-03", "2014-01-31", "2013-12-01"], ("2013-02-01", "2014-01-01")),
        (["2014-02-28", "2014-05-01"], ("2014-03-01", "2014-05-01")),
        (["2014-02-01", "2014-02-28"], ("2014-02-01", "2014-02-01")),
        ([], ("1970-01-01", "1970-01-01")),
    ],
)
def test_a_panel_is_of_the_last_twelve_months(days, panel):
    undated = np.iinfo(np.int32).min
    numbers = [undated, *(int(np.datetime64(day).astype("datetime64[D]").astype(int)) for day in days)]
    assert _panel_days(np.array(numbers, np.int32)) == tuple(map(date.fromisoformat, panel))


def test_the_dense_network_is_dense():
    """As docs/benchmarks.md says of 14,000 persons; of fewer, all but how far apart they are."""
    network = build_network(read_arrests(make_arrests(3_000, 1, DENSE)))
    row = np.repeat(np.arange(network.n), network.degree)
    once = row < network.indices
    graph = igraph.Graph(network.n, np.stack([row[once], network.indices[once]], axis=1).tolist())
    blocks = sorted((len(block) for block in graph.biconnected_components()), reverse=True)
    assert network.n == 3_000
    assert 13 < network.degree.mean() < 15
    assert 0.3 < graph.transitivity_avglocal_undirected(mode="zero") < 0.4
    assert blocks[0] > 0.8 * network.n
    assert blocks[1] < 10
    assert 3.3 < graph.average_path_length() < 4.5


def test_dense_networks_have_their_name_and_size():
    assert parse(["paths", "--dense"]).persons == (14_000,)
    assert parse(["paths", "--dense", "--persons", "1e3"]).persons == (1_000,)
    assert parse(["paths"]).persons == (1_000, 10_000, 100_000)


def test_what_takes_long_runs_only_if_it_is_named():
    assert parse([]).benchmarks == ("paths", "cores", "louvain", "ingest", "end-to-end")
    assert parse(["panel", "run", "paths"]).benchmarks == ("paths", "run", "panel")


def test_ones_own_tables(tmp_path):
    table = tmp_path / "arrests.csv"
    rows = ["A,1", "B,1", "C,1", "C,2", "D,2"]
    table.write_text("person_id,incident_id,date,offence\n" + "".join(f"{row},2014-01-01,ROBBERY\n" for row in rows))
    results = run(tmp_path / "out", "cores", "--input", str(table), "--peers", "none", "--repeat", "1")
    assert results["networks"] == [
        {"name": "arrests.csv", "persons": 4, "ties": 4, "sets": results["networks"][0]["sets"]}
    ]
    assert str(tmp_path) not in json.dumps(results)  # results are passed on


@pytest.mark.usefixtures("in_this_process")
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


@pytest.mark.usefixtures("made_up_networks")
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


@pytest.mark.usefixtures("made_up_networks")
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


@pytest.mark.usefixtures("made_up_networks")
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


@pytest.mark.usefixtures("made_up_networks")
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
        (["--input", "a.csv", "--dense"], "does not go with --input"),
        (["paths", "cores", "--busy"], "--busy goes with end-to-end, run, panel"),
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
