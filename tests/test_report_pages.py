"""Whole pages of runs on tables full of what must not run, for analysts and for the public."""

from __future__ import annotations

import json
import re
import shutil

import polars as pl
import pytest
from report_pages import HOSTILE, assert_harmless, assert_public, hostile_arrests, hostile_run, manifest_of

from gpunet.base.errors import InputError
from gpunet.report.asked import asked
from gpunet.report.audience import Audience
from gpunet.report.computed import computed
from gpunet.report.figure import Page
from gpunet.report.limits import limits
from gpunet.report.page import Rendered, rendered
from gpunet.report.pages import SectionOf, page_of
from gpunet.report.source import Source
from tests.run_processes import finish, start


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return hostile_run(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def analyst(run):
    return page(run, "analyst")


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


def page(folder, audience: str, *sections: SectionOf) -> Rendered:
    """The whole page, or one of some sections."""
    source = Source(folder, Audience(audience))
    whole = Page("Some", (), tuple(of(source) for of in sections)) if sections else page_of(source)
    return rendered(whole, source.audience)


#: All that is wrong with a run, in names that are wrong too, and numbers that are small.
WRONG = {
    "warnings": [f'file "{name}" has 3 rows of person 12345' for name in HOSTILE],
    "completeness": {"as_of": "2014-08-01", "last_date": "2014-08-01", "days_beyond": 3, "late": []},
}


def test_the_page_of_hostile_tables_runs_nothing_and_shows_their_names(analyst):
    shown = assert_harmless(analyst.html)
    assert "<img src=x onerror=alert(1)> =cmd().parquet" in shown.text
    assert [level for level, _ in shown.elements if level == "h1"] == ["h1"]
    assert not any(re.search(rb"(^|[,\n])[=+@]", data) for data in analyst.figures.values())


def test_the_public_is_told_no_id_no_name_and_no_small_number(run):
    arrests = hostile_arrests()
    secrets = (
        {f"~{name[0]}" for name in arrests.columns}
        | {"cmd().parquet", "onerror"}
        | {value.split("~")[1] + "~" for value in arrests["person_id"].unique()}
    )
    found = page(run, "public")
    assert_public(found.html, found.figures, secrets)


def test_everything_that_can_be_wrong_is_told_and_the_public_gets_no_number_of_it(copied):
    manifest = json.loads((copied / "run.json").read_text())
    rows = manifest["input"]["rows"]
    wrong = {
        **manifest["input"],
        "rows": {"read": rows["read"] + 8, "accepted": rows["read"], "rejected": 7, "duplicate": 1},
        "rejected_by_reason": {"bad_date": 4, "missing_person": 3},
        "left_out": [{"name": name, "reason": "x", "bytes": 1, "sha256": None} for name in HOSTILE],
        "protected_columns_dropped": ["sex", HOSTILE[0]],
        "null_words": {HOSTILE[1]: {HOSTILE[2]: 5}},
    }
    arrests = {**manifest["arrests"], "undated_arrests": 6}
    manifest_of(copied, **WRONG, input=wrong, arrests=arrests)
    text = assert_harmless(page(copied, "analyst", asked, limits, computed).html).text
    for said in (
        "a date that cannot be read",
        "6 arrests have no date",
        "10 files could not be read",
        "no person",
        "=cmd()",
    ):
        assert said in text
    found = page(copied, "public", asked, limits, computed)
    assert_public(found.html, found.figures, {"onerror", "cmd()", "12345"})
    assert "Fewer than 10 arrests have no date" in assert_harmless(found.html).text
    # Seven rejected and one duplicate are eight of a total that is told: no other row can be told beside it.
    assert found.figures["figures/rows_read.csv"].decode() == "fate,rows\n"
    assert f"{rows['read'] + 8:,} rows" in assert_harmless(found.html).text


def test_reasons_do_not_tell_of_few_rows_left_out(copied):
    manifest = json.loads((copied / "run.json").read_text())
    rows = {"read": 520, "accepted": 500, "rejected": 15, "duplicate": 5}
    manifest_of(copied, input={**manifest["input"], "rows": rows, "rejected_by_reason": {"bad_date": 15}})
    assert "figures/rows_rejected.csv" in page(copied, "analyst", asked).figures
    assert "figures/rows_rejected.csv" not in page(copied, "public", asked).figures


def test_one_incident_has_more_persons_than_the_cap(copied):
    network = json.loads((copied / "run.json").read_text())["network"]
    manifest_of(copied, network={**network, "incidents_over_max_size": network["incidents_over_max_size"][:1]})
    assert "1 incident has more persons" in assert_harmless(page(copied, "analyst", asked).html).text
    assert "Fewer than 10 incidents have more" in assert_harmless(page(copied, "public", asked).html).text


def test_the_same_folder_gives_the_same_bytes(run, analyst):
    assert page(run, "analyst") == analyst


def test_small_shares_of_the_first_hundred_are_not_told(copied):
    manifest = json.loads((copied / "run.json").read_text())
    for share, analyst, public in (
        (0.03, "3", "fewer than 10"), (0.97, "97", "more than 90"), (0.49, "49", "49"),
        (0.098, "9.8", "fewer than 10"), (0.902, "90.2", "more than 90"), (0.004, "0.4", "fewer than 10"),
    ):  # fmt: skip
        manifest["model"]["results"]["model"]["precision_top_100"] = share
        manifest_of(copied, model=manifest["model"])
        for audience, said in (("analyst", analyst), ("public", public)):
            text = assert_harmless(page(copied, audience, limits).html).text
            assert f"test window, {said} were arrested for violence in it" in text


def test_incidents_over_the_cap_are_listed_for_analysts_alone(run, analyst):
    over = json.loads((run / "run.json").read_text())["network"]["incidents_over_max_size"]
    assert over
    listed = pl.read_csv(analyst.figures["figures/incidents_over.csv"])
    assert listed["persons"].sum() == sum(one["persons"] for one in over)
    assert "figures/incidents_over.csv" not in page(run, "public", asked).figures


SNAPSHOTS = [
    {"as_of": "2014-01-01", "rows": 310, "positives": 12, "label_complete": True},
    {"as_of": "2014-02-01", "rows": 320, "positives": 7, "label_complete": True},
    {"as_of": "2014-03-01", "rows": 330, "positives": 25, "label_complete": False},
]


def test_a_panel_is_told_day_by_day(copied):
    verified = [{"as_of": "2014-01-01"}]
    panel = {"unit": "person", "horizon_days": 90, "verified": verified, "snapshots": SNAPSHOTS}
    manifest_of(copied, gpunet="panel", panel=panel)
    found = page(copied, "analyst")
    text = assert_harmless(found.html).text
    assert "A row for each person on 3 days, from 2014-01-01 to 2014-03-01" in text
    assert "1 day of these were computed again" in text
    assert pl.read_csv(found.figures["figures/snapshots.csv"]).equals(pl.DataFrame(SNAPSHOTS))
    found = page(copied, "public")
    assert_public(found.html, found.figures, set())
    assert found.figures["figures/snapshots.csv"].count(b"\n") == 2


def test_what_has_no_page_is_an_error(copied, monkeypatch):
    monkeypatch.setattr("gpunet.report.pages._SECTIONS", {"features": (asked,)})
    with pytest.raises(InputError, match="gpunet run has no report; there is one of features"):
        page(copied, "analyst")


def test_another_process_makes_the_same_bytes(copied):
    """In which sets and dictionaries of texts may have another order."""
    done = finish(start("report", copied))
    assert done.returncode == 0, done.stderr
    here = page(copied, "analyst")
    assert (copied / "report.html").read_bytes() == here.html
    assert {name: (copied / name).read_bytes() for name in here.figures} == here.figures
