"""``gpunet erase`` of one person after another, on tables that still hold all of them."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from erasing import OPTIONS, PANEL, SENTINEL, make_runs, rows_of, traces
from hypothesis import given, settings
from hypothesis import strategies as st
from updating import CONFIG, KINDS, random_rows, random_ties, random_victims, write

from gpunet.cli.erasure import erase
from gpunet.cli.flags import run_flags
from gpunet.cli.panels import run_panel
from gpunet.cli.run import run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.runs.complete import read_manifest
from gpunet.tables.files import sha256_of

TABLES = ("features.parquet", "ties.parquet", "groups.parquet", "offences.parquet")


def names_of(row: dict[str, Any]) -> set[str]:
    """Whom a row of a table names, as results do where persons are a force's."""
    ids = {str(row[name]) for name in ("person_id", "person_a", "person_b") if name in row}
    return ids | {f"{row['force']}:{one}" for one in ids} if "force" in row else ids


def written(folder: Path, tables: dict[str, Any], gone: set[str], suffix: str) -> tuple[list[str], dict[str, Any]]:
    """Tables of arrests in two files, and what the configuration names beside them, without some persons."""
    kept = {name: [row for row in rows if not names_of(row) & gone] for name, rows in tables.items()}
    rows = kept.pop("arrests")
    half = len(tables["arrests"]) // 2
    parts = (
        [row for row in tables["arrests"][:half] if row in rows],
        [row for row in tables["arrests"][half:] if row in rows],
    )
    paths = [write(folder / f"{at}{suffix}", part) for at, part in enumerate(parts)]
    return paths, {name: [write(folder / f"{name}.parquet", of)] for name, of in kept.items()}


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(["number", "text", "force", "beside"]),
    keep_state=st.booleans(),
    sizes=st.sampled_from([(1, 1, 1), (2, 1), (1, 2)]),
    data=st.data(),
)
def test_one_after_another_on_unchanged_tables_as_if_they_had_never_been_read(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    kind: str,
    keep_state: bool,
    sizes: tuple[int, ...],
    data: st.DataObject,
) -> None:
    root, random = tmp_path_factory.mktemp("chain"), np.random.default_rng(seed)
    text = kind != "number"
    rows = random_rows(random, 80, 24, text=text, force=kind == "force")
    tables = {"arrests": [row for row in rows if kind != "force" or row["force"]]}
    config: dict[str, Any] = {**CONFIG, "input": {"person_scope": "force"}} if kind == "force" else {**CONFIG}
    if kind == "beside":
        tables |= {
            "ties": random_ties(random, 40, 24, text=True),
            "victims": random_victims(random, rows, 20, 24, text=True),
        }
        config["ties"] = KINDS
    suffix = ".csv" if text else ".parquet"
    inputs, beside = written(root / "in", tables, set(), suffix)
    options = replace(OPTIONS, keep_state=keep_state and kind != "force")
    run, hand = root / "runs" / "run", root / "hand"
    run_features(inputs, run, {**config, "input": {**config.get("input", {}), **beside}}, None, options)
    persons = pl.read_parquet(run / "features.parquet")["person_id"].cast(pl.String).sort().to_list()
    chosen = data.draw(st.lists(st.sampled_from(persons), min_size=sum(sizes), max_size=sum(sizes), unique=True))
    left = list(chosen)
    for size in sizes:
        now, left = left[:size], left[size:]
        assert erase(root / "runs", now, threads=1).left == []
    for person in chosen:
        assert traces(root / "runs", person, raw=False) == []
        assert not any(digest in (run / "run.json").read_text() for digest in digests(person))
    if kind == "beside" and not all(map(len, tables.values())):
        return
    inputs, beside = written(root / "without", tables, set(chosen), suffix)
    run_features(inputs, hand, {**config, "input": {**config.get("input", {}), **beside}}, None, OPTIONS)
    for name in TABLES:
        assert sha256_of(run / name) == sha256_of(hand / name), name


def digests(person: str) -> list[str]:
    return [hashlib.new(name, person.encode()).hexdigest() for name in ("sha256", "sha1", "md5", "blake2b")]


