"""Answers on how good results are and for whom: the report's own tables for the public, of run, audit, experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from gpunet.records.facts import Facts
from gpunet.records.markdown import inline, listed, sentences_of, tables_of, text
from gpunet.report.audit_page import audit_asked, audit_calibration, audit_errors, audit_proxies, audit_selection
from gpunet.report.calibration import calibration
from gpunet.report.emerging_page import emerging_result
from gpunet.report.few import few_are_told
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.flags_page import flags_worth
from gpunet.report.forecast import forecast
from gpunet.report.forecast_data import forecasts_of, groups_of
from gpunet.report.forecast_groups import for_whom
from gpunet.report.forecast_lists import told_of
from gpunet.report.forecast_words import MEASURES_SHOWN, measure_words
from gpunet.report.known_page import known_result
from gpunet.report.places_page import places_forecasts
from gpunet.report.public_rules import public_rules
from gpunet.report.source import Source

__all__ = [
    "NO_AUDIT",
    "NO_EVALUATION",
    "audited",
    "benefit",
    "by_group",
    "calibrated",
    "evaluated",
    "factors",
    "measures",
    "motivation",
    "performance",
    "threshold",
    "uncertainty",
]

NO_AUDIT = "No audit of this run was found. `gpunet audit` compares groups of persons, with data the force may hold."
NO_EVALUATION = "No experiment on the same tables was found. `gpunet evaluate known` and `emerging` make one."


#: What tells groups of a forecast apart, in words.
_TOLD_BY = {
    "violent record": "with a {event} on record or without",
    "known to the model": "in the training data or new",
    "arrests so far": "by number of arrests",
    "times a victim so far": "by how often a victim",
    "network": "with a tie to somebody or without",
}

#: What an experiment, or a run without a model of persons, has measured.
_MEASURED: Mapping[str, Callable[[Source], Section]] = {
    "evaluate known": known_result,
    "evaluate emerging": emerging_result,
    "places": places_forecasts,
    "flags": flags_worth,
}


def performance(facts: Facts) -> Iterator[str]:
    """Every measure, with its interval, beside simple rules and chance."""
    if facts.has_scores:
        section = facts.run.once(forecast)
        assert section is not None
        yield text(section.lead)
        of_groups = {sentence.text for sentence in _paragraphs(facts.run.once(_groups))}
        for sentence in _paragraphs(section.parts):
            if sentence.text not in of_groups:
                yield text(sentence.text)
        yield from tables_of(section, facts.audience, ("forecast_table",))
    elif facts.run.kind in _MEASURED:
        yield from _whole(facts.run, _MEASURED[facts.run.kind](facts.run))
    else:
        yield f"{facts.kind.no_model} There is nothing to measure."


def threshold(facts: Facts) -> Iterator[str]:
    """From which probability on the model flags a person."""
    found = facts.model.get("results")
    if found is None:
        yield f"{facts.kind.no_model} No threshold is set."
        return
    yield (
        f"The model flags a person from a probability of {found['threshold']:.3f} on. That is where, among persons "
        "held out of the training, precision and recall in one (F1) are best. It is a mark for measures, and no rule "
        "of what to do."
    )


def calibrated(facts: Facts) -> Iterator[str]:
    """Predicted probabilities beside what happened."""
    section = facts.run.once(calibration) if facts.has_scores else None
    if section is None:
        yield facts.kind.no_model or "How right the probabilities are rests on too few persons to be shown."
        return
    yield f"{inline(section.lead.rstrip('.'))}."
    yield from tables_of(section, facts.audience)


def by_group(facts: Facts) -> Iterator[str]:
    """The forecast by groups that the records themselves tell apart."""
    if not facts.has_scores:
        yield f"{facts.kind.no_model} No group is compared."
        return
    found = [text(sentence.text) for sentence in _paragraphs(facts.run.once(_groups))]
    found += tables_of(facts.run.once(forecast), facts.audience, ("forecast_group_table",))
    yield from found or ["Groups are too small to be shown."]


def _groups(run: Source) -> tuple[Figure | Table | Paragraph, ...]:
    """What is said of the forecast by group; nothing where no measure may be told."""
    found = run.once(forecasts_of)
    if few_are_told(found.everybody, run.audience):
        return ()
    return tuple(for_whom(run.audience, found, told_of(found, run.audience)))


def _paragraphs(parts: Iterable[object]) -> list[Paragraph]:
    return [part for part in parts if isinstance(part, Paragraph)]


def audited(facts: Facts) -> Iterator[str]:
    """What an audit found by protected attributes, or that there is none."""
    if facts.audit is None:
        yield NO_AUDIT if facts.has_scores else f"{facts.kind.no_model} An audit is of a run with scores."
        return
    audit = facts.audit
    yield text(audit_asked(audit).lead)
    errors = partial(
        audit_errors, rules=public_rules(facts.run.once(forecasts_of))
    )  # an audit of an earlier version names none
    for of in (audit_selection, errors, audit_calibration, audit_proxies):
        if (section := of(audit)) is not None:
            yield from _whole(audit, section)


def evaluated(facts: Facts) -> Iterator[str]:
    """What experiments on the same tables found, or that there is none."""
    if not facts.evaluations:
        yield NO_EVALUATION
    for source in facts.evaluations:
        yield f"Experiment `gpunet {source.kind}` on the same tables:"
        yield from _whole(source, _MEASURED[source.kind](source))


def _whole(source: Source, section: Section) -> Iterator[str]:
    yield from sentences_of(section)
    yield from tables_of(section, source.audience)


def benefit(facts: Facts) -> Iterator[str]:
    """Whether results are better than a simple rule, as far as that was measured."""
    if facts.has_scores:
        section = facts.run.once(forecast)
        assert section is not None
        yield text(section.lead)
    elif facts.run.kind in _MEASURED:
        yield text(_MEASURED[facts.run.kind](facts.run).lead)
    else:
        yield f"{facts.kind.no_model} No benefit was measured."


def factors(facts: Facts) -> Iterator[str]:
    """By what persons were told apart when the model was measured."""
    if not facts.has_scores:
        yield f"{facts.kind.no_model} No group is compared."
        return
    yield f"Groups that the records themselves tell apart: {_told_by(facts)}."
    if facts.audit is None:
        yield NO_AUDIT
    else:
        by = ", ".join(map(inline, facts.audit.manifest["audit"]["by"]))
        yield f"The audit of this run compares groups by: {by}."


def _told_by(facts: Facts) -> str:
    """What the groups of a forecast are told apart by."""
    told_by = dict.fromkeys(group.told_by for group in groups_of(facts.outcome))
    return ", ".join(_TOLD_BY[of].format(event=facts.outcome.event) for of in told_by)


def measures(facts: Facts) -> Iterator[str]:
    """Which measures are told, and why these."""
    if not facts.has_scores:
        yield f"{facts.kind.no_model} Measures of what was tried, if any, are under the analyses."
        return
    yield listed([inline(measure_words(name, facts.outcome)) for name in MEASURES_SHOWN])
    yield "Results are an order, to be read from the top: so the share of right ones among the first comes first."


def uncertainty(facts: Facts) -> Iterator[str]:
    """Where intervals come from."""
    if not facts.has_scores:
        yield f"{facts.kind.no_model} Intervals of what was tried, if any, are explained under the analyses."
        return
    yield (
        "Intervals are approximate 95 % intervals from draws of whole communities of the network, since persons who "
        "are arrested together are not independent. The model is not trained again in a draw."
    )


def motivation(facts: Facts) -> Iterator[str]:
    """Why it was tried on these data."""
    if facts.has_scores:
        yield (
            "The model is tried on the window just before the one that is forecast, in the same records, as that is "
            "most like what it is made for. This run has not tried it on other tables."
        )
    else:
        yield f"{facts.kind.no_model} What was tried, if anything, is under the analyses."
