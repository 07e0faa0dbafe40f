"""What the manifest says of arrests on workers, with the values of arrests in one process."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from gpunet.arrests.diagnostics import Diagnosis, diagnosis_of
from gpunet.arrests.facts import facts_of_persons
from gpunet.cluster.features import DistributedFeatures
from gpunet.cluster.incidents import distributed_incident_facts
from gpunet.cluster.partitions import DistributedArrests
from gpunet.cluster.results import fetched
from gpunet.engines.protocol import Engine
from gpunet.runs.manifest import ArrestCounts, arrest_counts, described, network_figures

__all__ = [
    "distributed_arrest_statistics",
    "distributed_counts",
    "distributed_diagnosis",
    "distributed_network_statistics",
]


def distributed_diagnosis(arrests: DistributedArrests) -> Diagnosis:
    """Counterpart of :func:`gpunet.arrests.diagnostics.diagnosed`."""
    persons = reduce(add, fetched(arrests.client, arrests.each("person-facts", facts_of_persons)))
    return diagnosis_of(arrests.config, arrests.force_names, persons, distributed_incident_facts(arrests))


def distributed_arrest_statistics(found: DistributedFeatures) -> dict[str, Any]:
    """Counterpart of :func:`gpunet.runs.manifest.arrest_statistics`, of the arrests that the features are of."""
    counts = distributed_counts(found.arrests)
    return described(counts, found.found.n_incidents, found.arrests.config.violent_offences)


def distributed_network_statistics(found: DistributedFeatures, engine: Engine) -> dict[str, Any]:
    """Counterpart of :func:`gpunet.runs.manifest.network_statistics`.

    Raises
    ------
    ValueError
        If closeness was not computed.
    """
    if found.closeness is None:
        raise ValueError("statistics of the network need closeness")
    cap = found.arrests.config.network.max_incident_size
    return network_figures(found.network, found.closeness, cap, list(found.found.oversize), engine)


def distributed_counts(arrests: DistributedArrests) -> ArrestCounts:
    """Counts of all parts: arrests, persons, months, and how many arrests have no date."""
    found: ArrestCounts = reduce(add, fetched(arrests.client, arrests.each("counts", arrest_counts)))
    return found
