"""Classifiers that say the same of everybody: they order nobody, which an AUC near 0.5 does not tell from bad luck."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gpunet.evaluate.predicted import Predicted

__all__ = ["same_of_everybody"]


def same_of_everybody(predicted: Iterable[Predicted]) -> list[str]:
    """A sentence on every classifier that gave one value to everybody, of several persons, of a month or of each fold.

    What was predicted by what has no values of its own, such as heuristics, is not for this function.

    Examples
    --------
    >>> import numpy as np
    >>> from datetime import date
    >>> from gpunet.evaluate.constant import same_of_everybody
    >>> from gpunet.evaluate.predicted import Predicted
    >>> of = {"experiment": "emerging", "protocol": None, "classifier": "xgboost", "smote": False, "family": "all"}
    >>> said = Predicted(**of, outcome="horizon", person=np.arange(3), label=np.array([True, False, False]),
    ...                  value=np.full(3, 0.5), named=np.ones(3, bool), month=date(2013, 2, 1))
    >>> same_of_everybody([said])[0].partition(": ")[0]
    'xgboost says the same of everybody in 1 of 1 months, the first 2013-02-01'
    """
    told: dict[str, dict[str, bool]] = {}  # by classifier, of each month or protocol and family
    monthly = False
    for one in predicted:
        if not one.unknown:
            monthly = one.month is not None
            name = f"{one.classifier}{' with SMOTE' if one.smote else ''}"
            of = f"{one.protocol}, {one.family}" if one.month is None else one.month.isoformat()
            told.setdefault(name, {})[of] = _is_constant(one)
    warnings = []
    for name, found in told.items():
        if constant := [of for of, flag in found.items() if flag]:
            among = "months" if monthly else "predictions"
            warnings.append(
                f"{name} says the same of everybody{'' if monthly else ' of a fold'} in {len(constant)} of "
                f"{len(found)} {among}, the first {constant[0]}: it orders nobody, most likely as there are too few "
                "positives to split on"
            )
    return warnings


def _is_constant(one: Predicted) -> bool:
    """Whether persons of one fold never differ in value; each fold has a classifier of its own."""
    fold = np.zeros(len(one.value), np.int64) if one.fold is None else one.fold
    groups = [one.value[fold == each] for each in np.unique(fold)]
    return any(len(values) > 1 for values in groups) and all(np.ptp(values) == 0.0 for values in groups)
