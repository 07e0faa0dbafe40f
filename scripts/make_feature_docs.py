"""Write docs/features.md, the dictionary of every column, from the registry; ``--check`` compares only."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from pages import write_or_check

from gpunet.config.config import Config
from gpunet.config.registry import DECLARATIONS, FAMILIES, Feature

PAGE = Path(__file__).parent.parent / "docs" / "features.md"

INTRODUCTION = """# Every feature

Made from the registry (`gpunet/config/registry.py`) by `make docs`; do not edit.

v is the person a row is about. C is a set of persons: `all` (everybody), `violent` (whoever has a violent arrest), and
one set for each configured violent offence. By default these are {offences}.

**C never contains v itself**: every feature but those of the family *history* is computed as if v's own offences were
unknown. That is needed for an honest experiment on a known network, and not sufficient: a row's features still hold the
labels of others, whose features hold its own ([evaluation.md](evaluation.md)). N1 and N2 are the persons at distance
exactly 1 and 2 in the co-arrest network. Tables are those of Shaabani, Aleali, Shakarian and Bertetto, *Early
Identification of Violent Criminal Gang Members*, KDD 2015.

For a person outside the network (with no tie), counts are 0, flags false and ratios null in the families {network}.
The other families do not need the network and are computed for everybody.
"""

SCOPES = {
    "one": "",
    "every set": "all sets",
    "every set but all": "all sets but `all`",
    "every offence": "each violent offence",
}


def page() -> str:
    """The whole page as text."""
    offences = ", ".join(f"`{name}`" for name in Config().violent_offences)
    network = ", ".join(f"*{name}*" for name in FAMILIES if name not in ("geographic", "temporal", "history"))
    parts = [INTRODUCTION.format(offences=offences, network=network)]
    for family, features in groupby(DECLARATIONS, key=lambda feature: feature.family):
        parts += [
            f"## {family}\n",
            "| column | in plain words | type | unit | what it is | null | source |",
            "|---|---|---|---|---|---|---|",
        ]
        parts += [_row(feature) for feature in features]
        parts.append("")
    return "\n".join(parts)


def _row(f: Feature) -> str:
    per_set = f"<br>C: {SCOPES[f.scope]}" if SCOPES[f.scope] else ""
    definition = f.definition.replace("|", "\\|")
    return (
        f"| `{f.name}`{per_set} | {f.label} | {f.dtype} | {f.unit} | {definition} | {f.null or 'never'} | {f.source} |"
    )


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
