"""Reading against the naive reading, over every kind of file and frame."""

from __future__ import annotations

import tempfile
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dirty_tables import (
    COLUMNS,
    CONFIG,
    FILE_KINDS,
    FRAME_KINDS,
    SETS,
    as_frame,
    dirty_tables,
    split_tables,
    write_table,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_naive import decoded, described, naive_reading, rejections

from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import InputError
from gpunet.reading import coded_rows, delimited, files, read_arrests, reader, stream
from tests.examples import examples


def counts(arrests: Arrests) -> list[tuple[int, int, int, int]]:
    assert arrests.report is not None
    return [(f.read, f.accepted, f.rejected, f.duplicate) for f in arrests.report.files]


def check(arrests: Arrests, tables: list[list[dict[str, Any]]], names: list[str]) -> None:
    """Everything that the naive reading knows, and the invariants of Arrests."""
    naive = naive_reading(tables, SETS, are_csv=[".csv" in name for name in names])
    assert counts(arrests) == naive.counts
    assert all(read == accepted + rejected + duplicate for read, accepted, rejected, duplicate in counts(arrests))
    assert rejections(arrests) == [(names[t], number, reason) for t, number, reason in naive.rejected]
    assert decoded(arrests) == described(naive)
    check_invariants(arrests)


def check_invariants(arrests: Arrests) -> None:
    persons = [str(p).encode() for p in arrests.person_ids.to_list()]
    if arrests.person_ids.dtype.is_integer():
        assert arrests.person_ids.to_list() == sorted(set(arrests.person_ids.to_list()))
    else:
        assert persons == sorted(set(persons))
    assert (np.diff(arrests.person) >= 0).all()
    assert set(arrests.person.tolist()) == set(range(arrests.n_persons))
    assert set(arrests.incident.tolist()) == set(range(arrests.n_incidents))
    assert set(arrests.force.tolist()) == set(range(len(arrests.force_names)))
    ids = arrests.incident_ids.to_list()
    force_of = dict(zip(arrests.incident.tolist(), arrests.force.tolist(), strict=True))
    keys = [(ids[i].encode(), force_of[i]) for i in range(len(ids))]
    assert keys == sorted(keys)
    for name in ("force", "gang", "district", "beat"):
        texts = [t.encode() for t in getattr(arrests, f"{name}_names").to_list()]
        assert texts == sorted(texts)
    for name, dtype in (("person", "i4"), ("incident", "i4"), ("force", "i4"), ("day", "i4"), ("offences", "u8"),
                        ("district", "i4"), ("beat", "i4"), ("gang", "i4")):  # fmt: skip
        array = getattr(arrests, name)
        assert array.dtype == np.dtype(dtype), name
        assert array.flags.c_contiguous, name


@pytest.mark.parametrize("kind", FRAME_KINDS)
@given(rows=dirty_tables())
def test_a_frame_is_read_as_the_naive_reading_reads_it(kind: str, rows: list[dict[str, Any]]) -> None:
    arrests = read_arrests(as_frame(rows, kind), CONFIG)
    check(arrests, [rows], ["frame"])
    assert arrests.backend == kind


@pytest.mark.parametrize("kind", FILE_KINDS)
@given(tables=split_tables())
def test_files_are_read_as_the_naive_reading_reads_them(kind: str, tables: list[list[dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_table(Path(folder), f"t{i}", rows, kind) for i, rows in enumerate(tables)]
        check(read_arrests(paths, CONFIG), tables, [p.as_posix() for p in paths])
        check(read_arrests(folder, CONFIG), tables, [p.as_posix() for p in paths])


@given(tables=split_tables())
def test_mixed_kinds_of_file_and_list_of_frames_are_read_alike(tables: list[list[dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_table(Path(folder), f"t{i}", rows, FILE_KINDS[i % 4]) for i, rows in enumerate(tables)]
        check(read_arrests(paths, CONFIG), tables, [p.as_posix() for p in paths])
    names = ["frame"] if len(tables) == 1 else [f"frame {i + 1}" for i in range(len(tables))]
    check(read_arrests([as_frame(rows, "pyarrow") for rows in tables], CONFIG), tables, names)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@settings(max_examples=examples(25))
@given(tables=split_tables())
def test_small_batches_change_nothing(kind: str, tables: list[list[dict[str, Any]]]) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(files, "BATCH_ROWS", 4)
        patch.setattr(stream, "BATCH_ROWS", 4)
        patch.setattr(reader, "_ROWS", 7)
        patch.setattr(coded_rows, "_BLOCK_ROWS", 5)
        patch.setattr(delimited, "_BLOCK_BYTES", 700)
        paths = [write_table(Path(folder), f"t{i}", rows, kind) for i, rows in enumerate(tables)]
        check(read_arrests(paths, CONFIG), tables, [p.as_posix() for p in paths])
        together = list(chain.from_iterable(tables))
        check(read_arrests(as_frame(together, "pandas"), CONFIG), [together], ["frame"])


@given(tables=split_tables())
def test_one_table_or_many_give_the_same_arrests(tables: list[list[dict[str, Any]]]) -> None:
    many = read_arrests([as_frame(rows, "polars") for rows in tables], CONFIG)
    one = read_arrests(as_frame(list(chain.from_iterable(tables)), "polars"), CONFIG)
    for name in ("person", "incident", "force", "day", "offences", "district", "beat", "gang"):
        np.testing.assert_array_equal(getattr(many, name), getattr(one, name), err_msg=name)
    for name in ("person_ids", "incident_ids", "force_names", "district_names", "beat_names", "gang_names"):
        assert getattr(many, name).to_list() == getattr(one, name).to_list()


@given(rows=dirty_tables(), data=st.data())
def test_the_order_of_rows_changes_no_id_and_no_count_of_rejected_rows(rows: list[dict[str, Any]], data: Any) -> None:
    mixed = data.draw(st.permutations(rows))
    first, second = (read_arrests(as_frame(r, "polars"), CONFIG) for r in (rows, mixed))
    assert first.person_ids.to_list() == second.person_ids.to_list()
    assert first.incident_ids.to_list() == second.incident_ids.to_list()
    assert counts(first) == counts(second)


@pytest.mark.parametrize("scope", ["national", "force"])
@pytest.mark.parametrize("key", [("incident_id",), ("force", "incident_id"), ("district", "date"), ("beat", "force"),
                                 ("force",), ("incident_id", "gang", "force"), ("extra", "date")])  # fmt: skip
@settings(max_examples=examples(15))
@given(rows=dirty_tables(), data=st.data())
def test_incident_keys_and_person_scope(
    key: tuple[str, ...], scope: str, rows: list[dict[str, Any]], data: Any
) -> None:
    rows = [{**row, "extra": data.draw(st.sampled_from(["p", "q", None]))} for row in rows]
    config = {**CONFIG, "input": {"incident_key": list(key), "person_scope": scope}}
    read = ("extra",) if "extra" in key else ()
    naive = naive_reading([[{c: r[c] for c in (*COLUMNS, *read)} for r in rows]], SETS, key, scope)
    frame = as_frame(rows, "polars", (*COLUMNS, "extra"))
    if scope == "force" and naive.arrests and not any(force for _, force, _ in naive.arrests):
        with pytest.raises(InputError, match="no row has a force"):
            read_arrests(frame, config)
        return
    arrests = read_arrests(frame, config)
    assert counts(arrests) == naive.counts
    assert rejections(arrests) == [("frame", number, reason) for _, number, reason in naive.rejected]
    persons = sorted({person for person, _, _ in naive.arrests}, key=str.encode)
    assert arrests.person_ids.to_list() == persons
    # Two arrests share an incident exactly where they share the key, and incidents ascend with it.
    expected = sorted(naive.arrests, key=lambda arrest: arrest[0].encode())
    columns = sorted(range(len(key)), key=lambda k: key[k] != "incident_id")
    ordered = [tuple(str(arrest[2][k]).encode() for k in columns) for arrest in expected]
    places = {k: i for i, k in enumerate(sorted(set(ordered)))}
    assert arrests.incident.tolist() == [places[k] for k in ordered]
