"""Who becomes a victim: violence reaches those near its offenders and near earlier victims, and strangers.

After Papachristos, Braga and Hureau (2012), who found victims of gunshots close to each other in a co-arrest network.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.jit import njit
from gpunet.synthetic.activity import draw_days
from gpunet.synthetic.area import Rows
from gpunet.synthetic.associations import KINDS, Surroundings, adjacency, draw_pairs, random_stream
from gpunet.synthetic.charges import OFFENCES, VIOLENT, violent_offences
from gpunet.synthetic.further_config import VictimConfig
from gpunet.synthetic.plan import Area, Plan

__all__ = ["Victimisations", "draw_victims"]

_STREAM = 100

_FATAL = np.array([text in {name for name, _ in VIOLENT["homicide"]} for text in OFFENCES])
_VIOLENT = np.array([text in {name for texts in VIOLENT.values() for name, _ in texts} for text in OFFENCES])

#: Random numbers for each victim.
_CHANCES = 8


class Victimisations(NamedTuple):
    """Victims of one area, one element for a person in an incident, in the order of their days.

    Attributes
    ----------
    person
        int64, number in the country.
    incident
        int64, number of the incident in the area; of those in which nobody was arrested -1 and less.
    day, recorded
        int64, days since the first of the period.
    force
        int64, position of the force in its region.
    offence
        int64, position in :data:`gpunet.synthetic.charges.OFFENCES`.
    """

    person: Int64
    incident: Int64
    day: Int64
    recorded: Int64
    force: Int64
    offence: Int64

    def take(self, index: Int64) -> Victimisations:
        """The elements at `index`."""
        return Victimisations(*[column[index] for column in self])

    @staticmethod
    def stack(parts: list[Victimisations]) -> Victimisations:
        """All elements of all parts."""
        columns: list[tuple[NDArray[Any], ...]] = list(zip(*parts, strict=True))
        return Victimisations(*[np.concatenate(column) for column in columns])


class _Attacks(NamedTuple):
    """Violent incidents in the order of their days; the columns are those of :class:`Victimisations`."""

    incident: Int64
    day: Int64
    position: Float64
    force: Int64
    offence: Int64


def draw_victims(plan: Plan, area: Area, rows: Rows, around: Surroundings) -> Victimisations:
    """Draw who becomes a victim in an area; `rows` are its arrests, with the offences."""
    config = plan.config.victims
    rng = random_stream(plan, area, _STREAM)
    attacks = _attacks(rng, plan, area, rows, around)
    attack = np.repeat(np.arange(len(attacks.day)), 1 + rng.poisson(config.more, len(attacks.day)))
    known = around.n  # then come strangers
    strangers = around.free[: max(1, round(config.strangers * area.persons))]
    nearby = _nearby(rng, around, attacks.position[attack], config)
    stranger = known + (rng.random(len(attack)) * len(strangers)).astype(np.int64)
    person = np.full(len(attack), -1, dtype=np.int64)
    _choose(
        attacks.day,
        attack,
        *_offenders(around, attacks),
        _FATAL[attacks.offence],
        _last_arrest(around, known + len(strangers)),
        *_padded(adjacency(draw_pairs(plan, area, around, KINDS.index("calls")), known), known + len(strangers)),
        *_padded((around.hidden.ties, around.hidden.neighbours), known + len(strangers)),
        nearby,
        stranger,
        rng.random((len(attack), _CHANCES)),
        np.array([config.known, config.offender, config.offender + config.victim, config.calls, config.second]),
        config.recent,
        person,
    )
    found = np.flatnonzero(person >= 0)
    attack, person = attack[found], person[found]
    return Victimisations(
        person=np.concatenate([around.number, strangers])[person],
        incident=attacks.incident[attack],
        day=attacks.day[attack],
        recorded=attacks.day[attack] + rng.exponential(config.lag, len(attack)).astype(np.int64),
        force=attacks.force[attack],
        offence=attacks.offence[attack],
    )


def _attacks(rng: np.random.Generator, plan: Plan, area: Area, rows: Rows, around: Surroundings) -> _Attacks:
    """The incidents of the violent arrests, and as many more as the settings want, where there were such before."""
    incidents = around.hidden.incidents
    violent = np.flatnonzero((rows.offence >= 0) & _VIOLENT[rows.offence])
    incident, first = np.unique(rows.incident[violent], return_index=True)
    offence = rows.offence[violent[first]].astype(np.int64)
    unsolved = round(plan.config.victims.unsolved * area.persons) if len(incident) else 0
    alike = rng.integers(0, max(len(incident), 1), unsolved)
    kinds = tuple(plan.config.violence.rates)
    rates = np.array([plan.config.violence.rates[kind] for kind in kinds])
    kind = np.searchsorted(np.cumsum(rates)[:-1], rng.random(unsolved) * rates.sum(), side="right")
    day = np.concatenate([incidents.day[incident], draw_days(rng, unsolved, plan.config.activity)])
    place = np.concatenate([incident, incident[alike]])
    order = np.argsort(day, kind="stable")
    return _Attacks(
        incident=np.concatenate([incident.astype(np.int64), -1 - np.arange(unsolved)])[order],
        day=day[order],
        position=incidents.position[place][order],
        force=around.hidden.force[place][order],
        offence=np.concatenate([offence, violent_offences(rng, kind, kinds).astype(np.int64)])[order],
    )


def _nearby(rng: np.random.Generator, around: Surroundings, position: Float64, config: VictimConfig) -> Int64:
    """Somebody who lives near each position, by the order of homes."""
    living = around.living
    place = np.searchsorted(around.hidden.home[around.by_home], position)
    apart = rng.laplace(0.0, config.near * living / max(around.area.persons, 1), len(position))
    return around.by_home[np.mod(place + apart.astype(np.int64), living)]


def _offenders(around: Surroundings, attacks: _Attacks) -> tuple[Int64, Int64]:
    """Those arrested for violence in each attack: ``indptr`` and persons; none where nobody was arrested."""
    incidents, violent = around.hidden.incidents, around.hidden.violent
    before = np.concatenate([[0], np.cumsum(violent)])[incidents.indptr]
    solved = np.maximum(attacks.incident, 0)
    count = np.where(attacks.incident >= 0, np.diff(before)[solved], 0)
    indptr = np.concatenate([[0], np.cumsum(count)])
    row = np.arange(indptr[-1]) + np.repeat(before[solved] - indptr[:-1], count)
    return indptr, incidents.person[violent][row]


def _last_arrest(around: Surroundings, n: int) -> Int64:
    """The day of each person's last arrest in the area, -1 if there is none."""
    incidents = around.hidden.incidents
    last = np.full(n, -1, dtype=np.int64)
    np.maximum.at(last, incidents.person, np.repeat(incidents.day, np.diff(incidents.indptr)))
    last[around.living : around.arrested] = np.iinfo(np.int64).max  # a visitor's other arrests are elsewhere
    return last


