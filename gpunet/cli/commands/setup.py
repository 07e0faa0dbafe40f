"""``gpunet info`` and ``gpunet certificates``: what is installed here, and what a cluster needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.console import say
from gpunet.cli.options import path_of

__all__ = ["certificates", "info"]


def certificates(
    out: Annotated[
        Path, typer.Option("--out", parser=path_of("--out"), help="Folder for the two files; made if it is not there.")
    ],
) -> None:
    """Make a self-signed certificate, to try a cluster with TLS."""
    from gpunet.cluster.certificates import describe_use, write_certificates

    say(describe_use(*write_certificates(out)))


def info() -> None:
    """Show versions and engines, and what is missing for the GPU."""
    from gpunet.cli.info import describe

    say(describe())
