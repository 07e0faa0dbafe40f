"""Sentences on what an audit found: every rule is spoken of, and nothing is claimed without an interval."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from gpunet.report.audit_words import calibration_lead, errors_lead, missing_lead, proxies_lead, selection_lead


def proxies(*rows: tuple[str, str, float, float | None, float | None]) -> pl.DataFrame:
    schema = {"group": pl.String, "family": pl.String, "auc": pl.Float64, "auc_low": pl.Float64, "auc_high": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row").with_columns(by=pl.lit("g"))


def said(*rows: Any) -> str:
    (sentence,) = proxies_lead(proxies(*rows), ["g"], str)
    return sentence


def test_coins_win_nothing() -> None:
    sentence = said(("a", "all", 0.53, 0.47, 0.58), ("b", "all", 0.51, 0.46, 0.55), ("a", "path", 0.55, 0.51, 0.6))
    assert "guess no group better than a coin (best: a, with an AUC of 0.53, 0.47 to 0.58;" in sentence
    assert "path" not in sentence


def test_a_winner_and_its_family_are_above_a_coin() -> None:
    rows = (("a", "all", 0.66, 0.49, 0.8), ("b", "all", 0.62, 0.58, 0.66), ("b", "path", 0.56, 0.49, 0.63))
    sentence = said(*rows)
    assert (
        "tell b from all others with an AUC of 0.62 (0.58 to 0.66), where 0.5 is a coin and 1 is certain." in sentence
    )
    assert said(*rows, ("b", "history", 0.55, 0.52, 0.58)).endswith(
        "of single families, history (the person's own arrests) does best (0.55)."
    )


def test_without_intervals_no_family_is_named() -> None:
    sentence = said(("a", "all", 0.66, None, None), ("a", "path", 0.6, None, None))
    assert sentence.endswith("an AUC of 0.66 (no interval can be had), where 0.5 is a coin and 1 is certain.")


@pytest.mark.parametrize(
    ("unknown", "mend"), [("not known", "attribute of everybody"), ("c", "small groups put together")]
)
def test_large_groups_that_are_missing_are_said(unknown: str, mend: str) -> None:
    groups = {"group": ["a", "b", unknown], "persons": [500, None, None]}
    fairness = pl.DataFrame(groups).with_columns(by=pl.lit("g"), rule=pl.lit("threshold"))
    (sentence,) = missing_lead(fairness, ["g"], 900, str)
    assert sentence.startswith("By g, groups with 44.4 % of all persons are not told")
    assert mend in sentence
    assert not list(missing_lead(fairness, ["g"], 504, str))  # 4 of 504


Told = tuple[str, float | None, float | None, float | None]


def fairness(measure: str, **rules: list[Told]) -> pl.DataFrame:
    """Rows of everybody, of whom every rule selects 0.2, and of groups: the measure, its difference from and to."""
    names = (measure, f"{measure}_difference_low", f"{measure}_difference_high")
    everybody: Told = ("everybody", 0.2, None, None)
    rows = [
        {"by": "everybody" if group == "everybody" else "g", "group": group, "rule": rule}
        | dict(zip(names, numbers, strict=True))
        for rule, told in rules.items()
        for group, *numbers in (everybody, *told)
    ]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(names, pl.Float64))


@pytest.mark.parametrize(
    ("lead", "measure"), [(selection_lead, "selection_rate"), (errors_lead, "false_positive_rate")]
)
def test_a_difference_on_a_list_is_said_where_the_threshold_shows_none(lead: Any, measure: str) -> None:
    found = fairness(
        measure,
        threshold=[("a", 0.25, -0.1, 0.2), ("b", 0.15, -0.2, 0.1)],
        top_500=[("a", 0.25, 0.01, 0.1), ("b", 0.15, -0.1, -0.01)],
    )
    (sentence,) = map(" ".join, lead(found, ["g"], str))
    none, both = "none of 2 groups that are told differs", "both groups that are told differ"
    for words, which in (("The model's threshold", none), ("The list of the first 500", both)):
        said = (
            f"{words[1:]} selects 25.0 % of a and 15.0 % of b, and 20.0 % of everybody: {which} from everybody by more"
        )
        assert f"{said} than chance." in sentence
    assert "first 100" not in sentence  # the table has no such rule


def test_a_rule_of_which_nothing_is_told_is_said_to_be_such() -> None:
    found = fairness("selection_rate", threshold=[("a", 0.25, 0.01, 0.1)], top_100=[("a", None, None, None)])
    (sentence,) = map(" ".join, selection_lead(found, ["g"], str))
    assert "the one group that is told differs from everybody by more than chance." in sentence
    assert "Of the list of the first 100 nothing can be told" in sentence


def test_without_intervals_no_difference_is_denied() -> None:
    found = fairness("selection_rate", threshold=[("a", 0.25, None, None), ("b", 0.15, None, None)])
    (sentence,) = map(" ".join, selection_lead(found, ["g"], str))
    assert "whether that is more than chance cannot be told, as there are no intervals" in sentence
    found = fairness("selection_rate", threshold=[("a", 0.25, 0.1, 0.2), ("b", 0.15, None, None)])
    (sentence,) = map(" ".join, selection_lead(found, ["g"], str))
    assert "differs from everybody by more than chance (1 more group without an interval)." in sentence
    rows = {"by": ["g"], "group": ["a"], "rule": ["threshold"], "calibration": [0.1]}
    ends = dict.fromkeys(("calibration_low", "calibration_high"), pl.Series([None], dtype=pl.Float64))
    assert "there are no intervals" in calibration_lead(pl.DataFrame({**rows, **ends}), ["g"], str)
