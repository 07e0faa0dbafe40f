"""One run under way, behind reading: what it computes, and what it leaves in the folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from gpunet.arrests.arrests import Arrests, ReadReport
from gpunet.arrests.as_of import (
    file_order,
    victim_between,
    violent_between,
)
from gpunet.base.array_types import Float64
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.progress import begun, ended, part_of
from gpunet.config.config import PathConfig
from gpunet.config.registry import columns, dictionary
from gpunet.config.sides import OFFENDER, VICTIM
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet, compute_all
from gpunet.reading.beside import read_beside
from gpunet.reading.location import GPU, HOST
from gpunet.reading.read import read_arrests_at
from gpunet.reading.state import ReadState
from gpunet.runs import kept_features, kept_trainings
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.checkpoints import StoredSums
from gpunet.runs.described import (
    coarsest,
    feature_metadata,
    least_exact,
    methods_of,
    path_section,
    paths_in,
    windows,
)
from gpunet.runs.kept_state import STATE, write_state
from gpunet.runs.link_effects import effects_table
from gpunet.runs.linked import LINK_EFFECTS, read_alike, told_of_effects
from gpunet.runs.manifest import (
    arrest_statistics,
    input_report,
    layer_statistics,
    network_statistics,
    versions,
)
from gpunet.runs.read_back import require
from gpunet.runs.reading_run import ReadingRun
from gpunet.runs.top import noting_best, write_top
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import is_on_host, to_host
from gpunet.tables.frames import to_array

if TYPE_CHECKING:
    from gpunet.model import CrossFit, Forecast

__all__ = ["TIE_DATES", "Run", "as_chosen"]

#: Columns of the table of ties that are dates.
TIE_DATES = ("first_date", "last_date")


class Run(ReadingRun):
    """See :class:`gpunet.runs.reading_run.ReadingRun`: features, model and files, too."""

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
