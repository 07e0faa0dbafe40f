"""Results do not depend on how persons and incidents are called: the same bits under other ids, rows in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_tables import tie, tie_rows
from updating import KINDS, Row, random_rows, random_ties, random_victims, write

from gpunet.arrests.joined import with_tables
from gpunet.cli.run import RunOptions, run_forecast
from gpunet.config.config import Config, PathConfig, load_config
from gpunet.evaluate.emerging import evaluate_emerging
from gpunet.evaluate.known import evaluate_known
from gpunet.features import FeatureSet, compute_all
from gpunet.reading.read import read_arrests

_PERSONS = ("person_id", "person_a", "person_b")
_SETS = {"homicide": ["murder*"], "robbery": ["robbery*"]}


def other_names(random: np.random.Generator, rows: list[Row], columns: tuple[str, ...], text: bool) -> dict[Any, Any]:
    """A name for each id: numbers of a random order, or texts of a random order and of two lengths."""
    known = sorted({row[name] for row in rows for name in columns if name in row}, key=str)
    numbers = random.permutation(10 * len(known))[: len(known)].tolist()
    return {
        id_: f"x{number:0{int(random.integers(1, 3)) * 6}x}" if text else number + 1
        for id_, number in zip(known, numbers, strict=True)
    }


def renamed(rows: list[Row], persons: dict[Any, Any], incidents: dict[Any, Any]) -> list[Row]:
    """The same rows in the same order."""
    return [
        {
            name: persons[value] if name in _PERSONS else incidents[value] if name == "incident_id" else value
            for name, value in row.items()
        }
        for row in rows
    ]


def tables(seed: int, **columns: bool) -> dict[str, list[Row]]:
    """Tables of arrests, in two files, and of ties and victims."""
    random = np.random.default_rng(seed)
    rows = random_rows(random, 150, 40, **columns)
    for row in rows:  # of two gangs on one day the text of an incident's id decides: here nobody has two
        row["gang"] = (None, "reds", "blues")[int(str(row["person_id"]).strip("P")) // 5 % 3]
    ties, victims = random_ties(random, 40, 40, **columns), random_victims(random, rows, 25, 40, **columns)
    if columns["force"]:
        victims = [{**row, "force": ("east", "west")[row["incident_id"] % 2]} for row in victims]
    return {"a": rows[:80], "b": rows[80:], "ties": ties, "victims": victims}


def computed(folder: Path, of: dict[str, list[Row]], layers: bool, scope: str, day: date | None) -> FeatureSet:
    """Everything that is computed of tables."""
    paths = {name: write(folder / f"{name}.csv", rows) for name, rows in of.items()}
    beside = {name: [paths[name]] for name in ("ties", "victims") if layers}
    config: Config = load_config(
        {
            "violent_offences": _SETS,
            "network": {"max_incident_size": 6},
            "input": {"person_scope": scope, **beside},
            **({"ties": KINDS} if layers else {}),
        }
    )
    arrests = read_arrests([paths["a"], paths["b"]], config)
    return compute_all(arrests.current() if day is None else arrests.before(day), threads=2)


def ids_back(persons: dict[Any, Any], scope: str) -> Callable[[Any], str]:
    """What an id was before, as text."""
    before = {str(new): str(old) for old, new in persons.items()}

    def back(text: Any) -> str:
        force, _, person = str(text).rpartition(":")
        return f"{force}:{before[person]}" if scope == "force" else before[person]

    return back


def bits(table: pl.DataFrame) -> dict[str, tuple[bytes, list[Any]]]:
    """The bytes of each column, and what is null in it; texts as they are."""
    found: dict[str, tuple[bytes, list[Any]]] = {}
    for name in table.columns:
        column = table[name]
        if column.dtype == pl.String:
            found[name] = b"", column.to_list()
        else:
            found[name] = (
                column.to_physical().fill_null(strategy="zero").to_numpy().tobytes(),
                column.is_null().to_list(),
            )
    return found


def of_persons(table: pl.DataFrame, back: Callable[[Any], str]) -> pl.DataFrame:
    """A table with the ids of before, sorted by them."""
    ids = pl.Series("person_id", [back(id_) for id_ in table["person_id"].to_list()], pl.String)
    return table.with_columns(ids).sort("person_id")


def of_ties(table: pl.DataFrame, back: Callable[[Any], str]) -> pl.DataFrame:
    """As :func:`of_persons`, of pairs."""
    ends = [list(map(back, table[name].to_list())) for name in _PERSONS[1:]]
    pairs = [sorted(pair) for pair in zip(*ends, strict=True)]
    columns = {name: pl.Series(name, [pair[i] for pair in pairs], pl.String) for i, name in enumerate(_PERSONS[1:])}
    return table.with_columns(**columns).sort("person_a", "person_b", *(["kind"] if "kind" in table.columns else []))


_COLUMNS = ("recorded_at", "text", "force", "undated", "beat")


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    columns=st.fixed_dictionaries({name: st.booleans() for name in _COLUMNS}),
    layers=st.booleans(),
    scope=st.sampled_from(["national", "national", "force"]),
    day=st.sampled_from([None, date(2013, 10, 1), date(2014, 1, 2)]),
    text=st.booleans(),
)
def test_results_are_those_of_any_other_names(
    tmp_path_factory: Any, seed: int, columns: dict[str, bool], layers: bool, scope: str, day: date | None, text: bool
) -> None:
    folder, random = tmp_path_factory.mktemp("names"), np.random.default_rng(seed + 1)
    if scope == "force":
        columns = {**columns, "force": True}
    plain = tables(seed, **columns)
    every = [row for rows in plain.values() for row in rows]
    persons = other_names(random, every, _PERSONS, text)
    incidents = other_names(random, every, ("incident_id",), text)
    others = {name: renamed(rows, persons, incidents) for name, rows in plain.items()}
    before = computed(folder / "plain", plain, layers, scope, day)
    found = computed(folder / "others", others, layers, scope, day)
    same, back = ids_back({id_: id_ for id_ in persons}, scope), ids_back(persons, scope)
    assert bits(of_persons(found.features, back)) == bits(of_persons(before.features, same))
    assert bits(of_persons(found.groups, back)) == bits(of_persons(before.groups, same))
    assert bits(of_ties(found.ties, back)) == bits(of_ties(before.ties, same))
    assert found.network.indices.tobytes() == before.network.indices.tobytes()


def test_samples_are_drawn_alike(tmp_path: Path) -> None:
    """Approximate betweenness draws vertices by their numbers, which do not depend on names."""
    plain, random = tables(3, force=True), np.random.default_rng(4)
    persons = other_names(random, plain["a"] + plain["b"], _PERSONS, True)
    incidents = other_names(random, plain["a"] + plain["b"], ("incident_id",), True)
    how = PathConfig(betweenness="approx", epsilon=0.2)
    values = []
    same = {id_: id_ for id_ in persons}, {id_: id_ for id_ in incidents}
    for name, of in (("plain", same), ("other", (persons, incidents))):
        files = [write(tmp_path / name / f"{part}.csv", renamed(plain[part], *of)) for part in ("a", "b")]
        found = compute_all(read_arrests(files, {"violent_offences": _SETS}), ["betweenness"], path_config=how)
        back = ids_back(of[0], "national")
        values.append(bits(of_persons(found.features, back)))
    assert values[0] == values[1]


def test_persons_of_ties_alone_come_in_the_order_of_the_columns() -> None:
    """Behind all who were arrested; `person_a` of a row before `person_b`, whichever is greater."""
    day = date(2013, 5, 1)
    table = pl.DataFrame(
        {"person_id": ["may", "ann"], "incident_id": [1, 1], "date": [day] * 2, "offence": ["theft"] * 2}
    )
    ties = [tie("zed", "amy", day), tie("bob", "may", day), tie("cyd", "zed", day)]
    known = with_tables(read_arrests(table), tie_rows(ties, {"calls": (90.0, 365)})).before(date(2013, 6, 1))
    union = compute_all(known).layers["any"].network
    named = known.person_ids.to_list()
    assert [named[code] for code in union.person] == ["may", "ann", "zed", "amy", "bob", "cyd"]


def test_probabilities_are_those_of_any_other_names(tmp_path: Path) -> None:
    """Folds are drawn and trees trained in the order of the files, and equals are ranked in it."""
    random = np.random.default_rng(8)
    plain = random_rows(random, 700, 160)
    persons, incidents = (other_names(random, plain, (name,), True) for name in ("person_id", "incident_id"))
    config = {"violent_offences": _SETS, "model": {"max_rounds": 6, "folds": 3, "horizon_days": 60}}
    found = []
    for name, rows in (("plain", plain), ("other", renamed(plain, persons, incidents))):
        path = write(tmp_path / f"{name}.csv", rows)
        run_forecast([path], tmp_path / name, config, date(2014, 1, 1), RunOptions(threads=2))
        back = ids_back(persons if name == "other" else {id_: id_ for id_ in persons}, "national")
        tables = [pl.read_parquet(tmp_path / name / f"{table}.parquet") for table in ("scores", "predictions")]
        manifest = json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8"))
        told = [bits(of_persons(table, back)) for table in tables]
        others = ("input", "outputs", "execution", "warnings")  # which name files, or tell of ids
        found.append((told, {key: value for key, value in manifest.items() if key not in others}))
    different = len(set(tables[0]["probability"].to_list()))
    assert 20 < different < len(tables[0])  # some are equal
    assert found[0] == found[1]


def test_experiments_are_those_of_any_other_names() -> None:
    """Folds, classifiers and draws go by the order of the files."""
    random = np.random.default_rng(9)
    plain = random_rows(random, 240, 64)
    persons, incidents = (other_names(random, plain, (name,), False) for name in ("person_id", "incident_id"))
    config = {
        "violent_offences": _SETS,
        "model": {"max_rounds": 4, "folds": 2},
        "evaluate": {"folds": 3, "classifiers": ["decision_tree"], "protocols": ["cross_fitted"], "bootstrap": 20},
    }
    found = []
    for rows, of in ((plain, {id_: id_ for id_ in persons}), (renamed(plain, persons, incidents), persons)):
        arrests, back = read_arrests(pl.DataFrame(rows, infer_schema_length=None), config), ids_back(of, "national")
        known = evaluate_known(arrests, threads=2)
        emerging = evaluate_emerging(arrests, threads=2, start=date(2013, 10, 1), every="6mo", horizon=60)
        for each in (known, emerging):
            ids = [back(id_) for id_ in each.predictions["person_id"].to_list()]
            keys = ["protocol", "classifier", "smote", "family", "month", "outcome", "person_id"]
            named = each.predictions.with_columns(pl.Series("person_id", ids)).sort(keys)
            found.append((bits(named), bits(each.results), bits(each.curves)))
    assert found[:2] == found[2:]


def test_vertices_are_numbered_as_persons_first_appear() -> None:
    """Of rows that count: whoever is arrested alone first, and after the cut, is where the later row stands."""
    rows = [("zoe", 9, "2013-05-01"), ("ann", 9, "2013-05-01"), ("max", 1, "2013-07-01"), ("bob", 9, "2013-05-01"),
            ("max", 9, "2013-05-01")]  # fmt: skip
    table = pl.DataFrame(rows, ["person_id", "incident_id", "date"], orient="row").with_columns(offence=pl.lit("theft"))
    arrests = read_arrests(table)
    named = arrests.person_ids.to_list()
    whole, cut = compute_all(arrests).network, compute_all(arrests.before(date(2013, 6, 1))).network
    assert [named[code] for code in whole.person] == ["zoe", "ann", "max", "bob"]
    assert [named[code] for code in cut.person] == ["zoe", "ann", "bob", "max"]
    assert compute_all(arrests).ties["person_a"].to_list() == ["ann", "ann", "ann", "bob", "bob", "max"]
