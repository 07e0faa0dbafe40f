"""Whether what an unfinished run has kept holds a person: by its content, as far as that tells."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from gpunet.governance.runs_under import Held
from gpunet.governance.traces import Unreadable, Wanted, held_in
from gpunet.runs.hidden_folder import checkpoints_of
from gpunet.runs.sealed import SEALED
from gpunet.tables.partial_files import final_name

__all__ = ["kept_holds"]

#: What holds data of persons; beside it there are the request, the list of inputs and the lock.
_KEPT = (".checkpoint", ".parquet", SEALED, ".arrests", ".csv")

#: Checkpoints that name everybody of a run: all others are of some of these.
_EVERYBODY = ("arrests.checkpoint", "features.checkpoint", "features-T.checkpoint")


def kept_holds(held: Held, wanted: Wanted) -> frozenset[str] | None:
    """Of whom an unfinished run has kept data; None if that cannot be told, and nobody is known.

    It cannot be told of damaged files, of numbers in the order of persons who are not named beside, and of a run with
    links between ids, in which the person may have another one.
    """
    place = checkpoints_of(held.path)
    files = [path for path in sorted(place.parent.rglob("*")) if path.is_file() and not path.is_symlink()]
    kept = [path for path in files if final_name(path.name).endswith(_KEPT)]
    whole = [path for path in kept if path.name == final_name(path.name)]
    try:
        if found := held_in(whole, wanted):
            return found
    except (Unreadable, OSError, pa.ArrowException):
        return None
    if len(whole) < len(kept):  # the rest are half written
        return None
    is_told = not kept or (any((place / name).is_file() for name in _EVERYBODY) and not _has_links(held))
    return frozenset() if is_told else None


def _has_links(held: Held) -> bool:
    found: object = held.manifest
    for name in ("config", "input", "person_links"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return bool(found)
