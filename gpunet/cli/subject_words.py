"""What ``gpunet subject`` tells of a person, in words for that person: values, columns, signs, names of features."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.config.config import load_config
from gpunet.config.registry import Feature, columns
from gpunet.report.card_values import value_in_words
from gpunet.report.drivers import feature_words
from gpunet.tables.parquet import read_parquet_metadata

__all__ = ["SIGNS", "in_words"]

#: What the signs in definitions of features stand for.
SIGNS = {
    "v": "this person",
    "C": "the persons that the label speaks of, such as those arrested for a violent offence; never this person",
    "N1, N2": "the persons one step away (arrested together with this person), and exactly two steps away",
    "R": "those of C to whom a chain of persons arrested together leads",
    "|X|": "how many there are of X; |N1 ∩ C| is how many of the persons one step away are of C",
    "X ∩ Y, X ∪ Y": "those who are of both; those who are of one of the two or of both",
    "d(v, u)": "how many steps it is from this person to u, from one person to another arrested together with them",
}

_FACTOR = re.compile(r"factor_\d+")
_NUMBERED = {
    "factor_": "a feature that moved the score most; the first moved it most of all",
    "contribution_": "by how much it moved the score: up if it is above 0, down if it is below (log-odds)",
}

#: Columns of tables that do not say themselves what their columns are.
_WORDS = {
    "probability": "the forecast: how likely the event was held to be within the horizon, from 0 to 1",
    "rank": "place in the list of everybody who was scored; 1 is the most likely",
    "past_violence": "order by the own record alone, for comparison: more and later violent arrests give a greater "
    "number; it counts nothing",
    "past_victimisation": "order by what the person was a victim of alone, for comparison; it counts nothing",
    "new_person": "whether nothing was known of the person when the model learned",
    "label": "what came: whether the event that was forecast followed within the horizon",
    "side": "offender: a violent arrest is forecast; victim: becoming a victim of violence",
    "gang": "as the tables of arrests have it",
    "group": "number of the group of persons who are linked by a chain of arrests together; a number and nothing else",
    "file_order": "how many other persons the files name before this one; it says nothing of anybody",
    "community": "number of a part of that group, found by arithmetic from arrests together; nobody has joined it",
    "incidents": "how many incidents the two were arrested in together",
    "strength": "sum over these incidents; one with many arrested counts less",
    "first_date": "first day of these incidents",
    "last_date": "last day of these incidents",
    "column": "the number that moved since the run before",
    "before": "what it was in the run before",
    "after": "what it is in this run",
    "cause": "what is new of the person, as far as the tables tell",
    "source_file": "the table in which the row stands",
    "row_number": "where the row stands in it",
    "reason": "why the row was not used",
    "line": "of a row with too few or too many fields: its text",
}


def in_words(folder: Path, manifest: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """What is held of a person, with words beside: of each value of a feature, and of the columns of other tables.

    Parameters
    ----------
    folder
        The run's.
    manifest
        Its ``run.json``.
    held
        As :func:`gpunet.governance.subject.held_of` gives it.

    Returns
    -------
    dict
        The same; each feature has its value ``in_words``, each feature that is a factor of a score what it is, and
        ``columns`` and ``signs`` say what columns of tables and signs in definitions are.
    """
    config = load_config(manifest.get("config"))
    declared = columns(config.sets, layers=config.layers)
    tables = {
        name: [_with_factors(row, declared) for row in rows] if name == "scores" else rows
        for name, rows in held["tables"].items()
    }
    return {
        **held,
        "signs": SIGNS,
        "features": [_feature(of, declared) for of in held["features"]],
        "tables": tables,
        "columns": {name: _columns(folder / f"{name}.parquet", rows[0], declared) for name, rows in tables.items()},
    }


def _feature(of: Mapping[str, Any], declared: Mapping[str, Feature]) -> dict[str, Any]:
    if of["column"] not in declared:
        return dict(of)
    return {"column": of["column"], "in_words": value_in_words(declared[of["column"]], of["value"]), **of}


def _with_factors(row: Mapping[str, Any], declared: Mapping[str, Feature]) -> dict[str, Any]:
    """A row of scores in which factors have their labels behind their names."""
    return {
        name: f"{value}: {feature_words(value, declared)}" if _FACTOR.fullmatch(name) and value else value
        for name, value in row.items()
    }


def _columns(path: Path, row: Mapping[str, Any], declared: Mapping[str, Feature]) -> dict[str, str]:
    """What the columns of a table are, as far as it is known."""
    listed = (read_parquet_metadata(path) or {}).get("columns", ()) if path.is_file() else ()
    own = {of["column"]: of["definition"] for of in listed if isinstance(of, Mapping) and "definition" in of}
    found = {name: own.get(name) or _words_of(name, declared) for name in row}
    return {name: words for name, words in found.items() if words}


def _words_of(name: str, declared: Mapping[str, Feature]) -> str:
    if name in _WORDS:
        return _WORDS[name]
    if name in declared:
        return declared[name].label
    return next((words for start, words in _NUMBERED.items() if name.startswith(start)), "")
