"""The dots and the tables of an audit's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from gpunet.evaluate.attributes import EVERYBODY
from gpunet.evaluate.audit_schemas import GROUP_MEASURES
from gpunet.report.figure import Figure, Table
from gpunet.report.source import Source

__all__ = ["ERROR_COLUMNS", "group_dots", "group_table", "one_attribute"]


_SELECTION_COLUMNS: Mapping[str, str] = {
    "row": "group", "rule": "selected by", "persons": "persons", "positives": "arrested", "selected": "selected",
    "selection_rate": "share", "selection_rate_low": "from", "selection_rate_high": "to",
}  # fmt: skip

ERROR_COLUMNS: Mapping[str, str] = {
    "row": "group", "rule": "selected by", "false_positive_rate": "selected of the not arrested",
    "recall": "selected of the arrested", "precision": "arrested of the selected", "mean_score": "mean probability",
    "observed": "share arrested",
}  # fmt: skip


def group_dots(source: Source, fairness: pl.DataFrame, measure: str, title: str, sentence: str) -> Iterator[Figure]:
    """A dot for each group that is told, with its interval; nothing if none is."""
    of, by = source.manifest["audit"], source.manifest["audit"]["by"]
    names = {"value": measure, "low": f"{measure}_low", "high": f"{measure}_high"}
    rows = fairness.filter((pl.col("rule") == "threshold") & pl.col("by").is_in(by)).drop_nulls(measure)
    if not len(rows):
        return
    data = rows.select(
        "by", "group", pl.format("{}: {}", "by", "group").alias("row"),
        *(pl.col(column).cast(pl.Float64).alias(name) for name, column in names.items()),
    )  # fmt: skip
    everybody = fairness.filter((pl.col("by") == EVERYBODY) & (pl.col("rule") == "threshold"))[measure][0]
    yield Figure(
        f"audit_{measure}", title, sentence, of["persons"], data, _chart(data, everybody, measure == "calibration")
    )


def _chart(data: pl.DataFrame, everybody: float | None, signed: bool) -> Any:
    import altair as alt

    form = alt.Axis(format="+.1%" if signed else ".1%")
    x = alt.X("value:Q", title=None, axis=form, scale=alt.Scale(zero=True))
    rows = data["row"].to_list()
    base = alt.Chart(data).encode(y=alt.Y("row:N", sort=rows, title=None, axis=alt.Axis(labelLimit=240)))
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=None, axis=form), x2="high")
    layers = [lines, base.mark_point(filled=True, size=60, opacity=1).encode(x=x)]
    if everybody is not None:
        whole = alt.Chart(pl.DataFrame({"value": [float(everybody)]}))
        layers.insert(0, whole.mark_rule(strokeDash=[4, 3]).encode(x=x))
    return alt.layer(*layers).properties(width=420, height=alt.Step(22))


def group_table(
    source: Source,
    rows: pl.DataFrame,
    name: str,
    title: str,
    sentence: str,
    heads: Mapping[str, str] = _SELECTION_COLUMNS,
) -> Table:
    """Rows of ``fairness.parquet`` under these `heads`; cells that are not told are empty."""
    words = {f"top_{k}": f"first {k}" for k in (100, 500)}
    label = pl.when(pl.col("by") == EVERYBODY).then(pl.col("group")).otherwise(pl.format("{}: {}", "by", "group"))
    shown = rows.with_columns(label.alias("row"), pl.col("rule").replace(words)).select(*heads, "undefined")
    formats = {**dict.fromkeys(GROUP_MEASURES, "{:.1%}"), "selected": "{:,.0f}"}
    formats |= {f"{measure}_{end}": "{:.1%}" for measure in GROUP_MEASURES for end in ("low", "high")}
    persons = source.manifest["audit"]["persons"]
    return Table(f"audit_{name}", title, f"{sentence} An empty cell is not told.", persons, shown, dict(heads), formats)


def one_attribute(fairness: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The rows of everybody, and of one attribute."""
    return fairness.filter(pl.col("by").is_in([EVERYBODY, *by]))