def _padded(network: tuple[Int64, Int32], n: int) -> tuple[Int64, Int32]:
    """The network with more persons, who have no tie."""
    indptr, neighbours = network
    return np.concatenate([indptr, np.full(n + 1 - len(indptr), indptr[-1])]), neighbours


@njit
def _choose(
    day: Int64,
    attack: Int64,
    offenders: Int64,
    offender: Int64,
    fatal: Bool,
    last_arrest: Int64,
    calls: Int64,
    caller: Int32,
    ties: Int64,
    tied: Int32,
    nearby: Int64,
    stranger: Int64,
    chance: Float64,
    shares: Float64,
    recent: float,
    person: Int64,
) -> None:
    """Choose the victims in turn; fills `person`, which stays -1 where nobody is found.

    `day`, `fatal` and the persons ``offender[offenders[e]:offenders[e + 1]]`` are of each attack; `attack`, `nearby`,
    `stranger` and `chance` of each victim. `calls`, `ties` with `caller`, `tied` are networks, `shares` those of the
    settings.
    """
    dead = np.zeros(len(last_arrest), np.bool_)
    passing = np.empty(len(attack), np.int64)  # earlier victims who are no strangers
    oldest, newest = 0, 0
    for s in range(len(attack)):
        e = attack[s]
        while oldest < newest and day[attack[passing[oldest]]] < day[e] - recent:
            oldest += 1
        start, stop = offenders[e], offenders[e + 1]
        u = chance[s]
        via = -1
        if u[0] < shares[0]:
            if u[1] < shares[1] and stop > start:
                via = int(offender[start + int(u[2] * (stop - start))])
            elif shares[1] <= u[1] < shares[2] and newest > oldest:
                via = int(person[passing[oldest + int(u[2] * (newest - oldest))]])
        reached = _step(via, u[3] < shares[3], u[4], calls, caller, ties, tied)
        if u[5] < shares[4]:
            further = _step(reached, u[6] < shares[3], u[7], calls, caller, ties, tied)
            reached = further if further >= 0 else reached
        for choice in range(3):
            who = reached if choice == 0 else (nearby[s] if choice == 1 else stranger[s])
            if who < 0 or dead[who] or (choice < 2 and u[0] >= shares[0]):
                continue
            if fatal[e] and last_arrest[who] >= day[e]:  # who dies is not arrested later
                continue
            taken = False
            for r in range(start, stop):
                taken = taken or offender[r] == who
            r = s - 1
            while r >= 0 and attack[r] == e:
                taken = taken or person[r] == who
                r -= 1
            if not taken:
                person[s] = who
                dead[who] = fatal[e]
                if choice < 2:
                    passing[newest] = s
                    newest += 1
                break


@njit
def _step(
    person: int, by_call: bool, chance: float, calls: Int64, caller: Int32, ties: Int64, tied: Int32
) -> int:  # fmt: skip
    """A neighbour of a person: by a call if wanted and if there is one, else by a tie; -1 if there is none."""
    if person < 0:
        return -1
    if by_call and calls[person + 1] > calls[person]:
        return int(caller[calls[person] + int(chance * (calls[person + 1] - calls[person]))])
    if ties[person + 1] > ties[person]:
        return int(tied[ties[person] + int(chance * (ties[person + 1] - ties[person]))])
    return -1
