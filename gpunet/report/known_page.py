"""The page of ``gpunet evaluate known``: what was tried, and how well violent persons are told from others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.experiment_charts import dots
from gpunet.report.experiment_rows import COUNTS, known_of, reasons
from gpunet.report.experiment_words import (
    CLASSIFIERS,
    FAMILIES,
    MEASURES,
    POPULATIONS,
    PROTOCOLS,
    between,
    in_order,
    listed,
    with_words,
)
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.known_leak import leak_sentence
from gpunet.report.paper_figures import PAPER, SOURCE
from gpunet.report.source import Source

__all__ = ["known_experiment", "known_families", "known_result", "known_summary"]

_SMALL = "The numbers are too small to be shown on this page."

#: Which protocol is the one to believe, the first that was tried.
_HONEST = (PROTOCOLS["cross_fitted"], PROTOCOLS["same_event"], PROTOCOLS["paper"])

_PROTOCOL_IS: Mapping[str, str] = {
    "paper": (
        "features know the labels of everybody but the person whose features they are, as in the method's paper; the "
        "labels of the test persons are among them"
    ),
    "cross_fitted": "no feature knows the label of a person who is tested",
    "same_event": (
        "besides, no feature knows an offence of an incident that a tested person was in, since persons who are violent "
        "together are arrested together; this hides fair evidence too"
    ),
}


def known_summary(source: Source) -> tuple[str, ...]:
    """What stands before everything else: how much is leak, and how good it is without."""
    return (leak_sentence(source), _result_sentence(source, with_words(known_of(source))))


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
    warnings = [Paragraph(f"{text}.", "warning") for text in source.manifest["warnings"]]
    return Section("experiment", "What was tried", lead, (Paragraph(how), *protocols, read, *measures, *warnings))


def known_result(source: Source) -> Section:
    """Table 8 of the paper beside what came out, by protocol, and for whom it holds."""
    data = with_words(known_of(source))
    chosen = data.filter(family=FAMILIES["all"], population=POPULATIONS["all"])
    lead = _result_sentence(source, data)
    if not len(chosen):
        return Section("result", "How good it is, and for whom", lead)
    parts = [_table_8(chosen), *(_dots(chosen, name) for name in ("auc", "f1")), *_populations(data)]
    return Section("result", "How good it is, and for whom", lead, (Paragraph(_paper_sentence()), *parts))


def _result_sentence(source: Source, data: pl.DataFrame) -> str:
    chosen = data.filter(family=FAMILIES["all"], population=POPULATIONS["all"])
    row = _best(chosen)
    if row is None:
        return _SMALL if source.audience.is_public else "No classifier has an AUC here: nothing can be said of how good it is."
    count = source.audience.count
    said = (
        f"Of {count(row['persons'])} persons {count(row['positives'])} were arrested for violence. With {row['protocol']} "
        f"the {row['classifier']} is best, with an AUC of {between(row, 'auc')}"
    )
    if row["precision"] is not None and row["recall"] is not None:
        said += (
            f": of the persons whom it names {row['precision']:.0%} were, and it names {row['recall']:.0%} of those who "
            "were"
        )
    return f"{said}."


def _best(data: pl.DataFrame) -> dict[str, Any] | None:
    """The row of the greatest AUC under the most honest protocol that there is."""
    for protocol in _HONEST:
        rows = data.filter(protocol=protocol).drop_nulls("auc").sort("auc", descending=True, maintain_order=True)
        if len(rows):
            return rows.row(0, named=True)
    return None


def _paper_sentence() -> str:
    told = listed([f"{name.replace('auc', 'AUC').replace('f1', 'F1')} {value:.2f}" for name, value in PAPER.items()])
    return (
        f"The method's paper ({SOURCE}) reports of its random forest {told}, on arrests that nobody else has. The data "
        "differ, so figures here neither repeat nor refute it; what can be compared is how much of such a figure the "
        "protocol alone gives."
    )


def _table_8(data: pl.DataFrame) -> Table:
    measures = ("precision", "recall", "f1", "auc")
    ours = _ordered(data).select("protocol", "classifier", *COUNTS, *_with_ends(measures), "undefined")
    paper = pl.DataFrame([{"protocol": "the paper's own figures", "classifier": "random forest", **PAPER}])
    both = pl.concat([paper, ours], how="diagonal_relaxed").select(ours.columns)
    rows = both.to_dicts()
    why = ["" if row["persons"] is None else reasons(row["undefined"], measures) for row in rows]
    shown = both.with_columns(
        *(pl.Series(f"{name}_with_interval", [between(row, name) for row in rows]) for name in ("f1", "auc")),
        pl.Series("why", why, dtype=pl.String),
    )
    heads = {
        "protocol": "protocol", "classifier": "classifier", "precision": "precision", "recall": "recall",
        "f1_with_interval": "F1 (interval)", "auc_with_interval": "AUC (interval)", "why": "why not defined",
    }  # fmt: skip
    if not any(why):
        del heads["why"]
    sentence = (
        "As in Table 8 of the method's paper: each classifier with all features, by protocol, with approximate 95 % "
        "intervals; the first line is the paper's."
    )
    formats = {"precision": "{:.3f}", "recall": "{:.3f}"}
    return Table("table_8", "The paper's Table 8", sentence, _persons(data), shown, heads, formats, COUNTS)


def _with_ends(measures: tuple[str, ...]) -> list[str]:
    return [f"{name}{end}" for name in measures for end in ("", "_low", "_high")]


def _ordered(data: pl.DataFrame) -> pl.DataFrame:
    """By protocol and classifier, in the order of the words."""
    protocols, names = list(PROTOCOLS.values()), in_order(data["classifier"], CLASSIFIERS)
    order = [protocols[1], protocols[0], protocols[2]]
    places = [
        pl.col("protocol").replace_strict(order, range(len(order)), default=len(order)),
        pl.col("classifier").replace_strict(names, range(len(names)), default=len(names)),
    ]
    return data.sort(places, maintain_order=True)


def _dots(data: pl.DataFrame, measure: str) -> Figure:
    shown = data.drop_nulls(measure).select("protocol", "classifier", *COUNTS, *_with_ends((measure,)))
    title = measure.upper()
    chart = dots(
        shown, measure, title, rows=in_order(shown["classifier"], CLASSIFIERS), of="classifier", by="protocol",
        domain=list(PROTOCOLS.values()), at=0.5 if measure == "auc" else None,
    )  # fmt: skip
    line = " The dashed line is a toss of a coin." if measure == "auc" else ""
    sentence = f"{title} of each classifier with all features, by protocol; bars are approximate 95 % intervals.{line}"
    return Figure(f"{measure}_by_classifier", f"{title} by classifier", sentence, _persons(data), shown, chart, COUNTS)


def _populations(data: pl.DataFrame) -> list[Table | Paragraph]:
    chosen = data.filter((pl.col("family") == FAMILIES["all"]) & (pl.col("protocol") == _protocol(data)))
    rows = chosen.select("classifier", "population", *COUNTS, *_with_ends(("precision", "recall", "f1", "auc")), "undefined")
    why = [reasons(text, ("precision", "recall", "f1", "auc")) for text in rows["undefined"]]
    texts = [between(row, "auc") for row in rows.iter_rows(named=True)]
    shown = rows.with_columns(pl.Series("auc_with_interval", texts), pl.Series("why", why, dtype=pl.String))
    heads = {
        "classifier": "classifier", "population": "persons with", "persons": "persons", "positives": "violent", "tp": "rightly named",
        "precision": "precision", "recall": "recall", "auc_with_interval": "AUC (interval)", "why": "why not defined",
    }  # fmt: skip
    heads["population"] = "who"
    sentence = f"For whom it holds, with {_protocol(data)}: persons with and without a violent arrest before."
    meant = Paragraph(
        "Before means before the day of the person's last violent arrest. So everybody with one before is violent, which "
        "leaves no one to tell them from and no AUC; and of those without, persons whose violent arrests are all of one "
        "day are the violent ones."
    )
    formats = {"precision": "{:.3f}", "recall": "{:.3f}"}
    return [Table("populations", "For whom", sentence, _persons(data), shown, heads, formats, COUNTS), meant]


def _protocol(data: pl.DataFrame) -> str:
    """The most honest protocol that there is."""
    tried = set(data["protocol"])
    return next((protocol for protocol in _HONEST if protocol in tried), PROTOCOLS["paper"])


def known_families(source: Source) -> Section | None:
    """What drives it: each family of features alone, by protocol."""
    data = with_words(known_of(source)).filter(population=POPULATIONS["all"]).drop_nulls("auc")
    best = _best(data.filter(family=FAMILIES["all"]))
    if best is None:
        return None
    chosen = data.filter(classifier=best["classifier"])
    alone = chosen.filter((pl.col("family") != FAMILIES["all"]) & (pl.col("protocol") == best["protocol"]))
    if not len(alone):
        return None
    first = alone.sort("auc", descending=True, maintain_order=True).row(0, named=True)
    lead = (
        f"With {best['protocol']}, {first['family']} alone tell most: the {best['classifier']} has an AUC of "
        f"{between(first, 'auc')} from them, and of {between(best, 'auc')} from all {counted(len(alone), 'family')}."
    ).replace("familys", "families")
    shown = chosen.select("family", "protocol", *COUNTS, *_with_ends(("auc",)))
    chart = dots(
        shown, "auc", "AUC", rows=in_order(shown["family"], FAMILIES), of="family", by="protocol",
        domain=list(PROTOCOLS.values()), at=0.5,
    )  # fmt: skip
    sentence = (
        f"AUC of the {best['classifier']} from each family of features alone and from all of them, by protocol, with "
        "approximate 95 % intervals; the dashed line is a toss of a coin."
    )
    figure = Figure("families", "AUC by family of features", sentence, _persons(data), shown, chart, COUNTS)
    return Section("families", "What drives it", lead, (figure, _family_table(data)))


def _family_table(data: pl.DataFrame) -> Table:
    families = in_order(data["family"], FAMILIES)
    wide = (
        _ordered(data)
        .pivot("family", index=["protocol", "classifier"], values="auc", aggregate_function="first")
        .select("protocol", "classifier", *families)
    )
    sentence = "AUC of every classifier from each family of features alone, by protocol; empty where it is not defined."
    heads = {name: name for name in wide.columns}
    formats = dict.fromkeys(families, "{:.3f}")
    return Table("family_table", "AUC by family, every classifier", sentence, _persons(data), wide, heads, formats)


def _persons(data: pl.DataFrame) -> int:
    return int(data["persons"].max() or 0)  # type: ignore[arg-type]
