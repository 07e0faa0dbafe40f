"""Feature tables: one row a person, as a matrix of numbers for a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Float32, Int64
from gpunet.base.errors import ModelError
from gpunet.base.words import quoted
from gpunet.config.offences import Taxonomy, taxonomy_hash
from gpunet.model.matrix import check_device, column, namespace, on_gpu, place, to_device, to_host
from gpunet.model.metadata import FeatureMetadata, feature_metadata_of
from gpunet.model.origin import Origin
from gpunet.tables.frames import as_eager, as_wide_text, backend_of, make_series
from gpunet.tables.parquet import read_parquet, read_parquet_metadata

__all__ = [
    "PERSON",
    "FeatureTable",
    "TaxonomyLike",
    "check_present",
    "check_same_taxonomy",
    "id_array",
    "read_features",
    "stack",
]

#: The column of ids.
PERSON = "person_id"

#: The violent sets, or the hash of them.
TaxonomyLike: TypeAlias = Taxonomy | str


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Persons and their features as numbers.

    Attributes
    ----------
    person_ids
        Series of n ids, integers or text, no nulls.
    columns
        Names of the p features.
    matrix
        float32[n, p], NaN where null, flags as 0 and 1. float32 because both libraries compare features in float32
        whatever they are given: this is what they would see, in half the memory. Whole numbers up to 2**24 are exact.
        NumPy's, or on a GPU CuPy's; the ids stay where their frame has them.
    taxonomy
        Hash of the violent sets (:func:`gpunet.config.offences.taxonomy_hash`) that the features were computed with,
        None where it is not known.
    sets
        Those sets, None where they are not known.
    backend
        The kind of frame they came in, and in which results are given back.
    betweenness
        How the betweenness columns were computed (``method`` and, if approximate, ``epsilon``, ``delta`` and
        ``certified_error``), None where it is not known.
    origin
        What the features were computed from, None where it is not known.
    """

    person_ids: nw.Series[Any]
    columns: tuple[str, ...]
    matrix: Any
    taxonomy: str | None = None
    sets: Mapping[str, tuple[str, ...]] | None = None
    backend: str = "polars"
    betweenness: Mapping[str, Any] | None = None
    origin: Origin | None = None

    def __len__(self) -> int:
        return len(self.matrix)

    def ids(self) -> pa.Array:
        """The ids, see :func:`id_array`."""
        return id_array(self.person_ids)

    def column(self, name: str) -> Float32 | None:
        """The values of one feature in the host's memory, float32[n], or None if it is not there."""
        return to_host(self.matrix[:, self.columns.index(name)]) if name in self.columns else None

    def select(self, columns: Sequence[str]) -> FeatureTable:
        """The same persons with these columns, in this order.

        Raises
        ------
        ModelError
            If one is missing; it names all that are.
        """
        if tuple(columns) == self.columns:
            return self
        check_present(columns, self.columns, "the features")
        return replace(
            self, columns=tuple(columns), matrix=self.matrix[:, [self.columns.index(name) for name in columns]]
        )

    def take(self, rows: Int64) -> FeatureTable:
        """The given rows, in that order."""
        kept = self.matrix[to_device(rows) if on_gpu(self.matrix) else rows]
        return replace(self, person_ids=make_series(PERSON, self.ids().take(rows)), matrix=kept)

    def to_device(self, device: str | None) -> FeatureTable:
        """The same table with its matrix in the memory of `device`; where it is, if None."""
        return self if device is None else replace(self, matrix=place(self.matrix, device))


