"""How many examples a test of Hypothesis draws that has a number of its own."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]

#: What the profile ``long`` draws elsewhere.
_LONG = 60


def examples(most: int) -> int:
    """So many with the profile ``long``, and in proportion with another one."""
    return max(1, most * settings().max_examples // _LONG)
