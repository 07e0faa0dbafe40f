"""How many threads everything has: our batches, XGBoost, PyArrow, Polars and BLAS.

Our kernels and XGBoost take a number of threads with each call. The other libraries have pools of their own, for the
whole process: :func:`limit_pools` sets them where a command is all that the process does.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from numbers import Integral
from pathlib import Path

from gpunet.base.errors import ConfigError

__all__ = ["available_threads", "limit_pools", "sleep_while_waiting", "threads_for"]

# Of rows times columns. So small a table is trained on in tenths of a second: a second thread saves a quarter of them.
_CELLS_A_THREAD = 1 << 17

#: More are an error in writing.
_MOST_THREADS = 10_000

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def sleep_while_waiting() -> None:
    """Let OpenMP's threads sleep where they wait for each other, unless the environment says otherwise already.

    XGBoost's would spin, many times a tree. That wins little on a machine of one's own (docs/performance.md). Where
    other work wants the processors too, those that are waited for do not get them. It counts for libraries that are
    loaded later, and for processes that are started later.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def available_threads(threads: int | None = None) -> int:
    """Return `threads` if given, else the number of processors this process may use; ConfigError if they are none.

    A container's share of the processors counts, rounded up.
    """
    if threads is not None:
        if isinstance(threads, bool) or not isinstance(threads, Integral):
            raise ConfigError(f"threads must be a whole number, not {type(threads).__name__}")
        if not 1 <= threads <= _MOST_THREADS:
            raise ConfigError(f"threads must be at least 1 and at most {_MOST_THREADS:,}, not {threads}")
        return int(threads)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no such file, or no limit: "max 100000"
        quota, period = map(int, _QUOTA.read_text().split())
        return max(1, min(processors, -(-quota // period)))
    return processors


def threads_for(cells: int, threads: int) -> int:
    """How many of so many threads XGBoost does well to use for a matrix of so many cells; results do not depend on it.

    >>> threads_for(1000, 64), threads_for(45_000 * 100, 8)
    (1, 8)
    """
    return max(1, min(threads, cells // _CELLS_A_THREAD))


def limit_pools(threads: int) -> None:
    """Give the pools of PyArrow, Polars and BLAS so many threads each, for the rest of this process.

    Polars takes the number when it is loaded, so it is asked for in the environment: also in that of workers. So does
    the BLAS that SciPy brings, beside NumPy's, if it is loaded later.
    """
    import pyarrow as pa
    from threadpoolctl import threadpool_limits

    if "polars" not in sys.modules:
        os.environ.setdefault("POLARS_MAX_THREADS", str(threads))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))
    pa.set_cpu_count(threads)
    threadpool_limits(threads, user_api="blas")
