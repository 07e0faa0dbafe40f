"""The page of ``gpunet evaluate known``: what was tried, and how well violent persons are told from others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from gpunet.report.experiment_charts import dots
from gpunet.report.experiment_rows import COUNTS, known_of, most_persons
from gpunet.report.experiment_words import (
    CLASSIFIERS,
    FAMILIES,
    MEASURES,
    POPULATIONS,
    PROTOCOLS,
    alone,
    between,
    in_a_sentence,
    in_order,
    listed,
    most_honest,
    ordered,
    with_intervals,
    with_words,
)
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.known_leak import leak_sentence
from gpunet.report.paper_figures import PAPER, SOURCE
from gpunet.report.source import Source

__all__ = ["known_experiment", "known_families", "known_result"]

_SMALL = "The numbers are too small to be shown on this page."
_NO_AUC = "No classifier has an AUC here: nothing can be said of how good it is."

_BEFORE = (
    "Before means before the day of the person's last violent arrest. So everybody with one before is violent, which "
    "leaves nobody to tell them from, and no AUC; and the violent of those without have all their violent arrests on "
    "one day."
)

_PROTOCOL_IS: Mapping[str, str] = {
    "paper": (
        "features know the labels of everybody but the person whose features they are, as in the method's paper, and "
        "so those of the persons who are tested"
    ),
    "cross_fitted": "no feature knows the label of a person who is tested",
    "same_event": (
        "no feature knows the label of a person who is tested, nor an offence of an incident that one of them was in, "
        "since persons who are violent together are arrested together; this hides fair evidence too"
    ),
}


def known_experiment(source: Source) -> Section:
    """What was tried: the question, the protocols, and what measures mean."""
    settings = source.manifest["config"]["evaluate"]
    of = "persons with a tie to somebody" if settings["population"] == "network" else "persons with an arrest"
    lead = (
        f"Can the persons who were ever arrested for violence be told from the other {of}, by features that leave out "
        "their own record?"
    )
    how = (
        f"Persons are divided into {settings['folds']} parts; those of each part are judged by a classifier that was "
        "trained on the others. What the features of all of them may know of the labels of the persons judged is the "
        "protocol:"
    )
    protocols = [
        Paragraph(f"{PROTOCOLS[name]}: {_PROTOCOL_IS[name]}.", "list item")
        for name in _PROTOCOL_IS
        if name in settings["protocols"]
    ]
    measures = [Paragraph(f"{text}.", "list item") for text in MEASURES.values()]
    read = Paragraph("How to read the figures:")
    return Section("experiment", "What was tried", lead, (Paragraph(how), *protocols, read, *measures))


def known_result(source: Source) -> Section:
    """How much is leak; Table 8 of the paper beside what came out, by protocol; and for whom it holds."""
    data = with_words(known_of(source))
    chosen = data.filter(family=FAMILIES["all"], population=POPULATIONS["all"])
    title, lead = "How good it is, and for whom", leak_sentence(source)
    if not len(chosen):
        return Section("known", title, lead)
    said = Paragraph(_result_sentence(source, data)), Paragraph(_paper_sentence())
    parts = [*_table_8(chosen), *(_dots(chosen, name) for name in ("auc", "f1")), *_populations(data)]
    return Section("known", title, lead, (*said, *parts))


def _result_sentence(source: Source, data: pl.DataFrame) -> str:
    chosen = data.filter(family=FAMILIES["all"], population=POPULATIONS["all"])
    row = _best(chosen)
    if row is None:
        return _SMALL if source.audience.is_public else _NO_AUC
    count, name = source.audience.count, in_a_sentence(row["classifier"])
    said = (
        f"Of {count(row['persons'])} persons {count(row['positives'])} were arrested for violence. With "
        f"{row['protocol']} {name} is best, with an AUC of {between(row, 'auc')}"
    )
    if row["precision"] is None or row["recall"] is None:
        return f"{said}."
    shares = (
        f"{row['precision']:.0%} of the persons whom it names were, and of all who were it names {row['recall']:.0%}"
    )
    return f"{said}: {shares}."


def _best(data: pl.DataFrame) -> dict[str, Any] | None:
    """The row of the greatest AUC under the most honest protocol that there is."""
    defined = data.drop_nulls("auc")
    chosen = defined.filter(protocol=most_honest(defined["protocol"])).sort("auc", descending=True, maintain_order=True)
    return chosen.row(0, named=True) if len(chosen) else None


def _paper_sentence() -> str:
    told = listed([f"{name.replace('auc', 'AUC').replace('f1', 'F1')} {value:.2f}" for name, value in PAPER.items()])
    return (
        f"The method's paper ({SOURCE}) reports of its random forest {told}, on arrests that nobody else has. The data "
        "differ, so figures here neither repeat nor refute it; what can be compared is how much of such a figure the "
        "protocol alone gives."
    )


def _table_8(data: pl.DataFrame) -> list[Table]:
    """A table a protocol, with the paper's figures as its first line."""
    paper = pl.DataFrame([{"classifier": "the paper's random forest, on its own data", **PAPER}])
    found = []
    for name, words in PROTOCOLS.items():
        ours = ordered(data.filter(protocol=words), "classifier")
        if not len(ours):
            continue
        measures = ("precision", "recall", "f1", "auc")
        both = pl.concat(
            [paper, ours.select("classifier", *COUNTS, *_with_ends(measures), "undefined")], how="diagonal"
        )
        told = [_told(row) for row in both.iter_rows(named=True)]
        shown = both.with_columns(
            pl.Series(f"{name}_told", [row[name] for row in told], dtype=pl.String) for name in measures
        )
        heads = {"classifier": "classifier", "precision_told": "precision", "recall_told": "recall"}
        heads |= {f"{name}_told": _head(ours, name) for name in ("f1", "auc")}
        sentence = (
            f"As in Table 8 of the method's paper, each classifier with all features, where {_PROTOCOL_IS[name]}"
            f"{with_intervals(ours, 'f1', '; intervals are approximate 95 % intervals')}."
        )
        title = f"Table 8: {words}"
        found.append(Table(f"table_8_{name}", title, sentence, most_persons(ours), shown, heads, counts=COUNTS))
    return found


