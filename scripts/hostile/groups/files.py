"""Files that are damaged, are none, are enormous, or have odd names."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.hostile import tables
from scripts.hostile.case import REFUSED, USER, Case, Place, Step, command, numbered, single
from scripts.hostile.damage import DAMAGES

_PAIRS = tables.rows()


def cases() -> Iterator[Case]:
    yield from _damaged()
    yield from _no_files()
    yield from _names()
    yield from _walks()


def _read(path: object, place: Place, how: int = 0) -> Step:
    """A table read by one command or the other."""
    if how % 2:
        return command("features", path, "--out", place.out)
    return command("check", path)


def _damaged() -> Iterator[Case]:
    """Random damage to each format: what can still be read may be."""

    def damaged(suffix: str, how: str) -> Callable[[Place], Step]:
        def make(place: Place) -> Step:
            data = DAMAGES[how](tables.FORMATS[suffix](_PAIRS), place.rng)
            return _read(place.write(f"a.{suffix}", data), place, place.rng.randrange(2))

        return make

    for suffix in tables.FORMATS:
        for how in DAMAGES:
            yield from numbered(
                f"files/{suffix}-{how}", 2 if suffix in ("parquet", "xlsx", "csv") else 1, damaged(suffix, how)
            )


def _no_files() -> Iterator[Case]:
    """What bears a table's name and is no file, or another one."""

    def fifo(place: Place, name: str) -> Path:
        os.mkfifo(place.root / name)
        return place.root / name

    def link(place: Place, name: str, target: str) -> Path:
        (place.root / name).symlink_to(target)
        return place.root / name

    def bound(place: Place, name: str) -> Path:
        path = place.root / name
        with socket.socket(socket.AF_UNIX) as sock:
            here = Path.cwd()
            os.chdir(place.root)
            sock.bind(name)
            os.chdir(here)
        return path

    def folder(place: Place, name: str) -> Path:
        (place.root / name).mkdir()
        return place.root / name

    kinds: dict[str, Callable[[Place, str], Path]] = {
        "fifo": fifo,
        "socket": bound,
        "folder": folder,
        "empty": lambda place, name: place.write(name, b""),
        "one-byte": lambda place, name: place.write(name, b"\x00"),
        "noise": lambda place, name: place.write(name, place.rng.randbytes(5000)),
        "text": lambda place, name: place.write(name, "this is no table\n" * 20),
        "jpeg": lambda place, name: place.write(name, b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500)),
        "link-null": lambda place, name: link(place, name, "/dev/null"),
        "link-zero": lambda place, name: link(place, name, "/dev/zero"),
        "link-self": lambda place, name: link(place, name, name),
        "link-gone": lambda place, name: link(place, name, "gone"),
        "link-memory": lambda place, name: link(place, name, "/proc/self/mem"),
    }
    for suffix in ("parquet", "csv", "csv.gz", "zip", "xlsx", "feather"):
        for kind, make in kinds.items():
            allowed = USER if kind in ("folder", "empty", "text", "one-byte", "link-null", "noise", "jpeg") else REFUSED

            def step(
                place: Place, make: Callable[[Place, str], Path] = make, suffix: str = suffix, codes=allowed
            ) -> Step:
                return command("check", make(place, f"a.{suffix}"), codes=codes)

            yield single(f"files/{kind}-{suffix}", step)
    for option in ("--config", "--model", "--features"):

        def asked(place: Place, option: str = option) -> Step:
            fifo(place, "a.fifo")
            if option == "--config":
                return command("check", place.base.table, "--config", place.root / "a.fifo", codes=REFUSED)
            given = {"--model": place.base.model(), "--features": place.base.features / "features.parquet"}
            given[option] = place.root / "a.fifo"
            return command("score", *(x for pair in given.items() for x in pair), "--out", place.out, codes=REFUSED)

        yield single(f"files/fifo-as{option}", asked)


