"""The runs, unfinished runs and packages that lie under a folder."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, refuse_files
from gpunet.governance.json_parts import json_in, part_of
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES
from gpunet.runs.hidden_folder import HIDDEN, REPLACED, checkpoints_of

__all__ = ["ENVELOPE", "Held", "held_under", "members_of"]

#: What a package holds beside the run: the signature, and what RO-Crate asks for.
ENVELOPE, _CRATE = "signature.dsse.json", "ro-crate-metadata.json"

_LISTS = (MANIFEST, REPLACED)

_MOST_MEMBERS = 200_000


@dataclass(frozen=True, eq=False)
class Held:
    """A run's folder, or the file of a package, and what it says of itself.

    Attributes
    ----------
    path
        The folder, or the file.
    kind
        ``"run"``: complete; ``"unfinished"``: checkpoints, or what a killed run left; ``"package"``; ``"card"`` or
        ``"table"``: a file of one card or one table that gpunet has made, which :func:`held_under` does not look for.
    manifest
        What ``run.json`` says, empty if it is damaged; of an unfinished run what it was asked for.
    """

    path: Path
    kind: Literal["run", "unfinished", "package", "card", "table"]
    manifest: Mapping[str, Any] = field(default_factory=dict)

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
        if MANIFEST in files and _is_file(here / MANIFEST):
            manifest = json_in(here / MANIFEST)
            if not manifest or "gpunet" in manifest:
                found.append(Held(here, "run", manifest))
        if (unfinished := _unfinished(here)) is not None:
            found.append(unfinished)
        packages = [here / name for name in sorted(files) if name.endswith(".zip") and _is_file(here / name)]
        found += [package for path in packages if (package := _package(path)) is not None]
    return found


def _unfinished(folder: Path) -> Held | None:
    """What of a run that did not come to its end lies in a folder."""
    hidden = folder / HIDDEN
    if not hidden.is_dir() or hidden.is_symlink():
        return None
    request = checkpoints_of(folder) / "request.json"
    if _is_file(request):
        return Held(folder, "unfinished", json_in(request))
    for name in _LISTS:  # a run that was killed while it put its results in place
        if _is_file(hidden / name):
            return Held(folder, "unfinished", json_in(hidden / name))
    holds = any(_is_file(path) and path.name not in ("lock", "lock.holder") for path in hidden.rglob("*"))
    return Held(folder, "unfinished") if holds else None


def _package(path: Path) -> Held | None:
    """The package in a file, None if it is none of ours."""
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist()[:_MOST_MEMBERS])
            if not {ENVELOPE, _CRATE} <= names:
                return None
            inside = next((name for name in sorted(names) if name.split("/")[-1] == MANIFEST), None)
            if inside is None or package.getinfo(inside).file_size > MOST_JSON_BYTES:
                return Held(path, "package")
            manifest = json.loads(package.read(inside))
    except (OSError, ValueError, zipfile.BadZipFile, RecursionError, NotImplementedError, RuntimeError):
        return None
    return Held(path, "package", manifest if isinstance(manifest, dict) else {})


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
