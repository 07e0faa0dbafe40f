"""The features of layers beside co-arrest, and of victims: declared once, ``{C}`` the set and ``{layer}`` the layer."""

from __future__ import annotations

from dataclasses import replace

from gpunet.config.feature import Dtype, Feature, Scope
from gpunet.config.layers import ANY, VICTIM, Layers

__all__ = ["LAYER_DECLARATIONS", "LAYER_FAMILIES", "layer_declarations"]

#: Families of which there are columns only with tables of ties or victims.
LAYER_FAMILIES = ("layers", "victims", "victim_history")

_EVERY: Scope = "every set"
_PAPACHRISTOS = "Papachristos, Braga and Hureau 2012"
_OUTSIDE = "v has no tie in the layer"


def _of_layers() -> tuple[Feature, ...]:
    def feature(
        name: str, label: str, dtype: Dtype, unit: str, definition: str, source: str, scope: Scope, null: str = ""
    ) -> Feature:
        return Feature(name, label, "layers", dtype, unit, definition, source, null, scope)

    rest: Scope = "every set but all"
    return (
        feature(
            "degree__{C}__{layer}", "direct contacts in {layer} who were arrested for {C}",
            "int64", "persons", "|N1 ∩ C| in the layer.", "Table 3, in the layer", _EVERY,
        ),
        feature(
            "share_1hop__{C}__{layer}", "share of direct contacts in {layer} who were arrested for {C}",
            "float64", "share", "|N1 ∩ C| / |N1| in the layer.", "Table 3, in the layer", rest, _OUTSIDE,
        ),
        feature(
            "share_2hop__{C}__{layer}", "share of persons two steps away in {layer} who were arrested for {C}",
            "float64", "share", "|N2 ∩ C| / |N2| in the layer.", "Table 3, in the layer", rest,
            f"N2 is empty, or {_OUTSIDE}",
        ),
        feature(
            "strength__{C}__{layer}", "strength of the ties in {layer} to persons arrested for {C}",
            "float64", "ties",
            "Sum over N1 ∩ C of the tie's strength: 1 for each record, halved each time a half-life is over.",
            "own", _EVERY,
        ),
        feature(
            "betweenness__{C}__{layer}", "how often the person links others who were arrested for {C}, by any tie",
            "float64", "pairs", "betweenness__{C} in the union of all layers.", "Table 5, in the union", _EVERY,
        ),
        feature(
            "closeness__{C}__{layer}", "how few steps it is by any tie to persons arrested for {C}",
            "float64", "1/ties", "closeness__{C} in the union of all layers.", "Table 5, in the union", _EVERY,
        ),
        feature(
            "shell__{C}__{layer}", "how tightly the person is tied in by any tie among those arrested for {C}",
            "int64", "core number", "shell__{C} in the union of all layers.", "Table 5, in the union", _EVERY,
        ),
    )  # fmt: skip


def _of_victims() -> tuple[Feature, ...]:
    def feature(
        name: str, label: str, dtype: Dtype, unit: str, definition: str, null: str = "", scope: Scope = _EVERY
    ) -> Feature:
        return Feature(name, label, "victims", dtype, unit, definition, _PAPACHRISTOS, null, scope)

    return (
        feature(
            "victims_1hop__{C}", "direct co-arrestees who became a victim of {C}",
            "int64", "persons", "Persons at distance 1 in the co-arrest network who were victims of an offence in C.",
        ),
        feature(
            "victims_2hop__{C}", "persons two steps away who became a victim of {C}",
            "int64", "persons",
            "Persons at distance exactly 2 in the co-arrest network who were victims of an offence in C.",
        ),
        feature(
            "victim_distance__{C}", "steps to the nearest other person who lately became a victim of {C}",
            "float64", "ties",
            "Distance in the co-arrest network to the nearest other person who was a victim of an offence in C in the "
            "last recent_days.",
            "no such person can be reached",
        ),
        feature(
            "two_hop_heuristic", "within two steps of another person who became a victim of a violent offence",
            "bool", "flag",
            "v is within two steps, in the co-arrest network, of another person who was a victim of a violent offence: "
            "Algorithm 1, which also leaves out whoever has a violent arrest, before it does.",
            scope="one",
        ),
    )  # fmt: skip


def _of_victim_history() -> tuple[Feature, ...]:
    def feature(
        name: str, label: str, dtype: Dtype, unit: str, definition: str, null: str = "", scope: Scope = "one"
    ) -> Feature:
        return Feature(
            name, label, "victim_history", dtype, unit, definition, "own record", null, scope, own_label_free=False
        )

    return (
        feature(
            "own_victimisations__{C}", "incidents in which the person was a victim of {C}",
            "int64", "incidents", "Incidents in which v was a victim of an offence in C.", scope=_EVERY,
        ),
        feature(
            "days_since_last_victimisation", "days since the person last was a victim",
            "float64", "days", "Days since v last was a victim, on the as-of date or the day after the last date.",
            "v has no dated victimisation",
        ),
    )  # fmt: skip


#: Every declaration, in output order; those of a layer stand for one column each layer.
LAYER_DECLARATIONS = (*_of_layers(), *_of_victims(), *_of_victim_history())

_OF_ANY_ALONE = ("betweenness", "closeness", "shell")


def layer_declarations(layers: Layers) -> tuple[Feature, ...]:
    """The declarations with ``{layer}`` filled in, in output order: layer by layer, then what is of victims.

    >>> [feature.name for feature in layer_declarations(Layers(("calls",)))][:3]
    ['degree__{C}__calls', 'share_1hop__{C}__calls', 'share_2hop__{C}__calls']
    """
    found = []
    for layer in layers.names:
        for feature in (f for f in LAYER_DECLARATIONS if f.family == "layers"):
            of_paths = feature.name.startswith(_OF_ANY_ALONE)
            if (of_paths and layer != ANY) or (feature.name.startswith("strength") and layer == ANY):
                continue
            words = {ANY: "any layer", VICTIM: "incidents with victims"}.get(layer, layer.replace("_", " "))
            name, label = feature.name.replace("{layer}", layer), feature.label.replace("{layer}", words)
            found.append(replace(feature, name=name, label=label))
    if layers.victims:
        found += [feature for feature in LAYER_DECLARATIONS if feature.family != "layers"]
    return tuple(found)
