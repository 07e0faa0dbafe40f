"""An update under way: a run on old and new files that takes what it can from the earlier one, and tells what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.arrests.read_report import FileCount, ReadReport
from gpunet.base.array_types import Int64
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.paths import name_of
from gpunet.base.words import counted
from gpunet.config.config import PathConfig
from gpunet.config.layers import ANY, CO_ARREST
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet, compute_all
from gpunet.features.known import KnownPaths
from gpunet.reading.arrests_table import arrests_of, read_arrests_at
from gpunet.reading.beside import read_beside
from gpunet.reading.corrections import added
from gpunet.reading.location import HOST
from gpunet.reading.state import ReadState, can_be_kept
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.folder import RunFolder
from gpunet.runs.hidden_folder import checkpoints_of
from gpunet.runs.left_out import LEFT_OUT, joined_left_out, with_left_out
from gpunet.runs.run_options import RunOptions
from gpunet.runs.stages import Run
from gpunet.runs.stored_tables import array_of
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import to_arrow
from gpunet.updates.asked import Asked
from gpunet.updates.changes import Tables, changes_table
from gpunet.updates.components import FileOrder, known_paths
from gpunet.updates.earlier import Earlier
from gpunet.updates.raised import flags_compared, raised

__all__ = ["CHANGES", "UpdateRun"]

#: The table of what moved.
CHANGES = "changes.parquet"

#: What is told of how many persons were taken from the earlier run, by layer.
_IN_UNCHANGED = {CO_ARREST: "in_unchanged_components", ANY: "in_unchanged_components_of_any"}

#: No more files than so many are named.
_NAMED = 3

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
        asked: Asked,
    ) -> None:
        super().__init__(earlier.command, folder, asked.config, options, engine)
        self._earlier, self._asked = earlier, asked
        self._today = date.today()
        self._begin: ReadState | None = None
        self._found: FeatureSet | None = None
        self._scores: Any = None
        self._known: dict[str, KnownPaths | None] = {}
        self._side = self.config.model.side if earlier.command == "run" else None
        self._flags = flags_compared(self.config, self._side)
        self._old_arrests: Arrests | None = None  # as of the earlier day, where flags are compared
        self._old_order: FileOrder | None = None
        self._moved: dict[str, int] = {}

    @property
    def _reading_day(self) -> date | None:
        return self._today

    def read(self, inputs: Any, as_of: date | None) -> Any:
        """As every run. Flags are compared where both runs have a day."""
        if self._earlier.as_of is None or (as_of is None and self._earlier.command == "features"):
            self._flags = {}
        return super().read(inputs, as_of)

    def _prepare(self, paths: list[str], as_of: date | None) -> None:
        """Nothing is kept."""
        self._checkpoints = Checkpoints(checkpoints_of(self.folder.path), np.inf)
        self._checkpoints.clear()

    def _reading(self) -> dict[str, Any]:
        return {**super()._reading(), "begin": self._begin}

    def _read(self, inputs: Any) -> Any:
        """Read the old files, or what was kept of them, and the new ones, which are the `inputs`."""
        if self._asked.old is None:
            self._begin = self._state()
        files = self._old_files() if self._begin is None else []
        if self._flags or self._goes_on:
            files = self._read_earlier(files)
        arrests = super()._read([*files, *inputs])
        self._earlier.check_read(arrests.report.files)
        self._notice_again(arrests.report.files)
        return arrests

    @property
    def _goes_on(self) -> bool:
        """Whether reading can go on from what the earlier run had read, so that this costs little by itself."""
        by_rows = self.place.name != "gpu" and not self._asked.again and can_be_kept(self._earlier.config)
        return self.engine.name == "cpu" and (self._begin is not None or by_rows)

    def _read_earlier(self, files: list[str]) -> list[str]:
        """The arrests of the earlier run by itself, of what was kept or of `files`; return the files still to be read.

        Reading goes on from what was read, if it can: then the files are read once.
        """
        config, states = self._earlier.config, list[ReadState]()
        if self._begin is not None:
            old = arrests_of(self._begin, config)
        else:
            old = read_arrests_at(HOST, files, config, today=self._today, progress=self.progress, keep=states.append)
            assert old.report is not None  # they were read
            self._earlier.check_read(old.report.files)
            if not self._asked.again and self.place.name != "gpu" and can_be_kept(config):
                (self._begin,), files = states, []
        self._old_order = self._order_of(old)
        if self._flags:  # which look at no other ties than those of arrests
            old, _ = self._earlier_beside(old, ())
            assert self._earlier.as_of is not None
            self._old_arrests = old.before(self._earlier.as_of)
        return files

    def _earlier_beside(self, old: Arrests, ties: Sequence[str]) -> tuple[Arrests, Mapping[str, ReadReport]]:
        """The arrests of the earlier run with its victims and these ties, and how reading of both went."""
        config, victims = self._earlier.config, tuple(self._asked.old_victims)
        if not ties and not victims:
            return old, {}
        alone = replace(config, input=replace(config.input, ties=tuple(ties), victims=victims))
        return read_beside(old, alone, today=self._today)

    def _order_of(self, old: Arrests) -> FileOrder | None:
        """In which order the persons of the earlier run first appeared; None if it had other rows of the same files.

        So it is where dates were to come that are past now.
        """
        whole, reports = self._earlier_beside(old, self._asked.old_ties)
        told = self._earlier.manifest["input"]
        for name, report in {"": old.report, **reports}.items():
            before = told[name] if name else told
            if report is not None and dict(report.by_reason) != before["rejected_by_reason"]:
                return None
        as_of = self._earlier.as_of
        seen = whole.current() if as_of is None else whole.before(as_of)
        return FileOrder(array_of(seen.person_ids), to_host(seen.first_rows))

    def _with_beside(self, arrests: Any) -> Any:
        """Read tables of ties and victims, the old ones and then the new ones."""
        found = super()._with_beside(arrests)
        for name, report in self._beside.items():
            self._earlier.check_read(report.files, name)
            self._notice_again(report.files, name)
        if self._corrections is not None and self._effect.unknown:
            self.warnings.insert(
                0,
                f"{counted(self._effect.unknown, 'row')} of --remove and --merge name what no accepted row has: "
                "nothing was done for these",
            )
        return found

    def _notice_again(self, files: Sequence[FileCount], of: str = "") -> None:
        """Tell of new files that the earlier run had read under whatever name."""
        old = self._earlier.hashes(of)
        again = [file.name for file in files[self._earlier.count(of) :] if file.sha256 in old]
        if again and self.options.notice is not None:
            names = ", ".join(again[:_NAMED]) + (", ..." if len(again) > _NAMED else "")
            self.options.notice(
                f"{names}: {self._earlier.folder} was made of the same file, so all its rows are duplicates; leave it "
                "out, or give the one that was meant"
            )

    def _old_files(self) -> list[str]:
        return self._earlier.inputs() if self._asked.old is None else list(self._asked.old)

    def _state(self) -> ReadState | None:
        """What was kept; None if rows were rejected for dates that were to come then, and may not be now."""
        state, day = self._earlier.state
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

    def _known_paths(self, arrests: Arrests, network: Network, layer: str) -> KnownPaths | None:
        if self.engine.name != "cpu":
            return None
        self._known[layer] = known_paths(self._earlier, self._old_order, arrests, network, layer)
        return self._known[layer]

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
            self.folder.write_table(CHANGES, [changes], self._said_side if self._earlier.command == "run" else None)
        self._moved = {"changes": len(changes), "persons_moved": len(changes["person_id"].unique())}
        return super().finish(kind, arrests, sections)

    def _corrected_section(self, read: Mapping[str, Any]) -> dict[str, Any]:
        """That of the earlier run and of this one."""
        before = dict(self._earlier.manifest.get("corrections", {}))
        if self._corrections is None and not before:
            return {}
        told = before.pop(LEFT_OUT, [])
        rows = {name: effect.rows() for name, effect in self._effects.items()}
        counts = added(before, {**self._effect.as_dict(), **rows})
        return {"corrections": with_left_out(counts, joined_left_out(told, self._left_out_of(read)))}

    def _changes(self, arrests: Any) -> pa.Table:
        assert self._found is not None  # features are written first
        counted_from = 0 if arrests.last_day == NO_DAY else arrests.today
        scores = None if self._scores is None else _plain(self._scores)
        network, layers = self._found.network, self._found.layers
        flags = self._flags_of(arrests)
        now = Tables(
            _plain(self._found.features),
            _ends(network),
            scores,
            counted_from,
            {name: _ends(of.network) for name, of in layers.items() if of.ties is not None},
            flags[1],
        )
        corrections = self._corrections
        return changes_table(
            self._before(now, flags[0]),
            now,
            top=self._asked.top,
            corrections=corrections is not None,
            touched=self._effect.touched,
            erased=() if corrections is None else corrections.persons,
        )

    def _flags_of(self, arrests: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Whom flags are about as of the earlier day, by what was known in the earlier run, and as of this one's."""
        old, self._old_arrests = self._old_arrests, None
        if old is None or arrests.as_of is None:
            return {}, {}
        assert self._found is not None
        there = arrests.to_engine(resolve_engine("cpu", self.engine.threads))
        network = self._found.network if self.engine.name == "cpu" else None
        then = raised(old, flags_compared(self._earlier.config, self._side))  # fewer, if victims are new
        now = raised(there, self._flags, network)
        return {**{name: of.slice(0, 0) for name, of in now.items()}, **then}, now

    def _before(self, now: Tables, flags: Mapping[str, Any]) -> Tables:
        """The tables of the earlier run."""
        there = set(self._earlier.columns())
        asked = ("person_id", "days_since_last_arrest", *now.own(), *now.victimisations(), *now.flags())
        names = [name for name in asked if name in there]
        scores = None
        if now.scores is not None:
            scores = self._earlier.table("scores", ["person_id", "probability", "rank"])
        counted_from = self._earlier.metadata.get("counted_from")
        layers = self._earlier.ties()
        return Tables(
            self._earlier.table("features", names),
            layers.pop(CO_ARREST),
            scores,
            0 if counted_from is None else day_number(date.fromisoformat(counted_from)),
            layers,
            flags,
        )

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {"of": name_of(self._earlier.folder), "top": self._asked.top}
        for layer, name in _IN_UNCHANGED.items():
            if layer == CO_ARREST or self.config.layers:
                known = self._known.get(layer)
                told[name] = 0 if known is None else int(np.count_nonzero(known.vertex >= 0))
        return {"update": {**told, **self._moved}}


def _ends(network: Network) -> Int64:
    """int64[2, ties], the rows of both persons of each tie among the features."""
    assert network.ties is not None
    assert network.person is not None  # it was made of arrests or ties
    person = to_host(network.person)
    return np.stack([person[to_host(of)].astype(np.int64) for of in (network.ties.a, network.ties.b)])


def _plain(table: Any) -> pa.Table:
    found: pa.Table = to_arrow(table)
    return found
