"""The sections of an audit's page: who is selected, who wrongly, calibration, proxies, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from gpunet.base.words import counted
from gpunet.evaluate.attributes import EVERYBODY
from gpunet.evaluate.proxies import FEWEST
from gpunet.report.audience import MIN_PERSONS
from gpunet.report.audit_figures import ERROR_COLUMNS, group_dots, group_table, one_attribute
from gpunet.report.audit_words import (
    FEATURES_IN_WORDS,
    RULES,
    calibration_lead,
    errors_lead,
    missing_lead,
    positives_words,
    proxies_lead,
    selection_lead,
)
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.forecast_words import window_words
from gpunet.report.named import named_list
from gpunet.report.outcome import outcome_of
from gpunet.report.public_rules import THRESHOLD
from gpunet.report.source import Source

__all__ = ["audit_asked", "audit_calibration", "audit_errors", "audit_proxies", "audit_selection", "audit_suppressed"]

_WHY = (
    "A public authority has to look. In R (Bridges) v Chief Constable of South Wales Police [2020] EWCA Civ 1058 the "
    "Court of Appeal of England and Wales held that the police had breached the public sector equality duty, because "
    "they had never tried to satisfy themselves that the software did not have a bias on grounds of race or sex. That "
    "nobody intends a bias, or knows of one, is no answer."
)

_INTERVAL = (
    "Lines are approximate 95 % intervals, from draws of the network's communities; the dashed line is everybody."
)


_NOT_TOGETHER = (
    "Errors by group of those whom the threshold selects are left out: together with the measures that the report of "
    "the run tells everybody, numbers of fewer than 10 persons could be worked out."
)


def audit_asked(source: Source) -> Section:
    """Which run, which persons, which attributes, of which file; and why anybody has to look."""
    found = source.manifest
    of, count = found["audit"], source.audience.count
    by = named_list(of["by"])
    told = of["positives"]
    positives = (
        positives_words(None, of["min_persons"]) if told is None else source.audience.out_of(told, of["persons"])
    )
    lists = sorted(int(rule.removeprefix("top_")) for rule in of["rules"] if rule.startswith("top_"))
    or_first = f", or by a list of the first {' or '.join(map(str, lists))} of everybody" if lists else ""
    missing = [] if (fairness := _fairness(source)) is None else missing_lead(fairness, of["by"], of["persons"])
    return Section(
        "asked",
        "What was asked, and of which data",
        f"Does the model treat groups of persons differently, by {by}? The groups are of the {count(of['persons'])} "
        + " ".join(
            [
                f"persons of the run's test window, {window_words(of['run']['test_window'])}, {positives} of whom were "
                f"then {outcome_of(found).violence_of_many}.",
                *missing,
            ]
        ),
        (
            Paragraph(_WHY),
            Paragraph(
                "The scores are those that a model gave which had not seen what happened in this window. Persons are "
                f"selected by {RULES['threshold']}, which is a probability of {of['threshold']:.3f} or more{or_first}."
            ),
            *(Paragraph(text) for text in _of_file(source)),
            *(Paragraph(text, "warning") for text in _warnings(source)),
        ),
    )


def _of_file(source: Source) -> Iterator[str]:
    """The file of attributes, and whom it does not have."""
    of, count = source.manifest["audit"], source.audience.count
    files = (
        "" if source.audience.is_public else f" ({named_list([file['name'] for file in of['attributes']['files']])})"
    )
    yield (
        f"The attributes come from {counted(len(of['attributes']['files']), 'file')} of their own{files}. They are "
        "used for this audit alone, and no model has seen them. Persons of whom an attribute is not known are a group."
    )
    found = of["attributes"]["persons_found"]
    if found is not None:
        yield f"{count(found)} of the {count(of['persons'])} persons are in it."
    if several := of["attributes"]["contradictory"]:
        yield f"Persons with two values that differ count as not known: by {named_list(several)}."


def _warnings(source: Source) -> list[str]:
    return [] if source.audience.is_public else list(source.manifest["warnings"])


def audit_selection(source: Source) -> Section | None:
    """Who is selected, by group."""
    if (fairness := _fairness(source)) is None:
        return _not_for_everybody()
    by = source.manifest["audit"]["by"]
    lead, *rest = map(" ".join, selection_lead(fairness, by))
    return Section(
        "fairness",
        "Who is selected",
        lead,
        (
            *(Paragraph(text) for text in rest),
            *group_dots(source, fairness, "selection_rate", "Selected by the threshold",
                   f"The share of each group that the model's threshold selects. {_INTERVAL}"),
            group_table(source, one_attribute(fairness, by), "groups", "Groups, by every rule",
                   "For each rule, how many are selected, and the share with its interval. A larger share is no proof "
                   "of a bias by itself: compare it with how many were arrested."),
            *_pairs(source, fairness, by),
        ),
    )  # fmt: skip


def _pairs(source: Source, fairness: pl.DataFrame, by: Sequence[str]) -> Iterator[Table]:
    pairs = fairness.filter((pl.col("rule") == "threshold") & ~pl.col("by").is_in([*by, EVERYBODY]))
    told = pairs.drop_nulls("persons")
    if len(told):
        yield group_table(
            source, told, "pairs", "Pairs of attributes",
            f"Everybody who shares two attributes, under the threshold. Of {len(pairs):,} pairs of groups "
            f"{len(told):,} can be told. What a group hides can show in a pair.",
        )  # fmt: skip


def audit_errors(source: Source, rules: Sequence[str] | None = None) -> Section | None:
    """Who is selected wrongly, or missed, by group; for the public by those `rules`, else by those the audit names."""
    if (fairness := _fairness(source)) is None:
        return None
    if source.audience.is_public:
        rules = source.manifest["audit"].get("public_rules") if rules is None else rules
        if rules is not None:  # None: an audit of an earlier version
            fairness = fairness.filter(pl.col("rule").is_in(list(rules)))
    outcome = outcome_of(source.manifest)
    lead, *rest = map(" ".join, errors_lead(fairness, source.manifest["audit"]["by"], outcome=outcome))
    if THRESHOLD not in fairness["rule"]:
        lead, rest = _NOT_TOGETHER, [lead, *rest] if len(fairness) else []
    were, befallen = outcome.violence_of_many, outcome.befallen
    figures = (
        ("false_positive_rate", f"Selected, and not {befallen}",
         f"Of persons who were not {were} in the window, the share that the threshold selects"),
        ("recall", f"{befallen[0].upper()}{befallen[1:]}, and selected before",
         f"Of persons who were {were} in the window, the share that the threshold selects"),
        ("precision", "Right among the selected",
         f"Of persons whom the threshold selects, the share that was {outcome.violence} in the window"),
    )  # fmt: skip
    parts: list[Figure | Table] = [
        part
        for name, title, text in figures
        for part in group_dots(source, fairness, name, title, f"{text}. {_INTERVAL}")
    ]
    by = source.manifest["audit"]["by"]
    text = (
        "For each rule, the share that it selects of those who were not, and of those who were, "
        f"{were}; of those selected, the share that was. Mean probability and that share of all are the same for "
        "every rule."
    )
    if len(fairness):
        parts.append(
            group_table(source, one_attribute(fairness, by), "errors", "Errors, by every rule", text, ERROR_COLUMNS)
        )
    return Section("errors", "Errors by group", lead, (*(Paragraph(text) for text in rest), *parts))


def audit_calibration(source: Source) -> Section | None:
    """Whether a probability means the same in every group."""
    if (fairness := _fairness(source)) is None:
        return None
    outcome = outcome_of(source.manifest)
    text = (
        f"Mean probability less the share that was {outcome.violence}: right of 0 the model says too much of a "
        f"group, left of it too little. {_INTERVAL}"
    )
    by = source.manifest["audit"]["by"]
    parts = group_dots(source, fairness, "calibration", "Too much or too little", text)
    lead = calibration_lead(fairness, by, outcome=outcome)
    return Section("calibration", "Does a probability mean the same in every group?", lead, tuple(parts))


def audit_proxies(source: Source) -> Section | None:
    """How well features guess an attribute that no model was given."""
    if _fairness(source) is None:
        return None
    proxies, by = source.table("proxies"), source.manifest["audit"]["by"]
    lead, *rest = proxies_lead(proxies, by)
    proxies = proxies.with_columns(pl.col("family").replace(FEATURES_IN_WORDS))
    data = proxies.select("by", "group", "family", "features", "auc", "auc_low", "auc_high", "undefined")
    told = data.drop_nulls("auc")
    sentence = (
        "How well features that the model uses guess a group, about persons whom the guesser has not seen: the area "
        "under the ROC curve, 0.5 for a coin and 1 for certainty, by family of features. What stands far from 0.5 can "
        "stand in for the attribute though the model was never given it."
    )
    heads = {
        "by": "attribute",
        "group": "group",
        "family": "features",
        "auc": "AUC",
        "auc_low": "from",
        "auc_high": "to",
    }
    formats = dict.fromkeys(("auc", "auc_low", "auc_high"), "{:.2f}")
    persons = source.manifest["audit"]["persons"]
    table = Table("proxies", "Guessing a group from features", sentence, persons, told, heads, formats)
    return Section(
        "proxies",
        "Which features stand in for a group",
        lead,
        (
            *(Paragraph(text) for text in rest),
            *([table] if len(told) else []),
            Paragraph(
                f"Groups of fewer than {FEWEST} persons are not guessed. The run's features.json explains the features."
            ),
        ),
    )  # fmt: skip


def audit_suppressed(source: Source) -> Section:
    """What is not told, and why."""
    of = source.manifest["audit"]
    least, hidden = of["min_persons"], of["rows_with_suppression"]
    lead = (
        f"In {hidden:,} of {of['rows']:,} rows of fairness.parquet something is not told."
        if hidden
        else "Everything is told."
    )
    return Section(
        "suppressed",
        "What cannot be told",
        f"{lead} No group and no denominator of fewer than {least} persons is told, and nothing that would give one "
        "away; right and wrong selections within them can be fewer.",
        tuple(
            Paragraph(text, "list item")
            for text in (
                f"A group of fewer than {least} persons is not told, nor a measure that is a share of fewer than "
                f"{least}: so few arrested, so few not arrested, or so few selected.",
                "Where one number could be found by subtracting the others from their sum, a second one goes too, and "
                "more where tables could be solved together. The words for both are the same, so that nobody can tell "
                "which of them is small.",
                "The threshold and the lists select the same persons in part. Where few persons stand between two of "
                "them, or none or all of these were arrested, the numbers of one of the two are not told.",
                "Hits, misses and the rates made of them are not told where one of them is nobody at all: a rate of "
                "0 % or 100 % would say of each person what happened.",
                "Too much is hidden? Put small groups together in the attributes file, and audit again into the same "
                "folder. Two audits of one run with other groups can be subtracted from each other: publish one.",
            )
        ),
    )  # fmt: skip


def _fairness(source: Source) -> pl.DataFrame | None:
    """The table; None if it tells of smaller groups than this audience may see."""
    if source.audience.is_public and source.manifest["audit"]["min_persons"] < MIN_PERSONS:
        return None
    return source.once(_table_of_fairness)


def _table_of_fairness(source: Source) -> pl.DataFrame:
    return source.table("fairness")


def _not_for_everybody() -> Section:
    return Section(
        "fairness",
        "Who is selected",
        f"This audit tells of groups of fewer than {MIN_PERSONS} persons, so it is not for everybody.",
        (Paragraph(f"For a page to be published, audit again with [audit] min_persons = {MIN_PERSONS} or more."),),
    )  # fmt: skip
