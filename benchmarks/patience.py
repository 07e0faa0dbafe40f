"""Which systems are not tried on a network, because smaller ones have shown that it would be in vain."""

from __future__ import annotations

import math

from benchmarks.networks import Case
from benchmarks.process import Outcome
from benchmarks.systems import PEERS

__all__ = ["FAR", "Patience"]

#: A peer is not tried if it would take this many times the limit. Growth seen on small networks is no more exact.
FAR = 5.0


class Patience:
    """What smaller networks have shown of each system and measure."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._too_slow: dict[tuple[str, str], str] = {}
        self._times: dict[tuple[str, str], list[tuple[int, float]]] = {}

    def learn(self, system: str, measure: str, case: Case, outcome: Outcome) -> None:
        """Take note of what became of a system on a network."""
        if outcome.status == "over limit":
            self._too_slow[system, measure] = case.name
        if outcome.runs:
            fastest = min(run["seconds"] for run in outcome.runs)
            self._times.setdefault((system, measure), []).append((case.persons, fastest))

    def refusal(self, system: str, measure: str, case: Case) -> str | None:
        """Why a system is not tried on a network, None if it is. Ours is, unless it was over the limit before."""
        if (system, measure) in self._too_slow:
            return f"not tried: over the limit on {self._too_slow[system, measure]}"
        times = self._times.get((system, measure), [])
        if system in PEERS and _at(times, case.persons) > FAR * self._limit:
            return f"not tried: its growth on smaller networks leads to more than {FAR:g} times the limit"
        return None


def _at(times: list[tuple[int, float]], persons: int) -> float:
    """Seconds on a network of that size, by the power law through the two largest before; 0 where there is none."""
    if len(times) < 2:
        return 0.0
    (n1, t1), (n2, t2) = sorted(times)[-2:]
    if n1 == n2 or min(n1, t1, t2) <= 0:
        return 0.0
    growth = math.log(t2 / t1) / math.log(n2 / n1)
    return t2 * math.pow(persons / n2, growth)
