"""The Python API with arguments that are none: a result, or an error of the package's own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np

from scripts.hostile import tables
from scripts.hostile.base import Base
from scripts.hostile.case import Case, Place, Step, single

_ODD: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "text": lambda: "2",
    "empty-text": lambda: "",
    "surrogate": lambda: "\ud800",
    "null-character": lambda: "a\x00b",
    "bytes": lambda: b"x",
    "half": lambda: 1.5,
    "not-a-number": lambda: float("nan"),
    "infinite": lambda: float("inf"),
    "minus-one": lambda: -1,
    "zero": lambda: 0,
    "huge": lambda: 2**70,
    "int64-min": lambda: -(2**63),
    "true": lambda: True,
    "list": lambda: [],
    "list-of-none": lambda: [None],
    "list-of-numbers": lambda: [1, 2],
    "deep-list": lambda: [[[[1]]]],
    "ragged": lambda: [[1], [1, 2]],
    "dict": lambda: {},
    "odd-dict": lambda: {1: object()},
    "set": lambda: {1},
    "object": object,
    "type": lambda: int,
    "function": lambda: len,
    "generator": lambda: (k for k in (1, 2)),
    "complex": lambda: 1j,
    "array": lambda: np.zeros((2, 2, 2)),
    "object-array": lambda: np.array([None, "x"], dtype=object),
    "structured": lambda: np.zeros(2, dtype=[("a", "i4")]),
    "text-array": lambda: np.array(["x", "y"]),
    "date": lambda: date(2014, 1, 1),
    "numpy-int": lambda: np.int64(2),
    "numpy-bool": lambda: np.bool_(True),
    "number-of-texts": lambda: ("x", 1),
}


class _Loaded:
    """What calls need, made where they are made."""

    def __init__(self, base: Base) -> None:
        self.base = base

    @property
    def arrests(self) -> Any:
        import gpunet

        return gpunet.read_arrests(str(self.base.table))

    @property
    def network(self) -> Any:
        import gpunet

        violent = [True, False, False, True]
        return gpunet.network_from_edges([0, 1, 2], [1, 2, 3], 4, sets={"violent": violent})

    @property
    def model(self) -> Any:
        import gpunet

        return gpunet.load_model(str(self.base.model()))

    @property
    def frame(self) -> Any:
        import polars as pl

        return pl.DataFrame({"person_id": range(60), "degree__all": [k % 6 for k in range(60)]})

    @property
    def features(self) -> str:
        return str(self.base.features / "features.parquet")


_LABELS = [k % 6 > 3 for k in range(60)]

#: Each function with arguments that are right, by name; one of them is replaced.
_CALLS: dict[str, Callable[[_Loaded], dict[str, Any]]] = {
    "read_arrests": lambda made: {"paths_or_frame": str(made.base.table), "config": None, "as_of": None},
    "compute_features": lambda made: {"arrests": made.arrests, "families": "tipping", "engine": "cpu", "threads": 1},
    "build_network": lambda made: {"arrests": made.arrests, "engine": None},
    "path_features": lambda made: {
        "network": made.network,
        "families": "betweenness",
        "sets": ["all"],
        "engine": "cpu",
        "threads": 1,
        "betweenness": "approx",
        "epsilon": 0.2,
        "delta": 0.1,
        "budget": 1.0,
        "seed": 1,
        "progress": None,
    },
    "estimate_path_work": lambda made: {
        "network": made.network,
        "families": "closeness",
        "sets": None,
        "betweenness": "auto",
        "epsilon": 0.1,
        "delta": 0.1,
        "budget": 1.0,
    },
    "network_from_edges": lambda made: {"src": [0, 1], "dst": [1, 2], "n": 3, "sets": {"violent": [True, False, True]}},
    "ties_table": lambda made: {"arrests": made.arrests, "network": made.network},
    "load_config": lambda made: {"source": None},
    "load_model": lambda made: {"path": str(made.base.model())},
    "train": lambda made: {
        "features": made.frame,
        "labels": _LABELS,
        "config": {"max_rounds": 2, "folds": 2},
        "threads": 1,
        "kind": None,
        "groups": None,
    },
    "score": lambda made: {"model": made.model, "features": made.features, "threads": 1, "device": "cpu"},
}


def cases() -> Iterator[Case]:
    for function, arguments in _ARGUMENTS.items():
        for argument in arguments:
            for odd in _ODD:
                # All of them would be 1,500: each argument meets every fourth kind of value, others different ones.
                if (list(_ODD).index(odd) + len(argument) + len(function)) % 4 == 0:
                    yield single(f"api/{function}-{argument}-{odd}", _called(function, argument, odd))
    yield from _frames()
    yield from _edges()


_ARGUMENTS = {
    "read_arrests": ("paths_or_frame", "config", "as_of"),
    "compute_features": ("arrests", "families", "engine", "threads"),
    "build_network": ("arrests",),
    "path_features": (
        "network", "families", "sets", "engine", "threads", "betweenness", "epsilon", "delta", "budget", "seed",
    ),
    "estimate_path_work": ("network", "families", "sets", "betweenness", "epsilon", "delta", "budget"),
    "network_from_edges": ("src", "dst", "n", "sets"),
    "ties_table": ("arrests", "network"),
    "load_config": ("source",),
    "load_model": ("path",),
    "train": ("features", "labels", "config", "threads", "kind", "groups"),
    "score": ("model", "features", "threads", "device"),
}  # fmt: skip


def _called(function: str, argument: str, odd: str) -> Callable[[Place], Step]:
    def make(place: Place) -> Step:
        def call() -> None:
            import gpunet

            arguments = _CALLS[function](_Loaded(place.base))
            arguments[argument] = _ODD[odd]()
            getattr(gpunet, function)(**arguments)

        return Step(call=call)

    return make


def _frames() -> Iterator[Case]:
    """Frames of each kind with columns that are no arrests'."""
    import pyarrow as pa

    columns: dict[str, Callable[[random.Random], list[Any]]] = {
        "null": lambda rng: [None] * 60,
        "float": lambda rng: [rng.choice((float("nan"), float("inf"), 1.5, None)) for _ in range(60)],
        "int": lambda rng: [rng.choice((0, -1, 2**63 - 1, -(2**63))) for _ in range(60)],
        "bool": lambda rng: [rng.random() < 0.5 for _ in range(60)],
        "bytes": lambda rng: [rng.randbytes(3) for _ in range(60)],
        "list": lambda rng: [[1]] * 60,
        "struct": lambda rng: [{"a": 1}] * 60,
        "date": lambda rng: [date.fromordinal(rng.randint(1, date.max.toordinal())) for _ in range(60)],
        "text": lambda rng: [rng.choice(("", " ", "\x00", "\u202e", "x" * 1000)) for _ in range(60)],
    }
    kinds: dict[str, Callable[[Any], Any]] = {
        "pyarrow": lambda table: table,
        "polars": lambda table: __import__("polars").from_arrow(table),
        "pandas": lambda table: table.to_pandas(),
        "lazy": lambda table: __import__("polars").from_arrow(table).lazy(),
    }
    for kind, convert in kinds.items():
        for column in ("person_id", "date", "offence"):
            for name, values in columns.items():

                def make(
                    place: Place,
                    convert: Callable[[Any], Any] = convert,
                    column: str = column,
                    values: Callable[[random.Random], list[Any]] = values,
                ) -> Step:
                    def call() -> None:
                        import gpunet

                        table = pa.table(tables.rows(**{column: values(place.rng)}))
                        arrests = gpunet.read_arrests(convert(table))
                        gpunet.compute_features(arrests, families="tipping", threads=1)

                    return Step(call=call)

                if kind in ("pyarrow", "polars") or column == "date":
                    yield single(f"api/frame-{kind}-{column}-{name}", make)


