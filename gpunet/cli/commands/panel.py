"""``gpunet panel``: features and labels as of many days, for other models."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from gpunet.cli.jobs import given, go_on, needed, options_of, with_beside, work
from gpunet.cli.options import (
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
    Resume,
    ShowValues,
    StartOver,
    Threads,
    Ties,
    To,
    Victims,
)

__all__ = ["panel"]


def panel(
    context: typer.Context,
    inputs: Inputs = None,
    out: Out = None,
    config: ConfigFile = None,
    ties: Ties = None,
    victims: Victims = None,
    person_links: PersonLinks = None,
    every: Every = None,
    start: From = None,
    end: To = None,
    unit: Annotated[
        Literal["person", "beat", "district", "gang", "force"] | None,
        typer.Option("--unit", help="What a row is. \\[person]"),
    ] = None,
    horizon: Horizon = None,
    verify: Annotated[
        int | None,
        typer.Option("--verify", help="Compute so many snapshots again from tables that end before their day. [0]"),
    ] = None,
    engine: EngineOption = "auto",
    threads: Threads = None,
    cluster: Cluster = None,
    resume: Resume = None,
    start_over: StartOver = False,
    keep_going: KeepGoing = False,
    checkpoint_seconds: CheckpointSeconds = None,
    show_values: ShowValues = False,
) -> None:
    """Compute features and labels as of many days, as other teams' models take them."""
    from gpunet.cli.panels import run_panel
    from gpunet.config.config import load_config

    options = options_of(engine, threads, cluster, checkpoint_seconds, start_over, keep_going, show_values)
    if resume is not None:
        go_on(context, "panel", resume, options)
        return
    tables, out = needed(inputs, out, config, ties, victims, person_links)
    loaded = with_beside(load_config(config), ties, victims, person_links)
    asked = given(
        {
            "start": start.date() if start else None,
            "end": end.date() if end else None,
            "every": every,
            "unit": unit,
            "horizon_days": horizon,
            "verify": verify,
        }
    )
    settings = replace(loaded, panel=replace(loaded.panel, **asked))
    work("panel", out, settings, options, lambda options: run_panel(tables, out, settings, None, options))
