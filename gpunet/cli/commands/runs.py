"""``gpunet features`` and ``gpunet run``: tables in, a run folder out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gpunet.base.errors import InputError
from gpunet.base.paths import refuse_inputs
from gpunet.cli.console import columns_of_terminal, compiling_noticed, notice, say
from gpunet.cli.options import (
    AllowIncomplete,
    AsOf,
    BetweennessOption,
    Budget,
    CheckpointSeconds,
    Cluster,
    ConfigFile,
    Delta,
    Engine,
    EngineOption,
    Epsilon,
    Inputs,
    KeepGoing,
    ModelKind,
    Out,
    Resume,
    ShowValues,
    StartOver,
    Threads,
)

if TYPE_CHECKING:
    from gpunet.config.config import Config
    from gpunet.runs.run_options import RunOptions

__all__ = ["features", "run"]


def features(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
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
) -> None:
    """Compute every feature of every person."""
    from gpunet.cli.run import run_features

    options = _options(engine, threads, cluster, checkpoint_seconds, start_over, keep_going, show_values)
    if resume is not None:
        _resume(context, resume, options)
        return
    given, out = _needed(inputs, out, config)
    loaded = _with_path(config, betweenness=betweenness, epsilon=epsilon, delta=delta, budget=budget)
    day = as_of.date() if as_of else None
    _work("features", out, options, lambda options: run_features(given, out, loaded, day, options))


def run(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    as_of: AsOf = None,
    horizon: Annotated[int | None, typer.Option("--horizon", min=1, help="Days to look ahead. [180]")] = None,
    model: Annotated[ModelKind | None, typer.Option("--model", help="Kind of model. \\[xgboost]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of every random choice. [1]")] = None,
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
) -> None:
    """Compute features, train and validate a model, and score everyone."""
    from gpunet.cli.run import run_forecast

    options = _options(
        engine, threads, cluster, checkpoint_seconds, start_over, keep_going, show_values, allow_incomplete
    )
    if resume is not None:
        _resume(context, resume, options)
        return
    given, out = _needed(inputs, out, config)
    loaded = _with_path(config, betweenness=betweenness, epsilon=epsilon, delta=delta, budget=budget, seed=seed)
    changed = replace(loaded.model, **_given({"horizon_days": horizon, "kind": model, "seed": seed}))
    settings, day = replace(loaded, model=changed), as_of.date() if as_of else None
    _work("run", out, options, lambda options: run_forecast(given, out, settings, day, options))


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    """What the command line says at all."""
    return {name: value for name, value in asked.items() if value is not None}


def _needed(inputs: list[str] | None, out: Path | None, config: Path | None) -> tuple[list[str], Path]:
    """What a run that is not resumed cannot do without; the configuration does not lie where it is replaced."""
    if not inputs:
        raise InputError("no input: name the tables to read (or an unfinished run, with --resume FOLDER)")
    if out is None:
        raise InputError("no --out: name a folder for the results")
    refuse_inputs(out, [] if config is None else [config])
    return inputs, out


def _options(
    engine: Engine,
    threads: int | None,
    cluster: str | None,
    checkpoint_seconds: float | None,
    start_over: bool,
    keep_going: bool,
    show_values: bool,
    allow_incomplete: bool = False,
) -> RunOptions:
    from gpunet.base.threads import available_threads, limit_pools
    from gpunet.runs.run_options import RunOptions

    limit_pools(available_threads(threads))  # before Polars is loaded
    options = RunOptions(
        engine,
        threads,
        notice=notice,
        cluster=cluster,
        start_over=start_over,
        keep_going=keep_going,
        allow_incomplete=allow_incomplete,
        show_values=show_values,
    )
    return options if checkpoint_seconds is None else replace(options, checkpoint_seconds=checkpoint_seconds)


def _resume(context: typer.Context, folder: Path, options: RunOptions) -> None:
    """Go on with the run in a folder."""
    from gpunet.cli.run import resume_run

    beside = {"resume", "threads", "cluster", "checkpoint_seconds", "show_values"}
    source = {name: context.get_parameter_source(name) for name in context.params if name not in beside}
    if others := sorted(name.replace("_", "-") for name, of in source.items() if of and of.name == "COMMANDLINE"):
        raise InputError(
            f"--resume goes on with what the run was asked for; beside it there is no {', '.join(others)}, "
            "but --threads, --cluster, --checkpoint-seconds and --show-values"
        )
    command = str(context.info_name)
    _work(command, folder, options, lambda options: resume_run(folder, command, options))


def _work(command: str, out: Path, options: RunOptions, job: Callable[[RunOptions], dict[str, Any]]) -> None:
    """Do a run with its progress on the console, which signals end in good order; print its summary."""
    from gpunet.base.stopping import raise_if_stopped, stoppable
    from gpunet.cli.plans import PLANS
    from gpunet.cli.progress import console_progress
    from gpunet.cli.summary import summarise

    message = f"what was finished is kept; to go on: gpunet {command} --resume {out}, or the same command again"
    with stoppable(message), console_progress(plan=PLANS[command]) as show, compiling_noticed():

        def progress(stage: str, done: float, total: float) -> None:
            raise_if_stopped()
            show(stage, done, total)

        manifest = job(replace(options, progress=progress))
    width = columns_of_terminal()
    say(summarise(manifest, out) if width is None else summarise(manifest, out, width), indent=10)


def _with_path(config: Path | None, **asked: Any) -> Config:
    """The configuration, with what the command line says of path features."""
    from gpunet.config.config import load_config

    loaded = load_config(config)
    return replace(loaded, path=replace(loaded.path, **_given(asked)))
