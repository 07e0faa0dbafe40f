"""Compile the CUDA kernels to the end for a GPU that need not be there: by NVVM and the assembler, which tests do not.

    pip install "numba-cuda[cu13]" nvidia-cuda-nvcc
    python scripts/compile_cuda.py --capability 9.0

Prints each kernel's registers and bytes of local memory a thread, and of spills, which limit how many threads a
multiprocessor holds.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
from numba import cuda  # noqa: TID251
from numba.cuda import dispatcher  # noqa: TID251
from numba.types import Array, boolean, float32, float64, int32, int64, uint64

from gpunet.kernels import jit_cuda
from gpunet.kernels.cuda import (
    betweenness_search,
    closeness_search,
    cores,
    cores_search,
    neighbourhood,
    rows,
    ties,
    tipping,
    tipping_search,
)
from gpunet.model import loops_cuda


def flat(kind: Any, dimensions: int = 1) -> Any:
    return Array(kind, dimensions, "C")


_NETWORK = (flat(int64), flat(int32))
_ROOM = (flat(float64, 3), flat(int32, 3), flat(int32, 2))
_MEMBERS = (*_NETWORK, flat(uint64))
_CORES = (*_NETWORK, flat(int32))
_SEEDS = (*_NETWORK, flat(boolean), flat(int32), int64)
_SLOTS = (flat(int64), flat(int32), flat(int32), flat(float64), flat(float64))

#: Kernels and the types that they are started with.
KERNELS: tuple[tuple[Any, Sequence[Any]], ...] = (
    *((jit_cuda._fill, (flat(kind), kind)) for kind in (float64, int32, int64)),
    (betweenness_search.clear_workspace, _ROOM),
    (betweenness_search.add_sums, (flat(float64, 2), int64, flat(float64), int64, int64)),
    (
        betweenness_search.search,
        (flat(int64), flat(int64), flat(int32), flat(float64, 2), flat(float64), flat(boolean), *[flat(int64)] * 5,
         flat(int32), *_SLOTS, flat(int32), *[int64] * 4, boolean, int64, int64, boolean, float64, *_ROOM,
         flat(float64, 2), flat(int32)),
    ),
    (
        closeness_search.search,
        (*_NETWORK, flat(boolean), flat(int32), flat(int64, 2), int64, int64, flat(uint64), flat(int64), flat(int64),
         int64, int64, flat(uint64, 3), flat(int32, 3), flat(int64)),
    ),
    *((rows._fill, (flat(kind), int64)) for kind in (int32, int64)),
    (neighbourhood._list_many, (flat(int64), int64, flat(int32), flat(int32))),
    (neighbourhood._count_first_ways, (*_MEMBERS, int64, flat(int64, 3))),
    (neighbourhood._count_with_stamps, (*_MEMBERS, flat(int32), int64, flat(int32, 2), flat(int64, 3))),
    (
        ties._pair,
        (flat(int64), flat(int32), flat(int32), flat(int32), int64, int64, flat(int64), flat(int64), flat(float64),
         flat(int32), flat(int32)),
    ),
    (
        ties._merge,
        (flat(int64), flat(int64), flat(float64), flat(int32), flat(int32), int64, flat(int64), flat(int64),
         flat(int64), flat(float64), flat(int32), flat(int32)),
    ),
    (ties._count_smaller, (flat(int32), flat(int32), flat(int64), flat(int64), flat(int64), flat(int64))),
    (ties._place, (flat(int32), flat(int32), flat(int64), flat(int64), flat(int64), flat(int32))),
    (cores._bound, (*_CORES, flat(int64), flat(int32), flat(int32))),
    (cores_search.join_alone, (*_CORES, flat(int32), int64, flat(int64), flat(int32), flat(int32))),
    (cores_search.join_together, (*_CORES, flat(int32), int64, flat(int32, 2), flat(int32, 3), flat(int64))),
    (tipping._plant, (flat(boolean), flat(int32), flat(int32), flat(int32))),
    (
        tipping._spread,
        (*_NETWORK, int64, int64, int64, int64, flat(int32), flat(int32), flat(int32), flat(int32)),
    ),
    (tipping._decide, (*_SEEDS, flat(boolean), flat(int32), flat(int32))),
    (tipping_search.settle_alone, (*_SEEDS, flat(int32), int64, flat(boolean), flat(int32), flat(int32))),
    (tipping_search.settle_together, (*_SEEDS, flat(int32), int64, flat(int32, 2), flat(int32, 2), flat(boolean))),
    (
        loops_cuda._add_shapley_values,
        (flat(float32, 2), flat(float64, 2), flat(int32), flat(float32), flat(boolean), *[flat(int64)] * 3,
         flat(boolean), flat(int64), flat(int64), flat(int32), flat(int64), flat(float64), flat(int64)),
    ),
    (
        loops_cuda._walk_boosted,
        (flat(float32, 2), flat(float32), float32, flat(int64), flat(int32), flat(float32), flat(int64), flat(int64),
         flat(boolean)),
    ),
)  # fmt: skip


def main() -> None:
    """Compile every kernel and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capability", default="9.0", help="of the device, 9.0 for H100 and H200")
    parser.add_argument("--ptxas", help="the assembler, if it is not where nvidia-cuda-nvcc puts it")
    asked = parser.parse_args()
    major, minor = (int(part) for part in asked.capability.split("."))
    # Functions that kernels call are compiled for the device that is there: say that it is this one.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=(major, minor))
    packages = Path(numba.__file__).parents[1]
    ptxas = asked.ptxas or str(next(packages.glob("nvidia/*/bin/ptxas")))
    for kernel, types in KERNELS:
        code, _ = cuda.compile_ptx(kernel.py_func, tuple(types), cc=(major, minor))
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "kernel.ptx"
            source.write_text(code)
            command = [ptxas, "-v", f"-arch=sm_{major}{minor}", "-o", str(source.with_suffix(".cubin")), str(source)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        found = re.findall(r"Used \d+ registers|\d+ bytes stack frame|\d+ bytes spill stores", said)
        print(f"{kernel.py_func.__module__}.{kernel.py_func.__name__}: {', '.join(found)}")


if __name__ == "__main__":
    main()
