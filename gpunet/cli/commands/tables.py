"""``gpunet synth`` and ``gpunet check``: tables made up, and tables looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError, cannot_write
from gpunet.base.paths import refuse_taken
from gpunet.cli.console import compiling_noticed, notice, say
from gpunet.cli.options import ConfigFile, Inputs, PersonLinks, ShowValues, Ties, Victims, path_of

__all__ = ["check", "synth"]


def check(
    inputs: Inputs = None,
    config: ConfigFile = None,
    write_config: Annotated[
        Path | None,
        typer.Option(
            "--write-config",
            parser=path_of("--write-config"),
            help="Write the proposed configuration to this file, a new one.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that was found as JSON.")] = False,
    show_values: ShowValues = False,
    ties: Ties = None,
    victims: Victims = None,
    person_links: PersonLinks = None,
) -> None:
    """Read tables, tell what would go wrong, and propose a configuration; nothing is computed."""
    from gpunet.base.printable import printable
    from gpunet.base.shapes import values_shown
    from gpunet.cli.check import check_tables, describe_check, less_rare_texts
    from gpunet.cli.jobs import with_beside
    from gpunet.cli.progress import console_progress
    from gpunet.config.config import load_config
    from gpunet.tables.files import write_new

    if not inputs:
        options = "--ties, --victims and --person-links" if person_links else "--ties and --victims"
        where = f" of arrests before {options}, or after --" if ties or victims or person_links else " to check"
        raise InputError(f"no input: name the tables{where}")
    if write_config is not None:
        refuse_taken(write_config, "--write-config")
    with values_shown(show_values), console_progress() as progress, compiling_noticed():
        settings = with_beside(load_config(config), ties, victims, person_links)
        found, proposed = check_tables(inputs, settings, progress=progress, notice=notice)
        found = less_rare_texts(found)
    if as_json:
        say(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        say(describe_check(found), indent=11)
    if write_config is not None:
        try:
            write_new(write_config, printable(proposed))
        except OSError as error:
            raise cannot_write(f"--write-config: cannot write {write_config}", error) from error
        notice(f"proposed configuration: {write_config}")
    elif not as_json:
        say(f"\n{proposed.rstrip()}")


def synth(
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="Folder for the tables: new or empty.")],
    persons: Annotated[int, typer.Option("--persons", min=100, help="Persons in the network.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same tables.")] = 1,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Write each file in another way, and the configuration that reads them.")
    ] = False,
    further: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="NAME,NAME",
            help="Further tables beside the arrests, which then are in OUT/arrests: ties, victims.",
        ),
    ] = None,
) -> None:
    """Write synthetic arrest tables, shaped like the paper's: Parquet, a file a force and month."""
    from gpunet.cli.progress import console_progress
    from gpunet.synthetic import write_dirty_tables, write_tables

    names = [] if further is None else [name.strip() for name in further.split(",")]
    if dirty and further is not None:
        raise InputError("--with and --dirty do not go together: only tables of arrests are written in other ways")
    with console_progress() as progress, compiling_noticed():
        summary = (
            write_dirty_tables(out, persons=persons, seed=seed, progress=progress)
            if dirty
            else write_tables(out, persons=persons, seed=seed, progress=progress, further=names)
        )
    read = f"\nread with: gpunet check {out / 'tables'} --config {out / 'config.toml'}" if dirty else ""
    say(f"{summary}\nwritten to {out}{read}")
