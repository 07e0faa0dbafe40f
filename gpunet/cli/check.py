"""``gpunet check``: what tables hold, what of them would not be read, and the configuration that would read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.diagnostics import diagnosed, why_nothing
from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.progress import ProgressCallback
from gpunet.base.shapes import shape_of, values_are_shown
from gpunet.base.words import counted, quoted, shortened
from gpunet.cli.proposed_columns import proposed_columns
from gpunet.cli.proposed_config import ProposedConfig, proposed_format, proposed_recorded_at
from gpunet.cli.summary import null_words
from gpunet.config.config import Config, load_config
from gpunet.config.input_config import BESIDE
from gpunet.config.offences import PRESETS, compile_taxonomy, offence_mask
from gpunet.reading.beside import read_beside
from gpunet.reading.person_links import person_links
from gpunet.reading.pseudonymised import NotJoinedError, check_beside
from gpunet.reading.read import read_arrests_at
from gpunet.reading.sources import find_sources
from gpunet.runs.manifest import arrest_statistics, input_report

__all__ = ["check_tables", "describe_check", "less_rare_texts"]

#: Tables are read again where the configuration has to be another: for names of columns, and for dates.
_MOST_READS = 3

_MOST_TEXTS, _MOST_LINES = 8, 12

#: From this share of rejected rows on, tables are not called ready without a word on them.
_MANY = 0.05


def check_tables(
    inputs: list[str],
    config: Any = None,
    *,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
) -> tuple[dict[str, Any], str]:
    """Read tables and tell what was found; nothing is computed.

    Parameters
    ----------
    inputs
        Files, folders and globs.
    config
        A :class:`Config`, a mapping, the path of a TOML file, or None for the defaults.
    progress
        Called as bytes of files are read.
    notice
        Gets a sentence before more than 1,000 files are read.

    Returns
    -------
    dict
        ``ready``: whether a run would take the tables with the given configuration. ``error``: why not, else None.
        ``but``: what to do first where it would, and 5 % of the rows or more would be rejected, else None.
        ``input``: as in ``run.json``, and ``columns``; ``ties`` and ``victims`` likewise, if the configuration names
        tables of them. ``arrests``: statistics. ``offences``: the most frequent ones in no set. ``warnings``:
        sentences. ``config``: the proposed ``[input]``; all figures are with it.
    str
        The proposed configuration file.

    Raises
    ------
    ConfigError
        If the configuration is not understood.
    InputError
        If a path leads nowhere, nothing can be read whatever the configuration says, or tables hold pseudonyms that are
        never joined.
    """
    proposed, first = ProposedConfig(load_config(config)), None
    for i in range(_MOST_READS):
        arrests, error = _read(inputs, proposed, progress, None if i else notice)
        proposed, again = _improved(inputs, proposed, arrests)
        first = first or error or ("dates need a format" if again else None)
        if not again:
            break
    if arrests is None:
        raise InputError(str(error))
    found, report = diagnosed(arrests), arrests.report
    assert report is not None  # they were read
    if not len(arrests):
        first = f"no arrest was accepted: {why_nothing(report)}"
    beside, error = _beside(arrests, proposed.to_look_with(), progress)
    first = first or error
    links = person_links(proposed.config())
    if links is not None:
        check_beside(report, links.files)
    of_beside = [advice for of in beside.values() for advice in of.advice]
    open_ = (*proposed.open, *report.advice, *found.advice, *proposed_recorded_at(report), *of_beside)
    proposed = replace(proposed, open=open_)
    result = {
        "ready": first is None,
        "error": first,
        "but": _rejected(report, proposed) if first is None else None,
        "input": input_report(report),
        "arrests": arrest_statistics(arrests),
        "offences_in_no_set": _in_no_set(report),
        **{name: input_report(of) for name, of in beside.items()},
        **({} if links is None else {"person_links": links.counts()}),
        "warnings": [
            *arrests.config.governance.warnings(),
            *report.warnings,
            *found.warnings,
            *_better_preset(report, arrests.config),
            *(warning for of in beside.values() for warning in of.warnings),
        ],
        "config": {"input": proposed.config().as_dict()["input"]},
    }
    return result, proposed.toml()


def _rejected(report: ReadReport, proposed: ProposedConfig) -> str | None:
    """That many rows are rejected, and what to do first about the most frequent reason; None if they are few."""
    read, rejected = sum(file.read for file in report.files), sum(report.by_reason.values())
    if rejected < _MANY * read or not rejected:
        return None
    reasons = sorted(report.by_reason, key=lambda reason: -report.by_reason[reason])
    keys = {advice.key for advice in proposed.open} & {"date_format", "null_dates"} if "bad_date" in reasons else set()
    first = f"set {' and '.join(sorted(keys))} first" if keys else "see the warnings first"
    return f"{rejected:,} of {counted(read, 'row')} are rejected ({', '.join(reasons)}): {first}"


def _read(
    inputs: list[str],
    proposed: ProposedConfig,
    progress: ProgressCallback | None,
    notice: Callable[[str], None] | None,
) -> tuple[Arrests | None, str | None]:
    """The arrests, and the first fault of a file."""
    try:
        arrests = read_arrests_at(
            None, inputs, proposed.to_look_with(), progress=progress, keep_going=True, notice=notice
        )
    except InputError as error:
        return None, str(error)
    skipped = arrests.report.skipped if arrests.report is not None else ()
    return arrests, f"{skipped[0].name}: {skipped[0].reason}" if skipped else None


def _beside(
    arrests: Arrests, config: Config, progress: ProgressCallback | None
) -> tuple[Mapping[str, ReadReport], str | None]:
    """How reading the tables of ties and victims went that the configuration names, and the first fault of one."""
    try:
        _, reports = read_beside(arrests, config, keep_going=True, progress=progress)
    except (ConfigError, InputError) as error:
        if isinstance(error, NotJoinedError) or isinstance(error.__cause__, NotJoinedError):
            raise
        return {}, str(error)
    skipped = [(name, file) for name, report in reports.items() for file in report.skipped]
    return reports, f"{skipped[0][0]}: {skipped[0][1].name}: {skipped[0][1].reason}" if skipped else None


def _improved(inputs: list[str], proposed: ProposedConfig, arrests: Arrests | None) -> tuple[ProposedConfig, bool]:
    """The proposal with what was seen, and whether more can be read with it."""
    config, report = proposed.config(), arrests.report if arrests is not None else None
    if report is None or report.skipped:
        found = proposed_columns(find_sources(inputs, config.input, [], []), config)
        if found.certain:
            why = "what stands for our columns, by the likeness of names: look whether it does"
            proposed = proposed.adding({"columns": {**config.input.columns, **found.certain}}, {"columns": why})
        if found.certain or found.tried:
            return replace(proposed, tried=found.tried, open=(*proposed.open, *found.open)), True
    if report is None:
        return proposed, False
    date_format, open_ = proposed_format(report, config)
    if date_format is not None and date_format != config.input.date_format:
        why = "the one way in which all dates can be read"
        return proposed.adding({"date_format": date_format}, {"date_format": why}), True
    return replace(proposed, open=(*proposed.open, *open_)), False


def _in_no_set(report: ReadReport) -> list[dict[str, Any]]:
    """The most frequent offences in no set."""
    if report.offences is None:
        return []
    rows = report.offences.iter_rows(named=True)
    return [{"text": row["text"], "rows": row["rows"]} for row in rows if not row["sets"] and row["text"]][:_MOST_TEXTS]


def less_rare_texts(found: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`check_tables` found, of offences on a single row the shape alone, as one may be a name."""
    if values_are_shown():
        return dict(found)
    offences = found["offences_in_no_set"]
    return {
        **found,
        "offences_in_no_set": [
            o if o["rows"] > 1 else {**o, "text": shape_of(o["text"]), "is_shape": True} for o in offences
        ],
    }


