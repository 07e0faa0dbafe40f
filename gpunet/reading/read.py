"""``read_arrests``: tables in, coded arrests out, with what is known beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.base.arguments import checked
from gpunet.base.progress import ProgressCallback
from gpunet.base.shapes import values_are_shown, values_shown
from gpunet.config.config import Config, load_config
from gpunet.reading.arrests_table import as_day, read_arrests_at
from gpunet.reading.beside import read_beside

__all__ = ["read_arrests", "read_arrests_at"]


@checked()
def read_arrests(
    paths_or_frame: Any,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    as_of: date | str | None = None,
    *,
    progress: ProgressCallback | None = None,
    keep_going: bool = False,
    notice: Callable[[str], None] | None = None,
    show_values: bool = False,
    ties: Any = None,
    victims: Any = None,
) -> Arrests:
    """Read, check and code arrest tables; ``docs/input.md`` has every rule.

    Rows are streamed: what stays in memory are codes, one text for each distinct id, and the rejected rows.

    Parameters
    ----------
    paths_or_frame
        A path, folder or glob, or a list of them: Parquet, text (CSV), Arrow/Feather files and workbooks, also packed.
        A list keeps its order, folders and globs are read by name. Or a data frame that Narwhals takes (Polars, pandas,
        PyArrow, cuDF; a lazy one is collected), or a list of frames.
    config
        A :class:`~gpunet.config.config.Config`, a mapping with its keys, or the path of a TOML file.
    as_of
        Keep only arrests before this day (a date, or ISO text), as they were known before it where the tables have
        ``recorded_at``; undated arrests go.
    progress
        Called as bytes of files, or rows of frames, are read.
    keep_going
        Leave out files that cannot be read, and name them in ``report.skipped`` and a warning. The rest is read as if
        they had not been given: a file that turns out to be damaged after a million rows leaves nothing behind. Of
        frames none is left out.
    notice
        Gets a sentence before more than 1,000 files are read.
    show_values
        Let errors and warnings show what stands in cells. They show its shape alone if not, as a cell may hold a name
        or a number; docs/input.md says what is shown in any case.
    ties, victims
        Tables of ties of other kinds than arrests, and of victims: paths or frames, as of arrests. Where none are given
        those that ``[input] ties`` and ``[input] victims`` name, if any. ``docs/associations.md`` has their columns and
        rules. They are cut by `as_of` as arrests are.

    Returns
    -------
    Arrests
        ``report`` says what became of each file's rows, and its ``beside`` what became of those of the tables of ties
        and victims. ``person_ids`` are int64 if the person_id column of every input is of an integer type, else text.

    Raises
    ------
    UnreadableFile
        If a file is damaged or gone, or has not a required column; an InputError with the name of the file. With
        `keep_going` only if there is no other file.
    InputError
        If there is nothing to read, or it cannot be.
    ConfigError
        If the configuration is not understood or would read a protected column.

    Notes
    -----
    Texts are trimmed and in Unicode's form NFC; integers, and floats that are whole, are the text of their digits. A
    value that is empty, or a word for no value such as NA, is null. Every column of a CSV file is text, so zeros in
    front stay.

    Ids that a decided link of ``[input] person_links`` makes one person are one id, the smallest (``docs/linking.md``).

    Dates are ISO text, dates or timestamps, or as ``[input] date_format`` says; of a time zone the local date counts.

    A repeat is a row that equals an earlier accepted one, of any file, in every column that is read but recorded_at,
    the time of day included. A row of a CSV file with too few or too many fields is rejected as ``malformed_row``; its
    text is in the column ``line`` of the rejected rows. Empty lines are no rows. A CSV file of no bytes is a table of
    no rows, with a warning; one with a header alone must still have the required columns. CSV that is not valid UTF-8,
    and has no byte order mark of UTF-16, is read as Windows-1252, and a warning says so.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "bob"], "incident_id": [1, 1, 2], "date": ["2013-05-04"] * 3,
    ...         "offence": ["robbery", "theft", "theft"]}
    >>> arrests = gpunet.read_arrests(pl.DataFrame(rows))
    >>> len(arrests), arrests.n_persons, arrests.report.files[0].accepted
    (3, 2, 3)

    With ties of another kind, which the configuration has to name:

    >>> calls = {"person_a": ["ann", "bob"], "person_b": ["cleo", "ann"], "kind": ["calls"] * 2,
    ...          "date": ["2013-05-01", "2013-05-02"], "source_grade": [1, 1], "information_grade": ["A", "E"]}
    >>> config = {"ties": {"calls": {"use": True}}}
    >>> arrests = gpunet.read_arrests(pl.DataFrame(rows), config, ties=pl.DataFrame(calls))
    >>> arrests.n_persons, len(arrests.associations), dict(arrests.report.beside["ties"].by_reason)
    (3, 1, {'information_too_low': 1})
    """
    with values_shown(show_values or values_are_shown()):
        settings = load_config(config)
        cut = as_day(as_of)
        arrests = read_arrests_at(
            None, paths_or_frame, settings, progress=progress, keep_going=keep_going, notice=notice
        )
        arrests, _ = read_beside(
            arrests, settings, ties=ties, victims=victims, keep_going=keep_going, progress=progress, notice=notice
        )
        return arrests if cut is None else arrests.before(cut)
