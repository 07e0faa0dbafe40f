"""Public records: every field of the three forms, what a run says in it, and what is nowhere in them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from record_texts import GOVERNANCE, Made, headings, made_in, read_json, sections, source, structure, under

from gpunet.base.errors import InputError
from gpunet.records.cards import cards_of, facts_of
from gpunet.records.data import sensitive
from gpunet.records.facts import Facts
from gpunet.report.forecast_data import forecasts_of
from gpunet.report.public_rules import public_rules
from gpunet.runs.sealed import sealed_bytes

#: Sections, numbers and names of fields as ``template_table.md`` of the standard's repository has them in version 3.0.
ATRS = {
    "Metadata and Title Information": [
        "0.1 ID", "0.2 Standard version", "0.3 Organisation type", "0.4 Function", "0.5 Capability", "0.6 Task",
        "0.7 Tags", "0.8 Date of completion", "0.9 Date updated", "0.10 Date archived", "0.11 Title",
        "0.12 Organisation name", "0.13 Phase", "0.14 Region", "0.15 One sentence description",
    ],
    "Tier 1 Information": ["1.1 Name", "1.2 Description", "1.3 Website URL", "1.4 Contact email"],
    "Tier 2: Owner and Responsibility": [
        "2.1.1 Organisation or department", "2.1.2 Team", "2.1.3 Senior responsible owner",
        "2.1.4 External supplier involvement", "2.1.4.1 External supplier", "2.1.4.2 Companies House Number",
        "2.1.4.3 External supplier role", "2.1.4.4 Procurement procedure type", "2.1.4.5 Data access terms",
    ],
    "Tier 2: Description and Rationale": [
        "2.2.1 Detailed description", "2.2.2 Scope", "2.2.3 Benefit", "2.2.4 Previous process",
        "2.2.5 Alternatives considered",
    ],
    "Tier 2: Decision-making Process": [
        "2.3.1 Process integration", "2.3.2 Provided information", "2.3.3 Frequency and scale of usage",
        "2.3.4 Human decisions and review", "2.3.5 Required training", "2.3.6 Appeals and review",
    ],
    "Tier 2: Tool Specification": [
        "2.4.1.1 System architecture", "2.4.1.2 Phase", "2.4.1.3 Maintenance", "2.4.1.4 Models",
    ],
    "Tier 2: Model Specification": [
        "2.4.2.1 Model name", "2.4.2.2 Model version", "2.4.2.3 Model task", "2.4.2.4 Model input",
        "2.4.2.5 Model output", "2.4.2.6 Model architecture", "2.4.2.7 Model performance", "2.4.2.8 Datasets",
        "2.4.2.9 Dataset purposes",
    ],
    "Tier 2: Data Specification": [
        "2.4.3.1 Source data name", "2.4.3.2 Data modality", "2.4.3.3 Data description", "2.4.3.4 Data quantities",
        "2.4.3.5 Sensitive attributes", "2.4.3.6 Data completeness and representativeness", "2.4.3.7 Source data URL",
        "2.4.3.8 Data collection", "2.4.3.9 Data cleaning", "2.4.3.10 Data sharing agreements",
        "2.4.3.11 Data access and storage",
    ],
    "Tier 2: Risks, mitigations and impact assessments": ["2.5.1 Impact assessment", "2.5.2 Risks and mitigations"],
}  # fmt: skip

#: Figure 1 of Mitchell et al.; what is under ethical considerations and caveats is told in sections 4.8 and 4.9.
MODEL_CARD = {
    "Model Details": [
        "Person or organization developing model", "Model date", "Model version", "Model type",
        "Information about training algorithms, parameters, fairness constraints or other applied approaches, and "
        "features",
        "Paper or other resource for more information", "Citation details", "License",
        "Where to send questions or comments about the model",
    ],
    "Intended Use": ["Primary intended uses", "Primary intended users", "Out-of-scope use cases"],
    "Factors": ["Relevant factors", "Evaluation factors"],
    "Metrics": ["Model performance measures", "Decision thresholds", "Variation approaches"],
    "Evaluation Data": ["Datasets", "Motivation", "Preprocessing"],
    "Training Data": ["Datasets", "Motivation", "Preprocessing"],
    "Quantitative Analyses": ["Unitary results", "Intersectional results"],
    "Ethical Considerations": ["Data", "Human life", "Mitigations", "Risks and harms", "Use cases"],
    "Caveats and Recommendations": ["Caveats", "Recommendations"],
}  # fmt: skip

ALGO_CARE = [
    "Advisory", "Lawful", "Granularity", "Ownership", "Challengeable", "Accuracy", "Responsible", "Explainable",
]  # fmt: skip

MARK = "[to be completed by the force]"
_SMALL = r"\b[1-9] (?:persons?|people|arrests?|incidents?|rows?|members?)\b(?! so far)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_in(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def texts(made: Made) -> dict[str, str]:
    return {name: data.decode() for name, data in cards_of(facts_of(made.run)).items()}


def test_every_field_of_the_three_forms_is_there_in_order_and_answered(texts: dict[str, str]) -> None:
    assert sections(texts["atrs.md"]) == ATRS
    assert sections(texts["model_card.md"]) == MODEL_CARD
    assert list(sections(texts["algo_care.md"])) == ALGO_CARE
    for text in texts.values():
        for heading in headings(text, 3):
            assert under(text, heading), heading


def test_the_record_says_which_version_of_its_form_it_follows(texts: dict[str, str]) -> None:
    assert "version 3.0 (March 2024)" in texts["atrs.md"].split("\n## ")[0]
    assert under(texts["atrs.md"], "0.2 Standard version") == "3.0"
    assert under(texts["atrs.md"], "0.15 One sentence description").count(".") == 1
    assert all("Nothing here is legal advice." in text.split("\n## ")[0] for text in texts.values())


def test_the_count_on_top_is_that_of_the_marks(texts: dict[str, str], made: Made) -> None:
    without = Facts(
        source({**read_json(made.run / "run.json"), "governance": {"purpose": "no purpose stated"}}, made.run)
    )
    for text in (*texts.values(), *(data.decode() for data in cards_of(without).values())):
        slow = sum(line.startswith(f"**{MARK}** ") for line in text.splitlines())
        assert slow == text.count(MARK) > 5
        assert re.search(r"\*\*To be completed by the force: ([0-9]+)\.\*\*", text)[1] == str(slow)
        assert text.index("To be completed by the force") < text.index("## ")
    more = cards_of(without)["atrs.md"].decode()
    stated_in = {"purpose": 3, "legal basis": 1, "controller": 2, "team": 1, "owner": 1, "retention": 2}
    assert more.count(MARK) == texts["atrs.md"].count(MARK) + sum(stated_in.values())
    assert "no purpose stated" in under(more, "2.2.2 Scope")


def test_facts_are_those_of_the_run(texts: dict[str, str], made: Made) -> None:
    run, atrs = read_json(made.run / "run.json"), texts["atrs.md"]
    assert under(atrs, "2.1.1 Organisation or department") == GOVERNANCE["controller"]
    assert under(atrs, "2.1.2 Team") == GOVERNANCE["requested_by"]
    assert under(atrs, "2.1.3 Senior responsible owner") == GOVERNANCE["owner"]
    assert GOVERNANCE["purpose"] in under(atrs, "1.2 Description")
    assert GOVERNANCE["legal_basis"] in under(atrs, "2.2.2 Scope")
    assert GOVERNANCE["retain_until"] in under(atrs, "2.4.1.3 Maintenance")
    assert run["outputs"]["model.ubj"]["sha256"] in under(atrs, "2.4.2.2 Model version")
    assert "200 days" in under(atrs, "2.4.2.3 Model task")
    assert f"{len(run['model']['importance'])} features" in under(atrs, "2.4.2.4 Model input")
    assert "| max\\_depth | 4 |" in under(atrs, "2.4.2.6 Model architecture")
    assert f"{run['model']['results']['threshold']:.3f}" in under(atrs, "2.4.2.7 Model performance")
    assert f"{run['model']['results']['model']['auc']:.3f} (" in under(atrs, "2.4.2.7 Model performance")
    quantities = under(atrs, "2.4.3.4 Data quantities")
    assert f"{run['arrests']['arrests']:,} arrests of {run['arrests']['persons']:,} persons" in quantities
    assert f"| kept | {run['input']['rows']['accepted']:,} |" in quantities
    families = re.findall(r": ([0-9]+)$", under(atrs, "2.4.2.4 Model input"), re.MULTILINE)
    assert sum(map(int, families)) == len(run["model"]["importance"])
    assert "origin" in under(texts["model_card.md"], "Evaluation factors")
    assert "naive Bayes" in under(texts["model_card.md"], "Unitary results")
    assert 'By "origin"' in under(texts["model_card.md"], "Intersectional results")


def test_records_claim_only_what_a_run_can_know(texts: dict[str, str]) -> None:
    care, card = texts["algo_care.md"], texts["model_card.md"]
    decides = under(care, "Does a human officer keep the decision?")
    assert "The report says on top: never act on a score alone." in decides
    assert f"**{MARK}** What is done after a result, and by whom." in decides
    assert under(care, "Who owns the program, the model and the data?").splitlines() == [
        f"Data and model: {GOVERNANCE['controller']} (controller, as the run states).",
        "",
        "Program: gpunet, free software under the Apache License 2.0.",
    ]
    assert "only those of the own record know what that person was arrested for." in under(card, "Mitigations")
    assert "they are known by their names alone" in under(card, "Relevant factors").casefold()
    assert "absent" not in under(card, "Caveats")
    assert re.search(r"late records cannot be told|recorded before it count", under(card, "Caveats"))
    for text in texts.values():
        assert "The list of the first" in text
        assert not re.search(r"\[[0-9]{4}-[0-9]{2}-[0-9]{2}, ", text)  # a window as run.json has it


def test_protected_columns_of_every_table_are_told(made: Made) -> None:
    found = read_json(made.run / "run.json")
    found["input"] |= {"protected_columns_dropped": ["sex"], "victims": {"protected_columns_dropped": ["race", "sex"]}}
    said, *_ = sensitive(Facts(source(found, made.run)))
    assert said.startswith("2 columns are named after race, sex, religion or the like, and were not read.")


def test_nobody_and_no_place_is_named(texts: dict[str, str], made: Made) -> None:
    """Ids, incidents, places, gangs and forces of the tables end with a letter and what they were, between tildes."""
    run = read_json(made.run / "run.json")
    names = [file["name"] for file in run["input"]["files"]]
    for text in texts.values():
        plain = structure(text)[1]
        assert not re.search(r"~[pidbgf]\S*~", plain.replace("\n", ""))
        assert "SECRET-TASK-17" not in plain
        assert "Reviewer" not in plain
        assert str(made.run.parent) not in plain
        assert not [name for name in names if name in plain or Path(name).stem in plain]
        assert not re.findall(_SMALL, plain)


def test_markup_of_tables_is_text(texts: dict[str, str]) -> None:
    for text in texts.values():
        kinds, seen = structure(text)
        assert not {"html_inline", "html_block", "link_open", "image", "fence", "code_block"} & set(kinds)
        if "By " in seen and "origin" in seen:
            assert "north | <b>" in seen


def test_errors_of_an_audit_tell_of_the_lists_of_the_run_alone(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two lists between which few persons stand one is told, and not the other one by the audit."""
    heading, measured = "Intersectional results", "gpunet.report.public_rules.told_of"
    for told, lists in (
        (["flagged", "precision_top_100"], {"threshold", "first 100"}),
        (["precision_top_100"], {"first 100"}),
    ):
        monkeypatch.setattr(measured, lambda *_, told=told: {"model": frozenset(told)})
        audited = under(cards_of(facts_of(made.run))["model_card.md"].decode(), heading)
        assert ("by group of those whom the threshold selects are left out" in audited) == ("flagged" not in told)
        errors = audited.split("*Errors, by every rule.*")[1].split("*Guessing")[0]
        assert set(re.findall(r"\| (threshold|first [0-9]+) \|", errors)) <= lists
    assert "threshold" in audited.split("*Errors, by every rule.*")[0]


