"""The files of a run, removed one by one: what is the run's own and nothing else, ``run.json`` last."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gpunet.base.errors import InputError, cannot_write
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.governance.json_parts import part_of
from gpunet.governance.log import append, place_of_log
from gpunet.governance.log_line import actor_of
from gpunet.governance.noted import noted
from gpunet.governance.runs_under import Held, is_unchanged
from gpunet.runs.file_lists import LIST_NAMES, listed_in
from gpunet.runs.folder import MANIFEST, RunFolder, outputs_in
from gpunet.runs.hidden_folder import HIDDEN, REPLACED, checkpoints_of
from gpunet.tables.files import sha256_of
from gpunet.tables.partial_files import remove_dead

__all__ = ["ErasedFolder", "delete_file", "delete_run", "entered"]

#: The lists of results that a run which is put in place leaves in its hidden folder.
_LISTS = (MANIFEST, REPLACED)

_CHANGED = "it has changed since it was looked at, and is left: give the command again"


class ErasedFolder(RunFolder):
    """As :class:`RunFolder`, of a run whose files are removed; foreign files may lie in it, and stay.

    Raises
    ------
    InputError
        If another run is at work in it.
    """

    def __enter__(self) -> ErasedFolder:
        if self._staged.is_symlink() or not self.path.is_dir():
            raise InputError(f"{self.path} is no folder of a run, or its hidden folder is a link: it is left alone")
        try:
            if not self._lock.take():
                raise InputError(f"a run is at work in {self.path}: it is left alone; wait for it to end")
        except OSError as error:
            raise cannot_write(f"cannot use {self.path}", error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.give_back()
        with suppress(OSError):  # it holds checkpoints, or the lock of the next run
            self._staged.rmdir()

    def foreign(self) -> list[str]:
        """What lies there and is no file of a run by its name, or is a link."""
        found = self._names.find(self.path, but=HIDDEN)
        return [*found.foreign, *found.odd]

    def changed(self) -> list[str]:
        """Files that have the names of a run's and are not what a list of the run says."""
        lists = list(self._lists())
        found = self._names.find(self.path, but=HIDDEN).files
        return [
            name
            for name, path in found.items()
            if name != MANIFEST and sha256_of(path) not in [of.get(name, {}).get("sha256") for of in lists]
        ]

    def remove(self) -> list[str]:
        """Remove everything that is the run's own; what is not what its lists say stays, and is returned.

        ``run.json`` goes last, if nothing of that is left: a run that is not all gone is found again.
        """
        kept = self.changed()
        found = self._names.find(self.path, but=HIDDEN)
        for name in sorted(found.files, key=lambda name: name in LIST_NAMES):
            if name != MANIFEST and name not in kept:
                found.files[name].unlink(missing_ok=True)
        for folder in reversed(found.folders.values()):
            with suppress(OSError):  # somebody else's file is in it
                folder.rmdir()
        self._hidden.clear(keep_checkpoints=False)
        if not kept:
            (self.path / MANIFEST).unlink(missing_ok=True)
        return kept

    def remove_hidden(self) -> None:
        """Remove what is kept to go on from, and what was not put in place."""
        self._hidden.clear(keep_checkpoints=False)

    def _lists(self) -> Iterator[dict[str, dict[str, object]]]:
        places = [self.path / MANIFEST, *(self._staged / name for name in _LISTS)]
        for place in places:
            if place.is_file() and not place.is_symlink():
                yield outputs_in(place)
        yield from listed_in(self._names.find(self.path, but=HIDDEN))


def delete_run(held: Held, names: Iterable[str], persons: int | None) -> tuple[list[str], list[str]]:
    """Remove the files of a run after an entry in the log.

    Parameters
    ----------
    held
        The run, complete or not.
    names
        The names that a run's files can have.
    persons
        How many persons it holds, for the log.

    Returns
    -------
    list of str
        What of the run is left, in sentences: in none if nothing is.
    list of str
        And what lies there and is not of the run.

    Raises
    ------
    InputError
        If a run is at work in the folder, or a list of its files is damaged.
    StorageError
        If something cannot be removed.
    """
    with _removing(held.path), ErasedFolder(held.path, names) as folder:
        if not is_unchanged(held):
            raise InputError(_CHANGED)
        foreign = folder.foreign()
        entered(held, persons)
        if held.kind != "run" and (held.path / MANIFEST).is_file():  # of a complete run, which stays
            folder.remove_hidden()
            return [], []
        kept = folder.remove()
    left = [f"{held.path / name} is not what the run's lists say, so it is left: move it away" for name in kept]
    others = [f"{held.path / name} is not of a run, and is left" for name in foreign if (held.path / name).exists()]
    if not (left or others) and held.kind == "run":
        with suppress(OSError):  # somebody has put something there
            os.rmdir(held.path)  # noqa: PTH106
    return left, others


def delete_file(held: Held, persons: int | None) -> None:
    """Remove a package, or another file, after an entry in the log.

    Raises
    ------
    InputError
        If it is not the file that was looked at.
    StorageError
        If it cannot be removed.
    """
    with _removing(held.path):
        if is_unchanged(held):
            entered(held, persons)
        if not is_unchanged(held) or (held.kind == "partial" and not remove_dead(held.path)):
            raise InputError(_CHANGED)
        held.path.unlink(missing_ok=True)


def entered(held: Held, persons: int | None) -> None:
    """Enter in the log that data of so many persons are about to be erased; a log is begun where none is kept.

    The object is the ``run.json`` of a run; of one that is not finished what it was asked for; else the file,
    and zeros where there is none.
    """
    if held.kind == "run":
        noted(held.path, "erasure", persons, always=True)
        return
    stated, config = (part_of(held.manifest, name) for name in ("governance", "config"))
    stated = stated or part_of(config, "governance")
    object_ = checkpoints_of(held.path) / "request.json" if held.kind == "unfinished" else held.path
    folders = held.path.parents if held.kind == "file" else ()  # one in a run's folder is entered beside the run
    beside = next((folder for folder in folders if (folder / MANIFEST).is_file()), held.path)
    log = place_of_log(str(part_of(config, "governance").get("log", "")), True, beside)
    assert log is not None  # as it is governed
    append(
        log,
        "erasure",
        purpose=str(stated.get("purpose") or NO_PURPOSE),
        task_ref=str(stated.get("task_ref", "")),
        object_sha256=sha256_of(object_) if object_.is_file() else "0" * 64,
        persons=persons,
        actor=actor_of(str(stated.get("requested_by", ""))),
        group=part_of(config, "output").get("share") == "group",
    )


@contextmanager
def _removing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(f"cannot remove {path}", error) from error
