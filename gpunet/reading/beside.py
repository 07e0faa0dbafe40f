"""A stand-in for the reader of tables of ties and victims: CSV and Parquet files with the columns as they are named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from gpunet.arrests.arrests import Arrests, FileCount, ReadReport
from gpunet.arrests.beside import ALWAYS, NEVER, Associations, Kind
from gpunet.arrests.joined import TieRows, with_tables
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config
from gpunet.reading.read import read_arrests_at
from gpunet.tables.files import sha256_of

__all__ = ["read_beside"]


def read_beside(
    arrests: Arrests,
    config: Config,
    *,
    ties: Any = None,
    victims: Any = None,
    today: date | None = None,
    keep_going: bool = False,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
) -> tuple[Arrests, dict[str, ReadReport]]:
    """The arrests with the tables that the configuration names, and how reading went."""
    reports: dict[str, ReadReport] = {}
    rows = read = None
    if ties := ties or config.input.ties:
        _told(progress, "reading ties")
        rows, reports["ties"] = _ties([Path(path) for path in ties], config)
    if victims := victims or config.input.victims:
        _told(progress, "reading victims")
        there = {**config.input.columns, **dict.fromkeys(("district", "beat", "gang"), "")}
        settings = dataclasses.replace(config, input=dataclasses.replace(config.input, columns=there))
        read = read_arrests_at(None, list(victims), settings, today=today, keep_going=keep_going)
        assert read.report is not None  # it was read
        reports["victims"] = read.report
    return with_tables(arrests, rows, read), reports


def _told(progress: ProgressCallback | None, stage: str) -> None:
    if progress is not None:
        progress(stage, 1.0, 1.0)


def _ties(paths: Sequence[Path], config: Config) -> tuple[TieRows, ReadReport]:
    frames, counts, rejected = [], [], []
    kinds = config.kinds
    for path in paths:
        try:
            frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
        except OSError as error:
            raise InputError(f"ties: cannot read {path}") from error
        if unknown := sorted(set(frame["kind"].drop_nulls()) - set(config.ties)):
            raise ConfigError(
                f"ties: no [ties.{unknown[0]}] in the configuration: write [ties.{unknown[0]}] use = true"
            )
        bad = frame["person_b"].is_null() | ~frame["kind"].is_in(kinds)
        frames.append(frame.filter(~bad).select("person_a", "person_b", "kind", "date"))
        rejected.append(frame.filter(bad).with_columns(source_file=pl.lit(str(path)), reason=pl.lit("missing_person")))
        size, sha256 = path.stat().st_size, sha256_of(path)
        read, out = len(frame), int(bad.sum())
        counts.append(FileCount(str(path), read, read - out, out, 0, sha256=sha256, size_bytes=size))
    table = pl.concat(frames)
    ids = pl.concat([table["person_a"], table["person_b"]]).cast(pl.String).unique().sort()
    a, b = (
        table[name].cast(pl.String).replace_strict(ids, np.arange(len(ids))).to_numpy().astype(np.int32)
        for name in ("person_a", "person_b")
    )
    kind = table["kind"].replace_strict(list(kinds), range(len(kinds))).to_numpy().astype(np.int32)
    day = table["date"].cast(pl.String).str.to_date().to_physical().to_numpy().astype(np.int32)
    n = len(table)
    of = tuple(Kind(name, config.ties[name].half_life_days, config.ties[name].limit_days) for name in kinds)
    never, always = np.full(n, NEVER, np.int32), np.full(n, ALWAYS, np.int32)
    rows = Associations(np.minimum(a, b), np.maximum(a, b), kind, day, never, always, of)
    bad_rows = nw.from_native(pl.concat(rejected), eager_only=True)
    report = ReadReport(tuple(counts), bad_rows, by_reason={"missing_person": len(bad_rows)} if len(bad_rows) else {})
    return TieRows(nw.from_native(ids, series_only=True), rows), report
