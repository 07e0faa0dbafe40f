"""The pages that the project makes, of small synthetic tables, and of tables that mean ill."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from shutil import copytree

import polars as pl
from typer.testing import CliRunner

from gpunet.cli.app import app
from gpunet.synthetic import make_arrests, make_ties, make_victims

__all__ = ["HOSTILE", "OWNED", "PAGES", "PAYLOADS", "Made"]

PERSONS = 1500

#: What a script of the tables' would leave behind: the page's title.
OWNED = "owned"

_SCRIPT = f"window.owned=1;document.title='{OWNED}'"

#: Texts that would do something where they are not kept apart from the page, each beside a number of its own.
PAYLOADS = (
    f"<script>{_SCRIPT}</script>",
    f'"><img src=x onerror="{_SCRIPT}">',
    f"<svg onload={_SCRIPT}>",
    f"</style></title></table><script>{_SCRIPT}</script>",
    f"' onmouseover='{_SCRIPT}' x='",
    f"javascript:{_SCRIPT}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\u202eexe.txt\u202c \u2067right to left",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "W" * 500,
    "a long name " * 40,
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; <!-- ]]> <b>bold",
    "\u0000\u001b[2J\ufeff",
)


# A small experiment of either kind.
_EVALUATE = """
[evaluate]
folds = 3
classifiers = ["decision_tree"]
smote = false
bootstrap = 30
start = 2013-12-01
every = "3mo"
horizon_days = 180

[model]
max_rounds = 20
"""

_AUDIT = """
[evaluate]
bootstrap = 30

[audit]
folds = 2
proxy_persons = 500
"""


# Kinds of ties, one of them with words that mean ill.
_KINDS = f"""
[ties]
intelligence = {{use = true, min_source = 2, min_information = "C"}}
observation = {{use = false}}
calls = {{use = true, min_source = 3, min_information = "E"}}

