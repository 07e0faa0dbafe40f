"""The run folder: files appear in it whole or not at all, and an earlier run stays until the new one is complete.

One process at a time works in it, and what a run has finished outlives a run that does not come to its end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from gpunet.base.errors import InputError, StorageError, cannot_write, in_words
from gpunet.base.paths import named_path, read_regular, refuse_inputs
from gpunet.base.private import open_to_group
from gpunet.runs.file_lists import ALL_LISTED, FILE_LISTS, LIST_NAMES, listed_in
from gpunet.runs.folder_rules import FolderRules
from gpunet.runs.hidden_folder import HIDDEN, REPLACED, HiddenFolder, checkpoints_of
from gpunet.runs.lock import FolderLock
from gpunet.runs.result_names import Found, ResultNames
from gpunet.runs.sealed import SEALABLE, SEALED, write_sealed
from gpunet.runs.writing import cannot_write_into, json_writer, make_folders_of, store_whole, what_is
from gpunet.tables.files import sha256_of
from gpunet.tables.parquet import write_parquet_parts

__all__ = ["MANIFEST", "MOST_JSON_BYTES", "RunFolder", "look_of", "outputs_in", "remove_results"]

MANIFEST = "run.json"

#: No JSON of a run is larger: a million files that were read take about half.
MOST_JSON_BYTES = 1 << 28


def look_of(path: Path) -> tuple[int, ...]:
    """What tells that a file has been changed, or is another one; OSError if it is gone."""
    found = path.lstat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def outputs_in(manifest: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of the files that a manifest lists: of a reviewed run also of those that were sealed."""
    try:
        found = json.loads(read_regular(manifest, MOST_JSON_BYTES))
        outputs = {**found["outputs"], **found.get("sealed", {})}
        return {name: {"bytes": of["bytes"], "sha256": of["sha256"]} for name, of in outputs.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{manifest} is not that of a run, or is damaged: give a new or empty folder") from error


class RunFolder:
    """The folder of one run, as a context: checked and locked when entered, left as it was but for :meth:`finish`.

    Files are written into a hidden folder ``.partial`` and moved to their places by :meth:`finish`, the manifest
    ``run.json`` last. So a folder with a ``run.json`` is complete, and an earlier run's files are there until then.

    ``.partial`` also holds the lock and the checkpoints. These stay if the run does not come to its end, unless it is
    the user's error that ends it before there is any.

    Nothing is removed or replaced but what a run has written: results that ``run.json`` lists, with the SHA-256 that it
    gives, and in ``.partial`` regular files of the names that runs give them. A run that is killed while it puts its
    results in place leaves both lists there, the old one and its own.

    Parameters
    ----------
    path
        A new or empty folder, or that of an earlier run, which is replaced.
    names
        The names that a run's files can have, as :class:`ResultNames` takes them.
    rules
        What holds for everything that is written.

    Raises
    ------
    InputError
        If it cannot be used, or holds anything that is not a run's (such files are left alone), or another run is at
        work in it.
    """

    def __init__(self, path: str | Path, names: Iterable[str], rules: FolderRules | None = None) -> None:
        self.path = named_path(path, "the run folder")
        self._rules = rules or FolderRules()
        self._names = ResultNames((*names, MANIFEST, *ALL_LISTED, *(f"{name}{SEALED}" for name in SEALABLE)))
        self._left_alone = ResultNames(())  # files that are not replaced here, so that it does not matter what they are
        self._staged = self.path / HIDDEN
        self._hidden = HiddenFolder(self._staged, self._names)
        self._lock = FolderLock(self._staged)
        self._written: list[str] = []
        self._complete = False
        self.pseudonyms: Mapping[str, str] | None = None  # which ids are of, once that is known
        self._before: dict[str, tuple[int, ...]] = {}

    def __enter__(self) -> RunFolder:
        try:
            self._check()
            if not self._lock.take():
                holder = self._lock.holder()
                raise InputError(
                    f"another run{f' ({holder})' if holder else ''} is at work in {self.path}: wait for it to end, "
                    "or give another folder"
                )
            try:
                open_to_group(self.path)  # if it was there before
                self._before = self._own_results()  # no other run changes it any more
                if self._rules.replacing is not None:
                    self._rules.replacing(self.path)
                self._hidden.clear(keep_checkpoints=True)  # what a killed run left
            except BaseException:
                self._leave(keep_checkpoints=True)
                raise
        except PermissionError as error:
            raise InputError(
                f"cannot write into {self.path}: {in_words(error)}. A run is for its owner to write, also where its "
                "group may read it: give a folder of your own, or let its owner do it"
            ) from error
        except OSError as error:
            raise cannot_write(f"cannot use {self.path} as the run folder", error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        of_user = isinstance(error, Exception) and not isinstance(error, StorageError | OSError)
        anything = any(checkpoints_of(self.path).glob("*.checkpoint"))
        self._leave(keep_checkpoints=not self._complete and (anything or not of_user))

    def _leave(self, keep_checkpoints: bool) -> None:
        self._hidden.clear(keep_checkpoints)
        self._lock.give_back()
        with suppress(OSError):  # it holds checkpoints, or the lock of the next run
            self._staged.rmdir()

    def _check(self) -> Found:
        """The results that are there; InputError if anything is there that is not of a run, as far as sizes tell."""
        if self.path.is_symlink() and not self.path.exists():
            raise InputError(f"{self.path} is a symbolic link that leads nowhere: give another folder")
        if not self.path.exists():
            return Found()
        if not self.path.is_dir():
            raise InputError(f"{self.path} is {what_is(self.path)}: give a new or empty folder")
        found = self._names.find(self.path, but=HIDDEN)
        if found.foreign:
            raise InputError(
                f"{self.path} holds what is not of a run ({', '.join(found.foreign[:3])}): give a new or empty folder"
            )
        for name in found.odd:
            raise InputError(
                f"{self.path / name} is {what_is(self.path / name)}, no file of a run: give a new or empty folder"
            )
        self._hidden.check()
        self._check_listed(found, "bytes", lambda path: path.stat().st_size)
        return found

    def _own_results(self) -> dict[str, tuple[int, ...]]:
        """What the results that are there look like, all of which runs have written; InputError otherwise.

        Those of a run that was killed while it put them in place are of no use, and are removed.
        """
        found = self._check()
        self._check_listed(found, "sha256", sha256_of)
        if MANIFEST not in found.files:
            remove_results(found)
            return {}
        return {name: look_of(path) for name, path in found.files.items()}

    def _check_listed(self, found: Found, what: str, of: Callable[[Path], Any]) -> None:
        """Refuse results that no list of a run has as they are: what a list says they have is what `of` finds."""
        place = found.files.get(MANIFEST)
        if place is not None:
            lists = [outputs_in(place)]
        else:  # a run was killed while it put its results in place, if there are any
            lists = [outputs_in(path) for name in (MANIFEST, REPLACED) if (path := self._staged / name).exists()]
        if (any_result := [*found.files, *found.folders][:1]) and not lists:
            raise InputError(f"{self.path} holds {any_result[0]} but no {MANIFEST}: give a new or empty folder")
        lists += listed_in(found)
        for name, path in found.files.items():
            if path == place or self._left_alone.any_of([name]):
                continue
            if of(path) not in [listed.get(name, {}).get(what) for listed in lists]:
                raise InputError(
                    f"{path} is not what {_list_of(name)} lists, so it is not replaced: move it away, or give another "
                    "folder"
                )

    def refuse_inputs(self, files: Iterable[str | os.PathLike[str]]) -> None:
        """Refuse to go on if one of the input `files` is one of this folder, where it would be replaced."""
        given = list(files)
        for folder in (self.path, *self._names.find(self.path, but=HIDDEN).folders.values()):
            refuse_inputs(folder, given)

    def write_table(
        self,
        name: str,
        frames: Iterable[Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        dates: Collection[str] = (),
    ) -> None:
        """Write a table that comes in parts, frames of any kind, as Parquet: the same bytes however it is cut.

        The columns named in `dates` are written as dates. Beside the `metadata` stands what :meth:`metadata` says.
        """
        stated = self.metadata(metadata)
        self.write_file(name, lambda path: write_parquet_parts(path, frames, stated, dates=dates))

    def metadata(self, metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What tables say of themselves: the `metadata`, which pseudonyms ids are, and what the rules state."""
        pseudonyms = {} if self.pseudonyms is None else {"pseudonyms": dict(self.pseudonyms)}
        return {**(metadata or {}), **pseudonyms, "governance": dict(self._rules.stated)}

    def write_json(self, name: str, value: Mapping[str, Any] | list[dict[str, Any]]) -> None:
        """Write `value` as indented JSON, with the purpose if it does not say it; infinities and NaN are refused.

        Of ``[governance]`` there is the purpose alone, as some of these files are published. A list has no place for
        it.
        """
        if isinstance(value, Mapping):
            value = {"governance": {"purpose": self._rules.stated["purpose"]}, **value}
        self.write_file(name, json_writer(value))

    def write_file(self, name: str, write: Callable[[Path], object]) -> None:
        """Let `write` make the file `name`; one that the rules seal is called ``NAME.sealed``."""
        if name in self._rules.sealed:
            self.write_file(f"{name}{SEALED}", lambda path: write_sealed(path, write))
            return
        if not self._names.is_file(tuple(name.split("/"))):
            raise ValueError(f"{name} is not among this folder's files")
        path = self._staged / name
        try:
            make_folders_of(self._staged, name)
        except OSError as error:
            raise cannot_write_into(path, error) from error
        store_whole(path, write)
        self._written.append(name)

    def staged(self, name: str) -> Path:
        """Where the file `name` lies that was written, until the run is finished."""
        return self._staged / name

    def finish(self, manifest: Mapping[str, Any], for_log: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Put everything in its place, ``run.json`` last, with size and SHA-256 of every other file under ``outputs``.

        What is entered in the log before is of the manifest, and of what is said `for_log` alone.

        Returns the manifest as it was written.
        """
        written = sorted(set(self._written))
        outputs = {
            name: {"bytes": (self._staged / name).stat().st_size, "sha256": sha256_of(self._staged / name)}
            for name in written
        }
        warnings = [*self._rules.warnings, *manifest.get("warnings", ())]
        stated = {"warnings": warnings, **self._rules.told, "governance": dict(self._rules.stated)}
        complete = {**manifest, **stated, "outputs": outputs}
        store_whole(self._staged / MANIFEST, json_writer(complete))
        self._refuse_changes(self._names.find(self.path, but=HIDDEN))  # before it stands in the log that it was done
        if self._rules.entering is not None:  # first: a run that is killed now is in the log, and none is without
            self._rules.entering({**complete, **(for_log or {})}, sha256_of(self._staged / MANIFEST))
        try:
            found = self._names.find(self.path, but=HIDDEN)
            self._refuse_changes(found)
            with suppress(FileNotFoundError):
                (self.path / MANIFEST).replace(self._staged / REPLACED)  # the list of what is removed now
            remove_results(found)
            for name in (*written, MANIFEST):
                self.put_in_place(name)
        except OSError as error:
            raise cannot_write_into(self.path / MANIFEST, error) from error
        self._complete = True
        return complete

    def put_in_place(self, name: str) -> None:
        """Move a file that was written to where it belongs; OSError if that cannot be done."""
        make_folders_of(self.path, name)
        (self._staged / name).replace(self.path / name)

    def _refuse_changes(self, found: Found) -> None:
        """InputError if results are not as they were when the run began, or its folders of results hold anything else.

        What has come into the run folder itself, under names that runs have not, is left alone.
        """
        now = {name: look_of(path) for name, path in found.files.items()}
        changed = [name for name, look in now.items() if self._before.get(name) != look]
        changed += [*found.odd, *(name for name in found.foreign if "/" in name)]
        if changed:
            raise InputError(
                f"{self.path / min(changed)} has come here or was changed while the run was at work, and is not "
                "replaced: move it away and give the same command again"
            )


def _list_of(name: str) -> str:
    """The list that a file of that name is in."""
    return next((of.name for of in FILE_LISTS if ResultNames(of.names).any_of([name])), MANIFEST)


def remove_results(results: Found) -> None:
    """Remove results, one file after the other, and the folders that are empty then; lists of others last."""
    for path in sorted(results.files.values(), key=lambda path: path.name in LIST_NAMES):
        path.unlink(missing_ok=True)
    for folder in reversed(results.folders.values()):
        with suppress(OSError):  # somebody else's file is in it
            folder.rmdir()
