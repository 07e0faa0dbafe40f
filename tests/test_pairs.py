"""Pairs of persons are counted before they are made: too many end in one sentence, not for lack of memory."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.arrests.network import build_network
from gpunet.base import memory
from gpunet.base.errors import ConfigError
from gpunet.cluster import ties
from gpunet.engines import cpu
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.gpu import engine as gpu_engine
from gpunet.engines.gpu.engine import GpuEngine
from gpunet.engines.pairs import PairCount, count_pairs
from gpunet.reading.read import read_arrests

NOBODY = np.zeros(0, np.int32)


@given(st.lists(st.integers(0, 2**31), max_size=4))
def test_pairs_are_counted_exactly(sizes):
    """Up to as many members as there can be, in whole numbers of Python."""
    sizes = [size // max(len(sizes), 1) for size in sizes]
    found = count_pairs(np.array(sizes, np.int64))
    assert found == PairCount(sum(size * (size - 1) // 2 for size in sizes), max(sizes, default=0))


def test_an_incident_that_no_memory_holds():
    """Nothing is made before the sentence: there are no members here at all."""
    with pytest.raises(ConfigError) as refused:
        CpuEngine(1).incident_pairs(np.array([0, 2, 40_000_002]), NOBODY, NOBODY, NOBODY, 40_000_002, 0)
    said = str(refused.value)
    assert said.startswith("[network] max_incident_size: incidents of up to 40,000,000 persons make ")
    assert " make 799,999,980,000,001 pairs of persons, which need at least 47,683,714.6 GiB of memory, and " in said
    assert said.endswith(" are at hand: set it lower (it is 50 unless it is set), or use a machine with more memory")
    assert "\n" not in said


def arrests(persons=60, cap=60):
    rows = {
        "person_id": [f"p{i}" for i in range(persons)],
        "incident_id": ["i"] * persons,
        "offence": ["theft"] * persons,
    }
    return read_arrests(
        pl.DataFrame({**rows, "date": ["2013-05-04"] * persons}), config={"network": {"max_incident_size": cap}}
    )


def test_the_network_asks_first(monkeypatch):
    of_pairs = PairCount(1770, 60).least_bytes()
    for at_hand in (None, of_pairs):
        monkeypatch.setattr(cpu, "available_memory", lambda at_hand=at_hand: at_hand)
        assert build_network(arrests()).n_ties == 1770
    monkeypatch.setattr(cpu, "available_memory", lambda: of_pairs - 1)
    with pytest.raises(ConfigError, match="up to 60 persons make 1,770 pairs of persons"):
        build_network(arrests())
    assert build_network(arrests(cap=50)).n_ties == 0  # what is over the cap needs nothing


def test_a_gpu_asks_first(monkeypatch):
    monkeypatch.setattr(gpu_engine.memory, "free_bytes", lambda: 5 << 30)
    with pytest.raises(
        ConfigError, match=r"10,000 persons make 49,995,000 pairs .* 4\.1 GiB|at least .* of GPU memory"
    ):
        GpuEngine(1, None).incident_pairs(np.array([0, 60_000]), NOBODY, NOBODY, NOBODY, 60_000, 0)


def test_the_least_of_what_machine_groups_and_limits_leave(tmp_path, monkeypatch):
    machine, status, own = tmp_path / "meminfo", tmp_path / "status", tmp_path / "cgroup"
    group = tmp_path / "groups" / "batch" / "job"
    group.mkdir(parents=True)
    machine.write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    own.write_text("1:name=systemd:/x\n0::/batch/job\n")
    for name, path in (("_MACHINE", machine), ("_STATUS", status), ("_GROUP", own)):
        monkeypatch.setattr(memory, name, path)
    monkeypatch.setattr(memory, "_GROUPS", {"": (tmp_path / "groups", "memory.max", "memory.current", "file")})
    monkeypatch.setattr(memory.resource, "getrlimit", lambda which: (memory.resource.RLIM_INFINITY,) * 2)
    assert memory.available_memory() == 8000 * 1024
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("1000000\n")
    assert memory.available_memory() == 8000 * 1024
    (group.parent / "memory.max").write_text("6000000\n")
    (group.parent / "memory.current").write_text("2000000\n")
    assert memory.available_memory() == 4_000_000
    (group.parent / "memory.stat").write_text("anon 1\nfile 500000\n")
    assert memory.available_memory() == 4_500_000
    status.write_text("VmSize:\t1000 kB\n")
    monkeypatch.setattr(memory.resource, "getrlimit", lambda which: (2_000_000, 2_000_000))
    assert memory.available_memory() == 2_000_000 - 1_024_000
    monkeypatch.setattr(memory.resource, "getrlimit", lambda which: (1_000_000, 1_000_000))
    assert memory.available_memory() == 0


def test_this_machine_tells():
    found = memory.available_memory()
    assert found is not None
    assert found > 1 << 20


def test_a_worker_and_the_client_ask_first(monkeypatch):
    said = []
    counts = [(PairCount(3, 3), None), (PairCount(1770, 60), 10**6)]
    monkeypatch.setattr(ties, "each", lambda *given, **named: said.append(named) or ["futures"])
    monkeypatch.setattr(ties, "fetched", lambda client, futures: counts)
    monkeypatch.setattr(ties, "available_memory", lambda: 1770 * 16)
    ties._refuse_too_many(None, [], 60)
    assert said == [{"max_size": 60}]
    monkeypatch.setattr(ties, "available_memory", lambda: 1770 * 16 - 1)
    with pytest.raises(ConfigError, match=r"60 persons make 1,773 pairs of persons, .* of memory"):
        ties._refuse_too_many(None, [], 60)
    counts[1] = (PairCount(1770, 60), 1000)
    with pytest.raises(ConfigError, match=r"60 persons make 1,770 pairs .* of a worker's memory"):
        ties._refuse_too_many(None, [], 60)
