"""What a command prints when a run is done: first of all whether the model was any use, and why rows were rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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


def test_first_sentences_come_first():
    said = ("The model is no better than a coin.", "Nor is the record.")
    shown = summarise(manifest(measures(0.5, 0.5), measures(0.4, 0.4)), Path("out"), None, said).splitlines()
    assert tuple(shown[:2]) == said
    assert shown[2].startswith("read ")
    assert lines(manifest(measures(0.5, 0.5), measures(0.4, 0.4)))[0].startswith("read ")


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
