"""The jobs of the command line: tables in, a complete run folder out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet._version import __version__
from gpunet.arrests import NO_DAY, Arrests, day_number, day_to_date
from gpunet.config import Config, load_config
from gpunet.engine import resolve_engine
from gpunet.errors import InputError
from gpunet.features import FeatureSet, compute_all
from gpunet.folder import RunFolder
from gpunet.manifest import StageClock, arrest_statistics, input_report, network_statistics, versions
from gpunet.offences import taxonomy_hash
from gpunet.parallel import available_threads
from gpunet.progress import ProgressCallback
from gpunet.reading import read_arrests
from gpunet.registry import columns, dictionary

__all__ = ["FEATURE_FILES", "RUN_FILES", "RunOptions", "feature_metadata", "run_features", "run_forecast"]

FEATURE_FILES = ("features.parquet", "ties.parquet", "groups.parquet", "rejected.parquet", "features.json")
RUN_FILES = (*FEATURE_FILES, "scores.parquet", "model.ubj", "model.skops")


@dataclass(frozen=True)
class RunOptions:
    """What a run can be told beside its input and configuration; it has no bearing on the results."""

    engine: str = "auto"
    threads: int | None = None
    progress: ProgressCallback | None = None


def feature_metadata(config: Config, as_of: date | None) -> dict[str, Any]:
    """What a feature file says of itself, so that a model can tell whether it fits."""
    return {
        "version": __version__,
        "taxonomy": taxonomy_hash(config.violent_offences),
        "sets": {name: list(patterns) for name, patterns in config.violent_offences.items()},
        "as_of": None if as_of is None else as_of.isoformat(),
        "columns": list(columns(config.sets)),
    }


class _Run:
    """One run under way: its folder, its clock, and the manifest as it grows."""

    def __init__(self, out: str | Path, files: tuple[str, ...], config: Config, options: RunOptions) -> None:
        self.config = config
        self.options = options
        self.engine = resolve_engine(options.engine)
        self.threads = available_threads(options.threads)
        self.clock = StageClock(self.engine)
        self.folder = RunFolder(out, files)
        self.warnings: list[str] = []

    def read(self, inputs: Any) -> Arrests:
        with self.clock.stage("read"):
            arrests = read_arrests(inputs, self.config, progress=self.options.progress)
        arrests = replace(arrests, backend="polars")  # the folder's files are the same whatever frame came in
        if arrests.report is not None:
            self.warnings += arrests.report.warnings
        if not len(arrests):
            raise InputError("no arrest was accepted: " + _why_nothing(arrests))
        return arrests

    def features(self, arrests: Arrests, label: str) -> FeatureSet:
        with self.clock.stage(f"features {label}"):
            return compute_all(
                arrests, engine=self.engine, threads=self.threads, progress=_labelled(self.options.progress, label)
            )

    def write_features(self, arrests: Arrests, found: FeatureSet) -> dict[str, Any]:
        """Write the tables of the features; returns the manifest's statistics."""
        with self.clock.stage("write features"):
            self.folder.write_table("features.parquet", found.features, feature_metadata(self.config, arrests.as_of))
            self.folder.write_table("ties.parquet", found.ties)
            self.folder.write_table("groups.parquet", found.groups)
            if arrests.report is not None:
                self.folder.write_table("rejected.parquet", arrests.report.rejected)
            self.folder.write_json("features.json", dictionary(self.config.sets))
        with self.clock.stage("statistics"):
            statistics = network_statistics(arrests, found.network, _closeness(found))
        oversize = statistics["incidents_over_max_size"]
        if oversize:
            largest = max(incident["persons"] for incident in oversize)
            self.warnings.append(
                f"{len(oversize)} incidents of more than {self.config.network.max_incident_size} persons tie nobody "
                f"(the largest had {largest}): network.incidents_over_max_size in run.json lists them"
            )
        return {"arrests": arrest_statistics(arrests), "network": statistics}

    def finish(self, kind: str, arrests: Arrests, sections: Mapping[str, Any]) -> dict[str, Any]:
        manifest = {
            "gpunet": kind,
            "versions": versions(),
            "config": self.config.as_dict(),
            "as_of": None if arrests.as_of is None else arrests.as_of.isoformat(),
            "seed": self.config.model.seed,
            "engine": self.engine,
            "input": input_report(arrests),
            **sections,
            "warnings": self.warnings,
            "execution": {"threads": self.threads, **self.clock.times()},
        }
        return self.folder.finish(manifest)


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
        Only arrests before this day count.
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
    run = _Run(out, FEATURE_FILES, load_config(config), options or RunOptions())
    arrests = run.read(inputs)
    if as_of is not None:
        arrests = _cut(arrests, as_of)
    found = run.features(arrests, "")
    sections = run.write_features(arrests, found)
    return run.finish("features", arrests, sections)


