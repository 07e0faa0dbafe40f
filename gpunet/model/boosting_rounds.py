"""Boosting, round by round: one booster a fold, side by side, until the held-out loss falls no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Float32, Float64
from gpunet.base.progress import ProgressCallback
from gpunet.model.boosting_gpu import DeviceFold
from gpunet.model.loops import boosting_gradients, held_out_loss

__all__ = ["PATIENCE", "Grown", "HostFold", "grow_together"]

#: Boosting stops when the held-out loss has not fallen for this many rounds.
PATIENCE = 20


# At first the loss falls with every round: so many of those that are known are not as large a share of all. The power
# comes near to what is seen where 60 to 200 rounds are best.
_FALLING_YET = 1.5


class HostFold:
    """The booster that never sees the rows of one fold (-1: of none), in the host's memory."""

    def __init__(self, booster: Any, data: Any, labels: Any, folds: Any, held_out: int) -> None:
        self.booster = booster
        self._data, self._labels, self._folds, self._held_out = data, labels, folds, held_out
        self._gradient = np.empty(len(labels), dtype=np.float32)
        self._hessian = np.empty(len(labels), dtype=np.float32)

    def boost(self, number: int) -> None:
        """Add tree `number`."""
        boosting_gradients(self._margin(), self._labels, self._folds, self._held_out, self._gradient, self._hessian)
        self.booster.boost(self._data, iteration=number, grad=self._gradient, hess=self._hessian)

    def held_out_loss(self, out: Float64) -> float:
        """Sum of the log loss over the rows held out; their margins are written into `out`, float64[n]."""
        return float(held_out_loss(self._margin(), self._labels, self._folds, self._held_out, out))

    def _margin(self) -> Float32:
        return np.asarray(self.booster.predict(self._data, output_margin=True, training=True), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Grown:
    """What :func:`grow_together` found.

    Attributes
    ----------
    margins
        float64[n], the margin of each row at the best round, by the booster that did not see it; where the rows are.
    rounds
        The best round, at least 1.
    warnings
        Sentences for the user.
    """

    margins: Any
    rounds: int
    warnings: tuple[str, ...]


def grow_together(
    models: Sequence[HostFold | DeviceFold],
    margins: Any,
    max_rounds: int,
    progress: ProgressCallback | None = None,
    everywhere: Callable[[float], float] = float,
) -> Grown:
    """Grow all boosters until their mean held-out loss has not fallen for :data:`PATIENCE` rounds.

    Parameters
    ----------
    models
        One a fold.
    margins
        float64[n], to work in.
    max_rounds
        So many rounds at most.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`. When the loss will stop to fall nobody knows: what
        is said to be done is a guess by the rounds that there are if it falls no more, and never becomes less.
    everywhere
        Adds up a loss over all places where there are rows of these boosters, the same number in each.
    """
    kept, best, best_round, shown = margins, np.inf, 0, 0.0
    for done in range(1, max_rounds + 1):
        loss = 0.0
        for model in models:
            model.boost(done - 1)
            loss += model.held_out_loss(margins)
        loss = everywhere(loss)
        if loss < best:
            kept, best, best_round = margins.copy(), loss, done
        last = min(best_round + PATIENCE, max_rounds)
        shown = max(shown, (done / last) ** _FALLING_YET)
        if progress is not None:
            progress("cross-fit", max_rounds if done == last else shown * max_rounds, max_rounds)
        if done - best_round >= PATIENCE:
            return Grown(kept, best_round, ())
    cut_short = best_round == max_rounds and max_rounds > 1
    text = f"boosting was still improving when it reached max_rounds = {max_rounds}; a greater one may do better"
    return Grown(kept, best_round, (text,) if cut_short else ())
