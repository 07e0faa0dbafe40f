"""Build the documentation as a site, with warnings as errors. It asks for nothing from the network.

Usage: python scripts/make_site.py [--into FOLDER]

The pages are copied beside each other as they lie in the repository, README.md as the first one, so that each relative
link means the same on the site and where the repository is read. mkdocs.yml says what is made of them. The site is in
build/site, or in FOLDER/site.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = ("mkdocs.yml", "scripts/site_docstrings.py")
#: What pages are made of and link to.
PAGES = ("README.md", "CHANGELOG.md", "docs", "benchmarks/results")


def gather(into: Path) -> None:
    """Copy the configuration, the pages, and the pictures and files that these link to."""
    for made in ("pages", "site"):
        shutil.rmtree(into / made, ignore_errors=True)
    (into / "pages").mkdir(parents=True)
    for name in CONFIG:
        shutil.copy(ROOT / name, into)
    for name in PAGES:
        source, target = ROOT / name, into / "pages" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def build(folder: Path) -> int:
    """Make FOLDER/site of what was gathered; the exit code is that of Zensical."""
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, check=False).returncode


def main() -> int:
    """Gather, build, and say where the site is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=ROOT / "build", help="build by default")
    folder = parser.parse_args().into
    gather(folder)
    code = build(folder)
    if not code:
        print(f"The site is in {folder / 'site'}; its first page is {folder / 'site' / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
