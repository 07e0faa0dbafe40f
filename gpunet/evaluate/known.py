"""The known network (section 5.1 of the method's paper): who of its persons is violent, told from the others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import CHECK_ARRESTS, Arrests
from gpunet.base.arguments import checked, given
from gpunet.base.errors import ConfigError
from gpunet.base.progress import ProgressCallback
from gpunet.base.threads import available_threads
from gpunet.config.config import Config, load_config
from gpunet.config.evaluate_config import EvaluateConfig
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.evaluate.assembled import evaluation_of
from gpunet.evaluate.constant import same_of_everybody
from gpunet.evaluate.known_network import KnownNetwork
from gpunet.evaluate.predicted import Evaluation, Kept
from gpunet.evaluate.side_tables import read_victims
from gpunet.evaluate.victim_seeds import seeds_of

__all__ = ["evaluate_known"]

POPULATIONS = ("network", "all")


@checked(arrests=CHECK_ARRESTS)
def evaluate_known(
    arrests: Arrests,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    *,
    population: str | None = None,
    victims: Any = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    kept: Kept | None = None,
) -> Evaluation:
    """How well violent persons of a known network are told from the others, under protocols of differing honesty.

    A person's label is a violent arrest at any time. Every classifier is trained on the persons of all folds but one,
    and says who of that one is violent: from features of section 5 (never from a person's own record), all together and
    each family alone. Under the protocol ``paper`` features see the labels of everybody else, as in the method's paper;
    under ``cross_fitted`` none sees a label of the test fold; under ``same_event`` none sees an offence of an incident
    that a person of the test fold was in, either. Beside them stands the two-hop heuristic, with the same labels
    hidden. docs/evaluation.md has more.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    config
        What ``[evaluate]``, ``[path]`` and ``[model] seed`` are taken from, as :func:`gpunet.load_config` takes it; the
        configuration with which the arrests were read if None.
    population
        ``"network"``: the persons with a tie, as in the paper; ``"all"``: everybody with an arrest. None is what the
        configuration says.
    victims
        A frame ``person_id, date`` of victims, from whom the two-hop heuristic starts. None is the table that the
        configuration names; without one it starts from the victims of violent offences that were read with the
        arrests, or else from violent offenders.
    engine
        ``"cpu"``, which ``"auto"`` is too, or ``"gpu"``; or an engine, as :func:`gpunet.cluster.cluster_engine` gives.
    threads
        Number of threads, all available if None; the results do not depend on it.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.
    kept
        Called for each piece of the work with its name and a function that does it, for callers who keep what was done.

    Returns
    -------
    Evaluation
        ``results``, ``predictions``, ``curves``, ``calibration`` and ``leak``, frames of the kind that the arrests came
        in; and ``descriptives``. With layers beside co-arrest also what XGBoost loses without each kind of ties
        (``layers``), and ties a person by force (``watching``). Features know nothing of victims.

    Raises
    ------
    InputError
        If fewer persons are violent, or are not, than there are folds, or `victims` cannot be used.
    ConfigError
        If `config`, `population`, `threads`, `progress` or `kept` cannot be used.
    EngineError
        If the engine is not available.

    Examples
    --------
    >>> from gpunet.synthetic import make_arrests
    >>> arrests = gpunet.read_arrests(make_arrests(200, seed=1))
    >>> settings = {"evaluate": {"folds": 3, "classifiers": ["decision_tree"], "bootstrap": 0}}
    >>> found = gpunet.evaluate_known(arrests, settings)
    >>> sorted(set(found.results["protocol"]))
    ['cross_fitted', 'paper', 'same_event']
    """
    settings = load_config(arrests.config if config is None else config)
    chosen, keeps = resolve_engine(engine, threads), _keeps(kept)
    of = _population(population, settings.evaluate)
    table = settings.evaluate.victims or None if victims is None else victims
    seeds = seeds_of(arrests, None if table is None else read_victims(table, arrests))
    known = KnownNetwork(arrests, settings, of, chosen)
    heuristic = known.two_hop(seeds)
    said = [*known.predicted(available_threads(threads), progress, keeps)]
    return evaluation_of(
        [*said, *heuristic],
        known.populations,
        known.features.community,
        arrests,
        settings,
        network=known.features.network,
        engine=chosen,
        threads=threads,
        progress=progress,
        warnings=[*known.warnings, *same_of_everybody(said)],
        ablated=known.ablated,
    )


def _population(asked: Any, settings: EvaluateConfig) -> str:
    if asked is None:
        return settings.population
    if asked not in POPULATIONS:
        raise ConfigError(f"population: expected {' or '.join(POPULATIONS)}, not {given(asked)}")
    return str(asked)


def _keeps(kept: Any) -> Kept:
    if kept is None:
        return lambda name, compute, shape: compute()
    if not callable(kept):
        raise ConfigError(f"kept: expected a function or None, not {given(kept)}")
    return kept  # type: ignore[no-any-return]
