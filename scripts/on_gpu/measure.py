"""One measurement, in a process of its own: ``python -m scripts.on_gpu.measure NAME --now FILE --work FOLDER``.

All that has been found so far is in the file, whenever the process ends.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.on_gpu import engine, peers
from scripts.on_gpu.results import write_json
from scripts.on_gpu.steps import Place

__all__ = ["MEASUREMENTS", "main"]

# The model of a rehearsal.
_SHORT = {"max_rounds": 10, "folds": 3, "horizon_days": 365}

#: Each is given what to call with all that it has found so far, and where it works.
MEASUREMENTS: dict[str, Callable[[peers.Leave, Place], None]] = {
    "device": lambda leave, place: engine.device(leave, 0.001 if place.rehearsal else 4.0),
    "compile": lambda leave, place: engine.compile_kernels(leave),
    "features": lambda leave, place: engine.features(leave, place.work, place.persons("100k")),
    "run": lambda leave, place: engine.run(leave, place.work, place.persons("1m"), _SHORT if place.rehearsal else None),
    "xgboost": lambda leave, place: engine.xgboost(leave, place.persons("100k"), _SHORT if place.rehearsal else None),
    "ladder": lambda leave, place: peers.ladder(leave, (3, 40) if place.rehearsal else peers.RUNGS),
    "louvain": lambda leave, place: peers.louvain(leave, place.persons("100k"), 2 if place.rehearsal else 10),
    "one-or-all": lambda leave, place: peers.one_or_all(leave, place.persons("100k")),
}


def main(arguments: list[str] | None = None) -> None:
    """Take the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=MEASUREMENTS)
    parser.add_argument("--now", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rehearsal", action="store_true")
    asked = parser.parse_args(arguments)
    MEASUREMENTS[asked.name](partial(write_json, asked.now), Place(asked.work, asked.now, asked.rehearsal))


if __name__ == "__main__":
    main()
