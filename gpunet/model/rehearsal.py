"""What the child process of a trial runs: a model file is read, its trees are checked, and they predict a few rows."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np

from gpunet.base.errors import ModelError
from gpunet.model.boosted_nodes import check_trees
from gpunet.model.trees import BoostedTrees, parsed
from gpunet.model.trial import REFUSED

__all__ = ["main", "rehearse"]

#: Memory that it may take beside what Python and XGBoost have taken: this, and so many times the file's size.
_SPARE, _TIMES = 1 << 30, 40


def rehearse(file: bytes) -> None:
    """Read a model file and let its trees predict; ModelError if they are not sound. It may crash the process."""
    booster = parsed(file)[0]
    check_trees(booster)
    trees = BoostedTrees(booster)
    rows = np.array([[np.nan], [0.0], [-1e30], [1e30]], dtype=np.float32).repeat(trees.n_features, axis=1)
    if not (np.isfinite(trees.margin(rows, 1)).all() and np.isfinite(trees.contributions(rows, 1)).all()):
        raise ModelError("its trees give values that are not finite: it is damaged")


def main() -> int:
    """Rehearse the file on standard input; its exit code is 0, or ``REFUSED`` after a line on standard output."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves nothing behind
    file = sys.stdin.buffer.read()
    _limit_memory(_SPARE + _TIMES * len(file))
    try:
        rehearse(file)
    except ModelError as error:
        print(error)
        return REFUSED
    return 0


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it has; only Linux says how many these are."""
    import xgboost  # noqa: F401 - the library's own memory does not count

    statistics = Path("/proc/self/statm")
    if statistics.exists():
        limit = int(statistics.read_text().split()[0]) * resource.getpagesize() + more
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
