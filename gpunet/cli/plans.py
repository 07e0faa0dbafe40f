"""What the stages of a run are, and how much of its time each takes: roughly, for the estimate of what is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gpunet.config.evaluate_config import PROTOCOLS

if TYPE_CHECKING:
    from gpunet.config.config import Config

__all__ = ["PLANS", "REPORT", "plan_of"]

# Shares of a run of 100,000 persons on two processors. Of smaller tables the model takes more, of larger ones
# betweenness: the estimate goes by what the stages before have taken.
_FEATURES = {
    "network": 1.0,
    "partition": 1.0,
    "neighbourhood": 0.5,
    "community": 0.5,
    "path": 0.5,
    "betweenness": 5.0,
    "closeness": 1.0,
    "geographic": 0.2,
    "temporal": 0.5,
    "history": 0.2,
    "tables": 0.5,
}

# How much of the last day's features those of the earlier days cost: there are fewer arrests.
_DAYS = {"T": 1.0, "T-2H": 0.3, "T-H": 0.6}

#: The stage in which a report is made.
REPORT = "report"

_READING = {"reading": 4.0}

# With tables of ties or victims.
_BESIDE = {"ties": "reading ties", "victims": "reading victims"}
_LAYERS = {"layers": 0.5, "betweenness (any layer)": 6.0, "closeness (any layer)": 1.5}
_WRITING = {"write features": 1.0, "statistics": 0.5}

_MODEL = {
    "cross-fit (past)": 15.0,
    "train on all (past)": 2.0,
    "train on all (past and test)": 4.0,
    "score": 3.0,
    "write scores": 0.3,
}


def _known(protocols: Iterable[str], *, layers: bool = False) -> dict[str, float]:
    """The stages of the experiment ``known`` under these protocols, with what leaves out `layers` if there are any."""
    parts = {"features": 5.0, "classifiers": 100.0, **({"layers": 20.0} if layers else {})}
    return {
        **_READING,
        **{
            f"{protocol}: {part}": cost
            for protocol in protocols
            for part, cost in ({**parts, "features": 1.0} if protocol == "paper" else parts).items()
        },
        "statistics": 20.0,
        "write results": 1.0,
    }


#: By the name of the command: every stage that it can have in order, with its share.
PLANS: dict[str, dict[str, float]] = {
    "features": {**_READING, **_FEATURES, **_WRITING},
    "run": {
        **_READING,
        "as of": 0.1,
        **{
            f"features as of {day}: {part}": cost * weight
            for day, cost in _DAYS.items()
            for part, weight in _FEATURES.items()
        },
        **_WRITING,
        **_MODEL,
    },
    "evaluate known": _known(PROTOCOLS),
    "evaluate emerging": {**_READING, "months": 50.0, "statistics": 20.0, "write results": 1.0},
    "audit": {"read": 1.0, "groups": 8.0, "proxies": 12.0, "write tables": 0.1},
    "flags": {**_READING, "flags": 3.0, "worth": 20.0, "write tables": 0.1},
    "panel": {**_READING, "snapshots": 40.0, "write panel": 2.0, "verify": 4.0},
    "places": {**_READING, "snapshots": 25.0, "forecasts": 15.0, "write places": 2.0},
}


def plan_of(command: str, config: Config, *, report: bool = False, of: str | None = None) -> dict[str, float]:
    """The stages that a command has with this configuration, in order, with their shares.

    An update has those `of` the command that it repeats, and one that tells what moved.

    >>> from gpunet.config.config import load_config
    >>> list(plan_of("panel", load_config({"panel": {"verify": 0}})))
    ['reading', 'snapshots', 'write panel']
    """
    last = {REPORT: 2.0} if report else {}
    if command == "update":
        return {**PLANS[of or "features"], "changes": 0.3, **last}
    if command == "evaluate known":
        return _with_beside(_known(config.evaluate.protocols, layers=bool(config.layers.kinds)), config) | last
    left_out = set() if config.panel.verify else {"verify"}
    stages = {stage: share for stage, share in PLANS[command].items() if stage not in left_out}
    if config.input.person_links and command in ("features", "run"):
        stages = _with_links(stages)
    return _with_beside(stages, config) | last


def _with_links(stages: dict[str, float]) -> dict[str, float]:
    """The stages with those that undecided links bring: the tables and features of the last day again."""
    more = {"read with uncertain links": 1.0, "features with uncertain links": sum(_FEATURES.values())}
    found: dict[str, float] = {}
    for stage, share in stages.items():
        found[stage] = share
        if stage == "statistics":
            found |= {**more, "link effects": 0.1}
    return found


def _with_beside(stages: dict[str, float], config: Config) -> dict[str, float]:
    """The stages with those that tables of ties and victims bring: they are read, and features are of layers too."""
    found: dict[str, float] = {}
    for stage, share in stages.items():
        found[stage] = share
        if stage == "reading":
            found |= {name: 1.0 for key, name in _BESIDE.items() if getattr(config.input, key)}
        day, _, part = stage.rpartition(": ")
        if part == "history" and config.layers:
            before, weight = f"{day}: " if day else "", share / _FEATURES["history"]
            found |= {f"{before}{name}": cost * weight for name, cost in _LAYERS.items()}
    return found
