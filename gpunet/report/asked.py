"""What was asked, and of which data: the first part of every page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.audience import Audience
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.named import named, named_list
from gpunet.report.outcome import outcome_of
from gpunet.report.rejected_words import ARREST_REASONS
from gpunet.report.source import Source
from gpunet.runs.described import protected_columns

__all__ = ["asked"]

Manifest = Mapping[str, Any]

_FATES = {"accepted": "kept", "rejected": "rejected: cannot be used", "duplicate": "left out: the same row again"}

_ROWS = "Rows of the input. One row is one charge of one person in one incident."

_MOST_FILES, _MOST_INCIDENTS = 8, 15


def asked(source: Source) -> Section:
    """The question and its days, the files, the rows that were kept and those that were not, and the run's warnings."""
    found, audience = source.manifest, source.audience
    return Section(
        "asked",
        "What was asked, and of which data",
        _lead(found, audience),
        (
            *(Paragraph(text) for text in _days(found)),
            *_rows(found, audience),
            *_files(found, audience),
            *(Paragraph(text, "list item") for text in _left_aside(found, audience)),
            *_oversize(found, audience),
            *_warnings(found["warnings"], audience),
        ),
    )


def _lead(found: Manifest, audience: Audience) -> str:
    rows, arrests = found["input"]["rows"], found["arrests"]
    files = counted(len(found["input"]["files"]), "file")
    of_rows, of_arrests, of_persons = (
        _counted(number, noun, audience)
        for number, noun in ((rows["read"], "row"), (arrests["arrests"], "arrest"), (arrests["persons"], "person"))
    )
    question = _QUESTIONS.get(found["gpunet"], _of_features)(found)
    return f"{question} It was asked of {of_rows} in {files}: {of_arrests} of {of_persons}."


def _of_features(found: Manifest) -> str:
    until = f" before {found['as_of']}" if found.get("as_of") else ""
    return f"Who was arrested with whom{until}, and where in that network does each person stand?"


def _of_run(found: Manifest) -> str:
    days = counted(found["model"]["horizon_days"], "day")
    return f"Of everybody on record, who will be {outcome_of(found).violence} in the {days} from {_day(found)} on?"


def _of_known(found: Manifest) -> str:
    return "In a network whose arrests are all known, can the violent be told from the others, and by what?"


def _of_emerging(found: Manifest) -> str:
    return "Month by month, and from what was known by then, who would be arrested for violence next?"


def _of_panel(found: Manifest) -> str:
    days = counted(len(found["panel"]["snapshots"]), "day")
    return f"What was known of each {found['panel']['unit']} on each of {days}, and what followed?"


def _of_places(found: Manifest) -> str:
    windows = counted(len(found["places"]["windows"]), "window")
    return f"In which {found['places']['unit']}s will violent arrests happen, in each of {windows}?"


_QUESTIONS: Mapping[str, Callable[[Manifest], str]] = {
    "run": _of_run, "evaluate known": _of_known, "evaluate emerging": _of_emerging, "panel": _of_panel,
    "places": _of_places,
}  # fmt: skip


def _day(found: Manifest) -> str:
    return str(found["model"].get("days", {}).get("T", found.get("as_of")))


def _days(found: Manifest) -> Iterator[str]:
    """The days of the data, and those that a forecast is made of."""
    arrests = found["arrests"]
    if arrests["first_date"]:
        until = f" Nothing that happened on {found['as_of']} or later counts." if found.get("as_of") else ""
        yield f"The arrests are of {arrests['first_date']} to {arrests['last_date']}.{until}"
    days = found["model"].get("days") if "model" in found else None
    if days:
        outcome = outcome_of(found)
        yield (
            f"The model learned from what was known on {days['T-2H']} and who was {outcome.violence} from then to "
            f"{days['T-H']}. It was tried on what was known on {days['T-H']}, against the {outcome.events} from then "
            f"to {days['T']}, which it had not seen. Then it learned from both, and scored everybody as of {days['T']}."
        )


def _rows(found: Manifest, audience: Audience) -> Iterator[Table]:
    """What became of the rows, and why some were rejected."""
    rows, persons = found["input"]["rows"], found["arrests"]["persons"]
    fates = pl.DataFrame(
        {"fate": list(_FATES.values()), "rows": [rows[name] for name in _FATES]}, {"fate": pl.String, "rows": pl.Int64}
    )
    yield Table(
        "rows_read", "What became of the rows", _ROWS, persons, fates, {"fate": "", "rows": "rows"}, counts=("rows",)
    )
    reasons = sorted(found["input"]["rejected_by_reason"].items(), key=lambda item: (-item[1], item[0]))
    if reasons and _FATES["rejected"] in audience.shown(fates, ["rows"])["fate"]:  # they add up to those rejected
        data = pl.DataFrame(
            {"reason": [ARREST_REASONS.get(name, name) for name, _ in reasons], "rows": [n for _, n in reasons]}
        )
        where = "" if audience.is_public else " Each row, with its file and number, is in rejected.parquet."
        yield Table(
            "rows_rejected", "Why rows were rejected", f"The first reason that applies to a row counts.{where}",
            persons, data, {"reason": "reason", "rows": "rows"}, counts=("rows",),
        )  # fmt: skip


