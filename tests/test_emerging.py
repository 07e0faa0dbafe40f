"""Who emerges: months against a slow reference, nothing of the future in what is said, months that tell nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gpunet
from gpunet.base.errors import InputError
from gpunet.config.config import EvaluateConfig
from gpunet.evaluate import emerging
from gpunet.evaluate.months import Snapshots, month_of, months_of
from gpunet.evaluate.side_tables import read_custody, read_victims
from gpunet.features import compute_all

START = date(2013, 1, 1)

#: More days than there are.
ALWAYS = 9999
TRAINED = ["random_forest", "xgboost", "filtered_random_forest"]
HEURISTICS = ["past_violent_arrests", "past_violent_arrests_180d", "two_hop_heuristic"]


@pytest.fixture(autouse=True)
def small_classifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classifiers of few trees, for the sake of time."""
    few = {
        name: replace(one, parameters={**one.parameters, "n_estimators": 5})
        for name, one in emerging.CLASSIFIERS.items()
        if name in ("random_forest", "xgboost")
    }
    monkeypatch.setattr(emerging, "CLASSIFIERS", few)


def day(number: int) -> date:
    return START + timedelta(days=number)


def table(rows: Any) -> pl.DataFrame:
    """Rows of person, incident, day, whether the offence is violent and, it may be, how many days later it is known."""
    columns = {
        "person_id": [f"p{row[0]:03}" for row in rows],
        "incident_id": [row[1] for row in rows],
        "date": [day(row[2]) for row in rows],
        "offence": ["ROBBERY" if row[3] else "THEFT" for row in rows],
    }
    if len(rows[0]) > 4:
        columns["recorded_at"] = [day(row[2] + row[4]) for row in rows]
    return pl.DataFrame(columns)


def many_rows(seed: int, n: int = 700, persons: int = 120, days: int = 720) -> list[tuple[int, int, int, bool]]:
    """Rows whose incidents are of one day; a quarter of the persons are violent now and then."""
    rng = np.random.default_rng(seed)
    on = rng.integers(0, days, n // 2)
    incident = rng.integers(0, n // 2, n)
    person = rng.integers(0, persons, n)
    violent = (person % 4 == 0) & (rng.random(n) < 0.4)
    return [(int(p), int(i), int(on[i]), bool(v)) for p, i, v in zip(person, incident, violent, strict=True)]


class Reference:
    """What a page of the paper's section 5.2 says, row by row."""

    def __init__(self, rows: Any, victims: Any, custody: Any, population: str) -> None:
        self.rows, self.victims, self.custody, self.population = rows, victims, custody, population

    def arrests(self, known: int) -> list[tuple[int, int, int, bool]]:
        """Of what was known before a day: person, incident, earliest day, any violence.

        Where it is not told when a row came to be known, it is with its arrest.
        """
        found: dict[tuple[int, int], tuple[int, bool]] = {}
        for person, incident, on, violent, *late in self.rows:
            if not late or on + late[0] < known:
                first, before = found.get((person, incident), (on, False))
                found[person, incident] = min(first, on), before or violent
        return [(person, incident, on, any_) for (person, incident), (on, any_) in found.items() if on < known]

    def graph(self, at: int) -> nx.Graph:
        incidents: dict[int, set[int]] = {}
        for person, incident, _, _ in self.arrests(at):
            incidents.setdefault(incident, set()).add(person)
        graph = nx.Graph()
        for persons in incidents.values():
            graph.add_nodes_from(persons)
            graph.add_edges_from((a, b) for a in persons for b in persons if a < b)
        return graph

    def persons(self, at: int) -> list[int]:
        graph = self.graph(at)
        inside = {person for person in graph if self.population == "all" or graph.degree(person)}
        held = {person for person, first, until in self.custody if first <= at and (until is None or at < until)}
        return sorted(inside - held)

    def violent(self, first: int, until: int, known: int = ALWAYS) -> set[int]:
        return {person for person, _, on, violent in self.arrests(known) if violent and first <= on < until}

    def two_hops(self, at: int) -> set[int]:
        graph, before = self.graph(at), self.violent(-ALWAYS, at, at)
        seeds = before if self.victims is None else {person for person, on in self.victims if on < at}
        return {
            person
            for person in graph
            if person not in before
            and any(
                hops > 0 and other in seeds
                for other, hops in nx.single_source_shortest_path_length(graph, person, cutoff=2).items()
            )
        }


def side(rows: Any, names: tuple[str, ...]) -> pl.DataFrame:
    columns = {"person_id": [f"p{row[0]:03}" for row in rows]}
    columns |= {name: [None if row[i] is None else day(row[i]) for row in rows] for i, name in enumerate(names, 1)}
    return pl.DataFrame(columns, schema={"person_id": pl.String, **dict.fromkeys(names, pl.Date)})


ROW = (st.integers(0, 9), st.integers(0, 8), st.integers(0, 400), st.booleans())
LATE = st.sampled_from([0, 0, 1, 30, 200])
ROWS = st.lists(st.tuples(*ROW), min_size=2, max_size=25) | st.lists(st.tuples(*ROW, LATE), min_size=2, max_size=25)
VICTIMS = st.none() | st.lists(st.tuples(st.integers(0, 11), st.integers(0, 400)), max_size=6)
CUSTODY = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 400), st.none() | st.integers(400, 800) | st.integers(0, 400)).filter(
        lambda row: row[2] is None or row[1] <= row[2]
    ),
    max_size=6,
)


