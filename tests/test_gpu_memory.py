"""The GPU's memory: RMM, CuPy and Numba are stand-ins here, which keep count."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from gpunet.base.errors import ConfigError, EngineError
from gpunet.config.pool_config import PoolConfig, bytes_of
from gpunet.engines.gpu import memory
from gpunet.kernels import jit_cuda

GIB = 1 << 30


class Limited:
    """What a LimitingResourceAdaptor is to us."""

    def __init__(self, upstream: object, limit: int) -> None:
        self.upstream, self.limit, self.allocated = upstream, limit, 0

    def get_allocated_bytes(self) -> int:
        return self.allocated


class Cuda:
    """What RMM begins with."""


class Pool:
    """What ``dask cuda worker --rmm-pool-size`` makes."""

    def pool_size(self) -> int:
        return 30 * GIB


class Device:
    """Stand-ins for the libraries, and what was asked of them."""

    def __init__(self, patch: pytest.MonkeyPatch, free: int, own_pool: bool) -> None:
        self.calls: list[str] = []
        self.resource: Limited | None = None
        self.theirs: object = Cuda()

        def pool(release_threshold: int) -> str:
            if not own_pool:
                raise RuntimeError("cudaMallocAsync not supported with this CUDA driver/runtime version")
            return f"CUDA's pool, keeps {release_threshold}"

        def set_resource(resource: Limited) -> None:
            self.calls.append("rmm")
            self.resource = resource

        mr = ModuleType("rmm.mr")
        mr.available_device_memory = lambda: (free, 2 * free)
        mr.CudaAsyncMemoryResource = pool
        mr.CudaMemoryResource = Cuda
        mr.ManagedMemoryResource = lambda: "managed"
        mr.get_current_device_resource = lambda: self.theirs
        mr.PoolMemoryResource = lambda upstream, initial_pool_size, maximum_pool_size: (
            upstream,
            initial_pool_size,
            maximum_pool_size,
        )
        mr.LimitingResourceAdaptor = Limited
        mr.set_current_device_resource = set_resource
        allocators = ModuleType("rmm.allocators")
        for_cupy, for_numba = ModuleType("rmm.allocators.cupy"), ModuleType("rmm.allocators.numba")
        for_cupy.rmm_cupy_allocator = "cupy"
        for_numba.RMMNumbaManager = "numba"
        rmm, cupy = ModuleType("rmm"), ModuleType("cupy")
        rmm.mr, rmm.allocators = mr, allocators
        allocators.cupy, allocators.numba = for_cupy, for_numba
        cupy.cuda = SimpleNamespace(set_allocator=self.calls.append)
        for module in (rmm, mr, allocators, for_cupy, for_numba, cupy):
            patch.setitem(sys.modules, module.__name__, module)
        patch.setattr(jit_cuda.cuda, "set_memory_manager", self.calls.append)
        patch.setattr(memory, "_POOLS", [])
        patch.setattr(jit_cuda, "_FREE", [])


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    return Device(monkeypatch, 100 * GIB, own_pool=True)


def test_one_pool_for_all_libraries(device: Device) -> None:
    memory.set_up_memory(PoolConfig(0.8))
    assert device.calls == ["rmm", "cupy", "numba"]
    assert device.resource is not None
    assert device.resource.limit == 80 * GIB
    assert device.resource.upstream == f"CUDA's pool, keeps {40 * GIB}"


def test_to_set_up_memory_again_changes_nothing(device: Device) -> None:
    memory.set_up_memory()
    memory.set_up_memory(PoolConfig(0.5))
    assert device.calls == ["rmm", "cupy", "numba"]
    assert device.resource is not None
    assert device.resource.limit == int(90 * GIB)


@pytest.mark.parametrize(
    "size", [0, 0.0, -1.0, float("nan"), float("inf"), True, "", "much", "12", "3 XB", "-1 GB", "0 B"]
)
def test_a_size_that_is_none(size: object) -> None:
    with pytest.raises(ConfigError, match=r"\[cluster\] rmm_pool_size: "):
        PoolConfig(rmm_pool_size=size)  # type: ignore[arg-type]


def test_sizes() -> None:
    assert [bytes_of(size, 1000) for size in (0.25, 1, 1.0, 2, 2.5e3)] == [250, 1000, 1000, 2, 2500]
    texts = ("1 B", "2kB", "1.5 GiB", " 3 gb ", "1 TiB")
    assert [bytes_of(text, 7) for text in texts] == [1, 2000, 3 * GIB // 2, 3 * 10**9, 1 << 40]


def test_a_pool_that_may_grow(device: Device) -> None:
    memory.set_up_memory(PoolConfig("20 GiB", "50 GiB"))
    assert device.resource is not None
    assert device.resource.limit == 50 * GIB
    assert device.resource.upstream == f"CUDA's pool, keeps {20 * GIB}"


def test_a_pool_that_may_grow_to_less(device: Device) -> None:
    with pytest.raises(ConfigError, match=r"rmm_maximum_pool_size: 53,687,091,200 bytes are less than rmm_pool_size"):
        memory.set_up_memory(PoolConfig(0.6, "50 GiB"))
    assert device.calls == []


def test_rmms_own_pool_and_managed_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"\[cluster\] rmm_managed_memory: .* set rmm_async = false"):
        PoolConfig(rmm_managed_memory=True)
    for managed in (False, True):
        with monkeypatch.context() as patch:
            device = Device(patch, 100 * GIB, own_pool=True)
            memory.set_up_memory(PoolConfig("40 GiB", "200 GiB", rmm_async=False, rmm_managed_memory=managed))
            assert device.resource is not None
            below, *sizes = device.resource.upstream  # type: ignore[misc]
            assert sizes == [40 * GIB, 200 * GIB]
            assert (below == "managed") == managed


def test_somebody_elses_pool_is_kept_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for theirs, limit in ((Pool(), 40 * GIB), ("CUDA's pool", 10 * GIB), (Cuda(), 5 * GIB)):
        with monkeypatch.context() as patch:
            device = Device(patch, 10 * GIB, own_pool=True)
            device.theirs = theirs
            memory.set_up_memory(PoolConfig(0.5), adopt=True)
            assert device.resource is not None
            assert device.resource.limit == limit
            assert (device.resource.upstream is theirs) == (limit > 5 * GIB)
            assert device.calls == ["rmm", "cupy", "numba"]


def test_a_device_without_a_pool_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, 10**9, own_pool=False)
    memory.set_up_memory(PoolConfig(0.9))
    assert device.resource is not None
    upstream, initial, most = device.resource.upstream  # type: ignore[misc]
    assert isinstance(upstream, Cuda)
    assert initial % 256 == most % 256 == 0
    assert 0 < initial < most <= device.resource.limit < most + 256


def test_what_is_free_is_what_the_pool_has_left(device: Device) -> None:
    memory.set_up_memory(PoolConfig(0.5))
    assert memory.free_bytes() == 50 * GIB
    assert device.resource is not None
    device.resource.allocated = 20 * GIB
    assert memory.free_bytes() == 30 * GIB
    assert jit_cuda.most_that_fit(lambda blocks: blocks, GIB, 512) == 24  # 0.8 of it
    device.resource.allocated = 60 * GIB
    assert memory.free_bytes() == 0


def test_a_stage_that_does_not_fit_is_refused_with_the_numbers(device: Device) -> None:
    memory.set_up_memory(PoolConfig(0.5))
    memory.check_fits("betweenness", 50 * GIB)
    with pytest.raises(EngineError) as told:
        memory.check_fits("betweenness", 50 * GIB + 1)
    assert str(told.value) == (
        "betweenness needs at least 53,687,091,201 bytes of GPU memory, and 53,687,091,200 are free: "
        "use a GPU with more memory, or --engine cpu, or ask for fewer sets"
    )


class OutOfMemoryError(MemoryError):
    """As CuPy's."""


