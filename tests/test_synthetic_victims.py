"""The synthetic victims, and the files of all further tables."""

from __future__ import annotations

import dataclasses
import doctest
import tomllib
from collections import Counter, defaultdict
from datetime import date

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import gpunet.synthetic.further as further_module
from gpunet.base.errors import ConfigError, InputError, StorageError
from gpunet.cli.app import app
from gpunet.synthetic import (
    ActivityConfig,
    PlaceConfig,
    SyntheticConfig,
    VictimConfig,
    ViolenceConfig,
    make_arrests,
    make_ties,
    make_victims,
    write_tables,
)
from gpunet.synthetic.charges import VIOLENT
from gpunet.synthetic.plan import make_plan
from tests.test_synthetic_ties import measure

TEXTS = [text for names in VIOLENT.values() for text, _ in names]
FATAL = [text for text, _ in VIOLENT["homicide"]]
KEY = ["force", "incident_id"]
SMALL_AREAS = SyntheticConfig(places=PlaceConfig(area_persons=1_000))


@pytest.fixture(scope="module")
def rows():
    return make_arrests(5_000, 1)


@pytest.fixture(scope="module")
def victims():
    return make_victims(5_000, 1)


# --- the table --------------------------------------------------------------------------------------------------------


def test_columns_and_types(victims):
    text = pl.String()
    assert dict(victims.schema) == {
        "person_id": pl.Int64(), "incident_id": text, "date": pl.Date(), "offence": text, "recorded_at": pl.Date(),
        "force": text,
    }  # fmt: skip
    assert not any(values[0] for values in victims.null_count().to_dict(as_series=False).values())
    assert (victims["recorded_at"] >= victims["date"]).all()
    assert set(victims["offence"]) == set(TEXTS)
    assert victims.select("person_id", *KEY).is_duplicated().sum() == 0
    assert all(part["date"].is_sorted() for part in victims.partition_by("force"))


@pytest.mark.parametrize("config", [None, SMALL_AREAS])
def test_incidents_are_those_of_the_violent_arrests_and_some_without_an_arrest(config):
    rows, victims = make_arrests(4_000, 2, config), make_victims(4_000, 2, config)
    incidents = defaultdict(lambda: (set(), set(), set()))
    for person, *key, day, offence in rows.select("person_id", *KEY, "date", "offence").iter_rows():
        days, violent, offences = incidents[tuple(key)]
        days.add(day)
        if offence in TEXTS:
            violent.add(person)
            offences.add(offence)
    unsolved = defaultdict(set)
    for person, *key, day, offence in victims.select("person_id", *KEY, "date", "offence").iter_rows():
        if "-U" in key[1]:
            assert tuple(key) not in incidents
            unsolved[tuple(key)].add((day, offence))
        else:
            days, violent, offences = incidents[tuple(key)]
            assert days == {day}
            assert offence in offences
            assert person not in violent
        assert key[1].startswith(f"{day.year}-")
    assert all(len(found) == 1 for found in unsolved.values())
    solved = set(victims.filter(~pl.col("incident_id").str.contains("-U")).select(KEY).iter_rows())
    # Where the only ones found were no longer alive, an incident is left without a victim.
    assert len(solved) > 0.97 * sum(bool(violent) for _, violent, _ in incidents.values())
    assert 0.95 * 1_000 < len(unsolved) <= 1_000
    numbers = sorted(int(key[1][-6:]) for key in unsolved if key[0] == "north")
    assert numbers == list(range(1, len(numbers) + 1))


def test_victims_are_partly_of_the_arrested_and_partly_strangers(rows, victims):
    known = victims["person_id"].is_in(rows["person_id"].unique().implode()).mean()
    assert 0.5 < known < 0.75
    from_ties = set(make_ties(5_000, 1)["person_a"]) - set(rows["person_id"])
    assert from_ties & set(victims["person_id"])
    nobody = VictimConfig(known=0.0)
    strangers = make_victims(1_000, 1, SyntheticConfig(victims=nobody))["person_id"]
    assert not set(strangers) & set(make_arrests(1_000, 1)["person_id"])
    assert not set(strangers) & set(make_ties(1_000, 1)["person_a"])
    assert strangers.n_unique() < len(strangers)