@given(ROWS, VICTIMS, CUSTODY, st.sampled_from(["network", "all"]), st.integers(1, 200), st.integers(1, 399))
def test_every_month_is_that_of_a_slow_reference(rows, victims, custody, population, horizon, at):
    arrests = gpunet.read_arrests(table(rows))
    reference = Reference(rows, victims, custody, population)
    last = max(on for _, _, on, _ in reference.arrests(ALWAYS))
    held = read_custody(side(custody, ("from", "until")), arrests)
    starts = None if victims is None else read_victims(side(victims, ("date",)), arrests)
    snapshots = Snapshots(arrests, population, held, lambda _, cut: compute_all(cut))
    month = month_of(day(at), day(at - horizon), snapshots, starts)

    ids = [int(arrests.person_ids[i][1:]) for i in month.person.tolist()]
    assert sorted(ids) == reference.persons(at)

    def those(chosen):
        return [person in chosen for person in ids]

    assert month.violent_before.tolist() == those(reference.violent(-ALWAYS, at, at))
    assert month.active.tolist() == those({p for p, _, on, _ in reference.arrests(at) if at - 200 <= on})
    assert {name: named.tolist() for name, named in month.named.items()} == {
        "past_violent_arrests": those(reference.violent(-ALWAYS, at, at)),
        "past_violent_arrests_180d": those(reference.violent(at - 180, at, at)),
        "two_hop_heuristic": those(reference.two_hops(at)),
    }
    outcomes = {"ever_after": those(reference.violent(at, last + 1))}
    if at + horizon <= last + 1:
        outcomes["horizon"] = those(reference.violent(at, at + horizon))
    assert {name: label.tolist() for name, label in month.labels.items()} == outcomes
    trained = reference.violent(at - horizon, at, at)
    past = [int(arrests.person_ids[i][1:]) for i in snapshots.population(day(at - horizon)).person.tolist()]
    assert sorted(past) == reference.persons(at - horizon)
    assert month.past_labels.tolist() == [person in trained for person in past]


def test_days_of_the_months():
    arrests = gpunet.read_arrests(table([(0, 0, 0, False), (1, 0, 300, True)]))  # 2013-01-01 to 2013-10-28
    assert months_of(arrests, EvaluateConfig()) == tuple(date(2013, month, 1) for month in (5, 6, 7, 8, 9, 10))
    config = EvaluateConfig(start=date(2013, 9, 28), every="30d")
    assert months_of(arrests, config) == (date(2013, 9, 28),)  # the next is the data's last day
    with pytest.raises(InputError, match=r"no month from 2013-10-28 on .* days from 2013-01-01 to 2013-10-28"):
        months_of(arrests, replace(config, start=date(2013, 10, 28)))
    undated = gpunet.read_arrests(table([(0, 0, 0, True)]).with_columns(date=pl.lit(None, pl.Date)))
    with pytest.raises(InputError, match="no arrest has a date"):
        months_of(undated, config)


