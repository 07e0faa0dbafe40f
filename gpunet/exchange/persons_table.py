"""Tables of persons who may have another id in another force: ids, and what both forces know of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.base.words import plain_name
from gpunet.config.config import Config
from gpunet.config.input_config import InputConfig
from gpunet.reading.id_tables import IdTable, WantedColumn, column_of_texts, id_tables, told_of
from gpunet.reading.links_table import LinkFile
from gpunet.reading.protected import is_protected
from gpunet.reading.pseudonymised import check_alike, stated_pseudonyms
from gpunet.reading.values import meaning_of

__all__ = ["Persons", "asked_columns", "pseudonyms_of_both", "read_persons"]

_ID, _FORCE = "person_id", "force"


@dataclass(frozen=True)
class Persons:
    """What one table tells of persons: distinct records, in the order of the table.

    Attributes
    ----------
    ids
        The person of each record, as results show ids; a person may have several records.
    values
        The texts of each column that is compared, None where there is none.
    files
        The files that were read.
    without_id
        How many rows were left out as they have no id.
    """

    ids: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    files: tuple[LinkFile, ...]
    without_id: int

    def __len__(self) -> int:
        return len(self.ids)


def asked_columns(on: Sequence[str]) -> tuple[str, ...]:
    """The columns of ``--on``.

    Raises
    ------
    InputError
        If there are fewer than two, one is named twice, or one is protected or the person's id.

    Examples
    --------
    >>> asked_columns(["name", " birth_date"])
    ('name', 'birth_date')
    >>> asked_columns(["name", "ethnicity"])
    Traceback (most recent call last):
    gpunet.base.errors.InputError: --on: "ethnicity" is a protected column, which is never read
    """
    names = tuple(name.strip() for name in on)
    if not all(names) or len(names) < 2:
        raise InputError("--on: name two columns or more, as in --on name,birth_date: many people share one")
    if len({plain_name(name) for name in names}) < len(names):
        raise InputError("--on: a column is named twice")
    for name in names:
        if is_protected(name):
            raise InputError(f'--on: "{name}" is a protected column, which is never read')
        if plain_name(name) == plain_name(_ID):
            raise InputError("--on: person_id is what is linked, and cannot tell who is who: name other columns")
    return names


def read_persons(
    path: str, on: Sequence[str], config: Config, what: str, progress: ProgressCallback | None = None
) -> Persons:
    """Read a table of persons: a file, a folder or a glob, of any kind that is read of arrests.

    Parameters
    ----------
    path
        Where it is.
    on
        The columns that are compared, whose names count without case, blanks, underscores and hyphens.
    config
        ``[input]`` says how the id's column is called and written. With ``person_scope = "force"`` ids are
        ``force:id``, as in results.
    what
        ``"A"`` or ``"B"``, for messages.
    progress
        Called after each file.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or has no row with an id.
    """
    settings = config.input
    records: dict[tuple[str | None, ...], None] = {}
    files, without_id = list[LinkFile](), 0
    with told_of(what):
        for table in id_tables([path], _wanted(on, settings), settings):
            for record in _records(table, settings):
                if record[0] is None:
                    without_id += 1
                else:
                    records[record] = None
            files.append(LinkFile(table.name, table.file.sha256, table.file.pseudonyms))
            if progress is not None:
                progress(f"reading {what}", table.number, table.of)
        if not records:
            raise InputError("no row has a person_id")
    rows = list(records)
    values = tuple(tuple(row[1 + at] for row in rows) for at in range(len(on)))
    return Persons(tuple(str(row[0]) for row in rows), values, tuple(files), without_id)


def pseudonyms_of_both(a: Persons, b: Persons) -> dict[str, str] | None:
    """What links between the ids of two tables say of pseudonyms; None of plain ids.

    Raises
    ------
    InputError
        If two files have pseudonyms of different keys or domains, or one has and another has not.
    """
    files = (*a.files, *b.files)
    for file in files[1:]:
        check_alike(files[0], file)
    return stated_pseudonyms(files)


def _wanted(on: Sequence[str], config: InputConfig) -> tuple[WantedColumn, ...]:
    """The force if ids are those of a force, the id, and the columns that are compared."""
    ids = (_FORCE, _ID) if config.person_scope == "force" else (_ID,)
    return (
        *(WantedColumn((*config.source_names(name), name), meaning_of(config, name)) for name in ids),
        *(column_of_texts(config, name) for name in on),
    )


def _records(table: IdTable, config: InputConfig) -> Iterator[tuple[str | None, ...]]:
    """Each row's id, None without, and its values."""
    if config.person_scope != "force":
        return table.rows()
    return (
        (None if force is None or person is None else f"{force}:{person}", *values)
        for force, person, *values in table.rows()
    )
