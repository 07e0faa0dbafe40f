"""Places and pictures of networks: the same each time, small, and with every tie and person in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.report.layout import laid_out
from gpunet.report.look import COLOURS
from gpunet.report.network_svg import Kind, network_svg

SVG = "{http://www.w3.org/2000/svg}"


def everybody(n: int) -> list[Kind]:
    return [Kind("", COLOURS[0], np.ones(n, np.bool_))]


def lines_of(path: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The lines of a path, each from its lower end to its higher one."""
    found, here = [], (0, 0)
    for command, x, y in re.findall(r"([MmLlh])(-?\d+) ?(-?\d+)?", path):
        begin = here
        here = (int(x), int(y)) if command == "M" else (here[0] + int(x), here[1] + int(y or 0))
        if command in "Llh":
            found.append((min(begin, here), max(begin, here)))
    return found


def places_in(svg: str) -> tuple[list[tuple[tuple[int, int], tuple[int, int]]], set[tuple[int, int]]]:
    """Lines of the first path, and points of the others."""
    paths = [element.attrib["d"] for element in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    points = {begin for path in paths[1:] for begin, _ in lines_of(path)}
    return lines_of(paths[0]), points


def test_two_groups_with_one_tie_between_them_lie_apart():
    a, b = np.triu_indices(12, 1)
    first, second = np.concatenate([a, a + 12, [0]]), np.concatenate([b, b + 12, [12]])
    places = laid_out(24, first, second)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert apart[:12, :12].max() < apart[:12, 12:].min()
    assert places.min(axis=0) == pytest.approx([0, 0])
    assert places.max() == pytest.approx(1)


def test_places_are_the_same_bytes_each_time_whatever_the_threads(monkeypatch):
    rng = np.random.default_rng(3)
    first, second = np.arange(2_099), rng.integers(0, np.arange(1, 2_100))
    first = first + 1
    once = laid_out(2_100, first, second).tobytes()
    monkeypatch.setenv("RAYON_NUM_THREADS", "7")
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert laid_out(2_100, first, second).tobytes() == once


def test_networks_of_nobody_of_one_and_of_no_ties_have_places():
    none = np.empty(0, np.int64)
    assert laid_out(0, none, none).shape == (0, 2)
    assert laid_out(1, none, none).tolist() == [[0.5, 0.5]]
    assert np.isfinite(laid_out(3, none, none)).all()


@given(st.integers(2, 30), st.data())
def test_a_picture_has_every_tie_and_person(n, data):
    place = st.floats(0, 1, allow_subnormal=False)
    places = np.array(data.draw(st.lists(st.tuples(place, place), min_size=n, max_size=n)))
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40))
    pairs = [(a, b) for a, b in pairs if a != b]
    first, second = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    lines, points = places_in(network_svg(places, first, second, everybody(n)))
    at = [tuple(place) for place in (20 + np.rint(places * 960)).astype(int).tolist()]
    expected = {(min(at[a], at[b]), max(at[a], at[b])) for a, b in pairs if at[a] != at[b]}
    assert sorted(lines) == sorted(expected)
    assert points == set(at)


def test_kinds_have_their_colours_and_the_legend_is_escaped():
    violent = np.array([True, False])
    kinds = [Kind("<b>", COLOURS[1], violent), Kind("others", COLOURS[0], ~violent)]
    svg = network_svg(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([0]), np.array([1]), kinds)
    root = ElementTree.fromstring(svg)
    assert [text.text for text in root.iter(f"{SVG}text")] == ["<b>", "others"]
    drawn = {path.attrib["stroke"]: path.attrib["d"] for path in root.iter(f"{SVG}path")}
    assert drawn[COLOURS[1]] == "M20 50h0"
    assert drawn[COLOURS[0]] == "M980 50h0"


def test_circles_have_their_radius_and_lie_within_the_picture():
    places = np.array([[0.0, 0.0], [0.5, 1.0]])
    svg = network_svg(places, np.array([0]), np.array([1]), everybody(2), np.array([30.0, 7.04]))
    circles = [circle.attrib for circle in ElementTree.fromstring(svg).iter(f"{SVG}circle")]
    assert circles == [{"cx": "50", "cy": "50", "r": "30.0"}, {"cx": "500", "cy": "950", "r": "7.0"}]


@pytest.mark.parametrize("ties", [27_000, 300_000])
def test_ten_thousand_persons_are_under_600_kb_however_many_ties(ties):
    rng = np.random.default_rng(1)
    places = rng.random((10_000, 2))
    first, second = rng.integers(0, 10_000, ties), rng.integers(0, 10_000, ties)
    assert 300_000 < len(network_svg(places, first, second, everybody(10_000))) < 600_000
