"""Every command that writes, with its output named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.hostile.case import Place, Step, command

#: Arguments of each, given the output; each is done in a second.
WRITERS: dict[str, Callable[[Place, Path], tuple[object, ...]]] = {
    "features": lambda place, out: ("features", place.base.table, "--config", place.base.config, "--out", out),
    "run": lambda place, out: ("run", place.base.table, "--config", place.base.config, "--out", out),
    "panel": lambda place, out: ("panel", place.base.table, "--config", place.base.config, "--out", out),
    "score": lambda place, out: (
        "score",
        "--model",
        place.base.model(),
        "--features",
        place.base.features / "features.parquet",
        "--out",
        out,
    ),
    "synth": lambda place, out: ("synth", "--persons", 100, "--out", out),
    "synth-dirty": lambda place, out: ("synth", "--persons", 100, "--dirty", "--out", out),
    "check": lambda place, out: ("check", place.base.table, "--write-config", out),
    "certificates": lambda place, out: ("certificates", "--out", out),
}


def writer(name: str, place: Place, out: Path, **circumstances: Any) -> Step:
    """A command that writes to `out`."""
    return command(*WRITERS[name](place, out), **circumstances)
