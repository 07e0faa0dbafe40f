"""What commands import, and workers, for the process that :class:`tests.run_processes.Fork` forks them from."""

from __future__ import annotations

import gc
import importlib
import os

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from gpunet.base.threads import sleep_while_waiting
from gpunet.cli.first_kernels import FEATURE_KERNELS
from gpunet.kernels.ahead import not_on_disk
from gpunet.kernels.cpu.simplicial import simplicial_vertices
from tests import warm_workers

gc.disable()  # what is imported is no garbage
os.fsync = os.fstat  # as in the tests' own process: no power is cut
sleep_while_waiting()  # as each command does, before XGBoost is loaded
_WANTED = (
    "gpunet.cli.app", "gpunet.cli.run", "gpunet.model", "gpunet.model.quantised", "array_api_compat.numpy", "pandas",
    "polars", "pyarrow.acero", "sklearn.linear_model", "xgboost", "dask.dataframe", "distributed.nanny",
    "distributed.protocol.arrow", "distributed.protocol.numpy", "gpunet.cluster.features",
    "gpunet.cluster.model.forecast", "gpunet.cluster.reading",
)  # fmt: skip
for _name in _WANTED:
    importlib.import_module(_name)
for _frame in (pa.table({"a": [1]}), pl.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]})):
    nw.from_native(_frame, eager_only=True)  # imports what is for this kind of frame
simplicial_vertices(np.array([0, 1, 2]), np.array([1, 0], np.int32))  # Numba prepares itself when it is first needed
for _kernel in FEATURE_KERNELS:
    if not not_on_disk([_kernel]):  # or whoever needs it compiles it, and tells so as a command does
        _kernel.compile()
warm_workers.prepare()  # for workers of the commands
gc.freeze()  # or each fork would look for garbage among all of this, and copy it by that
gc.enable()
