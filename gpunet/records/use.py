"""Answers on use: risks and what is done about them, other ways, where data lie, and the rights of persons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gpunet.records.facts import Facts
from gpunet.records.markdown import inline, listed, open_field
from gpunet.records.model import OWN_OFFENCES
from gpunet.records.purpose import not_for, review

__all__ = [
    "advisory",
    "alternatives",
    "mitigations",
    "owned",
    "readable",
    "resource",
    "rights",
    "risks",
    "storage",
    "users",
]

#: What is done about risks, and in which kinds of run; in all if none is named.
_MITIGATED: Mapping[str, tuple[str, ...]] = {
    "Columns that are named after race, sex, religion and the like are never read.": (),
    "Every measure stands beside a simple rule and chance, with intervals where they can be computed.": ("run",),
    OWN_OFFENCES: ("run", "features", "panel"),
    "Every run lists its settings, its files and their fingerprints, so that it can be made again and checked.": (),
}


def risks(facts: Facts) -> Iterator[str]:
    """What can go wrong, and what gpunet does about it."""
    yield "Risks, and what results must not be used for:"
    yield from not_for(facts)
    yield from mitigations(facts)


def mitigations(facts: Facts) -> Iterator[str]:
    """What gpunet does about risks in every run, and what this one has asked for."""
    yield "What gpunet does about them:"
    yield listed([said for said, kinds in _MITIGATED.items() if not kinds or facts.run.kind in kinds])
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
            "one page on one person, from the tables that the run has read, as long as they are kept, and `gpunet "
            "subject` what the run holds of that person."
        )
        if facts.is_sealed:
            yield "As the scores of this run are sealed, that takes a review first."
    elif facts.run.kind == "flags":
        yield "For somebody who asks, the force can look up each flag and the evidence for it in the run's tables."


def storage(facts: Facts) -> Iterator[str]:
    """Who may read the files of a run."""
    whom = (
        "the account that made them alone"
        if facts.config.output.share == "owner"
        else "the account's group, for reading"
    )
    yield (
        f"Results lie in one folder. The run's setting is that its files are for {whom} "
        f'(`[output] share = "{facts.config.output.share}"`). gpunet sends nothing to anybody; where a run is divided '
        "over a cluster, its workers have the data while they compute."
    )


def advisory(facts: Facts) -> Iterator[str]:
    """Whether a person decides."""
    if facts.has_scores:
        yield (
            "gpunet decides nothing and starts nothing: a score is a place in an order of records to read. The report "
            "says on top: never act on a score alone."
        )
    elif facts.run.kind == "flags":
        yield (
            "gpunet decides nothing and starts nothing: a flag is a reason to read a record, with the evidence beside "
            "it. The report says: it is no probability, and no ground to act on anybody."
        )
    else:
        yield facts.kind.no_model
        return
    yield open_field("What is done after a result, and by whom.")


def users(facts: Facts) -> Iterator[str]:
    """For whom results are meant."""
    yield "It is made for analysts, and for those whom they brief, who see the records and can question the reasons."


def resource(facts: Facts) -> Iterator[str]:
    """Where the method is described."""
    yield (
        "Features follow Shaabani, Aleali, Shakarian and Bertetto: Early Identification of Violent Criminal Gang "
        "Members (KDD 2015). The documentation of gpunet says what differs."
    )


def readable(facts: Facts) -> Iterator[str]:
    """Whether somebody can read the rule behind a score."""
    if facts.has_scores:
        yield (
            "The model is many small trees of questions on features. The run's folder has all of them, yet nobody can "
            "follow so many: so each score has its reasons, and the features are described one by one."
        )


def owned(facts: Facts) -> Iterator[str]:
    """Whose the data, the model and the program are."""
    what = "data and model" if facts.has_scores else "data and results"
    if found := facts.stated.get("controller"):
        yield f"{what.capitalize()}: {inline(found)} (controller, as the run states)."
    else:
        yield open_field(f"Whose the {what} are. The run states no controller.")
    yield "Program: gpunet, free software under the Apache License 2.0."
