"""Frames in and out, and comparisons that name the column, the person and both values when they fail."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

_TEXT_COLUMNS = ("offence", "district", "beat", "gang", "force")


def frame_of(rows: Sequence[Mapping[str, Any]], kind: str = "polars") -> Any:
    """The rows as a frame of `kind` ("polars", "pandas" or "pyarrow"), with the dtypes of a well-kept table."""
    import polars as pl  # the kernels' tests, which import this file, do without: a GPU machine may have none

    schema: dict[str, Any] = {}
    for name in ("person_id", "incident_id"):
        schema[name] = pl.Int64 if all(isinstance(row[name], int) for row in rows) else pl.String
    schema |= {"date": pl.Date, **dict.fromkeys(_TEXT_COLUMNS, pl.String)}
    if any("recorded_at" in row for row in rows):
        schema["recorded_at"] = pl.Date
    frame = pl.DataFrame(rows, schema=schema)
    return {"polars": lambda: frame, "pandas": frame.to_pandas, "pyarrow": frame.to_arrow}[kind]()


def row(person: Any, incident: Any, date: Any = None, offence: str | None = None, **more: Any) -> dict[str, Any]:
    """One row, with the columns that are not given null."""
    blank = dict.fromkeys(("district", "beat", "gang", "force"))
    return {"person_id": person, "incident_id": incident, "date": date, "offence": offence, **blank, **more}


def rows_of_edges(edges: Iterable[tuple[int, int]], gangs: Mapping[int, str] | None = None) -> list[dict[str, Any]]:
    """An arrest table whose network is exactly `edges`: one incident of two persons for each."""
    gang_of = gangs or {}
    pairs = enumerate(edges)
    return [row(v, incident, offence="theft", gang=gang_of.get(v)) for incident, pair in pairs for v in pair]


def columns_of(frame: Any) -> dict[str, dict[Any, Any]]:
    """``{column: {person: value}}`` of a frame with a person_id. A NaN stays one: only nulls become None."""
    table = nw.from_native(frame, eager_only=True)
    people = table["person_id"].to_list()
    columns = {}
    for name in table.columns:
        if name != "person_id":
            values = [None if value is pd.NA else value for value in table[name].to_list()]
            columns[name] = dict(zip(people, values, strict=True))
    return columns


def differs(actual: Any, expected: Any, rel: float = 1e-9) -> bool:
    """Integers, flags and nulls must be identical; floats agree to `rel`, the contract's tolerance between engines."""
    if expected is None or actual is None:
        return actual is not expected
    if isinstance(expected, float):
        return not math.isclose(actual, expected, rel_tol=rel, abs_tol=0.0)
    return bool(actual != expected)


def assert_columns(
    actual: Mapping[str, Mapping[Any, Any]], expected: Mapping[str, Mapping[Any, Any]], rel: float = 1e-9
) -> None:
    """Compare ``{column: {person: value}}``; `actual` may hold more columns."""
    problems = []
    for name, values in expected.items():
        if name not in actual:
            problems.append(f"{name}: no such column")
            continue
        if list(actual[name]) != list(values):
            problems.append(f"{name}: persons {list(actual[name])} instead of {list(values)}")
            continue
        wrong = [(p, actual[name][p], value) for p, value in values.items() if differs(actual[name][p], value, rel)]
        if wrong:
            person, got, value = wrong[0]
            problems.append(f"{name}: {len(wrong)} wrong; person {person!r}: {got!r} instead of {value!r}")
    assert not problems, "\n".join(["columns differ:", *problems])


def assert_arrays(actual: Mapping[str, Any], expected: Mapping[str, Any], rel: float = 1e-9) -> None:
    """The same for ``{column: array of n}``."""
    indexed = {name: dict(enumerate(np.asarray(values).tolist())) for name, values in expected.items()}
    assert_columns({name: dict(enumerate(np.asarray(v).tolist())) for name, v in actual.items()}, indexed, rel)


def same_bits(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Names of the columns (arrays) that are not the same dtype and bytes in both."""
    names = sorted(set(first) | set(second))
    return [
        name
        for name in names
        if name not in first
        or name not in second
        or np.asarray(first[name]).dtype != np.asarray(second[name]).dtype
        or np.asarray(first[name]).tobytes() != np.asarray(second[name]).tobytes()
    ]
