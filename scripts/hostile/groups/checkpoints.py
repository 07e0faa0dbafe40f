"""What an unfinished run left and a finished one has, damaged or altered, when a run goes on or is looked at."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scripts.hostile.base import results
from scripts.hostile.case import Case, End, Place, Step, Wrong, command
from scripts.hostile.damage import DAMAGES, altered

_UNFINISHED = ("features", "run")
_KEPT = {
    "features": ("arrests.checkpoint", "features-betweenness.checkpoint", "request.json", "inputs.json"),
    "run": (
        "arrests.checkpoint",
        "features-T.checkpoint",
        "features-T-2H.checkpoint",
        "features-T-H.checkpoint",
        "model-past.checkpoint",
        "request.json",
        "inputs.json",
    ),
}
_TABLES = ("features.parquet", "ties.parquet", "scores.parquet", "groups.parquet", "offences.parquet")

Alter = Callable[[Path, random.Random], object]


def cases() -> Iterator[Case]:
    for name in _UNFINISHED:
        for kept in _KEPT[name]:
            for how in DAMAGES:
                yield Case(f"checkpoints/{name}-{kept}-{how}", _resumed(name, kept, _bytes(how)))
            if kept.endswith(".json"):
                for k in range(15):
                    yield Case(f"checkpoints/{name}-{kept}-altered-{k}", _resumed(name, kept, _json))
            else:
                for k in range(5):
                    yield Case(f"checkpoints/{name}-{kept}-values-{k}", _resumed(name, kept, _values, same=False))
                for how, change in _STRUCTURE.items():
                    yield Case(f"checkpoints/{name}-{kept}-{how}", _resumed(name, kept, _structure(change)))
            for kind, put in _KINDS.items():
                yield Case(f"checkpoints/{name}-{kept}-is-{kind}", _resumed(name, kept, put))
        for lock in ("lock", "lock.holder"):
            for kind, put in _KINDS.items():
                yield Case(f"checkpoints/{name}-{lock}-is-{kind}", _resumed(name, f"../{lock}", put))
    for at in (-1, 2, 10**6, -(2**63), 2**63, 0.5, "1", None, True):
        yield Case(f"checkpoints/next-is-{at}", _resumed("features", _KEPT["features"][1], _next(at)))
    yield Case("checkpoints/foreign-file", _resumed("run", "mine.txt", _foreign))
    yield Case("checkpoints/foreign-checkpoint", _resumed("run", "mine.checkpoint", _foreign, same=False))
    for k in range(40):
        yield Case(f"checkpoints/run.json-altered-{k}", _finished("run.json", _json))
    for name in ("run.json", *_TABLES):
        for how in DAMAGES:
            yield Case(f"checkpoints/finished-{name}-{how}", _finished(name, _bytes(how)))


def _resumed(name: str, kept: str, alter: Alter, same: bool = True) -> Callable[[Place], Generator[Step, End, None]]:
    """An unfinished run, altered and gone on with: it ends with the same results, or is refused."""

    def play(place: Place) -> Generator[Step, End, None]:
        place.victim()
        shutil.copytree(place.base.root / "unfinished" / name, place.out)
        alter(place.out / ".partial" / "checkpoints" / kept, place.rng)
        if alter is _foreign:
            place.guard(place.out / ".partial" / "checkpoints" / kept)
        end = yield command(name, "--resume", place.out)
        if end.code == 0 and same:
            found = {path: data for path, data in results(place.out).items() if not path.startswith(".partial")}
            expected = place.base.results(name)
            if found != expected:
                differ = sorted(path for path in found.keys() | expected if found.get(path) != expected.get(path))
                raise Wrong(f"goes on to other results: {', '.join(differ)[:100]}")

    return play


def _finished(name: str, alter: Alter) -> Callable[[Place], Generator[Step, End, None]]:
    """A finished run, altered: shown, said to go on, scored, replaced."""

    def play(place: Place) -> Generator[Step, End, None]:
        shutil.copytree(place.base.run, place.out)
        alter(place.out / name, place.rng)
        if name == "run.json":
            yield command("show", place.out)
            yield command("run", "--resume", place.out)
            yield command("features", place.base.table, "--out", place.out)
            return
        yield command("show", place.out, name)
        if name == "features.parquet":
            features, out = place.out / name, place.root / "scores.parquet"
            yield command("score", "--model", place.base.model(), "--features", features, "--out", out)

    return play


def _bytes(how: str) -> Alter:
    return lambda path, rng: path.write_bytes(DAMAGES[how](path.read_bytes(), rng))


def _json(path: Path, rng: random.Random) -> None:
    changed = altered(json.loads(path.read_bytes()), rng)
    path.write_bytes(json.dumps(changed, indent=2).encode("utf-8", "surrogatepass"))


def _rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any]) -> None:
    """Another checkpoint of the same run and stage, with a hash that fits it: values, arrays and frames changed."""
    from gpunet.runs.checkpoint_file import Contents, read_contents, write_contents

    data = path.read_bytes()
    label = json.loads(data[int(data[-20:]) : -20])["label"]
    was = read_contents(path, label)
    values, arrays, frames = dict(was.values), dict(was.arrays), dict(was.frames)
    changed = change(values, arrays, frames)
    write_contents(path, Contents(values if changed is None else changed, arrays, frames), label)


def _values(path: Path, rng: random.Random) -> None:
    """Odd values in a checkpoint."""
    _rewritten(path, lambda values, arrays, frames: _without_infinities(altered(values, rng)))


def _without_infinities(value: Any) -> Any:
    return json.loads(
        json.dumps(value)
        .replace("NaN", "1e999")
        .replace("-Infinity", "-1")
        .replace("Infinity", "7e307")
        .replace("1e999", "-7")
    )


def _structure(change: Callable[[dict[str, Any], dict[str, Any], random.Random], None]) -> Alter:
    """Arrays and frames of another shape."""
    return lambda path, rng: _rewritten(path, lambda values, arrays, frames: change(arrays, frames, rng))


def _each(of_array: Callable[[Any], Any], of_frame: Callable[[Any], Any]) -> Callable[..., None]:
    """One change to any array or frame, drawn."""

    def change(arrays: dict[str, Any], frames: dict[str, Any], rng: random.Random) -> None:
        name = rng.choice(sorted([*arrays, *frames]))
        if name in arrays:
            arrays[name] = of_array(arrays[name])
        else:
            frames[name] = of_frame(frames[name])

    return change


def _drop_any(arrays: dict[str, Any], frames: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice(sorted([*arrays, *frames]))
    (arrays if name in arrays else frames).pop(name)


def _texts(frame: Any) -> Any:
    import pyarrow as pa

    return pa.table({name: ["x"] * len(frame) for name in frame.column_names})


_STRUCTURE: dict[str, Callable[..., None]] = {
    "part-gone": _drop_any,
    "shorter": _each(lambda a: a[:-1], lambda f: f.slice(1)),
    "empty": _each(lambda a: a[:0], lambda f: f.slice(0, 0)),
    "longer": _each(lambda a: np.concatenate([a, a[-1:]]), lambda f: _joined(f, f.slice(0, 1))),
    "flat": _each(lambda a: a[..., None], lambda f: f.select(f.column_names[:1])),
    "floats": _each(lambda a: a.astype(np.float16), _texts),
    "numbers-too-large": _each(lambda a: (a + np.array(1)).astype(a.dtype) * 0 + _most(a), lambda f: f.select([])),
    "not-numbers": _each(
        lambda a: np.full(a.shape, np.nan), lambda f: f.rename_columns([f"{c}x" for c in f.column_names])
    ),
}


def _joined(*frames: Any) -> Any:
    import pyarrow as pa

    return pa.concat_tables(frames)


def _most(array: Any) -> Any:
    if array.dtype.kind in "iu":
        return np.iinfo(array.dtype).max
    return np.array(np.inf if array.dtype.kind == "f" else 1, array.dtype)


def _next(at: Any) -> Alter:
    return lambda path, rng: _rewritten(path, lambda values, arrays, frames: {**values, "next": at})


def _foreign(path: Path, rng: random.Random) -> None:
    path.write_text("somebody's only copy")


def _gone(path: Path) -> None:
    if path.exists():
        path.unlink()


def _put(make: Callable[[Path], object]) -> Alter:
    def alter(path: Path, rng: random.Random) -> None:
        _gone(path)
        make(path)

    return alter


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("somebody's only copy")


_KINDS: dict[str, Alter] = {
    "fifo": _put(os.mkfifo),
    "folder": _put(_folder),
    "link-to-file": _put(lambda path: path.symlink_to("../../../victim/mine.txt")),
    "link-to-folder": _put(lambda path: path.symlink_to("../../../victim")),
    "link-gone": _put(lambda path: path.symlink_to("gone")),
    "link-zero": _put(lambda path: path.symlink_to("/dev/zero")),
    "empty": _put(lambda path: path.write_bytes(b"")),
}
