"""Who may write into a log: its owner, or the group of its folder as well."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["refused_to_group", "share"]


def share(path: Path) -> None:
    """Let the group of the folder that a file lies in read and write it."""
    with suppress(OSError, AttributeError):  # who is not of that group keeps their own
        os.chown(path, -1, path.parent.stat().st_gid)
    path.chmod(0o660)


def refused_to_group(log: Path) -> str:
    """Why others of the group cannot write a log that is there, in words with what to do; "" if they can."""
    if os.name != "posix":
        return ""
    try:
        modes = log.parent.stat().st_mode, log.stat().st_mode
    except OSError:
        return ""
    if all(mode & stat.S_IWGRP for mode in modes):
        return ""
    what = str(log.parent) if not modes[0] & stat.S_IWGRP else f"{log}*"
    return (
        f"the results are for the group, and the log {log} cannot be written by it, so colleagues cannot do what is "
        f"logged: chmod g+w {what}, or name another log in [governance] log"
    )
