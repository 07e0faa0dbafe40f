"""What the network looks like: a network made by hand with known figures, for analysts and for the public."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.report.arrest_figures import repeat_arrests_figure, seasonality_figure
from gpunet.report.audience import Audience
from gpunet.report.communities_graph import Communities, communities_figure, communities_of
from gpunet.report.degrees_figure import degrees_figure
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.grouped import grouped
from gpunet.report.network import network
from gpunet.report.network_tables import VIOLENT_PERSONS, arrests_table, network_table
from gpunet.report.source import Source
from gpunet.report.tied import Tied, tied

ANALYST, PUBLIC = Audience("analyst"), Audience("public")

#: A star of four, a triangle, and somebody alone. The first three are one community, "d" is another.
PERSONS = ["a", "b", "c", "d", "e", "f", "g", "alone"]
TIES = [("a", "b"), ("a", "c"), ("a", "d"), ("e", "f"), ("e", "g"), ("f", "g")]
COMMUNITY = [0, 0, 0, 1, 2, 2, 2, None]
ARRESTS = [3, 1, 1, 2, 1, 1, 1, 4]
VIOLENT = [1, 0, 0, 2, 0, 0, 0, 1]


MONTHS = [str(month) for month in range(1, 13)]


def manifest() -> dict[str, Any]:
    months = {str(month): 0 for month in range(1, 13)} | {"1": 31, "2": 7}
    return {
        "gpunet": "features",
        "input": {"rows": {"read": 20, "accepted": 20}},
        "arrests": {
            "arrests": sum(ARRESTS), "persons": 8, "persons_arrested_once": 5, "incidents": 9, "undated_arrests": 0,
            "first_date": "2020-01-01", "last_date": "2020-02-07",
            "violent_arrests": {"violent": 4, "robbery": 4, "homicide": 0}, "arrests_by_month_of_year": months,
        },
        "network": {
            "persons": 7, "ties": 6, "mean_degree": 12 / 7, "max_degree": 3, "average_clustering": 3 / 7,
            "transitivity": 0.5, "components": 2,
            "largest_component": {"persons": 4, "ties": 3, "diameter": 2, "mean_path": 1.5},
            "members": {"all": 7, "violent": 2, "robbery": 2, "homicide": 0},
        },
    }  # fmt: skip


def source_of(folder: Path, audience: Audience) -> Source:
    pl.DataFrame({"person_id": PERSONS, "own_arrests": ARRESTS, "own_violent_arrests": VIOLENT}).write_parquet(
        folder / "features.parquet"
    )
    groups = {"person_id": PERSONS, "gang": None, "group": None, "community": COMMUNITY}
    pl.DataFrame(groups).write_parquet(folder / "groups.parquet")
    ties = pl.DataFrame(TIES, {"person_a": pl.String, "person_b": pl.String}, orient="row")
    ties.write_parquet(folder / "ties.parquet")
    source = Source(folder, audience)
    source.__dict__["manifest"] = manifest()
    return source


@pytest.fixture
def made_by_hand(tmp_path):
    return source_of(tmp_path, ANALYST)


def parts_of(section: Section) -> dict[str, Figure | Table]:
    return {part.name: part for part in section.parts if isinstance(part, Figure | Table)}


def lines_of(table: Table) -> dict[str, str]:
    return dict(table.data.select("figure", "here").iter_rows())


def test_ties_degrees_and_components_are_those_of_the_tables(made_by_hand):
    found = tied(made_by_hand)
    assert found.persons["person_id"].to_list() == PERSONS[:-1]
    assert found.persons["violent"].to_list() == [True, False, False, True, False, False, False]
    assert found.degree.tolist() == [3, 1, 1, 1, 2, 2, 2]
    largest = found.largest_component()
    assert largest.persons["person_id"].to_list() == ["a", "b", "c", "d"]
    assert sorted(zip(largest.first.tolist(), largest.second.tolist(), strict=True)) == [(0, 1), (0, 2), (0, 3)]


def test_the_section_says_what_was_made(made_by_hand):
    section = network(made_by_hand)
    assert section.lead == (
        "7 of 8 persons were arrested together with somebody else. 4 of them are connected with one another through "
        "such arrests."
    )
    parts = parts_of(section)
    assert list(parts) == ["arrests", "network", "degrees", "repeat_arrests", "seasonality", "largest_component"]
    arrests = lines_of(parts["arrests"])
    assert arrests["arrests: a person in an incident"] == "14"
    assert arrests["violent arrests: robbery"] == "4"
    assert arrests["violent arrests: homicide"] == "0"
    paper = dict(parts["network"].data.select("figure", "in_paper").iter_rows())
    assert (lines_of(parts["network"])["mean number of ties"], paper["mean number of ties"]) == ("1.71", "3.66")
    assert parts["degrees"].data["ties"].to_list() == [1, 2, 3]
    assert parts["degrees"].data["persons"].to_list() == [3, 3, 1]
    assert parts["degrees"].data["persons_at_least"].to_list() == [7, 4, 1]
    seasons = parts["seasonality"].data
    assert seasons["arrests_a_day"].to_list() == [1.0, 1.0] + [None] * 10
    component = parts["largest_component"].data
    assert component["person_id"].to_list() == ["a", "b", "c", "d"]
    assert component["ties"].to_list() == [3, 1, 1, 1]


def test_the_public_is_shown_nothing_of_so_few(tmp_path):
    section = network(source_of(tmp_path, PUBLIC))
    parts = parts_of(section)
    assert section.lead.startswith("Fewer than 10 of fewer than 10 persons")
    assert "largest_component" not in parts
    assert "seasonality" not in parts
    assert "communities" not in parts
    assert lines_of(parts["arrests"]) == {
        "rows kept: charges of a person in an incident": "20",
        "arrests: a person in an incident": "14",
        "violent arrests: homicide": "0",
    }
    assert "network" not in parts
    assert "degrees" not in parts
    assert PUBLIC.shown(parts["repeat_arrests"].data, parts["repeat_arrests"].counts).is_empty()
    assert not any(isinstance(part, Paragraph) and '"a"' in part.text for part in section.parts)


def test_large_components_are_no_picture(made_by_hand, monkeypatch):
    monkeypatch.setattr("gpunet.report.network._MOST_PERSONS", 4)
    section = network(made_by_hand)
    assert "largest_component" not in parts_of(section)
    assert any("has 4 persons, too many" in part.text for part in section.parts if isinstance(part, Paragraph))


def test_an_empty_network_has_its_tables(made_by_hand):
    for name in ("features", "groups", "ties"):
        path = made_by_hand.folder / f"{name}.parquet"
        pl.read_parquet(path).clear().write_parquet(path)
    of = manifest()
    of["arrests"] |= {"persons": 0, "arrests": 0, "persons_arrested_once": 0, "first_date": None, "last_date": None}
    nothing = {"persons": 0, "ties": 0, "diameter": None, "mean_path": None}
    of["network"] |= {"persons": 0, "ties": 0, "mean_degree": None, "average_clustering": None, "transitivity": None}
    of["network"] |= {"largest_component": nothing, "members": {"all": 0, "violent": 0}, "components": 0}
    made_by_hand.__dict__["manifest"] = of
    parts = parts_of(network(made_by_hand))
    assert list(parts) == ["arrests", "network"]
    assert lines_of(parts["network"])["mean number of ties"] == "not defined"


def cliques(sizes: list[int], bridges: list[tuple[int, int]]) -> Tied:
    """Communities that are cliques of so many, with one tie between their first persons for each bridge."""
    begin = np.cumsum([0, *sizes])
    ties = [
        (int(begin[i]) + a, int(begin[i]) + b) for i, size in enumerate(sizes) for a in range(size) for b in range(a)
    ]
    ties += [(int(begin[a]), int(begin[b])) for a, b in bridges]
    n, community = int(begin[-1]), np.repeat(np.arange(len(sizes)), sizes)
    persons = pl.DataFrame({"person_id": range(n), "community": community, "violent": np.arange(n) % 2 == 0})
    first, second = np.array(ties, np.int64).T
    return Tied(persons, first, second)


def test_communities_have_their_persons_and_ties():
    found = communities_of(cliques([4, 12, 11, 10], [(0, 1), (1, 2), (2, 1)]))
    assert found.table.rows(named=True) == [
        {"community": 1, "persons": 12, "violent_persons": 6, "ties_within": 66, "ties_to_others": 3},
        {"community": 2, "persons": 11, "violent_persons": 6, "ties_within": 55, "ties_to_others": 2},
        {"community": 3, "persons": 10, "violent_persons": 5, "ties_within": 45, "ties_to_others": 0},
        {"community": 0, "persons": 4, "violent_persons": 2, "ties_within": 6, "ties_to_others": 1},
    ]
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 1), (0, 3)]


def test_the_picture_of_communities_leaves_out_the_small_and_tells_the_public_sizes_alone():
    found = communities_of(cliques([10, 12, 4, 9], [(0, 1), (1, 2)]))
    figure, words = communities_figure(found, ANALYST)
    assert figure.data["persons"].to_list() == [12, 10]
    assert figure.chart.count("<circle") == 2
    assert "2 other communities" in words.text
    shown, _ = communities_figure(found, PUBLIC)
    assert shown.data.columns == ["community", "persons"]
    assert shown.data["persons"].to_list() == [12, 10]
    assert shown.chart == figure.chart
    assert communities_figure(communities_of(cliques([9, 4], [(0, 1)])), ANALYST) is None


def test_the_public_cannot_find_small_communities_by_subtraction():
    figure, words = communities_figure(communities_of(cliques([12, 11, 10, 4], [(0, 1)])), PUBLIC)
    assert figure.data["persons"].to_list() == [12, 11]
    assert figure.persons == 23
    assert "2 other communities" in words.text


def test_degrees_that_the_public_is_shown_tell_of_no_group_under_ten():
    degree = np.repeat(np.arange(1, 13), [300, 200, 120, 80, 40, 9, 30, 8, 4, 3, 3, 1])
    for audience in (ANALYST, PUBLIC):
        figure, words = degrees_figure(degree, audience)
        assert figure.data["persons"].sum() == len(degree)
        first = next(row for row in figure.data.iter_rows(named=True) if row["exponential"] is not None)
        assert first["exponential"] == first["persons_at_least"]  # the fit begins where the persons are known
        assert f"Of the {first['persons_at_least']} persons with {first['ties']} ties or more" in words.text
    shown = figure.data["persons_at_least"].to_list()
    assert min(a - b for a, b in zip(shown, [*shown[1:], 0], strict=True)) >= 10
    assert figure.data["ties"].to_list() == [1, 2, 3, 4, 5, 7, 9]


def test_repeat_arrests_are_counted_and_rare_numbers_put_together():
    arrests = [1] * 30 + [2] * 15 + [3] * 6 + [9] * 5
    violent = [0] * 28 + [1] * 2 + [0] * 14 + [1] + [1] * 11
    persons = pl.DataFrame({"own_arrests": arrests, "own_violent_arrests": violent})
    figure = repeat_arrests_figure(persons, ANALYST)
    assert figure.data.rows() == [("1", 30, 2, 2 / 30), ("2", 15, 1, 1 / 15), ("3 or more", 11, 11, 1.0)]
    assert "54% were arrested once" in figure.sentence
    public = repeat_arrests_figure(persons, PUBLIC)
    assert public.data.rows() == [("1 or more", 56, 14, 0.25)]
    assert "once" not in public.sentence


def test_a_month_that_the_public_may_not_see_hides_them_all():
    arrests = manifest()["arrests"]
    assert seasonality_figure(arrests, PUBLIC) is None
    figure = seasonality_figure(arrests, ANALYST)
    assert figure is not None
    assert figure.data["days"].to_list() == [31, 7] + [0] * 10


def test_a_hidden_offence_is_not_found_by_subtraction():
    found = manifest()
    counts = {"violent": 60, "robbery": 40, "homicide": 3, "assault": 12, "battery": 200}
    found["arrests"] |= {"arrests": 500, "persons": 300, "persons_arrested_once": 200, "violent_arrests": counts}
    offences = [name for name in lines_of(arrests_table(found, PUBLIC)) if name.startswith("violent arrests: ")]
    assert offences == ["violent arrests: robbery", "violent arrests: battery"]
    assert len([name for name in lines_of(arrests_table(found, ANALYST)) if ": " in name]) == 6


LARGE = {
    "persons": 300, "ties": 500, "mean_degree": 10 / 3, "max_degree": 9, "average_clustering": 0.5, "transitivity": 0.6,
    "components": 4, "largest_component": {"persons": 200, "ties": 400, "diameter": 9, "mean_path": 4.5},
    "members": {"all": 300, "violent": 60},
}  # fmt: skip


@pytest.mark.parametrize(
    ("outside", "told"), [((40, 60), True), ((0, 100), True), ((4, 96), False), ((94, 6), False)]
)  # fmt: skip
def test_the_violent_outside_the_network_are_not_found_by_subtraction(outside, told):
    found = {**manifest(), "network": LARGE}
    assert (VIOLENT_PERSONS in lines_of(network_table(found, outside, PUBLIC))) == told
    assert VIOLENT_PERSONS in lines_of(network_table(found, outside, ANALYST))


@pytest.mark.parametrize("persons", [5, 295])
def test_a_hidden_component_is_not_told_by_its_figures(persons):
    found = {**manifest(), "network": {**LARGE, "largest_component": LARGE["largest_component"] | {"persons": persons}}}
    assert not [name for name in lines_of(network_table(found, (50, 50), PUBLIC)) if "component" in name]
    assert len([name for name in lines_of(network_table(found, (50, 50), ANALYST)) if "component" in name]) == 5


def test_few_rows_that_were_not_kept_are_not_found_by_subtraction():
    found = manifest()
    found["arrests"] |= {"arrests": 500, "persons": 300, "persons_arrested_once": 200}
    for read, told in ((504, False), (520, True), (500, True)):
        found["input"]["rows"] = {"read": read, "accepted": 500}
        names = lines_of(arrests_table(found, PUBLIC))
        assert ("rows kept: charges of a person in an incident" in names) == told


def test_few_arrests_without_a_date_are_not_found_by_subtraction():
    arrests = manifest()["arrests"] | {"arrests": 380, "arrests_by_month_of_year": dict.fromkeys(MONTHS, 31)}
    for undated, told in ((8, False), (0, True), (12, True)):
        assert (seasonality_figure(arrests | {"undated_arrests": undated}, PUBLIC) is not None) == told
        assert seasonality_figure(arrests | {"undated_arrests": undated}, ANALYST) is not None


def test_what_is_said_of_repeat_arrests_is_in_the_data():
    persons = pl.DataFrame({"own_arrests": [1] * 40 + [2] * 40, "own_violent_arrests": [1] * 20 + [0] * 20 + [0] * 40})
    said = repeat_arrests_figure(persons, ANALYST).sentence
    assert "with a violent one: 50% of those with 1 arrest, 0% with 2;" in said
    assert "50% were arrested once" in said
    assert "0%" not in repeat_arrests_figure(persons.head(40), ANALYST).sentence.replace("100%", "")


@given(st.lists(st.integers(10, 3000), min_size=1, max_size=60), st.booleans())
def test_circles_in_rows_do_not_overlap(sizes, tied_ones):
    sizes = sorted(sizes, reverse=True)
    first, second = np.array([[0], [1]] if tied_ones and len(sizes) > 1 else [[], []], np.int64)
    table = pl.DataFrame({"community": range(len(sizes)), "persons": sizes})
    figure, _ = communities_figure(Communities(table, first, second), PUBLIC)
    at = np.array(re.findall(r'cx="(-?\d+)" cy="(-?\d+)" r="([\d.]+)"', figure.chart), float)
    assert len(at) == len(sizes)
    for i, (x, y, radius) in enumerate(at):
        rows = at[max(i + 1, 2 * len(first)) :]  # two that are tied may stand close
        assert (np.hypot(rows[:, 0] - x, rows[:, 1] - y) >= rows[:, 2] + radius).all()


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), min_size=1, max_size=30), st.integers(1, 30)
)  # fmt: skip
def test_groups_hold_everybody_and_enough_of_each_count(counts, least):
    data = pl.DataFrame({"number": range(3, 3 + len(counts))}).with_columns(
        persons=pl.Series([a for a, _ in counts]), violent=pl.Series([b for _, b in counts])
    )
    found = grouped(data, ["persons", "violent"], least)
    assert found["persons"].sum() == data["persons"].sum()
    assert found["violent"].sum() == data["violent"].sum()
    assert found["first"].to_list() == [3, *(last + 1 for last in found["last"][:-1])]
    assert found["last"][-1] == 2 + len(counts)
    if len(found) > 1:
        for name in ("persons", "violent"):
            assert all(count == 0 or count >= least for count in found[name])
