"""What ``[evaluate]`` and ``[panel]`` say: experiments, and snapshots as of many days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field, StrictBool, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.config.validation import CHECKED, names_keys

__all__ = ["CLASSIFIERS", "PROTOCOLS", "UNITS", "EvaluateConfig", "PanelConfig"]

Protocol: TypeAlias = Literal["paper", "cross_fitted", "same_event"]
Classifier: TypeAlias = Literal[
    "random_forest",
    "naive_bayes",
    "linear_regression",
    "logistic_regression",
    "decision_tree",
    "neural_network",
    "svm",
    "xgboost",
]
Unit: TypeAlias = Literal["person", "beat", "district", "gang", "force"]

#: What a training and a test row may know of others' labels.
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

#: The classifiers of the paper's Table 8, and XGBoost.
CLASSIFIERS: tuple[Classifier, ...] = get_args(Classifier)

#: What a row of a panel is.
UNITS: tuple[Unit, ...] = get_args(Unit)


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("names one of them twice")
    return values


_Every = Annotated[str, Field(pattern=r"^[1-9]\d{0,3}(d|w|mo|q|y)$")]
_Days = Annotated[StrictInt, Field(ge=1, le=36_525)]


@names_keys("evaluate")
@dataclass(frozen=True, config=CHECKED)
class EvaluateConfig:
    """The experiments of ``gpunet evaluate``; the command line's options of the same names come first."""

    folds: Annotated[StrictInt, Field(ge=3, le=100)] = 10
    """Of ``known``: folds by person, stratified by label."""
    protocols: Annotated[tuple[Protocol, ...], Field(min_length=1), AfterValidator(_once)] = PROTOCOLS
    """Of ``known``: whose labels features may know; docs/evaluation.md says what each means."""
    classifiers: Annotated[tuple[Classifier, ...], Field(min_length=1), AfterValidator(_once)] = CLASSIFIERS
    """Of ``known``: which classifiers are tried."""
    smote: StrictBool = True
    """Of ``known``: whether the random forest is tried a second time with oversampling (SMOTE)."""
    bootstrap: Annotated[StrictInt, Field(ge=0, le=100_000)] = 2_000
    """Draws of the network's communities behind each interval; 0 gives none."""
    population: Literal["network", "all"] = "network"
    """``"network"``: persons with a tie, as in the paper; ``"all"``: everybody with an arrest."""
    start: date | None = None
    """Of ``emerging`` (option ``--from``): the first month's day; without it the first of the month in which the middle
    of the data's days lies."""
    every: _Every = "1mo"
    """Of ``emerging``: from one month's day to the next: ``"1mo"``, ``"2w"``, ``"30d"``, ``"1q"``, ``"1y"``."""
    horizon_days: _Days = 180
    """Of ``emerging`` (option ``--horizon``): days to look ahead."""
    victims: str = ""
    """A table of victims (``person_id, date``), from whom the two-hop heuristic starts; without it from victims of
    violent offences in the tables of ``[input] victims``, or else from violent offenders."""
    custody: str = ""
    """Of ``emerging``: a table (``person_id, from, until``) of persons who are out of a month's population."""


@names_keys("panel")
@dataclass(frozen=True, config=CHECKED)
class PanelConfig:
    """Snapshots of ``gpunet panel``; the command line's options of the same names come first."""

    start: date | None = None
    """The first day (option ``--from``)."""
    end: date | None = None
    """No snapshot is of a later day than this (option ``--to``)."""
    every: _Every = "1mo"
    """From one snapshot to the next: ``"1mo"``, ``"2w"``, ``"30d"``, ``"1q"``, ``"1y"``."""
    unit: Unit = "person"
    """What a row is: ``"person"``, ``"beat"``, ``"district"``, ``"gang"`` or ``"force"``."""
    horizon_days: _Days = 180
    """Days to look ahead (option ``--horizon``)."""
    verify: Annotated[StrictInt, Field(ge=0, le=100_000)] = 0
    """How many snapshots are computed again from tables that end before their day, and compared."""
