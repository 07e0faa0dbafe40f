"""Who emerges (section 5.2 of the method's paper): month by month, from the network as it was known then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import CHECK_ARRESTS, Arrests
from gpunet.base.arguments import checked, given
from gpunet.base.array_types import Bool
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.stopping import raise_if_stopped
from gpunet.base.threads import available_threads
from gpunet.config.config import Config, PathConfig, load_config
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.evaluate.ablation import Ablated, MonthsWithout
from gpunet.evaluate.assembled import evaluation_of
from gpunet.evaluate.bootstrap import communities_of
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.classifiers_gpu import gpu_classifiers
from gpunet.evaluate.constant import same_of_everybody
from gpunet.evaluate.lacks import Lack, lack_of, require_some
from gpunet.evaluate.month_predictions import TRAINED, Experiment
from gpunet.evaluate.months import Month, Snapshot, Snapshots, month_of, months_of
from gpunet.evaluate.predicted import Evaluation, Kept, Predicted
from gpunet.evaluate.side_tables import Custody, read_custody, read_victims
from gpunet.evaluate.victim_seeds import Seeds, seeds_of, where_from
from gpunet.features import FeatureSet, compute_all

__all__ = ["evaluate_emerging"]

_STAGE = "months"

_EVER_AFTER = (
    "of violent arrests at any later time (outcome ever_after, as in the paper) the data know fewer, the later the "
    "month, so its months cannot be compared; those of a fixed number of days (outcome horizon) can"
)


def _day(name: str, value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if value is None or type(value) is date:
        return value
    raise ConfigError(f"{name}: expected a date, text such as 2013-02-01, or None, not {given(value)}")


def _function(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ConfigError(f"{name}: expected a function or None, not {given(value)}")
    return value


def _paths(name: str, value: Any) -> Any:
    if value is not None and not isinstance(value, PathConfig):
        raise ConfigError(f"{name}: expected a gpunet.config.config.PathConfig or None, not {given(value)}")
    return value


@checked(arrests=CHECK_ARRESTS, start=_day, kept=_function, snapshot=_function, union_config=_paths)
def evaluate_emerging(
    arrests: Arrests,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    *,
    start: date | str | None = None,
    every: str | None = None,
    horizon: int | None = None,
    population: str | None = None,
    victims: Any = None,
    custody: Any = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    kept: Kept | None = None,
    snapshot: Snapshot | None = None,
    union_config: PathConfig | None = None,
) -> Evaluation:
    """Say month by month who will be arrested for violence, from what was known then, and hold it against the rest.

    For the day T of each month, classifiers are trained on the features as of T less the horizon, with the label
    "violent arrest between that day and T, as far as it was known on T", and predict the persons as of T.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    config
        Its ``[evaluate]`` and ``[model]`` count: a :class:`gpunet.Config`, a mapping, or the path of a TOML file; the
        arrests' own if None.
    start
        The first month's day; by default what ``[evaluate]`` says, or the first of the month in the middle of the data.
    every
        From one month's day to the next, such as ``"1mo"``, ``"2w"`` or ``"30d"``; by default what ``[evaluate]`` says.
        The last one is the last before the data's last day.
    horizon
        Days to look ahead; by default what ``[evaluate]`` says.
    population
        ``"network"``: persons who had a tie on the month's day; ``"all"``: everybody with an arrest before it; by
        default what ``[evaluate]`` says.
    victims
        A table ``person_id, date``: a path, or any frame; by default what ``[evaluate]`` names. Those before the
        month's day are where the two-hop heuristic starts; without the table it starts from the victims of violent
        offences that were read with the arrests, or else from violent offenders.
    custody
        A table ``person_id, from, until``: who was in custody on a snapshot's day is not in its population. By default
        what ``[evaluate]`` names.
    engine, threads
        As in :func:`gpunet.compute_features`; the results do not depend on the number of threads.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.
    kept
        Called as ``kept(name, compute)`` around each training; see :class:`gpunet.evaluate.predicted.Kept`.
    snapshot
        Computes features, given a name and the arrests as of a day; :func:`gpunet.compute_features` with all families
        by default.
    union_config
        How paths in the union of all layers but one are searched, as ``[path]`` says if None.

    Returns
    -------
    Evaluation
        Of the classifiers ``random_forest``, ``xgboost`` and ``filtered_random_forest`` (the forest, but nobody without
        an arrest in the last 200 days) and the heuristics ``past_violent_arrests``, ``past_violent_arrests_180d`` and
        ``two_hop_heuristic``, for each month and two outcomes: ``horizon``, a violent arrest within the horizon from T
        on, only of months whose horizon lies within the data; and ``ever_after``, one at any time from T on. A month
        that nothing can be trained for has rows without measures, and the reason. Populations: ``all``,
        ``no_violent_before`` and ``violent_before``, by violent arrests before T. With layers beside co-arrest also
        what XGBoost loses without each of them (``layers``), and ties a person by force (``watching``).

    Raises
    ------
    InputError
        If there is no month that can be used, no offences are known, or a table cannot be used.
    ConfigError
        If `config` or another setting is not understood.
    EngineError
        If the engine is not available.

    Notes
    -----
    Violent arrests are rare, so hardly anybody has a probability of a half. The threshold of each month's classifier
    is the value from which on naming persons gives the greatest F1 on its training rows, each predicted by a classifier
    that was trained without them (``[model] folds`` folds). Nothing after T has a part in it.

    Examples
    --------
    >>> from gpunet.synthetic import make_arrests
    >>> arrests = gpunet.read_arrests(make_arrests(300, seed=1))
    >>> settings = {"evaluate": {"bootstrap": 0}, "model": {"folds": 2}}
    >>> found = gpunet.evaluate_emerging(arrests, settings, start="2013-02-01", every="1y")
    >>> found.results.filter(population="all", outcome="horizon").select("month", "classifier").row(0)
    (datetime.date(2013, 2, 1), 'random_forest')
    """
    settings = arrests.config if config is None else load_config(config)
    asked = {"start": start, "every": every, "horizon_days": horizon, "population": population}
    of_user: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    settings = replace(settings, evaluate=replace(settings.evaluate, **of_user))
    if arrests.config.input.is_absent("offence"):
        raise InputError('the tables have no offences ([input] columns.offence = ""): there is nothing to predict')
    engine, threads = resolve_engine(engine, threads), available_threads(threads)
    victims = settings.evaluate.victims or None if victims is None else victims
    custody = settings.evaluate.custody or None if custody is None else custody
    starts = seeds_of(arrests, None if victims is None else read_victims(victims, arrests))
    held = None if custody is None else read_custody(custody, arrests)
    days = months_of(arrests, settings.evaluate)

    def computed(_: str, cut: Arrests) -> FeatureSet:
        return compute_all(cut, None, engine, threads)

    snapshots = Snapshots(arrests, settings.evaluate.population, held, snapshot or computed)
    on_gpu = engine.name == "gpu"
    experiment = Experiment(
        settings,
        gpu_classifiers() if on_gpu else CLASSIFIERS,
        1 if on_gpu else threads,
        kept or (lambda name, compute, shape: compute()),
        snapshots,
    )
    without = MonthsWithout(experiment, engine, union_config or arrests.config.path)
    found = _month_by_month(days, experiment, without, starts, held, progress)
    require_some(found.said, found.lacks)
    whole = compute_all(arrests, ["temporal"], "cpu", threads)  # for its network and communities
    return evaluation_of(
        found.said,
        _populations(found.months),
        communities_of(whole.groups),
        arrests,
        settings,
        network=whole.network,
        engine=engine,
        threads=threads,
        progress=progress,
        warnings=[
            *(() if starts is None else starts.warnings),
            *(() if held is None else held.warnings),
            *_warnings(found.months, found.said, settings.evaluate.horizon_days, where_from(starts)),
        ],
        ablated=found.ablated,
    )


@dataclass
class _Predicted:
    """The months, what was said of each, also without a layer, and what each lacks."""

    months: list[Month] = field(default_factory=list)
    said: list[Predicted] = field(default_factory=list)
    ablated: list[Ablated] = field(default_factory=list)
    lacks: list[Lack] = field(default_factory=list)


def _month_by_month(
    days: Sequence[date],
    experiment: Experiment,
    without: MonthsWithout,
    starts: Seeds | None,
    held: Custody | None,
    progress: ProgressCallback | None,
) -> _Predicted:
    """Predict the months of these days; `starts` are seeds of the two-hop heuristic, `held` who was in custody."""
    parts = [*TRAINED, *(f"without {layer}" for layer in without.layers)]
    snapshots, ahead = experiment.snapshots, timedelta(days=experiment.settings.evaluate.horizon_days)
    found = _Predicted()
    begun(progress, _STAGE)
    for number, day in enumerate(days, 1):
        raise_if_stopped()
        month = month_of(day, day - ahead, snapshots, starts)
        told = _share(progress, number - 1, len(days), parts)
        said = experiment.predicted(month, day - ahead, told)
        found.said += said
        found.ablated += without.predicted(month, day - ahead, said, told)
        found.months.append(month)
        found.lacks.append(lack_of(day, day - ahead, snapshots, held))
        needed = {later - back for later in days[number:] for back in (ahead, timedelta())}
        snapshots.keep(needed)
        without.keep(needed)
        if progress is not None:
            progress(_STAGE, number, len(days))
    return found


def _share(progress: ProgressCallback | None, number: int, total: int, parts: Sequence[str]) -> ProgressCallback | None:
    """Tells of a classifier that is trained as of its share, among `parts`, of the `number`-th of so many months."""
    if progress is None:
        return None

    def told(name: str, done: float, whole: float) -> None:
        progress(_STAGE, number + (parts.index(name) + done / whole) / len(parts), total)

    return told


def _populations(months: Sequence[Month]) -> Callable[[Predicted], Mapping[str, Bool]]:
    before = {month.day: month.violent_before for month in months}

    def populations(predicted: Predicted) -> Mapping[str, Bool]:
        assert predicted.month is not None
        violent = before[predicted.month]
        return {"no_violent_before": ~violent, "violent_before": violent}

    return populations


def _warnings(months: Sequence[Month], found: Sequence[Predicted], horizon: int, starts: str) -> list[str]:
    """Sentences on how far results can be compared, and on months that have none."""
    warnings = [starts, _EVER_AFTER]
    if short := sum("horizon" not in month.labels for month in months):
        warnings.append(
            f"months without figures for violent arrests within {horizon} days, as the data end before: "
            f"{short} of {len(months)}"
        )
    if untrained := sorted({each.month for each in found if each.unknown and each.month}):
        warnings.append(
            "months whose classifiers have no measures, as nothing could be trained: "
            f"{len(untrained)} of {len(months)}, the first {untrained[0]}"
        )
    return [*warnings, *same_of_everybody(each for each in found if each.classifier in TRAINED)]
