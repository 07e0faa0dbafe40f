"""One run under way: its stages, what they leave in the folder, and what is kept to go on from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gpunet.arrests.arrests import Arrests, ReadReport
from gpunet.arrests.as_of import (
    cut_before,
    file_order,
    nothing_before,
    undated_arrests,
    victim_between,
    violent_between,
)
from gpunet.arrests.completeness import Completeness, completeness
from gpunet.arrests.diagnostics import Diagnosis, diagnosed, why_nothing
from gpunet.base.array_types import Float64
from gpunet.base.days import NO_DAY, day_number, day_to_date
from gpunet.base.errors import EngineError, InputError
from gpunet.base.paths import path_named
from gpunet.base.progress import begun, ended, part_of
from gpunet.base.stopping import raise_if_stopped
from gpunet.base.words import counted
from gpunet.config.config import Config, PathConfig
from gpunet.config.registry import columns, dictionary
from gpunet.config.sides import OFFENDER, VICTIM
from gpunet.engines.choice import resolve_engine
from gpunet.engines.cpu import NO_LIBRARY, CpuEngine
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet, compute_all
from gpunet.reading.beside import read_beside
from gpunet.reading.corrections import Effect
from gpunet.reading.location import GPU, HOST
from gpunet.reading.read import read_arrests_at
from gpunet.reading.state import ReadState
from gpunet.runs import kept_arrests, kept_features, kept_trainings
from gpunet.runs.beside import with_beside
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.checkpoints import Checkpoints, StoredSums
from gpunet.runs.described import (
    coarsest,
    feature_metadata,
    least_exact,
    methods_of,
    path_section,
    paths_in,
    paths_of,
    windows,
)
from gpunet.runs.folder import RunFolder, checkpoints_of
from gpunet.runs.kept_state import STATE, write_state
from gpunet.runs.link_effects import effects_table
from gpunet.runs.linked import LINK_EFFECTS, Linked, read_alike, told_of_effects
from gpunet.runs.manifest import (
    StageClock,
    arrest_statistics,
    input_report,
    layer_statistics,
    network_statistics,
    versions,
)
from gpunet.runs.outcomes import refuse_outcomes
from gpunet.runs.read_back import require
from gpunet.runs.resume import (
    Command,
    Request,
    hashes_of,
    inputs_of,
    note_inputs,
    noted_inputs,
    prepare,
    side_tables,
    tables_beside,
)
from gpunet.runs.run_options import RunOptions
from gpunet.runs.top import noting_best, write_top
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import is_on_host, to_host
from gpunet.tables.frames import to_array

if TYPE_CHECKING:
    from gpunet.model import CrossFit, Forecast

__all__ = ["TIE_DATES", "Run", "as_chosen"]

#: Columns of the table of ties that are dates.
TIE_DATES = ("first_date", "last_date")

#: The tables beside the arrests that corrections are of too.
_BESIDE = ("ties", "victims")

# Stages that say how far they are under names of their own.
_REPORTING = ("read", "model", "evaluate", "snapshots", "forecasts")


class Run:
    """One run under way: its folder, its clock, and the warnings that it gathers.

    ``no_network``: after reading, why the arrests make no network that means anything, None if they do.
    ``place``: the engine in whose memory arrests and tables lie. With tables of ties or victims it is the CPU's,
    whatever computes.
    ``reading``: what tables are read with; the run's own configuration, unless some columns are read for others.
    """

    def __init__(
        self, command: Command, folder: RunFolder, config: Config, options: RunOptions, engine: Engine
    ) -> None:
        self.folder = folder
        self.config = self.reading = config
        self.options = options
        self.progress = options.progress
        self.engine = self.place = engine
        if config.input.has_tables_beside and engine.name == "gpu":
            self.place = resolve_engine("cpu", engine.threads)
        if config.path.whole_network != "gpunet" and engine.name == "cpu":
            raise EngineError(NO_LIBRARY)  # now, not after hours of other stages
        self.clock = StageClock(engine.name, engine.count_on_gpus)
        self.warnings: list[str] = []
        self.no_network: str | None = None
        self.linked = Linked(config)
        self._link_effects: dict[str, Any] | None = None  # what run.json says of them, where they are looked for
        self._command = command
        self.side_tables = side_tables(command, config)
        self._beside: Mapping[str, ReadReport] = {}  # how reading of ties and victims went
        self._days: Mapping[str, Mapping[int, int]] = {}  # arrests by force and day number, after reading
        self._request: Request | None = None  # of files
        self._states: list[ReadState] = []  # at most one, where it is to be kept
        self._corrections = options.corrections or None  # none at all are as if none had been given
        if self._corrections is not None and self.linked.given:
            raise InputError(
                "a run with --person-links cannot be made again without a person by itself, who may have another id in "
                "the links: take the person out of tables and links, and give the run's command again"
            )
        self._effect = Effect()
        self._effects = {name: Effect() for name in _BESIDE if getattr(config.input, name)}
        self._checkpoints = Checkpoints(checkpoints_of(folder.path), options.checkpoint_seconds, options.notice)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A stage of the manifest, by the engine."""
        raise_if_stopped()
        progress = None if name in _REPORTING else self.progress
        begun(progress, name)
        with self.clock.stage(name), self.engine.stage(name):
            yield
        ended(progress, name)
        raise_if_stopped()

    def read(self, inputs: Any, as_of: date | None) -> Any:
        """Read the tables; there is at least one arrest, and the input does not lie in the run folder.

        Frames are read as they are; of files the checkpoints that fit them are used from here on, and new ones made.
        `as_of` is what the run was asked for: nothing is cut here.
        """
        with self.stage("read"):
            paths = paths_of(inputs)
            if paths is None:
                self._checkpoints = Checkpoints(checkpoints_of(self.folder.path), np.inf)
                self._checkpoints.clear()
                arrests = self._read(inputs)
            else:
                self._prepare(paths, as_of)
                arrests = self._read_files(paths)
            refuse_outcomes(arrests.report, self.config)
            found = self._diagnosed(arrests)
            self.warnings += [*arrests.report.warnings, *found.warnings]
            self.no_network = found.no_network
            self._days = found.days
            return self._with_beside(arrests)

    def cut(self, arrests: Any, as_of: date) -> Any:
        """The arrests before a day; InputError if there are none."""
        return cut_before(arrests, as_of)

    def current(self, arrests: Any) -> Any:
        """The arrests with the ties that hold on the day after the last of all tables: themselves without ties."""
        return arrests.current() if self.config.layers else arrests

    def late_charges(self, arrests: Any, as_of: date) -> int:
        """How many charges are dated before a day and were not recorded by then."""
        late: int = arrests.late_charges(as_of)
        return late

    def warn_of_late(self, arrests: Any, as_of: date) -> None:
        """Warn of the rows that do not count as of a day because of when they were recorded."""
        if late := self.late_charges(arrests, as_of):
            self.warnings.append(
                f"{counted(late, 'row')} dated before {as_of} came to be known on that day or later (recorded_at), or "
                "it is not known when, and do not count"
            )

    def undated(self, arrests: Any) -> int:
        """How many arrests have no date."""
        return undated_arrests(arrests)

    def completeness(self, end: date) -> Completeness:
        """What is missing before the day `end`, of all arrests that were read; InputError if none lies before it."""
        found = completeness(self._days, end)
        if found is None:
            raise nothing_before(end, min((min(of) for of in self._days.values()), default=NO_DAY))
        return found

    def require_before(self, days: Mapping[str, date]) -> None:
        """InputError if no arrest lies before T-2H, the first of the `days` of a forecast."""
        first = min((min(of) for of in self._days.values()), default=NO_DAY)
        if first == NO_DAY or first < day_number(days["T-2H"]):
            return
        horizon = (days["T"] - days["T-H"]).days
        raise InputError(
            f"a forecast as of T = {days['T']} learns from arrests before {days['T-2H']}, two horizons of {horizon:,} "
            f"days earlier, and the data begin on {day_to_date(first)}: give --as-of "
            f"{day_to_date(first + 2 * horizon + 1)} or later, or a shorter --horizon"
        )

    def _prepare(self, paths: list[str], as_of: date | None) -> None:
        """Refuse to go on with what was kept of another run."""
        request = Request(
            command=self._command,
            inputs=tuple(paths),
            working_folder=str(Path.cwd()),
            config=self.config.as_dict(),
            as_of=as_of,
            engine=self.engine.name,
            versions=versions(),
            threads=self.options.threads,
            keep_going=self.options.keep_going,
            allow_incomplete=self.options.allow_incomplete,
            cluster=self.options.cluster or "none",
            tables=hashes_of(tables_beside(self._command, self.config), self.config),
        )
        self.linked.check(request.tables)
        self._request = prepare(request, self.folder.path, self._checkpoints, self.options.start_over)

    @property
    def _reading_day(self) -> date | None:
        """The day after which there are no dates; None is the present one."""
        return None if self._request is None else self.options.read_on or self._request.read_on

    def _note_inputs(self, report: ReadReport) -> None:
        """Write down what was read, if files were."""
        if self._request is not None:
            note_inputs(self.folder.path, report, self._request, self._checkpoints)

    def _read_files(self, paths: list[str]) -> Any:
        def read() -> Any:
            arrests = self._read(paths)
            self._note_inputs(arrests.report)
            return arrests

        def restored(contents: Contents) -> Arrests:
            arrests = kept_arrests.arrests_of(contents, self.reading, self.place)
            assert arrests.report is not None  # they were read
            require(inputs_of(arrests.report) == noted_inputs(self.folder.path), "it is of other files")
            return arrests

        if self.options.keep_state or self.linked.given:  # which arrests that were kept do not tell of
            return read()
        return self._checkpoints.kept("arrests", read, kept_arrests.of_arrests, restored)

    def _read(self, inputs: Any) -> Any:
        """Read where arrests are to lie."""
        on_gpu = self.place.name == "gpu"  # with several GPUs frames are this process's
        arrests = read_arrests_at(
            GPU if on_gpu else HOST,
            inputs,
            self.reading,
            progress=self.progress,
            keep_going=self.options.keep_going,
            notice=self.options.notice,
            today=self._reading_day,
            **self._reading(),
        )
        self._check_input(arrests)
        # The folder's files are the same whatever kind of frame came in.
        return replace(arrests, backend=GPU.backend if on_gpu else "polars")

    def _reading(self) -> dict[str, Any]:
        """What else reading is told."""
        kept = {"keep": self._states.append} if self.options.keep_state else {}
        if self._corrections is None:
            return {**kept, **self.linked.of_arrests()}
        return {**kept, "corrections": self._corrections, "effect": self._effect}

    def _corrected(self) -> dict[str, Any]:
        """What reading of ties and victims is told of corrections."""
        if self._corrections is None:
            return self.linked.of_beside()
        return {"corrections": self._corrections, "effects": self._effects}

    def _check_input(self, arrests: Any) -> None:
        if self._reading_day is not None:  # files were read, and not frames, whose names are no paths
            read = (*arrests.report.files, *arrests.report.skipped)
            self.folder.refuse_inputs([path_named(file.name) for file in read])
        self.linked.check_pseudonyms(arrests.report)
        if not len(arrests):
            raise InputError("no arrest was accepted: " + why_nothing(arrests.report))

    def _with_beside(self, arrests: Any) -> Any:
        """The arrests with ties of other kinds and victims, where there are tables of these."""
        hashes = {} if self._request is None else self._request.tables
        found, self._beside = with_beside(
            arrests, self.config, self.options, self.folder, hashes, self._reading_day, self.progress, self._corrected()
        )
        for report in self._beside.values():
            self.warnings += report.warnings
        if self._corrections is not None:
            self._effect = self._effect.with_tables(self._effects.values(), self._corrections)
        return found

    def _diagnosed(self, arrests: Any) -> Diagnosis:
        return diagnosed(arrests)

    def features(self, name: str, arrests: Any, label: str = "") -> Any:
        """Compute everything, or take it from the checkpoint; stages, their progress and notices carry the label."""

        def compute() -> FeatureSet:
            return self._compute(name, arrests, label, self.config.path)

        restored = partial(
            kept_features.features_of,
            arrests=arrests,
            engine=self.engine,
            path_config=self.config.path,
            place=self.place,
        )
        return self._checkpoints.kept(name, compute, kept_features.of_features, restored)

    def past_features(
        self, name: str, arrests: Any, label: str, path_config: PathConfig, union_config: PathConfig | None = None
    ) -> kept_features.PastFeatures:
        """As :meth:`features` of an earlier day, with another path configuration, and one for the union of layers."""

        def compute() -> kept_features.PastFeatures:
            found = self._compute(name, arrests, label, path_config, union_config)
            return kept_features.PastFeatures(found.features, found.path, found.path_any)

        restored = partial(
            kept_features.past_of,
            arrests=arrests,
            engine=self.place,
            path_config=path_config,
            union_config=union_config,
        )
        return self._checkpoints.kept(name, compute, kept_features.of_past, restored)

    def _compute(
        self, name: str, arrests: Arrests, label: str, path_config: PathConfig, union_config: PathConfig | None = None
    ) -> FeatureSet:
        return compute_all(
            arrests,
            engine=self._keeping(name),
            path_config=path_config,
            union_config=union_config,
            **self._reporting(label),
        )

    def _keeping(self, name: str) -> Engine:
        """The engine, which keeps sums on the way to the features of that name if it can."""
        engine: Engine = self.engine
        return replace(engine, sums=StoredSums(self._checkpoints, name)) if isinstance(engine, CpuEngine) else engine

    def _reporting(self, label: str) -> dict[str, Any]:
        """What says how far features are: ``stage_context``, ``progress`` and ``notice``.

        With a label progress is that of parts of one stage: several days are not so many times as many stages.
        """
        progress = part_of(self.progress, f"features {label}" if label else "")

        @contextmanager
        def stage(name: str) -> Iterator[None]:
            begun(progress, name)
            with self.clock.stage(f"{name} {label}".rstrip()):
                yield
            ended(progress, name)

        def notice(text: str) -> None:
            if self.options.notice is not None:
                self.options.notice(f"{text} {label}".rstrip())

        return {"stage_context": stage, "progress": progress, "notice": notice}

    def write_features(self, arrests: Any, found: Any) -> dict[str, Any]:
        """Write the tables of the features; return the manifest's statistics."""
        with self.stage("write features"):
            counted_from = None if arrests.last_day == NO_DAY else day_to_date(arrests.today)
            undated = self.undated(arrests) if arrests.as_of is None else 0
            metadata = feature_metadata(self.config, arrests.as_of, least_exact(paths_in(found)), counted_from, undated)
            if arrests.report.pseudonyms is not None:
                metadata["pseudonyms"] = dict(arrests.report.pseudonyms)
            self._write_tables(arrests, found, metadata)
            self.write_beside()
            offences = not self.config.input.is_absent("offence")
            declared = dictionary(self.config.sets, methods_of(found), offences=offences, layers=self.config.layers)
            self.folder.write_json("features.json", declared)
        with self.stage("statistics"):
            of_everybody, statistics = self._statistics(arrests, found)
        oversize = statistics["incidents_over_max_size"]
        if oversize:
            largest = max(incident["persons"] for incident in oversize)
            self.warnings.append(
                f"{len(oversize)} incidents of more than {self.config.network.max_incident_size} persons tie nobody "
                f"(the largest had {largest}): network.incidents_over_max_size in run.json lists them"
            )
        sections = {"arrests": of_everybody, "network": statistics, "path": path_section(found.path)}
        if self.config.layers:
            sections |= {"layers": layer_statistics(found), "path_any": path_section(found.path_any)}
        return sections

    def link_effects(self, inputs: Any, arrests: Any, found: Any) -> None:
        """Write what would differ in the features of the last day with the links that nobody has decided.

        `inputs` are read again, with these links; `arrests` and features that were `found` are those without.
        """
        if not self.linked.given:
            return
        links, setting = self.linked.links, self.config.links
        methods = methods_of(found)
        if links.likely == links.decided:
            features = found.features
        else:
            with self.stage("read with uncertain links"):
                linked = self._read_with(links.likely_corrections, inputs, arrests.report)
                linked = self.current(linked) if arrests.as_of is None else self.cut(linked, arrests.as_of)
            configs = [as_chosen(self.config.path, report) for report in (found.path, getattr(found, "path_any", None))]
            features = self.past_features("features-linked", linked, "with uncertain links", *configs).features
        with self.stage("link effects"):
            table = effects_table(found.features, features, links.likely, setting.least_change, but=methods)
            self.folder.write_table(LINK_EFFECTS, [table])
        persons, names = (table[name].unique().to_pylist() for name in ("person_id", "column"))
        self._link_effects = {
            "persons": len(persons),
            "columns": sorted(names),
            "not_compared": sorted(methods),
        }
        if links.uncertain:
            self.warnings.append(told_of_effects(links.uncertain, len(persons), len(names)))

    def _read_with(self, corrections: Any, inputs: Any, before: ReadReport) -> Any:
        """The tables once more, with other corrections, and ties and victims too; no warnings are told twice."""
        location = GPU if self.place.name == "gpu" else HOST
        progress = part_of(self.progress, "read with uncertain links")
        how: dict[str, Any] = {"keep_going": self.options.keep_going, "today": self._reading_day, "progress": progress}
        arrests = read_arrests_at(location, inputs, self.reading, corrections=corrections, **how)
        read_alike(arrests.report, before)
        arrests = replace(arrests, backend=location.backend if location is GPU else "polars")
        if not self.config.input.has_tables_beside:
            return arrests
        linked, reports = read_beside(arrests, self.config, corrections=corrections, **how)
        for name, report in reports.items():
            read_alike(report, self._beside[name])
        return linked

    def write_beside(self) -> None:
        """Write the rows of ties and victims that were rejected, where there are tables of these."""
        for name, report in self._beside.items():
            self._write_table(f"rejected_{name}.parquet", [report.rejected])

    def _write_tables(self, arrests: Any, found: Any, metadata: dict[str, Any]) -> None:
        self._write_table("features.parquet", [found.features], metadata)
        self._write_table("ties.parquet", [found.ties], dates=TIE_DATES)
        self._write_table("groups.parquet", [found.groups])
        self._write_table("rejected.parquet", [arrests.report.rejected])
        self._write_table("offences.parquet", [arrests.report.offences])

    def _write_table(self, name: str, frames: Iterable[Any], *metadata: Any, **dates: Any) -> None:
        """:meth:`RunFolder.write_table`, which tells that it is at work."""
        progress = part_of(self.progress, "write features")
        begun(progress, name)
        self.folder.write_table(name, frames, *metadata, **dates)
        ended(progress, name)

    def _statistics(self, arrests: Any, found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of the arrests, and of the network."""
        there = arrests.to_engine(self.engine)
        statistics = network_statistics(there, found.network, _closeness(found), self.engine)
        return arrest_statistics(arrests), statistics

    def finish(self, kind: str, arrests: Any, sections: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the folder; return the manifest."""
        if self._states:
            with self.stage("write state"):
                self._write_state(self._states[-1])
        device = self.engine.describe()
        sections = {**sections, **self._corrected_counts()}
        return self.folder.finish(
            {
                "gpunet": kind,
                **(self._said_side or {} if kind == "run" else {}),
                "versions": versions(),
                "config": self.config.as_dict(),
                "as_of": None if arrests.as_of is None else arrests.as_of.isoformat(),
                "seed": self.config.model.seed,
                "engine": self.engine.name,
                "input": {
                    **input_report(arrests.report),
                    **{name: input_report(report) for name, report in self._beside.items()},
                },
                **sections,
                **self._links_section(),
                "warnings": self.warnings,
                "execution": {
                    "threads": self.engine.threads,
                    **({"gpu" if self.engine.name == "gpu" else "cluster": dict(device)} if device else {}),
                    **self.clock.times(),
                    **self._told(),
                },
            },
            {"forces": _forces(arrests)},
        )

    def _corrected_counts(self) -> dict[str, Any]:
        """What the manifest counts of corrections, if there were any."""
        if self._corrections is None:
            return {}
        rows = {name: effect.rows() for name, effect in self._effects.items()}
        return {"corrections": {**self._effect.as_dict(), **rows}}

    def _links_section(self) -> dict[str, Any]:
        """What the manifest says of links between ids, where tables of these were given."""
        if not self.linked.given:
            return {}
        effects = self._link_effects
        self.warnings += self.linked.warnings(tried=effects is not None)
        settings = {} if effects is None else vars(self.config.links)
        return {"links": {**self.linked.section(), **settings, **(effects or {})}}

    def _write_state(self, state: ReadState) -> None:
        today = (self._reading_day or date.today()).isoformat()
        self.folder.write_file(STATE, lambda path: write_state(path, state, self.config, today))

    def _told(self) -> dict[str, Any]:
        """What else the manifest says of the execution, and not of the results."""
        return {}

    def model(self, arrests: Any, days: Mapping[str, date], found: Mapping[str, Any]) -> dict[str, Any]:
        """Train, try, score; write model and scores; return the manifest's section on them."""
        from gpunet.model.origin import Origin

        result = self._train(arrests, days, found)
        with self.stage("write scores"):
            self._write_scores(result.scores)
            self.folder.write_table("predictions.parquet", self._parts_of(result.tested), self._said_side)
            origin = Origin(days["T"], self.config.model.horizon_days, self.config.feature_settings())
            model = replace(result.model, origin=origin)
            self.folder.write_file(f"model{model.suffix}", lambda path: path.write_bytes(model.to_bytes()))
        self.warnings += result.warnings
        return {
            "horizon_days": self.config.model.horizon_days,
            "days": {name: day.isoformat() for name, day in days.items()},
            **result.evaluation,
        }

    @property
    def _said_side(self) -> dict[str, str] | None:
        """What ``run.json`` and the Parquet files of a forecast of victims say of it; of one of offenders nothing."""
        side = self.config.model.side
        return None if side == OFFENDER else {"side": side}

    def _write_scores(self, scores: Any) -> None:
        best: list[Any] = []
        self.folder.write_table("scores.parquet", noting_best(self._parts_of(scores), best), self._said_side)
        self.folder.write_file("top.csv", lambda path: write_top(path, best))

    def _parts_of(self, table: Any) -> Iterable[Any]:
        """The frames that a table of a row a person comes in."""
        return [table]

    def _kept_fit(self, name: str, fit: Callable[[], CrossFit], fits: Callable[[CrossFit], bool]) -> CrossFit:
        """What `fit` gives, or gave in an earlier run; what was kept of that has to be what `fits`."""

        def restored(contents: Contents) -> CrossFit:
            found = kept_trainings.fit_of(contents)
            require(fits(found), "it was trained on other data, or otherwise")
            return found

        return self._checkpoints.kept(f"model-{name}", fit, kept_trainings.of_fit, restored)

    def _train(self, arrests: Any, days: Mapping[str, date], found: Mapping[str, Any]) -> Forecast:
        """What :func:`gpunet.model.forecast` makes of the features as of each of the `days`, T-2H, T-H and T."""
        from gpunet.model import forecast
        from gpunet.model.matrix import bytes_needed

        labelled = victim_between if self.config.model.side == VICTIM else violent_between
        declared = columns(self.config.sets, layers=self.config.layers)
        size = bytes_needed(arrests.n_persons, len(declared), self.config.model.folds)
        with self.stage("model"):
            self.engine.expect("model", size)
            return forecast(
                found["T-2H"].features,
                found["T-H"].features,
                found["T"].features,
                labelled(arrests, days["T-2H"], days["T-H"], known_before=days["T-H"]),
                labelled(arrests, days["T-H"], days["T"], known_before=days["T"]),
                config=self.config.model,
                taxonomy=self.config.violent_offences,
                betweenness=coarsest(found),
                windows=windows(days),
                threads=self.engine.threads,
                device="gpu" if self.engine.name == "gpu" else "cpu",
                progress=self.progress,
                kept=self._kept_fit,
                orders=(
                    file_order(arrests, days["T-2H"]),
                    file_order(arrests, days["T-H"]),
                    file_order(arrests, days["T"]),
                ),
            )


def as_chosen(asked: PathConfig, report: PathReport | None) -> PathConfig:
    """How paths are computed of another network, where how those of the first one were is known."""
    return asked if report is None or report.chosen is None else replace(asked, betweenness=report.chosen)  # type: ignore[arg-type]


def _forces(arrests: Any) -> int:
    """Of how many forces there are arrests, as far as they say so."""
    names = arrests.force_names  # of a cluster's a tuple
    return len(set(filter(None, names if isinstance(names, tuple) else names.to_list())))


def _closeness(found: FeatureSet) -> Float64:
    """``closeness__all`` over the vertices of the network."""
    import narwhals as nw

    column = to_array(nw.from_native(found.features, eager_only=True)["closeness__all"])
    person = found.network.person
    assert person is not None  # the network was made of arrests
    return column[to_host(person) if is_on_host(column) else person]  # type: ignore[no-any-return]
