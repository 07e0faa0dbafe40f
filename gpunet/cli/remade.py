"""Complete runs made again without some persons, by the job of each command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import path_named
from gpunet.cli.run import features_of, forecast_of
from gpunet.cli.running import opened
from gpunet.cli.tables_now import as_of_tables_now, with_beside
from gpunet.config.config import Config, load_config
from gpunet.governance.runs_under import Held
from gpunet.governance.statement import earlier_reviews
from gpunet.reading.corrections import Corrections
from gpunet.reading.person_links import PersonLinks, person_links
from gpunet.runs.complete import read_manifest
from gpunet.runs.described import files_read, latest_date
from gpunet.runs.file_lists import CARDS, REPORT, stored_list
from gpunet.runs.left_out import persons_left_out, tables_read
from gpunet.runs.read_files import place_now
from gpunet.runs.run_options import RunOptions
from gpunet.tables.files import sha256_of
from gpunet.updates.asked import Asked
from gpunet.updates.earlier import Earlier
from gpunet.updates.erasure_run import ErasureRun

__all__ = ["Remaking", "remade"]

_FLAGS_LINKED = "flags are of a run with links between ids, and read its tables without them: give gpunet flags again"

_OTHER_LINKS = (
    "its tables of links between ids are not what they were: give its command again without the person's rows, or "
    "these tables as they were"
)

#: Nothing is kept to go on from.
_NEVER = float("inf")


@dataclass(frozen=True)
class Remaking:
    """How runs are made again.

    Attributes
    ----------
    persons
        Who is left out.
    inputs
        Where tables of the runs are now, if they are not where they were.
    threads
        How many are used.
    runs
        Where the runs are that audits and flags are of, by the SHA-256 that their ``run.json`` has or had.
    """

    persons: frozenset[str]
    inputs: Sequence[str] = ()
    threads: int | None = None
    runs: Mapping[str, Path] = field(default_factory=dict)

    def options(self, earlier: Earlier) -> RunOptions:
        """How the job of a command is called; a person is left out under all of the ids that links give."""
        links, manifest = person_links(earlier.config, self.persons), earlier.manifest
        return RunOptions(
            "cpu",
            self.threads,
            checkpoint_seconds=_NEVER,
            allow_incomplete=True,
            corrections=Corrections(persons=self.persons) if links is None else links.corrections,
            read_on=latest_date(manifest),
            earlier_review=tuple(earlier_reviews(manifest)),
        )


def remade(held: Held, out: Path, how: Remaking) -> frozenset[str]:
    """Make a complete run again in another folder, with the configuration and the tables that it had.

    Parameters
    ----------
    held
        The run.
    out
        An empty folder.
    how
        Whom to leave out.

    Returns
    -------
    frozenset of str
        Who was left out: whom it was told, and who had been left out before and is in its tables still.

    Raises
    ------
    GpunetError
        If it cannot be made again: a table is gone or has changed, or was a data frame.
    """
    manifest = read_manifest(held.path)
    job = {"features": _updated, "run": _updated, "flags": _flags, "audit": _audit}.get(held.command, _again)
    config = load_config(manifest["config"])
    if config.input.person_links and held.command == "flags":
        raise InputError(_FLAGS_LINKED)
    if "links" in manifest:
        _refuse_other_links(manifest, config)
        job = _again  # an update knows no links
    earlier, before = _without_corrections(Earlier(held.path, manifest, config), how)
    how = replace(how, persons=how.persons | before)
    job(earlier, out, how)
    if (held.path / REPORT.name).is_file():
        from gpunet.cli.reports import write_report

        write_report(out, stored_list(held.path / REPORT.name, REPORT)["audience"])
    if (held.path / CARDS.name).is_file():
        from gpunet.cli.records import write_cards

        write_cards(out)
    return how.persons


def _refuse_other_links(manifest: Mapping[str, Any], config: Config) -> None:
    """InputError if a run's links are not what they were; the rows of who was erased before may be gone from them."""
    links, told = person_links(config), manifest["links"]
    now = [] if links is None else [file.sha256 for file in links.files]
    if now == [file["sha256"] for file in told["files"]]:
        return
    counts = {} if links is None else links.counts()
    if "corrections" not in manifest or any(told[name] != counts.get(name) for name in PersonLinks().counts()):
        raise InputError(_OTHER_LINKS)


