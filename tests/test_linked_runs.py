"""Runs with links between ids: results are those of tables merged by hand, and what hangs on the rest is told."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.cli.app import main
from gpunet.cli.check import check_tables, describe_check
from gpunet.cli.flags import run_flags
from gpunet.cli.panels import run_panel
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.config.config import load_config
from gpunet.reading.read import read_arrests
from gpunet.runs.link_effects import effects_table
from gpunet.runs.stages import Run
from gpunet.tables.files import sha256_of
from tests.examples import examples
from tests.updating import CONFIG, KINDS, random_rows, random_ties, write

OPTIONS = RunOptions(threads=2)

TABLES = ("features.parquet", "ties.parquet", "groups.parquet", "offences.parquet", "features.json")


def with_links(path, rows, **more):
    """The configuration with a table of these links: two ids, a probability, a decision."""
    names = ("person_a", "person_b", "probability", "decision")
    table = [{name: None if of is None else str(of) for name, of in zip(names, link, strict=True)} for link in rows]
    return {**CONFIG, **more, "input": {**more.get("input", {}), "person_links": write(path, table)}}


def merged(rows, into, columns=("person_id",)):
    """The rows as somebody would merge them by hand."""
    return [{**row, **{name: into.get(row[name], row[name]) for name in columns}} for row in rows]


def random_links(random, ids):
    """Some with yes, in pairs and chains, and some that nobody has decided; what they come to by hand."""
    a, b, c, d, e, f, g = random.permutation(ids)[:7].tolist()
    links = [(a, b, None, "yes"), (b, c, 0.4, "yes"), (d, e, 0.95, None), (a, f, 0.97, None), (e, g, 0.5, None)]
    least = min(a, b, c)
    decided = {person: least for person in (a, b, c) if person != least}
    stays = min(least, f)
    likely = {person: stays for person in (a, b, c, f) if person != stays} | {max(d, e): min(d, e)}
    return links, decided, likely


def slow_effects(without, with_, into, share):
    """What differs, person by person and column by column."""
    found, there = [], {str(row["person_id"]): row for row in with_.to_dicts()}
    stays = {str(person): str(other) for person, other in into.items()}
    for row in without.to_dicts():
        person = str(row["person_id"])
        other = there[stays.get(person, person)]
        for name in without.columns[1:]:
            old, new = (None if of[name] is None else float(of[name]) for of in (row, other))
            same = old == new if None in (old, new) else abs(old - new) <= share * max(abs(old), abs(new))
            if not same:
                found.append((row["person_id"], name, old, new))
    return found


@settings(max_examples=examples(15))
@given(
    seed=st.integers(0, 10**6),
    columns=st.fixed_dictionaries({name: st.booleans() for name in ("force", "recorded_at", "text", "undated")}),
    suffix=st.sampled_from(["csv", "parquet"]),
    as_of=st.sampled_from([None, date(2013, 12, 1)]),
    least=st.sampled_from([0.0, 0.01, 0.5]),
)
def test_features_are_those_of_tables_merged_by_hand(tmp_path_factory, seed, columns, suffix, as_of, least):
    folder, random = tmp_path_factory.mktemp("linked"), np.random.default_rng(seed)
    rows = random_rows(random, 80, 40, **columns)
    links, decided, likely = random_links(random, sorted({row["person_id"] for row in rows}))
    config = with_links(folder / f"links.{suffix}", links, links={"least_change": least})
    told = run_features(write(folder / f"arrests.{suffix}", rows), folder / "out", config, as_of, OPTIONS)
    for name, into in (("decided", decided), ("likely", likely)):
        by_hand = write(folder / f"{name}.{suffix}", merged(rows, into))
        run_features(by_hand, folder / name, CONFIG, as_of, OPTIONS)
    for name in TABLES:
        assert sha256_of(folder / "out" / name) == sha256_of(folder / "decided" / name), name
    tables = [pl.read_parquet(folder / name / "features.parquet") for name in ("decided", "likely")]
    effects = pl.read_parquet(folder / "out" / "link_effects.parquet")
    assert effects.rows() == slow_effects(*tables, likely, max(least, 1e-9))
    section = told["links"]
    assert (section["yes"], section["no"], section["undecided"], section["uncertain"]) == (2, 0, 3, 2)
    assert (section["ids_merged"], section["unknown"], section["contradicted"]) == (2, 0, 0)
    assert section["persons"] == effects["person_id"].n_unique()
    assert section["columns"] == sorted(set(effects["column"]))
    assert any(
        "2 links of 0.9 or more that nobody has decided (1 below is left out)" in warning
        for warning in told["warnings"]
    )


def test_a_forecast_and_its_last_day(tmp_path):
    random = np.random.default_rng(5)
    rows = random_rows(random, 160, 48, recorded_at=True)
    links, decided, likely = random_links(random, sorted({row["person_id"] for row in rows}))
    config = with_links(tmp_path / "links.csv", links, links={"least_change": 0.0})
    day = date(2013, 12, 20)
    told = run_forecast(write(tmp_path / "arrests.csv", rows), tmp_path / "out", config, day, OPTIONS)
    run_forecast(write(tmp_path / "hand.csv", merged(rows, decided)), tmp_path / "hand", CONFIG, day, OPTIONS)
    run_features(write(tmp_path / "likely.csv", merged(rows, likely)), tmp_path / "likely", CONFIG, day, OPTIONS)
    for name in (*TABLES, "scores.parquet", "predictions.parquet", "top.csv", "model.ubj"):
        assert sha256_of(tmp_path / "out" / name) == sha256_of(tmp_path / "hand" / name), name
    tables = [pl.read_parquet(tmp_path / name / "features.parquet") for name in ("out", "likely")]
    effects = pl.read_parquet(tmp_path / "out" / "link_effects.parquet")
    assert effects.rows() == slow_effects(*tables, likely, 1e-9)
    assert told["links"]["uncertain"] == 2


def test_ties_and_victims_have_the_same_ids(tmp_path):
    random = np.random.default_rng(7)
    rows = random_rows(random, 80, 40, text=True)
    ties = random_ties(random, 40, 40, text=True)
    victims = random_rows(random, 20, 40, text=True)
    links, decided, _ = random_links(random, sorted({row["person_id"] for row in rows}))

    def tables(name, into):
        both = merged(ties, into, ("person_a", "person_b"))
        return write(tmp_path / name / "arrests.csv", merged(rows, into)), {
            "ties": write(tmp_path / name / "ties.csv", both),
            "victims": write(tmp_path / name / "victims.csv", merged(victims, into)),
        }

    arrests, beside = tables("given", {})
    by_hand, beside_by_hand = tables("hand", decided)
    config = with_links(tmp_path / "links.csv", links, input=beside, ties=KINDS)
    told = run_features(arrests, tmp_path / "out", config, None, OPTIONS)
    run_features(by_hand, tmp_path / "by hand", {**CONFIG, "input": beside_by_hand, "ties": KINDS}, None, OPTIONS)
    for name in TABLES:
        assert sha256_of(tmp_path / "out" / name) == sha256_of(tmp_path / "by hand" / name), name
    assert told["links"]["uncertain"] == 2
    assert len(pl.read_parquet(tmp_path / "out" / "link_effects.parquet"))


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, dict]:
    random = np.random.default_rng(3)
    rows = random_rows(random, 120, 40, text=True)
    links, decided, _ = random_links(random, sorted({row["person_id"] for row in rows}))
    write(tmp_path / "hand.csv", merged(rows, decided))
    return write(tmp_path / "arrests.csv", rows), with_links(tmp_path / "links.csv", links)


def test_other_commands_use_what_was_decided(tables, tmp_path):
    arrests, config = tables
    found = read_arrests(arrests, config)
    by_hand = read_arrests(str(tmp_path / "hand.csv"), CONFIG)
    assert found.person_ids.to_list() == by_hand.person_ids.to_list()
    assert found.person.tolist() == by_hand.person.tolist()
    result, proposed = check_tables([arrests], load_config(config))
    assert result["arrests"]["persons"] == by_hand.n_persons
    assert "person_links" in proposed
    assert result["person_links"] == {"yes": 2, "no": 0, "undecided": 3, "uncertain": 2, "contradicted": 0}
    assert "2 yes, 0 no, 3 undecided" in describe_check(result)
    panel = {"panel": {"start": "2013-04-01", "end": "2013-12-01", "every": "4mo", "verify": 1, "horizon_days": 30}}
    told = run_panel(arrests, tmp_path / "out", {**config, **panel}, OPTIONS)
    run_panel(str(tmp_path / "hand.csv"), tmp_path / "by hand", {**CONFIG, **panel}, OPTIONS)
    names = [name for name in told["outputs"] if name.startswith("panel/")]
    assert names
    for name in names:
        assert sha256_of(tmp_path / "out" / name) == sha256_of(tmp_path / "by hand" / name), name
    assert "2 links of 0.9 or more that nobody has decided (1 below is left out) do not count here" in " ".join(
        told["warnings"]
    )
    assert "persons" not in told["links"]


def test_flags_of_a_run_with_links_and_of_links_that_changed(tables, tmp_path):
    arrests, config = tables
    run_features(arrests, tmp_path / "out", config, None, OPTIONS)
    run_flags([tmp_path / "out"], tmp_path / "flags")
    (tmp_path / "links.csv").write_text("person_a,person_b\nx,y\n")
    with pytest.raises(InputError, match=r"table of links .* was changed since the run was made"):
        run_flags([tmp_path / "out"], tmp_path / "again")


def test_what_goes_not_with_links(tables, tmp_path):
    arrests, config = tables
    with pytest.raises(InputError, match="--keep-state is for updates"):
        run_features(arrests, tmp_path / "out", config, None, RunOptions(keep_state=True))
    run_features(arrests, tmp_path / "out", config, None, OPTIONS)
    with pytest.raises(InputError, match=r"was made with --person-links, .* cannot be updated"):
        run_update(tmp_path / "out", tmp_path / "next", [arrests], options=OPTIONS)


def test_nothing_is_uncertain(tables, tmp_path):
    arrests, config = tables
    rows = [{"person_a": "nobody", "person_b": "x", "probability": 0.99, "decision": "yes"}]
    config["input"]["person_links"] = write(tmp_path / "known.csv", rows)
    told = run_features(arrests, tmp_path / "out", config, None, OPTIONS)
    assert pl.read_parquet(tmp_path / "out" / "link_effects.parquet").rows() == []
    assert (told["links"]["unknown"], told["links"]["persons"], told["links"]["columns"]) == (1, 0, [])
    assert any("no accepted row has 1 id" in warning for warning in told["warnings"])
    assert not any("nobody has decided" in warning for warning in told["warnings"])
    run_features(arrests, tmp_path / "plain", CONFIG, None, OPTIONS)
    for name in TABLES:
        assert sha256_of(tmp_path / "out" / name) == sha256_of(tmp_path / "plain" / name), name


def test_a_run_goes_on_with_the_same_links_alone(tables, tmp_path, monkeypatch):
    arrests, config = tables
    options = RunOptions(threads=2, checkpoint_seconds=0.0)
    run_features(arrests, tmp_path / "whole", config, None, options)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "finish", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_features(arrests, tmp_path / "out", config, None, options)
    links = Path(config["input"]["person_links"])
    text = links.read_text()
    links.write_text(text.replace("0.95", "0.96"))
    with pytest.raises(InputError, match=r"links\.csv has changed"):
        run_features(arrests, tmp_path / "out", config, None, options)
    links.write_text(text)
    run_features(arrests, tmp_path / "out", config, None, options)
    for name in (*TABLES, "link_effects.parquet"):
        assert sha256_of(tmp_path / "out" / name) == sha256_of(tmp_path / "whole" / name), name


def test_the_command_line(tables, tmp_path, monkeypatch, capsys):
    arrests, config = tables
    links = config["input"]["person_links"]
    for words, code in (
        (["features", arrests, "--person-links", links, links, "--out", str(tmp_path / "out")], 0),
        (["features", "--person-links", links, arrests, "--out", str(tmp_path / "none")], 2),
        (["check", arrests, "--person-links", str(tmp_path / "gone.csv")], 2),
    ):
        monkeypatch.setattr("sys.argv", ["gpunet", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code, words
    assert "--person-links take every word" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "run.json").read_text())["links"]["yes"] == 2


def test_rounding_is_no_difference():
    flags, values = [True, False, None, None], [1.0, 0.3, math.nan, None]
    without = pl.DataFrame({"person_id": [1, 2, 3, 4], "x": values, "flag": flags})
    with_ = pl.DataFrame({"person_id": [2, 1, 4], "x": [0.1 + 0.2, 1.0, 0.0], "flag": [True, True, None]})
    found = effects_table(without, with_, {"3": "1"})
    assert list(zip(*found.to_pydict().values(), strict=True)) == [
        (2, "flag", 0.0, 1.0),
        (3, "x", None, 1.0),
        (3, "flag", None, 1.0),
        (4, "x", None, 0.0),
    ]
