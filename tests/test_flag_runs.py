"""``gpunet flags`` as a command: its folder, what it says, the tables that it reads again, and what it refuses."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from kept_runs import odd_values
from typer.testing import CliRunner

from gpunet.base.errors import ConfigError, GpunetError, InputError
from gpunet.cli.app import app, main
from gpunet.cli.flags import run_flags
from gpunet.cli.reports import write_report
from gpunet.cli.run import run_features
from gpunet.cli.summary import summarise
from gpunet.config.config import load_config
from gpunet.config.flags_config import DEFAULT_FLAGS
from gpunet.flags.tables import FLAG_TABLES
from gpunet.runs.complete import read_manifest
from gpunet.runs.request import differences
from gpunet.synthetic import make_arrests

DAY = dt.date(2014, 3, 1)
CONFIG: dict[str, Any] = {"evaluate": {"every": "3mo", "bootstrap": 20}}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files, and runs of them: as of a day, as of a month before, and as of no day."""
    folder = tmp_path_factory.mktemp("flags")
    frame = make_arrests(400, seed=2)
    frame[::2].write_csv(folder / "a.csv")
    frame[1::2].write_parquet(folder / "b.parquet")
    files = [folder / "a.csv", folder / "b.parquet"]
    for name, day in (("run", DAY), ("earlier", dt.date(2014, 2, 1)), ("whole", None)):
        run_features(files, folder / name, CONFIG, as_of=day)
    return folder


