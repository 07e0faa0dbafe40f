"""What ``[places]`` says: which places are forecast, as of which days, and how forecasts are made and measured."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.config.validation import AS_GIVEN, CHECKED, names_keys

__all__ = ["PlaceUnit", "PlacesConfig"]

PlaceUnit: TypeAlias = Literal["beat", "district", "cell"]


def _ascending(shares: tuple[float, ...]) -> tuple[float, ...]:
    if list(shares) != sorted(set(shares)):
        raise ValueError("must ascend, each share once")
    return shares


_Share = Annotated[float, Field(strict=True, gt=0, lt=1), AS_GIVEN]
_Name = Annotated[str, Field(min_length=1)]


@names_keys("places")
@dataclass(frozen=True, config=CHECKED)
class PlacesConfig:
    """Forecasts of ``gpunet places``; the command line's options of the same names come first."""

    unit: PlaceUnit = "beat"
    """What a place is: ``"beat"``, ``"district"``, or ``"cell"``, an H3 cell by coordinates."""
    every: Annotated[str, Field(pattern=r"^[1-9]\d{0,3}(d|w|mo|q|y)$")] = "1w"
    """From one forecast to the next: ``"1w"``, ``"1mo"``, ``"30d"``, ``"1q"``, ``"1y"``."""
    horizon_days: Annotated[StrictInt, Field(ge=1, le=36_525)] | None = None
    """Days to look ahead (option ``--horizon``); without it up to the next forecast's day."""
    start: date | None = None
    """The first day (option ``--from``); without it a year before the last one, if the data reach so far back."""
    end: date | None = None
    """No forecast is of a later day than this (option ``--to``); without it the day after the last arrest."""
    resolution: Annotated[StrictInt, Field(ge=0, le=15)] = 9
    """Of cells: H3's resolution; cells of 9 are 0.1 square kilometres, of 8 seven times that."""
    latitude: _Name = "latitude"
    """Of cells: the column of latitudes, in degrees (WGS 84)."""
    longitude: _Name = "longitude"
    """Of cells: the column of longitudes, in degrees."""
    half_life_days: Annotated[StrictInt, Field(ge=1, le=36_525)] = 28
    """Of the kernel: days after which an arrest counts half."""
    rings: Annotated[StrictInt, Field(ge=0, le=10)] = 2
    """Of the kernel and cells: rings of cells around an arrest that it counts in; each counts half as much as the one
    within it."""
    rounds: Annotated[StrictInt, Field(ge=1, le=10_000)] = 100
    """Trees of XGBoost."""
    training_windows: Annotated[StrictInt, Field(ge=1, le=100_000)] = 4
    """So many windows have passed before XGBoost learns from them for the first time."""
    retrain_windows: Annotated[StrictInt, Field(ge=1, le=100_000)] = 4
    """XGBoost learns anew, from all windows that have passed, after so many windows."""
    shares: Annotated[tuple[_Share, ...], Field(min_length=1, max_length=20), AfterValidator(_ascending)] = (
        0.01,
        0.05,
        0.1,
    )
    """Shares of all places that are flagged, those of the highest forecasts, to measure how much is found there."""
    bootstrap: Annotated[StrictInt, Field(ge=0, le=100_000)] = 2_000
    """Draws of windows behind each interval; 0 gives none."""
    seed: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] = 1
    """Seed of XGBoost and of the draws."""
