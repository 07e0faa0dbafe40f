"""``gpunet erase`` as a job: a person goes from every run, checkpoint and package under a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa

from gpunet.base.errors import GpunetError, InputError, StorageError, VerificationError, in_words
from gpunet.base.paths import path_named
from gpunet.cli.erasure_words import (
    AT_WORK,
    CALLED,
    CARD,
    DAMAGED_RUN,
    DELETED,
    MAYBE_AT_WORK,
    TABLE,
    UNTOLD,
    UNTOLD_LEFT,
)
from gpunet.cli.remade import Remaking, remade
from gpunet.cli.running import RUN_FILES
from gpunet.governance.erased_folder import ErasedFolder, delete_file, delete_run, entered
from gpunet.governance.json_parts import parts_of
from gpunet.governance.leftovers import Leftover, leftovers, names_person
from gpunet.governance.made_of import has_changed, runs_below, tables_below
from gpunet.governance.replacing import begin, drop, put_in_place, recover, refuse_changed
from gpunet.governance.retention import refuse_ended
from gpunet.governance.run_traces import about_in, also_called, own_files, said_of_table
from gpunet.governance.runs_under import Held, held_under, is_unchanged
from gpunet.governance.traces import Unreadable
from gpunet.governance.unfinished_traces import kept_holds
from gpunet.governance.wanted import Wanted, is_id
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST, look_of
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.tables.files import sha256_of

__all__ = ["Erased", "erase"]

#: Runs first, and after them what is made of runs.
_ORDER = {"flags": 1, "audit": 2}

#: What keeps a run from being looked into, or made again.
_FAILED = (GpunetError, Unreadable, OSError, pa.ArrowException)


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
        whether or not their rows are gone from its tables, if these have not changed otherwise.
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
        If there is no such folder, or an id is empty, or a force without an id.
    """
    persons = [persons] if isinstance(persons, str) else persons  # whose characters are no ids
    if not persons or not all(map(is_id, persons)):
        raise InputError("--person is empty, or a force without an id: give the id as results write it")
    root = Path(os.path.realpath(folder))
    wanted, found = Wanted(frozenset(persons)), Erased()
    found.left += recover(root, RUN_FILES)
    work = _Erasure(root, wanted, found, Remaking(wanted.persons, tuple(inputs), threads), delete, notice)
    there = held_under(root)
    work.look(there)
    if work.seen:
        work.untold()
    work.unfinished()
    work.complete(there)
    if root.is_dir():  # it may have been a run that is deleted whole
        work.rest()
    work.untold()
    found.unknown = work.count - len(work.seen)
    for lines in (found.done, found.left, found.inputs, found.notes):
        lines[:] = [wanted.masked(line) for line in lines]
    return found


