"""``gpunet places``: forecasts of places, beside the simple ones that police use."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from gpunet.cli.jobs import given, go_on, needed, options_of, work
from gpunet.cli.options import (
    CheckpointSeconds,
    ConfigFile,
    From,
    Inputs,
    KeepGoing,
    Out,
    Report,
    Resume,
    Seed,
    ShowValues,
    StartOver,
    Threads,
    To,
)

__all__ = ["places"]


def places(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    unit: Annotated[
        Literal["beat", "district", "cell"] | None,
        typer.Option("--unit", help="What a place is; cell: an H3 cell by latitude and longitude. \\[beat]"),
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", help="From one forecast to the next: 1w, 1mo, 30d, 1q, 1y. \\[1w]")
    ] = None,
    start: From = None,
    end: To = None,
    horizon: Annotated[
        int | None, typer.Option("--horizon", min=1, help="Days to look ahead; up to the next forecast if not given.")
    ] = None,
    resolution: Annotated[int | None, typer.Option("--resolution", help="Of cells: H3's resolution. [9]")] = None,
    seed: Seed = None,
    threads: Threads = None,
    resume: Resume = None,
    start_over: StartOver = False,
    keep_going: KeepGoing = False,
    checkpoint_seconds: CheckpointSeconds = None,
    show_values: ShowValues = False,
    report: Report = True,
) -> None:
    """Forecast violent arrests by beat, district or H3 cell, and measure what the highest forecasts find.

    Patrols make arrests: a forecast of places that is trained on arrests follows patrols.
    """
    from gpunet.cli.places import run_places
    from gpunet.config.config import load_config

    options = options_of("cpu", threads, None, checkpoint_seconds, start_over, keep_going, show_values, report=report)
    if resume is not None:
        go_on(context, "places", resume, options)
        return
    tables, out = needed(inputs, out, config)
    loaded = load_config(config)
    asked = given(
        {
            "unit": unit,
            "every": every,
            "start": start.date() if start else None,
            "end": end.date() if end else None,
            "horizon_days": horizon,
            "resolution": resolution,
            "seed": seed,
        }
    )
    settings = replace(loaded, places=replace(loaded.places, **asked))
    work("places", out, settings, options, lambda options: run_places(tables, out, settings, None, options))
