"""The jobs of the command line: tables in, a complete run folder out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet._version import __version__
from gpunet.arrays import on_host, to_host
from gpunet.arrests import NO_DAY, Arrests
from gpunet.as_of import cut_before, forecast_days, violent_between
from gpunet.config import Config, PathConfig, load_config
from gpunet.doubts import doubts, why_nothing
from gpunet.engine import Engine, resolve_engine
from gpunet.errors import InputError
from gpunet.features import FeatureSet, compute_all
from gpunet.features.path_report import PathReport
from gpunet.folder import RunFolder
from gpunet.frames import to_array
from gpunet.manifest import StageClock, arrest_statistics, input_report, network_statistics, versions
from gpunet.offences import taxonomy_hash
from gpunet.progress import ProgressCallback, labelled
from gpunet.reading import read_arrests
from gpunet.reading.read import read_arrests_at
from gpunet.registry import columns, dictionary

__all__ = ["RUN_FILES", "RunOptions", "feature_metadata", "run_features", "run_forecast"]

#: Every file that a run folder can hold beside ``run.json``.
RUN_FILES = (
    "features.parquet", "ties.parquet", "groups.parquet", "rejected.parquet", "features.json",
    "scores.parquet", "model.ubj", "model.skops",
)  # fmt: skip


@dataclass(frozen=True)
class RunOptions:
    """What a run can be told beside its input and configuration; it has no bearing on the results.

    `cluster` divides the path features, see :func:`gpunet.cluster.cluster_engine`. `notice` gets a line with the
    estimate of work, time and memory before path features that take long, and one about the cluster.
    """

    engine: str = "auto"
    threads: int | None = None
    progress: ProgressCallback | None = None
    notice: Callable[[str], None] | None = None
    cluster: str = "none"


@contextmanager
def _engine(options: RunOptions, config: Config) -> Iterator[Engine]:
    """The engine that was asked for, and its cluster for as long as it is needed."""
    if options.cluster == "none":
        yield resolve_engine(options.engine, options.threads)
        return
    from gpunet.cluster import cluster_engine

    with cluster_engine(
        options.cluster, config.cluster, engine=options.engine, threads=options.threads, notice=options.notice
    ) as engine:
        yield engine


def feature_metadata(config: Config, as_of: date | None, path: PathReport | None) -> dict[str, Any]:
    """What a feature file says of itself, so that a model can tell whether it fits."""
    return {
        "version": __version__,
        "taxonomy": taxonomy_hash(config.violent_offences),
        "sets": {name: list(patterns) for name, patterns in config.violent_offences.items()},
        "as_of": None if as_of is None else as_of.isoformat(),
        "columns": list(columns(config.sets)),
        "betweenness": None if path is None else path.metadata(),
    }


class _Run:
    """One run under way: its folder, its clock, and the warnings that it gathers."""

    def __init__(self, folder: RunFolder, config: Config, options: RunOptions, engine: Engine) -> None:
        self.folder = folder
        self.config = config
        self.progress, self.notice = options.progress, options.notice
        self.engine = engine
        self.clock = StageClock(self.engine.name)
        self.warnings: list[str] = []

    def read(self, inputs: Any) -> Arrests:
        """Read the tables; there is at least one arrest, and the input does not lie in the run folder."""
        with self.clock.stage("read"), self.engine.stage("tables"):
            arrests, backend = self._read(inputs)
        if arrests.report is not None:
            self.warnings += arrests.report.warnings
            self.folder.refuse_inputs([f.name for f in arrests.report.files])
        if not len(arrests):
            raise InputError("no arrest was accepted: " + why_nothing(arrests))
        self.warnings += doubts(arrests)
        # The folder's files are the same whatever kind of frame came in.
        return replace(arrests, backend=backend)

    def _read(self, inputs: Any) -> tuple[Arrests, str]:
        """Read where the engine works, and say what kind of frame it works on."""
        if self.engine.name == "cpu":
            return read_arrests(inputs, self.config, progress=self.progress), "polars"
        from gpunet.reading import home

        return read_arrests_at(home.GPU, inputs, self.config, progress=self.progress), home.GPU.backend

    def features(self, arrests: Arrests, label: str = "", path_config: PathConfig | None = None) -> FeatureSet:
        """Compute everything; stages, their progress and notices carry the label."""

        @contextmanager
        def stage(name: str) -> Iterator[None]:
            full = f"{name} {label}".rstrip()
            reported = self.progress is not None and name != "path"  # which reports by itself
            if self.progress is not None and reported:
                self.progress(full, 0.0, 1.0)
            with self.clock.stage(full):
                yield
            if self.progress is not None and reported:
                self.progress(full, 1.0, 1.0)

        def notice(text: str) -> None:
            if self.notice is not None:
                self.notice(f"{text} {label}".rstrip())

        return compute_all(
            arrests,
            engine=self.engine,
            path_config=path_config or self.config.path,
            progress=labelled(self.progress, label),
            notice=notice,
            told=stage,
        )

    def write_features(self, arrests: Arrests, found: FeatureSet) -> dict[str, Any]:
        """Write the tables of the features; return the manifest's statistics."""
        with self.clock.stage("write features"):
            metadata = feature_metadata(self.config, arrests.as_of, found.path)
            self.folder.write_table("features.parquet", found.features, metadata)
            self.folder.write_table("ties.parquet", found.ties, dates=("first_date", "last_date"))
            self.folder.write_table("groups.parquet", found.groups)
            if arrests.report is not None:
                self.folder.write_table("rejected.parquet", arrests.report.rejected)
            methods = {} if found.path is None else found.path.of_columns()
            self.folder.write_json("features.json", dictionary(self.config.sets, methods))
        with self.clock.stage("statistics"):
            statistics = network_statistics(arrests, found.network, _closeness(found), self.engine)
        oversize = statistics["incidents_over_max_size"]
        if oversize:
            largest = max(incident["persons"] for incident in oversize)
            self.warnings.append(
                f"{len(oversize)} incidents of more than {self.config.network.max_incident_size} persons tie nobody "
                f"(the largest had {largest}): network.incidents_over_max_size in run.json lists them"
            )
        return {"arrests": arrest_statistics(arrests), "network": statistics, "path": _path_section(found)}

    def finish(self, kind: str, arrests: Arrests, sections: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the folder; return the manifest."""
        device = self.engine.describe()
        return self.folder.finish(
            {
                "gpunet": kind,
                "versions": versions(),
                "config": self.config.as_dict(),
                "as_of": None if arrests.as_of is None else arrests.as_of.isoformat(),
                "seed": self.config.model.seed,
                "engine": self.engine.name,
                "input": input_report(arrests),
                **sections,
                "warnings": self.warnings,
                "execution": {
                    "threads": self.engine.threads,
                    **({"gpu" if self.engine.name == "gpu" else "cluster": dict(device)} if device else {}),
                    **self.clock.times(),
                },
            }
        )


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
    settings, options = load_config(config), options or RunOptions()
    with RunFolder(out, RUN_FILES) as folder, _engine(options, settings) as engine:
        run = _Run(folder, settings, options, engine)
        arrests = run.read(inputs)
        if as_of is not None:
            arrests = cut_before(arrests, as_of)
        sections = run.write_features(arrests, run.features(arrests))
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
    settings, options = load_config(config), options or RunOptions()
    with RunFolder(out, RUN_FILES) as folder, _engine(options, settings) as engine:
        run = _Run(folder, settings, options, engine)
        arrests = run.read(inputs)
        undated = int(np.count_nonzero(arrests.day == NO_DAY))
        if undated:
            run.warnings.append(
                f"{undated} arrests without a date are left out: a forecast needs to know what came when"
            )
        days = forecast_days(arrests, as_of, timedelta(days=settings.model.horizon_days))
        cuts = {name: cut_before(arrests, day) for name, day in days.items()}
        found = _snapshots(run, cuts)
        sections = run.write_features(cuts["T"], found["T"])
        sections["path_of_past"] = {name: _path_section(found[name]) for name in ("T-2H", "T-H")}
        sections["model"] = _model(run, arrests, days, found)
        return run.finish("run", cuts["T"], sections)


def _snapshots(run: _Run, cuts: Mapping[str, Arrests]) -> dict[str, FeatureSet]:
    """Features as of each day. The last one, the largest, decides how betweenness is computed for all."""
    found = {"T": run.features(cuts["T"], "as of T")}
    path_config, report = run.config.path, found["T"].path
    if report is not None and report.chosen is not None:
        path_config = replace(path_config, betweenness=report.chosen)
    for name in ("T-2H", "T-H"):
        past = run.features(cuts[name], f"as of {name}", path_config)
        asked = None if past.path is None else replace(past.path, asked=run.config.path.betweenness)
        found[name] = replace(past, path=asked)
    return found


def _path_section(found: FeatureSet) -> dict[str, Any] | None:
    return None if found.path is None else found.path.as_dict()


def _coarsest(found: Mapping[str, FeatureSet]) -> dict[str, Any] | None:
    """How betweenness was computed where it is known least exactly."""
    reports = [features.path for features in found.values() if features.path is not None]
    return max(reports, key=lambda report: report.certified_error).metadata() if reports else None


def _model(run: _Run, arrests: Arrests, days: Mapping[str, date], found: Mapping[str, FeatureSet]) -> dict[str, Any]:
    """Train, try, score; write model and scores; return the manifest's section on them."""
    from gpunet.model import forecast

    past, test, now = days["T-2H"], days["T-H"], days["T"]
    with run.clock.stage("model"), run.engine.stage("model"):
        result = forecast(
            found["T-2H"].features,
            found["T-H"].features,
            found["T"].features,
            violent_between(arrests, past, test),
            violent_between(arrests, test, now),
            config=run.config.model,
            taxonomy=run.config.violent_offences,
            betweenness=_coarsest(found),
            windows=(f"[{past}, {test})", f"[{test}, {now})"),
            threads=run.engine.threads,
            device=run.engine.name,
            progress=run.progress,
        )
    with run.clock.stage("write scores"):
        run.folder.write_table("scores.parquet", result.scores)
        run.folder.write_file(f"model{result.model.suffix}", lambda path: path.write_bytes(result.model.to_bytes()))
    run.warnings += result.warnings
    return {
        "horizon_days": run.config.model.horizon_days,
        "days": {name: day.isoformat() for name, day in days.items()},
        **result.evaluation,
    }


def _closeness(found: FeatureSet) -> NDArray[np.float64]:
    """``closeness__all`` over the vertices of the network."""
    import narwhals as nw

    column = to_array(nw.from_native(found.features, eager_only=True)["closeness__all"])
    person = found.network.person
    if person is None:
        raise ValueError("the network was not made of arrests")
    return column[to_host(person) if on_host(column) else person]  # type: ignore[no-any-return]
