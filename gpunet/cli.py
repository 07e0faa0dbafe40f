"""The commands. Each is one call into the package, which is imported only then, so that ``--help`` is quick."""

from __future__ import annotations

import sys
import warnings
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from gpunet._version import __version__
from gpunet.errors import GpunetError, InputError

if TYPE_CHECKING:
    from gpunet.config import Config

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


Inputs = Annotated[list[str], typer.Argument(help="Files (.parquet .csv .csv.gz .feather .arrow), folders or globs.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results: new, empty, or of an earlier run.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML configuration.")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Only arrests before this day count.")
]
EngineOption = Annotated[Engine, typer.Option("--engine", help="Where to compute.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads; all processors if not given.")]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster",
        metavar="none|local|local-cuda|tls://HOST:PORT",
        help="Divide the path features over processes here, or over the workers of a Dask scheduler.",
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
    from gpunet.progress import console_progress
    from gpunet.synthetic import write_tables

    with console_progress() as progress:
        summary = write_tables(out, persons=persons, seed=seed, progress=progress)
    print(f"{summary}\nwritten to {out}")


@app.command()
def features(
    inputs: Inputs,
    out: Out,
    config: ConfigFile = None,
    as_of: AsOf = None,
    engine: EngineOption = Engine.auto,
    threads: Threads = None,
    cluster: Cluster = "none",
    betweenness: BetweennessOption = None,
    epsilon: Epsilon = None,
    delta: Delta = None,
    budget: Budget = None,
) -> None:
    """Compute every feature of every person."""
    from gpunet.progress import console_progress
    from gpunet.run import RunOptions, run_features

    loaded = _with_path(config, betweenness, epsilon=epsilon, delta=delta, budget=budget)
    with console_progress() as progress:
        options = RunOptions(engine.value, threads, progress, _notice, cluster)
        manifest = run_features(inputs, out, loaded, as_of.date() if as_of else None, options)
    _tell(manifest, out)


@app.command()
def run(
    inputs: Inputs,
    out: Out,
    config: ConfigFile = None,
    as_of: AsOf = None,
    horizon: Annotated[int | None, typer.Option("--horizon", min=1, help="Days to look ahead. [180]")] = None,
    model: Annotated[ModelKind | None, typer.Option("--model", help="Kind of model. \\[xgboost]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of every random choice. [1]")] = None,
    engine: EngineOption = Engine.auto,
    threads: Threads = None,
    cluster: Cluster = "none",
    betweenness: BetweennessOption = None,
    epsilon: Epsilon = None,
    delta: Delta = None,
    budget: Budget = None,
) -> None:
    """Compute features, train and validate a model, and score everyone."""
    from dataclasses import replace

    from gpunet.progress import console_progress
    from gpunet.run import RunOptions, run_forecast

    loaded = _with_path(config, betweenness, epsilon=epsilon, delta=delta, budget=budget, seed=seed)
    asked = {"horizon_days": horizon, "kind": model.value if model else None, "seed": seed}
    changed = replace(loaded.model, **{k: v for k, v in asked.items() if v is not None})  # type: ignore[arg-type]
    with console_progress() as progress:
        options = RunOptions(engine.value, threads, progress, _notice, cluster)
        manifest = run_forecast(inputs, out, replace(loaded, model=changed), as_of.date() if as_of else None, options)
    _tell(manifest, out)


@app.command()
def score(
    model: Annotated[Path, typer.Option("--model", help="A model file of an earlier run.")],
    features: Annotated[Path, typer.Option("--features", help="A features.parquet with the model's columns.")],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    engine: EngineOption = Engine.auto,
    threads: Threads = None,
) -> None:
    """Score the persons of a feature file with a model of an earlier run."""
    from gpunet.engine import resolve_engine
    from gpunet.folder import write_whole
    from gpunet.frames import write_parquet
    from gpunet.model import load_model
    from gpunet.model import score as score_features

    if out.is_dir():
        raise InputError(f"--out {out} is a folder: give the name of a Parquet file")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: cannot make its folder: {error}") from error
    device = resolve_engine(engine.value, threads).name
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        scores = score_features(load_model(model), features, threads=threads, device=device)
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
    from gpunet.info import describe

    print(describe())


def _with_path(config: Path | None, betweenness: Betweenness | None, **asked: float | None) -> Config:
    """The configuration, with what the command line says of path features."""
    from dataclasses import replace

    from gpunet.config import load_config

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
    from gpunet.summary import summarise

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
    except KeyboardInterrupt:
        print("gpunet: interrupted", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)
