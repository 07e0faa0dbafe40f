"""What the log says of demand: how often what was asked of persons' data, by whom, and what for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

import polars as pl

from gpunet.governance.log_line import OPERATIONS, team_of

__all__ = ["BY", "By", "demand_by", "requests"]

By: TypeAlias = Literal["task", "purpose", "team", "month"]

#: What demand is told by.
BY: tuple[By, ...] = get_args(By)

_SCHEMA = {
    "task": pl.String,
    "purpose": pl.String,
    "team": pl.String,
    "month": pl.String,
    "operation": pl.String,
    "object": pl.String,
    "persons": pl.Int64,
}


def requests(entries: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """The entries of a log as a table, a row each: ``task``, ``purpose``, ``team``, ``month`` and what was done.

    Where no task or team is named the text is empty.
    """
    rows = (
        (
            entry["task_ref"],
            entry["purpose"],
            team_of(entry["actor"]),
            entry["time"][:7],
            entry["operation"],
            entry["object_sha256"],
            entry["persons"],
        )
        for entry in entries
    )
    return pl.DataFrame(list(rows), schema=_SCHEMA, orient="row")


def demand_by(by: By, found: pl.DataFrame) -> pl.DataFrame:
    """Demand by task, purpose, team or month, as it is asked: a row each, in the order of their texts.

    Parameters
    ----------
    by
        One of :data:`BY`.
    found
        As :func:`requests` gives it.

    Returns
    -------
    DataFrame
        The column `by`; a number of entries for each of the six operations, and of ``entries`` in all; ``runs``, how
        many distinct objects they are about; ``persons``, the sum over entries of the persons concerned, who count as
        often as they are; and ``most_persons``, of the largest entry. Entries that do not say how many persons they
        concern are in neither.

    Examples
    --------
    >>> entry = {"task_ref": "T1", "purpose": "triage", "actor": "pat for harm reduction", "persons": 4,
    ...          "time": "2026-03-01T08:00:00.000000Z", "operation": "consultation", "object_sha256": "a" * 64}
    >>> demand_by("team", requests([entry, entry])).select("team", "consultation", "runs", "persons").row(0)
    ('harm reduction', 2, 1, 8)
    """
    counts = [(pl.col("operation") == operation).sum().cast(pl.Int64).alias(operation) for operation in OPERATIONS]
    return (
        found.group_by(by)
        .agg(
            *counts,
            pl.len().cast(pl.Int64).alias("entries"),
            pl.col("object").n_unique().cast(pl.Int64).alias("runs"),
            pl.col("persons").sum(),
            pl.col("persons").max().alias("most_persons"),
        )
        .sort(by)
    )