def test_an_audit_names_the_lists_that_the_run_tells_the_public_of(made: Made) -> None:
    found = forecasts_of(source(read_json(made.run / "run.json"), made.run))
    assert read_json(made.audit / "run.json")["audit"]["public_rules"] == public_rules(found)


def test_the_same_run_gives_the_same_bytes(made: Made, texts: dict[str, str]) -> None:
    again = cards_of(facts_of(made.run, audit=made.audit, evaluations=[made.known]))
    assert {name: data.decode() for name, data in again.items()} == texts


def test_without_audit_and_experiment_it_says_so(made: Made) -> None:
    card = cards_of(Facts(source(read_json(made.run / "run.json"), made.run)))["model_card.md"].decode()
    assert "No audit of this run was found." in under(card, "Intersectional results")
    assert "No experiment on the same tables was found." in under(card, "Unitary results")


def test_sealed_scores_and_their_review_name_nobody(made: Made, tmp_path: Path) -> None:
    found, run = read_json(made.run / "run.json"), Path(shutil.copytree(made.run, tmp_path / "run"))
    sealed = ("predictions.parquet", "scores.parquet", "model.ubj")
    found["outputs"] = {f"{n}.sealed" if n in sealed else n: of for n, of in found["outputs"].items()}
    found["governance"] = GOVERNANCE | {"person_scores": "reviewed"}
    found["review"] = [{"by": "Somebody", "decision": "reject", "note": "SECRET NOTE", "time": "2030-01-02T03:04:05Z"}]
    for name in sealed:
        (run / f"{name}.sealed").write_bytes(sealed_bytes((run / name).read_bytes()))
        (run / name).unlink()
    texts = {name: data.decode() for name, data in cards_of(Facts(source(found, run))).items()}
    said = under(texts["atrs.md"], "2.3.4 Human decisions and review")
    assert "They are sealed now" in said
    assert "on 2030-01-02: rejected." in said
    opened = cards_of(Facts(source(read_json(made.run / "run.json"), made.run)))["atrs.md"].decode()
    measured = "2.4.2.7 Model performance"
    assert under(texts["atrs.md"], measured) == under(opened, measured)
    assert not [
        text for text in texts.values() if "Somebody" in text or "SECRET" in text or "Fingerprint of the model" in text
    ]


