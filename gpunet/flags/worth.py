"""What flags were worth: raised on days of the past as they were known then, and held against what followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY, day_number, day_to_date
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback, begun, ended
from gpunet.base.stopping import raise_if_stopped
from gpunet.base.words import counted
from gpunet.config.config import Config
from gpunet.config.flags_config import Flag, Side
from gpunet.evaluate.bootstrap import draw_communities, interval_of, with_those_alone
from gpunet.evaluate.months import Population, Snapshots, months_of
from gpunet.evaluate.side_tables import Custody
from gpunet.flags.known import Known
from gpunet.flags.triggers import find, why_never
from gpunet.panels.days import following_day, is_complete
from gpunet.tables.arrays import distinct

__all__ = ["judged_days", "verdict", "wilson", "worth_rows"]

#: Of a normal distribution, for 95 %.
_Z = 1.959963984540054

_STAGE = "worth"

_SIDES: tuple[Side, ...] = ("offender", "victim")

_NEVER = np.iinfo(np.int64).max

# Where the whole interval is below so many times chance, the alerts are enough to say that a flag is worth little.
_LITTLE = 1.25


def judged_days(arrests: Arrests, config: Config, side: Side = "offender") -> tuple[date, ...]:
    """The days of ``gpunet evaluate emerging`` whose horizon the arrests know all of; there may be none.

    On the victims' side, where a table of them was read, it has to know all of the horizon too.
    """
    try:
        days = months_of(arrests, config.evaluate)
    except InputError:  # no day, or no dates
        return ()
    horizon, last, first = config.evaluate.horizon_days, arrests.last_day, NO_DAY
    if side == "victim" and arrests.victims is not None:
        known = arrests.victims.events.day
        last, first = min(last, int(known.max(initial=NO_DAY))), int(known.min(initial=last))
    return tuple(day for day in days if first <= day_number(day) and is_complete(day, horizon, last))


@dataclass
class _Tally:
    """What became of one flag's alerts.

    Lists of arrays have an element a snapshot, of the days on which the flag is judged: of each alert the person (a
    code among all arrests), whether it was a hit, days to it, whether the person was new.
    """

    flag: Flag
    days: tuple[date, ...]
    person: list[Int64] = field(default_factory=list)
    hit: list[Bool] = field(default_factory=list)
    lead: list[Int64] = field(default_factory=list)
    new: list[Bool] = field(default_factory=list)
    base: list[float] = field(default_factory=list)


def worth_rows(
    arrests: Arrests,
    flags: Mapping[str, Flag],
    config: Config,
    custody: Custody | None = None,
    progress: ProgressCallback | None = None,
    *,
    as_of: date | None = None,
) -> list[dict[str, Any]]:
    """The rows of ``flag_worth``, one for each of the `flags`, in their order.

    Parameters
    ----------
    arrests
        All that is known as of the day that the verdict is of, or more; snapshots are cuts of it.
    flags
        By name.
    config
        ``[evaluate]`` says which days, how far ahead, and of whom.
    custody
        Who is left out of a snapshot's population.
    progress
        Called with how many snapshots are done, and of how many.
    as_of
        The day of the verdict, where the arrests are not cut at it.
    """
    seen = arrests if as_of is None or as_of == arrests.as_of else arrests.known_before(as_of)
    judged = {side: judged_days(seen, config, side) for side in _SIDES}
    days = judged["offender"]  # all of them
    tallies = {name: _Tally(flag, judged[flag.side]) for name, flag in flags.items()}
    everybody = seen.victims is not None and any(flag.side == "victim" for flag in flags.values())
    asked = config.evaluate.population
    snapshots = Snapshots(arrests, "all" if everybody else asked, custody, _no_features)
    expires = {name: np.full(arrests.n_persons, -_NEVER) for name in flags}
    begun(progress, _STAGE)
    if not days:
        ended(progress, _STAGE)
    for number, day in enumerate(days, 1):
        raise_if_stopped()
        persons = snapshots.population(day)
        tied = _in_network(persons) if everybody and asked == "network" else persons
        of_side: dict[Side, Population] = {"offender": tied, "victim": persons}
        _add_day(tallies, expires, of_side, seen, day, config.evaluate.horizon_days)
        snapshots.keep(())
        if progress is not None:
            progress(_STAGE, number, len(days))
    community = _communities(seen)
    there = {"gangs": bool((seen.gang >= 0).any()), "victims": seen.victims is not None}
    return [
        {
            "flag": name,
            "side": tally.flag.side,
            "as_of": day_to_date(seen.today),
            **_row(tally, community, config, why_never(tally.flag, config, **there)),
        }
        for name, tally in tallies.items()
    ]


def _in_network(population: Population) -> Population:
    """Those of a population who are in the network."""
    inside = np.zeros(population.cut.n_persons, np.bool_)
    inside[population.network.person] = True
    kept = inside[population.row]
    return replace(population, person=population.person[kept], row=population.row[kept])


def _no_features(name: str, cut: Arrests) -> Any:
    raise AssertionError("flags need no features")


def _events(arrests: Arrests, side: Side) -> tuple[Int32, Int32] | None:
    """Persons and days of what alerts of a side are to foretell; None if nothing is known of it."""
    if side == "offender":
        violent = arrests.offences != 0
        return arrests.person[violent], arrests.day[violent]
    victims = arrests.victims
    if victims is None:
        return None
    hurt = (victims.events.offences != 0) & (victims.person >= 0)
    return victims.person[hurt], victims.events.day[hurt]


def _first_after(arrests: Arrests, side: Side, start: int, end: int) -> Int64 | None:
    """int64[n], the first day from `start` on, before `end`, of each person's events; the greatest number if none."""
    events = _events(arrests, side)
    if events is None:
        return None
    person, day = events
    inside = (day >= start) & (day < end)
    found = np.full(arrests.n_persons, _NEVER)
    np.minimum.at(found, person[inside], day[inside].astype(np.int64))
    return found


