"""Checkpoint files, what is worth storing, and sums that go on with the same bits."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

from gpunet.arrests.network import network_from_edges
from gpunet.base.errors import StorageError
from gpunet.config.config import load_config
from gpunet.engines.cpu import CpuEngine
from gpunet.features.pairs import Blocks, PairWork
from gpunet.model.trained import model_from_bytes
from gpunet.runs.checkpoint_file import Contents, read_contents, write_contents
from gpunet.runs.checkpoints import SHARE, Checkpoints, StoredSums
from gpunet.runs.lock import FolderLock
from gpunet.runs.read_back import Damaged
from gpunet.runs.request import Request
from gpunet.search import reduction as adding
from gpunet.search.batches import Batch
from gpunet.search.reduction import Chunk, add_up, chunks_of
from gpunet.search.searches import all_dependencies, all_farness

CONTENTS = Contents(
    {"n": 3, "nested": {"x": [1.5, None]}},
    {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "empty": np.zeros((0, 7)), "flags": np.array([True, False])},
    {"texts": pl.DataFrame({"id": ["ä", None, ""], "x": [1, 2, None]}), "no rows": pl.DataFrame({"id": []})},
)


def equal(found, expected):
    assert found.values == expected.values
    assert list(found.arrays) == list(expected.arrays)
    for name, array in expected.arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)
    for name, frame in expected.frames.items():
        assert pl.DataFrame(pl.from_arrow(found.frames[name])).equals(frame)


def test_what_is_written_is_read(tmp_path):
    write_contents(tmp_path / "c", CONTENTS)
    equal(read_contents(tmp_path / "c"), CONTENTS)


def test_damage_anywhere_is_noticed(tmp_path):
    path = tmp_path / "c"
    write_contents(path, CONTENTS)
    data = path.read_bytes()
    for at in (*range(0, len(data), 37), len(data) - 1):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with pytest.raises(Damaged):
            read_contents(path)
    for length in (0, 50, 85, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(Damaged):
            read_contents(path)


def test_objects_are_not_stored(tmp_path):
    with pytest.raises(ValueError, match="objects are not stored"):
        write_contents(tmp_path / "c", Contents(arrays={"a": np.array([{}], dtype=object)}))


def test_what_is_worth_storing(tmp_path):
    store = Checkpoints(tmp_path / "c", seconds=10)
    assert not store.worth(9.9, 0)
    assert store.worth(10, 1000)
    assert not store.worth(10, 10**9)  # five seconds to write
    assert store.worth(5 / SHARE, 10**9)
    assert Checkpoints(tmp_path / "c", seconds=0).worth(0, 10**12)
    assert not Checkpoints(tmp_path / "c", seconds=np.inf).worth(10**9, 0)


def test_the_rate_is_measured(tmp_path):
    times = iter([0.0, 1000.0])
    store = Checkpoints(tmp_path / "c", seconds=10, clock=lambda: next(times))
    contents = Contents(arrays={"a": np.zeros(1 << 18)})
    assert store.worth(20, contents.nbytes())
    store.save("a", contents)  # takes 1,000 seconds
    assert not store.worth(20, contents.nbytes())


def test_save_load_drop(tmp_path):
    said = []
    store = Checkpoints(tmp_path / "c", seconds=10, notice=said.append)

    def as_it_is(contents):
        return contents

    assert store.load("a", as_it_is) is None
    store.save("a", CONTENTS)
    store.save("b", CONTENTS)
    assert store.names() == ["a", "b"]
    equal(store.load("a", as_it_is), CONTENTS)
    (tmp_path / "c" / "a.checkpoint").write_bytes(b"gpunet")
    assert not said
    assert store.load("a", as_it_is) is None
    assert "a.checkpoint" in said[0]
    assert store.names() == ["b"]
    store.drop("b", "never there")
    assert store.names() == []
    assert store.load("b", as_it_is) is None
    assert len(said) == 1


def test_what_took_long_is_kept_and_not_computed_again(tmp_path):
    now = [0.0]
    store = Checkpoints(tmp_path / "c", seconds=10, clock=lambda: now[0])
    computed = []

    def kept(seconds):
        def compute():
            now[0] += seconds
            computed.append(seconds)
            return seconds

        write, read = (lambda n: Contents({"n": n}, CONTENTS.arrays)), (lambda contents: contents.values["n"])
        return store.kept("a", compute, write, read, sums="on the way")

    store.save("on the way-betweenness", CONTENTS)
    assert kept(5) == 5
    assert store.names() == ["on the way-betweenness"]
    assert kept(15) == 15
    assert store.names() == ["a"]
    assert kept(20) == 15
    assert computed == [5, 15]


def test_a_place_that_cannot_be_written(tmp_path):
    store = Checkpoints(tmp_path / "c", seconds=0)
    (tmp_path / "c" / "a.checkpoint").mkdir(parents=True)
    with pytest.raises(StorageError, match=r"a\.checkpoint"):
        store.save("a", CONTENTS)


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 700, (2, 1500))
    return network_from_edges(a, b, 700, {"violent": rng.random(700) < 0.3})


class StopsAfter:
    """Keeps sums for so many batches; then the process, as it were, is killed."""

    def __init__(self, sums, batches):
        self.sums, self.left = sums, batches

    def resume(self, *given):
        return self.sums.resume(*given)

    def keep(self, *given):
        self.sums.keep(*given)
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("threads", [1, 2])
def test_sums_go_on_with_the_same_bits(network, tmp_path, threads, monkeypatch):
    monkeypatch.setattr(adding, "_LEAST_WEIGHT", 0.0)  # a chunk a batch, or nearly
    graph = PairWork(Blocks(network), ("all", "violent")).graph
    for number, (run, stage) in enumerate(((all_dependencies, "betweenness"), (all_farness, "closeness"))):
        expected = run(graph, partial(add_up, threads=1), None)
        stops = 0
        store = Checkpoints(tmp_path / str(number), seconds=0)
        while True:
            try:
                sums = StopsAfter(StoredSums(store, "x"), 2)
                found = run(graph, partial(add_up, threads=threads, sums=sums), None)
            except KeyboardInterrupt:
                stops += 1
                continue
            break
        assert stops > (2 if stage == "betweenness" else 0)
        assert found.tobytes() == expected.tobytes()
        assert store.names() == [f"x-{stage}"]


def test_sums_of_another_network_are_not_taken(network, tmp_path):
    graph = PairWork(Blocks(network), ("all",)).graph
    expected = CpuEngine(1).all_dependencies(graph, None)
    said = []
    sums = StoredSums(Checkpoints(tmp_path, seconds=0, notice=said.append), "x")
    for other in (replace(graph, weight=graph.weight + 1), PairWork(Blocks(network), ("violent",)).graph):
        total = np.zeros(other.weight.shape)
        sums.resume("betweenness", other, [Chunk(0, 1, 0, len(total), 1.0)], total)
        sums.keep("betweenness", total + 1, 1)
        assert CpuEngine(1, sums=sums).all_dependencies(graph, None).tobytes() == expected.tobytes()
    assert len(said) == 3  # the second time what the engine stored is of another network too
    assert all("x-betweenness.checkpoint is damaged" in text and "another network" in text for text in said)


def test_sums_are_dropped_by_their_label(network, tmp_path):
    store = Checkpoints(tmp_path, seconds=0)
    for name in ("x-betweenness", "x-betweenness, samples 2", "x-closeness", "x-2-betweenness", "xx-closeness"):
        store.save(name, CONTENTS)
    StoredSums(store, "x").drop()
    assert store.names() == ["x-2-betweenness", "xx-closeness"]


def test_finished_sums_are_not_computed_again(network, tmp_path):
    graph = PairWork(Blocks(network), ("all",)).graph
    sums = StoredSums(Checkpoints(tmp_path, seconds=0), "x")
    n = len(graph.weight)
    batches, weights = [Batch(0, n, np.arange(n, dtype=np.int32))] * 2, [1.0, 1.0]
    chunks, total = chunks_of(batches, weights), np.arange(float(n))[:, None]
    assert sums.resume("s", graph, chunks, np.zeros((n, 1))) == 0
    sums.keep("s", total, len(chunks))

    def work(graph, batch):
        raise AssertionError

    again = np.zeros((n, 1))
    add_up(work, graph, batches, weights, again, "s", None, threads=1, sums=sums)
    assert np.array_equal(again, total)


@pytest.fixture(scope="module")
def half(network, tmp_path_factory):
    """Sums of betweenness that are kept in the middle: where, and of what."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding, "_LEAST_WEIGHT", 0.0)
        graph = PairWork(Blocks(network), ("all", "violent")).graph
        store = Checkpoints(tmp_path_factory.mktemp("half"), seconds=0)
        with pytest.raises(KeyboardInterrupt):
            all_dependencies(graph, partial(add_up, threads=1, sums=StopsAfter(StoredSums(store, "x"), 2)), None)
    return graph, store.load("x-betweenness", lambda contents: contents)


