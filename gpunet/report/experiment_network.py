"""What an experiment's arrests and their network are like: Tables 1 and 2 of the method's paper, and its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
from pydantic import StrictFloat, TypeAdapter
from pydantic.dataclasses import dataclass

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.base.stored_numbers import Count
from gpunet.report.arrest_figures import repeat_arrests_figure, seasonality_figure
from gpunet.report.audience import MIN_PERSONS
from gpunet.report.degrees_figure import degrees_figure
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.network_tables import (
    NETWORK_HIDDEN,
    VIOLENT_PERSONS,
    arrests_table,
    network_is_told,
    network_table,
    outside_of,
)
from gpunet.report.source import Source
from gpunet.runs.folder import MOST_JSON_BYTES
from gpunet.runs.read_back import Damaged, valid, values_in

__all__ = ["experiment_network"]


@dataclass
class _Largest:
    persons: Count
    ties: Count
    diameter: Count | None
    mean_path: StrictFloat | None


@dataclass
class _Network:
    persons: Count
    ties: Count
    mean_degree: StrictFloat | None
    max_degree: Count
    average_clustering: StrictFloat | None
    transitivity: StrictFloat | None
    components: Count
    largest_component: _Largest
    members: dict[str, Count]


@dataclass
class _Degree:
    degree: Count
    persons: Count


@dataclass
class _Degrees:
    distribution: list[_Degree]


@dataclass
class _Repeated:
    arrests: Count
    persons: Count
    violent: Count


@dataclass
class _Together:
    violent_persons: Count
    with_another: Count
    share: StrictFloat | None


@dataclass
class _Descriptives:
    network: _Network
    degrees: _Degrees
    repeat_arrests: list[_Repeated]
    violent_together: dict[str, _Together]


def experiment_network(source: Source) -> Section:
    """The arrests, the network, and how many violent persons were arrested together with another.

    Raises
    ------
    InputError
        If ``descriptives.json`` cannot be read or is not what an experiment writes.
    """
    found, audience = _descriptives(source), source.audience
    persons, everybody = found.network.persons, source.manifest["arrests"]["persons"]
    lead = (
        f"{audience.out_of(persons, everybody)} of {audience.count(everybody)} persons were arrested together with "
        "somebody else."
    )
    lead = lead[:1].upper() + lead[1:]
    return Section("network", "What the network looks like", lead, tuple(_parts(source, found)))


def _descriptives(source: Source) -> _Descriptives:
    path = source.folder / "descriptives.json"
    try:
        values = values_in(read_regular(path, MOST_JSON_BYTES))
        return valid(TypeAdapter(_Descriptives), values, "its values")
    except (OSError, Damaged) as error:
        why = str(error) if isinstance(error, Damaged) else in_words(error)
        raise InputError(f"{path}: not readable as the figures of an experiment: {why}") from error


def _parts(source: Source, found: _Descriptives) -> Iterator[Figure | Table | Paragraph]:
    audience = source.audience
    manifest: Mapping[str, Any] = {**source.manifest, "network": asdict(found.network)}
    yield arrests_table(manifest, audience)
    own = _persons(found.repeat_arrests)
    if network_is_told(manifest, audience):
        table = network_table(manifest, outside_of(manifest, own), audience)
        yield table
        if VIOLENT_PERSONS in table.data["figure"]:
            yield from _together(source, found)
        if found.network.persons:
            of = found.degrees.distribution
            yield from degrees_figure(np.repeat([one.degree for one in of], [one.persons for one in of]), audience)
    else:
        yield Paragraph(NETWORK_HIDDEN)
    if len(own):
        yield repeat_arrests_figure(own, audience)
    if (seasons := seasonality_figure(manifest["arrests"], audience)) is not None:
        yield seasons


def _persons(of: list[_Repeated]) -> pl.DataFrame:
    """A row a person again: with how many arrests, and whether one was violent."""
    split = [(one.arrests, is_violent, n) for one in of for is_violent, n in _violent_and_not(one)]
    times = np.array([n for _, _, n in split], np.int64)
    return pl.DataFrame({
        "own_arrests": np.repeat(np.array([arrests for arrests, _, _ in split], np.int64), times),
        "own_violent_arrests": np.repeat(np.array([is_violent for _, is_violent, _ in split], np.int64), times),
    })  # fmt: skip


def _violent_and_not(one: _Repeated) -> tuple[tuple[int, int], tuple[int, int]]:
    return (1, one.violent), (0, max(one.persons - one.violent, 0))


def _together(source: Source, found: _Descriptives) -> Iterator[Paragraph]:
    """How far one violent arrest tells of another, which is why labels can leak."""
    of = found.violent_together.get("network")
    if of is None or of.share is None:
        return
    counts = (of.violent_persons, of.with_another, of.violent_persons - of.with_another)
    if source.audience.is_public and any(0 < n < MIN_PERSONS for n in counts):
        return
    yield Paragraph(
        f"Of {of.violent_persons:,} violent persons of the network {of.with_another:,} ({of.share:.0%}) were in an "
        "incident in which somebody else was violent too: the label of one tells much about the label of the other."
    )
