"""Folders of runs from which a person is erased, and what looks for traces in every file of them."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from updating import CONFIG, random_rows, write

from gpunet.cli.flags import run_flags
from gpunet.cli.panels import run_panel
from gpunet.cli.reports import write_report
from gpunet.cli.run import run_features, run_forecast
from gpunet.runs.checkpoint_file import frames_in
from gpunet.runs.run_options import RunOptions
from gpunet.runs.sealed import SEALED, opened_bytes

OPTIONS = RunOptions(threads=1)
SENTINEL, NEW = "P-SENTINEL-77", "P-SENTINEL-99"
PANEL: dict[str, Any] = {
    "panel": {"start": "2013-06-01", "end": "2013-12-01", "every": "3mo", "horizon_days": 60, "verify": 1}
}

PERSONS = ("person_id", "person_a", "person_b", "person_ids")


def traces(root: Path, person: str, *, raw: bool, but: tuple[str, ...] = ()) -> list[str]:
    """The files under a folder that have an id: in columns of persons, and if it is `raw` in any byte.

    Archives are unpacked, tables and checkpoints decoded, seals opened. Names in `but` are passed over.
    """
    found = []
    for place, _, names in os.walk(root):
        for name in names:
            path = Path(place) / name
            relative = path.relative_to(root).as_posix()
            if relative.split("/")[0] in but:
                continue
            if (raw and person in relative) or _in_bytes(name, path.read_bytes(), person, raw=raw):
                found.append(relative)
    return sorted(found)


def _in_bytes(name: str, data: bytes, person: str, *, raw: bool) -> bool:
    if raw and person.encode() in data:
        return True
    if name.endswith(SEALED):
        return _in_bytes(name.removesuffix(SEALED), opened_bytes(data), person, raw=raw)
    if data.startswith(b"PAR1"):
        return _in_table(pq.read_table(pa.BufferReader(data)), person, raw=raw)
    if data.startswith(b"gpunet checkpoint"):
        frames = frames_in(io.BytesIO(data))
        return any(_in_table(of, person, raw=raw, everywhere=name == "person_ids") for name, of in frames.items())
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(_in_bytes(of, archive.read(of), person, raw=raw) for of in archive.namelist())
    if name in ("top.csv", "largest_component.csv"):
        rows = [line.split(",") for line in data.decode().splitlines()]
        at = [i for i, head in enumerate(rows[0]) if head in PERSONS]
        return any(row[i] == person for row in rows[1:] for i in at)
    return False


def _in_table(table: pa.Table, person: str, *, raw: bool, everywhere: bool = False) -> bool:
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.to_pylist()
        if (everywhere or name in PERSONS) and person in map(str, values):
            return True
        if raw and any(person in str(value) for value in values):
            return True
    return False


def all_values(path: Path) -> list[dict[str, Any]]:
    """The rows of a table."""
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def rows_of(seed: int = 3, rename: str = SENTINEL) -> list[dict[str, Any]]:
    """Rows of which some are rejected, with one person of a telling id."""
    rows = random_rows(np.random.default_rng(seed), 300, 40, text=True, gang=True, beat=True)
    rows = [{**row, "person_id": rename if row["person_id"] == "P5" else row["person_id"]} for row in rows]
    return [*rows, {**rows[0], "date": "never"}, {**rows[0], "person_id": rename, "date": "bad"}]


def make_runs(root: Path, kinds: tuple[str, ...] = ("run", "kept", "panel", "flags")) -> Path:
    """A folder of a run with its report, one with its state, a panel, and flags, or some of these."""
    inputs = [write(root / "in" / "a.csv", rows_of())]
    if "run" in kinds:
        run_forecast(inputs, root / "runs" / "run", CONFIG, None, OPTIONS)
        write_report(root / "runs" / "run")
    run_features(inputs, root / "runs" / "kept", CONFIG, None, replace(OPTIONS, keep_state=True))
    run_panel(inputs, root / "runs" / "panel", {**CONFIG, **PANEL}, None, OPTIONS)
    if "flags" in kinds:
        run_flags([root / "runs" / "run"], root / "runs" / "flags", None, (), OPTIONS)
    return root
