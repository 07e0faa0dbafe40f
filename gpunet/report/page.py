"""A page as one HTML file that asks nothing of the network and runs no script, and the files of its figures."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from gpunet.base._version import __version__
from gpunet.report.audience import Audience
from gpunet.report.csv_text import csv_of
from gpunet.report.figure import Figure, Page, Section, Table
from gpunet.report.look import svg_of

__all__ = ["Rendered", "rendered"]


@dataclass(frozen=True)
class Rendered:
    """A page's bytes, and those of its ``figures/NAME.csv`` by name."""

    html: bytes
    figures: dict[str, bytes]


def rendered(page: Page, audience: Audience) -> Rendered:
    """Render a page for an audience.

    Text is escaped wherever it stands. The page's content security policy allows its own style sheet, by hash, and
    nothing else.
    """
    sections = [_for(audience, section) for section in page.sections]
    shown = [part for section in sections for part in section.parts if isinstance(part, Figure | Table)]
    data = {part.name: csv_of(part.data) for part in shown}
    style = _style()
    html = _environment().get_template("page.html.j2").render(
        page=replace(page, sections=tuple(sections)),
        audience=audience,
        version=__version__,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        csv={name: base64.b64encode(text).decode() for name, text in data.items()},
        svg={part.name: _svg(part) for part in shown if isinstance(part, Figure)},
    )  # fmt: skip
    return Rendered(html.encode(), {f"figures/{name}.csv": text for name, text in data.items()})


def _for(audience: Audience, section: Section) -> Section:
    parts = [
        replace(part, data=audience.shown(part.data, part.counts)) if isinstance(part, Figure | Table) else part
        for part in section.parts
    ]
    return replace(section, parts=tuple(parts))


def _svg(figure: Figure) -> str:
    return figure.chart if isinstance(figure.chart, str) else svg_of(figure.chart)


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
    environment.filters["cell"] = cell
    environment.tests["figure"] = lambda part: isinstance(part, Figure)
    environment.tests["table"] = lambda part: isinstance(part, Table)
    return environment


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
    return f"{value:.3g}" if isinstance(value, float) else str(value)
