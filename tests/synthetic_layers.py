"""Synthetic arrests with ties of two kinds and victims, of whom some are known from these alone."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import polars as pl

from gpunet import read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import ALWAYS, NEVER, Associations, Kind
from gpunet.arrests.joined import TieRows, with_tables
from gpunet.synthetic import make_arrests

#: The kinds of ties.
KINDS = (Kind("intelligence", 365.0, 1_825), Kind("calls", 30.0, 200))


def with_layers(persons: int, seed: int) -> Arrests:
    """Arrests of so many persons and as many ties, and a victim for each tenth violent arrest."""
    rng = np.random.default_rng(seed)
    table = make_arrests(persons, seed=seed)
    arrests = read_arrests(table)
    known = arrests.person_ids.to_numpy()
    ids = np.concatenate([known, known.max() + 1 + np.arange(persons // 4)])
    ends = rng.integers(0, len(ids), (2, persons)).astype(np.int32)
    a, b = ends[:, ends[0] != ends[1]]
    day = rng.integers(arrests.last_day - 2_000, arrests.last_day + 1, len(a)).astype(np.int32)
    until = np.where(rng.random(len(a)) < 0.1, day + 90, NEVER).astype(np.int32)
    kind = rng.integers(0, len(KINDS), len(a)).astype(np.int32)
    rows = Associations(a, b, kind, day, until, np.full(len(a), ALWAYS, np.int32), KINDS)
    texts = nw.from_native(pl.Series("id", [str(number) for number in ids]), series_only=True)
    hurt = table.gather_every(10).with_columns(person_id=pl.Series(rng.choice(ids, -(-len(table) // 10))))
    return with_tables(arrests, TieRows(texts, rows), read_arrests(hurt)).current()