def test_audits_and_experiments_of_others_are_refused(made: Made, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no audit of the run"):
        facts_of(made.run, audit=made.known)
    with pytest.raises(InputError, match="no experiment on the tables"):
        facts_of(made.run, evaluations=[made.audit])
    with pytest.raises(InputError, match=r"--audit"):
        facts_of(made.audit)
    with pytest.raises(InputError, match="to which none belongs"):
        facts_of(made.known, evaluations=[made.known])
    with pytest.raises(InputError, match=r"no run\.json"):
        facts_of(tmp_path)


def test_an_experiment_has_records_without_model_and_scores(made: Made) -> None:
    texts = {name: data.decode() for name, data in cards_of(facts_of(made.known)).items()}
    assert "it has no scores to use" in texts["model_card.md"]
    assert sections(texts["atrs.md"]) == ATRS
    assert "naive Bayes" in under(texts["atrs.md"], "2.4.2.7 Model performance")


def test_several_audits_or_experiments_have_to_be_named(made: Made, tmp_path: Path) -> None:
    for folder in (made.run, made.audit, made.known):
        shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "run.json").write_text("{")
    run = tmp_path / made.run.name
    assert facts_of(run).audit is not None
    shutil.copytree(made.known, tmp_path / "again")
    with pytest.raises(InputError, match=r"2 folders of gpunet evaluate known .*again, known.* --evaluation"):
        facts_of(run)
    shutil.copytree(made.audit, tmp_path / "another")
    with pytest.raises(InputError, match=r"2 audits of this run .*another, audit.* --audit"):
        facts_of(run)
    found = facts_of(run, audit=tmp_path / "another", evaluations=[tmp_path / "again"])
    assert found.audit is not None
    (tmp_path / "another" / "fairness.parquet").write_bytes(b"changed")
    with pytest.raises(InputError, match=r"fairness\.parquet is not what run\.json lists"):
        facts_of(run, audit=tmp_path / "another", evaluations=[tmp_path / "again"])


