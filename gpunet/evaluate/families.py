"""The families of features that the method's paper compares: all but a person's own record."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gpunet.base.array_types import Int64
from gpunet.config.layers import NO_LAYERS, Layers
from gpunet.config.registry import Feature, columns

__all__ = ["BESIDE", "FAMILIES", "family_columns", "known_columns"]

#: The paper's families, to the families of the registry that each is made of (its Tables 3 to 7).
FAMILIES = {
    "neighbourhood": ("neighbourhood",),
    "community": ("community", "removal"),
    "path": ("betweenness", "closeness", "shell", "tipping"),
    "geographic": ("geographic",),
    "temporal": ("temporal",),
}

#: The families that tables of ties and victims bring, but for a person's own record as a victim.
BESIDE = ("layers", "victims")


def known_columns(sets: Iterable[str], layers: Layers = NO_LAYERS) -> dict[str, Feature]:
    """``{column: its declaration}`` of every feature of the experiment ``known``, in the order of the registry.

    With layers beside co-arrest they have those of the layers and of victims nearby too.
    """
    wanted = [family for parts in FAMILIES.values() for family in parts]
    return columns(sets, [*wanted, *BESIDE], layers=layers)


def family_columns(declared: Iterable[Feature]) -> dict[str, Int64]:
    """``{family: positions of its columns}`` among those declared; ``all`` has every one and comes first.

    >>> found = family_columns(known_columns(["all", "violent"]).values())
    >>> {family: len(positions) for family, positions in found.items()}
    {'all': 40, 'neighbourhood': 6, 'community': 15, 'path': 11, 'geographic': 4, 'temporal': 2}
    """
    of = [feature.family for feature in declared]
    found = {"all": np.arange(len(of))}
    for family, parts in FAMILIES.items():
        found[family] = np.flatnonzero([part in parts for part in of])
    return found
