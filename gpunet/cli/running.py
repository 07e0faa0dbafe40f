"""A run folder, an engine, and a cluster if there is one: what every job of the command line begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import named_path, refuse_inputs
from gpunet.base.private import sharing
from gpunet.base.shapes import values_shown
from gpunet.config.config import Config, load_config
from gpunet.config.ties_config import check_authority
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.governance.rules import folder_rules
from gpunet.reading.state import can_be_kept
from gpunet.runs.described import paths_of
from gpunet.runs.folder import RunFolder
from gpunet.runs.request import Command
from gpunet.runs.run_options import RunOptions
from gpunet.runs.snapshot_run import SnapshotRun
from gpunet.runs.tables_beside import tables_beside

__all__ = ["LAYERED_FILES", "RUN_FILES", "Opened", "opened", "snapshot_run"]

#: Every file that a run folder can hold beside ``run.json``, and what is in it; see :class:`ResultNames`.
RUN_FILES = {
    "features.parquet": "every feature of every person",
    "features.json": "what each column means",
    "ties.parquet": "who was arrested with whom",
    "groups.parquet": "gang, group and community of each person",
    "results.parquet": "every measure, with its interval and the persons behind it",
    "predictions.parquet": "what was predicted of each person, and what is true",
    "curves.parquet": "ROC and precision-recall curves",
    "calibration.parquet": "predicted probabilities beside observed shares",
    "leak.parquet": "what labels that features have seen add to the AUC",
    "layers.parquet": "what each layer of ties is worth: the same model with it and without",
    "watching.parquet": "ties a person in each layer, by force or by group",
    "descriptives.json": "the data in figures, as the paper has them",
    "panel/as_of=<day>/part.parquet": "every unit as of each day: features, label",
    "panel.json": "what each column of the panel is to a forecast",
    "series.parquet": "a time series an area, with lagged features",
    "splits.parquet": "days to train on and days to test on, a horizon apart",
    "places.parquet": "every place as of each day: arrests there, of its people, label",
    "place_forecasts.parquet": "what was forecast of each place, its rank, and what came",
    "place_results.parquet": "PAI, PEI* and recapture of each forecast, with intervals",
    "fairness.parquet": "who is selected, rightly and wrongly, by group, with intervals",
    "proxies.parquet": "how well features guess an attribute",
    "flags.parquet": "whom a trigger points at, with its evidence",
    "flag_worth.parquet": "what each flag was worth in the past, beside chance",
    "rejected.parquet": "rows that could not be used, with reasons",
    "rejected_ties.parquet": "rows of ties of other kinds that could not be used, with reasons",
    "rejected_victims.parquet": "rows of victims that could not be used, with reasons",
    "offences.parquet": "every offence, its rows, and the sets it is in",
    "scores.parquet": "probability, rank and reasons for each person",
    "link_effects.parquet": "features that would differ with links that nobody has decided",
    "changes.parquet": "what moved since the run that was updated, of whom, and why",
    "state.arrests": "what was read, for updates (it holds every arrest)",
    "top.csv": "the first thousand of them by rank, for a spreadsheet",
    "model.ubj": "the model",
    "model.skops": "the model",  # of earlier versions
}

#: What is in some of them where there are layers beside co-arrest.
LAYERED_FILES = {"ties.parquet": "who is tied to whom, in each layer"}


@dataclass(frozen=True)
class Opened:
    """The folder of a run, and how it computes; `distributed` is whether files are read by workers of a cluster."""

    folder: RunFolder
    config: Config
    options: RunOptions
    engine: Engine
    distributed: bool = False


@contextmanager
def opened(command: Command, inputs: Any, out: str | Path, config: Any, options: RunOptions | None) -> Iterator[Opened]:
    """The folder and the engine of a command; nothing that it reads lies where it writes.

    Workers of a cluster read arrests alone: with tables of ties, victims or links this process does, and they search
    paths.
    """
    settings, options = load_config(config), options or RunOptions()
    if settings.input.ties:
        check_authority(settings.ties, date.today())  # before tables of arrests are read for hours
    cluster = options.cluster or "none"
    if options.keep_state:
        _refuse_state(settings, options)
    read = [named_path(path, "the input") for path in paths_of(inputs) or ()]
    configured = [config] if isinstance(config, str | Path) else []
    beside = [path for paths in tables_beside(command, settings).values() for path in paths]
    place = named_path(out, "the run folder")
    refuse_inputs(place, [*read, *configured, *beside])
    rules = folder_rules(settings, place, options)
    with (
        sharing(settings.output.share),
        values_shown(options.show_values),
        RunFolder(place, RUN_FILES, rules) as folder,
    ):
        if cluster == "none":
            yield Opened(folder, settings, options, resolve_engine(options.engine, options.threads))
            return
        from gpunet.cluster import cluster_engine

        asked: dict[str, Any] = {"engine": options.engine, "threads": options.threads, "notice": options.notice}
        with cluster_engine(cluster, settings.cluster, **asked) as engine:
            read_here = settings.input.has_tables_beside or bool(settings.input.person_links)
            distributed = paths_of(inputs) is not None and not read_here
            yield Opened(folder, settings, options, engine, distributed=distributed)


def _refuse_state(config: Config, options: RunOptions) -> None:
    """InputError if what is read cannot be kept."""
    if options.cluster not in (None, "none") or options.engine == "gpu":
        raise InputError("--keep-state keeps what this process reads on the CPU: leave out --cluster and --engine gpu")
    if config.input.person_links:
        raise InputError("--keep-state is for updates, and a run with --person-links cannot be updated: leave it out")
    if not can_be_kept(config):
        raise InputError('--keep-state does not go with [input] person_scope = "force": updates read all files again')


@contextmanager
def snapshot_run(
    command: Command, inputs: Any, out: str | Path, config: Any, options: RunOptions | None, whole: str = "snapshots"
) -> Iterator[SnapshotRun]:
    """A run over many snapshots, whose tables this process reads, also if a cluster searches paths.

    `whole` is the stage that snapshots are parts of.

    Raises
    ------
    InputError
        If the tables have no offences.
    """
    with opened(command, inputs, out, config, options) as found:
        if found.config.input.is_absent("offence"):
            raise InputError(
                f'the tables have no offences ([input] columns.offence = ""): gpunet {command} has no labels without'
            )
        yield SnapshotRun(command, found.folder, found.config, found.options, found.engine, whole)
