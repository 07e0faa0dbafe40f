"""The kernels that commands need first: compiled side by side where none is on disk yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpunet.kernels.ahead import Kernel

if TYPE_CHECKING:
    from gpunet.runs.run_options import RunOptions

__all__ = ["FEATURE_KERNELS", "kernels_of"]

_BITS = "Bits(u8[::1], u8[::1], u8[::1], u8[::1], i4[::1], i4[::1], b1[::1], b1[::1])"
_PATHS = "Paths(i4[:,::1], i4[:,::1], i8[::1], u8[:,::1], i4[:,::1])"

#: What features of any network need, those that take longest to compile first. All others are compiled when called.
FEATURE_KERNELS = (
    Kernel(
        "gpunet.kernels.cpu.betweenness_lanes",
        "_dependencies",
        f"f8[:,::1], f8[::1], f8[::1], {_PATHS}, f8[::1], f8[::1], f8[::1], f8[::1]",
    ),
    Kernel(
        "gpunet.kernels.cpu.shortest_paths",
        "shortest_paths",
        f"i8[::1], i4[::1], b1[::1], i4[::1], {_BITS}, {_PATHS}",
    ),
    Kernel("gpunet.kernels.cpu.diameter", "block_diameter", "i8[::1], i4[::1], i8[::1], i4[::1], b1[::1], b1[::1]"),
    Kernel("gpunet.kernels.cpu.louvain", "louvain", "i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.closeness", "farness_batch", "i8[::1], i4[::1], i8[:,::1], b1[::1], i4[::1], i8, i8"),
    Kernel("gpunet.kernels.cpu.cores", "shell_of_outsiders", "i8[::1], i4[::1], i4[::1], i8, i8"),
    Kernel("gpunet.kernels.cpu.twins", "collapse_twins", "i8[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.tipping", "tipping_without_own_seed", "i8[::1], i4[::1], b1[::1], i4[::1], i8, i8, i8"),
    Kernel("gpunet.kernels.cpu.blocks", "biconnected_blocks", "i8[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.neighbourhood", "hop_counts", "i8[::1], i4[::1], u8[::1], i8, i8, i8"),
    Kernel("gpunet.kernels.cpu.simplicial", "simplicial_vertices", "i8[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.communities", "triangles_per_vertex", "i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.ties", "incident_pairs", "i8[::1], i4[::1], i4[::1], i4[::1], i8, i8"),
    Kernel("gpunet.kernels.cpu.cores", "core_numbers", "i8[::1], i4[::1], b1[::1]"),
    Kernel("gpunet.kernels.cpu.blocks", "split_into_blocks", "i8[::1], i4[::1], i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.traversal", "bfs_order", "i8[::1], i4[::1], i8[::1]"),
    Kernel("gpunet.kernels.cpu.blocks", "distance_sums", "i8[::1], i4[::1], i8[:,::1], i8"),
    Kernel("gpunet.kernels.cpu.ties", "reduce_pairs", "i8[::1], i8[::1], f8[::1], i4[::1], i4[::1], i8"),
    Kernel("gpunet.kernels.cpu.blocks", "hanging_weights", "i8[::1], i4[::1], i4[::1], i8[:,::1]"),
    Kernel("gpunet.kernels.cpu.louvain", "subgraph_within", "i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.traversal", "component_labels", "i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.traversal", "rows_among", "i8[::1], i4[::1], i8, i8"),
    Kernel("gpunet.kernels.cpu.tipping", "tipping", "i8[::1], i4[::1], b1[::1], i8"),
    Kernel("gpunet.kernels.cpu.traversal", "permute_csr", "i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.ties", "csr_from_ties", "i4[::1], i4[::1], i8"),
    Kernel("gpunet.kernels.cpu.simplicial", "rows_within", "i8[::1], i4[::1], i8, i8"),
    Kernel("gpunet.kernels.cpu.blocks", "tree_pairs", "i4[::1], i8[:,::1], i8[:,::1], i8[:,::1]"),
    Kernel("gpunet.kernels.cpu.communities", "inner_degree", "i8[::1], i4[::1], i4[::1]"),
    Kernel("gpunet.kernels.cpu.communities", "out_members", "i8[::1], i4[::1], i4[::1]"),
)


def kernels_of(command: str, options: RunOptions) -> tuple[Kernel, ...]:
    """The kernels that this process is about to call; none where a GPU computes, or workers.

    >>> from gpunet.runs.run_options import RunOptions
    >>> kernels_of("audit", RunOptions())
    ()
    """
    elsewhere = options.engine not in ("auto", "cpu") or options.cluster not in (None, "none")
    if command in ("audit", "flags") or elsewhere:
        return ()
    return tuple(kernel for kernel in FEATURE_KERNELS if command != "places" or kernel.module.endswith(".ties"))
