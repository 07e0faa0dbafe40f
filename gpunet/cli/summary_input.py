"""What a summary says of what was read: arrests, ties of other kinds, victims; and of the layers that these make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpunet.base.words import counted
from gpunet.config.input_config import BESIDE

__all__ = ["beside_lines", "layer_lines", "read_line", "rejected_lines"]


def read_line(word: str, read: Mapping[str, Any]) -> str:
    """How many rows of how many files there were, and what became of them; `word` says of what."""
    rows = read["rows"]
    return (
        f"{word:<10}{counted(rows['read'], 'row')} of {_files(read)}: {rows['accepted']:,} accepted, "
        f"{rows['rejected']:,} rejected, {rows['duplicate']:,} duplicate"
    )


def rejected_lines(reasons: Mapping[str, int]) -> list[str]:
    """A line on why rows were rejected, most frequent reasons first."""
    by_count = sorted(reasons.items(), key=lambda reason: -reason[1])
    counts = ", ".join(f"{count:,} {name}" for name, count in by_count)
    return [f"rejected  {counts}"] if counts else []


def beside_lines(manifest: Mapping[str, Any]) -> list[str]:
    """The same of the tables of ties and victims, where there are any."""
    lines = []
    for name in BESIDE:
        if (read := manifest["input"].get(name)) is not None:
            lines += [read_line(name, read), *rejected_lines(read["rejected_by_reason"])]
    return lines


def layer_lines(manifest: Mapping[str, Any]) -> list[str]:
    """A line for each layer beside co-arrest, and one for the union of all."""
    layers = manifest.get("layers", {})
    return [
        f"layer     {name}: {counted(of['persons'], 'person')}, {counted(of['ties'], 'tie')}"
        for name, of in layers.items()
    ]


def _files(read: Mapping[str, Any]) -> str:
    """How many files were read, and how many were not."""
    files, skipped = len(read["files"]), len(read["left_out"])
    read_whole = counted(files, "file")
    return f"{read_whole} ({skipped:,} unreadable and left out)" if skipped else read_whole
