"""What the benchmark suite draws of growth, and the table in README. Results are made up here: none is measured."""

from __future__ import annotations

import json
import runpy
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import growth
from benchmarks.commands import BUSY, QUIET
from benchmarks.growth import growth_plots
from benchmarks.systems import OURS, PLAIN

SVG = "{http://www.w3.org/2000/svg}"
SCRIPT = Path(__file__).parent.parent / "scripts" / "readme_benchmarks.py"

MACHINE = {
    "system": "Linux 6", "architecture": "x86_64", "processor": "Some CPU", "processors": 2, "memory_bytes": 8 * 2**30,
}  # fmt: skip
VERSIONS = {"gpunet": "0.1.0", "python": "3.11.7", "numba": "0.60.0", "numpy": "2.0.0", "igraph": "1.0.0"}


def result(measure: str, system: str, persons: int, seconds: float | None, **changes: object) -> dict:
    spread = None if seconds is None else {"median": seconds, "min": seconds, "max": seconds, "all": [seconds]}
    return {
        "network": f"synthetic {persons:,}", "persons": persons, "ties": 2 * persons, "measure": measure,
        "system": system, "status": "ok" if seconds else "over limit", "note": "", "runs": 5, "seconds": spread,
        "peak_memory_bytes": 2**20 * persons // 10, **changes,
    }  # fmt: skip


