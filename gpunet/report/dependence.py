"""How a feature's values move scores: contributions of a sample of persons, by groups of values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular
from gpunet.config.config import load_config
from gpunet.model.trained import Model, load_model, model_from_bytes
from gpunet.report.audience import MIN_PERSONS
from gpunet.report.source import Source
from gpunet.runs.sealed import open_result
from gpunet.tables.arrow_paths import for_arrow

__all__ = ["Moved", "binned", "moved_by"]

#: Persons whose contributions are computed; a sample of so many tells a group's mean to a percent or so.
_SAMPLE = 20_000

#: Rows of the table of features that are in memory at once.
_ROWS = 1 << 15

#: Groups of values of one feature.
_GROUPS = 8

#: Of the persons of a group, between which shares of them its bar reaches.
_MIDDLE = (10.0, 90.0)


@dataclass(frozen=True, eq=False)
class Moved:
    """A sample of persons.

    Attributes
    ----------
    value
        float64[n, p], the features' values, NaN where null.
    factor
        float64[n, p], what each multiplies the odds of the person's probability by.
    features
        Their p names.
    of
        How many persons the sample was taken from.
    """

    value: Float64
    factor: Float64
    features: tuple[str, ...]
    of: int

    def __len__(self) -> int:
        return len(self.value)


def moved_by(source: Source) -> Moved:
    """What the features of a sample of the run's persons do to their scores.

    The odds of a probability are those of the calibrated one: a contribution in raw log-odds times the slope of the
    calibration.

    Raises
    ------
    GpunetError
        If the model or the features cannot be read, or do not fit each other.
    """
    model = _model(source)
    sample, of = _sample(source, model, load_config(source.manifest.get("config")).model.seed)
    contribution = model.contributions(sample)[:, :-1]
    value = sample.select(pl.col(model.features).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    return Moved(value, np.exp(model.calibration.slope * contribution), model.features, of)


def _model(source: Source) -> Model:
    """The run's model, also under seal: nothing is told of single persons."""
    found = open_result(source.folder, "model.ubj", source.manifest)
    return load_model(found) if isinstance(found, Path) else model_from_bytes(found.getvalue())


def _sample(source: Source, model: Model, seed: int) -> tuple[pl.DataFrame, int]:
    """Rows of the features at random, and of how many; read in pieces, so that memory is bounded.

    They are drawn, and come, in the order in which the files first name the persons.
    """
    path = source.folder / "features.parquet"
    try:
        check_regular(path)
        with pq.ParquetFile(for_arrow(path)) as file:
            n = file.metadata.num_rows
            order = source.rows_in_file_order()
            places = np.arange(n) if order is None else order
            if len(places) != n:
                raise InputError(f"{path} and groups.parquet are of other persons: make the run again")
            if n > _SAMPLE:
                places = places[np.sort(np.random.default_rng(seed).choice(n, _SAMPLE, replace=False))]
            rows = np.sort(places)
            begin, parts = 0, []
            for batch in file.iter_batches(_ROWS, columns=["person_id", *model.features]):
                end = begin + len(batch)
                parts.append(
                    batch.take(pa.array(rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)] - begin))
                )
                begin = end
            table = pa.Table.from_batches(parts, None if parts else file.schema_arrow)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not readable as Parquet: {in_words(error)}") from error
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame[np.searchsorted(rows, places)], n


def binned(value: Float64, factor: Float64, *, flag: bool = False) -> pl.DataFrame:
    """What values of a feature multiply the odds by, a row for each group of values, the smallest first.

    Groups are of about one size, equal values in one; each has at least 10 persons if there are so many, but those
    without a value, the last, may be fewer. Of n persons these are `value`, NaN for none, and `factor`; `flag` says
    that 1 is yes.

    Returns
    -------
    DataFrame
        ``values`` (words), ``persons``, ``factor`` (the geometric mean), ``factor_low`` and ``factor_high`` (between
        which 80 % of the persons lie).

    Examples
    --------
    >>> value = np.repeat([0.0, 1.0, 2.0, np.nan], [30, 20, 5, 12])
    >>> binned(value, np.where(value > 0, 2.0, 1.0)).select("values", "persons", pl.col("factor").round(9)).rows()
    [('0', 30, 1.0), ('1 or more', 25, 2.0), ('no value', 12, 1.0)]
    """
    known = ~np.isnan(value)
    distinct, code = np.unique(value[known], return_inverse=True)
    group = _grouped(np.bincount(code, minlength=len(distinct)))
    rows = []
    for number in range(int(group.max(initial=-1)) + 1):
        here = np.flatnonzero(group == number)
        first, last = distinct[here[0]], distinct[here[-1]]
        ends = (number == 0, number == group[-1])
        rows.append({"values": _words(first, last, ends, flag=flag), **_factors(factor[known][np.isin(code, here)])})
    if not known.all():
        rows.append({"values": "no value", **_factors(factor[~known])})
    return pl.DataFrame(rows)


def _grouped(counts: Int64) -> Int64:
    """The group of each distinct value, from their numbers of persons: as many as are left, over the groups left."""
    group, number, held, left = np.zeros(len(counts), np.int64), 0, 0, int(counts.sum())
    for i, count in enumerate(counts.tolist()):
        group[i] = number
        held += count
        if held >= max(MIN_PERSONS, left / (_GROUPS - number)) and number < _GROUPS - 1:
            number, left, held = number + 1, left - held, 0
    last: Bool = group == number
    if number and counts[last].sum() < MIN_PERSONS:
        group[last] = number - 1
    return group


def _factors(factor: Float64) -> dict[str, float | int]:
    low, high = np.exp(np.percentile(np.log(factor), _MIDDLE))
    return {
        "persons": len(factor),
        "factor": float(np.exp(np.log(factor).mean())),
        "factor_low": float(low),
        "factor_high": float(high),
    }


def _words(first: float, last: float, ends: tuple[bool, bool], *, flag: bool) -> str:
    """The values of a group; that no greatest or smallest value tells of a person, groups at the ends are open."""
    if flag:
        return "no" if last == 0 else "yes" if first == 1 else "no or yes"
    if first == last:
        return _short(first)
    if all(ends):
        return "any value"
    if ends[1]:
        return f"{_short(first)} or more"
    return f"up to {_short(last)}" if ends[0] else f"{_short(first)} to {_short(last)}"


def _short(value: float) -> str:
    """Three digits, whole numbers below 100,000 as they are.

    >>> _short(12345.0), _short(0.123456), _short(1234567.0)
    ('12,345', '0.123', '1,230,000')
    """
    if value == int(value) and abs(value) < 100_000:
        return f"{int(value):,}"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"
