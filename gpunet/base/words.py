"""Numbers and names in sentences."""

from __future__ import annotations

__all__ = ["counted", "shortened"]


def counted(n: int, noun: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def shortened(text: str, longest: int = 60) -> str:
    """The text, or its beginning and three points."""
    return text if len(text) <= longest else text[:longest] + "..."