def _edges() -> Iterator[Case]:
    """Networks of any edges: odd ends, and more vertices than there is room for."""
    edges: dict[str, tuple[Any, Any, Any]] = {
        "beyond": ([0], [5], 3),
        "negative": ([-1], [0], 3),
        "floats": ([0.5], [1], 3),
        "unequal": ([0, 1], [1], 3),
        "none": ([], [], 0),
        "two-dimensional": ([[0]], [[1]], 3),
        "unsigned": (np.array([2**64 - 1], np.uint64), [0], 3),
        "loops": ([1, 1], [1, 1], 3),
        "million-million": ([0], [1], 10**12),
        "int32-limit": ([0], [2**31 - 1], 2**31),
        "huge": ([0], [1], 2**63 - 1),
        "masked": (np.ma.array([0], mask=[True]), [1], 3),
        "texts": (["a"], ["b"], 3),
        "dates": (np.array(["2014-01-01"], "datetime64[D]"), [1], 3),
    }
    for name, (src, dst, n) in edges.items():

        def make(place: Place, src: Any = src, dst: Any = dst, n: Any = n) -> Step:
            def call() -> None:
                import gpunet

                gpunet.path_features(gpunet.network_from_edges(src, dst, n), "closeness", threads=1)

            return Step(call=call, memory=2048)

        yield single(f"api/edges-{name}", make)