def _without_corrections(earlier: Earlier, how: Remaking) -> tuple[Earlier, frozenset[str]]:
    """A run from which persons were erased before as one that was made without, and who of them is to be left out."""
    command: str = earlier.manifest["gpunet"]
    if command == "flags":
        return earlier, _left_out_of_flagged(earlier, how)
    if "corrections" not in earlier.manifest or command == "audit":
        return earlier, frozenset()
    _refuse_frames(earlier)
    return as_of_tables_now(earlier, how.inputs, how.persons)


def _left_out_of_flagged(earlier: Earlier, how: Remaking) -> frozenset[str]:
    """Whom the runs that flags are of have left out, and their tables still hold."""
    moved, found = {sha256_of(Path(path)): path for path in how.inputs}, frozenset[str]()
    for told in earlier.manifest["flags"]["runs"]:
        manifest = read_manifest(_run_of(told, how))
        if "corrections" in manifest:
            tables = tables_read(manifest["input"], moved)
            found |= persons_left_out(manifest["corrections"], tables, load_config(manifest["config"]))
    return found


def _updated(earlier: Earlier, out: Path, how: Remaking) -> None:
    """By an update that has no new tables: what was kept of reading is enough."""
    _refuse_frames(earlier)
    elsewhere = _elsewhere(earlier, how)
    by_state = earlier.state_fits
    old = None if by_state else earlier.inputs(elsewhere, whole=True)
    config, beside = _with_beside(earlier, elsewhere)
    asked = Asked(config, old=old, old_victims=beside["victims"], old_ties=beside["ties"])
    options = replace(how.options(earlier), keep_state=earlier.has_state)
    with opened(earlier.command, [], out, config, options) as found:
        under_way = ErasureRun(earlier, found.folder, found.options, found.engine, asked)
        job = features_of if earlier.command == "features" else forecast_of
        job(under_way, [], earlier.as_of)


def _again(earlier: Earlier, out: Path, how: Remaking) -> None:
    """By the command itself, on the same tables."""
    from gpunet.cli.run import job_of

    _refuse_frames(earlier)
    elsewhere = _elsewhere(earlier, how)
    paths = earlier.inputs(elsewhere, whole=True)
    config, _ = _with_beside(earlier, elsewhere)
    for file in earlier.manifest.get("tables", {}).get("files", ()):
        if earlier.read_again:  # it was to be corrected, and there are no counts to compare it with
            continue
        place_now(file, earlier.folder)
    command: Any = earlier.manifest["gpunet"]
    as_of = earlier.as_of if command in ("features", "run", "evaluate known") else None
    job_of(command)(paths, out, config, as_of, how.options(earlier))


def _flags(earlier: Earlier, out: Path, how: Remaking) -> None:
    from gpunet.cli.flags import run_flags

    flags = earlier.manifest["config"].get("flags")
    runs = [_run_of(told, how) for told in earlier.manifest["flags"]["runs"]]
    run_flags(runs, out, {"flags": flags} if flags else None, _of_these(runs, how), how.options(earlier))


def _audit(earlier: Earlier, out: Path, how: Remaking) -> None:
    from gpunet.cli.audits import run_audit

    told = earlier.manifest["audit"]
    files = told["attributes"]["files"]
    if len(files) != 1:
        raise InputError("its table of attributes came in several files: give gpunet audit again")
    file = files[0]["name"] if isinstance(files[0], Mapping) else files[0]
    options = how.options(earlier)
    run_audit(_run_of(told["run"], how), path_named(file), told["by"], out, earlier.manifest["config"], options)


def _run_of(told: Mapping[str, Any], how: Remaking) -> Path:
    """The run that an audit or flags are of."""
    place = how.runs.get(told["run_json_sha256"]) or Path(path_named(told["folder"]))
    if not place.is_dir():
        raise InputError("the run that it is of is not where it was")
    return place


def _of_these(runs: Sequence[Path], how: Remaking) -> list[str]:
    """Those of the tables named elsewhere that the runs have read."""
    read = {file["sha256"] for run in runs for file in files_read(read_manifest(run)["input"])}
    return [path for path in how.inputs if sha256_of(Path(path)) in read]


def _refuse_frames(earlier: Earlier) -> None:
    if not all(file.get("sha256") for file in files_read(earlier.manifest["input"])):
        raise InputError("it was made of data frames, which cannot be read again")


def _elsewhere(earlier: Earlier, how: Remaking) -> dict[str, str]:
    return earlier.moved(list(how.inputs))


def _with_beside(earlier: Earlier, elsewhere: Mapping[str, str]) -> tuple[Config, dict[str, list[str]]]:
    """The configuration with the tables of ties and victims where they are now, and these tables, all as they were."""
    earlier.check_beside()
    return with_beside(earlier, elsewhere, whole=True)
