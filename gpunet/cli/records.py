"""Public records beside the results of runs, or in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from gpunet.base._version import __version__
from gpunet.base.errors import InputError, cannot_write
from gpunet.base.paths import check_target, refuse_inside
from gpunet.base.private import make_folder, sharing
from gpunet.cli.running import RUN_FILES
from gpunet.governance.statement import purpose_of
from gpunet.records.cards import cards_of, facts_of, rests_on
from gpunet.report.subject import check_unchanged
from gpunet.runs.file_lists import CARDS
from gpunet.runs.folder import MANIFEST
from gpunet.runs.listed_folder import ListedFolder
from gpunet.runs.share import share_of_run
from gpunet.tables.files import write_whole

__all__ = ["write_cards"]


def write_cards(
    run: Path, *, audit: Path | None = None, evaluations: Sequence[Path] = (), out: Path | None = None
) -> list[Path]:
    """Make the public records of a complete run, in place of those that are there; return their paths.

    Parameters
    ----------
    run
        Its folder.
    audit, evaluations
        As of :func:`gpunet.records.cards.facts_of`.
    out
        A folder for the records in place of the run's; no file in it is replaced.

    Raises
    ------
    InputError
        If the run, the audit or an experiment cannot be used, or a record has been changed since it was made.
    StorageError
        If they cannot be written.
    """
    if out is not None:
        _check_out(out)
        facts = facts_of(run, audit=audit, evaluations=evaluations)
        check_unchanged(facts.run, list(facts.manifest["outputs"]))
        return _write_beside(out, cards_of(facts))
    with sharing(share_of_run(run)), ListedFolder(run, RUN_FILES, CARDS) as place:
        facts = facts_of(run, audit=audit, evaluations=evaluations)
        files = cards_of(facts)
        place.replace(files, {"version": __version__, "governance": purpose_of(facts.manifest), **rests_on(facts)})
    return [run / name for name in files]


def _check_out(out: Path) -> None:
    """InputError if the records cannot be written there: it is a run's folder, or has one of these names."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is no folder: give a folder for the records")
    if (out / MANIFEST).exists():
        raise InputError(f"--out {out} is the folder of a run: leave out --out, or give a folder of the records' own")
    refuse_inside(out, MANIFEST, "--out")
    if there := [name for name in CARDS.files if (out / name).exists() or (out / name).is_symlink()]:
        raise InputError(f"--out {out} holds {there[0]}, which is not replaced: give another folder, or move it away")


def _write_beside(out: Path, files: Mapping[str, bytes]) -> list[Path]:
    try:
        make_folder(out)
        for name, data in files.items():
            check_target(out / name)
            write_whole(out / name, partial(Path.write_bytes, data=data))
    except OSError as error:
        raise cannot_write(f"cannot write the records into {out}", error) from error
    return [out / name for name in files]