def read_features(
    source: Any,
    *,
    columns: Sequence[str] | None = None,
    taxonomy: TaxonomyLike | None = None,
    betweenness: Mapping[str, Any] | None = None,
    device: str | None = None,
) -> FeatureTable:
    """Make a :class:`FeatureTable` of a feature file or frame.

    Parameters
    ----------
    source
        Path of a ``features.parquet``, a frame that Narwhals takes, or a FeatureTable.
    columns
        The features wanted, in this order; others are ignored. None: every column of numbers or flags but
        ``person_id``; text and dates are left out.
    taxonomy
        The violent sets behind the features, or their hash, where `source` does not say (a frame never does).
    betweenness
        How its betweenness columns were computed, where `source` does not say.
    device
        Whose memory the matrix is to be in, ``"cpu"`` or ``"gpu"``; None: where it is in a FeatureTable, else "cpu".
        From a cuDF frame it is built on the GPU column by column.

    Raises
    ------
    InputError
        If the file or frame cannot be read.
    EngineError
        If `device` is neither, or a GPU's libraries are not installed.
    ModelError
        If there is no ``person_id``, or it has nulls or holds neither whole numbers nor text, a wanted column is
        missing or holds neither numbers nor flags, a value is infinite, the file says another taxonomy than
        `taxonomy`, or what it says of itself is damaged.
    """
    if device is not None:
        check_device(device)
    if isinstance(source, FeatureTable):
        source = source.to_device(device)
        return _with_taxonomy(source if columns is None else source.select(columns), taxonomy, "the features")
    where, metadata = "the features", None
    if isinstance(source, str | Path):
        where, metadata = str(source), read_parquet_metadata(source)
        frame, backend = read_parquet(source), "polars"
    else:
        frame = as_eager(source)
        backend = backend_of(frame)
    if PERSON not in frame.columns:
        raise ModelError(f"{where}: there is no column {PERSON}")
    if not _is_id(frame.schema[PERSON]):
        raise ModelError(f"{where}: {PERSON} is {frame.schema[PERSON]}, but ids are whole numbers or text")
    if frame[PERSON].null_count():
        raise ModelError(f"{where}: {PERSON} has nulls")
    numeric = (name for name, dtype in frame.schema.items() if name != PERSON and _is_number(dtype))
    names = tuple(numeric if columns is None else columns)
    if not names:
        raise ModelError(f"{where}: there is no column of numbers or flags besides {PERSON}")
    stated = feature_metadata_of(metadata or {}, where)
    table = FeatureTable(
        frame[PERSON],
        names,
        _matrix(frame, names, where, device or "cpu"),
        taxonomy=stated.taxonomy,
        sets=stated.sets,
        backend=backend,
        betweenness=betweenness if stated.betweenness is None else stated.betweenness,
        origin=None if metadata is None else _origin_of(stated),
    )
    return _with_taxonomy(table, taxonomy, where)


def _origin_of(stated: FeatureMetadata) -> Origin:
    day = stated.as_of or stated.counted_from  # the day after the last date is one as of which all arrests count
    return Origin(day, settings=stated.settings, undated_arrests=stated.undated_arrests)


def stack(first: FeatureTable, second: FeatureTable) -> FeatureTable:
    """The rows of `first`, then those of `second` with the columns of `first`. A person may come in both.

    Raises
    ------
    ModelError
        If `second` lacks a column, has another taxonomy, or ids of another type.
    """
    second = second.select(first.columns)
    ids = [first.ids(), second.ids()]
    if ids[0].type != ids[1].type:
        raise ModelError(f"{PERSON} is {ids[0].type} in one snapshot and {ids[1].type} in another")
    check_same_taxonomy(first, second, "one snapshot", "another")
    return replace(
        first,
        person_ids=make_series(PERSON, pa.concat_arrays(ids)),
        matrix=namespace(first.matrix).concat([first.matrix, second.matrix]),
        origin=second.origin,  # the later one
    )


def check_same_taxonomy(first: Any, second: Any, first_name: str, second_name: str) -> None:
    """Raise ModelError if both know their taxonomy and the two differ; each has `taxonomy` and `sets`."""
    if first.taxonomy is None or second.taxonomy is None or first.taxonomy == second.taxonomy:
        return
    raise ModelError(
        f"the violent sets differ: {first_name} has {_describe(first, second)}; {second_name} has "
        f"{_describe(second, first)}"
    )