[ties.social_media]
use = true
task_ref = {json.dumps(PAYLOADS[0])}
authority = {json.dumps(PAYLOADS[1])}
expires = 2114-12-31
"""


def hostile(frame: pl.DataFrame) -> pl.DataFrame:
    """Tables with a payload in every text, a crowd that ties nobody, and rows that are rejected."""

    def poisoned(value: object, number: int) -> str:
        return f"{PAYLOADS[number % len(PAYLOADS)]} {value}".replace("\0", "")

    def column(name: str) -> pl.Series:
        values = sorted(frame[name].drop_nulls().unique().to_list())
        texts = {value: poisoned(value, number) for number, value in enumerate(values)}
        return pl.Series(name, [texts.get(value) for value in frame[name].to_list()], dtype=pl.String)

    names = ["person_id", "incident_id", "district", "beat", "gang", "force"]
    offence = [None if text is None else f"{text} {PAYLOADS[i % len(PAYLOADS)]}".replace("\0", "")
               for i, text in enumerate(frame["offence"].to_list())]  # fmt: skip
    frame = frame.with_columns(
        *(column(name) for name in names if name in frame.columns), offence=pl.Series(offence, dtype=pl.String)
    )
    crowd = frame.unique("person_id", keep="first", maintain_order=True).head(60)
    return pl.concat([
        frame,
        crowd.with_columns(incident_id=pl.lit(PAYLOADS[1]), date=frame["date"].min(), force=pl.lit(PAYLOADS[2])),
        frame.head(3).with_columns(person_id=pl.lit(None, pl.String)),
    ])  # fmt: skip


class Made:
    """The pages, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def gpunet(self, *arguments: object) -> None:
        """Run a command in this process."""
        done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    @cached_property
    def tables(self) -> Path:
        """Synthetic tables, in a file whose name means ill too."""
        return self._written("arrests", make_arrests(PERSONS, seed=1))

    @cached_property
    def hostile_tables(self) -> Path:
        return self._written(f"<img src=x onerror={OWNED}>", hostile(make_arrests(PERSONS, seed=1)))

    def _written(self, name: str, frame: pl.DataFrame) -> Path:
        (self.folder / "tables").mkdir(exist_ok=True)
        path = self.folder / "tables" / f"{name}.parquet"
        frame.write_parquet(path)
        return path

    @cached_property
    def features(self) -> Path:
        self.gpunet("features", self.tables, "--out", self.folder / "features")
        self.gpunet("report", self.folder / "features")
        return self.folder / "features"

    @cached_property
    def run(self) -> Path:
        self.gpunet("run", self.tables, "--out", self.folder / "run")
        return self.folder / "run"

    @cached_property
    def layered(self) -> Path:
        """Features with ties of other kinds and victims."""
        ties, victims = (self._written(of.__name__, of(PERSONS, seed=1)) for of in (make_ties, make_victims))
        config, out = self.folder / "kinds.toml", self.folder / "layered"
        config.write_text(_KINDS, encoding="utf-8")
        beside = ("--ties", ties, "--victims", victims, "--config", config)
        self.gpunet("features", self.tables, *beside, "--out", out)
        self.gpunet("report", out)
        return out

    @cached_property
    def known(self) -> Path:
        return self._evaluated("known")

    @cached_property
    def emerging(self) -> Path:
        return self._evaluated("emerging")

    def _evaluated(self, experiment: str) -> Path:
        config = self.folder / "evaluate.toml"
        config.write_text(_EVALUATE, encoding="utf-8")
        self.gpunet("evaluate", experiment, self.tables, "--config", config, "--out", self.folder / experiment)
        return self.folder / experiment

    def audit(self, run: Path, values: Sequence[str]) -> Path:
        """The audit of a run by two attributes, of which one has these values."""
        out = self.folder / f"{run.name}-audit"
        if not out.exists():
            persons = pl.read_parquet(run / "scores.parquet", columns=["person_id"])
            number = pl.int_range(pl.len())
            attributes = persons.with_columns(
                origin=(number % len(values)).replace_strict(dict(enumerate(values)), return_dtype=pl.String),
                sex=pl.when(number % 7 < 5).then(pl.lit("m")).otherwise(pl.lit("f")),
            )
            attributes.write_parquet(self.folder / "tables" / f"{run.name}-attributes.parquet")
            given = ("--attributes", self.folder / "tables" / f"{run.name}-attributes.parquet", "--by", "origin,sex")
            config = self.folder / "audit.toml"
            config.write_text(_AUDIT, encoding="utf-8")
            self.gpunet("audit", run, *given, "--config", config, "--out", out)
        return out

    def card(self, run: Path) -> Path:
        """The card of the person who is ranked highest."""
        out = self.folder / f"{run.name}-card" / "card.html"
        if not out.exists():
            person = pl.read_parquet(run / "scores.parquet").sort("rank")["person_id"][0]
            self.gpunet("card", run, "--person", person, "--out", out)
        return out

    @cached_property
    def hostile(self) -> Path:
        self.gpunet("run", self.hostile_tables, "--out", self.folder / "hostile")
        return self.folder / "hostile"

    def public(self, run: Path) -> Path:
        """The same for the public, in a folder of its own."""
        copy = self.folder / f"{run.name}-public"
        if not copy.exists():
            copytree(run, copy)
            self.gpunet("report", copy, "--audience", "public")
        return copy


PAGES: dict[str, Callable[[Made], Path]] = {
    "features": lambda made: made.features / "report.html",
    "features-public": lambda made: made.public(made.features) / "report.html",
    "layered": lambda made: made.layered / "report.html",
    "layered-public": lambda made: made.public(made.layered) / "report.html",
    "run": lambda made: made.run / "report.html",
    "run-public": lambda made: made.public(made.run) / "report.html",
    "known": lambda made: made.known / "report.html",
    "known-public": lambda made: made.public(made.known) / "report.html",
    "emerging": lambda made: made.emerging / "report.html",
    "emerging-public": lambda made: made.public(made.emerging) / "report.html",
    "audit": lambda made: made.audit(made.run, ("north", "south", "west")) / "report.html",
    "audit-public": lambda made: made.public(made.audit(made.run, ("north", "south", "west"))) / "report.html",
    "card": lambda made: made.card(made.run),
    "hostile": lambda made: made.hostile / "report.html",
    "hostile-public": lambda made: made.public(made.hostile) / "report.html",
    "hostile-audit": lambda made: made.audit(made.hostile, PAYLOADS[:10:3]) / "report.html",
    "hostile-card": lambda made: made.card(made.hostile),
}

HOSTILE = [name for name in PAGES if "hostile" in name]
