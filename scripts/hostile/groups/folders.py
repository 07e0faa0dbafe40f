"""Output folders and files that are links, somebody else's, of an odd kind, read-only, full, or vanish."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import gpunet
from scripts.hostile.base import results
from scripts.hostile.case import DONE, REFUSED, SYSTEM, USER, Case, End, Place, Step, Wrong, command, single
from scripts.hostile.damage import DAMAGES
from scripts.hostile.groups.writers import WRITERS, writer

Make = Callable[[Place, Path], object]


def cases() -> Iterator[Case]:
    for name in WRITERS:
        for kind, (make, codes) in _TARGETS.items():
            yield Case(f"folders/{name}-to-{kind}", _written(name, make, codes))
        yield from _full(name)
    for verb in ("features", "run"):
        for inside in (".partial", "run.json", "features.parquet", "ties.parquet"):
            for kind, make in _INSIDE.items():
                yield Case(f"folders/{verb}-{inside}-is-{kind}", _inside(verb, inside, make))
        for inside in (".partial/checkpoints", ".partial/lock", ".partial/lock.holder", ".partial/features.parquet"):
            for kind, make in _INSIDE.items():
                yield Case(f"folders/{verb}-{inside.replace('/', ':')}-is-{kind}", _inside(verb, inside, make))
        for name in ("mine.txt", ".partial/mine.txt", ".partial/mine/deep.txt", ".partial/checkpoints/mine.txt"):
            yield Case(f"folders/{verb}-holds-{name.replace('/', ':')}", _holding(verb, name))
        for after in (0.05, 0.2, 0.4, 0.6, 0.8):
            yield single(f"folders/{verb}-vanishes-{after}", _vanishing(verb, after))
            yield single(f"folders/{verb}-becomes-link-{after}", _becomes_link(verb, after))
        yield Case(f"folders/{verb}-two-at-once", _two(verb))
        yield single(f"folders/{verb}-holds-input", _input_inside(verb))
    for inside in ("panel", "panel/as_of=2013-05-01", "panel/as_of=2013-05-01/part.parquet", ".partial/panel"):
        for kind, make in _INSIDE.items():
            yield Case(f"folders/panel-{inside.replace('/', ':')}-is-{kind}", _inside("panel", inside, make))
    for name in ("panel/mine.txt", "panel/as_of=2013-05-01/mine.txt", ".partial/panel/mine.txt"):
        yield Case(f"folders/panel-holds-{name.replace('/', ':')}", _holding("panel", name))
    yield from _fresh()
    yield single("folders/show-nothing", lambda place: command("show", place.root / "no", codes=REFUSED))
    for table in ("../run", "run.json", "/etc/passwd", "", "\x00", "features.parquet/..", "model"):
        yield single(f"folders/show-{table.replace('/', ':')!r}", _shown(table))


def _written(name: str, make: Make, codes: frozenset[int]) -> Callable[[Place], Generator[Step, End, None]]:
    """A command whose output is something odd already."""

    def play(place: Place) -> Generator[Step, End, None]:
        place.victim()
        target = place.root / "target"
        owned = make(place, target)
        nobody = "nobody" in getattr(make, "__name__", "")
        yield writer(name, place, owned if isinstance(owned, Path) else target, codes=codes, nobody=nobody)

    return play


def _file(place: Place, path: Path) -> None:
    path.write_text("somebody's only copy")
    place.guard(path)


def _fifo(place: Place, path: Path) -> None:
    os.mkfifo(path)
    place.guard(path)


def _socket(place: Place, path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path.name)
    os.chdir(here)
    place.guard(path)


def _foreign_folder(place: Place, path: Path) -> None:
    path.mkdir()
    place.guard(path)
    (path / "mine.txt").write_text("somebody's only copy")


def _read_only_nobody(place: Place, path: Path) -> Path:
    path.mkdir()
    path.chmod(0o555)
    place.guard(path)
    return path / "x"


def _below_file(place: Place, path: Path) -> Path:
    _file(place, path)
    return path / "x" / "y"


def _to(target: str) -> Make:
    def link(place: Place, path: Path) -> None:
        path.symlink_to(target)

    return link


def _named(name: str) -> Make:
    return lambda place, path: path.with_name(name)


#: What an output is before, and what a command may end with.
_TARGETS: dict[str, tuple[Make, frozenset[int]]] = {
    "file": (_file, USER),
    "fifo": (_fifo, REFUSED),
    "socket": (_socket, REFUSED),
    "foreign-folder": (_foreign_folder, REFUSED),
    "link-to-victim": (_to("victim"), REFUSED),
    "link-to-file": (_to("victim/mine.txt"), USER),
    "link-gone": (_to("nowhere/at/all"), USER),
    "link-self": (_to("target"), REFUSED),
    "link-null": (_to("/dev/null"), USER),
    "link-full": (_to("/dev/full"), USER | SYSTEM),
    "read-only": (_read_only_nobody, USER | SYSTEM),
    "below-file": (_below_file, REFUSED),
    "null": (lambda place, path: Path("/dev/null"), REFUSED),
    "proc": (lambda place, path: Path("/proc/self/x"), USER | SYSTEM),
    "sys": (lambda place, path: Path("/sys/x"), USER | SYSTEM),
    "long-name": (_named("x" * 300), USER | SYSTEM),
    "longest-name": (_named("x" * 255), USER | SYSTEM),
    "near-longest-name": (_named("x" * 250), USER | SYSTEM),
    "not-utf8": (_named(os.fsdecode(b"caf\xe9")), USER),
    "newline": (_named("a\nb\x1b[2J"), USER),
    "right-to-left": (_named("\u202etxt"), USER),
    "blank": (_named(" "), USER),
    "deep": (lambda place, path: path / "a" / "b" / "c", USER),
}


def _full(name: str) -> Iterator[Case]:
    """No room for a file: the disk's limit stands for it."""
    for size in (2000, 5000, 20_000, 50_000):  # below that there is none for what it says either
        yield single(
            f"folders/{name}-no-room-{size}",
            lambda place, size=size: writer(name, place, place.root / "target", codes=SYSTEM, file_size=size),
        )
    for stdout in ("closed", "full", "broken"):
        yield single(
            f"folders/{name}-stdout-{stdout}",
            lambda place, stdout=stdout: writer(name, place, place.root / "target", codes=SYSTEM, stdout=stdout),
        )
    yield single(
        f"folders/{name}-ascii",
        lambda place: writer(name, place, place.root / "t\u00e9", encoding="ascii", codes=DONE),
    )


