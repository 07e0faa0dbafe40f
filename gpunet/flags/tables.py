"""Every column of the tables of flags, declared once. Frames, their metadata and docs read this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.base._version import __version__
from gpunet.base.days import day_number, day_to_date
from gpunet.config.flags_config import Flag
from gpunet.evaluate.schemas import ResultColumn, dictionary_of, frame_of_rows
from gpunet.flags.known import Known
from gpunet.flags.triggers import evidence_of, find
from gpunet.tables.frames import make_frame, make_series
from gpunet.tables.gather import gather

__all__ = ["FLAG_TABLES", "flags_frame", "flags_metadata", "joined_frames", "worth_frame"]

_NOT_JUDGED = "no snapshot can be judged, or the flag was never raised"

#: The tables, and the columns of each in its order.
FLAG_TABLES: Mapping[str, tuple[ResultColumn, ...]] = {
    "flags": (
        ResultColumn("person_id", "person id", "name", "Whom the flag is about."),
        ResultColumn("as_of", "date", "day", "The day that it is raised as of: only what was known before counts."),
        ResultColumn("flag", "text", "name", "Its name in the configuration, or the trigger's."),
        ResultColumn("side", "text", "name", "Whose list it is for: offender or victim. These are never one list."),
        ResultColumn(
            "evidence", "text", "JSON",
            "What was seen: trigger, days, persons and arrests that speak, numbers of the trigger, and under seen the "
            "latest ten of these arrests with date, incident, offences and steps; none of the person's own offences.",
        ),
        ResultColumn("expires", "date", "day", "The flag is void from this day on."),
    ),
    "flag_worth": (
        ResultColumn("flag", "text", "name", "The flag."),
        ResultColumn("side", "text", "name", "offender: followed by a violent arrest; victim: by a victimisation."),
        ResultColumn("as_of", "date", "day", "The day before which the past lies; nothing later is looked at."),
        ResultColumn("days", "int64", "snapshots", "Days of the past whose horizon is known, one after another."),
        ResultColumn("alerts", "int64", "alerts", "Flags raised on them, none anew before it has expired."),
        ResultColumn("alerts_a_week", "float64", "alerts", "alerts / weeks that the days span.", "there are no days"),
        ResultColumn("hits", "int64", "alerts", "Alerts that were followed within the horizon.", _NOT_JUDGED),
        ResultColumn("precision", "float64", "share", "hits / alerts.", _NOT_JUDGED),
        ResultColumn(
            "precision_low", "float64", "share",
            "Lower end of its approximate 95 % interval: the wider of Wilson's, and percentiles of draws of the "
            "network's communities.",
            _NOT_JUDGED,
        ),
        ResultColumn("precision_high", "float64", "share", "Upper end.", _NOT_JUDGED),
        ResultColumn(
            "chance", "float64", "share",
            "What as many persons of the population, drawn at random on the same days, would have had; without alerts, "
            "the mean of the days.",
            "no snapshot can be judged",
        ),
        ResultColumn("lift", "float64", "ratio", "precision / chance.", f"{_NOT_JUDGED}, or chance is 0"),
        ResultColumn("median_lead_days", "float64", "days", "From the day of an alert to what followed.", "no hits"),
        ResultColumn(
            "new_persons", "float64", "share", "Share of alerts about persons without a violent arrest before.",
            "the flag was never raised",
        ),
        ResultColumn("worth", "text", "text", "The verdict in words."),
    ),
}  # fmt: skip


def flags_frame(known: Known, flags: Mapping[str, Flag]) -> Any:
    """A Polars frame of the flags as of a day, sorted by person and flag."""
    names = list(flags)
    found = {name: find(known, flag) for name, flag in flags.items()}
    person = np.concatenate([of.person for of in found.values()])
    which = np.repeat(np.arange(len(names)), [len(of) for of in found.values()])
    evidence = [text for name, of in found.items() for text in evidence_of(known, flags[name], of)]
    order = np.lexsort((which, person))  # names ascend
    person, which = person[order], which[order]
    expires = np.array([_expires(known, flag) for flag in flags.values()], np.int32)[which]
    texts: dict[str, list[str]] = {
        "flag": [names[i] for i in which.tolist()],
        "side": [flags[names[i]].side for i in which.tolist()],
        "evidence": [evidence[i] for i in order.tolist()],
    }
    columns: dict[str, Any] = {
        "person_id": gather(known.arrests.person_ids, person, "person_id"),
        "as_of": np.full(len(person), known.day, np.int32),
        **{name: _texts(name, values) for name, values in texts.items()},
        "expires": expires,
    }
    return make_frame(columns, "polars", dates=("as_of", "expires"))


def _expires(known: Known, flag: Flag) -> int:
    try:
        return day_number(day_to_date(known.day) + timedelta(days=flag.expires_days))
    except OverflowError:
        return day_number(type(day_to_date(0)).max)


def _texts(name: str, values: Sequence[str]) -> nw.Series[Any]:
    return make_series(name, pa.array(values, pa.large_string()))


def joined_frames(frames: Sequence[Any]) -> Any:
    """The flags of several days in one frame, sorted by person, day and flag."""
    import polars as pl

    return frames[0] if len(frames) == 1 else pl.concat(frames).sort("person_id", "as_of", "flag")


def worth_frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A Polars frame of what flags were worth.

    >>> worth_frame([]).columns[:4]
    ['flag', 'side', 'as_of', 'days']
    """
    return frame_of_rows(FLAG_TABLES["flag_worth"], rows)


#: What columns hold where a table of victims was read, as far as that is more.
_WITH_VICTIMS: Mapping[tuple[str, str], str] = {
    ("flags", "evidence"): "What was seen: trigger, days, persons, arrests and victimisations that speak, numbers of "
    "the trigger, and under seen the latest ten of these with date, incident, offences and steps; none of the person's "
    "own offences, and nothing that the person was a victim of.",
    ("flag_worth", "days"): "Days of the past whose horizon is known, one after another; on the victims' side within "
    "the days of the tables of victims.",
    ("flag_worth", "chance"): "What as many persons of the population (on the victims' side: of all who were known), "
    "drawn at random on the same days, would have had; without alerts, the mean of the days.",
    ("flag_worth", "new_persons"): "Share of alerts about persons without a violent arrest before; on the victims' "
    "side, who were no victim of violence before.",
}


def flags_metadata(table: str, *, victims: bool = False, **more: Any) -> dict[str, Any]:
    """What a table's Parquet file says of itself; `victims`: whether a table of them was read."""
    columns = FLAG_TABLES[table]
    if victims:
        columns = tuple(
            replace(column, definition=_WITH_VICTIMS.get((table, column.name), column.definition)) for column in columns
        )
    return {"version": __version__, "table": table, "columns": dictionary_of(columns), **more}
