"""A process for each GPU of this machine, and the engine of a cluster whose workers have GPUs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distributed import Client

from gpunet.base.errors import ConfigError, EngineError
from gpunet.cluster.all_workers import on_each_worker
from gpunet.cluster.engine_gpus import GpusEngine
from gpunet.cluster.executor import ClusterExecutor
from gpunet.cluster.gpu_graphs import GpuGraphs
from gpunet.cluster.gpu_worker import Setup, start
from gpunet.cluster.local import local_client
from gpunet.config.cluster_config import UNENCRYPTED, ClusterConfig
from gpunet.engines.gpu.check import count_devices, require_device

__all__ = ["gpus_engine", "require_gpus", "started_gpus"]

# NCCL and UCX, by which cuGraph's workers speak to each other, do not encrypt: on one machine they stay on it. NCCL's
# root listens in the scheduler's process, which is this one.
_ON_LOOPBACK = {"NCCL_SOCKET_IFNAME": "lo", "UCX_NET_DEVICES": "lo"}

# Dask-CUDA asks NVML which GPU a worker has, through Dask.
_SETTINGS = {
    **{f"distributed.nanny.environ.{name}": value for name, value in _ON_LOOPBACK.items()},
    "distributed.diagnostics.nvml": True,
}


def require_gpus(config: ClusterConfig) -> None:
    """Raise an error that says what ``local-cuda`` lacks on this machine or in its configuration."""
    if config.threads > 1:
        raise ConfigError("[cluster] threads: a worker of local-cuda has one, for its GPU does one part at a time")
    try:
        require_device()
    except EngineError as error:
        raise EngineError(f"--cluster local-cuda: {_for_a_cluster(str(error))}") from error
    try:
        import dask_cuda  # noqa: F401
    except ImportError as error:
        raise EngineError(
            '--cluster local-cuda needs dask-cuda, which is not installed: pip install "gpunet[gpu,cluster]"'
        ) from error
    _require_as_many(config)


def _require_as_many(config: ClusterConfig) -> None:
    """Refuse more workers than GPUs: Dask-CUDA does so too, but leaves the scheduler behind that it has started."""
    listed = config.cuda_visible_devices or os.environ.get("CUDA_VISIBLE_DEVICES", "")
    named = [each.strip() for each in listed.split(",") if each.strip()]
    there = len(set(named)) if named else count_devices()
    wanted = config.workers or len(named) or there
    if wanted > there:
        raise ConfigError(
            f"[cluster] workers: each worker of local-cuda needs a GPU of its own; there are to be {wanted}, and "
            f"{there} {'is' if there == 1 else 'are'} visible" + (f" ({listed})" if named else "")
        )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of this process that are not set already."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def started_gpus(config: ClusterConfig) -> Iterator[Client]:
    """A process for each GPU.

    Dask-CUDA hears nothing of pools, nor of what to do when memory is short: gpunet sets up each GPU's memory for all
    libraries (:func:`gpunet.engines.gpu.memory.set_up_memory`), and lets no worker spill to files.
    """
    os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")  # or this process would take memory of the first GPU
    import dask_cuda

    def make(**same: Any) -> Any:
        return dask_cuda.LocalCUDACluster(
            CUDA_VISIBLE_DEVICES=config.cuda_visible_devices or None,
            n_workers=config.workers or None,
            threads_per_worker=1,
            device_memory_limit=None,
            enable_cudf_spill=config.enable_cudf_spill,
            data=dict,
            **same,
        )

    with _environment(_ON_LOOPBACK), local_client(make, config, _SETTINGS) as client:
        yield client


def gpus_engine(
    client: Client, name: str, config: ClusterConfig, threads: int, description: Mapping[str, Any],
    *, local: bool, safe: bool,
) -> GpusEngine:  # fmt: skip
    """The engine of a cluster, every worker of which can start the GPU engine.

    Parameters
    ----------
    client
        Of the cluster.
    name
        What errors call it.
    config
        Section ``[cluster]``.
    threads
        Of this process, for what is not done on GPUs.
    description
        What the manifest says of the cluster.
    local
        Whether the workers were started by us, on this machine.
    safe
        Whether the workers' traffic stays on this machine.

    Raises
    ------
    EngineError
        If a worker cannot start the GPU engine; the text names it and says why.
    """
    setup = Setup(config.pool(), adopt=not local)
    found = on_each_worker(client, start, setup)
    for worker, said in found.items():
        if isinstance(said, str):
            raise EngineError(f"{name}: the worker {worker} cannot compute on a GPU: {_for_a_cluster(said)}")
    versions = {package: version for said in found.values() for package, version in said.pop("versions").items()}
    refused = None
    if not safe and config.unencrypted != UNENCRYPTED:
        refused = f'GPUs speak to each other without TLS; to allow it, write [cluster] unencrypted = "{UNENCRYPTED}"'
    return GpusEngine(
        threads,
        executor=ClusterExecutor(client, name, direct=local),
        setup=setup,
        graphs=GpuGraphs(ClusterExecutor(client, name, direct=local), setup, refused),
        cluster={**description, "gpus": list(found.values()), "versions": versions},
    )


def _for_a_cluster(text: str) -> str:
    """An error about one GPU, with what else there is here."""
    return text.replace("--engine cpu", "--cluster local")