QUICK = {"evaluate": {"bootstrap": 0, "horizon_days": 90, "every": "3mo"}, "model": {"folds": 2}}


@pytest.fixture(scope="module")
def arrests() -> gpunet.arrests.arrests.Arrests:
    return gpunet.read_arrests(table(many_rows(1)))


def test_a_month_is_told_by_everything_for_both_outcomes(arrests):
    snapshots: list[str] = []

    def snapshot(name, cut):
        snapshots.append(name)
        return compute_all(cut)

    told: list[tuple[str, float, float]] = []
    options: dict[str, Any] = {"start": "2014-04-01", "snapshot": snapshot, "progress": lambda *what: told.append(what)}
    found = gpunet.evaluate_emerging(arrests, QUICK, **options)
    predictions = found.predictions
    months = [date(2014, 4, 1), date(2014, 7, 1), date(2014, 10, 1)]
    rows = [
        (month, outcome, name)
        for month in months
        for outcome in (["ever_after"] if month == months[-1] else ["horizon", "ever_after"])
        for name in (*TRAINED, *HEURISTICS)
    ]
    assert predictions.select("month", "outcome", "classifier").unique(maintain_order=True).rows() == rows
    assert set(found.results["population"]) == {"all", "no_violent_before", "violent_before"}
    assert snapshots == [f"as of {on}" for month in months for on in (month - timedelta(days=90), month)]
    reference = Reference(many_rows(1), None, [], "network")
    for (month, outcome, name), rows_of in predictions.group_by("month", "outcome", "classifier"):
        at = (month - START).days
        ids = [int(person[1:]) for person in rows_of["person_id"]]
        assert sorted(ids) == reference.persons(at)
        positive = reference.violent(at, 720 if outcome == "ever_after" else at + 90)
        assert rows_of["label"].to_list() == [person in positive for person in ids]
        if name == "two_hop_heuristic":
            assert rows_of["named"].to_list() == [person in reference.two_hops(at) for person in ids]
    before = {month: len(reference.violent(-ALWAYS, (month - START).days)) for month in months}
    violent = found.results.filter(population="violent_before", classifier="xgboost", outcome="ever_after")
    inside = {
        month: len(reference.violent(-ALWAYS, (month - START).days) & set(reference.persons((month - START).days)))
        for month in before
    }
    assert dict(violent.select("month", "persons").rows()) == inside
    assert {stage for stage, _, _ in told} >= {"months"}
    done = [done for stage, done, _ in told if stage == "months"]
    assert done == sorted(done)
    assert done[-1] == 3
    warnings = " ".join(found.warnings)
    assert "the two-hop heuristic starts from past violent offenders" in warnings
    assert "violent arrests within 90 days, as the data end before: 1 of 3" in warnings
    assert "so its months cannot be compared" in warnings


def test_the_filtered_forest_is_the_forest_but_for_who_was_not_arrested_lately(arrests):
    found = gpunet.evaluate_emerging(arrests, QUICK, start="2014-07-01", every="1y").predictions
    forest = found.filter(classifier="random_forest", outcome="horizon")
    filtered = found.filter(classifier="filtered_random_forest", outcome="horizon")
    at = (date(2014, 7, 1) - START).days
    lately = {f"p{person:03}" for person, _, on, _ in many_rows(1) if at - 200 <= on < at}
    active = forest["person_id"].is_in(list(lately))
    assert 0 < active.sum() < len(active)
    assert filtered["value"].to_list() == [
        value if flag else 0.0 for value, flag in zip(forest["value"], active, strict=True)
    ]
    assert filtered["named"].to_list() == (forest["named"] & active).to_list()