def run_forecast(
    inputs: Any,
    out: str | Path,
    config: Any = None,
    as_of: date | None = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Read arrest tables; write features, a model that forecasts violent arrest, and everyone's score.

    T is `as_of` or, without it, the day after the last date in the data; H is ``config.model.horizon_days``. The
    model is trained on features as of T-2H with the label "violent arrest in [T-2H, T-H)", tried on features as of
    T-H against [T-H, T), fitted again on both, and scores everyone as of T. Only dated arrests count.

    Parameters and errors are those of :func:`run_features`.

    Returns
    -------
    dict
        The manifest, with the evaluation under ``model``.
    """
    from gpunet.model import forecast

    run = _Run(out, RUN_FILES, load_config(config), options or RunOptions())
    arrests = run.read(inputs)
    horizon = timedelta(days=run.config.model.horizon_days)
    end = _forecast_day(arrests, as_of)
    undated = int(np.count_nonzero(arrests.day == NO_DAY))
    if undated:
        run.warnings.append(f"{undated} arrests without a date are left out: a forecast needs to know what came before")
    days = {"T-2H": end - 2 * horizon, "T-H": end - horizon, "T": end}
    cuts = {name: _cut(arrests, day) for name, day in days.items()}
    found = {name: run.features(cut, f"as of {name}") for name, cut in cuts.items()}
    sections = run.write_features(cuts["T"], found["T"])
    with run.clock.stage("model"):
        result = forecast(
            found["T-2H"].features,
            found["T-H"].features,
            found["T"].features,
            violent_between(arrests, days["T-2H"], days["T-H"]),
            violent_between(arrests, days["T-H"], end),
            config=run.config.model,
            taxonomy=run.config.violent_offences,
            windows=(f"[{days['T-2H']}, {days['T-H']})", f"[{days['T-H']}, {end})"),
            threads=run.threads,
            progress=run.options.progress,
        )
    with run.clock.stage("write scores"):
        run.folder.write_table("scores.parquet", result.scores)
        run.folder.write_file(f"model{result.model.suffix}", lambda path: path.write_bytes(result.model.to_bytes()))
    run.warnings += result.warnings
    sections["model"] = {
        "horizon_days": horizon.days,
        "days": {name: day.isoformat() for name, day in days.items()},
        **result.evaluation,
    }
    return run.finish("run", cuts["T"], sections)


def violent_between(arrests: Arrests, start: date, end: date) -> NDArray[np.bool_]:
    """Label of every person arrested before `start`, in order: a violent arrest on a day in ``[start, end)``."""
    within = (arrests.offences != 0) & (arrests.day >= day_number(start)) & (arrests.day < day_number(end))
    label = np.zeros(arrests.n_persons, np.bool_)
    label[arrests.person[within]] = True
    return label[arrests.persons_before(start)]


def _forecast_day(arrests: Arrests, as_of: date | None) -> date:
    if arrests.last_day == NO_DAY:
        raise InputError("no arrest has a date: a forecast needs dates")
    return as_of or day_to_date(arrests.last_day + 1)


def _cut(arrests: Arrests, as_of: date) -> Arrests:
    cut = arrests.before(as_of)
    if not len(cut):
        first = arrests.day[arrests.day != NO_DAY].min(initial=np.iinfo(np.int32).max)
        begins = (
            "no arrest has a date" if first == np.iinfo(np.int32).max else f"the data begin on {day_to_date(first)}"
        )
        raise InputError(f"no arrest before {as_of.isoformat()}: {begins}")
    return cut


def _why_nothing(arrests: Arrests) -> str:
    report = arrests.report
    if report is None or not any(f.read for f in report.files):
        return "the input has no rows"
    reasons: Iterable[str] = sorted(set(report.rejected["reason"].to_list()))
    return f"all {sum(f.read for f in report.files)} rows were rejected ({', '.join(reasons)})"


def _closeness(found: FeatureSet) -> NDArray[np.float64]:
    """``closeness__all`` over the vertices of the network."""
    import narwhals as nw

    column = nw.from_native(found.features, eager_only=True)["closeness__all"].to_numpy()
    return np.asarray(column, np.float64)[found.network.person]


def _labelled(progress: ProgressCallback | None, label: str) -> ProgressCallback | None:
    if progress is None or not label:
        return progress
    return lambda stage, done, total: progress(f"{stage} {label}", done, total)
