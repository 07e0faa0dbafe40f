"""Clusters beyond this machine: TLS with a real scheduler, and what is refused before anything is sent."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest
from distributed import LocalCluster
from distributed.security import Security

import gpunet
from gpunet.base.errors import ConfigError, EngineError, InputError
from gpunet.base.threads import available_threads
from gpunet.cli.run import RunOptions, run_features
from gpunet.cluster import cluster_engine, connect, write_certificates
from gpunet.cluster.address import checked_address
from gpunet.config.cluster_config import UNENCRYPTED, ClusterConfig
from gpunet.config.config import load_config
from gpunet.synthetic import write_tables


def section(certificate, key):
    return {"tls_ca": str(certificate), "tls_cert": str(certificate), "tls_key": str(key)}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return write_certificates(tmp_path_factory.mktemp("tls") / "trial")


@pytest.fixture(scope="module")
def scheduler(certificates):
    """The address of a scheduler with TLS, with two workers."""
    certificate, key = map(str, certificates)
    roles = ("client", "scheduler", "worker")
    files = {f"tls_{role}_{what}": path for role in roles for what, path in (("cert", certificate), ("key", key))}
    security = Security(require_encryption=True, tls_ca_file=certificate, **files)
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        protocol="tls",
        security=security,
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


def test_a_run_with_tls_writes_the_same_files(scheduler, certificates, tmp_path):
    tables = tmp_path / "arrests"
    write_tables(tables, persons=600, seed=4)
    config = {"cluster": section(*certificates)}
    found = run_features(str(tables), tmp_path / "a", config, options=RunOptions(threads=1, cluster=scheduler))
    expected = run_features(str(tables), tmp_path / "b", options=RunOptions(threads=1))
    assert scheduler.startswith("tls://127.0.0.1:")
    assert found["outputs"] == expected["outputs"]
    assert found["execution"]["cluster"] == {"cluster": scheduler, "workers": 2, "worker_threads": 2}
    assert "cluster" not in expected["execution"]
    assert found["engine"] == expected["engine"] == "cpu"


def test_a_certificate_of_another_authority(scheduler, tmp_path):
    others = ClusterConfig(**section(*write_certificates(tmp_path)))
    with pytest.raises(EngineError, match=f"--cluster {scheduler}: cannot be used"), cluster_engine(scheduler, others):
        pass


def test_a_scheduler_with_tls_is_not_spoken_to_without(scheduler, monkeypatch):
    monkeypatch.setattr(connect, "_TO_ANSWER", 2.0)
    plain = scheduler.replace("tls://", "tcp://")
    with pytest.raises(EngineError, match=f"--cluster {plain}: cannot be used"), cluster_engine(plain):
        pass


def test_certificates_that_do_not_fit_together(certificates, tmp_path):
    certificate, _ = certificates
    _, key = write_certificates(tmp_path)
    config = ClusterConfig(**section(certificate, key))
    with pytest.raises(ConfigError, match="not usable together"), cluster_engine("tls://127.0.0.1:9", config):
        pass


def test_certificates_are_written_once_and_the_key_is_the_owners(certificates):
    certificate, key = certificates
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "BEGIN CERTIFICATE" in certificate.read_text()
    with pytest.raises(InputError, match=r"cert\.pem is there already"):
        write_certificates(certificate.parent)


def test_the_command_that_makes_certificates_says_how_to_use_them(tmp_path):
    command = [sys.executable, "-m", "gpunet", "certificates", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    toml = done.stdout[done.stdout.index("[cluster]") :].replace("\n  ", "\n")
    (tmp_path / "c.toml").write_text(toml)
    assert load_config(tmp_path / "c.toml").cluster == ClusterConfig(
        **section(tmp_path / "cert.pem", tmp_path / "key.pem")
    )


@pytest.mark.parametrize("host", ["10.0.0.1", "example.org", "0.0.0.0", "[2001:db8::1]", "127.0.0.1.example.org"])
def test_no_other_machine_without_tls(host):
    with pytest.raises(EngineError, match="anyone on the network can read the data and run code"):
        checked_address(f"tcp://{host}:8786", ClusterConfig())
    allowed = checked_address(f"tcp://{host}:8786", ClusterConfig(unencrypted=UNENCRYPTED))
    assert str(allowed) == f"tcp://{host}:8786"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_this_machine_without_tls(host):
    assert str(checked_address(f"tcp://{host}:8786", ClusterConfig())) == f"tcp://{host}:8786"


@pytest.mark.parametrize(
    "text", ["", "Local", "localhost:8786", "http://h:1", "tcp://h", "tls://:1", "tls://h:99999", "tls://u@h:1"]
)
def test_what_is_no_address(text):
    with pytest.raises(EngineError, match="--cluster"):
        checked_address(text, ClusterConfig())


def test_tls_needs_certificates(tmp_path, certificates):
    with pytest.raises(ConfigError, match=r"\[cluster\] tls_ca: a scheduler with TLS needs"):
        checked_address("tls://h:1", ClusterConfig())
    paths = section(*certificates) | {"tls_key": str(tmp_path / "none.pem")}
    with pytest.raises(ConfigError, match=r"\[cluster\] tls_key: there is no file"):
        checked_address("tls://h:1", ClusterConfig(**paths))


@pytest.mark.parametrize(
    ("key", "value"),
    [("workers", -1), ("threads", 1.5), ("workers", True), ("unencrypted", "yes"), ("memory_limit", 4), ("nanny", 1)],
)
def test_configuration(key, value):
    with pytest.raises(ConfigError, match=rf"\[cluster\] {key}"):
        load_config({"cluster": {key: value}})


def test_a_memory_limit_that_is_none():
    with (
        pytest.raises(ConfigError, match=r"\[cluster\] "),
        cluster_engine("local", ClusterConfig(workers=1, threads=1, memory_limit="much")),
    ):
        pass


def test_a_refusal_on_the_command_line_is_one_line_and_code_2(tmp_path):
    write_tables(tmp_path / "arrests", persons=200, seed=4)
    command = [sys.executable, "-m", "gpunet", "features", str(tmp_path / "arrests"), "--out", str(tmp_path / "out")]
    done = subprocess.run([*command, "--cluster", "tcp://10.0.0.1:8786"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("gpunet: --cluster tcp://10.0.0.1:8786: without TLS")
    assert done.stderr.count("\n") == 1


def test_engines_and_clusters_that_do_not_go_together():
    with pytest.raises(EngineError, match="workers compute on CPUs"), cluster_engine("local", engine="gpu"):
        pass
    with cluster_engine("none", threads=3) as engine:
        assert (engine.name, engine.threads) == ("cpu", 3)
    with pytest.raises(EngineError), cluster_engine("local-cuda"):  # no GPU, or no dask-cuda, or no such cluster
        pass


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"gpunet\[cluster\]"), cluster_engine("local"):
        pass
    monkeypatch.setitem(sys.modules, "distributed.security", None)
    with pytest.raises(EngineError, match=r"gpunet\[cluster\]"):
        write_certificates(tmp_path)


def test_workers_with_another_version_are_refused():
    def client_with(there):
        here = {"gpunet": "1", "numba": "2", "llvmlite": "3", "numpy": "4"}
        found = {"client": {"packages": here}, "workers": {"tls://w:1": {"packages": {**here, **there}}}}
        return SimpleNamespace(get_versions=lambda packages: found)

    connect._check_versions(client_with({}), "--cluster x")
    with pytest.raises(EngineError, match="the worker tls://w:1 has gpunet 0, and this machine 1"):
        connect._check_versions(client_with({"gpunet": "0"}), "--cluster x")
    with pytest.raises(EngineError, match="has gpunet not at all"):
        connect._check_versions(client_with({"gpunet": None}), "--cluster x")


def test_the_cluster_is_in_the_configuration_that_a_manifest_has():
    config = load_config({"cluster": {"workers": 3, "memory_limit": "2 GiB"}})
    assert load_config(config.as_dict()) == config
    assert available_threads() >= 1
    assert json.dumps(config.as_dict())
    assert gpunet.Config().cluster == ClusterConfig()


def test_what_keeps_a_scheduler_from_answering_is_told_without_objects(monkeypatch):
    from gpunet.cluster import connect

    monkeypatch.setattr(connect, "_TO_ANSWER", 1.0)
    with (
        pytest.raises(EngineError, match=r"tcp://127\.0\.0\.1:1: cannot be used: \w") as raised,
        cluster_engine("tcp://127.0.0.1:1"),
    ):
        pass
    assert "<" not in str(raised.value)
