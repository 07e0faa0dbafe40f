"""The jobs of the command line: tables in, a complete run folder out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gpunet.arrests.as_of import forecast_days
from gpunet.arrests.completeness import victims_end_early
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.paths import named_path
from gpunet.base.words import counted
from gpunet.cli.running import RUN_FILES, opened
from gpunet.config.config import Config, load_config
from gpunet.config.sides import OFFENDER, VICTIM
from gpunet.governance.rules import check_person_scores
from gpunet.runs.complete import read_manifest
from gpunet.runs.described import feature_metadata, path_section
from gpunet.runs.feature_run import as_chosen
from gpunet.runs.folder import MANIFEST
from gpunet.runs.kept_features import PastFeatures
from gpunet.runs.request import Command
from gpunet.runs.resume import stored_request
from gpunet.runs.run_options import RunOptions
from gpunet.runs.stages import Run
from gpunet.search.path_report import PathReport

__all__ = [
    "RUN_FILES",
    "RunOptions",
    "check_side",
    "feature_metadata",
    "features_of",
    "forecast_of",
    "job_of",
    "resume_run",
    "run_features",
    "run_forecast",
]


def run_features(
    inputs: Any,
    out: str | Path,
    config: Any = None,
    as_of: date | None = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Read arrest tables and write every feature of every person into a run folder.

    Parameters
    ----------
    inputs
        Whatever :func:`gpunet.read_arrests` takes.
    out
        The folder; new, empty, or of an earlier run.
    config
        A :class:`Config`, a mapping, the path of a TOML file, or None for the defaults.
    as_of
        Only arrests before this day count; where tables have recorded_at, only rows recorded before it.
    options
        Engine, threads, progress.

    Returns
    -------
    dict
        The manifest, as it stands in ``run.json``.

    Raises
    ------
    GpunetError
        If input, configuration, engine or folder cannot be used.
    """
    with _running("features", inputs, out, config, options) as run:
        return features_of(run, inputs, as_of)


def features_of(run: Run, inputs: Any, as_of: date | None) -> dict[str, Any]:
    """What :func:`run_features` does in a run's folder."""
    arrests = run.read(inputs, as_of)
    if as_of is None:
        arrests = run.current(arrests)
    else:
        with run.stage("as of"):
            missing = run.completeness(as_of)
            run.warn_of_late(arrests, as_of)
            arrests = run.cut(arrests, as_of)
        if missing.days_beyond > 0:
            run.warnings.append(
                f"the as-of day {as_of} is {counted(missing.days_beyond, 'day')} after the end of the data "
                f"({missing.last_date}): days_since_* count up to it, and arrests between are unknown"
            )
    found = run.features("features", arrests)
    sections = run.write_features(arrests, found)
    run.link_effects(inputs, arrests, found)
    return run.finish("features", arrests, sections)


