"""``gpunet synth``: arrest tables made up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["synth"]


def synth(
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables: new or empty.")],
    persons: Annotated[int, typer.Option("--persons", min=100, help="Persons in the network.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same tables.")] = 1,
) -> None:
    """Write synthetic arrest tables, shaped like the paper's: Parquet, a file a force and month."""
    from gpunet.base.progress import console_progress
    from gpunet.synthetic import write_tables

    with console_progress() as progress:
        summary = write_tables(out, persons=persons, seed=seed, progress=progress)
    print(f"{summary}\nwritten to {out}")