_INSIDE: dict[str, Make] = {
    "link-to-victim": lambda place, path: path.symlink_to(place.root / "victim"),
    "link-to-file": lambda place, path: path.symlink_to(place.root / "victim" / "mine.txt"),
    "hard-link": lambda place, path: path.hardlink_to(place.root / "victim" / "mine.txt"),
    "link-gone": lambda place, path: path.symlink_to("gone"),
    "fifo": lambda place, path: os.mkfifo(path),
    "foreign-folder": _foreign_folder,
    "foreign-file": lambda place, path: place.guard(path).write_text("somebody's only copy"),
}


def _inside(verb: str, inside: str, make: Make) -> Callable[[Place], Generator[Step, End, None]]:
    """Something odd inside a run folder: whatever becomes of it, nothing foreign may be touched."""

    def play(place: Place) -> Generator[Step, End, None]:
        place.victim()
        path = place.out / inside
        if not inside.startswith(".partial"):
            shutil.copytree(place.base.panel if verb == "panel" else place.base.features, place.out)
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        make(place, path)
        if inside in ("run.json", "features.parquet", "ties.parquet") and path in place.guarded and path.is_file():
            place.guarded.remove(path)  # a file of that name in a run folder is the run's
        yield writer(verb, place, place.out)

    return play


