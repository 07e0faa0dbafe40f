"""How the memory of GPUs is to be pooled: the options of ``[cluster]`` whose names are those of Dask-CUDA."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from gpunet.base.errors import ConfigError

__all__ = ["PoolConfig", "Size", "bytes_of"]

#: A share of the memory (at most 1), bytes, or bytes as text with a unit.
Size: TypeAlias = float | int | str

_UNITS = {"B": 1} | {
    f"{prefix}{binary}B": (1024 if binary else 1000) ** power
    for power, prefix in enumerate("kMGT", 1)
    for binary in ("", "i")
}
_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")


@dataclass(frozen=True)
class PoolConfig:
    """The pool of each GPU's memory, from which all libraries but XGBoost take theirs.

    Attributes
    ----------
    rmm_pool_size
        What the pool may hold: a share of the memory that is free when a worker begins, above 0 and at most 1; or
        bytes, as a number above 1 or a text such as ``"60 GiB"``.
    rmm_maximum_pool_size
        How far it may grow, in the same words; ``""`` is no further than `rmm_pool_size`.
    rmm_async
        CUDA's stream-ordered pool, which gives unused memory back to others; else a pool of RMM's own, which takes
        `rmm_pool_size` at once and keeps it.
    rmm_managed_memory
        RMM's own pool in managed memory, which is moved to the host's memory where the device's does not suffice. It
        needs ``rmm_async = false``, and may be larger than the device's memory.
    """

    rmm_pool_size: Size = 0.9
    rmm_maximum_pool_size: Size = ""
    rmm_async: bool = True
    rmm_managed_memory: bool = False

    def __post_init__(self) -> None:
        for name in ("rmm_async", "rmm_managed_memory"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"[cluster] {name}: expected true or false, not {getattr(self, name)!r}")
        _check("rmm_pool_size", self.rmm_pool_size)
        if self.rmm_maximum_pool_size != "":
            _check("rmm_maximum_pool_size", self.rmm_maximum_pool_size)
        if self.rmm_async and self.rmm_managed_memory:
            raise ConfigError(
                "[cluster] rmm_managed_memory: CUDA's stream-ordered pool has no managed memory; "
                "set rmm_async = false as well"
            )

    def sizes(self, free: int) -> tuple[int, int]:
        """The pool's size and the most that it may grow to, in bytes, where so many are free.

        Raises
        ------
        ConfigError
            If the second is less than the first.
        """
        size = bytes_of(self.rmm_pool_size, free)
        most = bytes_of(self.rmm_maximum_pool_size, free) if self.rmm_maximum_pool_size != "" else size
        if most < size:
            raise ConfigError(
                f"[cluster] rmm_maximum_pool_size: {most:,} bytes are less than rmm_pool_size, {size:,} bytes"
            )
        return size, most


def bytes_of(size: Size, whole: int) -> int:
    """A size in bytes, where shares are of so many.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if isinstance(size, str):
        found = _TEXT.fullmatch(size)
        unit = found and next((number for name, number in _UNITS.items() if name.lower() == found[2].lower()), None)
        if not found or not unit:
            raise ConfigError(f"{size!r} is no size: write a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB")
        return int(float(found[1]) * unit)
    if isinstance(size, bool) or not 0 < size < float("inf"):
        raise ConfigError(f"{size!r} is no size: a share must be above 0 and at most 1, and bytes above that")
    return int(size * whole) if size <= 1 else int(size)


def _check(name: str, size: Size) -> None:
    try:
        known = bytes_of(size, 1 << 40)
    except ConfigError as error:
        raise ConfigError(f"[cluster] {name}: {error}") from error
    if known < 1:
        raise ConfigError(f"[cluster] {name}: {size!r} is nothing")
