"""``gpunet pseudonymise`` and ``gpunet key``: tables for others in which pseudonyms stand for ids, and their keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import typer

from gpunet.base.errors import InputError
from gpunet.cli.console import compiling_noticed, notice, say
from gpunet.cli.options import ConfigFile, Inputs, ShowValues, Ties, Victims, path_of

__all__ = ["key", "pseudonymise"]

key = typer.Typer(
    help="Make keys of pseudonyms and of signatures, show their fingerprints, change them.", no_args_is_help=True
)

_KeyFile = Annotated[Path, typer.Argument(metavar="FILE", parser=path_of("FILE"), help="The key.")]


def pseudonymise(
    inputs: Inputs = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", parser=path_of("--key"), help="The key: 32 random bytes or more."),
    ] = None,
    domain: Annotated[
        str, typer.Option("--domain", metavar="NAME", help="What it is for: others have other pseudonyms.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", parser=path_of("--out"), help="Folder for the tables: new or empty.")
    ] = None,
    dates: Annotated[
        Literal["day", "week", "month"],
        typer.Option("--dates", help="Days as they are, or the first of their week or month."),
    ] = "day",
    rows: Annotated[
        Literal["as-they-are", "shuffled"] | None,
        typer.Option(
            "--rows",
            help="In the order of each file, or in one that the key alone tells; shuffled by default with weeks and "
            "months.",
        ),
    ] = None,
    config: ConfigFile = None,
    ties: Ties = None,
    victims: Victims = None,
    show_values: ShowValues = False,
) -> None:
    """Write tables with pseudonyms in place of the ids of persons and incidents, to be joined with those of others."""
    from gpunet.base.shapes import values_shown
    from gpunet.cli.exchange import describe_written
    from gpunet.cli.jobs import with_beside
    from gpunet.cli.progress import console_progress
    from gpunet.config.config import load_config
    from gpunet.exchange.keys import domain_named, read_key
    from gpunet.exchange.written import pseudonymise as write

    if not inputs:
        where = " before --ties and --victims, or after --" if ties or victims else ""
        raise InputError(f"no input: name the tables of arrests{where}")
    if key_file is None:
        raise InputError("no --key: name the file of a key; gpunet key new FILE makes one")
    if out is None:
        raise InputError("no --out: name a folder for the tables")
    domain_named(domain)
    secret = read_key(key_file)
    for warning in secret.warnings:
        notice(f"warning: {warning}")
    with values_shown(show_values), console_progress() as progress, compiling_noticed():
        settings = with_beside(load_config(config), ties, victims)

        def told(kind: str, done: int, of: int) -> None:
            if progress is not None:
                progress(f"pseudonyms: {kind}", float(done), float(of))

        written = write(inputs, settings, secret, domain, out, dates=dates, rows=rows, told=told)
    for warning in dict.fromkeys(written.warnings):
        notice(f"warning: {warning}")
    say(describe_written(written, out), indent=11)


@key.command()
def new(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", parser=path_of("FILE"), help="A file that is not there.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", parser=path_of("--out"), help="The same as FILE.")] = None,
    signing: Annotated[
        bool, typer.Option("--signing", help="A key of signatures (Ed25519, PEM), and FILE.pub for those who check.")
    ] = False,
) -> None:
    """Make a key that its owner alone may read."""
    from gpunet.exchange.keys import new_key, new_signing_key, public_name

    path = file or out
    if path is None or (file is not None and out is not None and file != out):
        raise InputError("name one file for the key: gpunet key new FILE")
    if signing:
        say(f"fingerprint {new_signing_key(path)}")
        say(f"{path} signs and is yours alone; {public_name(path)} is for those who check")
        return
    say(
        f"fingerprint {new_key(path).fingerprint}\nwritten to {path}: whoever has it can find out whom a pseudonym "
        "stands for, so hand it over by another way than the tables"
    )


@key.command()
def show(
    file: _KeyFile,
    domain: Annotated[
        str | None, typer.Option("--domain", metavar="NAME", help="Show also what is equal where key and domain are.")
    ] = None,
) -> None:
    """Show the fingerprint of a key, and never the key."""
    from gpunet.exchange.keys import domain_named, read_key, signing_fingerprint

    if (found := signing_fingerprint(file)) is not None:
        if domain is not None:
            raise InputError(f"--domain: {file} is a key of signatures, which knows no domains")
        say(f"fingerprint {found} (a key of signatures)")
        return
    secret = read_key(file)
    for warning in secret.warnings:
        notice(f"warning: {warning}")
    say(f"fingerprint {secret.fingerprint}")
    if domain is not None:
        say(f"check       {secret.domain_check(domain)} (of this key and the domain {domain_named(domain)})")


@key.command()
def rotate(
    file: _KeyFile,
    tables: Annotated[
        list[str] | None,
        typer.Argument(metavar="FOLDER...", help="Folders in which tables of the old key are looked for."),
    ] = None,
) -> None:
    """Put a new key in the place of an old one, which is kept as FILE.FINGERPRINT."""
    from gpunet.base.paths import named_path
    from gpunet.exchange.found import tables_of_key
    from gpunet.exchange.keys import rotate_key

    folders = [named_path(folder, "FOLDER") for folder in tables or ()]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder")
    old, new_one, kept = rotate_key(file)
    say(f"new key {new_one.fingerprint} in {file}\nold key {old.fingerprint}, kept as {kept}")
    say(
        "Tables of the old key cannot be joined with those of the new one: whoever made some has to make them again. "
        "Delete the old key when nobody needs it to find out whom its pseudonyms stand for."
    )
    for folder in folders:
        found = tables_of_key(folder, old.fingerprint)
        say("\n".join([f"{folder}: {len(found):,} to be made again", *(f"  {line}" for line in _by_folder(found))]))


def _by_folder(tables: list[Path]) -> Iterator[str]:
    """The tables, those of one folder in one line."""
    for folder, of in groupby(tables, key=lambda path: path.parent):
        first, *more = of
        yield f"{folder}: {1 + len(more):,} tables" if more else str(first)
