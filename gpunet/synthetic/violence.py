"""Which arrests are violent: a self-exciting process along ties, in beats and by person.

Incidents are taken in the order of their days. Incident e in beat b with participants i is violent with log-odds

    base + beat effect(b) + heat * min(H_b, heat_cap)
         + mean over i of [ lasting effect(i) + own * min(O_i, own_cap) + tie * min(N_i, tie_cap) ]

where H_b, O_i and N_i are the violent arrests so far in beat b, of i, and of those tied to i; each counts half after a
half-life, a quarter after two. ``base`` is chosen so that the number of violent arrests is the one asked for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.jit import njit
from gpunet.synthetic.config import ViolenceConfig

__all__ = ["Events", "draw_violence", "share_types"]

_MOST_TRIES = 30
_FINEST = 1e-6  # of the base: closer brackets move no incident


class Events(NamedTuple):
    """Incidents in the order of their days, and what violence depends on.

    Attributes
    ----------
    day, beat
        int64[incidents].
    indptr, person
        The participants of incident e are ``person[indptr[e]:indptr[e + 1]]``.
    peaceful
        bool[incidents], those that are never violent.
    lasting
        float64[persons], lasting effect of each person.
    beat_effect
        float64[beats].
    ties, neighbours
        The network of the incidents: ``indptr`` (int64[persons + 1]) and neighbours (int32), rows ascending.
    """

    day: Int64
    beat: Int64
    indptr: Int64
    person: Int64
    peaceful: Bool
    lasting: Float64
    beat_effect: Float64
    ties: Int64
    neighbours: Int32


def draw_violence(rng: np.random.Generator, events: Events, target: int, config: ViolenceConfig) -> tuple[Bool, float]:
    """Draw which participants are arrested for a violent offence.

    The random numbers are drawn once; then the base rate is moved until `target` arrests, to about 0.3 %, are violent.
    The count only grows with the base, but it can jump, since one more violent arrest may bring others: what comes
    nearest to `target` is returned.

    Returns
    -------
    violent, base
        bool[participants] and the log-odds that were found (minus infinity for a target of 0).
    """
    chance = rng.random(len(events.day))
    chance[events.peaceful] = 2.0
    further = rng.random(len(events.person)) < config.charged
    strengths = np.array([config.own, config.tie, config.heat, config.own_cap, config.tie_cap, config.heat_cap])
    half_lives = np.array([config.own_half_life, config.tie_half_life, config.heat_half_life])
    violent = np.zeros(len(events.person), dtype=np.bool_)
    best, best_base = violent.copy(), -math.inf
    if target <= 0:
        return best, best_base
    decay = math.log(2) / np.maximum(half_lives, 1e-3)
    low, high, base = -40.0, 40.0, -3.3
    for _ in range(_MOST_TRIES):
        _spread(*events[:4], *events[5:], chance, further, strengths, decay, base, violent)
        count = int(np.count_nonzero(violent))
        if abs(count - target) < abs(np.count_nonzero(best) - target):
            best, best_base = violent.copy(), base
        if abs(count - target) <= 0.003 * target or high - low < _FINEST:
            break
        low, high = (base, high) if count < target else (low, base)
        # The count grows about as exp(base); where that leads out of the bracket, halve it.
        step = base + math.log(target / max(count, 1))
        base = step if low < step < high else (low + high) / 2
    return best, best_base


@njit
def _spread(
    day: Int64,
    beat: Int64,
    indptr: Int64,
    person: Int64,
    lasting: Float64,
    beat_effect: Float64,
    ties: Int64,
    neighbours: Int32,
    chance: Float64,
    further: Bool,
    strengths: Float64,
    decay: Float64,
    base: float,
    violent: Bool,
) -> None:
    """Run the process once; fills `violent`. The first participant of a violent incident is always charged.

    Up to `neighbours`: the fields of :class:`Events`. `chance` is float64[incidents], `further` bool[participants],
    `strengths` float64[6], `decay` float64[3] (a day), of own past, of ties' past, of the beat's; `violent`
    bool[participants].
    """
    n, beats = len(lasting), len(beat_effect)
    own, own_day = np.zeros(n), np.zeros(n)
    tie, tie_day = np.zeros(n), np.zeros(n)
    heat, heat_day = np.zeros(beats), np.zeros(beats)
    for e in range(len(day)):
        t, b, start, stop = day[e], beat[e], indptr[e], indptr[e + 1]
        hot = min(heat[b] * math.exp(-decay[2] * (t - heat_day[b])), strengths[5])
        total = 0.0
        for r in range(start, stop):
            i = person[r]
            total += lasting[i]
            total += strengths[0] * min(own[i] * math.exp(-decay[0] * (t - own_day[i])), strengths[3])
            total += strengths[1] * min(tie[i] * math.exp(-decay[1] * (t - tie_day[i])), strengths[4])
        odds = base + beat_effect[b] + strengths[2] * hot + total / (stop - start)
        happens = chance[e] < 1.0 / (1.0 + math.exp(-odds))
        for r in range(start, stop):
            violent[r] = happens and (r == start or further[r])
            if not violent[r]:
                continue
            i = person[r]
            own[i] = own[i] * math.exp(-decay[0] * (t - own_day[i])) + 1.0
            own_day[i] = t
            heat[b] = heat[b] * math.exp(-decay[2] * (t - heat_day[b])) + 1.0
            heat_day[b] = t
            for k in range(ties[i], ties[i + 1]):
                j = neighbours[k]
                tie[j] = tie[j] * math.exp(-decay[1] * (t - tie_day[j])) + 1.0
                tie_day[j] = t


def share_types(rng: np.random.Generator, indptr: Int64, violent: Bool, quota: tuple[int, ...]) -> Int64:
    """Give each incident with a violent arrest one violent offence, in the proportions of the quotas.

    Parameters
    ----------
    rng
        Source of every random choice.
    indptr, violent
        Participants of each incident; which of them are violent.
    quota
        Arrests wanted for each offence; scaled to the violent arrests that there are.

    Returns
    -------
    int64[incidents]
        Position of the offence in `quota`, -1 where nothing was violent.
    """
    count = np.add.reduceat(violent, indptr[:-1], dtype=np.int64) if len(indptr) > 1 else indptr[:0]
    types = np.full(len(count), -1, dtype=np.int64)
    order = rng.permutation(np.flatnonzero(count))
    left = np.array(quota, dtype=np.float64) * (count.sum() / max(sum(quota), 1))
    _draw_types(order, count, left, rng.random(len(order)), types)
    return types


@njit
def _draw_types(order: Int64, count: Int64, left: Float64, chance: Float64, types: Int64) -> None:
    """Draw from an urn: an offence by the arrests that it still lacks, which then become fewer."""
    for k in range(len(order)):
        e = order[k]
        total = 0.0
        for c in range(len(left)):
            total += max(left[c], 0.0)
        chosen = len(left) - 1
        if total > 0.0:
            mark = chance[k] * total
            for c in range(len(left)):
                mark -= max(left[c], 0.0)
                if mark < 0.0:
                    chosen = c
                    break
        else:  # a few arrests over the quotas: to the offence whose quota is least exceeded
            chosen = int(np.argmax(left))
        types[e] = chosen
        left[chosen] -= count[e]
