"""Approximate beside exact betweenness: samples, seconds, certified and true error, as a Markdown table.

    python scripts/measure_approximation.py --persons 1e5 --epsilon 0.01,0.05
    python scripts/measure_approximation.py --input arrests/ --config c.toml

Seconds are the better of two runs. Errors are of normalised betweenness, the largest of any person and set.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from gpunet import build_network, read_arrests
from gpunet.arrests.network import Network
from gpunet.config.config import PathConfig
from gpunet.features.path import PathResult, compute_path
from gpunet.synthetic import make_arrests

_WARM_PERSONS, _RUNS = 1_000, 2


def timed(network: Network, config: PathConfig, threads: int | None) -> tuple[PathResult, float]:
    """The betweenness columns, and the seconds that they took."""
    spent = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        result = compute_path(network, "betweenness", threads=threads, config=config)
        spent.append(time.perf_counter() - began)
    return result, min(spent)


def true_error(network: Network, result: PathResult, exact: PathResult) -> float:
    """The largest error of a value divided by the pairs of the set's other members."""
    worst = 0.0
    for name, member in network.sets.items():
        others = int(member.sum()) - 1
        if others > 1:
            error = np.abs(result.columns[f"betweenness__{name}"] - exact.columns[f"betweenness__{name}"])
            worst = max(worst, float(error.max()) / (others * (others - 1) / 2))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=float, default=1e5)
    parser.add_argument("--input", nargs="+")
    parser.add_argument("--config")
    parser.add_argument("--epsilon", default="0.01,0.05")
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    timed(build_network(read_arrests(make_arrests(_WARM_PERSONS, seed=1))), PathConfig(), asked.threads)  # compiles
    network = build_network(read_arrests(asked.input or make_arrests(int(asked.persons), seed=1), asked.config))
    exact, exact_seconds = timed(network, PathConfig(), asked.threads)
    print(f"{network.n:,} persons, {network.n_ties:,} ties; exact in {exact_seconds:.2f} s\n")
    print("| epsilon | samples, all sets | seconds | certified error | true error | sets sampled |")
    print("|---|---|---|---|---|---|")
    for text in asked.epsilon.split(","):
        result, seconds = timed(network, PathConfig("approx", float(text)), asked.threads)
        report = result.report
        if report is None:
            raise SystemExit("the network has no sets")
        samples = sum(each.samples for each in report.sets.values())
        sampled = sum(each.method == "approx" for each in report.sets.values())
        errors = f"{report.certified_error:.4f} | {true_error(network, result, exact):.4f}"
        print(f"| {text} | {samples:,} | {seconds:.2f} | {errors} | {sampled} |", flush=True)


if __name__ == "__main__":
    main()
