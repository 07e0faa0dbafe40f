"""``changes.parquet``: what moved since an earlier run, of whom, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.updates.causes import Moved, nearest_causes
from gpunet.updates.components import coded_ties

__all__ = ["Tables", "changes_table"]

_SINCE = "days_since_last_arrest"

_NO_TIES = np.empty((2, 0), np.int64)

#: The name of a column, whether it moved, and what it was and is: of every person.
_Column: TypeAlias = tuple[str, Bool, Float64, Float64]


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of one run.

    ``ties``: the table, or int64[2, ties], the rows of both persons in `features`. ``scores`` are None of ``gpunet
    features``; ``counted_from`` is the day from which recency counts. ``layers`` are ties as ``ties`` are, of each
    layer beside co-arrest. ``raised`` are the ids of the persons about whom a flag is raised, by the flag's column.
    """

    features: pa.Table
    ties: pa.Table | Int64
    scores: pa.Table | None
    counted_from: int
    layers: Mapping[str, pa.Table | Int64] = field(default_factory=dict)
    raised: Mapping[str, Any] = field(default_factory=dict)

    def flags(self) -> list[str]:
        """The features that are true or false."""
        return [field.name for field in self.features.schema if pa.types.is_boolean(field.type)]

    def own(self) -> list[str]:
        """The counts of a person's own arrests."""
        return [name for name in self.features.column_names if name.startswith(("own_arrests", "own_violent_arrests"))]

    def victimisations(self) -> list[str]:
        """The counts of how often a person became a victim."""
        return [name for name in self.features.column_names if name.startswith("own_victimisations")]


@dataclass(frozen=True, eq=False)
class _Persons:
    """Everybody of two runs: ids, and the row of each in the features of both (int64[n]), -1 where there is none."""

    ids: Any
    before: Int64
    now: Int64


def changes_table(
    before: Tables,
    now: Tables,
    *,
    top: int,
    corrections: bool = False,
    touched: Collection[str] = (),
    erased: Collection[str] = (),
) -> pa.Table:
    """What moved from one run to a later one, by person and column.

    Parameters
    ----------
    before, now
        The tables of both.
    top
        Ranks are told where the probability moved, or a person enters or leaves the first so many.
    corrections, touched, erased
        Whether anything was corrected; ids of persons whose rows were; and ids that are not to be named.

    Returns
    -------
    pyarrow.Table
        ``person_id``; ``column``; ``before`` and ``after``, float64, flags as 0 and 1, null where the person was not,
        or is not, there; ``cause``. By person_id and, of each person, in the order ``person`` (0 or 1, whether there
        is one), ``probability``, ``rank``, features that are true or false, flags of ``gpunet flags``.
    """
    persons = _everybody(before.features, now.features)
    found = nearest_causes(_moved(before, now, persons, touched, corrections))
    causes, names = np.argmax(np.stack([of for _, of in found]), axis=0), pa.array([name for name, _ in found])
    named = _places(persons.ids, pa.array(sorted(erased), pa.large_string())) < 0
    parts = []
    for number, (name, moved, old, new) in enumerate(_columns(before, now, persons, top)):
        (rows,) = np.nonzero(moved & named)
        parts.append(
            {
                "person_id": persons.ids.take(pa.array(rows)),
                "column": pa.array([name] * len(rows), pa.large_string()),
                "before": pa.array(old[rows], from_pandas=True),
                "after": pa.array(new[rows], from_pandas=True),
                "cause": names.cast(pa.large_string()).take(pa.array(causes[rows])),
                "number": pa.array(np.full(len(rows), number)),
            }
        )
    table = pa.concat_tables(map(pa.table, parts))
    return table.sort_by([("person_id", "ascending"), ("number", "ascending")]).drop_columns(["number"])


def _everybody(before: pa.Table, now: pa.Table) -> _Persons:
    """Persons of now in their order, and then those who are gone; ids as now, or as text if the types differ."""
    old, new = before["person_id"].combine_chunks(), now["person_id"].combine_chunks()
    if old.type != new.type:
        old, new = old.cast(pa.large_string()), new.cast(pa.large_string())
    place = np.asarray(pc.index_in(new, value_set=old).fill_null(-1), dtype=np.int64)
    (gone,) = np.nonzero(~np.isin(np.arange(len(old)), place))
    ids = pa.concat_arrays([new, old.take(pa.array(gone))])
    row = np.concatenate([np.arange(len(new)), np.full(len(gone), -1)])
    return _Persons(ids, np.concatenate([place, gone]), row)


