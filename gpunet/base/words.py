"""Numbers and names in sentences, and advice on what to write into the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Advice", "counted", "quoted", "shortened"]


class Advice(NamedTuple):
    """What may be wrong, in words, and the line under ``[input]`` that would set it right; "" if none does."""

    about: str
    line: str = ""

    @property
    def sentence(self) -> str:
        """The two as one sentence."""
        return f"{self.about}, write [input] {self.line}" if self.line else self.about


def counted(n: int, noun: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def quoted(names: Iterable[object]) -> str:
    """``"a", "b c"``: where a name begins and ends is seen, blanks are too."""
    return ", ".join(f'"{name}"' for name in names)


def shortened(text: str, longest: int = 60) -> str:
    """The text, or its beginning and three points."""
    return text if len(text) <= longest else text[:longest] + "..."
