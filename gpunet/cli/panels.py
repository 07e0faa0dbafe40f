"""Panels as jobs of the command line: tables in, a snapshot a day in a complete run folder out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.base.errors import EngineError
from gpunet.base.progress import begun, ended
from gpunet.cli.running import snapshot_run
from gpunet.config.registry import dictionary
from gpunet.panels.days import following_day, is_complete, snapshot_days
from gpunet.panels.roles import roles
from gpunet.panels.series import series_table
from gpunet.panels.snapshots import snapshot_table
from gpunet.panels.splits import splits_table, why_no_splits
from gpunet.panels.units import AREAS, require_unit
from gpunet.panels.verify import days_to_verify, verify
from gpunet.runs.manifest import arrest_statistics
from gpunet.runs.run_options import RunOptions
from gpunet.runs.snapshot_run import SnapshotRun
from gpunet.tables.parquet import read_parquet, read_parquet_names, write_parquet

__all__ = ["part_name", "run_panel"]

_NOT_REPEATABLE = (
    "--verify compares bytes, and on a GPU cuGraph's Louvain gives other groups each time: verify with --engine cpu"
)


def part_name(day: date) -> str:
    """The file of the snapshot as of a day, in the run folder."""
    return f"panel/as_of={day.isoformat()}/part.parquet"


def run_panel(
    inputs: Any, out: str | Path, config: Any = None, as_of: None = None, options: RunOptions | None = None
) -> dict[str, Any]:
    """Read arrest tables; write a table of features and labels as of many days, of which each is held alone.

    ``[panel]`` of the configuration says which days, and what a row is.

    Parameters
    ----------
    inputs, out, config, options
        As of :func:`gpunet.cli.run.run_features`.
    as_of
        None: the days of the panel are its as-of days.

    Returns
    -------
    dict
        The manifest, as it stands in ``run.json``; what was computed is under ``panel``.

    Raises
    ------
    GpunetError
        If input, configuration, engine or folder cannot be used, or the data do not reach over the days.
    """
    with snapshot_run("panel", inputs, out, config, options) as run:
        asked = run.config.panel
        if asked.verify and run.engine.name != "cpu":
            raise EngineError(_NOT_REPEATABLE)
        arrests = run.read(inputs, None)
        require_unit(arrests, asked.unit)
        days = snapshot_days(asked, arrests)
        with run.stage("snapshots"):
            told = [_write_snapshot(run, arrests, day) for day in days]
        with run.stage("write panel"):
            series = _write_series(run, arrests, days)
            grid = days, asked.horizon_days, arrests.last_day
            splits = splits_table(*grid)
            if not len(splits):
                run.warnings.append(why_no_splits(*grid))
            run.folder.write_table("splits.parquet", [splits])
            run.folder.write_json("panel.json", _roles(run, arrests, days, series=series))
            run.folder.write_json("features.json", dictionary(run.config.sets, layers=run.config.layers))
            run.write_input_tables(arrests)
        verified = None
        if asked.verify:
            with run.stage("verify"):
                verified = _verified(run, inputs, arrests, days)
        sections = {"arrests": arrest_statistics(arrests), "panel": _section(run, told, verified)}
        return run.finish("panel", arrests, sections)


def _write_snapshot(run: SnapshotRun, arrests: Any, day: date) -> dict[str, Any]:
    """Write the snapshot as of a day; return what the manifest says of it."""
    asked, name = run.config.panel, day.isoformat()
    begun(run.progress, f"snapshots: {name}")
    cut = run.cut(arrests, day)
    table = snapshot_table(arrests, cut, asked.unit, asked.horizon_days, run.snapshot(name, cut).features)
    run.folder.write_table(part_name(day), [table])
    ended(run.progress, f"snapshots: {name}")
    return {
        "as_of": name,
        "rows": len(table),
        "positives": int(table["label"].sum()),
        "label_complete": is_complete(day, asked.horizon_days, arrests.last_day),
    }


def _write_series(run: SnapshotRun, arrests: Any, days: Sequence[date]) -> bool:
    """Write a series a place, from the snapshots that lie in the folder; False if the unit is no place."""
    asked = run.config.panel
    if asked.unit not in AREAS:
        return False
    after = following_day(tuple(days), asked.every)
    frames = series_table(arrests, asked.unit, asked.horizon_days, days, after, lambda day: _snapshot(run, day))
    run.folder.write_table("series.parquet", frames)
    return True


def _snapshot(run: SnapshotRun, day: date) -> Any:
    return read_parquet(run.folder.staged(part_name(day)))


def _roles(run: SnapshotRun, arrests: Any, days: Sequence[date], *, series: bool) -> dict[str, Any]:
    """What each column of the panel is, and of the series if there is one."""
    asked = run.config.panel
    columns, of_series = (
        read_parquet_names(run.folder.staged(name)) if there else None
        for name, there in ((part_name(days[0]), True), ("series.parquet", series))
    )
    after = following_day(tuple(days), asked.every)
    grid = asked.unit, days, after, asked.every, asked.horizon_days, arrests.last_day
    return roles(*grid, columns or (), of_series, arrests.layers)


def _verified(run: SnapshotRun, inputs: Any, arrests: Any, days: Sequence[date]) -> list[dict[str, Any]]:
    """Compute as many snapshots again as was asked for, from tables that end before their day."""
    asked = run.config.panel
    return verify(
        inputs,
        arrests,
        days_to_verify(days, asked.verify),
        asked.unit,
        asked.horizon_days,
        lambda day: run.folder.staged(part_name(day)),
        compute=lambda cut: run.computed(cut).features,
        beside=run.beside_again,
        today=run.reading_day,
        write=lambda path, table: write_parquet(path, table, run.folder.metadata()),
        keep_going=run.options.keep_going,
        corrections=run.options.corrections,
    )


def _section(run: SnapshotRun, told: list[dict[str, Any]], verified: list[dict[str, Any]] | None) -> dict[str, Any]:
    """What the manifest says of the panel."""
    asked = run.config.panel
    return {
        "unit": asked.unit,
        "every": asked.every,
        "horizon_days": asked.horizon_days,
        "betweenness": run.path_config.betweenness,
        "snapshots": told,
        "verified": verified,
    }
