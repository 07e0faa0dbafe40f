"""results.json, results.md and the plots."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.arguments import COMMANDS
from benchmarks.commands import BUSY
from benchmarks.growth import growth_plots, title
from benchmarks.plots import bar_plot
from benchmarks.systems import ON_THE_CPU, OURS, PEERS, PLAIN
from benchmarks.words import in_mib, in_seconds, markdown_table, processor_line, spread, times, to_the_millisecond
from gpunet.base.errors import InputError
from gpunet.base.paths import kind_of, read_regular, refuse_inputs
from gpunet.base.words import counted
from gpunet.tables.files import write_whole

__all__ = ["check_folder", "markdown", "ours_of", "speed_ups", "write_report"]

Result = dict[str, Any]

#: The files of a report.
_NAMES = re.compile(r"results\.(json|md)|.*\.svg")


def check_folder(out: Path, inputs: Sequence[str | Path]) -> None:
    """Refuse a folder in which a report would replace an input, or anything but an earlier report; InputError if so."""
    present = [path for path in sorted(out.glob("*")) if _NAMES.fullmatch(path.name)]
    for path in present:
        refuse_inputs(path, inputs)
        if path.is_symlink() or not path.is_file():
            raise InputError(f"{path} is {kind_of(path.lstat().st_mode)}, and is not replaced: give another --out")
    if present and not _is_report(out / "results.json"):
        raise InputError(f"{present[0]} is there, but no results.json of benchmarks: give another --out")


def _is_report(path: Path) -> bool:
    try:
        return str(json.loads(read_regular(path, 1 << 28))["command"]).startswith("python -m benchmarks")
    except (OSError, ValueError, TypeError, KeyError):
        return False


def write_report(results: dict[str, Any], out: Path) -> list[Path]:
    """Write everything into a folder; return the files."""
    texts = {"results.json": json.dumps(results, indent=2) + "\n", "results.md": markdown(results)}
    for measure in dict.fromkeys(r["measure"] for r in results["results"]):
        rows = [r for r in results["results"] if r["measure"] == measure]
        texts |= growth_plots(measure, rows)
        bars = [(r["network"], r["system"], *up) for r in rows if (up := _bar(rows, r)) is not None]
        if bars:
            texts[f"speedup_{measure}.svg"] = bar_plot(f"{title(measure)}: their time over gpunet's", bars)
    for name, text in texts.items():
        write_whole(out / name, lambda path, text=text: path.write_text(text, encoding="utf-8"))  # type: ignore[misc]
    return [out / name for name in texts]


def ours_of(rows: list[Result], network: str, name: str) -> Result | None:
    """The timed result of gpunet, with all sets or plain, that others are set against."""
    return next(
        (r for r in rows if (r["network"], r["system"]) == (network, name) and r["seconds"] is not None),
        None,
    )


def speed_ups(rows: list[Result], result: Result, ours: Result | None) -> float | None:
    """How many times as long as `ours` a peer takes, by medians; None where either has no time, or other work."""
    if result["system"] == ON_THE_CPU and ours is not None and ours["system"] == PLAIN:
        return None  # it computes all sets
    if result["system"] not in PEERS or ours is None or result["seconds"] is None:
        return None
    return float(result["seconds"]["median"] / ours["seconds"]["median"])


def _bar(rows: list[Result], result: Result) -> tuple[float, str] | None:
    """Against all sets; where these do not exist (Louvain) against plain."""
    plain = all(r["system"] != OURS for r in rows)
    ratio = speed_ups(rows, result, ours_of(rows, result["network"], PLAIN if plain else OURS))
    if ratio is None and result["system"] in PEERS and result["status"] != "ok":
        return 1.0, result["status"]  # no bar, but in its place
    return None if ratio is None else (ratio, times(ratio))


def markdown(results: dict[str, Any]) -> str:
    """The tables, with what a reader needs in order to judge them."""
    settings = results["settings"]
    lines = [
        "# Benchmarks",
        "",
        f"{results['date'][:10]}; {processor_line(results['machine'])}.",
        "",
        "Versions: " + ", ".join(f"{k} {v}" for k, v in results["versions"].items() if v) + ".",
        "",
        f"`{results['command']}`",
        "",
        f"Seconds are medians of at most {counted(settings['repeat'], 'run')}, minimum to maximum in brackets, without "
        "compilation and conversion. `over limit`: conversion and the first run took longer than "
        f"{settings['limit_seconds']:g} s, or would have. Every number was compared with gpunet's before "
        f"its time was taken down. `{OURS}` computes every set at once, `{PLAIN}` only what the peers compute; the "
        "columns `against` say how many times as long as each of these a peer took.",
    ]
    if settings.get("engine") == "gpu":
        lines += [
            "",
            f"gpunet's engine is the GPU's; `{ON_THE_CPU}` is its CPU engine, with every set and {settings['threads']} "
            "threads. Its seconds have the copies to and from the device in them; `copies` is what copying as many "
            "bytes takes by itself. cuGraph's graph is on the device before its time begins.",
        ]
    if settings.get("busy_processors"):
        lines += [
            "",
            f"`busy`: beside a loop without end on each of {settings['busy_processors']} processors, in turn with the "
            "command alone. A command has a claim to half of each processor then.",
        ]
    if results.get("ended_by"):
        lines += ["", f"Not all was measured: {results['ended_by']}"]
    for measure in dict.fromkeys(r["measure"] for r in results["results"]):
        rows = [r for r in results["results"] if r["measure"] == measure]
        lines += ["", f"## {title(measure)}", ""]
        lines += _ingest(rows) if measure == "ingest" else _stages(rows) if measure in COMMANDS else _systems(rows)
    return "\n".join(lines) + "\n"


def _systems(rows: list[Result]) -> list[str]:
    louvain = any("modularity" in r for r in rows)
    crossed = any(r.get("bytes_to_device") is not None for r in rows)
    head = [
        "network",
        "ties",
        "system",
        "threads",
        "seconds",
        "runs",
        "against all sets",
        "against plain",
        "compile",
        "convert",
        "memory",
    ]
    if crossed:
        head += ["to the GPU", "from the GPU", "copies"]
    if louvain:
        head.append("modularity")
    table = []
    for r in rows:
        ratios = [speed_ups(rows, r, ours_of(rows, r["network"], name)) for name in (OURS, PLAIN)]
        cells = [r["network"], f"{r['ties']:,}", r["system"], str(r["threads"]), _seconds(r), str(r["runs"])]
        cells += ["" if ratio is None else f"{times(ratio)} times" for ratio in ratios]
        cells += [in_seconds(r["compile_seconds"]), _convert(r)]
        cells.append(in_mib(r["peak_memory_bytes"]))
        if crossed:
            cells += [*(in_mib(r[f"bytes_to_{side}"]) for side in ("device", "host")), in_seconds(r["copy_seconds"])]
        if louvain:
            cells.append(f"{r['modularity']:.4f}" if "modularity" in r else "")
        table.append(cells)
    return markdown_table(head, table)


def _ingest(rows: list[Result]) -> list[str]:
    head = ["input", "threads", "rows", "seconds", "runs", "rows a second", "compile", "memory", "memory of reading"]
    table = []
    for r in rows:
        known = "rows" in r
        cells = [r["network"], str(r["threads"]), f"{r['rows']:,}" if known else "", _seconds(r), str(r["runs"])]
        cells += [f"{r['rows_per_second']:,}" if known else "", in_seconds(r["compile_seconds"])]
        table.append([*cells, in_mib(r["peak_memory_bytes"]), in_mib(r["added_memory_bytes"])])
    return markdown_table(head, table)


def _stages(rows: list[Result]) -> list[str]:
    """The whole process, what it is beside, and its stages; stages of the command beside other work stand in JSON."""
    table = []
    for r in rows:
        begin = [r["network"], str(r["threads"])]
        what = "**whole process**" + (", busy" if r["system"] == BUSY else "")
        whole = [what, _seconds(r), str(r["runs"]), "", _processor(r)]
        table.append([*begin, *whole, in_mib(r["peak_memory_bytes"])])
        if "times_as_long" in r:
            table.append(
                [*begin, "busy over quiet, pair by pair", f"{spread(r['times_as_long'], times)} times", *[""] * 4]
            )
        if "snapshots" in r:
            each = f"each of {r['snapshots']} snapshots"
            table.append([*begin, each, spread(r["seconds_a_snapshot"]), *[""] * 4])
        for stage in r.get("stages", ()) if r["system"] != BUSY else ():
            seconds = spread(stage["seconds"], to_the_millisecond)
            table.append(
                [
                    *begin,
                    stage["stage"],
                    seconds,
                    "",
                    f"{100 * stage['share']:.1f} %",
                    to_the_millisecond(stage["processor_seconds"]["median"]),
                    in_mib(stage["peak_memory_bytes"]),
                ]
            )
    so_far = any(r.get("peak_memory_is") == "so far" for r in rows)
    memory = "highest memory so far" if so_far else "peak memory of the stage"
    return markdown_table(["input", "threads", "stage", "seconds", "runs", "share", "processor seconds", memory], table)


def _processor(result: Result) -> str:
    return in_seconds(result["processor_seconds"]["median"]) if "processor_seconds" in result else ""


def _seconds(result: Result) -> str:
    seconds = result["seconds"]
    if seconds is None:
        return f"{result['status']} ({result['note']})" if result["note"] else str(result["status"])
    return spread(seconds)


def _convert(result: Result) -> str:
    """Into the library's graph, and back to an array."""
    if result["convert_seconds"] is None or result["values_seconds"] is None:
        return ""
    return in_seconds(result["convert_seconds"] + result["values_seconds"])
