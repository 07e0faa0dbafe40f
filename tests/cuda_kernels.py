"""The CUDA kernels against the CPU's and the slow reference; test_cuda_kernels.py runs this file.

It has a process to itself, since what kernels run on is chosen before they are defined. Networks are small: every
access of memory is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import compiled_kernels  # noqa: F401
import numpy as np
import pytest
from comparison import assert_arrays
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_path
from strategies import NetworkCase, networks
from test_lanes import weighted_networks
from test_simplicial import wheel_of_triangles

from gpunet.arrests.network import Network, network_from_edges
from gpunet.base.errors import EngineError
from gpunet.engines.cpu import CpuEngine
from gpunet.features import pairs
from gpunet.kernels import jit_cuda
from gpunet.kernels.cpu.betweenness import LIMIT, dependencies_batch
from gpunet.kernels.cpu.closeness import farness_batch
from gpunet.kernels.cpu.simplicial import simplicial_vertices
from gpunet.kernels.cuda.betweenness import Workspace, dependencies_cuda
from gpunet.kernels.cuda.closeness import farness_cuda
from gpunet.search import searches

THREADS = 16
FEW = settings(max_examples=6)


def diamonds(k: int) -> Network:
    """A row of diamonds, each of which doubles the paths from end to end, and a triangle on its own."""
    left = 3 * np.arange(k)
    apart = 3 * k + 1 + np.arange(3)
    src = np.concatenate([left, left, left + 1, left + 2, apart])
    dst = np.concatenate([left + 1, left + 2, left + 3, left + 3, np.roll(apart, 1)])
    return network_from_edges(src, dst, 3 * k + 4)


def random_network(n: int, ties: int, seed: int) -> Network:
    rng = np.random.default_rng(seed)
    return network_from_edges(rng.integers(0, n, ties), rng.integers(0, n, ties), n)


def random_weight(n: int, shares: list[float], most: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    return (rng.random((n, len(shares))) < shares).astype(np.int64) * rng.integers(1, most, (n, 1))


class Case:
    """A network with weights and sources, and betweenness by either kernel."""

    def __init__(self, network: Network, weight: np.ndarray, sources: np.ndarray, copies: np.ndarray) -> None:
        self.network = network
        self.sources = sources.astype(np.int32)
        self.about = (weight[sources].astype(float), weight.astype(float), copies)
        self.inner = ~simplicial_vertices(network.indptr, network.indices)

    def cpu(self) -> np.ndarray:
        return dependencies_batch(self.network.indptr, self.network.indices, *self.about, self.sources)

    def gpu(self, blocks: int = 2, threads: int = THREADS, limit: float = LIMIT) -> np.ndarray:
        network = self.network
        workspace = Workspace.of(network.n, self.about[1].size, blocks, threads)
        return dependencies_cuda(
            network.indptr, network.indices, *self.about, self.inner, self.sources, workspace, threads, limit
        )


@FEW
@given(weighted_networks())
def test_betweenness_is_that_of_one_source_at_a_time(case: tuple[Network, np.ndarray, np.ndarray]) -> None:
    network, weight, sources = case
    one = Case(network, weight, sources, 1.0 + np.arange(network.n) % 3)
    np.testing.assert_allclose(one.gpu(blocks=1), one.cpu(), rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def sparse() -> Case:
    """Some 36 vertices in several components, sets of many and of few, twins, and six groups of sources."""
    network = random_network(36, 42, 3)
    weight = random_weight(36, [1.0, 0.5, 0.1, 0.0], 9)
    sources = np.random.default_rng(3).permutation(np.concatenate([np.arange(36), np.arange(6)]))
    return Case(network, weight, sources, 1.0 + np.arange(36) % 3)


@pytest.fixture(scope="module")
def found(sparse: Case) -> np.ndarray:
    return sparse.gpu()


def test_betweenness_of_many_groups(sparse: Case, found: np.ndarray) -> None:
    np.testing.assert_allclose(found, sparse.cpu(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("blocks", "threads"), [(2, 16), (1, 8), (6, 32)])
def test_neither_blocks_nor_threads_change_a_bit(sparse: Case, found: np.ndarray, blocks: int, threads: int) -> None:
    assert np.array_equal(sparse.gpu(blocks, threads), found)


def test_a_room_serves_one_batch_after_another(sparse: Case) -> None:
    """Each finds it as the first did, also after counts beyond the limit and in a smaller network."""
    workspace = Workspace.of(40, 200, 2, THREADS)
    row = Case(diamonds(3), np.ones((13, 2), np.int64), np.arange(13), np.ones(13))
    for case, limit in ((sparse, 2.0), (row, 1.5), (sparse, LIMIT)):
        network = case.network
        found = dependencies_cuda(
            network.indptr, network.indices, *case.about, case.inner, case.sources, workspace, THREADS, limit
        )
        np.testing.assert_allclose(found, case.cpu(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("limit", [0.5, 4.0, 30.0])
def test_groups_with_too_many_paths_are_done_with_exponents(limit: float) -> None:
    """All groups, some, or those from the ends alone."""
    network = diamonds(7)
    weight = random_weight(network.n, [1.0, 0.3], 5)
    case = Case(network, weight, np.arange(network.n), np.ones(network.n))
    np.testing.assert_allclose(case.gpu(limit=limit), case.cpu(), rtol=1e-12, atol=1e-12)


def test_counts_past_every_float() -> None:
    """With 1e40 twins at every vertex, paths pass a double's range within eight steps."""
    network = diamonds(8)
    weight = np.ones((network.n, 2), np.int64)
    weight[::2, 1] = 0
    case = Case(network, weight, np.arange(network.n), np.full(network.n, 1e40))
    found = case.gpu()
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, case.cpu(), rtol=1e-12)


