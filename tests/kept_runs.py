"""A small run that is stopped when all is kept, and odd contents for its checkpoints, with hashes that fit."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gpunet.cli.run import RunOptions, resume_run, run_forecast
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.stages import Run

CONFIG = {"model": {"max_rounds": 4, "folds": 2, "horizon_days": 300}}

#: What a run has in its folder when it is stopped before its end.
NAMES = ("arrests", "features-T", "features-T-2H", "features-T-H", "model-both", "model-past")


class Stopped(BaseException):
    """Ends a run as a signal does."""


def _stop(*_: Any) -> Any:
    raise Stopped


def kept_run(tables: Path, out: Path, config: dict[str, Any] | None = None) -> Path:
    """A run that is stopped when all is kept; where that lies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_write_scores", _stop)
        with pytest.raises(Stopped):
            run_forecast([str(tables)], out, config or CONFIG, None, RunOptions(threads=1, checkpoint_seconds=0))
    return out / ".partial" / "checkpoints"


def readers(out: Path) -> dict[str, tuple[str, Callable[[Contents], Any]]]:
    """Of each checkpoint of a stopped run its label, and what reads it; the run is stopped again."""
    found: dict[str, tuple[str, Callable[[Contents], Any]]] = {}
    load = Checkpoints.load

    def watched(self: Checkpoints, name: str, read: Callable[[Contents], Any]) -> Any:
        found[name] = (self._label(name), read)
        return load(self, name, read)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "load", watched)
        patch.setattr(Run, "_write_scores", _stop)
        with pytest.raises(Stopped):
            resume_run(out, "run", RunOptions(threads=1))
    return found


def odd_contents(contents: Contents, seed: int) -> Iterator[tuple[str, Contents]]:
    """Contents that no run writes, each with what is odd: of every array and every table in every way."""
    rng = np.random.default_rng(seed)
    for name, array in contents.arrays.items():
        for what, odd in _odd_arrays(name, array, rng):
            yield f"{name}: {what}", replace(contents, arrays={**contents.arrays, name: odd})
        yield f"{name}: gone", replace(contents, arrays=_without(contents.arrays, name))
    for name, table in contents.frames.items():
        for what, odd in _odd_tables(table, rng):
            yield f"{name}: {what}", replace(contents, frames={**contents.frames, name: odd})
        yield f"{name}: gone", replace(contents, frames=_without(contents.frames, name))


def _without(parts: Any, name: str) -> dict[str, Any]:
    return {other: part for other, part in parts.items() if other != name}


def _odd_arrays(name: str, array: Any, rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    yield "longer", np.concatenate([array, array[-1:]])
    yield "shorter", array[:-1]
    yield "of two dimensions", array[:, None]
    yield "of another type", array.astype(np.int64 if array.dtype != np.int64 else np.int32)
    if array.dtype == np.uint8:  # a model's bytes
        return
    if name == "day":  # of 1969, as well
        yield "of no day", np.full_like(array, np.iinfo(np.int32).min + 1)
        return
    kind = array.dtype.kind
    values = [np.nan, np.inf, -1.0] if kind == "f" else [] if kind == "b" else [np.iinfo(array.dtype).max]
    for value in [*values, *([-7] if kind == "i" else [])]:
        odd = array.copy()
        # What lies under a null does not matter.
        odd[slice(None) if name.startswith("values ") else int(rng.integers(len(array)))] = value
        yield f"{value} somewhere", odd


def _odd_tables(table: pa.Table, rng: np.random.Generator) -> Iterator[tuple[str, pa.Table]]:
    n = table.num_rows
    yield "less a column", table.drop_columns([table.column_names[-1]])
    yield "with a column more", table.append_column("more", pa.nulls(n, pa.int64()))
    yield "with a name twice", table.append_column(table.column_names[0], table.column(0))
    some = sorted(rng.permutation(table.num_columns)[:10].tolist())
    for i in some:
        name = table.column_names[i]
        other = pa.int32() if table.schema.types[i] != pa.int32() else pa.int64()
        yield f"{name} of another type", table.set_column(i, name, pa.nulls(n, other))
    if "person_id" not in table.column_names or not n:
        return
    yield "with a row less", table.slice(0, n - 1)
    yield "with a row twice", pa.concat_tables([table, table.slice(n - 1)])
    order = rng.permutation(n)
    yield "in another order", table.take(order)
    for i in some:
        name = table.column_names[i]
        kind, where = table.schema.types[i], int(rng.integers(n))
        values = [float("nan"), float("inf"), -1.0] if pa.types.is_floating(kind) else [-1]
        if name == "person_id" or not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            continue
        for value in values:
            column = table.column(i).to_pylist()
            column[where] = value
            yield f"{value} in {name}", table.set_column(i, name, pa.array(column, kind))


def odd_values(values: Any, most: int = 60) -> Iterator[Any]:
    """JSON values with one of them gone, or another one in its place: so many of the keys, and the first in lists."""
    rng, paths = random.Random(most), list(_paths(values))
    for path in rng.sample(paths, min(most, len(paths))):
        for odd in rng.sample(("gone", None, -1, 2.5, "x", [], {}, True), 4):
            changed = copy.deepcopy(values)
            place = changed
            for step in path[:-1]:
                place = place[step]
            if odd == "gone":
                del place[path[-1]]
            else:
                place[path[-1]] = odd
            yield changed


def _paths(values: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = list(values.items()) if isinstance(values, dict) else list(enumerate(values))[:1]
    for step, value in inside:
        yield (*before, step)
        if isinstance(value, dict | list):
            yield from _paths(value, (*before, step))
