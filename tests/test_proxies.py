"""Guesses of a group from features: a planted one is found, by its family, and chance is no proxy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.evaluate.attributes import NOT_KNOWN, Attribute
from gpunet.evaluate.bootstrap import draw_communities
from gpunet.evaluate.fitting import held_out_values
from gpunet.evaluate.proxies import FEWEST, Guessing, proxy_rows

DECLARED = columns(load_config({"violent_offences": {"robbery": ["robbery*"]}}).sets)
N = 1_200


def guessing(planted: Any = None, most: int = 100_000, draws: int = 40) -> Guessing:
    rng = np.random.default_rng(8)
    matrix = rng.normal(size=(N, len(DECLARED)))
    matrix[rng.random(matrix.shape) < 0.05] = np.nan
    if planted is not None:
        matrix[:, list(DECLARED).index("beat_arrests")] = planted + rng.normal(0, 0.5, N)
    of = draw_communities(rng.integers(-1, 200, N), np.arange(N), draws, seed=1)
    return Guessing(matrix, DECLARED, of, 2, most, 5)


def attribute(*groups: str, seed: int = 2) -> Attribute:
    code = np.random.default_rng(seed).integers(0, len(groups), N).astype(np.int32)
    return Attribute("g", groups, code)


def rows_of(
    source: Guessing, of: Attribute, hidden: Any = None, threads: int = 1, least: int = 10
) -> dict[tuple[str, str], dict[str, Any]]:
    none = np.zeros(len(of), bool) if hidden is None else np.array(hidden)
    rows = proxy_rows(source, [of], [none], "not told", least, threads)
    return {(row["group"], row["family"]): row for row in rows}


def test_a_planted_proxy_is_found_in_its_family_and_nowhere_else() -> None:
    of = attribute("a", "b", "c", NOT_KNOWN)
    rows = rows_of(guessing(of.code == 1), of)
    assert {group for group, _ in rows} == {"a", "b", "c"}
    assert rows["b", "all"]["auc"] > 0.85
    assert rows["b", "geographic"]["auc"] > 0.85
    assert rows["b", "geographic"]["auc_low"] > 0.8
    for family in ("neighbourhood", "community", "path", "temporal", "history"):
        assert 0.42 < rows["b", family]["auc"] < 0.58  # five standard errors of an AUC of so many
    assert rows["b", "all"]["persons"] == int((of.code != 3).sum())
    assert rows["b", "all"]["members"] == int((of.code == 1).sum())
    assert rows["b", "all"]["features"] == len(DECLARED)
    assert rows["b", "all"]["undefined"] is None


def test_a_random_attribute_is_guessed_no_better_than_by_a_coin() -> None:
    of = attribute("a", "b")
    rows = rows_of(guessing(), of)
    assert all(0.42 < row["auc"] < 0.58 for row in rows.values())
    assert {family: rows["a", family]["auc"] for _, family in rows} == {f: rows["b", f]["auc"] for _, f in rows}
    assert rows["a", "all"]["members"] + rows["b", "all"]["members"] == N


def test_the_same_for_any_number_of_threads_and_only_of_held_out_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    of, seen = attribute("a", "b"), []

    def watched(rows: Any, labels: Any, *arguments: Any, **named: Any) -> Any:
        for test in range(rows.n_folds):
            training, tested = rows.training(test, np.arange(2))[0], rows.tests(test, np.arange(2))[0]
            assert not set(training.tolist()) & set(tested.tolist())
            assert len(training) + len(tested) == N
            assert abs(int(labels[tested].sum()) * 2 - int(labels.sum())) < 2
        value = held_out_values(rows, labels, *arguments, **named)
        seen.append(roc_auc_score(labels, value))
        return value

    once = rows_of(guessing(of.code), of)
    monkeypatch.setattr("gpunet.evaluate.proxies.held_out_values", watched)
    assert rows_of(guessing(of.code), of, threads=2) == once
    assert seen == pytest.approx([row["auc"] for (group, _), row in once.items() if group == "a"])


def test_of_many_persons_some_are_drawn() -> None:
    of = attribute("a", "b")
    rows = rows_of(guessing(of.code, most=400), of)
    assert rows["a", "all"]["persons"] == 400
    assert rows["a", "all"]["auc"] > 0.8


def test_few_of_those_who_are_drawn_are_not_told() -> None:
    of = attribute("a", "b", "c")
    code = of.code.copy()
    code[code == 2] = 0
    code[:12] = 2  # a group that is told, of which four or so are drawn
    rows = rows_of(guessing(of.code == 0, most=400), Attribute("g", of.groups, code))
    told = {group: rows[group, "all"]["members"] for group in of.groups}
    assert told["c"] is None
    assert sorted(group for group, number in told.items() if number is None) == ["b", "c"]  # or 400 less the others
    assert rows["c", "all"]["undefined"].startswith("members: not told")
    assert 10 <= told["a"] <= 390


def test_hidden_groups_and_small_ones_are_not_guessed() -> None:
    of = attribute("a", "b", "c", NOT_KNOWN)
    code = of.code.copy()
    code[code == 2] = 0
    code[: FEWEST - 1] = 2
    rows = rows_of(guessing(), Attribute("g", of.groups, code), hidden=[False, True, False, True])
    assert rows["b", "all"]["auc"] is rows["b", "all"]["members"] is None
    assert rows["b", "all"]["undefined"] == "persons, members, auc: not told"
    assert rows["c", "all"]["auc"] is None
    assert f"fewer than {FEWEST} of the group" in rows["c", "all"]["undefined"]
    assert {row["persons"] for row in rows.values()} == {None}  # the rest would be those who are not known
    assert rows["a", "all"]["auc"] is not None
