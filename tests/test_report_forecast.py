"""What a report says of a forecast: its first sentence, and what the public is not shown."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.cli.first_words import first_words
from gpunet.report import forecast_groups
from gpunet.report.audience import Audience
from gpunet.report.calibration import calibration
from gpunet.report.certainty import certainty
from gpunet.report.figure import Figure, Page, Paragraph, Section, Table
from gpunet.report.forecast import first_sentences, forecast
from gpunet.report.forecast_data import forecasts_of
from gpunet.report.forecast_lists import found_on_lists
from gpunet.report.forecast_words import below_sentence, order_sentence, top_sentence
from gpunet.report.page import rendered
from tests.forecast_folders import compared, model_section, persons, source_of

ANALYST, PUBLIC = Audience("analyst"), Audience("public")
TOP = (
    "Of the 100 persons that the model ranks highest {} had a violent arrest in the test window; of the 100 that past "
    "violence alone ranks highest, {}."
)
PARTS = (
    "(Parts of a person: persons of equal value at the end of a list count by their share, and an end of an interval "
    "may lie between two draws.)"
)


@pytest.mark.parametrize(
    ("model", "past", "interval", "said"),
    [
        (0.49, 0.41, (-0.05, 0.15), "The difference is +8, but its 95 % interval, -5 to +15, holds 0: as far as this "
         "window shows, the model's list is no better than that of past violence alone."),
        (0.47, 0.49, (-0.1, 0.03), "The difference is -2, but its 95 % interval, -10 to +3, holds 0: as far as this "
         "window shows, the model's list is no better than that of past violence alone."),
        (0.49, 0.41, (0.0, 0.15), "The difference is +8, but its 95 % interval, 0 to +15, holds 0: as far as this "
         "window shows, the model's list is no better than that of past violence alone."),
        (0.6, 0.41, (0.1, 0.253), "The difference is +19 (95 % interval +10 to +25.3): the model's list is better. "
         + PARTS),
        (0.3, 0.4125, (-0.2, -0.01), "The difference is -11.2 (95 % interval -20 to -1): past violence alone gives the "
         "better list. " + PARTS),
    ],
)  # fmt: skip
def test_the_first_sentence_says_which_list_is_better(model: float, past: float, interval: Any, said: str) -> None:
    told = TOP.format(f"{100 * model:.0f}", f"{100 * past:.1f}".removesuffix(".0"))
    assert top_sentence(compared(model, past, interval), ANALYST) == f"{told} {said}"
    assert top_sentence(compared(model, past, interval), PUBLIC) == f"{told} {said}"


def test_the_first_sentence_where_nothing_can_be_told() -> None:
    assert top_sentence(compared(None, None, reason="fewer than 100 persons"), ANALYST) == (
        "There is no list of 100 persons to judge the forecast by: fewer than 100 persons."
    )
    assert top_sentence(compared(0.5, None), ANALYST).endswith("there is no record of past violence to compare with.")
    assert top_sentence(compared(0.5, 0.4, reason="no draws"), ANALYST).endswith(
        "40. Whether that is a difference or chance cannot be told: no draws."
    )


def test_the_public_is_told_the_verdict_without_small_numbers() -> None:
    told = TOP.format("49", "fewer than 10")
    assert top_sentence(compared(0.49, 0.04, (0.3, 0.5)), PUBLIC) == f"{told} The model's list is better."
    told = TOP.format("more than 90", "49")
    assert top_sentence(compared(0.97, 0.49, (0.3, 0.5)), PUBLIC) == f"{told} The model's list is better."
    told = TOP.format("fewer than 10", "more than 90")
    assert (
        top_sentence(compared(0.098, 0.902, (-0.9, -0.7)), PUBLIC)
        == f"{told} Past violence alone gives the better list."
    )
    assert top_sentence(compared(0.0, 0.2, (-0.3, -0.1)), PUBLIC).endswith(
        "The difference is -20 (95 % interval -30 to -10): past violence alone gives the better list."
    )


def test_the_order_of_everybody_in_words() -> None:
    assert order_sentence(compared(0.8, 0.66, (0.1, 0.2))).endswith(
        "higher in 80.0 % of all cases; past violence alone in 66.0 %. Over everybody the model is better than past "
        "violence alone."
    )
    assert order_sentence(compared(0.6, 0.66, (-0.1, -0.02))).endswith("is worse than past violence alone.")
    assert order_sentence(compared(0.6, 0.66, (-0.1, 0.02))).endswith("is no better than past violence alone.")
    assert "no better than tossing a coin" in order_sentence(compared(0.5, 0.66, (-0.3, -0.02)))


def test_a_model_below_past_violence_or_chance_is_said_to_be() -> None:
    """Measures of chance are 0.1 here; of the first 100 past violence has its own sentence."""
    assert below_sentence(compared(0.3, 0.2), ANALYST) == ""
    assert below_sentence(compared(None, 0.2), ANALYST) == ""
    assert below_sentence(compared(0.3, None), ANALYST) == ""
    assert below_sentence(compared(0.111, 0.128), ANALYST) == (
        "By average precision the model (0.111) is below past violence alone (0.128)."
    )
    below = "By average precision the model (0.080) is below past violence alone (0.128) and chance (0.100)"
    of_list = "by the share of the first 100 the model (0.080) is below chance (0.100)"
    assert below_sentence(compared(0.08, 0.128), ANALYST) == f"{below}; {of_list}."
    assert below_sentence(compared(0.08, 0.128), PUBLIC) == f"{below}."  # 8 of 100 persons


def test_first_sentences_say_where_a_model_is_below_chance(tmp_path: Path) -> None:
    frame = persons(900).with_columns(probability=1 - pl.col("probability"))
    *_, last = first_sentences(source_of(tmp_path, frame))
    assert re.match(r"By average precision the model \(.*\) is below past violence alone \(.*\) and chance \(", last)
    section = forecast(source_of(tmp_path, frame))
    assert section is not None
    assert last in [part.text for part in section.parts if isinstance(part, Paragraph)]


def test_what_is_left_out_of_a_table_is_said(tmp_path: Path) -> None:
    """For the public nothing is empty without a word, and nothing hidden is spoken of as if it were there."""
    frame = persons(300, rate=0.1)
    said = {}
    for name, audience in (("public", PUBLIC), ("analyst", ANALYST)):
        source = source_of(tmp_path / name, frame, audience.name)
        sections = [forecast(source), calibration(source)]
        parts = [part for section in sections if section is not None for part in section.parts]
        tables = {part.name: part for part in parts if isinstance(part, Table)}
        said[name] = tables, " ".join(part.text for part in parts if isinstance(part, Paragraph))
    tables, text = said["public"]
    assert tables["forecast_table"].data.filter(pl.col("measure").str.contains("precision"))["model"].null_count()
    assert '"-": left out, as it would tell of fewer than 10 persons.' in tables["forecast_table"].sentence
    assert "are left out, as they would tell of fewer than 10 persons." in text
    assert "compare precision and recall together" not in text
    shown = tables["calibration_table"]
    assert f"{10 - len(shown.data)} of 10 groups are not shown" in shown.sentence
    tables, text = said["analyst"]
    assert '"-": left out' not in tables["forecast_table"].sentence
    assert "compare precision and recall together" in text
    assert "not shown" not in tables["calibration_table"].sentence


def test_groups_without_an_interval_are_no_proof_of_right_probabilities(tmp_path: Path) -> None:
    source = source_of(tmp_path, persons(600))
    ends = [of["observed_low"] for of in source.once(forecasts_of).everybody.calibration]
    section = calibration(source)
    assert section is not None
    assert 0 < (without := ends.count(None)) < len(ends)
    assert f"{len(ends) - without} of {len(ends)} groups by probability have an interval, and in " in section.lead
    assert "of these are they off by more than chance" in section.lead


def test_measures_of_the_report_are_those_of_the_run(tmp_path: Path) -> None:
    frame = persons(900)
    found = forecasts_of(source_of(tmp_path, frame))
    right = model_section(frame)["results"]
    for name, of in found.everybody.model.items():
        assert of.value == pytest.approx(right["model"][name], rel=1e-12)
        assert of.interval is not None
        assert of.interval[0] <= right["model"][name] <= of.interval[1]
    before = found.of["violent_before"]
    assert before.persons == frame.filter(pl.col("own_violent_arrests") > 0).height
    assert before.persons + found.of["no_violent_before"].persons == 900
    assert sum(found.of[name].positives for name in found.of if name.startswith("arrests_")) == frame["label"].sum()
    assert found.of["new"].persons == frame["new_person"].sum()
    assert (found.draws, found.asked) == (100, 100)
    section = forecast(source_of(tmp_path, frame))
    assert section is not None
    assert first_sentences(source_of(tmp_path, frame))[0] == section.lead


def test_an_earlier_version_has_left_no_predictions(tmp_path: Path) -> None:
    source = source_of(tmp_path, None)
    results = source.manifest["model"]["results"]
    top = results["model"]["precision_top_100"], results["past_violence"]["precision_top_100"]
    told = TOP.format(f"{100 * top[0]:.0f}", f"{100 * top[1]:.1f}".removesuffix(".0"))
    assert first_sentences(source)[0].startswith(told.removesuffix("."))
    assert "the folder has no predictions.parquet" in first_sentences(source)[0]
    sections = [section for of in (forecast, calibration, certainty) if (section := of(source)) is not None]
    assert [section.name for section in sections] == ["forecast", "calibration", "certainty"]
    assert rendered(Page("old", (), tuple(sections)), ANALYST).html


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"probability": pl.col("probability") + 1}, "no number that a run writes"),
        ({"probability": pl.lit(None, pl.Float64)}, '"probability" has no value'),
        ({"label": pl.col("label").cast(pl.Int64)}, '"label" holds Int64, not Boolean'),
        ({"past_violence": pl.lit(float("inf"))}, "no number that a run writes"),
        ({"person_id": pl.lit(1000)}, "damaged"),
        ({"person_id": pl.col("person_id").cast(pl.String)}, "damaged"),
    ],
)  # fmt: skip
def test_damaged_predictions_are_refused(tmp_path: Path, change: dict[str, Any], said: str, capsys: Any) -> None:
    source = source_of(tmp_path, persons(50))
    persons(50).with_columns(**change).write_parquet(tmp_path / "predictions.parquet")
    with pytest.raises(InputError, match=re.escape(said)):
        forecasts_of(source)


def test_a_run_whose_predictions_cannot_be_read_is_summarised_all_the_same(tmp_path: Path, capsys: Any) -> None:
    assert first_words(tmp_path, {"gpunet": "features"}) == ()
    assert capsys.readouterr().err == ""
    assert first_words(tmp_path, {"model": {}}) == ()
    assert "how good the forecast is cannot be told" in capsys.readouterr().err


def test_what_lists_find_equals_a_slow_count() -> None:
    rng = np.random.default_rng(1)
    value, label = rng.permutation(200).astype(float), rng.random(200) < 0.3
    lengths = np.array([1, 10, 37, 200])
    slow = [sum(label[i] for i in sorted(range(200), key=lambda i: -value[i])[:n]) for n in lengths]
    assert found_on_lists(value, label, lengths).tolist() == slow
    alike = found_on_lists(np.zeros(200), label, lengths)
    assert alike == pytest.approx(lengths * label.mean())


def sections_of(source: Any) -> list[Section]:
    return [section for of in (forecast, calibration, certainty) if (section := of(source)) is not None]


#: Columns that count persons.
_COUNTS = {"persons", "positives", "negatives", "flagged", "true_positives", "false_positives", "false_negatives"}


#: A small number of persons in words.
_SMALL = re.compile(r"(?<![\d.,-])[1-9] (persons|had|are outside)|hold [1-9] arrests")


@settings(max_examples=30)
@given(n=st.integers(1, 400), rate=st.sampled_from([0.0, 0.02, 0.05, 0.3, 0.97, 1.0]), seed=st.integers(0, 50))
def test_the_public_is_shown_no_small_number(tmp_path_factory: Any, n: int, rate: float, seed: int) -> None:
    frame = persons(n, seed, rate=rate)
    folder = tmp_path_factory.mktemp("public")
    sections = sections_of(source_of(folder, frame, "public", draws=5))
    positives = int(frame["label"].sum())
    for section in sections:
        for part in section.parts:
            if not isinstance(part, Figure | Table):
                assert not _SMALL.search(part.text)
                continue
            assert "person_id" not in part.data.columns
            for name in _COUNTS & set(part.data.columns):
                assert not any(0 < count < 10 for count in part.data[name].drop_nulls().to_list()), (part.name, name)
            if part.name == "forecast_found":
                found = part.data["persons_found"]
                assert ((found == 0) | (found == positives) | found.is_between(10, positives - 10)).all()
            if part.name == "forecast_table":
                shown = part.data.filter(pl.col("measure").str.contains("first"))["model"].drop_nulls()
                for size, value in zip((100, 500), shown, strict=False):
                    assert not 0 < round(size * value) < 10
    words = " ".join([section.lead for section in sections])
    assert not _SMALL.search(words)
    assert 0 in (positives, n - positives) or min(positives, n - positives) > 9 or "too few" in words


def lists_told(sections: list[Section], order: str, positives: int, persons: int) -> list[tuple[float, float]]:
    """Length and hits of every list of first persons that sentences, tables and the curve of a page tell of."""
    found: list[tuple[float, float]] = [(0, 0), (persons, positives)]
    text = " ".join(section.lead for section in sections)
    words = {"model": "the model ranks highest", "past_violence": "past violence alone ranks highest"}[order]
    told = re.search(rf"{words},? (\d+(\.\d)?)( |\.|;)", text)
    if told:
        found.append((100, float(told[1])))
    for part in (part for section in sections for part in section.parts if isinstance(part, Figure | Table)):
        values = part.data
        if part.name == "forecast_table":
            value = dict(values.select("measure", order).iter_rows())
            tops = [(k, value[f"Of the first {k}, share with a violent arrest"]) for k in (100, 500)]
            found += [(k, k * top) for k, top in tops if top is not None]
            precision, recall = (
                next(v for m, v in value.items() if f"({name})" in m) for name in ("precision", "recall")
            )
            if precision and recall is not None:
                found.append((round(recall * positives / precision), round(recall * positives)))
        elif part.name == "forecast_found":
            curve = values.filter(order=order.replace("_", " "))
            found += curve.select("length", "persons_found").iter_rows()
            tenth = re.search(r"first ([\d,]+) of [\d,]+ persons hold", part.sentence)
            if tenth and order == "model":
                found.append((-int(tenth[1].replace(",", "")), 0))
        elif part.name == "forecast_group_table" and order == "past_violence":
            found += values.filter(group="a violent arrest before").select("persons", "positives").iter_rows()
        elif part.name == "calibration_table" and order == "model":
            top = values.sort("group", descending=True).filter(pl.col("group") == 10 - pl.int_range(pl.len()))
            found += top.select(pl.col("persons", "positives").cum_sum()).iter_rows()
    return found


@settings(max_examples=25)
@given(
    n=st.integers(60, 2000), rate=st.sampled_from([0.05, 0.1, 0.3, 0.9]), skill=st.sampled_from([0.1, 0.3, 0.6]),
    seed=st.integers(0, 50),
)  # fmt: skip
def test_no_two_lists_of_one_order_differ_by_few(
    tmp_path_factory: Any, n: int, rate: float, skill: float, seed: int
) -> None:
    frame = persons(n, seed, rate=rate, skill=skill)
    sections = sections_of(source_of(tmp_path_factory.mktemp("lists"), frame, "public", draws=2))
    positives = int(frame["label"].sum())
    if not 10 <= positives <= n - 10:
        return
    ordered = frame.sort("probability", descending=True)["label"]
    for order in ("model", "past_violence"):
        told = lists_told(sections, order, positives, n)
        told = [(-k, int(ordered[:-k].sum())) if k < 0 else (k, hits) for k, hits in told]
        for (k, hits), (length, others) in itertools.combinations(told, 2):
            for few in (hits - others, (k - hits) - (length - others)):
                assert not 0.06 < abs(few) < 9.94, (order, k, length)  # sentences round to a tenth


@pytest.mark.parametrize(
    ("lows", "highs", "said"),
    [
        ([0.6, 0.8], [0.7, 0.9], 'better in the group "b" (0.85) than in the group "a" (0.65)'),
        ([0.6, 0.8, 0.5], [0.7, 0.9, 0.95], 'better in the group "b" (0.85) than in the group "a" (0.65)'),
        ([0.6, 0.68], [0.7, 0.9], "no difference between groups is larger than chance"),
        ([0.6], [0.7], "Only one group can be told of"),
        ([None, None], [None, None], "cannot be told without intervals"),
    ],
)
def test_groups_are_unequal_only_beyond_chance(lows: list[Any], highs: list[Any], said: str) -> None:
    data = pl.DataFrame(
        {"group": list("abc")[: len(lows)], "auc": [0.65, 0.85, 0.9][: len(lows)], "auc_low": lows, "auc_high": highs},
        schema_overrides={"auc_low": pl.Float64, "auc_high": pl.Float64},
    )
    assert said in forecast_groups._unequal(data)


def test_parts_of_a_whole_are_hidden_together(tmp_path: Path) -> None:
    """Of two groups neither is shown where one has a small number: the other and the whole would tell it."""
    frame = persons(600, 2).with_columns(new_person=pl.int_range(600) < 7)
    for audience, expected in (("analyst", 2), ("public", 0)):
        section = forecast(source_of(tmp_path / audience, frame, audience))  # type: ignore[arg-type]
        assert section is not None
        table = next(part for part in section.parts if isinstance(part, Table) and part.name == "forecast_group_table")
        assert table.data.filter(pl.col("told_by") == "known to the model").height == expected


def test_the_window_before_stands_beside_the_test_window(tmp_path: Path) -> None:
    frame = persons(700, 3)
    before = model_section(persons(500, 4))["results"]
    section = certainty(source_of(tmp_path, frame, held_out=before))
    assert section is not None
    table = next(part for part in section.parts if isinstance(part, Table))
    results = model_section(frame)["results"]
    row = table.data.row(by_predicate=pl.col("measure").str.contains("AUC"), named=True)
    assert row["before"] == before["model"]["auc"]
    assert row["change"] == pytest.approx(results["model"]["auc"] - before["model"]["auc"])
    assert f"{int(frame['label'].sum())} persons" in section.lead


def test_late_data_is_told_of(tmp_path: Path) -> None:
    source = source_of(tmp_path, persons(200))
    late = {"force": "ab\u202ecd", "days": 14, "arrests": 4, "expected": 90, "as_of": "2014-08-18", "by_year": True}
    source.manifest["completeness"] |= {"days_beyond": 3, "late": [late]}
    section = certainty(source)
    assert section is not None
    warnings = [part.text for part in section.parts if getattr(part, "kind", "") == "warning"]
    assert warnings[0].startswith("The data end on 2014-08-31, 3 days before the day of the forecast")
    assert "The last 14 days of the data hold 4 arrests of force" in warnings[1]
    assert "\u202e" not in warnings[1]


@pytest.mark.parametrize(("shift", "said"), [(0.0, "about right"), (0.2, "too high"), (-0.15, "too low")])
def test_calibration_says_whether_probabilities_are_right(tmp_path: Path, shift: float, said: str) -> None:
    rng = np.random.default_rng(5)
    true = rng.uniform(0.2, 0.7, 3000)
    frame = persons(3000).with_columns(probability=pl.Series(true + shift), label=pl.Series(rng.random(3000) < true))
    section = calibration(source_of(tmp_path, frame))
    assert section is not None
    assert f"the probabilities are {said} on average" in section.lead
    table = next(part for part in section.parts if isinstance(part, Table))
    assert table.data["persons"].sum() == 3000
    expected = round(float(frame["probability"].sum()))
    assert f"expected {expected:,} persons" in section.lead
    assert (table.data["verdict"] == said).sum() >= 8
