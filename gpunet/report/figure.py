"""What a page is made of: sections with paragraphs, figures and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

__all__ = ["Figure", "Page", "Paragraph", "Section", "Table"]


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture, with the data that it was drawn from.

    Attributes
    ----------
    name
        ``[a-z0-9_]+``, of its file ``figures/NAME.csv`` and its place on the page.
    title
        A few words.
    sentence
        What it shows, one sentence.
    persons
        How many persons are behind it; None where it is about none, such as versions and seconds.
    data
        What was drawn, with names of columns that say what they hold.
    chart
        An Altair chart (its look is :mod:`gpunet.report.look`'s), or an SVG as text that :mod:`gpunet.report` has made.
    counts
        Columns of `data` that count persons (or arrests, incidents): what the public is not shown rows of that are
        under 10. Whoever makes the chart draws what :meth:`Audience.shown` leaves, and gives that as `data`: a picture
        of more is not shown to the public.
    """

    name: str
    title: str
    sentence: str
    persons: int | None
    data: pl.DataFrame
    chart: Any
    counts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """As a :class:`Figure`, but shown as a table: `data` with the words of `heads` over its columns.

    ``heads`` is ``{column: words}``; columns without one are in the CSV alone. Numbers are formatted by the page, or as
    `formats` says for a column (``"{:.3f}"``). The page shows the first `rows`, and says how many there are in the CSV.
    """

    name: str
    title: str
    sentence: str
    persons: int | None
    data: pl.DataFrame
    heads: dict[str, str]
    formats: dict[str, str] = field(default_factory=dict)
    counts: tuple[str, ...] = ()
    rows: int = 100


@dataclass(frozen=True)
class Paragraph:
    """Words: plain text, escaped by the page. `kind` is ``plain``, ``list item`` or ``warning``.

    Names that are not ours stand in a sentence as :func:`gpunet.report.named.named` writes them.
    """

    text: str
    kind: str = "plain"


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a page with its own heading; `lead` is its first sentence, the answer to the heading's question."""

    name: str
    title: str
    lead: str
    parts: tuple[Figure | Table | Paragraph, ...] = ()


@dataclass(frozen=True, eq=False)
class Page:
    """A page: `summary` are the sentences that come before everything else.

    `retain_until` is the last day on which a page that is about one person is kept, "" if none is stated.
    """

    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...] = ()
    retain_until: str = ""
