"""The examples in the docstrings of the public interface run, and every public function has one."""

from __future__ import annotations

import doctest
import inspect
import tempfile

import polars as pl
import pytest

import gpunet

FUNCTIONS = [name for name in gpunet.__all__ if inspect.isfunction(getattr(gpunet, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_examples_of_public_functions_run(name: str) -> None:
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(getattr(gpunet, name), name, globs={"gpunet": gpunet, "pl": pl, "tempfile": tempfile})
    assert example.examples, f"{name} has no example in its docstring"
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=report.append)
    assert not report, "".join(report)
