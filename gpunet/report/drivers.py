"""Section: what drives scores: families of features, features, and how their values move the odds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from gpunet.config.config import load_config
from gpunet.config.registry import LAYER_FAMILIES, Feature, columns
from gpunet.evaluate.families import FAMILIES
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.dependence import Moved, binned, moved_by
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.forecast_words import share
from gpunet.report.layers import persons_told
from gpunet.report.look import COLOURS, SECOND
from gpunet.report.source import Source

__all__ = ["FAMILY_WORDS", "drivers", "feature_words"]

#: Families of features, those of the method's paper and a person's own record, in words.
FAMILY_WORDS = {
    "own record": "the person's own arrests",
    "neighbourhood": "persons arrested with the person, and with those",
    "community": "the person's group and community",
    "path": "the position in the network",
    "geographic": "arrests in the places where the person was arrested",
    "temporal": "the time between arrests, and incidents with violent others",
    "layers": "ties of other kinds than arrests",
    "victims": "victims near the person",
    "victim_history": "what the person was a victim of",
}

#: Families beside co-arrest, in the words of a table's column.
_LAYER_WORDS = {"layers": "other ties", "victims": "victims nearby", "victim_history": "own record as a victim"}

#: What values multiply odds by: marks of the axis, and the least that it shows.
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_FLAT = (0.8, 1.25)

#: Features listed, and those whose values are drawn.
_LISTED, _DRAWN = 15, 4

_WARNING = (
    "This says what the model goes by, not what makes people violent. Features that go together share what they tell, "
    "and which of them the model takes is partly chance."
)
_ODDS = (
    "Odds are the chance for over the chance against: a probability of 10 % is odds of 1 to 9. What multiplies odds by "
    "2 makes 18 % of 10 %, what multiplies them by 0.5 makes 5 %."
)


def drivers(source: Source) -> Section | None:
    """What drives the scores of the persons of the run."""
    importance = source.manifest["model"]["importance"]
    total = sum(of["mean_absolute_contribution"] for of in importance)
    if not total:
        return None
    config = load_config(source.manifest.get("config"))
    declared = columns(config.sets, layers=config.layers)
    moved = source.once(moved_by)
    told = persons_told(source.manifest, moved.of, source.audience)
    features = _features(importance, declared, total)
    families = _families(features)
    parts: list[Figure | Table | Paragraph] = [Paragraph(_WARNING), _family_figure(families, told), Paragraph(_ODDS)]
    strongest = features["feature"].to_list()[:_DRAWN]
    parts += [_feature_table(features, told)]
    if told is not None:  # the groups of a figure add up to everybody
        parts += _dependence(strongest, declared, moved, source.audience)
    return Section("drivers", "What drives scores?", _lead(features, families), tuple(parts))


def feature_words(name: str, declared: Mapping[str, Feature]) -> str:
    """A feature's label for laymen; its name where it is none of the registry's."""
    return declared[name].label if name in declared else name


def _family(name: str, declared: Mapping[str, Feature]) -> str:
    of = declared[name].family if name in declared else ""
    beside = of if of in LAYER_FAMILIES else "own record"
    return next((family for family, parts in FAMILIES.items() if of in parts), beside)


def _features(importance: Iterable[Mapping[str, Any]], declared: Mapping[str, Feature], total: float) -> pl.DataFrame:
    """A row for each feature, the strongest first."""
    rows = [
        {
            "feature": of["feature"],
            "label": feature_words(of["feature"], declared),
            "family": _family(of["feature"], declared),
            "share": of["mean_absolute_contribution"] / total,
            "mean_absolute_contribution": of["mean_absolute_contribution"],
            "loss_share": of["loss_share"],
        }
        for of in importance
    ]
    return pl.DataFrame(rows)


def _families(features: pl.DataFrame) -> pl.DataFrame:
    sums = features.group_by("family").agg(pl.len().alias("features"), pl.col("share").sum())
    words = pl.col("family").replace_strict(FAMILY_WORDS).alias("words")
    return sums.with_columns(words).sort("share", "family", descending=[True, False])


def _lead(features: pl.DataFrame, families: pl.DataFrame) -> str:
    shares = dict(zip(families["family"], families["share"], strict=True))
    network = sum(shares.get(name, 0.0) for name in ("neighbourhood", "community", "path"))
    first = features.row(0, named=True)
    beside = [f"{FAMILY_WORDS[name]} {share(shares[name])}" for name in LAYER_FAMILIES if name in shares]
    more = f"; {', '.join(beside)}" if beside else ""
    return (
        f"The strongest single feature is: {first['label']} ({share(first['share'])} of all that moves scores). The "
        f"person's own arrests make up {share(shares.get('own record', 0.0))}, who was arrested with whom "
        f"{share(network)}, places {share(shares.get('geographic', 0.0))}, times {share(shares.get('temporal', 0.0))}"
        f"{more}."
    )


def _family_figure(families: pl.DataFrame, persons: int | None) -> Figure:
    import altair as alt

    chart = alt.Chart(families).mark_bar(color=COLOURS[0], height=14).encode(
        x=alt.X("share:Q", title="Share of all contributions", axis=alt.Axis(format="%")),
        y=alt.Y("words:N", sort=families["words"].to_list(), title=None, axis=alt.Axis(labelLimit=330)),
    ).properties(width=260, height=alt.Step(24))  # fmt: skip
    sentence = (
        "How much each family of features moves scores up or down, over all persons: the mean size of its features' "
        "contributions, of the total of all features."
    )
    return Figure("driver_families", "Families of features", sentence, persons, families, chart)


def _feature_table(features: pl.DataFrame, persons: int | None) -> Table:
    heads = {
        "label": "Feature",
        "family": "Family",
        "share": "Share of all contributions",
        "loss_share": "Share in the fit",
    }
    sentence = (
        f"The {min(_LISTED, len(features))} strongest of {len(features)} features; share in the fit is how much of "
        "what training gained came from splits on the feature."
    )
    listed = features.head(_LISTED).with_columns(pl.col("family").replace(_LAYER_WORDS))
    return Table(
        "driver_features", "Features", sentence, persons, listed, heads,
        formats={"share": "{:.1%}", "loss_share": "{:.1%}"},
    )  # fmt: skip


def _dependence(
    names: Iterable[str], declared: Mapping[str, Feature], moved: Moved, audience: Audience
) -> Iterable[Figure | Paragraph]:
    """A figure for each feature, all with one axis, so that what moves little looks so."""
    if len(moved) < MIN_PERSONS:
        return
    found = {}
    for name in names:
        at = moved.features.index(name)
        flag = name in declared and declared[name].dtype == "bool"
        data = audience.shown(binned(moved.value[:, at], moved.factor[:, at], flag=flag), ["persons"])
        if len(data):
            found[name] = data
    if not found:
        return
    if len(moved) < moved.of:
        yield Paragraph(f"The figures below are of {len(moved):,} of the {moved.of:,} persons, taken at random.")
    ends = pl.concat(found.values()).select(pl.col("factor_low").min(), pl.col("factor_high").max()).row(0)
    domain = (min(ends[0], _FLAT[0]), max(ends[1], _FLAT[1]))
    for number, (name, data) in enumerate(found.items(), start=1):
        words = feature_words(name, declared)
        yield Figure(
            f"driver_values_{number}", words[:1].upper() + words[1:], _moves(data), int(data["persons"].sum()), data,
            _dependence_chart(data, domain), counts=("persons",),
        )  # fmt: skip


def _moves(data: pl.DataFrame) -> str:
    ordered = data.sort("factor", descending=True, maintain_order=True)
    most, least = ordered.row(0, named=True), ordered.row(-1, named=True)
    return (
        "What its values do to a score, at the mean (dot) and for the middle 80 % of persons (bar): most for "
        f"{most['values']}, where it multiplies the odds by {most['factor']:.2f}, least for {least['values']}, where "
        f"by {least['factor']:.2f}."
    )


def _dependence_chart(data: pl.DataFrame, domain: tuple[float, float]) -> Any:
    import altair as alt

    ticks = [tick for tick in _TICKS if domain[0] <= tick <= domain[1]]
    of: dict[str, Any] = {
        "scale": alt.Scale(type="log", domain=list(domain), nice=False),
        "axis": alt.Axis(values=ticks, format="~g"),
        "title": "Odds are multiplied by",
    }
    x = alt.X("values:N", sort=data["values"].to_list(), title=None, axis=alt.Axis(labelAngle=-30))
    base = alt.Chart(data).encode(x=x)
    bars = base.mark_bar(color=COLOURS[5], width=14, opacity=0.5).encode(
        y=alt.Y("factor_low:Q", **of), y2="factor_high"
    )
    dots = base.mark_point(filled=True, size=60, opacity=1, color=COLOURS[0]).encode(y=alt.Y("factor:Q", **of))
    one = alt.Chart(pl.DataFrame({"factor": [1.0]})).mark_rule(color=SECOND, strokeDash=[4, 4]).encode(y="factor:Q")
    return alt.layer(bars, one, dots).properties(width=460, height=170)
