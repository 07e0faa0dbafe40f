"""Who is violent, and arrests in which the labels of some persons are hidden."""

from __future__ import annotations

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool
from gpunet.base.days import NO_DAY
from gpunet.tables.arrays import count_by_code, greatest_by_code, least_by_code

__all__ = ["hide", "violent_before_the_last", "violent_persons"]

_AFTER_ALL_DAYS = int(np.iinfo(np.int32).max)


def violent_persons(arrests: Arrests) -> Bool:
    """bool[n_persons], the label of the experiment ``known``: a violent arrest at any time in these arrests."""
    violent: Bool = arrests.person_offences != 0
    return violent


def violent_before_the_last(arrests: Arrests) -> Bool:
    """bool[n_persons], a violent arrest before the day of the person's last one; undated arrests are before nothing."""
    dated = (arrests.offences != 0) & (arrests.day != NO_DAY)
    person, day, n = arrests.person[dated], arrests.day[dated], arrests.n_persons
    before: Bool = least_by_code(person, day, n, otherwise=_AFTER_ALL_DAYS) < greatest_by_code(
        person, day, n, otherwise=NO_DAY
    )
    return before


def hide(arrests: Arrests, persons: Bool, *, events: bool = False) -> Arrests:
    """The arrests as they would be if nobody knew what some persons were arrested for.

    They stay in the network and in every count of arrests, but in no set of violent persons and among no violent
    arrests: no feature of anybody can tell whether they are violent.

    Parameters
    ----------
    arrests
        All arrests.
    persons
        bool[n_persons], the persons whose offences are hidden, in the memory where the arrests are.
    events
        Whether the offences of everybody are hidden, too, in every incident that one of these persons was in.
    """
    hidden = persons[arrests.person]
    if events:
        hidden = (count_by_code(arrests.incident[hidden], arrests.n_incidents) > 0)[arrests.incident]
    return arrests.without_offences(hidden)
