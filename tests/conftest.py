"""Hypothesis profiles: ``ci`` (the default) and ``long`` (``make test-slow``) draw the same examples every time.

``deep`` is for a long look by hand, ``quick`` for a first one: an example that fails is not made smaller.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests import warm_workers

_SLOW_START = [HealthCheck.too_slow]  # the first example compiles the kernels

settings.register_profile("long", max_examples=60, deadline=None, derandomize=True, suppress_health_check=_SLOW_START)
settings.register_profile("ci", settings.get_profile("long"), max_examples=24)
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=_SLOW_START)
settings.register_profile("quick", settings.get_profile("ci"), phases=[Phase.explicit, Phase.reuse, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """On a busy machine it may take minutes until a worker of a cluster is there, or comes again."""
    with pytest.MonkeyPatch.context() as patch:
        if find_spec("distributed"):  # a GPU machine on which kernels are tested may have none
            patch.setattr("gpunet.cluster.waiting._PATIENCE", 600.0)
            patch.setattr("gpunet.cluster.connect._TO_HAVE_WORKERS", 600.0)
            warm_workers.prepare()
        yield


def pytest_collection_finish() -> None:
    """What is there now stays, and need not be looked through each time that garbage is collected."""
    gc.collect()
    gc.freeze()
