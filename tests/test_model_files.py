from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import changed
from model_tables import KINDS, QUICK, table

from gpunet.base.errors import ModelError
from gpunet.config.offences import PRESETS, taxonomy_hash
from gpunet.model import Model, load_model, train
from gpunet.model.calibration import sigmoid
from gpunet.model.trained import model_from_bytes
from gpunet.model.zeros import without_zeros


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    frame, labels = table()
    return {
        kind: train(frame, labels, kind=kind, config=QUICK, threads=1, taxonomy=PRESETS["fbi_index"]) for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_comes_back_whole(models: dict[str, Model], kind: str, tmp_path: Path) -> None:
    model, (frame, _) = models[kind], table(100, seed=1)
    path = tmp_path / f"model{model.suffix}"
    model.save(path)
    back = load_model(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert back.to_bytes() == path.read_bytes() == model.to_bytes()
    assert (back.kind, back.features, back.calibration, back.threshold) == (
        kind, model.features, model.calibration, model.threshold
    )  # fmt: skip
    assert back.taxonomy == taxonomy_hash(PRESETS["fbi_index"])
    assert back.sets == dict(PRESETS["fbi_index"])
    assert back.training == model.training
    assert (back.predict_proba(frame, threads=1) == model.predict_proba(frame, threads=1)).all()
    assert (back.contributions(frame, threads=1) == model.contributions(frame, threads=1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_stands_in_the_file_not_in_its_name(models: dict[str, Model], kind: str, tmp_path: Path) -> None:
    models[kind].save(tmp_path / "model")
    assert load_model(tmp_path / "model").kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_is_one_that_xgboost_reads(models: dict[str, Model], kind: str, tmp_path: Path) -> None:
    import xgboost as xgb

    model, (frame, _) = models[kind], table(100, seed=1)
    model.save(tmp_path / "model.ubj")
    booster = xgb.Booster(model_file=str(tmp_path / "model.ubj"))
    metadata = json.loads(booster.attr("gpunet"))
    assert metadata["features"] == booster.feature_names == list(model.features)
    matrix = without_zeros(model.table(frame).matrix, np.array(json.loads(booster.attr("zeros_missing") or "[]"), int))
    data = xgb.DMatrix(matrix, feature_names=booster.feature_names)
    probability = booster.predict(data).astype(np.float64)
    if kind == "random_forest":  # the mean share of positives; half a row is added to each class
        trees = QUICK.max_rounds
        probability = (trees * probability + 0.5) / (trees + 1)
    np.testing.assert_allclose(probability, sigmoid(model.predict_margin(frame, threads=1)), rtol=1e-6)  # float32


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [0, 1, 10, 0.5, 0.99])
def test_a_damaged_file_is_refused(models: dict[str, Model], kind: str, keep: float, tmp_path: Path) -> None:
    data = models[kind].to_bytes()
    path = tmp_path / "model"
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(ModelError, match="model is not a model"):
        load_model(path)


def test_other_peoples_files_are_refused(models: dict[str, Model], tmp_path: Path) -> None:
    import xgboost as xgb

    frame, labels = table(50)
    data = xgb.DMatrix(frame.select("count", "noise").to_numpy(), label=labels)
    xgb.train({"nthread": 1}, data, 2).save_model(tmp_path / "theirs.ubj")
    with zipfile.ZipFile(tmp_path / "earlier.skops", "w") as archive:  # skops files are such
        archive.writestr("schema.json", "{}")
    (tmp_path / "text.ubj").write_text("person_id,count\n")
    for name, text in (
        ("theirs.ubj", "was not made by gpunet"),
        ("earlier.skops", r"earlier\.skops is not a model: it is a forest in skops format.*: train it again"),
        ("text.ubj", "not an XGBoost model"),
    ):
        with pytest.raises(ModelError, match=text):
            load_model(tmp_path / name)
    with pytest.raises(ModelError, match="cannot read the model"):
        load_model(tmp_path / "absent.ubj")


NAN, INF = float("nan"), float("inf")
FEATURES = ["count", "level", "flag", "noise", "twice_count", "own_violent_arrests", "days_since_last_violent", "empty"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"format": 5}, "its format is 5, of gpunet .*; this version reads 1 to 4"),
        ({"format": 4}, "damaged: .*format and side do not fit"),
        ({"side": "victim"}, "damaged: .*format and side do not fit"),
        ({"format": 4, "side": "neither"}, "damaged: side"),
        ({"features": ["count"]}, "names 1 features, but its trees know 8"),
        ({"features": []}, "damaged: features"),
        ({"features": ["level", "count", *FEATURES[2:]]}, 'feature 1 "level", but in its trees that is "count"'),
        ({"features": ["count", "count", *FEATURES[2:]]}, "a feature is named twice"),
        ({"features": [1, *FEATURES[1:]]}, r"features\.0"),
        ({"features": None}, "damaged: features"),
        ({"threshold": "high"}, "damaged: threshold"),
        ({"threshold": NAN}, "metadata are damaged"),
        ({"threshold": 1.5}, "damaged: threshold"),
        ({"threshold": -0.1}, "damaged: threshold"),
        ({"calibration": {}}, r"damaged: calibration\.slope"),
        ({"calibration": {"slope": NAN, "intercept": 0.0}}, "metadata are damaged"),
        ({"calibration": {"slope": INF, "intercept": 0.0}}, "metadata are damaged"),
        ({"calibration": {"slope": -1.0, "intercept": 0.0}}, r"damaged: calibration\.slope"),
        ({"calibration": {"slope": 1.0, "intercept": -INF}}, "metadata are damaged"),
        ({"calibration": {"slope": "1", "intercept": 0.0}}, r"damaged: calibration\.slope"),
        ({"kind": "perceptron"}, 'unknown kind of model "perceptron"'),
        ({"kind": ["xgboost"]}, "unknown kind of model"),
        ({"sets": {"robbery": "robbery*"}}, r"damaged: sets\.robbery"),
        ({"sets": ["robbery"]}, "damaged: sets"),
        ({"taxonomy": 7}, "damaged: taxonomy"),
        ({"betweenness": {"method": 3}}, r"damaged: betweenness\.method"),
        ({"betweenness": {"method": "approx", "epsilon": "small"}}, r"damaged: betweenness\.epsilon"),
        ({"training": {}}, r"damaged: training\.rows"),
        ({"training": {"deep": [NAN]}}, "metadata are damaged"),
        ({"origin": {"as_of": "tomorrow"}}, r"damaged: origin\.as_of"),
        ({"origin": {"horizon_days": 0}}, r"damaged: origin\.horizon_days"),
        ({"gpunet": None}, "damaged: gpunet"),
    ],
)
def test_metadata_that_cannot_be_are_refused(
    models: dict[str, Model], kind: str, change: dict[str, Any], text: str
) -> None:
    with pytest.raises(ModelError, match=text) as caught:
        model_from_bytes(changed(models[kind].to_bytes(), change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"format": 1e999}', '{"format": 2}'])
def test_metadata_that_are_no_table_are_refused(models: dict[str, Model], text: str) -> None:
    with pytest.raises(ModelError, match=r"damaged|its format is inf|unknown kind"):
        model_from_bytes(changed(models["xgboost"].to_bytes(), text))


@pytest.mark.parametrize("kind", KINDS)
def test_kind_and_rounds_are_those_of_the_trees(models: dict[str, Model], kind: str) -> None:
    (other,) = set(KINDS) - {kind}
    file, training = models[kind].to_bytes(), models[kind].training
    with pytest.raises(ModelError, match=f"of the kind {other}, but its trees were grown for"):
        model_from_bytes(changed(file, {"kind": other}))
    with pytest.raises(ModelError, match="names 41 rounds, but has trees of 40"):
        model_from_bytes(changed(file, {"training": {**training, "rounds": 41}}))


@pytest.mark.parametrize("path", [None, 3, b"model.ubj", ["model.ubj"]])
def test_what_is_no_path_is_refused(models: dict[str, Model], path: Any) -> None:
    with pytest.raises(ModelError, match=f"expected a path, not {type(path).__name__}"):
        load_model(path)
    with pytest.raises(ModelError, match=f"expected a path, not {type(path).__name__}"):
        models["xgboost"].save(path)


def test_a_place_that_cannot_be_written_is_named(
    models: dict[str, Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models["xgboost"]
    (tmp_path / "file").write_text("kept")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for path in (tmp_path, "/", "."):
        with pytest.raises(ModelError, match="that is a folder"):
            model.save(path)
    for path in ("", " "):
        with pytest.raises(ModelError, match="the path is empty"):
            model.save(path)
        with pytest.raises(ModelError, match="the path is empty"):
            load_model(path)
    for name in ("absent/model.ubj", "file/model.ubj", "null\0.ubj"):
        with pytest.raises(ModelError, match="cannot save the model as"):
            model.save(tmp_path / name)
    with pytest.raises(ModelError, match="cannot read the model"):
        load_model(tmp_path / "null\0.ubj")
    with pytest.raises(ModelError, match="cannot read the model"):
        load_model(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
