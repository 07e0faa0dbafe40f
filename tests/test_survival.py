"""Runs that are killed, stopped or out of space go on, and end with the bytes of a run that nobody disturbed."""

import json
import random
import shutil
import signal
import subprocess
from datetime import date

import psutil
import pytest

from gpunet.cli.run import RUN_FILES
from gpunet.runs.folder import RunFolder
from gpunet.runs.resume import with_hash
from gpunet.synthetic import write_tables
from tests.run_processes import LIMITED, Fork, gpunet, killed_at, results, signalled_after

CONFIG = "[model]\nmax_rounds = 15\nfolds = 2\nhorizon_days = 150\n"

ALWAYS = ("--checkpoint-seconds", 0)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder / "arrests", persons=2000, seed=5)
    (folder / "c.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def asked(tables):
    return (tables / "arrests", "--config", tables / "c.toml", "--threads", 2)


@pytest.fixture(scope="module")
def undisturbed(asked, tmp_path_factory):
    """What a run without a single checkpoint gives."""
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    done = gpunet("run", *asked, "--out", out)
    assert done.returncode == 0, done.stderr
    return results(out)


@pytest.fixture(scope="module")
def stopped(asked, tmp_path_factory):
    """A run killed when all features are there."""
    out = tmp_path_factory.mktemp("stopped") / "run"
    done = gpunet("run", *asked, "--out", out, *ALWAYS, before=signalled_after("features-T-H", "SIGKILL"))
    assert done.returncode == -signal.SIGKILL
    return out


@pytest.fixture
def unfinished(stopped, tmp_path):
    shutil.copytree(stopped, tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize(("of_files", "of_times"), [(7, 2), pytest.param(14, 6, marks=pytest.mark.slow)])
def test_killed_at_many_moments(asked, undisturbed, tmp_path, of_files, of_times):
    """Once when all features are there; most others at a file that is opened or renamed, the rest at any time."""
    rng = random.Random(7)
    at_files = [killed_at(tmp_path, rng.randrange(4, 120)) for _ in range(of_files)]
    at_times = [rng.uniform(0.5, 2.5) for _ in range(of_times)]
    moments = [*rng.sample([*at_files, *at_times], of_files + of_times), signalled_after("features-T-H", "SIGKILL")]
    chain, kills, reached = 0, 0, set()
    while moments:
        out = tmp_path / f"run{chain}"
        moment = moments.pop()
        process = Fork("run", *asked, "--out", out, *ALWAYS, before=moment if isinstance(moment, str) else "")
        if isinstance(moment, float) and not process.ended(moment):
            process.kill()
        done = process.finish()
        complete = (out / "run.json").exists() and not (out / ".partial").exists()
        if done.returncode == -signal.SIGKILL:
            kills += 1
            reached |= {path.name.split(".")[0] for path in (out / ".partial" / "checkpoints").glob("*.checkpoint")}
            if moments and not complete:
                continue
        else:
            assert (done.returncode, complete) == (0, True), done.stderr
        if not complete:  # a kill that comes after the last file is in its place leaves nothing to do
            done = gpunet("run", "--resume", out)
            assert done.returncode == 0, done.stderr
        assert results(out) == undisturbed
        chain += 1
    assert kills >= of_files // 2  # a run that is killed late, or that had little left to do, may be done before
    assert reached >= {"arrests", "features-T", "features-T-2H", "features-T-H"}
    assert any("betweenness" in name for name in reached)


def test_the_lock(asked, undisturbed, tmp_path):
    out = tmp_path / "run"
    with RunFolder(out, RUN_FILES):
        refused = gpunet("features", *asked, "--out", out)
        assert refused.returncode == 2
        assert "another run (process " in refused.stderr
        assert str(out) in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert (out / ".partial" / "lock").exists()
    assert not list(out.iterdir())
    process = Fork("run", *asked, "--out", out, *ALWAYS, before=signalled_after("arrests", "SIGSTOP"))
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert not process.ended(0.01)
    try:
        refused = gpunet("run", "--resume", out)
    finally:
        process.kill()
        process.finish()
    assert (refused.returncode, "another run" in refused.stderr) == (2, True)
    assert gpunet("run", *asked, "--out", out).returncode == 0
    assert results(out) == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(asked, undisturbed, tmp_path, number):
    out = tmp_path / "run"
    before = signalled_after("features-T-betweenness", number.name)
    done = gpunet("run", *asked, "--out", out, *ALWAYS, before=before)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"gpunet: stopped by {number.name}: what was finished is kept")
    assert "Traceback" not in done.stderr
    assert [path.name for path in out.iterdir()] == [".partial"]
    assert [path.name for path in (out / ".partial").iterdir()] == ["checkpoints"]
    assert not [path for path in (out / ".partial" / "checkpoints").iterdir() if path.name.endswith(".partial")]
    again = gpunet("run", "--resume", out, "--threads", 1)
    assert again.returncode == 0, again.stderr
    assert "reading" not in again.stderr
    assert results(out) == undisturbed


def test_a_damaged_checkpoint_is_computed_again(unfinished, undisturbed):
    path = unfinished / ".partial" / "checkpoints" / "features-T.checkpoint"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = gpunet("run", "--resume", unfinished)
    assert done.returncode == 0, done.stderr
    assert "damaged" in done.stderr
    assert "features-T.checkpoint" in done.stderr
    assert "features as of T: done" in done.stderr
    assert "features as of T-2H" not in done.stderr
    assert results(unfinished) == undisturbed


def test_killed_between_the_trainings(unfinished, undisturbed):
    for name, told in (("past", "cross-fit (past)"), ("both", "train on all (past and test)")):
        killed = gpunet("run", "--resume", unfinished, *ALWAYS, before=signalled_after(f"model-{name}", "SIGKILL"))
        assert killed.returncode == -signal.SIGKILL
        assert told in killed.stderr
    done = gpunet("run", "--resume", unfinished)
    assert done.returncode == 0, done.stderr
    assert "cross-fit" not in done.stderr
    assert "train on all" not in done.stderr
    assert results(unfinished) == undisturbed


def test_an_unfinished_run_has_nothing_to_show(unfinished):
    done = gpunet("show", unfinished)
    assert done.returncode == 2
    assert (
        done.stderr == f"gpunet: {unfinished}: this run is not finished; to go on: gpunet run --resume {unfinished}\n"
    )


def test_another_configuration_is_refused(unfinished, tables, asked, tmp_path):
    kept = unfinished / ".partial" / "checkpoints"
    before = {path: path.read_bytes() for path in kept.iterdir()}
    (tmp_path / "c.toml").write_text(CONFIG + "[network]\nmax_incident_size = 40\n")
    inputs = tables / "arrests"
    for command, arguments, said in (
        ("run", (inputs, "--config", tmp_path / "c.toml"), "[network] max_incident_size was 50 and is 40"),
        ("run", (*asked, "--as-of", "2014-01-01"), "as-of was not given and is 2014-01-01"),
        ("features", asked, "the command was gpunet run and is gpunet features"),
    ):
        done = gpunet(command, *arguments, "--out", unfinished)
        assert done.returncode == 2
        assert said in done.stderr
        assert "--start-over" in done.stderr
    assert before == {path: path.read_bytes() for path in kept.iterdir()}
    done = gpunet("features", inputs, "--out", unfinished, "--start-over")
    assert done.returncode == 0, done.stderr
    assert not (unfinished / ".partial").exists()
    assert "model.ubj" not in results(unfinished)


def test_the_day_of_reading_stays(unfinished):
    """Dates after it are none; what was kept of another day is not used."""
    kept = unfinished / ".partial" / "checkpoints"
    request = json.loads((kept / "request.json").read_text())
    assert request["read_on"] == date.today().isoformat()
    (kept / "request.json").write_text(json.dumps(with_hash({**request, "read_on": "2013-06-30"})))
    done = gpunet("run", "--resume", unfinished)
    assert done.returncode == 0, done.stderr
    told = json.loads((unfinished / "run.json").read_text())
    assert told["arrests"]["last_date"] <= "2013-06-30"
    assert told["input"]["rejected_by_reason"]["bad_date"] > 100


def test_other_input_is_refused(tables, tmp_path):
    """Changed, new, gone."""
    inputs, out = tmp_path / "arrests", tmp_path / "run"
    shutil.copytree(tables / "arrests", inputs)
    files = sorted(inputs.glob("*.parquet"))
    killed = gpunet("features", inputs, "--out", out, *ALWAYS, before=killed_at(out, 40))
    assert killed.returncode == -signal.SIGKILL
    content = files[1].read_bytes()
    shutil.copy(files[0], files[1])
    for resumed in (("--resume", out), (inputs, "--out", out)):
        done = gpunet("features", *resumed)
        assert (done.returncode, f"the input {files[1]} has changed" in done.stderr) == (2, True)
    files[1].write_bytes(content)
    (inputs / "z.parquet").write_bytes(content)
    done = gpunet("features", "--resume", out)
    assert (done.returncode, f"the input {inputs / 'z.parquet'} is new" in done.stderr) == (2, True)
    (inputs / "z.parquet").unlink()
    files[1].unlink()
    done = gpunet("features", "--resume", out)
    assert (done.returncode, f"the input {files[1]} is no longer there" in done.stderr) == (2, True)
    files[1].write_bytes(content)
    assert gpunet("features", "--resume", out).returncode == 0


def test_resume_alone(unfinished, undisturbed, tmp_path):
    for arguments, said in (
        (("--seed", 3), "seed"),
        (("--out", tmp_path), "out"),
        ((tmp_path,), "inputs"),
        (("--engine", "cpu", "--start-over"), "engine, start-over"),
    ):
        done = gpunet("run", "--resume", unfinished, *arguments)
        assert (done.returncode, f"there is no {said}," in done.stderr) == (2, True)
    done = gpunet("features", "--resume", unfinished)
    assert (done.returncode, "gpunet run, not gpunet features" in done.stderr) == (2, True)
    done = gpunet("run", "--resume", tmp_path / "nothing")
    assert (done.returncode, "there is no run to go on with" in done.stderr) == (2, True)
    for _ in range(2):  # the second time it is complete already
        done = gpunet("run", "--resume", unfinished)
        assert done.returncode == 0, done.stderr
        assert "results in" in done.stdout
        assert results(unfinished) == undisturbed
    assert gpunet("run").returncode == 2
    assert gpunet("run", tmp_path).returncode == 2


def test_relative_paths_count_from_where_the_run_began(tables, tmp_path):
    shutil.copytree(tables / "arrests", tmp_path / "arrests")
    killed = gpunet("features", "arrests", "--out", "run", *ALWAYS, cwd=tmp_path, before=killed_at("run", 40))
    assert killed.returncode == -signal.SIGKILL
    done = gpunet("features", "--resume", tmp_path / "run", cwd=tables)
    assert (done.returncode, f"started in {tmp_path}" in done.stderr) == (2, True)
    assert gpunet("features", "--resume", "run", cwd=tmp_path).returncode == 0


def test_no_room_for_a_file(asked, undisturbed, tmp_path):
    """A limit on the size of files stands for a full disk: the system refuses to write in the same way."""
    out = tmp_path / "run"
    done = gpunet("run", *asked, "--out", out, *ALWAYS, before=LIMITED.format(size=150_000))
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said.startswith("gpunet: cannot write ")
    assert f"into {out}: File too large" in said
    assert "Traceback" not in done.stderr
    assert [path.name for path in out.iterdir()] == [".partial"]
    assert not list((out / ".partial").rglob("*.partial"))
    done = gpunet("run", "--resume", out)
    assert done.returncode == 0, done.stderr
    assert results(out) == undisturbed


@pytest.mark.parametrize(("options", "size", "name"), [(ALWAYS, "600k", ".checkpoint"), ((), "100k", ".parquet")])
def test_a_full_disk(asked, undisturbed, tmp_path, options, size, name):
    """A small one in memory where it may be mounted; elsewhere a limit on the size of files stands for it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = [shutil.which("mount") or "false", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    before = "" if mounted else LIMITED.format(size=int(size[:-1]) * 1000)
    try:
        done = gpunet("run", *asked, "--out", disk / "run", *options, before=before)
        assert done.returncode == 1
        said = done.stderr.splitlines()[-1]
        assert said.startswith("gpunet: cannot write ")
        assert f"{name} into {disk / 'run'}: {'No space left on device' if mounted else 'File too large'}" in said
        assert "Traceback" not in done.stderr
        assert not list((disk / "run").rglob("*.partial/*.partial"))
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        done = gpunet("run", "--resume", disk / "run")
        assert done.returncode == 0, done.stderr
        assert results(disk / "run") == undisturbed
    finally:
        if mounted:
            subprocess.run(["umount", disk], check=True)
