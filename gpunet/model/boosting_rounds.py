"""Boosting, round by round: one booster a fold, side by side, until held-out persons gain no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64
from gpunet.base.parallel import in_batches, spans
from gpunet.base.progress import ProgressCallback
from gpunet.model.boosting_gpu import DeviceFold
from gpunet.model.folds import ENOUGH_OF_EACH
from gpunet.model.loops import boosting_gradients
from gpunet.model.matrix import namespace

__all__ = ["PATIENCE", "Grown", "HostFold", "grow_together"]

#: Boosting stops when so many rounds brought nothing that is better beyond what chance explains.
PATIENCE = 20

# At first the loss falls with every round: so many of those that are known are not as large a share of all. The power
# comes near to what is seen where 60 to 200 rounds are best.
_FALLING_YET = 1.5


_ROWS_A_TASK = 1 << 16


class HostFold:
    """The booster that never sees the rows of one fold, in the host's memory."""

    def __init__(self, booster: Any, data: Any, labels: Any, folds: Any, held_out: int, threads: int) -> None:
        self.booster, self._threads = booster, threads
        self._data, self._labels, self._folds, self._held_out = data, labels, folds, held_out
        self._rows: Bool = folds == held_out
        self._gradient = np.empty(len(labels), dtype=np.float32)
        self._hessian = np.empty(len(labels), dtype=np.float32)

    def boost(self, number: int) -> None:
        """Add tree `number`."""
        margin, held_out = self._margin(), self._held_out

        def task(span: tuple[int, int]) -> None:
            at = slice(*span)
            boosting_gradients(
                margin[at], self._labels[at], self._folds[at], held_out, self._gradient[at], self._hessian[at]
            )

        parts = spans(len(self._labels), _ROWS_A_TASK)
        if len(parts) == 1:  # threads would take a quarter of a millisecond to begin, each round
            task(parts[0])
        else:
            deque(in_batches(task, parts, self._threads), maxlen=0)
        self.booster.boost(self._data, iteration=number, grad=self._gradient, hess=self._hessian)

    def write_held_out(self, out: Float64) -> None:
        """Write the margins of the rows held out into `out`, float64[n]."""
        np.copyto(out, self._margin(), where=self._rows)

    def _margin(self) -> Float32:
        return np.asarray(self.booster.predict(self._data, output_margin=True, training=True), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Grown:
    """What :func:`grow_together` found.

    Attributes
    ----------
    margins
        float64[n], the margin of each row at the round taken, by the booster that did not see it; NaN if all saw it.
        Where the rows are.
    rounds
        The round taken, at least 1.
    warnings
        Sentences for the user.
    """

    margins: Any
    rounds: int
    warnings: tuple[str, ...]


def grow_together(
    models: Sequence[HostFold | DeviceFold],
    margins: Any,
    labels: Any,
    max_rounds: int,
    progress: ProgressCallback | None = None,
    everywhere: Callable[[Float64], Float64] = np.asarray,
) -> Grown:
    """Grow all boosters until :data:`PATIENCE` rounds brought nothing better, and take the last round that did.

    A round is better than the one taken so far if the mean log loss of the held-out rows is lower; where these are
    :data:`gpunet.model.folds.ENOUGH_OF_EACH` of each class, by more than one standard error of the difference: what is
    gained by less is as likely noise, and costs trees (in the manner of the rule of one standard error, Breiman et al.
    1984, section 3.4.3, but round by round and of paired differences). Of fewer rows that error is too large to go by.

    Parameters
    ----------
    models
        One a fold.
    margins
        float64[n], all NaN, to work in.
    labels
        bool[n], where the margins are.
    max_rounds
        So many rounds at most.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`. When the loss will stop to fall nobody knows: what
        is said to be done is a guess by the rounds that there are if it falls no more, and never becomes less.
    everywhere
        Adds up numbers over all places where there are rows of these boosters, the same numbers in each.
    """
    xp, shown = namespace(margins), 0.0
    kept, taken, least = margins, _Judged(0), _Judged(0)
    for done in range(1, max_rounds + 1):
        for model in models:
            model.boost(done - 1)
            model.write_held_out(margins)
        if done == 1:
            rows = xp.nonzero(~xp.isnan(margins))[0]
            known = xp.take(labels, rows)
            enough = _enough(known, everywhere)
        loss = _log_losses(xp.take(margins, rows), known)
        if done == 1 or _is_gain(taken.loss - loss, everywhere, sure=enough):
            kept, taken = margins.copy(), _Judged(done, loss)
        if done == 1 or _is_gain(least.loss - loss, everywhere, sure=False):
            least = _Judged(done, loss)
        last = min(taken.round + PATIENCE, max_rounds)
        shown = max(shown, (done / last) ** _FALLING_YET)
        if progress is not None:
            progress("cross-fit", max_rounds if done == last else shown * max_rounds, max_rounds)
        if done - taken.round >= PATIENCE:
            return Grown(kept, taken.round, ())
    cut_short = least.round == max_rounds and max_rounds > 1
    text = f"boosting was still improving when it reached max_rounds = {max_rounds}; a greater one may do better"
    return Grown(kept, taken.round, (text,) if cut_short else ())


class _Judged(NamedTuple):
    """A round, and the log loss of each held-out row after it."""

    round: int
    loss: Any = None


def _log_losses(margins: Any, labels: Any) -> Any:
    """Log loss of each row, float64[n]."""
    xp = namespace(margins)
    z = xp.where(labels, -margins, margins)
    return xp.maximum(z, xp.zeros_like(z)) + xp.log1p(xp.exp(-xp.abs(z)))


def _enough(labels: Any, everywhere: Callable[[Float64], Float64]) -> bool:
    """Whether the held-out rows are enough of each class to go by standard errors."""
    xp = namespace(labels)
    positives = float(xp.sum(xp.astype(labels, xp.float64)))
    return bool(everywhere(np.array([positives, len(labels) - positives])).min() >= ENOUGH_OF_EACH)


def _is_gain(gains: Any, everywhere: Callable[[Float64], Float64], *, sure: bool) -> bool:
    """Whether the mean of the gains, float64[n], exceeds zero, and, to be sure, its standard error."""
    xp = namespace(gains)
    n, total, squares = everywhere(np.array([len(gains), float(xp.sum(gains)), float(xp.sum(gains * gains))]))
    mean = total / n
    return bool(mean > (np.sqrt(max(squares / n - mean * mean, 0.0) / n) if sure else 0.0))
