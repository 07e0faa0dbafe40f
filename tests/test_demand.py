"""``gpunet log``: demand against a slow count, what the public is told, and a log that is not whole."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gpunet.cli.app import app
from gpunet.cli.ending import code_and_message
from gpunet.governance.demand import BY, demand_by, requests
from gpunet.governance.log import append, entries
from gpunet.governance.log_line import OPERATIONS
from gpunet.report.audience import Audience
from gpunet.report.governance_section import demand_tables
from tests.report_pages import HOSTILE, assert_harmless, assert_public

ENTRY = st.fixed_dictionaries(
    {
        "time": st.sampled_from(
            ["2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00.000000Z", "2025-12-01T00:00:00.000000Z"]
        ),
        "operation": st.sampled_from(OPERATIONS),
        "actor": st.sampled_from(
            ["pat", "pat for harm reduction", "kim for harm reduction", "kim for analysis for all"]
        ),
        "purpose": st.sampled_from(["triage", "no purpose stated"]),
        "task_ref": st.sampled_from(["", "T-1", "T-2"]),
        "object_sha256": st.sampled_from(["a" * 64, "b" * 64, "c" * 64]),
        "persons": st.none() | st.integers(0, 10**6),
    }
)


def invoked(*arguments: object) -> tuple[int, str]:
    """The exit code, and what is printed or said."""
    done = CliRunner().invoke(app, ["log", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return code_and_message(done.exception)
    return done.exit_code, done.stdout


def slow_demand(by: str, found: list[dict]) -> list[dict]:
    """Demand, one entry after another."""
    key = {
        "task": lambda entry: entry["task_ref"],
        "purpose": lambda entry: entry["purpose"],
        "team": lambda entry: entry["actor"].split(" for ", 1)[1] if " for " in entry["actor"] else "",
        "month": lambda entry: entry["time"][:7],
    }[by]
    rows: dict[str, dict] = {}
    objects: dict[str, set] = {}
    for entry in found:
        row = rows.setdefault(
            key(entry),
            {
                by: key(entry),
                **dict.fromkeys(OPERATIONS, 0),
                "entries": 0,
                "runs": 0,
                "persons": 0,
                "most_persons": None,
            },
        )
        objects.setdefault(key(entry), set()).add(entry["object_sha256"])
        row[entry["operation"]] += 1
        row["entries"] += 1
        row["runs"] = len(objects[key(entry)])
        if entry["persons"] is not None:
            row["persons"] += entry["persons"]
            row["most_persons"] = max(entry["persons"], row["most_persons"] or 0)
    return [rows[name] for name in sorted(rows)]


@given(found=st.lists(ENTRY, max_size=30), by=st.sampled_from(BY))
def test_demand_is_what_a_slow_count_finds(found, by):
    assert demand_by(by, requests(found)).to_dicts() == slow_demand(by, found)


@given(found=st.lists(ENTRY, max_size=60))
def test_the_public_is_told_of_months_alone_and_of_no_small_number(found):
    (table,) = demand_tables(requests(found), Audience("public"))
    assert table.name == "demand_by_month"
    shown = Audience("public").shown(table.data, table.counts)
    numbers = shown.select(pl.col(pl.Int64)).to_numpy().ravel()
    assert not [n for n in numbers.tolist() if 0 < n < 10]
    assert "most_persons" not in shown.columns


@pytest.fixture
def folder(tmp_path) -> Path:
    for i, name in enumerate(HOSTILE):
        append(
            tmp_path / "log.jsonl", OPERATIONS[i % 6], purpose=name, task_ref=name[:200],
            object_sha256=f"{i:064x}", persons=i, actor=f"patricia for {name}",
        )  # fmt: skip
    return tmp_path


def test_summary_as_tables_and_a_page(folder, tmp_path):
    out = tmp_path / "demand"
    assert invoked("summary", folder, "--out", out) == (0, f"{out}\n")
    names = {f"demand_by_{by}.{suffix}" for by in BY for suffix in ("csv", "parquet")}
    assert {path.name for path in out.iterdir()} == names | {"demand.html"}
    assert_harmless((out / "demand.html").read_bytes())
    for by in BY:
        stored = pl.read_parquet(out / f"demand_by_{by}.parquet")
        expected = slow_demand(by, list(entries(folder / "log.jsonl")))
        assert stored.drop(by).to_dicts() == [{key: row[key] for key in row if key != by} for row in expected]
        with (out / f"demand_by_{by}.csv").open(encoding="utf-8", newline="") as file:
            cells = [row[by] for row in csv.DictReader(file)]
        assert len(cells) == len(stored)
        assert not [cell for cell in cells if cell.lstrip()[:1] in "=+-@"]
    again = {path.name: path.read_bytes() for path in out.iterdir()}
    invoked("summary", folder / "log.jsonl", "--out", out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == again
    assert invoked("summary", folder, "--out", out, "--audience", "public")[0] == 0
    assert {path.name for path in out.iterdir()} == {"demand.html", "demand_by_month.csv", "demand_by_month.parquet"}
    assert_public((out / "demand.html").read_bytes(), {}, {"patricia", "script", "onload", "cmd()"})
    (out / "mine.txt").touch()
    assert "holds mine.txt" in invoked("summary", folder, "--out", out)[1]


def test_summary_on_the_terminal(folder):
    code, text = invoked("summary", folder)
    assert code == 0
    assert all(f"Demand by {by}" in text for by in BY)
    assert not {character for character in text if not character.isprintable()} - {"\n"}


def test_a_log_that_is_not_whole_is_counted_only_if_that_is_asked_for(folder):
    log = folder / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))
    code, text = invoked("summary", folder)
    assert code == 2
    assert "line 2: it has not the ten fields" in text
    assert "--unverified" in text
    code, text = invoked("summary", folder, "--unverified")
    assert code == 0
    assert text.rstrip().splitlines()[-1].split()[-4] == f"{len(lines) - 1}"


def test_verify(folder):
    log = folder / "log.jsonl"
    found = list(entries(log))
    code, text = invoked("verify", folder)
    assert code == 0
    assert f"{len(found)} lines, from {found[0]['time']} to {found[-1]['time']}" in text
    assert f"SHA-256 of the last one: {found[-1]['sha256']}" in text
    assert "note it elsewhere" in text
    assert invoked("verify", log, "--head", found[3]["sha256"].upper())[0] == 0
    code, text = invoked("verify", log, "--head", "0" * 64)
    assert (code, "no line of it has" in text) == (2, True)
    assert invoked("verify", log, "--head", "12")[0] == 2
    log.write_bytes(log.read_bytes() + b"x")
    code, text = invoked("verify", folder)
    assert (code, "it has no end" in text) == (2, True)
    log.write_bytes(b"x\n" * 50)
    assert "and 31 more" in invoked("verify", folder)[1]


def test_where_there_is_no_log(tmp_path):
    for what in ("verify", "summary"):
        code, text = invoked(what, tmp_path)
        assert (code, "there is no log" in text) == (2, True)