def _add_day(
    tallies: Mapping[str, _Tally],
    expires: Mapping[str, Int64],
    populations: Mapping[Side, Population],
    seen: Arrests,
    day: date,
    horizon: int,
) -> None:
    """Add the alerts of one snapshot; `expires` has by flag the day from which on each person can be an alert anew."""
    start, every = day_number(day), populations["victim"]
    known = Known(every.cut, every.network)
    first = {side: _first_after(seen, side, start, start + horizon) for side in _SIDES}
    for name, tally in tallies.items():
        if day not in tally.days:
            continue
        population = populations[tally.flag.side]
        code = np.full(known.n, -1, np.int64)  # of those in the population, among all arrests
        code[population.row] = population.person
        flagged = find(known, tally.flag).person
        flagged = flagged[code[flagged] >= 0]
        flagged = flagged[expires[name][code[flagged]] <= start]
        person = code[flagged]
        expires[name][person] = start + tally.flag.expires_days
        tally.person.append(person)
        outcome = first[tally.flag.side]
        own = known.victim if tally.flag.side == "victim" and outcome is not None else known.violent
        tally.new.append(~own[flagged])
        if outcome is not None:
            tally.hit.append(outcome[person] < _NEVER)
            tally.lead.append(outcome[person] - start)
            tally.base.append(float((outcome[population.person] < _NEVER).mean()) if len(population) else 0.0)


def _communities(arrests: Arrests) -> Int64:
    """int64[n], each person's community in the network of all arrests; outside it everybody is one alone."""
    from gpunet.arrests.network import build_network

    community = Known(arrests, build_network(arrests)).group("community")
    return with_those_alone(community, arrests.first_rows)


def _row(tally: _Tally, community: Int64, config: Config, why: str) -> dict[str, Any]:
    asked, days = config.evaluate, tally.days
    alerts = sum(map(len, tally.person))
    weeks = (following_day(days, asked.every) - days[0]).days / 7 if days else 0
    row: dict[str, Any] = {
        "days": len(days),
        "alerts": alerts,
        "alerts_a_week": alerts / weeks if days else None,
        **dict.fromkeys(
            ("hits", "precision", "precision_low", "precision_high", "chance", "lift", "median_lead_days"), None
        ),
        "new_persons": float(np.concatenate(tally.new).mean()) if alerts else None,
    }
    if tally.base:
        hit, lead = np.concatenate(tally.hit), np.concatenate(tally.lead)
        sizes = [len(person) for person in tally.person]
        row["hits"] = int(hit.sum())
        row["chance"] = float(np.average(tally.base, weights=sizes if alerts else None))
        row["median_lead_days"] = float(np.median(lead[hit])) if hit.any() else None
        if alerts:
            row["precision"] = row["hits"] / alerts
            row["lift"] = row["precision"] / row["chance"] if row["chance"] else None
            person = np.concatenate(tally.person)
            row["precision_low"], row["precision_high"] = _interval(hit, person, community, config)
    return {**row, "worth": verdict(row, tally.flag.side, asked.horizon_days, why)}


def _interval(hit: Bool, person: Int64, community: Int64, config: Config) -> tuple[float, float]:
    """The wider of Wilson's interval, which is for few alerts, and of draws of communities: alerts are not independent.

    Only the communities with an alert are drawn.
    """
    low, high = wilson(int(hit.sum()), len(hit))
    number = config.evaluate.bootstrap
    persons = distinct(person)
    if not number or len(persons) < 2:
        return low, high
    draws = draw_communities(community, persons, number, config.model.seed)
    code, n = draws.code[person], draws.weights.shape[0]
    hits = np.bincount(code, weights=hit, minlength=n) @ draws.weights
    alerts = np.bincount(code, minlength=n) @ draws.weights.astype(np.float64)
    drawn = interval_of(hits / alerts)
    return (low, high) if drawn is None else (min(low, drawn[0]), max(high, drawn[1]))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of `n` independent trials.

    >>> [round(end, 3) for end in wilson(0, 10)]
    [0.0, 0.278]
    """
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def verdict(row: Mapping[str, Any], side: Side, horizon: int, why: str = "") -> str:
    """What a flag was worth, in words; `why` it can never be raised, if it cannot."""
    what = "violent arrest" if side == "offender" else "violent victimisation"
    if why:
        return f"cannot be raised: {why}"
    if not row["days"]:
        return f"not known: no day of the past has all the {horizon} days after it within the data"
    if not row["alerts"]:
        return f"not known: never raised on {counted(row['days'], 'day')} of the past"
    if row["precision"] is None:
        return "not known: the input has no table of victims"
    low, high, chance = row["precision_low"], row["precision_high"], row["chance"]
    beside = (
        f"a {what} within {counted(horizon, 'day')} followed {_percent(row['precision'])} of "
        f"{counted(row['alerts'], 'alert')} (95 % interval {_percent(low)} to {_percent(high)}), beside "
        f"{_percent(chance)} by chance"
    )
    if high < chance:
        return f"was worth nothing: worse than chance; {beside}"
    if low <= chance and high <= _LITTLE * chance:
        return f"was worth little: at most {high / chance:.2f} times chance; {beside}"
    if low <= chance:
        few = f"{counted(row['alerts'], 'alert')} {'is' if row['alerts'] == 1 else 'are'} too few to tell"
        return f"not shown to be better than chance ({few}); {beside}"
    times = f"{row['lift']:.1f} times chance" if row["lift"] is not None else "better than chance"
    return f"{times}; {beside}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
