"""How path features were computed, and what was expected of the work: what goes into manifest and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpunet.search.estimate import PathEstimate

__all__ = ["PathReport", "SetReport"]


#: Exact sums in float64, but by atomic additions: last bits vary between two runs.
_BY_CUGRAPH = {"method": "exact", "library": "cugraph", "repeatable": False}


@dataclass(frozen=True)
class SetReport:
    """Approximate betweenness of one set.

    Attributes
    ----------
    samples, checks
        Sources drawn, and how often the bound was looked at. Both are 0 if it was clear that exact work is cheaper.
    certified_error
        With probability 1 - delta (for all sets together) no normalised value is further off; 0 if computed exactly.
    """

    samples: int
    checks: int
    certified_error: float

    @property
    def method(self) -> str:
        """``"approx"``, or ``"exact"`` if exact work was cheaper after all."""
        return "approx" if self.certified_error > 0 else "exact"


@dataclass(frozen=True)
class PathReport:
    """How betweenness was computed, and the estimate that came before it.

    Attributes
    ----------
    asked
        ``"exact"``, ``"approx"`` or ``"auto"``.
    chosen
        ``"exact"`` or ``"approx"``, what `asked` came to; None if betweenness was not computed.
    epsilon, delta, seed
        Of approximation.
    sets
        ``{set: its report}``, empty if exactness was chosen.
    estimate
        Work, seconds and memory.
    by_cugraph
        Whether cuGraph computed ``betweenness__all``; its last bits vary between two runs.
    """

    asked: str
    chosen: str | None
    epsilon: float
    delta: float
    seed: int
    sets: Mapping[str, SetReport]
    estimate: PathEstimate
    by_cugraph: bool = False

    @property
    def method(self) -> str | None:
        """``"approx"`` if any set was approximated; ``"exact"``; None if betweenness was not computed."""
        if self.chosen is None:
            return None
        return "approx" if any(report.method == "approx" for report in self.sets.values()) else "exact"

    @property
    def certified_error(self) -> float:
        """The largest of any set."""
        return max((report.certified_error for report in self.sets.values()), default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in ``run.json``."""
        found: dict[str, Any] = {"asked": self.asked, "method": self.method}
        if self.by_cugraph:
            found["whole_network"] = _BY_CUGRAPH
        if self.chosen == "approx":
            found |= {"epsilon": self.epsilon, "delta": self.delta, "seed": self.seed}
            found["certified_error"] = self.certified_error
            found["sets"] = {
                name: {"method": r.method, "draws": r.samples, "checks": r.checks, "certified_error": r.certified_error}
                for name, r in self.sets.items()
            }
        return {"betweenness": found, "estimate": self.estimate.as_dict()}

    def metadata(self) -> dict[str, Any]:
        """What a feature file says of its betweenness columns."""
        if self.method != "approx":
            return {"method": self.method}
        return {
            "method": "approx", "epsilon": self.epsilon, "delta": self.delta, "certified_error": self.certified_error,
        }  # fmt: skip

    def of_columns(self) -> dict[str, dict[str, Any]]:
        """``{column: how it was computed}`` for the columns that are not exact, or not by our own kernels."""
        found = {
            f"betweenness__{name}": {**self.metadata(), "certified_error": report.certified_error}
            for name, report in self.sets.items()
            if report.method == "approx"
        }
        return {**found, "betweenness__all": _BY_CUGRAPH} if self.by_cugraph else found
