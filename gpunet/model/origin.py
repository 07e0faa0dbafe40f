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
        Only arrests before this day count. A model of a run has learned from all that happened before it.
    horizon_days
        Of a model of a run: the length of the window that it forecasts.
    settings
        What of the configuration the meaning of the features depends on (``Config.feature_settings``), but for the
        violent sets.
    """

    as_of: date | None = None
    horizon_days: int | None = None
    settings: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "horizon_days": self.horizon_days,
            "settings": None if self.settings is None else dict(self.settings),
        }


def origin_mismatches(model: Origin | None, features: Origin | None) -> tuple[str, ...]:
    """Sentences on all in which features differ from those that a model was made for; none on what is not known."""
    if model is None or features is None:
        return ()
    day = _of_days(model, features)
    return (*([day] if day else []), *_of_settings(model.settings or {}, features.settings or {}))


def _of_days(model: Origin, features: Origin) -> str | None:
    known, day = model.as_of, features.as_of
    if known is None:
        return None
    if day is None:
        return (
            f"the feature table has no as-of day, and the model's is {known}: "
            f"arrests of any date count in the features; compute them with --as-of"
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


def _of_settings(model: Mapping[str, Any], features: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} is {_text(value)} in the model's training and {_text(features[key])} in the feature table: "
        f"scores may be far off; compute the features with the model's configuration"
        for key, value in model.items()
        if key in features and features[key] != value
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
