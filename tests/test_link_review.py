"""``gpunet link-review``: decisions are written whole, changed ones are kept, and the log has an entry of each."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli.app import app, main
from gpunet.config.config import load_config
from gpunet.exchange import link_log
from gpunet.exchange.link import link
from gpunet.exchange.link_file import read_links
from gpunet.exchange.link_review import decide, undecided
from gpunet.reading.person_links import person_links
from gpunet.tables.files import sha256_of
from tests.test_link import ON, tables

GOVERNED = {"governance": {"purpose": "a test", "legal_basis": "none", "controller": "nobody", "task_ref": "T1"}}


@pytest.fixture
def links(tmp_path: Path) -> Path:
    link(*tables(tmp_path), ON, tmp_path / "links.parquet", GOVERNED)
    return tmp_path / "links.parquet"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What is entered in the log, in the order in which it is."""
    lines: list[dict] = []
    module = ModuleType("gpunet.governance.log")
    module.log_of = lambda config, run: run.parent / "log.jsonl" if config.is_governed else None
    module.append = lambda place, operation, **of: lines.append({"log": place, "operation": operation, **of})
    monkeypatch.setitem(sys.modules, "gpunet.governance.log", module)
    monkeypatch.setattr(link_log, "find_spec", lambda name: object())
    return lines


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


def test_every_operation_is_in_the_log_before_it_is_done(tmp_path, log):
    file = tmp_path / "links.parquet"
    a, b = tables(tmp_path)
    link(a, b, ON, file, GOVERNED)
    assert [(of["operation"], of["persons"], of["purpose"], of["task_ref"]) for of in log] == [
        ("combination", 210, "a test", "T1")
    ]
    assert log[0]["object_sha256"] == sha256_of(file)
    rows = undecided(file)
    decide(file, rows[0]["person_a"], rows[0]["person_b"], "no", "Jo")
    assert [of["operation"] for of in log[1:]] == ["consultation", "alteration"]
    assert log[-1]["object_sha256"] == sha256_of(file)
    assert {of["log"] for of in log} == {tmp_path / "log.jsonl"}
    assert "secret" not in str(log)
    before = file.read_bytes()
    log_module = sys.modules["gpunet.governance.log"]
    log_module.append = lambda *given, **of: (_ for _ in ()).throw(InputError("the log is damaged"))
    with pytest.raises(InputError, match="the log is damaged"):
        decide(file, rows[0]["person_a"], rows[0]["person_b"], "yes", "Jo")
    assert file.read_bytes() == before
    with pytest.raises(InputError, match="the log is damaged"):
        link(a, b, ON, tmp_path / "more.parquet", GOVERNED)
    assert not list(tmp_path.glob("more*"))


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
