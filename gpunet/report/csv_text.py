"""A table as CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import polars as pl

__all__ = ["csv_of"]

#: What makes a spreadsheet take a cell for a formula; see OWASP, "CSV injection".
_FORMULA = r"^[\s]*[=+\-@\t\r\n|%]"


def csv_of(data: pl.DataFrame, *, header: bool = True) -> bytes:
    """CSV, UTF-8; a text that a spreadsheet would run gets an apostrophe in front. Parts of a table need no header.

    >>> csv_of(pl.DataFrame({"name": ["=cmd()", "plain"], "persons": [-1, 2]})).decode().splitlines()
    ['name,persons', "'=cmd(),-1", 'plain,2']
    """
    texts = [name for name, dtype in data.schema.items() if dtype in (pl.String, pl.Categorical)]
    safe = data.with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA)).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in texts
    )
    return safe.write_csv(include_header=header).encode()