def test_small_numbers_are_not_told(made: Made) -> None:
    found = read_json(made.run / "run.json")
    del found["outputs"]["predictions.parquet"]  # so that everything comes from run.json
    found["model"]["results"] |= {"positives": 7, "base_rate": 7 / found["model"]["results"]["persons"]}
    for name in ("training", "evaluated_model"):
        found["model"][name]["positive_rows"] = 7
    rows = found["input"]["rows"]["read"]
    found["input"]["rows"] = {"read": rows, "accepted": rows - 7, "rejected": 7, "duplicate": 0}
    found["input"]["rejected_by_reason"] = {"bad_date": 7}
    found["arrests"]["undated_arrests"] = 7
    texts = {name: data.decode() for name, data in cards_of(Facts(source(found, made.run))).items()}
    assert "too few persons to be shown" in under(texts["atrs.md"], "2.4.2.7 Model performance")
    assert "fewer than 10 of them" in under(texts["atrs.md"], "2.4.2.6 Model architecture")
    assert "Fewer than 10 arrests have no date" in under(
        texts["atrs.md"], "2.4.3.6 Data completeness and representativeness"
    )
    for text in texts.values():
        assert not re.findall(r"(?<![.\d,])7(?![.\d,]| features?)(?= |$)", structure(text)[1], re.MULTILINE)
        assert "a date that cannot be read" not in text
        assert f"{rows - 7:,}" not in text


def test_of_victims_it_speaks_of_protection(made: Made) -> None:
    facts = Facts(source(read_json(made.run / "run.json") | {"side": "victim"}))
    assert "a probability of becoming a victim of violence" in facts.kind.does
    assert facts.kind.name == "Forecast of violent victimisation: who may need protection"
