"""Starting a cluster, or joining the user's, and an engine that uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from gpunet.base.errors import ConfigError, EngineError
from gpunet.base.threads import available_threads
from gpunet.cluster.address import CLUSTERS, Address, checked_address
from gpunet.cluster.local import QUIET, local_client
from gpunet.config.cluster_config import ClusterConfig
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

__all__ = ["cluster_engine"]

# Seconds to wait for a scheduler to answer, and for its first worker.
_TO_ANSWER, _TO_HAVE_WORKERS = 10.0, 30.0

# Batches of sources, and arrays of vertices, go along with tasks: no warnings of it.
_LARGE = {"distributed.admin.large-graph-warning-threshold": "1 TiB"}

# These have to be the same everywhere: results are compared bit for bit, and frames go from process to process.
_SAME_EVERYWHERE = (
    "gpunet", "numba", "llvmlite", "numpy", "dask", "distributed", "pandas", "polars", "pyarrow", "narwhals", "xgboost",
)  # fmt: skip


@contextmanager
def cluster_engine(
    cluster: str = "none",
    config: ClusterConfig | None = None,
    *,
    engine: str = "auto",
    threads: int | None = None,
    notice: Callable[[str], None] | None = None,
) -> Iterator[Engine]:
    """An engine whose path features are distributed over a Dask cluster, which ends with the ``with`` block.

    A script that uses it with ``"local"`` has to keep its own work under ``if __name__ == "__main__":``, because the
    workers are new processes that import it.

    Parameters
    ----------
    cluster
        ``"none"``: :func:`gpunet.engines.choice.resolve_engine` as always. ``"local"``: processes on this machine. Or
        the address of the user's own scheduler, ``"tls://HOST:PORT"``; ``"tcp://"`` only on this machine.
        ``"local-cuda"``: a process for each GPU of this machine.
    config
        Section ``[cluster]`` of the configuration.
    engine
        ``"auto"``, ``"cpu"`` or ``"gpu"``. With an address ``"gpu"`` means that its workers have a GPU each; those of
        ``"local"`` have none, those of ``"local-cuda"`` always.
    threads
        Threads of this process, and of all workers of ``"local"`` together; all available if None.
    notice
        Gets a line that says what the cluster is and where its dashboard can be seen.

    Yields
    ------
    Engine
        To be given to :func:`gpunet.path_features` or :func:`gpunet.compute_features`.

    Raises
    ------
    EngineError
        If the cluster cannot be used; the text says why.
    ConfigError
        If a certificate is missing.
    """
    config = config or ClusterConfig()
    if cluster == "none":
        yield resolve_engine(engine, threads)
        return
    address = None if cluster in CLUSTERS else checked_address(cluster, config)
    on_gpus = cluster == "local-cuda" or engine in ("gpu", "gpus")
    if cluster == "local" and engine == "gpus":  # a run that is to go on
        raise EngineError(
            "--cluster local: this was begun on the GPUs of a cluster and goes on on such alone, and the workers of "
            "local compute on CPUs; leave --cluster out, or take --cluster local-cuda"
        )
    if cluster == "local" and on_gpus:
        raise EngineError("--engine gpu with --cluster local: the workers compute on CPUs; take --cluster local-cuda")
    if cluster == "local-cuda" and engine == "cpu":
        raise EngineError("--engine cpu with --cluster local-cuda: the workers compute on GPUs; take --cluster local")
    usable = available_threads(threads)
    _require_dask()
    import dask

    with dask.config.set(_LARGE), ExitStack() as stack:
        if cluster == "local-cuda":
            from gpunet.cluster.gpus import require_gpus, started_gpus

            require_gpus(config)
            client = stack.enter_context(started_gpus(config))
        elif address is None:
            client = stack.enter_context(_started(config, usable))
        else:
            client = stack.enter_context(_joined(address, config))
        name, found = f"--cluster {cluster}", _described(client, cluster, on_gpus, notice)
        if on_gpus:
            from gpunet.cluster.gpus import gpus_engine

            safe = address is None or address.on_loopback
            yield gpus_engine(client, name, config, usable, found, local=address is None, safe=safe)
        else:
            from gpunet.cluster.engine import ClusterEngine
            from gpunet.cluster.executor import ClusterExecutor

            yield ClusterEngine(usable, executor=ClusterExecutor(client, name, direct=address is None), cluster=found)


def _described(
    client: Client, cluster: str, on_gpus: bool, notice: Callable[[str], None] | None
) -> dict[str, Any]:  # fmt: skip
    """What the manifest says of a cluster, whose versions have been checked; `notice` gets a line about it."""
    _check_versions(client, f"--cluster {cluster}")
    of_workers = sorted(client.nthreads().values())
    if notice is not None:
        counts = f"{of_workers[0]}" if of_workers[0] == of_workers[-1] else f"{of_workers[0]} to {of_workers[-1]}"
        each = "a GPU each" if on_gpus else f"{counts} thread{'s' if of_workers[-1] != 1 else ''} each"
        workers = f"{len(of_workers)} worker{'s' if len(of_workers) != 1 else ''}"
        notice(f"cluster: {workers} with {each}; dashboard: {client.dashboard_link}")
    return {"cluster": cluster, "workers": len(of_workers), "worker_threads": sum(of_workers)}


def _require_dask() -> None:
    try:
        import cryptography  # noqa: F401
        import distributed  # noqa: F401
        import pandas  # noqa: F401
    except ImportError as error:
        raise EngineError(f'--cluster needs {error.name}: pip install "gpunet[cluster]"') from error


@contextmanager
def _started(config: ClusterConfig, threads: int) -> Iterator[Client]:
    """Processes that compute on CPUs, with so many threads together unless the configuration says otherwise."""
    from distributed import LocalCluster
    from distributed.deploy.utils import nprocesses_nthreads

    workers, each = nprocesses_nthreads(threads)
    if config.workers:
        workers, each = config.workers, max(1, threads // config.workers)
    if config.threads:
        workers, each = config.workers or max(1, threads // config.threads), config.threads
    make = partial(LocalCluster, n_workers=workers, threads_per_worker=each, processes=True)
    settings = {
        "distributed.diagnostics.nvml": False,
        "distributed.nanny.pre-spawn-environ.POLARS_MAX_THREADS": each,
    }
    with local_client(make, config, settings) as client:
        yield client


@contextmanager
def _joined(address: Address, config: ClusterConfig) -> Iterator[Client]:
    """The user's own scheduler, which stays when we leave."""
    from distributed import Client
    from distributed.utils import silence_logging_cmgr

    try:
        client = Client(str(address), security=_security(address, config), timeout=_TO_ANSWER, set_as_default=False)
    except (OSError, ImportError, ValueError) as error:
        raise EngineError(f"--cluster {address}: cannot be used: {_cause(error)}") from error
    with silence_logging_cmgr(QUIET), client:
        try:
            client.wait_for_workers(1, timeout=_TO_HAVE_WORKERS)
        except TimeoutError as error:
            raise EngineError(
                f"--cluster {address}: the scheduler has no worker, and none came in {_TO_HAVE_WORKERS:.0f} seconds"
            ) from error
        yield client


