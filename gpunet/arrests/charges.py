"""Charges: the rows that arrests are made of. They are kept where tables tell when a row came to be known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.base.days import NO_DAY
from gpunet.tables import arrays

__all__ = ["ALWAYS", "CHARGE_ARRAYS", "NEVER", "Charges", "earliest_days", "first_known", "in_file_order", "joined"]

#: Recorded before every day: the table does not tell when, so the date alone counts.
ALWAYS = NO_DAY

#: Not recorded before any day: the table tells when of other rows, and not of this one.
NEVER = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class Charges:
    """Charges as arrays, one element a charge; those of one person in file order.

    Attributes
    ----------
    arrest
        int32[c], the position of each one's arrest.
    recorded
        int32[c], days from 1970-01-01 to the day on which it came to be known; ``ALWAYS`` where the table does not
        tell, ``NEVER`` where it does of others.
    day, offences, district, beat, gang, row
        As those of :class:`gpunet.Arrests`, of this charge alone.
    """

    arrest: Int32
    recorded: Int32
    day: Int32
    offences: UInt64
    district: Int32
    beat: Int32
    gang: Int32
    row: Int64

    def __len__(self) -> int:
        return int(self.arrest.shape[0])

    def with_arrays(self, made: Callable[[Any], Any]) -> Charges:
        """The same with what is made of each array."""
        return Charges(*(made(getattr(self, name)) for name in CHARGE_ARRAYS))

    def known_before(self, day: int) -> Bool:
        """bool[c], whether the charge was dated and recorded before this day."""
        known: Bool = (self.recorded < day) & (self.day != NO_DAY) & (self.day < day)
        return known

    def late(self, day: int) -> int:
        """How many are dated before this day and were not recorded by then."""
        xp = arrays.namespace(self.day)
        return int(xp.count_nonzero((self.recorded >= day) & (self.day != NO_DAY) & (self.day < day)))

    def arrests_before(self, day: int, person: Int32, bits: int) -> tuple[Int32, dict[str, Any]]:
        """The arrests that the charges recorded before a day make, of those the ones that are dated before it.

        Parameters
        ----------
        day
            The day's number.
        person
            int32[arrests], the person of each arrest that there is.
        bits
            How many sets of offences there are.

        Returns
        -------
        of
            Which of the arrests each one is. They ascend by person and then by their first charge that was known.
        found
            ``day, offences, district, beat, gang, row`` of each, and as ``charges`` what they are made of.
        """
        counted = arrays.count_by_code(self.arrest[self.known_before(day)], person.shape[0]) > 0
        xp = arrays.namespace(counted)
        kept = (self.recorded < day) & counted[self.arrest]
        charges = self.with_arrays(lambda values: values[kept])
        number = arrays.running_sum(xp.astype(counted, xp.int64))
        n = int(number[-1])
        arrest, first = in_file_order(number[charges.arrest], person[charges.arrest], n)
        found = {
            "day": earliest_days(charges.day, arrest, n),
            "offences": arrays.bits_by_code(arrest, charges.offences, n, bits),
            **{name: first_known(getattr(charges, name), arrest, n) for name in ("district", "beat", "gang")},
            "row": charges.row[first],
            "charges": replace(charges, arrest=xp.astype(arrest, xp.int32)),
        }
        return charges.arrest[first], found


CHARGE_ARRAYS = tuple(field.name for field in fields(Charges))


def joined(parts: Sequence[Charges], sizes: Sequence[int]) -> Charges:
    """The charges of arrests below each other; `sizes`: how many arrests there are in each part."""
    xp = arrays.namespace(parts[0].arrest)
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1].tolist()
    moved = [replace(part, arrest=part.arrest + start) for part, start in zip(parts, starts, strict=True)]
    return Charges(*(xp.concat([getattr(part, name) for part in moved]) for name in CHARGE_ARRAYS))


def in_file_order(arrest: Any, person: Any, n: int) -> tuple[Any, Any]:
    """Codes of the arrests of charges, by person and then by first charge; and the first charge of each arrest.

    `arrest` has codes 0..n-1, all of which occur, and `person` those of the charges' persons.
    """
    size, xp = arrest.shape[0], arrays.namespace(arrest, person)
    first = arrays.least_by_code(arrest, xp.arange(size, dtype=xp.int64), n, size)
    order = arrays.sort_order([xp.astype(person[first], xp.int64) * size + first])
    return arrays.inverse_order(order, n)[arrest], first[order]


def earliest_days(day: Any, arrest: Any, n: int) -> Int32:
    """int32[n], the earliest day of each arrest from those of its charges, ``NO_DAY`` if none is dated."""
    xp = arrays.namespace(day, arrest)
    earliest = arrays.least_by_code(arrest, xp.where(day == NO_DAY, NEVER, day), n, NEVER)
    found: Int32 = xp.astype(xp.where(earliest == NEVER, NO_DAY, earliest), xp.int32)
    return found


def first_known(codes: Any, arrest: Any, n: int) -> Any:
    """int[n], the first code of each arrest that is not -1, in the order of its charges; -1 if there is none."""
    xp = arrays.namespace(codes, arrest)
    (known,) = xp.nonzero(codes >= 0)
    first = arrays.least_by_code(arrest[known], known, n, codes.shape[0])
    return xp.concat([codes, xp.full(1, -1, dtype=codes.dtype)])[first]