def _describe(one: Any, other: Any) -> str:
    if one.sets is None:
        return f"sets with the hash {one.taxonomy[:12]}"
    names = ", ".join(one.sets)
    if other.sets is not None and set(one.sets) == set(other.sets):
        changed = [f"{name} = {list(p)}" for name, p in one.sets.items() if tuple(other.sets[name]) != tuple(p)]
        return "; ".join(changed) or f"the order {names}"
    return names


def _with_taxonomy(table: FeatureTable, taxonomy: TaxonomyLike | None, where: str) -> FeatureTable:
    if taxonomy is None:
        return table
    if isinstance(taxonomy, str):
        given = replace(table, taxonomy=taxonomy, sets=None)
    elif not _are_sets(taxonomy):
        raise ModelError("taxonomy: expected a mapping of set names to lists of patterns, the hash of one, or None")
    else:
        given = replace(table, taxonomy=taxonomy_hash(taxonomy), sets={name: tuple(p) for name, p in taxonomy.items()})
    check_same_taxonomy(table, given, where, "the caller")
    return given if given.sets is not None else replace(given, sets=table.sets)


def _are_sets(taxonomy: Any) -> bool:
    return isinstance(taxonomy, Mapping) and all(
        isinstance(name, str) and isinstance(patterns, list | tuple) and all(isinstance(p, str) for p in patterns)
        for name, patterns in taxonomy.items()
    )


def check_present(wanted: Sequence[str], present: Sequence[str], where: str) -> None:
    """Raise ModelError if a wanted column is not present; it names all that are missing."""
    have = set(present)
    missing = [name for name in wanted if name not in have]
    if missing:
        raise ModelError(
            f"{where}: {len(missing)} of the {len(wanted)} columns that the model needs are missing: {quoted(missing)}"
        )


def _is_id(dtype: Any) -> bool:
    return bool(dtype.is_integer()) or dtype in (nw.String, nw.Categorical, nw.Enum)


def _is_number(dtype: Any) -> bool:
    return bool(dtype.is_numeric()) or dtype == nw.Boolean


def _matrix(frame: nw.DataFrame[Any], names: tuple[str, ...], where: str, device: str) -> Any:
    check_present(names, frame.columns, where)
    kinds = frame.schema  # asked for once: it is made anew, of all columns, each time
    filled = [(j, name) for j, name in enumerate(names) if _is_number(kinds[name])]
    # A column without a single value is all null, whatever type its frame gives it.
    others = [name for name in names if not _is_number(kinds[name])]
    wrong = [f'"{name}" ({kinds[name]})' for name in others if frame[name].null_count() < len(frame)]
    if wrong:
        raise ModelError(f"{where}: columns that hold neither numbers nor flags: {', '.join(wrong)}")
    matrix = _all_null(len(frame), len(names), device)
    xp = namespace(matrix)
    infinite = []  # flags stay on the device until all columns are there, so that it need not wait at each
    for j, name in filled:
        with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which is refused below
            matrix[:, j] = column(frame[name], device)
        infinite.append(xp.any(xp.isinf(matrix[:, j])))
    bad = [name for (_, name), flag in zip(filled, infinite, strict=True) if bool(flag)]
    if bad:
        raise ModelError(
            f"{where}: columns that hold infinite values, or values beyond the range of float32: {quoted(bad)}"
        )
    return matrix


def _all_null(n: int, p: int, device: str) -> Any:
    """float32[n, p] of NaN; on a GPU column by column, which is how it is filled and read there."""
    if device == "cpu":
        return np.full((n, p), np.nan, dtype=np.float32)
    nothing = to_device(np.empty(0, dtype=np.float32))
    return namespace(nothing).full((p, n), np.nan, dtype=np.float32).T


def id_array(ids: nw.Series[Any]) -> pa.Array:
    """Ids as one PyArrow array, text always as ``large_string``."""
    column = as_wide_text(pa.table({PERSON: ids.to_arrow()})).column(0)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
