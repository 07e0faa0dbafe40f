"""What labels that features can see add to the area under the ROC curve: the paper's protocol less an honest one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gpunet.evaluate.bootstrap import RARE, interval_of
from gpunet.evaluate.judged import Judged
from gpunet.evaluate.measures import together

__all__ = ["leak_rows"]

_ALIKE = ("classifier", "smote", "family", "population", "outcome")


def leak_rows(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Rows of ``leak``: one for each prediction under another protocol than ``paper`` that has its like under that.

    Both AUC of a draw are of the same persons, so their difference is taken draw by draw.
    """
    paper = {_key(one): one for one in judged if one.keys["protocol"] == "paper"}
    others = (one for one in judged if one.keys["protocol"] not in (None, "paper") and _key(one) in paper)
    return [_row(paper[_key(one)], one) for one in others]


def _key(one: Judged) -> tuple[Any, ...]:
    return tuple(one.keys[name] for name in _ALIKE)


def _row(paper: Judged, other: Judged) -> dict[str, Any]:
    names = ("protocol", "classifier", "smote", "family", "population")
    counts = {name: other.result[name] for name in ("persons", "positives")}
    if counts != {name: paper.result[name] for name in counts}:
        raise ValueError(f"{_key(other)}: protocols are of other persons")
    with_leak, without = paper.result["auc"], other.result["auc"]
    why = paper.reasons.get("auc") or other.reasons.get("auc")
    both = with_leak is not None and without is not None
    interval = interval_of(paper.auc - other.auc) if why is None else None
    low, high = interval or (None, None)
    reason = {} if interval else {"leak interval" if both else "auc, leak": why or RARE}
    return {
        **{name: other.keys[name] for name in names},
        **counts,
        "auc_paper": with_leak,
        "auc": without,
        "leak": with_leak - without if both else None,
        "leak_low": low,
        "leak_high": high,
        "undefined": together(reason),
    }
