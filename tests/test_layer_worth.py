"""What a layer is worth: a planted one helps, one of noise does not; and the figures are those of a slow reference."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from synthetic_layers import with_layers

import gpunet
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import ALWAYS, Associations, Kind
from gpunet.arrests.joined import TieRows, with_tables
from gpunet.engines.cpu import CpuEngine
from gpunet.evaluate.ablation import Ablated
from gpunet.evaluate.bootstrap import Draws, draw_communities
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.known import evaluate_known
from gpunet.evaluate.known_ablation import VICTIMS_LEFT_OUT
from gpunet.evaluate.layer_schemas import LAYER_TABLES, RANKING
from gpunet.evaluate.layer_worth import CANNOT, HELPS, NO_BETTER, WORSE, worth_rows
from gpunet.evaluate.predicted import Predicted
from gpunet.features import compute_all
from gpunet.synthetic import make_arrests

QUICK = {
    "evaluate": {"bootstrap": 60, "folds": 3, "protocols": ["cross_fitted"], "classifiers": ["decision_tree"]},
    "model": {"folds": 2},
}
KINDS = (Kind("calls", 10_000.0, 240), Kind("noise", 10_000.0, 240))
MONTHS = {"start": "2013-01-01", "every": "2mo"}


@pytest.fixture(autouse=True, scope="module")
def small_forests():
    """How many trees there are makes little difference here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CLASSIFIERS["random_forest"].parameters, "n_estimators", 2)
        patch.setitem(CLASSIFIERS["xgboost"].parameters, "n_estimators", 40)
        yield


def planted(persons: int, seed: int) -> Arrests:
    """Calls between those who are violent within half a year, until they are, and as many between any two."""
    rng = np.random.default_rng(seed)
    arrests = gpunet.read_arrests(make_arrests(persons, seed=seed))
    violent = np.flatnonzero((arrests.offences != 0) & (arrests.day > 0))
    order = violent[np.argsort(arrests.day[violent], kind="stable")]
    a, b = arrests.person[order[:-1]], arrests.person[order[1:]]  # of neighbouring days
    over = np.tile(arrests.day[order[:-1]], 2)
    days = arrests.day[order[:-1]] - rng.integers(10, 170, len(a))
    ends = np.stack([np.append(a, rng.permutation(arrests.n_persons)[: len(a)]),
                     np.append(b, rng.permutation(arrests.n_persons)[: len(b)])]).astype(np.int32)  # fmt: skip
    apart = ends[0] != ends[1]
    kind, day = np.repeat([0, 1], len(a))[apart].astype(np.int32), np.tile(days, 2)[apart].astype(np.int32)
    until, always = over[apart].astype(np.int32), np.full(len(day), ALWAYS, np.int32)
    rows = Associations(ends[0][apart], ends[1][apart], kind, day, until, always, KINDS)
    texts = nw.from_native(pl.Series("id", [str(one) for one in arrests.person_ids.to_list()]), series_only=True)
    return with_tables(arrests, TieRows(texts, rows))


@pytest.fixture(scope="module")
def found() -> Any:
    kept: dict[str, Any] = {}

    def keep(name, compute, shape):
        value = kept.setdefault(name, compute()) if name not in kept else kept[name]
        assert value.shape == shape
        return value

    arrests = planted(800, 4)
    return arrests, keep, gpunet.evaluate_emerging(arrests, QUICK, threads=1, kept=keep, **MONTHS)


def test_a_planted_layer_helps_and_noise_does_not(found: Any) -> None:
    layers = found[2].layers
    assert layers.columns == [column.name for column in LAYER_TABLES["layers"]]
    chosen = pl.col("measure").is_in(["auc", "average_precision"]) & (pl.col("outcome") == "horizon")
    for row in layers.filter(chosen).to_dicts():
        assert row["difference"] == pytest.approx(row["with"] - row["without"])
        if row["layer"] == "calls":
            assert row["low"] > 0.02
            assert row["worth"].startswith(f"{HELPS}: +0.")
        else:
            assert row["low"] < 0 < row["high"]
            assert row["worth"].startswith(f"{NO_BETTER}: ")
    assert set(layers["layer"]) == {"calls", "noise"}


def test_with_is_what_the_results_have(found: Any) -> None:
    results = found[2].results.filter(pl.col("population") == "all", pl.col("classifier") == "xgboost")
    for row in found[2].layers.to_dicts():
        of = results.filter(pl.col("outcome") == row["outcome"]).drop_nulls(row["measure"])
        assert row["months"] == len(of)
        assert (row["persons"], row["positives"]) == (of["persons"].sum(), of["positives"].sum())
        assert row["with"] == (pytest.approx(of[row["measure"]].mean()) if len(of) else None)


