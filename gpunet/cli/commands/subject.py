"""``gpunet subject``: all that is held of one person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError, cannot_write
from gpunet.base.paths import refuse_inside, refuse_taken
from gpunet.cli.options import path_of

__all__ = ["subject"]


def subject(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a complete run.")],
    person: Annotated[str, typer.Option("--person", metavar="ID", help="The id, as results write it.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=path_of("--out"), help="A new file for it; standard output if not given."),
    ] = None,
) -> None:
    """Tell all that a run holds of one person, as JSON, for whoever asks for their data."""
    import json

    from gpunet.cli.console import put, say
    from gpunet.cli.progress import console_progress
    from gpunet.cli.subjects import subject_access
    from gpunet.governance.noted import noted
    from gpunet.governance.wanted import is_id
    from gpunet.runs.folder import MANIFEST
    from gpunet.tables.files import write_whole

    if not is_id(person):
        raise InputError("--person is empty, or a force without an id: give the id as results write it")
    if out is not None:
        refuse_taken(out, "--out")
        refuse_inside(out, MANIFEST, "--out")
    with console_progress() as progress:
        found = subject_access(run, person, progress)
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    noted(run, "consultation" if out is None else "disclosure", 1)
    if out is None:
        put(text)
        return

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")

    try:
        write_whole(out, write)
    except OSError as error:
        raise cannot_write(f"cannot write {out}", error) from error
    say(str(out))
