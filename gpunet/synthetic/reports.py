"""Reports on pairs: several on many of them, with the grades, days and words of the UK's 3x5x2 system."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.synthetic.associations import KINDS, Surroundings, draw_pairs, random_stream
from gpunet.synthetic.further_config import KindConfig
from gpunet.synthetic.plan import Area, Plan
from gpunet.synthetic.region import texts

__all__ = ["Reports", "draw_reports", "ties_table"]

#: Streams of random numbers for reports are not those of pairs: victims need the pairs of calls alone.
_FIRST_STREAM = 200

#: How often a report on a pair has each grade, where there is such a tie and where there is none.
_SOURCE = (0.15, 0.40, 0.45), (0.50, 0.37, 0.13)
_INFORMATION = (0.04, 0.16, 0.27, 0.35, 0.18), (0.26, 0.36, 0.22, 0.13, 0.03)

#: How few reports most pairs have: the shape of the negative binomial number beyond the first.
_REPEATS_SHAPE = 0.35

#: Mean days that a tie lasts of which is said until when.
_LASTING = 200.0

_BASIS = {
    "intelligence": ("said to act together", "named together by a source", "shared address or vehicle"),
    "observation": ("seen together", "stopped in the same vehicle", "stopped together in the street"),
    "calls": ("call records", "messages on a seized telephone", "number saved as a contact"),
    "social_media": ("named each other in posts", "follow each other", "pictured together"),
}


class Reports(NamedTuple):
    """Reports of one area, one element each, in the order of their days.

    Attributes
    ----------
    a, b
        int64, numbers of persons in the country, in no order.
    kind
        int64, position in :data:`gpunet.synthetic.associations.KINDS`.
    day, until, recorded
        int64, days since the first of the period; -1 for no end.
    source, information
        int64, positions of the grades among 1 to 3 and A to E.
    confidential
        bool, handling code C.
    basis
        int64, position among the words of the kind.
    """

    a: Int64
    b: Int64
    kind: Int64
    day: Int64
    until: Int64
    recorded: Int64
    source: Int64
    information: Int64
    confidential: Bool
    basis: Int64


def draw_reports(plan: Plan, area: Area, around: Surroundings) -> Reports:
    """All reports of an area, of every kind."""
    kinds = [_of_kind(plan, area, around, kind) for kind in range(len(KINDS))]
    columns: list[tuple[NDArray[Any], ...]] = list(zip(*kinds, strict=True))
    reports = Reports(*[np.concatenate(column) for column in columns])
    order = np.lexsort((reports.b, reports.a, reports.kind, reports.day))
    ordered: list[NDArray[Any]] = [column[order] for column in reports]
    return Reports(*ordered)


def _of_kind(plan: Plan, area: Area, around: Surroundings, kind: int) -> Reports:
    config, kind_config = plan.config.associations, _kind_config(plan, kind)
    pairs = draw_pairs(plan, area, around, kind)
    rng = random_stream(plan, area, _FIRST_STREAM + kind)
    pair, begins = _repeated(rng, len(pairs.a), round(kind_config.rows * area.persons))
    count = len(pair)
    # Most further reports come soon after the first.
    later = (rng.random(count) ** 2 * (around.days - pairs.first[pair])).astype(np.int64)
    day = pairs.first[pair] + np.where(begins, 0, later)
    lasts = 1 + rng.exponential(_LASTING, count).astype(np.int64)
    until = np.where(rng.random(count) < config.ended, day + lasts, -1)
    true = pairs.true[pair]
    turned = rng.random(count) < 0.5
    a, b = around.number[pairs.a[pair]], around.number[pairs.b[pair]]
    return Reports(
        a=np.where(turned, b, a),
        b=np.where(turned, a, b),
        kind=np.full(count, kind),
        day=day,
        until=until,
        recorded=np.maximum(day, until) + rng.exponential(config.lag, count).astype(np.int64),
        source=_graded(rng.random(count), true, _SOURCE),
        information=_graded(rng.random(count), true, _INFORMATION),
        confidential=rng.random(count) < config.confidential,
        basis=rng.integers(0, len(_BASIS[KINDS[kind]]), count),
    )


def _kind_config(plan: Plan, kind: int) -> KindConfig:
    config: KindConfig = getattr(plan.config.associations, KINDS[kind])
    return config


def _repeated(rng: np.random.Generator, pairs: int, rows: int) -> tuple[Int64, Bool]:
    """The pair of each of `rows` reports, at least one a pair; and whether it is the first of its pair."""
    if not pairs:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    weight = rng.gamma(_REPEATS_SHAPE, 1.0, pairs)
    number = 1 + rng.multinomial(max(rows - pairs, 0), weight / weight.sum())
    pair = np.repeat(np.arange(pairs), number)
    return pair, np.diff(pair, prepend=-1) != 0


def _graded(chance: Float64, true: Bool, shares: tuple[tuple[float, ...], tuple[float, ...]]) -> Int64:
    """Positions of grades: of reports where there is no tie by the first shares, of the others by the second."""
    false_, true_ = (np.searchsorted(np.cumsum(share)[:-1], chance, side="right") for share in shares)
    return np.where(true, true_, false_)


def ties_table(plan: Plan, reports: Reports) -> pa.Table:
    """The reports in the columns of a table of ties."""
    first = np.datetime64(plan.config.activity.first_day, "D")
    words = [words for kind in KINDS for words in _BASIS[kind]]
    begins = np.cumsum([0, *(len(_BASIS[kind]) for kind in KINDS)])
    return pa.table(
        {
            "person_a": plan.person_ids(reports.a),
            "person_b": plan.person_ids(reports.b),
            "kind": texts(reports.kind, np.array(KINDS)),
            "date": pa.array(first + reports.day),
            "until": pa.array(first + reports.until, mask=reports.until < 0),
            "recorded_at": pa.array(first + reports.recorded),
            "source_grade": 1 + reports.source,
            "information_grade": texts(reports.information, np.array(list("ABCDE"))),
            "handling": texts(reports.confidential.astype(np.int64), np.array(["P", "C"])),
            "basis": texts(begins[reports.kind] + reports.basis, np.array(words)),
        }
    )
