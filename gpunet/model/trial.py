"""A trial of model files of foreign origin: they are checked and read in a process of their own first.

XGBoost aborts or crashes on many a damaged file, takes as much memory as the file says, and walks down trees that have
no end. So a strict reader of ours looks at the file before (:mod:`gpunet.model.structure`), and XGBoost then reads it
in a child process with limits, where all of that is an error like any other. The process is no sandbox: what keeps a
file that is made to take over XGBoost from it is the strict reader.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from gpunet.base.errors import ModelError
from gpunet.base.words import shortened

__all__ = ["REFUSED", "is_of_this_process", "remember", "try_out"]

#: Seconds after which a trial is given up; reading a model takes one, starting a process on a busy machine many.
SECONDS = 120.0

#: The exit code of a trial that found the file unusable, and printed why.
REFUSED = 3

#: Python's option -I keeps everything out that the surroundings would bring in, so where packages lie is an argument.
_CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
sys.modules["sklearn"] = None  # which XGBoost would load where it is there: longer than all else takes
from gpunet.model.rehearsal import main
sys.exit(main())
"""

#: All that the child gets of this process's environment: what programs and libraries need to be found.
_ENVIRONMENT = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP",
    "NUMBA_CACHE_DIR", "HOME",
)  # fmt: skip

_LONGEST = 500

_own: set[bytes] = set()


def remember(file: bytes) -> None:
    """Remember that this process has made this file."""
    _own.add(hashlib.sha256(file).digest())


def is_of_this_process(file: bytes) -> bool:
    """Whether this process has made the file, to the byte: then there is nothing to check.

    That a ``run.json`` beside a file lists its hash says nothing: whoever sends the one can send the other.
    """
    return hashlib.sha256(file).digest() in _own


def try_out(file: bytes) -> None:
    """Check a model file, let XGBoost read it and its trees predict, all in a child process.

    Raises
    ------
    ModelError
        If the child finds the file unusable, crashes, or comes to no end.
    """
    search = [str(Path(each).resolve()) for each in sys.path if each]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-I", "-c", _CODE, json.dumps(search)]
    try:
        done = subprocess.run(
            command,
            input=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=SECONDS,
            check=False,
            close_fds=True,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"a trial of it in a process of its own came to no end within {SECONDS:g} seconds: it may be damaged"
        ) from None
    if done.returncode == REFUSED:
        raise ModelError(shortened(done.stdout.decode(errors="replace").strip().splitlines()[-1], _LONGEST))
    if done.returncode:
        raise ModelError(
            "a trial of it in a process of its own crashed XGBoost, or took too much memory: it is damaged"
        )
