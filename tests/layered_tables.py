"""Small tables of arrests, of ties of other kinds, and of victims, as files for the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from gpunet.cli.app import main
from gpunet.synthetic import make_arrests

__all__ = ["CONFIG", "KINDS", "UNKNOWN", "gpunet_ends", "write_layered"]

KINDS = ("intelligence", "calls")

#: Ids that no arrest has: known from ties alone, and as victims alone.
UNKNOWN = ("9000001", "9000002", "9000003")

CONFIG = """
[ties.intelligence]
use = true

[ties.calls]
use = true
half_life_days = 90

[model]
folds = 2
max_rounds = 8
horizon_days = 200
"""


def write_layered(folder: Path, persons: int = 140, seed: int = 1) -> Path:
    """``arrests.csv``, ``ties.csv``, ``more.csv`` (with a row that nobody can use), ``victims.csv`` and ``c.toml``."""
    rng = np.random.default_rng(seed)
    arrests = make_arrests(persons, seed=seed)
    arrests.write_csv(folder / "arrests.csv")
    ids = [*arrests["person_id"].cast(pl.String).unique().sort().to_list(), *UNKNOWN[:2]]
    _ties(rng, ids, 160).write_csv(folder / "ties.csv")
    more = _ties(rng, ids, 41)
    bad = pl.int_range(len(more)) == 40
    more.with_columns(pl.when(~bad).then("person_b").alias("person_b")).write_csv(folder / "more.csv")
    some = arrests.filter(pl.col("date").is_not_null()).sample(60, seed=seed)
    victims = pl.Series("person_id", [UNKNOWN[2], *rng.choice(ids, len(some) - 1)])
    offences = pl.Series("offence", rng.choice(["HOMICIDE", "ROBBERY", "THEFT"], len(some)))
    some.select("incident_id", "date", "force").with_columns(victims, offences).write_csv(folder / "victims.csv")
    (folder / "c.toml").write_text(CONFIG)
    return folder


def _ties(rng: np.random.Generator, ids: list[str], rows: int) -> pl.DataFrame:
    a, b = rng.integers(0, len(ids), rows), rng.integers(1, len(ids), rows)
    a[:2] = len(ids) - 2, len(ids) - 1  # those without an arrest
    b = (a + b) % len(ids)
    days = np.datetime64("2011-06-01") + rng.integers(0, 1170, rows)
    return pl.DataFrame(
        {
            "person_a": [ids[i] for i in a],
            "person_b": [ids[i] for i in b],
            "kind": rng.choice(KINDS, rows).tolist(),
            "date": days.astype(str),
            "source_grade": [1] * rows,
            "information_grade": ["A"] * rows,
        }
    )


def gpunet_ends(*arguments: Any) -> int:
    """How a command ends, of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["gpunet", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return code if isinstance(code, int) else 0
