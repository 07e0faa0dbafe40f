"""``gpunet evaluate known`` and ``gpunet evaluate emerging``: the experiments of the method's paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gpunet.base.paths import named_path
from gpunet.cli.jobs import given, go_on, needed, options_of, with_beside, work
from gpunet.cli.options import (
    AsOf,
    CheckpointSeconds,
    Cluster,
    ConfigFile,
    EngineOption,
    Every,
    From,
    Horizon,
    Inputs,
    KeepGoing,
    Out,
    PersonLinks,
    Report,
    Resume,
    Seed,
    ShowValues,
    StartOver,
    Threads,
    Ties,
    path_of,
)
from gpunet.cli.parsing import QuietCommand

if TYPE_CHECKING:
    from gpunet.config.config import Config

__all__ = ["evaluate"]

evaluate = typer.Typer(help="How well violence is told, and how far to believe it.", no_args_is_help=True)

_Population = Annotated[
    Literal["network", "all"] | None,
    typer.Option("--population", help="Persons with a tie, or everybody with an arrest. \\[network]"),
]
_Victims = Annotated[
    list[str] | None,
    typer.Option(
        "--victims",
        metavar="FILE...",
        help="Tables of victims: person_id, incident_id, date, offence; or one of person_id and date, for the two-hop "
        "heuristic alone.",
    ),
]
_Custody = Annotated[
    Path | None,
    typer.Option(
        "--custody",
        parser=path_of("--custody"),
        help="Table of who was in custody (person_id, from, until): out of the months' populations.",
    ),
]
_Protocols = Annotated[
    list[str] | None,
    typer.Option("--protocol", help="paper, cross_fitted or same_event; may be given again. \\[all of them]"),
]
_Classifiers = Annotated[
    list[str] | None,
    typer.Option("--classifier", help="random_forest, xgboost, ...; may be given again. \\[all of them]"),
]
_Folds = Annotated[int | None, typer.Option("--folds", help="Folds by person. [10]")]
_Bootstrap = Annotated[int | None, typer.Option("--bootstrap", help="Draws behind each interval; 0: none. [2000]")]


@evaluate.command(cls=QuietCommand)
def known(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    as_of: AsOf = None,
    population: _Population = None,
    ties: Ties = None,
    victims: _Victims = None,
    person_links: PersonLinks = None,
    protocols: _Protocols = None,
    classifiers: _Classifiers = None,
    folds: _Folds = None,
    bootstrap: _Bootstrap = None,
    seed: Seed = None,
    engine: EngineOption = "auto",
    threads: Threads = None,
    cluster: Cluster = None,
    resume: Resume = None,
    start_over: StartOver = False,
    keep_going: KeepGoing = False,
    checkpoint_seconds: CheckpointSeconds = None,
    show_values: ShowValues = False,
    report: Report = True,
) -> None:
    """Tell who of a known network is violent, and how much of that its labels have told themselves."""
    from gpunet.cli.evaluations import run_known

    options = options_of(
        engine, threads, cluster, checkpoint_seconds, start_over, keep_going, show_values, report=report
    )
    if resume is not None:
        go_on(context, "evaluate known", resume, options)
        return
    tables, out = needed(inputs, out, config, ties, victims, person_links)
    settings = _asked(
        config, seed, ties, victims, person_links, population=population, protocols=protocols,
        classifiers=classifiers, folds=folds, bootstrap=bootstrap,
    )  # fmt: skip
    day = as_of.date() if as_of else None
    work("evaluate known", out, settings, options, lambda options: run_known(tables, out, settings, day, options))


@evaluate.command(cls=QuietCommand)
def emerging(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    start: From = None,
    every: Every = None,
    horizon: Horizon = None,
    population: _Population = None,
    ties: Ties = None,
    victims: _Victims = None,
    person_links: PersonLinks = None,
    custody: _Custody = None,
    bootstrap: _Bootstrap = None,
    seed: Seed = None,
    engine: EngineOption = "auto",
    threads: Threads = None,
    cluster: Cluster = None,
    resume: Resume = None,
    start_over: StartOver = False,
    keep_going: KeepGoing = False,
    checkpoint_seconds: CheckpointSeconds = None,
    show_values: ShowValues = False,
    report: Report = True,
) -> None:
    """Forecast, month by month, who will be arrested for violence, from what was known then."""
    from gpunet.cli.evaluations import run_emerging

    options = options_of(
        engine, threads, cluster, checkpoint_seconds, start_over, keep_going, show_values, report=report
    )
    if resume is not None:
        go_on(context, "evaluate emerging", resume, options)
        return
    tables, out = needed(inputs, out, config, ties, victims, person_links)
    settings = _asked(
        config, seed, ties, victims, person_links, start=start.date() if start else None, every=every,
        horizon_days=horizon, population=population, custody=custody, bootstrap=bootstrap,
    )  # fmt: skip
    work(
        "evaluate emerging", out, settings, options, lambda options: run_emerging(tables, out, settings, None, options)
    )


def _asked(
    config: Path | None,
    seed: int | None,
    ties: list[str] | None,
    victims: list[str] | None,
    person_links: list[str] | None,
    **evaluate: Any,
) -> Config:
    """The configuration, with what the command line says.

    Tables of victims that tell of incidents make features too; one of persons and dates is what the two-hop heuristic
    starts from, and no more.
    """
    from gpunet.config.config import load_config
    from gpunet.evaluate.side_tables import tell_of_incidents

    loaded = load_config(config)
    paths = [str(named_path(path, "--victims")) for path in victims or ()]
    if len(paths) == 1 and not tell_of_incidents(paths, loaded):
        evaluate["victims"], victims = paths[0], None
    loaded = with_beside(loaded, ties, victims, person_links)
    asked: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else tuple(value) if isinstance(value, list) else value
        for name, value in given(evaluate).items()
    }
    return replace(
        loaded, evaluate=replace(loaded.evaluate, **asked), model=replace(loaded.model, **given({"seed": seed}))
    )
