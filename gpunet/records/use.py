"""Answers on use: risks and what is done about them, other ways, where data lie, and the rights of persons."""

from __future__ import annotations

from collections.abc import Iterator

from gpunet.records.facts import Facts
from gpunet.records.markdown import listed
from gpunet.records.purpose import not_for, review

__all__ = ["advisory", "alternatives", "mitigations", "owned", "resource", "rights", "risks", "storage", "users"]

_MITIGATED = (
    "Columns about race, sex, religion and the like are never read.",
    "Every measure stands beside a simple rule and chance, with intervals where they can be computed.",
    "No feature but those of the person's own record knows an offence of the person's own.",
    "Every run lists its settings, its files and their fingerprints, so that it can be made again and checked.",
)


def risks(facts: Facts) -> Iterator[str]:
    """What can go wrong, and what gpunet does about it."""
    yield "Risks, and what results must not be used for:"
    yield from not_for(facts)
    yield from mitigations(facts)


def mitigations(facts: Facts) -> Iterator[str]:
    """What gpunet does about risks in every run, and what this one has asked for."""
    yield "What gpunet does about them:"
    yield listed(_MITIGATED)
    yield from review(facts)


def alternatives(facts: Facts) -> Iterator[str]:
    """What the run itself compares with."""
    if facts.has_scores:
        yield (
            f"The run compares its model with {facts.outcome.record} alone, which needs no model, and with a random "
            "order. The figures are under the model's performance."
        )
    for source in facts.evaluations:
        yield f"Other classifiers and simple rules were tried on the same tables, by `gpunet {source.kind}`."


def rights(facts: Facts) -> Iterator[str]:
    """What can be told to somebody who asks."""
    if facts.has_scores:
        yield (
            "For somebody who asks, the force can look up the score, its rank and its reasons: `gpunet card` writes "
            "one page on one person, from the records that the run has read."
        )
    elif facts.run.kind == "flags":
        yield "For somebody who asks, the force can look up each flag and the evidence for it in the run's tables."


def storage(facts: Facts) -> Iterator[str]:
    """Who may read the files of a run."""
    whom = "the account that made them" if facts.config.output.share == "owner" else "the account's group, for reading"
    yield (
        f"Results lie in one folder of the force's own. The run's setting is that they are for {whom} "
        f'(`[output] share = "{facts.config.output.share}"`). gpunet sends nothing to anybody.'
    )


def advisory(facts: Facts) -> Iterator[str]:
    """Whether a person decides."""
    if facts.has_scores:
        yield (
            "A score decides nothing: it is a place in an order of records to read. The report of the run says so "
            "first of all."
        )
    elif facts.run.kind == "flags":
        yield "A flag decides nothing: it is a reason to read a record, with the evidence beside it."
    else:
        yield facts.kind.no_model


def users(facts: Facts) -> Iterator[str]:
    """For whom results are meant."""
    yield "Analysts of the force, and those whom they brief, who see the records and can question the reasons."


def resource(facts: Facts) -> Iterator[str]:
    """Where the method is described."""
    yield (
        "Features follow Shaabani, Aleali, Shakarian and Bertetto: Early Identification of Violent Criminal Gang "
        "Members (KDD 2015). The documentation of gpunet says what differs."
    )


def owned(facts: Facts) -> Iterator[str]:
    """Whose program and model it is."""
    yield "gpunet is free software under the Apache License 2.0. A model that the force trains with it is the force's."
