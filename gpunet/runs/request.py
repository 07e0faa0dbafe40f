"""What a run was asked for, and of which files it is: what two of these have otherwise, in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt

from gpunet.config.config import load_config

__all__ = ["Command", "Inputs", "Request", "differences"]

#: What a run can be.
Command: TypeAlias = Literal["features", "run", "evaluate known", "evaluate emerging", "panel", "places"]

_EXACT = ConfigDict(extra="forbid")


def _some_text(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("it is empty, or has a null character")
    return text


# What a path, or an address, can be; also a path that is no UTF-8.
_Text = Annotated[str, AfterValidator(_some_text)]

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None


@dataclass(frozen=True)
class Inputs:
    """Hashes of files by name, of those that were read and of those that were left out; None where there was none."""

    __pydantic_config__ = _EXACT

    read: Mapping[_Text, _Hash]
    left_out: Mapping[_Text, _Hash]


@dataclass(frozen=True)
class Request:
    """What a run is asked for.

    Attributes
    ----------
    command
        The name of the command.
    inputs
        The paths as they were given, and the folder that relative ones start from.
    config, as_of, engine, versions
        What decides about the results, beside the input. ``engine`` is the one that was chosen.
    threads
        As asked for; it has no bearing on the results.
    keep_going
        Whether files that cannot be read are left out.
    cluster
        What a run that is resumed takes as well unless it is told otherwise. A model that several workers trained
        together, and nothing else, depends on how many they were and on their threads.
    allow_incomplete
        Whether a forecast may be of a day long after the last arrest.
    read_on
        The day on which the tables were read first: dates after it are none, also if they are read again.
    tables
        Hashes of the tables beside the arrests, by path.
    replaces
        SHA-256 of the ``run.json`` of the complete run in the folder, which it may replace.
    """

    __pydantic_config__ = _EXACT

    command: Command
    inputs: Annotated[tuple[_Text, ...], Field(min_length=1)]
    working_folder: _Text
    config: Mapping[str, Any]
    as_of: date | None
    engine: Literal["cpu", "gpu", "gpus"]
    versions: Mapping[str, str | None]
    threads: Annotated[StrictInt, Field(ge=1)] | None
    keep_going: StrictBool = False
    cluster: _Text = "none"
    allow_incomplete: StrictBool = False
    read_on: date | None = None
    tables: Mapping[_Text, _Hash] = field(default_factory=dict)
    replaces: _Hash = None

    def differences(self, other: Request) -> Iterator[str]:
        """What the results depend on and `other` has otherwise, in words."""
        if self.command != other.command:
            yield f"the command was gpunet {other.command} and is gpunet {self.command}"
        mine, theirs = (
            {name: section for name, section in load_config(each.config).every_value().items() if name != "cluster"}
            for each in (self, other)
        )
        yield from differences(mine, theirs)
        for name in ("as_of", "engine"):
            before, now = getattr(other, name), getattr(self, name)
            if before != now:
                yield f"{name.replace('_', '-')} was {before or 'not given'} and is {now or 'not given'}"
        if self.keep_going != other.keep_going:
            yield "keep-going was given and is not" if other.keep_going else "keep-going was not given and is"
        for name in sorted({*self.tables, *other.tables}):
            before, now = other.tables.get(name), self.tables.get(name)
            if before != now:
                what = "is new" if before is None else "is no longer there" if now is None else "has changed"
                yield f"the table {name} {what}"
        for name in sorted({*self.versions, *other.versions}):
            before, now = other.versions.get(name), self.versions.get(name)
            if before != now:
                yield f"{name} was version {before} and is {now}"

    def identity(self, inputs: Inputs) -> str:
        """A hash of all that the results depend on: equal for two requests without :meth:`differences`."""
        of_config = {name: [list(of), of] for name, of in self.config.items() if name != "cluster"}
        of_inputs = [list(inputs.read.items()), sorted(inputs.left_out.items())]
        decisive = [self.command, of_config, self.as_of, self.engine, self.keep_going, self.versions, self.read_on]
        text = json.dumps([*decisive, self.tables, of_inputs], sort_keys=True, default=str)
        alike = json.dumps(json.loads(text, parse_int=float), sort_keys=True)  # 1 and 1.0 are one number
        return hashlib.sha256(alike.encode()).hexdigest()


def differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """What two configurations, section by section, have otherwise, in words."""
    for section in {**now, **before}:
        here, there = now.get(section, {}), before.get(section, {})
        for key in sorted({*here, *there}):
            if here.get(key) != there.get(key):
                yield f"[{section}] {key} was {_shown(there.get(key))} and is {_shown(here.get(key))}"
        if list(here) != list(there) and sorted(here) == sorted(there):
            yield f"the order of [{section}] is another one"


def _shown(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)
