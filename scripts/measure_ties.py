"""Measure what the further synthetic tables are worth: `python scripts/measure_ties.py [persons [seeds]]`.

Prints the table of docs/synthetic.md. A logistic regression on counts as known on a day tells who is arrested for
violence from then on, and who becomes a victim: from the own record and co-arrests, and with the persons whom each kind
of tie adds. Everything is counted here from the rows alone.
"""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from gpunet.synthetic import SyntheticConfig, make_arrests, make_ties, make_victims
from gpunet.synthetic.charges import VIOLENT

DAY = date(2013, 8, 1)
KEY = ["force", "incident_id"]
KINDS = ["intelligence", "observation", "calls", "social_media"]
RECORD = ["arrests", "own_violent", "co_arrest", "co_arrest_violent", "co_arrest_victims"]


def co_arrests(arrests: pl.DataFrame) -> pl.DataFrame:
    """Pairs (a < b) arrested together in an incident of 50 persons at most, and the day of the first time."""
    each = arrests.select("person_id", "date", *KEY).unique(["person_id", *KEY]).filter(pl.len().over(KEY) <= 50)
    pairs = each.join(each.drop("date"), on=KEY, suffix="_b").filter(pl.col("person_id") < pl.col("person_id_b"))
    return pairs.group_by(a="person_id", b="person_id_b").agg(pl.col("date").min()).sort("a", "b")


def pairs_of(reports: pl.DataFrame) -> pl.DataFrame:
    """Distinct pairs (a < b) of reports, by kind, with the day of the first report."""
    a, b = pl.min_horizontal("person_a", "person_b"), pl.max_horizontal("person_a", "person_b")
    return reports.group_by("kind", a=a, b=b).agg(pl.col("date").min()).sort("kind", "a", "b")


def good(reports: pl.DataFrame) -> pl.DataFrame:
    """Reports as good as the ``config.toml`` beside the tables wants them."""
    return reports.filter((pl.col("source_grade") <= 2) & (pl.col("information_grade") <= "C"))


def known_on(day: date, persons: int, seed: int, config: SyntheticConfig | None = None) -> pl.DataFrame:
    """One row a person arrested before the day: counts known then, and what happened to it afterwards.

    For each kind of tie and for co-arrests: persons tied to it, those of them who were arrested for violence, and those
    who were victims.
    """
    texts = [text for names in VIOLENT.values() for text, _ in names]
    arrests = make_arrests(persons, seed, config).with_columns(violent=pl.col("offence").is_in(texts).fill_null(False))
    before, after = arrests.filter(pl.col("date") < day), arrests.filter(pl.col("date") >= day)
    victims = make_victims(persons, seed, config)
    past = victims.filter(pl.col("recorded_at") < day)
    pairs = pairs_of(good(make_ties(persons, seed, config).filter(pl.col("recorded_at") < day)))
    layers = {"co_arrest": co_arrests(before)} | {kind: pairs.filter(pl.col("kind") == kind) for kind in KINDS}
    known = before.group_by(v="person_id").agg(
        arrests=pl.struct(KEY).n_unique(), own_violent=pl.col("violent").sum().cast(pl.Int64)
    )
    groups = {
        "": before["person_id"],
        "_violent": before.filter("violent")["person_id"],
        "_victims": past["person_id"],
    }
    for name, layer in layers.items():
        ends = pl.concat([layer.select(v="a", w="b"), layer.select(v="b", w="a")])
        for ending, group in groups.items():
            those = ends if not ending else ends.filter(pl.col("w").is_in(group.unique().implode()))
            known = known.join(those.group_by("v").agg(pl.len().alias(name + ending)), on="v", how="left")
    for name, group in (
        ("was_victim", past["person_id"]),
        ("arrested", after.filter("violent")["person_id"]),
        ("victim", victims.filter(pl.col("date") >= day)["person_id"]),
    ):
        known = known.with_columns(pl.col("v").is_in(group.unique().implode()).alias(name))
    return known.fill_null(0).sort("v")


def _columns(known: pl.DataFrame, names: list[str]) -> np.ndarray:
    return np.log1p(known.select(names).to_numpy().astype(float))


def auc(known: pl.DataFrame, names: list[str], target: str) -> float:
    """Of logistic regression on these counts, tried on persons whom it was not fitted to."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(C=10.0)
    found = cross_val_predict(model, _columns(known, names), known[target], cv=folds, method="predict_proba")
    return float(roc_auc_score(known[target], found[:, 1]))


def z_of_last(known: pl.DataFrame, names: list[str], target: str) -> float:
    """How many standard errors the coefficient of the last count lies from 0, in a logistic regression on all."""
    x = np.column_stack([np.ones(len(known)), _columns(known, names)])
    y, b = known[target].to_numpy().astype(float), np.zeros(len(names) + 1)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ b))
        hessian = x.T @ (x * (p * (1 - p))[:, None]) + 1e-6 * np.eye(len(b))
        step = np.linalg.solve(hessian, x.T @ (y - p))
        b += step
        if np.abs(step).max() < 1e-9:
            break
    return float(b[-1] / np.sqrt(np.linalg.inv(hessian)[-1, -1]))


def main(persons: int, seeds: int) -> None:
    """Print a line for each kind and target, a column for each seed."""
    frames = [known_on(DAY, persons, seed) for seed in range(1, seeds + 1)]
    for target, of in (("arrested", "_violent"), ("victim", "_victims")):
        base = [*RECORD, "was_victim"]
        print(f"{target}: " + ", ".join(f"{frame[target].mean():.4f}" for frame in frames))
        print("| record | " + " | ".join(f"{auc(frame, base, target):.3f}" for frame in frames) + " |")
        for kind in KINDS:
            cells = []
            for frame in frames:
                gain = auc(frame, [*base, kind, kind + of], target) - auc(frame, base, target)
                z, beside = (z_of_last(frame, [*base, *more, kind + of], target) for more in ([], [kind]))
                cells.append(f"{gain:+.3f}, {z:.1f}, {beside:.1f}")
            print(f"| {kind} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    given = [int(float(text)) for text in sys.argv[1:3]]
    main(*given, *(10_000, 5)[len(given) :])