def test_what_is_kept_is_not_computed_again_and_threads_change_nothing(found: Any) -> None:
    arrests, keep, first = found

    def never(name, cut):
        raise AssertionError(name)

    again = gpunet.evaluate_emerging(arrests, QUICK, threads=2, kept=keep, snapshot=never, **MONTHS)
    for name in LAYER_TABLES:
        assert getattr(first, name).equals(getattr(again, name))
    told: list[tuple[str, float, float]] = []
    names: list[str] = []

    def snapshot(name, cut):
        names.append(name)
        return compute_all(cut, None, CpuEngine(1))

    anew = gpunet.evaluate_emerging(
        arrests, QUICK, threads=1, snapshot=snapshot, progress=lambda *each: told.append(each), **MONTHS
    )
    assert first.layers.equals(anew.layers)
    assert len(names) == len(set(names))  # what both classifiers and each layer share is computed once
    months = [done / total for stage, done, total in told if stage == "months"]
    assert months == sorted(months)
    assert months[-1] == 1


def test_without_layers_nothing_of_it_is_there() -> None:
    plain = gpunet.evaluate_emerging(gpunet.read_arrests(make_arrests(300, seed=2)), QUICK, start="2013-06-01",
                                     every="1y")  # fmt: skip
    assert plain.layers is plain.watching is None


def test_the_known_network_tells_it_under_each_protocol_and_leaves_victims_out() -> None:
    arrests = with_layers(120, seed=3)
    found = evaluate_known(arrests, QUICK, threads=1)
    assert list(found.layers.select("protocol", "layer").unique(maintain_order=True).rows()) == [
        ("cross_fitted", "intelligence"), ("cross_fitted", "calls"),
    ]  # fmt: skip
    assert VICTIMS_LEFT_OUT in found.warnings
    assert found.layers["months"].null_count() == len(found.layers)
    assert set(found.watching["layer"]) == {"intelligence", "calls", "victim"}
    assert set(found.results["classifier"]) == {"decision_tree", "two_hop_heuristic"}


# --- The figures, by a slow reference ---


def said(seed: int, n: int, month: date | None, gain: float, label: np.ndarray, **more: Any) -> Predicted:
    value = np.round(np.random.default_rng(seed).normal(0.3 + gain * label, 0.3), 2)
    return Predicted("emerging", None, "xgboost", False, "all", "horizon", np.arange(n), label, value,
                     np.zeros(n, bool), month=month, **more)  # fmt: skip


def measured(one: Predicted, weights: np.ndarray) -> dict[str, float]:
    """By measure, of everybody as often as they count; NaN where there are not both classes."""
    label, value = np.repeat(one.label, weights), np.repeat(one.value, weights)
    both = 0 < label.sum() < len(label)
    return {
        "auc": roc_auc_score(label, value) if both else np.nan,
        "average_precision": average_precision_score(label, value) if label.any() else np.nan,
    }


def test_differences_and_intervals_are_those_of_a_slow_reference() -> None:
    rng = np.random.default_rng(5)
    n = 60
    draws = draw_communities(rng.integers(-1, 12, n), np.arange(n), 40, seed=2)
    ablated, pairs = [], []
    for number in range(3):
        label = rng.random(n) < 0.2
        month = date(2013, 1 + number, 1)
        pair = said(number, n, month, 0.5, label), said(9 + number, n, month, 0.1, label)
        pairs.append(pair)
        ablated.append(Ablated("calls", *pair))
    rows = {row["measure"]: row for row in worth_rows(ablated, draws, 7, threads=2)}
    assert tuple(rows) == RANKING
    for name in ("auc", "average_precision"):
        once = [[measured(one, np.ones(n, int))[name] for one in pair] for pair in pairs]
        months = np.random.default_rng(7).multinomial(3, [1 / 3] * 3, draws.number)
        drawn = []
        for j in range(draws.number):
            weights = draws.weights[draws.code[:n], j]
            differences = [measured(a, weights)[name] - measured(b, weights)[name] for a, b in pairs]
            drawn.append(np.nanmean(np.repeat(differences, months[j])))
        row = rows[name]
        assert row["with"] == pytest.approx(np.mean([a for a, _ in once]))
        assert row["without"] == pytest.approx(np.mean([b for _, b in once]))
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))
        assert row["months"] == 3
        assert row["persons"] == 3 * n
    assert rows["precision_top_100"]["worth"] == f"{CANNOT}: fewer than 100 persons"
    assert rows["precision_top_100"]["with"] is None


def test_what_a_layer_is_worth_in_words() -> None:
    n = 200
    label = np.arange(n) % 4 == 0
    draws = draw_communities(np.arange(n) // 2, np.arange(n), 50, seed=1)
    none = Draws(draws.code, np.empty((len(draws.weights), 0), np.uint8))
    good, bad = said(1, n, None, 1.0, label), said(2, n, None, 0.0, label)

    def worth(complete: Predicted, without: Predicted, of: Draws = draws) -> str:
        return str(worth_rows([Ablated("calls", complete, without)], of, 1)[0]["worth"])

    assert worth(good, bad).startswith(f"{HELPS}: +")
    assert worth(bad, good).startswith(f"{WORSE}: -")
    assert worth(good, good) == f"{NO_BETTER}: the interval of the difference (+0.000 to +0.000) includes 0"
    assert worth(good, bad, none) == f"{CANNOT}: no interval, no draws (bootstrap = 0)"
    nothing = said(1, n, date(2013, 1, 1), 0.0, label, unknown="nobody was positive")
    assert worth(nothing, nothing) == f"{CANNOT}: nobody was positive"
