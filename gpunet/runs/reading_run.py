"""One run under way, up to the tables that it has read: its stages, and what is kept to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import cut_before, nothing_before, undated_arrests
from gpunet.arrests.completeness import Completeness, completeness
from gpunet.arrests.diagnostics import Diagnosis, diagnosed, why_nothing
from gpunet.arrests.read_report import ReadReport
from gpunet.base.days import NO_DAY, day_number, day_to_date
from gpunet.base.errors import EngineError, InputError
from gpunet.base.paths import path_named
from gpunet.base.progress import begun, ended
from gpunet.base.stopping import raise_if_stopped
from gpunet.base.words import counted
from gpunet.config.config import Config
from gpunet.engines.choice import resolve_engine
from gpunet.engines.cpu import NO_LIBRARY
from gpunet.engines.protocol import Engine
from gpunet.reading.location import GPU, HOST
from gpunet.reading.read import read_arrests_at
from gpunet.reading.state import ReadState
from gpunet.runs import kept_arrests
from gpunet.runs.beside import with_beside
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.described import paths_of
from gpunet.runs.folder import MANIFEST, RunFolder
from gpunet.runs.hidden_folder import checkpoints_of
from gpunet.runs.linked import Linked
from gpunet.runs.manifest import StageClock, versions
from gpunet.runs.outcomes import refuse_outcomes
from gpunet.runs.read_back import require
from gpunet.runs.request import Command, Request
from gpunet.runs.resume import inputs_of, note_inputs, noted_inputs, prepare
from gpunet.runs.run_options import RunOptions
from gpunet.runs.tables_beside import hashes_of, side_tables, tables_beside
from gpunet.tables.files import sha256_of

__all__ = ["ReadingRun"]

# Stages that say how far they are under names of their own.
_REPORTING = ("read", "model", "evaluate", "snapshots", "forecasts")


class ReadingRun:
    """A run from its beginning to the tables that it has read: its folder, its clock, the warnings that it gathers.

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
        self.linked = Linked(config, options.corrections)
        self._link_effects: dict[str, Any] | None = None  # what run.json says of them, where they are looked for
        self._command = command
        self.side_tables = side_tables(command, config)
        self._beside: Mapping[str, ReadReport] = {}  # how reading of ties and victims went
        self._days: Mapping[str, Mapping[int, int]] = {}  # arrests by force and day number, after reading
        self._request: Request | None = None  # of files
        self._states: list[ReadState] = []  # at most one, where it is to be kept
        self._corrections = options.corrections or None  # none at all are as if none had been given
        if self._corrections is not None and self.linked.given:
            self._corrections = self.linked.links.corrections  # of all the ids that a person has
        self._effect, self._effects = self.linked.effect, self.linked.effects
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
            self.folder.pseudonyms = arrests.report.pseudonyms
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
        complete = self.folder.path / MANIFEST
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
            replaces=sha256_of(complete) if complete.is_file() else None,
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
