"""Networks with more shortest paths than any float or integer type can hold: results stay finite and right."""

from __future__ import annotations

from collections import deque
from itertools import combinations
from math import comb

import numpy as np
import pytest
from reference import reference_path
from scipy.special import gammaln

from gpunet import network_from_edges, path_features

# --- A grid ----------------------------------------------------------------------------------------------------------

SIDE = 700


def grid_network(members: dict[str, list[tuple[int, int]]]):
    ids = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    source = np.concatenate([ids[:, :-1].ravel(), ids[:-1].ravel()])
    target = np.concatenate([ids[:, 1:].ravel(), ids[1:].ravel()])
    sets = {}
    for name, cells in members.items():
        sets[name] = np.zeros(ids.size, dtype=bool)
        sets[name][[ids[cell] for cell in cells]] = True
    return network_from_edges(source, target, ids.size, sets=sets)


def log_binomial(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def grid_dependency(a: tuple[int, int], b: tuple[int, int]) -> np.ndarray:
    """Share of the shortest paths from `a` to `b` that pass each cell: lattice paths in the rectangle between them."""
    row, column = np.indices((SIDE, SIDE))
    height, width = abs(a[0] - b[0]), abs(a[1] - b[1])
    down = (row - a[0]) * (1 if b[0] >= a[0] else -1)
    across = (column - a[1]) * (1 if b[1] >= a[1] else -1)
    inside = (down >= 0) & (down <= height) & (across >= 0) & (across <= width)
    down, across = np.where(inside, down, 0), np.where(inside, across, 0)
    total = log_binomial(np.array(height + width), np.array(height))
    log_share = log_binomial(down + across, down) + log_binomial(height - down + width - across, height - down) - total
    share = np.where(inside, np.exp(log_share), 0.0)
    share[a] = share[b] = 0.0
    return share.ravel()


def test_grid_with_more_paths_than_a_float_can_count() -> None:
    """Opposite corners of a 700 x 700 grid have C(1398, 699), about 1e419, shortest paths."""
    corners = [(0, 0), (SIDE - 1, SIDE - 1)]
    other = [(0, SIDE - 1), (SIDE - 1, 0)]
    more = [*corners, (350, 100), (20, 690)]
    members = {"corners": corners, "other_corners": other, "more": more}
    columns = path_features(grid_network(members), families=("betweenness",), sets=list(members))
    assert sorted(columns) == sorted(f"betweenness__{name}" for name in members)
    for name, cells in members.items():
        actual = columns[f"betweenness__{name}"]
        expected = sum(grid_dependency(a, b) for a, b in combinations(cells, 2))
        assert np.isfinite(actual).all(), name
        # Shares below the smallest float of full precision may be rounded to zero.
        np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-300, err_msg=name)


def test_log_shares_are_the_exact_ones() -> None:
    """The logarithms above, against integers of Python, at a few cells of the grid."""
    share = grid_dependency((0, 0), (SIDE - 1, SIDE - 1)).reshape(SIDE, SIDE)
    last = SIDE - 1
    for i, j in [(0, 1), (350, 349), (10, 20), (699, 650), (400, 280)]:
        exact = comb(i + j, i) * comb(2 * last - i - j, last - i) / comb(2 * last, last)
        assert share[i, j] == pytest.approx(exact, rel=1e-11)


# --- A ladder of diamonds --------------------------------------------------------------------------------------------

RUNGS = 2000


