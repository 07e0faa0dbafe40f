"""``gpunet link-review``: decisions are written whole, changed ones are kept, and the log has an entry of each."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet.base import lock
from gpunet.base.errors import InputError, StorageError
from gpunet.cli.app import app, main
from gpunet.config.config import load_config
from gpunet.exchange.link import link
from gpunet.exchange.link_file import read_links
from gpunet.exchange.link_review import decide, undecided
from gpunet.governance.log import check, entries
from gpunet.reading.person_links import person_links
from gpunet.tables.files import sha256_of
from tests.test_link import ON, tables

GOVERNED = {"governance": {"purpose": "a test", "legal_basis": "none", "controller": "nobody", "task_ref": "T1"}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    link(*tables(folder), ON, folder / "links.parquet", GOVERNED)
    return folder / "links.parquet"


@pytest.fixture
def links(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path))


def row_of(file: Path, person: str) -> dict:
    return pl.read_parquet(file).filter(pl.col("person_a") == person).row(0, named=True)


def test_decisions_are_kept_when_they_change(links):
    first = row_of(links, "a-secret-0")
    assert (first["decision"], first["history"]) == (None, None)
    left = len(undecided(links))
    assert decide(links, "b-secret-0", "a-secret-0", "yes", " Jo Doe ", "same tattoo") == left - 1
    found = row_of(links, "a-secret-0")
    assert (found["decision"], found["decided_by"], found["note"]) == ("yes", "Jo Doe", "same tattoo")
    assert found["decided_at"].endswith("+00:00")
    assert decide(links, "a-secret-0", "b-secret-0", "no", "Al") == left - 1
    assert decide(links, "a-secret-0", "b-secret-0", "yes", "Al", "sure") == left - 1
    found = row_of(links, "a-secret-0")
    assert (found["decision"], found["decided_by"], found["note"]) == ("yes", "Al", "sure")
    history = json.loads(found["history"])
    assert [(one["decision"], one["decided_by"], one["note"]) for one in history] == [
        ("yes", "Jo Doe", "same tattoo"),
        ("no", "Al", None),
    ]
    assert read_links(links)[1]["governance"]["purpose"] == "a test"
    decided = person_links(load_config({"input": {"person_links": str(links)}}))
    assert decided is not None
    assert decided.decided == {"b-secret-0": "a-secret-0"}


def test_several_who_decide_at_once_lose_nothing(links):
    pairs = [(row["person_a"], row["person_b"]) for row in undecided(links)[:12]]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: decide(links, *pair, "yes", "Jo"), pairs))
    found = {(row["person_a"], row["person_b"]) for row in undecided(links)}
    assert not found & set(pairs)


def test_who_is_kept_waiting_is_told_and_changes_nothing(links, monkeypatch):
    monkeypatch.setattr(lock, "_MOST_SECONDS", 0.01)
    before = links.read_bytes()
    with (
        lock.held(links, "it"),
        pytest.raises(
            StorageError, match=r"links\.parquet is held by another process .* give the command again"
        ) as said,
    ):
        decide(links, "a-secret-0", "b-secret-0", "yes", "Jo")
    assert "secret" not in str(said.value).replace(str(links), "")
    assert links.read_bytes() == before
    decide(links, "a-secret-0", "b-secret-0", "yes", "Jo")


def test_every_operation_is_in_the_log_before_it_is_done(tmp_path, monkeypatch):
    file, log = tmp_path / "links.parquet", tmp_path / "log.jsonl"
    a, b = tables(tmp_path)
    link(a, b, ON, file, GOVERNED)
    (first,) = entries(log)
    assert (first["operation"], first["persons"], first["purpose"], first["task_ref"]) == (
        "combination", 210, "a test", "T1",
    )  # fmt: skip
    assert first["object_sha256"] == sha256_of(file)
    rows = undecided(file)
    decide(file, rows[0]["person_a"], rows[0]["person_b"], "no", "Jo")
    found = list(entries(log))
    assert [of["operation"] for of in found] == ["combination", "consultation", "alteration"]
    assert found[-1]["object_sha256"] == sha256_of(file)
    assert check(log) == []
    assert "secret" not in log.read_text()
    before = file.read_bytes()
    log.write_text("{}")
    with pytest.raises(InputError, match=r"log\.jsonl"):
        decide(file, rows[0]["person_a"], rows[0]["person_b"], "yes", "Jo")
    assert file.read_bytes() == before
    with pytest.raises(InputError, match=r"log\.jsonl"):
        link(a, b, ON, tmp_path / "more.parquet", GOVERNED)
    assert not list(tmp_path.glob("more*"))


def test_without_a_purpose_no_log_is_begun(tmp_path):
    link(*tables(tmp_path), ON, tmp_path / "links.parquet")
    undecided(tmp_path / "links.parquet")
    assert not list(tmp_path.glob("log*"))
    assert (tmp_path / "links.parquet").stat().st_mode & 0o777 == 0o600


def test_the_command_line(links, tmp_path):
    def asked(*words):
        return CliRunner().invoke(app, ["link-review", str(links), *words])

    listed = asked("--list").stdout.splitlines()
    assert listed[0].split() == ["person_a", "person_b", "probability", "on"]
    assert len(listed) == 1 + len(undecided(links))
    assert asked().stdout.splitlines() == listed[:2]
    a, b = listed[1].split()[:2]
    done = asked("--person-a", a, "--person-b", b, "--decision", "no", "--by", "Jo")
    assert done.exit_code == 0
    assert "secret" not in done.output
    assert asked().stdout.splitlines() == [listed[0], listed[2]]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--decision", "yes", "--by", "Jo"], "name it with --person-a and --person-b"),
        (["--person-a", "a-secret-0"], "say yes or no"),
        (["--decision", "yes", "--person-a", "a-secret-0", "--person-b", "b-secret-0"], "name who decides"),
        (
            ["--decision", "yes", "--person-a", "a-secret-0", "--person-b", "secret", "--by", "Jo"],
            "no link between these",
        ),
    ],
)
def test_what_is_refused(links, monkeypatch, capsys, words, text):
    before = links.read_bytes()
    monkeypatch.setattr("sys.argv", ["gpunet", "link-review", str(links), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert text in error
    assert "secret" not in error.replace(str(links), "")
    assert links.read_bytes() == before


def test_other_files_are_refused(tmp_path):
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "x.parquet")
    for name in ("x.parquet", "gone.parquet"):
        with pytest.raises(InputError, match=name):
            decide(tmp_path / name, "a", "b", "yes", "Jo")
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]
