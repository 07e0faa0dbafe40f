"""Which columns of tables may stand for ours: proposed where one does, asked about where several may."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.errors import UnreadableFile
from gpunet.base.words import Advice, plain_name, quoted
from gpunet.config.config import REQUIRED_COLUMNS, Config
from gpunet.reading.columns import missing_columns, ranked_names
from gpunet.reading.files import open_file
from gpunet.reading.sources import Source
from gpunet.reading.values import is_null_word, meaning_of, trimmed

__all__ = ["ProposedColumns", "proposed_columns"]


@dataclass(frozen=True)
class ProposedColumns:
    """Names for columns of ours that tables lack.

    ``certain``: what ``[input] columns`` takes. ``tried``: the first of several that are as likely. ``open``: advice on
    these, and on columns that are less likely and may be meant all the same.
    """

    certain: dict[str, Any]
    tried: dict[str, str]
    open: list[Advice]


def proposed_columns(sources: Sequence[Source], config: Config) -> ProposedColumns:
    """Find names for columns that tables lack; a column without any value is none of them."""
    names: dict[str, dict[str, None]] = {}
    tried: dict[str, str] = {}
    open_: dict[str, Advice] = {}
    tables = [(source, columns) for source in sources if (columns := _columns(source, config))]
    missing_in = [missing_columns(columns, config.input) for _, columns in tables]
    may_be = {
        name
        for (_, columns), missing in zip(tables, missing_in, strict=True)
        for ours in missing
        for _, name in ranked_names(ours, columns)
    }
    empty = may_be - _filled([source for source, _ in tables], may_be, config)
    for (_, columns), missing in zip(tables, missing_in, strict=True):
        taken = {name for ours in REQUIRED_COLUMNS for name in map(plain_name, config.input.source_names(ours))}
        present = [name for name in columns if name not in empty]
        for ours in missing:
            ranked = [(rank, name) for rank, name in ranked_names(ours, present) if plain_name(name) not in taken]
            near = [name for rank, name in ranked if rank == ranked[0][0]]
            taken |= set(map(plain_name, near[:1]))
            if ranked or ours in ("date", "offence"):
                names.setdefault(ours, {}).update(dict.fromkeys(near[:1]))
            if len(near) > 1:
                tried.setdefault(ours, near[0])
                open_ |= {advice.about: advice for advice in _of_several(ours, near)}
            for _, other in ranked[len(near) : 3]:
                about = f'{ours} may be "{other}" and not "{near[0]}"'
                open_.setdefault(about, Advice(about, f"columns.{ours}", other))
    have = {ours for ours in REQUIRED_COLUMNS if any(ours not in missing for missing in missing_in)}
    certain = {}
    for ours, found in names.items():
        given = config.input.source_names(ours) if ours in have or ours in config.input.columns else ()
        known = list(dict.fromkeys((*given, *found)))
        if ours not in tried and (found or not known):  # a column that only some tables have is not absent from all
            certain[ours] = known[0] if len(known) == 1 else known or ""
    return ProposedColumns(certain, tried, list(open_.values()))


def _columns(source: Source, config: Config) -> list[str]:
    try:
        return list(open_file(source, config.input).types)
    except UnreadableFile:
        return []  # whoever reads it says what is wrong


def _of_several(ours: str, near: Sequence[str]) -> list[Advice]:
    """What to say of columns that may all be one of ours; of several of offences that each charge takes a row."""
    numbered = len({re.sub(r"\d+", "", plain_name(name)) for name in near}) == 1
    if ours == "offence" and numbered:
        about = f"several columns of offences, {quoted(near)}: make one row of each charge; if one is enough"
    else:
        about = f"{ours} may be any of {quoted(near)}"
    return [Advice(f'{about}, and it is "{name}"', f"columns.{ours}", name) for name in near]


def _filled(sources: Iterable[Source], names: Collection[str], config: Config) -> set[str]:
    """Those of the columns that have a value in some table."""
    found: set[str] = set()
    for source in sources:
        if found >= set(names):
            break
        try:
            file = open_file(source, config.input)
            left = {name: name for name in file.types if name in names and name not in found}
            for batch in file.batches(left) if left else ():
                found |= {name for name in left if name not in found and _has_value(batch.column(name), config)}
                if found >= set(left):
                    break
        except UnreadableFile:
            continue
    return found


def _has_value(column: Any, config: Config) -> bool:
    values = column.drop_null()
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return len(values) > 0
    texts = trimmed(pc.unique(values).cast(pa.large_string()))
    return not pc.all(is_null_word(texts, meaning_of(config.input, "offence")), min_count=0).as_py()
