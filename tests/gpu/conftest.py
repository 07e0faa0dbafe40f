"""The lane of the real GPU: ``make test-gpu``, or ``pytest tests/gpu``. Here a skip is a failure.

Nothing here is collected unless it is asked for by name, since the ordinary tests run on machines without a GPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

# In a process of its own: an engine may keep most of the GPU's memory to itself for as long as its process lasts.
PROBE = """
import json
import gpunet
try:
    found = gpunet.path_features(gpunet.network_from_edges([0, 1], [1, 2], 3), engine="gpu")
    text = None if len(found["betweenness__all"]) == 3 else "the GPU engine gave no betweenness"
except gpunet.EngineError as error:
    text = str(error)
print(json.dumps(text))
"""


def asked(config: pytest.Config) -> bool:
    """Whether the command line names this folder or something in it."""
    base = config.invocation_params.dir
    named = [(base / argument.split("::")[0]).resolve() for argument in config.args]
    return any(path == HERE or HERE in path.parents for path in named)


def why_not() -> str | None:
    """What stands in the way of the GPU engine, in its own words; None if nothing does."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"the GPU engine cannot be tried:\n{done.stderr}"
    answer = json.loads(done.stdout.splitlines()[-1])
    return None if answer is None else str(answer)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if asked(config) else True


def pytest_configure(config: pytest.Config) -> None:
    if asked(config):
        # The libraries' own warnings are shown and not counted as errors; gpunet's still are.
        config.addinivalue_line("filterwarnings", "default")
        config.addinivalue_line("filterwarnings", r"error:::gpunet\..*")


def pytest_sessionstart(session: pytest.Session) -> None:
    if asked(session.config) and (text := why_not()) is not None:
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
