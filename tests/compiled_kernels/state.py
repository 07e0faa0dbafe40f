"""What a kernel that runs and this process know of each other: ``%state`` of runtime.ll."""

from __future__ import annotations

import ctypes
import mmap

import llvmlite.binding as llvm
import numpy as np

__all__ = ["LOCAL_BYTES", "MOST_THREADS", "RECORDS", "SHARED_BYTES", "STATE", "STATE_SYMBOLS", "State", "pages"]

MOST_THREADS = 1024
#: Of a block, as on a device without asking for more.
SHARED_BYTES = 48 * 1024
#: Of a thread's own arrays.
LOCAL_BYTES = 1 << 14
#: Of accesses, in the cell of the shadow that each place has: see checks.ll.
RECORDS = 6

_STACK_BYTES = 1 << 17
_UNRESERVED = 0x4000  # MAP_NORESERVE of Linux, which Python's mmap has from 3.13 on


class State(ctypes.Structure):
    _fields_ = (
        ("thread", ctypes.c_int64),
        ("threads", ctypes.c_int64),
        ("block", ctypes.c_int64),
        ("blocks", ctypes.c_int64),
        ("scheduler", ctypes.c_void_p),
        ("fault", ctypes.c_int64),
        ("site", ctypes.c_int64),
        ("first", ctypes.c_int64),
        ("second", ctypes.c_int64),
        ("moment", ctypes.c_int64),
        ("launch_begins", ctypes.c_int64),
        ("block_begins", ctypes.c_int64),
        ("stacks", ctypes.c_void_p),
        ("stack_bytes", ctypes.c_int64),
        ("stack_pointers", ctypes.c_void_p),
        ("waits", ctypes.c_void_p),
        ("block_order", ctypes.c_void_p),
        ("thread_orders", ctypes.c_void_p),
        ("orders", ctypes.c_int64),
        ("shared", ctypes.c_void_p),
        ("shared_bytes", ctypes.c_int64),
        ("arguments", ctypes.c_void_p),
        ("data", ctypes.c_int64),
        ("data_bytes", ctypes.c_int64),
        ("shadow", ctypes.c_void_p),
        ("wide_bytes", ctypes.c_int64),
        ("shared_shadow", ctypes.c_void_p),
        ("shared_shadow_bytes", ctypes.c_int64),
        ("fresh_shared", ctypes.c_void_p),
    )


def pages(size: int) -> np.ndarray:
    """uint8[size] of zeros that take memory only where they are touched."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | (_UNRESERVED if hasattr(mmap, "MADV_HUGEPAGE") else 0)
    return np.frombuffer(mmap.mmap(-1, size, flags=flags), np.uint8)


def _protect_ends(stacks: np.ndarray) -> None:
    """Let a stack that grows beyond its end end the process, not spoil its neighbour."""
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for end in range(stacks.ctypes.data, stacks.ctypes.data + len(stacks), _STACK_BYTES):
        if protect(ctypes.c_void_p(end), ctypes.c_size_t(mmap.PAGESIZE), 0):
            raise OSError(ctypes.get_errno(), "a stack's end cannot be protected")


STATE = State()
STATE_SYMBOLS = ("lane_state", "lane_shared", "lane_locals")

_stacks = pages(MOST_THREADS * _STACK_BYTES)
_protect_ends(_stacks)
_pointers, _waits = np.zeros((2, MOST_THREADS), np.int64)

STATE.stacks, STATE.stack_bytes = _stacks.ctypes.data, _STACK_BYTES
STATE.stack_pointers, STATE.waits = _pointers.ctypes.data, _waits.ctypes.data
llvm.add_symbol("lane_state", ctypes.addressof(STATE))
