"""A card's reasons: which features moved the score, which way, what they rest on, and what another value would do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from gpunet.base.errors import ModelError
from gpunet.base.words import counted
from gpunet.config.registry import PATH_FAMILIES, Feature
from gpunet.model.trained import Model
from gpunet.report.card_values import Usual, value_in_words
from gpunet.report.evidence import Evidence
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.outcome import Outcome
from gpunet.report.subject import Subject

__all__ = ["change_section", "reasons_section"]

#: Families of features as a layman sees them.
_TOGETHER = {
    "own record": ("history", "temporal", "victim_history"),
    "ties to others": ("neighbourhood", "community", *PATH_FAMILIES, "layers", "victims"),
    "places": ("geographic",),
}

#: A score that a model gives again differs by rounding alone from the one in the table.
_ROUNDING = 1e-4

_Values = Mapping[str, Usual]


def reasons_section(
    model: Model, evidence: Evidence, usual: _Values, known: Mapping[str, Feature], outcome: Outcome
) -> Section:
    """The features that moved the score most, by the model's own account."""
    subject, befallen = evidence.subject, outcome.befallen
    rows = [
        {
            "reason": number,
            "feature": known[name].label,
            "value": value_in_words(known[name], subject.features[name]),
            "median": usual[name].in_words(known[name]),
            "pushes": "up" if contribution > 0 else "down",
            "odds": math.exp(model.calibration.slope * contribution),
            "column": name,
        }
        for number, (name, contribution) in enumerate(subject.reasons, start=1)
    ]
    schema = {"reason": pl.Int64, **dict.fromkeys(("feature", "value", "median", "pushes"), pl.String)}
    data = pl.DataFrame(rows, schema={**schema, "odds": pl.Float64, "column": pl.String})
    heads = {
        "reason": "No.", "feature": "What", "value": "This person", "median": "Median of all",
        "pushes": "Pushes the score", "odds": "Odds times",
    }  # fmt: skip
    up = sum(contribution > 0 for _, contribution in subject.reasons)
    behind = [
        Paragraph(f"{_sentence(known[name].label)}. {evidence.behind(known[name])}", "list item")
        for name, _ in subject.reasons
    ]
    strongest = f"Of the {counted(len(rows), 'feature')} that moved this score most"
    return Section(
        "reasons",
        "Why this score",
        f"{strongest}, {up or 'none'} pushed it up and {len(rows) - up or 'none'} down.",
        (
            Table(
                "reasons",
                "The reasons",
                "The features that moved the score most, the strongest first, with the value of the person beside the "
                f"median of all {subject.persons:,} persons scored (of a yes or no what more of them have).",
                subject.persons, data, heads, {"odds": "{:.2f}"},
            ),
            Paragraph(
                f"“Odds times” is what the feature did to the odds (those who will be {befallen} to those who will "
                "not) of this person against an average one: 1.50 is half as much again, 0.80 a fifth less. It tells "
                "how the model computed, not what causes what. "
                f"The other {len(model.features) - len(rows)} features moved it less."
            ),
            Paragraph("What each rests on, by the numbers of arrests and ties below:"),
            *behind,
        ),
    )  # fmt: skip


def change_section(
    model: Model, subject: Subject, usual: _Values, known: Mapping[str, Feature], horizon_days: int
) -> Section:
    """The score with other values: what the model would say, and not what would become of the person.

    Raises
    ------
    ModelError
        If the model does not give the score of the table.
    """
    asked = _questions(model, subject, usual, known, horizon_days)
    own = {name: subject.features[name] for name in model.features}
    rows = pl.DataFrame(
        [{name: _number(row.get(name)) for name in model.features} for row in ({**own, **other} for _, other in asked)],
        schema=dict.fromkeys(model.features, pl.Float64),
    )
    persons = pl.Series("person_id", range(len(rows)), dtype=pl.Int64)
    found = model.predict_proba(rows.with_columns(persons), threads=1).tolist()
    if abs(found[0] - subject.probability) > _ROUNDING:
        raise ModelError("the model of this run does not give the score that its table has: make the run again")
    digits = 1 if 100 * found[0] >= 1 else 2
    shown = [round(100 * one, digits) for one in found]
    data = pl.DataFrame(
        {
            "question": [question for question, _ in asked],
            "probability": found,
            "of_100": [100 * one for one in found],
            "difference": [round(one - shown[0], digits) + 0.0 for one in shown],  # of what is shown; no -0.0
        }
    )
    heads = {"question": "If", "of_100": "The model would say, of 100", "difference": "Difference"}
    most = max(range(1, len(found)), key=lambda at: abs(found[at] - found[0]))
    lead = (
        f"Of these changes one moves the score most, from {shown[0]:.{digits}f} to {shown[most]:.{digits}f} of 100: "
        f"{asked[most][0]}."
    )
    return Section(
        "change",
        "What would change it",
        lead,
        (
            Table(
                "change",
                "The score with other values",
                "The model asked again with other numbers in place of the person's own, and the rest as it is. As "
                "usual means the median of all persons scored.",
                None, data, heads, {"of_100": f"{{:.{digits}f}}", "difference": f"{{:+.{digits}f}}"},
            ),
            Paragraph(
                "These are statements about the model, not about the person: it was asked again with other numbers. "
                "Nobody's life changes by one number alone, and a lower score is no proof of a lower risk."
            ),
        ),
    )  # fmt: skip


def _questions(
    model: Model, subject: Subject, usual: _Values, known: Mapping[str, Feature], horizon_days: int
) -> list[tuple[str, dict[str, Any]]]:
    """What is asked, in words, and the values that are other for it; the first is nothing."""
    top = [name for name, _ in subject.reasons]
    asked: list[tuple[str, dict[str, Any]]] = [("everything as it is", {})]
    asked += [
        (f"{known[name].label}: {_usual_in_words(known[name], usual[name])}", {name: usual[name].value}) for name in top
    ]
    asked.append((f"all {len(top)} reasons above as usual", {name: usual[name].value for name in top}))
    for words, families in _TOGETHER.items():
        names = [name for name in model.features if name in known and known[name].family in families]
        asked.append((f"{words}: all {len(names)} features as usual", {name: usual[name].value for name in names}))
    since = [name for name in model.features if name.startswith("days_since") and "victim" not in name]
    later = {name: subject.features[name] + horizon_days for name in since if subject.features[name] is not None}
    events = "arrests and victimisations" if "days_since_last_victimisation" in since else "arrests"
    asked.append((f"{counted(horizon_days, 'day')} more since the last {events} of the person, and no new one", later))
    return asked


def _usual_in_words(feature: Feature, usual: Usual) -> str:
    if usual.value is None:
        return "none, as most persons"
    return f"{value_in_words(feature, usual.value)}, the median"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _sentence(label: str) -> str:
    return label[0].upper() + label[1:]
