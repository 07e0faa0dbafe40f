"""The synthetic tables against the published figures, their mechanism, and the promises about files."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import math
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gpunet
from gpunet.base.errors import ConfigError, InputError, StorageError
from gpunet.config.offences import PRESETS, compile_taxonomy, offence_mask
from gpunet.synthetic import (
    ActivityConfig,
    CircleConfig,
    PlaceConfig,
    SyntheticConfig,
    ViolenceConfig,
    charges,
    make_arrests,
    tables,
    write_tables,
)
from gpunet.synthetic.plan import FORCES, make_plan

_SCRIPT = Path(__file__).parents[1] / "scripts" / "calibrate_synthetic.py"
_SPEC = importlib.util.spec_from_file_location("calibrate_synthetic", _SCRIPT)
measure = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(measure)

PERSONS = 9_373
NO_VIOLENCE_EFFECTS = ViolenceConfig(person=0, gang=0, beat=0, own=0, tie=0, heat=0)


@pytest.fixture(scope="module")
def rows():
    return make_arrests(PERSONS, 1)


@pytest.fixture(scope="module")
def arrests(rows):
    return measure.with_violence(rows)


@pytest.fixture(scope="module")
def ties(arrests):
    return measure.ties_of(arrests)


# --- the published figures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 7])
def test_network_has_the_published_structure(seed):
    figures = measure.structure(measure.graph_of(measure.ties_of(measure.with_violence(make_arrests(PERSONS, seed)))))
    assert figures["persons"] == PERSONS
    assert figures["ties"] == pytest.approx(17_197, rel=0.05)
    assert figures["mean_degree"] == pytest.approx(3.66, rel=0.05)
    assert figures["clustering"] == pytest.approx(0.50, abs=0.06)
    assert figures["transitivity"] == pytest.approx(0.62, abs=0.06)
    assert figures["components"] == pytest.approx(1_843, rel=0.20)
    assert figures["diameter"] == pytest.approx(36, rel=0.40)
    assert figures["mean_path"] == pytest.approx(12.2, rel=0.30)
    # Exponential: the logarithm of the share with at least k ties falls along a line in k, not in log(k).
    assert figures["r2_exponential"] > 0.975
    assert figures["r2_exponential"] > figures["r2_power_law"] + 0.05


@pytest.mark.parametrize("seed", [1, 7])
def test_records_are_as_many_as_published(seed):
    figures = measure.records(make_arrests(PERSONS, seed))
    assert figures["records"] == 64_466
    assert figures["one_time"] == 12_866
    published = {
        "homicide": 312,
        "criminal_sexual_assault": 153,
        "robbery": 1_959,
        "aggravated_assault": 1_441,
        "aggravated_battery": 896,
    }
    for offence, count in published.items():
        assert figures[offence] == pytest.approx(count, rel=0.10), offence


def test_figures_hold_per_person_at_other_sizes():
    rows = make_arrests(20_000, 3)
    arrests = measure.with_violence(rows)
    graph = measure.graph_of(measure.ties_of(arrests))
    figures = measure.structure(graph, paths=False) | measure.records(rows)
    scale = 20_000 / PERSONS
    assert figures["persons"] == 20_000
    assert figures["mean_degree"] == pytest.approx(3.66, rel=0.05)
    assert figures["clustering"] == pytest.approx(0.50, abs=0.06)
    assert figures["transitivity"] == pytest.approx(0.62, abs=0.06)
    assert figures["components"] == pytest.approx(1_843 * scale, rel=0.20)
    assert figures["records"] == round(64_466 * scale)
    assert figures["one_time"] == pytest.approx(12_866 * scale, rel=0.001)
    assert figures["robbery"] == pytest.approx(1_959 * scale, rel=0.10)
    # Two areas: visitors join their large components to one, of more persons than an area has.
    assert figures["largest"] > 0.45 * 20_000
    assert rows["force"].n_unique() == 4


def test_winter_has_fewer_arrests(arrests):
    per_day = arrests.group_by("date").len().with_columns(pl.col("date").dt.month().alias("month"))
    monthly = dict(per_day.group_by("month").agg(pl.col("len").mean()).iter_rows())
    assert set(monthly) == set(range(1, 13))
    others = [monthly[month] for month in range(3, 12)]
    assert max(monthly[12], monthly[1], monthly[2]) < 0.9 * min(others)


# --- the columns ------------------------------------------------------------------------------------------------------


def test_columns_types_and_nulls(rows):
    text = pl.String()
    assert dict(rows.schema) == {
        "person_id": pl.Int64(), "incident_id": text, "date": pl.Date(), "offence": text, "district": text,
        "beat": text, "gang": text, "force": text,
    }  # fmt: skip
    share = {name: values[0] / len(rows) for name, values in rows.null_count().to_dict(as_series=False).items()}
    assert {name for name, value in share.items() if value > 0} == {"offence", "beat", "gang"}
    assert share["offence"] < 0.01
    assert share["beat"] < 0.02
    assert 0.2 < share["gang"] < 0.6
    assert not rows.is_duplicated().any()
    assert (rows["date"].min(), rows["date"].max()) == (date(2011, 8, 1), date(2014, 8, 31))


def test_every_row_is_accepted(tmp_path):
    write_tables(tmp_path / "arrests", 500, 5)
    read = gpunet.read_arrests(tmp_path / "arrests").report.files
    assert sum(file.read for file in read) == len(make_arrests(500, 5))
    assert all(file.accepted == file.read for file in read)


def test_an_incident_is_in_one_place_at_one_date(rows):
    places = rows.group_by("force", "incident_id").agg(pl.col("date", "district").n_unique())
    assert places["date"].max() == 1
    assert places["district"].max() == 1
    assert rows.group_by("district").agg(pl.col("force").n_unique())["force"].max() == 1
    assert rows.drop_nulls("beat").select(pl.col("beat").str.starts_with(pl.col("district"))).to_series().all()


def test_second_charges_are_rows_of_the_same_arrest(rows):
    charges_each = rows.group_by("person_id", "force", "incident_id").len()
    assert set(charges_each["len"]) == {1, 2}
    assert charges_each.filter(pl.col("len") == 2).height == round(0.02 * 64_466)


def test_offence_texts_are_of_their_set_and_no_other():
    taxonomy = PRESETS["fbi_index"]
    compiled = compile_taxonomy(taxonomy)
    assert set(charges.VIOLENT) == set(taxonomy)
    expected = {text: 1 << list(taxonomy).index(name) for name, texts in charges.VIOLENT.items() for text, _ in texts}
    assert {text: offence_mask(text, compiled) for text in charges.OFFENCES} == {
        text: expected.get(text, 0) for text in charges.OFFENCES
    }
    assert len(expected) < len(charges.OFFENCES)


def test_all_offences_occur(rows):
    assert set(rows["offence"].drop_nulls()) == set(charges.OFFENCES) - {"DISORDERLY CONDUCT"}  # no mass arrest here


def test_some_people_are_arrested_by_two_forces(rows, arrests):
    assert set(rows["force"]) == {"north", "south", "east"}
    forces = arrests.group_by("person_id").agg(pl.col("force").n_unique(), pl.len()).filter(pl.col("len") > 1)
    assert 0.02 < (forces["force"] > 1).mean() < 0.25


def test_gangs_are_recorded_for_members_and_a_few_change(rows):
    known = rows.drop_nulls("gang").group_by("person_id").agg(pl.col("gang").n_unique(), pl.len())
    several = known.filter(pl.col("len") > 1)
    assert 0 < (several["gang"] > 1).mean() < 0.05
    assert 20 < rows["gang"].drop_nulls().n_unique() < 80


def test_gang_members_are_tied_to_each_other(rows, ties):
    gang = rows.drop_nulls("gang").group_by("person_id").agg(pl.col("gang").first())
    both = ties.join(gang, left_on="person_a", right_on="person_id").join(
        gang, left_on="person_b", right_on="person_id", suffix="_b"
    )
    same = (both["gang"] == both["gang_b"]).mean()
    by_chance = (gang["gang"].value_counts()["count"] / len(gang)).pow(2).sum()
    assert same > 5 * by_chance


def test_same_people_are_arrested_together_again(arrests, ties):
    groups = arrests.group_by("force", "incident_id").agg(pl.col("person_id").sort(), pl.len())
    pairs = groups.filter(pl.col("len") == 2)["person_id"].to_list()
    assert sum(count > 1 for count in Counter(map(tuple, pairs)).values()) > 100


def test_mass_arrests_are_larger_than_the_cap():
    config = SyntheticConfig(activity=ActivityConfig(mass_arrests=1 / 1_000))
    sizes = measure.with_violence(make_arrests(3_000, 2, config)).group_by("force", "incident_id").len()
    large = sizes.filter(pl.col("len") > 50)["len"]
    assert len(large) == 3
    assert large.is_between(60, 160).all()
    assert sizes.filter(pl.col("len") <= 50)["len"].max() <= CircleConfig().max_size


# --- how violence spreads ---------------------------------------------------------------------------------------------


def _violent_alone(arrests):
    """Per person: arrests alone and violent ones among them (one incident never counts for two persons)."""
    alone = arrests.filter(pl.len().over("force", "incident_id") == 1)
    return alone.group_by("person_id").agg(pl.len().alias("arrests"), pl.col("violent").sum())


def _tie_z(arrests, ties, rounds=100):
    """How many standard deviations violent persons are tied to each other more than if violence were dealt anew.

    It is dealt among persons with the same number of arrests alone, so that activity explains nothing.
    """
    people = _violent_alone(arrests).sort("arrests", "person_id").with_row_index("code")
    codes = people.select("person_id", pl.col("code").cast(pl.Int64))
    ends = ties.join(codes, left_on="person_a", right_on="person_id").join(
        codes, left_on="person_b", right_on="person_id", suffix="_b"
    )
    a, b = ends["code"].to_numpy(), ends["code_b"].to_numpy()
    violent = people["violent"].to_numpy().astype(float)
    cuts = np.flatnonzero(np.diff(people["arrests"].to_numpy())) + 1
    rng = np.random.default_rng(0)
    dealt = []
    for _ in range(rounds):
        again = np.concatenate([rng.permutation(part) for part in np.split(violent, cuts)])
        dealt.append((again[a] * again[b]).sum())
    return ((violent[a] * violent[b]).sum() - np.mean(dealt)) / np.std(dealt)


def _beat_z(arrests):
    """How many standard deviations violence is more uneven over beats than if it fell on any arrest alike."""
    beats = arrests.drop_nulls("beat").group_by("force", "beat").agg(pl.len(), pl.col("violent").sum())
    rate = beats["violent"].sum() / beats["len"].sum()
    expected = beats["len"] * rate
    chi2 = ((beats["violent"] - expected) ** 2 / (expected * (1 - rate))).sum()
    return (chi2 - (len(beats) - 1)) / math.sqrt(2 * (len(beats) - 1))


def _person_ratio(arrests):
    """Violent share of arrests alone in the second half for persons violent in the first, over that of the others."""
    alone = arrests.filter(pl.len().over("force", "incident_id") == 1)
    early = alone.filter(pl.col("date") < date(2013, 2, 15))
    late = alone.filter(pl.col("date") >= date(2013, 2, 15)).join(early.select("person_id").unique(), on="person_id")
    before = late["person_id"].is_in(early.filter("violent")["person_id"].unique().to_list())
    return late.filter(before)["violent"].mean() / late.filter(~before)["violent"].mean()


def test_violence_spreads_along_ties_in_places_and_by_person(arrests, ties):
    assert _tie_z(arrests, ties) > 15
    assert _beat_z(arrests) > 30
    assert _person_ratio(arrests) > 1.8


def test_without_effects_violence_falls_on_any_arrest():
    arrests = measure.with_violence(make_arrests(PERSONS, 1, SyntheticConfig(violence=NO_VIOLENCE_EFFECTS)))
    ties = measure.ties_of(arrests)
    assert abs(_tie_z(arrests, ties)) < 3.5
    # Participants of one violent incident are violent in the same beat, which alone makes beats a little uneven.
    assert _beat_z(arrests) < 10
    assert _person_ratio(arrests) < 1.25


def test_a_forecast_finds_it_and_ties_add_to_the_own_record(arrests):
    figures = measure.forecast(arrests)
    assert figures["auc_own_ties_beat"] > 0.72
    assert figures["auc_tied_ties"] > 0.62
    assert figures["auc_tied_own_ties"] > figures["auc_tied_own"] + 0.01


@pytest.mark.parametrize("wanted", [0, 600])
def test_number_of_violent_arrests_follows_the_settings(wanted):
    config = SyntheticConfig(violence=ViolenceConfig(rates={"robbery": wanted / 2_000}))
    counts = measure.violent_counts(make_arrests(2_000, 1, config))
    assert counts.pop("robbery") == pytest.approx(wanted, rel=0.03)
    assert not any(counts.values())


# --- files ------------------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        write_tables(tmp_path / name, 1_000, seed)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert [p.name for p in sorted((tmp_path / "b").iterdir())] == files
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert any((tmp_path / "a" / f).read_bytes() != (tmp_path / "c" / f).read_bytes() for f in files)


def test_files_hold_all_rows_by_force_and_month_in_date_order(tmp_path):
    # Small areas, so that there are several regions.
    config = SyntheticConfig(places=PlaceConfig(area_persons=2_000))
    seen = []
    summary = write_tables(
        tmp_path, 35_000, 2, progress=lambda stage, done, total: seen.append((done, total)), config=config
    )
    assert len(make_plan(35_000, 2, config).regions) == 1
    parts = []
    for path in sorted(tmp_path.iterdir()):
        force, month = path.stem.split("_")
        part = pl.read_parquet(path)
        assert set(part["force"]) == {force}
        assert set(part["date"].dt.strftime("%Y-%m")) == {month}
        assert part["date"].is_sorted()
        parts.append(part)
    together = pl.concat(parts)
    assert summary.files == len(parts) == 37 * summary.forces
    assert together.sort(together.columns).equals(make_arrests(35_000, 2, config).sort(together.columns))
    assert len(seen) == 18
    assert seen[-1][0] == seen[-1][1]


def test_summary_counts_what_was_written(tmp_path):
    config = SyntheticConfig(places=PlaceConfig(area_persons=1_000), circles=CircleConfig(visitors=0.02))
    summary = write_tables(tmp_path, 60_000, 3, config=config)
    assert len(make_plan(60_000, 3, config).regions) == 2
    figures = measure.records(pl.read_parquet(tmp_path / "*.parquet"))
    assert {name: figures[name] for name in ("people", "records", "one_time")} == {
        name: getattr(summary, name) for name in ("people", "records", "one_time")
    }
    assert summary.violent == {name: figures[name] for name in summary.violent}
    assert f"{figures['records']:,} records" in str(summary)


def test_more_persons_than_a_network_can_have(tmp_path):
    for persons in (2**31, 10**30):
        with pytest.raises(InputError, match=rf"persons: a network has at most 2,147,483,647, not {persons:,}"):
            write_tables(tmp_path / "tables", persons=persons)


def test_smallest_tables_are_whole():
    rows = make_arrests(tables.FEWEST_PERSONS, 1)
    assert measure.graph_of(measure.ties_of(measure.with_violence(rows))).vcount() == tables.FEWEST_PERSONS
    assert len(rows) == 688


def test_folder_with_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"already holds files \(mine.txt\)"):
        write_tables(tmp_path, 200)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_what_a_killed_run_left_is_replaced(tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "north_2011-08.parquet").write_text("half")
    write_tables(tmp_path, 200)
    assert not (tmp_path / ".partial").exists()
    assert {p.suffix for p in tmp_path.iterdir()} == {".parquet"}


def test_a_failure_leaves_no_file(tmp_path, monkeypatch):
    written = []

    def fail_at_the_third(path, frame):
        written.append(path)
        if len(written) == 3:
            raise OSError("no space left on device")
        path.write_bytes(b"")

    monkeypatch.setattr(tables, "write_parquet", fail_at_the_third)
    with pytest.raises(StorageError, match=r"cannot write to .*: no space left on device"):
        write_tables(tmp_path / "out", 200)
    assert list((tmp_path / "out").iterdir()) == []


def test_unusable_requests_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot use .*file as the folder"):
        write_tables(tmp_path / "file", 200)
    for arguments, message in (
        ((99, 1), "persons: expected a whole number of at least 100, not 99"),
        ((1e3, 1), "persons: expected a whole number"),
        ((200, -1), "seed: expected a whole number of at least 0, not -1"),
        ((True, 1), "persons: expected a whole number"),
    ):
        with pytest.raises(InputError, match=message):
            make_arrests(*arguments)
        with pytest.raises(InputError, match=message):
            write_tables(tmp_path / "never", *arguments)
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        ("circles", "pair_share", 1.5, "circles.pair_share: must be at most 1, not 1.5"),
        ("violence", "tie", -0.1, "violence.tie: must be at least 0, not -0.1"),
        ("circles", "max_size", 51, "circles.max_size: must be at most 50"),
        ("places", "district_beats", 0, "places.district_beats: must be at least 1"),
        ("activity", "months", (1.0,), "activity.months: must have at least 12 items, not 1"),
        ("activity", "last_day", date(2011, 1, 1), "last_day is before first_day"),
        ("violence", "rates", {"arson": 0.1}, r"rates\.arson: no violent set"),
    ],
)
def test_settings_that_make_no_sense_are_refused(part, key, value, message):
    config = SyntheticConfig()
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(config, **{part: dataclasses.replace(getattr(config, part), **{key: value})})


# --- the plan ---------------------------------------------------------------------------------------------------------


@given(st.integers(100, 30_000_000))
def test_plan_divides_everything_exactly(persons):
    config = SyntheticConfig()
    plan = make_plan(persons, 1, config)
    areas = plan.areas
    assert [area.index for area in areas] == list(range(len(areas)))
    assert sum(area.persons for area in areas) == persons
    assert sum(area.records for area in areas) == round(config.activity.records * persons)
    assert sum(area.one_time for area in areas) == round(config.activity.one_time * persons)
    for k, rate in enumerate(config.violence.rates.values()):
        assert sum(area.violent[k] for area in areas) == round(rate * persons)
    assert all(a.first + a.capacity == b.first for a, b in itertools.pairwise(areas))
    forces = [force for region in plan.regions for force in region.forces]
    assert forces == list(range(len(forces)))
    assert 3 <= len(forces) <= len(FORCES) == len(set(FORCES)) == 43
    assert all(len(region.forces) >= 2 for region in plan.regions)
    assert math.gcd(plan.id_step, plan.numbers) == 1
    assert plan.id_step * plan.numbers < 2**63
