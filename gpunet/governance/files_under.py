"""Files of ours outside the folders of runs: those that say how long they are kept, and what killed writers left."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import open_regular
from gpunet.governance.cards import is_card
from gpunet.governance.json_parts import json_in, part_of
from gpunet.governance.log import LOG
from gpunet.governance.runs_under import Held
from gpunet.reading.rejected_persons import PERSON_COLUMNS
from gpunet.runs.folder import look_of
from gpunet.tables.parquet import read_parquet_metadata, read_parquet_names
from gpunet.tables.partial_files import at_work, is_partial

__all__ = ["files_under"]

#: In the head of a card.
_UNTIL = re.compile(rb'<meta name="retain-until" content="([^"]*)">')

_HEAD_BYTES = 1 << 16

#: The keys that an answer of ``gpunet subject --out`` has among others.
_ANSWER = frozenset({"person_id", "run", "governance", "retain_until", "came_from"})


def files_under(folder: Path, there: Iterable[Held]) -> Iterator[Held]:
    """The files under a folder that are no run's and no package, and tell how long they are kept, or are half written.

    Parameters
    ----------
    folder
        Where to look; no link is followed.
    there
        The runs and packages under it.
    """
    runs = {held.path for held in there if not held.is_file}
    for place, folders, files in os.walk(folder, followlinks=False):
        if Path(place) in runs:  # what lies there is the run's, or told of when it is deleted
            folders.clear()
            continue
        partial = [name for name in folders if is_partial(Path(place) / name)]
        folders[:] = sorted({*folders} - {*partial})
        for path in (Path(place) / name for name in sorted([*files, *partial]) if not name.startswith(f"{LOG}.")):
            if not path.is_symlink() and (found := _held(path)) is not None:
                yield found


def _held(path: Path) -> Held | None:
    try:
        look = look_of(path)
        if is_partial(path):
            busy = at_work(path)
            return None if busy else Held(path, "partial" if busy is False else "maybe at work", look=look)
        stated = _stated(path) if path.is_file() else {}
    except (OSError, InputError):  # it cannot be read, or is gone, so nothing is known of it
        return None
    held = Held(path, "file", stated, look)
    return held if held.retain_until else None


def _stated(path: Path) -> Mapping[str, Any]:
    """What a file says of its run as ``run.json`` does; nothing if it says nothing, or is about no person."""
    if _head_of(path, 4) == b"PAR1":
        found = read_parquet_metadata(path) or {}
        return found if part_of(found, "governance") and {*PERSON_COLUMNS} & {*(read_parquet_names(path) or ())} else {}
    if is_card(path):
        until = _UNTIL.search(_head_of(path))
        return {"governance": {"retain_until": html.unescape(until[1].decode())}} if until else {}
    if path.suffix.lower() == ".json":
        answer = json_in(path)
        return answer if answer.keys() >= _ANSWER else {}
    return {}


def _head_of(path: Path, size: int = _HEAD_BYTES) -> bytes:
    with open_regular(path) as file:
        return file.read(size)
