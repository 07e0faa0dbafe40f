"""What a hostile use is: a case with one or more steps, each a command or a call in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.hostile.base import Base

#: What a step may end with where the input or the options are odd: done, or the user's to mend.
USER = frozenset({0, 2})
REFUSED = frozenset({2})
DONE = frozenset({0})

#: And where the system refuses something.
SYSTEM = frozenset({0, 1, 2})

MIB = 1 << 20


@dataclass(frozen=True)
class Step:
    """One command, or one call of the Python API, and the circumstances in which it runs.

    Attributes
    ----------
    argv
        Arguments of the command ``gpunet``.
    call
        What is called in place of the command; it may return a sentence that says what is wrong with the result.
    codes
        The exit codes that are right. Of a call 0 is a result and 2 an error of the package's own.
    owns
        What it may write, replace or remove, beside what follows its options ``--out``, ``--resume`` and
        ``--write-config``.
    signal
        A signal and the seconds after which it is sent.
    meanwhile
        Called once, after so many seconds.
    file_size
        Bytes that a file can have, as on a full disk.
    memory
        MiB of address space beyond those of the idle process.
    resident
        MiB of memory that it may have in use at most.
    stdout
        ``"file"``, ``"closed"``, ``"full"`` (a disk), ``"broken"`` (a pipe that nobody reads).
    encoding
        Of standard output and error.
    nobody
        Whether it runs without the rights of root, if these are there.
    cwd
        Where; the case's folder.
    stdin
        What standard input has.
    fresh
        Variables of the environment of a Python that is started anew, which takes seconds; None: it is only forked.
    secret
        Text of a cell, which no message may repeat.
    """

    argv: tuple[object, ...] = ()
    call: Callable[[], str | None] | None = None
    codes: frozenset[int] = USER
    owns: tuple[Path, ...] = ()
    signal: tuple[int, float] | None = None
    meanwhile: tuple[Callable[[], object], float] | None = None
    file_size: int = 1 << 30
    memory: int = 4096
    resident: int = 1024
    stdout: str = "file"
    encoding: str = "utf-8"
    nobody: bool = False
    cwd: Path | None = None
    stdin: bytes = b""
    fresh: Mapping[str, str] | None = None
    secret: str = ""


@dataclass(frozen=True)
class End:
    """How a step ended: its exit code (negative: the signal), what it said, and what was wrong with it."""

    code: int
    out: str
    error: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A case's own folder, its random numbers, and what all cases share."""

    root: Path
    rng: random.Random
    base: Base
    guarded: list[Path] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """Where its results go."""
        return self.root / "out"

    def write(self, name: str, data: bytes | str) -> Path:
        """A file of its own."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def victim(self) -> Path:
        """A folder with somebody else's files, which nobody may touch wherever it is."""
        folder = self.root / "victim"
        self.write("victim/mine.txt", "somebody's only copy")
        self.write("victim/deep/features.parquet", "not yours")
        self.guard(folder)
        return folder

    def guard(self, path: Path) -> Path:
        """Say that a path is somebody else's, even within what a step owns."""
        self.guarded.append(path)
        return path


class Wrong(Exception):  # noqa: N818 - it says what a result is
    """What a case found wrong itself, such as results that differ."""


Play = Callable[[Place], Generator[Step, End, None]]


@dataclass(frozen=True)
class Case:
    """A hostile use by name, ``group/what``."""

    name: str
    play: Play

    @property
    def group(self) -> str:
        """The part of the name before the slash."""
        return self.name.split("/", 1)[0]


def single(name: str, make: Callable[[Place], Step]) -> Case:
    """A case of one step."""

    def play(place: Place) -> Generator[Step, End, None]:
        yield make(place)

    return Case(name, play)


def command(*argv: object, **circumstances: Any) -> Step:
    """A step that is a command, on one thread where it computes."""
    threads = ("--threads", 1) if argv[0] in ("features", "run", "panel", "score") and "--threads" not in argv else ()
    return Step(argv=(*argv, *threads), **circumstances)


def numbered(name: str, count: int, make: Callable[[Place], Step]) -> Iterator[Case]:
    """Cases that differ by their random numbers alone."""
    for k in range(count):
        yield single(f"{name}-{k}", make)
