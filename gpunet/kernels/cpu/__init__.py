"""Loops for processors, compiled by Numba."""
