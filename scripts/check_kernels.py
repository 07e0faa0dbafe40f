"""Hold the GPU engine's kernels, as compiled and run on the processor, against the CPU engine, on whole networks.

    python scripts/check_kernels.py --persons 10000 100000 --out benchmarks/results/kernels/synthetic.json
    python scripts/check_kernels.py --input arrests/ --config config.toml --name "what they are"

Every call that the features make of the CPU engine is made of the kernels too (``tests/compiled_kernels``, the fast
build: threads and blocks in random order, barriers and guard zones checked). Prints for each the seconds of both and
the largest relative difference, and ends with 1 if that is above 1e-9, or if whole numbers differ. Seconds are the
processor's, on one thread, and say nothing of those of a GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import compiled_kernels  # noqa: E402

from benchmarks.machine import machine  # noqa: E402
from benchmarks.versions import installed_version  # noqa: E402
from gpunet import compute_features, load_config, read_arrests  # noqa: E402
from gpunet.engines.cpu import CpuEngine  # noqa: E402
from gpunet.engines.gpu import searches  # noqa: E402
from gpunet.kernels.cuda.cores import shell_of_outsiders_cuda  # noqa: E402
from gpunet.kernels.cuda.neighbourhood import hop_counts_cuda  # noqa: E402
from gpunet.kernels.cuda.ties import csr_from_ties_cuda, incident_pairs_cuda, merge_pairs_cuda  # noqa: E402
from gpunet.kernels.cuda.tipping import tipping_cuda, tipping_without_own_seed_cuda  # noqa: E402
from gpunet.kernels.jit_cuda import on_host  # noqa: E402
from gpunet.synthetic import make_arrests  # noqa: E402

FAMILIES = ("neighbourhood", "betweenness", "closeness", "shell", "tipping")
TOLERANCE = 1e-9

Row = dict[str, Any]


def incident_pairs(indptr: Any, members: Any, first: Any, last: Any, n: int, undated: int) -> Any:
    size = np.diff(indptr)
    begin = np.concatenate([[0], np.cumsum(size * (size - 1) // 2)])
    return incident_pairs_cuda(indptr, members, first, last, n, undated, begin, int(begin[-1]))


def merge_pairs(key: Any, weight: Any, low: Any, high: Any, undated: int) -> Any:
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    return merge_pairs_cuda(key, order, weight, low, high, undated, starts)


def tipping(indptr: Any, indices: Any, seed: Any, k: int) -> Any:
    return tipping_without_own_seed_cuda(indptr, indices, seed, tipping_cuda(indptr, indices, seed, k), k)


KERNELS: dict[str, Callable[..., Any]] = {
    "incident_pairs": incident_pairs,
    "merge_pairs": merge_pairs,
    "csr_from_ties": lambda a, b, n: csr_from_ties_cuda(a, b, n, np.argsort(b, kind="stable")),
    "hop_counts": hop_counts_cuda,
    "shell_of_outsiders": shell_of_outsiders_cuda,
    "tipping": tipping,
    "all_dependencies": searches.all_dependencies,
    "farness": searches.farness,
}


class Both(CpuEngine):
    """The CPU engine, whose every call with a kernel of its own is held against that one."""

    def __init__(self, threads: int = 1, say: Callable[[Row], None] = lambda row: None) -> None:
        super().__init__(threads)
        rows: list[Row] = []
        object.__setattr__(self, "rows", rows)
        for name, kernels in KERNELS.items():
            object.__setattr__(self, name, self._held(name, getattr(self, name), kernels, rows, say))

    @staticmethod
    def _held(name: str, of_cpu: Any, kernels: Any, rows: list[Row], say: Callable[[Row], None]) -> Any:
        def work(*given: Any) -> Any:
            begin = time.process_time()
            expected = of_cpu(*given)
            between = time.process_time()
            found = kernels(*given)
            found = tuple(map(_host, found)) if isinstance(found, tuple) else _host(found)
            whole = all(np.issubdtype(each.dtype, np.integer) or each.dtype == bool for each in _all(expected))
            row = {
                "call": name,
                "cpu_seconds": round(between - begin, 3),
                "kernels_seconds": round(time.process_time() - between, 3),
                "largest_difference": largest_difference(found, expected),
            }
            row["agrees"] = row["largest_difference"] <= (0 if whole else TOLERANCE)
            rows.append(row)
            say(row)
            return expected

        return work


def _host(array: Any) -> NDArray[Any]:
    return array if isinstance(array, np.ndarray) else on_host(array)


def _all(found: Any) -> Sequence[NDArray[Any]]:
    return [np.asarray(each) for each in (found if isinstance(found, tuple) else (found,))]


def largest_difference(found: Any, expected: Any) -> float:
    """Relative to what is expected, where that is not 0; infinite where shapes or types differ."""
    largest = 0.0
    for one, other in zip(_all(found), _all(expected), strict=True):
        if one.shape != other.shape or one.dtype != other.dtype:
            return np.inf
        difference = np.abs(one.astype(np.float64) - other)
        scale = np.where(other == 0, 1, np.abs(other))
        largest = max(largest, float((difference / scale).max(initial=0)))
    return largest


def compare(arrests: Any, say: Callable[[Row], None] = lambda row: None) -> Row:
    """What both say of the arrests' network, call by call."""
    both = Both(1, say)
    features = compute_features(arrests, FAMILIES, engine=both)
    rows = both.rows  # type: ignore[attr-defined]
    return {"persons": len(features), "agrees": all(row["agrees"] for row in rows), "calls": rows}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=lambda text: int(float(text)), nargs="*", default=[], help="synthetic tables")
    parser.add_argument("--input", help="a table, folder or glob")
    parser.add_argument("--config", help="its configuration")
    parser.add_argument("--name", help="what the figures call it (the file's name)")
    parser.add_argument("--memory", type=float, default=1.0, help="GiB that the device has (1)")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    asked = parser.parse_args(arguments)
    compiled_kernels.limit_memory(int(asked.memory * 2**30))
    config = load_config(asked.config)
    tables: list[tuple[str, Callable[[], Any]]] = [
        (f"synthetic, {persons:,} persons, seed 1", partial(_synthetic, persons, config)) for persons in asked.persons
    ]
    if asked.input:
        tables.append((asked.name or Path(asked.input).name, lambda: read_arrests(asked.input, config)))
    found = []
    with compiled_kernels.running(build="fast", order="random"):
        compare(_synthetic(1000, None))  # which compiles the kernels
        for name, arrests in tables:
            print(f"{name}\n{'':24}{'CPU s':>9}{'kernels s':>11}  largest relative difference")
            found.append({"table": name, **compare(arrests(), _print)})
            if asked.out:
                asked.out.parent.mkdir(parents=True, exist_ok=True)
                asked.out.write_text(json.dumps(_about(asked) | {"results": found}, indent=1) + "\n", encoding="utf-8")
    return 0 if all(each["agrees"] for each in found) else 1


def _synthetic(persons: int, config: Any) -> Any:
    return read_arrests(make_arrests(persons, 1), config)


def _print(row: Row) -> None:
    words = "equal" if row["largest_difference"] == 0 else f"{row['largest_difference']:.1e}"
    print(
        f"{row['call']:24}{row['cpu_seconds']:9.2f}{row['kernels_seconds']:11.2f}  {words}"
        f"{'' if row['agrees'] else ': TOO MUCH'}",
        flush=True,
    )


def _about(asked: argparse.Namespace) -> Row:
    packages = ("gpunet", "numba", "llvmlite", "numpy")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {"python": sys.version.split()[0]} | {name: installed_version(name) for name in packages},
        "settings": {"build": "fast", "order": "random", "memory_gib": asked.memory, "threads": 1},
    }


if __name__ == "__main__":
    sys.exit(main())
