"""The months of the experiment ``emerging``: who is in each, what was known then, and what came after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import first_day, violent_between
from gpunet.arrests.network import Network, build_network, in_file_order
from gpunet.base.array_types import Bool, Float32, Int64
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.errors import InputError
from gpunet.config.evaluate_config import EvaluateConfig
from gpunet.evaluate.heuristics import RECENT_DAYS, arrested_within, two_hop_heuristic, violent_within
from gpunet.evaluate.side_tables import Custody
from gpunet.evaluate.victim_seeds import Seeds
from gpunet.model.table import read_features
from gpunet.panels.days import days_between, is_complete
from gpunet.tables.arrays import to_host

__all__ = ["ACTIVE_DAYS", "HasFeatures", "Month", "Population", "Snapshot", "Snapshots", "month_of", "months_of"]

#: Whoever was not arrested in so many days before the month is predicted not to be violent by the filtered forest, as
#: in the paper.
ACTIVE_DAYS = 200


class HasFeatures(Protocol):
    """What a computation of features comes to, as far as it is needed here."""

    @property
    def features(self) -> Any:
        """``person_id`` and every feature, a row a person of the arrests, in their order."""


#: Given a name in words and arrests as of a day, the features of all their persons.
Snapshot = Callable[[str, Arrests], HasFeatures]


def months_of(arrests: Arrests, config: EvaluateConfig) -> tuple[date, ...]:
    """The days of the months, ascending: the first that is asked for, and so on before the data's last day.

    Raises
    ------
    InputError
        If no arrest has a date, or there is no such day.
    """
    first = first_day(arrests)
    if first == NO_DAY:
        raise InputError("no arrest has a date: what emerged month by month needs dates")
    last = day_to_date(arrests.last_day)
    start = config.start or day_to_date((first + arrests.last_day) // 2).replace(day=1)
    days = days_between(start, last - timedelta(days=1), config.every)
    if not days:
        raise InputError(
            f"no month from {start} on lies within the data, which have days from {day_to_date(first)} to {last}: "
            "give an earlier --from"
        )
    return days


@dataclass(frozen=True, eq=False)
class Population:
    """The persons of an experiment as of a day.

    Attributes
    ----------
    cut
        What was known as of the day.
    network
        The network then.
    person
        int64[n], positions among the persons of all arrests, as the files first name them as of the day.
    row
        int64[n], positions among those of the cut.
    """

    cut: Arrests
    network: Network
    person: Int64
    row: Int64

    def __len__(self) -> int:
        return len(self.row)


class Snapshots:
    """Who is in the population as of days, and their features, each computed when it is asked for, and once.

    Parameters
    ----------
    arrests
        All the data.
    population
        ``"network"`` or ``"all"``.
    custody
        Who is left out, None for nobody.
    snapshot
        Computes features.
    """

    def __init__(self, arrests: Arrests, population: str, custody: Custody | None, snapshot: Snapshot) -> None:
        self.arrests = arrests
        self._population, self._custody, self._snapshot = population, custody, snapshot
        self._populations: dict[date, Population] = {}
        self._matrices: dict[date, tuple[tuple[str, ...], Float32]] = {}

    def population(self, day: date) -> Population:
        """The persons as of a day, of whom there may be none."""
        if day not in self._populations:
            self._populations[day] = self._persons(day)
        return self._populations[day]

    def _persons(self, day: date) -> Population:
        cut = self.arrests.before(day)
        present = self.arrests.persons_before(day).astype(np.int64)
        network = build_network(cut)
        inside = np.ones(cut.n_persons, np.bool_)
        if self._population == "network":
            inside[:] = False
            inside[network.person] = True
        if self._custody is not None:
            inside &= ~self._custody.held(self.arrests.n_persons, day)[present]
        row: Int64 = in_file_order(np.flatnonzero(inside), to_host(cut.first_rows))
        return Population(cut, network, present[row], row)

    def features(self, day: date) -> tuple[tuple[str, ...], Float32]:
        """Names of the features as of a day, and float32[n, columns] of its persons, NaN where null."""
        if day not in self._matrices:
            persons = self.population(day)
            table = read_features(self._snapshot(f"as of {day}", persons.cut).features, device="cpu")
            self._matrices[day] = table.columns, table.matrix[persons.row]
        return self._matrices[day]

    def keep(self, days: Collection[date]) -> None:
        """Forget all other days."""
        self._populations = {day: found for day, found in self._populations.items() if day in days}
        self._matrices = {day: found for day, found in self._matrices.items() if day in days}


@dataclass(frozen=True, eq=False)
class Month:
    """One month: arrays of n values are parallel to ``person``.

    Attributes
    ----------
    day
        The month's day, of which the snapshot is.
    person
        int64[n], positions among the persons of all arrests, as the files first name them as of the day.
    violent_before
        bool[n], who had a violent arrest before the day.
    active
        bool[n], who was arrested in the last ``ACTIVE_DAYS`` days before it.
    named
        By heuristic bool[n], whom it names.
    labels
        By outcome bool[n], what came true: ``horizon``, where the data know all of it, and ``ever_after``.
    past_labels
        bool[m], of the persons of the snapshot one horizon before, in their order: who had a violent arrest between the
        two, as far as it was known on the day.
    """

    day: date
    person: Int64
    violent_before: Bool
    active: Bool
    named: Mapping[str, Bool]
    labels: Mapping[str, Bool]
    past_labels: Bool


def month_of(day: date, past: date, snapshots: Snapshots, victims: Seeds | None) -> Month:
    """What is known of the month of `day`, whose model is trained on the snapshot of the day `past`."""
    arrests, persons = snapshots.arrests, snapshots.population(day)
    cut, row = persons.cut, persons.row
    horizon = day - past
    seeds = None
    if victims is not None:
        seeds = victims.seeds(arrests.n_persons, day)[arrests.persons_before(day)]
    violent = violent_within(cut)
    named = {
        "past_violent_arrests": violent,
        f"past_violent_arrests_{RECENT_DAYS}d": violent_within(cut, RECENT_DAYS),
        "two_hop_heuristic": two_hop_heuristic(persons.network, violent, seeds),
    }
    windows = {"ever_after": day_to_date(arrests.last_day + 1)}
    if is_complete(day, horizon.days, arrests.last_day):
        windows = {"horizon": day + horizon, **windows}
    return Month(
        day,
        persons.person,
        violent[row],
        arrested_within(cut, ACTIVE_DAYS)[row],
        {name: found[row] for name, found in named.items()},
        {outcome: to_host(violent_between(arrests, day, end))[row] for outcome, end in windows.items()},
        to_host(violent_between(arrests, past, day, known_before=day))[snapshots.population(past).row],
    )
