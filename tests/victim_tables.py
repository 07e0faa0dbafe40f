"""Arrests with a table of victims, in which whoever stands near a victim becomes one more often than others."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from gpunet.synthetic import make_arrests

#: How a victim's offence is written: in two of the violent sets, and in none.
OFFENCES = ("ROBBERY", "HOMICIDE", "THEFT")


def victims_near(arrests: pl.DataFrame, seed: int = 1, *, near: float = 5.0) -> pl.DataFrame:
    """Victims from beginning to end: a few persons and their co-arrestees far more often than strangers, newcomers.

    A third of the events are in incidents for which somebody was arrested. Newcomers were never arrested; each of them
    becomes a victim two or three times.
    """
    rng = np.random.default_rng(seed)
    persons = arrests["person_id"].unique().sort().to_list()
    incidents = arrests.select("incident_id", "date").rows()
    together = arrests.select("person_id", "incident_id").unique()
    pairs = together.join(together, on="incident_id").filter(pl.col("person_id") != pl.col("person_id_right"))
    chosen = set(rng.choice(persons, max(len(persons) // 25, 2), replace=False).tolist())
    around = set(pairs.filter(pl.col("person_id").is_in(list(chosen)))["person_id_right"].to_list())
    first, last = arrests["date"].min(), arrests["date"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    span = (last - first).days
    rows: list[dict[str, Any]] = []

    def harm(person: int, times: int) -> None:
        for _ in range(times):
            incident, day = f"v{len(rows)}", first + timedelta(days=int(rng.integers(0, span)))
            if rng.random() < 1 / 3:
                incident, day = incidents[int(rng.integers(0, len(incidents)))]
            offence = OFFENCES[int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
            rows.append({"person_id": person, "incident_id": incident, "date": day, "offence": offence})

    for person in persons:
        rate = near if person in chosen or person in around else 0.15
        harm(person, int(rng.poisson(rate)))
    for number in range(len(persons) // 50):
        harm(max(persons) + 1 + number, int(rng.integers(2, 4)))
    return pl.DataFrame(rows).sort("date", "incident_id")


def tables_in(folder: Path, n: int = 400, seed: int = 1) -> tuple[Path, Path]:
    """Arrests and victims as two files."""
    arrests = make_arrests(n, seed=seed)
    paths = folder / "arrests.csv", folder / "victims.csv"
    for path, table in zip(paths, (arrests, victims_near(arrests, seed)), strict=True):
        table.write_csv(path)
    return paths