def _security(address: Address, config: ClusterConfig) -> Security | None:
    from distributed.security import Security

    if not address.encrypted:
        return None
    made = Security(
        require_encryption=True,
        tls_ca_file=config.tls_ca,
        tls_client_cert=config.tls_cert,
        tls_client_key=config.tls_key,
    )
    try:
        made.get_connection_args("client")
    except OSError as error:  # an SSLError is one
        raise ConfigError(f"[cluster] tls_ca, tls_cert, tls_key: not usable together: {error}") from error
    return made


def _cause(error: BaseException) -> str:
    """The error with what is behind it: Dask's own words are about time alone."""
    texts, seen = [], error
    while seen is not None:
        text = str(seen) or type(seen).__name__
        if seen.__cause__ is not None:  # which says the same as what follows an object of Dask's
            text = text.partition("in <distributed.")[0].rstrip("; ")
        if text and text not in texts:
            texts.append(text)
        seen = seen.__cause__  # type: ignore[assignment]
    return "; ".join(texts)


def _check_versions(client: Client, name: str) -> None:
    found = client.get_versions(packages=list(_SAME_EVERYWHERE))
    here: dict[str, Any] = found["client"]["packages"]
    for worker, what in found["workers"].items():
        there = what["packages"]
        for package in _SAME_EVERYWHERE:
            if there.get(package) != here.get(package):
                raise EngineError(
                    f"{name}: the worker {worker} has {package} {there.get(package) or 'not at all'}, and this machine "
                    f"{here.get(package)}; all need the same versions, or results could differ"
                )