def test_who_was_killed_is_not_arrested_or_a_victim_later(rows, victims):
    dead = victims.filter(pl.col("offence").is_in(FATAL)).select("person_id", died="date")
    assert len(dead) > 100
    assert dead["person_id"].is_unique().all()
    again = victims.join(dead, on="person_id").filter(pl.col("date") > pl.col("died"))
    assert len(again) == 0
    assert rows.join(dead, on="person_id").filter(pl.col("date") >= pl.col("died")).height == 0


# --- where victimisation goes -----------------------------------------------------------------------------------------


def _calls(persons, seed):
    ties = make_ties(persons, seed).filter(pl.col("kind") == "calls")
    return {tuple(sorted(pair)) for pair in ties.select("person_a", "person_b").iter_rows()}


def _z_of_pairs(pairs, among, chosen):
    """How many standard deviations more pairs have both ends among the chosen than if as many were dealt anew.

    They are dealt among persons with as many pairs.
    """
    degree = Counter(person for pair in pairs for person in pair)
    persons = np.array(sorted(among & set(degree)))
    of, rng = np.array([min(degree[person], 4) for person in persons.tolist()]), np.random.default_rng(0)
    number = {person: k for k, person in enumerate(persons.tolist())}
    ends = np.array([[number[a], number[b]] for a, b in pairs if a in number and b in number])
    is_chosen = np.isin(persons, list(chosen))
    observed = (is_chosen[ends[:, 0]] & is_chosen[ends[:, 1]]).sum()
    dealt = []
    for _ in range(200):
        again = is_chosen.copy()
        for value in np.unique(of):
            again[of == value] = rng.permutation(is_chosen[of == value])
        dealt.append((again[ends[:, 0]] & again[ends[:, 1]]).sum())
    return (observed - np.mean(dealt)) / np.std(dealt)


def test_victims_call_each_other_and_are_arrested_with_each_other(rows, victims):
    among = set(rows["person_id"])
    chosen = set(victims["person_id"])
    assert _z_of_pairs(_calls(5_000, 1), among, chosen) > 6
    together = set(measure.co_arrests(rows).select("a", "b").iter_rows())
    assert _z_of_pairs(together, among, chosen) > 3
    anyone = make_ties(5_000, 1).filter(pl.col("kind") == "social_media")
    pairs = {tuple(sorted(pair)) for pair in anyone.select("person_a", "person_b").iter_rows()}
    assert abs(_z_of_pairs(pairs, among, chosen)) < 3.5


def test_without_steps_victims_have_nothing_to_do_with_calls(rows):
    config = SyntheticConfig(victims=VictimConfig(offender=0.0, victim=0.0))
    chosen = set(make_victims(5_000, 1, config)["person_id"])
    assert _z_of_pairs(_calls(5_000, 1), set(rows["person_id"]), chosen) < 3.5


# --- settings and files -----------------------------------------------------------------------------------------------


def test_no_violence_makes_an_empty_table_of_the_same_columns(victims):
    empty = make_victims(200, 1, SyntheticConfig(violence=ViolenceConfig(rates={"robbery": 0.0})))
    assert len(empty) == 0
    assert empty.schema == victims.schema


def test_shares_over_one_are_refused():
    with pytest.raises(ConfigError, match="offender and victim are shares of the same victims"):
        VictimConfig(offender=0.6, victim=0.5)


