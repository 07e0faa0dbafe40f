"""Flags as a job of the command line: runs in, whom triggers point at in a complete run folder out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gpunet.arrests.network import build_network
from gpunet.base.days import day_to_date
from gpunet.base.errors import InputError
from gpunet.base.paths import name_of, named_path, refuse_inputs
from gpunet.base.private import sharing
from gpunet.base.shapes import values_shown
from gpunet.base.threads import available_threads
from gpunet.cli.at_once import no_new_folder, timed_stage
from gpunet.cli.flag_inputs import FlaggedRun, Places, RunArrests, arrests_of, flagged_runs
from gpunet.cli.running import RUN_FILES
from gpunet.config.config import Config
from gpunet.config.flags_config import flags_of
from gpunet.governance.noted import noted, persons_of
from gpunet.governance.rules import check_person_scores, folder_rules
from gpunet.reading.pseudonymised import other_dates, stated_pseudonyms
from gpunet.runs.folder import MANIFEST, RunFolder
from gpunet.runs.manifest import StageClock, versions
from gpunet.runs.run_options import RunOptions
from gpunet.tables.files import sha256_of

if TYPE_CHECKING:
    from gpunet.arrests.arrests import Arrests
    from gpunet.config.flags_config import Flag

__all__ = ["flags_config", "run_flags"]


def flags_config(runs: Sequence[str | Path], config: Any = None) -> Config:
    """What flags go by: the first run's configuration, with the flags of `config` if it is given.

    Errors are those of :func:`gpunet.cli.flag_inputs.flagged_runs`.
    """
    return flagged_runs(runs, config)[0].config


def run_flags(
    runs: Sequence[str | Path],
    out: str | Path,
    config: Any = None,
    inputs: Sequence[str | Path] = (),
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Raise flags as of the days of some runs; write ``flags.parquet`` and ``flag_worth.parquet``.

    Where a run's scores are reviewed, its flags are too: ``flags.parquet`` is sealed.

    Parameters
    ----------
    runs
        Folders of complete ``gpunet features`` or ``gpunet run``, whose tables are read again. Each has another as-of
        day; one without is of the day after its last arrest.
    out
        The folder for the results.
    config
        ``[flags.NAME]`` sections, as a TOML file, a mapping or a Config; without it the runs' own.
    inputs
        Other places of the tables, which are told by their hash.
    options
        Threads, progress.

    Returns
    -------
    dict
        The manifest, as it stands in ``run.json``. What flags were worth is as of the latest of the days.

    Raises
    ------
    GpunetError
        If a run, a table, the configuration or the folder cannot be used.
    """
    options = options or RunOptions()
    place = named_path(out, "the flags' folder")
    found = flagged_runs(runs, config, options.corrections)
    configured = [config] if isinstance(config, str | Path) else []
    refuse_inputs(place, [*(run.folder for run in found), *configured, *inputs])
    for run in found:
        if run.folder.resolve() in place.resolve().parents:
            raise InputError(f"{place} lies in the run that flags are of, {run.folder}: give another --out")
    for run in found:
        check_person_scores(run.config, "flags")
    clock, warnings = StageClock("cpu"), list[str]()
    rules = folder_rules(_governing(found), place, options)
    with (
        sharing(found[0].config.output.share),
        no_new_folder(place),
        values_shown(options.show_values),
        RunFolder(place, RUN_FILES, rules) as written,
    ):
        written.pseudonyms = stated_pseudonyms(found)
        warnings += other_dates(found)
        told, latest = _written(written, found, inputs, options, clock, warnings)
        for run in found:
            noted(run.folder, "consultation", persons_of(run.manifest))
        return written.finish(
            {
                "gpunet": "flags",
                "versions": versions(),
                "config": latest.config.as_dict(),
                "as_of": told["runs"][-1]["as_of"],
                "seed": latest.config.model.seed,
                "engine": "cpu",
                "flags": told,
                **({} if written.pseudonyms is None else {"pseudonyms": dict(written.pseudonyms)}),
                "warnings": list(dict.fromkeys(warnings)),
                "execution": {"threads": available_threads(options.threads), **clock.times()},
            }
        )


def _governing(runs: Sequence[FlaggedRun]) -> Config:
    """The configuration that says what the flags are for, and whether they are sealed: of any run that is reviewed."""
    reviewed = [run.config for run in runs if run.config.governance.person_scores == "reviewed"]
    return reviewed[-1] if reviewed else runs[-1].config


