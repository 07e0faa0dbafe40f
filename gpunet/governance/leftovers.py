"""What lies under a folder beside runs and packages: cards, and files of others, that name a person."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gpunet.governance.cards import is_card, names_one
from gpunet.governance.log import LOG
from gpunet.governance.replacing import is_of_erasure
from gpunet.governance.runs_under import Held
from gpunet.governance.text_tables import is_about
from gpunet.governance.traces import Unreadable, holds, ids_in
from gpunet.governance.wanted import Wanted
from gpunet.runs.file_lists import ALL_LISTED, listed_in
from gpunet.runs.folder import outputs_in
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.runs.result_names import ResultNames
from gpunet.tables.partial_files import at_work, is_partial

__all__ = ["Leftover", "leftovers", "names_person", "own_of_run"]

_HALF_WRITTEN = "a command left it half written that was stopped"
_RETAINED, _BY_HAND = "gpunet retain lists it, and deletes it with --apply", "delete it by hand"
_MAYBE_AT_WORK = "it is half written, and it cannot be told whether somebody is at work on it: delete it if nobody is"


@dataclass(frozen=True)
class Leftover:
    """What is of no run: ``kind`` is ``"card"``, ``"file"`` or ``"unreadable"``; ``"name"`` of a folder or package.

    Of kind ``"at work"`` is a file that somebody is writing. ``certain``: whether the id in it can be nothing else than
    the person's, as it stands in a column of persons, or is of a form that no other word has.
    """

    path: Path
    kind: str
    certain: bool
    why: str = ""


def leftovers(root: Path, runs: Iterable[Held], wanted: Wanted, but: Iterable[str]) -> Iterator[Leftover]:
    """The files under a folder that name one of the persons and are no run's, no package and no log; none of a link.

    Folders, runs' too, and packages that are called by an id are among them.

    Parameters
    ----------
    root
        The folder.
    runs
        The runs and packages in it.
    wanted
        Who is looked for.
    but
        Files that are told of elsewhere, as tables of the runs' input.
    """
    passed = {os.path.realpath(path) for path in but}
    runs = list(runs)
    own = {path for held in runs for path in own_of_run(held)}
    packages = {held.path for held in runs if held.kind == "package"}
    of_runs = {held.path for held in runs if not held.is_file}
    for place, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name != HIDDEN and not is_of_erasure(name))
        if _is_called_by_id(Path(place), wanted):
            yield Leftover(Path(place), "name", True)
        for name in sorted(files):
            path = Path(place) / name
            if path in packages and _is_called_by_id(path, wanted):
                yield Leftover(path, "name", True)
            if path in own or path.is_symlink() or not path.is_file() or os.path.realpath(path) in passed:
                continue
            if name == LOG or name.startswith(f"{LOG}."):
                continue
            if is_partial(path):
                yield _half_written(path, any(folder in path.parents for folder in of_runs))
            elif (found := _looked_at(path, wanted)) is not None:
                yield found


def own_of_run(held: Held) -> Iterator[Path]:
    """The files that the lists of a complete run name, and the lists; of a package its file."""
    if held.kind == "package":
        yield held.path
    elif held.kind == "run":
        lists = [outputs_in(held.path / "run.json")] if held.manifest else []
        lists += listed_in(ResultNames(ALL_LISTED).find(held.path, but=HIDDEN))
        yield held.path / "run.json"
        for outputs in lists:
            yield from (held.path / name for name in outputs)


def _half_written(path: Path, in_run: bool) -> Leftover:
    """A file of a temporary name; what lies in the folder of a run is not listed by ``gpunet retain``."""
    if busy := at_work(path):
        return Leftover(path, "at work", False)
    stopped = f"{_HALF_WRITTEN}: {_BY_HAND if in_run else _RETAINED}"
    return Leftover(path, "unreadable", False, stopped if busy is False else _MAYBE_AT_WORK)


def _looked_at(path: Path, wanted: Wanted) -> Leftover | None:
    try:
        if is_card(path):
            return Leftover(path, "card", True) if names_one(path, wanted) else None
        certain = not ids_in(path).isdisjoint(wanted.persons) or is_about(path, wanted)
        if certain or names_person(path, wanted):
            return Leftover(path, "file", certain or names_person(path, wanted.unmistakable))
    except Exception as error:  # whatever a file of others does to what reads it, the rest is looked at
        why = str(error) if isinstance(error, Unreadable) else "it cannot be read"
        return Leftover(path, "unreadable", False, why)
    return None


def names_person(path: Path, wanted: Wanted) -> bool:
    """Whether a file of whatever origin, or its name, has one of the ids; errors are those of :func:`holds`."""
    return _is_called_by_id(path, wanted) or holds(path, wanted, everywhere=True)


def _is_called_by_id(path: Path, wanted: Wanted) -> bool:
    return wanted.unmistakable.in_text(path.name)
