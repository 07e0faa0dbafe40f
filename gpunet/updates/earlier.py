"""The complete run that an update begins with: what it says of itself, its tables, and the files it had read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, named_path, path_named
from gpunet.config.config import Config, load_config
from gpunet.reading.sources import find_sources
from gpunet.reading.state import ReadState
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST
from gpunet.runs.kept_state import STATE, read_state
from gpunet.runs.manifest import versions
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet, read_parquet_metadata

__all__ = ["Earlier", "read_earlier"]

#: What ``input`` of a manifest has beside arrests, where a run was given such tables.
_BESIDE = ("ties", "victims")


@dataclass(frozen=True, eq=False)
class Earlier:
    """A complete run of ``gpunet features`` or ``gpunet run``, its manifest and its configuration."""

    folder: Path
    manifest: Mapping[str, Any]
    config: Config

    @property
    def command(self) -> Literal["features", "run"]:
        """Which of the two it is."""
        return cast("Literal['features', 'run']", self.manifest["gpunet"])

    @property
    def is_of_these_versions(self) -> bool:
        """Whether the versions that results depend on are those of now."""
        return bool(self.manifest["versions"] == versions())

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Some columns of one of its tables, all if None; InputError if it is not as the run wrote it."""
        path = self.folder / f"{name}.parquet"
        self._check(path)
        found: pa.Table = to_arrow(read_parquet(path, columns))
        return found

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """What its table of features says of itself."""
        return read_parquet_metadata(self.folder / "features.parquet") or {}

    def _check(self, path: Path) -> None:
        try:
            check_regular(path)
            same = sha256_of(path) == self.manifest["outputs"][path.name]["sha256"]
        except (OSError, KeyError) as error:
            why = in_words(error) if isinstance(error, OSError) else f"{MANIFEST} does not list it"
            raise InputError(f"{path} cannot be read ({why}): update another folder, or make this run anew") from error
        if not same:
            raise InputError(f"{path} is not what {MANIFEST} beside it lists: update another folder, or make it anew")

    @property
    def has_state(self) -> bool:
        """Whether it has left what it had read."""
        return STATE in self.manifest["outputs"]

    @property
    def was_corrected(self) -> bool:
        """Whether its files hold what it left out."""
        return "corrections" in self.manifest

    def state(self) -> tuple[ReadState, str]:
        """What it had read, and the day on which it did; InputError if that cannot be used."""
        return read_state(self.folder / STATE, self.config, self.manifest["input"]["files"])

    def names(self) -> list[str]:
        """The paths that its files had."""
        return [path_named(file["name"]) for file in self.manifest["input"]["files"]]

    def inputs(self, others: Sequence[str | os.PathLike[str]] = ()) -> list[str]:
        """The paths of the files that it had read, in their order; of `others`, by their hashes, where there are any.

        Raises
        ------
        InputError
            If one is not there any more, or is none of the `others`, or has another size, or if the run was corrected:
            its files hold what it left out.
        """
        if self.was_corrected:
            raise InputError(
                f"{self.folder} was made with --remove or --merge, and its files hold what it left out: correct the "
                f"files and run gpunet {self.command} on them; a run with --keep-state can be updated after corrections"
            )
        elsewhere: dict[str, str] = {}
        if others:
            elsewhere = {
                sha256_of(source.path): str(source.path) for source in find_sources(others, self.config.input, [])
            }
        return [elsewhere.get(file["sha256"]) or self._place_of(file) for file in self.manifest["input"]["files"]]

    def _place_of(self, file: Mapping[str, Any]) -> str:
        name, path = file["name"], path_named(file["name"])
        try:
            size = check_regular(path).st_size
        except OSError as error:
            raise InputError(
                f"{name}, which {self.folder} was made of, cannot be read ({in_words(error)}): "
                "say with --input where it is now"
            ) from error
        if size != file["bytes"]:
            raise self.changed(name)
        return path

    def check_read(self, files: Sequence[Any]) -> None:
        """InputError if the first of the `files` that were read now are not those that it had read."""
        for before, now in zip(self.manifest["input"]["files"], files, strict=False):
            if before["sha256"] != now.sha256:
                raise self.changed(before["name"])

    def changed(self, name: str) -> InputError:
        """The error that a file is not the same any more."""
        return InputError(
            f"{name} has changed since {self.folder} was made of it: say with --input where the file of that time is, "
            f"or run gpunet {self.command} on all files"
        )


def read_earlier(folder: str | os.PathLike[str]) -> Earlier:
    """The complete run in a folder.

    Raises
    ------
    InputError
        If there is none of ``gpunet features`` or ``gpunet run``, or it was made of other tables than arrests too.
    """
    place = named_path(folder, "the run folder")
    if not (place / MANIFEST).exists():
        raise InputError(f"{place} is not the folder of a complete run: there is no {MANIFEST}")
    manifest = read_manifest(place)
    if manifest["gpunet"] not in ("features", "run"):
        raise InputError(
            f"{place} is of gpunet {manifest['gpunet']}: there are updates of gpunet features and gpunet run"
        )
    if beside := [name for name in _BESIDE if manifest["input"].get(name)]:
        raise InputError(
            f"{place} was made with --{beside[0]}, which updates do not read yet: "
            f"run gpunet {manifest['gpunet']} on all tables"
        )
    if not all(file["sha256"] for file in manifest["input"]["files"]):
        raise InputError(f"{place} was made of data frames, which cannot be read again: run it on files")
    return Earlier(place, manifest, load_config(manifest["config"]))
