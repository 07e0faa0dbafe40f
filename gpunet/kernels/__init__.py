"""Loops over arrays, compiled by Numba. They know nothing of frames, files or configuration."""
