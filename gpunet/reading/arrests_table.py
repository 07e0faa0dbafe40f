"""Tables of arrests in, coded arrests out: where they lie, on the host or on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.base.arguments import given
from gpunet.base.errors import ConfigError
from gpunet.base.progress import ProgressCallback
from gpunet.base.words import shortened
from gpunet.config.config import Config, load_config
from gpunet.config.input_config import DATE_PARTS
from gpunet.reading.alike import alike_ids
from gpunet.reading.arrange import arrange
from gpunet.reading.coded_rows import date_part, offence_rows
from gpunet.reading.columns import key_columns
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.location import HOST, Location
from gpunet.reading.names import check_forces
from gpunet.reading.person_links import with_person_links
from gpunet.reading.protected import check_config
from gpunet.reading.pseudonymised import check_kind
from gpunet.reading.reader import Reader
from gpunet.reading.report import as_rejected, columns_of, rejected_schema, report_of, whole_number_ids
from gpunet.reading.skipped import nothing_readable
from gpunet.reading.state import ReadState, state_of
from gpunet.reading.tables import open_tables
from gpunet.tables.frames import from_arrow

__all__ = ["arrests_of", "as_day", "read_arrests_at"]

_STAGE = "reading"


def read_arrests_at(
    location: Location | None,
    paths_or_frame: Any,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    as_of: date | str | None = None,
    *,
    progress: ProgressCallback | None = None,
    keep_going: bool = False,
    notice: Callable[[str], None] | None = None,
    today: date | None = None,
    corrections: Corrections | None = None,
    effect: Effect | None = None,
    begin: ReadState | None = None,
    keep: Callable[[ReadState], None] | None = None,
    kind: str = "arrests",
) -> Arrests:
    """Read tables of arrests alone, as ``gpunet.read_arrests`` does: on the host, or at `location` if it is given.

    ``gpunet.reading.location.GPU`` is one.

    Dates after `today` are none; the present day if None. Rows are changed by `corrections`, whose `effect` is entered;
    without any, by the decided links that ``[input] person_links`` names.
    Reading goes on from `begin`, what was read before; `keep` gets what is read when all is. Both are of files alone,
    on the host. `kind` is "victims" where tables of these are read, as tables of pseudonyms say which they are.

    The results are the same. On a GPU the arrays are there, and ``person_ids`` and ``incident_ids`` are series over
    its frames; the other names, and the report, are on the host.
    """
    location = location or HOST
    settings = load_config(config)
    check_config(settings.input)
    corrections = with_person_links(corrections, settings)
    cut = as_day(as_of)
    before = 0 if begin is None else len(begin.records)
    tables = open_tables(paths_or_frame, settings.input, location, keep_going=keep_going, notice=notice, after=before)
    inputs, backend = tables.inputs, tables.backend
    reader, of_paths = Reader(settings, location, today), len(inputs.warnings)
    if begin is not None:
        reader.go_on_from(begin)
        inputs.records += begin.records
        inputs.warnings += begin.warnings
    reader.add_all(tables.batches(progress, _STAGE))
    if not inputs.records and inputs.skipped:
        raise nothing_readable(inputs.skipped)
    check_kind(inputs.records, kind, settings.input.person_scope)
    rows = reader.finish(whole_number_ids(settings, inputs.records))
    if corrections is not None:
        rows = reader.corrected(rows, corrections, effect or Effect())
    check_forces(settings, rows.columns["force"].texts(), len(rows))
    found = reader.found.copy()  # to which the reasons of rejected rows are added now
    rejections = reader.rejections(inputs.records, corrections, effect)
    if keep is not None:
        keep(state_of(rows, reader.pieces, inputs.records, inputs.warnings[of_paths:], found, rejections))
    rejected = as_rejected(rejections, rejected_schema(settings, columns_of(inputs.records)))
    report = report_of(settings, inputs, from_arrow(rejected, backend), reader.found, offence_rows(rows))
    arrests = arrange(rows, settings, report, backend, location)
    alike = alike_ids(arrests.person_ids, arrests.incident_ids, settings.input)
    arrests = replace(arrests, report=report.advised(alike))
    if progress is not None:
        progress(_STAGE, tables.total, tables.total)
    return arrests if cut is None else arrests.before(cut)


def arrests_of(state: ReadState, config: Config) -> Arrests:
    """The arrests of what was read before, without a report; the state can still be gone on from."""
    columns = dict(state.rows.columns)
    for name in DATE_PARTS.intersection(key_columns(config.input)):
        columns[name] = date_part(name, state.rows.timestamps, HOST)
    return arrange(replace(state.rows, columns=columns), config, None, "polars", HOST)


def as_day(as_of: date | str | None) -> date | None:
    """The day that an argument names, None if it names none; ConfigError if it is no day."""
    if isinstance(as_of, datetime) and as_of == as_of:  # pandas' NaT is a datetime that does not equal itself
        return as_of.date()
    if isinstance(as_of, str):
        try:
            return date.fromisoformat(as_of)
        except ValueError as error:
            raise ConfigError(f'as-of: "{shortened(as_of)}" is not a date such as 2013-02-01') from error
    if as_of is None or (isinstance(as_of, date) and not isinstance(as_of, datetime)):
        return as_of
    raise ConfigError(f"as-of: expected a date, or text such as 2013-02-01, not {given(as_of)}")
