"""The record of the United Kingdom's Algorithmic Transparency Recording Standard."""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Document, Part, ask, field_of, say

__all__ = ["ATRS"]


_SUPPLIER = "Not applicable, if nobody outside the force is involved."

ATRS = Document(
    "Algorithmic transparency record",
    "Form: Algorithmic Transparency Recording Standard of the United Kingdom's government (gov.uk, first published in "
    "November 2021). Compare it with the current form before it is published.",
    (
        Part(
            "Tier 1 information",
            (
                field_of("Name", purpose.name),
                field_of("Description", purpose.description),
                field_of("Website URL", ask("The page on which the public reads about the tool.")),
                field_of("Contact email", ask("The address to which the public can write.")),
            ),
        ),
        Part(
            "Tier 2: 1. Owner and responsibility",
            (
                field_of("1.1 Organisation", purpose.controller),
                field_of("1.2 Team", purpose.team),
                field_of("1.3 Senior responsible owner", purpose.owner),
                field_of(
                    "1.4 External supplier involvement",
                    say("gpunet is free software under the Apache License 2.0: it can be run without any supplier."),
                    ask("Whether anybody outside the force has a part in the tool."),
                ),
                field_of("1.4.1 External supplier", ask(f"The supplier's name. {_SUPPLIER}")),
                field_of("1.4.2 Companies House number", ask(f"The supplier's number. {_SUPPLIER}")),
                field_of("1.4.3 External supplier role", ask(f"What the supplier does. {_SUPPLIER}")),
                field_of("1.4.4 Procurement procedure type", ask(f"How the supplier was chosen. {_SUPPLIER}")),
                field_of("1.4.5 Data access terms", ask(f"Which data the supplier can see, and how. {_SUPPLIER}")),
            ),
        ),
        Part(
            "Tier 2: 2. Description and rationale",
            (
                field_of("2.1 Detailed description", purpose.description, purpose.question, data.windows),
                field_of("2.2 Scope", purpose.purpose, purpose.basis, purpose.not_for),
                field_of("2.3 Benefit", measured.benefit, ask("What is better with the tool, and for whom.")),
                field_of("2.4 Previous process", ask("How it was decided before.")),
                field_of(
                    "2.5 Alternatives considered", use.alternatives, ask("What else was thought of, and why not.")
                ),
            ),
        ),
        Part(
            "Tier 2: 3. Decision-making process",
            (
                field_of("3.1 Process integration", ask("In which decision results are looked at, and by whom.")),
                field_of("3.2 Provided information", model.output),
                field_of("3.3 Frequency and scale of usage", model.scale, ask("How often, and on how many decisions.")),
                field_of(
                    "3.4 Human decisions and review",
                    purpose.review,
                    ask("What a person decides, and what that person looks at beside the tool."),
                ),
                field_of("3.5 Required training", ask("What those who read results have been taught.")),
                field_of(
                    "3.6 Appeals and review",
                    use.rights,
                    ask("How somebody can ask about, or object to, what was decided."),
                ),
            ),
        ),
        Part(
            "Tier 2: 4. Tool specification",
            (
                field_of("4.1.1 System architecture", model.system),
                field_of("4.1.2 Phase", ask("Idea, design, development, in use, or withdrawn.")),
                field_of("4.1.3 Maintenance", model.maintenance, purpose.retention, ask("Who looks again, and when.")),
                field_of("4.1.4 Models", model.model_name),
            ),
        ),
        Part(
            "Tier 2: 4.2 Model specification",
            (
                field_of("4.2.1 Model name", model.model_name),
                field_of("4.2.2 Model version", model.version),
                field_of("4.2.3 Model task", model.task),
                field_of("4.2.4 Model input", model.features),
                field_of("4.2.5 Model output", model.output),
                field_of("4.2.6 Model architecture", model.architecture, model.training),
                field_of(
                    "4.2.7 Model performance",
                    measured.performance,
                    measured.threshold,
                    measured.calibrated,
                    measured.by_group,
                    measured.audited,
                ),
                field_of("4.2.8 Datasets", data.datasets),
                field_of("4.2.9 Dataset purposes", data.windows, data.purposes),
            ),
        ),
        Part(
            "Tier 2: 4.3 Development data",
            (
                field_of("4.3.1 Development data description", data.datasets),
                field_of("4.3.2 Data modality", data.modality),
                field_of("4.3.3 Data quantities", data.quantities),
                field_of("4.3.4 Sensitive attributes", data.sensitive),
                field_of("4.3.5 Data completeness and representativeness", data.completeness),
                field_of("4.3.6 Source data URL", ask("Where the data can be seen, or that they are not public.")),
                field_of("4.3.7 Data collection", ask("For what, how and by whom the records were first made.")),
                field_of("4.3.8 Data cleaning", data.cleaning),
                field_of("4.3.9 Data sharing agreements", ask("Agreements under which data came from others.")),
                field_of(
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
                field_of("4.4.1 Data sources", data.datasets, ask("The systems that the tables are exported from.")),
                field_of("4.4.2 Sensitive attributes", data.sensitive),
                field_of("4.4.3 Data processing methods", data.cleaning, model.system),
                field_of(
                    "4.4.4 Data access and storage",
                    use.storage,
                    purpose.retention,
                    ask("Who can see the data in use, where they are, and for how long."),
                ),
                field_of("4.4.5 Data sharing agreements", ask("Agreements under which data in use are shared.")),
            ),
        ),
        Part(
            "Tier 2: 5. Risks, mitigations and impact assessments",
            (
                field_of(
                    "5.1 Impact assessments",
                    ask("Data protection impact assessment: its day, its result, where it can be read."),
                    ask("Equality impact assessment: its day, its result, where it can be read."),
                    ask("Other assessments, such as of ethics or human rights."),
                ),
                field_of("5.2 Risks and mitigations", use.risks, ask("Risks in the force's own use, and the answers.")),
            ),
        ),
    ),
)
