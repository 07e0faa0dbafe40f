"""What ``run.json`` says of a model, experiments, panels, places and audits: the schemas that it is read back by."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr
from pydantic.dataclasses import dataclass

from gpunet.base.stored_numbers import Count, Share
from gpunet.config.sides import OFFENDER, Side

__all__ = ["AuditSection", "EvaluationSection", "ModelSection", "PanelSection", "PlacesSection"]

#: A measure that is not defined is None.
_Measures = dict[str, StrictFloat | None]


@dataclass
class _Results:
    persons: Count
    positives: Count
    base_rate: Share | None
    threshold: StrictFloat
    model: _Measures
    past_violence: _Measures | None
    chance: _Measures

    def __post_init__(self) -> None:
        flagged = self.model.get("flagged")
        if flagged is None or not 0 <= flagged <= self.persons or self.positives > self.persons:
            raise ValueError("numbers of persons do not fit each other")


@dataclass
class _Group:
    persons: Annotated[StrictInt, Field(ge=1)]
    mean_probability: Share
    observed: Share


@dataclass
class _Importance:
    feature: StrictStr
    mean_absolute_contribution: Annotated[StrictFloat, Field(ge=0)]
    loss_share: StrictFloat


@dataclass
class _Test:
    window: StrictStr
    positives: Count
    persons: Count


@dataclass
class ModelSection:
    """The section ``model`` of a manifest."""

    horizon_days: Count
    results: _Results
    past: _Test
    test: _Test
    held_out: _Results
    results_new_persons: _Results | None
    calibration: list[_Group]
    importance: list[_Importance]


@dataclass
class _Result:
    """A line of an experiment's results; what is not defined is None."""

    protocol: StrictStr | None
    classifier: StrictStr
    smote: bool
    month: StrictStr | None
    outcome: StrictStr
    persons: Count
    positives: Count
    tp: Count | None
    fp: Count | None
    fn: Count | None
    recall: StrictFloat | None
    auc: StrictFloat | None
    f1: StrictFloat | None


@dataclass
class _Leak:
    protocol: StrictStr
    classifier: StrictStr
    smote: bool
    leak: StrictFloat | None
    leak_low: StrictFloat | None
    leak_high: StrictFloat | None


@dataclass
class _LayerWorth:
    """What a layer is worth by one measure; what is not defined is None."""

    protocol: StrictStr | None
    layer: StrictStr
    outcome: StrictStr
    measure: StrictStr
    difference: StrictFloat | None
    low: StrictFloat | None
    high: StrictFloat | None
    worth: StrictStr


@dataclass
class EvaluationSection:
    """The section ``evaluation`` of a manifest."""

    experiment: Literal["known", "emerging"]
    results: list[_Result]
    leak: list[_Leak] = Field(default_factory=list)
    layers: list[_LayerWorth] = Field(default_factory=list)

    def __post_init__(self) -> None:
        if self.experiment == "emerging" and any(row.month is None for row in self.results):
            raise ValueError("a month is missing")


@dataclass
class _Snapshot:
    as_of: StrictStr
    rows: Count
    positives: Count
    label_complete: bool


@dataclass
class PanelSection:
    """The section ``panel`` of a manifest."""

    unit: StrictStr
    horizon_days: Count
    snapshots: Annotated[list[_Snapshot], Field(min_length=1)]
    verified: list[dict[str, Any]] | None


@dataclass
class _PlaceWindow:
    as_of: StrictStr
    until: StrictStr
    places: Count
    violent_arrests: Count
    label_complete: bool
    trained_on: StrictStr | None


@dataclass
class _PlaceResult:
    model: StrictStr
    share: StrictFloat
    windows: Count
    hits: StrictFloat
    all_hits: Count
    hits_elsewhere: Count
    pai: StrictFloat | None
    pai_low: StrictFloat | None
    pai_high: StrictFloat | None
    pei: StrictFloat | None
    pei_low: StrictFloat | None
    pei_high: StrictFloat | None
    recapture: StrictFloat | None
    recapture_low: StrictFloat | None
    recapture_high: StrictFloat | None


@dataclass
class PlacesSection:
    """The section ``places`` of a manifest."""

    unit: StrictStr
    resolution: StrictInt | None
    arrests_without_place: Count
    windows: Annotated[list[_PlaceWindow], Field(min_length=1)]
    results: list[_PlaceResult]


@dataclass
class _AuditedRun:
    folder: StrictStr
    run_json_sha256: StrictStr
    test_window: StrictStr
    horizon_days: Count
    side: Side = OFFENDER


@dataclass
class AuditSection:
    """The section ``audit`` of a manifest."""

    run: _AuditedRun
    by: Annotated[list[StrictStr], Field(min_length=1)]
    groups: dict[str, Count]
    attributes: dict[str, Any]
    persons: Count
    positives: Count | None
    threshold: StrictFloat
    rules: list[StrictStr]
    min_persons: Count
    rows: Count
    rows_with_suppression: Count
    public_rules: list[StrictStr] | None = None  # not in those of the first versions
