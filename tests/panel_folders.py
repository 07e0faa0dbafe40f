"""Folders as ``gpunet panel`` writes them, made of the functions alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gpunet import compute_features
from gpunet.panels.days import following_day
from gpunet.panels.roles import roles
from gpunet.panels.series import series_table
from gpunet.panels.snapshots import snapshot_table
from gpunet.panels.splits import splits_table
from gpunet.panels.units import AREAS
from gpunet.tables.parquet import write_parquet, write_parquet_parts


def part_of(folder: Path, day: dt.date) -> Path:
    return folder / "panel" / f"as_of={day}" / "part.parquet"


def write_panel(folder: Path, arrests: Any, days: Sequence[dt.date], unit: str, horizon: int, every: str) -> None:
    for day in days:
        cut = arrests.before(day)
        part_of(folder, day).parent.mkdir(parents=True)
        write_parquet(part_of(folder, day), snapshot_table(arrests, cut, unit, horizon, compute_features(cut)))
    after, names = following_day(tuple(days), every), None
    if unit in AREAS:
        tables = series_table(arrests, unit, horizon, days, after, lambda day: pl.read_parquet(part_of(folder, day)))
        write_parquet_parts(folder / "series.parquet", tables)
        names = pl.read_parquet_schema(folder / "series.parquet").keys()
    write_parquet(folder / "splits.parquet", splits_table(days, horizon, arrests.last_day))
    columns = pl.read_parquet_schema(part_of(folder, days[0])).keys()
    found = roles(unit, days, after, every, horizon, arrests.last_day, [*columns], names and [*names])
    (folder / "panel.json").write_text(json.dumps(found))
