"""The browser, and the pages that it looks at; ``make test-browser`` runs what is here, ``make test`` does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.browsing import HOW, Browser, browser_paths
from tests.browser.pages import Made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = browser_paths()
    if found is None:
        pytest.exit(HOW, returncode=1)
    browser = Browser(*found)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    return Made(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which finds what keeps people from using a page."""
    return Path(os.environ["AXE"]).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where pictures of the pages go, to be looked at."""
    folder = Path(os.environ.get("SCREENSHOTS", "build/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
