"""The complete run that an update begins with: what it says of itself, its tables, and the files it had read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, named_path, path_named
from gpunet.config.config import Config, load_config
from gpunet.config.input_config import BESIDE
from gpunet.config.layers import ANY, CO_ARREST
from gpunet.reading.sources import find_sources
from gpunet.reading.state import ReadState
from gpunet.runs.complete import read_manifest
from gpunet.runs.corrected import how_corrected
from gpunet.runs.folder import MANIFEST
from gpunet.runs.kept_state import STATE, read_state
from gpunet.runs.manifest import versions
from gpunet.runs.read_files import place_now
from gpunet.runs.sealed import open_result
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet, read_parquet_metadata, read_parquet_names

__all__ = ["Earlier", "read_earlier"]


@dataclass(frozen=True, eq=False)
class Earlier:
    """A complete run of ``gpunet features`` or ``gpunet run``.

    Attributes
    ----------
    folder, manifest, config
        Where it is, what its ``run.json`` says, and its configuration.
    read_again
        Whether its tables are read, whatever it has kept of reading.
    """

    folder: Path
    manifest: Mapping[str, Any]
    config: Config
    read_again: bool = False

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
        place = open_result(self.folder, path.name, self.manifest)  # what is told of sealed scores is sealed too
        if not isinstance(place, Path):
            sealed: pa.Table = pq.read_table(place, columns=None if columns is None else list(columns))
            return sealed
        self._check(path)
        found: pa.Table = to_arrow(read_parquet(path, columns))
        return found

    def ties(self) -> dict[str, pa.Table]:
        """``person_a`` and ``person_b`` of its ties, by layer: co-arrest first."""
        ends = ["person_a", "person_b"]
        if "layers" not in self.manifest:
            return {CO_ARREST: self.table("ties", ends)}
        table = self.table("ties", [*ends, "kind"])
        names = [CO_ARREST, *(name for name in self.manifest["layers"] if name != ANY)]
        return {name: table.filter(pc.equal(table["kind"], name)).select(ends) for name in names}

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

    @cached_property
    def state(self) -> tuple[ReadState, str]:
        """What it had read, and the day on which it did; InputError if that cannot be used."""
        return read_state(self.folder / STATE, self.config, self.manifest["input"]["files"])

    @property
    def state_fits(self) -> bool:
        """Whether what it had read can be gone on from by these versions; else its tables are read."""
        try:
            return self.has_state and not self.read_again and bool(self.state)
        except InputError:
            return False

    def names(self) -> list[str]:
        """The paths that its files had."""
        return [path_named(file["name"]) for file in self.manifest["input"]["files"]]

    def moved(self, others: Sequence[str | os.PathLike[str]]) -> dict[str, str]:
        """The paths of `others`, files, folders or globs, by the hashes of what is there."""
        if not others:
            return {}
        return {sha256_of(source.path): str(source.path) for source in find_sources(others, self.config.input, [])}

    def hashes(self, of: str = "") -> frozenset[str]:
        """The hashes of the files of arrests that it had read, or ``of`` ties or victims."""
        return frozenset(file["sha256"] for file in self._files(of))

    def check_beside(self) -> None:
        """InputError if its tables of ties or victims hold what it left out: these have no state."""
        for name in BESIDE:
            if any(self.manifest.get("corrections", {}).get(name, {}).values()):
                raise InputError(
                    f"{self.folder} {how_corrected(self.manifest)}, and its tables of {name} hold what it left "
                    f"out: correct these tables, and run gpunet {self.command} on all"
                )

    def beside(self, name: str, elsewhere: Mapping[str, str], *, whole: bool = False) -> list[str]:
        """The tables of ``ties`` or of ``victims`` as the configuration has to name them: none if it had none.

        They are those that it names, if that still leads to the files that were read and to no others; else the files
        themselves, those of `elsewhere` by their hashes.

        Raises
        ------
        InputError
            If one is not there any more, or has another size, or if it is `whole`, another SHA-256.
        """
        files, named = self._files(name), list(getattr(self.config.input, name))
        places = [self._place_of(file, elsewhere, whole) for file in files]
        if not files or any(file["sha256"] in elsewhere for file in files):
            return places
        try:
            there = [str(source.path) for source in find_sources(named, self.config.input, [])]
        except InputError:  # what was left out of them is gone
            return places
        return named if there == places else places

    def count(self, of: str = "") -> int:
        """How many files of arrests it had read, or ``of`` ties or victims."""
        return len(self._files(of))

    @property
    def as_of(self) -> date | None:
        """Its as-of day, None if it had none."""
        asked = self.manifest["as_of"]
        return None if asked is None else date.fromisoformat(asked)

    def columns(self) -> list[str]:
        """The columns of its table of features."""
        path = self.folder / "features.parquet"
        self._check(path)
        return read_parquet_names(path) or []

    def _files(self, of: str = "") -> Sequence[Mapping[str, Any]]:
        found: Mapping[str, Any] = self.manifest["input"]
        files: Sequence[Mapping[str, Any]] = (found.get(of, {"files": []}) if of else found)["files"]
        return files

    def inputs(self, elsewhere: Mapping[str, str] | None = None, *, whole: bool = False) -> list[str]:
        """The paths of the files that it had read, in their order; those of `elsewhere` by their hashes.

        Raises
        ------
        InputError
            If one is not there any more, or has another size, or if it is `whole`, another SHA-256; or if the run was
            corrected: its files hold what it left out.
        """
        if self.was_corrected:
            raise InputError(
                f"{self.folder} {how_corrected(self.manifest)}, and its files hold what it left out: correct the "
                f"files and run gpunet {self.command} on them; a run with --keep-state can be updated after corrections"
            )
        return [self._place_of(file, elsewhere or {}, whole) for file in self._files()]

    def _place_of(self, file: Mapping[str, Any], elsewhere: Mapping[str, str], whole: bool) -> str:
        return place_now(file, self.folder, elsewhere, whole=whole, changed=self._on_all)

    @property
    def _on_all(self) -> str:
        """What to do if a file has changed."""
        return f"say with --input where the file of that time is, or run gpunet {self.command} on all files"

    def check_read(self, files: Sequence[Any], of: str = "") -> None:
        """InputError if the first of the `files` that were read now are not those that it had read."""
        for before, now in zip(self._files(of), files, strict=False):
            if before["sha256"] != now.sha256:
                raise self.changed(f"{of}: {before['name']}" if of else before["name"])

    def changed(self, name: str) -> InputError:
        """The error that a file is not the same any more."""
        return InputError(f"{name} has changed since {self.folder} was made of it: {self._on_all}")


def read_earlier(folder: str | os.PathLike[str]) -> Earlier:
    """The complete run in a folder.

    Raises
    ------
    InputError
        If there is none of ``gpunet features`` or ``gpunet run``, or it was made of data frames.
    """
    place = named_path(folder, "the run folder")
    manifest = read_manifest(place)
    if manifest["gpunet"] not in ("features", "run"):
        raise InputError(
            f"{place} is of gpunet {manifest['gpunet']}: there are updates of gpunet features and gpunet run"
        )
    if "links" in manifest:
        raise InputError(
            f"{place} was made with --person-links, by which ids became one, and cannot be updated: give gpunet "
            f"{manifest['gpunet']} on all tables"
        )
    earlier = Earlier(place, manifest, load_config(manifest["config"]))
    if not all(sha256 for of in ("", *BESIDE) for sha256 in earlier.hashes(of)):
        raise InputError(f"{place} was made of data frames, which cannot be read again: run it on files")
    return earlier
