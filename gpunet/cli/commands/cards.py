"""``gpunet cards``: public records, filled as far as a run can fill them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.options import path_of

__all__ = ["cards"]


def cards(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a complete run.")],
    audit: Annotated[
        Path | None,
        typer.Option(
            "--audit", parser=path_of("--audit"), help="Folder of an audit of the run; else looked for beside it."
        ),
    ] = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            "--evaluation",
            parser=path_of("--evaluation"),
            help="Folder of gpunet evaluate of the same tables; else looked for beside the run. May be given twice.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=path_of("--out"), help="Folder for the records, in place of the run's."),
    ] = None,
) -> None:
    """Write public records of a run: atrs.md, model_card.md, algo_care.md; what it cannot know is marked."""
    from gpunet.cli.console import say
    from gpunet.cli.records import write_cards

    for path in write_cards(run, audit=audit, evaluations=evaluation or (), out=out):
        say(str(path))
