"""Pages of the experiments: first sentences, tables beside the paper's, months, and what the public is not shown."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.config.config import load_config
from gpunet.evaluate.bootstrap import why_no_interval
from gpunet.evaluate.schemas import MEASURES, TABLES, frame_of
from gpunet.report.audience import Audience
from gpunet.report.emerging_months import emerging_ever_after, emerging_horizon
from gpunet.report.emerging_page import emerging_experiment, emerging_result
from gpunet.report.experiment_calibration import emerging_calibration, known_calibration
from gpunet.report.experiment_certainty import experiment_certainty
from gpunet.report.experiment_network import experiment_network
from gpunet.report.experiment_rows import all_months_of, calibration_of, known_of, leak_of, months_of
from gpunet.report.figure import Figure, Page, Paragraph, Section, Table
from gpunet.report.known_leak import known_leak, leak_sentence
from gpunet.report.known_page import known_experiment, known_families, known_result
from gpunet.report.page import rendered
from gpunet.report.source import Source

ANALYST, PUBLIC = Audience("analyst"), Audience("public")

COUNTS = ("persons", "positives", "tp", "fp", "fn", "tn", "negatives")

SETTINGS = {"folds": 3, "protocols": ["paper", "cross_fitted"], "bootstrap": 200, "horizon_days": 90}

ARRESTS = {
    "arrests": 900, "persons": 500, "persons_arrested_once": 300, "incidents": 700, "undated_arrests": 0,
    "first_date": "2013-01-01", "last_date": "2014-06-30",
    "violent_arrests": {"violent": 80, "robbery": 74, "homicide": 6},
    "arrests_by_month_of_year": {str(month): 75 for month in range(1, 13)},
}  # fmt: skip

DESCRIPTIVES = {
    "network": {
        "persons": 400, "ties": 600, "mean_degree": 3.0, "max_degree": 4, "average_clustering": 0.4142,
        "transitivity": 0.5, "components": 7, "members": {"all": 400, "violent": 60, "robbery": 56, "homicide": 5},
        "largest_component": {"persons": 350, "ties": 560, "diameter": 12, "mean_path": 4.5678},
    },
    "degrees": {"distribution": [{"degree": 2, "persons": 200}, {"degree": 4, "persons": 200}]},
    "repeat_arrests": [
        {"arrests": 1, "persons": 300, "violent": 30}, {"arrests": 2, "persons": 100, "violent": 20},
        {"arrests": 4, "persons": 100, "violent": 25},
    ],
    "violent_together": {"network": {"violent_persons": 60, "with_another": 45, "share": 0.75}},
}  # fmt: skip


def row(tp: int = 40, fp: int = 20, fn: int = 60, tn: int = 280, auc: float | None = 0.8, **changes: Any) -> dict:
    """A row of results whose measures are those of its counts; intervals are 0.05 to each side."""
    values: dict[str, float | None] = dict.fromkeys(MEASURES)
    values |= {
        "precision": tp / (tp + fp) if tp + fp else None, "recall": tp / (tp + fn) if tp + fn else None,
        "f1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None, "auc": auc,
    }  # fmt: skip
    ends = {
        f"{name}_{end}": None if value is None else value + by
        for name, value in values.items()
        for end, by in (("low", -0.05), ("high", 0.05))
    }
    return {
        "experiment": "known", "protocol": "paper", "classifier": "random_forest", "smote": False, "family": "all",
        "month": None, "population": "all", "outcome": "violent", "persons": tp + fp + fn + tn, "positives": tp + fn,
        "tp": tp, "fp": fp, "fn": fn, "tn": tn, "mean_value": None, "undefined": None, **values, **ends, **changes,
    }  # fmt: skip


def leak_row(leak: float | None = 0.1, low: float | None = 0.05, high: float | None = 0.15, **changes: Any) -> dict:
    return {
        "protocol": "cross_fitted", "classifier": "random_forest", "smote": False, "family": "all",
        "population": "all", "persons": 400, "positives": 100, "auc_paper": 0.9,
        "auc": None if leak is None else 0.9 - leak, "leak": leak, "leak_low": low, "leak_high": high,
        "undefined": None, **changes,
    }  # fmt: skip


def group_row(group: int, mean: float, positives: int, persons: int = 100, **changes: Any) -> dict:
    return {
        "protocol": "cross_fitted", "classifier": "random_forest", "smote": False, "family": "all", "month": None,
        "population": "all", "outcome": "violent", "group": group, "persons": persons, "positives": positives,
        "mean_value": mean, "observed": positives / persons, "observed_low": None, "observed_high": None,
        "undefined": None, **changes,
    }  # fmt: skip


def month_rows(month: int, outcome: str = "horizon", **counts: tuple[int, int, int]) -> list[dict]:
    """Rows of a month of 2013; of each classifier who is named rightly, wrongly, and who is missed."""
    return [
        row(
            tp, fp, fn, 1000 - tp - fp - fn, classifier=name, month=date(2013, month, 1), outcome=outcome, protocol=None
        )
        for name, (tp, fp, fn) in counts.items()
    ]


def curve_rows() -> list[dict]:
    return [
        {"protocol": None, "classifier": "xgboost", "smote": False, "family": "all", "month": date(2013, 2, 1),
         "population": "all", "outcome": "horizon", "curve": "precision_recall", "x_measure": "recall",
         "y_measure": "precision", "threshold": None if x == 0 else 1 - x, "x": x, "y": 1 - x / 2}
        for x in (0.0, 0.5, 1.0)
    ]  # fmt: skip


def folder(tmp_path: Path, kind: str, **tables: list[dict]) -> Path:
    """A folder of results with what pages read of it."""
    for name, rows in tables.items():
        columns = {column.name: [each[column.name] for each in rows] for column in TABLES[name]}
        frame_of(name, columns).write_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / "descriptives.json").write_text(json.dumps(DESCRIPTIVES))
    manifest = {
        "gpunet": f"evaluate {kind}", "config": load_config({"evaluate": SETTINGS}).as_dict(),
        "input": {"rows": dict.fromkeys(("read", "accepted", "rejected", "duplicate"), 0), "files": [],
                  "left_out": [], "rejected_by_reason": {}},
        "arrests": ARRESTS, "warnings": [], "execution": {"seconds": 1.0},
        "outputs": {f"{name}.parquet": {} for name in tables}, "evaluation": {"experiment": kind, "results": []},
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(manifest))
    return tmp_path


def texts(section: Section) -> str:
    """Everything that a reader reads of a section, but its tables."""
    parts = [part.text if isinstance(part, Paragraph) else f"{part.title} {part.sentence}" for part in section.parts]
    return " ".join([section.lead, *parts])


def part(section: Section | None, name: str) -> Figure | Table:
    assert section is not None
    return next(each for each in section.parts if not isinstance(each, Paragraph) and each.name == name)


def html(section: Section, audience: Audience = ANALYST) -> str:
    return rendered(Page("Test", (), (section,)), audience).html.decode()


SAID = {
    "most": (leak_row(0.1), "The difference, 0.100 (0.050 to 0.150), is 25% of what the paper's protocol has above"),
    "none told": (leak_row(0.02, -0.01, 0.05), "The difference, 0.020 (-0.010 to 0.050), cannot be told from none."),
    "below": (leak_row(-0.03, -0.05, -0.01), "is no gain: nothing is lost by an honest test."),
    "no draws": (
        leak_row(0.1, None, None, undefined="leak interval: no draws (bootstrap = 0)"),
        "The difference, 0.100, is 25% of what",
    ),
    "all": (leak_row(0.45, 0.4, 0.5), "is 100% of what"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_the_first_sentence_says_how_much_is_leak(tmp_path, case):
    of_leak, said = SAID[case]
    results = [row(auc=0.9), row(auc=0.8, protocol="cross_fitted")]
    source = Source(folder(tmp_path, "known", results=results, leak=[of_leak]), ANALYST)
    sentence = leak_sentence(source)
    assert sentence.startswith(
        "Under the paper's protocol the random forest ranks a violent person above another in 90"
    )
    assert said in sentence
    assert known_result(source).lead == sentence


def test_the_leak_of_another_protocol_comes_after_and_xgboost_is_told_where_there_is_no_forest(tmp_path):
    rows = [
        leak_row(0.3, protocol="same_event", classifier="xgboost"), leak_row(0.1, classifier="xgboost"),
        leak_row(0.2, classifier="svm"), leak_row(0.0, classifier="xgboost", family="path"),
    ]  # fmt: skip
    source = Source(folder(tmp_path, "known", results=[row(classifier="xgboost")], leak=rows), ANALYST)
    assert "XGBoost ranks" in leak_sentence(source)
    assert leak_sentence(source).endswith("With shared incidents hidden as well the AUC is 0.600.")
    section = known_leak(source)
    assert "the support vector machine loses 0.200 (0.050 to 0.150) of its AUC, more than any other" in section.lead
    drawn = part(section, "leak_by_classifier").data
    assert drawn.select("classifier", "protocol", "leak").rows() == [
        ("XGBoost", "shared incidents hidden as well", 0.3), ("XGBoost", "labels of the test persons hidden", 0.1),
        ("support vector machine", "labels of the test persons hidden", 0.2),
    ]  # fmt: skip
    assert set(part(section, "leak_by_family").data["family"]) == {"all features", "paths through the network"}


@pytest.mark.parametrize(
    ("protocols", "auc", "said"),
    [
        (["paper"], 0.9, "Only the paper's protocol was tried"),
        (["cross_fitted", "same_event"], 0.9, "the paper's protocol was not tried"),
        (["paper", "cross_fitted"], None, "cannot be said: no AUC is defined"),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_without_a_leak_the_page_says_why(tmp_path, protocols, auc, said, is_there):
    results = [row(auc=auc, protocol=name) for name in protocols]
    tables = {"results": results, "calibration": [], **({"leak": []} if is_there else {})}
    source = Source(folder(tmp_path, "known", **tables), ANALYST)
    assert said in leak_sentence(source)
    assert said in known_leak(source).lead
    html(known_result(source))
    assert known_calibration(source) is None


def test_table_8_has_the_papers_figures_beside_ours_and_reasons_for_what_is_not_defined(tmp_path):
    results = [
        row(auc=0.95), row(auc=0.7, protocol="cross_fitted"),
        row(auc=None, classifier="two_hop_heuristic", protocol="cross_fitted",
            undefined="auc, brier: the values do not order persons"),
        row(tp=0, fp=0, fn=100, auc=0.6, classifier="svm", undefined="precision: nobody is named"),
    ]  # fmt: skip
    source = Source(folder(tmp_path, "known", results=results, leak=[leak_row()]), ANALYST)
    section = known_result(source)
    paper = part(section, "table_8_paper").data
    assert paper.select("precision_told", "recall_told", "f1_told", "auc_told").row(0) == (
        "0.89",
        "0.78",
        "0.83",
        "0.98",
    )
    ours = paper.row(1, named=True)
    assert (ours["classifier"], ours["tp"], ours["precision"]) == ("random forest", 40, 40 / 60)
    assert (ours["precision_told"], ours["f1_told"]) == ("0.667", "0.500 (0.450 to 0.550)")
    assert ours["auc_told"] == "0.950 (0.900 to 1.000)"
    assert paper.row(2, named=True)["precision_told"] == "not defined: nobody is named"
    told = part(section, "table_8_cross_fitted").data.row(2, named=True)
    assert told["auc_told"] == "not defined: the values do not order persons"
    assert "random forest is best, with an AUC of 0.700 (0.650 to 0.750): 67% of the persons" in texts(section)
    page = html(section)
    assert "not defined: the values do not order persons" in page
    assert page.count("<svg") == 2


def test_families_and_populations_are_those_of_the_most_honest_protocol(tmp_path):
    results = [
        row(auc=auc, family=family, protocol=protocol)
        for protocol, values in (("paper", (0.9, 0.99, 0.8)), ("cross_fitted", (0.8, 0.6, 0.7)))
        for family, auc in zip(("all", "geographic", "temporal"), values, strict=True)
    ]
    parts = [("no_violent_before", 30, 20, 40, 280), ("violent_before", 10, 0, 20, 0)]
    results += [
        row(*counts, protocol=protocol, population=name, auc=None)
        for protocol in ("paper", "cross_fitted")
        for name, *counts in parts
    ]
    source = Source(folder(tmp_path, "known", results=results, leak=[leak_row()]), ANALYST)
    families = known_families(source)
    assert families is not None
    assert "times and shared arrests alone tell most: the random forest has an AUC of 0.700" in families.lead
    assert part(families, "family_table").data.row(0) == ("the paper's protocol", "random forest", 0.9, 0.99, 0.8)
    section = known_result(source)
    assert part(section, "no_violent_before").data.select("positives", "tp", "fp").row(0) == (70, 30, 20)
    assert part(section, "violent_before").data.select("persons", "positives", "tp", "fp").row(0) == (30, 30, 10, 0)


AHEAD = {"xgboost": (60, 40, 40), "random_forest": (20, 80, 80), "past_violent_arrests": (20, 80, 80),
         "past_violent_arrests_180d": (10, 50, 90), "two_hop_heuristic": (10, 500, 90)}  # fmt: skip
CLOSE = {**AHEAD, "xgboost": (22, 80, 78), "random_forest": (21, 80, 79)}
BEHIND = {**AHEAD, "xgboost": (12, 80, 88), "random_forest": (11, 80, 89)}


@pytest.mark.parametrize(
    ("counts", "said", "ahead"),
    [
        (AHEAD, "A classifier tells better than past violence who will be arrested for violence within 90 days: the "
                "best classifier, XGBoost, has an F1 of 0.600, and naming whoever has a violent arrest on record "
                "has 0.200.",
         "It is ahead in 3 of 3 months, in 3 of them by more than the intervals, and as far behind in 0."),
        (CLOSE, "No classifier is shown to tell better than past violence", "in 3 of 3 months, in 0 of them"),
        (BEHIND, "Nothing is gained over past violence", "It is ahead in 0 of 3 months"),
    ],
)  # fmt: skip
def test_the_first_sentence_says_whether_past_violence_is_beaten(tmp_path, counts, said, ahead):
    results = [each for month in (1, 2, 3) for each in month_rows(month, **counts)]
    source = Source(folder(tmp_path, "emerging", results=results, curves=[], calibration=[]), ANALYST)
    section = emerging_result(source)
    assert section.lead.startswith(said)
    assert ahead in section.lead
    assert "There are 3 months, from 2013-01-01 to 2013-03-01." in texts(emerging_experiment(source))
    assert emerging_ever_after(source) is None


def test_without_intervals_nothing_is_said_to_be_certain(tmp_path):
    ends = {f"f1_{end}": None for end in ("low", "high")}
    results = [{**each, **ends} for each in month_rows(1, **AHEAD)]
    source = Source(folder(tmp_path, "emerging", results=results), ANALYST)
    lead = emerging_result(source).lead
    assert lead.startswith("No classifier is shown to tell better")
    assert "without intervals nobody can say whether that is chance" in lead


def test_without_draws_no_page_speaks_of_intervals(tmp_path):
    """But where it says that there are none."""
    honest: dict[str, Any] = {"protocol": "cross_fitted"}
    results = [row(auc=0.9), row(auc=0.8, **honest), row(auc=0.7, family="path", **honest)]
    results += [
        row(20, 0, 10, 0, None, population=PARTS[1], **honest),
        row(20, 20, 50, 280, population=PARTS[0], **honest),
    ]
    (tmp_path / "known").mkdir()
    known = without_draws(folder(tmp_path / "known", "known", results=[*map(undrawn, results)],
                                 leak=[undrawn(leak_row())], calibration=[undrawn(group_row(1, 0.3, 10))]))  # fmt: skip
    months = [undrawn(each) for outcome in ("horizon", "ever_after") for each in month_rows(1, outcome, **AHEAD)]
    groups = [undrawn(group_row(1, 0.2, 20, month=date(2013, 1, 1), outcome="horizon", protocol=None))]
    (tmp_path / "emerging").mkdir()
    emerging = without_draws(folder(tmp_path / "emerging", "emerging", results=months, curves=[], calibration=groups))
    of_known = (known_result, known_leak, known_calibration, known_families)
    of_emerging = (emerging_result, emerging_horizon, emerging_ever_after, emerging_calibration)
    for source, pages in ((known, of_known), (emerging, of_emerging)):
        found = [section for of in pages if (section := of(source)) is not None]
        assert len(found) == len(pages)
        for section in found:
            page = re.sub(r"<script.*?</script>", "", html(section), flags=re.DOTALL)
            unsure = re.compile("without (an interval|intervals) nobody can say whether that is chance")
            assert "interval" not in unsure.sub("", page)
        assert "No interval was asked for (bootstrap = 0)" in experiment_certainty(source).lead
    lead = emerging_horizon(emerging).lead
    assert lead.endswith("in 1 of 1 month; without intervals nobody can say whether that is chance.")
    assert part(known_result(known), "table_8_paper").data["auc_told"].to_list()[1] == "0.900"


def test_with_intervals_captions_say_so(tmp_path):
    source = Source(folder(tmp_path, "emerging", results=month_rows(1, **AHEAD), curves=[]), ANALYST)
    section = emerging_horizon(source)
    assert section.lead.endswith("in 1 of 1 month, in 1 of them by more than the intervals, and as far behind in 0.")
    assert "with approximate 95 % intervals" in part(section, "f1_horizon").sentence


@pytest.mark.parametrize(
    ("recent", "rule"), [((10, 50, 90), "past violent arrests"), ((30, 50, 70), "past violent arrests, last 180 days")]
)
def test_panels_have_the_rule_that_the_lead_compares_with(tmp_path, recent, rule):
    results = month_rows(1, **{**AHEAD, "past_violent_arrests_180d": recent})
    section = emerging_horizon(Source(folder(tmp_path, "emerging", results=results, curves=[]), ANALYST))
    assert section.lead.startswith(f'Beside the rule "{rule}"')
    figure = part(section, "precision_horizon")
    assert f'that of the rule "{rule}".' in figure.sentence
    drawn = json.dumps(figure.chart.to_dict())
    precision = {"past violent arrests": 0.2, "past violent arrests, last 180 days": 30 / 80}[rule]
    assert f'"beside": {precision}' in drawn


def test_months_without_a_full_horizon_are_judged_by_the_papers_outcome(tmp_path):
    source = Source(folder(tmp_path, "emerging", results=month_rows(1, "ever_after", **AHEAD), curves=[]), ANALYST)
    assert "at any later time in the data" in emerging_result(source).lead
    assert emerging_horizon(source) is None
    assert emerging_ever_after(source) is not None


def test_months_are_drawn_as_they_are_and_added_up(tmp_path):
    untrained = {**dict.fromkeys(("tp", "fp", "fn", "tn", "precision", "recall", "f1", "auc")),
                 "undefined": "precision, recall, f1: too few to train on"}  # fmt: skip
    results = [
        *month_rows(1, **AHEAD), *month_rows(2, xgboost=(10, 30, 40), past_violent_arrests=(0, 0, 50)),
        *({**each, **untrained} for each in month_rows(3, xgboost=(0, 0, 0))),
    ]  # fmt: skip
    source = Source(folder(tmp_path, "emerging", results=results, curves=curve_rows()), ANALYST)
    table = part(emerging_result(source), "all_months").data
    ours = table.filter(classifier="XGBoost").row(0, named=True)
    assert (ours["months"], ours["tp"], ours["fp"], ours["positives"]) == (2, 70, 70, 150)
    assert ours["f1"] == pytest.approx(2 * 70 / (140 + 70 + 80))
    section = emerging_horizon(source)
    drawn = part(section, "tp_horizon").data.filter(classifier="XGBoost")
    assert drawn.select("month", "tp").rows() == [(date(2013, 1, 1), 60), (date(2013, 2, 1), 10)]
    empty = part(section, "precision_horizon").data.filter(month=date(2013, 2, 1), classifier="past violent arrests")
    assert empty["precision"].to_list() == [None]
    assert part(section, "curve_horizon").data["precision"].to_list() == [1.0, 0.75, 0.5]
    page = html(section)
    assert page.count("<svg") == 6
    assert page == html(section)
    reasons = part(experiment_certainty(source), "undefined").data
    assert reasons.row(0) == ("too few to train on", "precision, recall, f1", 1)


def test_months_that_nothing_could_be_trained_for_count_for_nobody(tmp_path):
    without = dict.fromkeys(("tp", "fp", "fn", "tn", "precision", "recall", "f1"))
    second = month_rows(2, past_violent_arrests=(90, 5, 5))
    untrained = [{**each, **without} for each in month_rows(2, xgboost=(0, 0, 0))]
    results = [*month_rows(1, **AHEAD), *second, *untrained]
    source = Source(folder(tmp_path, "emerging", results=results), ANALYST)
    section = emerging_result(source)
    assert section.lead.startswith("A classifier tells better")
    assert "in 1 of 1 month" in section.lead
    assert part(section, "all_months").data["months"].unique().to_list() == [1]


def test_nobody_who_comes_true_within_the_horizon(tmp_path):
    results = [
        *month_rows(1, xgboost=(0, 10, 0), past_violent_arrests=(0, 20, 0)),
        *month_rows(1, "ever_after", **AHEAD),
    ]
    section = emerging_result(Source(folder(tmp_path, "emerging", results=results), ANALYST))
    assert section.lead.startswith("Nothing is gained over past violence")
    assert "Of 100 persons" not in section.lead
    assert part(section, "all_months").data["recall"].to_list() == [None, None]


def test_what_a_rule_about_past_violence_cannot_find_is_said(tmp_path):
    results = month_rows(1, **AHEAD)
    for each in month_rows(1, xgboost=(12, 20, 30), random_forest=(11, 20, 31), past_violent_arrests=(0, 0, 42)):
        results.append({**each, "population": "no_violent_before"})
    section = emerging_result(Source(folder(tmp_path, "emerging", results=results), ANALYST))
    assert "XGBoost finds most among the classifiers: 12 of the 42 who are arrested for violence, beside 20" in texts(
        section
    )
    named_none = part(section, "no_violent_before").data.filter(classifier="past violent arrests")
    assert named_none.select("precision", "recall").row(0) == (None, 0.0)


def test_calibration_says_who_is_off_and_by_how_much(tmp_path):
    groups = [group_row(1, 0.1, 5), group_row(2, 0.5, 35), group_row(1, 0.2, 20, classifier="svm")]
    source = Source(folder(tmp_path, "known", calibration=[*groups, group_row(1, 0.9, 1, protocol="paper")]), ANALYST)
    section = known_calibration(source)
    assert section is not None
    assert "the random forest says 30.0% on average where 20.0% came true, which is too high" in section.lead
    assert part(section, "calibration").persons == 200
    assert html(section).count("<svg") == 1


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([(0.1, 2, None), (0.4, 9, None)], "no classifier's mean can be told from the share that came true"),
        ([(0.1, 200, None), (0.4, 900, None)], "says 25.0% on average where 27.5% came true, which is too low"),
        # Intervals of the groups that are wider than those of independent persons: +/- 0.03 together.
        ([(0.1, 200, 0.0425), (0.4, 900, 0.0425)], "by chance alone they would differ by up to about 3.0 percentage"),
        ([(0.0, 0, None)], "no classifier's mean can be told"),
    ],
)
def test_a_mean_is_off_only_where_chance_would_not_make_it_so(tmp_path, groups, said):
    rows = []
    for number, (mean, positives, half) in enumerate(groups, 1):
        size = 20 if positives < 10 else 2000
        ends = {} if half is None else {f"observed_{end}": positives / size + by for end, by in
                                        (("low", -half), ("high", half))}  # fmt: skip
        rows.append(group_row(number, mean, positives, size, **ends))
    section = known_calibration(Source(folder(tmp_path, "known", calibration=rows), ANALYST))
    assert section is not None
    assert said in section.lead
    assert ("too low" in section.lead) == (groups[0][1:] == (200, None))


def test_persons_of_several_months_are_not_more_persons(tmp_path):
    """What would be too high of 800 persons is not of 100, who are looked at in each of eight months."""
    groups = [
        group_row(1, 0.15, 10, 100, month=date(2013, month, 1), outcome="horizon", protocol=None)
        for month in range(1, 9)
    ]
    months = [each for month in range(1, 9) for each in month_rows(month, **AHEAD)]
    tables = {"results": months, "calibration": groups}
    section = emerging_calibration(Source(folder(tmp_path, "emerging", **tables), ANALYST))
    assert section is not None
    assert "says 15.0% on average where 10.0% came true; by chance alone they would differ by up to about 7.0" in (
        section.lead
    )


def undrawn(each: dict) -> dict:
    """A row as it is without draws."""
    names = [name.removesuffix("_low") for name in each if name.endswith("_low")]
    why = why_no_interval(None, 0, [name for name in names if each[name] is not None])
    reasons = {reason: f"{', '.join(f'{name} interval' for name in why)}: {reason}" for reason in why.values()}
    return each | {f"{name}_{end}": None for name in names for end in ("low", "high")} | {
        "undefined": "; ".join(reasons.values()) or None
    }  # fmt: skip


def without_draws(place: Path) -> Source:
    manifest = json.loads((place / "run.json").read_text())
    manifest["config"]["evaluate"]["bootstrap"] = 0
    (place / "run.json").write_text(json.dumps(manifest))
    return Source(place, ANALYST)


def test_groups_of_months_are_taken_together(tmp_path):
    groups = [
        group_row(1, mean, positives, persons, month=date(2013, month, 1), outcome="horizon", protocol=None)
        for month, mean, positives, persons in ((1, 0.1, 10, 100), (2, 0.3, 50, 300))
    ]
    tables = {"results": [*month_rows(1, **AHEAD), *month_rows(2, **AHEAD)], "calibration": groups}
    section = emerging_calibration(Source(folder(tmp_path, "emerging", **tables), ANALYST))
    assert section is not None
    drawn = part(section, "calibration").data
    assert drawn.select("persons", "positives", "mean_value", "observed").row(0) == (400, 60, 0.25, 0.15)
    assert "the random forest says 25.0% on average where 15.0% came true" in section.lead


def test_the_network_in_numbers_and_what_the_public_sees_of_it(tmp_path):
    place = folder(tmp_path, "known")
    section = experiment_network(Source(place, ANALYST))
    assert {900, 500, 300, 700, 80, 74, 6} <= set(part(section, "arrests").data["value"])
    assert {400, 600, 3.0, 0.4142, 7, 350, 12, 4.5678} <= set(part(section, "network").data["value"])
    assert part(section, "degrees").data.select("ties", "persons").rows() == [(2, 200), (4, 200)]
    assert part(section, "repeat_arrests").data.select("times", "persons", "violent_persons").rows() == [
        ("1", 300, 30), ("2", 100, 20), ("4", 100, 25),
    ]  # fmt: skip
    assert part(section, "seasonality").data["arrests"].to_list() == [75] * 12
    assert "Of 60 violent persons of the network 45 (75%)" in texts(section)
    assert html(section).count("<svg") == 3
    public = experiment_network(Source(place, PUBLIC))
    assert not {6, 74} & set(part(public, "arrests").data["value"])
    for damage in ("{}", "no json", json.dumps({**DESCRIPTIVES, "network": {"persons": -1}})):
        (place / "descriptives.json").write_text(damage)
        with pytest.raises(InputError, match=r"descriptives\.json"):
            experiment_network(Source(place, ANALYST))


counts = st.integers(0, 25)

PARTS = ["no_violent_before", "violent_before"]


def has_small(rows: pl.DataFrame) -> bool:
    return any(rows[name].is_between(1, 9).any() for name in COUNTS if name in rows.columns)


@given(st.lists(st.tuples(counts, counts, counts, counts, counts, counts), min_size=1, max_size=3))
def test_the_public_finds_no_small_number_of_the_known_and_can_subtract_to_none(tmp_path_factory, known):
    results, leak, groups = [], [], []
    for (tp, fp, fn, tn, *before), name in zip(known, ("random_forest", "xgboost", "svm"), strict=False):
        one, other = min(before[0], tp), min(before[1], fn)
        every: dict[str, Any] = {"classifier": name, "protocol": "cross_fitted"}
        results += [
            row(tp, fp, fn, tn, **every),
            row(tp - one, fp, fn - other, tn, population=PARTS[0], **every),
            row(one, 0, other, 0, population=PARTS[1], **every),
        ]
        leak.append(leak_row(classifier=name, persons=tp + fp + fn + tn, positives=tp + fn))
        groups += [group_row(1, 0.2, tp, tp + fp + 1, **every), group_row(2, 0.4, fn, fn + tn + 1, **every)]
    place = folder(tmp_path_factory.mktemp("known"), "known", results=results, leak=leak, calibration=groups)
    source = Source(place, PUBLIC)
    shown, calibration = known_of(source), calibration_of(source)
    assert not any(map(has_small, (shown, leak_of(source), calibration)))
    for rows, whole in ((shown.filter(pl.col("population") != "all"), 2), (calibration, 2)):
        assert set(rows.group_by("classifier").len()["len"]) <= {whole}
    large = [each for each in results if not any(0 < each[name] < 10 for name in COUNTS[:-1])]
    assert len(shown.filter(population="all")) == sum(each["population"] == "all" for each in large)


@given(st.lists(st.tuples(counts, counts, counts), min_size=2, max_size=6))
def test_the_public_finds_no_small_number_of_months_and_can_subtract_to_none(tmp_path_factory, triples):
    names = ("xgboost", "past_violent_arrests")
    rows = [each for i, triple in enumerate(triples) for each in month_rows(1 + i // 2, **{names[i % 2]: triple})]
    source = Source(folder(tmp_path_factory.mktemp("emerging"), "emerging", results=rows), PUBLIC)
    small = {each["month"] for each in rows if any(0 < each[name] < 10 for name in COUNTS[:-1])}
    assert set(months_of(source)["month"]) == {each["month"] for each in rows} - small
    shown = all_months_of(source)
    assert not has_small(shown)
    assert shown["tp"].sum() == sum(each["tp"] for each in rows if each["month"] not in small)


def test_to_the_public_no_figure_has_a_small_number(tmp_path):
    """And those that have none are there."""
    results = [
        row(protocol=protocol, classifier=name, family=family)
        for protocol in ("paper", "cross_fitted") for name in ("random_forest", "svm") for family in ("all", "path")
    ]  # fmt: skip
    results += [row(tp=4, classifier="xgboost"), row(fp=9, classifier="naive_bayes", family="path")]
    groups = [group_row(1, 0.1, 12), group_row(1, 0.1, 8, classifier="svm"), group_row(2, 0.3, 40, classifier="svm")]
    tables = {"results": results, "leak": [leak_row(), leak_row(classifier="svm", positives=5)], "calibration": groups}
    source = Source(folder(tmp_path, "known", **tables), PUBLIC)
    found = (known_experiment, experiment_network, known_result, known_leak, known_calibration, known_families)
    sections = [section for of in found if (section := of(source)) is not None]
    assert len(sections) == len(found)
    data = [part.data for section in sections for part in section.parts if not isinstance(part, Paragraph)]
    assert not any(map(has_small, data))
    assert set(part(sections[3], "leak_by_classifier").data["classifier"]) == {"random forest"}
    assert set(part(sections[4], "calibration").data["classifier"]) == {"random forest"}
    page = rendered(Page("Test", (), tuple(sections)), PUBLIC).html.decode()
    assert "XGBoost" not in page
    assert page.count("<svg") == 9


def test_the_public_is_shown_no_curve_and_is_told_where_nothing_can_be_shown(tmp_path):
    rows = month_rows(2, **AHEAD)
    place = folder(tmp_path, "emerging", results=rows, curves=curve_rows())
    drawn = [{part.name for part in emerging_horizon(Source(place, audience)).parts if isinstance(part, Figure)}
             for audience in (ANALYST, PUBLIC)]  # fmt: skip
    assert drawn[0] - drawn[1] == {"curve_horizon"}
    assert len(drawn[1]) == 5
    small = month_rows(1, **{**AHEAD, "two_hop_heuristic": (3, 40, 97)})
    source = Source(folder(tmp_path, "emerging", results=small, curves=[], calibration=[]), PUBLIC)
    assert emerging_result(source).lead == "The numbers are too small to be shown on this page."
    assert emerging_horizon(source) is None
    assert emerging_result(Source(tmp_path, ANALYST)).lead.startswith("A classifier tells better")
