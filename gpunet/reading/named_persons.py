"""The persons that a table names, in the order in which it first names them: so an id can be told by its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gpunet.config.config import Config
from gpunet.config.input_config import InputConfig
from gpunet.reading.batches import Batch, Withdrawal
from gpunet.reading.beside import victims_input
from gpunet.reading.columns import Layout, layout_of
from gpunet.reading.corrections import Corrections
from gpunet.reading.date_formats import date_formats
from gpunet.reading.dialects import column_at
from gpunet.reading.location import HOST, Column, code_series
from gpunet.reading.rejected_persons import fields_of, forms_of, listed_in, searched
from gpunet.reading.stream import LayoutOf
from gpunet.reading.tables import open_tables
from gpunet.reading.ties_columns import as_input, meaning_of_persons, ties_layout
from gpunet.reading.ties_rows import persons_within
from gpunet.reading.values import Meaning, meaning_of, values_of

__all__ = ["Named", "persons_named"]

#: Our names of the columns of persons; tables of ties have two.
_PERSONS = ("person_id", "person_b")


class Named(NamedTuple):
    """Whom a table names.

    Attributes
    ----------
    ids
        Ids as results write them, in the order in which rows first name them, be they rejected.
    forms
        What else may be an id in rejected rows, in every form in which it counts for one and without case: parts of
        cells with several ids, and fields of rows with too few or too many.
    """

    ids: list[str]
    forms: list[str]

    def places_of(self, persons: frozenset[str]) -> list[int]:
        """Where these persons stand among all, in ascending order; in rejected rows by the rules of `rows_naming`."""
        found = [at for at, id_ in enumerate(self.ids) if id_ in persons]
        wanted = searched(Corrections(persons=persons).forms_of_erased())
        return found + [at for at, form in enumerate(self.forms, len(self.ids)) if form in wanted]


def persons_named(path: str | Path, config: Config, kind: str = "arrests") -> Named:
    """Whom a table names; nothing but its bytes and the configuration decides on the order.

    Parameters
    ----------
    path
        A table of any kind that is read of arrests.
    config
        How it is written.
    kind
        ``"arrests"``, ``"ties"`` or ``"victims"``.

    Raises
    ------
    InputError
        If the table cannot be read.
    """
    how = _How.of(kind, config)
    tables = open_tables([path], how.table, HOST, of=how.layout)
    found: dict[str, None] = {}
    for batch in tables.batches(None, ""):
        if not isinstance(batch, Withdrawal):  # of a file that is left out, which none is
            found.update(dict.fromkeys(_named_in(batch, how)))
    bare = (id_.partition(":")[2] if how.force is not None else id_ for id_ in found)
    fields = [part for cell in bare for part in ([cell] if cell.isalnum() else listed_in(cell))]  # of millions
    for record in tables.inputs.records:
        fields += [field for _, line in record.malformed for field in fields_of(line)]
    forms = dict.fromkeys(form.casefold() for field in fields for form in forms_of(field))
    return Named(list(found), [form for form in forms if form not in found])


@dataclass(frozen=True)
class _How:
    """How tables of a kind are read: which columns, and what stands in them."""

    table: InputConfig
    layout: LayoutOf
    persons: Meaning
    force: Meaning | None

    @classmethod
    def of(cls, kind: str, config: Config) -> _How:
        layout: LayoutOf = layout_of
        table, persons = config.input, meaning_of(config.input, "person_id")
        if kind == "victims":
            table = victims_input(config.input)
        elif kind == "ties":
            table, layout = as_input(config.input), ties_layout(config.input)
            persons = meaning_of_persons(config.input)
        within = config.input.person_scope == "force"
        return cls(table, _of_persons(layout), persons, meaning_of(config.input, "force") if within else None)


def _of_persons(layout: LayoutOf) -> LayoutOf:
    """The same layout with the columns of persons and forces alone."""

    def found(table: str, columns: Iterable[str], repeated: Iterable[str], config: InputConfig) -> Layout:
        whole = layout(table, columns, repeated, config)
        kept = {ours: theirs for ours, theirs in whole.columns.items() if ours in (*_PERSONS, "force")}
        return Layout(kept, whole.protected, whole.ignored)

    return found


def _named_in(batch: Batch, how: _How) -> Iterator[str]:
    """The ids in the rows of a batch, each where it is first named."""
    columns = [_coded(batch, name, how.persons) for name in _PERSONS if name in batch.frame.columns]
    if how.force is not None:
        none = Column(HOST.series("force", []), np.full(len(batch.frame), -1, np.int8))
        force = _coded(batch, "force", how.force) if "force" in batch.frame.columns else none
        columns = [persons_within(force, person) for person in columns]
    firsts: list[tuple[int, int, str]] = []
    for at, column in enumerate(columns):
        texts = column.texts()
        codes, rows = np.unique(np.asarray(column.codes), return_index=True)
        firsts += [(row, at, texts[code]) for code, row in zip(codes.tolist(), rows.tolist(), strict=True) if code >= 0]
    yield from (text for _, _, text in sorted(firsts))


def _coded(batch: Batch, name: str, meaning: Meaning) -> Column:
    where = f'{batch.where}: column "{name}"'
    series: Any = column_at(HOST, batch.frame.get_column(name), where, _NO_DATES, _NO_WORDS)
    return values_of(code_series(series, HOST), meaning, HOST).column


_NO_DATES, _NO_WORDS = date_formats(()), Meaning(frozenset())  # of columns that are none of dates
