"""The tables of a run from which persons were erased, as they are now: whether they still make what the run tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import name_of, path_named
from gpunet.config.config import Config
from gpunet.config.input_config import BESIDE
from gpunet.governance.run_traces import own_files
from gpunet.governance.runs_under import Held
from gpunet.governance.traces import held_in, ids_in
from gpunet.governance.wanted import Wanted
from gpunet.reading.beside import read_beside
from gpunet.reading.corrections import Corrections
from gpunet.reading.person_links import person_links
from gpunet.reading.read import read_arrests_at
from gpunet.reading.sources import find_sources
from gpunet.runs.described import files_read, latest_date
from gpunet.runs.left_out import persons_left_out, tables_read
from gpunet.runs.manifest import arrest_statistics
from gpunet.runs.stored_tables import array_of
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import to_arrow
from gpunet.updates.earlier import Earlier

__all__ = ["as_of_tables_now", "with_beside"]

#: Tables of these names tell of persons who may be in no accepted row.
_NOT_OF_TABLES = ("rejected", "changes")

_WHAT_TO_DO = (
    "remove the rows of everybody who was erased before from its tables, and no others, or name these persons as well, "
    "each with --person"
)


def as_of_tables_now(
    earlier: Earlier, inputs: Sequence[str], persons: frozenset[str]
) -> tuple[Earlier, frozenset[str]]:
    """A run from which persons were erased as one that was made of its tables as they are now, with no corrections.

    So it is if these hold nobody else than the run, but for whom it has left out: those that ``run.json`` tells by
    where unchanged tables name them, and those of `persons` who are not in the run. Without these, files have as many
    rows, accepted, rejected and repeated, as ``run.json`` says, arrests the same figures, offences are as frequent, and
    nobody of the run's results is missing.

    Parameters
    ----------
    earlier
        The run.
    inputs
        Where tables are now that are not where they were.
    persons
        Who is left out now.

    Returns
    -------
    Earlier
        The same run, of which ``run.json`` names the tables of now. If what it has kept of reading does, itself.
    frozenset of str
        Whom it has left out and its tables still hold, to be left out again; they are named in no message.

    Raises
    ------
    InputError
        If the tables are others, or still hold who was erased before.
    """
    told = earlier.manifest["corrections"]
    by_state = earlier.state_fits and not any(any(told.get(name, {}).values()) for name in BESIDE)
    try:
        now, changed = _of_now(earlier, inputs)
        if by_state and not changed:
            return earlier, frozenset()
        known = persons_left_out(told, tables_read(now.manifest["input"], now.moved(inputs)), now.config)
        _require_same(now, inputs, known | _not_in(now, persons), changed)
    except InputError:
        if by_state:
            return earlier, frozenset()
        raise
    return now, known


def _of_now(earlier: Earlier, inputs: Sequence[str]) -> tuple[Earlier, bool]:
    """The run with the tables of now, and whether any has changed."""
    read = earlier.manifest["input"]
    files = files_read(read)
    sources = find_sources(inputs, earlier.config.input, []) if inputs else []
    others = {str(source.path): sha256_of(source.path) for source in sources}
    places = _places(files, others)
    now = {file["name"]: _entry(file, place) for file, place in zip(files, places, strict=True)}

    def named(of: Mapping[str, Any]) -> dict[str, Any]:
        return {**of, "files": [now[file["name"]] for file in of["files"]]}

    beside = {name: named(read[name]) for name in BESIDE if read.get(name)}
    kept = {name: of for name, of in earlier.manifest.items() if name != "corrections"}
    manifest = {**kept, "input": {**named(read), **beside}}
    changed = any(now[file["name"]]["sha256"] != file["sha256"] for file in files)
    return Earlier(earlier.folder, manifest, earlier.config, read_again=True), changed


def _places(files: Sequence[Mapping[str, Any]], others: Mapping[str, str]) -> list[str]:
    """Where each file is now: at another place by its hash, there under its name if it has changed, else where it was.

    One file that has changed may have another name.
    """
    by_hash = {sha256: place for place, sha256 in others.items()}
    known = {file["sha256"] for file in files}
    new = [place for place, sha256 in others.items() if sha256 not in known]
    moved = [file for file in files if file["sha256"] not in by_hash]
    found: dict[str, str] = {}
    for name in {Path(path_named(file["name"])).name for file in moved}:
        alike = [file for file in moved if Path(path_named(file["name"])).name == name]
        there = [place for place in new if Path(place).name == name]
        if len(alike) == len(there):
            found |= {file["name"]: place for file, place in zip(alike, there, strict=True)}
    if len(files) == len(new) == 1:
        found[files[0]["name"]] = new[0]
    return [by_hash.get(file["sha256"]) or found.get(file["name"]) or path_named(file["name"]) for file in files]


def _entry(file: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What ``run.json`` says of a file, of the one that is there now."""
    try:
        sha256, size = sha256_of(Path(place)), Path(place).stat().st_size
    except OSError as error:
        raise InputError(
            f"its table {file['name']} cannot be read ({in_words(error)}): say with --input where it is now"
        ) from error
    if sha256 == file["sha256"]:
        return dict(file)
    return {**file, "name": name_of(place), "bytes": size, "sha256": sha256}


