"""Updates of runs with tables of ties and victims: the same bytes as the run on all tables, old and new."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.cli.app import main
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.tables.parquet import read_parquet_metadata
from tests.updating import (
    CONFIG,
    KINDS,
    assert_same_run,
    more_rows,
    random_rows,
    random_ties,
    random_victims,
    taking_all,
    write,
)

OPTIONS = RunOptions(threads=2)


def config_of(ties, victims, **model):
    tables = {name: paths for name, paths in (("ties", ties), ("victims", victims)) if paths}
    return {**CONFIG, "ties": KINDS, "input": tables, "model": {**CONFIG["model"], **model}}


def tables_in(folder, seed, n=80, persons=32, **columns):
    """Old and new tables of arrests, ties and victims, as rows."""
    random = np.random.default_rng(seed)
    rows = random_rows(random, n, persons, **columns)
    new = more_rows(random, rows, 6, persons, **columns)
    ties = [random_ties(random, count, persons, **columns) for count in (40, 6)]
    victims = [random_victims(random, rows, count, persons, **columns) for count in (20, 4)]
    return (rows, new), ties, victims


def written(folder, name, parts):
    return [write(Path(folder) / f"{name}{i}.csv", part) for i, part in enumerate(parts)]


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10**6),
    columns=st.fixed_dictionaries({name: st.booleans() for name in ("recorded_at", "text", "gang")}),
    which=st.sampled_from([(True, True), (True, False), (False, True)]),
    day=st.sampled_from([None, date(2014, 1, 2), date(2013, 10, 1)]),
    keep=st.booleans(),
)
def test_an_update_is_the_run_on_all_tables(tmp_path_factory, seed, columns, which, day, keep):
    folder = tmp_path_factory.mktemp("beside")
    arrests, ties, victims = tables_in(folder, seed, **columns)
    old, new = written(folder, "arrests", arrests)
    of = [written(folder, name, parts) if there else [] for name, parts, there in
          zip(("ties", "victims"), (ties, victims), which, strict=True)]  # fmt: skip
    before = None if day is None else date(2014, 1, 1)
    with taking_all():
        first = config_of(*(paths[:1] for paths in of))
        run_features(old, folder / "run", first, before, replace(OPTIONS, keep_state=keep))
        run_features([old, new], folder / "full", config_of(*of), day, replace(OPTIONS, keep_state=keep))
        run_update(folder / "run", folder / "out", [new], day, OPTIONS, ties=of[0][1:], victims=of[1][1:])
        assert_same_run(folder / "full", folder / "out")
        run_update(folder / "run", folder / "late", [], day, OPTIONS, ties=of[0][1:], victims=of[1][1:])
        run_features(old, folder / "of old", config_of(*of), day, replace(OPTIONS, keep_state=keep))
    assert_same_run(folder / "of old", folder / "late")


def test_paths_of_the_union_are_taken_with_the_same_bits(tmp_path):
    random = np.random.default_rng(7)
    rows, ties = random_rows(random, 200, 40), random_ties(random, 60, 40)
    apart = [{**row, "incident_id": -1 - row["incident_id"], "person_id": row["person_id"] + 1000} for row in rows]
    far = [{**row, "person_a": row["person_a"] + 1000, "person_b": row["person_b"] + 1000} for row in ties]
    old = write(tmp_path / "old.csv", [*rows, *apart])
    of_old, of_new = (
        write(tmp_path / "ties.csv", [*ties, *far]),
        write(tmp_path / "more.csv", random_ties(random, 5, 40)),
    )
    with taking_all(chunk=1.0) as taken:
        run_features(old, tmp_path / "run", config_of([of_old], []), None, OPTIONS)
        run_features(old, tmp_path / "full", config_of([of_old, of_new], []), None, OPTIONS)
        found = run_update(tmp_path / "run", tmp_path / "out", ties=[of_new], options=OPTIONS)
    assert len(taken) == 2  # of co-arrest and of the union
    assert min(taken) >= 30
    assert found["execution"]["update"]["in_unchanged_components_of_any"] == taken[1]
    assert_same_run(tmp_path / "full", tmp_path / "out")


def test_a_run_without_ties_gets_them_by_an_update(tmp_path):
    arrests, ties, _ = tables_in(tmp_path, 3)
    old, new = written(tmp_path, "arrests", arrests)
    (of_old, _) = written(tmp_path, "ties", ties)
    run_features(old, tmp_path / "run", config_of([], []), date(2014, 1, 1), OPTIONS)
    run_features([old, new], tmp_path / "full", config_of([of_old], []), date(2014, 1, 2), OPTIONS)
    run_update(tmp_path / "run", tmp_path / "out", [new], date(2014, 1, 2), OPTIONS, ties=[of_old])
    assert_same_run(tmp_path / "full", tmp_path / "out")
    assert "new tie of kind calls" in set(pl.read_parquet(tmp_path / "out" / "changes.parquet")["cause"])


def test_a_forecast_of_victims_by_the_command_line(tmp_path, monkeypatch):
    arrests, ties, victims = tables_in(tmp_path, 5, n=400, persons=160)
    victims[0] = random_victims(np.random.default_rng(6), arrests[0], 150, 160)
    old, new = written(tmp_path, "arrests", arrests)
    of_ties, of_victims = written(tmp_path, "ties", ties), written(tmp_path, "victims", victims)
    config = config_of(of_ties[:1], of_victims[:1], side="victim")
    run_forecast([old], tmp_path / "run", config, date(2014, 1, 1), OPTIONS)
    run_forecast(
        [old, new], tmp_path / "full", config_of(of_ties, of_victims, side="victim"), date(2014, 1, 2), OPTIONS
    )
    asked = ["update", str(tmp_path / "run"), "--add", new, "--ties", of_ties[1], "--victims", of_victims[1]]
    monkeypatch.setattr(
        "sys.argv", ["gpunet", *asked, "--as-of", "2014-01-02", "--no-report", "--out", f"{tmp_path}/o"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert_same_run(tmp_path / "full", tmp_path / "o")
    changes = pl.read_parquet(tmp_path / "o" / "changes.parquet")
    assert read_parquet_metadata(tmp_path / "o" / "changes.parquet")["side"] == "victim"
    assert not [name for name in set(changes["column"]) if name.startswith("flag:")]
    run_forecast([old], tmp_path / "offenders", config_of(of_ties, of_victims), date(2014, 1, 1), OPTIONS)
    with pytest.raises(InputError, match="holds a run of the side offender"):
        run_update(tmp_path / "run", tmp_path / "offenders", [new], date(2014, 1, 2), OPTIONS)


def test_old_tables_that_are_elsewhere_or_not_the_same(tmp_path):
    arrests, ties, victims = tables_in(tmp_path, 9)
    old, new = written(tmp_path, "arrests", arrests)
    folder = tmp_path / "of ties"
    (of_old, of_new), (of_victims, _) = written(folder, "ties", ties), written(tmp_path, "victims", victims)
    Path(of_new).rename(tmp_path / "new ties.csv")
    run_features(old, tmp_path / "run", config_of([str(folder)], [of_victims]), None, OPTIONS)
    named = run_update(tmp_path / "run", tmp_path / "same", [new], None, OPTIONS)["config"]["input"]["ties"]
    assert named == [str(folder)]  # which holds what it held
    write(folder / "another.csv", ties[1])
    named = run_update(tmp_path / "run", tmp_path / "more", [new], None, OPTIONS)["config"]["input"]["ties"]
    assert named == [of_old]  # what came into the folder since is not read unasked
    moved = Path(of_old).rename(tmp_path / "moved.csv")
    with pytest.raises(InputError, match=r"ties0\.csv, which .* was made of, cannot be read .*--input"):
        run_update(tmp_path / "run", tmp_path / "out", [new], None, OPTIONS)
    run_update(tmp_path / "run", tmp_path / "out", [new], None, OPTIONS, inputs=[moved])
    run_features([old, new], tmp_path / "full", config_of([str(moved)], [of_victims]), None, OPTIONS)
    assert_same_run(tmp_path / "full", tmp_path / "out")
    text = Path(of_victims).read_text(encoding="utf-8")
    Path(of_victims).write_text(text.replace("P", "Q").replace("theft", "fraud", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"victims: .*victims0\.csv has changed since"):
        run_update(tmp_path / "run", tmp_path / "bad", [new], None, OPTIONS, inputs=[moved])


def test_files_that_were_there_already_are_noticed(tmp_path):
    arrests, ties, _ = tables_in(tmp_path, 11)
    old, new = written(tmp_path, "arrests", arrests)
    (of_old, _) = written(tmp_path, "ties", ties)
    copies = [write(tmp_path / "copy.csv", arrests[0]), write(tmp_path / "copy of ties.csv", ties[0])]
    run_features(old, tmp_path / "run", config_of([of_old], []), None, OPTIONS)
    told = []
    options = replace(OPTIONS, notice=told.append)
    run_update(tmp_path / "run", tmp_path / "out", [copies[0], new], None, options, ties=[copies[1]])
    told = [text for text in told if "duplicates" in text]
    assert [text.split(":")[0] for text in told] == copies
    assert all("was made of the same file, so all its rows are duplicates" in text for text in told)


def test_options_of_files_take_several_words(tmp_path, monkeypatch, capsys):
    arrests, ties, _ = tables_in(tmp_path, 13)
    old, *new = written(tmp_path, "arrests", [arrests[0], arrests[1][:3], arrests[1][3:]])
    of_ties = written(tmp_path, "ties", ties)
    run_features(old, tmp_path / "run", config_of([], []), None, OPTIONS)
    run_features([old, *new], tmp_path / "full", config_of(of_ties, []), None, OPTIONS)
    moved = str(Path(old).rename(tmp_path / "moved.csv"))
    more = ["--add", *new, "--ties", *of_ties, "--input", new[0], moved, "--threads", "1", "--out", f"{tmp_path}/o"]
    for asked, code in (([*more], 2), ([str(tmp_path / "run"), *more], 0)):
        monkeypatch.setattr("sys.argv", ["gpunet", "update", *asked])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        told = capsys.readouterr().err
        assert ("no RUN: name the folder of the run that is updated first" in " ".join(told.split())) == (code == 2)
    assert_same_run(tmp_path / "full", tmp_path / "o", "input")


def test_kinds_of_which_the_run_names_none(tmp_path):
    arrests, ties, _ = tables_in(tmp_path, 3)
    old, new = written(tmp_path, "arrests", arrests)
    (of_old, _) = written(tmp_path, "ties", ties)
    run_features(old, tmp_path / "run", CONFIG, date(2014, 1, 1), OPTIONS)
    with pytest.raises(InputError, match=r"names no kind of ties.*\[ties\.KIND\]"):
        run_update(tmp_path / "run", tmp_path / "out", [new], None, OPTIONS, ties=[of_old])
