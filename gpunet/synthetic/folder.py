"""The folder that tables appear in together: new or empty, and filled under a hidden name before."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from gpunet.base.errors import InputError, cannot_write
from gpunet.base.private import make_folder
from gpunet.synthetic.plan import FORCES
from gpunet.tables.own_files import refuse_foreign, remove_own
from gpunet.tables.partial_files import final_name

__all__ = ["PARTIAL", "clear", "fresh_folder", "put_in_place"]

#: Name of the hidden folder.
PARTIAL = ".partial"

#: What a run that was killed may have left in the hidden folder: folders and files of these names, and no others.
_FOLDERS = re.compile(r"clean|tables|arrests|pieces|\.partial|(force|month)=[a-z0-9-]+")
_FILES = re.compile(
    rf"({'|'.join(FORCES)})_\d{{4}}-\d\d(\.[a-z0-9]+)+|config\.toml|troubles\.json|(ties|victims)(-\d+)?\.parquet"
)


def fresh_folder(out: Path) -> Path:
    """Make the folder, or make sure that it is empty but for what a killed run left."""
    if out.is_symlink() and not out.exists():
        raise InputError(f"{out} is a symbolic link that leads nowhere: give another folder")
    try:
        make_folder(out)
        present = sorted(p.name for p in out.iterdir() if p.name != PARTIAL)
    except OSError as error:
        raise cannot_write(f"cannot use {out} as the folder for the tables", error) from error
    if present:
        raise InputError(
            f"{out} already holds files ({', '.join(present[:3])}): give a new or empty folder, so that tables of "
            "two runs are never mixed"
        )
    refuse_foreign(out / PARTIAL, _is_own)
    clear(out / PARTIAL)
    return out


def clear(hidden: Path) -> None:
    """Remove the hidden folder with what was written into it; anything else stays, and with it the folder."""
    remove_own(hidden, _is_own)
    with suppress(OSError):
        hidden.rmdir()


def put_in_place(path: Path, folder: Path) -> None:
    """Move a file, or a folder, into another folder; OSError if something of its name is there."""
    target = folder / path.name
    if os.path.lexists(target):
        raise OSError(f"there is a {target.name} in it, which was not there before")
    path.replace(target)


def _is_own(parts: tuple[str, ...], is_folder: bool) -> bool:
    """Whether this program has anything of that name in the hidden folder."""
    folders = parts if is_folder else parts[:-1]
    return all(map(_FOLDERS.fullmatch, folders)) and (is_folder or _FILES.fullmatch(final_name(parts[-1])) is not None)
