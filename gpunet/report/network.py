"""What the network looks like: the paper's tables, degrees, repeat arrests, months, communities, and a picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from gpunet.base.array_types import Float64
from gpunet.report.arrest_figures import repeat_arrests_figure, seasonality_figure
from gpunet.report.communities_graph import communities_figure, communities_of
from gpunet.report.degrees_figure import degrees_figure
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.layout import laid_out
from gpunet.report.look import COLOURS
from gpunet.report.network_svg import MOST_LINES, Kind, network_svg
from gpunet.report.network_tables import NETWORK_HIDDEN, arrests_table, network_is_told, network_table, outside_of
from gpunet.report.source import Source
from gpunet.report.tied import Tied, tied

__all__ = ["network"]

#: Larger components are no picture any more.
_MOST_PERSONS = 10_000


def network(source: Source) -> Section:
    """Describe arrests and network of a folder of ``features`` or ``run``."""
    found, audience = source.manifest, source.audience
    persons, everybody = found["network"]["persons"], found["arrests"]["persons"]
    lead = f"{audience.out_of(persons, everybody)} of {audience.count(everybody)} persons were arrested together with "
    lead = f"{lead[:1].upper()}{lead[1:]}somebody else."
    if persons:
        largest = found["network"]["largest_component"]["persons"]
        part = audience.out_of(largest, persons)
        lead += f" {part[:1].upper()}{part[1:]} of them are connected with one another through such arrests."
    return Section("network", "What the network looks like", lead, tuple(_parts(source)))


def _parts(source: Source) -> Iterator[Figure | Table | Paragraph]:
    found, audience = source.manifest, source.audience
    yield arrests_table(found, audience)
    own = source.table("features", ["own_arrests", "own_violent_arrests"]).filter(pl.col("own_arrests") > 0)
    if not network_is_told(found, audience):
        yield Paragraph(NETWORK_HIDDEN)
        yield from _of_arrests(own, source)
        return
    yield network_table(found, outside_of(found, own), audience)
    yield Paragraph(
        "Two persons are tied if they were arrested in one incident. Clustering says how often two who are both tied "
        "with a third person are tied with each other: averaged over persons, or over all such pairs (transitivity). A "
        "component is everybody who is connected, directly or through others."
    )
    of = tied(source)
    if len(of.persons):
        yield from degrees_figure(of.degree, audience)
    yield from _of_arrests(own, source)
    if not len(of.persons):
        return
    if (communities := communities_figure(communities_of(of), audience)) is not None:
        yield from communities
    largest = found["network"]["largest_component"]["persons"]
    if not audience.is_public:
        if largest < _MOST_PERSONS:
            yield from _component_figure(of.largest_component())
        else:
            yield Paragraph(
                f"The largest component has {largest:,} persons, too many for a picture of single persons: one is "
                f"drawn of fewer than {_MOST_PERSONS:,}."
            )


def _of_arrests(own: pl.DataFrame, source: Source) -> Iterator[Figure]:
    if len(own):
        yield repeat_arrests_figure(own, source.audience)
    if (seasons := seasonality_figure(source.manifest["arrests"], source.audience)) is not None:
        yield seasons


def _component_figure(of: Tied) -> tuple[Figure, Paragraph]:
    violent = of.persons["violent"].to_numpy()
    places = laid_out(len(violent), of.first, of.second)
    kinds = [
        Kind("no violent arrest", COLOURS[0], ~violent),
        Kind("a violent arrest at some time", COLOURS[1], violent),
    ]
    data = of.persons.select(
        "person_id", "violent", ties=pl.Series(of.degree), x=_thousandths(places[:, 0]), y=_thousandths(places[:, 1])
    )
    figure = Figure(
        "largest_component",
        "The largest component",
        f"Each point is one of {len(violent):,} persons, of whom {int(violent.sum()):,} have a violent arrest, each "
        f"line one of their {len(of.first):,} ties.",
        len(violent),
        data,
        network_svg(places, of.first, of.second, kinds),
    )
    ties = f" Only the {MOST_LINES:,} shortest lines are drawn." if len(of.first) > MOST_LINES else ""
    return figure, Paragraph(
        "Where a point stands says nothing of places on a map: persons who are tied stand near each other, as far as a "
        f"flat picture lets them.{ties} The ties are in ties.parquet."
    )


def _thousandths(places: Float64) -> pl.Series:
    return pl.Series(np.rint(places * 1000).astype(np.int64))
