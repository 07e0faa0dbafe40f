"""What moved since the run before: of a run that an update made."""

from __future__ import annotations

import polars as pl

from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["changes"]

_CAUTION = (
    "The cause is the nearest thing that is new of the person, not what moved the value: a model that is trained anew, "
    "or a day that has passed, moves values too. Nobody is to be acted on because a value moved."
)

_WORDS = {
    "person": "persons who are new (more) or of whom there is nothing any more (less)",
    "rank": "rank in the list",
}


def changes(source: Source) -> Section | None:
    """How many values moved, of which column and for which cause; None of a run that no update made."""
    if not source.has("changes"):
        return None
    moved = source.table("changes", ["person_id", "column", "before", "after", "cause"])
    before = source.manifest["execution"].get("update", {}).get("of")
    since = "the run before" if before is None or source.audience.is_public else f"the run {before}"
    persons = moved["person_id"].n_unique()
    told = source.audience.count(persons)
    lead = (
        f"Since {since} nothing moved."
        if moved.is_empty()
        else f"Since {since} something moved of {told} person{'' if told == '1' else 's'}."
    )
    if moved.is_empty():
        return Section("changes", "What moved since the run before?", lead)
    return Section(
        "changes",
        "What moved since the run before?",
        lead,
        (Paragraph(_CAUTION, "warning"), _by_column(moved, persons), _by_cause(moved, persons)),
    )


def _by_column(moved: pl.DataFrame, persons: int) -> Table:
    before, after = pl.col("before").fill_null(0), pl.col("after").fill_null(0)
    table = (
        moved.group_by("column")
        .agg(persons=pl.col("person_id").n_unique(), more=(after > before).sum(), less=(after < before).sum())
        .sort(["persons", "column"], descending=[True, False])
        .with_columns(words=pl.col("column").map_elements(_in_words, return_dtype=pl.String))
        .select("words", "column", "persons", "more", "less")
    )
    return Table(
        "changes_by_column", "What moved",
        "Persons of whom a value moved, and of how many it is more now, or less. A flag raised newly is more.",
        persons, table, {"words": "what", "persons": "persons", "more": "more", "less": "less"},
        counts=("persons", "more", "less"),
    )  # fmt: skip


def _in_words(column: str) -> str:
    side, flag, name = column.partition("flag:")
    if flag:
        whose = " of the victims' list" if side else ""
        return f"flag {name.replace('_', ' ')}{whose}"
    return _WORDS.get(column, column.replace("__", " of ").replace("_", " "))


def _by_cause(moved: pl.DataFrame, persons: int) -> Table:
    table = (
        moved.group_by("cause")
        .agg(persons=pl.col("person_id").n_unique(), values=pl.len().cast(pl.Int64))
        .sort(["persons", "cause"], descending=[True, False])
    )
    return Table(
        "changes_by_cause", "Why",
        "Each value that moved has one cause, the nearest one; changes.parquet has them person by person.",
        persons, table, {"cause": "cause", "persons": "persons", "values": "values"}, counts=("persons", "values"),
    )  # fmt: skip
