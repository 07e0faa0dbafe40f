"""Why something of a person moved since an earlier run: the nearest cause, told from the tables of both alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gpunet.base.array_types import Bool, Int64
from gpunet.engines.choice import resolve_engine
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.updates.components import without

__all__ = ["CAUSES", "Moved", "nearest_causes"]

#: The causes, the nearest first: the first that is true of a person is given.
CAUSES = {
    "correction": "an arrest of the person was removed, or is theirs since two ids were merged, or a tie went with "
    "somebody's correction",
    "own arrest": "the person has another number of arrests, of any kind, or another last day of one; or is new",
    "new tie": "the person is tied to somebody to whom they were not tied",
    "tie gone": "the person is not tied any more to somebody who is still there",
    "co-arrestee's arrest": 'somebody tied to the person has "own arrest"',
    "within two steps": "somebody one or two steps away has one of the first four",
    "elsewhere in the component": "somebody else who is connected with the person has one of the first four",
    "time passed": "the days from which recency counts differ, and nothing of the above",
    "elsewhere": "none of the above: groups and communities of others, sizes of whole sets, the model learned anew",
}

_NAMES = tuple(CAUSES)


@dataclass(frozen=True, eq=False)
class Moved:
    """What is known of n persons, those of both runs.

    Attributes
    ----------
    corrected, own
        bool[n], whether "correction" and "own arrest" are true of each.
    earlier, now
        int64[2, ties], the ties of both runs.
    corrections
        Whether there were any: a tie that is gone went with them.
    days
        How many days later recency counts from.
    """

    corrected: Bool
    own: Bool
    earlier: Int64
    now: Int64
    corrections: bool
    days: int


def nearest_causes(moved: Moved) -> Int64:
    """int64[n], the place of each person's cause among ``CAUSES``.

    >>> some = np.zeros(4, bool)
    >>> own = np.array([True, False, False, False])
    >>> path = np.array([[0, 1, 2], [1, 2, 3]])
    >>> found = nearest_causes(Moved(some, own, path, path, False, 1))
    >>> [list(CAUSES)[cause] for cause in found]
    ['own arrest', "co-arrestee's arrest", 'within two steps', 'elsewhere in the component']
    """
    n = len(moved.own)
    before, after = _keys(moved.earlier, n), _keys(moved.now, n)
    gained, lost = (_ends(without(one, other), n) for one, other in ((after, before), (before, after)))
    nothing = np.zeros(n, np.bool_)
    corrected = moved.corrected | (lost if moved.corrections else nothing)
    near = corrected | moved.own | gained | lost
    one_step = _beside(near, moved.now)
    true = [
        corrected,
        moved.own,
        gained,
        nothing if moved.corrections else lost,
        _beside(moved.own, moved.now),
        one_step | _beside(one_step, moved.now),
        _connected(near, moved.now),
        np.full(n, moved.days != 0),
        ~nothing,
    ]
    return _first(true)


def _first(true: Iterable[Bool]) -> Int64:
    found: Int64 = np.argmax(np.stack(list(true)), axis=0)
    return found


def _keys(ties: Int64, n: int) -> Int64:
    found: Int64 = np.minimum(*ties) * n + np.maximum(*ties)
    return found


def _ends(keys: Int64, n: int) -> Bool:
    found = np.zeros(n, np.bool_)
    found[np.concatenate(np.divmod(keys, max(n, 1)))] = True
    return found


def _beside(marked: Bool, ties: Int64) -> Bool:
    """Whether each person is tied to one that is marked."""
    found = np.zeros_like(marked)
    for one, other in (ties, ties[::-1]):
        found[one[marked[other]]] = True
    return found


def _connected(marked: Bool, ties: Int64) -> Bool:
    """Whether each person is in a component with one that is marked."""
    n = len(marked)
    low, high = np.divmod(np.sort(_keys(ties, n)), max(n, 1))
    rows = resolve_engine("cpu").csr_from_ties(low.astype(np.int32), high.astype(np.int32), n)
    label, components = component_labels(*rows, np.zeros(n, np.int32))
    touched = np.zeros(components, np.bool_)
    touched[label[marked]] = True
    found: Bool = touched[label]
    return found
