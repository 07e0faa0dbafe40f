"""``gpunet verify --replay``: the same tables give the same bytes; other tables, or another result, are told."""

from __future__ import annotations

import json
import shutil
from datetime import date

import polars as pl
import pytest

from gpunet.base.errors import InputError
from gpunet.cli import replays
from gpunet.cli.evaluations import run_emerging, run_known
from gpunet.cli.panels import run_panel
from gpunet.cli.places import run_places
from gpunet.cli.replays import Replay, manifest_in, replay
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.packages.container import member_of, write_container
from gpunet.packages.contents import complete_run
from gpunet.packages.verify import verify_package
from gpunet.runs.folder import RunFolder
from gpunet.synthetic import make_arrests
from tests.package_runs import GOVERNED, KEY, packed, private_pem, public_pem
from tests.run_processes import gpunet

ALONE = RunOptions(threads=1)

SMALL = {
    "model": {"max_rounds": 3, "folds": 2},
    "evaluate": {
        "bootstrap": 0, "classifiers": ["logistic_regression"], "protocols": ["paper"], "folds": 3, "every": "1y",
        "smote": False,
    },
    "panel": {"start": date(2012, 6, 1), "end": date(2014, 6, 1), "every": "1y", "unit": "district"},
    "places": {"unit": "beat", "training_windows": 1},
}  # fmt: skip