@dataclass
class _Erasure:
    """An erasure under way.

    ``runs``: where runs are by the SHA-256 that their run.json had; ``seen``: the persons of whom there was anything;
    ``certain``: whether a card or another file is of one for certain. ``kept``: unfinished runs and whom they hold, and
    ``holding``: the complete runs that hold one, as they were before anything was changed.
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
    certain: bool = False
    kept: dict[Held, frozenset[str] | None] = field(default_factory=dict)
    holding: set[Held] = field(default_factory=set)

    @property
    def count(self) -> int:
        """How many persons are erased."""
        return len(self.wanted.persons)

    def look(self, there: Iterable[Held]) -> None:
        """Whom runs hold: all are looked into before the first is changed."""
        left = [*_of_kind(there, "stopped"), *_of_kind(there, "unfinished")]
        self.found.left += [f"{self._name(held.path)}: {MAYBE_AT_WORK}" for held in _of_kind(there, "maybe at work")]
        self.kept = {held: kept_holds(held, self.wanted) for held in left}
        self.seen |= frozenset().union(*filter(None, self.kept.values()))
        self.holding = {held for held in _of_kind(there, "run") if self._is_held(held)}

    def untold(self) -> None:
        """Checkpoints that do not tell whom they hold go if anything else is of the persons; a mistyped id is of none.

        Nobody says in the log that they were of these persons.
        """
        for held in [held for held, of in self.kept.items() if of is None]:
            del self.kept[held]
            if not (held.path / HIDDEN).is_dir():  # the run was deleted whole
                continue
            if self.seen or self.certain:
                self._try(held, partial(self._delete, persons=None), UNTOLD[held.kind])
            else:
                self.found.notes.append(f"{self._name(held.path)}: {UNTOLD_LEFT[held.kind]}")

    def unfinished(self) -> None:
        """Checkpoints that hold the person go, so the run begins anew; so does what a stopped command left."""
        for held in [held for held, of in self.kept.items() if of]:
            self._try(held, partial(self._delete, persons=self.count), DELETED[held.kind])

    def complete(self, there: Iterable[Held]) -> None:
        """Runs are made again, and after them flags and audits of them."""
        runs = _of_kind(there, "run")
        for held in runs:
            before = [str(entry.get("run_json_sha256", "")) for entry in parts_of(held.manifest, "review")]
            self.runs |= dict.fromkeys([sha256_of(held.path / MANIFEST), *before], held.path)
        for held in sorted(runs, key=lambda held: _ORDER.get(held.command, 0)):
            if held in self.holding:
                self._erase_run(held)
            elif self._is_of_erased(held):
                self._make_again(held)

    def rest(self) -> None:
        """What is of no run; whatever goes wrong, what was done before is told."""
        try:
            now = held_under(self.root)  # as runs are now that were made again, and what has come meanwhile
            self.packages(now)
            self.beside(now)
        except Exception as error:
            self.found.left.append(f"what is beside the runs: cannot all be looked into: {_said(error)}")

    def packages(self, there: Iterable[Held]) -> None:
        """Packages cannot be changed, and are deleted."""
        for held in _of_kind(there, "package"):
            if self._is_held(held, "a package that "):
                why = "package deleted, as it is signed and cannot be changed: give gpunet package again"
                self._try(held, partial(delete_file, persons=self.count), why)

    def beside(self, there: Sequence[Held]) -> None:
        """Cards, and tables that gpunet has made, go; other files, and the tables of the input, are not touched."""
        inputs = self._inputs(there)
        damaged = {held.path for held in _of_kind(there, "run") if not held.manifest}
        for found in list(leftovers(self.root, there, self.wanted, inputs)):
            name = self._name(found.path)
            self.certain |= found.certain
            if found.kind == "unreadable":
                self.found.left.append(f"{name}: cannot be looked into: {found.why}")
            elif found.kind == "at work":
                self.found.notes.append(f"{name}: {AT_WORK}")
            elif not damaged.isdisjoint(found.path.parents) and self._is_of_person(found):
                self.found.left.append(f"{name}: {DAMAGED_RUN}")
            elif found.kind == "card":
                of = next((held for held in there if held.kind == "run" and held.path in found.path.parents), None)
                held = Held(found.path, "file", {} if of is None else of.manifest, look_of(found.path))
                self._try(held, partial(delete_file, persons=self.count), CARD)
            elif (said := said_of_table(found.path, self.wanted)) is not None:
                held = Held(found.path, "file", said, look_of(found.path))
                self._try(held, partial(delete_file, persons=self.count), TABLE)
            elif found.kind == "name":
                self.found.left.append(f"{name}: its name has the id: call it otherwise")
            elif found.certain:
                self.found.left.append(f"{name}: is not of a run, and holds the person")
            else:
                self.found.notes.append(f"{name}: is not of a run, and has what may be the id: look at it")

    def _is_of_person(self, found: Leftover) -> bool:
        return found.certain or said_of_table(found.path, self.wanted) is not None

    def _is_held(self, held: Held, what: str = "") -> bool:
        """Whether a run or package holds one of the persons; one that cannot be looked into is told of."""
        try:
            of = about_in(own_files(held), self.wanted).keys()
        except _FAILED as error:
            self.found.left.append(f"{self._name(held.path)}: {what}cannot be looked into: {_said(error)}")
            return False
        self.seen |= of
        return bool(of)

    def _is_of_erased(self, held: Held) -> bool:
        """Whether flags or an audit are of a run that is not what it was, as a person has been erased from it."""
        for run in runs_below(held):
            place = self.runs.get(run["run_json_sha256"]) or Path(os.path.realpath(path_named(run["folder"])))
            if place in [each.path for each in self.erased] or has_changed(place, run["run_json_sha256"]):
                return True
        return False

    def _erase_run(self, held: Held) -> None:
        try:
            self._replace(held)
        except Exception as error:  # whatever a run.json of others leads to; the other runs are gone on with
            expected = isinstance(error, _FAILED)
            if self.delete and expected:
                self._try(held, partial(self._delete, persons=self.count), f"deleted whole: {_said(error)}")
                return
            hint = "--delete deletes such runs" if expected else "if its run.json is not of gpunet, look at it by hand"
            self.found.left.append(f"{self._name(held.path)}: not made again: {_said(error)} ({hint})")
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
        except Exception as error:
            self.found.notes.append(
                f"{self._name(held.path)}: holds no id of the person, but counts of a run that did: {_said(error)}"
            )

    def _replace(self, held: Held) -> None:
        """Make a run again beside it, look that no trace is left, enter it in the log, and put it in place."""
        if self.notice is not None:
            self.notice(self.wanted.masked(f"{self._name(held.path)}: making gpunet {held.command} again"))
        refuse_ended(held, date.today())
        with ErasedFolder(held.path, RUN_FILES) as old:
            if not is_unchanged(held):
                raise InputError("it has changed since it was looked at: give the command again")
            refuse_changed(old)
            new = begin(held.path)
            try:
                wanted = Wanted(remade(held, new, replace(self.how, runs=self.runs)))
                files = own_files(Held(new, "run", read_manifest(new)))
                if still := about_in(files, wanted):
                    raise VerificationError(f"made again, it still holds the person: {min(still.values())}")
                called = also_called(files, self.wanted)
                entered(held, self.count)
            except BaseException:
                drop(held.path, RUN_FILES)
                raise
        self.found.left += put_in_place(held.path, RUN_FILES)
        if called:
            self.found.notes.append(f"{self._name(held.path)}: {CALLED}: {', '.join(called)}")

    def _inputs(self, there: Iterable[Held]) -> list[str]:
        """The tables of all runs that are there, of which those of the erased ones are told that hold the person."""
        paths = {path: None for held in _of_kind(there, "run") for path in tables_below(held)}
        for path in dict.fromkeys(path for held in self.erased for path in tables_below(held)):
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


def _sealed_again(held: Held) -> str:
    """What to tell of scores that a review had opened, and that are under seal now that the run was made again."""
    if "sealed" not in held.manifest:
        return ""
    return "; the scores that a review had opened are sealed again, as nobody has reviewed these: give gpunet review"


def _said(error: Exception) -> str:
    if isinstance(error, StorageError | OSError):
        return in_words(error)
    if not isinstance(error, _FAILED):
        return f"unexpected {type(error).__name__}"
    return " ".join(str(error).split())
