"""What a run can be told beside its input and configuration, and the engine that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gpunet.checkpoints import SECONDS_BETWEEN
from gpunet.config import Config
from gpunet.engine import Engine, resolve_engine
from gpunet.progress import ProgressCallback

__all__ = ["RunOptions", "running_engine"]


@dataclass(frozen=True)
class RunOptions:
    """What a run can be told beside its input and configuration; but for `keep_going` without bearing on the results.

    `notice` gets a line with the estimate of work, time and memory before path features that take long, one about the
    cluster, and one for each checkpoint that was damaged. `cluster` divides the path features, see
    :func:`gpunet.cluster.cluster_engine`. A checkpoint is made where it saves `checkpoint_seconds` of work or more, and
    costs little beside that; 0 makes every one. `start_over` drops those of an unfinished run in the folder.
    `keep_going` leaves out files that cannot be read, see :func:`gpunet.read_arrests`.
    """

    engine: str = "auto"
    threads: int | None = None
    progress: ProgressCallback | None = None
    notice: Callable[[str], None] | None = None
    cluster: str | None = None
    checkpoint_seconds: float = SECONDS_BETWEEN
    start_over: bool = False
    keep_going: bool = False


@contextmanager
def running_engine(options: RunOptions, config: Config) -> Iterator[Engine]:
    """The engine that was asked for, and its cluster for as long as it is needed."""
    if (options.cluster or "none") == "none":
        yield resolve_engine(options.engine, options.threads)
        return
    from gpunet.cluster import cluster_engine

    with cluster_engine(
        options.cluster or "none", config.cluster, engine=options.engine, threads=options.threads, notice=options.notice
    ) as engine:
        yield engine
