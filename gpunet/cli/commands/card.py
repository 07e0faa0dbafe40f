"""``gpunet card``: one page about one score."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from gpunet.base.errors import InputError, cannot_write, in_words
from gpunet.base.paths import check_target, path_named, read_regular, refuse_inputs, refuse_inside
from gpunet.cli.console import say
from gpunet.cli.options import path_of

__all__ = ["card"]

#: No page of ours is larger.
_MOST_BYTES = 1 << 24


def card(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a gpunet run.")],
    person: Annotated[str, typer.Option("--person", help="The id of a person scored by it.")],
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="The page to write.")] = Path("card.html"),
) -> None:
    """Write one page about one score: what it says, what it rests on, what would change it."""
    from gpunet.base.private import make_folder
    from gpunet.cli.progress import console_progress
    from gpunet.governance.noted import noted
    from gpunet.report.audience import Audience
    from gpunet.report.card import card_page
    from gpunet.report.page import rendered
    from gpunet.runs.complete import read_manifest
    from gpunet.runs.described import files_read
    from gpunet.tables.files import write_whole

    read = files_read(read_manifest(run).get("input", {}))
    _check_out(out, [path_named(file["name"]) for file in read])
    with console_progress() as progress:
        page = rendered(card_page(run, person, progress), Audience())
    try:
        make_folder(out.parent)
    except OSError as error:
        raise cannot_write(f"--out {out}: cannot make its folder", error) from error
    noted(run, "consultation", 1)
    try:
        write_whole(out, lambda path: path.write_bytes(page.html))
    except OSError as error:
        raise cannot_write(f"cannot write {out}", error) from error
    say(str(out))


def _check_out(out: Path, inputs: Iterable[str]) -> None:
    """Refuse to write anything but a page, and to replace anything but a card of an earlier time."""
    from gpunet.report.card import TITLE
    from gpunet.runs.folder import MANIFEST

    if out.is_dir():
        raise InputError(f"--out {out} is a folder: give the name of a page, such as card.html")
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--out {out}: a card is a page for a browser: give a name that ends in .html")
    refuse_inside(out, MANIFEST, "--out")
    refuse_inputs(out, inputs)
    try:
        check_target(out)
        before = read_regular(out, _MOST_BYTES) if out.exists() else None
    except OSError as error:
        raise InputError(f"--out {out}: {in_words(error)}; give the name of a page") from error
    if before is not None and not (b'content="gpunet ' in before and f"<title>{TITLE}".encode() in before):
        raise InputError(f"--out {out}: that file is there and is no card, so it is not replaced: name another")
