"""The frame of features: its types, order and kind, and what its numbers must not depend on."""

from __future__ import annotations

import datetime as dt
import random

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from comparison import assert_columns, columns_of, frame_of, row
from hypothesis import given
from hypothesis import strategies as st
from strategies import OFFENCES, SETS, TableCase, arrest_tables

from gpunet import build_network, compute_features, read_arrests
from gpunet.arrests.network import ties_table
from gpunet.features import compute_all

CONFIG = {"violent_offences": SETS}


def city(persons: int = 1500, incidents: int = 1600, seed: int = 5) -> list[dict]:
    """Arrests of neighbours on a ring, with gangs, places and dates: large enough for many batches of work."""
    rng = random.Random(seed)
    rows = []
    for incident in range(incidents):
        start, size = rng.randrange(persons), rng.choice([1, 1, 2, 2, 2, 3, 4, 5])
        date = dt.date(2013, 1, 1) + dt.timedelta(days=rng.randrange(700))
        for person in rng.sample([(start + i) % persons for i in range(12)], size):
            gang = f"gang {person // 40}" if person % 3 else None
            where = {"district": str(person // 300), "beat": str(person // 60), "force": "North"}
            rows.append(row(person, incident, date, rng.choice(OFFENCES), gang=gang, **where))
    return rows


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return city()


@pytest.fixture(scope="module")
def features(rows: list[dict]) -> pl.DataFrame:
    return compute_features(read_arrests(frame_of(rows), CONFIG), threads=1)


def wanted_type(name: str) -> pl.DataType | type[pl.DataType]:
    if name.startswith(("majority_", "minority_", "tipping_")):
        return pl.Boolean
    floats = ("share_", "betweenness__", "closeness__", "interval_days", "own_interval", "days_since")
    return pl.Float64 if name.startswith(floats) or name.endswith("transitivity") else pl.Int64


def test_types_are_those_of_the_contract(features: pl.DataFrame) -> None:
    wrong = {n: t for n, t in features.schema.items() if n != "person_id" and t != wanted_type(n)}
    assert wrong == {}
    assert features.columns[0] == "person_id"


def test_nulls_are_nulls_and_never_nan(features: pl.DataFrame) -> None:
    floats = features.select(pl.selectors.float())
    assert [n for n in floats.columns if floats[n].is_nan().any() or floats[n].is_infinite().any()] == []
    may_be_null = ("share_", "group_", "gang_", "interval_days", "own_interval", "days_since", "community_transitivity")
    nulls = [n for n in features.columns if features[n].null_count() and not n.startswith(may_be_null)]
    assert nulls == []


def test_rows_are_sorted_and_complete(features: pl.DataFrame, rows: list[dict]) -> None:
    assert features["person_id"].to_list() == sorted({r["person_id"] for r in rows})


def test_text_ids_are_sorted_by_code_point() -> None:
    people = ["Zoe", "zoe", "10", "9", "ä", "a", "\U00010400", "\uff5e"]
    frame = compute_features(read_arrests(frame_of([row(p, "1", dt.date(2013, 1, 1)) for p in people])))
    assert frame["person_id"].to_list() == sorted(people)


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
@given(case=arrest_tables())
def test_the_kind_of_frame_changes_nothing(kind: str, case: TableCase) -> None:
    native = compute_features(read_arrests(frame_of(case.rows, kind), case.config, as_of=case.as_of))
    polars = compute_features(read_arrests(frame_of(case.rows), case.config, as_of=case.as_of))
    assert getattr(nw.from_native(native).implementation, f"is_{kind}")()
    assert isinstance(polars, pl.DataFrame)
    assert_columns(columns_of(native), columns_of(polars), rel=0.0)


def test_one_thread_and_two_give_the_same_bits(features: pl.DataFrame, rows: list[dict]) -> None:
    two = compute_features(read_arrests(frame_of(rows), CONFIG), threads=2)
    assert two.schema == features.schema
    assert [n for n in two.columns if bits(two[n]) != bits(features[n])] == []


def bits(values: pl.Series) -> tuple[list[bool], bytes]:
    filled = values.fill_null(False if values.dtype == pl.Boolean else 0)
    return values.is_null().to_list(), np.ascontiguousarray(filled.to_numpy()).tobytes()


def _without(columns: dict[str, dict], *prefixes: str) -> dict[str, dict]:
    return {name: values for name, values in columns.items() if not name.startswith(prefixes)}


def test_the_order_of_rows_changes_last_bits_and_partitions_alone(features: pl.DataFrame, rows: list[dict]) -> None:
    """Every arrest has one row here, so that nothing else is a matter of "the first in file order".

    Vertices are numbered in the order of the rows, which Louvain and sums of floats follow; it does not depend on ids.
    """
    shuffled = random.Random(1).sample(rows, len(rows))
    other = compute_features(read_arrests(frame_of(shuffled), CONFIG))
    first, second = (_without(columns_of(of), "group_", "community_") for of in (other, features))
    assert_columns(first, second)


@given(case=arrest_tables(), data=st.data())
def test_the_order_of_rows_changes_no_tie_and_no_path(case: TableCase, data: st.DataObject) -> None:
    """Whatever the table: what file order decides is the place and the gang of an arrest alone."""
    shuffled = data.draw(st.permutations(case.rows))
    frames = [
        columns_of(compute_features(read_arrests(frame_of(r), case.config, as_of=case.as_of)))
        for r in (case.rows, shuffled)
    ]
    first, second = (_without(f, "group_", "community_", "gang_", "district_", "beat_") for f in frames)
    assert_columns(first, second)


@given(case=arrest_tables())
def test_repeated_rows_change_nothing(case: TableCase) -> None:
    once = compute_features(read_arrests(frame_of(case.rows), case.config, as_of=case.as_of))
    twice = compute_features(read_arrests(frame_of(case.rows + case.rows), case.config, as_of=case.as_of))
    assert_columns(columns_of(twice), columns_of(once), rel=0.0)


def test_columns_that_may_be_missing_are_null_then() -> None:
    day = dt.date(2013, 1, 1)
    people = [row(p, 1, day, "robbery") for p in range(3)]
    short = frame_of(people).select("person_id", "incident_id", "date", "offence")
    assert_columns(
        columns_of(compute_features(read_arrests(short))), columns_of(compute_features(read_arrests(frame_of(people))))
    )


@pytest.mark.parametrize(
    ("family", "column"),
    [
        ("neighbourhood", "degree__all"),
        ("community", "community_size"),
        ("path", "betweenness__all"),
        ("geographic", "beat_arrests"),
        ("temporal", "violent_groups"),
        ("history", "own_arrests"),
    ],
)
def test_one_family_alone_has_the_same_numbers(
    family: str, column: str, features: pl.DataFrame, rows: list[dict]
) -> None:
    alone = compute_features(read_arrests(frame_of(rows), CONFIG), families=(family,))
    assert column in alone.columns
    assert len(alone.columns) < len(features.columns)
    assert_columns(columns_of(alone), columns_of(features.select(alone.columns)), rel=0.0)


def test_the_feature_set_carries_the_tables_beside(rows: list[dict], features: pl.DataFrame) -> None:
    arrests = read_arrests(frame_of(rows), CONFIG)
    result = compute_all(arrests)
    assert result.features.equals(features)
    assert result.ties.equals(ties_table(arrests, build_network(arrests)))
    assert result.groups.columns == ["person_id", "gang", "group", "community", "file_order"]
    assert result.groups["person_id"].equals(features["person_id"])
