"""CUDA kernels as Numba compiles them for a GPU, run on this processor, without a GPU, driver, NVVM or C compiler.

Numba lowers a kernel to LLVM IR with the device's types and widths; the IR is given this processor's names and compiled
for it (:mod:`compiled_kernels.host_code`). Threads of a block take turns: each runs to its next barrier on a stack of
its own (``runtime.ll``). Blocks run one after another. What a device would punish ends the kernel with a
:class:`KernelError` that names kernel and line: see ``checks.ll``. The checks are those of the build "checked"; the
build "fast" has those of barriers and guard zones alone, for large networks.

To import it ahead of any module of kernels is enough: those kernels run here then, unless the environment has
``GPUNET_TEST_KERNELS=device``.

What it does not know: warps and their operations, blocks that wait for each other, fused multiply and add (a device
contracts ``a * b + c``, so that last bits may differ).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from numba import cuda  # noqa: TID251

from compiled_kernels import settings
from compiled_kernels.faults import KernelError
from compiled_kernels.memory import limit_memory
from compiled_kernels.settings import BUILDS, ORDERS

__all__ = ["BUILDS", "ORDERS", "KernelError", "in_every_order", "limit_memory", "running"]


def _prepare() -> None:
    """Let kernels that are defined from now on run here."""
    from compiled_kernels import arrays, lowering, memory
    from compiled_kernels.launch import Kernel

    def jit(function: Any = None, *, device: bool = False, **named: Any) -> Any:
        make: Callable[..., Any] = lowering.jit_device if device else Kernel
        return make if function is None else make(function)

    lowering.set_up()
    cuda.jit = jit
    cuda.device_array, cuda.to_device = arrays.device_array, arrays.to_device
    cuda.as_cuda_array = lambda array: array
    cuda.synchronize = lambda: None
    info = SimpleNamespace(get_memory_info=lambda: (memory.free_bytes(), memory.memory_bytes()))
    cuda.current_context = lambda *given: info


@contextmanager
def running(build: str | None = None, order: str | None = None, seed: int | None = None) -> Iterator[None]:
    """Let kernels that are started meanwhile be of a build, and their threads run in an order."""
    before = settings.build, settings.order, settings.seed
    settings.build, settings.order = build or settings.build, order or settings.order
    settings.seed = settings.seed if seed is None else seed
    try:
        yield
    finally:
        settings.build, settings.order, settings.seed = before


def in_every_order(work: Callable[[], Any], same: Callable[[Any, Any], Any], seeds: int = 3) -> Any:
    """What `work` returns, after a look at whether it is the same in every order of threads and blocks.

    ``same(found, expected)`` asserts that two results are; where they are not, the order and the kernels that have been
    started are added to what it says.
    """
    with running(order="forward"):
        expected = work()
    for order, seed in (("backward", None), *(("random", seed) for seed in range(seeds))):
        settings.started.clear()
        with running(order=order, seed=seed):
            found = work()
        try:
            same(found, expected)
        except AssertionError as error:
            error.add_note(f"in the order {order}, of {'; '.join(settings.started)}")
            raise
    return expected


if os.environ.get("GPUNET_TEST_KERNELS") != "device":
    _prepare()
