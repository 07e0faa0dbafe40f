"""The SHA-256 that a model file carries of itself, so that damage is found before XGBoost reads a byte of it.

XGBoost's reader trusts what it reads: damaged bytes crash the process. So the hash is looked for in the raw bytes. It
is an attribute of the booster like any other, and the file one that XGBoost alone can read. It is taken over the whole
file, metadata and trees, with zeros in its own place.
"""

from __future__ import annotations

import hashlib

__all__ = ["SEAL", "UNSEALED", "is_sealed", "is_whole", "sealed"]

#: The attribute that holds the hash.
SEAL = "gpunet_sha256"

#: What it holds while the file is hashed.
UNSEALED = "0" * 64


def _field(key: str, length: int) -> bytes:
    """How a text of that length begins in XGBoost's UBJSON, with its key."""
    return b"L%b%bSL%b" % (len(key).to_bytes(8, "big"), key.encode(), length.to_bytes(8, "big"))


_FIELD = _field(SEAL, len(UNSEALED))


def sealed(file: bytes) -> bytes:
    """The file of a booster whose attribute :data:`SEAL` is :data:`UNSEALED`, with the hash in its place."""
    start = _place(file)
    if start is None:
        raise ValueError(f"a model file without a place for {SEAL}")
    return file[:start] + _digest(file, start) + file[start + len(UNSEALED) :]


def is_sealed(file: bytes) -> bool:
    """Whether the file carries a hash."""
    return _place(file) is not None


def is_whole(file: bytes) -> bool:
    """Whether the file carries a hash and has the bytes that it was made with."""
    start = _place(file)
    return start is not None and file[start : start + len(UNSEALED)] == _digest(file, start)


def _place(file: bytes) -> int | None:
    """Where the hash begins. The length of texts and the zero bytes in it keep the field out of any other text."""
    found = file.find(_FIELD)
    return None if found < 0 else found + len(_FIELD)


def _digest(file: bytes, start: int) -> bytes:
    view = memoryview(file)
    digest = hashlib.sha256(view[:start])
    digest.update(UNSEALED.encode())
    digest.update(view[start + len(UNSEALED) :])
    return digest.hexdigest().encode()
