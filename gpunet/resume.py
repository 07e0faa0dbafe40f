"""What a run was asked for, stored beside its checkpoints: whether these fit a new run, and what ``--resume`` needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.arrests import FileCount
from gpunet.checkpoints import Checkpoints
from gpunet.config import Config, load_config
from gpunet.errors import InputError
from gpunet.folder import checkpoints_of, sha256_of, store_whole
from gpunet.reading.sources import find_sources

__all__ = ["Request", "note_inputs", "prepare", "stored_request"]

_REQUEST, _INPUTS = "request.json", "inputs.json"


@dataclass(frozen=True)
class Request:
    """What a run is asked for.

    Attributes
    ----------
    command
        ``"features"`` or ``"run"``.
    inputs
        The paths as they were given, and the folder that relative ones start from.
    config, as_of, engine, versions
        What decides about the results, beside the input. ``engine`` is the one that was chosen.
    threads
        As asked for; it has no bearing on the results.
    """

    command: str
    inputs: tuple[str, ...]
    working_folder: str
    config: Mapping[str, Any]
    as_of: str | None
    engine: str
    versions: Mapping[str, str | None]
    threads: int | None

    def settings(self) -> Config:
        """The configuration."""
        return load_config(self.config)

    def day(self) -> date | None:
        """The as-of day."""
        return None if self.as_of is None else date.fromisoformat(self.as_of)

    def differences(self, other: Request) -> Iterator[str]:
        """What the results depend on and `other` has otherwise, in words."""
        if self.command != other.command:
            yield f"the command was gpunet {other.command} and is gpunet {self.command}"
        mine, theirs = (
            {name: section for name, section in each.config.items() if name != "cluster"}  # no bearing on results
            for each in (self, other)
        )
        yield from _differences(mine, theirs)
        for name in ("as_of", "engine"):
            before, now = getattr(other, name), getattr(self, name)
            if before != now:
                yield f"{name.replace('_', '-')} was {before or 'not given'} and is {now or 'not given'}"
        for name in sorted({*self.versions, *other.versions}):
            before, now = other.versions.get(name), self.versions.get(name)
            if before != now:
                yield f"{name} was version {before} and is {now}"


def prepare(request: Request, folder: Path, checkpoints: Checkpoints, start_over: bool) -> None:
    """Make ready for a run: keep the checkpoints in the run folder that fit it, and write down what it is asked for.

    Raises
    ------
    InputError
        If there are checkpoints of a run that was asked for otherwise or had other input, unless `start_over`; the
        text says what differs. An input that is gone is an error in any case.
    """
    place = checkpoints_of(folder)
    earlier = _read(place / _REQUEST)
    files = _read(place / _INPUTS)
    if start_over or earlier is None or files is None or not checkpoints.names():
        checkpoints.clear()
    else:
        _check_fits(request, _request(earlier), files, folder)
    place.mkdir(parents=True, exist_ok=True)
    _write(place / _REQUEST, asdict(request))


def note_inputs(folder: Path, files: Sequence[FileCount]) -> None:
    """Write down which files were read, with their hashes."""
    _write(checkpoints_of(folder) / _INPUTS, {file.name: file.sha256 for file in files})


def stored_request(folder: Path) -> Request | None:
    """What the unfinished run in a folder was asked for; None if there is none.

    Raises
    ------
    InputError
        If its inputs were given relative to a folder that is not the current one.
    """
    found = _read(checkpoints_of(folder) / _REQUEST)
    if found is None:
        return None
    request = _request(found)
    relative = [path for path in request.inputs if not Path(path).is_absolute()]
    if relative and Path(request.working_folder) != Path.cwd():
        raise InputError(
            f"the run in {folder} was started in {request.working_folder} with the input {relative[0]}: "
            "go on from there"
        )
    return request


def _check_fits(request: Request, earlier: Request, files: Mapping[str, str], folder: Path) -> None:
    changes = list(request.differences(earlier))
    if not changes:
        changes = list(_changed_files(files, request.inputs))
    if changes:
        shown = "; ".join(changes[:3]) + (f"; and {len(changes) - 3} more" if len(changes) > 3 else "")
        raise InputError(
            f"{folder} holds an unfinished run that this one cannot go on with: {shown}. Give --start-over to drop it, "
            "or another folder"
        )


def _changed_files(before: Mapping[str, str], inputs: Sequence[str]) -> Iterator[str]:
    sources = find_sources(inputs, [])
    names = [source.name for source in sources]
    yield from (f"the input {name} is no longer there" for name in before if name not in names)
    yield from (f"the input {name} is new" for name in names if name not in before)
    if sorted(names) == sorted(before) and names != list(before):
        yield "the inputs come in another order"
    for source in sources:
        if source.name in before and sha256_of(source.path) != before[source.name]:
            yield f"the input {source.name} has changed"


def _differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for section in now:
        here, there = now[section], before.get(section, {})
        for key in sorted({*here, *there}):
            if here.get(key) != there.get(key):
                yield f"[{section}] {key} was {_shown(there.get(key))} and is {_shown(here.get(key))}"
        if list(here) != list(there) and sorted(here) == sorted(there):
            yield f"the order of [{section}] is another one"


def _shown(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)


def _request(values: Mapping[str, Any]) -> Request:
    return Request(**{**values, "inputs": tuple(values["inputs"])})


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or not what was written: there is nothing to go on from
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    store_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
