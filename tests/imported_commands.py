"""What commands import, and workers, for the process that :class:`tests.run_processes.Fork` forks them from."""

from __future__ import annotations

import importlib
import os

import numpy as np

from gpunet.base.threads import sleep_while_waiting
from gpunet.kernels.cpu.simplicial import simplicial_vertices
from tests import warm_workers

os.fsync = os.fstat  # as in the tests' own process: no power is cut
sleep_while_waiting()  # as each command does, before XGBoost is loaded
_WANTED = (
    "gpunet.cli.app", "gpunet.cli.run", "gpunet.model", "pandas", "polars", "xgboost",
    "dask.dataframe", "distributed.nanny", "gpunet.cluster.features", "gpunet.cluster.model.forecast",
    "gpunet.cluster.reading",
)  # fmt: skip
for _name in _WANTED:
    importlib.import_module(_name)
simplicial_vertices(np.array([0, 1, 2]), np.array([1, 0], np.int32))  # Numba prepares itself when it is first needed
warm_workers.prepare()  # for workers of the commands
