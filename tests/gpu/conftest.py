"""The lane of the real GPU: ``make test-gpu``, or ``pytest tests/gpu``. Here a skip is a failure.

Nothing here is collected unless it is asked for by name, since the ordinary tests run on machines without a GPU.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.device import engine_error

HERE = Path(__file__).parent


def asked(config: pytest.Config) -> bool:
    """Whether the command line names this folder or something in it."""
    base = config.invocation_params.dir
    named = [(base / argument.split("::")[0]).resolve() for argument in config.args]
    return any(path == HERE or HERE in path.parents for path in named)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if asked(config) else True


def pytest_configure(config: pytest.Config) -> None:
    if asked(config):
        # The libraries' own warnings are shown and not counted as errors; gpunet's still are.
        config.addinivalue_line("filterwarnings", "default")
        config.addinivalue_line("filterwarnings", r"error:::gpunet\..*")


def pytest_sessionstart(session: pytest.Session) -> None:
    if asked(session.config) and (text := engine_error()) is not None:
        pytest.exit(f"tests/gpu needs a GPU that works: {text}", returncode=1)


def _no_skip(report: Any) -> None:
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\nHere a skip is a failure: what cannot be tested on this machine is not tested."
        if hasattr(report, "wasxfail"):
            del report.wasxfail


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    _no_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    _no_skip(report)
    return report


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Of a process that a test starts: this one's, with the source tree first."""
    path = os.pathsep.join([str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}
