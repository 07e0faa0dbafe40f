"""How the memory of GPUs is to be pooled: the options of ``[cluster]`` whose names are those of Dask-CUDA."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import ByteSize, PlainValidator, StrictBool, TypeAdapter, WithJsonSchema
from pydantic.dataclasses import dataclass

from gpunet.base.errors import ConfigError
from gpunet.config.validation import CHECKED, names_keys

__all__ = ["PoolConfig", "Size", "bytes_of"]

#: A share of the memory (at most 1), bytes, or bytes as text with a unit.
Size: TypeAlias = float | int | str

_TEXT = r"\s*\d+(\.\d+)?\s*([kKmMgGtT][iI]?)?[bB]\s*"


def _size(size: Size) -> Size:
    try:
        known = bytes_of(size, 1 << 40)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    if known < 1:
        raise ValueError(f"{size!r} is nothing")
    return size


_SCHEMA = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": f"^{_TEXT}$"}]}
_Checked = Annotated[Size, PlainValidator(_size), WithJsonSchema(_SCHEMA)]
_CheckedOrNone = Annotated[
    Size,
    PlainValidator(lambda size: size if size == "" else _size(size)),
    WithJsonSchema({"anyOf": [{"const": ""}, *_SCHEMA["anyOf"]]}),
]


@names_keys("cluster")
@dataclass(frozen=True, config=CHECKED)
class PoolConfig:
    """The pool of each GPU's memory, from which all libraries but XGBoost take theirs."""

    rmm_pool_size: _Checked = 0.9
    """What the pool may hold: a share of the memory that is free when a worker begins, above 0 and at most 1; or bytes,
    as a number above 1 or a text such as ``"60 GiB"``."""
    rmm_maximum_pool_size: _CheckedOrNone = ""
    """How far it may grow, in the same words; ``""`` is no further than `rmm_pool_size`."""
    rmm_async: StrictBool = True
    """CUDA's stream-ordered pool, which gives unused memory back to others; else a pool of RMM's own, which takes
    `rmm_pool_size` at once and keeps it."""
    rmm_managed_memory: StrictBool = False
    """RMM's own pool in managed memory, which is moved to the host's memory where the device's does not suffice. It
    needs ``rmm_async = false``, and may be larger than the device's memory."""

    def __post_init__(self) -> None:
        if self.rmm_async and self.rmm_managed_memory:
            raise ValueError(
                "rmm_managed_memory: CUDA's stream-ordered pool has no managed memory; set rmm_async = false as well"
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
        if not re.fullmatch(_TEXT, size):
            raise ConfigError(f"{size!r} is no size: write a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB")
        return TypeAdapter(ByteSize).validate_python(size)
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < float("inf"):
        raise ConfigError(f"{size!r} is no size: a share must be above 0 and at most 1, and bytes above that")
    return int(size * whole) if size <= 1 else int(size)
