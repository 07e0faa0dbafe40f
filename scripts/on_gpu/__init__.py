"""Measurements for a GPU machine that one has for a quarter of an hour; scripts/measure_gpu.py runs them."""