def _better_preset(report: ReadReport, config: Config) -> list[str]:
    """A sentence if a preset takes many more rows than the configured sets, as these may be of another country."""
    if report.offences is None:
        return []
    rows = list(report.offences.iter_rows(named=True))
    taken = sum(row["rows"] for row in rows if row["sets"])
    for name, sets in PRESETS.items():
        compiled = compile_taxonomy(sets)
        would = sum(row["rows"] for row in rows if row["text"] and offence_mask(row["text"], compiled))
        if would > 2 * taken and sets != config.violent_offences:
            return [
                f"the configured sets take {counted(taken, 'row')}, those of another preset {would:,}: if the tables "
                f'are written so, write [violent_offences] preset = "{name}"'
            ]
    return []


def describe_check(found: Mapping[str, Any]) -> str:
    """What :func:`check_tables` found, for one screen."""
    read, arrests, rows = found["input"], found["arrests"], found["input"]["rows"]
    span = f"{arrests['first_date']} to {arrests['last_date']}" if arrests["first_date"] else "no dates"
    sets = ", ".join(f"{name} {n:,}" for name, n in arrests["violent_arrests"].items())
    texts = list(map(_offence_line, found["offences_in_no_set"]))
    reasons = [f"{n:,} {reason}" for reason, n in read["rejected_by_reason"].items()]
    columns = [f"{ours} = {quoted(theirs)}" for ours, theirs in read["columns"].items()]
    lines = [
        ("read", f"{counted(rows['read'], 'row')} of {counted(len(read['files']), 'file')}: "
                 f"{rows['accepted']:,} accepted, {rows['rejected']:,} rejected, {rows['duplicate']:,} duplicate"),
        ("rejected", _some(reasons)),
        ("unreadable", _some([f"{file['name']}: {file['reason']}" for file in read["left_out"]], 3, "; ")),
        ("format", _some(read["notes"], 4, "; ")),
        ("columns", _some(columns)),
        ("dropped", _some([quoted([name]) for name in read["protected_columns_dropped"]])),
        ("not read", _some([quoted([name]) for name in read["other_columns_ignored"]])),
        ("no value", _some(null_words(read["null_words"]))),
        ("arrests", f"{counted(arrests['arrests'], 'arrest')} of {counted(arrests['persons'], 'person')} in "
                    f"{counted(arrests['incidents'], 'incident')}, {span}"),
        ("violent", f"arrests by set: {sets}"),
        ("in no set", f"offences by rows: {_some(texts)}" if texts else ""),
        *((name, _beside_line(found[name])) for name in BESIDE if name in found),
        *(("links", _links_line(found[name])) for name in ("person_links",) if name in found),
        *(("warning", text) for text in found["warnings"][:_MOST_LINES]),
    ]  # fmt: skip
    more = len(found["warnings"]) - _MOST_LINES
    if more > 0:
        lines.append(("warning", f"... and {more:,} more with --json"))
    ready = f"yes, but {found['but']}" if found["but"] else "a run takes these tables as they are configured"
    lines.append(("ready", ready if found["ready"] else f"not yet: {found['error']}"))
    return "\n".join(f"{title:10} {text}" for title, text in lines if text)


