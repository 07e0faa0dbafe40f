"""The HTML of a page, from its template and style sheet: text is escaped, others' words are kept apart from ours."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

import polars as pl

from gpunet.base._version import __version__
from gpunet.base.printable import printable
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.figure import Figure, Page, Paragraph, Table
from gpunet.report.named import ISOLATED, ends_kept

__all__ = ["Shown", "cell", "html_of"]

_BEGIN, _END = ISOLATED
_ISOLATED_NAME = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_PERCENT = re.compile(r"\b[0-9][0-9,.]* %")
#: A figure as text, alone or with its interval, which does not break; and what stands in its place.
_FIGURE = re.compile(r"[-+\u2212]?[0-9][0-9,.]*( ?%)?( \([-+\u2212]?[0-9][^()]*\))?")
_NO_FIGURE = re.compile("|[-\u2013]|not .*|fewer than .*|more than .*")
_MOST_LOOKED_AT = 200
_SHORT = 20  # text that may stand in a narrow column
_FINGERPRINT = re.compile("[0-9a-f]{64}")

#: Of one cell; the CSV has the whole text.
_LONGEST_CELL = 200


@dataclass(frozen=True, eq=False)
class Shown:
    """A figure or table as a page has it.

    Attributes
    ----------
    part
        With the data that the audience may see.
    left_out
        How many rows it may not.
    csv
        The data as CSV, base64; empty if the page refers to the file.
    svg
        Of a figure, if its picture is on the page.
    rows
        Of a table, if its rows are on the page.
    """

    part: Figure | Table
    left_out: int
    csv: str
    svg: str = ""
    rows: pl.DataFrame | None = None


def html_of(page: Page, audience: Audience, shown: Mapping[str, Shown]) -> bytes:
    """The page with its figures and tables, by their names."""
    style = _style()
    text: str = _environment().get_template("page.html.j2").render(
        page=page,
        audience=audience,
        version=__version__,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        shown=shown,
        min_persons=MIN_PERSONS,
    )  # fmt: skip
    return text.encode("utf-8", "replace")


def cell(value: Any, form: str = "") -> str:
    """A value in a table's cell: whole numbers with separators, others with three digits, nothing for null.

    >>> cell(12345), cell(0.123456), cell(None), cell(0.5, "{:.0%}")
    ('12,345', '0.123', '', '50%')
    """
    if value is None:
        return ""
    if form:
        return form.format(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.3g}"
    text = printable(value, line_breaks=False)
    if _FIGURE.fullmatch(text):
        return text.replace(" ", "\u00a0")
    return ends_kept(text, _LONGEST_CELL)


def _said(text: object) -> Any:
    """A sentence of ours, with the names in it isolated; see :mod:`gpunet.report.named`."""
    import markupsafe

    parts = _ISOLATED_NAME.split(str(text))
    escaped = [str(markupsafe.escape(printable(part))) for part in parts]
    return markupsafe.Markup("".join(f"<bdi>{part}</bdi>" if i % 2 else _whole(part) for i, part in enumerate(escaped)))


def _whole(text: str) -> str:
    """Days and shares in escaped text, in elements that do not break."""
    return _PERCENT.sub(r'<span class="whole">\g<0></span>', _DAY.sub(r"<time>\g<0></time>", text))


def _plain(text: object) -> str:
    """A sentence for an attribute, in which there can be no elements."""
    return printable(_ISOLATED_NAME.sub(r"\1", str(text)))


def _blocks(parts: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """The parts of a section with what each is; items of a list that follow each other are one block."""
    return [(kind, list(group)) for kind, group in groupby(parts, _kind)]


def _kind(part: Any) -> str:
    if isinstance(part, Paragraph):
        return part.kind
    return "figure" if isinstance(part, Figure) else "table"


def _kinds_of_columns(table: Table) -> dict[str, str]:
    """The class of each column's cells: numbers stand right, fingerprints have narrow letters, days do not break."""
    return {name: _kind_of_column(table.data[name]) for name in table.heads}


def _kind_of_column(column: pl.Series) -> str:
    if column.dtype.is_numeric():
        return "number"
    texts = [str(text) for text in column.drop_nulls().unique().head(_MOST_LOOKED_AT).to_list()]
    if texts and all(map(_FINGERPRINT.fullmatch, texts)):
        return "fingerprint"
    if texts and all(map(_DAY.fullmatch, texts)):
        return "day"
    figures = [text for text in texts if not _NO_FIGURE.fullmatch(text)]
    if figures and all(map(_FIGURE.fullmatch, figures)):
        return "figures"
    return "text long" if any(len(text) > _SHORT for text in texts) else "text"


@cache
def _style() -> str:
    return files("gpunet.report").joinpath("templates/page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gpunet.report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "blocks": _blocks, "cell": cell, "kinds_of_columns": _kinds_of_columns, "plain": _plain, "said": _said,
    }  # fmt: skip
    return environment
