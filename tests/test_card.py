"""``gpunet card``: every number of the page against the tables, ids that would break a page, and what is refused."""

from __future__ import annotations

import doctest
import json
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest

import gpunet
from gpunet.cli.app import _code_of
from gpunet.cli.run import RunOptions, run_forecast
from gpunet.config.config import Config
from gpunet.config.governance_config import GovernanceConfig
from gpunet.config.registry import columns
from gpunet.model.trained import load_model
from gpunet.report import card_score, card_values
from gpunet.report import two_steps as two_steps_module
from gpunet.report.audience import Audience
from gpunet.report.card import card_page
from gpunet.report.card_inputs import input_paths, read_again
from gpunet.report.card_reasons import change_section
from gpunet.report.card_record import network_section
from gpunet.report.card_score import frequency
from gpunet.report.card_values import usual_values, value_in_words
from gpunet.report.evidence import Evidence
from gpunet.report.figure import Figure, Page, Paragraph, Table
from gpunet.report.forecast_words import window_words
from gpunet.report.named import named
from gpunet.report.page import rendered
from gpunet.report.record import Record, incident_pairs
from gpunet.report.source import Source
from gpunet.report.subject import subject_of
from gpunet.report.two_steps import picture, two_steps
from gpunet.synthetic import make_arrests

CONFIG = {"model": {"max_rounds": 20, "folds": 2, "horizon_days": 200}}

HOSTILE = (
    "<script>alert(1)</script>",
    '=cmd|" /C calc"!A0',
    "\u202etxt.exe\u200f",
    "x" * 500,
    "\u05d0\u05d1 & \"quoted\" 'id'",
    "007",
)


def made(folder: Path, persons: int, hostile: bool = False) -> Path:
    """A run of made-up tables, in two files."""
    rows = make_arrests(persons)
    if hostile:
        size = pl.col("person_id").n_unique().over("force", "incident_id")
        together = rows.sort(size, "force", "incident_id", "person_id", descending=True)["person_id"]
        names = dict(zip(together.unique(maintain_order=True), HOSTILE, strict=False))
        of = pl.col("person_id")
        rows = rows.with_columns(
            pl.when(of.is_in(list(names))).then(of.replace_strict(names, default="")).otherwise(of.cast(pl.String))
        )
        gang = pl.when(pl.col("gang").is_null()).then(None).otherwise(pl.lit("<b>G</b>\u202e") + pl.col("gang"))
        rows = rows.with_columns(gang.alias("gang"), pl.lit("<i>&") + pl.col("beat").alias("beat"))
    (folder / "tables").mkdir(parents=True)
    half = len(rows) // 2
    rows.head(half).write_parquet(folder / "tables" / "a.parquet")
    rows.tail(len(rows) - half).write_parquet(folder / "tables" / "b.parquet")
    run_forecast([str(folder / "tables")], folder / "run", CONFIG, None, RunOptions(threads=1))
    return folder / "run"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("card"), 800)


@pytest.fixture(scope="module")
def rows(run: Path) -> pl.DataFrame:
    """The rows that count, with whether each is for a violent offence."""
    end = json.loads((run / "run.json").read_text())["as_of"]
    found = pl.read_parquet(sorted((run.parent / "tables").glob("*.parquet")))
    sets = pl.read_parquet(run / "offences.parquet")
    violent = sets.filter(pl.col("sets").list.len() > 0)["text"].to_list()
    before = found.filter(pl.col("date") < pl.lit(end).str.to_date())
    return before.with_columns(pl.col("offence").is_in(violent).alias("violent"))


@pytest.fixture(scope="module")
def evidence(run: Path) -> Evidence:
    """Of the person with the most ties."""
    return evidence_of(run, busiest(run))


@pytest.fixture(scope="module")
def page(run: Path, evidence: Evidence) -> Page:
    return card_page(run, str(evidence.subject.person_id))


def busiest(run: Path) -> str:
    found = pl.read_parquet(run / "features.parquet").sort(["degree__all", "person_id"], descending=[True, False])
    return str(found["person_id"][0])


