"""The tables of calls that ``make test-rapids-api`` holds against the real packages are complete and current."""

from __future__ import annotations

import ast

from rapids_api.table import TABLES, Call, calls_in, in_source, listed, roots_in, unknown_roots


def test_every_call_in_the_source_has_its_line() -> None:
    known = set(listed())
    missing = [f"{call.root}.txt: {call}   ({where[0]})" for call, where in in_source().items() if call not in known]
    assert not missing, "add to tests/rapids_api:\n" + "\n".join(missing)


def test_every_line_is_of_its_library_and_of_use() -> None:
    """Methods are found by their last name alone."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (TABLES.parents[1] / "gpunet").rglob("*.py"))
    for path in TABLES.glob("*.txt"):
        assert any(call.root == path.stem for call in listed())
    stale = [str(call) for call in listed() if f".{call.name.rpartition('.')[2]}" not in source]
    assert not stale
    assert len(set(listed())) == len(listed())


def test_libraries_have_the_names_that_are_looked_for() -> None:
    assert not unknown_roots(), "add to ROOTS in tests/rapids_api/table.py, or use the library's own name"


SOURCE = """
import cudf
import cudf as frames
from cugraph.structure import Graph
cupy = import_library("cupy")
arrays = importlib.import_module("cupy")
def _rmm(): return importlib.import_module("rmm")
def device(): return cudf
a = cudf.read_parquet(path, columns=names).to_arrow()
b = cupy.cuda.Stream(*numbers)
_rmm().reinitialize(pool_allocator=True)
c = cudf.NA
xp.asarray(a)
"""


def test_calls_are_found_in_source() -> None:
    tree = ast.parse(SOURCE)
    assert {call for call, _ in calls_in(tree)} == {
        Call("cugraph.structure.Graph"),
        Call("cudf.read_parquet", 1, frozenset({"columns"})),
        Call("cupy.cuda.Stream"),
        Call("rmm.reinitialize", 0, frozenset({"pool_allocator"})),
        Call("cudf.NA"),
    }
    assert sorted(roots_in(tree)) == ["_rmm()", "arrays", "cudf", "cupy", "device()", "frames"]
    assert str(Call("a.b", 2, frozenset({"d", "c"}))) == "a.b(..., ..., c=..., d=...)"