def _names() -> Iterator[Case]:
    names = {
        "not-utf8": b"caf\xe9.csv",
        "newline": b"a\nb.csv",
        "escape": b"\x1b[31mred.csv",
        "right-to-left": "\u202evsc.csv".encode(),
        "combining": ("e" + "\u0301" * 100 + ".csv").encode(),
        "long": b"x" * 251 + b".csv",
        "dash": b"-rf.csv",
        "star": b"*.csv",
        "brackets": b"[abc].csv",
        "question": b"a?.csv",
        "tilde": b"~root.csv",
        "dollar": b"$HOME.csv",
        "equals": b"force=.csv",
        "percent": b"%s%n.csv",
        "blank": b" .csv",
        "quote": b"a'\"b.csv",
        "backslash": b"a\\b.csv",
        "only-suffix": b".csv",
        "upper": b"A.CSV",
        "two-suffixes": b"a.csv.parquet",
        "partition": b"force=\xff\xfe",
    }
    for name, raw in names.items():
        for how in ("direct", "folder"):

            def make(place: Place, raw: bytes = raw, how: str = how) -> Step:
                folder = os.fsencode(place.root / "in")
                os.makedirs(folder)  # noqa: PTH103
                target = os.path.join(folder, raw)  # noqa: PTH118
                if raw.startswith(b"force=\xff"):
                    os.mkdir(target)  # noqa: PTH102
                    target = os.path.join(target, b"a.csv")  # noqa: PTH118
                with open(target, "wb") as file:  # noqa: PTH123
                    file.write(tables.csv(_PAIRS))
                given = os.fsdecode(target) if how == "direct" else place.root / "in"
                return command("features", given, "--out", place.out)

            yield single(f"files/name-{name}-{how}", make)
    odd_paths = {
        "empty": "",
        "blank": " ",
        "too-long": "x" * 300,
        "very-long": "a/" * 3000,
        "no-such": "nothing/here.csv",
        "below-file": "bystander/notes.txt/a.csv",
        "glob-nothing": "*.nothing",
        "glob-open": "[a",
        "glob-all": "**",
        "glob-stars": "**/**/**/**/**/*.csv",
        "scheme": "s3://bucket/a.parquet",
        "http": "http://localhost:1/a.csv",
        "null": "a\x00b.csv",
        "dash": "-",
        "device": "/dev/stdin",
    }
    for name, path in odd_paths.items():
        for verb in ("check", "features"):

            def make(place: Place, path: str = path, verb: str = verb) -> Step:
                place.write("in/a.csv", tables.csv(_PAIRS))
                out = ("--out", place.out) if verb == "features" else ()
                found = USER if path.startswith("**") else REFUSED
                return command(verb, path, *out, codes=found)

            yield single(f"files/path-{name}-{verb}", make)


def _walks() -> Iterator[Case]:
    """Folders that lead round, and those with very much in them."""

    def loop(place: Place, links: dict[str, str], given: str) -> Step:
        place.write("in/a.csv", tables.csv(_PAIRS))
        for name, target in links.items():
            path = place.root / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        return command("check", place.root / given)

    loops = {
        "self": {"x": "."},
        "two": {"x": ".", "y": "."},
        "up": {"sub/x": ".."},
        "crossed": {"b/x": "../c", "c/y": "../b"},
        "outside": {"x": "/proc/self/root/proc"},
    }
    for name, links in loops.items():
        for given in ("in", "in/**/*.csv", "in/*/*/*/*.csv", "in/**"):
            if name == "outside" and given != "in":
                continue
            yield single(
                f"files/loop-{name}-{given.replace('/', ':')}",
                lambda place, links=links, given=given: loop(place, links, given),
            )

    def many(place: Place) -> Step:
        for k in range(1500):
            place.write(f"in/{k}.csv", "person_id,incident_id,date,offence\n1,1,2014-01-01,x\n")
        return command("check", place.root / "in")

    yield single("files/walk-many", many)

    def twice(place: Place) -> Step:
        path = place.write("in/a.csv", tables.csv(_PAIRS))
        os.link(path, place.root / "in" / "b.csv")
        (place.root / "in" / "c.csv").symlink_to("a.csv")
        return command("features", path, path, place.root / "in", "--out", place.out)

    yield single("files/same-file-thrice", twice)
