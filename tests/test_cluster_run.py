"""Runs whose tables are on workers: the files of a run in one process, also when they are killed and go on."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from cluster_helpers import dask_processes
from run_processes import finish, gpunet, results, signalled_after, start

from gpunet.synthetic import write_tables

CONFIG = """
[model]
max_rounds = 15
folds = 2
horizon_days = 150

[cluster]
workers = 2
threads = 1
"""

#: What a cluster does not change.
TABLES = ("features.parquet", "ties.parquet", "groups.parquet", "rejected.parquet", "features.json")

CLUSTER = ("--cluster", "local")

#: The scheduler is killed in the stage `partition`, which goes on until Dask has given the scheduler up.
LOSING = """
import os, signal, time
from gpunet.cluster import features
louvain_partition = features.louvain_partition
def slow(gang, network, engine):
    engine.client._timeout = 2.0  # to try again
    os.kill({pid}, signal.SIGKILL)
    while engine.client.status != "closed":
        time.sleep(0.05)
    return louvain_partition(gang, network, engine)
features.louvain_partition = slow
"""

#: A worker is killed when the cluster is there, and another one when the network is.
KILLING = """
import os, signal, sys
class Killing:
    def __init__(self, stream):
        self.stream = stream
    def __getattr__(self, name):
        return getattr(self.stream, name)
    def write(self, text):
        if text.startswith(("cluster: ", "network: done")):
            from distributed import LocalCluster
            (cluster,) = LocalCluster._instances
            pid = max(nanny.pid for nanny in cluster.workers.values() if nanny.pid)
            os.kill(pid, signal.SIGKILL)
            with open({told!r}, "a") as told:
                print(pid, file=told)
        return self.stream.write(text)
sys.stderr = Killing(sys.stderr)
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder / "arrests", persons=1500, seed=5)
    (folder / "arrests" / "more.csv").write_text(
        "person_id,incident_id,date,offence,force\n1,i1,,theft,north\n2,i1,,theft,north\n2,i1,soon,theft,north\n,i2,,,\n"
    )
    (folder / "c.toml").write_text(CONFIG)
    return (folder / "arrests", "--config", folder / "c.toml")


@pytest.fixture(scope="module")
def runs(asked, tmp_path_factory):
    """A run in one process, and one on a cluster that nobody disturbs."""
    folder = tmp_path_factory.mktemp("runs")
    for name, cluster in (("alone", ()), ("cluster", CLUSTER)):
        done = gpunet("run", *asked, "--out", folder / name, *cluster)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def features_alone(asked, tmp_path_factory):
    """The files of ``gpunet features`` in one process."""
    out = tmp_path_factory.mktemp("features") / "alone"
    done = gpunet("features", *asked, "--out", out)
    assert done.returncode == 0, done.stderr
    return results(out)


def test_tables_and_statistics_are_those_of_one_process(runs):
    alone, cluster = results(runs / "alone"), results(runs / "cluster")
    assert sorted(alone) == sorted(cluster)
    for name in TABLES:
        assert alone[name] == cluster[name], name
    manifests = alone["run.json"], cluster["run.json"]
    for section in (*manifests[0].keys() - {"model", "outputs", "warnings"},):
        assert manifests[0][section] == manifests[1][section], section
    assert manifests[0]["input"]["rows"]["rejected"] == 2
    execution = json.loads((runs / "cluster" / "run.json").read_text())["execution"]
    assert execution["cluster"] == {"cluster": "local", "workers": 2, "worker_threads": 2}
    stages = [[stage["stage"] for stage in json.loads((runs / name / "run.json").read_text())["execution"]["stages"]]
              for name in ("alone", "cluster")]  # fmt: skip
    assert stages[0] == stages[1]


def test_the_model_and_all_else_is_that_of_one_process(runs):
    alone, cluster = results(runs / "alone"), results(runs / "cluster")
    for name in ("model.ubj", "scores.parquet", "predictions.parquet", "top.csv"):
        assert alone[name] == cluster[name], name
    assert alone == cluster


KEPT = ("features-T-betweenness", "features-T-2H-network", "features-T-H-closeness", "model-past")


