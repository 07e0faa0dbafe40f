"""The columns of tables of ties, and how these tables are read: as arrests are, with other columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gpunet.base.errors import UnreadableFile
from gpunet.base.words import quoted
from gpunet.config.input_config import DETAILS, InputConfig
from gpunet.reading.columns import Layout, columns_there, in_quotes, plain_name
from gpunet.reading.protected import is_protected
from gpunet.reading.stream import LayoutOf
from gpunet.reading.values import Meaning, meaning_of

__all__ = ["OPTIONAL", "REQUIRED", "as_input", "meaning_of_persons", "tie_columns", "ties_layout"]

#: The columns that a table of ties must have.
REQUIRED = ("person_a", "person_b", "kind", "date")

#: Those that it may have.
OPTIONAL = ("until", "recorded_at", "source_grade", "information_grade", "handling", "basis")


def tie_columns(config: InputConfig) -> dict[str, str]:
    """``{our name: name in the tables}``; the first person is our person_id, by which tables are known as read."""
    columns = {"person_id": "person_a", **{name: name for name in (*REQUIRED[1:], *OPTIONAL)}}
    if config.person_scope == "force":
        columns["force"] = next(iter(config.source_names("force")), "force")
    return columns


def as_input(config: InputConfig) -> InputConfig:
    """How the tables are read: as arrests of the first person, of which the other columns tell the incident."""
    names = tie_columns(config)
    columns = {
        "person_id": names["person_id"],
        "force": names.get("force", ""),
        **dict.fromkeys(DETAILS, ""),
    }
    return replace(config, columns=columns, incident_key=REQUIRED[1:])


def meaning_of_persons(config: InputConfig) -> Meaning:
    """How the ids of both persons are understood: by the rules of person_id."""
    names: dict[str, str | tuple[str, ...]] = {"person_id": REQUIRED[:2], **dict.fromkeys(("force", *DETAILS), "")}
    return meaning_of(replace(config, columns=names, incident_key=("incident_id",)), "person_id")


def ties_layout(config: InputConfig) -> LayoutOf:
    """The function that finds the columns of a table of ties; `config` is that of arrests.

    Names are compared without case, blanks, underscores and hyphens.
    """
    names = tie_columns(config)

    def layout(table: str, columns: Iterable[str], repeated: Iterable[str], _: InputConfig) -> Layout:
        present = [c for c in dict.fromkeys(columns) if isinstance(c, str)]
        twice, found = set(repeated), {}
        for ours, wanted in names.items():
            matching = [theirs for theirs in present if plain_name(theirs) == plain_name(wanted)]
            if len(matching) > 1 or twice.intersection(matching):
                raise UnreadableFile(table, f"more than one column could be {wanted}: {in_quotes(matching, ' and ')}")
            if matching:
                found[ours] = matching[0]
            elif wanted in REQUIRED:
                raise UnreadableFile(
                    table,
                    f'there is no column "{wanted}": a table of ties has the columns {quoted(REQUIRED)}; rename those '
                    f"that are called otherwise. Columns there: {columns_there(present)}",
                )
        others = [c for c in present if c not in set(found.values())]
        protected = tuple(c for c in others if is_protected(c))
        return Layout(found, protected, tuple(c for c in others if c not in protected))

    return layout
