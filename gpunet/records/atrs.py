"""The record of the United Kingdom's Algorithmic Transparency Recording Standard."""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Answer, Document, Field, Part, ask, say

__all__ = ["ATRS"]


def _field(heading: str, *answers: Answer) -> Field:
    return Field(heading, answers)


_SUPPLIER = "Not applicable, if nobody outside the force is involved."

ATRS = Document(
    "Algorithmic transparency record",
    "Form: Algorithmic Transparency Recording Standard of the United Kingdom's government (gov.uk, first published in "
    "November 2021). Compare it with the current form before it is published.",
    (
        Part(
            "Tier 1 information",
            (
                _field("Name", purpose.name),
                _field("Description", purpose.description),
                _field("Website URL", ask("The page on which the public reads about the tool.")),
                _field("Contact email", ask("The address to which the public can write.")),
            ),
        ),
        Part(
            "Tier 2: 1. Owner and responsibility",
            (
                _field("1.1 Organisation", purpose.controller),
                _field("1.2 Team", purpose.team),
                _field("1.3 Senior responsible owner", purpose.owner),
                _field(
                    "1.4 External supplier involvement",
                    say("gpunet is free software under the Apache License 2.0, which the force runs itself."),
                    ask("Whether anybody outside the force has a part in the tool."),
                ),
                _field("1.4.1 External supplier", ask(f"The supplier's name. {_SUPPLIER}")),
                _field("1.4.2 Companies House number", ask(f"The supplier's number. {_SUPPLIER}")),
                _field("1.4.3 External supplier role", ask(f"What the supplier does. {_SUPPLIER}")),
                _field("1.4.4 Procurement procedure type", ask(f"How the supplier was chosen. {_SUPPLIER}")),
                _field("1.4.5 Data access terms", ask(f"Which data the supplier can see, and how. {_SUPPLIER}")),
            ),
        ),
        Part(
            "Tier 2: 2. Description and rationale",
            (
                _field("2.1 Detailed description", purpose.description, purpose.question, data.windows),
                _field("2.2 Scope", purpose.purpose, purpose.basis, purpose.not_for),
                _field("2.3 Benefit", measured.benefit, ask("What is better with the tool, and for whom.")),
                _field("2.4 Previous process", ask("How it was decided before.")),
                _field("2.5 Alternatives considered", use.alternatives, ask("What else was thought of, and why not.")),
            ),
        ),
        Part(
            "Tier 2: 3. Decision-making process",
            (
                _field("3.1 Process integration", ask("In which decision results are looked at, and by whom.")),
                _field("3.2 Provided information", model.output),
                _field("3.3 Frequency and scale of usage", model.scale, ask("How often, and on how many decisions.")),
                _field(
                    "3.4 Human decisions and review",
                    purpose.review,
                    ask("What a person decides, and what that person looks at beside the tool."),
                ),
                _field("3.5 Required training", ask("What those who read results have been taught.")),
                _field(
                    "3.6 Appeals and review",
                    use.rights,
                    ask("How somebody can ask about, or object to, what was decided."),
                ),
            ),
        ),
        Part(
            "Tier 2: 4. Tool specification",
            (
                _field("4.1.1 System architecture", model.system),
                _field("4.1.2 Phase", ask("Idea, design, development, in use, or withdrawn.")),
                _field("4.1.3 Maintenance", model.maintenance, purpose.retention, ask("Who looks again, and when.")),
                _field("4.1.4 Models", model.model_name),
            ),
        ),
        Part(
            "Tier 2: 4.2 Model specification",
            (
                _field("4.2.1 Model name", model.model_name),
                _field("4.2.2 Model version", model.version),
                _field("4.2.3 Model task", model.task),
                _field("4.2.4 Model input", model.features),
                _field("4.2.5 Model output", model.output),
                _field("4.2.6 Model architecture", model.architecture, model.training),
                _field(
                    "4.2.7 Model performance",
                    measured.performance,
                    measured.threshold,
                    measured.calibrated,
                    measured.by_group,
                    measured.audited,
                ),
                _field("4.2.8 Datasets", data.datasets),
                _field("4.2.9 Dataset purposes", data.windows, data.purposes),
            ),
        ),
        Part(
            "Tier 2: 4.3 Development data",
            (
                _field("4.3.1 Development data description", data.datasets),
                _field("4.3.2 Data modality", data.modality),
                _field("4.3.3 Data quantities", data.quantities),
                _field("4.3.4 Sensitive attributes", data.sensitive),
                _field("4.3.5 Data completeness and representativeness", data.completeness),
                _field("4.3.6 Source data URL", ask("Where the data can be seen, or that they are not public.")),
                _field("4.3.7 Data collection", ask("For what, how and by whom the records were first made.")),
                _field("4.3.8 Data cleaning", data.cleaning),
                _field("4.3.9 Data sharing agreements", ask("Agreements under which data came from others.")),
                _field(
                    "4.3.10 Data access and storage",
                    use.storage,
                    purpose.retention,
                    ask("Who can see the data, where they are, and for how long."),
                ),
            ),
        ),
        Part(
            "Tier 2: 4.4 Operational data",
            (
                _field("4.4.1 Data sources", data.datasets, ask("The systems that the tables are exported from.")),
                _field("4.4.2 Sensitive attributes", data.sensitive),
                _field("4.4.3 Data processing methods", data.cleaning, model.system),
                _field(
                    "4.4.4 Data access and storage",
                    use.storage,
                    purpose.retention,
                    ask("Who can see the data in use, where they are, and for how long."),
                ),
                _field("4.4.5 Data sharing agreements", ask("Agreements under which data in use are shared.")),
            ),
        ),
        Part(
            "Tier 2: 5. Risks, mitigations and impact assessments",
            (
                _field(
                    "5.1 Impact assessments",
                    ask("Data protection impact assessment: its day, its result, where it can be read."),
                    ask("Equality impact assessment: its day, its result, where it can be read."),
                    ask("Other assessments, such as of ethics or human rights."),
                ),
                _field("5.2 Risks and mitigations", use.risks, ask("Risks in the force's own use, and the answers.")),
            ),
        ),
    ),
)
