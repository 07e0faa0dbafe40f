"""An update equals the run on all files, byte for byte."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.arrests.network import network_from_edges
from gpunet.base.errors import InputError
from gpunet.cli.app import main
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.updates.components import _little_can_be_saved
from tests.updating import CONFIG, assert_same_run, more_rows, random_rows, taking_all, write

OPTIONS = RunOptions(threads=2)

COLUMNS = st.fixed_dictionaries(
    {name: st.booleans() for name in ("force", "gang", "beat", "recorded_at", "text", "undated")}
)


@settings(max_examples=14)
@given(
    seed=st.integers(0, 10**6),
    columns=COLUMNS,
    suffix=st.sampled_from(["csv", "parquet"]),
    days=st.sampled_from([(None, None), ("2014-01-01", "2014-01-02"), (None, "2013-10-01"), ("2013-12-01", None)]),
)
def test_an_update_is_the_run_on_all_files(tmp_path_factory, seed, columns, suffix, days):
    folder, random = tmp_path_factory.mktemp("update"), np.random.default_rng(seed)
    rows = random_rows(random, 120, 60, **columns)
    old = [write(folder / f"a{i}.{suffix}", part) for i, part in enumerate((rows[:50], rows[50:]))]
    new = write(folder / f"new.{suffix}", more_rows(random, rows, 6, 60, **columns))
    before, now = (None if day is None else date.fromisoformat(day) for day in days)
    with taking_all():
        run_features(old, folder / "run", CONFIG, before, OPTIONS)
        run_features([*old, new], folder / "full", CONFIG, now, OPTIONS)
        run_update(folder / "run", folder / "updated", [new], now, OPTIONS)
    assert_same_run(folder / "full", folder / "updated")


@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), text=st.booleans())
def test_components_that_have_not_changed_are_taken_with_the_same_bits(tmp_path_factory, seed, text):
    folder, random = tmp_path_factory.mktemp("large"), np.random.default_rng(seed)
    rows = random_rows(random, 400, 40, text=text)
    apart = [{**row, "incident_id": -1 - row["incident_id"]} for row in rows]
    for row in apart:
        row["person_id"] = f"Q{row['person_id']}" if text else row["person_id"] + 1000
    old = write(folder / "old.csv", [*rows, *apart])
    new = write(folder / "new.csv", more_rows(random, rows, 5, 40, text=text))
    with taking_all(chunk=1.0) as taken:  # every batch by itself, whatever comes before
        run_features(old, folder / "run", CONFIG, None, OPTIONS)
        run_features([old, new], folder / "full", CONFIG, None, OPTIONS)
        run_update(folder / "run", folder / "updated", [new], None, OPTIONS)
    assert taken[0] >= 40
    assert_same_run(folder / "full", folder / "updated")


@pytest.fixture(scope="module")
def forecast(tmp_path_factory):
    """A forecast, its update by the command line, and the run on all files; with what was taken."""
    folder, random = tmp_path_factory.mktemp("forecast"), np.random.default_rng(1)
    columns = {"force": True, "gang": True, "beat": True}
    rows = random_rows(random, 600, 240, **columns)
    old, new = write(folder / "old.csv", rows), write(folder / "new.csv", more_rows(random, rows, 10, 240, **columns))
    with taking_all() as taken:
        run_forecast([old], folder / "run", CONFIG, date(2014, 1, 1), OPTIONS)
        run_forecast([old, new], folder / "full", CONFIG, date(2014, 1, 2), OPTIONS)
        arguments = [
            "update",
            str(folder / "run"),
            "--add",
            new,
            "--as-of",
            "2014-01-02",
            "--no-report",
            "--threads",
            "1",
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["gpunet", *arguments, "--out", str(folder / "updated")])
            with pytest.raises(SystemExit) as ended:
                main()
    assert ended.value.code == 0
    return folder, taken


def test_an_update_of_a_forecast_is_the_forecast_on_all_files(forecast):
    folder, taken = forecast
    assert taken[0] > 100  # of some 240
    assert_same_run(folder / "full", folder / "updated")


def test_changes_say_what_differs_between_the_two_folders(forecast):
    folder, _ = forecast
    before, now = (pl.read_parquet(folder / name / "scores.parquet") for name in ("run", "updated"))
    changes = pl.read_parquet(folder / "updated" / "changes.parquet")
    both = now.join(before, on="person_id", how="left", suffix="_before")
    moved = both.filter(pl.col("probability").ne_missing(pl.col("probability_before")))
    told = changes.filter(pl.col("column") == "probability")
    assert told["person_id"].to_list() == moved["person_id"].to_list()
    assert told["before"].to_list() == moved["probability_before"].to_list()
    assert told["after"].to_list() == moved["probability"].to_list()
    new = set(now["person_id"]) - set(before["person_id"])
    people = changes.filter(pl.col("column") == "person")
    assert set(people.filter(pl.col("after") == 1)["person_id"]) == new
    flags = [
        name
        for name, kind in pl.read_parquet_schema(folder / "updated" / "features.parquet").items()
        if kind == pl.Boolean
    ]
    was, stands = (pl.read_parquet(folder / name / "features.parquet") for name in ("run", "updated"))
    pairs = stands.join(was, on="person_id", how="left", suffix="_before")
    expected = {
        (row["person_id"], name)
        for row in pairs.to_dicts()
        for name in flags
        if row[name] != bool(row[f"{name}_before"])
    }
    assert {(p, c) for p, c in changes.select("person_id", "column").rows() if c in flags} == expected


def test_ranks_are_told_of_whoever_moved_or_crosses_the_line(forecast, tmp_path):
    folder, _ = forecast
    run_update(folder / "run", tmp_path / "out", [str(folder / "new.csv")], date(2014, 1, 2), OPTIONS, top=3)
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    before, now = (pl.read_parquet(path / "scores.parquet") for path in (folder / "run", tmp_path / "out"))
    both = now.join(before, on="person_id", how="left", suffix="_before")
    expected = {
        row["person_id"]
        for row in both.to_dicts()
        if row["rank"] != row["rank_before"]
        and (
            row["probability"] != row["probability_before"]
            or (row["rank"] <= 3) != (row["rank_before"] is not None and row["rank_before"] <= 3)
        )
    }
    assert set(changes.filter(pl.col("column") == "rank")["person_id"]) == expected


def test_files_that_were_moved_are_known_by_their_hashes(tmp_path):
    random = np.random.default_rng(3)
    rows = random_rows(random, 40, 20)
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", more_rows(random, rows, 4, 20))
    run_features(old, tmp_path / "run", CONFIG, None, OPTIONS)
    moved = (tmp_path / "old.csv").rename(tmp_path / "archive.csv")
    with pytest.raises(InputError, match=r"old\.csv, which .* was made of, cannot be read .* --input"):
        run_update(tmp_path / "run", tmp_path / "out", [new])
    run_update(tmp_path / "run", tmp_path / "out", [new], None, OPTIONS, inputs=[moved])
    run_features([moved, new], tmp_path / "full", CONFIG, None, OPTIONS)
    assert_same_run(tmp_path / "full", tmp_path / "out")
    moved.rename(old)
    text = (tmp_path / "old.csv").read_text(encoding="utf-8")
    (tmp_path / "old.csv").write_text(text.replace("theft", "fraud", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"old\.csv has changed since"):
        run_update(tmp_path / "run", tmp_path / "out2", [new])
    assert not (tmp_path / "out2" / "run.json").exists()


def test_what_cannot_be_updated_is_said(tmp_path):
    rows = random_rows(np.random.default_rng(4), 30, 16)
    old = write(tmp_path / "old.csv", rows)
    run_features(old, tmp_path / "run", CONFIG, None, OPTIONS)
    with pytest.raises(InputError, match="nothing to update with"):
        run_update(tmp_path / "run", tmp_path / "out")
    for inside in ("run", "run/again"):
        with pytest.raises(InputError, match="is the run that is updated, or lies in it"):
            run_update(tmp_path / "run", tmp_path / inside, [old])
    with pytest.raises(InputError, match="is not the folder of a complete run"):
        run_update(tmp_path, tmp_path / "out", [old])
    run_features(pl.DataFrame(rows), tmp_path / "frame", CONFIG, None, OPTIONS)
    with pytest.raises(InputError, match="was made of data frames, which cannot be read again"):
        run_update(tmp_path / "frame", tmp_path / "out", [old])


def test_only_components_of_some_size_are_compared():
    clique = [(a, b) for a in range(60) for b in range(a)]
    large, pairs = (
        network_from_edges(*zip(*clique, strict=True), 60),
        network_from_edges(range(60), range(60, 120), 120),
    )
    for network, told, little in (
        (large, {"persons": 60, "ties": 1770}, False),
        (large, {"persons": 60, "ties": 1769}, True),  # it has changed
        (pairs, {"persons": 2, "ties": 1}, True),
    ):
        earlier = SimpleNamespace(manifest={"network": {"largest_component": {**told, "diameter": 1}}})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("gpunet.features.known._LAYOUT_VISITS", 1.5)
            assert _little_can_be_saved(earlier, network) is little
