"""The command line: its commands, and what its exit codes mean."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, NoReturn

import typer

from gpunet.base._version import __version__
from gpunet.base.errors import GpunetError
from gpunet.base.printable import printable
from gpunet.base.stopping import Stopped
from gpunet.cli.commands.runs import features, run
from gpunet.cli.commands.scores import score
from gpunet.cli.commands.setup import certificates, info
from gpunet.cli.commands.show import show
from gpunet.cli.commands.tables import check, synth

__all__ = ["app", "main"]

app = typer.Typer(
    help="Network features, models and scores from police arrest tables.",
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
) -> None:
    pass


for _command in (synth, check, features, run, score, show, certificates, info):
    app.command()(_command)


def main() -> NoReturn:
    """Run the command line; 0 done, 2 the user's to mend (one clear message), 1 anything else."""
    try:
        app(prog_name="gpunet")
    except GpunetError as error:
        _end(2, f"gpunet: {error}")
    except (OSError, Stopped) as error:
        _end(1, f"gpunet: {error}")
    except KeyboardInterrupt:
        _end(1, "gpunet: interrupted")
    except Exception:
        _end(1, traceback.format_exc().rstrip())
    sys.exit(0)


def _end(code: int, message: str) -> NoReturn:
    print(printable(message), file=sys.stderr)
    sys.exit(code)
