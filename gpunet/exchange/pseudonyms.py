"""Pseudonyms: what stands for an id, the same for the same id, key and domain, and nothing else in common with it.

A pseudonym is the HMAC with SHA-256 (RFC 2104) of the kind of id and the id, as the reader understands it, under the
domain's key: its first 160 bits in 32 small letters and digits (base32, RFC 4648). They have no 0, so that no rule for
ids of ``[input] id_rules`` changes them, but for ``before``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Int64
from gpunet.exchange.keys import Key

__all__ = ["LENGTH", "PERSON", "Pseudonymiser"]

#: Characters of a pseudonym.
LENGTH = 32

_BYTES = 20

#: The kind of ids of persons, in whatever table.
PERSON = "person"

#: What an order of rows is known as; no kind of ids is.
_ROWS = "order of rows"


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
        return base64.b32encode(self._digest(kind, text)[:_BYTES]).decode().lower()

    def order(self, of: str, rows: int) -> Int64:
        """int64[rows], an order of the rows of a table that only the key tells, always the same for the same `of`.

        Rows are sorted by 64 bits each, of SHAKE-256 (FIPS 202) under the HMAC of `of`.
        """
        drawn = hashlib.shake_256(self._digest(_ROWS, of)).digest(8 * rows)
        return np.argsort(np.frombuffer(drawn, ">u8"), kind="stable")

    def _digest(self, kind: str, text: str) -> bytes:
        kept = kind.encode()
        return hmac.digest(self._key, len(kept).to_bytes(4, "big") + kept + text.encode(), "sha256")

    def of_texts(self, kind: str, texts: Any) -> pa.Array:
        """Those of the ids of a PyArrow array, null where one is null."""
        found = [None if text is None else self.pseudonym(kind, text) for text in texts.to_pylist()]
        return pa.array(found, pa.string())
