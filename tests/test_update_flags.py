"""Flags in the table of what moved: those of ``gpunet flags`` of both runs, and how they differ."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from gpunet.cli.flags import run_flags
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.cli.updates import run_update
from tests.updating import CONFIG, KINDS, more_rows, random_rows, random_ties, random_victims, write

OPTIONS = RunOptions(threads=2)
DAYS = date(2014, 1, 1), date(2014, 1, 8)


def flags_in(run, out):
    """What ``gpunet flags`` says of a run: persons and flags."""
    run_flags([run], out)
    return set(pl.read_parquet(out / "flags.parquet").select("person_id", "flag").rows())


def told(folder):
    changes = pl.read_parquet(folder / "changes.parquet").filter(pl.col("column").str.starts_with("flag:"))
    return {
        (person, column.removeprefix("flag:"), before, after) for person, column, before, after, _ in changes.rows()
    }


def expected(before, now, was):
    """The rows that there should be, but for persons who are gone."""
    raised = {(person, flag, 0.0 if person in was else None, 1.0) for person, flag in now - before}
    return raised | {(person, flag, 1.0, 0.0) for person, flag in before - now}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("columns", [{"gang": True, "recorded_at": True}, {"text": True, "force": True}])
def test_flags_that_moved_are_those_of_gpunet_flags(tmp_path, kept, columns):
    random = np.random.default_rng(2)
    rows = random_rows(random, 300, 80, **columns)
    new = more_rows(random, rows, 30, 80, **columns)  # some of them of days long before
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", new)
    options = replace(OPTIONS, keep_state=kept)
    run_features(old, tmp_path / "run", CONFIG, DAYS[0], options)
    run_features([old, new], tmp_path / "full", CONFIG, DAYS[1], options)
    run_update(tmp_path / "run", tmp_path / "out", [new], DAYS[1], OPTIONS)
    before, now = flags_in(tmp_path / "run", tmp_path / "a"), flags_in(tmp_path / "full", tmp_path / "b")
    was = set(pl.read_parquet(tmp_path / "run" / "features.parquet")["person_id"])
    wanted = expected(before, now, was)
    assert len(wanted) > 5
    assert told(tmp_path / "out") == wanted


@pytest.mark.parametrize("had", [False, True])
def test_flags_of_victims_are_told_apart(tmp_path, had):
    random = np.random.default_rng(3)
    rows = random_rows(random, 300, 80)
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", more_rows(random, rows, 20, 80))
    victims = [write(tmp_path / f"v{i}.csv", random_victims(random, rows, 60, 80)) for i in range(2)]
    ties = write(tmp_path / "ties.csv", random_ties(random, 40, 80))
    config = {**CONFIG, "ties": KINDS, "input": {"victims": victims[: int(had)], "ties": [ties]}}
    run_features(old, tmp_path / "run", config, DAYS[0], OPTIONS)
    run_update(tmp_path / "run", tmp_path / "out", [new], DAYS[1], OPTIONS, victims=victims[1:])
    before, now = flags_in(tmp_path / "run", tmp_path / "a"), flags_in(tmp_path / "out", tmp_path / "b")
    was = set(pl.read_parquet(tmp_path / "run" / "features.parquet")["person_id"])
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    of_victims = {name for name in set(changes["column"]) if name.startswith("victim_flag:")}
    assert of_victims == {"victim_flag:victim_violence_nearby"}
    found = {(person, name.split(":")[1], old, new) for person, name, old, new, _ in changes.rows() if "flag:" in name}
    assert found == expected(before, now, was)


def test_ids_within_forces_and_a_file_that_is_there_already(tmp_path):
    random = np.random.default_rng(4)
    rows = [{**row, "force": row["force"] or "east"} for row in random_rows(random, 200, 64, force=True)]
    old, new = write(tmp_path / "old.csv", rows[:150]), write(tmp_path / "new.csv", rows[150:])
    for name, config in (("force", {**CONFIG, "input": {"person_scope": "force"}}), ("plain", CONFIG)):
        place = tmp_path / name
        run_features(old, place / "run", config, DAYS[0], OPTIONS)
        run_update(place / "run", place / "out", [new, old], DAYS[1], OPTIONS)
        was = set(pl.read_parquet(place / "run" / "features.parquet")["person_id"])
        before, now = flags_in(place / "run", place / "a"), flags_in(place / "out", place / "b")
        assert told(place / "out") == expected(before, now, was)


def test_where_flags_are_not_compared(tmp_path):
    random = np.random.default_rng(5)
    rows = random_rows(random, 120, 40)
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", more_rows(random, rows, 20, 40))
    unknown = {**CONFIG, "flags": {"near": {"trigger": "violence_nearby", "sets": ["arson"]}}}
    bare = {"input": {"columns": {"offence": ""}}}
    for name, config, day in (("no day", CONFIG, None), ("no set", unknown, DAYS[0]), ("no offences", bare, DAYS[0])):
        run_features(old, tmp_path / name / "run", config, day, OPTIONS)
        run_update(tmp_path / name / "run", tmp_path / name / "out", [new], day and DAYS[1], OPTIONS)
        assert not told(tmp_path / name / "out")


def test_a_forecast_tells_of_flags_of_its_side(tmp_path):
    random = np.random.default_rng(6)
    rows = random_rows(random, 500, 160)
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", more_rows(random, rows, 40, 160))
    victims = write(tmp_path / "victims.csv", random_victims(random, rows, 150, 160))
    ties = write(tmp_path / "ties.csv", random_ties(random, 30, 160))
    trigger = {"trigger": "violence_nearby", "sets": ["violent"]}
    flags = {"one": trigger, "other": {**trigger, "side": "victim"}}
    kinds = {kind: {"use": True} for kind in ("calls", "observation", "gossip")}
    config = {**CONFIG, "input": {"victims": [victims], "ties": [ties]}, "ties": kinds, "flags": flags}
    for side, column in (("offender", "flag:one"), ("victim", "victim_flag:other")):
        place = tmp_path / side
        asked = {**config, "model": {**CONFIG["model"], "side": side}}
        run_forecast([old], place / "run", asked, DAYS[0], OPTIONS)
        run_update(place / "run", place / "out", [new], DAYS[1], OPTIONS)
        columns = set(pl.read_parquet(place / "out" / "changes.parquet")["column"])
        assert {name for name in columns if "flag" in name} == {column}
