"""Forecasts of places as a job of the command line: tables in, three tables in a complete run folder out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import first_day
from gpunet.base.array_types import Float64, Int64
from gpunet.base.errors import InputError
from gpunet.base.progress import begun, ended
from gpunet.base.threads import available_threads
from gpunet.cli.running import snapshot_run
from gpunet.config.config import load_config
from gpunet.panels.units import require_unit
from gpunet.places import boosted, simple
from gpunet.places.cautions import PATROLS, no_results, no_violence, without_place
from gpunet.places.counts import Known, events_of, known_places, labels_of, place_codes
from gpunet.places.measures import TriedWindow, result_rows
from gpunet.places.tables import PlaceNames, forecast_frames, places_frame, results_frame
from gpunet.places.windows import Window, training_days, windows_of
from gpunet.runs.manifest import arrest_statistics
from gpunet.runs.run_options import RunOptions
from gpunet.runs.snapshot_run import SnapshotRun
from gpunet.tables.arrays import to_host

__all__ = ["MODELS", "run_places"]

#: The forecasts, in the order in which they are told.
MODELS = ("xgboost", "last_year", "kernel")


@dataclass(frozen=True, eq=False)
class _Work:
    """All that is known once the snapshots are made.

    ``labels``: int64[places] of each window; ``area``: of every place by code; ``neighbours``: weights of cells.
    """

    arrests: Arrests
    unit: str
    names: PlaceNames
    windows: Sequence[Window]
    known: Sequence[Known]
    labels: Sequence[Int64]
    area: Float64
    neighbours: Any


def run_places(
    inputs: Any, out: str | Path, config: Any = None, as_of: None = None, options: RunOptions | None = None
) -> dict[str, Any]:
    """Read arrest tables; forecast the violent arrests of places window by window, and measure the forecasts.

    ``[places]`` of the configuration says which places and days.

    Parameters
    ----------
    inputs, out, config, options
        As of :func:`gpunet.cli.run.run_features`.
    as_of
        None: the windows have days of their own.

    Returns
    -------
    dict
        The manifest, as it stands in ``run.json``; what was found is under ``places``.

    Raises
    ------
    GpunetError
        If input, configuration or folder cannot be used, no arrest has such a place, or no day is left.
    """
    settings = load_config(config)
    with snapshot_run("places", inputs, out, config, options) as run:
        if settings.places.unit == "cell":
            from gpunet.places.cells import as_read

            run.reading = as_read(settings)
        arrests, unit, without = _placed(run, run.read(inputs, None))
        windows = windows_of(run.config.places, arrests)
        work = _snapshots(run, arrests, unit, windows)
        with run.stage("forecasts"):
            trained = training_days(windows, run.config.places)
            found = _forecasts(run, work, trained)
        with run.stage("write places"):
            rows = _results(run, work, found)
            _write(run, work, found, rows)
            run.write_input_tables(arrests)
        if not rows:
            run.warnings.append(no_results(run.config.places.training_windows))
        run.warnings.append(PATROLS)
        sections = {"arrests": arrest_statistics(arrests), "places": _section(run, work, trained, without, rows)}
        return run.finish("places", arrests, sections)


def _placed(run: SnapshotRun, arrests: Arrests) -> tuple[Arrests, str, dict[str, Any]]:
    """The arrests with their places, the array that holds these, and what is told of arrests without one."""
    asked = run.config.places
    reasons: dict[str, int] = {}
    if asked.unit == "cell":
        from gpunet.places.cells import with_cells

        arrests, reasons = with_cells(arrests, run.config)
        unit = "beat"
    else:
        unit = asked.unit
        require_unit(arrests, asked.unit, "forecast")
    number = int((place_codes(arrests, unit) < 0).sum())
    if number:
        run.warnings.append(without_place(number, len(arrests), asked.unit, reasons))
    violent = to_host(arrests.offences) != 0
    if not (violent & (place_codes(arrests, unit) >= 0)).any():
        run.warnings.append(no_violence(int(violent.sum()), asked.unit))
    return arrests, unit, {"arrests_without_place": number, "why_without_place": reasons}


def _snapshots(run: SnapshotRun, arrests: Arrests, unit: str, windows: Sequence[Window]) -> _Work:
    """What was known of places as of each window's first day, and what happened in the window."""
    asked, names, events = run.config.places, PlaceNames(arrests, unit), events_of(arrests, unit)
    known, labels = [], []
    area, neighbours = np.ones(len(names)), None
    with run.stage("snapshots"):
        if asked.unit == "cell":
            from gpunet.places.cells import cell_areas, neighbour_weights

            area, neighbours = cell_areas(names.full), neighbour_weights(names.full, asked.rings)
        for window in windows:
            label = f"snapshots: {window.as_of.isoformat()}"
            begun(run.progress, label)
            known.append(known_places(run.cut(arrests, window.as_of), unit))
            if not len(known[-1].code):
                raise InputError(f"no arrest before {window.as_of} has a {asked.unit}: give a later --from")
            labels.append(labels_of(events, known[-1].code, window.first, window.stop, len(names)))
            ended(run.progress, label)
    return _Work(arrests, unit, names, windows, known, labels, area, neighbours)


