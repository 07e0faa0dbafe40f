"""The loops of coding: blank texts, hash tables over texts and rows, the order of texts. They know arrays only.

A text column is Arrow's layout: the bytes of all texts after each other, and offsets, one more than texts. Hash tables
are open addressing with linear probing over a power-of-two number of int32 slots: -1 is free, any other value is the
position of the entry. Contents are compared in full, so that a code never rests on a hash alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.jit import njit

__all__ = [
    "code_rows",
    "code_texts",
    "common_prefix",
    "gather_arrests",
    "is_present",
    "refill_rows",
    "refill_texts",
    "sort_tied",
    "stable_order",
    "words_at",
]


@njit
def _is_blank(data: NDArray[np.uint8], lo: int, hi: int) -> bool:
    """Whether all characters are white space as ``str.isspace`` has it (the empty text too)."""
    i = lo
    while i < hi:
        b = data[i]
        if b == 32 or 9 <= b <= 13 or 28 <= b <= 31:
            i += 1
        elif b == 0xC2 and i + 1 < hi and (data[i + 1] == 0x85 or data[i + 1] == 0xA0):
            i += 2
        elif i + 2 < hi and (
            (b == 0xE1 and data[i + 1] == 0x9A and data[i + 2] == 0x80)
            or (b == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] <= 0x8A or data[i + 2] in (0xA8, 0xA9, 0xAF)))
            or (b == 0xE2 and data[i + 1] == 0x81 and data[i + 2] == 0x9F)
            or (b == 0xE3 and data[i + 1] == 0x80 and data[i + 2] == 0x80)
        ):
            i += 3
        else:
            return False
    return True


@njit
def is_present(data: NDArray[np.uint8], offsets: NDArray[np.int64], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[n], whether a text is neither null nor blank."""
    out = np.empty(len(valid), dtype=np.bool_)
    for i in range(len(valid)):
        out[i] = valid[i] and not _is_blank(data, offsets[i], offsets[i + 1])
    return out


@njit
def _mix(h: np.uint64, word: np.uint64) -> np.uint64:
    h = (h ^ word) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))


@njit
def _word(data: NDArray[np.uint8], lo: int, n: int) -> np.uint64:
    """The `n` bytes at `lo`, most significant first, padded with zeros to eight."""
    word = np.uint64(0)
    at = np.uint64(lo)
    for i in range(np.uint64(n)):
        word |= np.uint64(data[at + i]) << (np.uint64(56) - np.uint64(8) * i)
    return word


@njit
def _hash_text(data: NDArray[np.uint8], lo: int, hi: int) -> np.uint64:
    # Unsigned indices spare the check for negative ones; the eight bytes then become one load.
    h = np.uint64(hi - lo) * np.uint64(0xBF58476D1CE4E5B9)
    at, end = np.uint64(lo), np.uint64(hi)
    while end - at >= np.uint64(8):
        word = np.uint64(0)
        for i in range(8):
            word |= np.uint64(data[at + np.uint64(i)]) << np.uint64(8 * i)
        h = _mix(h, word)
        at += np.uint64(8)
    word = np.uint64(0)
    while at < end:
        word = (word << np.uint64(8)) | np.uint64(data[at])
        at += np.uint64(1)
    h = _mix(h, word)
    return _mix(h, h >> np.uint64(32))


@njit
def _equal(a: NDArray[np.uint8], i: int, b: NDArray[np.uint8], j: int, n: int) -> bool:
    """Whether the `n` bytes of `a` at `i` are those of `b` at `j`."""
    p, q = np.uint64(i), np.uint64(j)
    for _ in range(n):
        if a[p] != b[q]:
            return False
        p += np.uint64(1)
        q += np.uint64(1)
    return True


