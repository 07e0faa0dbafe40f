"""Playing one case: its folder, its steps, and the faults found."""

from __future__ import annotations

import os
import random
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from scripts.hostile.base import Base
from scripts.hostile.case import Case, End, Place, Step, Wrong
from scripts.hostile.judge import faults
from scripts.hostile.process import run_step
from scripts.hostile.snapshot import changes, half_written, look

_OUTPUTS = ("--out", "--resume", "--write-config")


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    name: str
    codes: tuple[int, ...]
    faults: tuple[str, ...]
    said: str
    folder: Path | None = None


def play(case: Case, base: Base, folder: Path, seed: int, keep: bool) -> Outcome:
    """Play a case in a folder of its own, which is removed unless it is to be kept."""
    root = folder / case.name.replace("/", "-")
    shutil.rmtree(root, ignore_errors=True)
    place = Place(root / "here", random.Random(f"{seed} {case.name}"), base)
    place.root.mkdir(parents=True)
    os.chmod(root, 0o777)  # noqa: PTH101
    os.chmod(place.root, 0o777)  # noqa: PTH101
    place.guard(place.write("bystander/notes.txt", "leave me alone").parent)
    (place.root / "bystander" / "link").symlink_to("notes.txt")
    ends: list[End] = []
    wrong: list[str] = []
    steps = case.play(place)
    try:
        step = next(steps)
        while True:
            ends.append(_end(step, place, root, len(ends)))
            step = steps.send(ends[-1])
    except StopIteration:
        pass
    except Wrong as error:
        wrong.append(str(error))
    except Exception as error:
        wrong.append(f"the case itself fails: {type(error).__name__}: {error}")
    found = (*(fault for end in ends for fault in end.faults), *wrong)
    if not keep:
        _remove(root)
    return Outcome(
        case.name,
        tuple(end.code for end in ends),
        tuple(fault.replace(str(folder), "") for fault in found),
        ends[-1].error[-700:] if ends else "",
        root if keep else None,
    )


def _end(step: Step, place: Place, root: Path, number: int) -> End:
    written = list(_outputs(step, place))
    before, shared = look(place.root), look(place.base.root, contents=False)
    out, error = root / f"{number}.out", root / f"{number}.err"
    code, peak, ended_by = run_step(step, place, out, error)
    after = look(place.root)
    said = [_text(out), _text(error)]
    found = list(faults(step, code, peak, ended_by, *said))
    found += changes(before, after, [*step.owns, *written], place.guarded)
    if shared != look(place.base.root, contents=False):
        found.append("changed: what all cases share")
    found += [fault for path in written for fault in half_written(before, after, path, code)]
    return End(code, said[0], said[1], tuple(dict.fromkeys(found)))


def _outputs(step: Step, place: Place) -> Iterator[Path]:
    """What a command was told to write, and the temporary name beside it."""
    given = list(map(str, step.argv))
    for option, value in pairwise(given):
        if option in _OUTPUTS and value and "\0" not in value:
            yield Path(os.path.normpath((step.cwd or place.root) / value))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(1 << 20).decode(errors="backslashreplace")
    except OSError:
        return ""


def _remove(root: Path) -> None:
    """Remove a case's folder, in which anything may be."""
    for folder, _, _ in os.walk(os.fsencode(root)):
        if not stat.S_ISLNK(os.lstat(folder).st_mode):
            os.chmod(folder, 0o700)  # noqa: PTH101
    shutil.rmtree(os.fsencode(root), ignore_errors=True)