@pytest.fixture(scope="module")
def raised(place: Path) -> Path:
    done = command(place / "run", "--out", place / "out")
    assert done.exit_code == 0, done.output
    (place / "said.txt").write_text(done.output, encoding="utf-8")
    return place / "out"


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["flags", *map(str, arguments), "--threads", "1"])


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit code of a command, as the shell sees it."""
    monkeypatch.setattr("sys.argv", ["gpunet", "flags", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def tables_in(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.read_parquet(folder / "flags.parquet"), pl.read_parquet(folder / "flag_worth.parquet")


def test_the_folder_and_its_manifest(place: Path, raised: Path) -> None:
    manifest = read_manifest(raised)
    assert (manifest["gpunet"], manifest["as_of"]) == ("flags", DAY.isoformat())
    assert set(manifest["outputs"]) == {"flags.parquet", "flag_worth.parquet"}
    flags, worth = tables_in(raised)
    for name, table in (("flags", flags), ("flag_worth", worth)):
        assert table.columns == [column.name for column in FLAG_TABLES[name]]
    assert flags.schema["as_of"] == flags.schema["expires"] == worth.schema["as_of"] == pl.Date
    assert flags.sort("person_id", "as_of", "flag").equals(flags)
    assert not flags.select("person_id", "as_of", "flag").is_duplicated().any()
    assert set(flags["flag"]) <= set(DEFAULT_FLAGS)
    assert len(set(flags["flag"])) > 3
    assert set(flags["expires"]) == {DAY + dt.timedelta(days=90)}
    assert worth["flag"].to_list() == sorted(DEFAULT_FLAGS)
    assert set(worth["as_of"]) == {DAY}
    told = manifest["flags"]
    assert told["runs"][0]["run_json_sha256"] == sha256((place / "run" / "run.json").read_bytes()).hexdigest()
    assert {line["flag"]: line["persons"] for line in told["raised"]} == {
        name: flags.filter(pl.col("flag") == name).height for name in sorted(DEFAULT_FLAGS)
    }
    assert told["declared"]["violence_nearby"]["sets"] == ["homicide"]
    assert [row["worth"] for row in told["worth"]] == worth["worth"].to_list()
    assert all(dt.date.fromisoformat(day) + dt.timedelta(days=180) <= DAY for day in told["snapshots"])
    for text in flags["evidence"]:
        evidence = json.loads(text)
        assert all("person_id" not in piece for piece in evidence["seen"])
        assert all(piece["date"] < DAY.isoformat() for piece in evidence["seen"])


def test_what_is_said_and_shown(place: Path, raised: Path) -> None:
    said, manifest = (place / "said.txt").read_text(encoding="utf-8"), read_manifest(raised)
    for row in manifest["flags"]["worth"]:
        assert row["worth"] in said
    assert "flags     as of 2014-03-01" in said
    assert "whom a trigger points at" in said
    shown = CliRunner().invoke(app, ["show", str(raised), "flag_worth"])
    assert "violent_first_arrest" in shown.stdout


def test_the_page(place: Path, raised: Path, tmp_path: Path) -> None:
    page = (raised / "report.html").read_text(encoding="utf-8")
    worth = read_manifest(raised)["flags"]["worth"]
    for row in worth:
        assert row["flag"] in page
    assert "no ground to act on anybody" in page
    assert "did better than chance in the past" in page
    csv = pl.read_csv(raised / "figures" / "worth.csv")
    assert csv["alerts"].to_list() == [row["alerts"] for row in worth]
    copied = shutil.copytree(raised, tmp_path / "copy")
    write_report(copied, "public")
    few = pl.read_csv(copied / "figures" / "raised.csv")["persons"].to_list()
    assert all(number == 0 or number >= 10 for number in few)
    told = pl.read_csv(copied / "figures" / "worth.csv")
    assert all(number == 0 or number >= 10 for name in ("alerts", "hits", "misses") for number in told[name])
    assert str(place) not in (copied / "report.html").read_text(encoding="utf-8")


def test_the_same_bytes_again_and_from_other_places(place: Path, raised: Path, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    moved = [shutil.copy(place / name, tmp_path / "moved" / f"x-{name}") for name in ("b.parquet", "a.csv")]
    run_flags([place / "run"], tmp_path / "out", inputs=moved)
    for name in ("flags.parquet", "flag_worth.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (raised / name).read_bytes()


def test_days_of_several_runs_are_one_table(place: Path, raised: Path, tmp_path: Path) -> None:
    manifest = run_flags([place / "whole", place / "run", place / "earlier"], tmp_path)
    flags, worth = tables_in(tmp_path)
    days = [run["as_of"] for run in manifest["flags"]["runs"]]
    last = make_arrests(400, seed=2)["date"].max() + dt.timedelta(days=1)
    assert days == ["2014-02-01", "2014-03-01", last.isoformat()]
    assert flags.sort("person_id", "as_of", "flag").equals(flags)
    assert flags.filter(pl.col("as_of") == DAY).equals(pl.read_parquet(raised / "flags.parquet"))
    assert set(worth["as_of"]) == {last}


def test_flags_of_the_configuration(place: Path, tmp_path: Path) -> None:
    (tmp_path / "flags.toml").write_text(
        '[flags.near]\ntrigger = "violence_nearby"\nsets = ["violent"]\nside = "victim"\nexpires_days = 7\n'
        '[flags.rising]\ntrigger = "group_violence_rising"\nevidence_ids = true\nfactor = 1\nmin_violent = 1\n'
    )
    done = command(place / "run", "--config", tmp_path / "flags.toml", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    flags, worth = tables_in(tmp_path / "out")
    assert worth.select("flag", "side").rows() == [("near", "victim"), ("rising", "offender")]
    assert set(flags.filter(pl.col("flag") == "near")["side"]) == {"victim"}
    assert "the input has no table of victims" in done.output
    named = flags.filter(pl.col("flag") == "rising")["evidence"].to_list()
    assert named
    assert all("person_id" in piece for text in named for piece in json.loads(text)["seen"])
    config = read_manifest(tmp_path / "out")["config"]
    assert set(config["flags"]) == {"near", "rising"}
    assert config["evaluate"] == read_manifest(place / "run")["config"]["evaluate"]


def test_a_configuration_without_flags_says_nothing_of_them(place: Path) -> None:
    assert "flags" not in load_config().as_dict()
    assert "flags" not in read_manifest(place / "run")["config"]


def test_a_run_does_not_go_on_with_other_flags() -> None:
    without, some = ({"flags": {"a": {"trigger": "gang_tie"}}} if given else {} for given in (False, True))
    plain = [load_config(each).as_dict() for each in (without, some)]
    for now, before in (plain, plain[::-1]):
        (sentence,) = differences(now, before)
        assert sentence.startswith("[flags] a was ")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"a": {"trigger": "gang"}}, "[flags] a.trigger: 'gang' is unknown; there are violence_nearby"),
        ({"a": {"days": 3}}, "[flags] a: has no trigger; there are violence_nearby"),
        ({"a": {"trigger": "gang_tie", "dayz": 3}}, "unknown key [flags] a.dayz; known are side, days"),
        ({"a": {"trigger": "gang_tie", "days": 0}}, "[flags] a.days: must be at least 1, not 0"),
        ({"a": {"trigger": "violence_nearby", "steps": 3}}, "[flags] a.steps: must be at most 2, not 3"),
        ({"A": {"trigger": "gang_tie"}}, "[flags] A: a flag's name is lower-case letters"),
        ({"a": 3}, "[flags] a: must be a table"),
        (3, "[flags] must be tables"),
        ({"a": {"trigger": "violence_nearby", "sets": ["x"]}}, '[flags] a.sets: there is no set "x"; there are'),
    ],
)
def test_what_is_no_flag_is_named(place: Path, tmp_path: Path, section: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        run_flags([place / "run"], tmp_path / "out", {"flags": section})
    assert said in str(error.value)
    assert not (tmp_path / "out").exists()


def test_nothing_but_flags_may_be_another(place: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"another \[network\] than the run"):
        run_flags([place / "run"], tmp_path / "out", {"network": {"max_incident_size": 3}})
    run_flags([place / "run"], tmp_path / "out", {"evaluate": CONFIG["evaluate"]})  # which is the run's own
    with pytest.raises(InputError, match="given more than once"):
        run_flags([place / "run", place / "run"], tmp_path / "out")
    shutil.copytree(place / "run", tmp_path / "again")
    with pytest.raises(InputError, match="are both as of 2014-03-01"):
        run_flags([place / "run", tmp_path / "again"], tmp_path / "other")
    manifest = read_manifest(tmp_path / "again")
    manifest["config"]["flags"] = {"a": {"trigger": "gang_tie"}}
    (tmp_path / "again" / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(ConfigError, match=r"have different \[flags\]: give those that count with --config"):
        run_flags([place / "run", tmp_path / "again"], tmp_path / "other")


@pytest.fixture
def own(place: Path, tmp_path: Path) -> Path:
    """A run of files that may be changed."""
    for name in ("a.csv", "b.parquet"):
        shutil.copy(place / name, tmp_path / name)
    shutil.copytree(place / "run", tmp_path / "run")
    text = (tmp_path / "run" / "run.json").read_text().replace(str(place), str(tmp_path))
    (tmp_path / "run" / "run.json").write_text(text)
    return tmp_path


def test_a_file_that_has_changed_is_named(own: Path, place: Path, monkeypatch: Any, capsys: Any) -> None:
    with (own / "a.csv").open("a") as file:
        file.write("\n")
    assert ended(monkeypatch, own / "run", "--out", own / "out") == 2
    said = capsys.readouterr().err
    assert f"{own / 'a.csv'} has changed since the run in {own / 'run'} was made of it" in said
    assert not (own / "out").exists()
    assert ended(monkeypatch, own / "run", "--input", place / "a.csv", "--out", own / "out") == 0
    (own / "b.parquet").unlink()
    assert ended(monkeypatch, own / "run", "--input", place / "a.csv", "--out", own / "out") == 2
    assert f"{own / 'b.parquet'}, which the run in {own / 'run'} was made of, cannot be read" in capsys.readouterr().err
    assert ended(monkeypatch, own / "run", "--input", own / "none.csv", "--out", own / "out") == 2
    unused = own / "c.csv"
    unused.write_text("x")
    both = ("--input", place / "a.csv", "--input", place / "b.parquet")
    assert ended(monkeypatch, own / "run", *both, "--input", unused, "--out", own / "out") == 2
    assert f"--input {unused} is no file of the runs" in capsys.readouterr().err


def test_folders_that_are_no_runs(place: Path, raised: Path, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()
    for run, said in (
        (tmp_path / "empty", "is not the folder of a complete run"),
        (place / "a.csv", "is a file"),
        (raised, "is of gpunet flags; flags are of gpunet features or gpunet run"),
    ):
        assert ended(monkeypatch, run, "--out", tmp_path / "out") == 2
        assert said in capsys.readouterr().err
    for out in (place / "run", place / "run" / "flags", place):
        with pytest.raises(GpunetError):
            run_flags([place / "run"], out)
    assert ended(monkeypatch, "--out", tmp_path / "out") == 2
    with pytest.raises(InputError, match="no run"):
        run_flags([], tmp_path / "out")


def test_tables_without_dates_or_offences_have_no_flags(tmp_path: Path) -> None:
    rows = pl.DataFrame({"person_id": ["a", "b"], "incident_id": [1, 1], "date": [None, None], "offence": ["x", "x"]})
    rows.write_csv(tmp_path / "undated.csv")
    run_features(tmp_path / "undated.csv", tmp_path / "undated")
    with pytest.raises(InputError, match="no arrest has a date"):
        run_flags([tmp_path / "undated"], tmp_path / "out")
    rows.drop("offence").with_columns(date=pl.lit("2013-01-01")).write_csv(tmp_path / "plain.csv")
    run_features(tmp_path / "plain.csv", tmp_path / "plain", {"input": {"columns": {"offence": ""}}})
    with pytest.raises(InputError, match="the tables have no offences"):
        run_flags([tmp_path / "plain"], tmp_path / "out")
    run_features(rows.with_columns(date=pl.lit("2013-01-01")), tmp_path / "frames")
    with pytest.raises(InputError, match="was made of a data frame and not of files"):
        run_flags([tmp_path / "frames"], tmp_path / "out")


def test_a_manifest_with_odd_values_is_refused_or_summarised(raised: Path, tmp_path: Path) -> None:
    manifest, refused = json.loads((raised / "run.json").read_text()), 0
    for odd in odd_values({"flags": manifest["flags"]}):
        (tmp_path / "run.json").write_text(json.dumps({**manifest, "flags": None, **odd}))
        try:
            summarise(read_manifest(tmp_path), tmp_path)
        except InputError:
            refused += 1
    assert refused > 20


def test_names_of_folders_belong_to_a_file(place: Path, tmp_path: Path) -> None:
    """Where they say what is in a column, the same bytes elsewhere are other rows."""
    for force in ("north", "south"):
        (tmp_path / "in" / f"force={force}").mkdir(parents=True)
    frame = pl.read_csv(place / "a.csv").drop("force")
    frame.head(300).write_csv(tmp_path / "in" / "force=north" / "a.csv")
    frame.tail(300).write_csv(tmp_path / "in" / "force=south" / "b.csv")
    run_features(tmp_path / "in", tmp_path / "run", CONFIG)
    run_flags([tmp_path / "run"], tmp_path / "out")
    moved = shutil.move(tmp_path / "in", tmp_path / "moved")
    files = [moved / "force=south" / "b.csv", moved / "force=north" / "a.csv"]
    run_flags([tmp_path / "run"], tmp_path / "again", inputs=files)
    name = "flags.parquet"
    assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    plain = shutil.copy(files[1], tmp_path / "a.csv")
    with pytest.raises(InputError, match="the names of its folders"):
        run_flags([tmp_path / "run"], tmp_path / "again", inputs=[files[0], plain])