def run_forecast(
    inputs: Any,
    out: str | Path,
    config: Any = None,
    as_of: date | None = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Read arrest tables; write features, a model that forecasts violence, and everyone's score.

    T is `as_of` or, without it, the day after the last date in the data; H is ``config.model.horizon_days``. The
    model is trained on features as of T-2H with the label "violent arrest in [T-2H, T-H)", tried on features as of
    T-H against [T-H, T), fitted again on both, and scores everyone as of T. Only dated arrests count. With
    ``config.model.side = "victim"`` the label is "victim of a violent offence" in the same windows, of everybody known
    before them, and every file of the forecast says so.

    What seems to be missing before T is a warning, and stands in the manifest under ``completeness``. A T of more than
    a month after the last arrest is an error unless the options allow it.

    Parameters and errors are those of :func:`run_features`.

    Returns
    -------
    dict
        The manifest, with the evaluation under ``model``.
    """
    settings = load_config(config)
    check_person_scores(settings, "run")
    check_side(settings, named_path(out, "the run folder"))
    with _running("run", inputs, out, config, options) as run:
        return forecast_of(run, inputs, as_of)


def forecast_of(run: Run, inputs: Any, as_of: date | None) -> dict[str, Any]:
    """What :func:`run_forecast` does in a run's folder."""
    arrests = run.read(inputs, as_of)
    if run.config.input.is_absent("offence"):
        raise InputError('the tables have no offences ([input] columns.offence = ""): there is nothing to forecast')
    if run.no_network is not None:
        raise InputError(run.no_network)
    with run.stage("as of"):
        undated = run.undated(arrests)
        days = forecast_days(arrests.last_day, as_of, timedelta(days=run.config.model.horizon_days))
        missing = run.completeness(days["T"])
        if not run.options.allow_incomplete:
            missing.refuse_beyond(days["T"])
        run.warnings += missing.warnings(days["T"], run.config.model.horizon_days)
        run.require_before(days)
        run.warn_of_late(arrests, days["T"])
        if run.config.model.side == VICTIM:
            run.warnings += victims_end_early(_last_victim(arrests), days["T"])
        cuts = {name: run.cut(arrests, day) for name, day in days.items()}
    if undated:
        run.warnings.append(
            f"{counted(undated, 'arrest')} without a date left out, as a forecast needs to know what came when"
        )
    now = run.features("features-T", cuts["T"], "as of T")
    past = _past(run, cuts, now)
    sections = run.write_features(cuts["T"], now)
    run.link_effects(inputs, cuts["T"], now)
    sections["path_of_past"] = {name: path_section(past[name].path) for name in ("T-2H", "T-H")}
    if run.config.layers:
        sections["path_any_of_past"] = {name: path_section(past[name].path_any) for name in ("T-2H", "T-H")}
    sections["completeness"] = missing.as_dict()
    sections["model"] = run.model(arrests, days, {"T": now, **past})
    return run.finish("run", cuts["T"], sections)


def check_side(config: Config, out: Path) -> None:
    """Refuse to forecast victims of whom there is no table, and to put one side's list in the place of the other's.

    Raises
    ------
    ConfigError
        If there is no table of victims.
    InputError
        If the folder holds a complete run of the other side.
    """
    side = config.model.side
    if side == VICTIM and not config.input.victims:
        raise ConfigError(
            "--side victim forecasts who becomes a victim, and has to know who was one: give --victims FILE, or "
            "[input] victims in the configuration"
        )
    if not (out / MANIFEST).is_file():
        return
    try:
        found = read_manifest(out)
    except InputError:
        return  # it is no run's, or damaged: what is made of it is decided where it is replaced
    there = found.get("side", OFFENDER)
    if found["gpunet"] == "run" and there != side:
        raise InputError(
            f"{out} holds a run of the side {there}, and this one is of the side {side}: their lists are never in one "
            "place, one after the other neither; name another folder"
        )


def _last_victim(arrests: Any) -> int:
    """The latest day on which anybody became a victim; InputError if no table of victims was read."""
    if arrests.victims is None:
        raise InputError("no table of victims was read: give --victims FILE, or [input] victims in the configuration")
    last: int = arrests.victims.events.last_day
    return last


@contextmanager
def _running(command: Command, inputs: Any, out: str | Path, config: Any, options: RunOptions | None) -> Iterator[Run]:
    """The run of a command, in its folder: on the workers of a cluster if there is one and files are to be read."""
    with opened(command, inputs, out, config, options) as found:
        kind = Run
        if found.distributed:
            from gpunet.cluster.run import DistributedRun

            kind = DistributedRun
        yield kind(command, found.folder, found.config, found.options, found.engine)


def _past(run: Run, cuts: Mapping[str, Any], now: Any) -> dict[str, PastFeatures]:
    """Features as of the earlier days. The last day, the largest, has decided how betweenness is computed for all."""
    asked = run.config.path

    def as_asked(report: PathReport | None) -> PathReport | None:
        return None if report is None else replace(report, asked=asked.betweenness)

    configs = as_chosen(asked, now.path), as_chosen(asked, getattr(now, "path_any", None))
    found = {}
    for name in ("T-2H", "T-H"):
        past = run.past_features(f"features-{name}", cuts[name], f"as of {name}", *configs)
        found[name] = PastFeatures(past.features, as_asked(past.path), as_asked(past.path_any))
    return found


def resume_run(out: str | Path, command: str, options: RunOptions | None = None) -> dict[str, Any]:
    """Go on with the unfinished run in a folder, with the input, configuration and as-of day that it began with.

    A folder whose run is complete is left as it is.

    Parameters
    ----------
    out
        The run folder.
    command
        Which run it is to be: ``"features"``, ``"run"``, ``"evaluate known"``, ``"evaluate emerging"``, ``"panel"``
        or ``"places"``.
    options
        Threads and cluster (if None those that were asked for at first), progress. Engine and `keep_going` are the
        run's own.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    InputError
        If there is nothing to go on with, or it is a run of another command, or an input has changed.
    GpunetError
        As for the run itself.
    """
    folder, options = named_path(out, "the run folder"), options or RunOptions()
    request = stored_request(folder)
    if request is None:
        if not (folder / MANIFEST).is_file():
            raise InputError(f"{folder}: there is no run to go on with")
        return read_manifest(folder)
    if request.command != command:
        raise InputError(f"{folder} holds an unfinished gpunet {request.command}, not gpunet {command}")
    options = replace(
        options,
        engine=request.engine,
        threads=options.threads or request.threads,
        cluster=options.cluster or request.cluster,
        start_over=False,
        keep_going=request.keep_going,
        allow_incomplete=request.allow_incomplete,
    )
    return job_of(request.command)(list(request.inputs), folder, request.config, request.as_of, options)


def job_of(command: Command) -> Callable[..., dict[str, Any]]:
    """What does a command's work; what only some commands need is imported for them alone."""
    if command == "panel":
        from gpunet.cli.panels import run_panel

        return run_panel
    if command == "places":
        from gpunet.cli.places import run_places

        return run_places
    if command in ("evaluate known", "evaluate emerging"):
        from gpunet.cli.evaluations import run_emerging, run_known

        return run_known if command == "evaluate known" else run_emerging
    return run_features if command == "features" else run_forecast
