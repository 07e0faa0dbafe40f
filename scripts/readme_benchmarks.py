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

from benchmarks.systems import OURS
from benchmarks.words import in_mib, in_seconds, markdown_table, processor_line, times

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"

PEER = "igraph"
PACKAGES = ("gpunet", PEER, "python", "numpy", "numba")


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
            key = (r["network"], r["persons"], r["ties"], r["measure"])
            if seen.setdefault(key, path.name) != path.name:
                raise ValueError(f"{path.name} and {seen[key]} both have {r['measure']} on {r['network']}")
        groups.setdefault(_conditions(results, beside_peer=True), []).append(results)
    parts = []
    for several in sorted(groups.values(), key=lambda group: not any(map(_has_peer, group))):
        conditions = _conditions(several[0], beside_peer=any(map(_has_peer, several)))
        days = sorted({results["date"][:10] for results in several})
        begin = f"Measured on {days[0]}" if len(days) == 1 else f"Measured from {days[0]} to {days[-1]}"
        rows = sorted((r for results in several for r in results["results"]), key=_by_size)
        parts += [f"{begin}: {conditions}", *_beside_the_peer(rows), *_whole_command(rows)]
    return "\n\n".join(parts)


def _by_size(result: dict[str, Any]) -> tuple[bool, int, int]:
    """Synthetic networks first, each kind from small to large; what is as large stays in its order."""
    return (not result["network"].startswith("synthetic "), result["persons"], result["ties"])


def _has_peer(results: dict[str, Any]) -> bool:
    return any(r["system"] == PEER for r in results["results"])


def _conditions(results: dict[str, Any], *, beside_peer: bool) -> str:
    """What has to be the same for two results to stand in one table, with the peer or without."""
    versions, settings = results["versions"], results["settings"]
    names = ", ".join(
        f"{name} {versions[name]}" for name in PACKAGES if versions.get(name) and (beside_peer or name != PEER)
    )
    threads = f"gpunet had {settings['threads']} threads{f', {PEER} one' if beside_peer else ''}"
    return (
        f"{processor_line(results['machine'])}; {names}. {threads}. "
        f"Times are medians of {settings['repeat']} runs, in seconds, without compilation and conversion."
    )


def _beside_the_peer(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for ours in rows:
        if ours["system"] != OURS:
            continue
        same = [r for r in rows if all(r[key] == ours[key] for key in ("network", "persons", "ties", "measure"))]
        peer = next((r for r in same if r["system"] == PEER), None)
        cells = [ours["network"], f"{ours['persons']:,}", f"{ours['ties']:,}", ours["measure"]]
        cells += [_time(ours), "not measured" if peer is None else _time(peer), ""]
        if peer is not None and peer["seconds"] and ours["seconds"]:
            cells[-1] = times(peer["seconds"]["median"] / ours["seconds"]["median"])
        lines.append(cells)
    head = ["network", "persons", "ties", "measure", OURS, f"{PEER}, plain", "times faster"]
    return ["\n".join(markdown_table(head, lines))] if lines else []


def _whole_command(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        [r["network"], f"{r['persons']:,}", f"{r['ties']:,}", _time(r), in_mib(r["peak_memory_bytes"])]
        for r in rows
        if r["measure"] == "end-to-end"
    ]
    head = ["input", "persons", "ties", "`gpunet features`, all of it", "peak memory"]
    return ["\n".join(markdown_table(head, lines))] if lines else []


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
