"""The manifest of a complete run, read back for its summary: what that says of the run has a schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr, TypeAdapter
from pydantic.dataclasses import dataclass

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular, refuse_files
from gpunet.base.stored_numbers import Count, Share
from gpunet.config.sides import OFFENDER, Side
from gpunet.runs.flags_section import FlagsSection
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES
from gpunet.runs.read_back import Damaged, require, valid, values_in
from gpunet.runs.result_sections import AuditSection, EvaluationSection, ModelSection, PanelSection, PlacesSection

__all__ = ["read_manifest", "require_complete"]


@dataclass
class _Rows:
    read: Count
    accepted: Count
    rejected: Count
    duplicate: Count


@dataclass
class _Input:
    rows: _Rows
    files: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    rejected_by_reason: dict[str, Count]
    null_words: dict[str, dict[str, Count]] = Field(default_factory=dict)  # not in those of the first versions
    notes: list[StrictStr] = Field(default_factory=list)


@dataclass
class _Inputs(_Input):
    ties: _Input | None = None
    victims: _Input | None = None


@dataclass
class _Layer:
    persons: Count
    ties: Count


@dataclass
class _Arrests:
    arrests: Count
    persons: Count
    first_date: StrictStr | None
    last_date: StrictStr | None
    violent_arrests: dict[str, Count]

    def __post_init__(self) -> None:
        if "violent" not in self.violent_arrests:
            raise ValueError("violent arrests are missing")


@dataclass
class _Network:
    persons: Count
    ties: Count
    components: Count


@dataclass
class _Exact:
    method: Literal["exact"] | None


@dataclass
class _Approximate:
    method: Literal["approx"]
    epsilon: Share
    delta: Share
    certified_error: Share


@dataclass
class _Path:
    betweenness: _Exact | _Approximate


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
    days: Count
    arrests: Count
    expected: Count


@dataclass
class _Completeness:
    last_date: StrictStr
    days_beyond: StrictInt
    late: list[_Late]


@dataclass
class _Run(_Features):
    model: ModelSection
    completeness: _Completeness | None = None  # which the first versions did not look at
    side: Side = OFFENDER  # which runs of that side do not write


@dataclass
class _Experiment(_Manifest):
    evaluation: EvaluationSection


@dataclass
class _PanelManifest(_Manifest):
    panel: PanelSection


@dataclass
class _PlacesManifest(_Manifest):
    places: PlacesSection


@dataclass
class _AuditManifest:
    audit: AuditSection
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


def require_complete(folder: Path) -> None:
    """InputError unless a folder is that of a complete run."""
    refuse_files(folder)
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is not the folder of a complete run: it has no {MANIFEST}")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the complete run in a folder.

    Raises
    ------
    InputError
        If there is none, or it is not what a run writes.
    """
    require_complete(folder)
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = values_in(read_regular(path, MOST_JSON_BYTES))
        kind = manifest.get("gpunet") if isinstance(manifest, dict) else None
        require(isinstance(kind, str) and kind in _MANIFESTS, "it does not say of which command it is")
        valid(_MANIFESTS[kind], manifest, "its values")
    except (OSError, Damaged) as error:
        why = str(error) if isinstance(error, Damaged) else in_words(error)
        raise InputError(
            f"{path} is damaged ({why}): give the run's command anew with --out {folder}, which replaces what is "
            "there, or with another folder"
        ) from error
    return manifest
