"""A run over many snapshots: of panels, and of experiments, in which arrests are changed before features are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import build_network
from gpunet.base.array_types import Float64
from gpunet.base.errors import InputError
from gpunet.base.paths import path_named
from gpunet.base.progress import part_of
from gpunet.config.config import Config
from gpunet.config.layers import ANY
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet, compute_all
from gpunet.features.layers import layers_of
from gpunet.features.path import estimate_path_work
from gpunet.reading.beside import read_beside
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.folder import RunFolder
from gpunet.runs.kept_features import PastFeatures
from gpunet.runs.read_back import numbers, require
from gpunet.runs.request import Command
from gpunet.runs.run_options import RunOptions
from gpunet.runs.stages import Run
from gpunet.runs.tables_beside import hashes_of

__all__ = ["SnapshotRun"]

# Names of what is kept are names of files: with what stands before and behind they have to fit.
_NAME = re.compile(r"[A-Za-z0-9,_ -]{1,120}")

_MOST = float(np.finfo(np.float64).max)


class SnapshotRun(Run):
    """See :class:`gpunet.runs.stages.Run`. Arrests and tables lie on the host, whatever computes the features.

    ``path_config`` is how paths are computed in every snapshot, ``union_config`` how those of the union of all layers;
    `whole` is the stage that snapshots are parts of.
    """

    def __init__(
        self,
        command: Command,
        folder: RunFolder,
        config: Config,
        options: RunOptions,
        engine: Engine,
        whole: str = "snapshots",
    ) -> None:
        super().__init__(command, folder, config, options, engine)
        self._whole = whole
        if engine.name == "gpu":
            self.place = resolve_engine("cpu", engine.threads)
        self.path_config = self.union_config = config.path
        self._tables = hashes_of(self.side_tables, config)
        self.folder.refuse_inputs([path_named(name) for name in self._tables])

    def read(self, inputs: Any, as_of: date | None) -> Arrests:
        """As every run; how betweenness is computed is settled by all the data, and for every snapshot alike."""
        arrests: Arrests = super().read(inputs, as_of)
        asked = self.config.path
        if asked.betweenness == "auto":
            limits: dict[str, Any] = {name: getattr(asked, name) for name in ("epsilon", "delta", "budget")}
            network = build_network(arrests)
            estimate = estimate_path_work(network, betweenness="auto", **limits)
            self.path_config = replace(asked, betweenness=estimate.method)  # type: ignore[arg-type]  # exact or approx
            if arrests.layers:
                union = layers_of(arrests, network)[ANY].network
                of_union = estimate_path_work(union, betweenness="auto", **limits)
                self.union_config = replace(asked, betweenness=of_union.method)  # type: ignore[arg-type]
        return arrests

    def snapshot(self, name: str, arrests: Arrests) -> PastFeatures:
        """Every feature of these arrests, computed or, if that is worth it, from the checkpoint of that name."""
        return self.past_features(f"features-{_checked(name)}", arrests, name, self.path_config, self.union_config)

    def computed(self, arrests: Arrests) -> FeatureSet:
        """Every feature of these arrests as in a snapshot, of which nothing is kept."""
        return compute_all(arrests, engine=self.engine, path_config=self.path_config, union_config=self.union_config)

    def beside_again(self, arrests: Arrests) -> Arrests:
        """Arrests that were cut, with the tables of ties and victims read anew and cut as they are."""
        if not self.config.input.has_tables_beside:
            return arrests
        assert arrests.as_of is not None  # they were cut
        how: dict[str, Any] = {"keep_going": self.options.keep_going, "corrections": self._corrections}
        found, _ = read_beside(arrests, self.config, today=self._reading_day, **how)
        return found.before(arrests.as_of)

    def kept(self, name: str, compute: Callable[[], Float64], shape: tuple[int, ...]) -> Float64:
        """See :class:`gpunet.evaluate.predicted.Kept`."""

        def restored(contents: Contents) -> Float64:
            found = contents.arrays.get("found")
            require(isinstance(found, np.ndarray) and found.dtype == np.float64, "its values are missing")
            filled = found if len(shape) == 1 else np.where(np.isnan(found), 0.0, found)  # type: ignore[arg-type]
            numbers(filled, "its values", np.float64, shape, -_MOST, _MOST)
            return found  # type: ignore[return-value]

        return self._checkpoints.kept(
            f"predictions-{_checked(name)}", compute, lambda found: Contents(arrays={"found": found}), restored
        )

    @property
    def reading_day(self) -> date | None:
        """The day after which there are no dates in files; None if frames were read."""
        return self._reading_day

    def write_input_tables(self, arrests: Arrests) -> None:
        """Write what is told of reading: the rows that were rejected, and every offence."""
        report = arrests.report
        assert report is not None  # they were read
        self.folder.write_table("rejected.parquet", [report.rejected])
        self.folder.write_table("offences.parquet", [report.offences])
        self.write_beside()

    def side_section(self) -> dict[str, Any]:
        """What the manifest says of tables beside the arrests; InputError if one was changed meanwhile."""
        for name, sha256 in hashes_of(self.side_tables, self.config).items():
            if self._tables.get(name) != sha256:
                raise InputError(f"the table {name} was changed while the run was at work: give the same command again")
        return {**self.side_tables, "files": [{"name": name, "sha256": of} for name, of in self._tables.items()]}

    def _reporting(self, label: str) -> dict[str, Any]:
        """Features of one snapshot are a part of the stage at work: there may be hundreds."""
        return {"progress": part_of(self.progress, f"{self._whole}: {label}"), "notice": self.options.notice}


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of something that is kept")
    return name