def odd_sums(contents, rng):
    values, total = contents.values, contents.arrays["total"]
    yield from (replace(contents, values={**values, "next": odd}) for odd in (-1, 10**6, 1.5, True, "2", None))
    yield from (replace(contents, values=odd) for odd in ({}, {**values, "of": "0" * 64}, {**values, "more": 1}))
    yield from (replace(contents, arrays=odd) for odd in ({}, {"sum": total}))
    yield from (replace(contents, arrays={"total": odd}) for odd in (total[1:], total.T, total.astype(np.int64)))
    for odd in (np.nan, np.inf, -1.0, 1e300):
        changed = total.copy()
        changed[tuple(rng.integers(total.shape))] = odd
        yield replace(contents, arrays={"total": changed})
    yield replace(contents, values={**values, "next": 0})  # the sum has more than that


def test_odd_sums_are_not_gone_on_with(network, half, tmp_path, monkeypatch):
    """In whatever way they are odd, the result is that of sums from the beginning."""
    monkeypatch.setattr(adding, "_LEAST_WEIGHT", 0.0)
    graph, contents = half
    expected = all_dependencies(graph, partial(add_up, threads=1), None).tobytes()
    said = []
    store = Checkpoints(tmp_path, seconds=0, notice=said.append)
    for number, odd in enumerate([*odd_sums(contents, np.random.default_rng(2)), contents]):
        store.save("x-betweenness", odd)
        found = all_dependencies(graph, partial(add_up, threads=1, sums=StoredSums(store, "x")), None)
        assert found.tobytes() == expected
        assert len(said) == number + 1 or odd is contents
    assert len(said) == number


