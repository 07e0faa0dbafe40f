"""Tables 1 and 2 of the method's paper, of the data of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.few import is_few
from gpunet.report.figure import Table

__all__ = ["NETWORK_HIDDEN", "VIOLENT_PERSONS", "arrests_table", "network_is_told", "network_table", "outside_of"]

VIOLENT_PERSONS = "persons with a violent arrest"

NETWORK_HIDDEN = "So few persons were arrested with others, or so few were not, that more of the network is not shown."

Manifest = Mapping[str, Any]

#: Figures of the paper (Shaabani, Aleali, Shakarian and Bertetto, KDD 2015).
_PAPER_OFFENCES = {
    "homicide": 312, "criminal_sexual_assault": 153, "robbery": 1_959, "aggravated_assault": 1_441,
    "aggravated_battery": 896,
}  # fmt: skip

_PAPER = "beside those of the method's paper, which are of another place and time"


@dataclass(frozen=True)
class _Line:
    """A line of a table; `is_count` if it counts persons, arrests or the like, `paper` as the paper has it."""

    words: str
    value: float | None
    paper: float | None = None
    is_count: bool = True


def arrests_table(found: Manifest, audience: Audience) -> Table:
    """Table 1: records, arrests, persons, and violent arrests by offence.

    The public is shown no line of fewer than 10, nor one from which such a line follows.
    """
    arrests, paper = found["arrests"], _PAPER_OFFENCES
    violent = dict(arrests["violent_arrests"])
    anything = violent.pop("violent")
    once, rows = arrests["persons_arrested_once"], found["input"]["rows"]
    kept = [_Line("rows kept: charges of a person in an incident", rows["accepted"], 64_466)]
    offences = [_Line(f"violent arrests: {name.replace('_', ' ')}", n, paper.get(name)) for name, n in violent.items()]
    lines = [
        *_parts(kept, rows["read"] - rows["accepted"], audience),
        _Line("incidents", arrests["incidents"]),
        _Line("arrests: a person in an incident", arrests["arrests"]),
        _Line("persons", arrests["persons"]),
        *_parts([_Line("persons arrested once", once, 12_866)], arrests["persons"] - once, audience),
        *_parts([_Line("violent arrests", anything)], arrests["arrests"] - anything, audience),
        *_parts(offences, 0, audience),
    ]
    return _table(
        "arrests", "The arrests", f"Arrests, persons and violent offences, {_PAPER}.", arrests["persons"], lines,
        audience,
    )  # fmt: skip


def network_is_told(found: Manifest, audience: Audience) -> bool:
    """Whether neither the persons of the network nor those outside are so few that nothing of it may be told."""
    return not audience.is_public or not is_few(found["network"]["persons"], found["arrests"]["persons"])


def outside_of(found: Manifest, own: pl.DataFrame) -> tuple[int, int]:
    """Persons outside the network with a violent arrest and without one; `own` has ``own_violent_arrests`` of all."""
    network = found["network"]
    violent = int((own["own_violent_arrests"] > 0).sum()) - network["members"].get("violent", 0)
    return violent, found["arrests"]["persons"] - network["persons"] - violent


def network_table(found: Manifest, outside: tuple[int, int], audience: Audience) -> Table:
    """Table 2: persons, ties, degrees, clustering, components, and the violent persons.

    The public is not told the largest degree, which is a single person's. `outside` are persons without a tie, with a
    violent arrest and without one: how many of everybody have one is told elsewhere, so these could be worked out.
    """
    network = found["network"]
    largest, persons = network["largest_component"], network["persons"]
    members = {name: n for name, n in network["members"].items() if name not in ("all", "violent")}
    violent = network["members"].get("violent", 0)
    largest_persons = [_Line("persons of the largest component", largest["persons"])]
    component = [
        _Line("components", network["components"], 1_843, is_count=False),
        *largest_persons,
        _Line("ties of the largest component", largest["ties"]),
        _Line("longest shortest path of the largest component", largest["diameter"], 36, is_count=False),
        _Line("mean shortest path of the largest component", largest["mean_path"], 12.2, is_count=False),
    ]
    violent_persons = [_Line(VIOLENT_PERSONS, violent)]
    few_outside = audience.is_public and any(0 < number < MIN_PERSONS for number in outside)
    offences = [_Line(f"persons with an arrest for {name.replace('_', ' ')}", n) for name, n in members.items()]
    lines = [
        _Line("persons with a tie", persons, 9_373),
        _Line("ties: pairs of persons arrested together", network["ties"], 17_197),
        _Line("mean number of ties", network["mean_degree"], 3.66, is_count=False),
        *([] if audience.is_public else [_Line("largest number of ties", network["max_degree"])]),
        _Line("average clustering", network["average_clustering"], 0.50, is_count=False),
        _Line("transitivity", network["transitivity"], 0.62, is_count=False),
        *(component if _parts(largest_persons, persons - largest["persons"], audience) else []),
        *([] if few_outside else _parts(violent_persons, persons - violent, audience)),
        *_parts(offences, 0, audience),
    ]
    return _table(
        "network", "The network", f"Who was arrested with whom, in numbers, {_PAPER}.", persons, lines, audience,
    )  # fmt: skip


def _parts(lines: list[_Line], rest: int, audience: Audience) -> list[_Line]:
    """The lines that this audience may see, of parts of a whole whose other part is `rest`."""
    values = pl.DataFrame({"place": range(len(lines) + 1), "count": [*(int(line.value or 0) for line in lines), rest]})
    kept = set(audience.shown(values, ["count"])["place"])
    return [line for place, line in enumerate(lines) if place in kept and (rest == 0 or len(lines) in kept)]


def _table(
    name: str, title: str, sentence: str, persons: int, lines: Iterable[_Line], audience: Audience
) -> Table:  # fmt: skip
    hidden = range(1, MIN_PERSONS if audience.is_public else 1)
    shown = [line for line in lines if not (line.is_count and line.value in hidden)]
    data = pl.DataFrame(
        [
            (line.words, line.value, _said(line.value), line.paper, "" if line.paper is None else _said(line.paper))
            for line in shown
        ],
        {"figure": pl.String, "value": pl.Float64, "here": pl.String, "paper": pl.Float64, "in_paper": pl.String},
        orient="row", strict=False,
    )  # fmt: skip
    heads = {"figure": "", "here": "here", "in_paper": "in the method's paper"}
    return Table(name, title, sentence, persons, data, heads)


def _said(value: float | None) -> str:
    if value is None:
        return "not defined"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
