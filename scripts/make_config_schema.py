"""Write docs/config.schema.json, the JSON Schema of the configuration; ``--check`` compares only."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from pages import write_or_check
from pydantic import TypeAdapter

from gpunet.config import (
    audit_config,
    cluster_config,
    config,
    evaluate_config,
    flags_config,
    governance_config,
    input_config,
    links_config,
    places_config,
    pool_config,
    ties_config,
)
from gpunet.config.flags_config import DEFAULT_FLAGS

#: Where the sections are declared.
MODULES = (
    audit_config,
    cluster_config,
    config,
    evaluate_config,
    flags_config,
    governance_config,
    input_config,
    links_config,
    places_config,
    ties_config,
)

PAGE = Path(__file__).parent.parent / "docs" / "config.schema.json"


def descriptions(module: Any) -> dict[tuple[str, str], str]:
    """``{(class, key): the docstring under it}``."""
    found = {}
    for cls in ast.parse(inspect.getsource(module)).body:
        for key, text in pairwise(cls.body) if isinstance(cls, ast.ClassDef) else ():
            if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[cls.name, key.target.id] = " ".join(text.value.value.split())
    return found


def schema() -> str:
    """The schema as text."""
    made = TypeAdapter(config.Config).json_schema()
    classes = {"Config": made, **made["$defs"]}
    of_modules: dict[tuple[str, str], str] = {}
    for module in MODULES:
        of_modules |= descriptions(module)
    every = {key: of_modules.pop((cls, key)) for cls, key in list(of_modules) if cls == "FlagKeys"}
    flags = {(type(flag).__name__, key): text for flag in DEFAULT_FLAGS.values() for key, text in every.items()}
    pool = {("ClusterConfig", key): text for (_, key), text in descriptions(pool_config).items()}
    for (cls, key), text in {**of_modules, **flags, **pool}.items():
        classes[cls]["properties"][key]["description"] = text
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **made}, indent=2) + "\n"


def alike(there: str, text: str) -> bool:
    """As values: some versions of Pydantic write 1.0 where others write 1."""
    return bool(json.loads(there) == json.loads(text))


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, schema(), alike))
