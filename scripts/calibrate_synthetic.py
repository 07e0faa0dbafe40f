"""Measure synthetic tables against the published figures: `python scripts/calibrate_synthetic.py [persons [seeds]]`.

Prints the tables of docs/synthetic.md. The network is built here from the rows alone, and measured by igraph.
"""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta

import igraph
import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gpunet.config.offences import PRESETS, compile_taxonomy, offence_mask
from gpunet.synthetic import make_arrests

KEY = ["force", "incident_id"]
HORIZON = timedelta(days=180)
OWN = ["own_arrests", "own_violent", "own_recent"]
TIES = ["tie_violent", "tie_recent"]
BEAT = ["beat_recent"]


def violent_counts(rows: pl.DataFrame) -> dict[str, int]:
    """Rows for each violent set of the default taxonomy."""
    taxonomy = PRESETS["fbi_index"]
    compiled = compile_taxonomy(taxonomy)
    totals = dict.fromkeys(taxonomy, 0)
    for text, count in rows.drop_nulls("offence")["offence"].value_counts().iter_rows():
        for bit, name in enumerate(taxonomy):
            totals[name] += count * (offence_mask(text, compiled) >> bit & 1)
    return totals


def with_violence(rows: pl.DataFrame) -> pl.DataFrame:
    """One row an arrest, with a column `violent`."""
    compiled = compile_taxonomy(PRESETS["fbi_index"])
    texts = rows.drop_nulls("offence")["offence"].unique().to_list()
    violent = [text for text in texts if offence_mask(text, compiled)]
    return rows.group_by("person_id", *KEY, maintain_order=True).agg(
        pl.col("date").min(),
        pl.col("beat").first(),
        pl.col("offence").is_in(violent).fill_null(False).any().alias("violent"),
    )


def ties_of(arrests: pl.DataFrame, max_size: int = 50) -> pl.DataFrame:
    """Pairs (person_a < person_b) arrested together in an incident of 2 to `max_size` persons."""
    small = arrests.select("person_id", *KEY).filter(pl.len().over(KEY).is_between(2, max_size))
    pairs = small.join(small, on=KEY, suffix="_b").filter(pl.col("person_id") < pl.col("person_id_b"))
    return pairs.select(person_a="person_id", person_b="person_id_b").unique().sort("person_a", "person_b")


def graph_of(ties: pl.DataFrame) -> igraph.Graph:
    """The network of these ties, persons numbered by their id."""
    ends = ties.to_numpy()
    persons, codes = np.unique(ends, return_inverse=True)
    return igraph.Graph(n=len(persons), edges=codes.reshape(-1, 2))


def structure(graph: igraph.Graph, paths: bool = True) -> dict[str, float]:
    """Figures of the paper's Table 2, and how straight log(share of persons with at least k ties) is over k."""
    components = graph.connected_components()
    largest = components.giant()
    degree = np.array(graph.degree())
    k = np.arange(1, degree.max() + 1)
    tail = np.array([np.count_nonzero(degree >= value) for value in k])
    k, tail = k[tail >= 5], tail[tail >= 5]
    figures = {
        "persons": graph.vcount(),
        "ties": graph.ecount(),
        "mean_degree": float(degree.mean()),
        "clustering": graph.transitivity_avglocal_undirected(mode="zero"),
        "transitivity": graph.transitivity_undirected(),
        "components": len(components),
        "largest": largest.vcount(),
        "r2_exponential": float(np.corrcoef(k, np.log(tail))[0, 1] ** 2),
        "r2_power_law": float(np.corrcoef(np.log(k), np.log(tail))[0, 1] ** 2),
    }
    if paths:
        figures |= {"diameter": largest.diameter(), "mean_path": largest.average_path_length()}
    return figures


def records(rows: pl.DataFrame) -> dict[str, float]:
    """Figures of the paper's Table 1, and persons whom two forces arrested."""
    per_person = with_violence(rows).group_by("person_id").agg(pl.len(), pl.col("force").n_unique().alias("forces"))
    return {
        "records": len(rows),
        "people": len(per_person),
        "one_time": per_person.filter(pl.col("len") == 1).height,
        "two_forces": per_person.filter(pl.col("forces") > 1).height,
        **violent_counts(rows),
    }


def panel(arrests: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """A row for every person arrested before `as_of`: what is known of it then, and violence within the horizon."""
    past = arrests.filter(pl.col("date") < as_of)
    recent = pl.col("violent") & (pl.col("date") >= as_of - HORIZON)
    own = past.group_by("person_id").agg(
        pl.len().alias("own_arrests"), pl.col("violent").sum().alias("own_violent"), recent.sum().alias("own_recent")
    )
    ties = ties_of(past)
    both = pl.concat([ties, ties.select(person_a="person_b", person_b="person_a")])
    counts = own.select(person_b="person_id", tie_violent="own_violent", tie_recent="own_recent")
    tied = both.join(counts, on="person_b").group_by("person_a").agg(pl.col("tie_violent", "tie_recent").sum())
    heat = past.group_by("force", "beat").agg(recent.sum().alias("heat"))
    mine = past.group_by("person_id", "force", "beat").agg(recent.sum().alias("mine"))
    placed = mine.join(heat, on=["force", "beat"]).group_by("person_id")
    beats = placed.agg((pl.col("heat") - pl.col("mine")).sum().alias("beat_recent"))
    ahead = arrests.filter(pl.col("date").is_between(as_of, as_of + HORIZON, closed="left") & pl.col("violent"))
    table = own.join(tied.rename({"person_a": "person_id"}), on="person_id", how="left")
    table = table.join(beats, on="person_id", how="left").with_columns(
        pl.col("tie_violent").is_not_null().alias("tied"),
        pl.col("person_id").is_in(ahead["person_id"].unique().to_list()).alias("label"),
    )
    return table.fill_null(0).sort("person_id")


def forecast(arrests: pl.DataFrame) -> dict[str, float]:
    """AUC of logistic models of past counts: fitted two horizons before the end, tried one horizon before it."""
    end = arrests["date"].max() + timedelta(days=1)
    train, test = panel(arrests, end - 2 * HORIZON), panel(arrests, end - HORIZON)
    sets = {"own": OWN, "ties": TIES, "beat": BEAT, "own_ties": OWN + TIES, "own_ties_beat": OWN + TIES + BEAT}
    out = {"positives": float(test["label"].mean())}
    for name, columns in sets.items():
        model = make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression())
        model.fit(train.select(columns).to_numpy(), train["label"].to_numpy())
        for group, rows in (("", test), ("tied_", test.filter("tied"))):
            chance = model.predict_proba(rows.select(columns).to_numpy())[:, 1]
            out[f"auc_{group}{name}"] = float(roc_auc_score(rows["label"].to_numpy(), chance))
    return out


def main(persons: int = 9_373, seeds: int = 5) -> None:
    for seed in range(1, seeds + 1):
        start = time.perf_counter()
        rows = make_arrests(persons, seed)
        seconds = time.perf_counter() - start
        arrests = with_violence(rows)
        figures = structure(graph_of(ties_of(arrests)), paths=persons <= 20_000) | records(rows) | forecast(arrests)
        print(f"seed {seed} ({seconds:.1f} s):", ", ".join(f"{name} {value:.5g}" for name, value in figures.items()))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
