"""Model files with something changed in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import xgboost as xgb

from gpunet.model.seal import SEAL, UNSEALED, sealed


def changed(file: bytes, metadata: Mapping[str, Any] | str, *, seal: bool = True) -> bytes:
    """A model file with these entries in its metadata, or this text in place of them; with its hash, or without one."""
    booster = xgb.Booster()
    booster.load_model(bytearray(file))
    if not isinstance(metadata, str):
        metadata = json.dumps({**json.loads(booster.attr("gpunet")), **metadata})
    booster.set_attr(**{"gpunet": metadata, SEAL: UNSEALED if seal else None})
    raw = bytes(booster.save_raw("ubj"))
    return sealed(raw) if seal else raw
