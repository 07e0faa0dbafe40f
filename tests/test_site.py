"""The documentation as a site: built with warnings as errors, no link or anchor is dead, nothing is fetched."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

import gpunet

ROOT = Path(__file__).parents[1]
NAV = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]


def built(folder: Path) -> subprocess.CompletedProcess[str]:
    """The site of what lies in the folder, built as ``make site`` does it."""
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "scripts" / "make_site.py"), "--into", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stderr
    return folder / "site"


class Page(HTMLParser):
    """What a page links to, what it fetches, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.anchors.add(value)
            elif name in {"href", "src"} and value:
                (self.links if tag == "a" else self.fetched).append(value)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}


def test_every_link_and_anchor_leads_somewhere(pages):
    dead = []
    for path, page in pages.items():
        for link in page.links + page.fetched:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.exists() and (target not in pages or unquote(parts.fragment) in pages[target].anchors)
            if not there:
                dead.append(f"{path.name}: {link}")
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert dead == []


def test_nothing_is_fetched_from_elsewhere(site, pages):
    assert {
        link for page in pages.values() for link in page.fetched if urlsplit(link).scheme not in {"", "data"}
    } == set()
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^\"')]*", sheet.read_text(encoding="utf-8")) == []


def named(nav: list | dict | str) -> list[str]:
    """The pages of the navigation, in its order."""
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in named(part)]


def test_every_page_is_in_the_navigation_once():
    there = ["README.md", "CHANGELOG.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
    assert sorted(named(NAV)) == sorted(there)


def test_all_public_names_are_described(site, pages):
    asked = re.findall(r"^::: (.*)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(asked) == sorted(f"gpunet.{name}" for name in gpunet.__all__ if name != "__version__")
    page = site / "docs" / "api.html"
    assert set(asked) <= pages[page].anchors
    text = page.read_text(encoding="utf-8")
    assert "Read, check and code arrest tables" in text
    assert re.findall(r":(?:func|class|meth|mod|data|attr|ref):", text) == []


def test_the_gallery_shows_its_pictures_and_is_small():
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    there = {path.name: path.stat().st_size for path in (ROOT / "docs" / "gallery").iterdir()}
    assert sorted(re.findall(r"^!\[.+\]\(gallery/(.*)\)$", page, re.MULTILINE)) == sorted(there)
    assert sum(there.values()) < 1_000_000


def test_what_leads_nowhere_ends_a_build(tmp_path):
    (tmp_path / "mkdocs.yml").write_text("site_name: gpunet\ndocs_dir: pages\nnav: [a.md]\n", encoding="utf-8")
    (tmp_path / "pages").mkdir()
    page = tmp_path / "pages" / "a.md"
    page.write_text("# One\n\n[one](a.md#one)\n", encoding="utf-8")
    assert built(tmp_path).returncode == 0
    page.write_text("# One\n\n[two](a.md#two), [b](b.md)\n", encoding="utf-8")
    done = built(tmp_path)
    assert done.returncode == 1
    assert "anchor does not exist" in done.stderr
    assert "page does not exist" in done.stderr