def _places(ids: Any, among: Any) -> Int64:
    """int64[n], the place of each id, as text, among others; -1 where it is not there."""
    return np.asarray(pc.index_in(ids.cast(pa.large_string()), value_set=among).fill_null(-1), dtype=np.int64)


def _columns(before: Tables, now: Tables, persons: _Persons, top: int) -> Iterator[_Column]:
    """Every column that is told of."""
    was, stands = persons.before >= 0, persons.now >= 0
    yield "person", was != stands, was.astype(np.float64), stands.astype(np.float64)
    if before.scores is not None and now.scores is not None:
        scored, scores = (_of_scores(tables.scores, persons.ids) for tables in (before, now))
        moved = ~_equal(scored["probability"], scores["probability"]) & stands
        yield "probability", moved, scored["probability"], scores["probability"]
        crosses = (scored["rank"] <= top) != (scores["rank"] <= top)  # NaN is in no list
        ranked = ~_equal(scored["rank"], scores["rank"]) & stands
        yield "rank", ranked & (moved | crosses), scored["rank"], scores["rank"]
    for name in now.flags():
        if name in before.features.column_names:
            values, earlier = now.features[name], before.features[name]
            old, new = _at(earlier, persons.before), _at(values, persons.now)
            yield name, stands & (np.nan_to_num(old) != np.nan_to_num(new)), old, new
    for name in now.raised:
        of_old, of_new = (_raised(tables.raised[name], persons.ids) for tables in (before, now))
        yield name, stands & (of_old != of_new), np.where(was, of_old, np.nan), of_new.astype(np.float64)


def _raised(about: Any, ids: Any) -> Bool:
    """Whether a flag is raised about each person."""
    found: Bool = _places(ids, about.cast(pa.large_string())) >= 0
    return found


def _of_scores(scores: Any, ids: Any) -> dict[str, Float64]:
    """Probability and rank of each person, NaN of those without."""
    place = _places(ids, scores["person_id"].combine_chunks().cast(pa.large_string()))
    return {name: _at(scores[name], place) for name in ("probability", "rank")}


def _at(column: Any, rows: Int64) -> Float64:
    """The values of these rows, NaN where they are null or the row is -1."""
    values = np.asarray(column.combine_chunks().cast(pa.float64() if pa.types.is_integer(column.type) else column.type))
    found: Float64 = np.append(values.astype(np.float64), np.nan)[rows]
    return found


def _equal(one: Float64, other: Float64) -> Bool:
    found: Bool = (one == other) | (np.isnan(one) & np.isnan(other))
    return found


def _moved(before: Tables, now: Tables, persons: _Persons, touched: Collection[str], corrections: bool) -> Moved:
    """What tells of causes."""
    days = now.counted_from - before.counted_from
    own = (persons.before < 0) != (persons.now < 0)
    for name in now.own():
        own |= ~_equal(*_both(before, now, persons, name))
    since = _at(now.features[_SINCE], persons.now) - _at(before.features[_SINCE], persons.before)
    known = [np.isnan(_at(t.features[_SINCE], at)) for t, at in ((before, persons.before), (now, persons.now))]
    own |= (known[0] != known[1]) | (~np.isnan(since) & (since != days))
    corrected = _places(persons.ids, pa.array(sorted(touched), pa.large_string())) >= 0
    earlier, ties = (_ends(tables.ties, persons.ids) for tables in (before, now))
    layers = {
        name: (_ends(before.layers.get(name, _NO_TIES), persons.ids), _ends(of, persons.ids))
        for name, of in now.layers.items()
    }
    victimised = None
    if names := now.victimisations():
        counts = [_both(before, now, persons, name) for name in names]
        victimised = np.logical_or.reduce([np.nan_to_num(old) != np.nan_to_num(new) for old, new in counts])
    return Moved(corrected, own, earlier, ties, corrections, days, layers, persons.now < 0, victimised)


def _both(before: Tables, now: Tables, persons: _Persons, name: str) -> tuple[Float64, Float64]:
    """A column of both runs, NaN where a person or the column is not there."""
    there = name in before.features.column_names
    old = _at(before.features[name], persons.before) if there else np.full(len(persons.before), np.nan)
    return old, _at(now.features[name], persons.now)


def _ends(ties: pa.Table | Int64, ids: Any) -> Int64:
    return coded_ties(ties, ids) if isinstance(ties, pa.Table) else ties
