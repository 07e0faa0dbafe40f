"""What features were computed from, and whether those that a model is to score are like those it has learned from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

__all__ = ["Origin", "origin_mismatches"]


@dataclass(frozen=True)
class Origin:
    """What features were computed from; None where it is not known.

    Attributes
    ----------
    as_of
        Only arrests before this day count; where all do, the day after the last. A model of a run has learned from all
        that happened before it.
    horizon_days
        Of a model of a run: the length of the window that it forecasts.
    settings
        What of the configuration the meaning of the features depends on (``Config.feature_settings``), but for the
        violent sets.
    undated_arrests
        Arrests without a date that count in the features.
    purpose
        Of a model of a run: what the run was for.
    """

    as_of: date | None = None
    horizon_days: int | None = None
    settings: Mapping[str, Any] | None = None
    undated_arrests: int = 0
    purpose: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "horizon_days": self.horizon_days,
            "settings": None if self.settings is None else dict(self.settings),
            "undated_arrests": self.undated_arrests,
            **({} if self.purpose is None else {"purpose": self.purpose}),
        }


def origin_mismatches(model: Origin | None, features: Origin | None) -> tuple[str, ...]:
    """Sentences on all in which features differ from those that a model was made for; none on what is not known."""
    if model is None or features is None:
        return ()
    found = filter(None, (_of_days(model, features), _of_undated(model, features)))
    return (*found, *_of_settings(model.settings or {}, features.settings or {}))


def _of_days(model: Origin, features: Origin) -> str | None:
    known, day = model.as_of, features.as_of
    if known is None:
        return None
    if day is None:
        return (
            f"the feature table does not say as of which day it is, and the model's is {known}: compute the features "
            f"with --as-of"
        )
    if day < known:
        return (
            f"the feature table is as of {day}, and the model has learned from what happened before {known}: "
            f"the scores are no forecast, for the model knows what came of them"
        )
    if model.horizon_days is not None and day - known > timedelta(days=model.horizon_days):
        return (
            f"the feature table is as of {day}, more than the horizon of {model.horizon_days} days after the model's "
            f"day, {known}: the model is old; train another"
        )
    return None


def _of_undated(model: Origin, features: Origin) -> str | None:
    if not features.undated_arrests or model.undated_arrests:
        return None
    return (
        f"{features.undated_arrests:,} arrests without a date count in the feature table and none in the model's "
        f"training: compute the features with --as-of, which leaves them out"
    )


def _of_settings(model: Mapping[str, Any], features: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} is {_text(value)} in the model's training and {_text(features[key])} in the feature table: "
        f"scores may be far off; compute the features with the model's configuration"
        for key, value in model.items()
        if key in features and features[key] != value
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
