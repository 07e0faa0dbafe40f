"""A trial of model files that carry no hash: they are read in a process of their own first.

XGBoost aborts or crashes on many a damaged file, takes as much memory as the file says, and walks down trees that have
no end. In a child process with limits that is an error like any other.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gpunet.base.errors import ModelError

__all__ = ["REFUSED", "try_out"]

#: Seconds after which a trial is given up; reading a model takes one, starting a process on a busy machine many.
SECONDS = 120.0

#: The exit code of a trial that found the file unusable, and printed why.
REFUSED = 3

#: Imports XGBoost; a name, for it imports what imports this.
_CHILD = "gpunet.model.rehearsal"


def try_out(file: bytes) -> None:
    """Read a model file, check its trees and let them predict, all in a child process.

    Raises
    ------
    ModelError
        If the child finds the file unusable, crashes, or comes to no end.
    """
    search = [str(Path(each).resolve()) for each in sys.path if each]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(search), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", _CHILD]
    try:
        done = subprocess.run(command, input=file, capture_output=True, env=environment, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"it carries no hash, and a trial of it came to no end within {SECONDS:g} seconds: it may be damaged"
        ) from None
    if done.returncode == REFUSED:
        raise ModelError(done.stdout.decode(errors="replace").strip().splitlines()[-1])
    if done.returncode:
        raise ModelError("it carries no hash, and a trial of it crashed XGBoost: it is damaged")