@njit
def code_texts(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    wanted: NDArray[np.bool_],
    slots: NDArray[np.int32],
    texts: NDArray[np.uint8],
    ends: NDArray[np.int64],
    count: int,
    codes: NDArray[np.int32],
) -> int:
    """Write the code of each wanted text into `codes` (-1 where not wanted), adding new texts; return their number.

    `slots`, `texts` and `ends` must have room for the case that every text is new.
    """
    mask = np.uint64(len(slots) - 1)
    for i in range(len(wanted)):
        codes[i] = -1
        if not wanted[i]:
            continue
        lo, hi = offsets[i], offsets[i + 1]
        slot = _hash_text(data, lo, hi) & mask
        while True:
            code = slots[slot]
            if code < 0:
                start = ends[count]
                texts[start : start + hi - lo] = data[lo:hi]
                ends[count + 1] = start + hi - lo
                slots[slot] = codes[i] = count
                count += 1
                break
            if ends[code + 1] - ends[code] == hi - lo and _equal(texts, ends[code], data, lo, hi - lo):
                codes[i] = code
                break
            slot = (slot + np.uint64(1)) & mask
    return count


@njit
def refill_texts(texts: NDArray[np.uint8], ends: NDArray[np.int64], count: int, slots: NDArray[np.int32]) -> None:
    """Enter `count` texts into empty, larger `slots`."""
    mask = np.uint64(len(slots) - 1)
    for code in range(count):
        slot = _hash_text(texts, ends[code], ends[code + 1]) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = code


@njit
def _hash_row(rows: NDArray[Any], i: int) -> np.uint64:
    h = np.uint64(0x94D049BB133111EB)
    for k in range(rows.shape[1]):
        h = _mix(h, np.uint64(rows[i, k]))
    return _mix(h, h >> np.uint64(32))


@njit
def code_rows(
    rows: NDArray[np.int32],
    slots: NDArray[np.int32],
    stored: NDArray[np.int32],
    count: int,
    codes: NDArray[np.int32],
) -> int:
    """Code each row of integers, as :func:`code_texts` does texts. A row is new where its code is the count so far."""
    mask = np.uint64(len(slots) - 1)
    width = rows.shape[1]
    for i in range(len(rows)):
        slot = _hash_row(rows, i) & mask
        while True:
            code = slots[slot]
            if code < 0:
                for k in range(width):
                    stored[count, k] = rows[i, k]
                slots[slot] = codes[i] = count
                count += 1
                break
            k = 0
            while k < width and stored[code, k] == rows[i, k]:
                k += 1
            if k == width:
                codes[i] = code
                break
            slot = (slot + np.uint64(1)) & mask
    return count


@njit
def refill_rows(stored: NDArray[np.int32], count: int, slots: NDArray[np.int32]) -> None:
    """Enter `count` rows into empty, larger `slots`."""
    mask = np.uint64(len(slots) - 1)
    for code in range(count):
        slot = _hash_row(stored, code) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = code


@njit
def common_prefix(texts: NDArray[np.uint8], ends: NDArray[np.int64], count: int) -> int:
    """Count the bytes that all texts have in common at their start."""
    if count == 0:
        return 0
    length: int = ends[1] - ends[0]
    for code in range(1, count):
        length = min(length, ends[code + 1] - ends[code])
        j = 0
        while j < length and texts[ends[code] + j] == texts[ends[0] + j]:
            j += 1
        length = j
    return length


@njit
def words_at(
    texts: NDArray[np.uint8], ends: NDArray[np.int64], order: NDArray[np.int64], depth: int
) -> NDArray[np.uint64]:
    """uint64[n], the eight bytes of each text from `depth` on: they compare as the texts do, but for ties."""
    out = np.empty(len(order), dtype=np.uint64)
    for i in range(len(order)):
        lo = min(ends[order[i]] + depth, ends[order[i] + 1])
        out[i] = _word(texts, lo, min(8, ends[order[i] + 1] - lo))
    return out


@njit
def _comes_before(texts: NDArray[np.uint8], ends: NDArray[np.int64], a: int, b: int, depth: int) -> bool:
    i, j = ends[a] + depth, ends[b] + depth
    while i < ends[a + 1] and j < ends[b + 1]:
        if texts[i] != texts[j]:
            return bool(texts[i] < texts[j])
        i += 1
        j += 1
    return bool(ends[a + 1] - ends[a] < ends[b + 1] - ends[b])


