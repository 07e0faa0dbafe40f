"""What ``run.json`` says of a run: versions, input, network, stages, warnings."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.incidents import incident_members
from gpunet.arrests.network import Network
from gpunet.arrests.read_report import ReadReport
from gpunet.base._version import __version__
from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.memory import part_peak, peak_memory
from gpunet.base.transfers import transfers_of_part
from gpunet.base.versions import package_versions
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet
from gpunet.features.column import ratio
from gpunet.features.pairs import Blocks
from gpunet.tables.arrays import (
    count_by_code,
    distinct,
    greatest,
    is_on_host,
    least,
    least_by_code,
    namespace,
    sort_order,
    to_host,
)
from gpunet.tables.gather import gather

__all__ = [
    "ArrestCounts",
    "StageClock",
    "arrest_counts",
    "arrest_statistics",
    "described",
    "input_report",
    "layer_statistics",
    "network_figures",
    "network_statistics",
    "versions",
]

_RECORDED = "present: as of a day, rows recorded before it count"

_PACKAGES = ("numpy", "numba", "narwhals", "polars", "pyarrow", "scikit-learn", "xgboost")


class StageClock:
    """Seconds and peak memory of each stage of a run, with the engine that did it; of a GPU also what bytes crossed.

    Peak memory is the highest resident size of the process in bytes: while the stage ran, where the platform tells
    (Linux), else up to the stage's end, which never falls. The manifest says which, see :mod:`gpunet.base.memory`.

    `used` counts what the engine "gpus" has had done on GPUs: stages in which that is nothing are the CPU's.
    """

    def __init__(self, engine: str, used: Callable[[], int] | None = None) -> None:
        self._engine, self._used = engine, used or (lambda: 0)
        self.started = datetime.now(UTC)
        self.stages: list[dict[str, Any]] = []
        self._of_stage = True

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        with part_peak() as peak, transfers_of_part() as crossed:
            begin, cpu, used = time.perf_counter(), time.process_time(), self._used()
            yield
            seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
        self._of_stage &= peak.of_part
        found: dict[str, Any] = {
            "stage": name,
            "engine": "cpu" if self._engine == "gpus" and self._used() == used else self._engine,
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
    return {"gpunet": __version__, "python": platform.python_version(), **package_versions(_PACKAGES)}


def input_report(report: ReadReport) -> dict[str, Any]:
    """Per-file counts and hashes, the files that were left out, and what was dropped on reading."""
    rows = [
        {"read": f.read, "accepted": f.accepted, "rejected": f.rejected, "duplicate": f.duplicate} for f in report.files
    ]
    files = [
        {"name": f.name, "bytes": f.size_bytes, "sha256": f.sha256, "encoding": f.encoding, "rows": counts}
        for f, counts in zip(report.files, rows, strict=True)
    ]
    total = {key: sum(counts[key] for counts in rows) for key in ("read", "accepted", "rejected", "duplicate")}
    skipped = [{"name": f.name, "reason": f.reason, "bytes": f.size_bytes, "sha256": f.sha256} for f in report.skipped]
    return {
        "files": files,
        "left_out": skipped,
        "rows": total,
        "rejected_by_reason": dict(report.by_reason),
        "null_words": {column: dict(words) for column, words in report.null_words.items()},
        "columns": {ours: list(theirs) for ours, theirs in report.columns.items()},
        "recorded_at": _RECORDED if "recorded_at" in report.columns else "absent: dates alone count",
        "notes": list(report.notes),
        "protected_columns_dropped": list(report.protected_columns),
        "other_columns_ignored": list(report.ignored_columns),
        **({} if report.pseudonyms is None else {"pseudonyms": dict(report.pseudonyms)}),
    }


def arrest_statistics(arrests: Arrests) -> dict[str, Any]:
    """Counts as in the paper's Table 1: arrests, persons, one-time arrests, violent arrests by offence, months.

    Persons have an arrest; with layers beside co-arrest ``persons_without_arrest`` are those known otherwise.
    """
    incidents = int(distinct(arrests.incident).shape[0])
    found = described(arrest_counts(arrests), incidents, arrests.config.violent_offences)
    if arrests.layers:
        arrested = int(distinct(arrests.person).shape[0])
        found |= {"persons": arrested, "persons_without_arrest": arrests.n_persons - arrested}
    return found


def layer_statistics(found: FeatureSet) -> dict[str, dict[str, int]]:
    """Of each layer beside co-arrest, and of the union of all: persons with a tie, ties, and the records behind them.

    Records are rows of a table of ties, or incidents with a victim and an offender; of the union none are told.
    """
    return {
        name: {
            "persons": layer.network.n,
            "ties": layer.network.n_ties,
            **({} if layer.ties is None else {"records": int(layer.ties.incidents.sum())}),
        }
        for name, layer in found.layers.items()
    }


@dataclass(frozen=True)
class ArrestCounts:
    """What of arrests, of whole persons, adds up: their :attr:`values`, the earliest and the latest day.

    Attributes
    ----------
    values
        By name; ``violent`` has an element for each violent offence, ``by_month`` one for each month of the year.
    first_day, last_day
        ``NO_DAY`` if none is dated.
    """

    values: dict[str, Int64]
    first_day: int
    last_day: int

    def __add__(self, other: ArrestCounts) -> ArrestCounts:
        first = [day for day in (self.first_day, other.first_day) if day != NO_DAY]
        return ArrestCounts(
            {name: value + other.values[name] for name, value in self.values.items()},
            min(first, default=NO_DAY),
            max(self.last_day, other.last_day),
        )


def arrest_counts(arrests: Arrests) -> ArrestCounts:
    """Count arrests, persons, months."""
    xp = namespace(arrests.person)
    per_person = count_by_code(arrests.person, arrests.n_persons)
    dated = arrests.day[arrests.day != NO_DAY]
    first, last = least(dated, otherwise=NO_DAY), greatest(dated, otherwise=NO_DAY)
    # By day first: of months NumPy alone knows, and there are few days. (Without a dated arrest, one day of none.)
    per_day = to_host(count_by_code(dated - first, last - first + 1))
    months = (first + np.arange(len(per_day))).astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    per_month = np.zeros(12, np.int64)
    np.add.at(per_month, months, per_day)
    n_offences = len(arrests.config.violent_offences)
    counted = {
        "arrests": len(arrests),
        "persons": arrests.n_persons,
        "persons_arrested_once": int(xp.count_nonzero(per_person == 1)),
        "undated_arrests": len(arrests) - int(dated.shape[0]),
        "any_violent": int(xp.count_nonzero(arrests.offences)),
        "violent": [int(xp.count_nonzero((arrests.offences >> i) & 1)) for i in range(n_offences)],
        "by_month": per_month,
    }
    return ArrestCounts({name: np.asarray(value, np.int64) for name, value in counted.items()}, first, last)


def described(counts: ArrestCounts, incidents: int, offences: Iterable[str]) -> dict[str, Any]:
    """The figures of :func:`arrest_statistics` from what was counted, and the number of incidents."""
    values, first, last = counts.values, counts.first_day, counts.last_day
    by_offence = dict(zip(offences, values["violent"].tolist(), strict=True))
    return {
        **{name: int(values[name]) for name in ("arrests", "persons", "persons_arrested_once")},
        "incidents": incidents,
        "undated_arrests": int(values["undated_arrests"]),
        "first_date": None if first == NO_DAY else day_to_date(first).isoformat(),
        "last_date": None if last == NO_DAY else day_to_date(last).isoformat(),
        "violent_arrests": {"violent": int(values["any_violent"]), **by_offence},
        "arrests_by_month_of_year": {str(m + 1): n for m, n in enumerate(values["by_month"].tolist())},
    }


def network_statistics(
    arrests: Arrests, network: Network, closeness: Float64, engine: Engine | None = None
) -> dict[str, Any]:
    """Figures as in the paper's Table 2, and the incidents over the size cap.

    Average clustering is the mean over all vertices, 0 for those with fewer than two neighbours. Diameter and mean path
    are of the largest component (the one with the smallest vertex if several are as large).

    Parameters
    ----------
    arrests, network
        What the run is about.
    closeness
        float64[n], ``closeness__all`` of the network's vertices, from which the mean path follows. It may be on the
        host while the network is on a device.
    engine
        The one that the network was built with; the CPU's if not given.
    """
    engine = engine or resolve_engine("cpu")
    cap = arrests.config.network.max_incident_size
    return network_figures(network, closeness, cap, _oversize(arrests, network), engine)


def network_figures(
    network: Network, closeness: Float64, max_incident_size: int, oversize: list[dict[str, Any]], engine: Engine
) -> dict[str, Any]:
    """The figures of :func:`network_statistics`; `oversize` are the incidents over the size cap, as they are told."""
    label, components = engine.component_labels(network.indptr, network.indices)
    sizes = count_by_code(label, components)
    xp, degree = namespace(network.indptr), network.degree
    return {
        "persons": network.n,
        "ties": network.n_ties,
        "mean_degree": float(xp.mean(xp.astype(degree, xp.float64))) if network.n else None,
        "max_degree": greatest(degree, otherwise=0),
        **_clustering(network, engine),
        "components": int(components),
        "largest_component": _largest_component(network, label, sizes, closeness),
        "members": {name: int(xp.count_nonzero(mask)) for name, mask in network.sets.items()},
        "max_incident_size": max_incident_size,
        "incidents_over_max_size": oversize,
    }


def _clustering(network: Network, engine: Engine) -> dict[str, float | None]:
    xp = namespace(network.indptr)
    triangles = engine.triangles(network.indptr, network.indices, xp.zeros(network.n, dtype=xp.int32))
    triples = network.degree * (network.degree - 1) // 2
    total = int(xp.sum(triples))
    return {
        "average_clustering": float(xp.mean(ratio(triangles, triples)[0])) if network.n else None,
        "transitivity": int(xp.sum(triangles)) / total if total else None,
    }


def _largest_component(network: Network, label: Int32, sizes: Int64, closeness: Float64) -> dict[str, Any]:
    if not network.n:
        return {"persons": 0, "ties": 0, "diameter": None, "mean_path": None}
    xp = namespace(label)
    inside = label == xp.argmax(sizes)
    others = int(xp.max(sizes)) - 1
    ties = int(xp.sum(network.degree[inside])) // 2
    marked = to_host(inside)  # the diameter is found by the host
    # closeness = (R / S) (R / sum of distances), so the sums, whole numbers, come back exactly by rounding.
    near = closeness[marked if is_on_host(closeness) else inside]
    xp = namespace(near)
    distances = float(xp.sum(xp.round(others * others / ((network.n - 1) * near))))
    return {
        "persons": others + 1,
        "ties": ties,
        "diameter": Blocks(network.on_host()).diameter(marked),
        "mean_path": distances / (others * (others + 1)),
    }


def _oversize(arrests: Arrests, network: Network) -> list[dict[str, Any]]:
    """Incidents over the size cap: id, force, persons."""
    if network.oversize is None or not network.oversize.shape[0]:
        return []
    xp, oversize = namespace(network.oversize), network.oversize
    in_files, places = sort_order([arrests.row]), xp.arange(len(arrests), dtype=xp.int64)
    place = least_by_code(arrests.incident[in_files], places, arrests.n_incidents, otherwise=len(arrests))
    first = in_files[place[oversize]]
    ids = gather(arrests.incident_ids, oversize).to_list()
    forces = gather(arrests.force_names, arrests.force[first]).to_list()
    sizes = to_host(incident_members(arrests).size[oversize]).tolist()
    return [
        {"incident_id": incident, "force": force, "persons": persons}
        for incident, force, persons in zip(ids, forces, sizes, strict=True)
    ]
