"""How reading tables went: what became of every file's rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from gpunet.base.words import Advice

__all__ = ["FileCount", "ReadReport", "SkippedFile"]


@dataclass(frozen=True)
class FileCount:
    """What became of one file's rows; ``read == accepted + rejected + duplicate`` always holds.

    ``sha256`` is the hash of the file's bytes, None for a frame that was passed from Python. ``encoding`` is the
    text encoding that a CSV was read with, None for other kinds.
    """

    name: str
    read: int
    accepted: int
    rejected: int
    duplicate: int
    sha256: str | None = None
    size_bytes: int | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class SkippedFile:
    """A file that could not be read, and of which no row counts.

    ``size_bytes`` and ``sha256`` are None where not even these could be found out.
    """

    name: str
    reason: str
    size_bytes: int | None
    sha256: str | None = None


@dataclass(frozen=True, eq=False)
class ReadReport:
    """How reading went, for the manifest.

    Attributes
    ----------
    files
        One count a file, in the order in which they were read.
    rejected
        The rejected rows: ``source_file, row_number`` (1 is the first data row), ``reason`` and the original values
        as text, one column for each column that was read.
    protected_columns
        Columns dropped by name because they hold race, sex, religion and the like.
    ignored_columns
        Other columns that nothing here reads.
    warnings
        Sentences for the user.
    advice
        Those of them that say what to write into the configuration, and others like them; not kept in checkpoints.
    bad_dates
        Distinct dates that were none, the first of them; not kept in checkpoints.
    skipped
        Files that could not be read, where the reader was told to go on without them.
    by_reason
        How many rows were rejected, by reason.
    reasons
        What to say of each reason where no row was accepted: with an example, and what to do about it.
    null_words
        How many rows of each column had which word that stands for no value.
    columns
        The names that each of our columns has in the tables.
    notes
        What was found out of how files are written, as sentences.
    offences
        ``text, rows, sets``: each distinct offence of accepted rows, the most frequent first, and the sets it is in.
    beside
        How reading the tables of ``ties`` and of ``victims`` went, if there were any; not kept in checkpoints.
    pseudonyms
        Key's fingerprint, domain and dates where the tables hold pseudonyms in place of ids.
    """

    files: tuple[FileCount, ...]
    rejected: nw.DataFrame[Any]
    protected_columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    by_reason: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    null_words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    offences: nw.DataFrame[Any] | None = None
    advice: tuple[Advice, ...] = ()
    bad_dates: tuple[str, ...] = ()
    beside: Mapping[str, ReadReport] = field(default_factory=dict)
    pseudonyms: Mapping[str, str] | None = None

    def advised(self, more: Sequence[Advice]) -> ReadReport:
        """The report with more advice, which is among the warnings too."""
        warnings = (*self.warnings, *(advice.sentence for advice in more))
        return dataclasses.replace(self, advice=(*self.advice, *more), warnings=warnings)

    @property
    def left_out(self) -> tuple[SkippedFile, ...]:
        """The former name of ``skipped``."""
        return self.skipped
