"""A complete run's folder, in which listed files are made, again and again; the results stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from gpunet.runs.complete import require_complete
from gpunet.runs.file_lists import FILE_LISTS, FileList, listed_files, outputs_of, stored_list
from gpunet.runs.folder import MANIFEST, RunFolder
from gpunet.runs.result_names import ResultNames
from gpunet.runs.writing import cannot_write_into
from gpunet.tables.files import sha256_of

__all__ = ["ListedFolder", "current_list"]


def current_list(folder: Path, of: FileList) -> dict[str, Any] | None:
    """The list, if the files that it names are all there and of this run; InputError if it is no such list."""
    place = folder / of.name
    if not place.exists():
        return None
    stored = stored_list(place, of)
    if stored.get("run_sha256") != sha256_of(folder / MANIFEST):
        return None
    try:
        whole = all(sha256_of(folder / name) == one["sha256"] for name, one in outputs_of(stored)[0].items())
    except OSError:
        return None
    return stored if whole else None


class ListedFolder(RunFolder):
    """As :class:`RunFolder`, of a run that is complete: :meth:`replace` puts files beside its results, and their list.

    Files of other lists are left alone, also if somebody has changed them.

    Raises
    ------
    InputError
        If there is no complete run, or anything in the folder is not what the lists say.
    """

    def __init__(self, path: str | Path, names: Iterable[str], of: FileList) -> None:
        super().__init__(path, names)
        self._of, self._of_list = of, ResultNames(of.files)
        self._left_alone = ResultNames(name for other in FILE_LISTS if other != of for name in other.files)

    def __enter__(self) -> ListedFolder:
        require_complete(self.path)
        super().__enter__()
        return self

    def replace(self, files: Mapping[str, bytes], said: Mapping[str, Any]) -> None:
        """Put these files in place of those of an earlier time; `said` goes into the list.

        The list comes first, and has the files of both: whoever is killed then leaves files that it names.

        Raises
        ------
        StorageError
            If they cannot be written.
        """
        place = self.path / self._of.name
        before = outputs_of(stored_list(place, self._of)) if place.exists() else []
        there = {name: of for outputs in reversed(before) for name, of in outputs.items() if self._is_as(name, of)}
        outputs = listed_files(files)
        stored = {"gpunet": self._of.made_by, **said, "run_sha256": sha256_of(self.path / MANIFEST)}
        self.write_json(self._of.name, {**stored, "outputs": outputs, "replaces": there})
        for name, data in files.items():
            self.write_file(name, partial(_write, data=data))
        try:
            for name in (self._of.name, *files):
                self.put_in_place(name)
            for name in there.keys() - files.keys():
                (self.path / name).unlink(missing_ok=True)
            for folder in {(self.path / name).parent for name in there} - {self.path}:
                with suppress(OSError):  # some of them are in it
                    folder.rmdir()
        except OSError as error:
            raise cannot_write_into(place, error) from error

    def _is_as(self, name: str, of: Mapping[str, Any]) -> bool:
        path = self.path / name
        return self._of_list.any_of([name]) and path.is_file() and sha256_of(path) == of["sha256"]


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
