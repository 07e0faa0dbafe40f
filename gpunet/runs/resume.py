"""What a run was asked for, stored beside its checkpoints: whether these fit a new run, and what ``--resume`` needs.

What is read back is checked by a schema. A request that is none is an error, since nobody knows then what was asked
for. A list of inputs that is none makes the checkpoints worthless, since they are of nobody knows which files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, TypeAdapter

from gpunet.arrests.arrests import ReadReport, SkippedFile
from gpunet.base.errors import ConfigError, InputError, in_words
from gpunet.base.paths import read_regular, refuse_files
from gpunet.base.private import make_folder
from gpunet.config.config import Config, load_config
from gpunet.config.input_config import BESIDE
from gpunet.reading.sources import find_sources
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.folder import MOST_JSON_BYTES, checkpoints_of, store_whole
from gpunet.runs.read_back import Damaged, require, valid, values_in
from gpunet.tables.files import sha256_of

__all__ = [
    "Command",
    "Inputs",
    "Request",
    "hashes_of",
    "inputs_of",
    "note_inputs",
    "noted_inputs",
    "prepare",
    "side_tables",
    "stored_request",
    "tables_beside",
    "with_hash",
]

T = TypeVar("T")

_REQUEST, _INPUTS, _HASH = "request.json", "inputs.json", "sha256"

#: What a run can be.
Command: TypeAlias = Literal["features", "run", "evaluate known", "evaluate emerging", "panel", "places"]

#: The keys of [evaluate] that name tables beside the arrests, by the command that reads them.
_SIDE_TABLES: dict[str, tuple[str, ...]] = {
    "evaluate known": ("victims",),
    "evaluate emerging": ("victims", "custody"),
}

#: The keys of [input] that name tables beside the arrests, whatever the command.
_BESIDE = (*BESIDE, "person_links")

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

    def differences(self, other: Request) -> Iterator[str]:
        """What the results depend on and `other` has otherwise, in words."""
        if self.command != other.command:
            yield f"the command was gpunet {other.command} and is gpunet {self.command}"
        mine, theirs = (
            {name: section for name, section in load_config(each.config).every_value().items() if name != "cluster"}
            for each in (self, other)
        )
        yield from _differences(mine, theirs)
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


#: To and from the values that JSON can hold.
_STORED, _NOTED = TypeAdapter(Request), TypeAdapter(Inputs)

_ANY = TypeAdapter(dict[str, Any])


def side_tables(command: str, config: Config) -> dict[str, str]:
    """The tables beside the arrests that a command reads: the key of ``[evaluate]`` that names each, and its path."""
    named = {key: getattr(config.evaluate, key) for key in _SIDE_TABLES.get(command, ())}
    return {key: path for key, path in named.items() if path}


def tables_beside(command: str, config: Config) -> dict[str, tuple[str, ...]]:
    """The paths of all tables beside the arrests, by the key that names them: those of ``[input]`` too."""
    found: dict[str, tuple[str, ...]] = {key: (path,) for key, path in side_tables(command, config).items()}
    for key in _BESIDE:
        if named := getattr(config.input, key):
            found[key] = (*named, *found.get(key, ()))
    return found


def hashes_of(tables: Mapping[str, str | Sequence[str]], config: Config) -> dict[str, str]:
    """SHA-256 of the files of tables beside the arrests, by path; each table is a file, a folder or a glob, or several.

    Raises
    ------
    InputError
        If one is not there or cannot be read.
    """
    found = {}
    for key, named in tables.items():
        paths = [named] if isinstance(named, str) else list(named)
        try:
            for source in find_sources(paths, config.input, []):
                found[source.name] = sha256_of(source.path)
        except InputError as error:
            raise InputError(f"{key}: {error}") from error
        except OSError as error:
            raise InputError(f"{key}: cannot read {', '.join(paths)}: {in_words(error)}") from error
    return found


def prepare(request: Request, folder: Path, checkpoints: Checkpoints, start_over: bool) -> Request:
    """Make ready for a run: keep the checkpoints in the run folder that fit it, and write down what it is asked for.

    Returns
    -------
    Request
        The same with the day of reading: the present one, or that of the run that it goes on with.

    Raises
    ------
    InputError
        If there are checkpoints of a run that was asked for otherwise or had other input, unless `start_over`; the
        text says what differs. An input that is gone is an error in any case.
    """
    place = checkpoints_of(folder)
    earlier = None if start_over else _stored(folder)
    files = None if earlier is None else _noted(folder, checkpoints)
    if earlier is None or files is None or not checkpoints.names():
        checkpoints.clear()
        request = replace(request, read_on=date.today())
    else:
        if changes := list(request.differences(earlier)) or list(_changed_files(files, request)):
            raise _refusal(folder, changes)
        request = replace(request, read_on=earlier.read_on or date.today())
        checkpoints.bind(request.identity(files))
    make_folder(place)
    _write(place / _REQUEST, with_hash(_STORED.dump_python(request, mode="json")))
    return request


def with_hash(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``request.json`` with their SHA-256, so that a change is seen that makes another good request."""
    rest = {name: value for name, value in values.items() if name != _HASH}
    return {**rest, _HASH: hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}


def inputs_of(report: ReadReport) -> Inputs:
    """Which files were read, and which left out."""
    return Inputs(
        {file.name: file.sha256 for file in report.files}, {file.name: file.sha256 for file in report.skipped}
    )


