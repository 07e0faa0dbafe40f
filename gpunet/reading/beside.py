"""What is known of persons beside their arrests: tables of ties and of victims are read, and put to the arrests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.joined import check_key, with_tables
from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.base.words import Advice, counted, plain_name
from gpunet.config.config import Config
from gpunet.config.input_config import DETAILS, InputConfig
from gpunet.reading.alike import alike_among, candidates, texts_of
from gpunet.reading.arrests_table import read_arrests_at
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.person_links import with_person_links
from gpunet.reading.pseudonymised import check_tables, other_dates_beside
from gpunet.reading.ties_report import prefixed
from gpunet.reading.ties_table import read_ties
from gpunet.tables.arrays import distinct, to_host

__all__ = ["read_beside", "victims_input"]

_STAGE = "reading victims"

#: Columns that tables of victims have.
_OF_VICTIMS = ("person_id", "incident_id", "date", "offence", "force", "recorded_at")

#: Where less than this share of victims' incidents is among those of arrests, their ids may be written otherwise.
_LEAST_SHARED = 0.01


def read_beside(
    arrests: Arrests,
    config: Config,
    *,
    ties: Any = None,
    victims: Any = None,
    today: date | None = None,
    keep_going: bool = False,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    corrections: Corrections | None = None,
    effects: Mapping[str, Effect] | None = None,
) -> tuple[Arrests, dict[str, ReadReport]]:
    """Read tables of ties and of victims on the host, and put them to the arrests.

    Parameters
    ----------
    arrests
        As they were read, on the host. If they were cut at a day, so are the tables.
    config
        The configuration; ``[input] ties`` and ``[input] victims`` name tables where none are given.
    ties, victims
        Paths or frames, whatever :func:`gpunet.read_arrests` takes; ``docs/associations.md`` has their columns.
    today
        Dates after this day are none, and authorities that ended before it are over; the present day if None.
    keep_going, progress, notice
        As those of :func:`gpunet.read_arrests`.
    corrections, effects
        Rows are changed by the corrections, whose effect is entered in that of ``ties`` and that of ``victims``;
        without any, by the decided links that ``[input] person_links`` names.

    Returns
    -------
    Arrests
        With ``associations`` and ``victims``; themselves if there is no table of either.
    dict
        The reports of ``ties`` and of ``victims``, as far as there are such tables; the arrests' own report has them
        as ``beside``.

    Raises
    ------
    InputError
        If a table cannot be read, or incidents of victims cannot be compared with those of arrests.
    ConfigError
        If a kind of ties is not named, or may not be used.
    """
    ties = ties if ties is not None else list(config.input.ties) or None
    victims = victims if victims is not None else list(config.input.victims) or None
    if ties is None and victims is None:
        return arrests, {}
    corrections = with_person_links(corrections, config)
    reports: dict[str, ReadReport] = {}
    rows = events = None
    how: dict[str, Any] = {"today": today, "keep_going": keep_going, "notice": notice, "corrections": corrections}
    told = effects or {}
    if ties is not None:
        rows, reports["ties"] = read_ties(ties, config, **how, progress=progress, effect=told.get("ties"))
    if victims is not None:
        events = _victims(victims, config, progress, {**how, "effect": told.get("victims")})
        assert events.report is not None  # they were read
        reports["victims"] = events.report
    check_tables(arrests.report, reports)
    for name, report in reports.items():
        unlike = other_dates_beside(arrests.report, name, report.pseudonyms)
        reports[name] = replace(report, warnings=(*report.warnings, *unlike))
    joined = with_tables(arrests, rows, events)
    for name, found in (("ties", _of_ties(joined)), ("victims", _of_victims(joined))):
        if name in reports:
            reports[name] = reports[name].advised(found)
    if joined.report is not None:
        joined = replace(joined, report=replace(joined.report, beside=reports))
    return joined, reports


def _victims(source: Any, config: Config, progress: ProgressCallback | None, how: dict[str, Any]) -> Arrests:
    """The tables of victims, read as those of arrests are; `how` has what else reading is told."""

    def told(_: str, done: float, total: float) -> None:
        if progress is not None:
            progress(_STAGE, done, total)

    check_key(config)
    if how["corrections"] is not None:  # as incidents are told apart where victims' tables tell no force
        how = {**how, "corrections": replace(how["corrections"], without_force=True)}
    try:
        settings = replace(config, input=victims_input(config.input))
        found = read_arrests_at(None, source, settings, progress=told, kind="victims", **how)
    except InputError as error:
        raise InputError(f"victims: {error}") from error
    assert found.report is not None  # they were read
    return replace(found, report=prefixed(found.report, "victims"))


def victims_input(config: InputConfig) -> InputConfig:
    """How tables of victims are read: without gangs and places, and with our names of columns beside the configured."""
    taken = {plain_name(theirs): ours for ours in _OF_VICTIMS for theirs in config.source_names(ours)}
    columns: dict[str, Any] = dict(config.columns)
    for ours in _OF_VICTIMS:
        if ours in columns and not config.is_absent(ours) and taken.get(plain_name(ours), ours) == ours:
            columns[ours] = tuple(dict.fromkeys((*config.source_names(ours), ours)))
    columns |= {name: "" for name in DETAILS if name != "offence"}
    return replace(config, columns=columns)


def _of_ties(arrests: Arrests) -> list[Advice]:
    """What to tell if nobody of the tables of ties has an arrest."""
    if arrests.associations is None or not len(arrests.associations):
        return []
    arrested = np.zeros(arrests.n_persons, np.bool_)
    arrested[to_host(arrests.person)] = True
    if arrested[arrests.associations.persons()].any():
        return []
    text = "ties: no person of these tables has an arrest: are ids written alike in both? See [input] id_rules"
    alike = alike_among(candidates(texts_of(arrests.person_ids)), "person_id", arrests.config.input)
    return [Advice(f"{text} in docs/input.md"), *(Advice(f"ties: {a.about}", a.key, a.value) for a in alike)]


def _of_victims(arrests: Arrests) -> list[Advice]:
    """What to tell of incidents that are not, or may not be, those of arrests, and of offences that are not violent."""
    victims = arrests.victims
    if victims is None or not len(victims):
        return []
    incidents = distinct(to_host(victims.events.incident))
    shared = int((victims.of_incident[incidents] >= 0).sum())
    found = []
    if shared < _LEAST_SHARED * len(incidents):
        found.append(
            f"victims: {shared:,} of {len(incidents):,} incidents of victims are incidents of arrests, so hardly "
            "anybody is tied to their victim: are incident_id, and force, written alike in both? See [input] id_rules "
            "in docs/input.md"
        )
    if victims.unsettled:
        found.append(
            f"victims: {counted(victims.unsettled, 'time')} somebody became a victim in an incident whose id several "
            "forces have, and the date does not tell whose it is, so nobody is tied by it: give these tables a column "
            "force"
        )
    if not victims.events.config.input.is_absent("offence") and not victims.events.offences.any():
        found.append(
            "victims: no offence is in a set of [violent_offences], so nobody became a victim of violence; look at "
            "docs/offences.md"
        )
    return [Advice(text) for text in found]
