"""A page as one HTML file that asks nothing of the network and runs no script, and the files of its figures."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from gpunet.report.audience import Audience
from gpunet.report.csv_text import csv_of
from gpunet.report.figure import Figure, Page, Table
from gpunet.report.html_text import Shown, html_of
from gpunet.report.look import svgs_of

__all__ = ["MOST_BYTES", "Rendered", "rendered"]

#: No page is larger.
MOST_BYTES = 2_000_000

#: Columns that say who somebody is.
_IDS = {"person_id", "person_a", "person_b", "person", "incident_id", "incident"}


@dataclass(frozen=True)
class Rendered:
    """A page's bytes, and those of its ``figures/NAME.csv`` by name."""

    html: bytes
    figures: dict[str, bytes]


def rendered(page: Page, audience: Audience) -> Rendered:
    """Render a page for an audience.

    Text is escaped wherever it stands. The page's content security policy allows its own style sheet, by hash, and
    nothing else. Where it would be larger than 2 MB, it first refers to the files of its largest data in place of
    holding them, then leaves out its largest pictures and tables, and says so. A picture of rows that the audience may
    not see is left out.

    Raises
    ------
    ValueError
        If two parts have one name, a name is no ``[a-z0-9_]+``, or what is for the public has a column of ids.
    ResourceError
        If plots cannot be drawn.
    """
    _check(page, audience)
    parts = [replace(part, data=audience.shown(part.data, part.counts)) for part in _figures(page)]
    left_out = {part.name: len(whole.data) - len(part.data) for part, whole in zip(parts, _figures(page), strict=True)}
    svg = _drawn([part for part in parts if isinstance(part, Figure) and not left_out[part.name]])
    figures = {f"figures/{part.name}.csv": csv_of(part.data.drop(_told_by_numbers(part.data))) for part in parts}
    shown = {}
    for part in parts:
        csv = base64.b64encode(figures[f"figures/{part.name}.csv"]).decode()
        rows = part.data.head(part.rows) if isinstance(part, Table) else None
        shown[part.name] = Shown(part, left_out[part.name], csv, svg.get(part.name, ""), rows)
    while len(html := html_of(page, audience, shown)) > MOST_BYTES and (largest := _largest(shown)):
        shown[largest.part.name] = largest
    return Rendered(html, figures)


def _told_by_numbers(data: pl.DataFrame) -> list[str]:
    """Columns of words for the page, ``X_words``, where the value and its interval are columns of numbers too."""
    has = set(data.columns)
    return [f"{name}_words" for name in data.columns if {f"{name}{end}" for end in ("_words", "_low", "_high")} <= has]


def _check(page: Page, audience: Audience) -> None:
    names = [*(section.name for section in page.sections), *(f"figure-{part.name}" for part in _figures(page))]
    for name in names:
        if not re.fullmatch("[a-z0-9_]+", name.removeprefix("figure-")):
            raise ValueError(f"{name!r} is no name for a part of a page")
    if len(set(names)) < len(names):
        raise ValueError(f"two parts of a page have one name: {sorted(names)}")
    for part in _figures(page):
        if audience.is_public and _IDS & set(part.data.columns):
            raise ValueError(f"{part.name} has ids, which the public is not shown")


def _figures(page: Page) -> list[Figure | Table]:
    return [part for section in page.sections for part in section.parts if isinstance(part, Figure | Table)]


def _drawn(figures: Sequence[Figure]) -> dict[str, str]:
    """The picture of each figure by its name, as SVG within a page."""
    charts = [figure for figure in figures if not isinstance(figure.chart, str)]
    found = {figure.name: figure.chart for figure in figures if isinstance(figure.chart, str)}
    found |= zip((figure.name for figure in charts), svgs_of([figure.chart for figure in charts]), strict=True)
    return {name: svg.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1) for name, svg in found.items()}


def _largest(shown: dict[str, Shown]) -> Shown | None:
    """What takes the most bytes, without these; data first, as these are in a file of their own too."""
    with_data = max(shown.values(), key=lambda one: len(one.csv), default=None)
    if with_data is not None and with_data.csv:
        return replace(with_data, csv="")
    rest = max(shown.values(), key=_bytes_of_rest, default=None)
    return None if rest is None or not _bytes_of_rest(rest) else replace(rest, svg="", rows=None)


def _bytes_of_rest(one: Shown) -> int:
    return len(one.svg) + (0 if one.rows is None else int(one.rows.estimated_size()) + 1)
