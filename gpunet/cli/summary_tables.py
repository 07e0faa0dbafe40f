"""What a summary says of experiments and panels, in a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from gpunet.base.words import counted

__all__ = ["evaluation_lines", "figure", "panel_lines", "table_of"]


def evaluation_lines(evaluation: Mapping[str, Any], width: int) -> list[str]:
    """Of everybody, by all features: how well each classifier did."""
    rows = evaluation["results"]
    if not rows:
        return []
    lines = (_known if evaluation["experiment"] == "known" else _emerging)(evaluation, rows, width)
    return [*lines, *_layers(evaluation)]


def _known(evaluation: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """AUC and F1 of each classifier under each protocol, and the leak."""
    said = {(row["protocol"], _name(row)): row for row in rows}
    protocols, names = ({key[i]: None for key in said} for i in (0, 1))
    columns = [["", *names]]
    for protocol in protocols:
        for measure, title in (("auc", "AUC"), ("f1", "F1")):
            values = (said.get((protocol, name), {}).get(measure) for name in names)
            columns.append([f"{title} {protocol or ''}".rstrip(), *map(figure, values)])
    first = rows[0]
    lines = [
        f"evaluated {counted(first['persons'], 'person')}, {first['positives']:,} of them violent; all features",
        *table_of(columns, width),
    ]
    leaks = [
        f"{_name(row)} {row['leak']:.3f}{_interval(row, 'leak')}"
        for row in evaluation.get("leak", [])
        if row["protocol"] == "cross_fitted" and row["leak"] is not None
    ]
    if leaks:
        lines.append(f"leak      the paper's AUC less that of cross_fitted: {', '.join(leaks)}")
    return lines


def _emerging(evaluation: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """A line a classifier over all months that have a fixed horizon, or else over all."""
    outcome = "horizon" if any(row["outcome"] == "horizon" for row in rows) else "ever_after"
    chosen = [row for row in rows if row["outcome"] == outcome and _was_predicted(row)]
    if not chosen:
        return []
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for row in chosen:
        by_name.setdefault(_name(row), []).append(row)
    of = list(by_name.values())
    columns = [
        ["", *by_name],
        ["named", *(f"{_sum(rows, 'tp') + _sum(rows, 'fp'):,}" for rows in of)],
        ["true", *(f"{_sum(rows, 'tp'):,}" for rows in of)],
        ["precision", *(figure(_share(rows, "tp", "tp", "fp")) for rows in of)],
        ["recall", *(figure(_share(rows, "tp", "tp", "fn")) for rows in of)],
        ["F1", *(figure(_share(rows, "tp", "tp", "tp", "fp", "fn", times=2)) for rows in of)],
        ["median AUC", *(figure(_median(row["auc"] for row in rows)) for rows in of)],
    ]
    months = sorted({row["month"] for row in chosen})
    return [
        f"forecast  {counted(len(months), 'month')}, {months[0]} to {months[-1]}, outcome {outcome}; all together",
        *table_of(columns, width),
    ]


def _layers(evaluation: Mapping[str, Any]) -> list[str]:
    """What each layer is worth: of ``emerging`` by the outcome that is told, of ``known`` under the last protocol."""
    rows = [row for row in evaluation.get("layers", []) if row["measure"] == "auc"]
    if not rows:
        return []
    outcome = "horizon" if any(row["outcome"] == "horizon" for row in rows) else rows[-1]["outcome"]
    protocol = rows[-1]["protocol"]
    of = f"XGBoost's AUC, {protocol or outcome}"
    chosen = [row for row in rows if (row["protocol"], row["outcome"]) == (protocol, outcome)]
    return [f"worth     {row['layer']} {row['worth']} ({of})" for row in chosen]


def _was_predicted(row: Mapping[str, Any]) -> bool:
    """Of a month that nothing could be trained for, nobody knows who would have been found."""
    told = None not in (row["tp"], row["fp"], row["fn"])
    return told and (row["recall"] is not None or not row["positives"])


def panel_lines(panel: Mapping[str, Any]) -> list[str]:
    """Snapshots, rows, labels, and what was computed again."""
    snapshots, verified = panel["snapshots"], panel["verified"]
    complete = [snapshot for snapshot in snapshots if snapshot["label_complete"]]
    days = counted(panel["horizon_days"], "day")
    rows, positives = (sum(snapshot[key] for snapshot in snapshots) for key in ("rows", "positives"))
    lines = [
        f"panel     {counted(len(snapshots), 'snapshot')} by {panel['unit']}, {snapshots[0]['as_of']} to "
        f"{snapshots[-1]['as_of']}: {counted(rows, 'row')}, "
        f"at most {max(snapshot['rows'] for snapshot in snapshots):,} each",
        f"labels    {positives:,} violent within {days}; complete in {len(complete)} of "
        f"{counted(len(snapshots), 'snapshot')}",
    ]
    if verified is not None:
        lines.append(f"verified  {counted(len(verified), 'snapshot')} computed again: the same bytes")
    return lines


def table_of(columns: Iterable[Sequence[str]], width: int) -> list[str]:
    """Lines of a table whose first column is that of names; columns that have no room stand below."""
    names, *rest = columns
    wide = max(map(len, names))
    first = [f"  {name:{wide}}" for name in names]
    lines: list[str] = []
    block = first
    for column in rest:
        wide = max(map(len, column))
        if len(block[0]) + 1 + wide > width and block != first:
            lines, block = [*lines, *block], first
        block = [f"{line} {value:>{wide}}" for line, value in zip(block, column, strict=True)]
    return [*lines, *block]


def figure(value: float | None) -> str:
    """A measure, or that it is not defined."""
    return "-" if value is None else f"{value:.3f}"


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['classifier']}{', SMOTE' if row['smote'] else ''}".replace("_", " ")


def _interval(row: Mapping[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if None in (low, high) else f" ({low:.3f} to {high:.3f})"


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)


def _share(rows: Sequence[Mapping[str, Any]], part: str, *whole: str, times: int = 1) -> float | None:
    total = sum(_sum(rows, name) for name in whole)
    return times * _sum(rows, part) / total if total else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
