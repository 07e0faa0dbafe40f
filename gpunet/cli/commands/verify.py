"""``gpunet verify``: whether a package is as it was signed, and whether its run comes out the same again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunet.base.errors import InputError
from gpunet.cli.options import PersonLinks, Threads, Ties, Victims, path_of

if TYPE_CHECKING:
    from gpunet.cli.replays import Replay, Replayed

__all__ = ["verify"]


def verify(
    package: Annotated[
        Path, typer.Argument(metavar="X.zip", parser=path_of("the package"), help="What gpunet package has written.")
    ],
    key: Annotated[
        Path,
        typer.Option(
            "--key", metavar="PUB", parser=path_of("--key"), help="Public key, PEM, of who is to have signed."
        ),
    ],
    replay: Annotated[
        list[str] | None,
        typer.Option(
            "--replay",
            metavar="INPUT...",
            help="Run it again on these tables, those of the run in their order, and compare every byte; takes every "
            "word up to the next option.",
        ),
    ] = None,
    ties: Ties = None,
    victims: Victims = None,
    person_links: PersonLinks = None,
    threads: Threads = None,
) -> None:
    """Verify a package without the network: exit 0 if every byte is as it was signed, else 2 and what differs."""
    from gpunet.cli.console import say
    from gpunet.cli.packages import verified_lines
    from gpunet.packages.keys import read_public_key
    from gpunet.packages.verify import verify_package

    if (ties or victims or person_links) and not replay:
        raise InputError(
            "--ties, --victims and --person-links say where tables of the run are for --replay: give that too"
        )
    found = verify_package(package, read_public_key(key))
    if found.differences:
        raise InputError("\n".join([f"{package} is not as it was signed:", *found.differences]))
    for line in verified_lines(package, found):
        say(line, indent=10)
    if not replay:
        return
    from gpunet.cli.replays import Replay, manifest_in

    asked = Replay(manifest_in(package, found), replay, ties or (), victims or (), person_links or ())
    again = _replayed(package, asked, threads)
    for note in again.notes:
        say(f"replay    {note}", indent=10)
    if again.differences:
        raise InputError("\n".join([f"{package}: its run does not come out the same:", *again.differences]))
    say(f"replay    the run made again has the same bytes in all of {again.same:,} files", indent=10)


def _replayed(package: Path, asked: Replay, threads: int | None) -> Replayed:
    """Run it again with its progress on the console."""
    from gpunet.base.stopping import raise_if_stopped, stoppable
    from gpunet.cli.jobs import options_of
    from gpunet.cli.plans import plan_of
    from gpunet.cli.progress import console_progress
    from gpunet.cli.replays import replay
    from gpunet.config.config import load_config

    options = options_of("cpu", threads, None, None, False, False, False)
    plan = plan_of(asked.manifest["gpunet"], load_config(asked.manifest["config"]))
    with stoppable("nothing of it is kept; give the same command again"), console_progress(plan=plan) as show:

        def progress(stage: str, done: float, total: float) -> None:
            raise_if_stopped()
            show(stage, done, total)

        return replay(package, asked, replace(options, progress=progress))
