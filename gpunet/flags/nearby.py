"""Triggers of what is near in the network: recent violence within two steps, and a distance that shrank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.config.config import Config
from gpunet.config.flags_config import DistanceShrank, Source, ViolenceNearby
from gpunet.flags.found import Found, found_of
from gpunet.flags.known import Known, rows_of
from gpunet.tables.arrays import begins_run, distinct

__all__ = ["distance_shrank", "nearest_other", "sets_of", "sources_of", "violence_nearby"]

#: What a set of gunshot offences is called, beside homicide the default of ``violence_nearby``.
_GUNSHOTS = ("gunshot", "gun_shot", "shooting", "shots")

_FAR = np.iinfo(np.int64).max


def sets_of(flag: ViolenceNearby, config: Config) -> tuple[str, ...]:
    """The sets of offences that a flag looks for; none if it names none and there are none of its default.

    >>> from gpunet.config.config import load_config
    >>> sets_of(ViolenceNearby(), load_config({"violent_offences": {"homicide": ["murder"], "gunshots": ["shot*"]}}))
    ('homicide', 'gunshots')
    """
    if flag.sets:
        return flag.sets
    return tuple(
        name for name in config.violent_offences if name == "homicide" or any(word in name for word in _GUNSHOTS)
    )


def sources_of(flag: ViolenceNearby, *, victims: bool) -> tuple[Source, ...]:
    """What counts as violence nearby; `victims`: whether a table of them was read.

    >>> sources_of(ViolenceNearby(), victims=True), sources_of(ViolenceNearby(), victims=False)
    (('arrests', 'victims'), ('arrests',))
    """
    return flag.sources or (("arrests", "victims") if victims else ("arrests",))


def violence_nearby(known: Known, flag: ViolenceNearby) -> Found:
    """Near whom, within ``steps`` ties, another was arrested for an offence of the sets in the recent days.

    Or became a victim of one, as far as the flag's ``sources`` say.
    """
    records = known.records
    asked = known.bits_of(sets_of(flag, known.arrests.config))
    row = np.flatnonzero((records.day >= known.day - flag.days) & (records.offences & asked != 0))
    sources, arrested = sources_of(flag, victims=known.arrests.victims is not None), records.of_arrests(row)
    row = row[arrested if "victims" not in sources else ~arrested if "arrests" not in sources else slice(None)]
    row = row[known.vertex[records.person[row]] >= 0]
    row = row[np.argsort(known.vertex[records.person[row]], kind="stable")]
    of_row = known.vertex[records.person[row]]
    source = distinct(of_row)
    at, target, steps = _within(known.network.indptr, known.network.indices, source, flag.steps)
    # Each source's records lie together.
    begin = np.searchsorted(of_row, source)
    end = np.searchsorted(of_row, source, side="right")
    pair, piece = rows_of(np.append(begin, end[-1:]).astype(np.int64), at)
    return found_of(records, known.person[target[pair]], row[piece], steps[pair])


def _within(indptr: Int64, indices: Int32, source: Int64, most: int) -> tuple[Int64, Int64, Int64]:
    """Who is one step from each source, or two: the source's position, the vertex, the steps, each pair once."""
    at, place = rows_of(indptr, source)
    one = indices[place].astype(np.int64)
    if most == 1:
        return at, one, np.ones(len(one), np.int64)
    through, place = rows_of(indptr, one)
    two = indices[place].astype(np.int64)
    at, target = np.append(at, at[through]), np.append(one, two)
    steps = np.repeat([1, 2], [len(one), len(two)])
    order = np.lexsort((steps, target, at))
    first = order[begins_run(at[order], target[order])]
    first = first[target[first] != source[at[first]]]  # there and back again
    return at[first], target[first], steps[first]


def distance_shrank(known: Known, flag: DistanceShrank) -> Found:
    """Who is nearer to the nearest other violent person than before the recent days; the piece is that one's arrest.

    Then means the ties and violent arrests dated before the recent days, as they are known now.
    """
    person = known.person
    earlier = known.earlier(flag.days)
    then, _ = nearest_other(*known.network_before(flag.days), (earlier.person_offences != 0)[person])
    now, nearest = nearest_other(known.network.indptr, known.network.indices, known.violent[person])
    seen = known.first_arrest[person] < known.day - flag.days
    nearer = (now >= 0) & (now <= flag.within) & ((then < 0) | (then - now >= flag.min_steps))
    vertex = np.flatnonzero(seen & nearer)
    row = _latest_violent(known)[person[nearest[vertex]]]
    found = found_of(known.records, person[vertex], row, now[vertex])
    return replace(found, numbers={"steps_before": then[vertex], "steps": now[vertex]})


def _latest_violent(known: Known) -> Int64:
    """int64[n], each person's latest violent arrest, of several on a day the last in file order; -1 without one."""
    arrests = known.arrests
    row = np.flatnonzero(arrests.offences != 0)
    row = row[np.lexsort((row, arrests.day[row], arrests.person[row]))]
    last = np.append(begins_run(arrests.person[row])[1:], np.ones(min(len(row), 1), np.bool_))
    found = np.full(known.n, -1, np.int64)
    found[arrests.person[row[last]]] = row[last]
    return found


def nearest_other(indptr: Int64, indices: Int32, violent: Bool) -> tuple[Int64, Int64]:
    """Steps from each vertex to the nearest violent one other than itself, and one that is so near; -1 if none is.

    One search from all violent vertices at once says which is nearest to each vertex. Of a violent vertex, the way to
    its nearest other leads over a tie between its own surroundings and another's.

    >>> nearest_other(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.array([True, False, False]))
    (array([-1,  1,  2]), array([-1,  0,  0]))
    """
    n = len(violent)
    steps, label = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    front = np.flatnonzero(violent)
    steps[front], label[front] = 0, front
    level = 0
    while len(front):
        level += 1
        of, place = rows_of(indptr, front)
        reached = indices[place].astype(np.int64)
        new = steps[reached] < 0
        of, reached = of[new], reached[new]
        steps[reached] = level
        least = np.full(n, _FAR)
        np.minimum.at(least, reached, label[front[of]])
        front = distinct(reached)
        label[front] = least[front]
    return _of_violent(indptr, indices, violent, steps, label)


def _of_violent(indptr: Int64, indices: Int32, violent: Bool, steps: Int64, label: Int64) -> tuple[Int64, Int64]:
    """What :func:`nearest_other` gives, from each vertex's steps and nearest violent one, which may be itself."""
    n = len(violent)
    a, b = np.repeat(np.arange(n), np.diff(indptr)), indices.astype(np.int64)
    border = (steps[a] >= 0) & (label[a] != label[b])
    a, b = a[border], b[border]
    best = np.full(n, _FAR)
    np.minimum.at(best, label[a], (steps[a] + 1 + steps[b]) * n + label[b])
    known = best < _FAR
    return (
        np.where(violent, np.where(known, best // max(n, 1), -1), steps),
        np.where(violent, np.where(known, best % max(n, 1), -1), label),
    )
