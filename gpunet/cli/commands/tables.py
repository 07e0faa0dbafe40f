"""``gpunet synth`` and ``gpunet check``: tables made up, and tables looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError, cannot_write
from gpunet.cli.console import compiling_noticed, notice, say
from gpunet.cli.options import ConfigFile, Inputs, ShowValues

__all__ = ["check", "synth"]


def check(
    inputs: Inputs = None,
    config: ConfigFile = None,
    write_config: Annotated[
        Path | None, typer.Option("--write-config", help="Write the proposed configuration to this file, a new one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that was found as JSON.")] = False,
    show_values: ShowValues = False,
) -> None:
    """Read tables, tell what would go wrong, and propose a configuration; nothing is computed."""
    from gpunet.base.printable import printable
    from gpunet.base.progress import console_progress
    from gpunet.base.shapes import values_shown
    from gpunet.cli.check import check_tables, describe_check, less_rare_texts

    if not inputs:
        raise InputError("no input: name the tables to check")
    if write_config is not None and write_config.exists():
        raise InputError(f"--write-config {write_config}: there is such a file already; name a new one")
    with values_shown(show_values), console_progress() as progress, compiling_noticed():
        found, proposed = check_tables(inputs, config, progress=progress)
        found = less_rare_texts(found)
    say(json.dumps(found, indent=2, ensure_ascii=False) if as_json else describe_check(found))
    if write_config is not None:
        try:
            write_config.write_text(printable(proposed), encoding="utf-8")
        except OSError as error:
            raise cannot_write(f"--write-config: cannot write {write_config}", error) from error
        notice(f"proposed configuration: {write_config}")
    elif not as_json:
        say(f"\n{proposed.rstrip()}")


def synth(
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables: new or empty.")],
    persons: Annotated[int, typer.Option("--persons", min=100, help="Persons in the network.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same tables.")] = 1,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Write each file in another way, and the configuration that reads them.")
    ] = False,
) -> None:
    """Write synthetic arrest tables, shaped like the paper's: Parquet, a file a force and month."""
    from gpunet.base.progress import console_progress
    from gpunet.synthetic import write_dirty_tables, write_tables

    with console_progress() as progress, compiling_noticed():
        write = write_dirty_tables if dirty else write_tables
        summary = write(out, persons=persons, seed=seed, progress=progress)
    read = f"\nread with: gpunet check {out / 'tables'} --config {out / 'config.toml'}" if dirty else ""
    say(f"{summary}\nwritten to {out}{read}")
