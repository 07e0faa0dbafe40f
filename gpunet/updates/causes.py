"""Why something of a person moved since an earlier run: the nearest cause, told from the tables of both alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gpunet.base.array_types import Bool, Int64
from gpunet.engines.choice import resolve_engine
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.updates.components import without

__all__ = ["Moved", "nearest_causes"]


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
    layers
        The same two of each layer beside co-arrest.
    gone
        bool[n], of whom there is nothing any more.
    victimised
        bool[n], whose own record as a victim is another one; None without tables of victims.
    """

    corrected: Bool
    own: Bool
    earlier: Int64
    now: Int64
    corrections: bool
    days: int
    layers: Mapping[str, tuple[Int64, Int64]] = field(default_factory=dict)
    gone: Bool | None = None
    victimised: Bool | None = None


def nearest_causes(moved: Moved) -> list[tuple[str, Bool]]:
    """Every cause that there can be, the nearest first, with bool[n], of whom it is the nearest that is true.

    >>> some = np.zeros(4, bool)
    >>> own = np.array([True, False, False, False])
    >>> path = np.array([[0, 1, 2], [1, 2, 3]])
    >>> found = nearest_causes(Moved(some, own, path, path, False, 1))
    >>> [next(name for name, of in found if of[i]) for i in range(4)]
    ['own arrest', "co-arrestee's arrest", 'within two steps', 'elsewhere in the component']
    """
    taken = np.zeros(len(moved.own), np.bool_)
    found = []
    for name, true in _causes(moved):
        found.append((name, true & ~taken))
        taken |= true
    return found


def _causes(moved: Moved) -> Iterator[tuple[str, Bool]]:
    """Every cause and of whom it is true, also where a nearer one is. docs/updates.md has what each means."""
    n = len(moved.own)
    nothing = np.zeros(n, np.bool_)
    gained, lost = _difference(moved.earlier, moved.now, n)
    new, gone = _ends(gained, n), _ends(lost, n)
    corrected = moved.corrected | (gone if moved.corrections else nothing)
    of_layers = {}
    for name, (earlier, now) in moved.layers.items():
        gained, lost = _difference(earlier, now, n)
        went = _of_corrections(moved, lost)
        corrected = corrected | _ends(lost[went], n)
        of_layers[name] = _ends(gained, n), _ends(lost[~went], n)
    victimised = nothing if moved.victimised is None else moved.victimised
    near = np.logical_or.reduce([corrected, moved.own, new, gone, *(ends for of in of_layers.values() for ends in of)])
    ties = np.concatenate([moved.now, *(now for _, now in moved.layers.values())], axis=1)
    yield "correction", corrected
    yield "own arrest", moved.own
    if moved.victimised is not None:
        yield "victimisation", victimised
    yield "new tie", new
    yield "tie gone", nothing if moved.corrections else gone
    for name, (new_of_kind, gone_of_kind) in of_layers.items():
        yield f"new tie of kind {name}", new_of_kind
        yield f"tie of kind {name} gone", gone_of_kind
    yield "co-arrestee's arrest", _beside(moved.own, moved.now)
    if moved.victimised is not None:
        yield "victimisation within two steps", _within_two_steps(victimised, ties)
    yield "within two steps", _within_two_steps(near, ties)
    yield "elsewhere in the component", _connected(near | victimised, ties)
    yield "time passed", np.full(n, moved.days != 0)
    yield "elsewhere", ~nothing


def _difference(earlier: Int64, now: Int64, n: int) -> tuple[Int64, Int64]:
    """The ties, as numbers, that came and those that went."""
    before, after = _keys(earlier, n), _keys(now, n)
    return without(after, before), without(before, after)


def _of_corrections(moved: Moved, lost: Int64) -> Bool:
    """Which ties of another kind went with corrections, and not with time: those of somebody who was corrected."""
    touched = moved.corrected if moved.gone is None else moved.corrected | moved.gone
    one, other = np.divmod(lost, max(len(touched), 1))
    found: Bool = (touched[one] | touched[other]) & moved.corrections
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


def _within_two_steps(marked: Bool, ties: Int64) -> Bool:
    """Whether each person is one or two steps away from one that is marked."""
    one_step = _beside(marked, ties)
    return one_step | _beside(one_step, ties)


def _connected(marked: Bool, ties: Int64) -> Bool:
    """Whether each person is in a component with one that is marked."""
    n = len(marked)
    low, high = np.divmod(np.unique(_keys(ties, n)), max(n, 1))
    rows = resolve_engine("cpu").csr_from_ties(low.astype(np.int32), high.astype(np.int32), n)
    label, components = component_labels(*rows, np.zeros(n, np.int32))
    touched = np.zeros(components, np.bool_)
    touched[label[marked]] = True
    found: Bool = touched[label]
    return found
