"""Answers on what a tool is for, who answers for it, and which law allows it: what ``[governance]`` of a run says."""

from __future__ import annotations

from collections.abc import Iterator

from gpunet.config.governance_config import NO_PURPOSE
from gpunet.governance.statement import sealed_sentences
from gpunet.records.facts import Facts
from gpunet.records.markdown import inline, listed, open_field, text
from gpunet.report.asked import asked
from gpunet.report.flags_page import flags_asked
from gpunet.report.limits import limits

__all__ = [
    "basis",
    "controller",
    "description",
    "name",
    "not_for",
    "one_sentence",
    "owner",
    "purpose",
    "question",
    "requested",
    "retention",
    "review",
    "team",
]

_DECISIONS = {"approve": "approved", "reject": "rejected"}


def name(facts: Facts) -> Iterator[str]:
    """What the tool is called."""
    yield f"{facts.kind.name} (gpunet)."


def one_sentence(facts: Facts) -> Iterator[str]:
    """What it does, in one sentence."""
    yield f"{facts.kind.does.split('. ')[0].rstrip('.')}."


def description(facts: Facts) -> Iterator[str]:
    """What it does, in two or three sentences, and what for."""
    yield facts.kind.does
    yield from purpose(facts)


def purpose(facts: Facts) -> Iterator[str]:
    """What the results are for."""
    if facts.purpose:
        yield f"Purpose, as the run states it: {inline(facts.purpose)}"
    else:
        yield open_field(f"What the results are for. The run says: {NO_PURPOSE}.")


def basis(facts: Facts) -> Iterator[str]:
    """The law that allows it, whose law holds, and which offences are outcomes or are not, as far as it is stated."""
    if found := facts.stated.get("legal_basis"):
        yield f"Legal basis, as the run states it: {inline(found)}"
    else:
        yield open_field("The law that allows it. The run states none.")
    if found := facts.stated.get("jurisdiction"):
        yield f"Jurisdiction, as the run states it: {inline(found)}"
    if found := facts.stated.get("authority"):
        yield (
            "Offences of protest or public order are among the outcomes. Authority, as the run states it: "
            f"{inline(found)}"
        )
    if found := facts.stated.get("never_outcomes"):
        yield f"Further offences that are no outcome, as the run states them: {inline(', '.join(found))}"


def controller(facts: Facts) -> Iterator[str]:
    """The body that decides why and how data are processed."""
    yield from _said(facts, "controller", "The police force, or other body, that answers for the tool.")


def team(facts: Facts) -> Iterator[str]:
    """The team that asked for the run."""
    yield from _said(facts, "requested_by", "The team that works with the tool.")


def requested(facts: Facts) -> Iterator[str]:
    """As :func:`team`, beside other names."""
    if found := facts.stated.get("requested_by"):
        yield f"Asked for by: {inline(found)}"
    else:
        yield from team(facts)


def owner(facts: Facts) -> Iterator[str]:
    """Who answers for the results."""
    yield from _said(facts, "owner", "The role of the senior officer who answers for the tool.")


def _said(facts: Facts, key: str, hint: str) -> Iterator[str]:
    found = facts.stated.get(key)
    yield text(found) if found else open_field(hint)


def question(facts: Facts) -> Iterator[str]:
    """What was asked, and of how many records."""
    section = (flags_asked if facts.run.kind == "flags" else asked)(facts.run)
    yield text(section.lead)


def not_for(facts: Facts) -> Iterator[str]:
    """What results must not be used for."""
    section = limits(facts.run)
    yield text(section.lead)
    yield listed([inline(part.text) for part in section.parts if hasattr(part, "text")])


def retention(facts: Facts) -> Iterator[str]:
    """Until when results are kept."""
    if found := facts.stated.get("retain_until"):
        yield f"Results of this run are kept until {inline(found)}."
    else:
        yield open_field("How long results are kept. The run states no day.")


def review(facts: Facts) -> Iterator[str]:
    """Whether scores were reviewed before anybody could read them, without who did it."""
    asked_for = facts.stated.get("person_scores", "allow")
    entries = facts.manifest.get("review") or []
    if asked_for == "refuse":
        yield "The configuration refuses scores of single persons."
    elif asked_for == "reviewed" or entries or facts.is_sealed:
        what = "Flags" if facts.run.kind == "flags" else "Scores"
        yield f"{what} of persons are sealed when they are made, until a reviewer has looked at the run and decided."
        yield from (_decided(entry) for entry in entries if isinstance(entry, dict))
        yield from map(text, sealed_sentences(facts.manifest))
    elif facts.has_scores:
        yield "The configuration asks for no review before scores can be read."


def _decided(entry: dict[str, object]) -> str:
    decision, day = str(entry.get("decision", "")), str(entry.get("time", ""))[:10]
    return f"Decision of the review{f' on {inline(day)}' if day else ''}: {inline(_DECISIONS.get(decision, decision))}."
