"""``gpunet review``: whether the sealed scores of a run may be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gpunet.cli.console import say
from gpunet.cli.options import path_of

__all__ = ["review"]


def review(
    run: Annotated[
        Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a complete run, or of flags.")
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")],
    decision: Annotated[
        Literal["approve", "reject"], typer.Option("--decision", help="Whether the scores may be opened.")
    ],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why.")],
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Make the report again, which a decision removes.")
    ] = True,
) -> None:
    """Decide whether the sealed scores of a run, or flags, may be opened; that stands in run.json and in the log."""
    from gpunet.base.private import sharing
    from gpunet.cli.reports import report_of_run
    from gpunet.cli.running import RUN_FILES
    from gpunet.governance.noted import noted, persons_of
    from gpunet.governance.review import ReviewFolder
    from gpunet.runs.sealed import SEALED, sealable_words
    from gpunet.runs.share import share_of_run

    with sharing(share_of_run(run)), ReviewFolder(run, RUN_FILES) as folder:
        folder.decide(by, decision, note, lambda: noted(run, "alteration", persons_of(folder.manifest)))
    if " ".join(by.split()).casefold() != folder.reviewer.casefold():
        say(f'--by is not the reviewer that the configuration names, "{folder.reviewer}": both stand in run.json')
    if decision == "approve":
        say(f"opened: {', '.join(sorted(name.removesuffix(SEALED) for name in folder.manifest['sealed']))}")
    else:
        say(f"the {sealable_words(folder.manifest)} stay sealed; the decision stands in run.json")
    if folder.audience is None:
        if folder.lacks_report:
            say(f"a review before this one removed the report: gpunet report {run} makes it again")
    elif not report:
        say(f"the report told of the run before this decision and is removed: gpunet report {run} makes it again")
    elif (page := report_of_run(run, audience="public" if folder.audience == "public" else "analyst")) is not None:
        say(f"report    {page}")
