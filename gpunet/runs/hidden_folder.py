"""The hidden folder of a run: its lock, its checkpoints, and results that are not in their places yet."""

from __future__ import annotations

import re
from pathlib import Path

from gpunet.base.errors import InputError
from gpunet.runs.lock import LOCK_NAMES, is_lock_file
from gpunet.runs.result_names import ResultNames
from gpunet.tables.own_files import refuse_foreign, remove_own
from gpunet.tables.partial_files import final_name

__all__ = ["CHECKPOINTS", "HIDDEN", "REPLACED", "HiddenFolder", "checkpoints_of", "is_kept_file"]

#: The hidden folder of a run that is not finished, or that is being put in place.
HIDDEN = ".partial"

#: In it, the folder of checkpoints.
CHECKPOINTS = "checkpoints"

#: In it, the manifest of the run that is replaced, while its results are removed.
REPLACED = "run.replaced.json"

#: Files among the checkpoints: checkpoints are named after what they are of, and the stage.
_KEPT = re.compile(
    r"(arrests|features|model)(-[A-Za-z0-9, ]+)*\.checkpoint|predictions-[A-Za-z0-9,_ -]+\.checkpoint"
    r"|request\.json|inputs\.json"
)


def checkpoints_of(folder: Path) -> Path:
    """Where the checkpoints of a run folder lie."""
    return folder / HIDDEN / CHECKPOINTS


def is_kept_file(name: str) -> bool:
    """Whether a run has a file of that name among its checkpoints, be it half written."""
    return _KEPT.fullmatch(final_name(name)) is not None


class HiddenFolder:
    """The hidden folder of a run, in which nothing is touched but what runs have there.

    Parameters
    ----------
    path
        The folder, which need not be there.
    names
        The names that the run's results can have.
    """

    def __init__(self, path: Path, names: ResultNames) -> None:
        self._path, self._names = path, names

    def clear(self, keep_checkpoints: bool) -> None:
        """Remove what runs have left, but for the lock."""

        def left(parts: tuple[str, ...], is_folder: bool) -> bool:
            kept = LOCK_NAMES if not keep_checkpoints else (*LOCK_NAMES, CHECKPOINTS)
            return parts[0] not in kept and self._is_own(parts, is_folder)

        remove_own(self._path, left)

    def _is_own(self, parts: tuple[str, ...], is_folder: bool) -> bool:
        """Whether a run has anything of that name in the hidden folder."""
        if is_folder:
            return parts == (CHECKPOINTS,) or self._names.is_folder(parts)
        if parts[0] == CHECKPOINTS:
            return len(parts) == 2 and is_kept_file(parts[1])
        if len(parts) == 1 and (parts[0] in LOCK_NAMES or final_name(parts[0]) == REPLACED):
            return True
        return self._names.is_temporary(parts)

    def check(self) -> None:
        """InputError if anything in it is not of a run."""
        held = refuse_foreign(self._path, self._is_own)
        for name in set(held) & set(LOCK_NAMES):
            if not is_lock_file(self._path / name):
                raise InputError(f"{self._path / name} is not of a run: give a new or empty folder")
        if held and {LOCK_NAMES[0], CHECKPOINTS}.isdisjoint(held):  # a run that is killed leaves its lock
            raise InputError(f"{self._path} holds {held[0]} and is not of a run: give a new or empty folder")
