"""A complete run's folder, in which its report is made, again and again; the results stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.runs.folder import MANIFEST, RunFolder, cannot_write_into
from gpunet.runs.report_list import REPORT_LIST, listed_files, outputs_of, stored_list
from gpunet.tables.files import sha256_of

__all__ = ["ReportFolder", "is_current"]


def is_current(folder: Path, audience: str | None = None) -> bool:
    """Whether a folder holds a whole report of its run, for that audience if one is named; InputError as for a list."""
    place = folder / REPORT_LIST
    if not place.exists():
        return False
    stored = stored_list(place)
    if stored.get("run_sha256") != sha256_of(folder / MANIFEST) or audience not in (None, stored.get("audience")):
        return False
    try:
        return all(sha256_of(folder / name) == of["sha256"] for name, of in outputs_of(stored)[0].items())
    except OSError:
        return False


class ReportFolder(RunFolder):
    """As :class:`RunFolder`, of a run that is complete: :meth:`replace` puts a report beside its results.

    Raises
    ------
    InputError
        If there is no complete run, or anything in the folder is not what the lists of run and report say.
    """

    def __enter__(self) -> ReportFolder:
        if not (self.path / MANIFEST).is_file():
            raise InputError(f"{self.path} is not the folder of a complete run: it has no {MANIFEST}")
        super().__enter__()
        return self

    def replace(self, files: Mapping[str, bytes], said: Mapping[str, Any]) -> None:
        """Put these files in place of those of an earlier report; `said` goes into the list.

        The list comes first, and has the files of both: whoever is killed then leaves files that it names.

        Raises
        ------
        StorageError
            If they cannot be written.
        """
        place = self.path / REPORT_LIST
        before = outputs_of(stored_list(place)) if place.exists() else []
        there = {name: of for outputs in reversed(before) for name, of in outputs.items() if self._is_as(name, of)}
        outputs = listed_files(files)
        stored = {"gpunet": "report", **said, "run_sha256": sha256_of(self.path / MANIFEST)}
        self.write_json(REPORT_LIST, {**stored, "outputs": outputs, "replaces": there})
        for name, data in files.items():
            self.write_file(name, partial(_write, data=data))
        try:
            for name in (REPORT_LIST, *files):
                self.put_in_place(name)
            for name in there.keys() - files.keys():
                (self.path / name).unlink(missing_ok=True)
            with suppress(OSError):  # figures are in it
                (self.path / "figures").rmdir()
        except OSError as error:
            raise cannot_write_into(place, error) from error

    def _is_as(self, name: str, of: Mapping[str, Any]) -> bool:
        path = self.path / name
        return self._of_report.any_of([name]) and path.is_file() and sha256_of(path) == of["sha256"]


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
