"""Write docs/features.md, the dictionary of every column, from the registry; ``--check`` compares only."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from pages import write_or_check

from gpunet.config.config import Config
from gpunet.config.registry import DECLARATIONS, FAMILIES, LAYER_DECLARATIONS, LAYER_FAMILIES, Feature

PAGE = Path(__file__).parent.parent / "docs" / "features.md"

INTRODUCTION = """# Every feature

Made from the registry (`gpunet/config/registry.py`) by `make docs`; do not edit.

v is the person a row is about. C is a set of persons: `all` (everybody), `violent` (whoever has a violent arrest), and
one set for each configured violent offence. By default these are {offences}.

**C never contains v itself**: every feature but those of the families *history* and *victim_history* is computed as if
v's own offences were unknown. That is needed for an honest experiment on a known network, and not sufficient: a row's
features still hold the labels of others, whose features hold its own ([evaluation.md](evaluation.md)). N1 and N2 are
the persons at distance exactly 1 and 2 in the co-arrest network. Tables are those of Shaabani, Aleali, Shakarian and
Bertetto, *Early Identification of Violent Criminal Gang Members*, KDD 2015.

For a person outside the network (with no tie), counts are 0, flags false and ratios null in the families {network}.
The other families do not need the network and are computed for everybody.

The last three families, {beside}, are there only with tables of ties or victims.
"""

BESIDE = """## Layers and victims

With tables of ties or victims ([associations.md](associations.md)) there are the columns below after those above, which
stay what they are. `{layer}` stands for each kind of ties in use, as `calls`, in the order of the configuration; for
`victim`, if there is a table of victims: the layer that ties victims to those who were arrested for the incident; and
last for `any`, the union of all of these and co-arrest. N1 and N2 are then those of the layer, and a person outside is
one who has no tie in it. C is `all`, everybody in the layer whether ever arrested or not, or a set of persons who were
arrested, as above; in the families *victims* and *victim_history* it is a set of persons who became victims.
"""

SCOPES = {
    "one": "",
    "every set": "all sets",
    "every set but all": "all sets but `all`",
    "every offence": "each violent offence",
}

#: Of which layers there are columns, where not of all.
OF_LAYERS = {"strength": "all but `any`", "betweenness": "`any`", "closeness": "`any`", "shell": "`any`"}


def page() -> str:
    """The whole page as text."""
    offences = ", ".join(f"`{name}`" for name in Config().violent_offences)
    others = ("geographic", "temporal", "history", *LAYER_FAMILIES)
    network = _in_words(name for name in FAMILIES if name not in others)
    parts = [INTRODUCTION.format(offences=offences, network=network, beside=_in_words(LAYER_FAMILIES))]
    parts += _tables(DECLARATIONS)
    parts.append(BESIDE)
    parts += _tables(LAYER_DECLARATIONS, "###")
    return "\n".join(parts)


def _in_words(families: Iterable[str]) -> str:
    return ", ".join(f"*{name}*" for name in families)


def _tables(declarations: Iterable[Feature], heading: str = "##") -> list[str]:
    parts = []
    for family, features in groupby(declarations, key=lambda feature: feature.family):
        parts += [
            f"{heading} {family}\n",
            "| column | in plain words | type | unit | what it is | null | source |",
            "|---|---|---|---|---|---|---|",
        ]
        parts += [_row(feature) for feature in features]
        parts.append("")
    return parts


def _row(f: Feature) -> str:
    per_set = f"<br>C: {SCOPES[f.scope]}" if SCOPES[f.scope] else ""
    if layers := OF_LAYERS.get(f.name.partition("__")[0], "") if f.family == "layers" else "":
        per_set += f"<br>layer: {layers}"
    definition = f.definition.replace("|", "\\|")
    return (
        f"| `{f.name}`{per_set} | {f.label} | {f.dtype} | {f.unit} | {definition} | {f.null or 'never'} | {f.source} |"
    )


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
