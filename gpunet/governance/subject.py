"""All that the tables of a run hold of one person, for that person: others stand in it without their ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gpunet.base.errors import InputError
from gpunet.base.paths import read_regular
from gpunet.governance.traces import PERSONS, is_of_rejected, rows_about
from gpunet.governance.wanted import Wanted
from gpunet.reading.rejected_persons import is_one_of, rows_naming
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES
from gpunet.runs.hidden_folder import HIDDEN
from gpunet.runs.sealed import SEALED, refuse_sealed
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.files import sha256_of
from gpunet.tables.parquet import not_parquet

__all__ = ["held_of", "sealed_results"]

_PARQUET = ".parquet"
_DICTIONARY = "features.json"

#: What stands for the text of a rejected row that could not be parted into columns.
_NOT_SHOWN = "not shown, as it is not parted into columns and may name others: see this row of the file"

#: Rows of a table that are looked at at a time.
_PART_ROWS = 1 << 16


class _Others:
    """Names in place of ids: the same person has the same name everywhere."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own, self._names = own, dict[str, str]()

    def name(self, person: Any) -> Any:
        """The person's own id as it is, and for anybody else's a name that tells nothing."""
        text = None if person is None else str(person)
        if text is None or text in self._own:
            return person
        return self._names.setdefault(text, f"another person ({len(self._names) + 1})")

    def name_in_rejected(self, cell: Any) -> Any:
        """The same, of what the input has: the own id may be written otherwise there."""
        return cell if cell is not None and is_one_of(cell, self._own) else self.name(cell)

    def __len__(self) -> int:
        return len(self._names)


def held_of(folder: Path, manifest: Mapping[str, Any], person: str) -> dict[str, Any]:
    """The rows of a complete run's tables that are about a person, by table.

    Parameters
    ----------
    folder
        The run's.
    manifest
        Its ``run.json``.
    person
        The id, as results write it.

    Returns
    -------
    dict
        ``features``: one entry a column, with its label, unit and definition; ``tables``: the rows of every other
        table; ``other_persons``: how many others are named in them, as "another person (1)".

    Raises
    ------
    InputError
        If no table knows the person, all that could is sealed, or one is not as the run wrote it.
    """
    wanted = Wanted(frozenset({person}))
    others = _Others(wanted.forms)
    tables: dict[str, list[dict[str, Any]]] = {}
    known = False
    for name in sorted(manifest["outputs"]):
        if not name.endswith(_PARQUET) or HIDDEN in name:
            continue
        rows, about = _rows(folder / name, manifest["outputs"][name]["sha256"], wanted, others)
        known |= about
        if rows:
            tables[name.removesuffix(_PARQUET)] = rows
    if not known and not tables:
        if manifest["gpunet"] == "flags":  # which hold nothing else of single persons
            refuse_sealed(folder, manifest)
        raise InputError(
            f"{folder}: no table of this run knows the person of --person; ids are to be written as they are there"
        )
    of_features = tables.pop("features", [])
    return {
        "features": [entry for row in of_features for entry in _declared(folder, manifest, row)],
        "tables": tables,
        "other_persons": len(others),
    }


def _rows(path: Path, sha256: str, wanted: Wanted, others: _Others) -> tuple[list[dict[str, Any]], bool]:
    """The rows of a table that are about the person, and whether there are any by a column of persons."""
    found: list[dict[str, Any]] = []
    try:
        if sha256_of(path) != sha256:
            raise InputError(f"{path} is not what {MANIFEST} lists: make the run again, or take another copy of it")
        with pq.ParquetFile(for_arrow(path)) as file:
            persons = [name for name in file.schema_arrow.names if name in PERSONS]
            if not persons:
                return [], False
            for batch in file.iter_batches(_PART_ROWS):
                table = pa.Table.from_batches([batch])
                found += table.filter(pa.array(_about(table, wanted))).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise not_parquet(path, error) from error
    rejected = bool(found) and is_of_rejected(found[0])
    name_of = others.name_in_rejected if rejected else others.name
    plain = [
        {name: name_of(value) if name in persons else _plain(value, others) for name, value in row.items()}
        for row in found
    ]
    if rejected:
        plain = [{**row, "line": _NOT_SHOWN} if row.get("line") is not None else row for row in plain]
    return plain, bool(found)


def _about(table: pa.Table, wanted: Wanted) -> Any:
    """Which rows are about the person; of rejected rows none that only has the id in a text, which is of another."""
    if is_of_rejected(table.column_names):
        return rows_naming(table, wanted.forms, in_texts=False)
    return rows_about(table, wanted)


def _plain(value: Any, others: _Others) -> Any:
    """A value that JSON can hold; evidence of flags, which is JSON itself, as what it says, without others' ids."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return _without_ids(json.loads(value), others)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, float) and value != value:
        return None
    return value if value is None or isinstance(value, str | int | float | bool | list) else str(value)


def _without_ids(value: Any, others: _Others) -> Any:
    if isinstance(value, dict):
        return {
            name: others.name(of) if name in PERSONS and not isinstance(of, dict | list) else _without_ids(of, others)
            for name, of in value.items()
        }
    return [_without_ids(of, others) for of in value] if isinstance(value, list) else value


def _declared(folder: Path, manifest: Mapping[str, Any], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns of a row of features with what they mean."""
    known: dict[str, Mapping[str, Any]] = {}
    if _DICTIONARY in manifest["outputs"]:
        try:
            known = {of["column"]: of for of in json.loads(read_regular(folder / _DICTIONARY, MOST_JSON_BYTES))}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{folder / _DICTIONARY} is damaged: make the run again") from error
    told = ("label", "unit", "definition")
    return [
        {"column": name, "value": value, **{key: known[name][key] for key in told if known.get(name, {}).get(key)}}
        for name, value in row.items()
    ]


def sealed_results(manifest: Mapping[str, Any]) -> Sequence[str]:
    """The results of a run that are under seal, by their names without it."""
    return [name.removesuffix(SEALED) for name in manifest["outputs"] if name.endswith(SEALED)]
