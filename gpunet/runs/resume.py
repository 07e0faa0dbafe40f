"""What a run was asked for, stored beside its checkpoints: whether these fit a new run, and what ``--resume`` needs.

What is read back is checked by a schema. A request that is none is an error, since nobody knows then what was asked
for. A list of inputs that is none makes the checkpoints worthless, since they are of nobody knows which files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from gpunet.arrests.read_report import ReadReport, SkippedFile
from gpunet.base.errors import ConfigError, InputError, in_words
from gpunet.base.paths import read_regular, refuse_files
from gpunet.base.private import make_folder
from gpunet.config.config import Config, load_config
from gpunet.reading.sources import find_sources
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.folder import MOST_JSON_BYTES
from gpunet.runs.hidden_folder import checkpoints_of
from gpunet.runs.read_back import Damaged, require, valid, values_in
from gpunet.runs.request import Inputs, Request
from gpunet.runs.writing import store_whole
from gpunet.tables.files import sha256_of

__all__ = [
    "inputs_of",
    "may_replace",
    "note_inputs",
    "noted_inputs",
    "prepare",
    "stored_request",
    "with_hash",
]

T = TypeVar("T")

_REQUEST, _INPUTS, _HASH = "request.json", "inputs.json", "sha256"

#: To and from the values that JSON can hold.
_STORED, _NOTED = TypeAdapter(Request), TypeAdapter(Inputs)

_ANY = TypeAdapter(dict[str, Any])


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


def may_replace(folder: Path, sha256: str, config: Config) -> bool:
    """Whether an unfinished run with this ``[governance]`` was begun to replace a run whose run.json has that hash."""
    try:
        request = _stored(folder)
    except InputError:
        return False
    return (
        request is not None
        and request.replaces == sha256
        and load_config(request.config).governance == config.governance
    )


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