def test_a_search_without_ties_or_sources_or_sets_is_nothing() -> None:
    lonely = network_from_edges(np.array([], int), np.array([], int), 3)
    ring = diamonds(2)
    for network, weight, sources in (
        (lonely, np.ones((3, 2), np.int64), np.arange(3)),
        (ring, np.ones((ring.n, 1), np.int64), np.arange(0)),
        (ring, np.zeros((ring.n, 2), np.int64), np.arange(4)),
    ):
        assert not Case(network, weight, sources, np.ones(network.n)).gpu().any()
        inner = np.ones(network.n, bool)
        far = farness_cuda(network.indptr, network.indices, weight, inner, sources.astype(np.int32), 0, network.n)
        assert far.shape == weight.shape
        assert not far.any()


@pytest.mark.parametrize("words", [None, 1, 2, 4])
def test_closeness_of_several_batches(words: int | None) -> None:
    """Vertices 10 and on, which are apart from those before, with weights of many digits and a vertex twice."""
    rng = np.random.default_rng(5)
    ends = rng.integers(10, 150, (2, 170))
    network = network_from_edges([*ends[0], *range(9)], [*ends[1], *range(1, 10)], 150)
    weight = random_weight(150, [1.0, 0.4, 0.03, 0.0], 3000)
    sources = np.concatenate([np.arange(20, 150), [33, 33]]).astype(np.int32)
    inner = ~simplicial_vertices(network.indptr, network.indices)
    given = (network.indptr, network.indices, weight, inner, sources, 10, 150)
    assert np.array_equal(farness_cuda(*given, words, THREADS, 2), farness_batch(*given))


