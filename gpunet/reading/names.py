"""Forces, offences and their sets, districts, beats and gangs: few distinct texts, coded alike wherever rows are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Int32, Int64, UInt64
from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.config.input_config import DETAILS
from gpunet.config.offences import compile_taxonomy, offence_mask
from gpunet.reading.location import Column, Location, to_codes
from gpunet.tables import arrays

__all__ = ["NAMED", "PLACES", "Names", "check_forces", "named_pairs", "names_of", "place_pairs"]

#: Columns of few distinct texts.
NAMED = ("force", *DETAILS)

#: Columns whose texts mean a place only together with the force.
PLACES = ("district", "beat")


@dataclass(frozen=True, eq=False)
class Names:
    """Texts by code, ascending.

    ``texts``: of each of ``NAMED``; of the force "" too where a row has none. ``masks``: uint64[offences + 1], the sets
    of each offence, 0 in the end. ``pairs``: of each of ``PLACES`` int64[k], ascending, force times the number of texts
    plus text; ``rank``: int32[k + 1], the place's code, -1 in the end. ``places``: the places' names by code,
    ``force/place``; the default force is left out.
    """

    texts: dict[str, list[str]]
    masks: UInt64
    pairs: dict[str, Int64]
    rank: dict[str, Int32]
    places: dict[str, tuple[str, ...]]

    def place_codes(self, name: str, force: Any, text: Any, location: Location) -> Any:
        """int32[n], codes of places from those of their forces and of texts, -1 for none."""
        xp = arrays.namespace(force, text)
        packed = xp.astype(force, xp.int64) * len(self.texts[name]) + xp.astype(text, xp.int64)
        position = xp.where(text < 0, -1, xp.searchsorted(location.array(self.pairs[name]), packed))
        return to_codes(location.array(self.rank[name]), position)


def names_of(
    texts: Mapping[str, Iterable[str]], pairs: Mapping[str, Iterable[tuple[str, str]]], no_force: bool, config: Config
) -> Names:
    """The names for distinct texts of ``NAMED`` and pairs of a force and a text of ``PLACES``.

    `no_force`: there are rows without a force, which is "" in pairs.
    """
    ordered = {name: sorted(texts[name]) for name in NAMED}
    if no_force:
        ordered["force"].insert(0, "")
    compiled = compile_taxonomy(config.violent_offences)
    masks = [*(offence_mask(text, compiled, config.input.offence_separators) for text in ordered["offence"]), 0]
    packed, rank, places = {}, {}, {}
    for name in PLACES:
        keyed = sorted((f"{owner}/{place}" if owner else place, owner, place) for owner, place in pairs[name])
        codes = {column: {text: i for i, text in enumerate(ordered[column])} for column in ("force", name)}
        found = np.array(
            [codes["force"][owner] * len(ordered[name]) + codes[name][place] for _, owner, place in keyed], np.int64
        )
        order = np.argsort(found)
        packed[name], rank[name] = found[order], np.append(order, -1).astype(np.int32)
        places[name] = tuple(text for text, _, _ in keyed)
    return Names(ordered, np.array(masks, np.uint64), packed, rank, places)


def check_forces(config: Config, forces: Iterable[str], rows: int) -> None:
    """Check that there is a force where persons are known within theirs; `forces` are those of all accepted rows.

    Raises
    ------
    InputError
        If there are rows, and none has one.
    """
    if config.input.person_scope == "force" and rows and not any(forces):
        name = next(iter(config.input.source_names("force")), "force")
        raise InputError(
            f'person_scope = "force", but no row has a force: under [input] write columns.force = "{name}" with its '
            'name in the tables, or person_scope = "national"; or put the tables of each into a folder like force=met'
        )


def place_pairs(force: Any, place: Column) -> Int64:
    """int64[k, 2], the distinct pairs of codes of a force (-1 for none) and a text."""
    xp, size = arrays.namespace(force), max(len(place.values), 1)
    known = place.codes >= 0
    packed = xp.astype(force, xp.int64) * size + xp.astype(place.codes, xp.int64)
    found = arrays.to_host(arrays.distinct(packed[known]))
    return np.column_stack([found // size, found % size])


def named_pairs(pairs: Int64, forces: Sequence[str], texts: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of codes as pairs of a force, "" for none, and a text."""
    return [(forces[force] if force >= 0 else "", texts[text]) for force, text in pairs.tolist()]
