"""``gpunet features`` and ``gpunet run``: tables in, a run folder out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gpunet.base.errors import InputError
from gpunet.cli.options import (
    AsOf,
    Betweenness,
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
    StartOver,
    Threads,
)

if TYPE_CHECKING:
    from gpunet.cli.run import RunOptions
    from gpunet.config.config import Config

__all__ = ["features", "run"]


def features(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    as_of: AsOf = None,
    engine: EngineOption = Engine.auto,
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
) -> None:
    """Compute every feature of every person."""
    from gpunet.cli.run import run_features

    options = _options(engine, threads, cluster, checkpoint_seconds, start_over, keep_going)
    if resume is not None:
        _resume(context, resume, options)
        return
    given, out = _given(inputs, out)
    loaded = _with_path(config, betweenness, epsilon=epsilon, delta=delta, budget=budget)
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
    engine: EngineOption = Engine.auto,
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
) -> None:
    """Compute features, train and validate a model, and score everyone."""
    from dataclasses import replace

    from gpunet.cli.run import run_forecast

    options = _options(engine, threads, cluster, checkpoint_seconds, start_over, keep_going)
    if resume is not None:
        _resume(context, resume, options)
        return
    given, out = _given(inputs, out)
    loaded = _with_path(config, betweenness, epsilon=epsilon, delta=delta, budget=budget, seed=seed)
    asked = {"horizon_days": horizon, "kind": model.value if model else None, "seed": seed}
    changed = replace(loaded.model, **{k: v for k, v in asked.items() if v is not None})  # type: ignore[arg-type]
    settings, day = replace(loaded, model=changed), as_of.date() if as_of else None
    _work("run", out, options, lambda options: run_forecast(given, out, settings, day, options))


def _given(inputs: list[str] | None, out: Path | None) -> tuple[list[str], Path]:
    """What a run that is not resumed cannot do without."""
    if not inputs:
        raise InputError("no input: name the tables to read (or an unfinished run, with --resume FOLDER)")
    if out is None:
        raise InputError("no --out: name a folder for the results")
    return inputs, out


def _options(
    engine: Engine,
    threads: int | None,
    cluster: str | None,
    checkpoint_seconds: float | None,
    start_over: bool,
    keep_going: bool,
) -> RunOptions:
    from dataclasses import replace

    from gpunet.cli.run import RunOptions

    options = RunOptions(
        engine.value, threads, notice=_notice, cluster=cluster, start_over=start_over, keep_going=keep_going
    )
    return options if checkpoint_seconds is None else replace(options, checkpoint_seconds=checkpoint_seconds)


def _resume(context: typer.Context, folder: Path, options: RunOptions) -> None:
    """Go on with the run in a folder."""
    from gpunet.cli.run import resume_run

    beside = {"resume", "threads", "cluster", "checkpoint_seconds"}
    source = {name: context.get_parameter_source(name) for name in context.params if name not in beside}
    if others := sorted(name.replace("_", "-") for name, of in source.items() if of and of.name == "COMMANDLINE"):
        raise InputError(
            f"--resume goes on with what the run was asked for; beside it there is no {', '.join(others)}, "
            "but --threads, --cluster and --checkpoint-seconds"
        )
    command = str(context.info_name)
    _work(command, folder, options, lambda options: resume_run(folder, command, options))


def _work(command: str, out: Path, options: RunOptions, job: Callable[[RunOptions], dict[str, Any]]) -> None:
    """Do a run with its progress on the console, which signals end in good order; print its summary."""
    from dataclasses import replace

    from gpunet.base.progress import console_progress
    from gpunet.base.stopping import raise_if_stopped, stoppable

    message = f"what was finished is kept; to go on: gpunet {command} --resume {out}, or the same command again"
    with stoppable(message), console_progress() as show:

        def progress(stage: str, done: float, total: float) -> None:
            raise_if_stopped()
            show(stage, done, total)

        manifest = job(replace(options, progress=progress))
    _print_summary(manifest, out)


def _with_path(config: Path | None, betweenness: Betweenness | None, **asked: float | None) -> Config:
    """The configuration, with what the command line says of path features."""
    from dataclasses import replace

    from gpunet.config.config import load_config

    loaded = load_config(config)
    changes: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if betweenness is not None:
        changes["betweenness"] = betweenness.value
    return replace(loaded, path=replace(loaded.path, **changes))


def _notice(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print_summary(manifest: dict[str, Any], out: Path) -> None:
    from gpunet.cli.summary import summarise

    print(summarise(manifest, out))
