"""``gpunet estimate``: what features of tables would cost, before they are computed."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gpunet.base.errors import InputError
from gpunet.cli.console import columns_of_terminal, compiling_noticed, notice, say
from gpunet.cli.options import AsOf, ConfigFile, Inputs, ShowValues

__all__ = ["estimate"]


def estimate(
    inputs: Inputs = None,
    config: ConfigFile = None,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
    show_values: ShowValues = False,
) -> None:
    """Read tables, and tell how long their features would take and how much memory; no feature is computed."""
    from gpunet.base.shapes import values_shown
    from gpunet.cli.estimate import describe_estimate, estimate_tables
    from gpunet.cli.progress import console_progress

    if not inputs:
        raise InputError("no input: name the tables to read")
    day = as_of.date() if as_of else None
    with values_shown(show_values), console_progress() as progress, compiling_noticed():
        found = estimate_tables(inputs, config, day, progress=progress, notice=notice)
    width = columns_of_terminal()
    if as_json:
        say(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        say(describe_estimate(found) if width is None else describe_estimate(found, width), indent=11)
