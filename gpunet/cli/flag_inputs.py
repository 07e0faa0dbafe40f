"""The runs that flags are of: their manifests, and the tables that they were made of, which are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import cut_before
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.errors import ConfigError, InputError, in_words
from gpunet.base.paths import check_regular, named_path, path_named, refuse_files
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config, load_config
from gpunet.reading.folder_keys import keys_of
from gpunet.reading.read import read_arrests_at
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import sha256_of

__all__ = ["FlaggedRun", "Places", "arrests_of", "flagged_runs"]


@dataclass(frozen=True, eq=False)
class FlaggedRun:
    """A complete run: its folder, what its run.json says, and the configuration that its flags go by."""

    folder: Path
    manifest: Mapping[str, Any]
    config: Config

    @property
    def as_of(self) -> date | None:
        """Its as-of day, None if it had none."""
        asked = self.manifest["as_of"]
        return None if asked is None else date.fromisoformat(asked)


def flagged_runs(runs: Sequence[str | Path], config: Any = None) -> list[FlaggedRun]:
    """The runs in some folders, with the flags of `config` if it is given.

    Raises
    ------
    InputError
        If there is none, or a folder is not that of a complete ``gpunet features`` or ``gpunet run``.
    ConfigError
        If `config` cannot be used or says more than ``[flags]``, or without it the runs have different flags.
    """
    if not runs:
        raise InputError("no run: name the folders of gpunet features or gpunet run")
    asked = None if config is None else load_config(config)
    found = [_run(named_path(run, "the run folder"), asked) for run in runs]
    folders = [run.folder.resolve() for run in found]
    if len(set(folders)) < len(folders):
        raise InputError("a run folder is given more than once: name each of them once")
    for run in found[1:]:
        if run.config.flags != found[0].config.flags:
            raise ConfigError(
                f"{found[0].folder} and {run.folder} have different [flags]: give those that count with --config"
            )
    return found


def _run(folder: Path, asked: Config | None) -> FlaggedRun:
    refuse_files(folder)
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is not the folder of a complete run: it has no {MANIFEST}")
    manifest = read_manifest(folder)
    if manifest["gpunet"] not in ("features", "run"):
        raise InputError(
            f"{folder} is of gpunet {manifest['gpunet']}; flags are of gpunet features or gpunet run, whose tables are "
            "read again"
        )
    of_run = load_config(manifest["config"])
    if asked is None:
        return FlaggedRun(folder, manifest, of_run)
    default = Config()
    for name in (field.name for field in fields(Config) if field.name != "flags"):
        value = getattr(asked, name)
        if value not in (getattr(default, name), getattr(of_run, name)):
            raise ConfigError(
                f"--config has another [{name}] than the run in {folder}, and only [flags.NAME] may differ: leave it "
                "out, or give the run again with it"
            )
    return FlaggedRun(folder, manifest, replace(of_run, flags=asked.flags))


class Places:
    """Where the tables of runs lie: under the names that they were read by, or at other places by their hash.

    Parameters
    ----------
    others
        Files, in whatever order.
    """

    def __init__(self, others: Sequence[str | Path] = ()) -> None:
        self._others = {_sha256(named_path(path, "--input")): named_path(path, "--input") for path in others}
        self._used: set[str] = set()

    def of_run(self, run: FlaggedRun) -> list[Path]:
        """The files of a run, in the order in which they were read, each as it was then.

        Raises
        ------
        InputError
            If one is gone, or has changed.
        """
        return [self._place(file, run.folder) for file in run.manifest["input"]["files"]]

    def _place(self, file: Mapping[str, Any], folder: Path) -> Path:
        name, sha256 = file["name"], file.get("sha256")
        if sha256 is None:
            raise InputError(f"the run in {folder} was made of a data frame and not of files: flags need its files")
        if sha256 in self._others:
            self._used.add(sha256)
            other = self._others[sha256]
            if dict(keys_of(Path(path_named(name)))) != dict(keys_of(other)):
                raise InputError(
                    f"--input {other} is the file {name}, but the names of its folders (NAME=VALUE) say something else "
                    "of its rows: let them have the same names"
                )
            return other
        path = Path(path_named(name))
        if _sha256(path, f"; say where it lies with --input (the run in {folder} has read it)") != sha256:
            raise InputError(
                f"{name} is not the file that the run in {folder} has read: it has changed since; give the run again, "
                "or the file as it was with --input"
            )
        return path

    def refuse_unused(self) -> None:
        """InputError if a file was given that is none of the runs'."""
        for sha256, path in self._others.items():
            if sha256 not in self._used:
                raise InputError(f"--input {path} is no file of the runs, or has changed since: leave it out")


def _sha256(path: Path, advice: str = "") -> str:
    try:
        check_regular(path)
        return sha256_of(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {in_words(error)}{advice}") from error


def arrests_of(
    run: FlaggedRun, files: Sequence[Path], progress: ProgressCallback | None, warnings: list[str]
) -> Arrests:
    """The arrests of a run as they were known as of its day; without one, the day after the last arrest.

    Raises
    ------
    InputError
        If they cannot be read, or none has a date.
    """
    read_on = date.fromisoformat(run.manifest["execution"]["started"][:10])
    arrests = read_arrests_at(None, list(files), run.config, progress=progress, today=read_on)
    assert arrests.report is not None  # they were read
    accepted, then = sum(file.accepted for file in arrests.report.files), run.manifest["input"]["rows"]["accepted"]
    if accepted != then:
        warnings.append(
            f"{run.folder}: {accepted:,} rows are accepted now, and {then:,} were when the run was made: give the "
            "run again if another version of gpunet made it"
        )
    if run.as_of is None and arrests.last_day == NO_DAY:
        raise InputError(f"{run.folder}: no arrest has a date, and flags are of what happened lately")
    return cut_before(arrests, run.as_of or day_to_date(arrests.last_day + 1))
