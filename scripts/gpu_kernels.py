"""Every kernel on an NVIDIA GPU: parity with the CPU's kernels, seconds of both, and bytes a second at least.

    python scripts/gpu_kernels.py make --persons 1e5 --out edges           # where gpunet is installed: edges-100000.npz
    PYTHONPATH=. python scripts/gpu_kernels.py run edges/*.npz --out runs/kernels.json    # on the machine with the GPU

`run` needs NumPy, Numba and numba-cuda, and nothing else. What it has found stands in its file at any time: for each
network ties, neighbourhood, shells, tipping, betweenness and closeness; and a ladder whose paths pass every float. Of a
large network, `--share` of the CPU's batches can be done: their seconds are scaled up by their work, and the GPU does
the same batches to be compared, and then all of them to be timed. Bytes are those that gpunet.search.gpu_floor counts,
which must be moved, and are held against what a copy within the device reaches. Exit code 1 if numbers differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from gpunet.search import searches
from gpunet.search.batches import batches_of, shrinking_batches
from gpunet.search.gpu_floor import bytes_moved
from scripts.on_gpu.engine import copy_speed, timed
from scripts.on_gpu.results import write_json

if TYPE_CHECKING:
    from gpunet.search.batches import Batch
    from gpunet.search.graph import SearchGraph

RELATIVE = 1e-9  # what engines may differ by


def make(asked: argparse.Namespace) -> int:
    """Write the ties and sets of a synthetic network."""
    from gpunet import build_network, read_arrests
    from gpunet.synthetic import make_arrests

    network = build_network(read_arrests(make_arrests(int(asked.persons), seed=asked.seed)))
    end = np.repeat(np.arange(network.n, dtype=np.int32), np.diff(network.indptr))
    once = end < network.indices
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / f"edges-{int(asked.persons)}.npz"
    names = sorted(network.sets)
    member = np.stack([network.sets[name] for name in names], axis=1)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, a=end[once], b=network.indices[once], member=member, names=np.array(names))
    part.replace(path)
    print(path)
    return 0


def search_graph_of(a: NDArray[np.int32], b: NDArray[np.int32], member: NDArray[np.bool_]) -> SearchGraph:
    """What is searched of the network of the ties ``a < b``, which are sorted."""
    from gpunet.kernels.cpu.blocks import biconnected_blocks, hanging_weights, split_into_blocks
    from gpunet.kernels.cpu.ties import csr_from_ties
    from gpunet.search.graph import searched_blocks

    network = csr_from_ties(a, b, len(member))
    blocks = biconnected_blocks(*network)
    weight, _ = hanging_weights(*blocks, member.astype(np.int64))
    return searched_blocks(blocks[0], *split_into_blocks(*network, *blocks), weight)


def differ(expected: NDArray[Any], found: NDArray[Any]) -> float:
    """Largest difference, relative to the number where that is above 1e-9 of the largest."""
    if not np.isfinite(found).all():
        return float("inf")
    scale = np.maximum(np.abs(expected), RELATIVE * np.abs(expected).max(initial=1e-300))
    return float((np.abs(found - expected) / scale).max(initial=0.0))


def some(batches: list[Batch], share: float) -> list[Batch]:
    """A share of the batches, evenly chosen."""
    return batches[:: max(1, round(1 / share))]


def work_of(batches: list[Batch]) -> int:
    return sum((batch.last - batch.first) * len(batch.sources) for batch in batches)


def on_cpu(
    work: Callable[[Batch], NDArray[Any]], batches: list[Batch], total: NDArray[Any], asked: argparse.Namespace
) -> dict[str, float]:
    """Add up a share of the batches, over threads; seconds, measured and for all batches."""
    from gpunet.base.parallel import in_batches

    chosen = some(batches, asked.share)
    work(chosen[-1])  # compiles

    def add() -> None:
        for batch, part in in_batches(work, chosen, asked.threads):
            total[batch.first : batch.last] += part

    seconds, _ = timed(add)
    scale = work_of(batches) / max(work_of(chosen), 1)
    return {"cpu_seconds": seconds, "cpu_seconds_of_all": seconds * scale, "cpu_threads": asked.threads}


def betweenness(graph: SearchGraph, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Time betweenness of all sets on both, with several registers, threads and blocks on the GPU; as far as it is."""
    ends = time.monotonic() + asked.seconds
    from numba import cuda  # noqa: TID251

    from gpunet.engines.gpu.search_plan import plan_dependencies
    from gpunet.kernels.cuda import betweenness as betweenness_cuda
    from gpunet.kernels.cuda.betweenness_workspace import OnDevice, Workspace
    from gpunet.kernels.jit_cuda import on_host

    expected = np.zeros(graph.weight.shape)
    result: dict[str, Any] = on_cpu(
        partial(searches.dependencies, graph), shrinking_batches(graph, 64), expected, asked
    )
    result["same_batches_differ_by"] = on_gpu_by_batches(graph, expected, asked) if asked.share < 1 else None
    seconds, plan = timed(lambda: plan_dependencies(graph))
    result |= {"plan_seconds": seconds, "groups": len(plan.groups), "batches": len(plan.spans)}
    weight, twins = graph.weight.astype(np.float64), graph.twins.astype(np.float64)
    seconds, network = timed(lambda: OnDevice.take(graph.indptr, graph.indices, plan.stops, weight, twins, graph.inner))
    result["upload_seconds"] = seconds
    plain = betweenness_cuda.search
    cells = plan.cells(weight.shape[1])
    variants: list[dict[str, Any]] = []
    usual: NDArray[np.float64] | None = None
    moved, _ = bytes_moved(graph)
    for registers, threads, blocks in settings(asked.threads_of_a_block):
        if len(variants) > 1 and time.monotonic() > ends:
            break
        betweenness_cuda.search = (
            plain if registers is None else cuda.jit(max_registers=registers)(plain.py_func)  # type: ignore[attr-defined]
        )
        try:
            workspace = Workspace.make(plan.vertices, cells, blocks or plan.most_groups, threads)
            search = partial(betweenness_cuda.sums_of_groups, network, plan.groups, plan.spans, workspace, threads)
            first, _ = timed(search)  # compiles
            seconds, found = timed(search)
        except Exception as error:  # what cannot be done with so many registers is a finding
            if not variants:
                raise
            variants.append({"registers": registers, "threads": threads, "blocks": blocks, "error": repr(error)})
            continue
        finally:
            betweenness_cuda.search = plain
        total = on_host(found).reshape(weight.shape)
        same = usual is not None and np.array_equal(usual, total)
        usual = total if usual is None else usual
        variants.append(
            {
                "registers": registers, "threads": threads, "blocks": workspace.blocks, "seconds": seconds,
                "first_seconds": first, "bytes_a_second": moved / seconds,
                "differs_by": differ(expected, total) if asked.share == 1 else result["same_batches_differ_by"],
                "same_bits_as_usual": same,
            }
        )  # fmt: skip
        print(f"  {variants[-1]}", flush=True)
        del workspace, search, found
        if hasattr(context := cuda.current_context(), "deallocations"):
            context.deallocations.clear()  # before the next workspace asks for the free memory
        yield {**result, "least_bytes": moved, "gpu": variants}


