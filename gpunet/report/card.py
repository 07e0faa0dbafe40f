"""The card of one score: a page for the person who must question it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.base.words import counted
from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.config.sides import OFFENDER, VICTIM
from gpunet.governance.statement import stated_by
from gpunet.model.trained import load_model
from gpunet.report.audience import Audience
from gpunet.report.card_inputs import input_paths, read_again
from gpunet.report.card_reasons import change_section, reasons_section
from gpunet.report.card_record import arrests_section, network_section, places_section
from gpunet.report.card_score import score_section
from gpunet.report.card_values import usual_values
from gpunet.report.evidence import Evidence
from gpunet.report.figure import Page, Paragraph, Section
from gpunet.report.governance_section import purpose_sentence, statement
from gpunet.report.limits import limits
from gpunet.report.named import named
from gpunet.report.outcome import outcome_of
from gpunet.report.record import Record
from gpunet.report.source import Source
from gpunet.report.subject import check_unchanged, subject_of
from gpunet.report.two_steps import two_steps
from gpunet.runs.described import protected_columns
from gpunet.runs.sealed import SEALED, refuse_sealed

__all__ = ["TITLE", "card_page"]

#: How the title of every card begins.
TITLE = "Card of one score"

_MODEL = "model.ubj"

#: What the title says of the side that a score is of.
_OF_SIDE = {OFFENDER: "", VICTIM: ", of a possible victim"}

_OF_ONE_SCORE = (
    "It is no suspicion and no ground for a stop, a search, an arrest, bail or a sentence: it says nothing about any "
    "act of the person.",
    "An arrest is not a conviction. The tables do not tell who was charged, cleared, or arrested in error.",
    "A tie says that two persons were arrested in one incident, no more; they may be strangers, or opponents. Nobody "
    "has chosen what those did who were arrested too.",
    "Ids may be wrong: two persons under one id, or one under two, make a record that nobody has.",
    "To question the score: compare the arrests, ties and places listed here with the records that they come from. If "
    "one is wrong, the score is too: have the table corrected and the run made again.",
)


def card_page(folder: Path, person: str, progress: ProgressCallback | None = None) -> Page:
    """The card of one person scored by a run.

    Parameters
    ----------
    folder
        Of a complete ``gpunet run``, whose input files are where they were, and what they were.
    person
        The id, as text.
    progress
        Called while the inputs are read.

    Raises
    ------
    GpunetError
        If there is no such person or run, or its inputs or files are not what they were.
    """
    source = _scored(folder)
    refuse_sealed(folder, source.manifest)
    check_unchanged(source, ("scores.parquet", "features.parquet", "ties.parquet", "groups.parquet", _MODEL))
    subject = subject_of(source, person)
    paths = input_paths(source.manifest)
    record = Record(read_again(source.manifest, paths, progress), subject.person_id)
    around = two_steps(source, subject.person_id)
    evidence = Evidence(subject, record, around)
    model = load_model(source.folder / _MODEL)
    config = load_config(source.manifest["config"])
    known = columns(config.sets, layers=config.layers)
    usual = usual_values(source, model.features)
    score = score_section(source, subject)
    horizon, outcome = source.manifest["model"]["horizon_days"], outcome_of(source.manifest)
    return Page(
        f"{TITLE}{_OF_SIDE[outcome.side]}: person {named(subject.person_id)}",
        (
            score.lead,
            "This page is for whoever must question that score: what it says, what it rests on, what it must not be "
            "used for.",
        ),
        (
            score,
            reasons_section(model, evidence, usual, known, outcome),
            change_section(model, subject, usual, known, horizon),
            arrests_section(record, source.manifest["model"]["days"]["T"]),
            network_section(evidence),
            places_section(record),
            _limits(source),
            _computed(source.manifest, model.training),
        ),
        retain_until=str(stated_by(source.manifest).get("retain_until", "")),
    )


def _scored(folder: Path) -> Source:
    source = Source(folder)
    if source.kind != "run":
        raise InputError(f"{folder} holds gpunet {source.kind}, which scores nobody: name the folder of a gpunet run")
    if not {_MODEL, f"{_MODEL}{SEALED}"} & source.manifest["outputs"].keys():
        raise InputError(f"{folder} is of an earlier version of gpunet, whose model is not read: make the run again")
    return source


def _limits(source: Source) -> Section:
    """The limits of every run, after those of a single person's score."""
    of_all = limits(source)
    return replace(of_all, parts=(*(Paragraph(text, "list item") for text in _OF_ONE_SCORE), *of_all.parts))


def _computed(manifest: dict[str, Any], training: Any) -> Section:
    files = manifest["input"]["files"]
    rows = manifest["input"]["rows"]
    return Section(
        "computed",
        "How it was computed",
        f"By gpunet {manifest['versions']['gpunet']}, from {counted(rows['accepted'], 'row')} of "
        f"{counted(len(files), 'file')}, as of {manifest['as_of']}.",
        (
            Paragraph(purpose_sentence(manifest)),
            *statement(manifest, Audience()),
            Paragraph(
                f"The model ({manifest['config']['model']['kind']}) learned from {training['rows']:,} rows of "
                f"{training['persons']:,} persons, {training['positive_rows']:,} of them with a "
                f"{outcome_of(manifest).event} in the time that followed."
            ),
            Paragraph(
                "For this card the same files were read again, with the same configuration. Each has the SHA-256 that "
                f"run.json lists, and so has every file of the run that was used. {rows['rejected']:,} rows had been "
                "rejected on reading, and are in rejected.parquet."
            ),
            Paragraph(
                "The columns that the run refuses to read, such as ethnicity and sex, had no part in the score."
                if protected_columns(manifest["input"])
                else "No column of the tables is named after ethnicity, sex, religion or the like; such a column would "
                "not have been read."
            ),
        ),
    )
