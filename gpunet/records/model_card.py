"""The model card of a run, by the sections of Mitchell et al."""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Answer, Document, Field, Part, ask, say

__all__ = ["MODEL_CARD"]


def _field(heading: str, *answers: Answer) -> Field:
    return Field(heading, answers)


MODEL_CARD = Document(
    "Model card",
    "Form: Mitchell and others, Model Cards for Model Reporting (FAT* 2019, 10.1145/3287560.3287596).".replace(
        "*", "\\*"
    ),
    (
        Part(
            "Model details",
            (
                _field("Person or organisation developing the model", purpose.controller, purpose.requested),
                _field("Model date and version", model.version),
                _field("Model type", model.architecture),
                _field("Training algorithms, parameters, constraints and features", model.training, model.features),
                _field("Paper or other resource", use.resource),
                _field("Licence", say("gpunet is under the Apache License 2.0."), ask("Terms of the model itself.")),
                _field("Where to send questions", ask("An address for questions about the model.")),
            ),
        ),
        Part(
            "Intended use",
            (
                _field("Primary intended uses", purpose.description, purpose.basis),
                _field("Primary intended users", use.users, ask("Who of the force reads results.")),
                _field("Out-of-scope use cases", purpose.not_for),
            ),
        ),
        Part(
            "Factors",
            (
                _field("Relevant factors", data.sensitive, ask("Groups for whom results may be worse, as known here.")),
                _field("Evaluation factors", measured.factors),
            ),
        ),
        Part(
            "Metrics",
            (
                _field("Model performance measures", measured.measures),
                _field("Decision thresholds", measured.threshold),
                _field("Approaches to uncertainty and variability", measured.uncertainty),
            ),
        ),
        Part(
            "Evaluation data",
            (
                _field("Datasets", data.datasets, data.windows),
                _field("Motivation", measured.motivation),
                _field("Preprocessing", data.cleaning),
            ),
        ),
        Part(
            "Training data",
            (
                _field("Datasets and quantities", data.quantities),
                _field("Completeness and representativeness", data.completeness),
                _field("How the records came about", ask("For what, how and by whom the records were first made.")),
            ),
        ),
        Part(
            "Quantitative analyses",
            (
                _field("Unitary results", measured.performance, measured.calibrated, measured.by_group),
                _field("Intersectional results and audit by group", measured.audited),
                _field("Experiments on the same tables", measured.evaluated),
                _field("What moves scores", model.explained),
            ),
        ),
        Part(
            "Ethical considerations",
            (
                _field("Data", data.sensitive, use.storage),
                _field("Human life", use.advisory, ask("Which decisions about persons results can touch.")),
                _field("Mitigations", use.mitigations),
                _field("Risks and harms", purpose.not_for, ask("Harms in the force's own use, and who bears them.")),
                _field("Use cases", ask("Uses that the force has thought of and refuses.")),
            ),
        ),
        Part(
            "Caveats and recommendations",
            (
                _field("Caveats", data.completeness),
                _field(
                    "Recommendations", model.maintenance, purpose.retention, ask("When the model is looked at again.")
                ),
            ),
        ),
    ),
)
