"""Kernels that are started as ``kernel[blocks, threads](...)``, on this processor."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types
from numba.core.typing.typeof import Purpose, typeof

from compiled_kernels import faults, settings
from compiled_kernels.arrays import DeviceArray
from compiled_kernels.host_code import translate
from compiled_kernels.kept import Code, path_of
from compiled_kernels.lowering import lower
from compiled_kernels.sites import Site
from compiled_kernels.state import MOST_THREADS, RECORDS, STATE

__all__ = ["Kernel"]

_ORDERS = 16

_one_at_a_time = threading.Lock()


class _Compiled:
    """A kernel for arguments of some types, in one of the builds."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code.machine_code))
        self._engine.finalize_object()
        self.run = ctypes.CFUNCTYPE(None)(self._engine.get_function_address("lane_run"))
        self.shared_bytes = max((begin + size for begin, size, _ in code.shared), default=0)
        self.fresh = np.zeros((self.shared_bytes, RECORDS), np.int64)
        for begin, size, itemsize in code.shared:
            self.fresh[begin : begin + size : itemsize, 0] = 1


def _machine() -> Any:
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True, codemodel="large")


class Kernel:
    """A function that is compiled when it is first started with arguments of some types."""

    def __init__(self, function: Callable[..., None]) -> None:
        self.py_func = function
        self.__name__ = function.__name__
        place = Site(function.__code__.co_filename, function.__code__.co_firstlineno)
        self._words = f"{self.__name__}, {place}"
        self._compiled: dict[Any, _Compiled] = {}

    def __getitem__(self, shape: tuple[int, int]) -> Callable[..., None]:
        blocks, threads = shape
        if not (blocks >= 1 and 1 <= threads <= MOST_THREADS):
            raise ValueError(f"{self.__name__} is started with {blocks} blocks of {threads} threads")
        return lambda *arguments: self._launch(int(blocks), int(threads), arguments)

    def _launch(self, blocks: int, threads: int, arguments: tuple[Any, ...]) -> None:
        kinds, words = [], list[int]()
        for argument in arguments:
            kind, word = _words(argument, self.__name__)
            kinds.append(kind)
            words += word
        settings.started[self._words] = None
        with _one_at_a_time:
            kernel = self._get(tuple(kinds))
            held = [each for each in arguments if isinstance(each, DeviceArray)]
            _remember(held)
            _run(kernel, blocks, threads, words)
            faults.raise_any(self.py_func, kernel.code, arguments)

    def _get(self, kinds: tuple[Any, ...]) -> _Compiled:
        key = kinds, settings.build
        if key not in self._compiled:
            self._compiled[key] = _Compiled(_code(self.py_func, *key))
        return self._compiled[key]


def _words(argument: Any, name: str) -> tuple[Any, list[int]]:
    """The type of an argument as on a device, and the words it is passed in."""
    if isinstance(argument, np.ndarray):
        raise TypeError(f"{name} is given an array that is not on the device")
    if isinstance(argument, DeviceArray):
        held = argument.held
        kind = types.Array(numba.from_dtype(held.dtype), held.ndim, "C" if held.flags.c_contiguous else "A")
        return kind, [0, 0, held.size, held.itemsize, held.ctypes.data, *held.shape, *held.strides]
    kind = typeof(argument, Purpose.argument)
    value = np.asarray(argument, numba.np.numpy_support.as_dtype(kind))
    word = np.zeros(8, np.uint8)
    word[: value.nbytes] = np.frombuffer(value.tobytes(), np.uint8)
    return kind, [int(word.view(np.int64)[0])]


def _remember(arrays: list[DeviceArray]) -> None:
    """Arrays of a fast build have no shadow, and one that is there knows nothing of what such a build writes."""
    for each in arrays:
        if settings.build == "checked":
            if not each.allocation.has_shadow:
                each.allocation.set_written()
        elif each.allocation.has_shadow:
            each.allocation.has_shadow = False


def _run(kernel: _Compiled, blocks: int, threads: int, words: list[int]) -> None:
    given = np.array(words, np.int64)
    block_order, thread_orders = _orders(blocks, threads)
    STATE.threads, STATE.blocks, STATE.fault = threads, blocks, 0
    STATE.arguments, STATE.block_order = given.ctypes.data, block_order.ctypes.data
    STATE.thread_orders, STATE.orders = thread_orders.ctypes.data, len(thread_orders)
    STATE.shared_bytes, STATE.shared_shadow_bytes = kernel.shared_bytes, kernel.fresh.nbytes
    STATE.fresh_shared = kernel.fresh.ctypes.data
    STATE.launch_begins = STATE.moment + 1
    kernel.run()


def _orders(blocks: int, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Of blocks, and of threads: several, which are taken in turn from barrier to barrier."""
    if settings.order == "random":
        random = np.random.default_rng(settings.seed)
        settings.seed += 1
        return random.permutation(blocks), random.permuted(np.tile(np.arange(threads), (_ORDERS, 1)), axis=1)
    step = 1 if settings.order == "forward" else -1
    return np.arange(blocks)[::step].copy(), np.arange(threads)[None, ::step].copy()


def _code(function: Callable[..., None], kinds: tuple[Any, ...], build: str) -> Code:
    """From the folder of kept code, or compiled anew."""
    path = path_of(Path(function.__code__.co_filename), function.__qualname__, kinds, build)
    with suppress(FileNotFoundError):
        return Code.read(path)
    code = translate(*lower(function, kinds), checked=build == "checked")
    code.write(path)
    return code