def _told(row: Mapping[str, Any]) -> dict[str, str]:
    """Measures in words, with intervals; the paper gives two digits and no intervals."""
    if row["persons"] is None:
        return {name: f"{row[name]:.2f}" for name in PAPER}
    return {
        "precision": alone(row, "precision"), "recall": alone(row, "recall"),
        "f1": between(row, "f1"), "auc": between(row, "auc"),
    }  # fmt: skip


def _head(data: pl.DataFrame, measure: str) -> str:
    return f"{measure.upper()}{with_intervals(data, measure, ' (interval)')}"


def _with_ends(measures: tuple[str, ...]) -> list[str]:
    return [f"{name}{end}" for name in measures for end in ("", "_low", "_high")]


def _dots(data: pl.DataFrame, measure: str) -> Figure:
    shown = data.drop_nulls(measure).select("protocol", "classifier", *COUNTS, *_with_ends((measure,)))
    title = measure.upper()
    chart = dots(
        shown, measure, title, rows=in_order(shown["classifier"], CLASSIFIERS), of="classifier", by="protocol",
        domain=list(PROTOCOLS.values()), at=0.5 if measure == "auc" else None,
    )  # fmt: skip
    line = " The dashed line is a toss of a coin." if measure == "auc" else ""
    bars = with_intervals(shown, measure, "; bars are approximate 95 % intervals")
    sentence = f"{title} of each classifier with all features, by protocol{bars}.{line}"
    return Figure(
        f"{measure}_by_classifier", f"{title} by classifier", sentence, most_persons(data), shown, chart, COUNTS
    )


def _populations(data: pl.DataFrame) -> list[Table | Paragraph]:
    """Persons without a violent arrest before, and with one, under the most honest protocol."""
    protocol = most_honest(data["protocol"])
    chosen = ordered(data.filter(family=FAMILIES["all"], protocol=protocol), "classifier")
    heads = {"classifier": "classifier", "positives": "violent", "tp": "rightly named", "fp": "wrongly named"}
    measures = {"precision_told": "precision", "recall_told": "recall", "auc_told": _head(chosen, "auc")}
    found: list[Table | Paragraph] = []
    for name in ("no_violent_before", "violent_before"):
        rows = chosen.filter(population=POPULATIONS[name])
        if not len(rows):
            continue
        told = [_told(row) for row in rows.iter_rows(named=True)]
        shown = rows.select("classifier", *COUNTS, *_with_ends(("precision", "recall", "f1", "auc"))).with_columns(
            pl.Series(f"{measure}_told", [row[measure] for row in told], dtype=pl.String)
            for measure in ("precision", "recall", "auc")
        )
        sentence = f"Everybody with {POPULATIONS[name].removeprefix('with ')}, {protocol}: all features."
        title = f"For whom: {POPULATIONS[name]}"
        found.append(Table(name, title, sentence, most_persons(rows), shown, heads | measures, counts=COUNTS))
    return [*found, Paragraph(_BEFORE)] if found else []


def known_families(source: Source) -> Section | None:
    """What drives it: each family of features alone, by protocol."""
    data = with_words(known_of(source)).filter(population=POPULATIONS["all"]).drop_nulls("auc")
    best = _best(data.filter(family=FAMILIES["all"]))
    if best is None:
        return None
    chosen = data.filter(classifier=best["classifier"])
    single = chosen.filter((pl.col("family") != FAMILIES["all"]) & (pl.col("protocol") == best["protocol"]))
    if not len(single):
        return None
    first = single.sort("auc", descending=True, maintain_order=True).row(0, named=True)
    name = in_a_sentence(best["classifier"])
    lead = (
        f"With {best['protocol']}, {first['family']} alone tell most: {name} has an AUC of "
        f"{between(first, 'auc')} from them, and of {between(best, 'auc')} from all features together."
    )
    shown = chosen.select("family", "protocol", *COUNTS, *_with_ends(("auc",)))
    chart = dots(
        shown, "auc", "AUC", rows=in_order(shown["family"], FAMILIES), of="family", by="protocol",
        domain=list(PROTOCOLS.values()), at=0.5,
    )  # fmt: skip
    sentence = (
        f"AUC of {name} from each family of features alone and from all of them, by protocol"
        f"{with_intervals(shown, 'auc', ', with approximate 95 % intervals')}; the dashed line is a toss of a coin."
    )
    figure = Figure("families", "AUC by family of features", sentence, most_persons(data), shown, chart, COUNTS)
    return Section("families", "What drives it", lead, (figure, _family_table(data)))


def _family_table(data: pl.DataFrame) -> Table:
    families = in_order(data["family"], FAMILIES)
    wide = (
        ordered(data, "protocol", "classifier")
        .pivot("family", index=["protocol", "classifier"], values="auc", aggregate_function="first")
        .select("protocol", "classifier", *families)
    )
    sentence = "AUC of every classifier from each family of features alone, by protocol; empty where it is not defined."
    heads = {name: name for name in wide.columns}
    formats = dict.fromkeys(families, "{:.3f}")
    return Table("family_table", "AUC by family, every classifier", sentence, most_persons(data), wide, heads, formats)