def _written(
    written: RunFolder,
    runs: Sequence[FlaggedRun],
    inputs: Sequence[str | Path],
    options: RunOptions,
    clock: StageClock,
    warnings: list[str],
) -> tuple[dict[str, Any], FlaggedRun]:
    """Compute and write both tables; return what the manifest says of them, and the run of the latest day."""
    from gpunet.evaluate.side_tables import read_custody
    from gpunet.flags.found import LISTED
    from gpunet.flags.known import Known
    from gpunet.flags.tables import flags_frame, flags_metadata, joined_frames, worth_frame
    from gpunet.flags.triggers import check_sets
    from gpunet.flags.worth import judged_days, worth_rows

    flags = flags_of(runs[0].config.flags, victims=any(run.has_victims for run in runs))
    for run in runs:
        check_sets(flags, run.config)
    warnings += _without_victims(runs)
    with clock.stage("read"):  # which says under another name how far it is
        of_runs = _read(runs, inputs, written, options, warnings)
    with timed_stage(clock, options, "flags"):
        frames = [flags_frame(Known(of.known, build_network(of.known)), flags) for of in of_runs]
        frame = joined_frames(frames)
    latest, arrests, past = of_runs[-1].run, of_runs[-1].known, of_runs[-1].past
    with clock.stage("worth"):
        asked = latest.config.evaluate
        custody = read_custody(asked.custody, past) if asked.custody else None
        if custody is not None:
            warnings += custody.warnings
        rows = worth_rows(past, flags, latest.config, custody, options.progress, as_of=arrests.as_of)
    with timed_stage(clock, options, "write tables"):
        more = {"horizon_days": asked.horizon_days, "population": asked.population}
        victims = any(of.known.victims is not None for of in of_runs)
        for name, table, of_table, dates in (
            ("flags", frame, {}, ("as_of", "expires")),
            ("flag_worth", worth_frame(rows), more, ("as_of",)),
        ):
            metadata = flags_metadata(name, victims=victims, **of_table)
            written.write_table(f"{name}.parquet", [table], metadata, dates=dates)
    days = [day.isoformat() for day in judged_days(arrests, latest.config)]
    return {
        "runs": [_run_section(of) for of in of_runs],
        "declared": {name: _declared(flag, arrests) for name, flag in flags.items()},
        "raised": [line for of, frame in zip(of_runs, frames, strict=True) for line in _raised(of.known, frame, flags)],
        "worth": [{**row, "as_of": row["as_of"].isoformat()} for row in rows],
        **more,
        "snapshots": days,
        "evidence_listed": LISTED,
    }, latest


def _read(
    runs: Sequence[FlaggedRun],
    inputs: Sequence[str | Path],
    written: RunFolder,
    options: RunOptions,
    warnings: list[str],
) -> list[RunArrests]:
    """The runs with their arrests, by their as-of days."""
    places = Places(inputs)
    files = [places.of_run(run) for run in runs]
    places.refuse_unused()
    for of in files:
        written.refuse_inputs([path for paths in of.values() for path in paths])
    found = []
    for run, of in zip(runs, files, strict=True):
        if run.config.input.is_absent("offence"):
            raise InputError(
                f'{run.folder}: the tables have no offences ([input] columns.offence = ""): flags are of violence'
            )
        found.append(arrests_of(run, of, options.progress, warnings, options.corrections))
    found.sort(key=lambda of: of.known.today)
    for one, other in pairwise(found):
        if one.known.today == other.known.today:
            raise InputError(
                f"{one.run.folder} and {other.run.folder} are both as of {day_to_date(one.known.today)}: name one run "
                "a day"
            )
    if len({str(of.known.person_ids.dtype) for of in found}) > 1:
        raise InputError("person_id is a number in one run and a text in another: give the runs one at a time")
    return found


def _without_victims(runs: Sequence[FlaggedRun]) -> list[str]:
    """What to tell where some runs have a table of victims and others none."""
    without = [str(run.folder) for run in runs if not run.has_victims]
    if not without or len(without) == len(runs):
        return []
    return [f"{', '.join(without)}: without a table of victims, which others of the runs have: days differ in that"]


def _run_section(of: RunArrests) -> dict[str, Any]:
    """Which run it was, and how many persons it knows."""
    run, arrests = of.run, of.known
    return {
        "folder": name_of(run.folder),
        "gpunet": run.manifest["gpunet"],
        "run_json_sha256": sha256_of(run.folder / MANIFEST),
        "as_of": day_to_date(arrests.today).isoformat(),
        "persons": arrests.n_persons,
    }


def _declared(flag: Flag, arrests: Arrests) -> dict[str, Any]:
    """What a flag looks for, with the sets of offences, and where there are victims the sources, that it came to."""
    from gpunet.config.flags_config import ViolenceNearby
    from gpunet.flags.nearby import sets_of, sources_of

    plain: dict[str, Any] = json.loads(json.dumps(asdict(flag)))
    if isinstance(flag, ViolenceNearby):
        plain["sets"] = list(sets_of(flag, arrests.config))
        plain["sources"] = list(sources_of(flag, victims=arrests.victims is not None))
        if arrests.victims is None and not flag.sources:
            del plain["sources"]
    return plain


def _raised(arrests: Arrests, frame: Any, flags: Mapping[str, Flag]) -> list[dict[str, Any]]:
    """How many persons each flag is raised about as of a run's day."""
    names = frame["flag"].to_numpy()
    return [
        {
            "as_of": day_to_date(arrests.today).isoformat(),
            "flag": name,
            "side": flag.side,
            "persons": int(np.count_nonzero(names == name)),
        }
        for name, flag in flags.items()
    ]