def settings(usual: int) -> Iterator[tuple[int | None, int, int | None]]:
    """Registers a thread at most, threads a block, blocks; None for what the package does itself.

    The bits must be those of the first line.
    """
    yield from ((None, usual, None), (None, usual, None), (None, usual, 264), (80, usual, None), (64, usual, None))
    yield from ((None, 2 * usual, None), (None, usual // 2, None), (64, 2 * usual, None), (None, usual, 100))


def on_gpu_by_batches(graph: SearchGraph, expected: NDArray[np.float64], asked: argparse.Namespace) -> float:
    """How far the GPU is from the CPU on the batches that the CPU has done."""
    from gpunet.kernels.cuda.betweenness import dependencies_cuda

    on_the_cpu = searches.dependencies_lanes
    block = asked.threads_of_a_block
    searches.dependencies_lanes = lambda *given: dependencies_cuda(*given[:7], threads=block)
    total = np.zeros(expected.shape)
    try:
        for batch in some(shrinking_batches(graph, 64), asked.share):
            total[batch.first : batch.last] += searches.dependencies(graph, batch)
    finally:
        searches.dependencies_lanes = on_the_cpu
    return differ(expected, total)


def closeness(graph: SearchGraph, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Time closeness of all sets on both, with one to eight words a vertex on the GPU; as far as it is."""
    from gpunet.engines.gpu.search_plan import plan_closeness
    from gpunet.kernels.cpu.closeness import BATCH, farness_batch
    from gpunet.kernels.cuda import closeness as closeness_cuda
    from gpunet.kernels.jit_cuda import on_host

    about = (graph.indptr, graph.indices, graph.weight, graph.inner)
    expected = np.zeros(graph.weight.shape, np.int64)
    batches = batches_of(graph, BATCH)
    result: dict[str, Any] = on_cpu(
        lambda batch: farness_batch(*about, batch.sources, batch.first, batch.last), batches, expected, asked
    )
    _, moved = bytes_moved(graph)
    variants: list[dict[str, Any]] = []
    sources = int(np.count_nonzero(graph.weight.any(axis=1)))
    whole = len(some(batches, asked.share)) == len(batches)
    for words in (closeness_cuda.words_for(sources), 1, 2, 4, 8):
        seconds, (order, bounds) = timed(lambda words=words: plan_closeness(graph, words))
        made, prepared = timed(
            lambda words=words, order=order, bounds=bounds: closeness_cuda.batches_of(
                graph.weight, order, bounds, words
            )
        )

        def search(prepared: closeness_cuda.Batches = prepared) -> Any:
            sets = graph.weight.shape[1]
            return closeness_cuda.farness_of_batches(
                graph.indptr, graph.indices, graph.inner, sets, prepared, asked.threads_of_a_block
            )

        search()  # compiles
        spent, far = timed(search)
        total = on_host(far).reshape(expected.shape)
        # Sums of some of the batches are no larger than those of all.
        equal = bool(np.array_equal(expected, total) if whole else (expected <= total).all())
        timing = {"plan_seconds": seconds + made, "seconds": spent, "bytes_a_second": moved / spent}
        variants.append({"words": words, **timing, "equal": equal})
        print(f"  {variants[-1]}", flush=True)
        yield {**result, "least_bytes": moved, "gpu": variants}


def ladder(block: int, k: int = 1200) -> dict[str, Any]:
    """A row of k diamonds has 2^k paths from end to end: those of sources near the ends pass 2^1023."""
    from gpunet.kernels.cpu.betweenness import dependencies_batch
    from gpunet.kernels.cpu.ties import csr_from_ties
    from gpunet.kernels.cuda.betweenness import dependencies_cuda

    left = 3 * np.arange(k)
    ends = np.stack(
        [np.concatenate([left, left, left + 1, left + 2]), np.concatenate([left + 1, left + 2, left + 3, left + 3])]
    )
    a, b = ends[:, np.lexsort(ends[::-1])].astype(np.int32)
    n = 3 * k + 1
    network = csr_from_ties(a, b, n)
    target_weight = np.ones((n, 2))
    target_weight[::2, 1] = 0.0
    sources = np.array([*range(16), *range(n // 2, n // 2 + 16)], np.int32)
    given = (*network, target_weight[sources], target_weight, np.ones(n))
    seconds, found = timed(lambda: dependencies_cuda(*given, np.ones(n, bool), sources, threads=block))
    return {"seconds": seconds, "differs_by": differ(dependencies_batch(*given, sources), found)}


def run(asked: argparse.Namespace) -> int:
    """Measure every network; what has been found is written each time there is more."""
    from scripts.on_gpu.network_kernels import network_kernels

    block = asked.threads_of_a_block
    found: dict[str, Any] = {"memory": copy_speed(asked.copy), "ladder": ladder(block, 12 if block < 256 else 1200)}
    wrong = ["ladder"] * (not found["ladder"]["differs_by"] <= RELATIVE)
    for path in asked.edges:
        with np.load(path, allow_pickle=False) as held:
            a, b, member = held["a"], held["b"], held["member"]
        seconds, graph = timed(partial(search_graph_of, a, b, member))
        result = found[path.stem] = {
            "persons": len(member), "ties": len(a), "positions": len(graph.weight), "graph_seconds": seconds,
            "largest_block": int(np.diff(graph.start).max(initial=0)), "rows": len(graph.indices), "share": asked.share,
            "kernels": [],
        }  # fmt: skip
        print(path.name, result, flush=True)
        for row in network_kernels(a, b, member, asked.threads, block):
            print(f"  {row}", flush=True)
            result["kernels"].append(row)
            wrong += [f"{path.name} {row['kernel']}"] * (not row["equal"])
            write_json(asked.out, found)
        for name, measure in (("betweenness", betweenness), ("closeness", closeness)):
            for result[name] in measure(graph, asked):
                write_json(asked.out, found)
            right = all(v.get("equal", v.get("differs_by", 0.0) <= RELATIVE) for v in result[name]["gpu"])
            wrong += [f"{path.name} {name}"] * (not right)
    found["different"] = wrong
    write_json(asked.out, found)
    print("different from the CPU: " + ", ".join(wrong) if wrong else "all as on the CPU")
    return 1 if wrong else 0


def main() -> int:
    """Take the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("make", help="write a synthetic network's edges")
    making.add_argument("--persons", type=float, default=1e4)
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--out", type=Path, default=Path("edges"), help="a folder")
    making.set_defaults(work=make)
    running = commands.add_parser("run", help="measure on a GPU")
    running.add_argument("edges", type=Path, nargs="*", help="files that `make` wrote")
    running.add_argument("--out", type=Path, default=Path("runs/kernels.json"), help="a JSON file")
    running.add_argument("--share", type=float, default=1.0, help="of the CPU's batches to do")
    running.add_argument("--threads", type=int, default=16, help="of the CPU")
    running.add_argument("--threads-of-a-block", type=int, default=256, help="of the GPU")
    running.add_argument("--seconds", type=float, default=60.0, help="for further ways to start betweenness")
    running.add_argument("--copy", type=int, default=1 << 32, help="bytes to copy within the device's memory")
    running.set_defaults(work=run)
    asked = parser.parse_args()
    return int(asked.work(asked))


if __name__ == "__main__":
    sys.exit(main())
