"""One run under way, from the tables that it has read to its features, which it writes into the folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.read_report import ReadReport
from gpunet.base.array_types import Float64
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.progress import begun, ended, part_of
from gpunet.base.words import counted
from gpunet.config.config import PathConfig
from gpunet.config.registry import dictionary
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet, compute_all
from gpunet.reading.beside import read_beside
from gpunet.reading.location import GPU, HOST
from gpunet.reading.read import read_arrests_at
from gpunet.runs import kept_features
from gpunet.runs.checkpoints import StoredSums
from gpunet.runs.described import feature_metadata, least_exact, methods_of, path_section, paths_in
from gpunet.runs.link_effects import effects_table
from gpunet.runs.linked import LINK_EFFECTS, read_alike, told_of_effects
from gpunet.runs.manifest import arrest_statistics, layer_statistics, network_statistics
from gpunet.runs.reading_run import ReadingRun
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import is_on_host, to_host
from gpunet.tables.frames import to_array

__all__ = ["TIE_DATES", "FeatureRun", "as_chosen"]

#: Columns of the table of ties that are dates.
TIE_DATES = ("first_date", "last_date")


class FeatureRun(ReadingRun):
    """See :class:`gpunet.runs.reading_run.ReadingRun`: features, and their files, too."""

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
                f"{counted(len(oversize), 'incident')} of more than {self.config.network.max_incident_size} persons "
                f"{'ties' if len(oversize) == 1 else 'tie'} nobody (the largest had {largest}): "
                "network.incidents_over_max_size in run.json lists them"
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
            self.warnings.append(told_of_effects(self.linked.uncertain(), len(persons), len(names)))

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


def as_chosen(asked: PathConfig, report: PathReport | None) -> PathConfig:
    """How paths are computed of another network, where how those of the first one were is known."""
    return asked if report is None or report.chosen is None else replace(asked, betweenness=report.chosen)  # type: ignore[arg-type]


def _closeness(found: FeatureSet) -> Float64:
    """``closeness__all`` over the vertices of the network."""
    import narwhals as nw

    column = to_array(nw.from_native(found.features, eager_only=True)["closeness__all"])
    person = found.network.person
    assert person is not None  # the network was made of arrests
    return column[to_host(person) if is_on_host(column) else person]  # type: ignore[no-any-return]
