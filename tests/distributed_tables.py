"""Feature tables in parts on workers, for the tests of models trained on clusters. Workers import it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from xgboost.core import XGBoostError

from gpunet.cluster.model.forecast import TablePartition, forecast_distributed
from gpunet.model import Forecast, read_features


def bounds(n: int, parts: int) -> list[int]:
    return [n * i // parts for i in range(parts + 1)]


def first_rows(frame: pl.DataFrame) -> np.ndarray[Any, Any]:
    """Where persons first appear in files that name them in another order than that of their ids."""
    return frame["person_id"].cast(pl.Int64).to_numpy() * 7919 % 1_000_003


def part(frame: pl.DataFrame, first_number: int, taxonomy: Any = None, of_files: bool = False) -> TablePartition:
    """Persons are numbered as their ids are, but from another number on; `of_files`: files name them otherwise."""
    numbers = frame["person_id"].cast(pl.Int64).to_numpy() + first_number
    return TablePartition(read_features(frame, taxonomy=taxonomy), numbers, first_rows(frame) if of_files else None)


def on_workers(client: Any, frame: pl.DataFrame, cuts: Sequence[int], **options: Any) -> list[Any]:
    """Futures of parts that Dask can compute again."""
    given = {"first_number": 1000, **options}
    return [client.submit(part, frame[a:b], **given, pure=False) for a, b in itertools.pairwise(cuts)]


def labels_on_workers(client: Any, labels: np.ndarray[Any, Any], cuts: Sequence[int]) -> list[Any]:
    return [client.submit(np.array, labels[a:b], pure=False) for a, b in itertools.pairwise(cuts)]


def run(
    client: Any, days: Sequence[tuple[pl.DataFrame, Any]], cuts: Sequence[Sequence[int]], config: Any, **options: Any
) -> Forecast:
    """A forecast on a cluster, from a frame and labels of each of three days."""
    parts = [on_workers(client, frame, cut) for (frame, _), cut in zip(days, cuts, strict=True)]
    labels = [labels_on_workers(client, each, cut) for (_, each), cut in zip(days[:2], cuts[:2], strict=True)]
    return forecast_distributed(client, *parts, *labels, config, **options)


def scores_of(found: Forecast) -> pl.DataFrame:
    return pl.concat(list(found.scores))


class OutOfMemoryError(Exception):
    """As libraries of GPUs call theirs."""


def too_little_memory(*given: Any) -> Any:
    """In the place of a task: there is no memory for it."""
    raise MemoryError("std::bad_alloc: out of memory")


def too_little_on_a_gpu(*given: Any) -> Any:
    """The same of a library that the client need not have."""
    raise OutOfMemoryError("6 bytes")


def given_up(*given: Any) -> Any:
    """What XGBoost does not like; its errors have many lines."""
    raise XGBoostError("[10:00:00] data.cc:1: Check failed: rows\nStack trace:\n  [bt] (0) lib.so")


def mistaken(*given: Any) -> Any:
    """An error of the code."""
    raise ZeroDivisionError("as it should")
