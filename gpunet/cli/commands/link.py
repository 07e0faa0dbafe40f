"""``gpunet link`` and ``gpunet link-review``: ids of one person in two forces, and what somebody decides of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gpunet.base.errors import InputError
from gpunet.base.words import counted
from gpunet.cli.console import notice, say
from gpunet.cli.options import ConfigFile, ShowValues, path_of

__all__ = ["link", "link_review"]


def link(
    a: Annotated[str, typer.Argument(metavar="A", help="A table of persons: a file, a folder or a glob.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    on: Annotated[
        str,
        typer.Option("--on", metavar="NAME,NAME", help="Columns that tell who is who, two or more; none protected."),
    ],
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="The new file of links (Parquet).")],
    config: ConfigFile = None,
    min_probability: Annotated[
        float, typer.Option("--min-probability", help="Links that are less likely are left out.")
    ] = 0.5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random pairs.")] = 1,
    show_values: ShowValues = False,
) -> None:
    """Find ids in two tables that may be one person, by what both know of them; somebody has to decide."""
    from gpunet.base.shapes import values_shown
    from gpunet.cli.progress import console_progress
    from gpunet.exchange.link import link as link_tables

    with values_shown(show_values), console_progress() as progress:
        found = link_tables(
            a,
            b,
            on.split(","),
            out,
            config,
            min_probability=min_probability,
            seed=seed,
            progress=progress,
        )
    for at, name in enumerate("AB"):
        left = f"; {counted(found.without_id[at], 'row')} without an id left out" if found.without_id[at] else ""
        say(
            f"{name}         {counted(found.persons[at], 'person')} in {counted(found.records[at], 'record')}{left}",
            indent=10,
        )
    for name, how in found.compared.items():
        say(f"on        {name}: {how}", indent=10)
    for note in found.notes:
        say(f"note      {note}", indent=10)
    say(f"links     {found.links:,} of probability {min_probability} or more", indent=10)
    say(f"\nwritten to {out}\ndecide with: gpunet link-review {out} --list")


def link_review(
    file: Annotated[Path, typer.Argument(metavar="LINKS", parser=path_of("LINKS"), help="A file of gpunet link.")],
    person_a: Annotated[str | None, typer.Option("--person-a", metavar="ID", help="One id of the link.")] = None,
    person_b: Annotated[str | None, typer.Option("--person-b", metavar="ID", help="The other one.")] = None,
    decision: Annotated[
        Literal["yes", "no"] | None, typer.Option("--decision", help="yes: both are one person; no: they are not.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")] = "",
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why.")] = None,
    show_all: Annotated[bool, typer.Option("--list", help="Print every link that nobody has decided.")] = False,
    config: ConfigFile = None,
) -> None:
    """Decide whether the two ids of a link are one person; without a decision, print the next link to decide."""
    from gpunet.exchange.link_review import decide, undecided

    if decision is None:
        if person_a is not None or person_b is not None or by or note is not None:
            raise InputError("--decision: say yes or no, or leave out the other options to see what is to be decided")
        _show(undecided(file, config), show_all)
        return
    if person_a is None or person_b is None or show_all:
        raise InputError("--decision is of one link: name it with --person-a and --person-b, and leave out --list")
    left = decide(file, person_a, person_b, decision, by, note, config)
    notice(f"written to {file}; {left:,} links are still to be decided")


def _show(links: list[dict[str, object]], show_all: bool) -> None:
    """Print links as a table, the next one alone if not all are asked for."""
    if not links:
        notice("every link is decided")
        return
    say("\t".join(links[0]).replace("\t", "  "))
    for row in links if show_all else links[:1]:
        say("  ".join(str(value) for value in row.values()))