@pytest.fixture
def on_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the features of this test be computed by the kernels under test."""

    def dependencies(*given: np.ndarray) -> np.ndarray:
        n, sets = given[3].shape
        return dependencies_cuda(*given[:7], Workspace.of(n, n * sets, 2, THREADS), THREADS)

    def farness(*given: np.ndarray) -> np.ndarray:
        return farness_cuda(*given, words=1, threads=THREADS, blocks=2)

    monkeypatch.setattr(searches, "dependencies_lanes", dependencies)
    monkeypatch.setattr(searches, "farness_batch", farness)


def columns(network: Network, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    work = pairs.PairWork(pairs.Blocks(network), names)
    return {
        **work.betweenness(CpuEngine(1), None),
        **work.closeness(CpuEngine(1), None),
    }


@pytest.mark.usefixtures("on_the_gpu")
def test_features_are_the_references() -> None:
    @FEW
    @given(networks())
    def check(case: NetworkCase) -> None:
        ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
        sets = {name: np.array(flags, dtype=bool) for name, flags in case.sets.items()}
        found = columns(network_from_edges(ends[:, 0], ends[:, 1], case.n, sets), ("all", *sets))
        expected = reference_path(case.edges, case.n, case.sets)
        assert_arrays(found, {name: expected[name] for name in found})

    check()


@pytest.mark.usefixtures("on_the_gpu")
def test_features_of_a_large_block_that_simplicial_vertices_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "_SOURCES_A_BATCH", 16)
    network, _ = wheel_of_triangles(24, 4)
    names = ("some", "few", "all")
    found = columns(network, names)
    monkeypatch.undo()
    for name, expected in columns(network, names).items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-12)


def test_a_room_takes_the_memory_that_it_says() -> None:
    workspace = Workspace.of(11, 33, 5, THREADS)
    held = sum(array.nbytes for array in (workspace.rows, workspace.marks, workspace.lists, workspace.sums))
    assert held == 5 * Workspace.block_bytes(11, 33)
    assert workspace.blocks == 5


def test_a_room_that_is_too_small_or_threads_that_do_not_go() -> None:
    case = Case(diamonds(2), np.ones((10, 1), np.int64), np.arange(4), np.ones(10))
    given = (case.network.indptr, case.network.indices, *case.about, case.inner, case.sources)
    with pytest.raises(ValueError, match="workspace is for 9 vertices and 10 sums, not for 10 and 10"):
        dependencies_cuda(*given, Workspace.of(9, 10, 1, THREADS), THREADS)
    with pytest.raises(ValueError, match="multiple of 8, not 12"):
        dependencies_cuda(*given, Workspace.of(10, 10, 1, THREADS), 12)
    weight = np.ones((10, 1), np.int64)
    with pytest.raises(ValueError, match="power of two, not 3"):
        farness_cuda(case.network.indptr, case.network.indices, weight, case.inner, case.sources, 0, 10, words=3)


@given(st.integers(1, 10**10), st.integers(1, 600))
def test_as_many_blocks_as_memory_holds(size: int, most: int) -> None:
    """What is free is not always to be had in one piece."""
    tried = []

    def make(blocks: int) -> int:
        tried.append(blocks)
        if blocks * size > 10**8:
            raise MemoryError("no such piece")
        return blocks

    with pytest.MonkeyPatch.context() as patch:
        free = SimpleNamespace(get_memory_info=lambda: (10**9, 2 * 10**9))
        patch.setattr(jit_cuda.cuda, "current_context", lambda: free)
        if size > 10**8:
            with pytest.raises(EngineError, match="and 1,000,000,000 are free: use a GPU with more memory, or"):
                jit_cuda.most_that_fit(make, size, most)
        else:
            made = jit_cuda.most_that_fit(make, size, most)
            assert made == tried[-1] <= most
            assert made * size <= 10**8
            assert made == most or 2 * made * size > 10**8 - size
        assert tried[0] == min(most, max(1, int(8 * 10**8 // size)))


def test_other_errors_are_not_about_memory() -> None:
    def fail(blocks: int) -> None:
        raise ValueError(f"{blocks} are wrong")

    with pytest.raises(ValueError, match="7 are wrong"):
        jit_cuda.most_that_fit(fail, 1, 7)


def test_kernels_are_compiled_each_time_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the package's folder nor the user's can be written to: Numba refuses to keep what it compiles."""

    def jit(cache: bool = False) -> Callable[[object], tuple[str, object]]:
        if cache:
            raise RuntimeError("cannot cache function: no locator available for file")
        return lambda function: ("compiled", function)

    def work() -> None:
        """Nothing."""

    monkeypatch.setattr(jit_cuda.cuda, "jit", jit)
    assert jit_cuda.kernel(work) == ("compiled", work)
