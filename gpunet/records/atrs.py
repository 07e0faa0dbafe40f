"""The record of the United Kingdom's Algorithmic Transparency Recording Standard, version 3.0.

Sections, numbers and names of fields are those of ``template_table.md``, headed "V3.0 (March 2024)", of the standard's
repository (github.com/co-cddo/algorithmic-transparency-recording-standard), in its order.
"""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Document, Part, ask, field_of, say

__all__ = ["ATRS"]


_SUPPLIER = "Not applicable, if nobody outside the force is involved."

_PHASE = ask("The phase that the tool is in, such as design, development, pilot, production or retired.")

ATRS = Document(
    "Algorithmic transparency record",
    "Form: Algorithmic Transparency Recording Standard of the United Kingdom's government, version 3.0 (March 2024), "
    "by the field table in its repository (co-cddo/algorithmic-transparency-recording-standard on GitHub, read on 30 "
    "November 2026). The repository has guidance for a version 4.0 as well: compare this record with the form that is "
    "current before it is published.",
    (
        Part(
            "Metadata and Title Information",
            (
                field_of("0.1 ID", ask("The number that is given to the record when it is published.")),
                field_of("0.2 Standard version", say("3.0")),
                field_of("0.3 Organisation type", ask("Of which type the organisation is, such as a police force.")),
                field_of("0.4 Function", ask("Which function of government the tool serves.")),
                field_of("0.5 Capability", ask("What the tool can do, in the words of the repository of records.")),
                field_of("0.6 Task", ask("What the tool is used for, in the words of the repository of records.")),
                field_of("0.7 Tags", ask("Words by which the record is to be found.")),
                field_of("0.8 Date of completion", ask("The day on which the record was completed.")),
                field_of("0.9 Date updated", ask("The days on which it was changed. None, if it was not.")),
                field_of("0.10 Date archived", ask("The day on which it was archived. None, if it was not.")),
                field_of("0.11 Title", purpose.name),
                field_of("0.12 Organisation name", purpose.controller),
                field_of("0.13 Phase", _PHASE),
                field_of("0.14 Region", ask("The region in which the tool affects the public.")),
                field_of("0.15 One sentence description", purpose.one_sentence),
            ),
        ),
        Part(
            "Tier 1 Information",
            (
                field_of("1.1 Name", purpose.name),
                field_of("1.2 Description", purpose.description),
                field_of("1.3 Website URL", ask("The page on which the public reads about the tool.")),
                field_of("1.4 Contact email", ask("The address to which the public can write.")),
            ),
        ),
        Part(
            "Tier 2: Owner and Responsibility",
            (
                field_of("2.1.1 Organisation or department", purpose.controller),
                field_of("2.1.2 Team", purpose.team),
                field_of("2.1.3 Senior responsible owner", purpose.owner),
                field_of(
                    "2.1.4 External supplier involvement",
                    say("gpunet is free software under the Apache License 2.0: it can be run without any supplier."),
                    ask("Whether anybody outside the force has a part in the tool."),
                ),
                field_of("2.1.4.1 External supplier", ask(f"The supplier's name. {_SUPPLIER}")),
                field_of("2.1.4.2 Companies House Number", ask(f"The supplier's number. {_SUPPLIER}")),
                field_of("2.1.4.3 External supplier role", ask(f"What the supplier does. {_SUPPLIER}")),
                field_of("2.1.4.4 Procurement procedure type", ask(f"How the supplier was chosen. {_SUPPLIER}")),
                field_of("2.1.4.5 Data access terms", ask(f"Which data the supplier can see, and how. {_SUPPLIER}")),
            ),
        ),
        Part(
            "Tier 2: Description and Rationale",
            (
                field_of("2.2.1 Detailed description", purpose.description, purpose.question, data.windows),
                field_of("2.2.2 Scope", purpose.purpose, purpose.basis, purpose.not_for),
                field_of("2.2.3 Benefit", measured.benefit, ask("What is better with the tool, and for whom.")),
                field_of("2.2.4 Previous process", ask("How it was decided before.")),
                field_of(
                    "2.2.5 Alternatives considered", use.alternatives, ask("What else was thought of, and why not.")
                ),
            ),
        ),
        Part(
            "Tier 2: Decision-making Process",
            (
                field_of("2.3.1 Process integration", ask("In which decision results are looked at, and by whom.")),
                field_of("2.3.2 Provided information", model.output),
                field_of("2.3.3 Frequency and scale of usage", model.scale, ask("How often, on how many decisions.")),
                field_of(
                    "2.3.4 Human decisions and review",
                    purpose.review,
                    ask("What a person decides, and what that person looks at beside the tool."),
                ),
                field_of("2.3.5 Required training", ask("What those who read results have been taught.")),
                field_of(
                    "2.3.6 Appeals and review",
                    use.rights,
                    ask("How somebody can ask about, or object to, what was decided."),
                ),
            ),
        ),
        Part(
            "Tier 2: Tool Specification",
            (
                field_of("2.4.1.1 System architecture", model.system),
                field_of("2.4.1.2 Phase", _PHASE),
                field_of(
                    "2.4.1.3 Maintenance", model.maintenance, purpose.retention, ask("Who looks again, and when.")
                ),
                field_of("2.4.1.4 Models", model.model_name),
            ),
        ),
        Part(
            "Tier 2: Model Specification",
            (
                field_of("2.4.2.1 Model name", model.model_name),
                field_of("2.4.2.2 Model version", model.version, model.trained),
                field_of("2.4.2.3 Model task", model.task),
                field_of("2.4.2.4 Model input", model.features),
                field_of("2.4.2.5 Model output", model.output),
                field_of("2.4.2.6 Model architecture", model.architecture, model.training),
                field_of(
                    "2.4.2.7 Model performance",
                    measured.performance,
                    measured.threshold,
                    measured.calibrated,
                    measured.by_group,
                    measured.audited,
                ),
                field_of("2.4.2.8 Datasets", data.datasets),
                field_of("2.4.2.9 Dataset purposes", data.windows, data.purposes),
            ),
        ),
        Part(
            "Tier 2: Data Specification",
            (
                field_of("2.4.3.1 Source data name", ask("What the force calls the data sets that the tables are of.")),
                field_of("2.4.3.2 Data modality", data.modality),
                field_of("2.4.3.3 Data description", data.datasets),
                field_of("2.4.3.4 Data quantities", data.quantities),
                field_of("2.4.3.5 Sensitive attributes", data.sensitive),
                field_of("2.4.3.6 Data completeness and representativeness", data.completeness),
                field_of("2.4.3.7 Source data URL", ask("Where the data can be seen, or that they are not public.")),
                field_of(
                    "2.4.3.8 Data collection",
                    ask("For what, how, by whom and in which systems the records were first made."),
                ),
                field_of("2.4.3.9 Data cleaning", data.cleaning),
                field_of("2.4.3.10 Data sharing agreements", ask("Agreements under which data are given or taken.")),
                field_of(
                    "2.4.3.11 Data access and storage",
                    use.storage,
                    purpose.retention,
                    ask("Who can see the data, where they are, and for how long."),
                ),
            ),
        ),
        Part(
            "Tier 2: Risks, mitigations and impact assessments",
            (
                field_of(
                    "2.5.1 Impact assessment",
                    ask("Data protection impact assessment: its day, its result, where it can be read."),
                    ask("Equality impact assessment: its day, its result, where it can be read."),
                    ask("Other assessments, such as of ethics or human rights."),
                ),
                field_of(
                    "2.5.2 Risks and mitigations", use.risks, ask("Risks in the force's own use, and the answers.")
                ),
            ),
        ),
    ),
)
