"""What a package of a run holds, what it is signed with, what the log says of it, and what is not packed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from datetime import datetime
from urllib.parse import unquote

import pytest

from gpunet.base.errors import InputError
from gpunet.cli.reports import write_report
from gpunet.governance.log import entries
from gpunet.packages.keys import PASSPHRASE, key_id, read_private_key, read_public_key
from gpunet.packages.statement import SIGNATURE, STATEMENT, read_statement
from gpunet.packages.verify import verify_package
from tests.package_runs import GOVERNED, KEY, features_run, packed, private_pem, public_pem
from tests.run_processes import gpunet


def read(package) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return features_run(tmp_path_factory.mktemp("governed"), {"governance": GOVERNED})


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return features_run(tmp_path_factory.mktemp("plain"))


@pytest.fixture
def own(plain, tmp_path):
    """A run that a test may change."""
    return shutil.copytree(plain, tmp_path / "run")


@pytest.fixture(scope="module")
def files(run, tmp_path_factory):
    write_report(run)
    return read(packed(run, tmp_path_factory.mktemp("package") / "x.zip"))


def test_every_file_of_the_run_is_there_as_it_is(run, files):
    there = {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert {name.removeprefix("run/"): data for name, data in files.items() if name.startswith("run/")} == there
    assert json.loads(files["config.json"]) == json.loads(there["run.json"])["config"]


def test_the_statement_has_every_file(files):
    statement = read_statement(files[STATEMENT])
    rest = {name: data for name, data in files.items() if name not in (STATEMENT, SIGNATURE)}
    assert statement.digests == {name: hashlib.sha256(data).hexdigest() for name, data in rest.items()}
    assert statement.predicate.bytes == {name: len(data) for name, data in rest.items()}
    assert statement.predicate.purpose == GOVERNED["purpose"]
    assert statement.predicate.run.run_json_sha256 == hashlib.sha256(files["run/run.json"]).hexdigest()


def test_the_metadata_are_a_crate_of_the_files(files):
    crate = json.loads(files["ro-crate-metadata.json"])
    entities = {one["@id"]: one for one in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert entities["ro-crate-metadata.json"]["conformsTo"]["@id"] == "https://w3id.org/ro/crate/1.1"
    assert {"name", "description", "datePublished", "license"} <= entities["./"].keys()
    described = {unquote(one["@id"]): one for one in entities.values() if one["@type"] == "File"}
    assert described.keys() == files.keys() - {"ro-crate-metadata.json"}
    assert {of["@id"] for of in entities["./"]["hasPart"]} == {one["@id"] for one in described.values()}
    for name in files.keys() - {"ro-crate-metadata.json", STATEMENT, SIGNATURE}:
        assert described[name]["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert described[name]["contentSize"] == str(len(files[name]))
        assert described[name]["encodingFormat"]
        assert described[name]["description"] not in ("", "a file of the run"), name
    run = entities["#run"]
    assert run["@type"] == "CreateAction"
    assert entities[run["instrument"]["@id"]]["softwareVersion"]
    assert [entities[of["@id"]]["name"] for of in run["agent"]] == ["Anyshire Police", "ZQOWNER"]
    manifest = json.loads(files["run/run.json"])
    assert entities["#input-1"]["sha256"] == manifest["input"]["files"][0]["sha256"]
    for one in entities.values():
        for value in one.values():
            for of in value if isinstance(value, list) else [value]:
                if isinstance(of, dict):
                    assert of["@id"] in entities or of["@id"].startswith("https://"), of


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("governed", [False, True])
def test_the_metadata_are_what_version_1_1_of_the_specification_asks_for(run, plain, tmp_path, governed, public):
    """What must be there and what should, by its pages on the root, on data and on contextual entities, and JSON-LD."""
    found = read(packed(run if governed else plain, tmp_path / "x.zip", public=public))
    crate = json.loads(found["ro-crate-metadata.json"])
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    (descriptor,) = [one for one in crate["@graph"] if one["@id"] == "ro-crate-metadata.json"]
    assert descriptor == {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    entities = {one["@id"]: one for one in crate["@graph"]}
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert root["name"]
    assert root["description"]
    assert datetime.fromisoformat(root["datePublished"])
    licence = entities[root["license"]["@id"]]
    assert licence["@type"] == "CreativeWork"
    assert licence["name"]
    assert licence["description"]
    for name, kind in (("author", "Organization"), ("publisher", "Organization")):
        assert (entities[root[name]["@id"]]["@type"] == kind) if governed else name not in root
    action = entities["#run"]
    assert datetime.fromisoformat(action["startTime"]) <= datetime.fromisoformat(action["endTime"])
    for one in crate["@graph"]:
        assert {"@id", "@type"} <= one.keys()
        assert ".." not in one["@id"]
        assert "\\" not in one["@id"]
        for value in one.values():
            assert isinstance(value, (str, dict)) or len(value) > 1, "a list of one is the one, a list of none is none"
            for of in value if isinstance(value, list) else [value]:
                assert isinstance(of, str) or of.keys() == {"@id"}, "entities are named, and lie in no other"


def test_the_log_has_the_disclosure_and_the_package_has_its_line(run, tmp_path):
    run = shutil.copytree(run, tmp_path / "run")
    before = len(list(entries(tmp_path / "log.jsonl"))) if (tmp_path / "log.jsonl").exists() else 0
    found = read(packed(run, tmp_path / "x.zip"))
    own = hashlib.sha256((run / "run.json").read_bytes()).hexdigest()
    lines = (tmp_path / "log.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == before + 1
    assert json.loads(lines[-1])["operation"] == "disclosure"
    assert json.loads(lines[-1])["persons"] == 6
    assert found["log.jsonl"] == b"".join(line for line in lines if own.encode() in line)
    public = read(packed(run, tmp_path / "p.zip", public=True))
    assert json.loads(public["log.json"])["disclosure"] == "fewer than 10"
    assert "log.jsonl" not in public
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["persons"] == 0


def test_without_governance_no_log_is_kept_and_the_bytes_are_the_same_each_time(own, tmp_path):
    one, two = (packed(own, tmp_path / name).read_bytes() for name in ("1.zip", "2.zip"))
    assert one == two
    assert "log.jsonl" not in read(tmp_path / "1.zip")
    assert not (tmp_path / "log.jsonl").exists()
    assert read_statement(read(tmp_path / "1.zip")[STATEMENT]).predicate.purpose == "no purpose stated"


def _changed(run):
    (run / "features.json").write_text("{}")


def _gone(run):
    (run / "groups.parquet").unlink()


def _elsewhere(run):
    manifest = json.loads((run / "run.json").read_text())
    manifest["outputs"]["../arrests.parquet"] = {"bytes": 1, "sha256": "0" * 64}
    (run / "run.json").write_text(json.dumps(manifest))


def _incomplete(run):
    (run / "run.json").unlink()


def _old_report(run):
    write_report(run)
    (run / "run.json").write_text((run / "run.json").read_text() + " ")


def _changed_report(run):
    write_report(run)
    (run / "report.html").write_text("hello")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_changed, "is not what run.json lists, so the run is not packed"),
        (_gone, "cannot be read"),
        (_elsewhere, "lists a file of a name that no run has"),
        (_incomplete, "has no run.json"),
        (_old_report, "is of the run as it was before"),
        (_changed_report, "is not what report.json lists"),
    ],
)
def test_a_run_that_is_not_as_it_was_written_is_refused(own, tmp_path, change, said):
    change(own)
    with pytest.raises(InputError, match=said):
        packed(own, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_nothing_is_replaced_and_nothing_lies_in_a_run(run, tmp_path):
    there = tmp_path / "there.zip"
    there.write_text("mine")
    for out in (there, run / "x.zip", run / "figures" / "x.zip", tmp_path / "no" / "x.zip"):
        with pytest.raises(InputError, match="--out"):
            packed(run, out)
    assert there.read_text() == "mine"


def test_records_that_were_completed_by_hand_are_packed_as_they_are(own, tmp_path):
    made, by_hand = b"to be completed", b"completed"
    listed = {"atrs.md": {"bytes": len(made), "sha256": hashlib.sha256(made).hexdigest()}}
    sha256 = hashlib.sha256((own / "run.json").read_bytes()).hexdigest()
    (own / "cards.json").write_text(
        json.dumps({"gpunet": "cards", "run_sha256": sha256, "outputs": listed, "replaces": {}})
    )
    (own / "atrs.md").write_bytes(by_hand)
    for public in (False, True):
        out = tmp_path / f"{public}.zip"
        assert read(packed(own, out, public=public))["run/atrs.md"] == by_hand
        assert not verify_package(out, KEY.public_key()).differences


def test_keys_are_read_with_and_without_a_passphrase(tmp_path, monkeypatch):
    plain, encrypted, public = (tmp_path / name for name in ("plain", "encrypted", "public"))
    plain.write_bytes(private_pem())
    encrypted.write_bytes(private_pem(passphrase=b"ZQSECRET"))
    public.write_bytes(public_pem())
    assert key_id(read_private_key(plain).public_key()) == key_id(read_public_key(public))
    with pytest.raises(InputError, match="is encrypted"):
        read_private_key(encrypted)
    monkeypatch.setenv(PASSPHRASE, "ZQWRONG")
    with pytest.raises(InputError) as raised:
        read_private_key(encrypted)
    assert "ZQ" not in str(raised.value)
    monkeypatch.setenv(PASSPHRASE, "ZQSECRET")
    assert key_id(read_private_key(encrypted).public_key()) == key_id(read_private_key(plain).public_key())
    for of, read_it in ((plain, read_public_key), (public, read_private_key), (tmp_path, read_public_key)):
        with pytest.raises(InputError, match=r"--key|--sign"):
            read_it(of)


def test_other_kinds_of_keys_are_refused(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    other = generate_private_key(SECP256R1())
    (tmp_path / "key").write_bytes(private_pem(other))
    (tmp_path / "pub").write_bytes(public_pem(other))
    with pytest.raises(InputError, match="no Ed25519 key"):
        read_private_key(tmp_path / "key")
    with pytest.raises(InputError, match="no Ed25519 key"):
        read_public_key(tmp_path / "pub")


def test_from_the_shell(run, tmp_path):
    key, public, out = tmp_path / "key.pem", tmp_path / "key.pub", tmp_path / "x.zip"
    try:
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):  # there is none, or an old one
        key.write_bytes(private_pem())
        public.write_bytes(public_pem())
    done = gpunet("package", run, "--sign", key, "--out", out)
    assert done.returncode == 0, done.stderr
    counted = f"{len(read(out)) - 2:,} files, statement and signature"
    assert f"{counted}, signed by the key" in done.stdout
    done = gpunet("verify", out, "--key", public)
    assert done.returncode == 0, done.stderr
    assert GOVERNED["purpose"] in done.stdout
    assert counted in " ".join(done.stdout.split())
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    out.write_bytes(data)
    done = gpunet("verify", out, "--key", public)
    assert done.returncode == 2
    assert "is not as it was signed" in done.stderr
    assert not done.stdout
    assert gpunet("verify", out, "--key", public, "--ties", key).returncode == 2


def test_which_key_is_wanted_to_verify_is_said(tmp_path):
    from gpunet.exchange.keys import new_key, new_signing_key

    new_signing_key(tmp_path / "signing.pem")
    new_key(tmp_path / "pseudonyms.key")
    with pytest.raises(InputError, match=r"give \S*signing\.pem\.pub, which gpunet key new FILE --signing wrote"):
        read_public_key(tmp_path / "signing.pem")
    with pytest.raises(InputError, match=r"give the FILE\.pub, which gpunet key new FILE --signing wrote"):
        read_public_key(tmp_path / "pseudonyms.key")
