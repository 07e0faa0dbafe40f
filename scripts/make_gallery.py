"""Make docs/gallery.md and its pictures from reports of synthetic tables.

Usage: python scripts/make_gallery.py [--runs FOLDER]

FOLDER, build/gallery by default, gets the tables and the runs that are pictured; what is there is kept, but the reports
are made again. Needs Chromium and its driver, as ``make test-browser`` does.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from PIL import Image, ImageOps

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from browsing import HOW, Browser, browser_paths  # noqa: E402

PAGE = ROOT / "docs" / "gallery.md"
FOLDER = ROOT / "docs" / "gallery"
PERSONS = 10_000
FEWER = 3_000  # of the experiments, which train hundreds of classifiers
COLOURS = 64  # of a picture: lines, letters and eight colours with their edges
#: Figures that look as another one does.
ALIKE = re.compile("driver_values_[2-9]|.*_ever_after|[ft]p_horizon|f1_.*|audit_(?:precision|recall)")

#: What is pictured, in the order of the page: the folder or file, its heading, and what it is.
REPORTS = {
    "run": ("A run", "`gpunet run`: the network, the forecast, and how far to believe it. [The report](report.md)."),
    "card": ("A card", "`gpunet card`: one score, for the person who must question it."),
    "audit": ("An audit", "`gpunet audit`: the same results by group; here the groups are made up."),
    "known": ("Who of a known network is violent", "`gpunet evaluate known` ([evaluation.md](evaluation.md))."),
    "emerging": ("Month by month", "`gpunet evaluate emerging` ([evaluation.md](evaluation.md))."),
}

#: Every figure of a page that is a picture: its name, its words, and where it stands.
_FIGURES = """
const drawn = [...document.querySelectorAll("figure")].filter(figure => figure.querySelector("svg"));
JSON.stringify(drawn.map(figure => {
    const box = figure.getBoundingClientRect(), words = of => figure.querySelector(of)?.textContent.trim() ?? "";
    return {name: figure.id.replace("figure-", ""), title: words("h3"), sentence: words("figcaption p"),
            clip: {x: box.x - 12, y: box.y + scrollY - 8, width: box.width + 24, height: box.height + 16, scale: 1}};
}))
"""


class Picture(NamedTuple):
    """A picture that was made: the file, what it is of, and a sentence about it."""

    path: Path
    title: str
    sentence: str


def make_runs(folder: Path) -> None:
    """Whatever is pictured, and is not in the folder yet; and its reports as they are made now."""

    def gpunet(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "gpunet", *arguments], cwd=folder, check=True)

    few = ("--classifier", "random_forest", "--classifier", "xgboost", "--bootstrap", "200")
    for name, command in {
        "arrests": ("synth", "--persons", str(PERSONS), "--seed", "1"),
        "fewer": ("synth", "--persons", str(FEWER), "--seed", "1"),
        "run": ("run", "arrests"),
        "known": ("evaluate", "known", "fewer", "--folds", "3", *few),
        "emerging": ("evaluate", "emerging", "fewer", "--from", "2013-02-01", "--bootstrap", "200"),
        "audit": ("audit", "run", "--attributes", "origins.csv", "--by", "origin"),
    }.items():
        if name == "audit":
            made_up_groups(folder).write_csv(folder / "origins.csv")
        if not (folder / name).exists():
            gpunet(*command, "--out", name)
        if name in REPORTS:
            gpunet("report", name)
    first = pl.read_parquet(folder / "run" / "scores.parquet").filter(pl.col("rank") == 1)["person_id"][0]
    gpunet("card", "run", "--person", str(first), "--out", "card.html")


def made_up_groups(folder: Path) -> pl.DataFrame:
    """An attribute that goes with the place, as docs/tutorial.md makes it up: the force of the first arrest, or not."""
    arrests = pl.read_parquet(folder / "arrests" / "*.parquet").sort("date", "incident_id", "person_id", "offence")
    persons = arrests.group_by("person_id", maintain_order=True).agg(pl.col("force").first())
    old = (pl.col("force") == arrests["force"].min()) != (pl.col("person_id") % 5 == 0)
    return persons.select("person_id", origin=pl.when(old).then(pl.lit("old town")).otherwise(pl.lit("new town")))


def pictures(browser: Browser, name: str, page: Path, seen: set[str]) -> Iterator[Picture]:
    """Of one report: how it begins, and every figure that was not seen in another one."""
    views = {"": (900, 760, "light", "How the page begins.")}
    if name == "run":
        views |= {
            "-dark": (900, 760, "dark", "The same where the reader's system is set to dark."),
            "-phone": (360, 760, "light", "The same on a phone."),
        }
    for ending, (width, height, scheme, words) in views.items():
        browser.look(width, scheme)
        browser.open(page, script=False)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        yield Picture(shot(browser, f"{name}{ending}", clip), words, words)
    browser.look(900)
    browser.open(page, script=False)
    for figure in json.loads(browser.value(_FIGURES)):
        if ALIKE.fullmatch(figure["name"]) or figure["name"] in seen:
            continue
        seen.add(figure["name"])
        path = shot(browser, f"{name}-{figure['name'].removeprefix(name + '_')}", figure["clip"])
        yield Picture(path, figure["title"], figure["sentence"])


def shot(browser: Browser, name: str, clip: dict[str, Any]) -> Path:
    """A part of the page as PNG of few colours, in the folder of pictures."""
    found = browser.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    image = Image.open(io.BytesIO(base64.b64decode(found["data"]))).convert("RGB")
    path = FOLDER / f"{name.replace('_', '-')}.png"
    image = ImageOps.expand(image, 1, "#8c959f")  # an edge, as pages around it may have the same colour
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def in_markdown(text: str) -> str:
    """A sentence in which nothing is markup."""
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", " ".join(text.split()))


def main() -> int:
    """Make the runs, the pictures and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=ROOT / "build" / "gallery", help="build/gallery by default")
    runs = parser.parse_args().runs
    paths = browser_paths()
    if paths is None:
        print(HOW, file=sys.stderr)
        return 1
    runs.mkdir(parents=True, exist_ok=True)
    make_runs(runs)
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    lines = [
        "# Gallery",
        "",
        f"Pictures of reports on {PERSONS:,} synthetic persons, who do not exist, and of experiments on {FEWER:,}. "
        "`make gallery` makes this page.",
    ]
    browser, seen = Browser(*paths), set[str]()
    try:
        for name, (heading, what) in REPORTS.items():
            page = runs / "card.html" if name == "card" else runs / name / "report.html"
            if not page.exists():
                continue
            lines += ["", f"## {heading}", "", what]
            for picture in pictures(browser, name, page.resolve(), seen):
                alt, sentence = in_markdown(picture.title), in_markdown(picture.sentence)
                lines += ["", f"![{alt}](gallery/{picture.path.name})", "", sentence]
    finally:
        browser.close()
    PAGE.write_text("\n".join([*lines, ""]), encoding="utf-8")
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{PAGE} and {len(list(FOLDER.glob('*.png')))} pictures written, {total / 1000:,.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
