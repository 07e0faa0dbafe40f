"""``gpunet features`` and ``gpunet run``: tables in, a run folder out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gpunet.cli.jobs import given, go_on, needed, options_of, with_beside, work
from gpunet.cli.options import (
    AllowIncomplete,
    AsOf,
    BetweennessOption,
    Budget,
    CheckpointSeconds,
    Cluster,
    ConfigFile,
    Delta,
    EngineOption,
    Epsilon,
    Horizon,
    Inputs,
    KeepGoing,
    KeepState,
    ModelKind,
    Out,
    PersonLinks,
    Report,
    Resume,
    Seed,
    ShowValues,
    Side,
    StartOver,
    Threads,
    Ties,
    Victims,
)

if TYPE_CHECKING:
    from gpunet.config.config import Config

__all__ = ["features", "run"]


def features(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    ties: Ties = None,
    victims: Victims = None,
    person_links: PersonLinks = None,
    as_of: AsOf = None,
    engine: EngineOption = "auto",
    threads: Threads = None,
    cluster: Cluster = None,
    betweenness: BetweennessOption = None,
    epsilon: Epsilon = None,
    delta: Delta = None,
    budget: Budget = None,
    resume: Resume = None,
    start_over: StartOver = False,
    keep_going: KeepGoing = False,
    checkpoint_seconds: CheckpointSeconds = None,
    show_values: ShowValues = False,
    keep_state: KeepState = False,
) -> None:
    """Compute every feature of every person."""
    from gpunet.cli.run import run_features

    options = options_of(
        engine, threads, cluster, checkpoint_seconds, start_over, keep_going, show_values, keep_state=keep_state
    )
    if resume is not None:
        go_on(context, "features", resume, options)
        return
    tables, out = needed(inputs, out, config, ties, victims, person_links)
    loaded = _with_path(config, betweenness=betweenness, epsilon=epsilon, delta=delta, budget=budget)
    settings = with_beside(loaded, ties, victims, person_links)
    day = as_of.date() if as_of else None
    work("features", out, settings, options, lambda options: run_features(tables, out, settings, day, options))


def run(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    ties: Ties = None,
    victims: Victims = None,
    person_links: PersonLinks = None,
    as_of: AsOf = None,
    horizon: Horizon = None,
    model: Annotated[ModelKind | None, typer.Option("--model", help="Kind of model. \\[xgboost]")] = None,
    side: Side = None,
    seed: Seed = None,
    engine: EngineOption = "auto",
    threads: Threads = None,
    cluster: Cluster = None,
    betweenness: BetweennessOption = None,
    epsilon: Epsilon = None,
    delta: Delta = None,
    budget: Budget = None,
    resume: Resume = None,
    start_over: StartOver = False,
    keep_going: KeepGoing = False,
    allow_incomplete: AllowIncomplete = False,
    checkpoint_seconds: CheckpointSeconds = None,
    show_values: ShowValues = False,
    keep_state: KeepState = False,
    report: Report = True,
) -> None:
    """Compute features, train and validate a model, and score everyone."""
    from gpunet.cli.run import run_forecast

    asked = (
        engine,
        threads,
        cluster,
        checkpoint_seconds,
        start_over,
        keep_going,
        show_values,
        allow_incomplete,
        report,
    )
    options = options_of(*asked, keep_state=keep_state)
    if resume is not None:
        go_on(context, "run", resume, options)
        return
    tables, out = needed(inputs, out, config, ties, victims, person_links)
    loaded = _with_path(config, betweenness=betweenness, epsilon=epsilon, delta=delta, budget=budget, seed=seed)
    changed = replace(loaded.model, **given({"horizon_days": horizon, "kind": model, "seed": seed, "side": side}))
    settings = with_beside(replace(loaded, model=changed), ties, victims, person_links)
    day = as_of.date() if as_of else None
    work("run", out, settings, options, lambda options: run_forecast(tables, out, settings, day, options))


def _with_path(config: Path | None, **asked: Any) -> Config:
    """The configuration, with what the command line says of path features."""
    from gpunet.config.config import load_config

    loaded = load_config(config)
    return replace(loaded, path=replace(loaded.path, **given(asked)))
