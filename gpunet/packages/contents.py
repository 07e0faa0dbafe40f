"""What of a complete run goes into a package: every file that its lists name, as they are, and what was read of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.packages.container import Member, is_name, member_of
from gpunet.runs.complete import read_manifest
from gpunet.runs.file_lists import CARDS, FILE_LISTS, FileList, stored_list
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES, outputs_in
from gpunet.runs.result_names import ResultNames

__all__ = ["RUN", "CompleteRun", "Described", "complete_run", "json_bytes"]

#: The folder of a package that holds the run's files.
RUN = "run/"


@dataclass(frozen=True)
class CompleteRun:
    """A run whose files are as they were written.

    Attributes
    ----------
    folder, manifest, sha256
        Where it is, what ``run.json`` says, and the SHA-256 of that file.
    results
        ``run.json`` and the files that it lists, under their names in a package.
    beside
        The same of its report and its public records, with the lists of these.
    completed
        The public records that were changed since they were made, by their names in the folder.
    """

    folder: Path
    manifest: Mapping[str, Any]
    sha256: str
    results: tuple[Member, ...]
    beside: tuple[Member, ...]
    completed: tuple[str, ...]


def complete_run(folder: Path) -> CompleteRun:
    """A complete run, every file of which has been looked at.

    Raises
    ------
    InputError
        If there is none, or a file is gone or is not what the run has written.
    """
    place = folder / MANIFEST
    manifest, data = read_manifest(folder), _bytes_of(place)
    of_run = sha256(data).hexdigest()
    results = [_as_listed(folder, name, of, MANIFEST) for name, of in _outputs(place, manifest).items()]
    beside: list[Member] = []
    completed: list[str] = []
    for of in FILE_LISTS:
        for member, is_as_made in _listed_beside(folder, of, of_run):
            beside.append(member)
            if not is_as_made:
                completed.append(member.name.removeprefix(RUN))
    own = member_of(RUN + MANIFEST, data)
    return CompleteRun(folder, manifest, of_run, (own, *results), tuple(beside), tuple(completed))


def _outputs(place: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The files that ``run.json`` lists: those that were under seal are none once they are opened."""
    return {name: of for name, of in outputs_in(place).items() if name in manifest["outputs"]}


def json_bytes(value: Any) -> bytes:
    """A value as the JSON of a package's own files."""
    return json.dumps(value, indent=2, allow_nan=False).encode() + b"\n"


def _as_listed(folder: Path, name: str, of: Mapping[str, Any], listed_in: str, again: str = "make the run") -> Member:
    found = _member(folder, name, listed_in)
    if found.sha256 != of["sha256"]:
        raise InputError(f"{folder / name} is not what {listed_in} lists, so the run is not packed: {again} again")
    return found


def _member(folder: Path, name: str, listed_in: str) -> Member:
    if not is_name(RUN + name):
        raise InputError(f"{folder / listed_in} lists a file of a name that no run has, so the run is not packed")
    return member_of(RUN + name, folder / name)


def _listed_beside(folder: Path, of: FileList, of_run: str) -> Iterator[tuple[Member, bool]]:
    """The files that a list beside the run names, and whether each is as it was made; nothing without the list."""
    place, names = folder / of.name, ResultNames(of.files)
    if not place.exists():
        return
    stored = stored_list(place, of)
    if stored.get("run_sha256") != of_run:
        again = f"gpunet {of.made_by} {folder}"
        raise InputError(f"{place} is of the run as it was before, so the run is not packed: {again} makes it again")
    yield member_of(RUN + of.name, _bytes_of(place)), True
    for name, listed in stored["outputs"].items():
        if not names.any_of([name]):
            raise InputError(f"{place} lists a file of a name that no run has, so the run is not packed")
        if of == CARDS:  # made to be completed by hand
            found = _member(folder, name, of.name)
            yield found, found.sha256 == listed["sha256"]
        else:
            yield _as_listed(folder, name, listed, of.name, f"gpunet {of.made_by} makes it"), True


def _bytes_of(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_JSON_BYTES)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {in_words(error)}") from error


#: What tells in words what a file of a run is, by its name.
Described = Callable[[str], str]
