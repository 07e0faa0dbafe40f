"""What the child process of a trial runs: a model file is checked and read, and predicts a few rows."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from gpunet.base.errors import ModelError
from gpunet.model.boosted_nodes import check_trees
from gpunet.model.structure import check_structure
from gpunet.model.trees import BoostedTrees, parsed
from gpunet.model.trial import REFUSED

__all__ = ["main", "rehearse"]

#: Memory that it may take beside what Python and XGBoost have taken: this, and so many times the file's size.
_SPARE, _TIMES = 1 << 30, 40

#: Seconds of a processor that it may take.
_SECONDS = 120

#: Bytes of a file that it may write: compiled loops are kept, and nothing else.
_LARGEST_FILE = 1 << 26


def rehearse(file: bytes) -> None:
    """Check and read a model file, let its trees predict; ModelError if it is not sound. It may crash the process."""
    check_structure(file)
    booster = parsed(file)[0]
    check_trees(booster)
    trees = BoostedTrees(booster)
    rows = np.array([[np.nan], [0.0], [-1e30], [1e30]], dtype=np.float32).repeat(trees.n_features, axis=1)
    if not (np.isfinite(trees.margin(rows, 1)).all() and np.isfinite(trees.contributions(rows, 1)).all()):
        raise ModelError("its trees give values that are not finite: it is damaged")


def main() -> int:
    """Rehearse the file on standard input; its exit code is 0, or ``REFUSED`` after a line on standard output."""
    file = sys.stdin.buffer.read()
    _limit(_SPARE + _TIMES * len(file))
    try:
        rehearse(file)
    except ModelError as error:
        print(error)
        return REFUSED
    return 0


def _limit(more: int) -> None:
    """Let this process take so many bytes more than it has, and not endlessly; where the system has limits.

    Only Linux says how much memory a process has.
    """
    try:
        import resource
    except ImportError:  # Windows; there time alone is limited, by whoever has started this
        return

    import xgboost  # noqa: F401 - the library's own memory does not count

    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: _LARGEST_FILE, resource.RLIMIT_CPU: _SECONDS}
    statistics = Path("/proc/self/statm")
    if statistics.exists():
        limits[resource.RLIMIT_AS] = int(statistics.read_text().split()[0]) * resource.getpagesize() + more
    for kind, limit in limits.items():
        hard = resource.getrlimit(kind)[1]
        with suppress(ValueError, OSError):  # a system that does not know it
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
