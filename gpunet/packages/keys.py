"""Ed25519 keys as PEM files, as OpenSSL writes them: one signs packages, the other tells who has signed."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.exchange.keys import public_name

__all__ = ["PASSPHRASE", "key_id", "read_private_key", "read_public_key"]

#: The variable of the environment with the passphrase of a private key that is encrypted.
PASSPHRASE = "GPUNET_KEY_PASSPHRASE"

_MOST_BYTES = 1 << 16

_MAKE = "gpunet key new key.pem --signing"


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key in PKCS #8; if it is encrypted, with the passphrase in ``GPUNET_KEY_PASSPHRASE``.

    Raises
    ------
    InputError
        If it cannot be read, is none of Ed25519, or the passphrase does not fit.
    """
    data, passphrase = _bytes_of(path, "--sign"), os.environ.get(PASSPHRASE, "")
    try:
        encrypted = b"BEGIN ENCRYPTED PRIVATE KEY" in data
        key = load_pem_private_key(data, passphrase.encode() if encrypted and passphrase else None)
    except TypeError as error:  # it is encrypted and no passphrase was given
        raise InputError(f"--sign {path} is encrypted: give its passphrase in the variable {PASSPHRASE}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        why = f", or {PASSPHRASE} is not its passphrase" if passphrase else ""
        raise InputError(f"--sign {path} is no private key in PEM (PKCS #8){why}: make one by {_MAKE}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"--sign {path} is no Ed25519 key, which packages are signed with: make one by {_MAKE}")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key (SubjectPublicKeyInfo).

    Raises
    ------
    InputError
        If it cannot be read, or is none of Ed25519.
    """
    data = _bytes_of(path, "--key")
    if b"PRIVATE KEY" in data:
        raise InputError(f"--key {path} is a private key, which is for its owner alone: give {_public_of(path)}")
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"--key {path} is no public key in PEM: give {_public_of(path)}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"--key {path} is no Ed25519 key, which packages are signed with: give {_public_of(path)}")
    return key


def _public_of(path: Path) -> str:
    """Which key is wanted instead: the one beside the private one, or the like."""
    public = public_name(path)
    return f"{public if public.is_file() else 'the FILE.pub'}, which {_MAKE.replace('key.pem', 'FILE')} wrote"


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's DER (SubjectPublicKeyInfo), in hexadecimal.

    Examples
    --------
    >>> from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    >>> from gpunet.packages.keys import key_id
    >>> key_id(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key())[:16]
    '339e2ff917630507'
    """
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _bytes_of(path: Path, option: str) -> bytes:
    try:
        return read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise InputError(f"{option} {path}: this key cannot be read: {in_words(error)}") from error
