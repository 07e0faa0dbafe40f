"""Ranges of sorted values, by bounds between them: which range is a text or a number in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gpunet.kernels.jit import njit
from gpunet.reading.columns import to_texts

__all__ = ["bounds_of", "range_of_numbers", "range_of_texts"]


def bounds_of(examples: Iterable[str] | Iterable[int], n: int) -> list[str] | list[int]:
    """At most n - 1 distinct bounds, ascending, that cut the examples into about equal ranges.

    Texts are ordered as UTF-8 orders their bytes, which is Python's order of texts too.
    """
    ordered = sorted(examples)
    places = (len(ordered) * k // n for k in range(1, n)) if ordered else ()
    return sorted({ordered[place] for place in places})  # type: ignore[return-value]


def range_of_numbers(values: NDArray[np.int64], bounds: Sequence[int]) -> NDArray[np.int64]:
    """int64[n], how many bounds are not greater than each value."""
    return np.searchsorted(np.array(bounds, np.int64), values, side="right")


def range_of_texts(values: pa.Array, bounds: Sequence[str]) -> NDArray[np.int64]:
    """int64[n], how many bounds are not greater than each text; `values` is ``large_string`` without nulls."""
    texts, cuts = to_texts(values), to_texts(pa.array(bounds, pa.large_string()))
    return _ranges(texts.data, texts.offsets, cuts.data, cuts.offsets)


@njit
def _ranges(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], cut_data: NDArray[np.uint8], cuts: NDArray[np.int64]
) -> NDArray[np.int64]:
    out = np.empty(len(offsets) - 1, dtype=np.int64)
    for i in range(len(out)):
        lo, hi = 0, len(cuts) - 1
        while lo < hi:
            middle = (lo + hi) // 2
            if _is_less(data, offsets[i], offsets[i + 1], cut_data, cuts[middle], cuts[middle + 1]):
                hi = middle
            else:
                lo = middle + 1
        out[i] = lo
    return out


@njit
def _is_less(a: NDArray[np.uint8], a_lo: int, a_hi: int, b: NDArray[np.uint8], b_lo: int, b_hi: int) -> bool:
    """Whether the bytes ``a[a_lo:a_hi]`` come before ``b[b_lo:b_hi]``."""
    for k in range(min(a_hi - a_lo, b_hi - b_lo)):
        if a[a_lo + k] != b[b_lo + k]:
            return bool(a[a_lo + k] < b[b_lo + k])
    return a_hi - a_lo < b_hi - b_lo
