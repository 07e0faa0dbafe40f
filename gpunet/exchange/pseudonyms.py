"""Pseudonyms: what stands for an id, the same for the same id, key and domain, and nothing else in common with it.

A pseudonym is the HMAC with SHA-256 (RFC 2104) of the kind of id and the id, as the reader understands it, under the
domain's key: its first 160 bits in 32 small letters and digits (base32, RFC 4648). They have no 0, so that no rule for
ids of ``[input] id_rules`` changes them, but for ``before``.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pyarrow as pa

from gpunet.exchange.keys import Key

__all__ = ["LENGTH", "PERSON", "Pseudonymiser"]

#: Characters of a pseudonym.
LENGTH = 32

_BYTES = 20

#: The kind of ids of persons, in whatever table.
PERSON = "person"


class Pseudonymiser:
    """Makes pseudonyms for a domain.

    Examples
    --------
    >>> of = Pseudonymiser(Key(bytes(range(32))), "study")
    >>> of.pseudonym("person", "7")
    'hgyspet22lhckl3w2ldb2y5wljtja563'
    >>> of.pseudonym("person", "7") == of.pseudonym("incident", "7")
    False
    """

    def __init__(self, key: Key, domain: str) -> None:
        self._key = key.of_domain(domain)

    def pseudonym(self, kind: str, text: str) -> str:
        """That of one id."""
        kept = kind.encode()
        message = len(kept).to_bytes(4, "big") + kept + text.encode()
        digest = hmac.digest(self._key, message, "sha256")[:_BYTES]
        return base64.b32encode(digest).decode().lower()

    def of_texts(self, kind: str, texts: Any) -> pa.Array:
        """Those of the ids of a PyArrow array, null where one is null."""
        found = [None if text is None else self.pseudonym(kind, text) for text in texts.to_pylist()]
        return pa.array(found, pa.string())
