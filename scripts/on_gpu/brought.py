"""What a lent machine without a network is brought: divided among calls of so many bytes, and put together there.

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
import subprocess
import sys
import tarfile
from pathlib import Path

from scripts.on_gpu.processes import ROOT
from scripts.on_gpu.results import write_json

__all__ = ["CARRIED", "MIB", "PARTS", "bytes_of_tree", "carried", "divide", "install", "main", "sites"]

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


def bytes_of_tree(root: Path = ROOT) -> int:
    """What the working tree takes of each call: files that git does not ignore."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(asked, cwd=root, capture_output=True, check=True, text=True).stdout.split("\0")
    return sum(_bytes_of(path) for path in {root / name for name in names if name})


def carried(into: Path = CARRIED) -> list[int]:
    """How many bytes each call takes along, beside the tree."""
    folders = sorted((path for path in into.glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    return [sum(_bytes_of(path) for path in folder.iterdir()) for folder in folders]


def divide(folder: Path, room: int, into: Path = CARRIED) -> None:
    """Put what is to be brought into folders 1, 2, ... of `into`, with at most `room` bytes in each.

    Raises
    ------
    ValueError
        If there is nothing to bring, or what comes first has no room in one call.
    """
    parts = [part for part in PARTS if (folder / part).is_dir()]
    if not parts:
        raise ValueError(f'"{folder}" has no folder "first" and no folder "later": put into them what is to be brought')
    shutil.rmtree(into, ignore_errors=True)
    (into / "1").mkdir(parents=True)
    sums: dict[str, dict[str, str]] = {}
    room -= _SPARE
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
    write_json(into / "1" / _SUMS, sums)


def sites(work: Path) -> list[Path]:
    """Where what was brought is installed; that which came last counts first."""
    return [path for part in reversed(PARTS) if (path := work / "site" / part).is_dir()]


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
    shutil.rmtree(site, ignore_errors=True)
    if not put_together(part, brought, into):
        return "nothing was brought"
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
    return "installed" if site.is_dir() else "nothing to install"


def put_together(part: str, brought: Path, into: Path = CARRIED) -> bool:
    """Unpack what was brought into a folder; whether there was any."""
    held = into / "1" / _SUMS
    sums = json.loads(held.read_text(encoding="utf-8")).get(part) if held.is_file() else None
    if not sums:
        return False
    brought.mkdir(parents=True, exist_ok=True)
    archive = brought / f"{part}.tar"
    with archive.open("wb") as whole:
        for name, expected in sums.items():
            data = (into / name).read_bytes() if (into / name).is_file() else b""
            if hashlib.sha256(data).hexdigest() != expected:
                raise RuntimeError(f'"{into / name}" is missing or damaged: bring it again, by the call of that number')
            whole.write(data)
    with tarfile.open(archive) as whole_tar:
        whole_tar.extractall(brought, filter="data")
    archive.unlink()
    return True


def _forget_kernels(work: Path) -> None:
    # What is on disk of CUDA kernels names Numba's version and not that of numba-cuda, which may be another now.
    for path in sorted((work / "compiled").rglob("*cuda*"), reverse=True):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _bytes_of(path: Path) -> int:
    return path.stat().st_size + _FILE if path.is_file() else 0


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
