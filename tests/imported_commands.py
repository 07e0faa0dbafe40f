"""What commands import, for the process that :class:`tests.run_processes.Fork` forks them from."""

from __future__ import annotations

import importlib
import os

import numpy as np

from gpunet.base.threads import sleep_while_waiting
from gpunet.kernels.cpu.simplicial import simplicial_vertices

os.fsync = os.fstat  # as in the tests' own process: no power is cut
sleep_while_waiting()  # as each command does, before XGBoost is loaded
for _name in ("gpunet.cli.app", "gpunet.cli.run", "gpunet.model", "pandas", "polars", "xgboost"):
    importlib.import_module(_name)
simplicial_vertices(np.array([0, 1, 2]), np.array([1, 0], np.int32))  # Numba prepares itself when it is first needed
