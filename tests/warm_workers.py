"""Workers of Dask that are forked from a process that has imported all they need: to start one is mostly imports.

A user's are new interpreters, and so are those of a test that asks for them with :func:`new_interpreters`, and those
of a command that :func:`tests.run_processes.start` starts.
"""

from __future__ import annotations

import multiprocessing
from contextlib import AbstractContextManager
from multiprocessing import forkserver
from typing import Any

_METHOD = "distributed.worker.multiprocessing-method"


def prepare() -> None:
    """Let workers that this process starts from now on be forks."""
    import dask
    import distributed.utils

    dask.config.set({_METHOD: "forkserver"})
    distributed.utils._forkserver_preload_set = True  # or Dask would name modules of its own
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.imported_commands"])


def new_interpreters() -> AbstractContextManager[Any]:
    """Inside, workers begin as a user's do."""
    import dask

    return dask.config.set({_METHOD: "spawn"})


def address() -> str:
    """Of the process that forks, which is started if need be."""
    forkserver.ensure_running()
    return str(forkserver._forkserver._forkserver_address)  # type: ignore[attr-defined]


def share(address: str) -> None:
    """In a fork: let its workers come from the same process as itself, not from another one that imports all anew."""
    server: Any = forkserver._forkserver  # type: ignore[attr-defined]
    server._forkserver_address = address
    server.ensure_running = lambda: None