def test_nothing_from_the_day_on_is_seen():
    rows, at = many_rows(2), 500
    before = [row for row in rows if row[2] < at]
    later = [
        [row for row in rows if row[2] >= at],
        [(person, incident, on, not violent) for person, incident, on, violent in rows if on >= at],
        [(person + 400 * (person > 9), incident + 9000, on, True) for person, incident, on, _ in rows if on >= at],
        [(person, 9999, 719, True) for person in range(10)],
    ]
    said = []
    for rest in later:
        arrests = gpunet.read_arrests(table([*before, *rest]))
        found = gpunet.evaluate_emerging(arrests, QUICK, start=day(at), every="1y").predictions
        said.append(found.filter(outcome="ever_after").select("person_id", "classifier", "value", "named"))
    assert len(said[0]) > 300
    for other in said[1:]:
        assert said[0].equals(other)


def test_bytes_do_not_depend_on_threads_and_what_is_kept_is_not_computed_again(arrests):
    kept: dict[str, Any] = {}

    def keep(name, compute, shape):
        found = kept.setdefault(name, compute()) if name not in kept else kept[name]
        assert found.shape == shape
        return found

    options: dict[str, Any] = {"start": "2014-01-01", "every": "1y"}
    first = gpunet.evaluate_emerging(arrests, QUICK, kept=keep, threads=1, **options)
    assert list(kept) == ["random_forest of 2014-01-01", "xgboost of 2014-01-01"]

    def never(name, cut):
        raise AssertionError(name)

    again = gpunet.evaluate_emerging(arrests, QUICK, kept=keep, snapshot=never, **options)
    anew = gpunet.evaluate_emerging(arrests, QUICK, threads=2, **options)
    for other in (again, anew):
        assert first.predictions.equals(other.predictions)
        assert first.results.equals(other.results)


def test_a_snapshot_is_computed_once(arrests):
    names: list[str] = []

    def snapshot(name, cut):
        names.append(name)
        return compute_all(cut)

    gpunet.evaluate_emerging(arrests, QUICK, start=day(500), every="60d", horizon=120, snapshot=snapshot)
    assert names == [f"as of {day(on)}" for on in (380, 500, 440, 560, 620, 680)]


def test_victims_and_custody_may_be_frames_or_named_in_the_configuration(arrests, tmp_path):
    custody = side([(person, 0, None) for person in range(40)], ("from", "until"))
    victims = side([(50, 10)], ("date",))
    custody.write_csv(tmp_path / "custody.csv")
    victims.write_parquet(tmp_path / "victims.parquet")
    named = {key: {**QUICK[key]} for key in QUICK}
    named["evaluate"] |= {"custody": str(tmp_path / "custody.csv"), "victims": str(tmp_path / "victims.parquet")}
    options: dict[str, Any] = {"start": "2014-01-01", "every": "1y"}
    found = gpunet.evaluate_emerging(arrests, QUICK, custody=custody, victims=victims, **options)
    other = gpunet.evaluate_emerging(arrests, named, **options)
    assert found.predictions.equals(other.predictions)
    assert min(found.predictions["person_id"]) >= "p040"
    assert "the two-hop heuristic starts from the persons in the table of victims" in found.warnings
    reference = Reference(many_rows(1), [(50, 10)], [(person, 0, None) for person in range(40)], "network")
    heuristic = found.predictions.filter(classifier="two_hop_heuristic", outcome="horizon")
    expected = reference.two_hops(365) & set(reference.persons(365))
    assert {int(person[1:]) for person in heuristic.filter("named")["person_id"]} == expected


