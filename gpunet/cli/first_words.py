"""What is said of a run before anything else: whether its model was any use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import GpunetError
from gpunet.cli.console import notice
from gpunet.report.forecast import first_sentences
from gpunet.report.source import Source

__all__ = ["first_words"]


def first_words(folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The model's first 100 persons beside those of past violence alone, then the whole order; nothing without a model.

    A run is complete without them: where a table of it cannot be read there is a notice.
    """
    if "model" not in manifest:
        return ()
    try:
        return first_sentences(Source(folder))
    except (GpunetError, OSError) as error:
        notice(f"warning: how good the forecast is cannot be told: {error}")
        return ()
