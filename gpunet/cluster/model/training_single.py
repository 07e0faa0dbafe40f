"""Training on one worker of a cluster with the rows of all parts: no port is opened, no bit depends on the workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from distributed import Client, Future, get_worker
from distributed.comm import get_address_host

from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.threads import threads_for
from gpunet.cluster.model.partitions import Snapshot, TablePartition, table_on
from gpunet.cluster.model.workers import run_tasks
from gpunet.config.config import ModelConfig
from gpunet.model.classifier import Fitted, kind_module
from gpunet.model.matrix import namespace
from gpunet.model.table import PERSON, FeatureTable
from gpunet.model.trained import model_from_bytes
from gpunet.model.training import CrossFit, cross_fit
from gpunet.model.trees import loaded
from gpunet.tables.frames import make_series

__all__ = ["cross_fit_on_one", "fit_on_one"]


def cross_fit_on_one(
    client: Client,
    snapshots: Sequence[Snapshot],
    labels: Sequence[Sequence[Future]],
    *,
    config: ModelConfig,
    device: str | None,
    progress: ProgressCallback | None,
    what: str,
) -> CrossFit:
    """Do what :func:`gpunet.model.training.cross_fit` does on one worker, with the same bytes.

    Rows are in the order of training, and so is what is returned of them.

    It takes the threads of all workers of its host, which have nothing else to do meanwhile. Models do not depend on
    how many they are.

    Raises
    ------
    ModelError
        As there.
    EngineError
        If the workers are lost, or the rows are too many for the memory of one.
    """
    begun(progress, "cross-fit")
    parts = [part for snapshot in snapshots for part in snapshot.partitions]
    futures = [future for each in labels for future in each]
    columns = snapshots[0].columns
    of_workers = {address: int(each) for address, each in client.nthreads().items()}

    def submit(topic: str) -> list[Future]:
        given = (parts, futures, columns, config, device, what, of_workers, topic)
        return [client.submit(_cross_fit, *given, pure=False)]

    ((file, fold, probability, warnings),) = run_tasks(client, submit, (), progress)
    return CrossFit(model_from_bytes(file), fold, probability, warnings)


def fit_on_one(
    client: Client,
    snapshots: Sequence[Snapshot],
    labels: Sequence[Sequence[Future]],
    *,
    rounds: int,
    config: ModelConfig,
    device: str | None,
    progress: ProgressCallback | None,
) -> Fitted:
    """Train on all rows of the snapshots, for so many rounds, on one worker; as :func:`cross_fit_on_one` otherwise."""
    begun(progress, "train on all")
    parts = [part for snapshot in snapshots for part in snapshot.partitions]
    futures = [future for each in labels for future in each]
    of_workers = {address: int(each) for address, each in client.nthreads().items()}

    def submit(topic: str) -> list[Future]:
        sizes = [len(snapshot.partitions) for snapshot in snapshots]
        given = (parts, sizes, futures, snapshots[0].columns, rounds, config, device, of_workers, topic)
        return [client.submit(_fit, *given, pure=False)]

    ((booster, trees, parameters),) = run_tasks(client, submit, (), progress)
    return Fitted(kind_module(config.kind).TREES(loaded(booster)), np.empty(0), trees, parameters)


def _fit(
    parts: list[TablePartition],
    sizes: list[int],
    labels: list[Any],
    columns: tuple[str, ...],
    rounds: int,
    config: ModelConfig,
    device: str | None,
    of_workers: dict[str, int],
    topic: str,
) -> tuple[bytes, int, dict[str, Any]]:
    worker = get_worker()
    order = _order(parts, sizes)
    matrix = _stacked([table_on(part, columns, device) for part in parts]).take(order).matrix
    threads = max(worker.state.nthreads, _threads_beside(worker.address, of_workers))
    fitted = kind_module(config.kind).fit(
        matrix,
        np.concatenate([np.asarray(each, dtype=np.bool_) for each in labels])[order],
        None,
        config=config,
        threads=threads_for(matrix.size, threads),
        rounds=rounds,
        progress=lambda stage, done, total: worker.log_event(topic, [stage, done, total]),
    )
    return fitted.classifier.raw(), fitted.rounds, fitted.parameters


def _cross_fit(
    parts: list[TablePartition],
    labels: list[Any],
    columns: tuple[str, ...],
    config: ModelConfig,
    device: str | None,
    what: str,
    of_workers: dict[str, int],
    topic: str,
) -> tuple[bytes, Int32, Float64, tuple[str, ...]]:
    worker = get_worker()
    order = _order(parts, [len(parts)])
    fit = cross_fit(
        _stacked([table_on(part, columns, device) for part in parts]).take(order),
        np.concatenate([np.asarray(each, dtype=np.bool_) for each in labels])[order],
        config=config,
        groups=np.concatenate([part.numbers for part in parts])[order],
        threads=max(worker.state.nthreads, _threads_beside(worker.address, of_workers)),
        progress=lambda stage, done, total: worker.log_event(topic, [stage, done, total]),
        what=what,
    )
    return fit.model.to_bytes(), fit.fold, fit.probability, fit.warnings


def _order(parts: list[TablePartition], sizes: list[int]) -> Int64:
    """The rows of all parts in the order of training, snapshot by snapshot; `sizes`: how many parts each has."""
    found: list[Int64] = []
    for start, size in zip(np.cumsum([0, *sizes]).tolist(), sizes, strict=False):
        places = np.concatenate([part.places for part in parts[start : start + size]])
        found.append(sum(map(len, found)) + np.argsort(places, kind="stable"))
    return np.concatenate(found)


def _threads_beside(address: str, of_workers: dict[str, int]) -> int:
    """Threads of all workers on the host of this one."""
    host = get_address_host(address)
    return sum(threads for each, threads in of_workers.items() if get_address_host(each) == host)


def _stacked(tables: list[FeatureTable]) -> FeatureTable:
    """The rows of all tables, one after the other."""
    matrices = [table.matrix for table in tables]
    return replace(
        tables[0],
        person_ids=make_series(PERSON, pa.concat_arrays([table.ids() for table in tables])),
        matrix=namespace(matrices[0]).concat(matrices),
    )
