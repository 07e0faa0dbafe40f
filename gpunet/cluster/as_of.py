"""Arrests on workers as of a day; counterpart of :mod:`gpunet.arrests.as_of`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from distributed import Future

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import first_day, nothing_before, violent_between
from gpunet.base.days import NO_DAY
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests, sizes_of
from gpunet.cluster.results import each, fetched

__all__ = ["labels_between", "late_charges", "partitions_before"]


def partitions_before(arrests: DistributedArrests, as_of: date) -> DistributedArrests:
    """The arrests before a day, each part on its worker; counterpart of :func:`gpunet.arrests.as_of.cut_before`.

    Persons keep their numbers. Parts of which nothing is left stay, empty.

    Raises
    ------
    InputError
        If no arrest is left.
    """
    client = arrests.client
    parts = each(client, "cut", _cut, arrests.partitions, as_of=as_of)
    sizes = fetched(client, each(client, "sizes", sizes_of, parts))
    if not any(size[1] for size in sizes):
        days = [day for day in fetched(client, arrests.each("first-day", first_day)) if day != NO_DAY]
        raise nothing_before(as_of, min(days, default=NO_DAY), late_charges(arrests, as_of))
    persons, counts, last = zip(*sizes, strict=True)
    return replace(arrests, partitions=tuple(parts), persons=persons, arrests=counts, last_day=max(last), as_of=as_of)


def late_charges(arrests: DistributedArrests, as_of: date) -> int:
    """Counterpart of :meth:`gpunet.Arrests.late_charges`."""
    return sum(fetched(arrests.client, arrests.each("late-charges", Arrests.late_charges, as_of=as_of)))


def labels_between(
    arrests: DistributedArrests, start: date, end: date, known_before: date | None = None
) -> list[Future]:
    """Futures of :func:`gpunet.arrests.as_of.violent_between` by part: bool of all persons arrested before `start`.

    The persons of each are those of the part of ``partitions_before(arrests, start)``, in their order.
    """
    return arrests.each("labels", violent_between, start=start, end=end, known_before=known_before)


def _cut(part: ArrestPartition, as_of: date) -> ArrestPartition:
    numbers = part.person_numbers[part.arrests.persons_before(as_of)]
    return replace(part, arrests=part.arrests.before(as_of), numbers=numbers)
