"""Measures of groups: by hand, and in every draw as a slow loop over persons has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gpunet.evaluate.attributes import Attribute
from gpunet.evaluate.audit_schemas import AUDIT_TABLES, GROUP_MEASURES, audit_frame
from gpunet.evaluate.bootstrap import draw_communities, interval_of
from gpunet.evaluate.fairness import Scored, cells_of, fairness_rows, hidden_of, why_hidden
from gpunet.evaluate.group_grid import HITS, PERSONS, POSITIVES, SELECTED


def attribute(name: str, values: Any) -> Attribute:
    groups = tuple(sorted(set(values)))
    return Attribute(name, groups, np.array([groups.index(value) for value in values], np.int32))


def rows_of(
    scored: Scored, attributes: list[Attribute], community: Any, draws: int, least: int
) -> list[dict[str, Any]]:
    of = draw_communities(np.asarray(community), np.arange(len(scored.label)), draws, seed=4)
    return fairness_rows(scored, attributes, of, hidden_of(scored, attributes, least), least)


def one(rows: list[dict[str, Any]], **keys: Any) -> dict[str, Any]:
    (found,) = [row for row in rows if all(row[name] == value for name, value in keys.items())]
    return found


def by_hand() -> tuple[Scored, list[Attribute]]:
    """Of "a" 40 persons: 20 positives, 20 selected, 15 of these positive; of "b" 60, 30, 12 and 6."""
    counts = {("a", 1, 1): 15, ("a", 1, 0): 5, ("a", 0, 1): 5, ("a", 0, 0): 15,
              ("b", 1, 1): 6, ("b", 1, 0): 24, ("b", 0, 1): 6, ("b", 0, 0): 24}  # fmt: skip
    persons = [key for key, number in counts.items() for _ in range(number)]
    group, label, selected = zip(*persons, strict=True)
    probability = np.where(np.array(selected, bool), 0.8, 0.2)
    return Scored(probability, np.array(label, bool), 0.5), [attribute("g", group)]


def test_rates_by_hand() -> None:
    scored, attributes = by_hand()
    rows = rows_of(scored, attributes, np.full(100, -1), 50, 4)
    assert scored.rules == ("threshold", "top_100")
    a, everybody = (one(rows, group=group, rule="threshold") for group in ("a", "everybody"))
    assert (a["persons"], a["positives"], a["selected"]) == (40, 20, 20)
    assert (a["by"], a["group_a"], a["group_b"]) == ("g", "a", None)
    values = {"selection_rate": 0.5, "precision": 0.75, "recall": 0.75, "false_positive_rate": 0.25, "mean_score": 0.5,
              "observed": 0.5, "calibration": 0.0}  # fmt: skip
    assert {name: a[name] for name in GROUP_MEASURES} == pytest.approx(values)
    of_all = {"selection_rate": 0.32, "precision": 21 / 32, "recall": 21 / 50, "false_positive_rate": 11 / 50,
              "mean_score": 0.392, "observed": 0.5, "calibration": -0.108}  # fmt: skip
    assert {name: everybody[name] for name in GROUP_MEASURES} == pytest.approx(of_all)
    differences = {name: a[f"{name}_difference"] for name in GROUP_MEASURES}
    assert differences == pytest.approx({name: values[name] - of_all[name] for name in values})
    assert {everybody[f"{name}_difference"] for name in GROUP_MEASURES} == {None}
    assert a["undefined"] is None
    assert a["recall_low"] < 0.75 < a["recall_high"]
    assert audit_frame("fairness", rows).columns == [column.name for column in AUDIT_TABLES["fairness"]]


def test_equals_at_the_end_of_a_list_count_by_their_share() -> None:
    probability = np.array([0.9] * 60 + [0.5] * 80 + [0.1] * 60)
    scored = Scored(probability, np.arange(200) % 2 == 0, 0.7)
    share = scored.share("top_100")
    assert share.sum() == pytest.approx(100)
    assert set(share.tolist()) == {0.0, 0.5, 1.0}
    cells = cells_of(scored, [attribute("g", ["a"] * 100 + ["b"] * 100)])
    assert cells[PERSONS, ""].tolist() == [100, 100]
    assert cells[POSITIVES, ""].tolist() == [50, 50]
    assert cells[SELECTED, "top_100"].tolist() == pytest.approx([80, 20])
    assert cells[HITS, "top_100"].tolist() == pytest.approx([40, 10])
    assert scored.rules == ("threshold", "top_100")  # no list of 500 of 200 persons


def slow(scored: Scored, inside: Any, rule: str) -> dict[str, float]:
    """The measures of some of these persons, by their definitions; a person may be there several times."""
    share = scored.share(rule)
    label, n = scored.label, inside.sum()
    hits, selected, positives = (share * label)[inside].sum(), share[inside].sum(), label[inside].sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "selection_rate": selected / n,
            "precision": hits / selected,
            "recall": hits / positives,
            "false_positive_rate": (selected - hits) / (n - positives),
            "mean_score": scored.probability[inside].mean(),
            "observed": positives / n,
        }
    return {**found, "calibration": found["mean_score"] - found["observed"]}


def test_intervals_are_those_of_a_slow_loop_over_persons() -> None:
    rng = np.random.default_rng(6)
    n, number = 900, 40
    label = rng.random(n) < 0.3
    probability = np.round(np.clip(rng.normal(0.3 + 0.15 * label, 0.15), 0, 1), 2)
    attributes = [attribute("g", rng.choice(list("abc"), n)), attribute("h", rng.choice(list("xy"), n))]
    community = rng.integers(-1, 60, n)
    scored = Scored(probability, label, 0.45)
    draws = draw_communities(community, np.arange(n), number, seed=2)
    hidden = hidden_of(scored, attributes, 5)
    rows = fairness_rows(scored, attributes, draws, hidden, 5)
    again = [
        np.array([i for i in range(n) for _ in range(draws.weights[draws.code[i], j])], np.int64) for j in range(number)
    ]
    drawn = [(Scored(probability[of], label[of], 0.45), of) for of in again]
    codes = [np.array(of.groups)[of.code] for of in attributes]
    looked_at = 0
    for row in rows:
        groups = [row["group_a"], row["group_b"]]
        inside = np.ones(n, bool)
        if row["by"] != "everybody":
            names = [of.name for of in attributes]
            which = [names.index(name) for name in row["by"].split(" x ")]
            for at, group in zip(which, groups, strict=False):
                inside &= codes[at] == group
        of_group = [slow(one_draw, inside[of], row["rule"]) for one_draw, of in drawn]
        of_all = [slow(one_draw, np.ones(len(of), bool), row["rule"]) for one_draw, of in drawn]
        for name in GROUP_MEASURES:
            if row[f"{name}_low"] is None:
                continue
            looked_at += 1
            values = np.array([found[name] for found in of_group])
            assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx(interval_of(values))
            if row["by"] != "everybody":
                differences = values - np.array([found[name] for found in of_all])
                ends = (row[f"{name}_difference_low"], row[f"{name}_difference_high"])
                assert ends == pytest.approx(interval_of(differences))
    assert looked_at > 150


def test_what_is_small_is_null_with_one_reason_for_all() -> None:
    rng = np.random.default_rng(1)
    n = 3_000
    label = rng.random(n) < 0.2
    probability = np.clip(rng.normal(0.2 + 0.2 * label, 0.1), 0, 1)
    groups = np.array(["large"] * 2_000 + ["middle"] * 900 + ["few"] * 93 + ["tiny"] * 7)
    scored, attributes = Scored(probability, label, 0.4), [attribute("g", groups)]
    rows = rows_of(scored, attributes, np.full(n, -1), 20, 10)
    for group in ("tiny", "few"):  # one is small, and the other would give it away
        row = one(rows, group=group, rule="threshold")
        told = {name for name, value in row.items() if value is not None}
        assert told == {"by", "group", "group_a", "rule", "undefined"}
        assert row["undefined"].endswith(why_hidden(10))
    assert one(rows, group="tiny", rule="top_100")["undefined"] == one(rows, group="few", rule="top_100")["undefined"]
    assert one(rows, group="middle", rule="threshold")["persons"] == 900
    assert not any(0 < (row[name] or 0) < 10 for row in rows for name in ("persons", "positives", "selected"))


def test_without_draws_there_are_no_intervals_and_a_reason() -> None:
    scored, attributes = by_hand()
    row = one(rows_of(scored, attributes, np.full(100, -1), 0, 4), group="a", rule="threshold")
    assert row["recall"] == 0.75
    assert row["recall_low"] is None
    assert "no draws (bootstrap = 0)" in row["undefined"]


def test_one_community_has_no_interval() -> None:
    scored, attributes = by_hand()
    row = one(rows_of(scored, attributes, np.zeros(100, int), 30, 4), group="a", rule="threshold")
    assert row["recall_low"] is None
    assert "the same in nearly every draw" in row["undefined"]


def test_few_among_everybody_are_not_told_either() -> None:
    label = np.arange(300) < 6
    scored = Scored(np.linspace(1, 0, 300), label, 0.5)
    rows = rows_of(scored, [attribute("g", ["a"] * 150 + ["b"] * 150)], np.full(300, -1), 10, 10)
    for row in rows:
        assert (row["positives"], row["observed"], row["recall"], row["precision"]) == (None, None, None, None)
    everybody = one(rows, group="everybody", rule="threshold")
    assert (everybody["persons"], everybody["selected"]) == (300, 150)
    assert (everybody["calibration"], everybody["false_positive_rate"]) == (None, None)
    assert everybody["mean_score"] == pytest.approx(0.5)
