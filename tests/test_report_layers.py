"""What a report says of ties of other kinds and of victims: which count, why rows do not, what the public is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.cli.summary import summarise
from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.reading.rejections import REASONS
from gpunet.reading.ties_rows import TIE_REASONS as REASONS_OF_TIES
from gpunet.report.audience import MIN_PERSONS, Audience, AudienceName
from gpunet.report.evidence import Evidence
from gpunet.report.figure import Page, Section, Table
from gpunet.report.layers import layers, persons_told
from gpunet.report.page import rendered
from gpunet.report.rejected_words import ARREST_REASONS, TIE_REASONS, VICTIM_REASONS
from gpunet.report.source import Source

CONFIG = {
    "ties": {
        "calls": {"use": True, "min_source": 3, "min_information": "E", "half_life_days": 90.5, "limit_days": 730},
        "social_media": {
            "use": True, "min_source": 2, "task_ref": "OP-FLOWER", "authority": "Superintendent Ann Ode",
            "expires": "2114-06-04",
        },
        "rumour": {"use": False},
    },
}  # fmt: skip

READ = {
    "rows": {"read": 90, "accepted": 50, "rejected": 28, "duplicate": 12},
    "rejected_by_reason": {"source_too_low": 15, "until_before_date": 13},
    "notes": [
        "calls: 50 rows of 40 persons, dated 2013-01-01 to 2014-01-01, 12 with handling C",
        "a.csv: read as UTF-8",
    ],
}


def source_of(audience: AudienceName = "analyst", **other: Any) -> Source:
    of = {name: {"persons": 100, "ties": 80, "records": 90} for name in ("calls", "social_media")}
    source = Source(Path(), Audience(audience))
    source.__dict__["manifest"] = {
        "gpunet": "features",
        "config": load_config(CONFIG).as_dict(),
        "input": {"ties": READ},
        "arrests": {"persons": 500, "persons_without_arrest": 30},
        "network": {"persons": 300},
        "layers": {**of, "any": {"persons": 400, "ties": 900}},
        "outputs": {},
        **other,
    }
    return source


def section_of(source: Source) -> Section:
    found = layers(source)
    assert found is not None
    return found


def tables_of(found: Section) -> dict[str, Table]:
    return {part.name: part for part in found.parts if isinstance(part, Table)}


def words_of(found: Section, audience: AudienceName) -> str:
    html = rendered(Page("A page", (), (found,)), Audience(audience)).html.decode()
    return " ".join(re.sub("<[^>]*>", "", re.sub(r'href="data:[^"]*"', "", html)).split())


def test_every_reason_has_words() -> None:
    assert set(TIE_REASONS) == set(REASONS_OF_TIES)
    assert set(ARREST_REASONS) == set(VICTIM_REASONS) == set(REASONS)


def test_an_analyst_is_told_which_ties_count_and_why_others_do_not() -> None:
    found = section_of(source_of())
    tables = tables_of(found)
    assert tables["kinds"].data.rows() == [
        ("calls", "any, or no grade", "any, or no grade", 90.5, 730),
        ("social media", "2: untested", "B: indirect, corroborated", 365.0, 1825),
    ]
    assert tables["layers"].data["records"].to_list() == [90, 90]
    assert tables["rejected_of_ties"].data.rows() == [
        ("source_too_low", TIE_REASONS["source_too_low"], 15),
        ("until_before_date", "over before it began", 13),
    ]
    said = words_of(found, "analyst")
    assert "400 persons are tied to somebody. Of all persons 30 are known from these alone, without an arrest" in said
    assert "OP-FLOWER" in said
    assert "on an authority that ends on 2114-06-04" in said
    assert "Superintendent Ann Ode" in said
    assert "Not in use, so that rows of it are left out: rumour." in said
    assert "Kept of calls: 50 rows of 40 persons" in said
    assert "a.csv" not in said


def test_the_public_is_told_neither_task_nor_name() -> None:
    said = words_of(section_of(source_of("public")), "public")
    assert "Ties of social media were used for one task, on an authority that ends on 2114-06-04." in said
    assert not [word for word in ("FLOWER", "Ann Ode", "rejected_ties", "Kept of") if word in said]


def test_a_reason_rests_on_the_tables_of_its_layer_and_on_arrests_if_it_is_of_all() -> None:
    config = load_config({**CONFIG, "input": {"ties": ["ties.csv"]}})
    known = columns(config.sets, ["layers"], layers=config.layers)
    nobody: Any = None
    evidence = Evidence(nobody, nobody, nobody)  # of which these families need nothing
    said = {name: evidence.behind(feature) for name, feature in known.items()}
    assert {"degree__all__any", "shell__all__any", "degree__all__calls"} < set(said)
    for name, text in said.items():
        assert ("on who was arrested together and on the run's tables of other ties" in text) is name.endswith("__any")
        assert "the run's tables of other ties" in text


def test_no_section_without_tables_and_none_of_kinds_without_ties() -> None:
    assert layers(source_of(input={})) is None
    of = {**READ, "rejected_by_reason": {"recorded_before_date": 28}, "notes": []}
    found = section_of(source_of(input={"victims": of}))
    said, tables = words_of(found, "analyst"), tables_of(found)
    assert "Nobody has chosen to be a victim" in said
    assert "who is watched more" not in said
    assert "kinds" not in tables
    assert tables["rejected_of_victims"].data["words"].to_list() == ["recorded before the day of the incident"]


@given(st.integers(0, 60), st.integers(0, 60), st.lists(st.integers(0, 60), min_size=1, max_size=2), st.data())
def test_the_public_cannot_work_out_few_persons(arrested: int, alone: int, of_layers: list[int], data: Any) -> None:
    most = [arrested, *of_layers]
    union = data.draw(st.integers(max(most), sum(most)))
    found = {name: {"persons": n, "ties": n, "records": n} for name, n in zip(("a", "b"), of_layers, strict=False)}
    source = source_of(
        "public",
        arrests={"persons": 500, "persons_without_arrest": alone},
        network={"persons": arrested},
        layers={**found, "any": {"persons": union, "ties": 1}},
    )
    section = section_of(source)
    told = re.search(r"tie ([\d,]+) persons", section.lead)
    kept = tables_of(section)["layers"]
    assert kept.persons == (int(told[1]) if told else None)
    if told:
        assert all(one == union or union - one >= MIN_PERSONS for one in most if one >= MIN_PERSONS)
        if len(of_layers) == 1:  # by inclusion and exclusion
            both = arrested + of_layers[0] - union
            assert both == 0 or both >= MIN_PERSONS
    few = 0 < alone < MIN_PERSONS
    assert ("fewer than 10 are known" in section.lead) == few
    assert persons_told(source.manifest, 500 + alone, source.audience) == (None if few else 500 + alone)
    assert persons_told(source.manifest, 500 + alone, Audience()) == 500 + alone


def test_layers_with_few_persons_are_shown_to_an_analyst_alone() -> None:
    of = {"calls": {"persons": 4, "ties": 3, "records": 3}, "any": {"persons": 302, "ties": 900}}
    for audience, rows in (("analyst", 1), ("public", 0)):
        table = tables_of(section_of(source_of(audience, layers=of)))["layers"]  # type: ignore[arg-type]
        assert len(Audience(audience).shown(table.data, table.counts)) == rows  # type: ignore[arg-type]


@pytest.mark.parametrize("known", [{}, {"arrests": {"persons": 5}}])
def test_without_layers_everybody_is_told(known: dict[str, Any]) -> None:
    assert persons_told(known, 7, Audience("public")) == 7


def test_the_summary_of_flags_has_a_line_for_each(tmp_path: Path) -> None:
    raised = {"flag": "gang_tie", "persons": 3, "as_of": "2014-09-01"}
    of = {
        "runs": [{"as_of": "2014-09-01", "persons": 700}],
        "worth": [{"flag": "gang_tie", "side": "offender", "worth": "was not raised"}],
        "raised": [raised],
        "snapshots": [],
    }
    manifest = {"flags": of, "warnings": [], "outputs": {}, "execution": {"seconds": 1.0}}
    said = summarise(manifest, tmp_path).splitlines()
    assert said[:3] == [
        "flags     as of 2014-09-01, of 700 persons",
        "          gang_tie: 3 persons as of 2014-09-01",
        "            was not raised",
    ]
