"""The configuration that ``gpunet check`` proposes: what is needed to read the tables, and what is to be decided."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gpunet.arrests.arrests import ReadReport
from gpunet.base.errors import UnreadableFile
from gpunet.base.words import Advice
from gpunet.config.config import REQUIRED_COLUMNS, Config, load_config
from gpunet.reading.columns import missing_columns, near_names
from gpunet.reading.date_proposals import date_proposals
from gpunet.reading.files import open_file
from gpunet.reading.sources import Source

__all__ = ["ProposedConfig", "proposed_columns", "proposed_format"]


@dataclass(frozen=True)
class ProposedConfig:
    """A configuration in the making.

    ``given``: what the user's says. ``certain``: keys of ``[input]`` that the tables cannot be read without, and
    ``why``: what was seen, by key. ``open``: advice that only who knows the tables can decide on.
    """

    given: Config
    certain: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    open: Sequence[Advice] = ()

    def config(self) -> Config:
        """The user's configuration with what is certain."""
        plain = self.given.as_dict()
        plain["input"] |= {**self.certain, "columns": {**plain["input"]["columns"], **self.certain.get("columns", {})}}
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
                lines.append(f"{_key(key)} = {_toml(value)}")
        decide = [advice for advice in self.open if advice.line]
        if decide and "[input]" not in lines:
            lines += ["", "[input]"]
        at = lines.index("[input]") + 1 if decide else 0
        lines[at:at] = [line for advice in decide for line in (f"# {advice.about}:", f"# {advice.line}")]
        return "\n".join(lines) + "\n"


def _changed(plain: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sections with the keys whose values are not the default."""
    found = {}
    for section, values in plain.items():
        if section == "violent_offences":
            changed = {} if values == default[section] else dict(values)
        else:
            changed = {key: value for key, value in values.items() if value != default[section][key]}
        if changed:
            found[section] = changed
    return found


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_toml(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def proposed_columns(sources: Iterable[Source], config: Config) -> tuple[dict[str, Any], list[Advice]]:
    """Names for columns that tables lack, and advice where there are several that may be meant."""
    names: dict[str, dict[str, None]] = {}
    open_: dict[str, Advice] = {}
    have: set[str] = set()  # columns that some table has under the name that it should have
    for source in sources:
        try:
            present = list(open_file(source, config.input).types)
        except UnreadableFile:
            continue  # whoever reads it says what is wrong
        missing = missing_columns(present, config.input) if present else []
        have |= {ours for ours in REQUIRED_COLUMNS if present and ours not in missing}
        for ours in missing:
            near = near_names(ours, present)
            if near or ours in ("date", "offence"):
                names.setdefault(ours, {}).update(dict.fromkeys(near[:1]))
            for other in near[1:]:
                about = f'{ours} may be "{other}" and not "{near[0]}"'
                open_.setdefault(about, Advice(about, f"columns.{ours} = {_toml(other)}"))
    every = {}
    for ours, found in names.items():
        given = config.input.source_names(ours) if ours in have or ours in config.input.columns else ()
        known = list(dict.fromkeys((*given, *found)))
        if found or not known:  # a column that only some tables have is not absent from all
            every[ours] = known[0] if len(known) == 1 else known or ""
    return every, list(open_.values())


def proposed_format(report: ReadReport, config: Config) -> tuple[Any, list[Advice]]:
    """The one format that dates can have which were not read, else None; and advice where there are several."""
    if not report.bad_dates:
        return None, []
    proposal = date_proposals(list(report.bad_dates), given=config.input.date_format)
    if len(proposal.formats) == 1:
        return proposal.formats[0], []
    shown = " or ".join(f'"{value}"' for value in proposal.values)
    return None, [
        Advice(f"if dates such as {shown} are written so", f"date_format = {_toml(given)}")
        for given in proposal.formats
    ]