def test_months_that_tell_nothing_have_rows_with_the_reason():
    rows = [row for row in many_rows(3) if not (row[3] and (row[2] < 300 or row[2] >= 600))]
    arrests = gpunet.read_arrests(table(rows))
    found = gpunet.evaluate_emerging(arrests, QUICK, start=day(290), every="100d")
    results = found.results.filter(population="all")
    assert results["month"].unique().sort().to_list() == [day(290), day(390), day(490), day(590), day(690)]
    untrained = results.filter(month=day(290), classifier="xgboost")
    assert untrained["precision"].null_count() == untrained["auc"].null_count() == len(untrained) == 2
    assert all(
        "training on 2013-07-20 with what was known on 2013-10-18: only 0 of" in why for why in untrained["undefined"]
    )
    assert results.filter(month=day(290), classifier="two_hop_heuristic")["recall"].null_count() == 0
    hopeless = results.filter(month=day(690), classifier="two_hop_heuristic")
    assert hopeless["positives"].to_list() == [0]
    assert hopeless["recall"].null_count() == 1
    assert any("as nothing could be trained: 2 of 5, the first 2013-10-18" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row for row in many_rows(4) if not row[3]], "only 0 of .* persons with the label true"),
        ([row for row in many_rows(4) if not row[3] or row[2] < 360], "only 0 of|nobody had a violent arrest"),
        ([(person, at, on, True) for at, (person, _, on, _) in enumerate(many_rows(4))], "nobody is in the population"),
    ],
)
def test_no_month_that_can_be_used(rows, said):
    arrests = gpunet.read_arrests(table(rows))
    with pytest.raises(InputError, match=f"no month from 2014-07-01 to 2014-10-01 can be used: .*({said})") as refused:
        gpunet.evaluate_emerging(arrests, QUICK, start="2014-07-01")
    assert "\n" not in str(refused.value)


def refusal(arrests, **asked: Any) -> str:
    with pytest.raises(InputError) as refused:
        gpunet.evaluate_emerging(arrests, QUICK, **asked)
    return str(refused.value)


def test_why_no_month_can_be_used_is_what_it_is_for(arrests):
    asked: dict[str, Any] = {"start": "2014-07-01"}
    said = refusal(arrests, **asked, horizon=5000)
    assert "no arrest was known before the training day 2001-01-22, 5,000 days before 2014-10-01" in said
    assert said.endswith("give a shorter --horizon or a later --from")
    everybody = side([(person, 0, None) for person in range(200)], ("from", "until"))
    said = refusal(arrests, **asked, custody=everybody)
    before = {at: len(arrests.persons_before(date(2014, *at))) for at in ((7, 3), (10, 1))}
    assert (
        "nobody is in the population of 2014-07-03, the training day of 2014-10-01 (in custody, and so left out: "
        f"{before[7, 3]} persons on 2014-07-03, {before[10, 1]} persons on 2014-10-01); give another table --custody"
    ) in said
    violent = side([(person, 0, None) for person in range(0, 200, 4)], ("from", "until"))
    said = refusal(arrests, **asked, custody=violent)
    assert "persons with the label true" in said
    assert "(in custody, and so left out: " in said
    late = side([(person, 546, None) for person in range(200)], ("from", "until"))
    assert "nobody is in the population of 2014-07-01 (in custody" in refusal(
        arrests, **asked, every="1y", custody=late
    )
    calm = gpunet.read_arrests(table([row for row in many_rows(4) if not row[3] or row[2] < 500]))
    said = refusal(calm, start="2014-06-01", every="1y")
    assert "nobody of the population of 2014-06-01 had a violent arrest from that day on" in said
    assert said.endswith("give an earlier --from or more data")


def test_a_classifier_that_says_the_same_of_everybody_is_told_of(arrests, monkeypatch):
    stump = replace(emerging.CLASSIFIERS["xgboost"], parameters={"n_estimators": 1, "gamma": 1e9})
    monkeypatch.setitem(emerging.CLASSIFIERS, "xgboost", stump)
    found = gpunet.evaluate_emerging(arrests, QUICK, start="2014-04-01")
    told = [text for text in found.warnings if "the same of everybody" in text]
    assert [text.partition(": ")[0] for text in told] == [
        "xgboost says the same of everybody in 3 of 3 months, the first 2014-04-01"
    ]


def test_without_offences_there_is_nothing_to_predict():
    rows = table(many_rows(5)).drop("offence")
    arrests = gpunet.read_arrests(rows, {"input": {"columns": {"offence": ""}}})
    with pytest.raises(InputError, match="the tables have no offences"):
        gpunet.evaluate_emerging(arrests, QUICK)
