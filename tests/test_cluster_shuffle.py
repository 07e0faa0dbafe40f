"""Every row arrives in its bucket, with what it had; from as many parts to as many buckets, or to fewer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gpunet.cluster import cluster_engine
from gpunet.cluster.results import each, fetched
from gpunet.cluster.shuffle import BUCKET, columns_of, frame_of, range_of, shuffled
from gpunet.cluster.ties import ranges_of
from gpunet.config.config import ClusterConfig


@pytest.fixture(scope="module")
def client():
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as engine:
        yield engine.executor.client


def rows(seed, n, buckets):
    rng = np.random.default_rng(seed)
    row = np.arange(n, dtype=np.int64)
    return {BUCKET: rng.integers(0, buckets, n).astype(np.int32), "row": seed * 1000 + row, "flag": row % 2 == 0}


# Beyond 32 Dask shuffles in several stages.
@pytest.mark.parametrize(("parts", "buckets"), [(1, 1), (4, 4), (7, 2), (34, 34)])
def test_rows_arrive_in_their_buckets(client, parts, buckets):
    sent = [rows(seed, 0 if seed == 1 else 20, buckets) for seed in range(parts)]
    like = frame_of({name: values[:0] for name, values in sent[0].items()})
    frames = each(client, "part", pd.DataFrame, sent)
    found = fetched(client, shuffled(client, frames, like, buckets))
    assert len(found) == buckets
    whole = {name: np.concatenate([part[name] for part in sent]) for name in sent[0]}
    for bucket, frame in enumerate(found):
        row, flag = columns_of(frame, ("row", "flag"))
        assert (frame.index == bucket).all()
        assert sorted(row.tolist()) == sorted(whole["row"][whole[BUCKET] == bucket].tolist())
        np.testing.assert_array_equal(flag, row % 2 == 0)
        assert flag.dtype == bool


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_ranges_of_numbers_are_of_whole_parts(n):
    """The second and the last part are empty."""
    starts = np.array([0, 4, 4, 9, 12])
    ranges = ranges_of(starts, n)
    assert len(ranges.starts) == n
    for part, numbers in enumerate([range(4), [], range(4, 9), range(9, 12), []]):
        assert set(range_of(list(numbers), ranges.starts).tolist()) <= {ranges.of_part[part]}
