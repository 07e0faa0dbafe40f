"""Several charges in one cell: they are told of, and read as charges where ``[input] offence_separator`` says so."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from offence_wordings import WORDINGS
from typer.testing import CliRunner

from gpunet.base.errors import ConfigError
from gpunet.cli.app import app
from gpunet.cli.check import check_tables
from gpunet.config.config import load_config
from gpunet.config.offences import PRESETS, preset_of
from gpunet.reading import read_arrests
from gpunet.reading.report import offences_table
from gpunet.reading.several_charges import several_charges

HOME_OFFICE = {"violent_offences": {"preset": "home_office"}}


def told(texts: list[str], preset: str = "home_office") -> str:
    """What is said of offences, a row each."""
    config = load_config({"violent_offences": {"preset": preset}})
    return "".join(advice.about for advice in several_charges(offences_table(dict.fromkeys(texts, 1), config), config))


@pytest.mark.parametrize(
    ("text", "between"),
    [
        ("S.18 GBH Wounding; Criminal damage", '";"'),
        ("Criminal damage|S.18 GBH Wounding", '"|"'),
        ("Wounding\nCriminal damage", "a line break"),
        ("Murder; Threats to kill", '";"'),
        ("Assault occasioning actual bodily harm, Common assault", '", "'),
        ("GBH with intent / Driving whilst disqualified", '" / "'),
        ("S.18 GBH Wounding; Burglary - residential", '";"'),
    ],
)
def test_charges_that_hide_each_other_are_told_of(text: str, between: str) -> None:
    assert told([text]).startswith(
        f"1 offence text (1 row) looks like several charges in one cell, with {between} between them"
    )


def test_charges_that_make_violence_together_and_none_by_themselves_are_told_of() -> None:
    assert told(["Common assault; Possession of a firearm"], "fbi_index")


def test_a_part_of_one_word_counts_where_the_tables_have_it_as_an_offence() -> None:
    assert not told(["ABH, knife"])
    assert told(["ABH, Common assault", "ABH"])


@pytest.mark.parametrize(
    "text",
    [
        "Burglary, dwelling", "Possession w/intent", "Rape, statutory", "Murder, conspiracy to commit",
        "Robbery / No Weapon", "Murder, accessory after the fact", "Common assault; Theft", "Robbery; Theft", "Robbery",
    ],
)  # fmt: skip
def test_single_charges_and_charges_that_hide_nothing_are_not_told_of(text: str) -> None:
    assert not told([text])


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("wordings", WORDINGS)
def test_no_wording_of_an_official_list_is_taken_for_several_charges(preset: str, wordings: str) -> None:
    texts = [line.strip() for of_set in WORDINGS[wordings].values() for line in of_set.splitlines() if line.strip()]
    assert not told(texts, preset)


def tables(folder: Path, offences: list[str]) -> str:
    rows = [f"p{i},i{i // 2},2013-02-0{i + 1},{offence}\n" for i, offence in enumerate(offences)]
    (folder / "a.csv").write_text("person_id,incident_id,date,offence\n" + "".join(rows))
    return str(folder / "a.csv")


def test_every_command_that_reads_warns_and_never_shows_the_offence(tmp_path: Path) -> None:
    path = tables(tmp_path, ["S.18 GBH Wounding; Criminal damage"] * 6)
    (tmp_path / "c.toml").write_text('[violent_offences]\npreset = "home_office"\n')
    report = read_arrests(path, HOME_OFFICE).report
    assert report is not None
    (warning,) = (text for text in report.warnings if "several charges" in text)
    assert warning == (
        '1 offence text (6 rows) looks like several charges in one cell, with ";" between them, so that what one '
        "charge is not hides what another is: have one charge a row in the tables; or if each part of such a text is "
        'a charge, write [input] offence_separator = ";"'
    )
    options = ["features", path, "--config", str(tmp_path / "c.toml"), "--out", str(tmp_path / "o")]
    assert CliRunner().invoke(app, options).exit_code == 0
    assert warning in json.loads((tmp_path / "o" / "run.json").read_text())["warnings"]
    found, toml = check_tables([path], HOME_OFFICE)
    assert warning in found["warnings"]
    assert '# offence_separator = ";"' in toml.splitlines()


def test_with_a_separator_each_charge_is_as_a_row_of_its_own(tmp_path: Path) -> None:
    config = {**HOME_OFFICE, "input": {"offence_separator": [";", " / "]}}
    joined = read_arrests(tables(tmp_path, ["GBH with intent; Criminal damage", "Theft / Robbery;", "Theft"]), config)
    (tmp_path / "rows").mkdir()
    rows = "p0,i0,2013-02-01,GBH with intent\np0,i0,2013-02-01,Criminal damage\np1,i0,2013-02-02,Theft\n"
    rows += "p1,i0,2013-02-02,Robbery\np2,i1,2013-02-03,Theft\n"
    (tmp_path / "rows" / "a.csv").write_text("person_id,incident_id,date,offence\n" + rows)
    split = read_arrests(str(tmp_path / "rows"), HOME_OFFICE)
    assert joined.offences.tolist() == split.offences.tolist() == [8, 4, 0]
    assert joined.report is not None
    assert split.report is not None
    assert joined.report.offences.to_dict(as_series=False) == split.report.offences.to_dict(as_series=False)
    assert not [text for text in joined.report.warnings if "several charges" in text]


def test_a_text_of_separators_alone_stays_what_it_is() -> None:
    config = load_config({"input": {"offence_separator": ";"}})
    assert offences_table({";": 2, None: 1}, config)["text"].to_list() == [";", None]


def test_the_separator_is_part_of_what_features_mean_and_of_a_run_only_where_it_is_given() -> None:
    given, plain = load_config({"input": {"offence_separator": ";"}}), load_config()
    assert given.feature_settings()["[input] offence_separator"] == [";"]
    assert plain.feature_settings()["[input] offence_separator"] == []
    assert "offence_separator" not in plain.as_dict()["input"]
    assert load_config(given.as_dict()) == given
    with pytest.raises(ConfigError, match="a text between two charges cannot be empty"):
        load_config({"input": {"offence_separator": ""}})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_known_by_its_sets(name: str) -> None:
    assert preset_of(load_config({"violent_offences": {"preset": name}}).violent_offences) == name
    assert preset_of({**PRESETS[name], "more": ("*x*",)}) is None


def test_rows_are_counted_once_where_a_charge_stands_twice_in_a_cell() -> None:
    config = load_config({"input": {"offence_separator": ";"}})
    table = offences_table({"Theft; Theft": 3, "Theft": 1}, config).to_arrow()
    assert table.select(["text", "rows"]) == pa.table(
        {"text": pa.array(["Theft"], pa.large_string()), "rows": pa.array([4], pa.int64())}
    )
