"""The persons of highest rank as a CSV file, which people open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from gpunet.tables.frames import to_arrow

__all__ = ["TOP_ROWS", "noting_best", "write_top"]

#: Persons listed at most.
TOP_ROWS = 1000

_FIRST_COLUMNS = ("rank", "person_id", "probability")

# What spreadsheets take for the beginning of a formula, also behind the apostrophe that is the mark of a text.
_FORMULA = r"\A([=+\-@\t\r\n'])"


def noting_best(frames: Iterable[Any], best: list[pa.Table]) -> Iterator[pa.Table]:
    """The frames of scores as Arrow tables; their rows of high rank are appended to `best` on the way."""
    for frame in frames:
        table = to_arrow(frame)  # once: the frame may lie on a device
        best.append(table.filter(pc.less_equal(table.column("rank"), TOP_ROWS)))
        yield table


def write_top(path: Path, best: Iterable[pa.Table]) -> None:
    """Write what :func:`noting_best` has noted, by rank: equal scores give equal bytes, however they were cut.

    Columns are rank, person_id, probability, then the others in their order. Texts are between quotation marks, nulls
    are empty. Quotation marks do not keep a spreadsheet from running ``=1+1`` as a formula. So an id that begins with
    one of ``= + - @ '``, a tab or a line break has an apostrophe put in front, and no other id is changed:
    without the apostrophe it is the id again.
    """
    table = pa.concat_tables(best).sort_by("rank")
    ids = table.column("person_id")
    if not pa.types.is_integer(ids.type):
        ids = pc.replace_substring_regex(ids, _FORMULA, r"'\1", max_replacements=1)
        table = table.set_column(table.column_names.index("person_id"), "person_id", ids)
    others = [name for name in table.column_names if name not in _FIRST_COLUMNS]
    with path.open("wb") as file:  # PyArrow takes no names that are not UTF-8
        csv.write_csv(table.select([*_FIRST_COLUMNS, *others]), file)