JOBS = {
    "run": run_forecast,
    "evaluate known": run_known,
    "evaluate emerging": run_emerging,
    "panel": run_panel,
    "places": run_places,
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    frame = make_arrests(200, seed=5)
    bad = frame.head(2).with_columns(person_id=pl.lit(None, frame["person_id"].dtype))
    for number, part in enumerate((frame[::2], frame[1::2])):
        pl.concat([part, bad]).write_parquet(folder / f"part{number}.parquet")
    return folder


def replayed(package, *inputs, **of):
    found = verify_package(package, KEY.public_key())
    assert not found.differences
    return replay(package, Replay(manifest_in(package, found), [str(path) for path in inputs], **of), ALONE)


@pytest.mark.parametrize("command", JOBS)  # of features there are others below
def test_the_same_tables_elsewhere_give_the_same_bytes(tables, tmp_path, command):
    as_of = date(2014, 3, 1) if command == "run" else None
    manifest = JOBS[command]([str(tables)], tmp_path / "run", SMALL, as_of, ALONE)
    elsewhere = shutil.copytree(tables, tmp_path / "elsewhere")
    found = replayed(packed(tmp_path / "run", tmp_path / "x.zip"), elsewhere)
    assert (found.differences, found.notes) == ([], [])
    assert found.same == len(manifest["outputs"])
    public = packed(tmp_path / "run", tmp_path / "public.zip", public=True)
    assert not verify_package(public, KEY.public_key()).differences


def test_the_folder_of_a_replay_is_one_that_later_commands_remove(tables, tmp_path, monkeypatch):
    run_features([str(tables)], tmp_path / "run", SMALL, None, ALONE)
    package = packed(tmp_path / "run", tmp_path / "x.zip")
    seen = []

    def noting(inputs, folder, *others):
        seen.append((folder, (folder.parents[2] / "alive.lock").exists()))
        return run_features(inputs, folder, *others)

    monkeypatch.setattr(replays, "job_of", lambda _: noting)
    assert replayed(package, tables).differences == []
    ((folder, locked),) = seen
    assert locked
    assert not folder.parents[2].exists()


def test_sealed_scores_and_opened_ones_are_compared(tables, tmp_path):
    from gpunet.cli.running import RUN_FILES
    from gpunet.governance.review import ReviewFolder

    governed = {**SMALL, "governance": {**GOVERNED, "person_scores": "reviewed", "log": str(tmp_path / "the.jsonl")}}
    run_forecast([str(tables)], tmp_path / "run", governed, None, ALONE)
    sealed = packed(tmp_path / "run", tmp_path / "sealed.zip")
    kept = (tmp_path / "the.jsonl").read_bytes()
    assert replayed(sealed, tables).differences == []
    with ReviewFolder(tmp_path / "run", RUN_FILES) as folder:
        folder.decide("somebody", "approve", "it is needed")
    assert replayed(packed(tmp_path / "run", tmp_path / "opened.zip"), tables).differences == []
    assert (tmp_path / "the.jsonl").read_bytes().startswith(kept)  # a replay enters nothing of its own there
    operations = [json.loads(line)["operation"] for line in (tmp_path / "the.jsonl").read_text().splitlines()]
    assert operations.count("collection") == 1
    assert operations.count("disclosure") == 2


@pytest.fixture(scope="module")
def features(tables, tmp_path_factory):
    run = tmp_path_factory.mktemp("features") / "run"
    run_features([str(tables)], run, None, None, ALONE)
    return run


@pytest.fixture(scope="module")
def package(features, tmp_path_factory):
    return packed(features, tmp_path_factory.mktemp("package") / "x.zip")


def test_other_tables_are_refused(package, tables, tmp_path):
    one, two = sorted(tables.iterdir())
    with pytest.raises(InputError, match="another order"):
        replayed(package, two, one)
    with pytest.raises(InputError, match="is not among the files") as raised:
        replayed(package, one)
    assert two.name in str(raised.value)
    other = tmp_path / "other.parquet"
    pl.read_parquet(two).head(5).write_parquet(other)
    with pytest.raises(InputError, match="is no file that the run had read"):
        replayed(package, one, two, other)
    with pytest.raises(InputError, match="--victims: the run had read no such tables"):
        replayed(package, tables, victims=[str(two)])


def test_tables_beside_the_arrests_are_found_where_they_are_said_to_be(tables, tmp_path):
    frame = pl.concat([pl.read_parquet(path) for path in sorted(tables.iterdir())]).drop_nulls("person_id")
    ids = frame["person_id"].unique(maintain_order=True)
    there, moved = tmp_path / "there", tmp_path / "moved"
    there.mkdir()
    links = {"person_a": ids[:2], "person_b": ids[2:4], "probability": [0.95, 0.9], "decision": ["yes", None]}
    pl.DataFrame(links).write_csv(there / "links.csv")
    bad = frame.head(1).with_columns(person_id=pl.lit(None, frame["person_id"].dtype))
    pl.concat([frame[::3], bad]).write_parquet(there / "victims.parquet")
    config = {"input": {"victims": [str(there / "victims.parquet")], "person_links": [str(there / "links.csv")]}}
    run_features([str(tables)], tmp_path / "run", config, None, ALONE)
    package = packed(tmp_path / "run", tmp_path / "x.zip")
    there.rename(moved)
    with pytest.raises(InputError, match=r"--victims: .*there is no such file"):
        replayed(package, tables)
    beside = {"victims": [str(moved / "victims.parquet")], "person_links": [str(moved / "links.csv")]}
    assert replayed(package, tables, **beside).differences == []
    with pytest.raises(InputError, match=r"--person-links: .* is no file that the run had read"):
        replayed(package, tables, **{**beside, "person_links": [str(moved / "victims.parquet")]})


def test_another_result_is_told(features, tables, tmp_path):
    run = shutil.copytree(features, tmp_path / "run")
    manifest = json.loads((run / "run.json").read_text())
    manifest["arrests"]["persons"] += 1
    with RunFolder(tmp_path / "forged", ["features.json"]) as folder:  # signed by somebody who has changed it before
        folder.write_json("features.json", {"columns": []})
        forged = folder.finish({name: of for name, of in manifest.items() if name != "outputs"})
    (run / "features.json").write_bytes((tmp_path / "forged" / "features.json").read_bytes())
    manifest["outputs"]["features.json"] = forged["outputs"]["features.json"]
    (run / "run.json").write_text(json.dumps(manifest))
    found = replayed(packed(run, tmp_path / "x.zip"), tables)
    assert found.differences == [
        "features.json: the run made again has other bytes",
        "run.json: arrests: persons differs",
    ]


def test_other_versions_are_said(features, tables, tmp_path):
    run = shutil.copytree(features, tmp_path / "run")
    manifest = json.loads((run / "run.json").read_text())
    manifest["versions"]["numpy"] = "0.1"
    (run / "run.json").write_text(json.dumps(manifest))
    found = replayed(packed(run, tmp_path / "x.zip"), tables)
    assert found.differences == []
    assert "numpy was version 0.1" in found.notes[0]


def test_what_rests_on_another_run_is_not_replayed(features, tmp_path):
    for name, change in (
        ("public", {}),
        ("update", {"execution": {"update": {}}}),
        ("corrected", {"corrections": {}}),
    ):
        run = shutil.copytree(features, tmp_path / name)
        manifest = json.loads((run / "run.json").read_text())
        manifest["execution"] |= change.get("execution", {})
        (run / "run.json").write_text(json.dumps({**manifest, **{k: v for k, v in change.items() if k != "execution"}}))
        out = packed(run, tmp_path / f"{name}.zip", public=name == "public")
        with pytest.raises(InputError, match=r"--replay: .* (holds no results|cannot be run again)"):
            manifest_in(out, verify_package(out, KEY.public_key()))


def test_members_of_a_run_have_names_that_containers_take(features, tmp_path):
    write_container(tmp_path / "x.zip", complete_run(features).results)
    assert member_of("a", b"").entry.size == 0


def test_from_the_shell(package, tables, tmp_path):
    public = tmp_path / "key.pub"
    public.write_bytes(public_pem())
    (tmp_path / "key.pem").write_bytes(private_pem())
    done = gpunet("verify", package, "--key", public, "--replay", *sorted(tables.iterdir()), "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert "the same bytes in all of" in done.stdout
