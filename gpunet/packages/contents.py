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
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES, outputs_in
from gpunet.runs.read_back import Damaged, values_in
from gpunet.runs.report_list import REPORT_LIST

__all__ = ["CARDS_LIST", "RUN", "CompleteRun", "Described", "complete_run", "json_bytes"]

#: The folder of a package that holds the run's files.
RUN = "run/"

#: The list of the public records beside a run; whoever completes them changes them.
CARDS_LIST = "cards.json"

_AGAIN = {REPORT_LIST: "gpunet report", CARDS_LIST: "gpunet cards"}


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
    if not place.is_file():
        raise InputError(f"{folder} is not the folder of a complete run: it has no {MANIFEST}")
    manifest, data = read_manifest(folder), _bytes_of(place)
    of_run = sha256(data).hexdigest()
    results = [_as_listed(folder, name, of, MANIFEST) for name, of in _outputs(place, manifest).items()]
    beside: list[Member] = []
    completed: list[str] = []
    for list_name in (REPORT_LIST, CARDS_LIST):
        for member, is_as_made in _listed_beside(folder, list_name, of_run):
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


def _as_listed(folder: Path, name: str, of: Mapping[str, Any], listed_in: str) -> Member:
    found = _member(folder, name, listed_in)
    if found.sha256 != of["sha256"]:
        raise InputError(
            f"{folder / name} is not what {listed_in} lists, so the run is not packed: "
            f"{_AGAIN.get(listed_in, 'make the run')} again"
        )
    return found


def _member(folder: Path, name: str, listed_in: str) -> Member:
    if not is_name(RUN + name):
        raise InputError(f"{folder / listed_in} lists a file of a name that no run has, so the run is not packed")
    return member_of(RUN + name, folder / name)


def _listed_beside(folder: Path, list_name: str, of_run: str) -> Iterator[tuple[Member, bool]]:
    """The files that a list beside the run names, and whether each is as it was made; nothing without the list."""
    place, again = folder / list_name, f"{_AGAIN[list_name]} {folder}"
    if not place.exists():
        return
    data = _bytes_of(place)
    try:
        stored = values_in(data)
        listed = {str(name): {"sha256": str(of["sha256"])} for name, of in stored["outputs"].items()}
        is_current = stored.get("run_sha256") in (None, of_run)
    except (Damaged, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{place} is damaged, so the run is not packed: {again} makes it again") from error
    if not is_current:
        raise InputError(f"{place} is of the run as it was before, so the run is not packed: {again} makes it again")
    yield member_of(RUN + list_name, data), True
    for name, of in listed.items():
        if list_name == CARDS_LIST:  # made to be completed by hand
            found = _member(folder, name, list_name)
            yield found, found.sha256 == of["sha256"]
        else:
            yield _as_listed(folder, name, of, list_name), True


def _bytes_of(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_JSON_BYTES)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {in_words(error)}") from error


#: What tells in words what a file of a run is, by its name.
Described = Callable[[str], str]
