"""Hypothesis profiles: ``ci`` (the default) and ``long`` (``make test-slow``) draw the same examples every time.

``deep`` is for a long look by hand, ``quick`` for a first one: an example that fails is not made smaller.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests import warm_workers
from tests.drawing import one_process_for_all

_SLOW_START = [HealthCheck.too_slow]  # the first example compiles the kernels

settings.register_profile("long", max_examples=60, deadline=None, derandomize=True, suppress_health_check=_SLOW_START)
settings.register_profile("ci", settings.get_profile("long"), max_examples=24)
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=_SLOW_START)
settings.register_profile("quick", settings.get_profile("ci"), phases=[Phase.explicit, Phase.reuse, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What is imported and collected is no garbage: to look for some among it would take a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Processes of tests find on disk what all of them need, and do not each compile it."""
    if not getattr(session.config.option, "numprocesses", None) or hasattr(session.config, "workerinput"):
        return
    from gpunet.cli.first_kernels import FEATURE_KERNELS
    from gpunet.kernels.ahead import compilers

    with compilers(FEATURE_KERNELS, processes=2) as others:
        for process in others.processes if others else ():
            process.wait()


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk() -> Iterator[None]:
    """Files are not flushed to disk: a killed process loses nothing that it has written, and no power is cut here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which fails for what is no open file too
        yield


@pytest.fixture(autouse=True, scope="session")
def one_process_draws() -> Iterator[None]:
    """Plots are drawn by one process for all tests, and each once."""
    with one_process_for_all() as drawn, pytest.MonkeyPatch.context() as patch:
        patch.setattr("gpunet.report.look._drawn", drawn)
        yield


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """On a busy machine it may take minutes until a worker of a cluster is there, or comes again."""
    with pytest.MonkeyPatch.context() as patch:
        if find_spec("distributed"):  # a GPU machine on which kernels are tested may have none
            patch.setattr("gpunet.cluster.waiting._PATIENCE", 600.0)
            patch.setattr("gpunet.cluster.connect._TO_ANSWER", 600.0)
            patch.setattr("gpunet.cluster.connect._TO_HAVE_WORKERS", 600.0)
            patch.setattr("gpunet.cluster.executor._TO_SEND", 600.0)
            warm_workers.prepare()
        yield
