"""Columns in the names of folders, ``force=met/month=2013-01/a.parquet``: what is known of every row of a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.errors import UnreadableFile
from gpunet.base.paths import name_of
from gpunet.base.shapes import example, hint
from gpunet.reading.columns import plain_name
from gpunet.reading.dialects import as_text
from gpunet.reading.values import Meaning, is_null_word, trimmed

__all__ = ["NO_KEYS", "FolderKeys", "keys_of"]

#: What writers of partitioned tables call the folder of the rows that have no value.
_NULL = "__HIVE_DEFAULT_PARTITION__"


def keys_of(path: PurePath) -> tuple[tuple[str, str | None], ...]:
    """The keys and values, None for no value, in the names of the folders of a path, outer ones first.

    Examples
    --------
    >>> keys_of(PurePath("arrests/force=met/month=/part%201=a%20b/x=1.csv"))
    (('force', 'met'), ('month', None), ('part 1', 'a b'))
    """
    return _keys_in(path.parts[:-1])


@lru_cache(maxsize=64)  # a folder may hold thousands of files
def _keys_in(folders: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
    pairs = (name_of(folder).partition("=") for folder in folders)
    return tuple((_decoded(key), _value(value)) for key, equals, value in pairs if key and equals)


def _value(text: str) -> str | None:
    return None if text == _NULL else _decoded(text) or None


def _decoded(text: str) -> str:
    with suppress(UnicodeDecodeError):  # then the per cent signs are per cent signs
        text = unquote(text, errors="strict")
    return unicodedata.normalize("NFC", text)  # file systems have forms of their own


@dataclass(frozen=True)
class FolderKeys:
    """The keys of one file's folders, beside the columns of its table.

    ``added``: ``{key: value}`` for columns that the table has not. ``shared``: ``{name in the table: (key, value)}``
    for those that it has.
    """

    added: Mapping[str, str | None]
    shared: Mapping[str, tuple[str, str | None]]

    @classmethod
    def beside(cls, columns: Iterable[str], keys: Iterable[tuple[str, str | None]], name: str) -> FolderKeys:
        """The `keys` of the file `name`, whose table has the `columns`.

        Raises
        ------
        UnreadableFile
            If two keys are alike.
        """
        theirs = {plain_name(column): column for column in columns}
        added: dict[str, str | None] = {}
        shared: dict[str, tuple[str, str | None]] = {}
        known: dict[str, str] = {}
        for key, value in keys:
            plain = plain_name(key)
            if plain in known:
                raise UnreadableFile(
                    name, f'two of its folders have names that begin alike, "{known[plain]}=" and "{key}=": rename one'
                )
            known[plain] = key
            if plain in theirs:
                shared[theirs[plain]] = (key, value)
            else:
                added[key] = value
        return cls(added, shared)

    def constant(self, key: str, count: int) -> Any:
        """The column of a key that the table has not, for so many rows."""
        return _repeated(self.added[key], count)

    def filled(self, array: Any, column: str, meaning: Meaning, name: str) -> Any:
        """A column of the file `name` that its folders name too, as text, with their value where it means none.

        Raises
        ------
        UnreadableFile
            If a row has another value than the folder; the message names key, both values and the column.
        """
        key, value = self.shared[column]
        series = nw.from_native(pa.chunked_array([array]), series_only=True)
        texts = trimmed(as_text(series, f'{name}: column "{column}"'))
        missing = pc.or_(pc.is_null(texts), is_null_word(texts, meaning))
        for text in pc.unique(texts.filter(pc.invert(missing))).to_pylist():
            if value is None or not _same(text, value):
                raise UnreadableFile(
                    name,
                    f'the folder is named "{key}={value or ""}", but its column "{column}" has '
                    f"{example(text)}: rename the folder, or name another column for it under [input] columns{hint()}",
                )
        return pc.if_else(missing, _repeated(value, len(texts)), texts)


def _repeated(value: str | None, count: int) -> Any:
    return pa.repeat(pa.scalar(value, pa.large_string()), count)


def _same(text: str, value: str) -> bool:
    """Whether a row's text says what the folder does: a whole number or a day may be written otherwise."""
    value = value.strip()
    if text == value or (_is_whole(text) and _is_whole(value) and int(text) == int(value)):
        return True
    return len(value) == len("2013-02-01") and value[4] == value[7] == "-" and text[:11] in (f"{value}T", f"{value} ")


def _is_whole(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()


#: Of a file in folders without keys.
NO_KEYS = FolderKeys({}, {})
