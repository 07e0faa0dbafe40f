"""Every call that gpunet makes of the GPU libraries, held against their real signatures; no GPU is needed.

Run by ``make test-rapids-api``, in an environment of gpunet[gpu]. The ordinary tests do not collect this file. How to
add a call stands in table.py.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from importlib.metadata import version
from typing import Any

import array_api_compat.cupy as xp
import pylibcugraph
import pylibcugraph_stand_in
import pytest
from packaging.requirements import Requirement
from rapids_api.signatures import bind, parsed, signature_of
from rapids_api.table import PACKAGE, Call, call_of, listed

from gpunet.engines.gpu import check

PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("call", listed(), ids=str)
def test_call_fits_the_real_signature(call: Call) -> None:
    bind(call)


def test_a_call_that_does_not_fit_is_found() -> None:
    for wrong in (
        Call("pylibcugraph.louvain", 0, frozenset({"resource_handle", "graph"})),
        Call("pylibcugraph.SGGraph", 4, frozenset({"weights"})),
        Call("cupy.asarray", 1, frozenset({"no_such_parameter"})),
    ):
        with pytest.raises(TypeError):
            bind(wrong)
    with pytest.raises((AttributeError, ImportError)):
        bind(Call("cupy.no_such_name", 0))


@pytest.mark.parametrize(
    "name", [n for n, found in vars(pylibcugraph_stand_in).items() if hasattr(pylibcugraph, n) and callable(found)]
)
def test_the_stand_in_has_the_parameters_of_the_real_one(name: str) -> None:
    ours, real = (signature_of(getattr(module, name)) for module in (pylibcugraph_stand_in, pylibcugraph))
    assert list(ours.parameters) == list(real.parameters)
    for parameter, of_real in zip(ours.parameters.values(), real.parameters.values(), strict=True):
        assert (parameter.default is inspect.Parameter.empty) == (of_real.default is inspect.Parameter.empty)


def test_the_stand_in_stands_for_all_that_is_called() -> None:
    called = {call.name.rpartition(".")[2] for call in listed() if call.root == "pylibcugraph"}
    assert called <= set(vars(pylibcugraph_stand_in))


def standard_calls() -> list[Any]:
    """Every distinct ``xp.name(...)`` of the package."""
    calls = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("xp."):
                call = call_of(node)
                starred = any(isinstance(a, ast.Starred) for a in node.args)
                where = path.relative_to(PACKAGE.parent)
                calls[Call(call.name) if starred else call] = pytest.param(call, id=f"{call}-{where}")
    return list(calls.values())


@pytest.mark.parametrize("call", standard_calls())
def test_cupy_has_the_functions_of_the_standard_that_are_used(call: Call) -> None:
    found = getattr(xp, call.name.removeprefix("xp."))
    if callable(found) and not inspect.isclass(found):
        signature_of(found).bind(*[...] * (call.positions or 0), **dict.fromkeys(call.keywords, ...))


@pytest.mark.parametrize("requirement", map(Requirement, PROJECT["optional-dependencies"]["gpu"]), ids=str)
def test_installed_versions_are_those_of_the_extra(requirement: Requirement) -> None:
    assert version(requirement.name) in requirement.specifier


@pytest.mark.parametrize("name", [*check.LIBRARIES, *check.FURTHER])
def test_the_check_imports_every_library_by_its_name(name: str) -> None:
    package = {**check.LIBRARIES, **check.FURTHER}[name]
    assert check.import_library(name).__name__ == name
    assert check._versions([package]) == {package: version(package)}


def test_parameters_are_read_from_text() -> None:
    read = parsed("self, DeviceMemoryResource upstream, size_t size=(1, 2), *, bool on: bool = True, **more")
    assert str(read) == "(upstream, size=None, *, on=None, **more)"
