"""The source of a module with two small kernels, for tests of when they are compiled."""

from __future__ import annotations

TWO_KERNELS = """
from gpunet.kernels.jit import njit

@njit
def twice(x):
    return 2 * x

@njit
def thrice(x):
    return 3 * x
"""
