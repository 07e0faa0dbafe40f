"""Signals at random moments: a run goes on, and ends with the bytes of one that nobody disturbed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator

from scripts.hostile.base import results
from scripts.hostile.case import DONE, SYSTEM, Case, End, Place, Step, Wrong, command
from scripts.hostile.groups.writers import WRITERS, writer

_RUNS = ("features", "run", "panel")

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")


def cases() -> Iterator[Case]:
    for name in _SIGNALS:
        for k in range(6):
            for verb in _RUNS:
                yield Case(f"signals/{verb}-{name}-{k}", _gone_on(verb, name))
        for k in range(2):
            for verb in sorted(WRITERS.keys() - set(_RUNS)):
                yield Case(f"signals/{verb}-{name}-{k}", _written(verb, name))


def _gone_on(verb: str, name: str) -> Callable[[Place], Generator[Step, End, None]]:
    """Signals until the run is done, by --resume or the same command, with every checkpoint there can be."""

    def play(place: Place) -> Generator[Step, End, None]:
        number = getattr(signal, name)
        for _ in range(3):
            again = (place.out / ".partial" / "checkpoints" / "request.json").exists() and place.rng.random() < 0.5
            argv = (verb, "--resume", place.out) if again else WRITERS[verb](place, place.out)
            moment = (number, place.rng.uniform(0.05, 1.5))
            yield command(*argv, "--checkpoint-seconds", 0, signal=moment, codes=SYSTEM)
        yield writer(verb, place, place.out, codes=DONE)
        found, expected = results(place.out), place.base.results(verb)
        if found != expected:
            differ = sorted(path for path in found.keys() | expected if found.get(path) != expected.get(path))
            raise Wrong(f"other results than those of an undisturbed run: {', '.join(differ)[:200]}")

    return play


def _written(verb: str, name: str) -> Callable[[Place], Generator[Step, End, None]]:
    """Commands that do not go on leave nothing half-written, and can be given again."""

    def play(place: Place) -> Generator[Step, End, None]:
        moment = (getattr(signal, name), place.rng.uniform(0.02, 0.6))
        yield writer(verb, place, place.root / "first", signal=moment, codes=SYSTEM)
        yield writer(verb, place, place.root / "second", codes=DONE)

    return play
