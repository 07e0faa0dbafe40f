"""The configuration that ``gpunet check`` proposes: what is needed to read the tables, and what is to be decided."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.arrests.read_report import ReadReport
from gpunet.base.words import Advice, plain_name, toml_key, toml_of
from gpunet.config.config import Config, load_config
from gpunet.config.offences import preset_of
from gpunet.config.ties_config import KindConfig
from gpunet.reading.date_formats import date_formats
from gpunet.reading.date_proposals import date_proposals
from gpunet.reading.dates import DAY_US, day_in_words

__all__ = ["ProposedConfig", "proposed_format", "proposed_recorded_at"]

#: What a column may be called that says when a row came to be known, without blanks and underscores.
_RECORDED = re.compile(
    r"(date|time|day)?(recorded|entered|created|inserted|loaded|keyed|registered)(at|on|date|time|day)?"
)


@dataclass(frozen=True)
class ProposedConfig:
    """A configuration in the making.

    ``given``: what the user's says. ``certain``: keys of ``[input]`` that the tables cannot be read without, and
    ``why``: what was seen, by key. ``tried``: the likeliest of several columns that may be ours, with which the tables
    are looked at; it is not proposed. ``open``: advice that only who knows the tables can decide on.
    """

    given: Config
    certain: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    tried: Mapping[str, str] = field(default_factory=dict)
    open: Sequence[Advice] = ()

    def config(self) -> Config:
        """The user's configuration with what is certain."""
        return self._with({})

    def to_look_with(self) -> Config:
        """The same with the columns that are tried."""
        return self._with(self.tried)

    def _with(self, columns: Mapping[str, str]) -> Config:
        plain = self.given.as_dict()
        known = plain["input"]["columns"]
        plain["input"] |= {**self.certain, "columns": {**known, **self.certain.get("columns", {}), **columns}}
        return load_config(plain)

    def adding(self, certain: Mapping[str, Any], why: Mapping[str, str]) -> ProposedConfig:
        """The same with more that is certain."""
        return dataclasses.replace(self, certain={**self.certain, **certain}, why={**self.why, **why})

    def toml(self) -> str:
        """The file: what is not the default, and as comments what is to be decided."""
        lines = ["# Proposed by gpunet check. Lines that begin with # are for you to decide on."]
        for section, values in _changed(self.config().as_dict(), Config().as_dict()).items():
            lines += ["", f"[{section}]"]
            for key, value in values.items():
                if section == "input" and key in self.why:
                    lines.append(f"# {self.why[key]}")
                if (section, key) == ("input", "columns"):  # by name, so that one of those to decide on may be added
                    lines += [f"columns.{ours} = {toml_of(theirs)}" for ours, theirs in value.items()]
                else:
                    lines.append(f"{toml_key(key)} = {toml_of(value)}")
        decide = _decisions(self.open, lines)
        if decide and "[input]" not in lines:
            lines += ["", "[input]"]
        at = lines.index("[input]") + 1 if decide else 0
        lines[at:at] = decide
        return "\n".join(lines) + "\n"


def _decisions(advice: Iterable[Advice], lines: Iterable[str]) -> list[str]:
    """Comments: what may be wrong, and one line a key, so that several may be taken; but for names and formats.

    `lines` are those of the file so far.
    """
    written = {line.partition(" = ")[0] for line in lines}
    about: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for one in (one for one in advice if one.key):
        is_choice = one.key == "date_format" or one.key.startswith("columns.")
        key = one.line if is_choice else one.key
        about.setdefault(key, []).append(f"# {one.about}:")
        values[key] = one.value if is_choice else _united(values.get(key), one.value)
    found = []
    for key, said in about.items():
        instead = "# (in place of the line below that has the same key)"
        found += [
            *said,
            *([instead] if key.partition(" = ")[0] in written else []),
            f"# {key.partition(' = ')[0]} = {toml_of(values[key])}",
        ]
    return found


def _united(one: Any, other: Any) -> Any:
    """Lists and tables with what each has."""
    if isinstance(one, Mapping):
        return {key: _united(one.get(key), other.get(key)) for key in (*one, *other)}
    if isinstance(one, list):
        return list(dict.fromkeys((*one, *other)))
    return one if other is None else other


def _changed(plain: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sections with the keys whose values are not the default."""
    found: dict[str, dict[str, Any]] = {}
    for section, values in plain.items():
        if section == "ties":
            found |= {f"ties.{toml_key(kind)}": _changed_kind(settings) for kind, settings in values.items()}
            continue
        if section == "violent_offences":
            preset = preset_of(values)
            changed = {} if values == default[section] else {"preset": preset} if preset else dict(values)
        else:
            known = default.get(section, {})  # what is optional is not there
            changed = {key: value for key, value in values.items() if key not in known or value != known[key]}
        if changed:
            found[section] = changed
    return found


def _changed_kind(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a kind of ties: whether it counts in any case, as a kind has to be named."""
    default = Config(ties={"kind": KindConfig()}).as_dict()["ties"]["kind"]
    return {key: value for key, value in settings.items() if key == "use" or value != default[key]}


def proposed_format(report: ReadReport, config: Config) -> tuple[Any, list[Advice]]:
    """The one format that dates can have which were not read, else None.

    And advice: where there are several, and on days that stand for no date in any of them.
    """
    if not report.bad_dates:
        return None, []
    texts, column = list(report.bad_dates), report.columns.get("date", ["date"])[0]
    proposal = date_proposals(texts, column, config.input.date_format)
    formats = proposal.formats
    if len(formats) == 1:
        return formats[0], []  # with it reading tells of such days
    told = {day for one in report.advice if one.key == "null_dates" for day in one.value}
    days = [day for day in proposal.null_dates if day not in told]
    about = f"if {' and '.join(days)} {'stands' if len(days) == 1 else 'stand'} for no date"
    return None, [
        *(
            Advice(f'if "{text}" is {day}', "date_format", given)
            for given, (text, day) in zip(formats, _told_apart(texts, formats), strict=True)
        ),
        *([Advice(about, "null_dates", [*config.input.null_dates, *days])] if days else []),
    ]


def proposed_recorded_at(report: ReadReport) -> list[Advice]:
    """Advice for columns that are not read and may say when rows came to be known, if no column does."""
    if "recorded_at" in report.columns:
        return []
    about = 'if "{}" says when a row came to be known, which then counts as of a day'
    may_be = [name for name in report.ignored_columns if _RECORDED.fullmatch(plain_name(name))]
    return [Advice(about.format(name), "columns.recorded_at", name) for name in may_be]


def _told_apart(texts: Sequence[str], formats: Sequence[Any]) -> list[tuple[str, str]]:
    """For each of the formats a date that it reads unlike the others, and the day that it is then."""
    array = pa.array(texts, pa.large_string())
    read = np.array([date_formats(given).parse(array) // DAY_US for given in formats])
    apart = int(np.argmax((read != read[0]).any(axis=0))) if len(formats) else 0
    return [(texts[apart], day_in_words(int(days[apart]) * DAY_US)) for days in read]
