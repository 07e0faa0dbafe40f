"""Which stage is at work, how far it is and what is left: from calls of a progress callback and a clock alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock

__all__ = ["AtWork", "Finished", "StagesAtWork"]

#: Before so many seconds nothing is said of the time that is left.
_SECONDS_OF_ESTIMATE = 3.0


@dataclass(frozen=True)
class AtWork:
    """What is at work.

    Attributes
    ----------
    stage
        Its name; "" if nothing is known to be at work, and then `after` is the name of what was done last.
    share
        How much of it is done, 0..1.
    seconds
        For how long it has been at work.
    step, steps
        Which stage of how many that of the plan is; 0 without a plan.
    of_all
        How much of everything is done, by the weights of the plan: an estimate. None without a plan.
    left
        How many seconds are left, of everything if there is a plan: an estimate. None if nothing can be said.
    """

    stage: str
    after: str
    share: float
    seconds: float
    step: int
    steps: int
    of_all: float | None
    left: float | None


@dataclass(frozen=True)
class Finished:
    """A stage that is done, with all its parts; `step` of `steps` as in :class:`AtWork`."""

    stage: str
    seconds: float
    step: int
    steps: int


@dataclass
class _Since:
    """When something began, when it was last told of, and how much of it was done then."""

    begin: float
    last: float
    share: float = 0.0


class StagesAtWork:
    """Keeps what a progress callback is called with; any thread may ask.

    Parts are stages of their own while they are at work, and one stage when they are done: that before the first colon
    or comma of their names. It is done when a call says so, or when another one begins and no part is unfinished.

    `plan` has every stage, or part of one, that is to come, in order, with its share of the work: whatever unit.
    """

    def __init__(self, plan: Mapping[str, float] | None = None, *, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, Lock()
        self._plan = dict(plan or {})
        before = accumulate(self._plan.values(), initial=0.0)
        self._before = dict(zip(self._plan, before, strict=False))
        self._steps = list(dict.fromkeys(map(_whole, self._plan)))
        self._begin = self._last = clock()
        self._wholes: dict[str, _Since] = {}
        self._unfinished: dict[str, _Since] = {}  # in the order in which they began
        self._seen: dict[str, None] = {}  # of the plan
        self._after = ""
        self._of_all = 0.0

    def report(self, stage: str, done: float, total: float) -> list[Finished]:
        """Take a call of the callback; return what is done by it."""
        with self._lock:
            now, whole = self._clock(), _whole(stage)
            share = 1.0 if done >= total else max(0.0, done / total)
            # What tells of itself for the first time when some is done began after what was told before.
            begin = self._last if share > 0.0 else now
            finished = []
            if whole not in self._wholes:
                finished = [self._close(each) for each in list(self._wholes) if not self._at_work(each)]
                self._wholes[whole] = _Since(begin, now)
            self._last = self._wholes[whole].last = now
            key = self._key(stage)
            self._seen[key] = None
            self._of_all = max(self._of_all, self._before.get(key, 0.0) + self._plan.get(key, 0.0) * share)
            if share < 1.0:
                since = self._unfinished.setdefault(stage, _Since(begin, now))
                since.last, since.share = now, share
            else:
                self._unfinished.pop(stage, None)
                self._after = stage
                if stage == whole and not self._at_work(whole):
                    finished.append(self._close(whole))
            return finished

    def finish(self) -> list[Finished]:
        """Everything came to its end: return what has not been told of."""
        with self._lock:
            return [self._close(each) for each in list(self._wholes) if not self._at_work(each)]

    def now(self) -> AtWork:
        """What is at work: of several what began last."""
        with self._lock:
            now = self._clock()
            stage, since = next(reversed(self._unfinished.items()), ("", _Since(self._last, self._last)))
            step = self._step(stage or self._after)
            total = sum(self._plan.values())
            return AtWork(
                stage,
                self._after,
                since.share,
                max(0.0, now - since.begin),
                step,
                len(self._steps) if step else 0,
                self._of_all / total if step else None,
                self._left(stage, since, now),
            )

    def _at_work(self, whole: str) -> bool:
        return any(_whole(stage) == whole for stage in self._unfinished)

    def _close(self, whole: str) -> Finished:
        since, step = self._wholes.pop(whole), self._step(whole)
        return Finished(whole, since.last - since.begin, step, len(self._steps) if step else 0)

    def _step(self, stage: str) -> int:
        """Which of the plan's it is, from 1; 0 if none."""
        whole = _whole(stage)
        return self._steps.index(whole) + 1 if whole in self._steps else 0

    def _key(self, stage: str) -> str:
        """What of the plan a stage is, or is a part of; "" if nothing."""
        while stage and stage not in self._plan:
            stage = max(stage.rpartition(": ")[0], stage.rpartition(", ")[0], key=len)
        return stage

    def _left(self, stage: str, since: _Since, now: float) -> float | None:
        """Seconds: of this stage as it has gone so far, of all others as long as weights like theirs have taken."""
        if now - self._begin < _SECONDS_OF_ESTIMATE or not stage:
            return None
        spent, key = now - since.begin, self._key(stage)
        of_stage = spent * (1.0 - since.share) / since.share if since.share > 0.0 else None
        if not self._step(stage) or not key:
            return of_stage
        # What came from checkpoints has taken no time and is not seen.
        weight = sum(self._plan[each] for each in self._seen if each and each != key)
        seconds = since.begin - self._begin
        if of_stage is None:
            if weight == 0.0:
                return None
            pace = seconds / weight
            of_stage = max(0.0, self._plan[key] * pace - spent)
        else:
            pace = (seconds + spent + of_stage) / (weight + self._plan[key])
        after = self._before[key] + self._plan[key]
        return of_stage + pace * sum(w for each, w in self._plan.items() if self._before[each] >= after)


def _whole(stage: str) -> str:
    """The stage of which `stage` is a part, or is all."""
    return re.split("[:,] ", stage, maxsplit=1)[0]
