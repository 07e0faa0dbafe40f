"""A self-signed certificate for a trial with TLS: one key for scheduler, workers and client."""

from __future__ import annotations

import os
from pathlib import Path

from gpunet.base.errors import EngineError, InputError, cannot_write
from gpunet.base.paths import named_path
from gpunet.base.private import make_folder
from gpunet.tables.files import write_new

__all__ = ["CERTIFICATE", "KEY", "describe_use", "write_certificates"]

#: The files: the certificate signs itself, so it is also that of the authority.
CERTIFICATE, KEY = "cert.pem", "key.pem"


def write_certificates(folder: str | Path) -> tuple[Path, Path]:
    """Write ``cert.pem`` and ``key.pem``, good for a year, into a folder.

    Whoever has the key can join the cluster and run code on it, so the file can be read by its owner alone. It is for a
    trial: an installation that stays should have an authority of its own and a key for each machine.

    Parameters
    ----------
    folder
        Made if it is not there.

    Returns
    -------
    tuple
        The paths of certificate and key.

    Raises
    ------
    InputError
        If the folder cannot be made or already holds one of the files.
    EngineError
        If the packages of the extra ``cluster`` are missing.
    """
    try:
        from distributed.security import Security

        made = Security.temporary()
    except ImportError as error:
        raise EngineError(f'{error.name} is missing: pip install "gpunet[cluster]"') from error
    out = named_path(folder, "the folder for the certificates")
    certificate, key = out / CERTIFICATE, out / KEY
    for path in (certificate, key):
        if os.path.lexists(path):
            raise InputError(f"{path} is there already, and is not written over: give another folder")
    try:
        make_folder(out)
        for path, text, mode in ((certificate, made.tls_ca_file, 0o644), (key, made.tls_client_key, 0o600)):
            write_new(path, text, mode)
    except OSError as error:
        raise cannot_write(f"cannot write certificates into {out}", error) from error
    return certificate, key


def describe_use(certificate: Path, key: Path) -> str:
    """The settings of scheduler, workers and gpunet that name the files, for a user to copy."""
    cert, secret = certificate.resolve(), key.resolve()
    options = f"--tls-ca-file {cert} --tls-cert {cert} --tls-key {secret}"
    return (
        "For a trial; whoever has the key can run code on the cluster. Copy both files to every machine, then\n\n"
        f"  dask scheduler --protocol tls {options}\n"
        f"  dask worker tls://HOST:8786 {options}\n\n"
        "and in the configuration, for --cluster tls://HOST:8786\n\n"
        f'  [cluster]\n  tls_ca = "{cert}"\n  tls_cert = "{cert}"\n  tls_key = "{secret}"'
    )
