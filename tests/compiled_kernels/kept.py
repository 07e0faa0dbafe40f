"""Compiled kernels kept on disk: a folder for each state of the source and of this machine, of which few are kept."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba

from compiled_kernels.lowering import CUDA_FILE
from compiled_kernels.sites import Site

__all__ = ["Code", "path_of"]

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "build" / "compiled_kernels"
#: So many folders there at most: some of other Pythons and CUDAs of Numba's, and some of sources as they were.
_MOST_FOLDERS = 4


@dataclass(frozen=True)
class Code:
    """A kernel for this processor."""

    machine_code: bytes
    sites: tuple[Site, ...]
    #: (first byte, bytes, bytes of an element) of every array in shared memory.
    shared: tuple[tuple[int, int, int], ...]

    def write(self, path: Path) -> None:
        """Keep it in a file, if the folder can be written to."""
        kept = {
            "machine_code": base64.b64encode(self.machine_code).decode(),
            "sites": [(site.file, site.line) for site in self.sites],
            "shared": self.shared,
        }
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(kept), encoding="utf-8")
            part.replace(path)

    @classmethod
    def read(cls, path: Path) -> Code:
        """What :meth:`write` has kept."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        sites = tuple(Site(*site) for site in kept["sites"])
        shared = tuple((begin, size, itemsize) for begin, size, itemsize in kept["shared"])
        return cls(base64.b64decode(kept["machine_code"]), sites, shared)


def path_of(source: Path, *key: Any) -> Path:
    """Where the code of a kernel of a source file is, or is to be kept. ``key`` is what else tells it from others."""
    folder = _FOLDER / _surroundings()
    if not folder.is_dir():
        make_room(_FOLDER, _MOST_FOLDERS - 1)
    name = hashlib.sha256(repr((str(source), source.read_bytes(), *key)).encode()).hexdigest()
    return folder / f"{name}.json"


def make_room(folder: Path, keep: int) -> None:
    """Remove all of a folder but the `keep` entries that were written to last."""
    with suppress(OSError):  # another process does the same, or the folder is not there yet
        for old in sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)[keep:]:
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.unlink(missing_ok=True)


@cache
def _surroundings() -> str:
    """All else that compiled code depends on, in one word."""
    digest = hashlib.sha256()
    folders = (_ROOT / "gpunet" / "kernels", _ROOT / "gpunet" / "model", Path(__file__).parent)
    for path in sorted(each for folder in folders for each in folder.rglob("*") if each.suffix in (".py", ".ll")):
        if not path.name.startswith(("check_", "planted")):
            digest.update(path.read_bytes())
    about = (
        numba.__version__, llvmlite.__version__, platform.python_version(),
        llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), CUDA_FILE,
    )  # fmt: skip
    digest.update(repr(about).encode())
    return digest.hexdigest()[:16]
