"""What lies under a folder beside runs and packages: cards, and files of others, that name a person."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from gpunet.base.paths import open_regular
from gpunet.governance.files_under import is_card
from gpunet.governance.log import LOG
from gpunet.governance.replacing import is_of_erasure
from gpunet.governance.runs_under import Held
from gpunet.governance.text_tables import is_about
from gpunet.governance.traces import Unreadable, Wanted, holds, ids_in
from gpunet.runs.file_lists import ALL_LISTED, listed_in
from gpunet.runs.folder import outputs_in
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.runs.result_names import ResultNames
from gpunet.tables.partial_files import is_partial

__all__ = ["Leftover", "leftovers", "names_person"]

_HALF_WRITTEN = "a command left it half written that was stopped: gpunet retain lists it, and deletes it with --apply"

_MOST_CARD_BYTES = 1 << 24


@dataclass(frozen=True)
class Leftover:
    """What is of no run: ``kind`` is ``"card"``, ``"file"`` or ``"unreadable"``; ``"name"`` of a folder or package.

    ``certain``: whether the id in it can be nothing else than the person's, as it stands in a column of persons, or is
    of a form that no other word has.
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
    own = {path for held in runs for path in _own(held)}
    packages = {held.path for held in runs if held.kind == "package"}
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
            if (found := _looked_at(path, wanted)) is not None:
                yield found


def _own(held: Held) -> Iterator[Path]:
    if held.kind == "package":
        yield held.path
    elif held.kind == "run":
        lists = [outputs_in(held.path / "run.json")] if held.manifest else []
        lists += listed_in(ResultNames(ALL_LISTED).find(held.path, but=HIDDEN))
        yield held.path / "run.json"
        for outputs in lists:
            yield from (held.path / name for name in outputs)


def _looked_at(path: Path, wanted: Wanted) -> Leftover | None:
    if is_partial(path):
        return Leftover(path, "unreadable", False, _HALF_WRITTEN)
    if is_card(path):
        return Leftover(path, "card", True) if _in_card(path, wanted) else None
    try:
        certain = not ids_in(path).isdisjoint(wanted.persons) or is_about(path, wanted)
        if certain or names_person(path, wanted):
            return Leftover(path, "file", certain or names_person(path, wanted.unmistakable))
    except (Unreadable, OSError, pa.ArrowException) as error:
        why = str(error) if isinstance(error, Unreadable) else "it cannot be read"
        return Leftover(path, "unreadable", False, why)
    return None


def names_person(path: Path, wanted: Wanted) -> bool:
    """Whether a file of whatever origin, or its name, has one of the ids; errors are those of :func:`holds`."""
    return _is_called_by_id(path, wanted) or holds(path, wanted, everywhere=True)


def _is_called_by_id(path: Path, wanted: Wanted) -> bool:
    return wanted.unmistakable.in_text(path.name)


def _in_card(path: Path, wanted: Wanted) -> bool:
    """Whether a card is about a person or names one, in its text or in the data of its pictures."""
    with open_regular(path) as file:
        text = file.read(_MOST_CARD_BYTES).decode(errors="replace")
    plain = re.sub(r"</?bdi>|[\u2068\u2069]", "", html.unescape(text))
    return wanted.in_text(plain) or any(person in plain for person in wanted.persons if not person.isalnum())
