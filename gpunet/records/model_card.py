"""The model card of a run, by the sections of Mitchell et al."""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Document, Part, ask, field_of, say

__all__ = ["MODEL_CARD"]


MODEL_CARD = Document(
    "Model card",
    "Form: Mitchell and others, Model Cards for Model Reporting (FAT* 2019, 10.1145/3287560.3287596).".replace(
        "*", "\\*"
    ),
    (
        Part(
            "Model details",
            (
                field_of("Person or organisation developing the model", purpose.controller, purpose.requested),
                field_of("Model date and version", model.version),
                field_of("Model type", model.architecture),
                field_of("Training algorithms, parameters, constraints and features", model.training, model.features),
                field_of("Paper or other resource", use.resource),
                field_of("Licence", say("gpunet is under the Apache License 2.0."), ask("Terms of the model itself.")),
                field_of("Where to send questions", ask("An address for questions about the model.")),
            ),
        ),
        Part(
            "Intended use",
            (
                field_of("Primary intended uses", purpose.description, purpose.basis),
                field_of("Primary intended users", use.users, ask("Who of the force reads results.")),
                field_of("Out-of-scope use cases", purpose.not_for),
            ),
        ),
        Part(
            "Factors",
            (
                field_of(
                    "Relevant factors", data.sensitive, ask("Groups for whom results may be worse, as known here.")
                ),
                field_of("Evaluation factors", measured.factors),
            ),
        ),
        Part(
            "Metrics",
            (
                field_of("Model performance measures", measured.measures),
                field_of("Decision thresholds", measured.threshold),
                field_of("Approaches to uncertainty and variability", measured.uncertainty),
            ),
        ),
        Part(
            "Evaluation data",
            (
                field_of("Datasets", data.datasets, data.windows),
                field_of("Motivation", measured.motivation),
                field_of("Preprocessing", data.cleaning),
            ),
        ),
        Part(
            "Training data",
            (
                field_of("Datasets and quantities", data.quantities),
                field_of("Completeness and representativeness", data.completeness),
                field_of("How the records came about", ask("For what, how and by whom the records were first made.")),
            ),
        ),
        Part(
            "Quantitative analyses",
            (
                field_of("Unitary results", measured.performance, measured.calibrated, measured.by_group),
                field_of("Intersectional results and audit by group", measured.audited),
                field_of("Experiments on the same tables", measured.evaluated),
                field_of("What moves scores", model.explained),
            ),
        ),
        Part(
            "Ethical considerations",
            (
                field_of("Data", data.sensitive, use.storage),
                field_of("Human life", use.advisory, ask("Which decisions about persons results can touch.")),
                field_of("Mitigations", use.mitigations),
                field_of("Risks and harms", purpose.not_for, ask("Harms in the force's own use, and who bears them.")),
                field_of("Use cases", ask("Uses that the force has thought of and refuses.")),
            ),
        ),
        Part(
            "Caveats and recommendations",
            (
                field_of("Caveats", data.completeness),
                field_of(
                    "Recommendations", model.maintenance, purpose.retention, ask("When the model is looked at again.")
                ),
            ),
        ),
    ),
)
