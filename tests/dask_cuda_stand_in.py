"""Stands in for dask_cuda where there is no GPU: processes that have stand-ins for their GPUs.

The parameters are those of the real class, which tests/rapids_api compares.
"""

from __future__ import annotations

from typing import Any

from distributed import LocalCluster

GPUS = 2


class LocalCUDACluster(LocalCluster):
    def __init__(
        self, CUDA_VISIBLE_DEVICES: Any = None, n_workers: Any = None, threads_per_worker: int = 1,
        memory_limit: Any = "auto", device_memory_limit: Any = "default", enable_cudf_spill: bool = False,
        cudf_spill_stats: int = 0, local_directory: Any = None, protocol: Any = None, enable_tcp_over_ucx: Any = None,
        enable_infiniband: Any = None, enable_nvlink: Any = None, enable_rdmacm: Any = None, rmm_pool_size: Any = None,
        rmm_maximum_pool_size: Any = None, rmm_managed_memory: bool = False, rmm_async: bool = False,
        rmm_allocator_external_lib_list: Any = None, rmm_release_threshold: Any = None, rmm_log_directory: Any = None,
        rmm_track_allocations: bool = False, log_spilling: bool = False, pre_import: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        assert (rmm_pool_size, rmm_maximum_pool_size, rmm_managed_memory, rmm_async) == (None, None, False, False)
        assert device_memory_limit is None, "spilled from the device, arrays could come to lie in files"
        assert kwargs["data"] is dict
        assert not enable_cudf_spill
        visible = [str(i) for i in range(GPUS)] if CUDA_VISIBLE_DEVICES is None else CUDA_VISIBLE_DEVICES.split(",")
        workers = len(visible) if n_workers is None else n_workers
        if workers > len(visible):
            raise ValueError("Can not scale beyond visible devices", visible)
        super().__init__(
            n_workers=workers, threads_per_worker=threads_per_worker, memory_limit=memory_limit, processes=True,
            local_directory=local_directory, protocol=protocol, preload=["simulated_worker"],
            **kwargs,
        )  # fmt: skip
