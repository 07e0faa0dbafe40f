"""Every feature, declared once. Output schema, documentation, model and tests read this.

A declaration is for one column or, with ``{C}`` in its name, for one column a set. :func:`columns` gives them all, in
the order of the output, for the sets of a configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from gpunet.base.errors import InputError
from gpunet.config.feature import Dtype, Feature, Scope, offences_in_words
from gpunet.config.layer_registry import LAYER_DECLARATIONS, LAYER_FAMILIES, layer_declarations
from gpunet.config.layers import NO_LAYERS, Layers

__all__ = [
    "DECLARATIONS",
    "FAMILIES",
    "LAYER_DECLARATIONS",
    "LAYER_FAMILIES",
    "PATH_FAMILIES",
    "Feature",
    "columns",
    "dictionary",
    "expand_families",
    "offences_in_words",
]

_NO_GANG = "v has no gang"
_OUTSIDE = "v is outside the network"


def _neighbourhood() -> list[Feature]:
    def feature(
        name: str, label: str, dtype: Dtype, unit: str, definition: str, scope: Scope, null: str = ""
    ) -> Feature:
        return Feature(name, label, "neighbourhood", dtype, unit, definition, "Table 3", null, scope)

    one_hop, two_hop = "|U1 ∩ C| ≥ 0.5 |U1| with U1 = N1", "|U2 ∩ C| ≥ 0.5 |U2| with U2 = N1 ∪ N2"
    rest: Scope = "every set but all"
    return [
        feature(
            "degree__{C}", "direct co-arrestees who were arrested for {C}",
            "int64", "persons", "|N1 ∩ C|: members of C at distance 1.", "every set",
        ),
        feature(
            "share_1hop__{C}", "share of direct co-arrestees who were arrested for {C}",
            "float64", "share", "|N1 ∩ C| / |N1|.", rest, _OUTSIDE,
        ),
        feature(
            "share_2hop__{C}", "share of persons two steps away who were arrested for {C}",
            "float64", "share", "|N2 ∩ C| / |N2|, N2 the persons at distance exactly 2.", rest,
            f"N2 is empty, or {_OUTSIDE}",
        ),
        feature(
            "majority_1_and_2hop__{C}", "half or more within one step, and within two, arrested for {C}",
            "bool", "flag", f"{one_hop}, and {two_hop}.", rest,
        ),
        feature(
            "minority_1_majority_2hop__{C}", "half or more within two steps, but not within one, arrested for {C}",
            "bool", "flag", f"Not {one_hop}, but {two_hop}.", rest,
        ),
    ]  # fmt: skip


def _cells(prefix: str, whose: str, what: str, null: str) -> list[Feature]:
    def feature(name: str, label: str, dtype: Dtype, unit: str, definition: str, null_rule: str = null) -> Feature:
        source = "Table 4" if prefix == "group" else "Table 4, on the whole network"
        return Feature(f"{prefix}_{name}", label, "community", dtype, unit, definition, source, null_rule)

    cell = f"v's {prefix}"
    no_triple = "; ".join(filter(None, [null, f"{_OUTSIDE}, or no triple"]))
    return [
        feature(
            "size", f"members of {whose}",
            "int64", "persons", f"Members of {cell}: its cell in a Louvain partition of {what}.",
        ),
        feature("ties", f"co-arrest ties inside {whose}", "int64", "ties", f"Ties inside {cell}."),
        feature(
            "violent", f"others in {whose} who were arrested for a violent offence",
            "int64", "persons", f"Violent members of {cell} other than v.",
        ),
        feature(
            "triangles", f"threes who are all tied to one another in {whose}",
            "int64", "triangles", f"Triangles inside {cell}.",
        ),
        feature(
            "transitivity", f"how often two co-arrestees of one member are tied too, in {whose}",
            "float64", "ratio", f"3 · triangles / connected triples inside {cell}.", no_triple,
        ),
        feature(
            "out_members", f"members of {whose} with a tie to someone outside it",
            "int64", "persons", f"Members of {cell} with a tie to someone outside it.",
        ),
    ]  # fmt: skip


def _community() -> list[Feature]:
    gang_out = Feature(
        "gang_out_members", "members of the person's gang with a tie to someone outside the gang",
        "community", "int64", "persons",
        "Members of v's most recent gang with a tie to someone outside the gang.", "Table 4", _NO_GANG,
    )  # fmt: skip
    gang = "the subgraph induced by the persons of v's most recent gang"
    return [
        *_cells("group", "the person's group in the gang", gang, _NO_GANG),
        gang_out,
        *_cells("community", "the person's community", "the whole network", ""),
    ]


def _path() -> list[Feature]:
    every: Scope = "every set"
    return [
        Feature(
            "removal_largest_component", "persons still connected, in the largest part, if this person were taken out",
            "removal", "int64", "persons",
            "Size of the largest component left of v's component when v is removed, 0 if none.", "Table 4",
        ),
        Feature(
            "removal_largest_violent_component",
            "persons still connected, in the largest part with violent arrests, without this person",
            "removal", "int64", "persons",
            "The same over the components left that hold a violent person.", "Table 4",
        ),
        Feature(
            "betweenness__{C}", "how often the person links others who were arrested for {C}",
            "betweenness", "float64", "pairs",
            "Sum over unordered pairs {u, w} of C of the share of shortest u-w paths through v. Not normalised.",
            "Table 5; Brandes 2001", scope=every,
        ),
        Feature(
            "closeness__{C}", "how few steps it is to persons arrested for {C}",
            "closeness", "float64", "1/ties",
            "(|R|/|C|) · (|R| / sum over R of d(v, u)), R the members of C that v reaches; 0 if R is empty.",
            "Table 5; Wasserman and Faust 1994", scope=every,
        ),
        Feature(
            "shell__{C}", "how tightly the person is tied in among those arrested for {C}",
            "shell", "int64", "core number",
            "Core number of v in the subgraph induced by v and C.", "Table 5 and appendix", scope=every,
        ),
        *[
            Feature(
                f"tipping_{k}", f"reached if violence spreads to whoever has {k} or more co-arrestees it has reached",
                "tipping", "bool", "flag",
                f"v is in the fixed point of 'active, or at least {k} active neighbours' from the violent persons.",
                "Table 5 and appendix",
            )
            for k in range(2, 7)
        ],
    ]  # fmt: skip


def _geographic() -> list[Feature]:
    return [
        Feature(
            f"{place}_{what}arrests", f"arrests of {whom} in the {place}s where the person was arrested",
            "geographic", "int64", "arrests",
            f"Arrests of {who} in the {place}s where v was ever arrested.", "Table 6",
        )
        for place in ("district", "beat")
        for what, who, whom in (
            ("", "anyone (v included)", "anyone"),
            ("violent_", "others for a violent offence", "others for a violent offence"),
        )
    ]  # fmt: skip


def _temporal() -> list[Feature]:
    return [
        Feature(
            "interval_days", "days from the first to the last arrest, divided by the number of arrests",
            "temporal", "float64", "days",
            "(Last − first arrest date) / number of dated arrests.", "Table 7", "v has no dated arrest",
        ),
        Feature(
            "violent_groups", "incidents in which another participant was arrested for a violent offence",
            "temporal", "int64", "incidents",
            "v's tie-forming incidents in which another participant had a violent offence.", "Table 7",
        ),
    ]  # fmt: skip


def _history() -> list[Feature]:
    def feature(
        name: str, label: str, dtype: Dtype, unit: str, definition: str, null: str = "", scope: Scope = "one"
    ) -> Feature:
        return Feature(
            name, label, "history", dtype, unit, definition, "own record", null, scope, own_label_free=False
        )  # fmt: skip

    since = "on the as-of date, or else on the day after the last date in the data"
    return [
        feature("own_arrests", "arrests on record", "int64", "arrests", "Arrests of v."),
        feature(
            "own_violent_arrests", "own arrests for a violent offence",
            "int64", "arrests", "Arrests of v with a violent offence.",
        ),
        feature(
            "own_arrests__{C}", "own arrests for {C}",
            "int64", "arrests", "Arrests of v with an offence in C.", scope="every offence",
        ),
        feature(
            "own_interval_days__violent", "days from the first to the last violent arrest, divided by their number",
            "float64", "days", "(Last − first date) / number, over v's dated violent arrests.",
            "v has no dated violent arrest",
        ),
        feature(
            "days_since_last_arrest", "days since the last arrest",
            "float64", "days", f"Days since v's last arrest {since}.", "v has no dated arrest",
        ),
        feature(
            "days_since_last_violent", "days since the last arrest for a violent offence",
            "float64", "days", f"Days since v's last violent arrest {since}.", "v has no dated violent arrest",
        ),
    ]  # fmt: skip


#: Every declaration of what arrests alone give, in output order, ``{C}`` not filled in.
DECLARATIONS = (
    *_neighbourhood(), *_community(), *_path(), *_geographic(), *_temporal(), *_history(),
)  # fmt: skip

#: Families that can be asked for by name, in the order of the output. The last have columns only where there are tables
#: of ties or victims.
FAMILIES = (*dict.fromkeys(f.family for f in DECLARATIONS), *LAYER_FAMILIES)

#: The families that need the network alone: those of ``path_features``.
PATH_FAMILIES = ("betweenness", "closeness", "shell", "tipping", "removal")


def expand_families(families: Iterable[str] | None) -> tuple[str, ...]:
    """The families asked for, in output order; None is all, ``"path"`` stands for the five path families.

    Raises
    ------
    InputError
        If a name is unknown.
    """
    if families is None:
        return FAMILIES
    asked = set()
    for name in [families] if isinstance(families, str) else families:
        if name != "path" and name not in FAMILIES:
            raise InputError(f"unknown family {name!r}; there are path, {', '.join(FAMILIES)}")
        asked |= set(PATH_FAMILIES) if name == "path" else {name}
    return tuple(f for f in FAMILIES if f in asked)


def columns(
    sets: Iterable[str],
    families: Iterable[str] | None = None,
    *,
    offences: bool = True,
    layers: Layers = NO_LAYERS,
) -> dict[str, Feature]:
    """``{column name: its declaration}`` for the given sets, in output order; ``{C}`` is filled in.

    Where the input has no `offences`, the columns that follow from them are not known. Beside the columns of
    co-arrest there are those of the `layers`.
    """
    wanted, sets = expand_families(families), tuple(sets)
    found = {
        feature.name: feature
        for declaration in (*DECLARATIONS, *layer_declarations(layers))
        if declaration.family in wanted
        for feature in declaration.for_sets(sets)
    }
    if offences:
        return found
    unknown = {name: feature for name, feature in found.items() if feature.follows_offences}
    why = "always: the input has no offences"
    return found | {name: replace(feature, known=False, null=why) for name, feature in unknown.items()}


def dictionary(
    sets: Iterable[str],
    methods: Mapping[str, Any] | None = None,
    *,
    offences: bool = True,
    layers: Layers = NO_LAYERS,
) -> list[dict[str, Any]]:
    """The dictionary of every column, as it stands in ``features.json``.

    `methods` is ``{column: how it was computed}`` for those that are not exact; it stands under ``method``.
    `offences` and `layers` are as in :func:`columns`.
    """
    methods = methods or {}
    return [
        {
            "column": name,
            "label": f.label,
            "family": f.family,
            "dtype": f.dtype,
            "unit": f.unit,
            "null": f.null or None,
            "definition": f.definition,
            "source": f.source,
            "own_label_free": f.own_label_free,
            **({"method": methods[name]} if name in methods else {}),
        }
        for name, f in columns(sets, offences=offences, layers=layers).items()
    ]
