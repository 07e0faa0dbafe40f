"""A signed statement: DSSE (github.com/secure-systems-lab/dsse), version 1, with an in-toto statement as its payload.

What is signed is the payload with its type and both lengths before them, so that it can be taken for nothing else.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, StrictStr, TypeAdapter

from gpunet.packages.keys import key_id
from gpunet.runs.read_back import Damaged, require, valid, values_in

__all__ = ["PAYLOAD_TYPE", "Envelope", "enveloped", "opened", "pre_authentication"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class _Signature(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keyid: StrictStr
    sig: StrictStr


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    payload: StrictStr
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815 - as DSSE has it
    signatures: Annotated[list[_Signature], Field(min_length=1, max_length=1)]


_SCHEMA = TypeAdapter(_Stored)


@dataclass(frozen=True)
class Envelope:
    """What an envelope holds: the payload, who says to have signed it, and the signature; none of it is checked yet."""

    payload: bytes
    keyid: str
    signature: bytes

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the signature is that of the key's owner."""
        try:
            key.verify(self.signature, pre_authentication(self.payload))
        except InvalidSignature:
            return False
        return True


def pre_authentication(payload: bytes) -> bytes:
    """The bytes that are signed.

    Examples
    --------
    >>> from gpunet.packages.envelope import pre_authentication
    >>> pre_authentication(b"{}")
    b'DSSEv1 28 application/vnd.in-toto+json 2 {}'
    """
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def enveloped(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The envelope of a payload, signed: the same bytes for the same payload and key."""
    return _written(Envelope(payload, key_id(key.public_key()), key.sign(pre_authentication(payload))))


def opened(data: bytes) -> Envelope:
    """What an envelope holds.

    Raises
    ------
    Damaged
        If it is none, or not written as :func:`enveloped` does: every byte counts.
    """
    stored = valid(_SCHEMA, values_in(data), "its values")
    of = stored.signatures[0]
    try:
        found = Envelope(_decoded(stored.payload), of.keyid, _decoded(of.sig))
    except (binascii.Error, ValueError) as error:
        raise Damaged("its payload or its signature is no base64") from error
    require(_written(found) == data, "it is written in another way than packages are")
    return found


def _written(envelope: Envelope) -> bytes:
    values: dict[str, Any] = {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": envelope.keyid, "sig": base64.b64encode(envelope.signature).decode()}],
    }
    return json.dumps(values, indent=2).encode() + b"\n"


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
