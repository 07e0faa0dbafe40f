"""What other libraries find on the GPU: cuGraph's betweenness and Louvain, on one GPU and on several."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["RUNGS", "Leave", "ladder", "louvain", "one_or_all"]

#: What is called with all that has been found so far.
Leave = Callable[[dict[str, Any]], None]

#: Diamonds in a ladder: 2^k shortest paths from end to end, around what 31 and 63 bits and a double hold, and between.
RUNGS = (20, 30, 31, 32, 40, 62, 63, 64, 200)


def ladder(leave: Leave, rungs: tuple[int, ...] = RUNGS) -> None:
    """Betweenness of ladders by cuGraph and by our GPU engine, beside our CPU engine's."""
    import gpunet
    from benchmarks.compare import difference
    from benchmarks.systems import PLAIN, SYSTEMS, system

    rows: list[dict[str, Any]] = []
    for k in rungs:
        left = 3 * np.arange(k)
        src = np.concatenate([left, left, left + 1, left + 2])
        dst = np.concatenate([left + 1, left + 2, left + 3, left + 3])
        network = gpunet.network_from_edges(src, dst, 3 * k + 1)
        plain = SYSTEMS[PLAIN]
        expected = plain.values("betweenness", plain.measures["betweenness"]((network, 1)), network)
        for name in ("cugraph", "cugraph-int64", "gpunet"):
            asked = system(PLAIN, "gpu") if name == "gpunet" else SYSTEMS[name]
            row: dict[str, Any] = {"diamonds": k, "system": name}
            try:
                graph = asked.convert(network, 1)
                found = asked.values("betweenness", asked.measures["betweenness"](graph), network)
                off = difference("betweenness", found, expected, asked.relative(network.n))
                row |= {"finite": bool(np.isfinite(found).all()), "agrees": off is None, "differs": off}
            except Exception as error:  # what one of them cannot do is a finding, not the end of the others
                row["error"] = f"{type(error).__name__}: {error}"
            rows.append(row)
            print(row, flush=True)
            leave({"ladders": rows})
    if all("error" in row for row in rows):
        raise RuntimeError("no system could do any ladder")


def louvain(leave: Leave, persons: int = 100_000, runs: int = 10) -> None:
    """Modularity of ten runs, and how much their partitions agree."""
    from sklearn.metrics import adjusted_rand_score

    import gpunet
    from benchmarks.compare import check_partition
    from benchmarks.systems import PLAIN, SYSTEMS
    from gpunet.synthetic import make_arrests

    network = gpunet.build_network(gpunet.read_arrests(make_arrests(persons, seed=1)))
    ours, theirs = SYSTEMS[PLAIN], SYSTEMS["cugraph"]
    label = ours.values("louvain", ours.measures["louvain"]((network, 1)), network)
    graph = theirs.convert(network, 1)
    found: list[Any] = []
    for _ in range(runs):
        found.append(theirs.values("louvain", theirs.measures["louvain"](graph), network))
        agreement = [float(adjusted_rand_score(a, b)) for a, b in combinations(found, 2)]
        leave(
            {
                "persons": network.n,
                "ties": network.n_ties,
                "modularity_of_gpunet_on_the_cpu": check_partition("louvain", "gpunet", network, label),
                "modularity": [check_partition("louvain", "cugraph", network, one) for one in found],
                "communities": [len(np.unique(one)) for one in found],
                "adjusted_rand": agreement
                and {"min": min(agreement), "mean": float(np.mean(agreement)), "max": max(agreement)},
                "pairs_of_runs_that_are_the_same": sum(np.array_equal(a, b) for a, b in combinations(found, 2)),
                "adjusted_rand_with_the_cpu": [float(adjusted_rand_score(label, one)) for one in found],
            }
        )


def one_or_all(leave: Leave, persons: int = 100_000) -> None:
    """What cuGraph finds on one GPU and, as if that were too small, by ``cugraph.dask`` on all; path features too."""
    import gpunet
    from gpunet.cluster import cluster_engine, gpu_graphs
    from gpunet.engines.choice import resolve_engine
    from gpunet.synthetic import make_arrests

    network = gpunet.build_network(gpunet.read_arrests(make_arrests(persons, seed=1)))
    everyone, field = np.ones(network.n, bool), np.zeros(network.n, np.int32)
    calls = {"core_numbers": (everyone,), "triangles": (field,), "component_labels": (), "louvain": (field,)}
    cpu, once, rows = resolve_engine("cpu"), gpu_graphs.call, []
    with cluster_engine("local-cuda") as engine:

        def timed(name: str, where: str, work: Callable[[], Any], expected: Any) -> None:
            begin = time.perf_counter()
            row: dict[str, Any] = {"call": name, "by": where}
            try:
                found = work()
                row["seconds"] = round(time.perf_counter() - begin, 3)
                row["agrees"] = bool(np.array_equal(_first(found), _first(expected))) if expected is not None else None
                if name == "louvain":
                    row["cells"] = len(np.unique(found))
            except Exception as error:  # what one of them cannot do is a finding, not the end of the others
                row["error"] = f"{type(error).__name__}: {error}"
            rows.append(row)
            print(row, flush=True)
            leave({"persons": persons, "ties": network.n_ties, "rows": rows, "cluster": dict(engine.describe())})

        for name, given in calls.items():
            wanted = None if name == "louvain" else getattr(cpu, name)(network.indptr, network.indices, *given)
            for where in ("one GPU", "one GPU again", "cugraph.dask"):
                gpu_graphs.call = _too_large if where == "cugraph.dask" else once
                work = partial(getattr(engine, name), network.indptr, network.indices, *given)
                timed(name, where, work, wanted)
        gpu_graphs.call = once
        for where in ("first", "again"):
            timed("path features", where, lambda: gpunet.path_features(network, engine=engine), None)
    if all("error" in row for row in rows):
        raise RuntimeError("nothing could be done on the GPUs")


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, tuple) else found


def _too_large(network: Any, setup: Any, name: str, arguments: Any) -> Any:
    """In the place of a call on a worker: as if its GPU were too small."""
    from gpunet.cluster.gpu_worker import Answer

    return Answer(1, 0)
