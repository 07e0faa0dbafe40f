"""Path features of unchanged components: whatever changed elsewhere, the bits are those of a computation."""

import numpy as np
import pytest

from gpunet.arrests.network import network_from_edges
from gpunet.config.config import PathConfig
from gpunet.features import known, path
from gpunet.features.known import KnownPaths
from gpunet.features.path import compute_path
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.updates.components import unchanged
from tests.updating import taking_all


def regions(seed):
    """Two or three regions without ties between them, and the same with much of the first one gone."""
    random = np.random.default_rng(seed)
    n = int(random.integers(30, 140))
    region = np.sort(random.integers(0, int(random.integers(2, 4)), n))
    ends = random.integers(0, n, (int(n * 2.5), 2))
    ends = ends[region[ends[:, 0]] == region[ends[:, 1]]]
    violent = random.random(n) < 0.4
    gone = (random.random(n) < random.choice([0.05, 0.5])) & (region == 0)
    other = violent.copy()
    if random.random() < 0.5:
        other[np.flatnonzero(region == 0)[:1]] ^= True
    return network(ends[~gone[ends].any(axis=1)], other), network(ends, violent)


def network(ends, violent):
    """The network of whoever has a tie, and who its vertices are."""
    ends = ends[ends[:, 0] != ends[:, 1]]
    person = np.unique(ends)
    place = np.full(len(violent), -1)
    place[person] = np.arange(len(person))
    return network_from_edges(*place[ends].T, len(person), {"violent": violent[person]}), person


def unchanged_slowly(old, new):
    """As :func:`unchanged`, of networks with their persons, from sets of names."""
    (then, them), (now, us) = old, new

    def ties(graph, person):
        rows = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
        return {frozenset((int(person[a]), int(person[b]))) for a, b in zip(rows, graph.indices, strict=True)}

    def described(graph, person):
        label, n = component_labels(graph.indptr, graph.indices, np.zeros(graph.n, np.int32))
        every, found = ties(graph, person), {}
        for c in range(n):
            inside = frozenset(person[label == c].tolist())
            members = tuple(frozenset(person[(label == c) & mask].tolist()) for mask in graph.sets.values())
            found[inside] = (frozenset(tie for tie in every if tie <= inside), members)
        return found

    before, after = described(then, them), described(now, us)
    same = {v for inside, what in after.items() if before.get(inside) == what for v in inside}
    place = {int(v): i for i, v in enumerate(them)}
    return [place[int(v)] if int(v) in same else -1 for v in us]


def matched(old, new):
    before = np.full(int(max(old[1].max(), new[1].max())) + 1, -1, np.int64)
    before[old[1]] = np.arange(len(old[1]))
    return unchanged(new[0], old[0], before[new[1]])


@pytest.mark.parametrize("seed", range(25))
def test_bits_are_those_of_a_computation(seed):
    old, new = regions(seed)
    vertex = matched(old, new)
    assert vertex.tolist() == unchanged_slowly(old, new)
    with taking_all():
        before = compute_path(old[0], config=PathConfig()).columns
        computed = compute_path(new[0], config=PathConfig()).columns
        taken = compute_path(new[0], config=PathConfig(), known=KnownPaths(old[0], vertex, before)).columns
    for name, values in computed.items():
        assert values.tobytes() == taken[name].tobytes(), name


def test_sums_that_are_added_up_otherwise_are_not_taken(monkeypatch):
    """Without the comparison of how sums are added up some bits differ, so it is there for a reason."""
    differ = 0
    monkeypatch.setattr(known, "_added_up_alike", lambda earlier, *_: np.ones(len(earlier.vertex), np.bool_))
    for seed in range(6):
        old, new = regions(seed)
        with taking_all():
            before = compute_path(old[0], config=PathConfig()).columns
            computed = compute_path(new[0], config=PathConfig()).columns
            earlier = KnownPaths(old[0], matched(old, new), before)
            taken = compute_path(new[0], config=PathConfig(), known=earlier).columns
        differ += any(values.tobytes() != taken[name].tobytes() for name, values in computed.items())
    assert differ


def test_little_work_is_done_rather_than_compared():
    old, new = regions(1)
    before = compute_path(old[0], config=PathConfig()).columns
    earlier = KnownPaths(old[0], matched(old, new), before)
    pairs = path.PairWork(path.Blocks(new[0]), ("all",))
    assert known.reused_of(earlier, path.Blocks(new[0]), pairs, ("all",)) is None
    with taking_all() as taken:
        compute_path(new[0], config=PathConfig(), known=earlier)
    assert taken[0] > 0
