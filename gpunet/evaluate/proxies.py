"""How well features guess a protected attribute that no model was given: which of them stand in for it.

For each group of an attribute a classifier is trained to tell its persons from all others of whom the attribute is
known, and guesses about persons whom it has not seen (folds by person). Nothing of it is stored, or used for scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.config.registry import Feature
from gpunet.evaluate.attributes import NOT_KNOWN, Attribute
from gpunet.evaluate.bootstrap import RARE, Draws, interval_of
from gpunet.evaluate.classifiers import CLASSIFIERS, Classifier
from gpunet.evaluate.families import FAMILIES
from gpunet.evaluate.fitting import held_out_values, seed_of
from gpunet.evaluate.measures import together
from gpunet.evaluate.suppression import hidden_of_sum
from gpunet.kernels.cpu.measures import weighted_measures

__all__ = ["FEWEST", "Guessing", "proxy_rows"]

#: Of a group, and of all others, there have to be so many persons for anything to be learned.
FEWEST = 50

# The classifier of the experiments, which takes five times as many steps.
_XGBOOST = CLASSIFIERS["xgboost"]
_CLASSIFIER = Classifier(
    _XGBOOST.path,
    {**_XGBOOST.parameters, "n_estimators": 40, "learning_rate": 0.2},
    "A guess has to be good, and not the best: fewer and larger steps.",
    takes_nan=True,
    seeded=True,
)

_OWN = "history"

_NOTHING: Mapping[str, Any] = {"auc": None, "auc_low": None, "auc_high": None}


@dataclass(frozen=True, eq=False)
class Guessing:
    """What is guessed from, and how.

    ``matrix``: float64[n, features], NaN where null; ``declared`` has a feature for each column. ``draws``: of the n
    persons' communities. ``folds`` by person; of more than ``most`` persons so many are drawn.
    """

    matrix: Float64
    declared: Mapping[str, Feature]
    draws: Draws
    folds: int
    most: int
    seed: int

    @property
    def families(self) -> dict[str, Int64]:
        """``{family: positions of its columns}``: ``all``, those of the paper, and the person's own record."""
        of = [feature.family for feature in self.declared.values()]
        parts = {**FAMILIES, _OWN: (_OWN,)}
        found = {name: np.flatnonzero([part in those for part in of]) for name, those in parts.items()}
        return {"all": np.arange(len(of)), **{name: positions for name, positions in found.items() if len(positions)}}


def proxy_rows(
    guessing: Guessing,
    attributes: Iterable[Attribute],
    hidden: Sequence[Bool],
    why_hidden: str,
    least: int,
    threads: int,
    progress: ProgressCallback | None = None,
) -> list[dict[str, Any]]:
    """Rows of the table ``proxies``: for each group of each attribute, by family.

    Parameters
    ----------
    attributes
        Of the n persons.
    hidden
        Of each attribute bool[groups], those whose number of persons is not told: of them nothing is said.
    why_hidden
        The reason that is given.
    least
        No number of persons below this is told, of those who are drawn either.
    """
    rows = []
    tasks = [(attribute, not_told) for attribute, not_told in zip(attributes, hidden, strict=True)]
    for number, (attribute, not_told) in enumerate(tasks):

        def show(done: float, number: int = number) -> None:
            if progress is not None:
                progress("proxies", number + done, len(tasks))

        rows += _of_attribute(guessing, attribute, not_told, why_hidden, least, threads, show)
    return rows


