"""What an experiment's arrests and their network are like: Tables 1 and 2 of the method's paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import polars as pl
from pydantic import Field, StrictFloat, StrictInt, StrictStr, TypeAdapter
from pydantic import dataclasses as checked

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.report.audience import MIN_PERSONS
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source
from gpunet.runs.folder import MOST_JSON_BYTES
from gpunet.runs.read_back import Damaged, valid, values_in

__all__ = ["experiment_network"]

_Count = Annotated[StrictInt, Field(ge=0)]


@checked.dataclass
class _Arrests:
    arrests: _Count
    persons: _Count
    persons_arrested_once: _Count
    incidents: _Count
    first_date: StrictStr | None
    last_date: StrictStr | None
    violent_arrests: dict[str, _Count]


@checked.dataclass
class _Largest:
    persons: _Count
    diameter: _Count | None = None
    mean_path: StrictFloat | None = None


@checked.dataclass
class _Network:
    persons: _Count
    ties: _Count
    mean_degree: StrictFloat | None
    average_clustering: StrictFloat | None
    components: _Count
    largest_component: _Largest | None = None


@checked.dataclass
class _Together:
    violent_persons: _Count
    with_another: _Count
    share: StrictFloat | None


@checked.dataclass
class _Descriptives:
    arrests: _Arrests
    network: _Network
    violent_together: dict[str, _Together]


@dataclass(frozen=True)
class _Line:
    what: str
    value: float | None
    #: Whether it counts persons, arrests, or ties between them.
    is_count: bool = True


def experiment_network(source: Source) -> Section:
    """The arrests, the network, and how many violent persons were arrested together with another.

    Raises
    ------
    InputError
        If ``descriptives.json`` cannot be read or is not what an experiment writes.
    """
    found = _descriptives(source)
    network, count = found.network, source.audience.count
    lead = (
        f"{count(network.persons)} of {count(found.arrests.persons)} persons were arrested together with somebody "
        f"else; {count(network.ties)} ties hold them together."
    )
    parts = [_arrests(source, found.arrests), _network(source, network)]
    return Section("network", "What the network looks like", lead, (*parts, *_together(source, found)))


def _descriptives(source: Source) -> _Descriptives:
    path = source.folder / "descriptives.json"
    try:
        values = values_in(read_regular(path, MOST_JSON_BYTES))
        return valid(TypeAdapter(_Descriptives), values, "its values")
    except (OSError, Damaged) as error:
        why = str(error) if isinstance(error, Damaged) else in_words(error)
        raise InputError(f"{path}: not readable as the figures of an experiment: {why}") from error


def _arrests(source: Source, arrests: _Arrests) -> Table:
    lines = [
        _Line("arrests", arrests.arrests), _Line("persons", arrests.persons),
        _Line("persons who were arrested once", arrests.persons_arrested_once), _Line("incidents", arrests.incidents),
        _Line("violent arrests", arrests.violent_arrests.get("violent")), *_kinds(source, arrests),
    ]  # fmt: skip
    days = f"from {arrests.first_date} to {arrests.last_date}" if arrests.first_date else "without dates"
    sentence = (
        f"The arrests {days}, as in Table 1 of the method's paper; one arrest can have several kinds of violence."
    )
    return _table(source, "arrests", "The arrests", sentence, arrests.persons, lines)


def _kinds(source: Source, arrests: _Arrests) -> list[_Line]:
    """Kinds of violence add up to nearly all of it: the public is shown every one or none."""
    kinds = {name: n for name, n in arrests.violent_arrests.items() if name != "violent"}
    if not _may_show(source, kinds.values()):
        return []
    return [_Line(f"of these {name.replace('_', ' ')}", n) for name, n in kinds.items()]


def _may_show(source: Source, counts: Iterable[int]) -> bool:
    return not (source.audience.is_public and any(0 < n < MIN_PERSONS for n in counts))


def _network(source: Source, network: _Network) -> Table:
    lines = [
        _Line("persons with a tie", network.persons),
        _Line("ties", network.ties),
        _Line("ties a person, on average", network.mean_degree, is_count=False),
        _Line(
            "clustering: share of pairs of a person's contacts who know each other", network.average_clustering, False
        ),
        _Line("components: parts without a tie between them", network.components, is_count=False),
    ]
    if network.largest_component is not None:
        largest = network.largest_component
        lines += [
            _Line("persons of the largest component", largest.persons),
            _Line("most steps between two of them", largest.diameter, is_count=False),
            _Line("steps between two of them, on average", largest.mean_path, is_count=False),
        ]
    sentence = "As in Table 2 of the method's paper: two persons have a tie if they were arrested in one incident."
    return _table(source, "network", "The network", sentence, network.persons, lines)


def _table(source: Source, name: str, title: str, sentence: str, persons: int, lines: list[_Line]) -> Table:
    shown = [line for line in lines if line.value is not None]
    values = [line.value if not line.is_count or _may_show(source, [int(line.value or 0)]) else None for line in shown]
    data = pl.DataFrame({
        "what": pl.Series([line.what for line in shown], dtype=pl.String),
        "value": pl.Series(values, dtype=pl.Float64),
        "shown": pl.Series([_words(source, line) for line in shown], dtype=pl.String),
    })  # fmt: skip
    return Table(name, title, sentence, persons, data, {"what": "", "shown": "number"})


def _words(source: Source, line: _Line) -> str:
    assert line.value is not None
    if isinstance(line.value, int):
        return source.audience.count(line.value) if line.is_count else f"{line.value:,}"
    return f"{line.value:.2f}"


def _together(source: Source, found: _Descriptives) -> tuple[Paragraph, ...]:
    """How far one violent arrest tells of another, which is why labels can leak."""
    of = found.violent_together.get("network")
    if of is None or of.share is None:
        return ()
    counts = [of.violent_persons, of.with_another, of.violent_persons - of.with_another]
    if not _may_show(source, counts):
        return ()
    text = (
        f"Of {of.violent_persons:,} violent persons of the network {of.with_another:,} ({of.share:.0%}) were in an "
        "incident in which somebody else was violent too: the label of one tells much about the label of the other."
    )
    return (Paragraph(text),)