def _files(found: Manifest, audience: Audience) -> Iterator[Table]:
    """File by file, those with the most rejected rows first; names of files may hold names, so not for the public."""
    files = found["input"]["files"]
    if audience.is_public or not files:
        return
    data = pl.DataFrame(
        [
            {"file": file["name"], **{name: file["rows"][name] for name in ("read", *_FATES)}, "sha256": file["sha256"]}
            for file in files
        ]
    ).sort("rejected", descending=True, maintain_order=True)
    yield Table(
        "files_read", "The files", "Files with the most rejected rows come first; each row of a file counts once.",
        found["arrests"]["persons"], data,
        {"file": "file", "read": "rows", "accepted": "kept", "rejected": "rejected", "duplicate": "same row again"},
        rows=_MOST_FILES,
    )  # fmt: skip


def _left_aside(found: Manifest, audience: Audience) -> Iterator[str]:
    """Files, columns, words and arrests that did not count."""
    read = found["input"]
    if read["left_out"]:
        names = "" if audience.is_public else f": {named_list([file['name'] for file in read['left_out']])}"
        yield f"{counted(len(read['left_out']), 'file')} could not be read, and none of their rows counts{names}."
    dropped = protected_columns(read)
    if dropped:
        names = "" if audience.is_public else f": {named_list(dropped)}"
        yield (
            f"{counted(len(dropped), 'column')} about race, sex, religion or the like "
            f"{'was' if len(dropped) == 1 else 'were'} found in the files and not read{names}. Nothing on this page "
            "was computed from them."
        )
    undated = found["arrests"].get("undated_arrests", 0)
    if undated:
        yield f"{_have(undated, 'arrest', audience)} no date."
    if read.get("null_words") and not audience.is_public:
        words = [
            f"{named(word)} in {counted(rows, 'row')} of {named(column)}"
            for column, of in read["null_words"].items()
            for word, rows in of.items()
        ]
        yield f"Read as no value: {', '.join(words)}."


def _counted(number: int, noun: str, audience: Audience) -> str:
    """``1 arrest``, ``fewer than 10 arrests``."""
    words = audience.count(number)
    return f"{words} {noun}" + ("" if words == "1" else "s")


def _have(number: int, noun: str, audience: Audience) -> str:
    """How sentences begin: ``1 arrest has``, ``Fewer than 10 arrests have``."""
    counted_words = _counted(number, noun, audience)
    return f"{counted_words[:1].upper()}{counted_words[1:]} {'have' if counted_words.endswith('s') else 'has'}"


def _oversize(found: Manifest, audience: Audience) -> Iterator[Table | Paragraph]:
    """The incidents over the cap, which tie nobody."""
    network = found.get("network") or {}
    cap, over = network.get("max_incident_size"), network.get("incidents_over_max_size", [])
    if cap is None:
        return
    if not over:
        yield Paragraph(f"No incident has more persons than the cap of {cap:,}, above which it would tie nobody.")
        return
    said = (
        f"{_have(len(over), 'incident', audience)} more persons than the cap of {cap:,}. Those who are arrested at "
        "such an event need not know each other, so it ties nobody."
    )
    if audience.is_public:
        yield Paragraph(said)
        return
    data = pl.DataFrame(
        [{name: str(value) if name != "persons" else value for name, value in one.items()} for one in over]
    )
    yield Table(
        "incidents_over", "Incidents that tie nobody", said, int(data["persons"].sum()),
        data.sort("persons", descending=True, maintain_order=True),
        {name: name.replace("_", " ") for name in data.columns}, counts=("persons",), rows=_MOST_INCIDENTS,
    )  # fmt: skip


def _warnings(warnings: list[str], audience: Audience) -> Iterator[Paragraph]:
    """What the run warned of; a warning may name files, places and small numbers."""
    if warnings and audience.is_public:
        yield Paragraph(
            f"The run gave {counted(len(warnings), 'warning')}, which the report for analysts has.", "warning"
        )
    elif not audience.is_public:
        yield from (Paragraph(f"Warning: {text}", "warning") for text in warnings)
