"""A constant that a CUDA kernel reads is compiled into it: to change it in a test changes nothing on a device."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "gpunet"


def trees(paths: list[Path]) -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def read_by_kernels() -> set[str]:
    """Constants that are named in functions compiled for the device."""
    files = [*(PACKAGE / "kernels" / "cuda").glob("*.py"), PACKAGE / "model" / "loops_cuda.py"]
    compiled = [
        node
        for tree in trees(files)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and {ast.unparse(each) for each in node.decorator_list} & {"kernel", "device"}
    ]
    return {name.id for node in compiled for name in ast.walk(node) if isinstance(name, ast.Name) and name.id.isupper()}


def changed_by_tests() -> set[str]:
    """Names that tests put something else in the place of."""
    calls = [
        node for tree in trees(sorted(TESTS.rglob("*.py"))) for node in ast.walk(tree) if isinstance(node, ast.Call)
    ]
    changes = [call.args[1] for call in calls if ast.unparse(call.func).endswith("setattr") and len(call.args) > 2]
    return {name.value for name in changes if isinstance(name, ast.Constant)}


def test_no_test_changes_what_is_compiled_in() -> None:
    read, changed = read_by_kernels(), changed_by_tests()
    assert {"LANES", "LISTS", "_TEAM"} <= read
    assert {"THREADS", "_FREE"} <= changed
    assert not read & changed
