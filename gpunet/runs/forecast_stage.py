"""The stage of a run that trains, tries and scores: from features of three days to a model's file and scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import violent_between
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config
from gpunet.runs.snapshots import ModelResult

if TYPE_CHECKING:
    from gpunet.model.training import CrossFit

__all__ = ["coarsest", "train_and_score", "windows"]


def train_and_score(
    arrests: Arrests,
    days: Mapping[str, date],
    found: Mapping[str, Any],
    config: Config,
    *,
    threads: int,
    device: str,
    progress: ProgressCallback | None,
    kept: Callable[[str, Callable[[], CrossFit]], CrossFit],
) -> ModelResult:
    """What :func:`gpunet.model.forecast` makes of the features as of each of the `days`, T-2H, T-H and T."""
    from gpunet.model import forecast

    past, test, now = days["T-2H"], days["T-H"], days["T"]
    result = forecast(
        found["T-2H"].features,
        found["T-H"].features,
        found["T"].features,
        violent_between(arrests, past, test),
        violent_between(arrests, test, now),
        config=config.model,
        taxonomy=config.violent_offences,
        betweenness=coarsest(found),
        windows=windows(days),
        threads=threads,
        device=device,
        progress=progress,
        kept=kept,
    )
    model = result.model
    return ModelResult(model.to_bytes(), model.suffix, result.scores, result.evaluation, tuple(result.warnings))


def windows(days: Mapping[str, date]) -> tuple[str, str]:
    """The two label windows of a forecast in words."""
    past, test, now = days["T-2H"], days["T-H"], days["T"]
    return f"[{past}, {test})", f"[{test}, {now})"


def coarsest(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """How betweenness was computed where it is known least exactly."""
    reports = [features.path for features in found.values() if features.path is not None]
    return max(reports, key=lambda report: report.certified_error).metadata() if reports else None
