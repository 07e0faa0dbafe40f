"""Whether the bytes of a text column are UTF-8, by operations over arrays: text on a device is checked there."""

from __future__ import annotations

from typing import Any

from gpunet.tables import arrays

__all__ = ["is_utf8"]

#: Bytes that are looked at at a time.
_STEP = 1 << 26


def is_utf8(data: Any, sizes: Any) -> bool:
    """Whether each text is UTF-8 (RFC 3629: shortest form, no surrogates, nothing past U+10FFFF).

    `data` is uint8, the texts after each other; `sizes` are their numbers of bytes, and add up to its length.
    """
    xp = arrays.namespace(data, sizes)
    if not data.shape[0]:
        return True
    begins = xp.cumulative_sum(sizes, dtype=xp.int64, include_initial=True)[:-1]
    first = data[begins[sizes > 0]]
    if bool(xp.any((first >= 0x80) & (first < 0xC0))):
        return False
    none = xp.zeros(3, dtype=xp.uint8)
    around = xp.concat([none, data, none])
    stop = around.shape[0]
    return all(_follows(around[lo : min(lo + _STEP + 3, stop)]) for lo in range(0, stop - 3, _STEP))


def _follows(data: Any) -> bool:
    """Whether each byte but the first three may stand after the three before it."""
    xp = arrays.namespace(data)
    third, second, last, byte = data[:-3], data[1:-2], data[2:-1], data[3:]
    continues = (byte >= 0x80) & (byte < 0xC0)
    wrong = continues != ((last >= 0xC0) | (second >= 0xE0) | (third >= 0xF0))
    wrong = wrong | (byte == 0xC0) | (byte == 0xC1) | (byte >= 0xF5)
    wrong = wrong | ((last == 0xE0) & (byte < 0xA0)) | ((last == 0xED) & (byte >= 0xA0))
    wrong = wrong | ((last == 0xF0) & (byte < 0x90)) | ((last == 0xF4) & (byte >= 0x90))
    return not bool(xp.any(wrong))
