"""Sentences on what features guess: a winner is named only where its interval is above a coin's."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from gpunet.report.audit_words import missing_lead, proxies_lead


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
    assert said(*rows, ("b", "history", 0.55, 0.52, 0.58)).endswith("of single families, history does best (0.55).")


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
