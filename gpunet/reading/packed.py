"""Several columns of codes as one, in the same order: what rows, keys and arrests are told apart by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gpunet.tables import arrays

__all__ = ["pack"]

_MOST = 1 << 62


def pack(columns: Iterable[tuple[Any, int]]) -> tuple[Any, int]:
    """int64[n] that compare as the rows of the columns do, and a number that all of them are below.

    Columns are pairs of codes and a number that these are below; codes are not negative. Where the product of the
    numbers grows too large for an integer, what is packed so far is coded anew by its distinct values.
    """
    key, size = None, 1
    for codes, n in columns:
        xp = arrays.namespace(codes)
        codes = xp.astype(codes, xp.int64, copy=False)
        if key is None:
            key, size = codes, max(n, 1)
            continue
        if size * max(n, 1) > _MOST:
            key, size = arrays.dense(key)
        if size * max(n, 1) > _MOST:
            codes, n = arrays.dense(codes)
        key, size = key * max(n, 1) + codes, size * max(n, 1)
    return key, size
