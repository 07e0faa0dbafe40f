"""The runs that flags are of: their manifests, and the tables that they were made of, which are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import cut_before
from gpunet.arrests.beside import end_of
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.errors import ConfigError, InputError, in_words
from gpunet.base.paths import is_mere_word, named_path, path_named
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config, load_config
from gpunet.config.input_config import BESIDE
from gpunet.config.ties_config import check_authority
from gpunet.reading.beside import read_beside
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.folder_keys import keys_of
from gpunet.reading.pseudonymised import check_alike, pseudonyms_of_run
from gpunet.reading.read import read_arrests_at
from gpunet.runs.complete import read_manifest
from gpunet.runs.corrected import refuse_corrected
from gpunet.runs.described import latest_date
from gpunet.runs.left_out import LEFT_OUT
from gpunet.runs.read_files import place_now
from gpunet.tables.files import sha256_of

__all__ = ["FlaggedRun", "Places", "RunArrests", "arrests_of", "flagged_runs"]


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

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.folder)

    @property
    def pseudonyms(self) -> Mapping[str, str] | None:
        """Which pseudonyms its ids are, None if they are none."""
        return pseudonyms_of_run(self.manifest)

    @property
    def tables(self) -> Mapping[str, Mapping[str, Any]]:
        """What run.json says of its tables: ``arrests``, and ``ties`` and ``victims`` as far as there are such."""
        read = self.manifest["input"]
        return {"arrests": read, **{name: read[name] for name in BESIDE if name in read}}

    @property
    def has_victims(self) -> bool:
        """Whether it has read a table of victims."""
        return "victims" in self.tables


def flagged_runs(
    runs: Sequence[str | Path], config: Any = None, corrections: Corrections | None = None
) -> list[FlaggedRun]:
    """The runs in some folders, with the flags of `config` if it is given.

    A run that was corrected is none whose tables can be read again, unless by the `corrections` that it was made with.

    Raises
    ------
    InputError
        If there is none, or a folder is not that of a complete ``gpunet features`` or ``gpunet run``, or its tables
        hold what corrections left out.
    NotJoinedError
        If the runs' ids are pseudonyms of different keys or domains, or of some runs alone.
    ConfigError
        If `config` cannot be used or says more than ``[flags]``, or without it the runs have different flags.
    """
    if not runs:
        raise InputError("no run: name the folders of gpunet features or gpunet run")
    asked = None if config is None else load_config(config)
    found = [_run(named_path(run, "the run folder"), asked, corrections) for run in runs]
    folders = [run.folder.resolve() for run in found]
    if len(set(folders)) < len(folders):
        raise InputError("a run folder is given more than once: name each of them once")
    for run in found[1:]:
        check_alike(found[0], run)
        if run.config.flags != found[0].config.flags:
            raise ConfigError(
                f"{found[0].folder} and {run.folder} have different [flags]: give those that count with --config"
            )
    return found


def _run(folder: Path, asked: Config | None, corrections: Corrections | None) -> FlaggedRun:
    manifest = read_manifest(folder)
    if manifest["gpunet"] not in ("features", "run"):
        raise InputError(
            f"{folder} is of gpunet {manifest['gpunet']}; flags are of gpunet features or gpunet run, whose tables are "
            "read again"
        )
    if corrections is None:
        refuse_corrected(folder, manifest)
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
        self._others = {_sha256(named_path(path, "--input")): str(path) for path in others}
        self._used: set[str] = set()

    def of_run(self, run: FlaggedRun) -> dict[str, list[Path]]:
        """The files of a run by table, in the order in which they were read, each as it was then.

        Raises
        ------
        InputError
            If one is gone, or has changed.
        """
        return {name: [self._place(file, run.folder) for file in of["files"]] for name, of in run.tables.items()}

    def _place(self, file: Mapping[str, Any], folder: Path) -> Path:
        name, path = file["name"], Path(place_now(file, f"the run in {folder}", self._others))
        if (sha256 := file.get("sha256")) in self._others:
            self._used.add(sha256)
            if dict(keys_of(Path(path_named(name)))) != dict(keys_of(path)):
                raise InputError(
                    f"--input {path} is the file {name}, but the names of its folders (NAME=VALUE) say something else "
                    "of its rows: let them have the same names"
                )
        return path

    def refuse_unused(self) -> None:
        """InputError if a file was given that is none of the runs'."""
        for sha256, path in self._others.items():
            if sha256 not in self._used:
                raise InputError(f"--input {path} is no file of the runs, or has changed since: leave it out")


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        if is_mere_word(path):  # which is not repeated
            raise InputError("a word that was given for a table is no file") from error
        raise InputError(f"cannot read {path}: {in_words(error)}") from error


@dataclass(frozen=True, eq=False)
class RunArrests:
    """The arrests of a run.

    ``known``: as they were known as of its day. ``past``: what can be cut at earlier days. That are the same arrests,
    unless there are ties of other kinds: those that were over by the run's day are in ``past`` alone, which is not cut.
    """

    run: FlaggedRun
    known: Arrests
    past: Arrests


def arrests_of(
    run: FlaggedRun,
    files: Mapping[str, Sequence[Path]],
    progress: ProgressCallback | None,
    warnings: list[str],
    corrections: Corrections | None = None,
) -> RunArrests:
    """The arrests of a run, with its ties and victims; without an as-of day, as of the day after the last of any table.

    Raises
    ------
    InputError
        If a table cannot be read, or no arrest has a date.
    ConfigError
        If there are ties of social media, and the authority to watch has ended.
    """
    if "ties" in files:
        try:
            check_authority(run.config.ties, date.today())
        except ConfigError as error:
            raise ConfigError(f"{run.folder}: {error}") from error
    read_on = latest_date(run.manifest)
    effect, effects = Effect(), {name: Effect() for name in BESIDE}
    how: dict[str, Any] = {"today": read_on, "corrections": corrections, "progress": progress}
    arrests = read_arrests_at(None, list(files["arrests"]), run.config, **how, effect=effect)
    if arrests.last_day == NO_DAY and run.as_of is None:
        raise InputError(f"{run.folder}: no arrest has a date, and flags are of what happened lately")
    reports = {"arrests": arrests.report}
    if len(files) > 1:
        ties, victims = (list(files[name]) if name in files else None for name in BESIDE)
        arrests, of_beside = read_beside(arrests, run.config, ties=ties, victims=victims, **how, effects=effects)
        reports |= of_beside
    for name, report in reports.items():
        assert report is not None  # they were read
        accepted, then = sum(file.accepted for file in report.files), run.tables[name]["rows"]["accepted"]
        if accepted != then:
            of = "" if name == "arrests" else f" of {name}"
            warnings.append(
                f"{run.folder}: {accepted:,} rows{of} are accepted now, and {then:,} were when the run was made: give "
                "the run again if another version of gpunet made it"
            )
    if corrections is not None and "corrections" in run.manifest:
        made_with = effect.with_tables([effects[name] for name in files if name in effects], corrections)
        _check_corrected(
            run, {**made_with.as_dict(), **{name: effects[name].rows() for name in files if name in effects}}
        )
    known = cut_before(arrests, run.as_of or day_to_date(end_of(arrests)))
    return RunArrests(run, known, known if known.associations is None else arrests)


def _check_corrected(run: FlaggedRun, counts: Mapping[str, Any]) -> None:
    """InputError if a run was corrected otherwise: its tables hold what it left out."""
    told = {name: of for name, of in run.manifest["corrections"].items() if name not in ("unknown", LEFT_OUT)}
    if told != {name: count for name, count in counts.items() if name != "unknown"}:
        refuse_corrected(run.folder, run.manifest)
