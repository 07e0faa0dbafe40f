"""Write the table of benchmarks into README.md, from results of ``python -m benchmarks``; ``--check`` compares only.

Without names of files the results are those in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.arguments import COMMANDS
from benchmarks.commands import BUSY
from benchmarks.systems import ON_THE_CPU, OURS
from benchmarks.words import in_mib, in_seconds, markdown_table, processor_line, times

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"

#: By engine, the library that stands beside gpunet.
PEERS = {"cpu": "igraph", "gpu": "cugraph"}
PACKAGES = {
    "cpu": ("gpunet", "igraph", "python", "numpy", "numba"),
    "gpu": ("gpunet", "cugraph", "python", "numpy", "numba", "numba-cuda", "cupy-cuda13x"),
}


def committed() -> list[Path]:
    """The results that README shows unless told otherwise."""
    return sorted(RESULTS.glob("*.json"))


def tables(files: Iterable[Path]) -> str:
    """The tables as Markdown: results of one machine, the same versions and settings stand together.

    Raises
    ------
    ValueError
        If two files have a time for the same measure on the same network.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    seen: dict[tuple[Any, ...], str] = {}
    for path in files:
        results = json.loads(path.read_text(encoding="utf-8"))
        for r in results["results"]:
            key = (_engine(results), r["network"], r["persons"], r["ties"], r["measure"])
            if seen.setdefault(key, path.name) != path.name:
                raise ValueError(f"{path.name} and {seen[key]} both have {r['measure']} on {r['network']}")
        groups.setdefault(_conditions(results, beside_peer=True), []).append(results)
    parts = []
    for several in sorted(groups.values(), key=lambda group: (_engine(group[0]), not any(map(_has_peer, group)))):
        conditions = _conditions(several[0], beside_peer=any(map(_has_peer, several)))
        days = sorted({results["date"][:10] for results in several})
        begin = f"Measured on {days[0]}" if len(days) == 1 else f"Measured from {days[0]} to {days[-1]}"
        rows = sorted((r for results in several for r in results["results"]), key=_by_size)
        tables = [*_beside_the_peers(rows, _engine(several[0])), *_whole_command(rows)]
        parts += [f"{begin}: {conditions}", *tables]
    return "\n\n".join(parts)


def _engine(results: dict[str, Any]) -> str:
    return str(results["settings"].get("engine", "cpu"))


def _by_size(result: dict[str, Any]) -> tuple[int, int, int]:
    """Synthetic networks first, then dense ones, each kind from small to large; what is as large stays in its order."""
    kind = result["network"].partition(" ")[0]
    return ({"synthetic": 0, "dense": 1}.get(kind, 2), result["persons"], result["ties"])


def _has_peer(results: dict[str, Any]) -> bool:
    return any(r["system"] == PEERS[_engine(results)] for r in results["results"])


def _conditions(results: dict[str, Any], *, beside_peer: bool) -> str:
    """What has to be the same for two results to stand in one table, with the peer or without."""
    versions, settings, engine = results["versions"], results["settings"], _engine(results)
    peer = PEERS[engine]
    names = ", ".join(
        f"{name} {versions[name]}" for name in PACKAGES[engine] if versions.get(name) and (beside_peer or name != peer)
    )
    if engine == "gpu":
        had = f"gpunet's CPU engine had {settings['threads']} threads; the GPU's times have the copies in them"
    else:
        had = f"gpunet had {settings['threads']} threads{f', {peer} one' if beside_peer else ''}"
    return (
        f"{processor_line(results['machine'])}; {names}. {had}. "
        f"Times are medians of {settings['repeat']} runs, in seconds, without compilation and conversion."
    )


def _beside_the_peers(rows: list[dict[str, Any]], engine: str) -> list[str]:
    peer = PEERS[engine]
    beside = [peer] if engine == "cpu" else [peer, ON_THE_CPU]
    lines = []
    for ours in rows:
        if ours["system"] != OURS:
            continue
        same = [r for r in rows if all(r[key] == ours[key] for key in ("network", "persons", "ties", "measure"))]
        cells = [ours["network"], f"{ours['persons']:,}", f"{ours['ties']:,}", ours["measure"], _time(ours)]
        for name in beside:
            other = next((r for r in same if r["system"] == name), None)
            cells += ["not measured" if other is None else _time(other), ""]
            if other is not None and other["seconds"] and ours["seconds"]:
                cells[-1] = times(other["seconds"]["median"] / ours["seconds"]["median"])
        lines.append(cells)
    head = ["network", "persons", "ties", "measure", OURS if engine == "cpu" else f"{OURS}, on the GPU"]
    head += [f"{peer}, plain", "times faster"]
    head += [] if engine == "cpu" else [f"{ON_THE_CPU}, all sets", "times faster"]
    return ["\n".join(markdown_table(head, lines))] if lines else []


def _whole_command(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        [r["network"], f"{r['persons']:,}", f"{r['ties']:,}", _command(r), _time(r), in_mib(r["peak_memory_bytes"])]
        for r in rows
        if r["measure"] in COMMANDS
    ]
    head = ["input", "persons", "ties", "command, all of it", "seconds", "peak memory"]
    return ["\n".join(markdown_table(head, lines))] if lines else []


def _command(result: dict[str, Any]) -> str:
    """Its name, and what is to be known of it: its model's share of the time, a snapshot's seconds, how much longer."""
    name = f"`gpunet {COMMANDS[result['measure']]}`"
    if result["system"] == BUSY:
        longer = result.get("times_as_long")
        return f"{name}, busy" + (f": {times(longer['median'])} times as long" if longer else "")
    if "seconds_a_snapshot" in result:
        each = in_seconds(result["seconds_a_snapshot"]["median"])
        return f"{name}, {result['snapshots']} snapshots of {each}"
    model = [stage["share"] for stage in result.get("stages", ()) if stage["stage"] == "model"]
    return f"{name}, the model {100 * model[0]:.1f} %" if model else name


def _time(result: dict[str, Any]) -> str:
    """The median; how many runs there were if the limit allowed fewer; or why there is no time."""
    if result["seconds"] is None:
        return str(result["status"])
    median = in_seconds(result["seconds"]["median"])
    if not result["note"]:
        return median
    return f"{median} ({result['runs']} run{'s' if result['runs'] > 1 else ''})"


def with_tables(text: str, found: str) -> str:
    """`text` with `found` between the two markers.

    Raises
    ------
    ValueError
        If `text` does not have each marker once, in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{README.name} must have {BEGIN} and after it {END}, each once")
    before, rest = text.split(BEGIN)
    inside = f"\n\n{found}\n\n" if found else "\n"
    return f"{before}{BEGIN}{inside}{END}{rest.split(END)[1]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="RESULTS.json", help="[benchmarks/results/*.json]")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if README is not current")
    given = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    try:
        current = with_tables(text, tables(given.files or committed()))
    except (OSError, ValueError, KeyError) as error:
        print(f"readme_benchmarks: {error}", file=sys.stderr)
        return 1
    if given.check:
        if current != text:
            print(f"{README.name} does not show the results: run make readme-table", file=sys.stderr)
        return int(current != text)
    README.write_text(current, encoding="utf-8")
    print(f"{README} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
