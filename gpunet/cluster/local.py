"""Clusters of processes on this machine, of whatever kind their workers are."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gpunet.base.errors import ConfigError
from gpunet.config.cluster_config import ClusterConfig

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["QUIET", "local_client"]

#: What workers that we start may log, and the client here: an error is raised here, where it gets one clear line.
QUIET = logging.CRITICAL

_SETTINGS: dict[str, Any] = {
    # Workers keep what they hold in memory: nothing is spilled to files, which would be unpickled from there.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    # One that has ended is started again however long that takes: Dask would give it up after a while.
    "distributed.deploy.lost-worker-timeout": "1 hour",
    # On one machine nobody takes long to answer, and each time that a worker is asked that has ended waits for so long.
    "distributed.comm.timeouts.connect": "10s",
    # Dask lets workers give freed memory back at once. Each batch then waits for fresh pages, some 6 % of its time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    # Processes that look at themselves a hundred times a second take some 2 or 3 % of a processor each.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
    # Or copies of the network that no task waits for would be dropped, and sent again for the next stage.
    "distributed.scheduler.active-memory-manager.start": False,
}


@contextmanager
def local_client(make: Callable[..., Any], config: ClusterConfig, settings: Mapping[str, Any]) -> Iterator[Client]:
    """A client of processes here, which talk to each other through TLS: others may be logged in.

    Parameters
    ----------
    make
        Makes the cluster, from what all kinds are given.
    config
        Section ``[cluster]``.
    settings
        Of Dask, for this kind.

    Raises
    ------
    ConfigError
        If Dask does not take a value.
    """
    import dask
    from distributed import Client
    from distributed.security import Security

    with dask.config.set({**_SETTINGS, **settings}), ExitStack() as stack:
        within = dask.config.get("temporary-directory", None)  # if the user has a place for it
        scratch = stack.enter_context(TemporaryDirectory(prefix="gpunet-", dir=within, ignore_cleanup_errors=True))
        with _interrupts_are_ours():
            try:
                cluster = make(
                    memory_limit=config.memory_limit,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    protocol="tls",
                    local_directory=scratch,  # of mode 0700, whatever workers put into it
                    security=Security.temporary(),
                    silence_logs=QUIET,
                )
            except ValueError as error:
                raise ConfigError(f"[cluster] {error}") from error
            stack.callback(cluster.close)
        yield stack.enter_context(Client(cluster, set_as_default=False, direct_to_workers=True))


@contextmanager
def _interrupts_are_ours() -> Iterator[None]:
    """Workers that are started inside, and those that Dask starts later in their place, never get a SIGINT.

    A terminal sends it to all processes of a command. Workers would each print where they were; it is this process that
    ends them. Threads that begin inside block the signal, Dask's is one of them, and so do processes that threads
    start, from their first moment. This thread gets a SIGINT when it leaves the block.
    """
    if sys.platform == "win32":  # has no masks of signals
        yield
        return
    resource_tracker.ensure_running()  # which would let the signal through when the first worker is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
