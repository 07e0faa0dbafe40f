"""Figures as words: how tables write seconds, memory and ratios, and themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["in_mib", "in_seconds", "markdown_table", "processor_line", "spread", "times", "to_the_millisecond"]


def in_seconds(value: float | None) -> str:
    """Three figures, or one decimal from 100 on; nothing for None."""
    if value is None:
        return ""
    if value < 0.0001:
        return "< 0.0001"
    return f"{value:,.1f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def to_the_millisecond(value: float) -> str:
    """Seconds to the millisecond."""
    return f"{value:.3f}"


def spread(several: dict[str, float], form: Callable[[float], str] = in_seconds) -> str:
    """Median, and in brackets minimum and maximum."""
    return f"{form(several['median'])} ({form(several['min'])} to {form(several['max'])})"


def times(value: float) -> str:
    """Three figures at most."""
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.3g}"


def in_mib(size: int | None) -> str:
    """Bytes in MiB; nothing for None."""
    return "" if size is None else f"{size / 2**20:,.0f} MiB"


def processor_line(machine: dict[str, Any]) -> str:
    """Processor, memory, GPU and system of a machine, as results.json has them."""
    memory = f", {machine['memory_bytes'] / 2**30:.0f} GiB" if machine["memory_bytes"] else ""
    processors = f"{machine['processor']}, {machine['processors']} processors{memory}"
    return f"{processors}{_gpu(machine.get('gpu'))}; {machine['system']} ({machine['architecture']})"


def _gpu(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    memory = f", {found['memory_bytes'] / 2**30:.0f} GiB" if found["memory_bytes"] else ""
    return f"; {found['name']}{memory}, driver {found['driver']} (CUDA {found['cuda']})"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    cells = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return ["| " + " | ".join(row) + " |" for row in cells]
