"""The log of a folder of runs, for the command line: verified, and summed up as demand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from gpunet.base.errors import InputError, cannot_write
from gpunet.base.paths import refuse_inside
from gpunet.base.printable import printable
from gpunet.base.private import make_folder
from gpunet.base.words import counted
from gpunet.cli.console import columns_of_terminal, notice, say
from gpunet.governance.demand import requests
from gpunet.governance.log import LOG, check, entries
from gpunet.governance.log_head import head_path, head_text, read_head
from gpunet.governance.noted import log_kept_of
from gpunet.report.audience import Audience, AudienceName
from gpunet.report.csv_text import csv_of
from gpunet.report.figure import Page, Section, Table
from gpunet.report.governance_section import demand_tables
from gpunet.report.html_text import cell
from gpunet.report.page import rendered
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import write_whole
from gpunet.tables.parquet import write_parquet

__all__ = ["log_at", "summarised", "verified"]

_SHA256 = re.compile("[0-9a-f]{64}")
_MOST_FAULTS = 20
_UNBOUNDED = 1_000_000
_PAGE = "demand.html"
_OURS = re.compile(r"demand_by_(task|purpose|team|month)\.(parquet|csv)|demand\.html")


def log_at(place: Path) -> Path:
    """The log that a path leads to: a file, that of a folder which holds runs, or of a run.

    Raises
    ------
    InputError
        If there is none.
    """
    if not place.is_dir():
        return place
    if (place / MANIFEST).is_file():
        kept = log_kept_of(place)
        if kept is None:
            raise InputError(f"no log is kept of the run in {place}: [governance] in its configuration has one kept")
        return kept
    return place / LOG


def verified(place: Path, noted_head: str | None) -> None:
    """Say that every line of a log is there as it was written, with its last hash.

    Raises
    ------
    InputError
        If it is not so, with what is wrong; or if a hash that was noted earlier is not that of a line.
    """
    wanted = None if noted_head is None else noted_head.strip().lower()
    if wanted is not None and not _SHA256.fullmatch(wanted):
        raise InputError("--head: a SHA-256 is wanted, of 64 hexadecimal digits, as gpunet log verify prints it")
    log = log_at(place)
    _refuse_faults(log, check(log, wanted or ""))
    lines, first, last, sha256, found = 0, "", "", "", wanted is None
    for entry in entries(log):
        first, last, sha256 = first or entry["time"], entry["time"], entry["sha256"]
        lines, found = lines + 1, found or sha256 == wanted
    if not found:
        raise InputError(
            f"{log}: no line of it has the SHA-256 that --head gives: it is not the log that was there then"
        )
    if not lines:
        say(f"{log}: no entry yet")
        return
    say(f"{log}: {counted(lines, 'line')}, from {first} to {last}; none is missing or changed")
    head, why = read_head(log)
    if why:
        say(
            f"{why}, and --head agrees with the last line; to have entries made again, write the line "
            f"{head_text(lines, sha256).decode().strip()} into {head_path(log)}",
            indent=2,
        )
    elif head[0] < lines:
        say(
            "the writer of the last one was stopped before it had noted it in the head; the next entry does that",
            indent=2,
        )
    say(f"SHA-256 of the last one: {sha256}", indent=2)
    say("note it elsewhere, for --head: whoever can write into the folder can make a whole new log", indent=2)


def summarised(place: Path, out: Path | None, audience: AudienceName, unverified: bool) -> None:
    """Print demand by task, purpose, team and month; with `out` also write it as tables and a page.

    Raises
    ------
    InputError
        If the log is not as it was written, unless that is asked for; or the folder holds anything else.
    """
    log = log_at(place)
    if faults := check(log):
        if not unverified:
            _refuse_faults(log, faults, "give --unverified to count it all the same")
        notice(f"warning   {log} is not as it was written, so neither are these figures: {faults[0]}")
    found = requests(entries(log, damaged=unverified))
    readers = Audience(audience)
    tables = demand_tables(found, readers)
    shown = [(table, readers.shown(table.data, table.counts)) for table in tables]
    if out is not None:
        _write(out, shown, readers)
        say(str(out))
        return
    for table, data in shown:
        say(table.title)
        _print(table, data)
        if len(data) < len(table.data):
            say("rows with a number under 10 are not shown, nor what they could be worked out from", indent=2)


def _refuse_faults(log: Path, faults: list[str], advice: str = "") -> None:
    if faults:
        more = [f"and {len(faults) - _MOST_FAULTS:,} more"] if len(faults) > _MOST_FAULTS else []
        lines = "\n  ".join([*faults[:_MOST_FAULTS], *more, *([advice] if advice else [])])
        raise InputError(f"{log} is not as it was written:\n  {lines}")


def _print(table: Table, data: pl.DataFrame) -> None:
    drawn = Drawn(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, head in table.heads.items():
        drawn.add_column(Text(head), justify="right" if data[name].dtype.is_numeric() else "left", overflow="fold")
    for row in data.select(list(table.heads)).iter_rows():
        drawn.add_row(*(Text(printable(cell(value), line_breaks=False)) for value in row))
    Console(width=columns_of_terminal() or _UNBOUNDED).print(drawn)


def _write(out: Path, shown: list[tuple[Table, pl.DataFrame]], readers: Audience) -> None:
    """The tables and the page, in place of those of an earlier time."""
    _check_out(out)
    lead = "It is what the log has of the runs in its folder."
    page = Page("Demand", (lead,), (Section("demand", "What was asked for", lead, tuple(table for table, _ in shown)),))
    files: dict[str, Callable[[Path], object]] = {}
    for table, data in shown:
        files[f"{table.name}.parquet"] = partial(write_parquet, frame=data)
        files[f"{table.name}.csv"] = partial(Path.write_bytes, data=csv_of(data))
    files[_PAGE] = partial(Path.write_bytes, data=rendered(page, readers).html)
    try:
        make_folder(out)
        for name, write in files.items():
            write_whole(out / name, write)
        for path in out.iterdir():
            if path.name not in files and _OURS.fullmatch(path.name):
                path.unlink()
    except OSError as error:
        raise cannot_write(f"--out: cannot write into {out}", error) from error


def _check_out(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file: name a folder")
    refuse_inside(out / _PAGE, MANIFEST, "--out")
    others = sorted(path.name for path in (out.iterdir() if out.is_dir() else ()) if not _OURS.fullmatch(path.name))
    if others:
        raise InputError(f"--out {out} holds {others[0]}: give a new or empty folder")
