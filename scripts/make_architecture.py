"""Write the rooms of the package, their files and what is in each into docs/architecture.md.

Usage: python scripts/make_architecture.py [--check]

The order of rooms is that of the import contract in pyproject.toml; the words are first lines of docstrings.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

from pages import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms -->", "<!-- /rooms -->"


def rooms() -> list[str]:
    """The rooms, those that others may use first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return list(reversed(layers))


def summary(path: Path) -> str:
    """The first sentence of a module's docstring, without the marks of Sphinx."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0].replace("\n", " ")
    for role in (":mod:", ":func:", ":class:", "``", "`"):
        first = first.replace(role, "")
    return first.rstrip(".").replace("|", "\\|")


def described(room: str) -> str:
    """One room: what it is, and a row a file."""
    folder = ROOT / "gpunet" / room
    lines = [f"### `{room}/`", "", summary(folder / "__init__.py") + ".", "", "| file | what it has |", "|---|---|"]
    inner = sorted(path for path in folder.rglob("*.py") if path != folder / "__init__.py")
    lines += [
        f"| `{path.relative_to(folder).as_posix()}` | {summary(path)} |"
        for path in sorted(inner, key=lambda path: (len(path.relative_to(folder).parts), path))
        if summary(path)
    ]
    return "\n".join(lines)


def page() -> str:
    """The page with its rooms as they are now."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    chain = " <- ".join(rooms())
    body = "\n\n".join([f"    {chain}", *map(described, rooms())])
    return f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}"


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
