"""What is told of scores and flags that are sealed again, as somebody was erased after a review had opened them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from erasing import OPTIONS, SENTINEL, rows_of
from test_governance import EVERY
from updating import CONFIG, write

from gpunet.cli.erasure import erase
from gpunet.cli.flags import run_flags
from gpunet.cli.records import write_cards
from gpunet.cli.reports import write_report
from gpunet.cli.run import run_forecast
from gpunet.cli.running import RUN_FILES
from gpunet.governance.review import ReviewFolder
from gpunet.governance.statement import earlier_reviews, sealed_sentences

SEALED = "They are sealed now: no command of gpunet shows a {}."
OPENED = "{} of an earlier form of this run were opened by a review on {}."


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and its flags, whose review somebody approved before a person was erased; and one that is sealed."""
    root = tmp_path_factory.mktemp("reviewed")
    tables, runs = [write(root / "in" / "a.csv", rows_of())], root / "runs"
    for name in ("run", "sealed"):
        run_forecast(tables, runs / name, {**CONFIG, "governance": EVERY}, None, OPTIONS)
    run_flags([runs / "run"], runs / "flags", None, (), OPTIONS)
    for name, decisions in (("run", ("reject", "approve")), ("flags", ("approve",))):
        for decision in decisions:
            with ReviewFolder(runs / name, RUN_FILES) as folder:
                folder.decide("Jane Doe", decision, "a panel")
    assert erase(runs, SENTINEL, tables, threads=1).done
    return runs


@pytest.mark.parametrize(("name", "word"), [("run", "Scores"), ("flags", "Flags")])
def test_the_records_say_that_a_review_had_opened_an_earlier_form(runs: Path, name: str, word: str) -> None:
    today = date.today().isoformat()
    write_cards(runs / name)
    record, one = (runs / name / "atrs.md").read_text(), word.lower().removesuffix("s")
    assert SEALED.format(one) in record
    assert OPENED.format(word, today) in record
    assert "nobody has read" not in record
    for audience in ("analyst", "public"):
        page = write_report(runs / name, audience).read_text()
        assert OPENED.format(word, today) in page
        assert "Jane Doe" not in page


def test_of_a_run_that_was_never_opened_no_review_is_told(runs: Path) -> None:
    write_cards(runs / "sealed")
    record = (runs / "sealed" / "atrs.md").read_text()
    assert SEALED.format("score") in record
    assert "earlier form" not in record


def test_days_and_decisions_are_kept_through_further_erasures_and_no_name() -> None:
    before = [{"time": "2026-11-01", "decision": "approve"}]
    review = {"by": "Jane", "note": "n", "decision": "reject", "time": "2026-11-30T09:00:00+00:00"}
    assert earlier_reviews({"earlier_review": before, "review": [review]}) == [
        *before,
        {"time": "2026-11-30", "decision": "reject"},
    ]


def test_the_new_run_is_not_reviewed(runs: Path) -> None:
    manifest = json.loads((runs / "run" / "run.json").read_text())
    assert "review" not in manifest
    assert [of["decision"] for of in manifest["earlier_review"]] == ["reject", "approve"]
    assert sealed_sentences({**manifest, "outputs": {}}) == []
