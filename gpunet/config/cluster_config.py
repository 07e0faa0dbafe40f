"""What ``[cluster]`` says: which Dask cluster computes, and how its workers are made."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.config.pool_config import PoolConfig
from gpunet.config.validation import CHECKED, names_keys

__all__ = ["UNENCRYPTED", "ClusterConfig"]

#: What ``[cluster] unencrypted`` has to say before a scheduler without TLS on another machine is spoken to.
UNENCRYPTED = "I accept that anyone on this network can run code"

_Processes = Annotated[StrictInt, Field(ge=0, le=10_000)]


@names_keys("cluster")
@dataclass(frozen=True, config=CHECKED)
class ClusterConfig(PoolConfig):
    """The Dask cluster of ``--cluster``; docs/cluster.md has more.

    None of this has a bearing on the results, but that with `unencrypted` the model depends on the number of workers
    and on their threads. The other options of GPUs are :class:`gpunet.config.pool_config.PoolConfig`'s.
    """

    workers: _Processes = 0
    """Of ``local``: processes; 0 lets Dask divide the processors (or ``--threads``) into them. Of ``local-cuda``: GPUs,
    all that are visible if 0; each has a process of one thread."""
    threads: _Processes = 0
    """Of ``local``: threads of each process; 0 lets Dask choose."""
    memory_limit: str = "auto"
    """Of ``local`` and ``local-cuda``: of each process, such as ``"8 GiB"``; ``"auto"`` is an equal share, ``"0"`` no
    limit. A worker that is about to pass it is started again, and its work goes to others."""
    tls_ca: str = ""
    """Of a scheduler's address: path of the authority's certificate."""
    tls_cert: str = ""
    """Path of our own certificate."""
    tls_key: str = ""
    """Path of its key."""
    unencrypted: Literal["", "I accept that anyone on this network can run code"] = ""
    """Words without which a scheduler on another machine is not used but through TLS, and XGBoost does not train on
    several workers, of ``local`` neither: they would listen on every interface."""
    cuda_visible_devices: str = ""
    """Of ``local-cuda``: GPUs to choose from, such as ``"0,2"``, or their UUIDs; ``""`` is what the variable
    CUDA_VISIBLE_DEVICES says, or all."""
    enable_cudf_spill: StrictBool = False
    """Of ``local-cuda``: lets cuDF move its frames to the host's memory where the GPU's does not suffice."""

    def pool(self) -> PoolConfig:
        """What workers are told of their GPUs' memory."""
        return PoolConfig(**{f.name: getattr(self, f.name) for f in dataclasses.fields(PoolConfig)})
