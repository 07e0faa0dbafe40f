"""Pairs of persons, counted before they are made: an incident of k persons has k (k - 1) / 2 of them.

Under a raised cap that can be more than any memory holds, and to try would end the process, or the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from gpunet.base.array_types import Int64
from gpunet.base.errors import ConfigError
from gpunet.config.config import NetworkConfig
from gpunet.tables.arrays import greatest, namespace

__all__ = ["PairCount", "count_pairs", "refuse_pairs"]

# Bytes of a pair: key, weight, two days; and its place in the order of keys. Of a tie: key, incidents, strength, days.
_PAIR_BYTES, _TIE_BYTES = 24 + 8, 32


@dataclass(frozen=True)
class PairCount:
    """How many pairs there are in all incidents together, and how many persons in the largest."""

    pairs: int
    largest: int

    def least_ties(self) -> int:
        """Ties that there are at least: those of the largest incident are all different."""
        return self.largest * (self.largest - 1) // 2

    def least_bytes(self) -> int:
        """Bytes that pairs and the ties made of them need at least, on the host."""
        return self.pairs * _PAIR_BYTES + self.least_ties() * _TIE_BYTES


def count_pairs(size: Int64) -> PairCount:
    """Count the pairs of incidents of these sizes, exactly.

    All sizes together are at most the number of members, so that pairs are fewer than half its square: int64 holds what
    comes of 4 thousand million members.
    """
    xp = namespace(size)
    return PairCount(int(xp.sum(size * (size - 1) // 2, dtype=xp.int64)), greatest(size, otherwise=0))


def refuse_pairs(count: PairCount, needed: int, at_hand: int | None, memory: str = "memory") -> None:
    """Raise ConfigError, with the numbers, if the pairs need more bytes than are at hand (None: nobody knows)."""
    if at_hand is None or needed <= at_hand:
        return
    raise ConfigError(
        f"[network] max_incident_size: incidents of up to {count.largest:,} persons make {count.pairs:,} pairs of "
        f"persons, which need at least {_gib(needed)} of {memory}, and {_gib(at_hand)} are at hand: set it lower (it "
        f"is {NetworkConfig.max_incident_size} unless it is set), or use a machine with more memory"
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