def test_a_lock_is_taken_once_and_leaves_nothing(tmp_path):
    first, second = FolderLock(tmp_path / "f"), FolderLock(tmp_path / "f")
    assert first.take()
    assert not second.take()
    assert second.holder().startswith("process ")
    first.give_back()
    first.give_back()
    assert not list((tmp_path / "f").iterdir())
    assert second.take()
    second.give_back()
    assert second.holder() == ""


def test_a_lock_on_a_file_that_its_last_holder_has_just_removed_is_none(tmp_path, monkeypatch):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    lock, acquire = second._lock, second._lock.acquire
    assert first.take()
    seen = []

    def opened_before(*given):
        if not seen:
            seen.append((tmp_path / "lock").stat().st_ino)
            (tmp_path / "other").touch()
            (tmp_path / "lock").unlink()
            (tmp_path / "other").rename(tmp_path / "lock")  # as if another holder had come and made it anew
        return acquire(*given)

    monkeypatch.setattr(lock, "acquire", opened_before)
    assert second.take()
    assert (tmp_path / "lock").stat().st_ino != seen[0]
    first._lock.release()
    assert not FolderLock(tmp_path).take()
    second.give_back()


@pytest.mark.parametrize("kind", ["xgboost", "random_forest"])
def test_a_model_comes_back_with_the_same_bytes(kind):
    from gpunet.model import train

    rng = np.random.default_rng(1)
    x = rng.random((200, 3))
    frame = pl.DataFrame({"person_id": np.arange(200), "a": x[:, 0], "b": x[:, 1], "c": x[:, 2]})
    model = train(frame, x[:, 0] + 0.3 * x[:, 1] > 0.8, kind=kind, config={"max_rounds": 10, "folds": 2}, threads=1)
    again = model_from_bytes(model.to_bytes())
    assert again.to_bytes() == model.to_bytes()
    assert again.predict_margin(frame, threads=1).tobytes() == model.predict_margin(frame, threads=1).tobytes()
    assert json.dumps(again.training) == json.dumps(model.training)
    assert np.array_equal(again.classifier.importance(), model.classifier.importance())


def test_what_a_resumed_run_may_have_otherwise():
    """The cluster has no bearing on the results; the rest of the configuration has."""

    def asked(**config):
        whole = {**load_config(config).as_dict()}
        return Request("run", ("a.csv",), "/data", whole, None, "cpu", {"gpunet": "1"}, 2)

    assert not list(asked(cluster={"workers": 7}).differences(asked()))
    assert len(list(asked(model={"seed": 7}).differences(asked()))) == 1
