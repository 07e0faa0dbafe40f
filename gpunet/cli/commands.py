"""The commands. Each is one call into the package, which is imported only then, so that ``--help`` is quick."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from gpunet.base._version import __version__
from gpunet.base.errors import GpunetError, InputError
from gpunet.runs.stopping import Stopped

if TYPE_CHECKING:
    from gpunet.cli.run import RunOptions
    from gpunet.config.config import Config

__all__ = ["app", "main"]

app = typer.Typer(
    help="Network features, models and scores from police arrest tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Engine(StrEnum):
    """Choices of ``--engine``."""

    auto = "auto"
    cpu = "cpu"
    gpu = "gpu"


class Betweenness(StrEnum):
    """Choices of ``--betweenness``."""

    exact = "exact"
    approx = "approx"
    auto = "auto"


class ModelKind(StrEnum):
    """Choices of ``--model`` of ``gpunet run``."""

    xgboost = "xgboost"
    random_forest = "random_forest"


Inputs = Annotated[
    list[str] | None, typer.Argument(help="Files (.parquet .csv .csv.gz .feather .arrow), folders or globs.")
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the results: new, empty, or of an earlier run.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML configuration.")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Only arrests before this day count.")
]
EngineOption = Annotated[Engine, typer.Option("--engine", help="Where to compute; auto is the CPU.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads; all processors if not given.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="none|local|local-cuda|tls://HOST:PORT",
        help="Divide the work over processes here, one for each GPU here, or the workers of a Dask scheduler.",
    ),
]
BetweennessOption = Annotated[
    Betweenness | None,
    typer.Option("--betweenness", help="exact; approx: within epsilon; auto: approx above the budget. \\[exact]"),
]
Epsilon = Annotated[float | None, typer.Option("--epsilon", help="Largest error of normalised betweenness. [0.01]")]
Delta = Annotated[float | None, typer.Option("--delta", help="Probability of a larger error. [0.1]")]
Budget = Annotated[
    float | None,
    typer.Option("--budget", help="Estimated core-seconds of exact betweenness above which auto is approx. [14400]"),
]
Resume = Annotated[
    Path | None,
    typer.Option("--resume", help="Go on with the unfinished run in this folder, as it was asked for; alone."),
]
StartOver = Annotated[
    bool, typer.Option("--start-over", help="Drop what an unfinished run in the folder has finished.")
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Leave out files that cannot be read, and say which.")]
CheckpointSeconds = Annotated[
    float | None,
    typer.Option("--checkpoint-seconds", min=0, help="Store what took so long or longer; 0: everything. \\[10]"),
]


def _version(show: bool) -> None:
    if show:
        print(f"gpunet {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def synth(
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables: new or empty.")],
    persons: Annotated[int, typer.Option("--persons", min=100, help="Persons in the network.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same tables.")] = 1,
) -> None:
    """Write synthetic arrest tables, shaped like the paper's: Parquet, a file a force and month."""
    from gpunet.base.progress import console_progress
    from gpunet.synthetic import write_tables

    with console_progress() as progress:
        summary = write_tables(out, persons=persons, seed=seed, progress=progress)
    print(f"{summary}\nwritten to {out}")


@app.command()
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


@app.command()
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


@app.command()
def score(
    model: Annotated[Path, typer.Option("--model", help="A model file of an earlier run.")],
    features: Annotated[Path, typer.Option("--features", help="A features.parquet with the model's columns.")],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    engine: EngineOption = Engine.auto,
    threads: Threads = None,
) -> None:
    """Score the persons of a feature file with a model of an earlier run."""
    from gpunet.engines.choice import resolve_engine
    from gpunet.model import load_model
    from gpunet.model import score as score_features
    from gpunet.tables.files import write_whole
    from gpunet.tables.parquet import write_parquet

    if out.is_dir():
        raise InputError(f"--out {out} is a folder: give the name of a Parquet file")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: cannot make its folder: {error}") from error
    chosen = resolve_engine(engine.value, threads)
    with warnings.catch_warnings(), chosen.stage("score"):
        warnings.showwarning = _show_warning
        scores = score_features(load_model(model), features, threads=threads, device=chosen.name)
    write_whole(out, lambda path: write_parquet(path, scores))
    print(f"{len(scores):,} persons scored: {out}")


@app.command()
def certificates(
    out: Annotated[Path, typer.Option("--out", help="Folder for the two files; made if it is not there.")],
) -> None:
    """Make a self-signed certificate, to try a cluster with TLS."""
    from gpunet.cluster.certificates import describe_use, write_certificates

    print(describe_use(*write_certificates(out)))


@app.command()
def info() -> None:
    """Show versions and engines, and what is missing for the GPU."""
    from gpunet.cli.info import describe

    print(describe())


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
    from gpunet.runs.stopping import stoppable

    message = f"what was finished is kept; to go on: gpunet {command} --resume {out}, or the same command again"
    with stoppable(message) as check, console_progress() as show:

        def progress(stage: str, done: float, total: float) -> None:
            check()
            show(stage, done, total)

        manifest = job(replace(options, progress=progress))
    _tell(manifest, out)


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


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"warning   {message}", file=sys.stderr)


def _tell(manifest: dict[str, Any], out: Path) -> None:
    from gpunet.cli.summary import summarise

    print(summarise(manifest, out))


def main() -> NoReturn:
    """Run the command line; 0 done, 2 the user's to mend (one clear message), 1 anything else."""
    try:
        app(prog_name="gpunet")
    except GpunetError as error:
        print(f"gpunet: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"gpunet: {error}", file=sys.stderr)
        sys.exit(1)
    except Stopped as stopped:
        print(f"gpunet: {stopped}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("gpunet: interrupted", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)
