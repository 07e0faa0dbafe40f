"""What is declared of a feature: one column, or one column a set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Dtype", "Feature", "Scope", "offences_in_words"]

Dtype = Literal["int64", "float64", "bool"]
Scope = Literal["one", "every set", "every set but all", "every offence"]


@dataclass(frozen=True)
class Feature:
    """One column, or one a set.

    Attributes
    ----------
    name
        Column name; ``{C}`` stands for the set.
    label
        The same as a short phrase that a layman reads; ``{C}`` stands for what the set's offences are called.
    family
        What is computed together; one of :data:`gpunet.config.registry.FAMILIES`.
    dtype
        ``int64`` for counts, ``bool`` for flags, ``float64`` for the rest.
    unit
        What the number counts or measures.
    null
        When the value is null; empty if never.
    definition
        What it is, in words and formulas. v is the person; C excludes v itself throughout (the own-label rule).
    source
        Table of Shaabani et al. (KDD 2015) that it comes from, or where else.
    scope
        For which sets there is a column.
    own_label_free
        True where v's own offences never enter (all but the family ``history``).
    known
        False where the input has not what the column is computed from; then it is null throughout.
    """

    name: str
    label: str
    family: str
    dtype: Dtype
    unit: str
    definition: str
    source: str
    null: str = ""
    scope: Scope = "one"
    own_label_free: bool = True
    known: bool = True

    @property
    def follows_offences(self) -> bool:
        """Whether the column, with ``{C}`` filled in, is about offences of arrests, anyone's."""
        if self.family in ("victims", "victim_history"):  # of which the tables of victims tell
            return False
        of_set = "__" in self.name and self.name.split("__")[1] != "all"
        return of_set or "violent" in self.name or self.family == "tipping"

    def for_sets(self, sets: Iterable[str]) -> list[Feature]:
        """The columns that this declaration makes for the given sets, ``{C}`` filled in."""
        if self.scope == "one":
            return [self]
        left_out = {"every set": (), "every set but all": ("all",), "every offence": ("all", "violent")}[self.scope]
        return [
            replace(self, name=self.name.replace("{C}", c), label=self.label.replace("{C}", offences_in_words(c)))
            for c in sets
            if c not in left_out
        ]


def offences_in_words(name: str) -> str:
    """What one is arrested for who is in that set."""
    return {"all": "any offence", "violent": "a violent offence"}.get(name, name.replace("_", " "))
