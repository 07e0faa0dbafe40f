"""Answers on the model: what goes in, what comes out, how it was made; or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gpunet.base.words import counted
from gpunet.config.registry import columns
from gpunet.model.scoring import FACTORS
from gpunet.records.facts import Facts
from gpunet.records.markdown import inline, listed, open_field, table
from gpunet.report.drivers import feature_words
from gpunet.report.forecast_words import share

__all__ = [
    "OWN_OFFENCES",
    "architecture",
    "explained",
    "features",
    "maintenance",
    "model_name",
    "output",
    "scale",
    "system",
    "task",
    "trained",
    "training",
    "version",
]

_KINDS = {"xgboost": "gradient-boosted decision trees (XGBoost)", "random_forest": "a random forest of decision trees"}

#: Families of the registry in words.
_FAMILIES = {
    "history": "the person's own arrests",
    "neighbourhood": "persons arrested with the person, and with those",
    "community": "the person's group and community",
    "removal": "the person's group and community",
    "betweenness": "the position in the network",
    "closeness": "the position in the network",
    "shell": "the position in the network",
    "tipping": "the position in the network",
    "geographic": "arrests in the places where the person was arrested",
    "temporal": "the time between arrests, and incidents with violent others",
    "layers": "ties of other kinds than arrests",
    "victims": "victims near the person",
    "victim_history": "what the person was a victim of",
}

_OUTPUTS = {
    "scores": "a probability, a rank and reasons for each person",
    "features": "features of each person",
    "flags": "flags of persons, with their evidence",
    "place_forecasts": "forecasts of places, with ranks",
    "results": "measures of an experiment",
}

#: Which features know what.
OWN_OFFENCES = (
    "Of the features of a person, only those of the own record know what that person was arrested for. When, where and "
    "with whom the person was arrested enters others too."
)

_MOST_FEATURES = 15


def model_name(facts: Facts) -> Iterator[str]:
    """What the model is called."""
    if not facts.has_scores:
        yield facts.kind.no_model
        return
    yield f"{facts.kind.name}, {counted(facts.model['horizon_days'], 'day')} ahead (gpunet)."


def version(facts: Facts) -> Iterator[str]:
    """Of the program and, where there is one, the model's fingerprint."""
    yield f"gpunet {inline(facts.version)}."
    if found := facts.manifest["outputs"].get("model.ubj"):
        yield f"Fingerprint of the model's file (SHA-256): `{found['sha256']}`."


def trained(facts: Facts) -> Iterator[str]:
    """Up to which day the model knows what happened."""
    if days := facts.model.get("days"):
        yield f"Trained on what was known before {inline(days['T'])}."
    else:
        yield facts.kind.no_model or open_field("The day on which the model was trained. The run does not state it.")


def task(facts: Facts) -> Iterator[str]:
    """What the model is to do."""
    if not facts.has_scores:
        yield facts.kind.no_model
        return
    yield (
        f"To order everybody on record by the probability of being {facts.outcome.violence} within "
        f"{counted(facts.model['horizon_days'], 'day')}."
    )


def features(facts: Facts) -> Iterator[str]:
    """How many features of which families go in."""
    if facts.run.kind not in ("run", "features", "panel"):
        yield (
            "Tables of arrests, as described under the data."
            if facts.run.kind != "flags"
            else ("Features, ties and groups of earlier runs, as triggers in the configuration name them.")
        )
        return
    config = facts.config
    declared = columns(config.sets, layers=config.layers)
    names = [of["feature"] for of in facts.model["importance"]] if facts.model else list(declared)
    families = Counter(_FAMILIES.get(declared[name].family, "other features") for name in names if name in declared)
    yield f"{counted(len(names), 'feature')} of each person, all computed from the tables:"
    yield listed([f"{words}: {number}" for words, number in sorted(families.items())])
    yield OWN_OFFENCES