def evidence_of(run: Path, person: str) -> Evidence:
    source = Source(run)
    subject = subject_of(source, person)
    record = Record(read_again(source.manifest, input_paths(source.manifest)), subject.person_id)
    return Evidence(subject, record, two_steps(source, subject.person_id))


def parts(page: Page) -> Iterator[Any]:
    for section in page.sections:
        yield from section.parts


def part(page: Page, name: str) -> Any:
    return next(one for one in parts(page) if isinstance(one, Figure | Table) and one.name == name)


def words(page: Page, section: str) -> str:
    found = next(one for one in page.sections if one.name == section)
    return " ".join([found.lead, *(one.text for one in found.parts if isinstance(one, Paragraph))])


@pytest.mark.parametrize("module", [card_score, card_values])
def test_examples_in_docstrings(module: Any) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_frequencies():
    assert frequency(0.0095) == "of 100 persons scored like this, about 1"
    assert frequency(0.505) == "of 100 persons scored like this, about 51"
    assert frequency(0.0094) == "of 1,000 persons scored like this, about 9"
    assert frequency(0.0004) == "of 1,000 persons scored like this, fewer than 1"


def test_the_score_its_rank_and_how_such_scores_fared(run: Path, page: Page, evidence: Evidence) -> None:
    scores = pl.read_parquet(run / "scores.parquet")
    score = scores.filter(pl.col("person_id") == evidence.subject.person_id).row(0, named=True)
    text = words(page, "score")
    assert frequency(score["probability"])[1:] in text
    assert f"The probability is {score['probability']:.3f}. Rank {score['rank']:,} of {len(scores):,} persons" in text
    tried = pl.read_parquet(run / "predictions.parquet")
    far = np.abs(tried["probability"].to_numpy() - score["probability"])
    near = np.flatnonzero(far <= np.sort(far)[199])
    hits = int(tried["label"].to_numpy()[near].sum())
    low, high = tried["probability"].to_numpy()[near].min(), tried["probability"].to_numpy()[near].max()
    share = 100 * hits / len(near)
    assert f"nearest this one ({low:.3f} to {high:.3f}), {hits:,} were: {share:.0f} of 100, where" in text
    window = window_words(json.loads((run / "run.json").read_text())["model"]["test"]["window"])
    assert f"would be arrested for a violent offence in the days {window}. Of the" in text
    rate = tried["label"].mean()
    assert f"Of all {len(tried):,} persons of that trial {100 * rate:.1f} of 100 were" in text


