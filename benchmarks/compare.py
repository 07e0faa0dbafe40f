"""Are the numbers the same? Asked of every run before any time is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.system import INTEGER_MEASURES, RELATIVE, Values
from gpunet.arrests.network import Network

__all__ = ["RELATIVE", "BenchmarkError", "check_equal", "check_partition", "difference", "modularity"]


class BenchmarkError(Exception):
    """A result that must not be reported: systems disagree, or gpunet itself failed."""


def check_equal(measure: str, network: str, results: Mapping[str, Sequence[Values]]) -> None:
    """Compare every run of every system with the first run of the first system.

    Raises
    ------
    BenchmarkError
        Naming the systems and the vertex that differs most, if two are not equal: integers exactly, floats within
        :data:`RELATIVE`.
    """
    runs = [(system, values) for system, several in results.items() for values in several]
    if not runs:
        return
    first, expected = runs[0]
    for system, found in runs[1:]:
        off = difference(measure, found, expected)
        if off is not None:
            raise BenchmarkError(f"{measure} on {network}: {system} and {first} disagree{off}")


def difference(measure: str, found: Values, expected: Values, relative: float = RELATIVE) -> str | None:
    """Where and by how much two results differ: whole numbers at all, floats by more than `relative`; None if not."""
    if found.shape != expected.shape:
        return f": {found.shape} and {expected.shape} values"
    if measure in INTEGER_MEASURES:
        wrong = found != expected
        off = np.abs(found - expected).astype(np.float64)
    else:
        largest = np.maximum(np.abs(found), np.abs(expected))
        with np.errstate(invalid="ignore"):
            off = np.abs(found - expected) / np.where(largest > 0, largest, 1.0)
        wrong = ~(off <= relative)  # NaN is wrong too
    if not wrong.any():
        return None
    v = int(np.argmax(np.where(wrong & np.isnan(off), np.inf, np.where(wrong, off, -1.0))))
    count = int(np.count_nonzero(wrong))
    return f" at {count} of {len(found)} vertices; at vertex {v}: {found[v]!r} and {expected[v]!r}"


def check_partition(network_name: str, system: str, network: Network, label: Values) -> float:
    """The modularity of a partition, after a check that it is one: a label of at least 0 for every vertex."""
    if label.shape != (network.n,):
        raise BenchmarkError(f"louvain on {network_name}: {system} labels {label.shape} of {network.n} vertices")
    if (label < 0).any():
        v = int(np.argmax(label < 0))
        raise BenchmarkError(f"louvain on {network_name}: {system} has no community for vertex {v}")
    return modularity(network, label)


def modularity(network: Network, label: Values) -> float:
    """Newman's modularity of a partition, one function for all systems (0 for a network without ties)."""
    ends = len(network.indices)
    if not ends:
        return 0.0
    _, cell = np.unique(label, return_inverse=True)
    row = np.repeat(np.arange(network.n), network.degree)
    inside = np.count_nonzero(cell[row] == cell[network.indices])
    degrees = np.bincount(cell, weights=network.degree)
    return float(inside / ends - np.sum((degrees / ends) ** 2))
