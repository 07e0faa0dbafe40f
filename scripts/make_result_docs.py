"""Write the columns of an experiment's tables into docs/evaluation.md; ``--check`` compares only."""

from __future__ import annotations

import sys
from pathlib import Path

from pages import write_or_check

from gpunet.evaluate.layer_schemas import LAYER_TABLES
from gpunet.evaluate.schemas import TABLES

PAGE = Path(__file__).parents[1] / "docs" / "evaluation.md"
BEGIN, END = "<!-- tables -->", "<!-- /tables -->"


def page() -> str:
    """The page with its tables as they are declared."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    parts = [BEGIN]
    for name, columns in {**TABLES, **LAYER_TABLES}.items():
        rows = [f"| `{c.name}` | {c.dtype} | {c.unit} | {c.definition} | {c.null or 'never'} |" for c in columns]
        parts.append(
            "\n".join([f"### {name}\n", "| column | type | unit | what it is | null |", "|---|---|---|---|---|", *rows])
        )
    return head + "\n\n".join([*parts, END]) + tail


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
