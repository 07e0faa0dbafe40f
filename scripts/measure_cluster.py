"""Measure what a cluster gains and costs: `python scripts/measure_cluster.py [--persons N] [--rounds R] [--workers W]`.

Makes synthetic tables, builds their network and computes betweenness and closeness: in this process on one thread, and
on --cluster local with each number of workers of one thread each; R rounds, every other one backwards. Prints for each
the seconds and the processor seconds of this process (client and scheduler) and of the workers, with the load of the
machine beside them; then medians, also of each round's seconds over those of the same round's first number of workers.
Stops if any bit differs. docs/cluster.md has such figures.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TypeAlias

import numpy as np
import psutil

import gpunet
from gpunet.arrests.network import Network
from gpunet.cluster import cluster_engine
from gpunet.config.cluster_config import ClusterConfig
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features.path import PathColumns, compute_path
from gpunet.synthetic import write_tables

FAMILIES = ("betweenness", "closeness")

Figures: TypeAlias = defaultdict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    network = synthetic_network(asked.persons)
    print(f"{network.n:,} persons, {network.n_ties:,} ties")
    expected, _ = compute(network, resolve_engine("cpu", 1))  # compiles
    figures: Figures = defaultdict(list)
    setups = [0, *asked.workers]  # 0 is this process alone
    for i in range(asked.rounds):
        for workers in setups if i % 2 == 0 else setups[::-1]:
            found = measured(network, workers, figures)
            for column in expected:
                assert np.array_equal(found[column], expected[column]), column
        first = figures[named(asked.workers[0])][-1]
        for workers in asked.workers[1:]:
            figures[f"{named(workers)} over {named(asked.workers[0])}"].append(figures[named(workers)][-1] / first)
        latest = ", ".join(f"{name} {values[-1]:.2f}" for name, values in figures.items())
        print(f"load {os.getloadavg()[0]:.1f}: {latest}", flush=True)
    for name, values in figures.items():
        print(f"median {statistics.median(values):6.3f}, from {min(values):6.3f} to {max(values):6.3f}: {name}")


def named(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}" if workers else "one process"


def measured(network: Network, workers: int, figures: Figures) -> PathColumns:
    """The features by so many workers, seconds of everything added to the figures."""
    name, this = named(workers), psutil.Process()
    if not workers:
        found, seconds = compute(network, resolve_engine("cpu", 1))
        figures[name].append(seconds)
        return found
    begin = time.perf_counter()
    with cluster_engine("local", ClusterConfig(workers=workers, threads=1)) as engine:
        figures[f"start of {name}"].append(time.perf_counter() - begin)
        compute(small_network(), engine)  # loads the kernels in every worker
        children = this.children(recursive=True)
        before = processor_seconds([this]), processor_seconds(children)
        found, seconds = compute(network, engine)
        figures[name].append(seconds)
        figures[f"processor of the client of {name}"].append(processor_seconds([this]) - before[0])
        figures[f"processor of {name}"].append(processor_seconds(children) - before[1])
        begin = time.perf_counter()
    figures[f"end of {name}"].append(time.perf_counter() - begin)
    return found


def processor_seconds(processes: list[psutil.Process]) -> float:
    return sum(used.user + used.system for used in (process.cpu_times() for process in processes))


def compute(network: Network, engine: Engine) -> tuple[PathColumns, float]:
    begin = time.perf_counter()
    found = compute_path(network, FAMILIES, engine=engine, config=gpunet.PathConfig()).columns
    return found, time.perf_counter() - begin


def synthetic_network(persons: int) -> Network:
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder) / "arrests", persons=persons, seed=1)
        return gpunet.build_network(gpunet.read_arrests(str(Path(folder) / "arrests")))


def small_network() -> Network:
    return gpunet.network_from_edges(np.arange(3000), (np.arange(3000) + 1) % 3000, 3000)


if __name__ == "__main__":
    main()
