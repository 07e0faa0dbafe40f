"""What public records are filled from: a run, and the audit and the evaluations that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gpunet.base.errors import InputError
from gpunet.config.config import Config, load_config
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.governance.statement import stated_by
from gpunet.report.audience import Audience
from gpunet.report.outcome import Outcome, outcome_of
from gpunet.report.source import Source
from gpunet.runs.sealed import is_sealed

__all__ = ["PUBLIC", "Facts", "Kind"]

#: For whom records are.
PUBLIC = Audience("public")


@dataclass(frozen=True)
class Kind:
    """A kind of run in words: what it is called, what it does, and why it has no model of persons ("" if it has)."""

    name: str
    does: str
    no_model: str = ""


_SCORES = (
    "For every person in the records it gives a probability {of} within a fixed number of days, a rank, and the "
    "features that moved the probability most. It is a number from records, for somebody who reads those records."
)

_EXPERIMENT = (
    "This run is an experiment. Classifiers were trained to be measured; none is kept, and it has no scores to use."
)

_KINDS: Mapping[str, Kind] = {
    "run": Kind("", _SCORES),
    "features": Kind(
        "Network of arrests: features of persons",
        "It builds the network of persons who were arrested together, and describes each person's place in it in "
        "numbers. It forecasts nothing and scores nobody.",
        "This run holds features of a network. It has no model and no scores.",
    ),
    "panel": Kind(
        "Records as they were known day by day",
        "It writes what was known of persons, or of areas, on each of several days, and what followed, for models of "
        "others. It scores nobody.",
        "This run holds rows for models of others. It has no model and no scores.",
    ),
    "evaluate known": Kind(
        "Experiment: the violent told from others in a known network",
        "It measures how well classifiers tell persons with a violent arrest from others, and how much of that rests "
        "on what they should not know. It is a test of a method, and no list of persons to act on.",
        _EXPERIMENT,
    ),
    "evaluate emerging": Kind(
        "Experiment: who emerges, month by month",
        "It measures how well classifiers and simple rules would have named, month by month, who was next arrested "
        "for violence. It is a test of a method, and no list of persons to act on.",
        _EXPERIMENT,
    ),
    "places": Kind(
        "Forecasts of places",
        "It ranks areas by violent arrests to come, by several rules, and measures each rule on past windows. No "
        "person is scored.",
        "This run forecasts areas. It has no model of persons and no scores of persons.",
    ),
    "flags": Kind(
        "Flags: at whom declared triggers point",
        "It lists persons at whom a trigger that is written in the configuration points, with the evidence for it, and "
        "measures what each trigger was worth in the past.",
        "Flags are rules that are written down. This run has no model and no scores.",
    ),
}


@dataclass(frozen=True, eq=False)
class Facts:
    """A run as the public may know it.

    Attributes
    ----------
    run
        The run's folder.
    audit
        That of an audit of the run, if there is one.
    evaluations
        Those of experiments on the same tables.
    """

    run: Source
    audit: Source | None = None
    evaluations: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        if self.run.kind not in _KINDS:
            raise InputError(
                f"{self.run.folder}: there are no public records of gpunet {self.run.kind}; there are of "
                f"{', '.join(_KINDS)}"
            )

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What ``run.json`` says."""
        return self.run.manifest

    @property
    def audience(self) -> Audience:
        """Everybody."""
        return self.run.audience

    @cached_property
    def kind(self) -> Kind:
        """What was run, in words."""
        found = _KINDS[self.run.kind]
        if not self.has_scores:
            return found
        of = f"of {'becoming ' if self.outcome.side == 'victim' else 'being '}{self.outcome.violence}"
        return Kind(self.outcome.title, found.does.format(of=of))

    @property
    def has_scores(self) -> bool:
        """Whether persons were scored by a model."""
        return self.run.kind == "run"

    @cached_property
    def outcome(self) -> Outcome:
        """What is forecast, in words."""
        return outcome_of(self.manifest)

    @cached_property
    def config(self) -> Config:
        """The run's configuration."""
        return load_config(self.manifest.get("config"))

    @cached_property
    def stated(self) -> dict[str, Any]:
        """What the run says of its purpose and of who answers for it."""
        return stated_by(self.manifest)

    @property
    def purpose(self) -> str:
        """What the results are for; "" if nobody has said."""
        found = str(self.stated.get("purpose") or "")
        return "" if found == NO_PURPOSE else found

    @property
    def is_sealed(self) -> bool:
        """Whether results about persons are still to be reviewed."""
        return is_sealed(self.manifest)

    @property
    def version(self) -> str:
        """Of gpunet, which made the run."""
        return str(self.manifest.get("versions", {}).get("gpunet", ""))

    @property
    def model(self) -> Mapping[str, Any]:
        """What ``run.json`` says of the model; nothing if there is none."""
        return self.manifest.get("model") or {}
