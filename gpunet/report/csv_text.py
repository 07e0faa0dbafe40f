"""A table as CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import polars as pl

__all__ = ["csv_of"]

#: What makes a spreadsheet take a cell for a formula, or a later part of it where a spreadsheet of another country
#: divides cells elsewhere; see OWASP, "CSV injection". Full-width signs count as the plain ones in some of them.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = f"^[\\s\u200b\ufeff]*[{_SIGNS}|%\\t\\r\\n]"
_LATER_FORMULA = f"([;\\t\\r\\n]\\s*)([{_SIGNS}])"
_NUMBER = r"^[+-]?[0-9.]+$"


def csv_of(data: pl.DataFrame, *, header: bool = True) -> bytes:
    """CSV, UTF-8; a text that a spreadsheet would run gets an apostrophe in front. Parts of a table need no header.

    Lists are written as their values, with blanks between.

    >>> csv_of(pl.DataFrame({"name": ["=cmd()", "plain"], "persons": [-1, 2]})).decode().splitlines()
    ['name,persons', "'=cmd(),-1", 'plain,2']
    """
    lists = [name for name, dtype in data.schema.items() if isinstance(dtype, pl.List)]
    data = data.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in lists)
    texts = [name for name, dtype in data.schema.items() if dtype.base_type() in (pl.String, pl.Categorical, pl.Enum)]
    safe = data.with_columns(_defused(pl.col(name).cast(pl.String)) for name in texts)
    heads = pl.Series(data.columns, dtype=pl.String).to_frame("head").select(_defused(pl.col("head"))).to_series()
    return safe.rename(dict(zip(data.columns, heads, strict=True))).write_csv(include_header=header).encode()


def _defused(text: pl.Expr) -> pl.Expr:
    later = text.str.replace_all(_LATER_FORMULA, "${1}'${2}")
    runs = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return pl.when(runs).then("'" + later).otherwise(later).name.keep()
