"""An experiment's tables, from what classifiers and heuristics said of its persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.base.array_types import Bool, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config
from gpunet.engines.protocol import Engine
from gpunet.evaluate.predicted import Evaluation, Predicted

__all__ = ["Populations", "evaluation_of"]

#: Given a prediction, the populations beside ``all``: for each bool[n], parallel to its persons.
Populations = Callable[[Predicted], Mapping[str, Bool]]


def evaluation_of(
    predicted: Sequence[Predicted],
    populations: Populations,
    community: Int64,
    arrests: Arrests,
    config: Config,
    *,
    network: Network | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    warnings: Sequence[str] = (),
) -> Evaluation:
    """Results, predictions, curves, calibration, leak and descriptives of one experiment.

    Parameters
    ----------
    predicted
        What was said, in the order of the tables' rows; all of one experiment.
    populations
        Gives, for a prediction, the populations beside ``all``, in the order of the rows.
    community
        int64[n_persons], the community of every person of the arrests, -1 outside the network (then a person is a
        community of their own): :func:`gpunet.evaluate.bootstrap.communities_of` makes it of a table of groups.
    arrests
        All arrests of the experiment: for the persons' ids, the kind of frame, and the descriptives.
    config
        ``[evaluate] bootstrap`` draws, by ``[model] seed``.
    network
        That of the arrests, if it is at hand; else it is built.
    engine, threads
        With which the descriptives are computed; the results do not depend on the number of threads.
    progress
        Called as the work goes on.
    warnings
        Sentences that go into the evaluation.
    """
    raise NotImplementedError
