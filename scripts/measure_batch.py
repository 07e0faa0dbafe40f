"""Measure a batch of many files: `python scripts/measure_batch.py [--persons N] [--forces F] [--months M] [--times T]`.

Writes synthetic arrests as F x M Parquet files, T times over with other incidents (so rows grow, and persons do not),
and runs `gpunet features` on them: in one process, and on --cluster local with each number of workers of one thread
each. Prints seconds, the highest memory of the process that was started, and seconds of stages. Stops if a table's
bytes differ. docs/cluster.md has such figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from gpunet.synthetic import write_tables

TABLES = ("features.parquet", "ties.parquet", "groups.parquet", "rejected.parquet")

#: Everything but the path features, which measure_cluster.py measures.
STAGES = ("read", "network", "geographic", "temporal", "history", "tables", "write features", "statistics")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--forces", type=int, default=43)
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, files = write_batch(folder / "batch", asked)
        size = sum(path.stat().st_size for path in (folder / "batch").iterdir())
        print(f"{rows:,} rows, {files:,} files, {size:,} bytes", flush=True)
        expected = None
        for workers in (0, *asked.workers):
            tables = measured(folder, workers)
            expected = expected or tables
            assert tables == expected, f"{workers} workers give other bytes"


def write_batch(out: Path, asked: argparse.Namespace) -> tuple[int, int]:
    """Write the files; return how many rows and files there are."""
    with tempfile.TemporaryDirectory() as name:
        write_tables(Path(name) / "tables", persons=asked.persons, seed=1)
        whole = pl.read_parquet(Path(name) / "tables" / "*.parquet")
    out.mkdir()
    n = asked.forces * asked.months
    place = pl.int_range(pl.len()) % n
    for again in range(asked.times):
        ids = pl.col("incident_id").cast(pl.String) + (f"-{again}" if again else "")
        for (i,), part in whole.with_columns(ids, place.alias("place")).partition_by("place", as_dict=True).items():
            part.drop("place").write_parquet(out / f"{again:03}-{i:05}.parquet")
    return len(whole) * asked.times, n * asked.times


def measured(folder: Path, workers: int) -> dict[str, bytes]:
    """Run in a process of its own, print what it took, and give the tables' bytes."""
    out, config = folder / f"run{workers}", folder / "config.toml"
    config.write_text(f"[cluster]\nworkers = {max(workers, 1)}\nthreads = 1\n")
    command = [sys.executable, "-m", "gpunet", "features", str(folder / "batch"), "--out", str(out)]
    given = ["--cluster", "local", "--config", str(config)] if workers else ["--threads", "1"]
    begin = time.perf_counter()
    subprocess.run([*command, *given], check=True, capture_output=True)
    seconds = time.perf_counter() - begin
    execution: dict[str, Any] = json.loads((out / "run.json").read_text())["execution"]
    stages = {stage["stage"]: stage for stage in execution["stages"]}
    name = f"{workers} worker{'s' if workers > 1 else ''}" if workers else "one process, one thread"
    memory, load = execution["peak_memory_bytes"] / 2**20, os.getloadavg()[0]
    print(
        f"{name}: {seconds:.1f} s, {memory:,.0f} MiB at most, load {load:.1f}; "
        + ", ".join(f"{stage} {stages[stage]['seconds']:.2f}" for stage in STAGES),
        flush=True,
    )
    return {table: (out / table).read_bytes() for table in TABLES}


if __name__ == "__main__":
    main()