@pytest.mark.parametrize("names", [KEPT[-1:], pytest.param(KEPT, marks=pytest.mark.slow)], ids=len)
def test_killed_in_the_middle_and_resumed(asked, runs, tmp_path, names):
    """At each kind of what is kept, in one chain of kills."""
    out = tmp_path / "run"
    for name in names:
        before = signalled_after(name, "SIGKILL")
        done = gpunet("run", *asked, "--out", out, *CLUSTER, "--checkpoint-seconds", 0, before=before)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert (out / ".partial" / "checkpoints" / f"{name}.checkpoint").exists()
    done = gpunet("run", "--resume", out)  # on the cluster that it began on
    assert done.returncode == 0, done.stderr
    assert results(out) == results(runs / "cluster")


def test_a_signal_ends_it_in_good_order(asked, tmp_path):
    """SIGTERM in the middle; and SIGINT as a terminal sends it, to the workers too, as soon as they are there."""
    out = tmp_path / "run"
    command = ("features", *asked, "--out", out, *CLUSTER, "--checkpoint-seconds", 0)
    before = signalled_after("features-betweenness", "SIGTERM")
    stopped_in_good_order(gpunet(*command, before=before), "SIGTERM")
    process = start(*command, as_group=True)
    assert any(line.startswith("cluster: ") for line in process.stderr)  # a slow start is told of before
    os.killpg(process.pid, signal.SIGINT)
    stopped_in_good_order(finish(process), "SIGINT")
    assert gpunet("features", *asked, "--out", out, *CLUSTER).returncode == 0
    assert not (out / ".partial").exists()


def stopped_in_good_order(done, name):
    assert done.returncode == 1
    *progress, last = done.stderr.splitlines()
    assert last.startswith(f"gpunet: stopped by {name}: what was finished is kept")
    assert_only_progress(progress)


def assert_only_progress(lines):
    assert [
        line
        for line in lines
        if not line.startswith("cluster: ") and not re.match(r"[\w.:, -]+: (done|\d|still at work)", line)
    ] == []


def test_a_scheduler_that_is_lost_while_the_client_computes(asked, features_alone, tmp_path):
    """Dask has given it up when the cluster is asked for something again. Another one goes on."""
    out = tmp_path / "run"
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with dask_processes(tmp_path / "first") as (address, pid):
        done = gpunet("features", *asked, "--out", out, "--cluster", address, before=LOSING.format(pid=pid))
    assert done.returncode == 1
    *progress, last = done.stderr.splitlines()
    assert last.startswith("gpunet: --cluster")
    assert "the connection to the scheduler is lost" in last
    assert_only_progress(progress)
    assert not (out / "run.json").exists()
    with dask_processes(tmp_path / "second") as (address, _):
        done = gpunet("features", *asked, "--out", out, "--cluster", address)
    assert done.returncode == 0, done.stderr
    found = results(out)
    for name in TABLES:
        assert found[name] == features_alone[name], name


def test_workers_that_are_killed_cost_time_alone(asked, features_alone, tmp_path):
    """One while files are read, one while features are computed."""
    out, told = tmp_path / "run", tmp_path / "killed"
    done = gpunet("features", *asked, "--out", out, *CLUSTER, before=KILLING.format(told=str(told)))
    assert done.returncode == 0, done.stderr
    assert len(set(told.read_text().split())) == 2
    found = results(out)
    for name in TABLES:
        assert found[name] == features_alone[name], name


def test_files_that_cannot_be_read(asked, tmp_path):
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1, but nothing else")
    given = (asked[0], bad, *asked[1:])
    done = gpunet("features", *given, "--out", tmp_path / "stopped", *CLUSTER)
    assert done.returncode == 2
    assert f"{bad}: not readable as Parquet" in done.stderr
    assert "Traceback" not in done.stderr
    for name, cluster in (("alone", ()), ("cluster", CLUSTER)):
        done = gpunet("features", *given, "--out", tmp_path / name, "--keep-going", *cluster)
        assert done.returncode == 0, done.stderr
    alone, cluster = results(tmp_path / "alone"), results(tmp_path / "cluster")
    assert [file["name"] for file in cluster["run.json"]["input"]["left_out"]] == [str(bad)]
    assert alone == cluster
