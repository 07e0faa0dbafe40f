"""What a GPU machine without a network is brought: divided among calls of so many bytes, and put together there.

A folder that is to be brought has a folder ``first``, which the first call needs, and a folder ``later``, which may be
too large for one call: it is cut into pieces, and each call takes as many bytes as it has room for. What is in a folder
``work`` of either comes into the folder in which steps work. Wheels are installed, or a script ``install`` is run and
given the folder to install into.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from scripts.on_gpu.processes import ROOT
from scripts.on_gpu.results import write_json

__all__ = [
    "CARRIED",
    "MIB",
    "PARTS",
    "bytes_of_tree",
    "carried",
    "divide",
    "install",
    "installed",
    "main",
    "nothing",
    "sites",
]

#: Where the pieces lie, a folder for each call, which git ignores.
CARRIED = ROOT / "build" / "gpu-carried"

#: What is brought.
PARTS = ("first", "later")

MIB = 2**20

_SUMS = "sums.json"

# What a file may take beside its bytes.
_FILE = 1024

# How much less than it may each call takes, for files that are changed later.
_SPARE = MIB

# With less room there would be calls without end.
_LEAST = MIB


def bytes_of_tree(root: Path = ROOT) -> int | None:
    """What the working tree takes of each call: files that git does not ignore; None without git or a checkout."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(asked, cwd=root, capture_output=True, check=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        return None
    return sum(_bytes_of(path) for path in {root / name for name in names if name})


def carried(into: Path = CARRIED) -> list[int]:
    """How many bytes each call takes along, beside the tree."""
    folders = sorted((path for path in into.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    return [sum(_bytes_of(path) for path in folder.iterdir()) for folder in folders]


def divide(folder: Path, room: int, into: Path = CARRIED) -> None:
    """Put what is to be brought into folders 1, 2, ... of `into`, with at most `room` bytes in each.

    What is in `into` is replaced once everything is divided.

    Raises
    ------
    ValueError
        If there is nothing to bring, or no room for it, or what comes first has no room in one call.
    """
    parts = [part for part in PARTS if (folder / part).is_dir()]
    if not parts:
        raise ValueError(f'"{folder}" has no folder "first" and no folder "later": put into them what is to be brought')
    room -= _SPARE
    if room < _LEAST:
        raise ValueError(
            f"there is no room for what is to be brought: beside the working tree and {_SPARE / MIB:.0f} MiB to spare, "
            f"a call takes {max(room, 0) / MIB:.1f} MiB, and needs {_LEAST / MIB:.0f}"
        )
    new = into.with_name(f"{into.name}.part")
    shutil.rmtree(new, ignore_errors=True)
    try:
        (new / "1").mkdir(parents=True)
        write_json(new / "1" / _SUMS, _pieces(folder, parts, room, new))
        shutil.rmtree(into, ignore_errors=True)
        new.rename(into)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _pieces(folder: Path, parts: list[str], room: int, into: Path) -> dict[str, dict[str, str]]:
    """Cut parts into pieces; of each part their names and sums."""
    sums: dict[str, dict[str, str]] = {}
    call, left, archive = 1, room, into / "whole.tar"
    for part in parts:
        with tarfile.open(archive, "w") as whole:
            whole.add(folder / part, part)
        if part == "first" and archive.stat().st_size > room:
            raise ValueError(f'"{folder / part}" has more than the {room / MIB:.0f} MiB for which one call has room')
        with archive.open("rb") as rest:
            sums[part] = {}
            while data := rest.read(left):
                name = f"{call}/{part}"
                (into / name).parent.mkdir(exist_ok=True)
                (into / name).write_bytes(data)
                sums[part][name] = hashlib.sha256(data).hexdigest()
                call, left = (call, left - len(data)) if len(data) < left else (call + 1, room)
        archive.unlink()
    return sums


def sites(work: Path) -> list[Path]:
    """Where what was brought is installed; that which came last counts first."""
    return [path for part in reversed(PARTS) if (path := work / "site" / part).is_dir()]


def installed(part: str, work: Path, into: Path = CARRIED) -> bool:
    """Whether what was brought, of which the pieces may be gone by now, is installed for these steps."""
    there, brought = _read(work / "site" / part / _SUMS), _brought(part, into)
    return bool(there) and there == (brought or there)


def nothing(part: str, into: Path = CARRIED) -> str:
    """Why there is nothing to install, if so."""
    return "" if _brought(part, into) else "nothing was brought"


def install(part: str, work: Path, into: Path = CARRIED) -> str:
    """Put together what was brought and install it; a word of it.

    Raises
    ------
    RuntimeError
        If a piece is missing or damaged.
    CalledProcessError
        If it cannot be installed.
    """
    brought, site = work / "brought", work / "site" / part
    if why := nothing(part, into):
        return why
    shutil.rmtree(site, ignore_errors=True)
    put_together(part, brought, into)
    site.parent.mkdir(exist_ok=True)
    if (own := brought / part / "install").is_file():
        subprocess.run(["sh", own.name, str(site)], cwd=own.parent, check=True)
    elif wheels := sorted(map(str, (brought / part).rglob("*.whl"))):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
        subprocess.run([*pip, "--target", str(site), *wheels], check=True)
    for folder in (brought / part).glob("work/*"):
        if not (there := work / folder.name).exists():
            folder.rename(there)
    _forget_kernels(work)
    said = "installed" if site.is_dir() else "nothing to install"
    write_json(site / _SUMS, _brought(part, into))  # last: without it nothing counts as installed
    return said


def put_together(part: str, brought: Path, into: Path = CARRIED) -> None:
    """Unpack what was brought into a folder."""
    brought.mkdir(parents=True, exist_ok=True)
    archive = brought / f"{part}.tar"
    with archive.open("wb") as whole:
        for name, expected in _brought(part, into).items():
            data = (into / name).read_bytes() if (into / name).is_file() else b""
            if hashlib.sha256(data).hexdigest() != expected:
                raise RuntimeError(f'"{into / name}" is missing or damaged: bring it again, by the call of that number')
            whole.write(data)
    with tarfile.open(archive) as whole_tar:
        whole_tar.extractall(brought, filter="data")
    archive.unlink()


def _brought(part: str, into: Path) -> dict[str, str]:
    """The pieces of a part, and their sums."""
    return dict(_read(into / "1" / _SUMS).get(part, {}))


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _forget_kernels(work: Path) -> None:
    # What is on disk of CUDA kernels names Numba's version and not that of numba-cuda, which may be another now.
    for path in sorted((work / "compiled").rglob("*cuda*"), reverse=True):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _bytes_of(path: Path) -> int:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):  # git knows it, or knew it a moment ago
        return 0
    return found.st_size + _FILE if stat.S_ISREG(found.st_mode) else 0


def main() -> None:
    """Take the arguments, install."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--carried", type=Path, default=CARRIED)
    asked = parser.parse_args()
    print(install(asked.part, asked.work, asked.carried), flush=True)


if __name__ == "__main__":
    main()
