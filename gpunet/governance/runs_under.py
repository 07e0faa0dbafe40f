"""The runs, unfinished runs and packages that lie under a folder."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, open_regular, refuse_files
from gpunet.governance.json_parts import json_in, part_of
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES, look_of
from gpunet.runs.hidden_folder import HIDDEN, REPLACED, checkpoints_of
from gpunet.runs.lock import LOCK_NAMES
from gpunet.tables.partial_files import at_work, is_partial

__all__ = ["ENVELOPE", "Held", "held_under", "is_unchanged", "members_of"]

#: What a package holds beside the run: the signature, and what RO-Crate asks for.
ENVELOPE, _CRATE = "signature.dsse.json", "ro-crate-metadata.json"

_LISTS = (MANIFEST, REPLACED)

#: What an archive begins with.
_ZIP = b"PK\x03\x04"

_MOST_MEMBERS = 200_000


@dataclass(frozen=True, eq=False)
class Held:
    """A run's folder, or the file of a package, and what it says of itself.

    Attributes
    ----------
    path
        The folder, or the file.
    kind
        ``"run"``: complete; ``"unfinished"``: checkpoints, or what a killed run left; ``"stopped"``: what a command
        about a complete run left in its folder that was killed; ``"package"``; ``"file"``: another file that tells how
        long it is kept; ``"partial"``: a file that is half written, by nobody who is still at work;
        ``"maybe at work"``: what is else of kind ``"stopped"`` or ``"partial"``, and it cannot be told whether somebody
        is at work on it.
    manifest
        What ``run.json`` says, empty if it is damaged; of an unfinished run what it was asked for; of a file what it
        says of itself.
    look
        Of a file, what tells that it has been changed, or is another one.
    """

    path: Path
    kind: Literal["run", "unfinished", "stopped", "package", "file", "partial", "maybe at work"]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    look: tuple[int, ...] = ()

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no folder."""
        return bool(self.look)

    @property
    def command(self) -> str:
        """The command that it is of, "" if that is not known."""
        return str(self.manifest.get("gpunet") or self.manifest.get("command") or "")

    @property
    def as_of(self) -> str:
        """Its as-of day, "" if it has none."""
        return str(self.manifest.get("as_of") or "")

    @property
    def retain_until(self) -> str:
        """The last day on which it is kept, "" if none is stated."""
        config = part_of(self.manifest, "config")
        for stated in (part_of(self.manifest, "governance"), part_of(config, "governance")):
            if stated.get("retain_until"):
                return str(stated["retain_until"])
        return ""


def held_under(folder: Path) -> list[Held]:
    """Everything of ours under a folder, by path; no link is followed.

    Raises
    ------
    InputError
        If there is no such folder, or it cannot be read.
    """
    refuse_files(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not there: name the folder that holds the runs")
    found: list[Held] = []

    def failed(error: OSError) -> None:
        raise InputError(f"{error.filename} cannot be read: {in_words(error)}") from error

    for place, folders, files in os.walk(folder, onerror=failed, followlinks=False):
        folders[:] = sorted(name for name in folders if name != HIDDEN)
        here = Path(place)
        found += (held for of in _runs_in(here) if (held := _if_left(of)) is not None)
        files = [name for name in sorted(files) if not is_partial(here / name) and _is_file(here / name)]
        found += [package for name in files if (package := _package(here / name)) is not None]
    return found


def is_unchanged(held: Held) -> bool:
    """Whether what was found is still there and is what it was."""
    if held.is_file:
        with suppress(OSError):
            return look_of(held.path) == held.look
        return False
    return any((now.kind, now.manifest) == (held.kind, held.manifest) for now in _runs_in(held.path))


def _runs_in(folder: Path) -> Iterator[Held]:
    """The run in a folder, and what of an unfinished one lies there."""
    if _is_file(folder / MANIFEST):
        manifest = json_in(folder / MANIFEST)
        if not manifest or "gpunet" in manifest:
            yield Held(folder, "run", manifest)
    if (unfinished := _unfinished(folder)) is not None:
        yield unfinished


def _unfinished(folder: Path) -> Held | None:
    """What of a run that did not come to its end lies in a folder, or what of a command about one that did."""
    hidden = folder / HIDDEN
    if not hidden.is_dir() or hidden.is_symlink():
        return None
    request = checkpoints_of(folder) / "request.json"
    if _is_file(request):
        return Held(folder, "unfinished", json_in(request))
    holds = any(_is_file(path) and path.name not in LOCK_NAMES for path in hidden.rglob("*"))
    if holds and _is_file(folder / MANIFEST):
        return Held(folder, "stopped", json_in(folder / MANIFEST))
    for name in _LISTS:  # a run that was killed while it put its results in place
        if _is_file(hidden / name):
            return Held(folder, "unfinished", json_in(hidden / name))
    return Held(folder, "unfinished") if holds else None


def _if_left(held: Held) -> Held | None:
    """What was found, but for what a command holds that is at work in a complete run's folder."""
    if held.kind != "stopped" or (busy := at_work(held.path / HIDDEN / LOCK_NAMES[0])) is False:
        return held
    return None if busy else replace(held, kind="maybe at work")


def _package(path: Path) -> Held | None:
    """The package in a file of whatever name, None if it is none of ours."""
    try:
        look = look_of(path)
        with open_regular(path) as file:
            if file.read(len(_ZIP)) != _ZIP:
                return None
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist()[:_MOST_MEMBERS])
            if not {ENVELOPE, _CRATE} <= names:
                return None
            inside = next((name for name in sorted(names) if name.split("/")[-1] == MANIFEST), None)
            if inside is None or package.getinfo(inside).file_size > MOST_JSON_BYTES:
                return Held(path, "package", look=look)
            manifest = json.loads(package.read(inside))
    except (OSError, ValueError, zipfile.BadZipFile, RecursionError, NotImplementedError, RuntimeError):
        return None
    return Held(path, "package", manifest if isinstance(manifest, dict) else {}, look)


def members_of(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes | None]]:
    """The names and bytes of the files in an archive; None for bytes of one that is larger, or cannot be unpacked."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            try:
                with archive.open(info) as file:
                    data = file.read(most_bytes + 1)
            except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
                yield info.filename, None
                continue
            yield info.filename, data if len(data) <= most_bytes else None


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(check_regular(path).st_mode) and not path.is_symlink()
    except OSError:
        return False
