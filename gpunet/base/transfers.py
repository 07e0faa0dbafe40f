"""Bytes that cross between the host's memory and a GPU's, counted where they cross.

Every crossing goes through :mod:`gpunet.tables.arrays`, :mod:`gpunet.tables.frames` or :mod:`gpunet.kernels.jit_cuda`,
which count it here; a run's manifest tells the sums of each stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Transfers", "count_to_device", "count_to_host", "transfers_of_part"]


@dataclass
class Transfers:
    """Bytes copied to the device and back to the host."""

    to_device: int = 0
    to_host: int = 0


_total = Transfers()


def count_to_device(size: int) -> None:
    """Count `size` bytes copied from the host to the device."""
    _total.to_device += int(size)


def count_to_host(size: int) -> None:
    """Count `size` bytes copied from the device to the host."""
    _total.to_host += int(size)


@contextmanager
def transfers_of_part() -> Iterator[Transfers]:
    """Give an object that holds, once the part inside is over, what crossed during it."""
    part = Transfers()
    before = Transfers(_total.to_device, _total.to_host)
    try:
        yield part
    finally:
        part.to_device = _total.to_device - before.to_device
        part.to_host = _total.to_host - before.to_host
