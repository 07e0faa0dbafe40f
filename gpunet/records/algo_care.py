"""The answers of a run to ALGO-CARE, the questions of Oswald, Grace, Urwin and Barnes."""

from __future__ import annotations

from gpunet.records import data, measured, model, purpose, use
from gpunet.records.document import Document, Part, ask, field_of, say

__all__ = ["ALGO_CARE"]


ALGO_CARE = Document(
    "ALGO-CARE",
    "Form: Oswald, Grace, Urwin and Barnes, Algorithmic risk assessment policing models: lessons from the Durham HART "
    "model and 'Experimental' proportionality (Information & Communications Technology Law 27(2), 2018, pages 223 to "
    "250, 10.1080/13600834.2018.1458455).".replace("&", "&amp;"),
    (
        Part(
            "Advisory",
            (
                field_of(
                    "Does a human officer keep the decision?",
                    use.advisory,
                    purpose.review,
                    ask("How it is known that a person decides, and how often results are not followed."),
                ),
                field_of(
                    "What else does that officer look at?",
                    ask("What is looked at beside results, and how it is known that this is done."),
                ),
            ),
        ),
        Part(
            "Lawful",
            (
                field_of("Which policing purpose is it for, and on which legal basis?", purpose.purpose, purpose.basis),
                field_of(
                    "Is what it does to private life necessary and proportionate?",
                    ask("Why less would not do, and how this was weighed."),
                ),
                field_of("How does it improve what was done before?", measured.benefit, ask("What was done before.")),
                field_of(
                    "Are the data lawfully held, kept no longer than needed, and used for what they were taken for?",
                    data.sensitive,
                    purpose.retention,
                    ask("Under which rules the records were made, and for what."),
                ),
            ),
        ),
        Part(
            "Granularity",
            (
                field_of("Is a result fine enough for its purpose?", model.output, ask("Whether that is fine enough.")),
                field_of(
                    "Are persons put into broad groups that hide differences?",
                    model.features,
                    measured.by_group,
                ),
                field_of("Is what is missing or unsure in the data known?", data.completeness),
            ),
        ),
        Part(
            "Ownership",
            (
                field_of("Who owns the program, the model and the data?", use.owned),
                field_of(
                    "Can the force see, use and change how it works?",
                    say(
                        "The source code is open, and its licence allows everybody to use and change it. Every setting "
                        "of a run is in its run.json."
                    ),
                ),
                field_of("Which contracts limit that?", ask("Contracts or other limits, if any.")),
            ),
        ),
        Part(
            "Challengeable",
            (
                field_of(
                    "How is it watched once it is in use, so that bias is found?",
                    measured.audited,
                    ask("Who audits, and how often."),
                ),
                field_of(
                    "Are persons told of it, and can they object?",
                    use.rights,
                    ask("How persons are told, and where they can object."),
                ),
            ),
        ),
        Part(
            "Accuracy",
            (
                field_of("Does what is forecast fit the aim?", model.task, ask("Why this outcome fits the aim.")),
                field_of("How accurate is it?", measured.performance, measured.threshold),
                field_of("Can that be checked again from time to time?", measured.evaluated, model.maintenance),
                field_of(
                    "Can wrong results of either kind be justified?",
                    measured.by_group,
                    ask("What a wrong result does to a person, and why that rate can be borne."),
                ),
                field_of("Why this method and no other?", use.alternatives, ask("Why it was chosen.")),
                field_of("Are those who work with it trained?", ask("What they have been taught.")),
            ),
        ),
        Part(
            "Responsible",
            (
                field_of("Who answers for it?", purpose.owner),
                field_of(
                    "Is its use fair, ethical and in the public interest?",
                    purpose.not_for,
                    ask("Why its use is, who was asked, and what an ethics panel said."),
                ),
                field_of(
                    "Is it open to the public, and kept under review?",
                    ask("Where the public reads of it, and when it is looked at again."),
                ),
            ),
        ),
        Part(
            "Explainable",
            (
                field_of("Is it known how each factor moves a result?", model.explained),
                field_of(
                    "Is the rule behind a result there to be read?", model.architecture, use.readable, use.resource
                ),
            ),
        ),
    ),
)