def test_files_are_the_frames_and_the_arrests_are_those_of_today(tmp_path):
    config = dataclasses.replace(SMALL_AREAS, activity=ActivityConfig(first_day=date(2014, 7, 1)))
    assert len(make_plan(60_000, 3, config).regions) == 2
    summaries = {}
    for name, further in (("none", ()), ("both", ("victims", "ties")), ("ties", ["ties"]), ("victims", "victims")):
        summaries[name] = write_tables(tmp_path / name, 60_000, 3, config=config, further=further)
        assert not (tmp_path / name / ".partial").exists()
    arrests = sorted(path.name for path in (tmp_path / "none").iterdir())
    for name in ("both", "ties", "victims"):
        folder = tmp_path / name / "arrests"
        assert sorted(path.name for path in folder.iterdir()) == arrests
        assert all((folder / file).read_bytes() == (tmp_path / "none" / file).read_bytes() for file in arrests)
    found = {name: sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("both", "ties", "victims")}
    assert found["both"] == ["arrests", "config.toml", "ties.parquet", "victims.parquet"]
    assert found["ties"] == ["arrests", "config.toml", "ties.parquet"]
    assert found["victims"] == ["arrests", "victims.parquet"]
    for table, made in (("ties", make_ties), ("victims", make_victims)):
        file = tmp_path / "both" / f"{table}.parquet"
        assert file.read_bytes() == (tmp_path / table / f"{table}.parquet").read_bytes()
        assert pl.read_parquet(file).equals(made(60_000, 3, config))
        assert summaries["both"].further[table] == len(pl.read_parquet(file))
        assert f"{summaries['both'].further[table]:,} rows of {table}" in str(summaries["both"])
    assert summaries["none"].further == {}


def test_configuration_names_every_kind_and_who_may_watch_social_media(tmp_path):
    write_tables(tmp_path, 200, 1, further=["ties"])
    kinds = tomllib.loads((tmp_path / "config.toml").read_text(encoding="utf-8"))["ties"]
    ties = pl.read_parquet(tmp_path / "ties.parquet")
    assert set(kinds) == set(ties["kind"])
    assert all(one["use"] for one in kinds.values())
    assert [name for name, one in kinds.items() if one.get("social_media")] == ["social_media"]
    assert kinds["social_media"]["expires"] > ties["recorded_at"].max()
    assert kinds["social_media"]["task_ref"]
    assert kinds["social_media"]["authority"]


def test_what_a_killed_run_left_is_replaced(tmp_path):
    for name in ("pieces/ties-0.parquet", "arrests/north_2011-08.parquet", "victims.parquet", "config.toml"):
        (tmp_path / ".partial" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".partial" / name).write_text("half")
    write_tables(tmp_path, 200, further=["ties", "victims"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["arrests", "config.toml", "ties.parquet", "victims.parquet"]


@pytest.mark.parametrize("name", ["write_parquet", "write_whole"])
def test_a_failure_leaves_no_file(tmp_path, monkeypatch, name):
    def fails(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr(further_module, name, fails)
    with pytest.raises(StorageError, match=r"cannot write to .*: no space left on device"):
        write_tables(tmp_path / "out", 200, further=["ties", "victims"])
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command_makes_them_and_refuses_what_it_cannot(tmp_path):
    def ran(*arguments):
        return CliRunner().invoke(app, ["synth", "--persons", "200", "--out", str(tmp_path / "out"), *arguments])

    for words in ("gangs", "ties,gangs", "", "ties,"):
        with pytest.raises(
            InputError, match=r"there is no further table called .*: those to make with the arrests are"
        ):
            raise ran("--with", words).exception
    with pytest.raises(InputError, match="--with and --dirty do not go together"):
        raise ran("--with", "ties", "--dirty").exception
    assert not (tmp_path / "out").exists()
    result = ran("--with", "ties, victims")
    assert result.exit_code == 0
    assert "600 rows of ties" in result.output
    assert pl.read_parquet(tmp_path / "out" / "ties.parquet").equals(make_ties(200, 1))


@pytest.mark.parametrize("function", [make_ties, make_victims])
def test_unusable_requests_are_refused_and_the_example_runs(function):
    with pytest.raises(InputError, match="persons: expected a whole number of at least 100, not 99"):
        function(99)
    (example,) = doctest.DocTestFinder(recurse=False).find(function, globs={function.__name__: function})
    told: list[str] = []
    doctest.DocTestRunner().run(example, out=told.append)
    assert example.examples
    assert not told
    assert function(100, 1)["date"].max() <= date(2014, 8, 31)