def command(persons: int, memory_is: str = "of the stage") -> dict:
    stages = [
        {"stage": "read", "seconds": {"median": persons / 1e4}, "peak_memory_bytes": 2**20 * persons // 20},
        {"stage": "path", "seconds": {"median": persons**2 / 1e8}, "peak_memory_bytes": 2**20 * persons // 10},
        {"stage": "history", "seconds": {"median": 0.0}, "peak_memory_bytes": 2**20 * 100},
    ]
    return result("end-to-end", "gpunet", persons, persons / 1e3, stages=stages, peak_memory_is=memory_is)


def legend(svg: str) -> set[str]:
    texts = {node.text or "" for node in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    return {text for text in texts if text.endswith(")")}


def test_memory_is_drawn_against_size_with_its_slope():
    rows = [result("cores", OURS, n, n / 1e3, peak_memory_bytes=2**20 * int(n**1.5)) for n in (1000, 10000)]
    rows += [result("cores", "networkx", n, None, peak_memory_bytes=None) for n in (1000, 10000)]
    plots = growth_plots("cores", rows)
    assert set(plots) == {"time_cores.svg", "memory_cores.svg"}
    assert legend(plots["time_cores.svg"]) == {f"{OURS} (slope 1.00)", "networkx (no time)"}
    assert legend(plots["memory_cores.svg"]) == {f"{OURS} (slope 1.50)", "networkx (no figure)"}
    assert ">1,000,000 MiB<" in plots["memory_cores.svg"]


def test_stages_are_drawn_against_size_with_their_slopes():
    plots = growth_plots("end-to-end", [command(1000), command(10000)])
    assert set(plots) == {f"{kind}_end-to-end{stages}.svg" for kind in ("time", "memory") for stages in ("", "_stages")}
    times, memory = plots["time_end-to-end_stages.svg"], plots["memory_end-to-end_stages.svg"]
    assert legend(times) == {
        "whole process (slope 1.00)", "read (slope 1.00)", "path (slope 2.00)", "history (no time)",
    }  # fmt: skip
    assert legend(memory) == {
        "whole process (slope 1.00)", "read (slope 1.00)", "path (slope 1.00)", "history (slope 0.00)",
    }  # fmt: skip
    assert "peak memory of each stage" in memory
    so_far = growth_plots("end-to-end", [command(1000, "so far"), command(10000, "so far")])
    assert "highest memory after each stage" in so_far["memory_end-to-end_stages.svg"]


def test_stages_beside_other_work_are_not_drawn(monkeypatch):
    monkeypatch.setattr(growth, "line_plot", lambda title, lines, *_: lines)
    rows = [{**command(n), "system": system} for n in (1000, 10000) for system in (QUIET, BUSY)]
    plots = growth_plots("end-to-end", rows)
    assert set(plots["time_end-to-end.svg"]) == {QUIET, BUSY}
    assert plots["time_end-to-end_stages.svg"]["path"] == [(1000, 0.01), (10000, 1.0)]


def test_every_stage_looks_different():
    row = command(1000)
    row["stages"] = [{**row["stages"][0], "stage": f"stage {i}"} for i in range(15)]
    svg = growth_plots("end-to-end", [row, {**row, "persons": 2000}])["time_end-to-end_stages.svg"]
    paths = [node for node in ElementTree.fromstring(svg).iter(f"{SVG}path") if node.get("stroke-width") == "2"]
    drawn = Counter((node.get("stroke"), node.get("stroke-dasharray")) for node in paths if node.get("stroke"))
    assert len(drawn) == 16
    assert set(drawn.values()) == {2}  # the line, and its key in the legend


def test_one_size_has_no_growth_but_for_its_time():
    assert set(growth_plots("cores", [result("cores", OURS, 1000, 1.0)])) == {"time_cores.svg"}


def write(path: Path, rows: list[dict], **changes: object) -> Path:
    settings = {"threads": 2, "repeat": 5}
    results = {"date": "2025-01-02T03:04:05+00:00", "machine": MACHINE, "versions": VERSIONS, "settings": settings}
    path.write_text(json.dumps({**results, "results": rows, **changes}))
    return path


def test_the_table_sets_all_sets_against_igraph(tmp_path):
    larger = [
        result("closeness", OURS, 100_000, 0.25),
        result("closeness", PLAIN, 100_000, 0.1),
        result("closeness", "networkx", 100_000, None),
        result("closeness", "igraph", 100_000, 194.0, note="1 of 5 runs within 600 s", runs=1),
    ]
    smaller = [result("closeness", OURS, 10_000, 0.01), result("closeness", "igraph", 10_000, None)]
    files = [write(tmp_path / "a.json", larger), write(tmp_path / "b.json", smaller, date="2025-01-09T00:00:00+00:00")]
    files.append(write(tmp_path / "c.json", [command(10_000), result("cores", OURS, 10_000, 0.02)]))
    text = runpy.run_path(str(SCRIPT))["tables"](files)
    assert text.splitlines() == [
        "Measured from 2025-01-02 to 2025-01-09: Some CPU, 2 processors, 8 GiB; Linux 6 (x86_64); gpunet 0.1.0, igraph "
        "1.0.0, python 3.11.7, numpy 2.0.0, numba 0.60.0. gpunet had 2 threads, igraph one. Times are medians of 5 "
        "runs, in seconds, without compilation and conversion.",
        "",
        "| network | persons | ties | measure | gpunet, all sets | igraph, plain | times faster |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| synthetic 10,000 | 10,000 | 20,000 | closeness | 0.0100 | over limit |  |",
        "| synthetic 10,000 | 10,000 | 20,000 | cores | 0.0200 | not measured |  |",
        "| synthetic 100,000 | 100,000 | 200,000 | closeness | 0.250 | 194.0 (1 run) | 776 |",
        "",
        "| input | persons | ties | command, all of it | seconds | peak memory |",
        "| --- | --- | --- | --- | --- | --- |",
        "| synthetic 10,000 | 10,000 | 20,000 | `gpunet features` | 10.0 | 1,000 MiB |",
    ]


def test_the_table_has_what_matters_of_each_command(tmp_path):
    model = [{"stage": "model", "seconds": {"median": 9.0}, "share": 0.9, "peak_memory_bytes": 2**20}]
    days = {"snapshots": 12, "seconds_a_snapshot": {"median": 0.25}}
    rows = [
        result("run", QUIET, 14_000, 10.0, network="dense 14,000", stages=model),
        result("run", BUSY, 14_000, 17.0, network="dense 14,000", stages=model, times_as_long={"median": 1.7}),
        result("run", BUSY, 20_000, None, network="mine.csv"),
        result("panel", QUIET, 14_000, 4.0, **days),
    ]
    text = runpy.run_path(str(SCRIPT))["tables"]([write(tmp_path / "a.json", rows)])
    assert text.splitlines()[-4:] == [
        "| synthetic 14,000 | 14,000 | 28,000 | `gpunet panel`, 12 snapshots of 0.250 | 4.00 | 1,400 MiB |",
        "| dense 14,000 | 14,000 | 28,000 | `gpunet run`, the model 90.0 % | 10.0 | 1,400 MiB |",
        "| dense 14,000 | 14,000 | 28,000 | `gpunet run`, busy: 1.7 times as long | 17.0 | 1,400 MiB |",
        "| mine.csv | 20,000 | 40,000 | `gpunet run`, busy | over limit | 2,000 MiB |",
    ]


def test_results_of_two_machines_stand_apart_and_none_is_there_twice(tmp_path):
    script = runpy.run_path(str(SCRIPT))
    one = write(tmp_path / "one.json", [result("closeness", OURS, 1000, 0.01)])
    other = write(tmp_path / "other.json", [result("cores", OURS, 1000, 0.01)], machine={**MACHINE, "processors": 4})
    text = script["tables"]([one, other])
    assert text.count("Measured on 2025-01-02") == 2
    assert text.count("| network |") == 2
    again = write(tmp_path / "again.json", [result("closeness", OURS, 1000, 0.02)])
    with pytest.raises(ValueError, match=r"again\.json and one\.json both have closeness on synthetic 1,000"):
        script["tables"]([one, again])


def test_only_what_stands_between_the_markers_is_replaced():
    script = runpy.run_path(str(SCRIPT))
    begin, end, put = script["BEGIN"], script["END"], script["with_tables"]
    once = put(f"a\n{begin}\nold\n{end}\nb\n", "new")
    assert once == f"a\n{begin}\n\nnew\n\n{end}\nb\n"
    assert put(once, "new") == once
    assert put(once, "") == f"a\n{begin}\n{end}\nb\n"
    for broken in ("", f"{begin}", f"{end}{begin}", f"{begin}{end}{begin}{end}"):
        with pytest.raises(ValueError, match=r"README\.md must have"):
            put(broken, "new")


def test_readme_shows_the_results_that_are_kept():
    script = runpy.run_path(str(SCRIPT))
    text = script["README"].read_text(encoding="utf-8")
    assert script["with_tables"](text, script["tables"](script["committed"]())) == text