def _offence_line(item: Mapping[str, Any]) -> str:
    """An offence and its rows; of one that only its shape is shown of, how to see it."""
    shape = " (shape; --show-values)" if item.get("is_shape") else ""
    return f'"{shortened(item["text"], 40)}"{shape} {item["rows"]:,}'


def _links_line(counts: Mapping[str, int]) -> str:
    """What was decided of links between ids."""
    return f"{counts['yes']:,} yes, {counts['no']:,} no, {counts['undecided']:,} undecided"


def _beside_line(read: Mapping[str, Any]) -> str:
    """What became of the rows of tables of ties or victims."""
    rows, reasons = read["rows"], [f"{n:,} {reason}" for reason, n in read["rejected_by_reason"].items()]
    counts = f"{counted(rows['read'], 'row')} of {counted(len(read['files']), 'file')}: {rows['accepted']:,} accepted, "
    rejected = f"{rows['rejected']:,} rejected" + (f" ({_some(reasons)})" if reasons else "")
    return "; ".join((f"{counts}{rejected}, {rows['duplicate']:,} duplicate", *read["notes"]))


def _some(texts: Sequence[str], most: int = _MOST_TEXTS, between: str = ", ") -> str:
    shown = between.join(texts[:most])
    return f"{shown}, ... {len(texts) - most:,} more" if len(texts) > most else shown
