"""The texts of one column of a table beside the arrests, as the reader of arrests understands them."""

from __future__ import annotations

from typing import Any

from gpunet.base.errors import InputError
from gpunet.config.input_config import InputConfig
from gpunet.reading.date_formats import date_formats
from gpunet.reading.dialects import column_at
from gpunet.reading.location import HOST, code_series
from gpunet.reading.values import Meaning, values_of

__all__ = ["texts_of_column"]


def texts_of_column(series: Any, where: str, meaning: Meaning, config: InputConfig) -> list[str | None]:
    """The text of each row, None where there is none.

    Parameters
    ----------
    series
        The column.
    where
        Table and column in words, for errors.
    meaning
        What its values mean.
    config
        How dates are written.

    Raises
    ------
    InputError
        If ids have lost digits.
    """
    plain = column_at(HOST, series, where, date_formats(config.date_format), meaning)
    values = values_of(code_series(plain, HOST), meaning, HOST)
    if values.bad is not None:
        raise InputError(f"{where} has ids that have lost digits, as 1.2E+11: write them as text")
    known: list[str | None] = [*values.column.texts(), None]
    return [known[code] for code in values.column.codes.tolist()]
