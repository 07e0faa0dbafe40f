from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xgboost as xgb
from model_tables import KINDS, QUICK, table

from gpunet.base.errors import ConfigError, InputError, ModelError
from gpunet.config.offences import PRESETS, taxonomy_hash
from gpunet.model import Model, boosting, read_features, score, train
from gpunet.model.boosted_nodes import check_trees, margin_without_trees
from gpunet.model.calibration import sigmoid
from gpunet.model.scoring import FACTORS, score_table
from gpunet.model.shapley import _leaf_values, _weights
from gpunet.model.trained import model_from_bytes
from gpunet.model.zeros import column_counts, columns_of_zeros, without_zeros, zeros_of
from gpunet.tables.parquet import write_parquet

FBI, HOME_OFFICE = PRESETS["fbi_index"], PRESETS["home_office"]


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    frame, labels = table(800)
    return {kind: train(frame, labels, kind=kind, config=QUICK, threads=1, taxonomy=FBI) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_sum_to_the_margin(models: dict[str, Model], kind: str) -> None:
    model, (frame, _) = models[kind], table(300, seed=1)
    parts, margin = model.contributions(frame, threads=1), model.predict_margin(frame, threads=1)
    assert parts.shape == (300, len(model.features) + 1)
    # XGBoost adds leaves up in float32.
    np.testing.assert_allclose(parts.sum(axis=1), margin, rtol=0, atol=1e-5)
    assert (parts[:, -1] == parts[0, -1]).all()
    assert (parts[:, model.features.index("empty")] == 0).all()
    assert (
        np.abs(parts[:, model.features.index("level")]).mean() > np.abs(parts[:, model.features.index("noise")]).mean()
    )
    level = frame["level"].fill_null(0).to_numpy()
    assert np.corrcoef(parts[:, model.features.index("level")], level)[0, 1] > 0.8  # more of it, more risk
    np.testing.assert_array_equal(
        model.predict_proba(frame, threads=1),
        sigmoid(model.calibration.slope * margin + model.calibration.intercept),
    )


@pytest.mark.parametrize(("depth", "n"), [(4, 5000), (1, 50), (7, 500), (9, 500)])
def test_contributions_are_xgboosts_own_shap_values(depth: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(boosting.PARAMETERS, "max_depth", depth)
    monkeypatch.setitem(boosting.PARAMETERS, "min_child_weight", 0.5)
    frame, labels = table(n)
    model = train(frame, labels, config=QUICK, threads=1)
    booster: Any = model.classifier._booster
    matrix = model.table(table(400, seed=1)[0]).matrix
    zeros = zeros_of(booster)
    assert [model.features[k] for k in zeros] == ["flag"]
    expected = booster.predict(xgb.DMatrix(without_zeros(matrix, zeros)), pred_contribs=True, validate_features=False)
    # XGBoost sums in float32.
    np.testing.assert_allclose(model.classifier.contributions(matrix, 2), expected, rtol=0, atol=2e-5)


def test_zeros_of_columns_that_are_mostly_zero_and_never_null_are_missing() -> None:
    matrix = np.array([[0, 0, 0, 5], [0, 0, np.nan, 5], [0, 1, 0, 5], [2, 1, 0, 5]], dtype=np.float32)
    zeros = columns_of_zeros(column_counts(matrix), len(matrix))
    assert zeros.tolist() == [0]  # of two in four rows the histogram is no shorter than of all
    found = without_zeros(matrix, zeros)
    np.testing.assert_array_equal(found[:, 0], np.array([np.nan, np.nan, np.nan, 2], dtype=np.float32))
    np.testing.assert_array_equal(found[:, 1:], matrix[:, 1:])
    assert (matrix[:3, 0] == 0).all()


def test_a_null_where_zeros_are_missing_counts_as_zero() -> None:
    frame, labels = table(2000)
    model = train(frame, labels, config=QUICK, threads=1)
    assert [model.features[k] for k in zeros_of(model.classifier._booster)] == ["flag"]
    again = model_from_bytes(model.to_bytes())
    rows = table(50, seed=3)[0]
    unknown = rows.with_columns(pl.when(pl.col("flag")).then(True).alias("flag"))
    assert 0 < unknown["flag"].null_count() < 50
    for one in (model, again):
        np.testing.assert_array_equal(one.predict_margin(unknown), model.predict_margin(rows))
        np.testing.assert_array_equal(one.contributions(unknown), model.contributions(rows))
    turned = rows.with_columns(~pl.col("flag"))
    assert (model.predict_margin(turned) != model.predict_margin(rows)).mean() > 0.9


@pytest.mark.parametrize("said", ["[9999]", "[-1]", "[1, 0]", "[0, 0]", "{}", "[0.5]", "[true]", "zeros", "[" * 5000])
def test_damaged_columns_of_zeros_are_refused(said: str) -> None:
    frame, labels = table(200)
    booster: Any = train(frame, labels, config={"max_rounds": 2, "folds": 2}, threads=1).classifier._booster
    booster.set_attr(zeros_missing=said)
    with pytest.raises(ModelError, match="damaged"):
        check_trees(booster)


def test_a_forest_is_the_mean_of_its_trees_and_its_shap_values_are_scaled(models: dict[str, Model]) -> None:
    model, (frame, _) = models["random_forest"], table(50, seed=1)
    booster: Any = model.classifier._booster
    matrix, trees = model.table(frame).matrix, QUICK.max_rounds
    dump = booster.trees_to_dataframe()
    rate = margin_without_trees(booster)
    column = {name: j for j, name in enumerate(model.features)}
    share = np.zeros(len(matrix))
    nodes = dump.set_index("ID").to_dict("index")
    for tree in range(trees):
        for i, row in enumerate(matrix):
            node = nodes[f"{tree}-0"]
            while node["Feature"] != "Leaf":
                x = row[column[node["Feature"]]]
                node = nodes[node["Missing" if np.isnan(x) else "Yes" if x < node["Split"] else "No"]]
            leaf = trees * node["Gain"] + rate
            assert -1e-6 <= leaf <= 1 + 1e-6
            share[i] += leaf / trees
    log_odds = np.log((trees * share + 0.5) / (trees * (1 - share) + 0.5))
    np.testing.assert_allclose(model.predict_margin(frame, threads=2), log_odds, rtol=0, atol=1e-5)
    shap = booster.predict(xgb.DMatrix(matrix), pred_contribs=True, validate_features=False)[:, :-1]
    parts = model.contributions(frame, threads=1)[:, :-1]
    factor = parts.sum(axis=1) / shap.sum(axis=1)
    assert (factor > 0).all()
    np.testing.assert_allclose(parts, shap * factor[:, None], rtol=0, atol=1e-4)


def test_shap_values_are_the_mean_over_all_orders_of_features() -> None:
    """One small tree, from the definition: a feature left out sends a person both ways, by the covers."""
    share = np.array([0.3, 0.6, 0.9])
    found = _leaf_values(share, _weights(3), 2.0)
    for mask in range(8):
        agrees = np.array([mask >> j & 1 for j in range(3)], dtype=float)
        expected = np.zeros(3)
        for order in itertools.permutations(range(3)):
            reached = share.copy()
            for j in order:
                before = reached.prod()
                reached[j] = agrees[j]
                expected[j] += 2.0 * (reached.prod() - before) / 6
        np.testing.assert_allclose(found[mask], expected, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_what_they_say(models: dict[str, Model], kind: str) -> None:
    model, (frame, _) = models[kind], table(200, seed=1)
    scores = score(model, frame.sample(fraction=1.0, shuffle=True, seed=1), threads=1)
    names, sizes = ([f"{what}_{k}" for k in range(1, FACTORS + 1)] for what in ("factor", "contribution"))
    assert scores.columns == ["person_id", "probability", "rank", *names, *sizes]
    assert scores.schema["rank"] == pl.Int64
    assert scores["person_id"].to_list() == frame["person_id"].to_list()
    assert (scores["probability"].to_numpy() == model.predict_proba(frame, threads=1)).all()
    by_hand = sorted(range(200), key=lambda i: (-scores["probability"][i], scores["person_id"][i]))
    assert [scores["rank"][i] for i in by_hand] == list(range(1, 201))
    parts = model.contributions(frame, threads=1)[:, :-1]
    for i in range(200):
        strongest = sorted(range(len(model.features)), key=lambda j: (-abs(parts[i, j]), j))[:FACTORS]
        strongest = [j for j in strongest if parts[i, j] != 0]
        assert [scores[name][i] for name in names][: len(strongest)] == [model.features[j] for j in strongest]
        assert [scores[name][i] for name in sizes][: len(strongest)] == [parts[i, j] for j in strongest]


def test_equal_probabilities_are_ranked_by_person_and_nobody_is_moved_by_nothing() -> None:
    frame = pl.DataFrame({"person_id": ["b", "a", "d", "c"] * 30, "x": [1, 1, 1, 1] * 30})
    frame = frame.with_columns(pl.col("person_id") + pl.int_range(120).cast(pl.String))
    model = train(frame, np.arange(120) % 4 == 0, config=QUICK, threads=1)
    scores = score(model, pl.DataFrame({"person_id": ["z", "m", "é", "a"], "x": [0, 5, 1, 1]}), threads=1)
    assert scores["person_id"].to_list() == ["a", "m", "z", "é"]
    assert scores["rank"].to_list() == [1, 2, 3, 4]
    assert scores["factor_1"].null_count() == scores["contribution_5"].null_count() == 4


def test_equal_probabilities_are_ranked_in_the_order_that_is_given() -> None:
    """Of a table of a run, whose rows need not be in the order of person_id."""
    model, (frame, _) = train(*table(200, seed=1), config=QUICK, threads=1), table(200, seed=1)
    frame = frame.with_columns(pl.all().exclude("person_id").gather(pl.int_range(pl.len()) % 9))
    random = np.random.default_rng(2)
    frame = frame[random.permutation(200)]
    order = random.permutation(200)
    found = score_table(model, model.table(frame), threads=1, order=order).frame
    place = pl.DataFrame({"person_id": frame["person_id"][order], "place": range(200)})
    by_hand = found.join(place, on="person_id").sort("probability", "place", descending=[True, False])
    assert by_hand["rank"].to_list() == list(range(1, 201))
    assert found["probability"].n_unique() <= 9
    plain = score(model, frame, threads=1)
    assert found.drop("rank").equals(plain.drop("rank"))
    assert not found["rank"].equals(plain["rank"])


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_every_kind_give_the_same_scores(models: dict[str, Model], kind: str, tmp_path: Path) -> None:
    frame, _ = table(100, seed=1)
    frame = frame.with_columns(pl.when(pl.col("noise") > 0).then(pl.col("flag")).alias("flag"))  # a flag with nulls
    expected = score(models[kind], frame, threads=1)
    frames = [frame.to_pandas(), frame.to_pandas(use_pyarrow_extension_array=True), frame.to_arrow(), frame.lazy()]
    frames[0]["flag"] = frames[0]["flag"].astype("boolean")
    for native in frames:
        scores = score(models[kind], native, threads=1)
        assert type(scores) is (type(native) if not isinstance(native, pl.LazyFrame) else pl.DataFrame)
        found = pl.from_arrow(nw.from_native(scores, eager_only=True).to_arrow())
        assert found.equals(expected)
    write_parquet(tmp_path / "features.parquet", frame)
    assert score(models[kind], tmp_path / "features.parquet", threads=1).equals(expected)
    assert score(models[kind], str(tmp_path / "features.parquet"), threads=1).equals(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_do_not_depend_on_threads_or_on_other_columns(models: dict[str, Model], kind: str) -> None:
    frame, _ = table(9000, seed=1)
    other = frame.select(*reversed(frame.columns)).with_columns(extra=pl.lit("x"), more=pl.lit(1.0))
    assert score(models[kind], frame, threads=1).equals(score(models[kind], other, threads=2))


def test_nobody_to_score_gives_an_empty_frame(models: dict[str, Model]) -> None:
    frame, _ = table(10)
    for model in models.values():
        empty = score(model, frame.head(0), threads=1)
        assert empty.shape == (0, 3 + 2 * FACTORS)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda f: f.drop("noise", "flag"), '2 of the 8 columns.*missing: "flag", "noise"'),
        (lambda f: f.drop("person_id"), "no column person_id"),
        (lambda f: f.with_columns(flag=pl.lit("yes")), r'neither numbers nor flags: "flag" \(String\)'),
        (lambda f: f.with_columns(noise=pl.lit(np.inf)), 'hold infinite values.*: "noise"$'),
        (lambda f: f.with_columns(noise=pl.lit(-1e300)), 'hold infinite values.*: "noise"$'),
        (lambda f: f.with_columns(noise=pl.lit(np.inf), level=pl.lit(-np.inf)), 'infinite values.*: "level", "noise"$'),
        (lambda f: f.with_columns(noise=pl.Series([[1.0]] * 20)), r'neither numbers nor flags: "noise" \(List'),
        (lambda f: f.to_pandas().assign(noise=[1.0, "x"] * 10), 'neither numbers nor flags: "noise"'),
        (lambda f: pl.concat([f, f.head(1)]), "more than one row"),
        (lambda f: f.with_columns(person_id=pl.lit(None, pl.Int64)), "person_id has nulls"),
        (lambda f: f.with_columns(pl.col("person_id") / 1), "person_id is Float64, but ids are whole numbers or text"),
        (lambda f: f.with_columns(person_id=pl.Series([[1]] * 20)), "person_id is List"),
        (lambda f: f.to_pandas().assign(person_id=[1, "x"] * 10), "person_id is Object"),
        (lambda f: pd.concat([f.to_pandas(), f.to_pandas()[["count"]]], axis=1), "more than once"),
    ],
)
def test_features_that_do_not_fit_are_refused(models: dict[str, Model], change: Any, text: str) -> None:
    with pytest.raises((ModelError, InputError), match=text):
        score(models["xgboost"], change(table(20)[0]), threads=1)


def test_a_column_without_any_value_may_have_any_type(models: dict[str, Model]) -> None:
    frame, _ = table(20)
    nothing = frame.with_columns(empty=pl.lit(None), noise=pl.lit(None, pl.String))
    as_float = frame.with_columns(empty=pl.lit(None, pl.Float64), noise=pl.lit(None, pl.Float64))
    assert score(models["xgboost"], nothing, threads=1).equals(score(models["xgboost"], as_float, threads=1))


def _features_file(path: Path, sets: Any, *, named: bool = True) -> Path:
    kept = {"taxonomy": taxonomy_hash(sets), "sets": {k: list(v) for k, v in sets.items()} if named else None}
    write_parquet(path, table(20)[0], kept)
    return path


def test_a_feature_file_of_other_violent_sets_is_refused(models: dict[str, Model], tmp_path: Path) -> None:
    model = models["xgboost"]
    assert len(score(model, _features_file(tmp_path / "same.parquet", FBI), threads=1)) == 20
    other = _features_file(tmp_path / "other.parquet", HOME_OFFICE)
    with pytest.raises(ModelError, match=r"model has homicide, criminal_sexual.*feature table has homicide, rape_and"):
        score(model, other, threads=1)
    changed = _features_file(tmp_path / "changed.parquet", {**FBI, "robbery": ("mugging*",)})
    with pytest.raises(ModelError, match=r"model has robbery = .*table has robbery = \['mugging"):
        score(model, changed, threads=1)
    unnamed = _features_file(tmp_path / "unnamed.parquet", HOME_OFFICE, named=False)
    with pytest.raises(ModelError, match="feature table has sets with the hash"):
        score(model, unnamed, threads=1)
    with pytest.raises(ModelError, match="the caller has homicide, criminal"):
        read_features(other, taxonomy=FBI)


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        ({"sets": ["robbery"]}, "damaged: sets"),
        ({"sets": {"robbery": [1]}}, "damaged: sets.robbery"),
        ({"taxonomy": 7}, "damaged: taxonomy"),
        ({"as_of": "yesterday"}, "damaged: as_of"),
        ({"betweenness": "exact"}, "damaged: betweenness"),
        ({"settings": [1]}, "damaged: settings"),
    ],
)
def test_what_a_feature_file_says_of_itself_is_checked(kept: Any, text: str, tmp_path: Path) -> None:
    write_parquet(tmp_path / "features.parquet", table(20)[0], kept)
    with pytest.raises(ModelError, match=f"features.parquet: what it says of itself is {text}"):
        read_features(tmp_path / "features.parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_no_score_that_is_not_finite_is_given(models: dict[str, Model], kind: str) -> None:
    """Leaves that are no numbers: the last net, for a file's hash, trees and metadata are checked before."""
    model, (frame, _) = models[kind], table(60, seed=1)
    booster: Any = model.classifier._booster
    dump = json.loads(bytes(booster.save_raw("json")))
    tree = dump["learner"]["gradient_booster"]["model"]["trees"][0]
    leaf = tree["left_children"].index(-1)
    for key in ("split_conditions", "base_weights"):
        tree[key][leaf] = float("nan")
    broken = xgb.Booster()
    broken.load_model(bytearray(json.dumps(dump).encode()))
    damaged = replace(model, classifier=type(model.classifier)(broken))
    rows = int(np.isnan(damaged.calibration(damaged.predict_margin(frame, threads=1))).sum())
    assert 0 < rows < 60
    with pytest.raises(ModelError, match=f"{rows} of 60 persons would get a score.*no finite numbers"):
        damaged.predict_proba(frame, threads=1)
    with pytest.raises(ModelError, match=r"60 of 60 persons would get a score, or reasons"):  # SHAP values are of all
        score(damaged, frame, threads=1)


def test_a_missing_file_is_an_input_error(models: dict[str, Model], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent"):
        score(models["xgboost"], tmp_path / "absent.parquet")
    with pytest.raises(InputError, match="int"):
        score(models["xgboost"], 3)


def test_the_matrix_keeps_values_and_nulls() -> None:
    columns = {"person_id": ["a", "b", "c"], "i": [1, None, 2**24], "b": [True, False, None], "f": [0.5, None, -1.0]}
    expected = np.array([[1, 1, 0.5], [np.nan, 0, np.nan], [2**24, np.nan, -1]], dtype=np.float32)
    for frame in (pl.DataFrame(columns), pa.table(columns), pd.DataFrame(columns).convert_dtypes()):
        found = read_features(frame)
        assert found.columns == ("i", "b", "f")
        np.testing.assert_array_equal(found.matrix, expected)


@pytest.mark.parametrize("model", ["model.ubj", None, table(5)[0]])
def test_what_is_no_model_cannot_score(model: Any) -> None:
    with pytest.raises(ModelError, match=r"model: expected a Model, .* not .*(str|None|DataFrame)"):
        score(model, table(5)[0])


def test_no_threads_are_an_error_of_the_configuration(models: dict[str, Model]) -> None:
    frame = table(5)[0]
    for use in (models["xgboost"].predict_proba, models["xgboost"].contributions):
        with pytest.raises(ConfigError, match="threads"):
            use(frame, threads=0)
    with pytest.raises(ConfigError, match="threads"):
        score(models["xgboost"], frame, threads=0)
