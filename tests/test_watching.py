"""Whether more watching makes more ties: by force and by group, held against slow counts; what is not told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from audited_runs import CONFIG, N, attributes_of, audited_run, ids_of
from hypothesis import assume, given
from hypothesis import strategies as st
from layer_tables import LayerCase, layer_cases
from layered_tables import gpunet_ends, write_layered

from gpunet.arrests.network import build_network
from gpunet.config.config import load_config
from gpunet.evaluate.attributes import EVERYBODY, Attribute
from gpunet.evaluate.audit_schemas import AUDIT_LAYER_TABLES
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.group_grid import PERSONS
from gpunet.evaluate.group_ties import group_ties, group_warnings
from gpunet.evaluate.layer_schemas import LAYER_TABLES, layer_metadata
from gpunet.evaluate.watching import UNEVEN, uneven_sentence, watching_rows, watching_warnings
from gpunet.tables.parquet import read_parquet_metadata


def slow_rows(case: LayerCase) -> list[tuple[Any, ...]]:
    """Layer, force, persons, persons with ties, records, ties a person, ratio."""
    picture = case.picture()
    force: dict[Any, str | None] = {}
    for person in picture.persons:
        dated = [(arrest.date, arrest.force or "") for arrest in picture.own.get(person, []) if arrest.date]
        force[person] = (max(dated)[1] or None) if dated else None
    order = sorted({f for f in force.values() if f is not None})
    found: list[tuple[Any, ...]] = []
    for layer, ties in picture.layers().items():
        if layer == "co_arrest":
            continue
        degree = Counter(person for pair in ties for person in pair)
        whole = sum(degree.values()) / len(picture.persons)
        for one in [*order, None]:
            inside = [p for p in picture.persons if force[p] == one]
            if inside:
                mean = sum(degree[p] for p in inside) / len(inside)
                records = sum(tie.records for pair, tie in ties.items() if one in {force[p] for p in pair})
                with_ties = sum(degree[p] > 0 for p in inside)
                ratio = mean / whole if whole else None
                found.append((layer, one, len(inside), with_ties, records, mean, ratio))
    return found


@given(case=layer_cases())
def test_ties_a_person_by_force(case: LayerCase) -> None:
    arrests = case.read()
    assume(len(arrests))
    rows = watching_rows(arrests, build_network(arrests))
    names = [column.name for column in LAYER_TABLES["watching"]]
    assert [list(row) for row in rows] == [names] * len(rows)
    found, expected = [tuple(row.values()) for row in rows], slow_rows(case)
    assert [row[:5] for row in found] == [row[:5] for row in expected]
    assert [row[5:] for row in found] == [pytest.approx(row[5:]) for row in expected]


def of_force(layer: str, force: str | None, persons: int, mean: float) -> dict[str, Any]:
    return {"layer": layer, "force": force, "persons": persons, "ties_a_person": mean}


def test_warnings_of_forces() -> None:
    rows = [
        of_force("calls", "North", 100, 2.1),
        of_force("calls", "South", 99, 1.0),
        of_force("calls", None, 500, 9.0),
    ]
    (said,) = watching_warnings(rows)
    assert said.startswith(f'{UNEVEN}: in calls persons of "North" have 2.10 ties each and those of all other forces')
    assert not watching_warnings([{**rows[0], "ties_a_person": 2.0}, *rows[1:]])  # twice as many, and no more
    assert not watching_warnings([{**rows[0], "persons": 99}, *rows[1:]])
    assert not watching_warnings([rows[0], {**rows[1], "layer": "observation"}])  # no other force
    assert len(watching_warnings([{**rows[0], "ties_a_person": 0.4}, *rows[1:]])) == 1
    assert uneven_sentence("calls", "some", 0.0, "others", 0.0) == []
    assert len(uneven_sentence("calls", "some", 0.0, "others", 0.1)) == 1


# --- By group ---


def attribute(name: str, sizes: dict[str, int]) -> Attribute:
    return Attribute(name, tuple(sizes), np.repeat(np.arange(len(sizes)), list(sizes.values())).astype(np.int32))


def nothing_hidden(*attributes: Attribute) -> Any:
    hidden: dict[Any, Any] = {((PERSONS, ""), ()): np.array(False)}
    return hidden | {((PERSONS, ""), (i,)): np.zeros(len(of), bool) for i, of in enumerate(attributes)}


@given(codes=st.lists(st.integers(0, 3), min_size=1, max_size=60), data=st.data(), least=st.integers(3, 12))
def test_ties_a_person_by_group(codes: list[int], data: st.DataObject, least: int) -> None:
    degree = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(codes), max_size=len(codes))), float)
    of = Attribute("colour", ("a", "b", "c", "d"), np.array(codes, np.int32))
    hidden = nothing_hidden(of)
    hidden[(PERSONS, ""), (0,)][2] = data.draw(st.booleans())
    rows = group_ties({"calls": degree}, [of], hidden, least)
    assert rows[0]["by"] == EVERYBODY
    told_of_all = int((degree > 0).sum()) >= least
    untold = 0
    for row in rows:
        inside = np.array([row["by"] == EVERYBODY or of.groups[code] == row["group"] for code in codes])
        tied = int((degree[inside] > 0).sum())
        if row["group"] == "c" and hidden[(PERSONS, ""), (0,)][2]:
            assert row["persons"] is row["ties_a_person"] is None
        else:
            assert row["persons"] == inside.sum()
        if row["ties_a_person"] is None:
            assert row["suppressed"]
            assert row["ratio"] is None
            untold += tied if row["by"] != EVERYBODY else 0
            continue
        assert told_of_all
        assert tied >= least
        assert row["ties_a_person"] == pytest.approx(degree[inside].mean())
        assert row["ratio"] == pytest.approx(degree[inside].mean() / degree.mean())
    shown = [row for row in rows[1:] if row["ties_a_person"] is not None]
    if shown and len(shown) < len(rows) - 1:  # what is missing is the rest of everybody
        assert untold >= least
        assert len(rows) - 1 - len(shown) > 1


def test_warnings_of_groups() -> None:
    of = attribute("colour", {"blue": 300, "green": 200, "not known": 200})
    degree = np.repeat([1.0, 5.0, 1.0], [300, 200, 200])
    rows = group_ties({"calls": degree}, [of], nothing_hidden(of), 10)
    found = group_warnings(rows)
    assert len(found) == 2
    assert 'in calls persons whose colour is "green" have 5.00 ties each and all others 1.00' in found[1]
    assert 'persons whose colour is "blue" have 1.00 ties each and all others 3.00' in found[0]
    few = attribute("colour", {"blue": 300, "green": 80})
    small = group_ties({"calls": degree[:380]}, [few], nothing_hidden(few), 10)
    assert not group_warnings(small)


def test_an_audit_of_a_run_with_layers(tmp_path: Path) -> None:
    config = {**CONFIG, "ties": {"calls": {"use": True}}, "input": {"ties": ["ties.csv"]}}
    assert load_config(config).layers.single == ("calls",)
    run = audited_run(tmp_path / "run", config)
    attributes = attributes_of(tmp_path / "a.csv")
    few = pl.read_csv(attributes).with_columns(
        Ethnicity=pl.when(pl.int_range(pl.len()) < 6).then(pl.lit("D")).otherwise("Ethnicity")
    )
    few.write_csv(attributes)
    given = (run, "--attributes", attributes, "--by", "ethnicity,sex", "--out", tmp_path / "audit", "--threads", "1")
    assert gpunet_ends("audit", *given, "--no-report") == 0
    table = pl.read_parquet(tmp_path / "audit" / "watching.parquet")
    assert table.columns == [column.name for column in AUDIT_LAYER_TABLES["watching"]]
    rows = {(row["by"], row["group"]): row for row in table.to_dicts()}
    small = rows["ethnicity", "D"]
    assert small["suppressed"]
    assert small["persons"] is small["ties_a_person"] is small["ratio"] is None
    assert sum(row["suppressed"] for (by, _), row in rows.items() if by == "ethnicity") > 1
    degree = dict(zip(ids_of(False), pl.read_parquet(run / "features.parquet")["degree__all__calls"], strict=True))
    sex = dict(few.select("Person ID", "sex").rows())
    men = [degree[person] for person, of in sex.items() if of == "M"]
    assert rows["sex", "M"]["ties_a_person"] == pytest.approx(np.mean(men))
    assert rows["sex", "F"]["suppressed"]  # or those would be told of whom nothing is in the file
    assert rows[EVERYBODY, EVERYBODY]["persons"] == N
    assert rows[EVERYBODY, EVERYBODY]["ratio"] == 1


# --- The command ---


@pytest.mark.parametrize("name", ["known", "emerging"])
def test_the_folder_of_an_experiment_has_both_tables(name: str, tmp_path: Path, capsys: Any) -> None:
    tables = write_layered(tmp_path)
    more = '\n[evaluate]\nfolds = 3\nprotocols = ["paper", "cross_fitted"]\nclassifiers = ["decision_tree"]\n'
    settings = f'{more}smote = false\nbootstrap = 20\nstart = 2013-12-01\nevery = "4mo"\nhorizon_days = 200\n'
    (tables / "c.toml").write_text((tables / "c.toml").read_text() + settings)
    given = (tables / "arrests.csv", "--ties", tables / "ties.csv", "--victims", tables / "victims.csv")
    with pytest.MonkeyPatch.context() as patch:
        for classifier in ("random_forest", "xgboost"):
            patch.setitem(CLASSIFIERS[classifier].parameters, "n_estimators", 5)
        out = (*given, "--config", tables / "c.toml", "--out", tmp_path / "run", "--threads", "1", "--no-report")
        assert gpunet_ends("evaluate", name, *out) == 0
    for table, declared in LAYER_TABLES.items():
        path = tmp_path / "run" / f"{table}.parquet"
        frame = pl.read_parquet(path)
        assert frame.columns == [column.name for column in declared]
        assert len(frame)
        assert all(frame[column.name].null_count() == 0 for column in declared if not column.null)
        assert (read_parquet_metadata(path) or {})["columns"] == layer_metadata(table)["columns"]
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert {"layers.parquet", "watching.parquet"} < set(manifest["outputs"])
    told = manifest["evaluation"]["layers"]
    assert {row["layer"] for row in told} == {"intelligence", "calls", *(["victim"] if name == "emerging" else [])}
    shown = capsys.readouterr().out
    assert "worth     calls " in shown
    assert "(XGBoost's AUC, horizon)" in shown if name == "emerging" else "(XGBoost's AUC, cross_fitted)" in shown
