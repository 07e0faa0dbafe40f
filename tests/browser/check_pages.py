"""Every page in a real browser: it asks nothing of the network, fits, prints, and is there for everybody."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path

import pytest

from tests.browser.browsing import SCHEMES, WIDTHS, Browser
from tests.browser.pages import HOSTILE, OWNED, PAGES, PAYLOADS, Made

_TEXT = "document.body.innerText"

# Chromium lays a page that is printed out as so many pixels, and makes all of it smaller to fit between the margins of
# A4; what is wider still makes it smaller than that.
_A4 = 957

# What is wider than the window, for the message.
_WIDEST = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll *, .unseen, .skip')
    && e.getBoundingClientRect().right > window.innerWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""

_LINKS = "[...document.querySelectorAll('a[href]')].map(a => [a.getAttribute('href'), a.getAttribute('download')])"


@pytest.fixture(params=PAGES)
def name(request) -> str:
    return str(request.param)


@pytest.fixture
def page(name: str, made: Made) -> Path:
    path = PAGES[name](made)
    assert path.is_file()
    return path


def test_it_asks_for_nothing_and_complains_of_nothing(browser: Browser, page: Path):
    browser.look()
    browser.open(page)
    assert browser.complaints() == []
    assert browser.requests() == [page.as_uri()]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(browser: Browser, name: str, page: Path, pictures: Path, width: int, scheme: str):
    browser.look(width, scheme)
    browser.open(page)
    browser.pictures(pictures, f"{name}-{width}-{scheme}")
    assert browser.value("document.documentElement.scrollWidth") <= width, browser.value(_WIDEST)
    dark = browser.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(c => c < 64)")
    assert dark == (scheme == "dark")


def test_it_is_the_same_without_script(browser: Browser, page: Path):
    browser.look()
    browser.open(page)
    text = browser.value(_TEXT)
    browser.open(page, script=False)
    assert browser.value(_TEXT) == text
    assert len(text) > 1000


def test_it_can_be_printed(browser: Browser, name: str, page: Path, pictures: Path):
    browser.look()
    browser.open(page)
    paper = browser.printed()
    (pictures / f"{name}.pdf").write_bytes(paper)
    assert paper.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 2
    browser.look(_A4, media="print")
    assert browser.value("document.documentElement.scrollWidth") <= _A4, browser.value(_WIDEST)


def test_links_lead_somewhere(browser: Browser, page: Path):
    browser.look()
    browser.open(page)
    ids = browser.value("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(set(ids)) == len(ids)
    assert browser.value("document.querySelectorAll('h1').length") == 1
    for href, name in browser.value(_LINKS):
        if href.startswith("data:"):
            kept = page.parent / "figures" / name
            data = base64.b64decode(href.partition(";base64,")[2], validate=True)
            assert href.startswith("data:text/csv;charset=utf-8;base64,")
            assert not kept.parent.exists() or data == kept.read_bytes()
            assert runs_in_a_spreadsheet(data.decode()) == []
        elif href.startswith("#"):
            assert href[1:] in ids
        else:
            assert re.fullmatch(r"figures/[a-z0-9_]+\.csv", href)
            assert (page.parent / href).is_file()


def runs_in_a_spreadsheet(text: str) -> list[str]:
    """The cells that a spreadsheet takes for a formula."""
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    return [cell for cell in cells if re.match(r"\s*[=+@|%-]", cell) and not re.fullmatch(r"[+-]?[0-9.e+-]+", cell)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(browser: Browser, page: Path, axe: str, scheme: str):
    browser.look(scheme=scheme)
    browser.open(page)
    browser.driver.execute_script(axe)
    found = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {preload: false, resultTypes: ['violations']})"
        ".then(result => done(result.violations), error => done([{impact: 'critical', id: String(error), nodes: []}]))"
    )
    faults = [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert faults == []


@pytest.mark.parametrize("name", HOSTILE)
def test_tables_that_mean_ill_run_nothing(browser: Browser, page: Path, tmp_path: Path):
    """Neither with the page's policy nor, as text is escaped, without it."""
    open_page = tmp_path / "page.html"
    text, policies = re.subn(rb'<meta http-equiv="Content-Security-Policy"[^>]*>', b"", page.read_bytes())
    open_page.write_bytes(text)
    assert policies == 1
    for each in (page, open_page):
        browser.look()
        browser.open(each)
        assert not owned(browser)
        assert browser.value("document.querySelectorAll('script, img, iframe, object, embed, b, base').length") == 0
        assert not browser.value("[...document.querySelectorAll('*')].some(e => [...e.attributes].some("
                                 "a => /^on/i.test(a.name) || /^\\s*javascript:/i.test(a.value)))")  # fmt: skip


def test_something_that_runs_would_be_noticed(browser: Browser, tmp_path: Path):
    for number, payload in enumerate(PAYLOADS[:4]):
        page = tmp_path / f"{number}.html"
        page.write_text(f'<!doctype html><title>page</title><p title="">{payload}</p>', encoding="utf-8")
        browser.look()
        browser.open(page)
        assert owned(browser), payload


def owned(browser: Browser) -> bool:
    """Whether a payload has run; pictures that are not there have been looked for by then."""
    browser.driver.execute_async_script("setTimeout(arguments[0], 200)")
    return browser.value("window.owned === 1") or browser.value("document.title") == OWNED
