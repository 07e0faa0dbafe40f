"""Tables of persons who may have another id in another force: ids, and what both forces know of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.base.words import plain_name
from gpunet.config.config import Config
from gpunet.config.input_config import InputConfig
from gpunet.reading.column_texts import texts_of_column
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.links_table import LinkFile
from gpunet.reading.protected import is_protected
from gpunet.reading.pseudonymised import check_alike, stated_pseudonyms
from gpunet.reading.sources import find_sources
from gpunet.reading.values import Meaning, meaning_of

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
    files, without_id = [], 0
    try:
        sources = find_sources([path], settings, [])
        for number, source in enumerate(sources):
            file = open_file(source, settings)
            for record in _records(file, source.name, on, settings):
                if record[0] is None:
                    without_id += 1
                else:
                    records[record] = None
            if file.malformed:
                raise InputError(f"row {file.malformed[0][0]} of {source.name} has too few or too many fields")
            files.append(LinkFile(source.name, file.sha256, file.pseudonyms))
            if progress is not None:
                progress(f"reading {what}", number + 1, len(sources))
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
    if not records:
        raise InputError(f"{what}: no row has a person_id")
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


def _records(file: InputFile, name: str, on: Sequence[str], config: InputConfig) -> Iterator[tuple[str | None, ...]]:
    """Each row's id, None without, and its values."""
    columns = _columns(file, name, on, config)
    for table in file.batches(columns):
        frame = nw.from_native(table, eager_only=True)
        texts = [_texts(frame.get_column(ours), name, theirs, ours, config) for ours, theirs in columns.items()]
        if _FORCE not in columns:
            yield from zip(*texts, strict=True)
            continue
        force, *rest = texts
        both = zip(force, rest[0], strict=True)
        ids = (None if of is None or person is None else f"{of}:{person}" for of, person in both)
        yield from zip(ids, *rest[1:], strict=True)


def _columns(file: InputFile, table: str, on: Sequence[str], config: InputConfig) -> dict[str, str]:
    """The columns of a table by our names: force if ids are those of a force, id, and those that are compared."""
    wanted: dict[str, Iterable[str]] = {}
    if config.person_scope == "force":
        wanted[_FORCE] = (*config.source_names(_FORCE), _FORCE)
    wanted[_ID] = (*config.source_names(_ID), _ID)
    wanted |= {f"on {at}": (name,) for at, name in enumerate(on)}
    found = {}
    for ours, names in wanted.items():
        plain = {plain_name(name) for name in names}
        matching = [theirs for theirs in file.types if plain_name(theirs) in plain]
        if len(matching) > 1 or set(matching) & file.repeated:
            raise InputError(f'{table}: more than one column could be "{next(iter(names))}": leave one')
        if not matching:
            raise InputError(f'{table}: there is no column "{next(iter(names))}"')
        if is_protected(matching[0]):
            raise InputError(f'{table}: "{matching[0]}" is a protected column, which is never read')
        found[ours] = matching[0]
    return found


def _texts(series: Any, table: str, theirs: str, ours: str, config: InputConfig) -> list[str | None]:
    meaning = meaning_of(config, ours) if ours in (_ID, _FORCE) else Meaning(meaning_of(config, "offence").null_words)
    where = f'{table}: column "{theirs}"'
    return texts_of_column(series, where, meaning, config)
