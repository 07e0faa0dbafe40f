"""The command line: its commands, and what its exit codes mean."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from gpunet.base._version import __version__
from gpunet.base.passing_folder import remove_dead
from gpunet.cli.commands.audit import audit
from gpunet.cli.commands.card import card
from gpunet.cli.commands.cards import cards
from gpunet.cli.commands.erase import erase
from gpunet.cli.commands.estimate import estimate
from gpunet.cli.commands.evaluate import evaluate
from gpunet.cli.commands.exchange import key, pseudonymise
from gpunet.cli.commands.flags import flags
from gpunet.cli.commands.link import link, link_review
from gpunet.cli.commands.log import log
from gpunet.cli.commands.package import package
from gpunet.cli.commands.panel import panel
from gpunet.cli.commands.places import places
from gpunet.cli.commands.report import report as make_report
from gpunet.cli.commands.retain import retain
from gpunet.cli.commands.review import review
from gpunet.cli.commands.runs import features, run
from gpunet.cli.commands.scores import score
from gpunet.cli.commands.setup import certificates, info
from gpunet.cli.commands.show import show
from gpunet.cli.commands.subject import subject
from gpunet.cli.commands.tables import check, synth
from gpunet.cli.commands.update import update
from gpunet.cli.commands.verify import verify
from gpunet.cli.ending import EXIT_CODES, debug_asked, nowhere, open_streams, report
from gpunet.cli.parsing import QuietCommand
from gpunet.cli.several import refuse_mere_words, repeated

__all__ = ["app", "main"]

#: What Typer ends with after SIGINT.
_INTERRUPTED = 130

app = typer.Typer(
    help="Network features, models and scores from police arrest tables.",
    epilog="Exit codes: " + ". ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(show: bool) -> None:
    if show:
        print(f"gpunet {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; anywhere on the line, or GPUNET_DEBUG=1.")
    ] = False,  # which main() has taken away before
) -> None:
    pass


for _command in (
    synth,
    check,
    estimate,
    features,
    run,
    update,
    panel,
    places,
    audit,
    flags,
    review,
    score,
    show,
    card,
    cards,
    link,
    pseudonymise,
    package,
    verify,
    retain,
    erase,
    subject,
    certificates,
    info,
):
    app.command(cls=QuietCommand)(_command)
app.command("report", cls=QuietCommand)(make_report)
app.command("link-review", cls=QuietCommand)(link_review)
app.add_typer(evaluate, name="evaluate")
app.add_typer(key, name="key")
app.add_typer(log, name="log")


def main() -> NoReturn:
    """Run the command line, and end with one of :data:`EXIT_CODES`."""
    open_streams()
    remove_dead()
    debug, arguments = debug_asked(sys.argv[1:])
    sys.exit(_code_of(arguments, debug))


def _code_of(arguments: list[str], debug: bool) -> int:
    try:
        try:
            arguments = repeated(arguments)
            refuse_mere_words(arguments)
            app(arguments, prog_name="gpunet")
        except SystemExit as ended:  # which Typer ends with, whatever it has said already
            if ended.code == _INTERRUPTED:
                raise KeyboardInterrupt from ended
            sys.stdout.flush()  # now, where an error can be told, and not when Python ends
            return ended.code if isinstance(ended.code, int) else 0
    except BrokenPipeError:  # whoever was to read it has seen enough
        sys.stdout = nowhere()  # or Python would complain of it at the end
        return 1
    except BaseException as error:
        code = report(error, debug)
        try:
            sys.stdout.flush()
        except OSError:  # the disk is full that standard output goes to, which has been said: Python would fail again
            sys.stdout = nowhere()
        return code
    return 0
