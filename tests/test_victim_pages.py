"""Pages on a forecast of victims have the words of that side: reports, cards, audits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from forecast_folders import persons, source_of
from report_pages import Parsed
from victim_tables import tables_in

from gpunet.cli.audits import run_audit
from gpunet.cli.reports import write_report
from gpunet.cli.run import RunOptions, run_forecast
from gpunet.cli.summary import summarise
from gpunet.report.audience import AUDIENCES, Audience, AudienceName
from gpunet.report.card import card_page
from gpunet.report.forecast import first_sentences
from gpunet.report.forecast_data import forecasts_of
from gpunet.report.outcome import OFFENDING, VICTIMISATION, outcome_of
from gpunet.report.page import rendered
from gpunet.runs.complete import read_manifest
from gpunet.tables.parquet import read_parquet_metadata

#: What is said of offenders alone, in words of the outcome.
OF_OFFENDERS = re.compile(
    r"(?<!who )(were|was|will be|would be|are) (not )?arrested for (a violent|violence)|[Ff]ound of all arrested"
    r"|past violence|(had|with) a violent arrest (in|on record)"
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return tables_in(tmp_path_factory.mktemp("tables"), 300, 2)


@pytest.fixture(scope="module")
def run(tables: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("victims") / "run"
    config: dict[str, Any] = {
        "input": {"victims": [str(tables[1])]},
        "model": {"max_rounds": 20, "folds": 3, "side": "victim"},
        "evaluate": {"bootstrap": 200},
    }
    run_forecast([str(tables[0])], out, config, options=RunOptions(threads=2))
    return out


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_report_is_of_victims(run: Path, audience: AudienceName) -> None:
    page = write_report(run, audience).read_text(encoding="utf-8")
    text = Parsed(page).text
    assert "Forecast of violent victimisation: who may need protection" in text
    assert "It is a list of persons who may need protection." in text
    assert "never put together with a list of possible offenders" in text
    assert "violent victimisation in the test window" in text
    found = [text[max(at.start() - 80, 0) : at.end() + 80] for at in OF_OFFENDERS.finditer(text)]
    assert found == []
    assert "Do not arrest, stop, search" not in text  # what is said of scores of offenders


def test_the_first_words_and_the_summary(run: Path) -> None:
    manifest = read_manifest(run)
    source = source_of(run.parent / "made", None)
    told = summarise(manifest, run)
    assert "forecast  violent victimisation within" in told
    assert "past victimisation" in told
    assert outcome_of(manifest) is VICTIMISATION
    assert outcome_of(source.manifest) is OFFENDING


def test_groups_are_by_the_own_record_as_a_victim(tmp_path: Path) -> None:
    frame = persons(600)
    names = {
        "past_violence": "past_victimisation",
        "own_arrests": "own_victimisations__all",
        "own_violent_arrests": "own_victimisations__violent",
    }
    source = source_of(tmp_path / "run", frame.rename(names))
    source.manifest["side"] = "victim"
    found = forecasts_of(source)
    assert found.outcome is VICTIMISATION
    violent = frame["own_violent_arrests"]
    assert found.of["violent_before"].persons == (violent > 0).sum()
    assert found.of["no_violent_before"].persons == (violent == 0).sum()
    for name, times in (("victim_1", frame["own_arrests"] == 1), ("victim_2", frame["own_arrests"] >= 2)):
        assert found.of[name].persons == times.sum()
    first, order = first_sentences(source)
    assert "past victimisation alone ranks highest" in first
    assert "with and one without a violent victimisation" in order
    same = forecasts_of(source_of(tmp_path / "offenders", frame))
    assert same.everybody.model == found.everybody.model  # words alone differ
    assert "arrests_1" in same.of


def test_cards_are_of_possible_victims_arrested_or_not(run: Path, tables: tuple[Path, Path]) -> None:
    scores = pl.read_parquet(run / "scores.parquet").sort("rank")["person_id"].to_list()
    arrested = set(map(str, pl.read_csv(tables[0])["person_id"]))
    first = next(person for person in scores if person in arrested)
    never = next(person for person in scores if person not in arrested)
    for person in (first, never):
        page = card_page(run, person)
        assert page.title.startswith("Card of one score, of a possible victim: person")
        text = Parsed(rendered(page, Audience()).html.decode()).text
        assert "will be a victim of a violent offence within" in text
        assert "It is a list of persons who may need protection." in text
        assert "run's tables of victims have of the person" in text
        assert not re.search(r"be arrested for a violent|were not arrested for|will be arrested", text)
        assert ("the person is known from other tables of the run" in text) is (person == never)


def test_an_audit_of_victims_says_so(run: Path, tmp_path: Path) -> None:
    ids = pl.read_parquet(run / "predictions.parquet")["person_id"]
    pl.DataFrame({"person_id": ids, "sex": ["f", "m"] * (len(ids) // 2) + ["f"] * (len(ids) % 2)}).write_csv(
        tmp_path / "attributes.csv"
    )
    config = read_manifest(run)["config"] | {"audit": {"folds": 2}, "evaluate": {"bootstrap": 40}}
    out = tmp_path / "audit"
    told = run_audit(run, tmp_path / "attributes.csv", ["sex"], out, config, RunOptions(threads=1))
    assert told["audit"]["run"]["side"] == "victim"
    for table in ("fairness", "proxies"):
        assert (read_parquet_metadata(out / f"{table}.parquet") or {})["side"] == "victim"
    said = (read_parquet_metadata(out / "fairness.parquet") or {})["columns"]
    assert "were a victim of a violent offence" in str(said)
    assert "violent arrest" not in str(said)
    assert "victims of violence in it" in summarise(told, out)
    assert "arrested for violence" not in summarise(told, out)
    text = Parsed(write_report(out).read_text(encoding="utf-8")).text
    assert "of whom were then victims of violence" in text
    assert "Selected, and not a victim" in text
    assert not re.search(r"(were|was) (not |then )?arrested for violence", text)
