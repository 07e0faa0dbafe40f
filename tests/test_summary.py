"""What a command prints when a run is done: first of all whether the model was any use, and why rows were rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.cli.summary import summarise

MEASURES = ("auc", "average_precision", "precision", "recall", "f1", "brier", "precision_top_100", "precision_top_500")


def measures(average_precision: float | None, top_100: float | None) -> dict[str, float | None]:
    return {
        **dict.fromkeys(MEASURES, 0.5),
        "average_precision": average_precision,
        "precision_top_100": top_100,
    }


def manifest(model: Any = None, past_violence: Any = None, chance: Any = None, **rejected: int) -> dict[str, Any]:
    """Of a run with these results, or without a model."""
    counts = {"read": 1000, "accepted": 1000 - sum(rejected.values()), "rejected": sum(rejected.values())}
    found: dict[str, Any] = {
        "input": {
            "files": [{}],
            "left_out": [],
            "rows": {**counts, "duplicate": 0},
            "rejected_by_reason": rejected,
        },
        "arrests": {
            "arrests": 900,
            "persons": 300,
            "first_date": "2012-01-01",
            "last_date": "2013-01-01",
            "violent_arrests": {"violent": 30},
        },
        "network": {"persons": 200, "ties": 400, "components": 3},
        "path": None,
        "warnings": [],
        "execution": {"seconds": 1.0},
        "outputs": {"features.parquet": {}},
    }
    if model is not None:
        results = {"model": model, "past_violence": past_violence, "chance": chance or measures(0.01, 0.01)}
        test = {"window": "[2012-07-05, 2013-01-01)", "persons": 290, "positives": 9}
        found["model"] = {"horizon_days": 180, "results": results, "test": test}
    return found


def lines(found: dict[str, Any]) -> list[str]:
    return summarise(found, Path("out")).splitlines()


@pytest.mark.parametrize(
    ("model", "past_violence", "said"),
    [
        ((0.019, 0.07), (0.034, 0.11), "average precision 0.034 against the model's 0.019, "
         "precision among the first 100 0.11 against the model's 0.07"),
        ((0.019, 0.07), (0.034, 0.07), "average precision 0.034 against the model's 0.019"),
        ((0.019, 0.07), (0.018, 0.08), "precision among the first 100 0.08 against the model's 0.07"),
        ((0.019, None), (0.034, None), "average precision 0.034 against the model's 0.019"),
        ((None, 0.07), (None, 0.075), "precision among the first 100 0.075 against the model's 0.07"),
    ],
)  # fmt: skip
def test_a_model_that_past_violence_beats_is_told_first(model, past_violence, said):
    first, second, *_ = lines(manifest(measures(*model), measures(*past_violence)))
    assert first == f"Ranking by past violence alone beat the model in the test window [2012-07-05, 2013-01-01): {said}"
    assert second.startswith("read ")


@pytest.mark.parametrize(
    ("model", "past_violence"),
    [
        (measures(0.034, 0.11), measures(0.019, 0.07)),
        (measures(0.034, 0.11), measures(0.034, 0.11)),
        (measures(0.034, 0.11), None),
        (measures(None, None), measures(None, None)),
        (measures(None, 0.1), measures(0.5, None)),
        (None, None),
    ],
)
def test_one_that_is_not_beaten_or_cannot_be_compared_is_not(model, past_violence):
    assert lines(manifest(model, past_violence))[0].startswith("read ")


def test_a_model_that_is_worse_than_no_order_at_all():
    first = lines(manifest(measures(0.01, None), measures(0.005, None), measures(0.02, None)))[0]
    assert first == (
        "A random order beat the model in the test window [2012-07-05, 2013-01-01): "
        "average precision 0.02 against the model's 0.01"
    )


_FIGURES = st.one_of(st.none(), st.floats(0, 1))


@given(_FIGURES, _FIGURES, _FIGURES, _FIGURES)
def test_the_first_line_tells_exactly_when(ours, our_top, simple, simple_top):
    first = lines(manifest(measures(ours, our_top), measures(simple, simple_top), measures(None, None)))[0]
    pairs = [(ours, simple), (our_top, simple_top)]
    beaten = [ours < simple for ours, simple in pairs if ours is not None and simple is not None]
    assert first.startswith("Ranking by past violence") == any(beaten)
    assert first.count("against the model's") == sum(beaten)


def test_rejected_rows_by_reason():
    found = lines(manifest(bad_date=3, malformed_row=1200, missing_person=12))
    assert found[1] == "rejected  1,200 malformed_row, 12 missing_person, 3 bad_date"
    assert not any(line.startswith("rejected") for line in lines(manifest()))


@pytest.mark.parametrize("width", [10, 24, 40, 79, 80, 200])
def test_the_table_of_measures_fits(width):
    shown = summarise(manifest(measures(0.25, None), measures(0.5, 1.0), measures(0.1, 0.1)), Path("out"), width)
    _, _, after = shown.partition("persons\n  ")
    table = ("  " + after.split("\n\n")[0]).splitlines()
    assert max(map(len, table)) <= max(width, 2 + len("past violence") + 1 + len("avg. prec."))
    assert len(table) % 4 == 0
    assert (len(table) == 4) == (width >= 80 - 3)
    rows = {
        name: " ".join(line[15:] for line in table if line[2:15].strip() == name).split()
        for name in ("model", "past violence", "chance")
    }
    assert rows["model"] == ["0.500", "0.250", *["0.500"] * 4, "-", "0.500"]
    assert rows["past violence"] == ["0.500"] * 1 + ["0.500"] * 5 + ["1.000", "0.500"]
    assert " ".join(" ".join(line[15:] for line in table[::4]).split()) == (
        "AUC avg. prec. precision recall F1 Brier top 100 top 500"
    )