def _ids_of(earlier: Earlier) -> set[str]:
    """Everybody in the tables of a run that tell of those in its input."""
    return set().union(*(ids_in(path) for path in _tables_of(earlier) if not path.name.startswith(_NOT_OF_TABLES)))


def _tables_of(earlier: Earlier) -> list[Path]:
    """The tables that a run's lists name: what others have put into its folder does not count."""
    return [path for path in own_files(Held(earlier.folder, "run", earlier.manifest)) if path.suffix == ".parquet"]


def _require_same(now: Earlier, inputs: Sequence[str], before: frozenset[str], changed: bool) -> None:
    """InputError if the tables of now without those who were left out `before` do not make what the run tells."""
    there, left_out = _ids_of(now), _left_out(now.manifest)
    if not changed and not before:
        raise InputError(f"{left_out}, and its tables still hold their rows: {_WHAT_TO_DO}")
    if why := next(_differences(now, inputs, before, there), ""):
        what = "which have changed since, are" if changed else "without those who are known to be left out, are"
        raise InputError(f"{left_out}, and its tables, {what} not what was left of them ({why}): {_WHAT_TO_DO}")


def _not_in(now: Earlier, persons: frozenset[str]) -> frozenset[str]:
    """Those persons whom no table of a run names, be it in a rejected row: it may have left them out before."""
    return persons - held_in(_tables_of(now), Wanted(persons))


def _left_out(manifest: Mapping[str, Any]) -> str:
    """What was done before: nothing but an erasure, unless the run is an update."""
    if "update" in manifest["execution"]:
        return "persons or incidents were left out of it before (gpunet update, or an erasure)"
    return "persons were erased from it before"


def _differences(now: Earlier, inputs: Sequence[str], before: frozenset[str], there: Set[str]) -> Iterator[str]:
    """In what the tables of now without some persons differ from what the run tells of them."""
    elsewhere = now.moved(list(inputs))
    config, _ = with_beside(now, elsewhere)
    links = person_links(config, before)
    corrections = Corrections(persons=before) if links is None else links.corrections
    asked: dict[str, Any] = {"today": latest_date(now.manifest), "corrections": corrections or None}
    arrests = read_arrests_at(None, now.inputs(elsewhere), config, **asked)
    whole, reports = read_beside(arrests, config, **asked)
    told = now.manifest["input"]
    assert arrests.report is not None  # they were read
    for name, report in {"": arrests.report, **reports}.items():
        yield from _of_rows(told[name] if name else told, report)
        if not _same_rejected(now.folder / (f"rejected_{name}.parquet" if name else "rejected.parquet"), report):
            yield "other rows are rejected"
    if now.manifest["arrests"] not in _figures(whole, now):
        yield "arrests or persons are others"
    place = now.folder / "offences.parquet"
    if place.is_file() and not _same_rows(pq.read_table(for_arrow(place)), to_arrow(arrests.report.offences)):
        yield "offences are others"
    if not there <= set(array_of(whole.person_ids).cast(pa.large_string()).to_pylist()):
        yield "persons of the run are not there"


def _of_rows(told: Mapping[str, Any], report: ReadReport) -> Iterator[str]:
    for file, then in zip(report.files, told["files"], strict=True):
        for kind in ("accepted", "rejected", "duplicate"):
            count, before = getattr(file, kind), then["rows"][kind]
            if count != before:
                yield f"{file.name} has {count:,} {kind} rows, and {before:,} were left"
    if dict(report.by_reason) != told["rejected_by_reason"]:
        yield "rows are rejected for other reasons"


def _figures(arrests: Arrests, now: Earlier) -> Iterator[dict[str, Any]]:
    """The figures of arrests that a run may tell: of all, of what holds now, and of those before its day."""
    yield arrest_statistics(arrests)
    yield arrest_statistics(arrests.current())
    if now.as_of is not None:
        yield arrest_statistics(arrests.before(now.as_of))


def _same_rejected(place: Path, report: ReadReport) -> bool:
    """Whether the rows are those that were rejected then, wherever they stood: these are texts alone."""
    if not place.is_file():
        return True

    def texts(table: Any) -> pl.DataFrame:
        frame = pl.DataFrame(to_arrow(table)).drop("source_file", "row_number")
        return frame.sort(frame.columns)

    return texts(pq.read_table(for_arrow(place))).equals(texts(report.rejected))


def _same_rows(one: pa.Table, other: pa.Table) -> bool:
    def rows(table: pa.Table) -> Iterable[str]:
        return sorted(map(repr, table.to_pylist()))

    return one.column_names == other.column_names and rows(one) == rows(other)


def with_beside(
    earlier: Earlier, elsewhere: Mapping[str, str], *, whole: bool = False
) -> tuple[Config, dict[str, list[str]]]:
    """A run's configuration with the tables of ties and victims where they are now, and these tables."""
    beside = {name: earlier.beside(name, elsewhere, whole=whole) for name in BESIDE}
    of_beside: dict[str, Any] = {name: tuple(paths) for name, paths in beside.items()}
    return replace(earlier.config, input=replace(earlier.config.input, **of_beside)), beside