def test_a_run_without_predictions_compares_with_a_tenth(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    manifest = json.loads((copy / "run.json").read_text())
    del manifest["outputs"]["predictions.parquet"]
    (copy / "run.json").write_text(json.dumps(manifest))
    scores = pl.read_parquet(run / "scores.parquet").sort("rank")
    text = words(card_page(copy, str(scores["person_id"][0])), "score")
    tenths, highest = manifest["model"]["calibration"], scores["probability"][0]
    near = min(tenths, key=lambda tenth: abs(tenth["mean_probability"] - highest))
    mean = near["mean_probability"]
    assert f"({near['persons']:,} persons, mean {mean:.3f}), {100 * near['observed']:.1f} of 100 were" in text
    assert ("far above that mean" in text) == (highest > 1.5 * mean)


def test_reasons_are_those_of_the_scores_with_medians_of_all(run: Path, page: Page, evidence: Evidence) -> None:
    table = part(page, "reasons").data
    score = pl.read_parquet(run / "scores.parquet").filter(pl.col("person_id") == evidence.subject.person_id)
    named = [score[f"factor_{k}"][0] for k in range(1, 6) if score[f"factor_{k}"][0] is not None]
    assert table["column"].to_list() == named
    features, declared, slope = pl.read_parquet(run / "features.parquet"), columns(Config().sets), _slope(run)
    for at, name in enumerate(named):
        contribution = score[f"contribution_{at + 1}"][0]
        assert table["feature"][at] == declared[name].label
        assert table["pushes"][at] == ("up" if contribution > 0 else "down")
        assert table["odds"][at] == pytest.approx(math.exp(slope * contribution))
        values = features[name].cast(pl.Float64).to_numpy()
        known = values[~np.isnan(values)]
        if declared[name].dtype == "bool":
            assert table["median"][at] == ("yes" if np.median(known) == 1 else "no")
        elif len(known) == len(values) and declared[name].unit != "share":
            assert float(table["median"][at].replace(",", "")) == pytest.approx(np.median(known), rel=6e-3)


def _slope(run: Path) -> float:
    return load_model(run / "model.ubj").calibration.slope


def test_changes_are_what_the_model_says(run: Path, page: Page, evidence: Evidence) -> None:
    table, subject = part(page, "change").data, evidence.subject
    features = pl.read_parquet(run / "features.parquet")
    own = features.filter(pl.col("person_id") == subject.person_id)
    assert table["probability"][0] == pytest.approx(subject.probability, abs=1e-7)
    model = load_model(run / "model.ubj")
    top = subject.reasons[0][0]
    known = features[top].drop_nulls()
    usual = None if 2 * len(known) < len(features) else float(np.median(known.cast(pl.Float64).to_numpy()))
    other = own.with_columns(pl.lit(usual, dtype=pl.Float64).alias(top))
    assert table["probability"][1] == pytest.approx(gpunet.score(model, other, threads=1)["probability"][0])
    since = [pl.col(f"days_since_last_{what}") + 200 for what in ("arrest", "violent")]
    later = gpunet.score(model, own.with_columns(since), threads=1)
    assert table["probability"][-1] == pytest.approx(later["probability"][0])
    found = table["probability"].to_list()
    assert table["difference"].to_list() == pytest.approx([100 * (one - found[0]) for one in found], abs=0.1001)
    assert_differences_add_up(part(page, "change"))


def assert_differences_add_up(table: Table) -> None:
    """By the numbers that are shown."""
    first, *others = [table.formats["of_100"].format(one) for one in table.data["of_100"]]
    for other, difference in zip(others, table.data["difference"][1:], strict=True):
        assert Decimal(other) - Decimal(first) == Decimal(table.formats["difference"].format(difference))


def test_small_scores_have_two_digits(run: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    model, known = load_model(run / "model.ubj"), columns(Config().sets)
    monkeypatch.setattr(type(model), "predict_proba", lambda _, rows, threads: 0.00544 + 0.00013 * np.arange(len(rows)))
    subject = replace(evidence.subject, probability=0.00544)
    section = change_section(model, subject, usual_values(Source(run), model.features), known, 200)
    (table,) = (one for one in section.parts if isinstance(one, Table))
    assert table.formats == {"of_100": "{:.2f}", "difference": "{:+.2f}"}
    assert table.data["difference"][1] == 0.02  # as shown: 0.56 less 0.54
    assert "from 0.54 to " in section.lead
    assert_differences_add_up(table)


def test_own_arrests_are_those_of_the_tables(rows: pl.DataFrame, page: Page, evidence: Evidence) -> None:
    person = evidence.subject.person_id
    keys = ["force", "incident_id"]
    of_person = (
        rows.filter(pl.col("person_id") == person).group_by(keys).agg(pl.col("date").min(), pl.col("violent").any())
    )
    shown = part(page, "arrests").data
    found = shown.select("force", pl.col("incident").alias("incident_id"), "date", "violent")
    assert found.sort(keys).rows() == of_person.select(*keys, "date", "violent").sort(keys).rows()
    assert shown["date"].is_sorted()
    assert shown["number"].to_list() == list(range(1, len(shown) + 1))
    for row in shown.to_dicts():
        inside = rows.filter((pl.col("force") == row["force"]) & (pl.col("incident_id") == row["incident"]))
        others = inside.filter(pl.col("person_id") != person)
        assert row["others"] == others["person_id"].n_unique()
        assert row["others_violent"] == others.filter("violent")["person_id"].n_unique()
        assert row["ties"] == (1 <= row["others"] < 50)
    assert part(page, "time_line").data["date"].to_list() == shown["date"].to_list()


def test_ties_and_what_is_behind_them(rows: pl.DataFrame, page: Page, evidence: Evidence) -> None:
    person, own, ties = evidence.subject.person_id, part(page, "arrests").data, part(page, "ties").data
    assert len(ties) == evidence.subject.features["degree__all"]
    assert int(ties["violent_offence_on_record"].sum()) == evidence.subject.features["degree__violent"]
    assert ties["strength"].is_sorted(descending=True)
    for tie in ties.to_dicts():
        numbers = [int(number) for number in tie["arrests"].split(", ")]
        assert len(numbers) == tie["incidents"]
        violent = False
        for row in own.filter("ties").to_dicts():
            incident = rows.filter((pl.col("force") == row["force"]) & (pl.col("incident_id") == row["incident"]))
            both = incident.filter(pl.col("person_id").is_in([person, int(tie["person"])]))
            assert (both["person_id"].n_unique() == 2) == (row["number"] in numbers)
            violent |= both["person_id"].n_unique() == 2 and both["violent"].any()
        assert tie["violent_together"] == violent


def slow_network(run: Path) -> nx.Graph:
    ties = pl.read_parquet(run / "ties.parquet")
    graph = nx.Graph()
    graph.add_weighted_edges_from(ties.select("person_a", "person_b", "strength").rows())
    return graph


def test_two_steps_against_a_slow_reference(run: Path) -> None:
    graph = slow_network(run)
    for person in sorted(graph)[::7]:
        steps = nx.single_source_shortest_path_length(graph, person, cutoff=2)
        found = two_steps(Source(run), person)
        assert sorted(found.direct["person"]) == sorted(one for one, step in steps.items() if step == 1)
        assert found.two == sorted(one for one, step in steps.items() if step == 2)
        assert not found.is_cut
        assert found.drawn[0] == person
        assert sorted(found.drawn) == sorted(steps)
        drawn = {tuple(sorted((found.drawn[a], found.drawn[b]))) for a, b in found.ties}
        assert drawn == {tuple(sorted(pair)) for pair in graph.subgraph(steps).edges}


def test_a_large_neighbourhood_is_cut_to_the_strongest(
    run: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_steps_module, "MOST_PERSONS", 4)
    found = two_steps(Source(run), evidence.subject.person_id)
    assert found.is_cut
    assert found.drawn == [evidence.subject.person_id, *found.direct["person"][:3]]
    page = card_page(run, str(evidence.subject.person_id))
    total = 1 + len(found.direct) + len(found.two)
    assert f"Only 4 of {total:,} persons are drawn" in part(page, "network").sentence


def test_violent_incidents_together_against_all_pairs(rows: pl.DataFrame, evidence: Evidence) -> None:
    drawn = evidence.around.drawn
    inside = rows.filter(pl.col("person_id").is_in(drawn))
    expected = set()
    for _, incident in inside.group_by("force", "incident_id"):
        violent = set(incident.filter("violent")["person_id"])
        present = sorted(map(drawn.index, set(incident["person_id"])))
        for i, a in enumerate(present):
            expected |= {(a, b) for b in present[i + 1 :] if {drawn[a], drawn[b]} & violent}
    assert incident_pairs(evidence.record, drawn) == expected
    assert expected <= set(evidence.around.ties)


def test_the_picture_has_every_person_and_tie(evidence: Evidence) -> None:
    around = evidence.around
    violent = evidence.record.arrested_for("violent", around.drawn)
    svg = picture(around, violent, incident_pairs(evidence.record, around.drawn))
    assert svg.count("<rect") == int(violent.sum())
    assert svg.count("<circle") == len(around.drawn) - int(violent.sum())
    assert svg.count("M") == len(around.ties)
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    assert all(0 <= int(x) <= size for x in re.findall(r'\bc?[xy]="(-?\d+)"', svg))
    assert not re.search(r"\d\.\d{3}", svg)


def test_the_data_of_the_picture(page: Page, evidence: Evidence) -> None:
    data, around = part(page, "network").data, evidence.around
    assert len(data) == len(around.ties)
    assert set(data["person_a"]) | set(data["person_b"]) == set(map(str, around.drawn))
    one = set(around.direct["person"].cast(pl.String))
    for row in data.to_dicts():
        for end in "ab":
            person = row[f"person_{end}"]
            assert row[f"steps_{end}"] == (0 if person == str(around.drawn[0]) else 1 if person in one else 2)
    assert int(data["violent_incident_together"].sum()) == len(incident_pairs(evidence.record, around.drawn))


def test_tables_without_places_and_gangs(tmp_path: Path) -> None:
    rows = make_arrests(120).select("person_id", "incident_id", "date", "offence")
    rows.write_csv(tmp_path / "rows.csv")
    run_forecast([str(tmp_path / "rows.csv")], tmp_path / "run", CONFIG, None, RunOptions(threads=1))
    page = card_page(tmp_path / "run", busiest(tmp_path / "run"))
    assert "no district and no beat" in words(page, "places")
    assert not {"beat", "district", "gang", "force"} & set(part(page, "arrests").heads)
    rendered(page, Audience())
    declared, evidence = columns(Config().sets), evidence_of(tmp_path / "run", busiest(tmp_path / "run"))
    assert evidence.behind(declared["beat_arrests"]) == "No beat is on record for the person's arrests."
    assert "No gang is recorded" in evidence.behind(declared["group_size"])


def test_places_add_up_to_the_features(rows: pl.DataFrame, page: Page, evidence: Evidence) -> None:
    places, features = part(page, "places").data, evidence.subject.features
    for kind in ("district", "beat"):
        of_kind = places.filter(pl.col("kind") == kind)
        assert of_kind["anyone"].sum() == features[f"{kind}_arrests"]
        assert of_kind["others_violent"].sum() == features[f"{kind}_violent_arrests"]
        for row in of_kind.to_dicts():
            force, name = row["place"].split("/")
            here = rows.filter((pl.col("force") == force) & (pl.col(kind) == name))
            arrests = here.unique(["person_id", "force", "incident_id"])
            assert row["anyone"] == len(arrests)
            assert row["own"] == int((arrests["person_id"] == evidence.subject.person_id).sum())


def test_a_card_says_every_key_that_is_stated(run: Path, tmp_path: Path) -> None:
    """And of a run without a purpose that none is."""
    stated = {
        "purpose": "Offer help", "legal_basis": "An Act", "controller": "A force", "owner": "Head of Analysis",
        "requested_by": "Team A", "task_ref": "T-17", "reviewer": "Ethics Panel", "jurisdiction": "uk",
        "retain_until": "2031-02-03", "person_scores": "allow", "authority": "Chief", "never_outcomes": ["*begging*"],
    }  # fmt: skip
    assert stated.keys() == {of.name for of in fields(GovernanceConfig)} - {"log"}
    person = str(pl.read_parquet(run / "scores.parquet")["person_id"][0])
    assert b"no purpose stated" in rendered(card_page(run, person), Audience()).html
    other = shutil.copytree(run, tmp_path / "run")
    manifest = json.loads((other / "run.json").read_text(encoding="utf-8"))
    (other / "run.json").write_text(json.dumps({**manifest, "governance": stated}), encoding="utf-8")
    html = rendered(card_page(other, person), Audience()).html.decode()
    for key, value in stated.items():
        words = {"allow": "allowed"}.get(str(value), value if isinstance(value, str) else value[0])
        assert words in html, key


def test_what_each_kind_of_feature_rests_on(evidence: Evidence) -> None:
    declared, features, own = columns(Config().sets), evidence.subject.features, evidence.record.own
    said = {name: evidence.behind(feature) for name, feature in declared.items()}
    assert said["own_arrests"].startswith(f"It rests on {len(own):,} arrests (1, 2, ")
    violent = own.filter("violent")["number"].to_list()
    assert (", ".join(map(str, violent)) if violent else "no such arrest") in said["own_violent_arrests"]
    beside = own.filter(pl.col("ties") & (pl.col("others_violent") > 0))
    assert len(beside) == features["violent_groups"]
    last = own.drop_nulls("date").tail(1)
    assert said["days_since_last_arrest"] == f"The last one is arrest {last['number'][0]}, of {last['date'][0]}."
    assert f"{features['degree__violent']:,} count" in said["degree__violent"]
    two = len(evidence.around.two)
    share = features["share_2hop__violent"] or 0.0
    assert f"Of {two:,} persons two steps away, {round(share * two):,} count." == said["share_2hop__violent"]
    assert "direct ties listed below" in said["betweenness__all"]
    for place in evidence.record.places.filter(pl.col("kind") == "beat").to_dicts():
        assert f"{named(place['place'])} ({place['others_violent']:,})" in said["beat_violent_arrests"]
    assert f"of {features['community_size']:,} persons" in said["community_size"]


def test_what_is_not_there_is_said_without_symbols() -> None:
    for feature in columns(Config().sets).values():
        if feature.null:
            assert not re.search(r"\b(v|N\d|C|triple)\b", value_in_words(feature, None)), feature.name


def test_a_person_without_ties(run: Path) -> None:
    alone = pl.read_parquet(run / "features.parquet").filter(pl.col("degree__all") == 0)["person_id"][0]
    page = card_page(run, str(alone))
    assert "has no tie" in words(page, "network")
    assert "network" not in [one.name for one in parts(page) if isinstance(one, Figure)]
    rendered(page, Audience())


def test_a_person_arrested_with_others_only_in_a_large_incident(run: Path, evidence: Evidence) -> None:
    alone = pl.read_parquet(run / "features.parquet").filter(pl.col("degree__all") == 0)["person_id"][0]
    found = evidence_of(run, str(alone))
    own = found.record.own
    found.record.__dict__["own"] = own.with_columns(others=pl.lit(0))
    assert network_section(found).lead.startswith("The person was never arrested together with anyone")
    found.record.__dict__["own"] = own.with_columns(others=pl.lit(59))
    lead = network_section(found).lead
    assert "together with others only in incidents of more than 50 persons, which tie nobody" in lead
    assert "never" not in lead


def test_the_force_is_told_where_there_is_one(page: Page) -> None:
    assert list(part(page, "arrests").heads)[:4] == ["number", "date", "force", "incident"]


class Elements(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with ids of text."""
    return made(tmp_path_factory.mktemp("hostile"), 120, hostile=True)


def test_ids_that_would_break_a_page(hostile: Path) -> None:
    for person in HOSTILE:
        page = rendered(card_page(hostile, person), Audience())
        html = page.html.decode()
        found, heading = Elements(html), re.search(r"<h1>.*?</h1>", html, re.DOTALL)[0]
        assert not {"script", "b", "i", "iframe", "object"} & set(found.tags)
        assert not any(name.startswith("on") for name in found.names)
        assert "\u202e" not in heading
        assert len(heading) < 250
        cells = b"\n".join(page.figures.values()).replace(b",", b"\n").replace(b'"', b"").split(b"\n")
        assert not any(cell.startswith(b"=") for cell in cells)
        assert HOSTILE[1] in two_steps(Source(hostile), person).drawn
        assert any(cell.startswith(b"'=cmd") for cell in cells)


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = _code_of(["card", *map(str, arguments)], False)
    return code, capsys.readouterr().err


def test_persons_that_are_not_there(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "card.html"
    some = busiest(run)
    persons = len(pl.read_parquet(run / "scores.parquet"))
    for given, said in {
        "12": f"none of the {persons:,} persons scored has this id",
        f"0{some}": "numbers, to be given without zeros in front",
        "ann": "ids of this run are whole numbers, and this is none",
        "1.0": "ids of this run are whole numbers",
        str(2**64): "ids of this run are whole numbers",
        " ": "the id is empty",
    }.items():
        code, message = told(capsys, run, "--person", given, "--out", out)
        assert (code, said in message) == (2, True), message
        assert str(some) not in message  # no message repeats an id
    assert not out.exists()


def test_ids_that_are_text(hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "card.html"
    assert told(capsys, hostile, "--person", " 007 ", "--out", out)[0] == 0
    code, message = told(capsys, hostile, "--person", "7", "--out", out)
    assert (code, "ids are text here, in which capitals and zeros in front count" in message) == (2, True)


def test_inputs_that_are_not_what_they_were(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(run.parent, tmp_path / "all")
    copy, tables = tmp_path / "all" / "run", tmp_path / "all" / "tables"
    text = (copy / "run.json").read_text()
    (copy / "run.json").write_text(text.replace(str(run.parent), str(tmp_path / "all")))
    some, out = busiest(run), tmp_path / "card.html"
    asked = (copy, "--person", some, "--out", out)
    assert told(capsys, *asked)[0] == 0
    data = (tables / "b.parquet").read_bytes()
    (tables / "b.parquet").write_bytes(data + b"\0")
    code, message = told(capsys, *asked)
    assert (code, "b.parquet has changed since the run was made of it" in message) == (2, True)
    (tables / "b.parquet").unlink()
    code, message = told(capsys, *asked)
    assert (code, "b.parquet, which the run was made of, cannot be read (No such file" in message) == (2, True)
    assert "put it back" in message
    (tables / "b.parquet").mkdir()
    code, message = told(capsys, *asked)
    assert (code, "cannot be read (it is a folder" in message) == (2, True), message
    (tables / "b.parquet").rmdir()
    (tables / "b.parquet").write_bytes(data)
    (copy / "features.parquet").write_bytes((copy / "features.parquet").read_bytes() + b"\0")
    code, message = told(capsys, *asked)
    assert (code, "features.parquet is not what run.json lists" in message) == (2, True)


def test_relative_inputs_start_from_the_current_folder(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    text = (copy / "run.json").read_text()
    (copy / "run.json").write_text(text.replace(f"{run.parent}/tables", "tables"))
    some = busiest(run)
    monkeypatch.chdir(run.parent)
    assert told(capsys, copy, "--person", some, "--out", tmp_path / "card.html")[0] == 0
    monkeypatch.chdir(tmp_path)
    code, message = told(capsys, copy, "--person", some)
    assert (code, "or give the command in the folder in which the run was started" in message) == (2, True)


def test_a_run_of_frames_has_no_files_to_read_again() -> None:
    manifest = {"input": {"files": [{"name": "frame 1", "sha256": None}]}}
    with pytest.raises(gpunet.InputError, match="was made of a data frame"):
        input_paths(manifest)


def test_folders_without_scores(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, message = told(capsys, tmp_path, "--person", "1", "--out", tmp_path / "card.html")
    assert (code, "is not the folder of a complete run" in message) == (2, True)
    copy = shutil.copytree(run, tmp_path / "features")
    manifest = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**manifest, "gpunet": "features"}))
    code, message = told(capsys, copy, "--person", "1", "--out", tmp_path / "card.html")
    assert (code, "holds gpunet features, which scores nobody" in message) == (2, True)


def test_what_a_card_replaces(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some, out = busiest(run), tmp_path / "new" / "card.html"
    asked = (run, "--person", some, "--out")
    assert told(capsys, *asked, out)[0] == 0
    first = out.read_bytes()
    assert told(capsys, *asked, out)[0] == 0
    assert out.read_bytes() == first
    other = tmp_path / "other.html"
    other.write_text("<title>Somebody's page</title>")
    table = run.parent / "tables" / "a.parquet"
    linked = tmp_path / "linked.html"
    linked.symlink_to(out)
    for path, said in {
        other: "is no card, so it is not replaced",
        tmp_path: "is a folder",
        tmp_path / "card.pdf": "give a name that ends in .html",
        table: "give a name that ends in .html",
        linked: "a symbolic link",
    }.items():
        code, message = told(capsys, *asked, path)
        assert (code, said in message) == (2, True), message
    assert other.read_text() == "<title>Somebody's page</title>"
    assert out.read_bytes() == first


def test_no_card_goes_into_a_run(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(run.rglob("*"))
    (tmp_path / "link").symlink_to(run)
    asked = (run, "--person", busiest(run))
    inside = [run / "card.html", run / "figures" / "x.html", run / "report.html", tmp_path / "link" / "x.html"]
    for arguments in [*(("--out", path) for path in inside), ()]:
        with monkeypatch.context() as patched:
            patched.chdir(run if not arguments else tmp_path)
            code, message = told(capsys, *asked, *arguments)
        assert (code, "would lie in the folder of a run" in message) == (2, True), message
    assert sorted(run.rglob("*")) == before
    assert told(capsys, *asked, "--out", run / ".." / "beside.html")[0] == 0
    (run.parent / "beside.html").unlink()
