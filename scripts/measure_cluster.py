"""Measure what a cluster gains and costs: `python scripts/measure_cluster.py [--persons N] [--rounds R] [--workers W]`.

Makes synthetic tables, builds their network and computes betweenness and closeness: in this process on one thread, and
on --cluster local with each number of workers of one thread each, in turn, R times over. Prints the seconds of each,
the load of the machine beside them, the medians and their ratio; and stops if any bit differs. docs/cluster.md has
such figures.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

import gpunet
from gpunet.cluster import cluster_engine
from gpunet.config import ClusterConfig
from gpunet.engine import Engine, resolve_engine
from gpunet.features.path import PathColumns, compute_path
from gpunet.network import Network
from gpunet.synthetic import write_tables

FAMILIES = ("betweenness", "closeness")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    network = synthetic_network(asked.persons)
    print(f"{network.n:,} persons, {network.n_ties:,} ties")
    timed(network, resolve_engine("cpu", 1))  # compiles
    seconds: dict[str, list[float]] = defaultdict(list)
    expected = None
    for _ in range(asked.rounds):
        taken, found = timed(network, resolve_engine("cpu", 1))
        seconds["one process"].append(taken)
        expected = expected or found
        for workers in asked.workers:
            name = f"{workers} worker{'s' if workers > 1 else ''}"
            begin = time.perf_counter()
            with cluster_engine("local", ClusterConfig(workers=workers, threads=1)) as engine:
                seconds[f"start of {name}"].append(time.perf_counter() - begin)
                timed(small_network(), engine)  # loads the kernels in every worker
                taken, found = timed(network, engine)
                seconds[name].append(taken)
                for column in expected:
                    assert np.array_equal(found[column], expected[column]), column
                begin = time.perf_counter()
            seconds[f"end of {name}"].append(time.perf_counter() - begin)
        figures = ", ".join(f"{name} {values[-1]:.2f} s" for name, values in seconds.items())
        print(f"load {os.getloadavg()[0]:.1f}: {figures}", flush=True)
    for name, values in seconds.items():
        print(f"median {statistics.median(values):.2f} s, least {min(values):.2f} s: {name}")


def timed(network: Network, engine: Engine) -> tuple[float, PathColumns]:
    begin = time.perf_counter()
    found = compute_path(network, FAMILIES, engine=engine, config=gpunet.PathConfig()).columns
    return time.perf_counter() - begin, found


def synthetic_network(persons: int) -> Network:
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder) / "arrests", persons=persons, seed=1)
        return gpunet.build_network(gpunet.read_arrests(str(Path(folder) / "arrests")))


def small_network() -> Network:
    return gpunet.network_from_edges(np.arange(3000), (np.arange(3000) + 1) % 3000, 3000)


if __name__ == "__main__":
    main()