def _of_attribute(
    guessing: Guessing, attribute: Attribute, hidden: Bool, why_hidden: str, least: int, threads: int, show: Any
) -> list[dict[str, Any]]:
    known = [code for code, group in enumerate(attribute.groups) if group != NOT_KNOWN]
    persons = _drawn(guessing, attribute, known)
    code = attribute.code[persons]
    # The number of those of whom it is known would give away that of those of whom it is not.
    total = None if any(hidden[i] for i in range(len(hidden)) if i not in known) else len(persons)
    sizes = np.bincount(code, minlength=len(attribute.groups))[known].astype(np.float64)
    few_drawn = hidden[known]
    if len(persons) == guessing.most:  # the sum is known then
        few_drawn = hidden_of_sum(few_drawn, sizes, least)
    rows: list[dict[str, Any]] = []
    found: dict[str, dict[str, Any]] = {}
    for at, group in enumerate(known):
        members = code == group
        keys = {"by": attribute.name, "group": attribute.groups[group]}
        few = min(int(members.sum()), int((~members).sum())) < FEWEST
        why = why_hidden if hidden[group] else f"fewer than {FEWEST} of the group, or of all others" if few else ""
        if not (why or (at and len(known) == 2 and found)):  # of two groups one is told as well as the other
            found = _guesses(guessing, persons, members, (attribute.name, attribute.groups[group]), threads)
        numbers = {"persons": total, "members": None if few_drawn[at] else int(members.sum())}
        not_told_why = {name: why_hidden for name, of in numbers.items() if of is None}
        for family, columns in guessing.families.items():
            said = _NOTHING if why else found[family]
            reasons = {**not_told_why, **({"auc": why} if why else said["reasons"])}
            row = {**keys, "family": family, "features": len(columns), **numbers}
            rows.append({**row, **{name: said[name] for name in _NOTHING}, "undefined": together(reasons)})
        show((at + 1) / len(known))
    return rows


def _drawn(guessing: Guessing, attribute: Attribute, known: Sequence[int]) -> Int64:
    """Positions of the persons of whom the attribute is known, or of some of them where there are too many."""
    persons = np.flatnonzero(np.isin(attribute.code, known))
    if len(persons) <= guessing.most:
        return persons
    rng = np.random.default_rng(seed_of(guessing.seed, "persons", attribute.name))
    return np.sort(rng.choice(persons, guessing.most, replace=False))


def _guesses(
    guessing: Guessing, persons: Int64, members: Bool, names: tuple[str, str], threads: int
) -> dict[str, dict[str, Any]]:
    """By family the AUC, its interval, and reasons for what is null."""
    fold = _folds(members, guessing.folds, seed_of(guessing.seed, "folds", *names))
    rows = _Rows(guessing.matrix[persons], fold, guessing.folds)
    found = {}
    for family, columns in guessing.families.items():
        value = held_out_values(
            rows, members, _CLASSIFIER, columns, np.zeros(len(columns), np.bool_),
            seed=seed_of(guessing.seed, family, *names), smote=False, threads=threads,
        )  # fmt: skip
        found[family] = _auc(value, members, guessing.draws, persons)
    return found


def _folds(members: Bool, n_folds: int, seed: int) -> Int64:
    """int64[n], folds of one size, also of the members alone."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(members), np.int64)
    for which in (members, ~members):
        fold[which] = rng.permutation(int(which.sum())) % n_folds
    return fold


@dataclass(eq=False)
class _Rows:
    """Rows to train and test on; see :class:`gpunet.evaluate.fitting.FoldRows`."""

    matrix: Float64
    fold: Int64
    n_folds: int

    def training(self, test: int, columns: Int64) -> tuple[Int64, Float64]:
        rows = np.flatnonzero(self.fold != test)
        return rows, self.matrix[np.ix_(rows, columns)]

    def tests(self, test: int, columns: Int64) -> tuple[Int64, list[Float64]]:
        rows = np.flatnonzero(self.fold == test)
        return rows, [self.matrix[np.ix_(rows, columns)]]


def _auc(value: Float64, members: Bool, draws: Draws, persons: Int64) -> dict[str, Any]:
    order = np.argsort(-value, kind="stable")
    ordered, positive = value[order], members[order]
    ends = np.append(ordered[1:] != ordered[:-1], True)

    def area(weights: Any) -> Float64:
        none = np.zeros(len(order))
        community, no_cut = np.ascontiguousarray(draws.code[persons[order]]), np.empty(0, np.int64)
        found, _ = weighted_measures(weights, community, positive, none > 0, none, ends, no_cut, no_cut)
        of_auc: Float64 = found[3]
        return of_auc

    once = float(area(np.ones((len(draws.weights), 1), np.uint8))[0])
    drawn = area(draws.weights)
    interval = interval_of(drawn) if len(drawn) else None
    low, high = interval or (None, None)
    why = "" if interval else RARE if len(drawn) else "no draws (bootstrap = 0)"
    return {"auc": once, "auc_low": low, "auc_high": high, "reasons": {"auc interval": why} if why else {}}
