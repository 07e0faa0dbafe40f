"""What to tell of rows that were not read as they are written: sentences with counts, examples and the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from gpunet.arrests.read_report import FileCount
from gpunet.base.words import Advice, counted
from gpunet.config.config import InputConfig
from gpunet.reading.date_formats import date_formats
from gpunet.reading.date_proposals import date_proposals
from gpunet.reading.dates import BAD_DATE
from gpunet.reading.findings import Findings, Reason, example_of, hint_of

__all__ = ["explained_reasons", "reading_advice", "unread_recorded_at"]

#: Files of which more than this share of rows is rejected are named, the first few of them.
_SHARE, _MOST_FILES = 0.01, 3

#: Reasons that have a sentence for all files together, with what it says of the rows; no file is named for them.
_OF_RECORDING = {
    "bad_recorded_at": "their recorded_at is no date, or lies before 1900 or after today",
    "recorded_before_date": "their recorded_at lies before their own date",
}


def reading_advice(
    files: Sequence[FileCount],
    numbers: Sequence[int],
    found: Findings,
    config: InputConfig,
    columns: Mapping[str, str],
) -> list[Advice]:
    """What of the rows of files, which have these numbers, was rejected, and what was accepted and may be none.

    `columns` are the names of the columns of dates in the tables.
    """
    known = config.null_dates
    lost, by_file = [], found.by_file()
    for file, number in zip(files, numbers, strict=True):
        reasons = {reason: what for reason, what in by_file.get(number, {}).items() if reason not in _OF_RECORDING}
        if sum(what.rows for what in reasons.values()) > _SHARE * file.read:
            lost.append((file, reasons))
    advice = [Advice(_rejected(file, reasons)) for file, reasons in lost[:_MOST_FILES]]
    if len(lost) > _MOST_FILES:
        more = f"{len(lost) - _MOST_FILES:,} more files had over 1 % of their rows rejected; see rejected.parquet"
        advice.append(Advice(more))
    for ours, texts in (("date", list(found.bad_dates)), ("recorded_at", unread_recorded_at(found, config))):
        proposal = date_proposals(texts, columns[ours], config.date_format) if texts else None
        if proposal is not None and (proposal.unread or not proposal.null_dates):
            advice.append(Advice(proposal.sentence))
    names = {number: file.name for file, number in zip(files, numbers, strict=True)}
    advice += [Advice(text) for text in (*_bad_ids(found), *_of_recording(found, names))]
    advice += [
        Advice(
            f"{counted(rows, 'row')} {'dated' if column == 'date' else f'with {column}'} {day}, which systems write "
            "where there is no date: if so here",
            "null_dates",
            [*known, day],
        )
        for (column, day), rows in sorted(found.days.items())
    ]
    return advice


def _rejected(file: FileCount, reasons: dict[str, Reason]) -> str:
    several = len(reasons) > 1
    of_each = [
        (f"{what.rows:,} " if several else "") + reason + _as_in(reason, what)
        for reason, what in sorted(reasons.items(), key=lambda item: (-item[1].rows, item[0]))
    ]
    rejected = sum(what.rows for what in reasons.values())
    share = 100 * rejected / file.read
    more = hint_of(reasons.items())
    rows = f"{rejected:,} of {file.read:,} rows ({share:.3g} %) of {file.name}"
    return f"{rows} were rejected: {', '.join(of_each)}{more}"


def _as_in(reason: str, what: Reason, file: str = "") -> str:
    shown = "" if what.example is None else f": {example_of(reason, what.example)}"
    return f" (as in row {what.row_number:,}{file and f' of {file}'}{shown})"


def _bad_ids(found: Findings) -> list[str]:
    bad = [what for (_, reason), what in sorted(found.reasons.items()) if reason == "bad_id"]
    if not bad:
        return []
    shown = next((f" (as in {example_of('bad_id', what.example)})" for what in bad if what.example), "")
    return [
        f"{counted(sum(what.rows for what in bad), 'row')} rejected for an id that has lost digits{shown}: it is in "
        "scientific notation, or a float beyond 2^53. Have ids written as text where the table comes from"
    ]


def _of_recording(found: Findings, names: Mapping[int, str]) -> list[str]:
    """A sentence for each reason that recorded_at gives; `names` are those of the files, by number."""
    texts = []
    for reason, why in _OF_RECORDING.items():
        bad = [(number, what) for (number, given), what in sorted(found.reasons.items()) if given == reason]
        if bad:
            (number, first), rows = bad[0], sum(what.rows for _, what in bad)
            as_in = _as_in(reason, first, names[number] if len(names) > 1 else "")
            texts.append(f"{counted(rows, 'row')} rejected: {why}{as_in}{hint_of([(reason, first)])}")
    return texts


def unread_recorded_at(found: Findings, config: InputConfig) -> list[str]:
    """The texts of recorded_at that are no date as the configuration has it."""
    texts = list(found.bad_recorded_at)
    timestamps = date_formats(config.date_format).parse(pa.array(texts, pa.large_string()))
    return [text for text, timestamp in zip(texts, timestamps.tolist(), strict=True) if timestamp == BAD_DATE]


def explained_reasons(found: Findings, config: InputConfig, columns: Mapping[str, str]) -> dict[str, str]:
    """What to say of each reason if no row was accepted."""
    explained: dict[str, str] = {}
    for (_, reason), what in sorted(found.reasons.items()):
        explained.setdefault(reason, reason + _as_in(reason, what) + hint_of([(reason, what)]))
    of_reasons = {"bad_date": list(found.bad_dates), "bad_recorded_at": unread_recorded_at(found, config)}
    for (reason, texts), column in zip(of_reasons.items(), columns.values(), strict=True):
        if texts:
            explained[reason] += f"; {date_proposals(texts, column, config.date_format).sentence}"
    if "recorded_before_date" in explained:
        explained["recorded_before_date"] += (
            f': recorded_at, read from "{columns["recorded_at"]}", lies before the dates of the rows themselves; '
            "set [input] columns.recorded_at to the column that says when a row came to be known, or "
            'to "" to have none read'
        )
    return explained