ERRORS = [
    MemoryError("std::bad_alloc: out_of_memory: RMM failure at: limiting_resource_adaptor.hpp: Exceeded memory limit"),
    OutOfMemoryError("Out of memory allocating 1,024 bytes (allocated so far: 0 bytes)."),
    Exception("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY"),
    RuntimeError("non-success value returned from core_number: CUGRAPH_UNKNOWN_ERROR std::bad_alloc: out_of_memory"),
    RuntimeError("CUDA error encountered at: 2 cudaErrorMemoryAllocation out of memory"),
    ValueError("Check failed: Memory allocation error on worker 0: bad_alloc"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__}: {str(error)[:12]}")
def test_less_is_tried_when_memory_does_not_suffice(device: Device, error: Exception) -> None:
    tried: list[int] = []

    def work(size: int) -> str:
        tried.append(size)
        if size > 100:
            raise error
        return f"done with {size}"

    assert jit_cuda.halving(work, 777) == "done with 98"
    assert tried == [777, 389, 195, 98]


def test_too_little_memory_even_for_the_least(device: Device) -> None:
    memory.set_up_memory(PoolConfig(1.0))
    tried: list[int] = []

    def work(size: int) -> None:
        tried.append(size)
        raise MemoryError("std::bad_alloc")

    with pytest.raises(jit_cuda.TooLittleMemoryError, match="not enough memory on the device for a size of 12"):
        jit_cuda.halving(work, 40, 12)
    assert tried == [40, 20, 12]


def test_other_errors_and_the_hosts_memory_are_left_alone(device: Device) -> None:
    tried: list[int] = []

    def wrong(size: int) -> None:
        tried.append(size)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        jit_cuda.halving(wrong, 8)
    assert tried == [8]

    def hosts(size: int) -> np.ndarray:
        tried.append(size)
        return np.empty(1 << 62, np.int8)

    with pytest.raises(MemoryError, match="Unable to allocate"):
        jit_cuda.halving(hosts, 8)
    assert tried == [8, 8]


def test_errors_of_kernels_are_the_stages_own(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.set_up_memory()
    ended: list[str] = []

    def late() -> None:
        ended.append("late")
        raise RuntimeError("[2] Call to cuCtxSynchronize results in CUDA_ERROR_OUT_OF_MEMORY")

    def illegal() -> None:
        raise RuntimeError("[700] Call to cuCtxSynchronize results in CUDA_ERROR_ILLEGAL_ADDRESS")

    told = (
        r"^tipping ran out of GPU memory, with 96,636,764,160 bytes free: use a GPU with more memory, or --engine cpu$"
    )
    monkeypatch.setattr(jit_cuda.cuda, "synchronize", late)
    with pytest.raises(EngineError, match=told), memory.stage("tipping"):
        ended.append("body")
    assert ended == ["body", "late"]
    with pytest.raises(EngineError, match=told), memory.stage("tipping"):
        raise MemoryError("std::bad_alloc: out_of_memory")
    with pytest.raises(EngineError, match="not a matter of memory"), memory.stage("tipping"):
        raise EngineError("not a matter of memory")
    monkeypatch.setattr(jit_cuda.cuda, "synchronize", illegal)
    with pytest.raises(RuntimeError, match="ILLEGAL_ADDRESS"), memory.stage("tipping"):
        pass
    monkeypatch.setattr(jit_cuda.cuda, "synchronize", lambda: ended.append("well"))
    with memory.stage("tipping"):
        pass
    assert ended == ["body", "late", "well"]


def test_estimates_grow_with_what_they_are_of() -> None:
    assert memory.needed_by_network(1000, 100, 500) > 1000 * 24 + 500 * 24
    seven, one = (memory.needed_by_path_features(10**6, 2 * 10**6, sets) for sets in (7, 1))
    assert seven - one == 6 * 16 * 10**6
