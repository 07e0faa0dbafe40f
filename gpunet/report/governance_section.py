"""What a run is for and who answers for it, and what was asked of the runs in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from gpunet.base.errors import InputError
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.governance.demand import BY, demand_by, requests
from gpunet.governance.log import check, entries
from gpunet.governance.log_line import OPERATIONS
from gpunet.governance.noted import log_kept_of
from gpunet.governance.statement import sealed_sentences, stated_by
from gpunet.report.audience import Audience
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.named import named
from gpunet.report.source import Source

__all__ = ["demand_tables", "governance_section", "purpose_sentence", "statement"]

_WORDS = {
    "purpose": "Purpose",
    "legal_basis": "Legal basis",
    "controller": "Controller",
    "owner": "Answers for the results",
    "requested_by": "Asked for by",
    "task_ref": "Task",
    "reviewer": "Reviewer of scores",
    "jurisdiction": "Jurisdiction",
    "retain_until": "Kept until",
    "person_scores": "Scores of single persons",
    "authority": "Authority for outcomes of protest or public order",
    "never_outcomes": "Further offences that are no outcome",
}

#: Who they are is not told to the public.
_NAMES = ("owner", "requested_by", "reviewer", "authority")

_SCORES = {"allow": "allowed", "reviewed": "sealed until they are reviewed", "refuse": "refused"}
_DECIDED = {"approve": "opened", "reject": "not opened"}

_HEADS = {
    **{operation: operation.capitalize() for operation in OPERATIONS},
    "entries": "Entries",
    "runs": "Runs or files",
    "persons": "Persons, summed",
    "most_persons": "Persons, most at once",
}
_FIRST_HEADS = {"task": "Task", "purpose": "Purpose", "team": "Team", "month": "Month"}

_SUMMED = "A person counts as often as an entry concerns them."


def governance_section(source: Source) -> Section:
    """What the run's ``[governance]`` says, and demand, if a log is kept of the run."""
    return Section(
        "governance", "What it is for, and who answers for it", purpose_sentence(source.manifest),
        (*statement(source.manifest, source.audience), *_demand(source)),
    )  # fmt: skip


def purpose_sentence(manifest: Mapping[str, Any]) -> str:
    """The purpose, the legal basis and the controller of a run in a sentence.

    >>> purpose_sentence({})
    'The configuration does not say what it is for, nor who answers for it: no purpose stated.'
    """
    stated = stated_by(manifest)
    if stated["purpose"] == NO_PURPOSE:
        return f"The configuration does not say what it is for, nor who answers for it: {NO_PURPOSE}."
    return (
        f"It is for {named(stated['purpose'])}, and for nothing else. Legal basis: {named(stated.get('legal_basis'))}. "
        f"Controller: {named(stated.get('controller'))}."
    )


def statement(manifest: Mapping[str, Any], readers: Audience) -> tuple[Table, ...]:
    """A table of every key of ``[governance]`` that is given, for the public without names; none if none is given."""
    stated = stated_by(manifest)
    if stated["purpose"] == NO_PURPOSE:
        return ()
    told = {key: words for key, words in _WORDS.items() if not (readers.is_public and key in _NAMES)}
    rows = [(words, _said(key, stated[key])) for key, words in told.items() if key in stated]
    if stated.get("person_scores") == "reviewed":
        rows.append(("Review", _reviewed(manifest, readers)))
    found = Table(
        "governance",
        "What is stated",
        "It stands in the configuration, in run.json and in every table. No part of it is legal advice.",
        None,
        pl.DataFrame(rows, schema={"key": pl.String, "stated": pl.String}, orient="row"),
        {"key": "About", "stated": "Stated"},
    )
    return (found,)


def _said(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return _SCORES.get(value, str(value)) if key == "person_scores" else str(value)


def _reviewed(manifest: Mapping[str, Any], readers: Audience) -> str:
    """The last decision on the scores."""
    review = manifest.get("review")
    if not isinstance(review, list) or not review:
        return " ".join(["Not reviewed yet.", *sealed_sentences(manifest)])
    last = review[-1]
    who = "" if readers.is_public else f" by {last['by']}: {last['note']}"
    return f"{_DECIDED.get(last['decision'], last['decision'])}, {last['time'][:10]}{who}"


def _demand(source: Source) -> list[Paragraph | Table]:
    """What the log says was asked of the runs in the folder that holds this one."""
    log = log_kept_of(source.folder)
    if log is None:
        return []
    try:
        if faults := check(log):
            raise InputError(f"the log of this folder is not as it was written ({faults[0]})")
        found = requests(entries(log))
    except InputError as error:
        return [Paragraph(f"What was asked of the runs in this folder is not told: {error}", "warning")]
    return list(demand_tables(found, source.audience))


def demand_tables(found: pl.DataFrame, audience: Audience) -> tuple[Table, ...]:
    """Demand by task, purpose, team and month as tables of a page: to the public by month alone.

    Parameters
    ----------
    found
        As :func:`gpunet.governance.demand.requests` gives it.
    audience
        Who reads. The public is told of no number under 10.
    """
    months = demand_by("month", found)
    if audience.is_public:
        shown = months.drop("most_persons")
        counts = tuple(shown.columns[1:])
        return (_demand_table("month", shown, counts),)
    return tuple(_demand_table(by, demand_by(by, found)) for by in BY)


def _demand_table(by: str, data: pl.DataFrame, counts: tuple[str, ...] = ()) -> Table:
    stated = data.with_columns(pl.when(pl.col(by) == "").then(pl.lit("not stated")).otherwise(pl.col(by)).alias(by))
    return Table(
        f"demand_by_{by}",
        f"Demand by {by}",
        f"What was done with the runs in this folder, as its log has it. {_SUMMED}",
        None,
        stated,
        {by: _FIRST_HEADS[by], **{name: _HEADS[name] for name in stated.columns[1:]}},
        counts=counts,
    )
