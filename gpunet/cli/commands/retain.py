"""``gpunet retain``: which runs are kept too long, and their deletion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunet.cli.options import path_of

if TYPE_CHECKING:
    from gpunet.governance.retention import Retained

__all__ = ["retain"]


def retain(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", parser=path_of("DIR"), help="The folder that holds the runs.")
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Delete what is listed as due: runs, unfinished runs, packages, files.")
    ] = False,
    reviews: Annotated[
        list[str] | None,
        typer.Option(
            "--reviews",
            metavar="FILE...",
            help="Tables of person_id and review_due; reviews.parquet or reviews.csv in DIR if not given.",
        ),
    ] = None,
) -> None:
    """List the runs that are past retain_until, or hold persons whose review is due; delete them with --apply."""
    from datetime import date

    from gpunet.cli.console import say
    from gpunet.cli.running import RUN_FILES
    from gpunet.governance.retention import erase_due, read_reviews, retained_under, reviews_in

    named = reviews or reviews_in(folder)
    found = retained_under(folder, date.today(), read_reviews(named) if named else {})
    told = [each for each in found if each.why]
    if told:
        _print(folder, told)
    kept = len(found) - sum(each.is_due for each in found)
    say(
        f"{len(found) - kept} of {len(found)} runs, unfinished runs, packages and other files are due"
        + ("" if named else _NO_REVIEWS)
    )
    if not apply:
        return
    erased, left, others = erase_due(found, RUN_FILES)
    for line in erased:
        say(f"erased  {line}", indent=8)
    for line in others:
        say(f"yours   {line}", indent=8)
    for line in left:
        say(f"left    {line}", indent=8)
    if others and not left:
        say("all that was due is gone; files that no run has written are still there: look at them")
    if left:
        raise typer.Exit(1)


_NO_REVIEWS = "; without a table of reviews (--reviews) no review is looked at"


def _print(folder: Path, told: list[Retained]) -> None:
    import pyarrow as pa

    from gpunet.cli.show import print_table

    rows = [
        {
            "folder": str(each.held.path.relative_to(folder)),
            "command": each.held.command
            if each.held.kind == "run"
            else f"{each.held.command} ({each.held.kind})".strip(),
            "as_of": each.held.as_of,
            "retain_until": each.held.retain_until,
            "persons": each.persons,
            "reviews_due": each.reviews_due,
            "why": each.why,
        }
        for each in told
    ]
    print_table(pa.Table.from_pylist(rows))