def output(facts: Facts) -> Iterator[str]:
    """What comes out."""
    if facts.has_scores:
        yield (
            f"For each person a probability from 0 to 1, a rank, and up to {FACTORS} features that moved the "
            "probability most, with how much each did."
        )
        return
    names = {name.split(".")[0] for name in facts.manifest["outputs"]}
    found = [words for name, words in _OUTPUTS.items() if name in names]
    yield f"{facts.kind.no_model} It holds {' and '.join(found) if found else 'tables of what was known'}."


def architecture(facts: Facts) -> Iterator[str]:
    """Of which kind the model is, and with which settings it was made."""
    if not facts.has_scores:
        yield facts.kind.no_model
        return
    made = facts.model.get("training") or {}
    rounds = f", {counted(made['rounds'], 'round')}" if "rounds" in made else ""
    kind = facts.config.model.kind
    words = _KINDS.get(kind, kind)
    yield f"{words[:1].upper()}{words[1:]}{rounds}; probabilities are calibrated on persons held out."
    if parameters := made.get("parameters"):
        yield table(["setting", "value"], [(name, value) for name, value in parameters.items()])


def training(facts: Facts) -> Iterator[str]:
    """Of how many rows the model was made, and under which constraint."""
    if not facts.has_scores:
        yield facts.kind.no_model
        return
    for name, words in (("training", "The model that scored"), ("evaluated_model", "The model that was tried")):
        if made := facts.model.get(name):
            rows, positives = (
                facts.audience.count(made["rows"]),
                facts.audience.out_of(made["positive_rows"], made["rows"]),
            )
            yield (
                f"{words} was trained on {rows} rows, one for each person and window, {positives} of them with a "
                f"{facts.outcome.event}; in {counted(made['folds'], 'part')}, each held out once."
            )
    yield "No fairness constraint is set in training."


def explained(facts: Facts) -> Iterator[str]:
    """Which features move scores most, over all persons."""
    if not facts.has_scores:
        yield facts.kind.no_model
        return
    importance = facts.model["importance"]
    total = sum(of["mean_absolute_contribution"] for of in importance)
    if not total:
        yield "No feature moves a score."
        return
    declared = columns(facts.config.sets, layers=facts.config.layers)
    yield (
        f"The {min(_MOST_FEATURES, len(importance))} strongest of {counted(len(importance), 'feature')}, by the mean "
        "size of what each moves scores by, over all persons. It says what the model goes by, not what makes people "
        "violent."
    )
    rows = [
        (feature_words(of["feature"], declared), share(of["mean_absolute_contribution"] / total))
        for of in sorted(importance, key=lambda of: (-of["mean_absolute_contribution"], of["feature"]))
    ]
    yield table(["Feature", "Share of all contributions"], rows[:_MOST_FEATURES])
    yield (
        f"Each score comes with its own reasons: the {FACTORS} features that moved it most. `gpunet card` writes one "
        "page on one score."
    )


def scale(facts: Facts) -> Iterator[str]:
    """Of how many persons, as of which day, how far ahead."""
    if facts.run.kind == "flags":
        return
    persons = facts.audience.count(facts.manifest["arrests"]["persons"])
    day = f", as of {inline(facts.manifest['as_of'])}" if facts.manifest.get("as_of") else ""
    ahead = f", {counted(facts.model['horizon_days'], 'day')} ahead" if facts.model else ""
    yield f"This run is of {persons} persons with an arrest{day}{ahead}."


def system(facts: Facts) -> Iterator[str]:
    """The steps from tables to results, and where they are done."""
    last = "features, model, scores" if facts.has_scores else "results"
    yield (
        f"A program that runs where it is installed, and fetches nothing: tables of arrests, then {last}. Each run is "
        "a folder, with a list of every file, its SHA-256, the settings, the versions and the fingerprints of what was "
        "read. With the same input, settings and versions, on the same kind of processor, the results are the same, "
        "byte for byte."
    )


def maintenance(facts: Facts) -> Iterator[str]:
    """How the model is kept up to date."""
    if facts.has_scores:
        yield (
            "The scores are for the window that they forecast; after it, a new run is needed. `gpunet update` reads "
            "new records and tells what moved, and why."
        )
