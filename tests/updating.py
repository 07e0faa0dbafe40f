"""Random tables in two parts, runs and updates on them, and what is compared of two folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gpunet.tables.files import sha256_of

Row = dict[str, Any]

OFFENCES = ("theft", "murder", "robbery", "robbery armed", "fraud", None)

#: With few rounds of a small model: what it is worth does not matter.
CONFIG: dict[str, Any] = {
    "violent_offences": {"homicide": ["murder*"], "robbery": ["robbery*"]},
    "model": {"max_rounds": 3, "folds": 2, "horizon_days": 60},
    "network": {"max_incident_size": 6},
}

_DAY = date(2013, 1, 1)


def random_rows(random: np.random.Generator, n: int, persons: int, **columns: bool) -> list[Row]:
    """Rows of persons who are arrested together among their likes, so that there are several components.

    `columns` says of ``force``, ``gang``, ``beat`` and ``recorded_at`` whether they are there, of ``text`` whether ids
    are texts, and of ``undated`` whether dates are missing here and there.
    """
    rows = []
    while len(rows) < n:
        incident, circle = int(random.integers(0, 3 * n)), int(random.integers(0, max(persons // 8, 1)))
        day = _DAY + timedelta(days=int(random.integers(0, 400)))
        for _ in range(int(random.integers(1, 5))):
            person = circle * 8 + int(random.integers(0, 8))
            if random.random() < 0.03:
                person = int(random.integers(0, persons))
            row: Row = {"person_id": person, "incident_id": incident, "date": day.isoformat()}
            row["offence"] = OFFENCES[int(random.integers(0, len(OFFENCES)))]
            if columns.get("undated") and random.random() < 0.1:
                row["date"] = None
            if columns.get("text"):
                row["person_id"] = f"P{person}"
            if columns.get("force"):
                row["force"] = ("east", "west", None)[circle % 3]
            if columns.get("gang"):
                row["gang"] = (None, "reds", "blues")[int(random.integers(0, 3))]
            if columns.get("beat"):
                row |= {"beat": f"b{circle % 4}", "district": f"d{circle % 2}"}
            if columns.get("recorded_at"):
                late = day + timedelta(days=int(random.integers(0, 90)))
                row["recorded_at"] = None if random.random() < 0.05 else late.isoformat()
            rows.append(row)
    return rows


def more_rows(random: np.random.Generator, rows: list[Row], n: int, persons: int, **columns: bool) -> list[Row]:
    """Rows of another day: new ones, repeats, offences added to incidents, persons added to incidents."""
    found = random_rows(random, n, persons + 8, **columns)[:n]
    for at in random.integers(0, len(rows), n // 2).tolist():
        row = dict(rows[at])
        kind = random.integers(0, 3)
        if kind == 1:
            row["offence"] = "robbery late"
        if kind == 2:
            row["person_id"] = found[0]["person_id"]
        found.append(row)
    return found


def write(path: Path, rows: list[Row]) -> str:
    """The rows as a table, of the kind that the path's name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return str(path)


def assert_same_run(full: Path, updated: Path, *but: str) -> None:
    """Every file has the same bytes, and ``run.json`` the same values, less `but`, execution and changes.parquet."""
    manifests = [json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in (full, updated)]
    outputs = [manifest.pop("outputs") for manifest in manifests]
    changes = outputs[1].pop("changes.parquet")
    for name in but:
        outputs[1].pop(name, None)
    assert changes["sha256"] == sha256_of(updated / "changes.parquet")
    differ = [name for name in outputs[0] if outputs[0][name] != outputs[1].get(name)]
    assert (differ, list(outputs[1])) == ([], list(outputs[0]))
    for name in outputs[0]:
        assert sha256_of(full / name) == sha256_of(updated / name), name
    for manifest in manifests:
        for name in ("execution", *but):
            manifest.pop(name, None)
    assert list(manifests[0]) == list(manifests[1])
    assert manifests[0] == manifests[1]


@contextmanager
def taking_all(chunk: float = 200.0) -> Iterator[list[int]]:
    """Everything is taken that can be, and sums come in small parts; gives how many vertices each update takes.

    Chunks of sums are of so much weight.
    """
    from gpunet.features import known, path

    taken: list[int] = []
    found = path.reused_of

    def watched(*given: Any) -> Any:
        reused = found(*given)
        taken.append(0 if reused is None else int(reused.vertices.sum()))
        return reused

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known, "_LAYOUT_VISITS", -1.0)
        patch.setattr("gpunet.search.searches._SOURCES_A_BATCH", 4)
        patch.setattr("gpunet.search.reduction._LEAST_WEIGHT", chunk)
        patch.setattr(path, "reused_of", watched)
        yield taken


#: What ties of other kinds count.
KINDS: dict[str, Any] = {
    "calls": {"use": True, "limit_days": 300},
    "observation": {"use": True, "min_source": 3, "min_information": "E"},
    "gossip": {"use": False},
}


def random_ties(random: np.random.Generator, n: int, persons: int, **columns: bool) -> list[Row]:
    """Rows of ties among persons as those of :func:`random_rows`, and others; some rejected, some twice."""
    rows: list[Row] = []
    for _ in range(n):
        circle = int(random.integers(0, max(persons // 8, 1)))
        a, b = (circle * 8 + int(end) for end in random.integers(0, 8, 2))
        if random.random() < 0.1:
            b = persons + int(random.integers(0, 6))  # known from ties alone
        day = _DAY + timedelta(days=int(random.integers(0, 400)))
        row: Row = {
            "person_a": f"P{a}" if columns.get("text") else a,
            "person_b": f"P{b}" if columns.get("text") else b,
            "kind": ("calls", "observation", "calls", "gossip")[int(random.integers(0, 4))],
            "date": day.isoformat(),
            "until": (day + timedelta(days=100)).isoformat() if random.random() < 0.1 else None,
            "source_grade": 1,
            "information_grade": "ABE"[int(random.integers(0, 3))],
        }
        if columns.get("recorded_at"):
            row["recorded_at"] = None if random.random() < 0.1 else (day + timedelta(days=9)).isoformat()
        if columns.get("force"):
            row["force"] = "east"
        rows += [row, row] if random.random() < 0.1 else [row]
    return rows


def random_victims(random: np.random.Generator, rows: list[Row], n: int, persons: int, **columns: bool) -> list[Row]:
    """Victims of incidents of some rows of arrests, and of others."""
    found = []
    for at in random.integers(0, len(rows), n).tolist():
        person = int(random.integers(0, persons + 4))
        row: Row = {"person_id": f"P{person}" if columns.get("text") else person}
        row |= {"incident_id": rows[at]["incident_id"], "date": rows[at]["date"]}
        if random.random() < 0.3:
            row |= {"incident_id": 10**6 + at, "date": (_DAY + timedelta(days=at)).isoformat()}
        row["offence"] = OFFENCES[int(random.integers(0, len(OFFENCES)))]
        if columns.get("recorded_at"):
            row["recorded_at"] = None if random.random() < 0.1 else "2014-02-01"
        found.append(row)
    return found
