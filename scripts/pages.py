"""What all scripts do that make a page from the code: write it, or with ``--check`` say whether it is current."""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import eq
from pathlib import Path


def write_or_check(page: Path, text: str, same: Callable[[str, str], bool] = eq) -> int:
    """Write `text` as the page; with ``--check`` only compare it by `same`. Return the exit code."""
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        print(f"{page} written")
    elif not page.exists() or not same(page.read_text(encoding="utf-8"), text):
        print(f"{page.name} is not current: run make docs", file=sys.stderr)
        return 1
    return 0