def diamonds(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertex 3i is the joint before diamond i, 3i + 1 and 3i + 2 are its two middles; vertex 3k is the last joint."""
    joint = 3 * np.arange(k)
    source = np.concatenate([joint, joint, joint + 1, joint + 2])
    target = np.concatenate([joint + 1, joint + 2, joint + 3, joint + 3])
    return source, target


def ladder_betweenness(flags: np.ndarray) -> np.ndarray:
    """The closed form of betweenness over pairs of the flagged vertices of a ladder.

    With L(i) and R(i) flagged vertices before and behind joint i, every path between them passes it: L(i) R(i) pairs.
    The two middles of a diamond lie at distance 2 by two paths, over the joint before and the joint behind it: when
    both are flagged each of the two joints gets 1/2. Half of the paths that cross a diamond pass a given middle:
    with A(i) flagged up to the joint before it and B(i) from the joint behind it, A(i) B(i) / 2.
    """
    k = (len(flags) - 1) // 3
    upto = np.concatenate([[0], np.cumsum(flags)])  # upto[x]: flagged among the vertices 0..x-1
    total = upto[-1]
    out = np.zeros(len(flags))
    joint = 3 * np.arange(k + 1)
    out[joint] = upto[joint] * (total - upto[joint + 1])
    before = joint[:-1]
    both = 0.5 * (flags[before + 1] & flags[before + 2])
    out[before] += both
    out[before + 3] += both
    out[before + 1] = out[before + 2] = upto[before + 1] * (total - upto[before + 3]) / 2
    return out


def ladder_sets(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)
    ends = np.zeros(n, dtype=bool)
    ends[[0, n - 1]] = True
    return {"violent": rng.random(n) < 0.3, "few": rng.random(n) < 0.003, "ends": ends}


def test_ladder_of_diamonds_has_its_closed_form() -> None:
    """2,000 diamonds in a row: 2**2000 shortest paths from end to end."""
    n = 3 * RUNGS + 1
    sets = ladder_sets(n)
    columns = path_features(network_from_edges(*diamonds(RUNGS), n, sets=sets), families=("betweenness",))
    for name, flags in {"all": np.ones(n, dtype=bool), **sets}.items():
        actual = columns[f"betweenness__{name}"]
        assert np.isfinite(actual).all(), name
        np.testing.assert_allclose(actual, ladder_betweenness(flags), rtol=1e-9, err_msg=name)


def test_closed_form_is_that_of_the_definition() -> None:
    n = 3 * 4 + 1
    flags = np.array([v % 4 != 2 for v in range(n)])
    edges = list(zip(*(ends.tolist() for ends in diamonds(4)), strict=True))
    columns = reference_path(edges, n, {"violent": flags.tolist()})
    np.testing.assert_allclose(columns["betweenness__violent"], ladder_betweenness(flags), rtol=1e-12)
    np.testing.assert_allclose(columns["betweenness__all"], ladder_betweenness(np.ones(n, dtype=bool)), rtol=1e-12)


# --- Ladders without a cut vertex and without twins ------------------------------------------------------------------


def layered(layers: int, width: int, steps: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Vertex (l, i) is tied to (l + 1, i + s mod width) for each s of `steps`."""
    layer, i, step = (x.ravel() for x in np.meshgrid(np.arange(layers - 1), np.arange(width), steps, indexing="ij"))
    return layer * width + i, (layer + 1) * width + (i + step) % width


def counted_from(around: list[list[int]], source: int) -> tuple[list[int], list[int]]:
    """Distances and exact numbers of shortest paths, by breadth-first search with Python's integers."""
    distance, paths = [-1] * len(around), [0] * len(around)
    distance[source], paths[source] = 0, 1
    queue = deque([source])
    while queue:
        v = queue.popleft()
        for w in around[v]:
            if distance[w] < 0:
                distance[w] = distance[v] + 1
                queue.append(w)
            if distance[w] == distance[v] + 1:
                paths[w] += paths[v]
    return distance, paths


def exact_betweenness(source: np.ndarray, target: np.ndarray, n: int, members: list[int]) -> np.ndarray:
    around: list[list[int]] = [[] for _ in range(n)]
    for a, b in zip(source.tolist(), target.tolist(), strict=True):
        around[a].append(b)
        around[b].append(a)
    search = {u: counted_from(around, u) for u in members}
    out = np.zeros(n)
    for u, w in combinations(members, 2):
        (d_u, p_u), (d_w, p_w) = search[u], search[w]
        for v in range(n):
            if v not in (u, w) and d_u[v] + d_w[v] == d_u[w]:
                out[v] += p_u[v] * p_w[v] / p_u[w]  # a quotient of integers is rounded once, whatever their size
    return out


@pytest.mark.parametrize(
    ("width", "steps", "why"),
    [(2, (0, 1), "the two of a layer are twins"), (3, (0, 1), "no twins"), (5, (0, 1, 3), "unequal path counts")],
)
def test_layered_networks_equal_exact_counts(width: int, steps: tuple[int, ...], why: str) -> None:
    layers = 1500
    n = layers * width
    source, target = layered(layers, width, steps)
    members = [0, width * 700 + 1, n - width, n - 1]
    flags = np.zeros(n, dtype=bool)
    flags[members] = True
    network = network_from_edges(source, target, n, sets={"ends": flags})
    actual = path_features(network, families=("betweenness",), sets=["ends"])["betweenness__ends"]
    assert np.isfinite(actual).all(), why
    np.testing.assert_allclose(actual, exact_betweenness(source, target, n, members), rtol=1e-9, err_msg=why)


def test_whole_network_betweenness_where_counts_overflow() -> None:
    """Every vertex of a layered network is a source; igraph counts paths in floats and would overflow."""
    layers, width = 1100, 2
    n = layers * width
    network = network_from_edges(*layered(layers, width, (0, 1)), n, sets={})
    actual = path_features(network, families=("betweenness",), sets=["all"])["betweenness__all"]
    assert np.isfinite(actual).all()
    np.testing.assert_allclose(actual, layered_betweenness(layers), rtol=1e-9)


def test_closed_form_of_layers_is_that_of_the_definition() -> None:
    edges = list(zip(*(ends.tolist() for ends in layered(5, 2, (0, 1))), strict=True))
    expected = reference_path(edges, 10, {"violent": [False] * 10})["betweenness__all"]
    np.testing.assert_allclose(layered_betweenness(5), expected, rtol=1e-12)


def layered_betweenness(layers: int) -> np.ndarray:
    """The closed form of betweenness over all pairs when two vertices of each layer are tied to both of the next."""
    width = 2
    n = layers * width
    # Half of the paths that cross a layer pass a given vertex; the two of a layer meet over the layers beside theirs.
    before = np.repeat(np.arange(layers) * width, width)
    behind = n - width - before
    layer = np.repeat(np.arange(layers), width)
    meeting = np.zeros(n)
    for side in (-1, 1):
        beside = (layer + side >= 0) & (layer + side < layers)
        ways = np.where((layer + side == 0) | (layer + side == layers - 1), width, 2 * width)
        meeting += np.where(beside, 1 / ways, 0.0)
    return before * behind / 2 + meeting
