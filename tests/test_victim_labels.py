"""Who becomes a victim of a violent offence, and from whom the two-hop heuristic starts, against plain Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from comparison import frame_of, row
from hypothesis import given
from hypothesis import strategies as st
from victim_tables import victims_near

from gpunet import evaluate_emerging, evaluate_known, read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import victim_between, violent_between
from gpunet.arrests.completeness import victims_end_early
from gpunet.arrests.joined import with_tables
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.errors import InputError
from gpunet.evaluate.heuristics import FROM_OFFENDERS, FROM_VICTIMS, two_hop_heuristic
from gpunet.evaluate.months import Snapshots, month_of
from gpunet.evaluate.victim_seeds import FROM_VIOLENT_VICTIMS, VictimsOfArrests, seeds_of
from gpunet.synthetic import make_arrests

CONFIG = {"violent_offences": {"robbery": ["robbery*"], "homicide": ["murder*"]}}
OFFENCES = ["robbery", "murder", "theft", "ROBBERY - armed"]
VIOLENT = {"robbery", "murder", "ROBBERY - armed"}
FIRST = dt.date(2012, 2, 25)

Row = dict[str, Any]


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


DAYS = st.integers(0, 12).map(day)


@st.composite
def rows_of(draw: st.DrawFn, persons: range, *, late: bool = False) -> list[Row]:
    """Rows of few persons and incidents, some undated; all dated and recorded if `late`."""
    found = []
    for _ in range(draw(st.integers(1, 9))):
        dated = draw(DAYS if late else st.none() | DAYS)
        found.append(
            row(draw(st.sampled_from(persons)), draw(st.integers(1, 3)), dated, draw(st.sampled_from(OFFENCES)))
        )
        if late:
            found[-1]["recorded_at"] = dated + dt.timedelta(days=draw(st.integers(0, 5)))
    return found


def events(rows: Sequence[Row], known: dt.date | None = None) -> list[tuple[int, dt.date | None, bool]]:
    """Person, earliest day, and whether violent, of each person and incident, of the rows that were known by then."""
    together: dict[tuple[int, int], list[Row]] = {}
    for one in rows:
        if known is not None and "recorded_at" in one and not (one["date"] < known and one["recorded_at"] < known):
            continue
        together.setdefault((one["person_id"], one["incident_id"]), []).append(one)
    found = []
    for (person, _), of in together.items():
        days = [one["date"] for one in of if one["date"] is not None]
        found.append((person, min(days, default=None), any(one["offence"] in VIOLENT for one in of)))
    return found


def before(rows: Sequence[Row], start: dt.date) -> set[int]:
    return {person for person, on, _ in events(rows, start) if on is not None and on < start}


def read(arrests: Sequence[Row], victims: Sequence[Row]) -> Arrests:
    return with_tables(read_arrests(frame_of(arrests), CONFIG), victims=read_arrests(frame_of(victims), CONFIG))


@given(
    arrests=rows_of(range(1, 6)),
    victims=st.booleans().flatmap(lambda late: rows_of(range(3, 9), late=late)),
    start=DAYS,
    length=st.integers(0, 9),
    known=st.none() | DAYS,
)
def test_labels(arrests: list[Row], victims: list[Row], start: dt.date, length: int, known: dt.date | None) -> None:
    found = read(arrests, victims)
    end = start + dt.timedelta(days=length)
    label = victim_between(found, start, end, known_before=known)
    persons = sorted(before(arrests, start) | before(victims, start))
    last = end if known is None else min(end, known)
    hit = {
        person for person, on, violent in events(victims, known) if violent and on is not None and start <= on < last
    }
    ids = found.person_ids.to_list()
    assert [ids[code] for code in found.persons_before(start)] == persons
    assert label.dtype == np.bool_
    assert label.tolist() == [person in hit for person in persons]
    assert len(violent_between(found, start, end)) == len(label)  # the same persons on both sides


@given(arrests=rows_of(range(1, 6)), victims=rows_of(range(3, 9), late=True), at=st.none() | DAYS)
def test_seeds(arrests: list[Row], victims: list[Row], at: dt.date | None) -> None:
    found = read(arrests, victims)
    assert found.victims is not None
    seeds = VictimsOfArrests(found.victims).seeds(found.n_persons, at)
    known = events(victims, at)
    violent = {
        person for person, on, is_violent in known if is_violent and (at is None or (on is not None and on < at))
    }
    assert {person for person, seed in zip(found.person_ids.to_list(), seeds, strict=True) if seed} == violent


def test_a_label_needs_a_table_of_victims() -> None:
    arrests = read_arrests(frame_of([row(1, 1, FIRST, "theft")]), CONFIG)
    with pytest.raises(InputError, match=r"no table of victims was read.* --victims FILE"):
        victim_between(arrests, FIRST, day(3))


@pytest.mark.parametrize(("last", "told"), [(NO_DAY, 0), (100, 0), (68, 0), (67, 1), (-4000, 1)])
def test_tables_of_victims_that_end_early(last: int, told: int) -> None:
    end = dt.date(1970, 4, 11)  # day 100: the last day that counts is 99
    assert day_number(end) == 100
    assert len(found := victims_end_early(last, end)) == told
    assert all("the last victim of the tables is of 19" in text for text in found)


@pytest.fixture(scope="module")
def beside() -> Arrests:
    frame = make_arrests(300, seed=1)
    return with_tables(read_arrests(frame), victims=read_arrests(victims_near(frame)))


def test_the_months_start_from_victims_known_by_then(beside: Arrests) -> None:
    at, past = dt.date(2014, 1, 1), dt.date(2013, 7, 5)
    snapshots = Snapshots(beside, "network", None, lambda name, cut: pytest.fail("no features are needed"))
    month = month_of(at, past, snapshots, seeds_of(beside, None))
    cut = beside.before(at)
    assert cut.victims is not None
    seeds = VictimsOfArrests(cut.victims).seeds(cut.n_persons)
    assert seeds.any()
    population = snapshots.population(at)
    violent = np.zeros(cut.n_persons, np.bool_)
    violent[cut.person[cut.offences != 0]] = True
    expected = two_hop_heuristic(population.network, violent, seeds)[population.row]
    assert month.named["two_hop_heuristic"].tolist() == expected.tolist()
    from_offenders = month_of(at, past, snapshots, None)
    assert month.named["two_hop_heuristic"].tolist() != from_offenders.named["two_hop_heuristic"].tolist()


def test_the_experiments_say_where_the_heuristic_starts(beside: Arrests) -> None:
    few: dict[str, Any] = {"bootstrap": 0, "folds": 3, "classifiers": ["naive_bayes"], "protocols": ["cross_fitted"]}
    settings = {"evaluate": few, "model": {"folds": 2}}
    table = pl.DataFrame({"person_id": beside.person_ids.to_list()[:9], "date": ["2013-05-01"] * 9})
    without = replace(beside, victims=None)
    for arrests, victims, told in (
        (beside, None, FROM_VIOLENT_VICTIMS),
        (beside, table, FROM_VICTIMS),
        (without, None, FROM_OFFENDERS),
    ):
        assert told in evaluate_known(arrests, settings, victims=victims).warnings
    found = evaluate_emerging(beside, settings, start="2013-02-01", every="1y")
    assert FROM_VIOLENT_VICTIMS in found.warnings
