"""Random damage: to bytes, and to values that JSON can hold."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any


def _span(data: bytes, rng: random.Random, longest: int = 64) -> tuple[int, int]:
    begin = rng.randrange(max(len(data), 1))
    return begin, min(len(data), begin + rng.randint(1, longest))


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _noise(data: bytes, rng: random.Random) -> bytes:
    begin, end = _span(data, rng)
    return data[:begin] + rng.randbytes(end - begin) + data[end:]


def _zeros(data: bytes, rng: random.Random) -> bytes:
    begin, end = _span(data, rng, 4096)
    return data[:begin] + bytes(end - begin) + data[end:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _headless(data: bytes, rng: random.Random) -> bytes:
    return data[rng.randrange(1, len(data)) :]


def _without(data: bytes, rng: random.Random) -> bytes:
    begin, end = _span(data, rng)
    return data[:begin] + data[end:]


def _twice(data: bytes, rng: random.Random) -> bytes:
    begin, end = _span(data, rng, 512)
    return data[:end] + data[begin:end] + data[end:]


def _largest(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(max(len(data) - 8, 1))
    return (
        data[:at]
        + rng.choice((b"\xff\xff\xff\x7f", b"\xff" * 8, b"\x80" + bytes(3), b"\x7f" + b"\xff" * 7))
        + data[at + 8 :]
    )


def _near_end(data: bytes, rng: random.Random) -> bytes:
    """Where Parquet, zip and checkpoints say what is where."""
    at = len(data) - rng.randint(1, min(200, len(data)))
    return data[:at] + rng.randbytes(1) + data[at + 1 :]


def _tail(data: bytes, rng: random.Random) -> bytes:
    return data + rng.randbytes(rng.randint(1, 100))


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "flip": _flip,
    "noise": _noise,
    "zeros": _zeros,
    "cut": _cut,
    "headless": _headless,
    "without": _without,
    "twice": _twice,
    "largest": _largest,
    "near-end": _near_end,
    "tail": _tail,
}


#: Values that nobody expects where another one stood.
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 2**70, 1.5, -0.0, 1e308, float("nan"), float("inf"), "", " ",
    "0", "nan", "\x00", "\ud800", "\u202egnp.exe", "é" * 300, "../../victim", "/dev/null", "x" * 100_000, [], {}, [[]],
    [None], {"": ""}, {"a": {"b": {"c": []}}}, [0] * 1000,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a JSON value, itself not included."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def altered(value: Any, rng: random.Random) -> Any:
    """A JSON value in which one thing is odd, gone, there twice, or called otherwise."""
    changed = copy.deepcopy(value)
    ways = list(places(changed))
    if not ways:
        return rng.choice(ODD)
    *above, key = rng.choice(ways)
    holder = changed
    for step in above:
        holder = holder[step]
    how = rng.randrange(6)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    elif how == 1:
        holder.append(holder[key])
    elif how == 2 and isinstance(holder[key], int | float):
        holder[key] = holder[key] * rng.choice((-1, 0, 2, 1e9)) + rng.choice((0, 1))
    else:
        holder[key] = rng.choice(ODD)
    return changed
