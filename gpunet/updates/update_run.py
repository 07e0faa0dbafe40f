"""An update under way: a run on old and new files that takes what it can from the earlier one, and tells what moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.base.array_types import Int64
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.paths import name_of
from gpunet.base.words import counted
from gpunet.config.config import PathConfig
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet, compute_all
from gpunet.features.known import KnownPaths
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.state import ReadState
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.folder import RunFolder, checkpoints_of
from gpunet.runs.run_options import RunOptions
from gpunet.runs.stages import Run
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import to_arrow
from gpunet.updates.changes import Tables, changes_table
from gpunet.updates.components import known_paths
from gpunet.updates.earlier import Earlier

__all__ = ["CHANGES", "TOP", "UpdateRun"]

#: The table of what moved.
CHANGES = "changes.parquet"

#: Ranks are told of whoever enters or leaves the first so many.
TOP = 1000

#: The features that an update can take from the earlier run: those of the last day.
_LATEST = ("features", "features-T")


class UpdateRun(Run):
    """See :class:`gpunet.runs.stages.Run`. Nothing is kept to go on from: an update is given again as a whole."""

    def __init__(
        self,
        earlier: Earlier,
        folder: RunFolder,
        options: RunOptions,
        engine: Engine,
        corrections: Corrections | None = None,
        top: int = TOP,
        old: Callable[[], list[str]] | None = None,
    ) -> None:
        super().__init__(earlier.command, folder, earlier.config, options, engine)
        self._earlier, self._top = earlier, top
        self._corrections = corrections or None  # none at all are as if none had been given
        self._effect = Effect()
        self._today = date.today()
        self._old = old
        self._begin: ReadState | None = None
        self._found: FeatureSet | None = None
        self._scores: Any = None
        self._known: KnownPaths | None = None
        self._moved: dict[str, int] = {}

    @property
    def _reading_day(self) -> date | None:
        return self._today

    def _prepare(self, paths: list[str], as_of: date | None) -> None:
        """Nothing is kept."""
        self._checkpoints = Checkpoints(checkpoints_of(self.folder.path), np.inf)
        self._checkpoints.clear()

    def _reading(self) -> dict[str, Any]:
        told = {"corrections": self._corrections, "effect": self._effect, "begin": self._begin}
        return {**super()._reading(), **told}

    def _read(self, inputs: Any) -> Any:
        """Read the old files, or what was kept of them, and the new ones, which are the `inputs`."""
        if self._old is None:
            self._begin = self._state()
        arrests = super()._read(inputs if self._begin is not None else [*self._old_files(), *inputs])
        self._earlier.check_read(arrests.report.files)
        if self._effect.unknown:
            self.warnings.append(
                f"{counted(self._effect.unknown, 'row')} of --remove and --merge name what no accepted row has: "
                "nothing was done for these"
            )
        return arrests

    def _old_files(self) -> list[str]:
        return self._earlier.inputs() if self._old is None else self._old()

    def _state(self) -> ReadState | None:
        """What was kept; None if rows were rejected for dates that were to come then, and may not be now."""
        state, day = self._earlier.state()
        later = state.depends_on_today and day != self._today.isoformat()
        return None if later and not self._earlier.was_corrected else state

    def _compute(
        self, name: str, arrests: Arrests, label: str, path_config: PathConfig, union_config: PathConfig | None = None
    ) -> FeatureSet:
        if name not in _LATEST:
            return super()._compute(name, arrests, label, path_config, union_config)
        return compute_all(
            arrests,
            engine=self.engine,
            path_config=path_config,
            union_config=union_config,
            known=self._known_paths,
            **self._reporting(label),
        )

    def _known_paths(self, arrests: Arrests, network: Network) -> KnownPaths | None:
        if self.engine.name != "cpu":
            return None
        self._known = known_paths(self._earlier, arrests, network)
        return self._known

    def write_features(self, arrests: Any, found: Any) -> dict[str, Any]:
        """As every run; what was found is kept to be compared."""
        self._found = found
        return super().write_features(arrests, found)

    def _write_scores(self, scores: Any) -> None:
        self._scores = scores
        super()._write_scores(scores)

    def finish(self, kind: str, arrests: Any, sections: Mapping[str, Any]) -> dict[str, Any]:
        """As every run, with what moved since the earlier one, and counts of what was corrected."""
        with self.stage("changes"):
            changes = self._changes(arrests)
            self.folder.write_table(CHANGES, [changes])
        self._moved = {"changes": len(changes), "persons_moved": len(changes["person_id"].unique())}
        before = self._earlier.manifest.get("corrections", {})
        if self._corrections is not None or before:
            now = self._effect.as_dict()
            sections = {**sections, "corrections": {name: count + before.get(name, 0) for name, count in now.items()}}
        return super().finish(kind, arrests, sections)

    def _changes(self, arrests: Any) -> pa.Table:
        assert self._found is not None  # features are written first
        counted_from = 0 if arrests.last_day == NO_DAY else arrests.today
        scores = None if self._scores is None else _plain(self._scores)
        now = Tables(_plain(self._found.features), self._ends(), scores, counted_from)
        corrections = self._corrections
        return changes_table(
            self._before(now),
            now,
            top=self._top,
            corrections=corrections is not None,
            touched=self._effect.touched,
            erased=() if corrections is None else corrections.persons,
        )

    def _ends(self) -> Int64:
        """int64[2, ties], the rows of both persons of each tie among the features."""
        assert self._found is not None
        network = self._found.network
        assert network.ties is not None
        assert network.person is not None  # it was made of arrests
        person = to_host(network.person)
        return np.stack([person[to_host(of)].astype(np.int64) for of in (network.ties.a, network.ties.b)])

    def _before(self, now: Tables) -> Tables:
        """The tables of the earlier run."""
        names = ["person_id", "days_since_last_arrest", *now.own(), *now.flags()]
        scores = None
        if now.scores is not None:
            scores = self._earlier.table("scores", ["person_id", "probability", "rank"])
        counted_from = self._earlier.metadata.get("counted_from")
        return Tables(
            self._earlier.table("features", names),
            self._earlier.table("ties", ["person_a", "person_b"]),
            scores,
            0 if counted_from is None else day_number(date.fromisoformat(counted_from)),
        )

    def _told(self) -> dict[str, Any]:
        taken = 0 if self._known is None else int(np.count_nonzero(self._known.vertex >= 0))
        told = {"of": name_of(self._earlier.folder), "top": self._top, "in_unchanged_components": taken}
        return {"update": {**told, **self._moved}}


def _plain(table: Any) -> pa.Table:
    found: pa.Table = to_arrow(table)
    return found
