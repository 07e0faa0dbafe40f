"""The CPU engine with its long searches divided over the workers of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from distributed import Client

from gpunet.cluster.divide import Division
from gpunet.engine_cpu import CpuEngine
from gpunet.features.adding import Adder

__all__ = ["ClusterEngine"]


@dataclass(frozen=True, kw_only=True)
class ClusterEngine(CpuEngine):
    """See :class:`gpunet.engine.Engine`. Everything that is not divided runs here, on so many threads.

    Results are those of :class:`CpuEngine`, bit for bit, for any number of workers.
    """

    division: Division = field(repr=False)
    cluster: Mapping[str, Any]

    @property
    def client(self) -> Client:
        """Of the cluster."""
        return self.division.client

    def describe(self) -> Mapping[str, Any]:
        """What the manifest says of the cluster."""
        return self.cluster

    def release(self) -> None:
        """Let go of what workers hold for path features; it is sent again when it is needed."""
        self.division.release()

    def _adder(self) -> Adder:
        return partial(self.division.add_up, sums=self.sums)
