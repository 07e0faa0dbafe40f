"""The CUDA kernels of neighbourhood, ties, cores and tipping; test_cuda_kernels.py runs this file.

As in cuda_kernels.py: a process of its own, and small networks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import compiled_kernels  # noqa: F401
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import graph_of, neighbourhood_columns, reference_path
from strategies import NetworkCase, networks

from gpunet.arrests.network import Network, network_from_edges
from gpunet.base.days import NO_DAY
from gpunet.base.transfers import transfers_of_part
from gpunet.kernels.cpu.cores import core_numbers, shell_of_outsiders
from gpunet.kernels.cpu.neighbourhood import hop_counts
from gpunet.kernels.cpu.ties import csr_from_ties, incident_pairs, reduce_pairs
from gpunet.kernels.cpu.tipping import tipping, tipping_without_own_seed
from gpunet.kernels.cuda.cores import shell_of_outsiders_cuda
from gpunet.kernels.cuda.neighbourhood import hop_counts_cuda
from gpunet.kernels.cuda.ties import csr_from_ties_cuda, incident_pairs_cuda, merge_pairs_cuda
from gpunet.kernels.cuda.tipping import tipping_cuda, tipping_without_own_seed_cuda
from gpunet.kernels.jit_cuda import on_device, on_host

FEW = settings(max_examples=8)

#: Blocks and threads, and how much is done without a block: nothing, little, as usual.
SHAPES = [(2, 4, 0), (1, 2, 2), (3, 8, 16), (5, 3, 1)]

Pairs = list[tuple[int, int]]


def of_pairs(pairs: Pairs, n: int, *sets: Any) -> Network:
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    return network_from_edges(ends[:, 0], ends[:, 1], n, {f"set{i}": flags for i, flags in enumerate(sets)})


def crowd() -> Network:
    """Hubs, of which two know each other, a clique, loose ties, isolated vertices; in sets are some, nobody, all."""
    rng = np.random.default_rng(4)
    pairs = [(0, v) for v in range(2, 32)] + [(1, v) for v in range(20, 50)] + [(0, 1)]
    pairs += [(a, b) for a in range(50, 58) for b in range(50, a)]
    pairs += [(int(a), int(b)) for a, b in rng.integers(2, 66, (70, 2))]
    flags = [rng.random(70) < share for share in (0.6, 0.3, 0.0, 1.0)]
    return of_pairs(pairs, 70, *flags)


def shells(network: Network, inside: np.ndarray, *shape: int) -> np.ndarray:
    core = core_numbers(network.indptr, network.indices, inside)
    return on_host(shell_of_outsiders_cuda(network.indptr, network.indices, core, *shape))


def tipped(network: Network, seed: np.ndarray, k: int, *shape: int) -> tuple[np.ndarray, np.ndarray]:
    rank = tipping_cuda(network.indptr, network.indices, seed, k, *shape[:2])
    return on_host(rank), on_host(tipping_without_own_seed_cuda(network.indptr, network.indices, seed, rank, k, *shape))


def shells_cpu(network: Network, inside: np.ndarray) -> np.ndarray:
    core = core_numbers(network.indptr, network.indices, inside)
    return shell_of_outsiders(network.indptr, network.indices, core, 0, network.n)


def tipped_cpu(network: Network, seed: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    rank = tipping(network.indptr, network.indices, seed, k)
    out = tipping_without_own_seed(network.indptr, network.indices, seed, rank, k, 0, network.n)
    return rank, out


def rounds(network: Network, seed: np.ndarray, k: int) -> np.ndarray:
    """The round in which each vertex is active, from the definition."""
    rank = np.where(seed, 0, -1)
    for now in range(1, network.n + 1):
        active = [np.sum(rank[network.indices[a:b]] >= 0) for a, b in pairwise(network.indptr)]
        rank[(rank < 0) & (np.array(active, int) >= k)] = now
    return rank


@FEW
@given(networks(), st.sampled_from(SHAPES))
def test_features_are_the_references(case: NetworkCase, shape: tuple[int, int, int]) -> None:
    sets = {name: np.array(flags, bool) for name, flags in case.sets.items()}
    network = of_pairs(list(case.edges), case.n)
    expected = reference_path(case.edges, case.n, case.sets)
    for name, inside in sets.items():
        assert shells(network, inside, *shape).tolist() == expected[f"shell__{name}"]
    for k in (2, 3):
        assert tipped(network, sets["violent"], k, *shape)[1].tolist() == expected[f"tipping_{k}"]
    members = {name: set(np.flatnonzero(inside).tolist()) for name, inside in {"all": ~inside | inside, **sets}.items()}
    bits = sum(np.isin(np.arange(case.n), list(some)) * np.uint64(1 << i) for i, some in enumerate(members.values()))
    near, far = on_host(hop_counts_cuda(network.indptr, network.indices, bits, len(members), *shape))
    graph = graph_of(range(case.n), case.edges)
    for v in range(case.n):
        row = neighbourhood_columns(graph, members, v)
        for i, name in enumerate(members):
            assert near[i, v] == row[f"degree__{name}"]
            if name != "all":
                assert far[i, v] == (0 if not far[0, v] else round(row[f"share_2hop__{name}"] * far[0, v]))


@FEW
@given(networks(max_pieces=4, max_piece=9), st.sampled_from(SHAPES), st.integers(1, 4))
def test_whole_results_are_the_cpus(case: NetworkCase, shape: tuple[int, int, int], k: int) -> None:
    network = of_pairs(list(case.edges), case.n)
    inside = np.array(case.sets["violent"], bool)
    found, expected = shells(network, inside, *shape), shells_cpu(network, inside)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)
    rank, alone = tipped(network, inside, k, *shape)
    assert np.array_equal(rank, rounds(network, inside, k))
    assert np.array_equal(alone, tipped_cpu(network, inside, k)[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_crowd(shape: tuple[int, int, int]) -> None:
    network = crowd()
    names = tuple(network.sets)
    bits = network.members(names)
    found = on_host(hop_counts_cuda(network.indptr, network.indices, bits, len(names), *shape))
    assert found.dtype == np.int64
    assert np.array_equal(found, hop_counts(network.indptr, network.indices, bits, len(names), 0, network.n))
    for name in names:
        inside = network.sets[name]
        assert np.array_equal(shells(network, inside, *shape), shells_cpu(network, inside))
        for k in (2, 4):
            rank, alone = tipped(network, inside, k, *shape)
            expected_rank, expected = tipped_cpu(network, inside, k)
            assert np.array_equal(rank >= 0, expected_rank >= 0)
            assert np.array_equal(alone, expected)


def test_set_63_counts() -> None:
    network = of_pairs([(0, 1), (1, 2)], 3)
    bits = np.array([1, 0, 1 << 63 | 1], np.uint64)
    found = on_host(hop_counts_cuda(network.indptr, network.indices, bits, 64, 1, 2))
    assert np.array_equal(found, hop_counts(network.indptr, network.indices, bits, 64, 0, 3))
    assert found[:, 63].tolist() == [[0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("n", [0, 3])
def test_nobody_has_a_tie(n: int) -> None:
    network = of_pairs([], n)
    some = np.arange(n) == 1
    assert (
        on_host(hop_counts_cuda(network.indptr, network.indices, some.astype(np.uint64), 2, 1, 2)).tolist()
        == [[[0] * n] * 2] * 2
    )
    assert shells(network, some, 1, 2).tolist() == [0] * n
    assert tipped(network, some, 2, 1, 2)[0].tolist() == [-1, 0, -1][:n]
    assert not tipped(network, some, 2, 1, 2)[1].any()


@pytest.mark.parametrize("most", [0, 3, 32])
def test_many_searches_one_after_another(most: int) -> None:
    """In one neighbourhood, by one block: each finds its workspace as the first did, and some end well, others not.

    Ranks are the rounds, which many share, or the CPU's, by which seeds come one after another.
    """
    rng = np.random.default_rng(11)
    groups = [rng.choice(110, size, replace=False) for size in rng.integers(2, 5, 60)]
    pairs = [(int(a), int(b)) for group in groups for a in group for b in group]
    network = of_pairs(pairs, 110)
    for share in (0.5, 0.7, 0.85):
        inside = rng.random(110) < share
        assert np.array_equal(shells(network, inside, 1, 4, most), shells_cpu(network, inside))
    for k, share in ((2, 0.2), (3, 0.2), (4, 0.45)):
        seed = rng.random(110) < share
        ranks, expected = tipped_cpu(network, seed, k)
        assert np.array_equal(tipped(network, seed, k, 1, 4, most)[1], expected)
        given = (network.indptr, network.indices, seed, ranks, k)
        assert np.array_equal(on_host(tipping_without_own_seed_cuda(*given, 1, 4, most)), expected)


def test_searches_longer_than_a_threads_list() -> None:
    """Outsiders join the ends of a path, which then is a ring; of two paths; and of a part of a path."""
    paths = [range(10, 50), range(50, 85), range(85, 120), range(120, 160)]
    pairs = [(v, v + 1) for path in paths for v in path[:-1]]
    pairs += [(0, 10), (0, 49), (1, 50), (1, 85), (2, 120), (2, 150)]
    network = of_pairs(pairs, 160)
    inside = np.arange(160) > 2
    shell = shells(network, inside, 2, 4)
    assert shell[:3].tolist() == [2, 1, 2]
    assert np.array_equal(shell, shells_cpu(network, inside))


@pytest.mark.parametrize("links", [8, 80])
@pytest.mark.parametrize("ends", [False, True])
def test_suspects_in_a_thread_list_and_beyond(links: int, ends: bool) -> None:
    """A ring of seed 0 and a chain, each link of which has one seed of its own and so needs one neighbour more.

    Without seed 0 nothing begins, unless a link has two seeds of its own: half the chain is in doubt and gets over it,
    and in its middle are links of the same round.
    """
    pairs = [(v, v + 1) for v in range(links)] + [(0, links)] + [(v, links + v) for v in range(1, links + 1)]
    pairs += [(links, 2 * links + 1)] * ends
    network = of_pairs(pairs, 2 * links + 2)
    seed = (np.arange(network.n) == 0) | (np.arange(network.n) > links)
    rank, alone = tipped(network, seed, 2, 2, 4)
    assert rank[1] == 1
    assert rank.max() == links // 2
    assert alone[0] == ends
    assert np.array_equal(alone, tipped_cpu(network, seed, 2)[1])


@pytest.mark.parametrize("most", [0, 32])
def test_suspects_of_whom_some_are_cleared(most: int) -> None:
    """Seed 0 begins two chains; one would also have been begun from its other end, and one such is not enough for 0."""
    chain, other = np.arange(1, 7), np.arange(21, 27)
    pairs = [(0, 1), (0, 21), (6, 17), *pairwise(chain), *pairwise(other)]
    pairs += [(v, v + 10) for v in (*chain, *other)]
    network = of_pairs(pairs, 37)
    seed = np.isin(np.arange(37), [0, 17, *(chain + 10), *(other + 10)])
    rank, alone = tipped(network, seed, 2, 1, 2, most)
    assert rank[3] == rank[4] == 3
    assert rank[26] == 6
    assert not alone[0]
    assert np.array_equal(alone, tipped_cpu(network, seed, 2)[1])


@st.composite
def incidents(draw: st.DrawFn) -> list[list[tuple[int, int, int]]]:
    """Incidents of 0..5 of nine persons, each with an earliest and a latest day, or none."""
    days = st.tuples(st.integers(-3, 20), st.integers(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    day = st.one_of(st.just((NO_DAY, NO_DAY)), days)
    groups = draw(st.lists(st.sets(st.integers(0, 8), max_size=5), max_size=8))
    return [[(person, *draw(day)) for person in sorted(group)] for group in groups]


@FEW
@given(incidents(), st.sampled_from(SHAPES))
def test_ties_have_the_bits_of_the_cpus(groups: list[list[tuple[int, int, int]]], shape: tuple[int, int, int]) -> None:
    size = np.array([len(group) for group in groups], np.int64)
    indptr = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    flat = np.array([member for group in groups for member in group], np.int32).reshape(-1, 3)
    members, first, last = (np.ascontiguousarray(column) for column in flat.T)
    begin = np.concatenate([[0], np.cumsum(size * (size - 1) // 2)]).astype(np.int64)

    pairs = incident_pairs_cuda(indptr, members, first, last, 9, NO_DAY, begin, int(begin[-1]), *shape[:2])
    same(pairs, incident_pairs(indptr, members, first, last, 9, NO_DAY))

    key, weight, low, high = (on_host(column) for column in pairs)
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    ties = merge_pairs_cuda(key, order, weight, low, high, NO_DAY, starts, *shape[:2])
    same(ties, reduce_pairs(key, order, weight, low, high, NO_DAY))

    a, b = (ends.astype(np.int32) for ends in np.divmod(on_host(ties[0]), 9))
    by_b = np.argsort(b, kind="stable")
    same(csr_from_ties_cuda(a, b, 9, by_b, *shape[:2]), csr_from_ties(a, b, 9))


def same(found: tuple[Any, ...], expected: tuple[np.ndarray, ...]) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        array = on_host(mine)
        assert array.dtype == theirs.dtype
        assert array.tobytes() == theirs.tobytes()


def test_a_pair_of_many_incidents() -> None:
    """The strength is summed from the first incident to the last: any other order has other bits."""
    weight = 1.0 / np.arange(1, 60)
    key, days = np.full(59, 7, np.int64), np.arange(59, dtype=np.int32)
    order = np.arange(59)
    found = merge_pairs_cuda(key, order, weight, days, days, NO_DAY, np.array([0]), 1, 2)
    same(found, reduce_pairs(key, order, weight, days, days, NO_DAY))
    assert on_host(found[2])[0] != sum(weight[::-1])


def test_only_a_few_numbers_cross_to_the_host() -> None:
    network = crowd()
    indptr, indices = on_device(network.indptr, np.int64), on_device(network.indices, np.int32)
    seed = on_device(network.sets["set1"], np.bool_)
    bits = on_device(network.members(("all", "set0")), np.uint64)
    with transfers_of_part() as crossed:
        hop_counts_cuda(indptr, indices, bits, 2, 2, 4)
    assert (crossed.to_device, crossed.to_host) == (0, 4)
    core = on_device(core_numbers(network.indptr, network.indices, network.sets["set1"]), np.int32)
    with transfers_of_part() as crossed:
        shell_of_outsiders_cuda(indptr, indices, core, 2, 4, 1)
    assert (crossed.to_device, crossed.to_host) == (0, 8)
    with transfers_of_part() as crossed:
        rank = tipping_cuda(indptr, indices, seed, 2, 2, 4)
    assert (crossed.to_device, crossed.to_host) == (0, 4 * (int(on_host(rank).max()) + 2))
    with transfers_of_part() as crossed:
        tipping_without_own_seed_cuda(indptr, indices, seed, rank, 2, 2, 4, 1)
    assert (crossed.to_device, crossed.to_host) == (0, 8)
    with pytest.raises(TypeError, match="must be int32 here, not int64"):
        shell_of_outsiders_cuda(indptr, indices, indptr)
