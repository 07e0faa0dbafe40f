"""What ``run.json`` says of a run: versions, input, network, stages, warnings."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet._version import __version__
from gpunet.arrests import NO_DAY, Arrests, day_to_date
from gpunet.features.pairs import Blocks
from gpunet.kernels.cells_cpu import triangles_per_vertex
from gpunet.kernels.traversal_cpu import component_labels
from gpunet.memory import part_peak, peak_memory
from gpunet.network import Network, incident_members
from gpunet.transfers import transfers_of_part

__all__ = ["StageClock", "arrest_statistics", "input_report", "network_statistics", "versions"]

_PACKAGES = ("numpy", "numba", "narwhals", "polars", "pyarrow", "scikit-learn", "skops", "xgboost")


class StageClock:
    """Seconds and peak memory of each stage of a run, with the engine that did it; of a GPU also what bytes crossed.

    Peak memory is the highest resident size of the process in bytes: while the stage ran, where the platform tells
    (Linux), else up to the stage's end, which never falls. The manifest says which, see :mod:`gpunet.memory`.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self.started = datetime.now(UTC)
        self.stages: list[dict[str, Any]] = []
        self._of_stage = True

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        with part_peak() as peak, transfers_of_part() as crossed:
            begin, cpu = time.perf_counter(), time.process_time()
            yield
            seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
        self._of_stage &= peak.of_part
        found: dict[str, Any] = {
            "stage": name,
            "engine": self._engine,
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu_seconds, 3),
            "peak_memory_bytes": peak.size,
        }
        if self._engine == "gpu":
            found |= {"bytes_to_device": crossed.to_device, "bytes_to_host": crossed.to_host}
        self.stages.append(found)

    def times(self) -> dict[str, Any]:
        """Everything of the manifest that differs between two runs of the same input."""
        finished = datetime.now(UTC)
        return {
            "started": self.started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
            "seconds": round((finished - self.started).total_seconds(), 3),
            "machine": {"system": platform.system(), "processor": platform.machine(), "processors": os.cpu_count()},
            "peak_memory_bytes": peak_memory(),
            "peak_memory_is": "of the stage" if self._of_stage else "so far",
            "stages": self.stages,
        }


def versions() -> dict[str, str | None]:
    """Versions of gpunet, Python and the packages that results depend on; None for one that is missing."""
    found: dict[str, str | None] = {"gpunet": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def input_report(arrests: Arrests) -> dict[str, Any]:
    """Per-file counts and hashes, and what was dropped on reading."""
    report = arrests.report
    if report is None:
        return {"files": []}
    rows = [
        {"read": f.read, "accepted": f.accepted, "rejected": f.rejected, "duplicate": f.duplicate} for f in report.files
    ]
    files = [
        {"name": f.name, "bytes": f.size_bytes, "sha256": f.sha256, "encoding": f.encoding, "rows": counts}
        for f, counts in zip(report.files, rows, strict=True)
    ]
    total = {key: sum(counts[key] for counts in rows) for key in ("read", "accepted", "rejected", "duplicate")}
    reasons = report.rejected["reason"].to_list()
    return {
        "files": files,
        "rows": total,
        "rejected_by_reason": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        "protected_columns_dropped": list(report.protected_columns),
        "other_columns_ignored": list(report.ignored_columns),
    }


def arrest_statistics(arrests: Arrests) -> dict[str, Any]:
    """Counts as in the paper's Table 1: arrests, persons, one-time arrests, violent arrests by offence, months."""
    per_person = np.bincount(arrests.person, minlength=arrests.n_persons)
    dated = arrests.day[arrests.day != NO_DAY]
    months = dated.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    by_offence = {
        name: int(np.count_nonzero((arrests.offences >> np.uint64(i)) & np.uint64(1)))
        for i, name in enumerate(arrests.config.violent_offences)
    }
    return {
        "arrests": len(arrests),
        "persons": arrests.n_persons,
        "persons_arrested_once": int(np.count_nonzero(per_person == 1)),
        "incidents": len(np.unique(arrests.incident)),
        "undated_arrests": int(len(arrests) - len(dated)),
        "first_date": day_to_date(dated.min()).isoformat() if len(dated) else None,
        "last_date": day_to_date(dated.max()).isoformat() if len(dated) else None,
        "violent_arrests": {"violent": int(np.count_nonzero(arrests.offences)), **by_offence},
        "arrests_by_month_of_year": {str(m): int(np.count_nonzero(months == m)) for m in range(1, 13)},
    }


def network_statistics(arrests: Arrests, network: Network, closeness: NDArray[np.float64]) -> dict[str, Any]:
    """Figures as in the paper's Table 2, and the incidents over the size cap.

    Average clustering is the mean over all vertices, 0 for those with fewer than two neighbours. Diameter and mean path
    are of the largest component (the one with the smallest vertex if several are as large).

    Parameters
    ----------
    arrests, network
        What the run is about.
    closeness
        float64[n], ``closeness__all`` of the network's vertices, from which the mean path follows.
    """
    label, components = component_labels(network.indptr, network.indices)
    sizes = np.bincount(label, minlength=components)
    degree = network.degree
    return {
        "persons": network.n,
        "ties": network.n_ties,
        "mean_degree": float(degree.mean()) if network.n else None,
        "max_degree": int(degree.max(initial=0)),
        **_clustering(network),
        "components": int(components),
        "largest_component": _largest_component(network, label, sizes, closeness),
        "members": {name: int(np.count_nonzero(mask)) for name, mask in network.sets.items()},
        "max_incident_size": arrests.config.network.max_incident_size,
        "incidents_over_max_size": _oversize(arrests, network),
    }


def _clustering(network: Network) -> dict[str, float | None]:
    triangles = triangles_per_vertex(network.indptr, network.indices, np.zeros(network.n, np.int32))
    triples = network.degree * (network.degree - 1) // 2
    local = triangles / np.maximum(triples, 1)
    return {
        "average_clustering": float(local.mean()) if network.n else None,
        "transitivity": float(triangles.sum() / triples.sum()) if triples.any() else None,
    }


def _largest_component(
    network: Network, label: NDArray[np.int32], sizes: NDArray[np.int64], closeness: NDArray[np.float64]
) -> dict[str, Any]:
    if not network.n:
        return {"persons": 0, "ties": 0, "diameter": None, "mean_path": None}
    inside = label == np.argmax(sizes)
    others = int(sizes.max()) - 1
    # closeness = (R / S) (R / sum of distances), so the sums, whole numbers, come back exactly by rounding.
    distances = np.rint(others * others / ((network.n - 1) * closeness[inside]))
    return {
        "persons": others + 1,
        "ties": int(network.degree[inside].sum()) // 2,
        "diameter": Blocks(network).diameter(inside),
        "mean_path": float(distances.sum() / (others * (others + 1))),
    }


def _oversize(arrests: Arrests, network: Network) -> list[dict[str, Any]]:
    """Incidents over the size cap: id, force, persons."""
    if network.oversize is None or not len(network.oversize):
        return []
    sizes = incident_members(arrests).size
    forces = arrests.force_names.to_list()
    listed = []
    for code in network.oversize:
        force = arrests.force[np.flatnonzero(arrests.incident == code)[0]]
        listed.append(
            {
                "incident_id": arrests.incident_ids[int(code)],
                "force": forces[force] if force >= 0 else None,
                "persons": int(sizes[code]),
            }
        )
    return listed
