"""The CPU engine with its long searches distributed over the workers of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from distributed import Client

from gpunet.cluster.executor import ClusterExecutor
from gpunet.engines.cpu import CpuEngine
from gpunet.search.reduction import Reducer

__all__ = ["ClusterEngine"]


@dataclass(frozen=True, kw_only=True)
class ClusterEngine(CpuEngine):
    """See :class:`gpunet.engines.protocol.Engine`. Everything else runs here, on so many threads.

    Results are those of :class:`CpuEngine`, bit for bit, for any number of workers.
    """

    executor: ClusterExecutor = field(repr=False)
    cluster: Mapping[str, Any]

    @property
    def client(self) -> Client:
        """Of the cluster."""
        return self.executor.client

    def describe(self) -> Mapping[str, Any]:
        """What the manifest says of the cluster."""
        return self.cluster

    def release(self) -> None:
        """Let go of what workers hold for path features; it is sent again when it is needed."""
        self.executor.release()

    def _reducer(self) -> Reducer:
        return partial(self.executor.add_up, sums=self.sums)