def _forecasts(run: SnapshotRun, work: _Work, trained: Sequence[int | None]) -> list[dict[str, Float64]]:
    """The forecasts of each window by the model's name; XGBoost's from the first one that could be trained on."""
    asked, n, first = run.config.places, len(work.names), first_day(work.arrests)
    threads = available_threads(run.options.threads)
    boosting = boosted.forecasts(work.windows, work.known, trained, n, asked, threads, run.progress)
    return [
        {
            **({} if of_trees is None else {"xgboost": of_trees}),
            "last_year": simple.last_year(known, window, first),
            "kernel": simple.kernel(known, window, asked.half_life_days, n, work.neighbours),
        }
        for window, known, of_trees in zip(work.windows, work.known, boosting, strict=True)
    ]


def _results(run: SnapshotRun, work: _Work, found: Sequence[dict[str, Float64]]) -> list[dict[str, Any]]:
    """The measures over those windows that are all known and that every model has forecast."""
    asked, events = run.config.places, events_of(work.arrests, work.unit)
    tested = []
    for window, known, label, forecasts in zip(work.windows, work.known, work.labels, found, strict=True):
        if window.complete and len(forecasts) == len(MODELS):
            everywhere = int(events.between(window.first, window.stop, len(work.names)).sum())
            base, area = known.column("violent_arrests_365d"), work.area[known.code]
            tested.append(TriedWindow(forecasts, label, base, area, everywhere - int(label.sum())))
    return result_rows(tested, MODELS, asked.shares, asked.bootstrap, asked.seed)


def _write(run: SnapshotRun, work: _Work, found: Sequence[dict[str, Float64]], rows: Sequence[dict[str, Any]]) -> None:
    """Write the three tables."""
    windows = list(zip(work.windows, work.known, work.labels, strict=True))
    run.folder.write_table("places.parquet", (places_frame(work.names, *each) for each in windows))
    run.folder.write_table(
        "place_forecasts.parquet",
        (
            frame
            for each, forecasts in zip(windows, found, strict=True)
            for frame in forecast_frames(work.names, *each, forecasts)
        ),
    )
    run.folder.write_table("place_results.parquet", [results_frame(rows)])


def _section(
    run: SnapshotRun, work: _Work, trained: Sequence[int | None], without: dict[str, Any], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the manifest says of places."""
    asked = run.config.places
    return {
        "unit": asked.unit,
        "every": asked.every,
        "horizon_days": asked.horizon_days,
        "resolution": asked.resolution if asked.unit == "cell" else None,
        **without,
        "windows": [
            {
                "as_of": window.as_of.isoformat(),
                "until": window.until.isoformat(),
                "places": len(label),
                "violent_arrests": int(label.sum()),
                "label_complete": window.complete,
                "trained_on": None if at is None else work.windows[at].as_of.isoformat(),
            }
            for window, label, at in zip(work.windows, work.labels, trained, strict=True)
        ],
        "area": "km2" if asked.unit == "cell" else "every place counts as one",
        "results": rows,
    }
