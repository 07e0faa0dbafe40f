"""Hypothesis profiles: ``ci`` (the default) draws the same examples every time; ``deep`` is for a long look by hand."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW_START = [HealthCheck.too_slow]  # the first example compiles the kernels

settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True, suppress_health_check=_SLOW_START)
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=_SLOW_START)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
