"""The manifest of a complete run, read back for its summary: what that says of the run has a schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr, TypeAdapter
from pydantic.dataclasses import dataclass

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.config.sides import OFFENDER, Side
from gpunet.runs.flags_section import FlagsSection
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES
from gpunet.runs.read_back import Damaged, require, valid, values_in

__all__ = ["read_manifest"]

_Count = Annotated[StrictInt, Field(ge=0)]
_Share = Annotated[StrictFloat, Field(ge=0, le=1)]

#: A measure that is not defined is None.
_Measures = dict[str, StrictFloat | None]


@dataclass
class _Rows:
    read: _Count
    accepted: _Count
    rejected: _Count
    duplicate: _Count


@dataclass
class _Input:
    rows: _Rows
    files: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    rejected_by_reason: dict[str, _Count]
    null_words: dict[str, dict[str, _Count]] = Field(default_factory=dict)  # not in those of the first versions
    notes: list[StrictStr] = Field(default_factory=list)


@dataclass
class _Inputs(_Input):
    ties: _Input | None = None
    victims: _Input | None = None


@dataclass
class _Layer:
    persons: _Count
    ties: _Count


@dataclass
class _Arrests:
    arrests: _Count
    persons: _Count
    first_date: StrictStr | None
    last_date: StrictStr | None
    violent_arrests: dict[str, _Count]

    def __post_init__(self) -> None:
        if "violent" not in self.violent_arrests:
            raise ValueError("violent arrests are missing")


@dataclass
class _Network:
    persons: _Count
    ties: _Count
    components: _Count


@dataclass
class _Exact:
    method: Literal["exact"] | None


@dataclass
class _Approximate:
    method: Literal["approx"]
    epsilon: _Share
    delta: _Share
    certified_error: _Share


@dataclass
class _Path:
    betweenness: _Exact | _Approximate


@dataclass
class _Results:
    persons: _Count
    positives: _Count
    base_rate: _Share | None
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
    mean_probability: _Share
    observed: _Share


@dataclass
class _Importance:
    feature: StrictStr
    mean_absolute_contribution: Annotated[StrictFloat, Field(ge=0)]
    loss_share: StrictFloat


@dataclass
class _Test:
    window: StrictStr
    positives: _Count
    persons: _Count


@dataclass
class _Model:
    horizon_days: _Count
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
    persons: _Count
    positives: _Count
    tp: _Count | None
    fp: _Count | None
    fn: _Count | None
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
class _Evaluation:
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
    rows: _Count
    positives: _Count
    label_complete: bool


@dataclass
class _Panel:
    unit: StrictStr
    horizon_days: _Count
    snapshots: Annotated[list[_Snapshot], Field(min_length=1)]
    verified: list[dict[str, Any]] | None


@dataclass
class _PlaceWindow:
    as_of: StrictStr
    until: StrictStr
    places: _Count
    violent_arrests: _Count
    label_complete: bool
    trained_on: StrictStr | None


@dataclass
class _PlaceResult:
    model: StrictStr
    share: StrictFloat
    windows: _Count
    hits: StrictFloat
    all_hits: _Count
    hits_elsewhere: _Count
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
class _Places:
    unit: StrictStr
    resolution: StrictInt | None
    arrests_without_place: _Count
    windows: Annotated[list[_PlaceWindow], Field(min_length=1)]
    results: list[_PlaceResult]


@dataclass
class _Execution:
    seconds: Annotated[StrictFloat, Field(ge=0)]


@dataclass
class _LinkFile:
    name: StrictStr
    sha256: StrictStr | None


@dataclass
class _Links:
    files: list[_LinkFile]


@dataclass
class _Manifest:
    input: _Inputs
    arrests: _Arrests
    warnings: list[StrictStr]
    execution: _Execution
    outputs: dict[str, dict[str, Any]]
    links: _Links | None = Field(default=None, kw_only=True)  # between ids, where tables of these were given


@dataclass(kw_only=True)
class _Features(_Manifest):
    network: _Network
    path: _Path | None
    layers: dict[str, _Layer] = Field(default_factory=dict)


@dataclass
class _Late:
    force: StrictStr | None
    days: _Count
    arrests: _Count
    expected: _Count


@dataclass
class _Completeness:
    last_date: StrictStr
    days_beyond: StrictInt
    late: list[_Late]


@dataclass
class _Run(_Features):
    model: _Model
    completeness: _Completeness | None = None  # which the first versions did not look at
    side: Side = OFFENDER  # which runs of that side do not write


@dataclass
class _Experiment(_Manifest):
    evaluation: _Evaluation


@dataclass
class _PanelManifest(_Manifest):
    panel: _Panel


@dataclass
class _PlacesManifest(_Manifest):
    places: _Places


@dataclass
class _AuditedRun:
    folder: StrictStr
    run_json_sha256: StrictStr
    test_window: StrictStr
    horizon_days: _Count
    side: Side = OFFENDER


@dataclass
class _Audit:
    run: _AuditedRun
    by: Annotated[list[StrictStr], Field(min_length=1)]
    groups: dict[str, _Count]
    attributes: dict[str, Any]
    persons: _Count
    positives: _Count | None
    threshold: StrictFloat
    rules: list[StrictStr]
    min_persons: _Count
    rows: _Count
    rows_with_suppression: _Count
    public_rules: list[StrictStr] | None = None  # not in those of the first versions


@dataclass
class _AuditManifest:
    audit: _Audit
    warnings: list[StrictStr]
    execution: _Execution
    outputs: dict[str, dict[str, Any]]


@dataclass
class _FlagsManifest:
    flags: FlagsSection
    warnings: list[StrictStr]
    execution: _Execution
    outputs: dict[str, dict[str, Any]]


#: By what a manifest says that its run was.
_MANIFESTS: dict[Any, TypeAdapter[Any]] = {
    "features": TypeAdapter(_Features),
    "run": TypeAdapter(_Run),
    "evaluate known": TypeAdapter(_Experiment),
    "evaluate emerging": TypeAdapter(_Experiment),
    "audit": TypeAdapter(_AuditManifest),
    "flags": TypeAdapter(_FlagsManifest),
    "panel": TypeAdapter(_PanelManifest),
    "places": TypeAdapter(_PlacesManifest),
}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the complete run in a folder.

    Raises
    ------
    InputError
        If there is none, or it is not what a run writes.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = values_in(read_regular(path, MOST_JSON_BYTES))
        kind = manifest.get("gpunet") if isinstance(manifest, dict) else None
        require(isinstance(kind, str) and kind in _MANIFESTS, "it does not say of which command it is")
        valid(_MANIFESTS[kind], manifest, "its values")
    except FileNotFoundError:
        raise InputError(f"{folder}: there is no run to go on with") from None
    except (OSError, Damaged) as error:
        why = str(error) if isinstance(error, Damaged) else in_words(error)
        raise InputError(
            f"{path} is damaged ({why}): give the run's command anew with --out {folder}, which replaces what is "
            "there, or with another folder"
        ) from error
    return manifest
