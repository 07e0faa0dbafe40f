"""Simulate how a cluster shares out the path features: `python scripts/simulate_schedule.py [--persons N] [...]`.

First it measures: synthetic tables of so many persons are made, and every chunk of betweenness and closeness (see
gpunet/search/reduction.py) is computed on one thread, for its processor time and the size of its result. Then it plays
the schedule for each number of slots (threads of workers): runs of chunks (see gpunet/cluster/schedule.py) are handed
out in their order to the first free slot, so many ahead of the one that is awaited; the client fetches results one
after the other through its link, in order. It prints the number of tasks, the seconds until the last result is added,
and how busy the slots and the link were.

`--repeat K` stands for a network with K times the chunks: the measured ones over and over. `--slower S` and `--larger
L` multiply each chunk's seconds and bytes.
"""

from __future__ import annotations

import argparse
import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass

from measure_cluster import synthetic_network

from gpunet.base.progress import ProgressCallback
from gpunet.cluster.schedule import runs_of_chunks
from gpunet.features.pairs import Blocks, PairWork
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Chunk, chunks_of, sum_of_chunk
from gpunet.search.searches import all_dependencies, all_farness

AHEAD = 3  # as in gpunet/cluster/executor.py


@dataclass(frozen=True)
class Timed:
    """A chunk, with its seconds on one slot and the bytes of its result."""

    chunk: Chunk
    seconds: float
    size: float


@dataclass(frozen=True)
class Task:
    """A run of chunks: seconds on one slot, and bytes of its results."""

    seconds: float
    size: float


@dataclass(frozen=True)
class Played:
    """A schedule as it went: seconds in all, share of these that slots worked, and that the client's link did."""

    seconds: float
    busy: float
    link: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128])
    parser.add_argument("--link", type=float, default=1e9, help="bytes a second that the client takes in")
    parser.add_argument("--latency", type=float, default=0.004, help="seconds for handing out a task and its results")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--slower", type=float, default=1.0)
    parser.add_argument("--larger", type=float, default=1.0)
    asked = parser.parse_args()
    network = synthetic_network(asked.persons)
    graph = PairWork(Blocks(network), tuple(network.sets)).graph
    for stage, timed in measured(graph).items():
        chosen = [Timed(t.chunk, t.seconds * asked.slower, t.size * asked.larger) for t in timed] * asked.repeat
        work, size = sum(t.seconds for t in chosen), sum(t.size for t in chosen)
        longest = max(t.seconds for t in chosen)
        print(f"{stage}: {len(chosen)} chunks, {work:.2f} s of work, longest {longest:.3f} s, {size / 1e6:.1f} MB back")
        for slots in asked.slots:
            tasks = tasks_of(chosen, slots)
            played = play(tasks, slots, asked.link, asked.latency)
            print(
                f"  {slots:4} slots {len(tasks):5} tasks {played.seconds:9.2f} s, {work / played.seconds:6.1f} times "
                f"as fast, slots busy {played.busy:4.0%}, link busy {played.link:4.0%}"
            )


def measured(graph: SearchGraph) -> dict[str, list[Timed]]:
    """The chunks of each stage in their order, each timed after a first one that loads the kernels."""
    found: dict[str, list[Timed]] = {}

    def reducer(work, graph, batches, weights, total, stage, progress: ProgressCallback | None) -> None:  # type: ignore[no-untyped-def]
        chunks = chunks_of(batches, weights)
        for chunk in chunks[:1] + chunks:
            begin = time.thread_time()
            result = sum_of_chunk(work, graph, batches[chunk.begin : chunk.end], chunk.first, chunk.last)
            found.setdefault(stage, []).append(Timed(chunk, time.thread_time() - begin, result.nbytes))
        del found[stage][0]

    all_dependencies(graph, reducer, None)
    all_farness(graph, reducer, None)
    return found


def tasks_of(timed: Sequence[Timed], slots: int) -> list[Task]:
    """The chunks as they are grouped for so many slots."""
    position_bytes = round(max(t.size / (t.chunk.last - t.chunk.first) for t in timed))
    runs = runs_of_chunks([t.chunk for t in timed], position_bytes, slots)
    return [Task(sum(t.seconds for t in timed[i:j]), sum(t.size for t in timed[i:j])) for i, j in runs]


def play(tasks: Sequence[Task], slots: int, link: float, latency: float) -> Played:
    """Hand out the tasks in order to the first free slot, never more than AHEAD a slot beyond the one awaited."""
    free = [0.0] * slots
    heapq.heapify(free)
    added: list[float] = []  # when each task's result had been added, in order
    finished: list[float] = []
    for i, task in enumerate(tasks):
        # The client hands a task out when an earlier one has been added.
        handed = added[i - AHEAD * slots] if i >= AHEAD * slots else 0.0
        begin = max(heapq.heappop(free), handed)
        finished.append(begin + latency + task.seconds)
        heapq.heappush(free, finished[-1])
        added.append(max(finished[i], added[-1] if added else 0.0) + task.size / link)
    seconds = added[-1]
    work, size = sum(task.seconds for task in tasks), sum(task.size for task in tasks)
    return Played(seconds, work / (seconds * slots), size / link / seconds)


if __name__ == "__main__":
    main()