def _holding(verb: str, name: str) -> Callable[[Place], Generator[Step, End, None]]:
    def play(place: Place) -> Generator[Step, End, None]:
        place.guard(place.write(f"out/{name}", "somebody's only copy"))
        yield writer(verb, place, place.out)

    return play


def _vanishing(verb: str, after: float) -> Callable[[Place], Step]:
    """Its folder is removed while it is at work."""

    def make(place: Place) -> Step:
        gone = (lambda: shutil.rmtree(place.out, ignore_errors=True), after)
        return writer(verb, place, place.out, codes=SYSTEM, meanwhile=gone)

    return make


def _becomes_link(verb: str, after: float) -> Callable[[Place], Step]:
    """Its folder becomes a link to somebody else's while it is at work."""

    def make(place: Place) -> Step:
        victim = place.victim()

        def exchange() -> None:
            if place.out.exists():
                place.out.rename(place.root / "away")
                place.out.symlink_to(victim)

        circumstances: dict[str, Any] = {"codes": SYSTEM, "owns": (place.root / "away",)}
        return writer(verb, place, place.out, meanwhile=(exchange, after), **circumstances)

    return make


def _two(verb: str) -> Callable[[Place], Generator[Step, End, None]]:
    """Two runs into one folder: one of them at least is refused or waits, and what is there is whole."""

    def play(place: Place) -> Generator[Step, End, None]:
        rival = os.fork()
        if not rival:
            code = 1
            try:
                from gpunet.cli.run import RUN_FILES
                from gpunet.runs.folder import RunFolder

                with RunFolder(place.out, RUN_FILES):
                    time.sleep(20)
            finally:
                os._exit(code)
        try:
            while not (place.out / ".partial" / "lock.holder").exists():
                time.sleep(0.01)
            end = yield writer(verb, place, place.out, codes=REFUSED)
        finally:
            os.kill(rival, 9)
            os.waitpid(rival, 0)
        if "another run" not in end.error:
            raise Wrong("the second run does not say that there is another")
        yield writer(verb, place, place.out, codes=DONE)
        found = results(place.out)
        if verb == "features" and found != place.base.results(verb):
            raise Wrong("results differ after a rival was killed")

    return play


def _fresh() -> Iterator[Case]:
    """What only a Python that is started anew can show: its encoding, and compiled kernels on disk that are damaged."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    yield single("folders/fresh-ascii", lambda place: writer("features", place, place.root / "t\u00e9", fresh=plain))
    for stdout in ("closed", "full", "broken"):
        yield single(
            f"folders/fresh-stdout-{stdout}",
            lambda place, stdout=stdout: writer("features", place, place.out, fresh={}, stdout=stdout, codes=SYSTEM),
        )
    for suffix in (".nbi", ".nbc"):
        for how in ("cut", "noise", "zeros"):

            def make(place: Place, suffix: str = suffix, how: str = how) -> Step:
                shutil.copytree(Path(gpunet.__file__).parent, place.root / "lib" / "gpunet")
                kernels = sorted((place.root / "lib").rglob(f"core_numbers*{suffix}"))
                for path in kernels:
                    path.write_bytes(DAMAGES[how](path.read_bytes(), place.rng))
                circumstances: dict[str, Any] = {"owns": (place.root / "lib",), "codes": DONE}
                return writer(
                    "features", place, place.out, fresh={"PYTHONPATH": str(place.root / "lib")}, **circumstances
                )

            yield single(f"folders/fresh-kernel{suffix}-{how}", make)


def _input_inside(verb: str) -> Callable[[Place], Step]:
    def make(place: Place) -> Step:
        shutil.copytree(place.base.features, place.out)
        table = place.guard(place.out / "ties.parquet")
        shutil.copy(place.base.table, table)
        return command(verb, table, "--config", place.base.config, "--out", place.out, codes=REFUSED)

    return make


def _shown(table: str) -> Callable[[Place], Step]:
    return lambda place: command("show", place.base.run, table, codes=USER)
