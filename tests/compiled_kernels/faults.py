"""What a device would punish, in words: the kernel, the line, and what is wrong there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from compiled_kernels.arrays import DeviceArray
from compiled_kernels.kept import Code
from compiled_kernels.memory import LOCALS, SHARED
from compiled_kernels.state import STATE

__all__ = ["KernelError", "raise_any"]

_DIVERGENT, _ENDED, _INDEX, _OUTSIDE, _UNWRITTEN, _RACE = range(1, 7)
_ATOMIC, _SITES = 1 << 19, (1 << 19) - 1


class KernelError(Exception):
    """A kernel does what a device would punish."""


def raise_any(function: Callable[..., None], code: Code, arguments: tuple[Any, ...]) -> None:
    """Raise what the kernel that has just run has done.

    Raises
    ------
    KernelError
        If it has a fault, or has written beyond an array.
    """
    if STATE.fault:
        site = code.sites[STATE.site - 1]
        text = f": {site.text}" if site.text else ""
        raise KernelError(f"{function.__name__}, {site}: {_words(function, code, arguments)}{text}")
    names = _names(function)
    for name, argument in zip(names, arguments, strict=True):
        if isinstance(argument, DeviceArray) and not argument.allocation.is_guarded():
            raise KernelError(f"{function.__name__}: something was written before or after the array {name}")


def _names(function: Callable[..., None]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _words(function: Callable[..., None], code: Code, arguments: tuple[Any, ...]) -> str:
    fault, first, second = STATE.fault, STATE.first, STATE.second
    who = f"thread {STATE.thread} of block {STATE.block}"
    if fault == _DIVERGENT:
        return f"threads of block {STATE.block} wait at different barriers, the others at {code.sites[first - 1]}"
    if fault == _ENDED:
        return f"{first} threads of block {STATE.block} ended before a barrier at which the others wait"
    if fault == _INDEX:
        index = first if first >= 0 else first - second  # Numba has added the length to one below 0
        return f"{who} has the index {index} in an axis of {second}"
    where = _place(function, arguments, first)
    if fault == _OUTSIDE:
        return f"{who} {'writes' if second else 'reads'} outside of any array, {where}"
    if fault == _UNWRITTEN:
        return f"{who} reads what nobody has written, {where}"
    block = "this" if second >> 30 >= STATE.block_begins else "another"
    other = f"thread {(second >> 20) & 1023} of {block} block at {code.sites[(second & _SITES) - 1]}"
    return f"a race: {who} and {other} meet {where} without order"


def _place(function: Callable[..., None], arguments: tuple[Any, ...], address: int) -> str:
    """The array and the element at an address."""
    if SHARED.ctypes.data <= address < SHARED.ctypes.data + len(SHARED):
        return "in shared memory"
    if LOCALS.ctypes.data <= address < LOCALS.ctypes.data + len(LOCALS):
        return "in an array of its own"
    for name, argument in zip(_names(function), arguments, strict=True):
        if isinstance(argument, DeviceArray) and address in argument.allocation:
            offset = argument.allocation.offset(address) - argument.allocation.offset(argument.held.ctypes.data)
            return f"at element {offset // argument.itemsize} of {name}"
    return "far from every argument"
