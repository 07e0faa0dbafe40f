"""The tables of an experiment: what is in a row, what is null and why, and that the declarations hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from sklearn.metrics import auc, precision_recall_curve, roc_curve
from test_measures import prediction, predictions

import gpunet
from gpunet.arrests.arrests import Arrests
from gpunet.evaluate.assembled import evaluation_of
from gpunet.evaluate.bootstrap import draw_communities
from gpunet.evaluate.curves import curves_of
from gpunet.evaluate.judged import Judged, judge
from gpunet.evaluate.leak import leak_rows
from gpunet.evaluate.measures import order_of
from gpunet.evaluate.predicted import Evaluation, Predicted
from gpunet.evaluate.schemas import MEASURES, TABLES, dates_of, dictionary, frame_of, metadata_of
from gpunet.model import evaluate
from gpunet.synthetic import make_arrests
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet_metadata, write_parquet

N = 400
RNG = np.random.default_rng(2)
LABEL = RNG.random(N) < 0.3
BEFORE = RNG.random(N) < 0.2
COMMUNITY = RNG.integers(-1, 30, N)


def said(gain: float, **more: Any) -> Predicted:
    value = np.round(np.clip(np.random.default_rng(7).normal(0.3 + gain * LABEL, 0.2), 0, 1), 2)
    return replace(prediction(LABEL, value), **more)


def populations(predicted: Predicted) -> dict[str, Any]:
    before = BEFORE[predicted.person]
    return {"no_violent_before": ~before, "nobody": before & ~before}


def judged(*predicted: Predicted, draws: int = 40) -> list[Judged]:
    drawn = draw_communities(COMMUNITY, np.arange(N), draws, seed=1)
    return [row for one in predicted for row in judge(one, populations, drawn)]


@pytest.fixture(scope="module")
def arrests() -> Arrests:
    found = gpunet.read_arrests(make_arrests(300, seed=4), config={"evaluate": {"bootstrap": 40}})
    assert found.n_persons > N
    return found


@pytest.fixture(scope="module")
def evaluation(arrests: Arrests) -> Evaluation:
    return evaluated(arrests)


def evaluated(arrests: Arrests, threads: int = 1) -> Evaluation:
    community = np.append(COMMUNITY, np.full(arrests.n_persons - N, -1))
    predicted = [
        said(0.4, fold=np.arange(N) % 10),
        said(0.1, fold=np.arange(N) % 10, protocol="cross_fitted"),
        said(0.1, protocol=None, classifier="two_hop", is_probability=False, is_order=False),
        said(0.2, experiment="emerging", protocol=None, month=date(2013, 2, 1), outcome="horizon"),
    ]
    return evaluation_of(
        predicted, populations, community, arrests, arrests.config, threads=threads, warnings=["a sentence"]
    )


def test_a_row_of_results_has_counts_measures_and_intervals() -> None:
    one = said(0.3)
    rows = judged(one)
    assert [row.keys["population"] for row in rows] == ["all", "no_violent_before", "nobody"]
    part = ~BEFORE
    for row, mask in ((rows[0].result, LABEL == LABEL), (rows[1].result, part)):
        wanted = evaluate(LABEL[mask], one.value[mask], 0.5)
        for name in MEASURES:
            assert row[name] == (None if wanted["model"][name] is None else pytest.approx(wanted["model"][name]))
            if row[name] is not None:
                assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
        assert (row["persons"], row["positives"]) == (mask.sum(), LABEL[mask].sum())
        assert row["tp"] + row["fp"] == wanted["model"]["flagged"]
        assert row["tp"] + row["fn"] == row["positives"]
        assert row["tp"] + row["fp"] + row["fn"] + row["tn"] == row["persons"]
        assert row["mean_value"] == pytest.approx(wanted["mean_probability"])
    assert rows[0].result["undefined"] == "precision_top_500: fewer than 500 persons"
    nobody = rows[2].result
    assert {nobody[f"{name}{end}"] for name in MEASURES for end in ("", "_low", "_high")} == {None}
    assert nobody["undefined"] == f"{', '.join(MEASURES)}: nobody is in the population"


def test_intervals_that_draws_cannot_give_are_null_with_a_reason() -> None:
    none = judged(said(0.3), draws=0)[0].result
    assert none["auc"] is not None
    assert none["auc_low"] is none["auc_high"] is None
    assert "auc interval" in none["undefined"]
    assert "no draws (bootstrap = 0)" in none["undefined"]
    everybody_right = judged(replace(said(0.3), named=LABEL))[0].result
    assert everybody_right["precision"] == 1
    assert everybody_right["precision_low"] is None
    assert "precision interval, recall interval, f1 interval: the same in nearly" in everybody_right["undefined"]
    alone = np.zeros(N, bool)
    alone[np.flatnonzero(COMMUNITY == -1)[0]] = True
    rare = judged(replace(said(0.3), label=alone))[0].result
    assert rare["recall"] is not None
    assert "recall interval" in rare["undefined"].split(": positives in fewer than 2 communities")[0]
    assert rare["brier_low"] < rare["brier"] < rare["brier_high"]


def test_what_gives_no_probabilities_or_no_order() -> None:
    score = judged(said(0.3, is_probability=False))[0]
    assert score.result["auc"] is not None
    assert score.result["brier"] is score.result["mean_value"] is None
    assert "brier: the values are no probabilities" in score.result["undefined"]
    assert score.calibration == []
    names = judged(said(0.3, is_probability=False, is_order=False))[0]
    assert names.result["f1"] is not None
    assert names.curves == {}
    reason = "auc, average_precision, precision_top_100, precision_top_500: the values do not order persons"
    assert reason in names.result["undefined"]


def test_what_could_not_be_predicted_is_null_with_that_reason(arrests: Arrests) -> None:
    one = said(0.3, value=np.full(N, np.nan), named=np.zeros(N, bool), unknown="nobody was positive in training")
    row = judged(one)[0]
    assert (row.result["persons"], row.result["positives"]) == (N, LABEL.sum())
    assert {row.result[name] for name in ("tp", "fp", "fn", "tn", "mean_value", *MEASURES)} == {None}
    assert row.result["undefined"] == f"{', '.join(MEASURES)}: nobody was positive in training"
    assert (row.calibration, row.curves) == ([], {})
    found = evaluation_of([one], populations, np.full(arrests.n_persons, -1), arrests, arrests.config)
    assert found.predictions["value"].null_count() == found.predictions["named"].null_count() == N
    leak = leak_rows(judged(said(0.3), replace(one, protocol="cross_fitted")))[0]
    assert (leak["auc"], leak["leak"], leak["undefined"]) == (None, None, "auc, leak: nobody was positive in training")


def test_leak_is_the_difference_draw_by_draw() -> None:
    paper, honest = said(0.4), said(0.1, protocol="cross_fitted")
    rows = judged(paper, honest, said(0.1, protocol="same_event", classifier="svm"), said(0.2, protocol=None))
    found = leak_rows(rows)
    assert [(row["protocol"], row["population"]) for row in found] == [
        ("cross_fitted", "all"), ("cross_fitted", "no_violent_before"), ("cross_fitted", "nobody"),
    ]  # fmt: skip
    assert found[0]["leak"] == found[0]["auc_paper"] - found[0]["auc"] > 0.1
    low, high = np.percentile(rows[0].auc - rows[3].auc, [2.5, 97.5])
    assert (found[0]["leak_low"], found[0]["leak_high"]) == (low, high)
    assert found[0]["undefined"] is None
    assert found[2]["leak"] is found[2]["leak_low"] is None
    assert found[2]["undefined"] == "auc, leak: nobody is in the population"
    same = leak_rows(judged(paper, replace(paper, protocol="same_event")))[0]
    assert (same["leak"], same["leak_low"], same["leak_high"]) == (0, 0, 0)
    perfect = leak_rows(judged(replace(paper, value=LABEL.astype(float)), honest))[0]
    assert perfect["auc_paper"] == 1
    assert 0.1 < perfect["leak_low"] < perfect["leak"] < perfect["leak_high"] < 0.9
    assert leak_rows(judged(paper, honest, draws=0))[0]["undefined"] == "leak interval: no draws (bootstrap = 0)"
    fewer = replace(honest, **{name: getattr(honest, name)[:-1] for name in ("person", "label", "value", "named")})
    with pytest.raises(ValueError, match="other persons"):
        leak_rows(judged(paper) + judged(fewer))


def test_calibration_says_what_was_observed_in_each_group() -> None:
    one = said(0.4)
    rows = judged(one)[0].calibration
    assert [row["group"] for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row["persons"] for row in rows) == N
    begin = 0
    ascending = np.argsort(one.value, kind="stable")
    for row in rows:
        of = ascending[begin : begin + row["persons"]]
        begin += row["persons"]
        assert row["mean_value"] == pytest.approx(one.value[of].mean())
        assert (row["positives"], row["observed"]) == (LABEL[of].sum(), pytest.approx(LABEL[of].mean()))
        if row["undefined"] is None:
            assert row["observed_low"] <= row["observed"] <= row["observed_high"]
        else:
            assert row["observed_low"] is row["observed_high"] is None
    assert rows[5]["undefined"] is None
    assert (rows[-1]["observed"], rows[-1]["undefined"]) == (
        1,
        "observed interval: negatives in fewer than 2 communities",
    )


@given(predictions())
def test_curves_are_those_of_scikit_learn(case: Any) -> None:
    predicted, community, _ = case
    found = curves_of(order_of(predicted, community))
    positives = int(predicted.label.sum())
    assert list(found) == (["roc"] if 0 < positives < len(predicted.label) else []) + ["precision_recall"] * (
        positives > 0
    )
    for threshold, x, y in found.values():
        assert np.isnan(threshold[0])
        assert not np.isnan(threshold[1:]).any()
        assert len(threshold) == len(x) == len(y)
    if "roc" in found:
        x, y, threshold = roc_curve(predicted.label, predicted.value, drop_intermediate=False)
        np.testing.assert_allclose(found["roc"], [np.where(np.isinf(threshold), np.nan, threshold), x, y])
    if positives:
        y, x, threshold = precision_recall_curve(predicted.label, predicted.value)
        wanted = [np.append(threshold, np.nan)[::-1], x[::-1], y[::-1]]
        np.testing.assert_allclose(found["precision_recall"], wanted)


@pytest.mark.parametrize(("n", "gain"), [(300, 0.0), (3000, 0.05), (20_000, 0.2), (20_000, 3.0)])
def test_thinned_curves_keep_ends_and_area(n: int, gain: float) -> None:
    rng = np.random.default_rng(n)
    label = rng.random(n) < 0.1
    value = rng.random(n) + gain * label * rng.random(n)
    found = curves_of(order_of(prediction(label, value, is_probability=False), np.zeros(n, np.int32)))
    whole = {"roc": roc_curve(label, value)[:2], "precision_recall": precision_recall_curve(label, value)[1::-1]}
    for name, (threshold, x, y) in found.items():
        assert len(x) <= 220
        assert (x[0], np.nanmin(threshold)) == (0, value.min())
        assert (x[-1], y[-1]) == (1, 1 if name == "roc" else label.mean())
        assert auc(x, y) == pytest.approx(auc(*whole[name]), abs=1e-3)


def test_every_table_is_as_declared(evaluation: Evaluation, tmp_path: Path) -> None:
    kinds = {"int64": pl.Int64, "float64": pl.Float64, "bool": pl.Boolean, "text": pl.String, "date": pl.Date}
    for name, declared in TABLES.items():
        frame = getattr(evaluation, name)
        assert frame.columns == [column.name for column in declared]
        assert len(frame)
        for column in declared:
            if column.dtype in kinds:
                assert frame.schema[column.name] == kinds[column.dtype], column
            if not column.null:
                assert frame[column.name].null_count() == 0, column
            assert column.definition.endswith(".")
        write_parquet(tmp_path / name, frame, metadata_of(name), dates=dates_of(name))
        assert (read_parquet_metadata(tmp_path / name) or {})["columns"] == dictionary(name)
        assert pl.read_parquet(tmp_path / name).equals(frame)
    assert evaluation.warnings == ("a sentence",)
    assert evaluation.descriptives["arrests"]["persons"] > N


def test_nulls_among_measures_always_have_a_reason(evaluation: Evaluation) -> None:
    for row in evaluation.results.to_dicts():
        for name in MEASURES:
            part = [item.split(":")[0].split(", ") for item in (row["undefined"] or "").split("; ")]
            named = {one for names in part for one in names}
            assert (row[name] is None) == (name in named), row
            assert (row[f"{name}_low"] is None) == (name in named or f"{name} interval" in named), row


def test_predictions_are_what_was_said_in_that_order(evaluation: Evaluation, arrests: Arrests) -> None:
    found = evaluation.predictions
    assert len(found) == 4 * N
    assert found["person_id"][:N].to_list() == arrests.person_ids.to_list()[:N]
    assert found["value"][:N].to_list() == said(0.4).value.tolist()
    assert found["protocol"].unique(maintain_order=True).to_list() == ["paper", "cross_fitted", None]
    assert found["fold"][:3].to_list() == [0, 1, 2]
    assert found["fold"].null_count() == 2 * N
    assert found["month"].to_list()[-1] == date(2013, 2, 1)
    assert found["month"].null_count() == 3 * N


def test_curves_name_their_axes(evaluation: Evaluation) -> None:
    axes = evaluation.curves.select("curve", "x_measure", "y_measure").unique(maintain_order=True)
    assert axes.rows() == [
        ("roc", "false_positive_rate", "true_positive_rate"),
        ("precision_recall", "recall", "precision"),
    ]
    assert "two_hop" not in evaluation.curves["classifier"]


def test_tables_do_not_depend_on_threads_or_kind_of_frame(
    evaluation: Evaluation, arrests: Arrests, tmp_path: Path
) -> None:
    for backend in ("pandas", "pyarrow"):
        other = evaluated(replace(arrests, backend=backend), threads=3)
        assert other.descriptives == evaluation.descriptives
        for name in TABLES:
            for of, kind in ((evaluation, "polars"), (other, backend)):
                write_parquet(tmp_path / kind, getattr(of, name), metadata_of(name), dates=dates_of(name))
            assert sha256_of(tmp_path / "polars") == sha256_of(tmp_path / backend), (name, backend)


def test_nothing_said_gives_tables_without_rows(arrests: Arrests) -> None:
    found = evaluation_of([], populations, np.full(arrests.n_persons, -1), arrests, arrests.config)
    assert all(len(getattr(found, name)) == 0 for name in TABLES)
    assert to_arrow(found.results).schema.names == [column.name for column in TABLES["results"]]


def test_columns_that_are_not_declared_are_an_error_of_the_program() -> None:
    with pytest.raises(ValueError, match="leak: columns"):
        frame_of("leak", {"protocol": ["cross_fitted"]})
