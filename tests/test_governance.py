"""What a run is for: what the configuration takes, what outputs say, what is refused."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import gpunet
from gpunet.base.errors import ConfigError, InputError
from gpunet.cli.app import app
from gpunet.cli.panels import run_panel
from gpunet.cli.run import run_features, run_forecast
from gpunet.cli.summary import summarise
from gpunet.config.governance_config import NEVER_OUTCOMES, NO_PURPOSE, is_never_outcome
from gpunet.governance.rules import check_features_scored, check_person_scores, past_retention
from gpunet.runs.run_options import RunOptions
from gpunet.synthetic import make_arrests
from gpunet.tables.parquet import read_parquet_metadata

GIVEN = {"purpose": "Where to offer help", "legal_basis": "DPA 2018 s.35", "controller": "Example Police"}
EVERY = {
    **GIVEN,
    "owner": "Head of Analysis",
    "requested_by": "Team A",
    "task_ref": "T-1",
    "reviewer": "Panel",
    "jurisdiction": "uk",
    "retain_until": "2030-01-31",
    "person_scores": "reviewed",
}


def config(**governance: Any) -> gpunet.Config:
    return gpunet.load_config({"governance": governance})


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    rows = {
        "person_id": [f"person-{i}" for i in range(40)],
        "incident_id": [i // 3 for i in range(40)],
        "date": [f"2013-{1 + i % 12:02}-05" for i in range(40)],
        "offence": [("robbery", "theft", "PUBLIC ORDER - riot")[i % 3] for i in range(40)],
    }
    pl.DataFrame(rows).write_parquet(folder / "arrests.parquet")
    return folder / "arrests.parquet"


def features(tables: Path, out: Path, **sections: Any) -> dict[str, Any]:
    return run_features([str(tables)], out, sections, None, RunOptions(threads=1))


@pytest.mark.parametrize("missing", ["purpose", "legal_basis", "controller"])
def test_what_is_required_is_asked_for(missing: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[governance\] needs {missing}"):
        config(**{key: value for key, value in EVERY.items() if key != missing})


def test_a_review_needs_a_reviewer() -> None:
    with pytest.raises(ConfigError, match="needs reviewer"):
        config(**GIVEN, person_scores="reviewed")


@pytest.mark.parametrize("text", ["two\nlines", "a\x00b", "x" * 501, 5])
def test_texts_are_one_line(text: Any) -> None:
    with pytest.raises(ConfigError, match=r"\[governance\] purpose"):
        config(**{**GIVEN, "purpose": text})


def test_outputs_say_every_key_that_is_given(tables: Path, tmp_path: Path) -> None:
    manifest = features(tables, tmp_path / "run", governance=EVERY)
    assert manifest["governance"] == EVERY
    for name in ("features", "ties", "groups", "rejected", "offences"):
        metadata = read_parquet_metadata(tmp_path / "run" / f"{name}.parquet")
        assert metadata is not None
        assert metadata["governance"] == EVERY


def test_the_summary_says_purpose_law_task_and_until_when_in_one_line(tables: Path, tmp_path: Path) -> None:
    for name, stated, line in (
        ("every", EVERY, "Where to offer help; legal basis: DPA 2018 s.35; task: T-1; kept until: 2030-01-31"),
        ("given", GIVEN, "Where to offer help; legal basis: DPA 2018 s.35"),
        ("none", None, NO_PURPOSE),
    ):
        manifest = features(tables, tmp_path / name, **({"governance": stated} if stated else {}))
        lines = summarise(manifest, tmp_path / name).splitlines()
        assert [text for text in lines if text.startswith("purpose")] == [f"purpose   {line}"]


@pytest.mark.parametrize(("stated", "purpose"), [(EVERY, GIVEN["purpose"]), (None, NO_PURPOSE)])
def test_every_json_file_says_the_purpose(stated: Any, purpose: str, tables: Path, tmp_path: Path) -> None:
    settings = {"governance": stated} if stated else {}
    features(tables, tmp_path / "run", **settings)
    asked = {**settings, "panel": {"start": "2013-04-01", "end": "2013-06-01", "verify": 0}}
    run_panel([str(tables)], tmp_path / "panel", asked, None, RunOptions(threads=1))
    for command in ("report", "cards"):
        assert CliRunner().invoke(app, [command, str(tmp_path / "run")]).exit_code == 0
    found = sorted(tmp_path.rglob("*.json"))
    assert {path.name for path in found} == {"run.json", "features.json", "report.json", "cards.json", "panel.json"}
    for path in [path for path in found if path.name != "features.json"]:  # which is a list of what columns mean
        assert json.loads(path.read_text(encoding="utf-8"))["governance"]["purpose"] == purpose, path


def test_without_the_section_no_purpose_is_stated_and_nothing_else_is_another(tables: Path, tmp_path: Path) -> None:
    without = features(tables, tmp_path / "without")
    stated = features(tables, tmp_path / "with", governance=GIVEN)
    assert without["governance"] == {"purpose": NO_PURPOSE}
    assert "governance" not in without["config"]
    for name in ("features", "ties", "groups"):
        one, other = (tmp_path / folder / f"{name}.parquet" for folder in ("without", "with"))
        assert read_parquet_metadata(one)["governance"] == {"purpose": NO_PURPOSE}  # type: ignore[index]
        assert pl.read_parquet(one).equals(pl.read_parquet(other))
    assert {k: v for k, v in without.items() if k not in ("governance", "config", "execution", "outputs")} == {
        k: v for k, v in stated.items() if k not in ("governance", "config", "execution", "outputs")
    }


def test_the_same_statement_gives_the_same_bytes(tables: Path, tmp_path: Path) -> None:
    one, other = (features(tables, tmp_path / name, governance=EVERY)["outputs"] for name in "ab")
    assert one == other


@pytest.mark.parametrize("command", ["run", "flags", "score"])
@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"person_scores": "refuse"}, "refuse"),
        ({"jurisdiction": "EU"}, "2024/1689"),
        ({"jurisdiction": "de-by"}, "profiling"),
        ({"jurisdiction": "The Netherlands"}, "profiling"),
    ],
)
def test_scores_of_single_persons_are_refused(command: str, rules: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        check_person_scores(config(**GIVEN, **rules), command)
    assert "gpunet features" in str(caught.value)


@pytest.mark.parametrize("command", ["run", "flags"])
def test_what_is_refused_by_law_names_the_law_its_day_and_source_and_is_no_advice(command: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_person_scores(config(**GIVEN, jurisdiction="eu"), command)
    for part in ("Article 5(1)(d)", "eur-lex.europa.eu", "applies since 2 February 2025", "This is no legal advice."):
        assert part in str(caught.value)


def test_pages_that_name_a_law_name_its_source_and_a_day_and_are_no_advice() -> None:
    named = re.compile(r"(Regulation|Directive)\s\(EU\)|sections?\s[0-9]+\(|sections\s[0-9]+\s\(")
    pages = {page.name: page.read_text() for page in Path(__file__).parents[1].joinpath("docs").glob("*.md")}
    found = {name: text for name, text in pages.items() if named.search(text)}
    assert found.keys() >= {"governance.md", "log.md", "retention.md", "exchange.md"}
    for name, text in found.items():
        assert re.search(r"no\slegal\sadvice", text, re.IGNORECASE), name
        assert re.search(r"legislation\.gov\.uk|eur-lex\.europa\.eu", text), name
        assert re.search(r"30\sNovember\s2026", text), name


def test_features_and_panels_still_work(tables: Path, tmp_path: Path) -> None:
    rules = {"governance": {**GIVEN, "person_scores": "refuse", "jurisdiction": "eu"}}
    made = features(tables, tmp_path / "features", **rules)
    asked = {**rules, "panel": {"start": "2013-04-01", "end": "2013-06-01", "verify": 0}}
    panel = run_panel([str(tables)], tmp_path / "panel", asked, None, RunOptions(threads=1))
    assert [of["governance"]["person_scores"] for of in (made, panel)] == ["refuse", "refuse"]


def test_the_law_of_the_union_speaks_of_offences_not_of_victims() -> None:
    settings = {"governance": {**GIVEN, "jurisdiction": "eu"}, "model": {"side": "victim"}}
    check_person_scores(gpunet.load_config(settings), "run")
    settings["governance"]["person_scores"] = "refuse"
    with pytest.raises(ConfigError, match="refuse"):
        check_person_scores(gpunet.load_config(settings), "run")


def test_a_run_is_refused_by_the_command_and_features_are_not(tables: Path, tmp_path: Path) -> None:
    (tmp_path / "eu.toml").write_text(
        "[governance]\n" + "".join(f'{key} = "{value}"\n' for key, value in {**GIVEN, "jurisdiction": "eu"}.items())
    )
    codes = {}
    for command in ("run", "features"):
        asked = [command, str(tables), "--out", str(tmp_path / command), "--config", str(tmp_path / "eu.toml")]
        done = CliRunner().invoke(app, asked)
        codes[command] = isinstance(done.exception, ConfigError), (tmp_path / command / "run.json").exists()
    assert codes == {"run": (True, False), "features": (False, True)}


@pytest.mark.parametrize(
    "named",
    ["uk", "England and Wales", "Northern Ireland", "US-IL", "au", "El Salvador", "NZ", "GB-ENG", "US-DE", "us-ie",
     "GB-ENG; GB-WLS", "uk, us-de", "us/ca", "CH", "CA-ON and NZ", "U.K., U.S.", "uk (England and Wales)", "gb nz",
     "et", "US-IL, no other", "uk, no others", "uk-se", "UK-DE", "gb-no", "US-IL, Illinois", "us-il (illinois)",
     "Trinidad and Tobago", "uk; Bosnia and Herzegovina", "US-MT, Montana", "US-DE (Delaware)"],
)  # fmt: skip
def test_other_laws_are_not_the_unions(named: str) -> None:
    found = config(**GIVEN, jurisdiction=named).governance
    assert found.scores_persons
    assert found.warnings() == ()


#: Codes of the 27 members (ISO 3166-1), and what each calls itself.
MEMBERS = {
    "at": "AUT Österreich", "be": "BEL België Belgique", "bg": "BGR България", "cy": "CYP Κύπρος K\u0131br\u0131s",
    "cz": "CZE Česko", "de": "DEU Deutschland", "dk": "DNK Danmark", "ee": "EST Eesti", "es": "ESP España",
    "fi": "FIN Suomi", "fr": "fra FRANCE", "gr": "GRC Ελλάδα", "hr": "HRV Hrvatska", "hu": "HUN Magyarország",
    "ie": "IRL Éire", "it": "ITA Italia", "lt": "LTU Lietuva", "lu": "LUX Lëtzebuerg", "lv": "LVA Latvija",
    "mt": "MLT Malta", "nl": "NLD Nederland", "pl": "POL Polska", "pt": "PRT Portugal", "ro": "ROU România",
    "se": "SWE Sverige", "si": "SVN Slovenija", "sk": "SVK Slovensko",
}  # fmt: skip
UNION = ("E.U.", "e u", "D.E.", "EEA", "U.E.", "Unión Europea", "EUROPÄISCHE UNION", "Freistaat Bayern, Deutschland")


@pytest.mark.parametrize("named", [*MEMBERS, *(name for of in MEMBERS.values() for name in of.split()), *UNION])
def test_the_union_is_known_by_codes_and_by_its_own_names(named: str) -> None:
    for written in (named, named.upper(), f" {named.lower()} ", unicodedata.normalize("NFD", named)):
        assert config(**GIVEN, jurisdiction=written).governance.is_eu


@pytest.mark.parametrize(
    "named",
    ["uk, eu", "uk/eu", "us/de", "uk and eu", "uk & eu", "uk; Germany", "uk | de", "us + ie", "uk (eu)", "uk eu",
     "us-ca, de-by", "GB-ENG or IE", "uk - eu", "uk\u2013eu", "uk-eu", "UK_EU", "U.K./E.U.", "eng, fra",
     "eu member state", "uk and eu law", "US-IL, no", "US-IL, is", "uk, no-03", "Missoula, MT", "us; de-bayern"],
)  # fmt: skip
def test_of_several_the_law_of_each_holds(named: str) -> None:
    for written in (named, named.upper(), f" {named.lower()} "):
        assert config(**GIVEN, jurisdiction=written).governance.is_eu


def test_of_several_one_that_is_not_known_is_told() -> None:
    (warning,) = config(**GIVEN, jurisdiction="uk, Gotham").governance.warnings()
    assert "is not known to gpunet" in warning


@pytest.mark.parametrize(
    "named", ["no", "NOR", "Norway", "Norge", "NO-03", "is", "Iceland", "Ísland", "li", "LIE", "eea"]
)
def test_all_of_the_economic_area_is_treated_alike(named: str) -> None:
    assert config(**GIVEN, jurisdiction=named).governance.is_eu


@pytest.mark.parametrize("named", ["Oslo Street, no number", "uk: it depends"])
def test_words_of_a_sentence_are_no_codes(named: str) -> None:
    assert not config(**GIVEN, jurisdiction=named).governance.is_eu


@pytest.mark.parametrize(("named", "write"), [("Missoula, MT", "US-MT"), ("Dover, DE", "US-DE"), ("us, de", "US-DE")])
def test_where_a_state_shares_a_code_with_a_member_the_refusal_tells_how_to_write_it(named: str, write: str) -> None:
    with pytest.raises(ConfigError, match=f'write its code with its country\'s: "{write}"'):
        check_person_scores(config(**GIVEN, jurisdiction=named), "run")
    assert config(**GIVEN, jurisdiction=write).governance.scores_persons


@pytest.mark.parametrize("named", ["eu", "de, mt", "Malta", "uk, eu", "Valletta, Malta"])
def test_where_no_other_is_meant_nothing_is_told_of_one(named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_person_scores(config(**GIVEN, jurisdiction=named), "run")
    assert "write its code" not in str(caught.value)


#: Regions of members that have a code of their own, or lie far from the others.
REGIONS = (
    "ax ala Åland gf guf Guyane gp glp Guadeloupe mf maf Saint-Martin mq mtq Martinique "
    "re reu Réunion yt myt Mayotte Açores Azores Madeira Canarias Ceuta Melilla"
)


@pytest.mark.parametrize("named", [*REGIONS.split(), "La Reunion", "Aland Islands", "French Guiana", "Canary Islands"])
def test_what_belongs_to_members_is_of_the_union(named: str) -> None:
    for written in (named, named.upper(), unicodedata.normalize("NFD", named)):
        assert config(**GIVEN, jurisdiction=written).governance.is_eu


@pytest.mark.parametrize("section", ["", 'person_scores = "allow"', 'log = ""', "never_outcomes = []"])
def test_a_section_that_says_nothing_is_refused(section: str, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text(f"[governance]\n{section}\n")
    for source in (tmp_path / "empty.toml", tomllib.loads(f"[governance]\n{section}\n")):
        with pytest.raises(ConfigError, match=r"\[governance\] needs purpose, legal_basis, controller: say"):
            gpunet.load_config(source)


def test_configurations_that_commands_print_have_no_empty_section(tables: Path) -> None:
    assert "governance" not in gpunet.load_config(None).as_dict()
    assert gpunet.load_config(gpunet.load_config(None).as_dict()) == gpunet.load_config(None)
    done = CliRunner().invoke(app, ["check", str(tables)])
    assert done.exit_code == 0, done.output
    assert "[governance]" not in done.output


def test_members_are_27() -> None:
    assert len(MEMBERS) == 27


def test_an_empty_jurisdiction_is_refused_and_one_that_is_not_known_warned_of(tables: Path, tmp_path: Path) -> None:
    for empty in ("", "  "):
        with pytest.raises(ConfigError, match=r"\[governance\] jurisdiction: is empty: give the code"):
            config(**GIVEN, jurisdiction=empty)
    manifest = features(tables, tmp_path / "run", governance={**GIVEN, "jurisdiction": "Gotham"})
    assert 'jurisdiction = "Gotham" is not known to gpunet, and rules of the EU were not' in manifest["warnings"][0]
    assert manifest == json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))


def test_whether_scores_are_made_is_stated_whether_it_is_written_out_or_not(tables: Path, tmp_path: Path) -> None:
    for name, given_ in (("by default", GIVEN), ("written out", {**GIVEN, "person_scores": "allow"})):
        manifest = features(tables, tmp_path / name, governance=given_)
        assert manifest["governance"] == {**GIVEN, "person_scores": "allow"}
        assert read_parquet_metadata(tmp_path / name / "ties.parquet")["governance"] == manifest["governance"]  # type: ignore[index]


def test_every_other_key_that_is_given_is_stated_but_where_the_log_is() -> None:
    given_ = {**EVERY, "authority": "Chief", "never_outcomes": ["*begging*", "*protest*"], "log": "log.jsonl"}
    stated = config(**given_).governance.stated()
    own = ("*begging*",)  # what is built in is not
    assert stated == {**EVERY, "authority": "Chief", "never_outcomes": own}


@pytest.mark.parametrize("own", [[], ["robbery"], ["*begging*"]])
def test_ones_own_list_adds_to_the_built_in_one_and_authority_alone_lifts_it(
    own: list[str], tables: Path, tmp_path: Path
) -> None:
    rules: dict[str, Any] = {**GIVEN, "never_outcomes": own}
    protest = {"mine": ["*PROTEST*"]}
    with pytest.raises(ConfigError, match=r'authority = "\.\.\." under \[governance\]'):
        gpunet.load_config({"violent_offences": protest, "governance": rules})
    gpunet.load_config({"violent_offences": protest, "governance": {**rules, "authority": "Chief"}})
    with pytest.raises(InputError, match="PUBLIC ORDER"):
        features(tables, tmp_path / "run", violent_offences={"other": ["public*"]}, governance=rules)


def test_ones_own_list_refuses_what_is_in_it() -> None:
    rules = {**GIVEN, "never_outcomes": ["*begging*"]}
    with pytest.raises(ConfigError, match="mine"):
        gpunet.load_config({"violent_offences": {"mine": ["begging"]}, "governance": rules})


def test_features_say_whether_they_may_be_scored() -> None:
    table = Path("features.parquet")
    check_features_scored({"purpose": NO_PURPOSE}, table)
    check_features_scored(GIVEN, table)
    with pytest.raises(InputError, match="scores of this run need a review first: gpunet review RUN --by NAME"):
        check_features_scored(EVERY, table)
    with pytest.raises(ConfigError, match="refuse"):
        check_features_scored({**GIVEN, "person_scores": "refuse"}, table)


@pytest.mark.parametrize(
    "sets",
    [
        {"protest": ["demo*"]},
        {"order": ["*public order*"]},
        {"a": ["robbery*"], "b": ["RIOT*"]},
        {"x": ["*mob action*"]},
    ],
)
def test_a_set_that_names_protest_or_public_order_is_refused(sets: dict[str, list[str]]) -> None:
    with pytest.raises(ConfigError, match="authority"):
        gpunet.load_config({"violent_offences": sets})
    allowed = {"violent_offences": sets, "governance": {**GIVEN, "authority": "Chief, Act s.1"}}
    assert list(gpunet.load_config(allowed).violent_offences) == list(sets)


def test_an_offence_of_public_order_in_a_set_is_refused_where_somebody_answers(tables: Path, tmp_path: Path) -> None:
    sets = {"other": ["public*", "robbery"]}
    features(tables, tmp_path / "plain", violent_offences=sets)
    with pytest.raises(InputError, match="PUBLIC ORDER"):
        features(tables, tmp_path / "governed", violent_offences=sets, governance=GIVEN)
    features(tables, tmp_path / "allowed", violent_offences=sets, governance={**GIVEN, "authority": "Chief"})
    features(
        tables, tmp_path / "left", violent_offences={"other": ["public*", "!*order*", "robbery"]}, governance=GIVEN
    )


@pytest.mark.parametrize("preset", ["fbi_index", "nibrs", "home_office"])
def test_presets_name_nothing_of_the_kind(preset: str) -> None:
    assert gpunet.load_config({"violent_offences": {"preset": preset}, "governance": GIVEN}).is_governed


@given(st.text(max_size=40))
def test_patterns_do_not_depend_on_case(text: str) -> None:
    assert is_never_outcome(text.upper(), NEVER_OUTCOMES) == is_never_outcome(text.upper().lower(), NEVER_OUTCOMES)


@given(st.dates(), st.dates())
def test_results_are_kept_to_the_end_of_the_last_day(until: Any, today: Any) -> None:
    assert past_retention({"retain_until": until.isoformat()}, today) == (today > until)
    assert not past_retention({"purpose": "x"}, today)


def test_run_json_says_it_before_its_outputs(tables: Path, tmp_path: Path) -> None:
    features(tables, tmp_path / "run")
    keys = list(json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8")))
    assert keys[-2:] == ["governance", "outputs"]


@pytest.mark.parametrize("text", ["30/06/2027", "June", "2027-06-31", 5])
@pytest.mark.parametrize(
    ("section", "key"), [("governance", "retain_until"), ("panel", "start"), ("places", "end"), ("evaluate", "start")]
)
def test_how_days_are_written_is_said(section: str, key: str, text: Any) -> None:
    given = {**GIVEN, key: text} if section == "governance" else {key: text}
    with pytest.raises(ConfigError, match=rf'\[{section}\] {key}: must be a day: write it as "2027-06-30", not'):
        gpunet.load_config({section: given})


@pytest.mark.parametrize(("until", "told"), [("2020-01-31", 1), ("2999-01-31", 0)])
def test_a_run_that_is_past_its_last_day_is_told_of_when_it_is_made(
    tables: Path, tmp_path: Path, until: str, told: int
) -> None:
    said: list[str] = []
    options = RunOptions(threads=1, notice=said.append)
    run_features([str(tables)], tmp_path / "run", {"governance": {**GIVEN, "retain_until": until}}, None, options)
    assert len([line for line in said if f"retain_until = {until} has passed" in line]) == told


@pytest.mark.parametrize(("stated", "purpose"), [(GIVEN, GIVEN["purpose"]), (None, NO_PURPOSE)])
def test_the_model_says_the_purpose_and_has_the_same_bytes_each_time(stated: Any, purpose: str, tmp_path: Path) -> None:
    make_arrests(150, seed=3).write_parquet(tmp_path / "arrests.parquet")
    settings = {"model": {"max_rounds": 3, "folds": 2}, **({"governance": stated} if stated else {})}
    one, other = (
        run_forecast([str(tmp_path / "arrests.parquet")], tmp_path / name, settings, None, RunOptions(threads=1))
        for name in "ab"
    )
    assert one["outputs"]["model.ubj"] == other["outputs"]["model.ubj"]
    model = gpunet.load_model(tmp_path / "a" / "model.ubj")
    assert model.origin is not None
    assert model.origin.purpose == purpose
    assert gpunet.load_model(tmp_path / "b" / "model.ubj").to_bytes() == (tmp_path / "a" / "model.ubj").read_bytes()