@njit
def sort_tied(
    texts: NDArray[np.uint8], ends: NDArray[np.int64], order: NDArray[np.int64], words: NDArray[np.uint64], depth: int
) -> None:
    """Finish the order of distinct texts that is sorted by `words` (at `depth`) alone, in place."""
    starts, stops, depths = [0], [0], [0]  # ranges still to be split; the first is a dummy that types the lists
    lo = 0
    for i in range(1, len(order) + 1):
        if i == len(order) or words[i] != words[lo]:
            if i - lo > 1:
                starts.append(lo)
                stops.append(i)
                depths.append(depth)
            lo = i
    while len(starts) > 1:
        lo, hi, at = starts.pop(), stops.pop(), depths.pop()
        if hi - lo <= 24:
            for i in range(lo + 1, hi):
                code = order[i]
                j = i - 1
                while j >= lo and _comes_before(texts, ends, code, order[j], at):
                    order[j + 1] = order[j]
                    j -= 1
                order[j + 1] = code
            continue
        # Shorter texts come first among those whose next eight bytes are equal only through padding; the depth moves
        # on while any text of the range still has bytes, and then only lengths differ (texts of NUL bytes).
        at += 8
        longest = 0
        for i in range(lo, hi):
            longest = max(longest, ends[order[i] + 1] - ends[order[i]])
        if at >= longest:
            lengths = np.empty(hi - lo, dtype=np.int64)
            for i in range(lo, hi):
                lengths[i - lo] = ends[order[i] + 1] - ends[order[i]]
            order[lo:hi] = order[lo:hi][np.argsort(lengths)]
            continue
        part = words_at(texts, ends, order[lo:hi], at)
        sorting = np.argsort(part)
        order[lo:hi] = order[lo:hi][sorting]
        first = 0
        for i in range(1, hi - lo + 1):
            if i == hi - lo or part[sorting[i]] != part[sorting[first]]:
                if i - first > 1:
                    starts.append(lo + first)
                    stops.append(lo + i)
                    depths.append(at)
                first = i


@njit
def gather_arrests(
    rows: NDArray[np.int32],
    details: NDArray[np.int32],
    masks: NDArray[np.uint64],
    no_day: int,
    day: NDArray[np.int32],
    offences: NDArray[np.uint64],
    places: NDArray[np.int32],
) -> None:
    """Put rows (arrest, low and high half of the timestamp, detail) together by arrest.

    A detail is an offence, whose sets are in `masks`, and three places; each may be -1. `day` becomes the earliest
    (`no_day` if there is none), `offences` the union of the masks, `places[k]` the first of each place that is not -1.
    `day` and `places` come filled with `no_day` and -1, `offences` with 0.
    """
    for i in range(len(rows)):
        a, detail = rows[i, 0], rows[i, 3]
        timestamp = (np.int64(rows[i, 2]) << 32) | (np.int64(rows[i, 1]) & 0xFFFFFFFF)
        if timestamp != np.iinfo(np.int64).min:
            d = timestamp // 86_400_000_000
            if day[a] == no_day or d < day[a]:
                day[a] = d
        if details[detail, 0] >= 0:
            offences[a] |= masks[details[detail, 0]]
        for k in range(3):
            if places[k, a] < 0:
                places[k, a] = details[detail, 1 + k]


@njit
def stable_order(codes: NDArray[np.int32], n: int) -> NDArray[np.int32]:
    """int32[len(codes)], positions in ascending order of their codes (0..n-1), equal codes in their order."""
    start = np.zeros(n + 1, dtype=np.int64)
    for i in range(len(codes)):
        start[codes[i] + 1] += 1
    for c in range(n):
        start[c + 1] += start[c]
    order = np.empty(len(codes), dtype=np.int32)
    for i in range(len(codes)):
        order[start[codes[i]]] = i
        start[codes[i]] += 1
    return order
