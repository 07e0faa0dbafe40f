"""``gpunet package``: a complete run as one signed file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunet.cli.options import path_of

__all__ = ["package"]


def package(
    run: Annotated[Path, typer.Argument(parser=path_of("the run folder"), help="The folder of a complete run.")],
    sign: Annotated[
        Path,
        typer.Option("--sign", metavar="KEY", parser=path_of("--sign"), help="Ed25519 private key, PEM, to sign with."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="X.zip", parser=path_of("--out"), help="The package; a new file.")
    ],
    public: Annotated[
        bool, typer.Option("--public", help="For everybody: the public report and settings; no person, no table.")
    ] = False,
) -> None:
    """Pack a complete run into one signed file that anybody with the public key can verify."""
    from gpunet.cli.console import notice, say
    from gpunet.cli.packages import described
    from gpunet.packages.keys import read_private_key
    from gpunet.packages.package import package_run

    key = read_private_key(sign)
    found = package_run(run, key, out, described, public=public)
    for name in found.completed:
        notice(f"{name} was completed by hand, and is packed as it is now")
    say(f"{out}: {len(found.names):,} files, statement and signature, signed by the key {found.keyid}")
