"""``gpunet update`` as a job: a complete run and tonight's files in, the run on all of them out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import named_path, refuse_inputs
from gpunet.cli.run import check_side, features_of, forecast_of
from gpunet.cli.running import opened
from gpunet.config.input_config import BESIDE
from gpunet.governance.rules import check_person_scores
from gpunet.reading.corrections_table import read_corrections
from gpunet.reading.pseudonymised import check_ids, pseudonyms_of_run
from gpunet.reading.sources import find_sources
from gpunet.runs.folder import MANIFEST
from gpunet.runs.resume import stored_request
from gpunet.runs.run_options import RunOptions
from gpunet.updates.asked import TOP, Asked
from gpunet.updates.earlier import Earlier, read_earlier
from gpunet.updates.update_run import UpdateRun

__all__ = ["earlier_of", "run_update"]

_Paths = Sequence[str | os.PathLike[str]]


def earlier_of(run: str | Path, out: str | Path) -> Earlier:
    """The complete run that is updated into another folder.

    Raises
    ------
    InputError
        If there is none, or `out` is its folder or lies in it, or holds an unfinished run.
    """
    earlier, place = read_earlier(run), named_path(out, "--out")
    here, there = Path(os.path.realpath(earlier.folder)), Path(os.path.realpath(place))
    if here == there or here in there.parents:
        raise InputError(f"--out {place} is the run that is updated, or lies in it: name another folder")
    refuse_inputs(place, [earlier.folder / MANIFEST])
    if stored_request(place) is not None:
        raise InputError(f"{place} holds an unfinished run: go on with that, or name another folder")
    return earlier


def run_update(
    run: str | Path,
    out: str | Path,
    add: _Paths = (),
    as_of: date | None = None,
    options: RunOptions | None = None,
    *,
    inputs: _Paths = (),
    remove: _Paths = (),
    merge: _Paths = (),
    top: int = TOP,
    read_again: bool = False,
    ties: _Paths = (),
    victims: _Paths = (),
) -> dict[str, Any]:
    """What a complete run comes to with more files and with corrections, and what moved.

    Parameters
    ----------
    run
        The folder of a complete ``gpunet features`` or ``gpunet run``.
    out
        The folder for the results: those of the same command on the old files and then the new ones, with the same
        configuration, and ``changes.parquet``.
    add
        The new tables: files, folders, globs.
    as_of
        As of the command: only arrests before this day count.
    options
        Engine, threads, progress.
    inputs
        Where the files of the run are now, if they are not where they were; they are known by their SHA-256.
    remove, merge
        Tables of corrections, as :func:`gpunet.reading.corrections_table.read_corrections` takes them.
    top
        Ranks that moved are told of whoever enters or leaves the first so many.
    read_again
        Read the files of the run again, also if it has left what it read (``state.arrests``).
    ties, victims
        New tables of ties of other kinds than arrests, and of victims, behind those that the run had read.

    Returns
    -------
    dict
        The manifest, as it stands in ``run.json``.

    Raises
    ------
    GpunetError
        If run, tables or folder cannot be used, or a file of the run has changed.
    """
    earlier = earlier_of(run, out)
    if not (add or remove or merge or ties or victims):
        raise InputError("nothing to update with: give --add, --ties, --victims, --remove or --merge")
    if top < 0:
        raise InputError(f"--top {top}: it is how many ranks to watch, 0 or more")
    if ties and not earlier.config.ties:
        raise InputError(
            f"--ties: the run in {earlier.folder} names no kind of ties in its configuration, which an update goes by: "
            f"give gpunet {earlier.command} on all tables with a --config that has [ties.KIND]"
        )
    new = [os.fspath(path) for path in add]
    options = options or RunOptions()
    kept = earlier.has_state and options.engine != "gpu"
    elsewhere, again = earlier.moved(inputs), _among(new, earlier)
    by_state = kept and not (read_again or again or elsewhere.keys() & earlier.hashes())
    old = None if by_state else earlier.inputs(elsewhere)
    earlier.check_beside()
    beside = {name: earlier.beside(name, elsewhere) for name in BESIDE}
    more = {"ties": ties, "victims": victims}
    named = {name: (*beside[name], *(str(named_path(p, f"--{name}")) for p in more[name])) for name in BESIDE}
    config = replace(earlier.config, input=replace(earlier.config.input, **named))  # type: ignore[arg-type]
    if earlier.command == "run":
        check_person_scores(config, "run")
        check_side(config, named_path(out, "--out"))
    refuse_inputs(named_path(out, "--out"), [*(earlier.names() if old is None else old), *remove, *merge])
    check = partial(check_ids, pseudonyms_of_run(earlier.manifest), str(earlier.folder))
    corrections = read_corrections(remove, merge, config, check)
    asked = Asked(config, top, old, again, beside["victims"], beside["ties"])
    options = replace(options, keep_state=kept, corrections=corrections)
    with opened(earlier.command, new, out, config, options) as found:
        under_way = UpdateRun(earlier, found.folder, found.options, found.engine, asked)
        job = features_of if earlier.command == "features" else forecast_of
        return job(under_way, new, as_of)


def _among(paths: Sequence[str], earlier: Earlier) -> bool:
    """Whether a new file is one that the run had read already, which is read once."""
    if not paths:
        return False
    old = {os.path.realpath(name) for name in earlier.names()}
    return any(os.path.realpath(source.path) in old for source in find_sources(paths, earlier.config.input, []))
