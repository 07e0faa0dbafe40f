"""Features on a Dask cluster: of processes on this machine, or the user's own scheduler.

Arrests are distributed by persons, and what the path features search by sources; docs/cluster.md says what is not.
Results are the same, bit for bit, as without a cluster. Nothing in here is imported unless a cluster is asked for.
"""

from __future__ import annotations

from gpunet.cluster.certificates import write_certificates
from gpunet.cluster.connect import cluster_engine

__all__ = ["cluster_engine", "write_certificates"]
