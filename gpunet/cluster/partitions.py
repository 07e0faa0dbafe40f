"""Arrests distributed over the workers of a cluster: each holds whole persons, and nobody holds them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from distributed import Client, Future

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.read_report import ReadReport
from gpunet.base.array_types import Int64
from gpunet.base.days import day_number
from gpunet.cluster.results import each
from gpunet.config.config import Config

__all__ = ["ArrestPartition", "DistributedArrests", "sizes_of"]


@dataclass(frozen=True, eq=False)
class ArrestPartition:
    """All arrests of the persons whose codes are ``first_person`` and the numbers that follow; on a worker.

    Attributes
    ----------
    arrests
        Persons are coded from 0 within the part; ``person_ids`` has their ids, in ascending order. Codes of forces,
        districts, beats and gangs are those of all parts, and their names are not here. Incidents are coded within the
        part, ascending with ``incident_key``, and ``incident_ids`` has their ids.
    first_person
        The number of persons in all parts before. A person's *number* is this and the code within the part: it ascends
        with person_id over all parts, and stays the same when arrests are cut at a day.
    incident_key
        Texts (a PyArrow array of ``large_string``) by incident code. Equal keys are the same incident, also in
        different parts, and keys sort as incidents do: by incident_id, then the other columns of the key.
    numbers
        int64[persons], each person's number, None where that is ``first_person`` and the code.
    """

    arrests: Arrests
    first_person: int
    incident_key: Any
    numbers: Any = None

    @property
    def person_numbers(self) -> Int64:
        """int64[persons], each person's number, ascending."""
        if self.numbers is not None:
            return self.numbers  # type: ignore[no-any-return]
        return self.first_person + np.arange(self.arrests.n_persons, dtype=np.int64)


def sizes_of(part: Any) -> tuple[int, int, int]:
    """Persons, arrests and the last day of a part, or of whatever has ``arrests``."""
    return part.arrests.n_persons, len(part.arrests), part.arrests.last_day


@dataclass(frozen=True, eq=False)
class DistributedArrests:
    """What the process that was started knows of arrests on the workers; counterpart of :class:`gpunet.Arrests`.

    Attributes
    ----------
    client
        Of the cluster.
    partitions
        Futures of :class:`ArrestPartition`, by ascending persons.
    persons, arrests
        How many of each are in each part.
    n_numbers
        One more than the greatest person's number: persons before any cut.
    force_names, gang_names, district_names, beat_names
        Texts by code.
    last_day
        The latest day of any arrest, ``NO_DAY`` if none is dated.
    config, report, as_of
        As there; of rejected rows the report has the columns alone.
    rejected
        Futures of PyArrow tables of rejected rows, in the order of the report's.
    """

    client: Client
    partitions: tuple[Future, ...]
    persons: tuple[int, ...]
    arrests: tuple[int, ...]
    n_numbers: int
    force_names: tuple[str, ...]
    gang_names: tuple[str, ...]
    district_names: tuple[str, ...]
    beat_names: tuple[str, ...]
    last_day: int
    config: Config
    report: ReadReport | None = None
    as_of: date | None = None
    rejected: tuple[Future, ...] = ()

    def __len__(self) -> int:
        return sum(self.arrests)

    @property
    def today(self) -> int:
        """The day from which ``days_since_*`` count: the as-of day, else the day after the last one in the data."""
        return day_number(self.as_of) if self.as_of is not None else self.last_day + 1

    @property
    def n_persons(self) -> int:
        """Number of persons with an arrest."""
        return sum(self.persons)

    def each(self, name: str, function: Callable[..., Any], *parts: Iterable[Any], **same: Any) -> list[Future]:
        """As :func:`gpunet.cluster.results.each`, with the arrests of each part before what is given of `parts`."""
        return each(self.client, name, partial(_of_arrests, function), self.partitions, *parts, **same)


def _of_arrests(function: Callable[..., Any], part: ArrestPartition, *given: Any, **same: Any) -> Any:
    return function(part.arrests, *given, **same)
