"""How kernels are compiled and in which order their threads run."""

from __future__ import annotations

import os

__all__ = ["BUILDS", "ORDERS", "build", "order", "seed", "started"]

#: With checks of every access, or fast.
BUILDS = ("checked", "fast")

#: Of threads between two barriers, and of blocks. A correct kernel's result does not depend on it.
ORDERS = ("forward", "random", "backward")

build: str = os.environ.get("GPUNET_TEST_BUILD", "checked")
order: str = os.environ.get("GPUNET_TEST_ORDER", "random")
#: Of the next random order.
seed: int = int(os.environ.get("GPUNET_TEST_SEED", "1"))

#: The kernels that have been started, with their place in the source, each once.
started: dict[str, None] = {}
