"""The calls of GPU libraries that gpunet makes: as the tables beside this file list them, and as its source has them.

To add a call, write a line into the library's table (``<library>.txt``), as the code has it but with ``...`` for what
is passed. ``tests/test_rapids_api_table.py`` says which lines are missing, and fails until they are there:

    pylibcugraph.louvain(resource_handle=..., graph=..., max_level=...)     as the code passes them
    cudf.DataFrame.to_arrow(self, preserve_index=...)                       a method: `self`, then what is passed
    xgboost.core.XGBoostError                                               a name that is used without a call

Methods of objects cannot be found in the source, for nothing there says what the object is: add them by hand. The
library's name in the code is what `ROOTS` says; a module that gets it in another way adds that to `ROOTS`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).parent
PACKAGE = TABLES.parents[1] / "gpunet"

LIBRARIES = ("cudf", "cugraph", "cuml", "cupy", "dask_cuda", "dask_cudf", "pylibcugraph", "rmm", "xgboost")

#: What stands before the first dot in the code, to the library that it is.
ROOTS = {
    **{name: name for name in LIBRARIES},
    **{f"_{name}()": name for name in LIBRARIES},
    "_device_namespace()": "cupy",
    "xgb": "xgboost",
}

#: Functions that import the module which they are given the name of, and return it.
IMPORTERS = ("import_module", "import_library")


@dataclass(frozen=True)
class Call:
    """A dotted name, and how many positions and which keywords it is called with; None if it is but named."""

    name: str
    positions: int | None = None
    keywords: frozenset[str] = frozenset()

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]

    def __str__(self) -> str:
        if self.positions is None:
            return self.name
        passed = ["..."] * self.positions + [f"{key}=..." for key in sorted(self.keywords)]
        return f"{self.name}({', '.join(passed)})"


def listed() -> list[Call]:
    """Every line of every table."""
    return [
        call_of(ast.parse(line, str(path), "eval").body)
        for path in sorted(TABLES.glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]


def call_of(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call):
        return Call(ast.unparse(node))
    keywords = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
    return Call(ast.unparse(node.func), len(node.args), keywords)


def in_source() -> dict[Call, list[str]]:
    """Every call and name that the package's source shows to be a library's, and where."""
    found: dict[Call, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call, line in calls_in(tree):
            found.setdefault(call, []).append(f"{path.relative_to(PACKAGE.parent)}:{line}")
    return found


def calls_in(tree: ast.AST) -> Iterator[tuple[Call, int]]:
    """Calls and names in one module; longest names alone, so ``a.b.c()`` is not also ``a.b``."""
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in LIBRARIES:
            yield from ((Call(f"{node.module}.{alias.name}"), node.lineno) for alias in node.names)
        if isinstance(node, ast.Attribute) and id(node) not in inner and (name := dotted(node)):
            call = called.get(id(node))
            if call is None or any(isinstance(a, ast.Starred) for a in call.args):
                yield Call(name), node.lineno
            else:
                keywords = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
                yield Call(name, len(call.args), keywords), node.lineno


def dotted(node: ast.Attribute) -> str | None:
    """The library's name for it, such as ``xgboost.core.XGBoostError``; None if it is no library's."""
    parts = [node.attr]
    root = node.value
    while isinstance(root, ast.Attribute):
        parts.append(root.attr)
        root = root.value
    library = ROOTS.get(ast.unparse(root))
    return ".".join([library, *reversed(parts)]) if library else None


def unknown_roots() -> list[str]:
    """Where the package imports a library under a name, or returns it from a function, that `ROOTS` does not hold."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(PACKAGE.parent)}: {name}" for name in roots_in(tree) if name not in ROOTS]
    return found


def roots_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported = [a for a in node.names if a.name.partition(".")[0] in LIBRARIES]
            yield from (a.asname or a.name.partition(".")[0] for a in imported)  # `import a.b` binds the name a
        elif isinstance(node, ast.Assign) and imports_library(node.value):
            yield from (ast.unparse(t) for t in node.targets if not ast.unparse(t).startswith("self."))
        elif isinstance(node, ast.FunctionDef):
            for inside in ast.walk(node):
                if isinstance(inside, ast.Return) and inside.value and returns_library(inside.value):
                    yield f"{node.name}()"


def imports_library(value: ast.expr) -> bool:
    """Whether it is ``import_module("cudf")`` or the like."""
    if not isinstance(value, ast.Call) or not value.args:
        return False
    name = value.args[0]
    return (
        ast.unparse(value.func).rpartition(".")[2] in IMPORTERS
        and isinstance(name, ast.Constant)
        and str(name.value).partition(".")[0] in LIBRARIES
    )


def returns_library(value: ast.expr) -> bool:
    return imports_library(value) or (isinstance(value, ast.Name) and value.id in LIBRARIES)