def note_inputs(folder: Path, report: ReadReport, request: Request, checkpoints: Checkpoints) -> None:
    """Write down which files were read, and which left out, with their hashes.

    Raises
    ------
    InputError
        If there are checkpoints of what comes after reading, and the files are not those that they were made of.
    """
    noted, before = inputs_of(report), noted_inputs(folder)
    if before is not None and before != noted and checkpoints.names():
        raise _refusal(folder, list(_otherwise(before, noted)))
    _write(checkpoints_of(folder) / _INPUTS, _NOTED.dump_python(noted, mode="json"))
    checkpoints.bind(request.identity(noted))


def noted_inputs(folder: Path) -> Inputs | None:
    """What :func:`note_inputs` wrote; None if it is not there, or damaged."""
    try:
        return _read(checkpoints_of(folder) / _INPUTS, _NOTED)
    except Damaged:
        return None


def _noted(folder: Path, checkpoints: Checkpoints) -> Inputs | None:
    """As :func:`noted_inputs`, with a notice if checkpoints cannot be used without it."""
    path = checkpoints_of(folder) / _INPUTS
    try:
        found = _read(path, _NOTED)
        require(found is not None or not checkpoints.names(), "it is missing")
    except Damaged as error:
        checkpoints.reject(path, str(error))
        return None
    return found


def _stored(folder: Path) -> Request | None:
    """What the unfinished run in a folder was asked for; None if there is none; InputError if it is damaged."""
    refuse_files(folder)
    path = checkpoints_of(folder) / _REQUEST
    try:
        values = _read(path, _ANY)
        if values is None:
            require(not any(path.parent.glob("*.checkpoint")), "it is missing beside checkpoints")
            return None
        require(_HASH in values, "it has no SHA-256, and may be of an earlier version of gpunet")
        require(values[_HASH] == with_hash(values)[_HASH], "its SHA-256 does not fit its values")
        del values[_HASH]
        found = valid(_STORED, values, "its values")
        config = load_config(found.config).as_dict()
        require(found.read_on is None or found.read_on <= date.today() + timedelta(days=1), "read_on is to come")
    except (Damaged, ConfigError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise InputError(
            f"{path} is damaged ({why}), so what the unfinished run was asked for is not known: give the command anew "
            "with --start-over, or with another folder"
        ) from error
    return replace(found, config=config)


def stored_request(folder: Path) -> Request | None:
    """What the unfinished run in a folder was asked for; None if there is none.

    Raises
    ------
    InputError
        If it is damaged, or its inputs were given relative to a folder that is not the current one.
    """
    request = _stored(folder)
    if request is None:
        return None
    relative = [path for path in (*request.inputs, *request.tables) if not Path(path).is_absolute()]
    if relative and Path(request.working_folder) != Path.cwd():
        raise InputError(
            f"the run in {folder} was started in {request.working_folder} with the input {relative[0]}: "
            "go on from there"
        )
    return request


def _refusal(folder: Path, changes: Sequence[str]) -> InputError:
    shown = "; ".join(changes[:3]) + (f"; and {len(changes) - 3} more" if len(changes) > 3 else "")
    return InputError(
        f"{folder} holds an unfinished run that this one cannot go on with: {shown}. Give --start-over to drop it, "
        "or another folder"
    )


def _changed_files(files: Inputs, request: Request) -> Iterator[str]:
    """What has become of the files that were read or left out, in words."""
    read, skipped = files.read, files.left_out
    gone: list[SkippedFile] = []
    config = load_config(request.config).input
    sources = find_sources(request.inputs, config, [], gone if request.keep_going else None)
    now = {source.name: _hash(source.path) for source in sources}
    names = [name for name in now if name not in skipped]
    yield from (f"the input {name} is no longer there" for name in read if name not in now)
    yield from (f"the input {name} is new" for name in names if name not in read)
    if sorted(names) == sorted(read) and names != list(read):
        yield "the inputs come in another order"
    for name in names:
        if name in read and now[name] != read[name]:
            yield f"the input {name} " + ("cannot be read any more" if now[name] is None else "has changed")
    for name, before in skipped.items():
        if now.get(name) != before:
            yield f"the input {name}, which was left out, has changed"


def _otherwise(before: Inputs, now: Inputs) -> Iterator[str]:
    """What has become of the files between the check and the reading, in words."""
    for name in sorted({*before.left_out, *now.left_out}):
        if name not in now.left_out:
            yield f"the input {name} was left out and can be read now"
        elif name not in before.left_out:
            yield f"the input {name} cannot be read any more"
    yield "the input has changed while it was read"


def _hash(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def _differences(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for section in {**now, **before}:
        here, there = now.get(section, {}), before.get(section, {})
        for key in sorted({*here, *there}):
            if here.get(key) != there.get(key):
                yield f"[{section}] {key} was {_shown(there.get(key))} and is {_shown(here.get(key))}"
        if list(here) != list(there) and sorted(here) == sorted(there):
            yield f"the order of [{section}] is another one"


def _shown(value: Any) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)


def _read(path: Path, schema: TypeAdapter[T]) -> T | None:
    """What a file of ours holds, None if it is not there; Damaged if it is not what we write."""
    try:
        text = read_regular(path, MOST_JSON_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(in_words(error)) from error
    return valid(schema, values_in(text), "its values")


def _write(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, indent=2)  # in ASCII: paths need not be UTF-8
    store_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
