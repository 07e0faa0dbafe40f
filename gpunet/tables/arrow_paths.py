"""Paths as PyArrow takes them: as text, but where a name is not UTF-8, as a file that is open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["for_arrow"]


def for_arrow(path: str | os.PathLike[str], mode: str = "rb") -> str | pa.NativeFile:
    """The path for PyArrow, which has texts for paths in UTF-8 alone; a file closes when nobody has it any more."""
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        import pyarrow as pa

        return pa.OSFile(os.fsencode(text), mode)
    return text
