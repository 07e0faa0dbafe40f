"""Pages taken apart for tests, tables full of what must not run, and the folder of a run on them."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl

from gpunet.cli.run import RunOptions, run_forecast
from gpunet.synthetic import make_arrests

#: Everything that a name could be which somebody means ill with, or has typed badly.
HOSTILE = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "=cmd()|'/c calc'!A0",
    "\u202eevil\u2066",
    "\u0645\u0631\u062d\u0628\u0627 12",
    '" onload="alert(1)" x="',
    "</style><style>*{display:none}",
    "{{ 7 * 7 }}{% endraw %}&lt;b&gt;",
    "nul\x00 bell\x07 esc\x1b[31m",
    "long" * 125,
)

_VOID = {"meta", "br", "hr", "img", "input", "link", "rect", "path", "line", "circle"}
_COUNTS = {"persons", "rows", "incidents", "positives", "violent", "flagged", "named", "members"}
_WORDS = r"(?:persons?|people|arrests?|incidents?|rows?|groups?|members?)"


@dataclass
class Parsed(HTMLParser):
    """A page's elements with their attributes, and its text without the style sheet, pictures apart."""

    page: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "svg" not in self.open:
            self.text += data

    def values(self, attribute: str) -> list[str]:
        """Every value of an attribute."""
        return [
            value or "" for _, attributes in self.elements for name, value in attributes.items() if name == attribute
        ]


def assert_harmless(html: bytes) -> Parsed:
    """A page that runs nothing, asks for nothing, and is well made; what it holds."""
    text = html.decode()
    page = Parsed(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "input", "image", "animate"}
    attributes = {name for _, of in page.elements for name in of}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {
        "style",
        "src",
        "srcset",
        "xlink:href",
    }
    assert all(
        re.match(r"#|data:text/csv;charset=utf-8;base64,|figures/[a-z0-9_]+\.csv$", href)
        for href in page.values("href")
    )
    assert not re.findall(r"https?:|url\(|@import", text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    assert len(page.values("id")) == len(set(page.values("id")))
    for reference in (*page.values("aria-labelledby"), *(href[1:] for href in page.values("href") if href[0] == "#")):
        assert reference in page.values("id")
    assert not page.open
    assert len(html) < 2_000_000
    return page


def assert_public(html: bytes, figures: dict[str, bytes], secrets: set[str]) -> None:
    """A page without ids and without small numbers, in its text, its data and its pictures."""
    page = assert_harmless(html)
    small = re.findall(rf"\b[1-9] {_WORDS}\b|Persons: [1-9]\b(?![,.\d])", page.text)
    assert not small, small
    embedded = [
        base64.b64decode(href.partition(",")[2]).decode() for href in page.values("href") if href[:5] == "data:"
    ]
    for data in (*embedded, *(content.decode() for content in figures.values())):
        for row in csv.DictReader(io.StringIO(data)):
            few = {name: value for name, value in row.items() if name in _COUNTS and value in set("123456789")}
            assert not few, few
    for whole in (html.decode(), *embedded):
        found = {secret for secret in secrets if secret in whole}
        assert not found, found


def hostile_arrests(persons: int = 400) -> pl.DataFrame:
    """Synthetic arrests whose ids, places, gangs and forces are hostile; each id still stands for one person."""
    arrests = pl.from_dataframe(make_arrests(persons, seed=3))
    changed = {}
    for name in ("person_id", "incident_id", "district", "beat", "gang", "force", "offence"):
        if name in arrests.columns and (name != "offence"):
            values = arrests[name].unique(maintain_order=True).drop_nulls().to_list()
            changed[name] = {value: f"{HOSTILE[i % len(HOSTILE)]}~{name[0]}{value}~" for i, value in enumerate(values)}
    return arrests.with_columns(
        pl.col(name).cast(pl.String).replace({str(old): new for old, new in of.items()}) for name, of in changed.items()
    )


def hostile_run(folder: Path) -> Path:
    """A run on such tables, in a file of a hostile name."""
    tables = folder / "tables"
    tables.mkdir()
    hostile_arrests().write_parquet(tables / "<img src=x onerror=alert(1)> =cmd().parquet")
    config = {"model": {"max_rounds": 4, "folds": 2, "horizon_days": 200}, "network": {"max_incident_size": 4}}
    run_forecast([str(tables)], folder / "run", config, None, RunOptions(threads=1, report=False))
    return folder / "run"


def manifest_of(folder: Path, **changes: Any) -> Path:
    """A complete run's folder with changes in its ``run.json``."""
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return folder
