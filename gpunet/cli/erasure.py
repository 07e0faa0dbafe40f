"""``gpunet erase`` as a job: a person goes from every run, checkpoint and package under a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from gpunet.base.errors import GpunetError, InputError, StorageError, VerificationError, in_words
from gpunet.base.paths import path_named
from gpunet.cli.remade import Remaking, remade
from gpunet.cli.running import RUN_FILES
from gpunet.governance.erased_folder import ErasedFolder, delete_file, delete_run, entered
from gpunet.governance.leftovers import leftovers, names_person
from gpunet.governance.replacing import begin, drop, put_in_place, recover, refuse_changed
from gpunet.governance.runs_under import Held, held_under, is_unchanged
from gpunet.governance.traces import Unreadable, Wanted, held_in
from gpunet.governance.unfinished_traces import kept_holds
from gpunet.runs.complete import read_manifest
from gpunet.runs.described import files_read
from gpunet.runs.folder import MANIFEST
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.tables.files import sha256_of

__all__ = ["Erased", "erase"]

#: Runs first, and after them what is made of runs.
_ORDER = {"flags": 1, "audit": 2}

_UNTOLD = "its checkpoints do not tell whom they hold and are deleted, and the run begins anew: give its command again"

_BEGINS_ANEW = "its checkpoints are deleted, and the run begins anew: give its command again"


@dataclass
class Erased:
    """What an erasure came to, in sentences without an id; what is ``left`` still holds the person.

    ``unknown``: of how many of the ids no run, checkpoint or package is known to hold anything.
    """

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: int = 0


def erase(
    folder: str | os.PathLike[str],
    persons: str | Sequence[str],
    inputs: Sequence[str] = (),
    *,
    delete: bool = False,
    threads: int | None = None,
    notice: Callable[[str], None] | None = None,
) -> Erased:
    """Erase persons from every run, checkpoint and package under a folder.

    Every step can be given again: whoever is killed gives the same command once more.

    Parameters
    ----------
    folder
        The folder that holds the runs.
    persons
        Their ids, as results write them, or the id of one. A run from which persons were erased before is made again
        if their rows are gone from its tables, or they are among these.
    inputs
        Where tables of the runs are now, if they are not where they were.
    delete
        Whether a run that cannot be made again without the person is deleted whole.
    threads
        How many are used.
    notice
        Gets a sentence before each run that is made again.

    Raises
    ------
    InputError
        If there is no such folder, or the id is empty.
    """
    persons = [persons] if isinstance(persons, str) else persons  # whose characters are no ids
    if not persons or not all(person.strip() for person in persons):
        raise InputError("--person is empty: give the id as results write it")
    root = Path(os.path.realpath(folder))
    wanted, found = Wanted(frozenset(persons)), Erased()
    found.left += recover(root, RUN_FILES)
    work = _Erasure(root, wanted, found, Remaking(wanted.persons, tuple(inputs), threads), delete, notice)
    there = held_under(root)
    work.unfinished(there)
    work.complete(there)
    if root.is_dir():  # it may have been a run that is deleted whole
        now = held_under(root)  # as runs are now that were made again, and what has come meanwhile
        work.packages(now)
        work.beside(now)
    found.unknown = work.count - len(work.seen)
    for lines in (found.done, found.left, found.inputs, found.notes):
        lines[:] = [wanted.masked(line) for line in lines]
    return found


@dataclass
class _Erasure:
    """An erasure under way.

    ``runs``: where runs are by the SHA-256 that their run.json had; ``seen``: the persons of whom there was anything.
    """

    root: Path
    wanted: Wanted
    found: Erased
    how: Remaking
    delete: bool
    notice: Callable[[str], None] | None
    erased: list[Held] = field(default_factory=list)
    runs: dict[str, Path] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """How many persons are erased."""
        return len(self.wanted.persons)

    def unfinished(self, there: Iterable[Held]) -> None:
        """Checkpoints that hold the person, or may, go: the run begins anew."""
        for held in _of_kind(there, "stopped"):
            if kept_holds(held, self.wanted) != frozenset():
                self._try(held, partial(self._delete, persons=None), "what a stopped command left there is deleted")
        for held in _of_kind(there, "unfinished"):
            of = kept_holds(held, self.wanted)
            if of:
                self.seen |= of
                self._try(held, partial(self._delete, persons=self.count), _BEGINS_ANEW)
            elif of is None:  # so nobody says in the log that it was of these persons
                self._try(held, partial(self._delete, persons=None), _UNTOLD)

    def complete(self, there: Iterable[Held]) -> None:
        """Runs are made again, and after them flags and audits of them."""
        runs = _of_kind(there, "run")
        for held in runs:
            before = [entry.get("run_json_sha256", "") for entry in held.manifest.get("review", ())]
            self.runs |= dict.fromkeys([sha256_of(held.path / MANIFEST), *before], held.path)
        for held in sorted(runs, key=lambda held: _ORDER.get(held.command, 0)):
            if self._is_held(held, _files_of(held.path)):
                self._erase_run(held)
            elif self._is_of_erased(held):
                self._make_again(held)

    def packages(self, there: Iterable[Held]) -> None:
        """Packages cannot be changed, and are deleted."""
        for held in _of_kind(there, "package"):
            if self._is_held(held, [held.path], "a package that "):
                why = "package deleted, as it is signed and cannot be changed: give gpunet package again"
                self._try(held, partial(delete_file, persons=self.count), why)

    def beside(self, there: Sequence[Held]) -> None:
        """Cards go; other files, and the tables of the input, are not touched."""
        inputs = self._inputs(there)
        for found in list(leftovers(self.root, there, self.wanted, inputs)):
            name = self._name(found.path)
            if found.kind == "unreadable":
                self.found.left.append(f"{name}: cannot be looked into: {found.why}")
            elif found.kind == "card":
                found.path.unlink(missing_ok=True)
                self.found.done.append(f"{name}: card of a score deleted, which was about the person or named them")
            elif found.kind == "name":
                self.found.left.append(f"{name}: its name has the id: call it otherwise")
            elif found.certain:
                self.found.left.append(f"{name}: is not of a run, and holds the person")
            else:
                self.found.notes.append(f"{name}: is not of a run, and has what may be the id: look at it")

    def _is_held(self, held: Held, files: Iterable[Path], what: str = "") -> bool:
        """Whether a run or package holds one of the persons; one that cannot be looked into is told of."""
        try:
            of = held_in(files, self.wanted)
        except (Unreadable, OSError, pa.ArrowException) as error:
            self.found.left.append(f"{self._name(held.path)}: {what}cannot be looked into: {_said(error)}")
            return False
        self.seen |= of
        return bool(of)

    def _is_of_erased(self, held: Held) -> bool:
        """Whether flags or an audit are of a run that is not what it was, as a person has been erased from it."""
        told = held.manifest.get("audit", {}).get("run"), *held.manifest.get("flags", {}).get("runs", ())
        for run in filter(None, told):
            place = self.runs.get(run["run_json_sha256"]) or Path(os.path.realpath(path_named(run["folder"])))
            if place in [each.path for each in self.erased] or _has_changed(place, run["run_json_sha256"]):
                return True
        return False

    def _erase_run(self, held: Held) -> None:
        try:
            self._replace(held)
        except (GpunetError, OSError) as error:
            why = _said(error)
            if not self.delete:
                self.found.left.append(f"{self._name(held.path)}: not made again: {why} (--delete deletes such runs)")
                return
            self._try(held, partial(self._delete, persons=self.count), f"deleted whole: {why}")
            return
        self.erased.append(held)
        self.found.done.append(
            f"{self._name(held.path)}: gpunet {held.command} made again without the person{_sealed_again(held)}"
        )

    def _make_again(self, held: Held) -> None:
        """What tells of groups of persons alone, and was made of a run that has changed."""
        try:
            self._replace(held)
            self.found.done.append(
                f"{self._name(held.path)}: gpunet {held.command} made again, as its run was{_sealed_again(held)}"
            )
        except (GpunetError, OSError) as error:
            self.found.notes.append(
                f"{self._name(held.path)}: holds no id of the person, but counts of a run that did: {_said(error)}"
            )

    def _replace(self, held: Held) -> None:
        """Make a run again beside it, look that no trace is left, enter it in the log, and put it in place."""
        if self.notice is not None:
            self.notice(self.wanted.masked(f"{self._name(held.path)}: making gpunet {held.command} again"))
        with ErasedFolder(held.path, RUN_FILES) as old:
            if not is_unchanged(held):
                raise InputError("it has changed since it was looked at: give the command again")
            refuse_changed(old)
            new = begin(held.path)
            try:
                remade(held, new, replace(self.how, runs=self.runs))
                if held_in(_files_of(new), self.wanted):
                    raise VerificationError("made again, it still holds the person")
                entered(held, self.count)
            except BaseException:
                drop(held.path, RUN_FILES)
                raise
        self.found.left += put_in_place(held.path, RUN_FILES)

    def _inputs(self, there: Iterable[Held]) -> list[str]:
        """The tables of all runs that are there, of which those of the erased ones are told that hold the person."""
        paths = {path: None for held in _of_kind(there, "run") for path in _inputs_of(held)}
        for path in dict.fromkeys(path for held in self.erased for path in _inputs_of(held)):
            try:
                still = names_person(Path(path), self.wanted)
            except (Unreadable, OSError, pa.ArrowException):
                still = True
            if still:
                self.found.inputs.append(path)
        return list(paths)

    def _try(self, held: Held, job: Callable[[Held], object], done: str) -> None:
        try:
            job(held)
            self.found.done.append(f"{self._name(held.path)}: {done}")
        except (GpunetError, OSError) as error:
            self.found.left.append(f"{self._name(held.path)}: {_said(error)}")

    def _delete(self, held: Held, persons: int | None) -> None:
        left, others = delete_run(held, RUN_FILES, persons)
        self.found.left += left
        self.found.notes += others

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path != self.root else path.name


def _of_kind(there: Iterable[Held], kind: str) -> list[Held]:
    return [held for held in there if held.kind == kind]


def _has_changed(run: Path, sha256: str) -> bool:
    """Whether persons were erased from a run since it had that ``run.json``: an erasure was killed behind it."""
    try:
        manifest = read_manifest(run)
        return "corrections" in manifest and sha256_of(run / MANIFEST) != sha256
    except (InputError, OSError):
        return False


def _files_of(folder: Path) -> list[Path]:
    """The files of a complete run, but for what is hidden."""
    found = [path for path in sorted(folder.rglob("*")) if HIDDEN not in path.relative_to(folder).parts]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _inputs_of(held: Held) -> list[str]:
    """The paths of the tables that a run has read and that are there."""
    more = (file for name in ("tables", "links") for file in held.manifest.get(name, {}).get("files", ()))
    files = [*files_read(held.manifest.get("input", {})), *more]
    paths = [os.path.realpath(path_named(file["name"])) for file in files if file.get("sha256")]
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113


def _sealed_again(held: Held) -> str:
    """What to tell of scores that a review had opened, and that are under seal now that the run was made again."""
    if "sealed" not in held.manifest:
        return ""
    return "; the scores that a review had opened are sealed again, as nobody has reviewed these: give gpunet review"


def _said(error: Exception) -> str:
    if isinstance(error, StorageError | OSError):
        return in_words(error)
    return " ".join(str(error).split())
