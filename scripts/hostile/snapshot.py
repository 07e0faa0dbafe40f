"""Folders as they were: what a command changed that was not its own, and what it left half-written."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

#: Of a path: kind and rights, inode, size, time of change, and a link's target or the hash of the bytes.
Look = tuple[int, int, int, int, str]

_RESULTS = ("features.parquet", "features.json", "ties.parquet", "scores.parquet", "model.ubj", "top.csv")


def look(root: Path, contents: bool = True) -> dict[Path, Look]:
    """Everything below a folder, itself included; links are not followed, and nothing but files is opened."""
    found = {}
    for path in (root, *_below(root)):
        about = path.lstat()
        told = ""
        if stat.S_ISLNK(about.st_mode):
            told = str(path.readlink())
        elif stat.S_ISREG(about.st_mode) and contents and about.st_size < 1 << 26:
            told = hashlib.sha256(path.read_bytes()).hexdigest()
        size = 0 if stat.S_ISDIR(about.st_mode) else about.st_size
        found[path] = (about.st_mode, about.st_ino, size, about.st_mtime_ns, told)
    return found


def _below(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path))


def changes(
    before: dict[Path, Look], after: dict[Path, Look], owned: Iterable[Path], guarded: Iterable[Path]
) -> Iterator[str]:
    """What is otherwise and was not the command's to change, in words."""
    mine, others = list(owned), list(guarded)

    def foreign(path: Path) -> bool:
        inside = any(path.is_relative_to(own) for own in mine)
        return not inside or any(path.is_relative_to(other) for other in others)

    for path, was in before.items():
        now = after.get(path)
        if not foreign(path) or now == was:
            continue
        holds_own = stat.S_ISDIR(was[0]) and any(own.is_relative_to(path) for own in mine)
        if now is None:
            yield f"removed: {path.name}"
        elif not holds_own or now[:2] != was[:2]:
            which = ("rights or kind", "inode", "size", "time of change", "contents")
            yield f"changed: {path.name} ({', '.join(w for w, a, b in zip(which, was, now, strict=True) if a != b)})"
    for path in after.keys() - before.keys():
        if foreign(path) and not any(own.is_relative_to(path) for own in mine):
            yield f"left behind: {path.name}"


def half_written(before: dict[Path, Look], after: dict[Path, Look], out: Path, code: int) -> Iterator[str]:
    """What of an output is not whole. A process that was killed (a negative code) may leave temporary files."""
    changed = {path for path, now in after.items() if before.get(path) != now and path.is_relative_to(out)}
    files = {path for path in changed if stat.S_ISREG(after[path][0])}
    hidden = {path for path in files if ".partial" in path.parent.parts}
    for path in sorted(files - hidden):
        if path.name.endswith(".partial") and code >= 0:
            yield f"temporary file left: {path.name}"
        elif path.suffix == ".parquet":
            yield from _parquet(path)
        if code and path.name in _RESULTS and out in after and path != out and (out / "run.json") not in after:
            yield f"result without run.json: {path.name}"
    if code >= 0:
        yield from (f"lock left: {path.name}" for path in hidden if path.name.startswith("lock"))
        yield from (f"temporary file left: {path.name}" for path in hidden if path.name.endswith(".partial"))
    if code == 0 and out / "run.json" in files:
        yield from _run(out)


def _parquet(path: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:  # PyArrow takes no names that are not UTF-8
            pq.read_table(file, use_threads=False)
    except Exception as error:  # whatever it is, nobody can read the file
        yield f"half-written: {path.name}: {str(error).splitlines()[0][:100]}"


def _run(out: Path) -> Iterator[str]:
    try:
        outputs = json.loads((out / "run.json").read_bytes())["outputs"]
    except (ValueError, KeyError) as error:
        yield f"half-written: run.json: {error}"
        return
    for name, told in outputs.items():
        data = (out / name).read_bytes() if (out / name).is_file() else b""
        if hashlib.sha256(data).hexdigest() != told["sha256"]:
            yield f"half-written: {name} is not what run.json says"
