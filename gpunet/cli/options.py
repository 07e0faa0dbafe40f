"""The options and arguments that commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from gpunet.base.paths import named_path


def path_of(option: str) -> Callable[[str], Path]:
    """What makes the path of an option's text; an empty one is an error, not the current folder."""

    def path(text: str) -> Path:
        return named_path(text, option)

    return path


Engine = Literal["auto", "cpu", "gpu"]
Betweenness = Literal["exact", "approx", "auto"]
ModelKind = Literal["xgboost", "random_forest"]
SideName = Literal["offender", "victim"]

Inputs = Annotated[
    list[str] | None,
    typer.Argument(help="Files (.parquet .csv .tsv .txt .xlsx .xls .ods .feather .arrow, or packed), folders, globs."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", parser=path_of("--out"), help="Folder for the results: new, empty, or of an earlier run."),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", parser=path_of("--config"), help="TOML configuration.")]
Ties = Annotated[
    list[str] | None,
    typer.Option(
        "--ties",
        metavar="FILE...",
        help="Tables of ties of other kinds than arrests; takes every word up to the next option.",
    ),
]
Victims = Annotated[
    list[str] | None,
    typer.Option("--victims", metavar="FILE...", help="Tables of victims; takes every word up to the next option."),
]
PersonLinks = Annotated[
    list[str] | None,
    typer.Option(
        "--person-links",
        metavar="FILE...",
        help="Links between ids of one person, of gpunet link; takes every word up to the next option.",
    ),
]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Only arrests before this day count.")
]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="No day is later than this.")]
Every = Annotated[str | None, typer.Option("--every", help="From one day to the next: 1mo, 2w, 30d, 1q, 1y. \\[1mo]")]
Horizon = Annotated[int | None, typer.Option("--horizon", min=1, help="Days to look ahead. [180]")]
Side = Annotated[
    SideName | None,
    typer.Option(
        "--side",
        help="What is forecast: offender, a violent arrest; victim, becoming a victim of violence (needs --victims). "
        "\\[offender]",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of every random choice. [1]")]
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
    typer.Option(
        "--resume",
        parser=path_of("--resume"),
        help="Go on with the unfinished run in this folder, as it was asked for; alone.",
    ),
]
StartOver = Annotated[
    bool,
    typer.Option(
        "--start-over",
        help="Drop what an unfinished run in the folder has finished; replace one that states another purpose, was "
        "reviewed, or had persons erased from it.",
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--start-over",
        help="Replace results there that state another purpose, were reviewed, or had persons erased from them.",
    ),
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Leave out files that cannot be read, and say which.")]
AllowIncomplete = Annotated[
    bool,
    typer.Option("--allow-incomplete", help="Accept an as-of day over a month after the last arrest of the data."),
]
ShowValues = Annotated[
    bool, typer.Option("--show-values", help="Let messages show what stands in cells, and not its shape alone.")
]
KeepState = Annotated[
    bool, typer.Option("--keep-state", help="Leave what was read in the folder too, for gpunet update: every arrest.")
]
Report = Annotated[bool, typer.Option("--report/--no-report", help="Make report.html beside the results.")]
CheckpointSeconds = Annotated[
    float | None,
    typer.Option("--checkpoint-seconds", min=0, help="Store what took so long or longer; 0: everything. \\[10]"),
]
