"""Folds that are never held out, where others have persons enough of each class."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from model_tables import KINDS, table

from gpunet.config.config import ModelConfig
from gpunet.model import CrossFit, cross_fit, folds, forecast, read_features
from gpunet.model.folds import ENOUGH_OF_EACH, NEVER, held_out_folds
from gpunet.runs.kept_trainings import fit_of, of_fit
from gpunet.runs.read_back import Damaged


def test_with_many_positives_some_folds_are_never_held_out() -> None:
    rng = np.random.default_rng(0)
    n = 16_000
    x = rng.random(n)
    labels = rng.random(n) < 0.2 + 0.6 * (x > 0.5)
    assert labels.sum() / 5 < ENOUGH_OF_EACH < 2 * labels.sum() / 5
    frame = pl.DataFrame({"person_id": np.arange(n), "x": x})
    fit = cross_fit(read_features(frame), labels, config=ModelConfig(max_rounds=8), threads=1)
    known = fit.fold == NEVER
    assert sorted(set(fit.fold.tolist())) == [NEVER, 0, 1]
    assert known.sum() == pytest.approx(0.6 * n, abs=5)
    np.testing.assert_array_equal(np.isnan(fit.probability), known)
    training = fit.model.training
    assert (training["rows"], training["folds"], training["held_out_rows"]) == (n, 5, int((~known).sum()))
    assert fit.probability[~known].mean() == pytest.approx(labels[~known].mean(), rel=0.01)
    # The model of all rows has seen those that were never held out, too.
    assert fit.model.predict_proba(frame)[known].mean() == pytest.approx(labels[known].mean(), rel=0.03)
    fold = np.arange(50, dtype=np.int32) % 5
    for few in (np.zeros(50, bool), np.ones(50, bool)):
        assert held_out_folds(few, fold, 5) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_forecast_with_folds_that_are_never_held_out(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "ENOUGH_OF_EACH", 60)
    days = [table(600, seed) for seed in range(3)]
    kept: dict[str, CrossFit] = {}

    def keep(name: str, fit: Callable[[], CrossFit], fits: Callable[[CrossFit], bool]) -> CrossFit:
        kept[name] = fit_of(of_fit(fit()))
        assert fits(kept[name])
        other = replace(kept[name], fold=kept[name].fold[::-1].copy())
        assert not fits(other)
        return kept[name]

    found = forecast(
        *(frame for frame, _ in days), past_labels=days[0][1], test_labels=days[1][1],
        config={"max_rounds": 10}, kind=kind, threads=1, kept=keep,
    )  # fmt: skip
    first, both = kept["past"], kept["both"]
    held_out = first.fold != NEVER
    assert 100 < held_out.sum() < 400
    np.testing.assert_array_equal(both.fold, np.concatenate([first.fold, np.full(600, first.fold.max() + 1)]))
    np.testing.assert_array_equal(np.isnan(both.probability), np.concatenate([~held_out, np.zeros(600, bool)]))
    assert found.evaluation["held_out"]["persons"] == held_out.sum()
    assert found.evaluation["held_out"]["positives"] == days[0][1][held_out].sum()
    assert found.evaluation["past"]["persons"] == 600
    json.dumps(found.evaluation, allow_nan=False)
    for damaged in (first.probability * np.nan, np.nan_to_num(first.probability)):
        with pytest.raises(Damaged, match="probability"):
            fit_of(of_fit(replace(first, probability=damaged)))
