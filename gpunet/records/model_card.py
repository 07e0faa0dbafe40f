"""The model card of a run, by the sections of Mitchell et al.

Sections and headings are those of Figure 1 of the paper, in its order. Training data mirror evaluation data, as it asks
for, and the headings under ethical considerations are those of its section 4.8.
"""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Document, Part, ask, field_of, say

__all__ = ["MODEL_CARD"]


MODEL_CARD = Document(
    "Model card",
    "Form: Mitchell and others, Model Cards for Model Reporting (FAT\\* 2019, 10.1145/3287560.3287596), Figure 1.",
    (
        Part(
            "Model Details",
            (
                field_of("Person or organization developing model", purpose.controller, purpose.requested),
                field_of("Model date", model.trained),
                field_of("Model version", model.version),
                field_of("Model type", model.architecture),
                field_of(
                    "Information about training algorithms, parameters, fairness constraints or other applied "
                    "approaches, and features",
                    model.training,
                    model.features,
                    model.explained,
                ),
                field_of("Paper or other resource for more information", use.resource),
                field_of("Citation details", ask("How the model is to be cited, if it may be.")),
                field_of("License", say("gpunet is under the Apache License 2.0."), ask("Terms of the model itself.")),
                field_of(
                    "Where to send questions or comments about the model",
                    ask("An address for questions and comments about the model."),
                ),
            ),
        ),
        Part(
            "Intended Use",
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
                field_of("Variation approaches", measured.uncertainty),
            ),
        ),
        Part(
            "Evaluation Data",
            (
                field_of("Datasets", data.datasets, data.windows),
                field_of("Motivation", measured.motivation),
                field_of("Preprocessing", data.cleaning),
            ),
        ),
        Part(
            "Training Data",
            (
                field_of(
                    "Datasets",
                    data.quantities,
                    data.completeness,
                    ask("For what, how and by whom the records were first made."),
                ),
                field_of("Motivation", data.purposes),
                field_of("Preprocessing", data.cleaning),
            ),
        ),
        Part(
            "Quantitative Analyses",
            (
                field_of(
                    "Unitary results", measured.performance, measured.calibrated, measured.by_group, measured.evaluated
                ),
                field_of("Intersectional results", measured.audited),
            ),
        ),
        Part(
            "Ethical Considerations",
            (
                field_of("Data", data.sensitive, use.storage),
                field_of("Human life", use.advisory, ask("Which decisions about persons results can touch.")),
                field_of("Mitigations", use.mitigations),
                field_of("Risks and harms", purpose.not_for, ask("Harms in the force's own use, and who bears them.")),
                field_of("Use cases", ask("Uses that are known to do the most harm, and what is said to them.")),
            ),
        ),
        Part(
            "Caveats and Recommendations",
            (
                field_of("Caveats", data.completeness),
                field_of(
                    "Recommendations", model.maintenance, purpose.retention, ask("When the model is looked at again.")
                ),
            ),
        ),
    ),
)
