"""A run whose tables are read, and whose rows stay, on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from gpunet.arrests.diagnostics import Diagnosis
from gpunet.cluster.as_of import labels_between, late_charges, partitions_before
from gpunet.cluster.engine import ClusterEngine
from gpunet.cluster.engine_gpus import GpusEngine
from gpunet.cluster.features import DistributedFeatures, compute_distributed, model_partitions, with_betweenness
from gpunet.cluster.model.forecast import forecast_distributed
from gpunet.cluster.model.scores import DistributedScores, DistributedTested
from gpunet.cluster.partitions import DistributedArrests
from gpunet.cluster.reading import read_distributed
from gpunet.cluster.results import in_order
from gpunet.cluster.statistics import (
    distributed_arrest_statistics,
    distributed_counts,
    distributed_diagnosis,
    distributed_network_statistics,
)
from gpunet.cluster.vertex_columns import VertexColumns, contents_of
from gpunet.config.cluster_config import UNENCRYPTED
from gpunet.config.config import PathConfig
from gpunet.model import CrossFit, Forecast
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.described import coarsest, windows
from gpunet.runs.feature_run import TIE_DATES
from gpunet.runs.kept_features import PastFeatures
from gpunet.runs.stages import Run

__all__ = ["DistributedRun"]


class DistributedRun(Run):
    """See :class:`gpunet.runs.stages.Run`. Of :class:`DistributedArrests` and :class:`DistributedFeatures`.

    Kept to go on from are what follows from the network of each day, the sums on the way to betweenness and closeness,
    and trainings. All else is in the workers' memory, and computed again.
    """

    engine: ClusterEngine

    def _read_files(self, paths: list[str]) -> DistributedArrests:
        arrests = read_distributed(
            self.engine.client,
            paths,
            self.config,
            today=self._reading_day,
            keep_going=self.options.keep_going,
            progress=self.progress,
            notice=self.options.notice,
        )
        if arrests.report is not None:
            self._note_inputs(arrests.report)
        self._check_input(arrests)
        return arrests

    def _diagnosed(self, arrests: DistributedArrests) -> Diagnosis:
        return distributed_diagnosis(arrests)

    def cut(self, arrests: DistributedArrests, as_of: date) -> DistributedArrests:
        """The arrests before a day; InputError if there are none."""
        return partitions_before(arrests, as_of)

    def undated(self, arrests: DistributedArrests) -> int:
        """How many arrests have no date."""
        return int(distributed_counts(arrests).values["undated_arrests"])

    def late_charges(self, arrests: DistributedArrests, as_of: date) -> int:
        """How many charges are dated before a day and were not recorded by then."""
        return late_charges(arrests, as_of)

    def features(self, name: str, arrests: DistributedArrests, label: str = "") -> DistributedFeatures:
        """Compute everything; stages, their progress and notices carry the label."""
        return self._distributed(name, arrests, label, self.config.path)

    def past_features(
        self,
        name: str,
        arrests: DistributedArrests,
        label: str,
        path_config: PathConfig,
        union_config: PathConfig | None = None,
    ) -> PastFeatures:
        """As :meth:`features` of an earlier day, with another path configuration; what a model needs of it is left."""
        found = self._distributed(name, arrests, label, path_config)
        return PastFeatures(model_partitions(found), found.path)

    def _distributed(
        self, name: str, arrests: DistributedArrests, label: str, path_config: PathConfig
    ) -> DistributedFeatures:
        def kept(compute: Callable[[], VertexColumns], restored: Callable[[Contents], VertexColumns]) -> VertexColumns:
            return self._checkpoints.kept(f"{name}-network", compute, contents_of, restored, sums=name)

        engine = self._keeping(name)
        return compute_distributed(arrests, engine, path_config=path_config, kept=kept, **self._reporting(label))

    def _write_tables(self, arrests: DistributedArrests, found: DistributedFeatures, metadata: dict[str, Any]) -> None:
        self._write_table("features.parquet", found.feature_tables(), metadata)
        self._write_table("ties.parquet", found.tie_tables(), dates=TIE_DATES)
        self._write_table("groups.parquet", found.groups_tables())
        self._write_table("rejected.parquet", in_order(arrests.client, arrests.rejected))
        if arrests.report is not None:
            self._write_table("offences.parquet", [arrests.report.offences])

    def _statistics(
        self, arrests: DistributedArrests, found: DistributedFeatures
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return distributed_arrest_statistics(found), distributed_network_statistics(found, self.engine)

    def _parts_of(self, table: DistributedScores | DistributedTested) -> Iterable[Any]:
        return table

    def _train(self, arrests: DistributedArrests, days: Mapping[str, date], found: Mapping[str, Any]) -> Forecast:
        past, test, now = days["T-2H"], days["T-H"], days["T"]
        client, worst_precision = arrests.client, coarsest(found)
        self.engine.release()  # the network is not needed any more, and memory is
        with self.stage("model"):
            parts = (found["T-2H"].features, found["T-H"].features, model_partitions(found["T"]))
            tables = [with_betweenness(client, of_day, worst_precision) for of_day in parts]
            result = forecast_distributed(
                client,
                tables[0],
                tables[1],
                tables[2],
                labels_between(arrests, past, test, known_before=test),
                labels_between(arrests, test, now, known_before=now),
                config=self.config.model,
                windows=windows(days),
                workers=self.engine.cluster["workers"],
                unencrypted=self.config.cluster.unencrypted == UNENCRYPTED,
                device="gpu" if isinstance(self.engine, GpusEngine) else None,
                progress=self.progress,
                kept=self._kept_fit,
            )
            if isinstance(self.engine, GpusEngine):
                self.engine.models.append({"call": "scores", "by": "all GPUs", "kind": result.model.kind})
        return result

    def _kept_fit(self, name: str, fit: Callable[[], CrossFit], fits: Callable[[CrossFit], bool]) -> CrossFit:
        """As in every run; what was trained now, and not kept, is put on record if GPUs did it."""

        def counted() -> CrossFit:
            found = fit()
            if isinstance(self.engine, GpusEngine):
                together = found.model.training["parameters"].get("workers", 1) > 1
                by = "all GPUs" if together else "one GPU"
                self.engine.models.append({"call": "model", "by": by, "kind": found.model.kind, "data": name})
            return found

        return super()._kept_fit(name, counted, fits)