def test_a_run_its_panel_and_its_flags(tmp_path: Path) -> None:
    root = make_runs(tmp_path)
    gone = (SENTINEL, "P7", "P9")
    for person in gone:
        found = erase(root / "runs", [person], threads=1)
        assert [line.split(":")[0] for line in found.done] == ["kept", "panel", "run", "flags"]
        assert (found.left, found.notes) == ([], [])
    for person in gone:
        assert traces(root / "runs", person, raw=person == SENTINEL) == []
    inputs = [write(root / "without" / "a.csv", [row for row in rows_of() if row["person_id"] not in gone])]
    day = read_manifest(root / "runs" / "run")["as_of"]
    run_forecast(inputs, root / "hand" / "run", CONFIG, pl.Series([day]).str.to_date()[0], OPTIONS)
    run_panel(inputs, root / "hand" / "panel", {**CONFIG, **PANEL}, None, OPTIONS)
    run_flags([root / "hand" / "run"], root / "hand" / "flags", None, (), OPTIONS)
    for path in sorted((root / "hand").rglob("*.parquet")):
        if not path.name.startswith("rejected"):
            assert sha256_of(path) == sha256_of(root / "runs" / path.relative_to(root / "hand")), path


@pytest.mark.parametrize("keep_state", [False, True])
def test_who_was_left_out_by_an_update_stays_so(tmp_path: Path, keep_state: bool) -> None:
    rows = rows_of()
    inputs = [write(tmp_path / "in" / "a.csv", rows)]
    runs = tmp_path / "runs"
    run_features(inputs, runs / "f", CONFIG, None, replace(OPTIONS, keep_state=keep_state))
    new = write(
        tmp_path / "in" / "b.csv",
        [{**row, "person_id": "P-NEW-1", "incident_id": 9000 + i} for i, row in enumerate(rows[:9])],
    )
    remove = write(tmp_path / "remove.csv", [{"person_id": SENTINEL}])
    run_update(runs / "f", runs / "f2", [new], None, OPTIONS, remove=[remove])
    assert erase(runs, [SENTINEL], threads=1).left == []
    for person in ("P7", "P-NEW-1"):
        found = erase(runs, [person], threads=1)
        assert found.left == []
        assert "f2: gpunet features made again without the person" in found.done
    gone = (SENTINEL, "P7", "P-NEW-1")
    for person in gone:
        assert traces(runs, person, raw=person != "P7") == []
    clean = [write(tmp_path / "without" / "a.csv", [row for row in rows if row["person_id"] not in gone])]
    run_features(clean, tmp_path / "hand", CONFIG, None, OPTIONS)
    for name in TABLES:
        assert sha256_of(runs / "f2" / name) == sha256_of(tmp_path / "hand" / name), name


def test_tables_elsewhere_and_one_of_two_corrected(tmp_path: Path) -> None:
    """Of two who were erased, each table tells for itself: one of them was corrected, the other only moved."""
    rows, other = rows_of(), [{**row, "incident_id": row["incident_id"] + 5000} for row in rows_of(seed=4)]
    inputs = [write(tmp_path / "in" / "a.csv", rows), write(tmp_path / "in" / "b.csv", other)]
    run_features(inputs, tmp_path / "runs" / "run", CONFIG, None, OPTIONS)
    assert erase(tmp_path / "runs", [SENTINEL, "P7"], threads=1).left == []
    gone = {SENTINEL, "P7"}
    write(tmp_path / "in" / "a.csv", [row for row in rows if row["person_id"] not in gone])
    moved = tmp_path / "moved" / "b.csv"
    moved.parent.mkdir()
    shutil.move(inputs[1], moved)
    assert erase(tmp_path / "runs", ["P9"], [str(moved)], threads=1).left == []
    gone.add("P9")
    clean = [
        write(tmp_path / "without" / f"{at}.csv", [row for row in of if row["person_id"] not in gone])
        for at, of in enumerate((rows, other))
    ]
    run_features(clean, tmp_path / "hand", CONFIG, None, OPTIONS)
    for name in TABLES:
        assert sha256_of(tmp_path / "runs" / "run" / name) == sha256_of(tmp_path / "hand" / name), name


def test_numbers_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """So it would be if another version numbered persons otherwise: somebody else would go, and the first come back."""
    run_features([write(tmp_path / "a.csv", rows_of())], tmp_path / "runs" / "run", CONFIG, None, OPTIONS)
    assert erase(tmp_path / "runs", [SENTINEL], threads=1).left == []
    place = tmp_path / "runs" / "run" / "run.json"
    manifest = json.loads(place.read_text())
    manifest["corrections"]["left_out_at"][0]["numbers"][0] += 1
    place.write_text(json.dumps(manifest))
    (why,) = erase(tmp_path / "runs", ["P7"], threads=1).left
    assert "are not what was left of them" in why
    assert traces(tmp_path / "runs", SENTINEL, raw=True) == []
