"""Which kinds of ties were in use, within which limits, and by whose authority social media."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.config.ties_config import SOCIAL_MEDIA
from gpunet.report.audience import Audience
from gpunet.report.figure import Paragraph, Table
from gpunet.report.named import named

__all__ = ["kind_words", "kinds_in_use"]

#: What a kind asks of a row at least; the last of either takes rows without a grade too.
_SOURCES = {1: "1: reliable", 2: "2: untested", 3: "any, or no grade"}
_INFORMATION = {
    "A": "A: known directly",
    "B": "B: indirect, corroborated",
    "C": "C: known indirectly",
    "D": "D: not known",
    "E": "any, or no grade",
}

_HEADS = {
    "kind": "kind",
    "source": "source, at least",
    "information": "information, at least",
    "half_life_days": "days until worth half",
    "limit_days": "days until it is over",
}

_SENTENCE = (
    "What a row must be to count. A tie is worth half as much each time so many days have gone by since its date, and "
    "nothing once it is over."
)


def kinds_in_use(kinds: Mapping[str, Mapping[str, Any]], audience: Audience) -> Iterator[Table | Paragraph]:
    """The limits of each kind in use, who answers for social media, and what is left out, by ``[ties]`` of a run."""
    used = {name: kind for name, kind in kinds.items() if kind["use"]}
    if used:
        rows = [
            {
                "kind": kind_words(name),
                "source": _SOURCES[kind["min_source"]],
                "information": _INFORMATION[kind["min_information"]],
                "half_life_days": float(kind["half_life_days"]),
                "limit_days": kind["limit_days"],
            }
            for name, kind in used.items()
        ]
        formats = {"half_life_days": "{:,g}"}
        yield Table("kinds", "Which ties count", _SENTENCE, None, pl.DataFrame(rows), _HEADS, formats)
    for name, kind in used.items():
        if kind["social_media"] or name == SOCIAL_MEDIA:
            yield Paragraph(_authority(name, kind, audience), "list item")
    if left := [kind_words(name) for name, kind in kinds.items() if not kind["use"]]:
        yield Paragraph(f"Not in use, so that rows of it are left out: {', '.join(left)}.", "list item")


def kind_words(name: str) -> str:
    """A kind as people write it.

    >>> kind_words("social_media")
    'social media'
    """
    return name.replace("_", " ")


def _authority(name: str, kind: Mapping[str, Any], audience: Audience) -> str:
    """What has to stand in the configuration; a task and a name are not for everybody."""
    until = f"on an authority that ends on {kind['expires']}"
    if audience.is_public:
        return f"Ties of {kind_words(name)} were used for one task, {until}."
    return f"Ties of {kind_words(name)} were used for the task {named(kind['task_ref'])}, {until}: " + (
        f"{named(kind['authority'])}."
    )
