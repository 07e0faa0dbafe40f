"""A complete folder of results, as pages read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import polars as pl

from gpunet.base.array_types import Int64
from gpunet.base.paths import check_regular
from gpunet.config.layers import CO_ARREST
from gpunet.report.audience import Audience
from gpunet.runs.complete import read_manifest
from gpunet.runs.sealed import SEALED, open_result
from gpunet.tables.arrays import sort_order
from gpunet.tables.parquet import not_parquet

__all__ = ["KIND", "Source"]

#: The column of the table of ties that tells of which layer each is, where there are layers beside co-arrest.
KIND = "kind"

_Found = TypeVar("_Found")

#: The column of the table of groups that says how many others the files name before each person.
_FILE_ORDER = "file_order"

#: Tables of which reports tell nothing but what holds of many persons together, so that they read them under seal.
_OF_ALL = ("predictions",)


@dataclass(frozen=True)
class Source:
    """The folder, and for whom it is read.

    ``manifest``: what ``run.json`` says; InputError if the folder is not that of a complete run.
    """

    folder: Path
    audience: Audience = field(default_factory=Audience)
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What ``run.json`` says."""
        return read_manifest(self.folder)

    @property
    def kind(self) -> str:
        """The command that made the folder, such as ``run`` or ``evaluate known``."""
        return str(self.manifest["gpunet"])

    def has(self, name: str) -> bool:
        """Whether the run has written that table, by its name without suffix, to be read by everyone or by reports."""
        outputs = self.manifest["outputs"]
        return f"{name}.parquet" in outputs or (name in _OF_ALL and f"{name}.parquet{SEALED}" in outputs)

    def table(self, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Some columns of a table, all if None; of the ties those of co-arrest, without their kind.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        path = self.folder / f"{name}.parquet"
        try:
            if name in _OF_ALL:
                found = open_result(self.folder, path.name, self.manifest)
                if isinstance(found, Path):
                    check_regular(found)
                return pl.read_parquet(found, columns=None if columns is None else list(columns))
            check_regular(path)
            if name == "ties" and KIND in pl.read_parquet_schema(path):
                wanted = None if columns is None else [*columns, KIND]
                return pl.read_parquet(path, columns=wanted).filter(pl.col(KIND) == CO_ARREST).drop(KIND)
            return pl.read_parquet(path, columns=None if columns is None else list(columns))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise not_parquet(path, error) from error

    def communities(self) -> pl.DataFrame:
        """``person_id`` and ``community`` of everybody, in the order in which the files first name them.

        What is drawn, laid out or ranked in this order does not depend on how persons are called. Folders of earlier
        versions do not tell it: of these the persons come by id.
        """
        found, order = self.table("groups", ["person_id", "community"]), self.rows_in_file_order()
        return found if order is None else found[order]

    def rows_in_file_order(self) -> Int64 | None:
        """The rows of the tables of persons, which are by id, in that order; None where the folder does not tell it."""
        path = self.folder / "groups.parquet"
        if not path.exists():
            return None
        try:
            check_regular(path)
            names = pl.read_parquet_schema(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise not_parquet(path, error) from error
        if _FILE_ORDER not in names:
            return None
        return cast("Int64", sort_order([self.table("groups", [_FILE_ORDER])[_FILE_ORDER].to_numpy()]))

    def once(self, compute: Callable[[Source], _Found]) -> _Found:
        """What `compute` finds in this folder; however many sections ask, it is computed once."""
        if compute not in self._found:
            self._found[compute] = compute(self)
        return cast("_Found", self._found[compute])
