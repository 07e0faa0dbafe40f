"""Why the experiment ``emerging`` has no month that can be used: what the months lack, and what may help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gpunet.base.errors import InputError
from gpunet.base.words import counted
from gpunet.evaluate.month_predictions import TRAINED
from gpunet.evaluate.months import Snapshots
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.side_tables import Custody

__all__ = ["Lack", "lack_of", "require_some"]


@dataclass(frozen=True)
class Lack:
    """What the month of ``day`` lacks.

    ``nobody`` says why there is nobody to train on or to predict, and what may help; "" if there is somebody. ``held``
    says how many are left out as they are in custody; "" if none are.
    """

    day: date
    nobody: str
    held: str


def lack_of(day: date, past: date, snapshots: Snapshots, custody: Custody | None) -> Lack:
    """What the month of a day lacks, whose model is trained on the snapshot of the day `past`."""
    if not len(snapshots.population(past).cut):
        nobody = (
            f"no arrest was known before the training day {past}, {counted((day - past).days, 'day')} before {day}; "
            "give a shorter --horizon or a later --from"
        )
        return Lack(day, nobody, "")
    numbers = {each: _in_custody(each, snapshots, custody) for each in (past, day)}
    told = [f"{counted(n, 'person')} on {each}" for each, n in numbers.items() if n]
    held = f" (in custody, and so left out: {', '.join(told)})" if told else ""
    for each, n in numbers.items():
        if not len(snapshots.population(each)):
            of = "" if each == day else f", the training day of {day}"
            helps = "another table --custody, another --from or more data" if n else "another --from or more data"
            return Lack(day, f"nobody is in the population of {each}{of}{held}; give {helps}", held)
    return Lack(day, "", held)


def _in_custody(day: date, snapshots: Snapshots, custody: Custody | None) -> int:
    """How many persons with an arrest before a day are in custody on it."""
    if custody is None:
        return 0
    arrests = snapshots.arrests
    return int(custody.held(arrests.n_persons, day)[arrests.persons_before(day)].sum())


def require_some(found: Sequence[Predicted], lacks: Sequence[Lack]) -> None:
    """Refuse an experiment in which there is nothing that a classifier could be held against.

    Months can lack different things: what is told is of those that came furthest.

    Raises
    ------
    InputError
        If no classifier was trained for a month after which anybody was violent.
    """
    trained = [each for each in found if each.classifier in TRAINED]
    if any(not each.unknown and each.label.any() for each in trained):
        return
    why = lacks[-1].nobody
    unknown = {each.month: each.unknown for each in trained}
    for lack in lacks:
        if not lack.nobody and unknown[lack.day]:
            why = f"{unknown[lack.day]}{lack.held}; give another --from, a longer --horizon or more data"
    for lack in reversed(lacks):
        if not lack.nobody and not unknown[lack.day]:
            why = (
                f"nobody of the population of {lack.day} had a violent arrest from that day on{lack.held}; "
                "give an earlier --from or more data"
            )
    raise InputError(f"no month from {lacks[0].day} to {lacks[-1].day} can be used: {why}")
