"""Keys of pseudonyms, and of signatures: files that their owner alone may read; messages name fingerprints, never keys.

A key file of pseudonyms holds 32 random bytes or more. From it a key for each domain is derived by HKDF with SHA-256
(RFC 5869), and in another way the fingerprint, by which tables tell which key they were made with.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gpunet.base.errors import InputError, cannot_write, in_words
from gpunet.base.lock import held
from gpunet.base.paths import read_regular
from gpunet.base.private import set_mode
from gpunet.tables.files import write_new, write_whole

__all__ = [
    "Key",
    "domain_named",
    "new_key",
    "new_signing_key",
    "public_name",
    "read_key",
    "rotate_key",
    "signing_fingerprint",
]

#: Bytes of a new key, and the fewest that a key may have.
_SIZE = 32

#: No key is larger; a file that is was not meant.
_MOST_BYTES = 1 << 16

_OF_DOMAIN, _OF_FINGERPRINT, _OF_CHECK = b"gpunet pseudonyms 1\0", b"gpunet fingerprint 1", b"gpunet domain check 1\0"

#: Bytes of fingerprints: so few tell nothing of the key, and are enough to tell keys apart.
_FINGERPRINT = 10

_LONGEST_DOMAIN = 200

_PEM = b"-----BEGIN"


@dataclass(frozen=True)
class Key:
    """A key of pseudonyms; ``warnings`` are sentences on its file."""

    secret: bytes
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Key({self.fingerprint})"  # an error's traceback may show it

    @property
    def fingerprint(self) -> str:
        """By what the key is known: from here nothing leads back to it.

        Examples
        --------
        >>> Key(bytes(range(32))).fingerprint
        '1e115a0e61bfbdce9070'
        """
        return _derived(self.secret, _OF_FINGERPRINT, _FINGERPRINT).hex()

    def of_domain(self, domain: str) -> bytes:
        """The key of a domain: pseudonyms of two domains have nothing in common."""
        return _derived(self.secret, _OF_DOMAIN + domain_named(domain).encode(), _SIZE)

    def domain_check(self, domain: str) -> str:
        """What two forces compare to know that key and domain are the same."""
        return _derived(self.secret, _OF_CHECK + domain_named(domain).encode(), _FINGERPRINT).hex()


def _derived(secret: bytes, info: bytes, size: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret)


def domain_named(domain: str) -> str:
    """The name of a domain as it counts: trimmed, in Unicode's form NFC.

    Raises
    ------
    InputError
        If it is empty, too long, or has characters that are not shown.
    """
    name = unicodedata.normalize("NFC", domain.strip())
    if not name:
        raise InputError("--domain: the name is empty; name what the pseudonyms are for, such as knife-crime-2024")
    if len(name) > _LONGEST_DOMAIN or not name.isprintable():
        raise InputError(f"--domain: must be one line of at most {_LONGEST_DOMAIN} characters that can be shown")
    return name


def read_key(path: Path) -> Key:
    """Read a key of pseudonyms.

    Raises
    ------
    InputError
        If there is none, or it is too short, has equal bytes alone, or is a key of signatures.
    """
    secret = _read(path)
    if secret.startswith(_PEM):
        raise InputError(f"{path} is a key of signatures: make one of pseudonyms with gpunet key new")
    if len(secret) < _SIZE:
        raise InputError(
            f"{path}: a key has {_SIZE} random bytes or more, and this file has {len(secret)}: make one with gpunet "
            "key new"
        )
    if len(set(secret)) == 1:
        raise InputError(f"{path}: all bytes of this file are equal, so it is no key: make one with gpunet key new")
    return Key(secret, _read_by_others(path))


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise InputError(f"cannot read the key {path}: {in_words(error)}") from error


def _read_by_others(path: Path) -> tuple[str, ...]:
    if os.name != "posix" or not stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        return ()
    return (f"{path}: others than its owner may read this key: chmod 600, and rotate it if somebody may have",)


def new_key(path: Path) -> Key:
    """Write a new key of pseudonyms into a file that was not there.

    Raises
    ------
    InputError
        If there is such a file, or it cannot be made.
    """
    key = Key(secrets.token_bytes(_SIZE))
    _write(path, key.secret, 0o600)
    return key


def new_signing_key(path: Path) -> str:
    """Write a new key of signatures (Ed25519, PEM), and beside it ``.pub``, what others check these with.

    Returns
    -------
    str
        The fingerprint: the beginning of the SHA-256 of the public key.

    Raises
    ------
    InputError
        If one of the files is there, or cannot be made.
    """
    _refuse_taken(public_name(path))
    private = Ed25519PrivateKey.generate()
    _write(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    public = private.public_key()
    _write(public_name(path), public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return _of_public(public)


def public_name(path: Path) -> Path:
    """Where the public part of a key of signatures is."""
    return path.with_name(f"{path.name}.pub")


def signing_fingerprint(path: Path) -> str | None:
    """The fingerprint of a key of signatures, private or public; None if the file is not one.

    Raises
    ------
    InputError
        If it says that it is one and cannot be read.
    """
    data = _read(path)
    if not data.startswith(_PEM):
        return None
    try:
        found = load_pem_public_key(data) if b"PUBLIC KEY" in data else load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path}: not a PEM key that can be read without a password") from error
    if isinstance(found, Ed25519PrivateKey):
        return _of_public(found.public_key())
    if isinstance(found, Ed25519PublicKey):
        return _of_public(found)
    raise InputError(f"{path}: not a key of Ed25519: make one with gpunet key new --signing")


def _of_public(public: Ed25519PublicKey) -> str:
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[: 2 * _FINGERPRINT]


def rotate_key(path: Path) -> tuple[Key, Key, Path]:
    """Put a new key in the place of one, which is kept as ``.FINGERPRINT`` beside it.

    Of two who rotate a key at once the second waits and rotates the new one: no key is lost.

    Returns
    -------
    tuple
        The old key, the new one, and where the old one is kept.

    Raises
    ------
    InputError
        If there is no key, or a link to one, or the files cannot be written. Then the old one is where it was, alone;
        whoever is killed before the new one is there may give the command again.
    StorageError
        If another process has been rotating it for minutes.
    """
    read_key(path)  # or a lock would be left beside what is no key
    if path.is_symlink():
        raise InputError(f"{path} is a symbolic link: name the file that it leads to")
    with held(path, f"the key {path}"):
        return _rotated(path, read_key(path))


def _rotated(path: Path, old: Key) -> tuple[Key, Key, Path]:
    """As :func:`rotate_key`, by whoever alone rotates it."""
    kept = path.with_name(f"{path.name}.{old.fingerprint}")
    is_new = _keep(kept, old.secret)
    new = Key(secrets.token_bytes(_SIZE))
    try:
        write_whole(path, lambda partial: partial.write_bytes(new.secret))
    except BaseException as error:
        with suppress(OSError, InputError):  # the first error is the one to tell
            if is_new and _read(path) == old.secret:  # or what is kept is all that is left of it
                kept.unlink()
        if isinstance(error, OSError):
            raise cannot_write(f"cannot write {path}", error) from error
        raise
    return old, new, kept


def _keep(kept: Path, secret: bytes) -> bool:
    """Have a copy of a key on disk, for its owner alone; whether it is new.

    A whole one was left by a rotation that was killed, and stays. Of one that is not whole the key is where it was.
    """
    found = _read(kept) if kept.is_file() and not kept.is_symlink() else None
    if found == secret:
        try:
            with kept.open("rb+") as file:
                set_mode(file.fileno(), 0o600)
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(f"cannot write {kept}", error) from error
        return False
    if found is not None and secret.startswith(found):
        kept.unlink()
    _write(kept, secret, 0o600)
    return True


def _refuse_taken(path: Path) -> None:
    if os.path.lexists(path):
        raise InputError(f"{path}: there is such a file already, and no key is written over: name another")


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file that was not there."""
    _refuse_taken(path)
    try:
        write_new(path, data, mode)
    except (OSError, ValueError) as error:
        raise cannot_write(f"cannot write {path}", error) from error
