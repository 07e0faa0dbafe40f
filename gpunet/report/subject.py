"""Whom a card is about: the one person's rows of a run's tables, found without reading the tables whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular
from gpunet.config.layers import CO_ARREST
from gpunet.model.scoring import FACTORS
from gpunet.report.source import KIND, Source
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.files import sha256_of
from gpunet.tables.parquet import not_parquet

__all__ = ["PersonId", "Subject", "check_unchanged", "rows_where", "subject_of"]

PersonId: TypeAlias = int | str


@dataclass(frozen=True, eq=False)
class Subject:
    """One person of a run.

    Attributes
    ----------
    person_id
        A number or a text, as the tables have it.
    probability, rank, persons
        The score, its rank, and how many persons were scored.
    reasons
        Names of features and their contributions in log-odds, the greatest first.
    features, groups
        The person's rows of those tables, by column.
    """

    person_id: PersonId
    probability: float
    rank: int
    persons: int
    reasons: tuple[tuple[str, float], ...]
    features: dict[str, Any]
    groups: dict[str, Any]


def subject_of(source: Source, given: str) -> Subject:
    """The person whose id is `given`.

    Raises
    ------
    InputError
        If there is none, or ids are numbers and this is no number as they are written, or a table cannot be read.
    """
    kind, persons = _id_type(source)
    wanted = _as_id(given, kind)
    scores = rows_where(source, "scores", pc.field("person_id") == pa.scalar(wanted, kind))
    if not len(scores):
        exactly = "" if isinstance(wanted, int) else "; ids are text here, in which capitals and zeros in front count"
        raise InputError(f"--person: none of the {persons:,} persons scored has this id{exactly}")
    score = scores.row(0, named=True)
    found = ((score[f"factor_{k}"], score[f"contribution_{k}"]) for k in range(1, FACTORS + 1))
    of_person = pc.field("person_id") == pa.scalar(wanted, kind)
    return Subject(
        wanted,
        score["probability"],
        score["rank"],
        persons,
        tuple((name, contribution) for name, contribution in found if name is not None),
        rows_where(source, "features", of_person).row(0, named=True),
        rows_where(source, "groups", of_person).row(0, named=True),
    )


def rows_where(source: Source, name: str, where: Any, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of a table for which a PyArrow expression is true; InputError if it cannot be read.

    Of the ties they are those of co-arrest, without their kind.
    """
    path = source.folder / f"{name}.parquet"
    try:
        check_regular(path)
        layered = name == "ties" and KIND in pq.read_schema(for_arrow(path)).names
        if layered:
            where = where & (pc.field(KIND) == CO_ARREST)
        found = pq.read_table(for_arrow(path), columns=None if columns is None else list(columns), filters=where)
        if layered and KIND in found.column_names:
            found = found.drop_columns([KIND])
    except (OSError, pa.ArrowException) as error:
        raise not_parquet(path, error) from error
    frame = pl.from_arrow(found)
    assert isinstance(frame, pl.DataFrame)
    return frame


def check_unchanged(source: Source, names: Sequence[str]) -> None:
    """Raise InputError if a file of the run is not as ``run.json`` lists it."""
    for name in names:
        path, listed = source.folder / name, source.manifest["outputs"].get(name, {}).get("sha256")
        try:
            now = sha256_of(path)
        except OSError as error:
            raise InputError(f"{path}: {in_words(error)}") from error
        if now != listed:
            raise InputError(f"{path} is not what run.json lists: make the run again, or take another copy of it")


def _id_type(source: Source) -> tuple[pa.DataType, int]:
    path = source.folder / "scores.parquet"
    try:
        check_regular(path)
        with pq.ParquetFile(for_arrow(path)) as file:
            return file.schema_arrow.field("person_id").type, file.metadata.num_rows
    except (OSError, pa.ArrowException, KeyError) as error:
        raise InputError(f"{path}: not readable as scores: {in_words(error)}") from error


def _as_id(given: str, kind: pa.DataType) -> PersonId:
    """The id as the tables have it; texts are trimmed and in the form NFC there."""
    text = unicodedata.normalize("NFC", given.strip())
    if not text:
        raise InputError("--person: the id is empty (is a variable not set?)")
    if not pa.types.is_integer(kind):
        return text
    if not re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII) or not -(1 << 63) <= int(text) < 1 << 63:
        raise InputError("--person: the ids of this run are whole numbers, and this is none")
    if str(int(text)) != text:
        raise InputError("--person: the ids of this run are numbers, to be given without zeros in front")
    return int(text)
