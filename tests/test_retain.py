"""``gpunet retain``: what is past its day or due for review is listed, and deleted file by file if asked."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from updating import CONFIG, random_rows, write

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.packages import described
from gpunet.cli.run import run_features
from gpunet.cli.running import RUN_FILES
from gpunet.governance import log
from gpunet.governance.erased_folder import ErasedFolder
from gpunet.governance.retention import erase_due, read_reviews, retained_under
from gpunet.governance.runs_under import held_under
from gpunet.packages.package import package_run
from gpunet.runs.folder import RunFolder
from gpunet.runs.run_options import RunOptions
from gpunet.tables.files import sha256_of
from gpunet.tables.parquet import write_parquet
from gpunet.tables.partial_files import Partial

OPTIONS = RunOptions(threads=1)
GIVEN = {"purpose": "test", "legal_basis": "law", "controller": "force", "retain_until": "2026-01-31"}
LAST, AFTER = date(2026, 1, 31), date(2026, 2, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is kept until a day, and one of which no day is stated."""
    root = tmp_path_factory.mktemp("made")
    rows = random_rows(np.random.default_rng(1), 120, 24, text=True)
    inputs = [write(root / "in" / "a.csv", rows)]
    run_features(inputs, root / "runs" / "old", {**CONFIG, "governance": GIVEN}, None, OPTIONS)
    run_features(inputs, root / "runs" / "deep" / "other", CONFIG, None, OPTIONS)
    return root / "runs"


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "runs")
    return tmp_path / "runs"


def persons(run: Path) -> list[str]:
    return pl.read_parquet(run / "features.parquet")["person_id"].to_list()


def due(root: Path, today: date, reviews: dict[str, date] | None = None) -> dict[str, Any]:
    return {each.held.path.name: each for each in retained_under(root, today, reviews or {}) if each.is_due}


def test_the_last_day_is_a_day_on_which_a_run_is_kept(made: Path) -> None:
    assert due(made, LAST) == {}
    found = due(made, AFTER)
    assert list(found) == ["old"]
    assert found["old"].persons == len(persons(made / "old"))
    assert found["old"].why == "kept until 2026-01-31"


def test_reviews_are_counted_by_run(made: Path, tmp_path: Path) -> None:
    known = persons(made / "old")
    rows = [(known[0], LAST), (known[1], AFTER), ("NOBODY", LAST), (known[0], AFTER)]
    frame = pl.DataFrame(rows, schema=["person_id", "review_due"], orient="row")
    for path in (tmp_path / "reviews.csv", tmp_path / "reviews.parquet"):
        frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
        reviews = read_reviews([path])
        assert reviews == {known[0]: LAST, known[1]: AFTER, "NOBODY": LAST}
        assert [each.reviews_due for each in due(made, LAST, reviews).values()] == [1, 1]
        assert [each.reviews_due for each in due(made, AFTER, reviews).values()] == [2, 2]


@pytest.mark.parametrize(
    "names", [("Person ID", "REVIEW-DUE"), (" person_id", "Review due"), ("PersonId", "reviewdue")]
)
def test_the_columns_of_reviews_are_found_however_they_are_written(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(f"who decided,{names[1]},{names[0]}\nsomebody,2026-01-31,P1\nsomebody,2026-02-01, P2 \n")
    assert read_reviews([path]) == {"P1": LAST, "P2": AFTER}


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime, pl.Int64, pl.String])
def test_days_of_review_may_be_of_any_type_that_dates_are_read_of(tmp_path: Path, kind: Any) -> None:
    given = {pl.Int64: 20260131, pl.String: "2026-01-31"}.get(kind, LAST)
    frame = pl.DataFrame({"person_id": [7, 8], "review_due": pl.Series([given, given]).cast(kind)})
    frame.write_parquet(tmp_path / "reviews.parquet")
    assert read_reviews([tmp_path / "reviews.parquet"]) == {"7": LAST, "8": LAST}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("person_id\nP1\n", 'no column "review_due"; a table of reviews has the columns person_id and review_due'),
        ("person_id,review_due\nP1,2026-01-31\nP1,soon\n", r"row 2 of .*reviews\.csv .* no date"),
        ("person_id,review_due\nP1,\n", "^reviews: row 1 .* lacks"),
        ("person_id,review_due\n,2026-01-31\n", "row 1 .* lacks"),
        ("person_id,Review due,review_due\nP1,2026-01-31,2026-01-31\n", 'more than one column could be "review_due"'),
        (
            "person_id,review_due\nP1,2026-01-31\nP2,2026-01-31,x\n",
            r"row 2 of .*reviews\.csv has too few or too many fields",
        ),
    ],
)
def test_tables_of_reviews_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "reviews.csv").write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        read_reviews([tmp_path / "reviews.csv"])
    assert "P1" not in str(raised.value)


def test_the_command_lists_and_deletes(root: Path) -> None:
    pl.DataFrame({"person_id": ["NOBODY"], "review_due": [LAST]}).write_csv(root / "reviews.csv")
    listed = CliRunner().invoke(app, ["retain", str(root)])
    assert listed.exit_code == 0, listed.output
    assert "1 of 2 runs" in listed.stdout
    assert "kept until 2026-01-31" in listed.stdout
    assert (root / "old" / "run.json").is_file()
    hashed = sha256_of(root / "old" / "run.json")
    done = CliRunner().invoke(app, ["retain", str(root), "--apply"])
    assert done.exit_code == 0, done.output
    assert not (root / "old").exists()
    assert (root / "deep" / "other" / "run.json").is_file()
    assert not any(person in done.output for person in persons(root / "deep" / "other"))
    (entry,) = [entry for entry in log.entries(root / "log.jsonl") if entry["operation"] == "erasure"]
    assert (entry["object_sha256"], entry["persons"]) == (hashed, len(persons(root / "deep" / "other")))


def test_what_is_not_the_run_s_own_stays(root: Path) -> None:
    old = root / "old"
    (old / "notes.txt").write_text("mine")
    (root / "link").symlink_to(root / "deep", target_is_directory=True)
    _, left, others = erase_due(retained_under(root, AFTER, {}), RUN_FILES)
    assert (left, others) == ([], [f"{old / 'notes.txt'} is not of a run, and is left"])
    assert [path.name for path in old.iterdir()] == ["notes.txt"]
    assert [held.path.name for held in held_under(root)] == ["other"]


def test_a_file_of_the_user_s_own_is_told_and_no_failure(root: Path) -> None:
    (root / "old" / "notes.txt").write_text("mine")
    done = CliRunner().invoke(app, ["retain", str(root), "--apply"])
    assert done.exit_code == 0, done.output
    assert "all that was due is gone" in " ".join(done.stdout.split())
    assert "notes.txt" in done.stdout
    assert CliRunner().invoke(app, ["retain", str(root), "--apply"]).exit_code == 0


def test_a_file_that_was_changed_stays_and_the_run_is_found_again(root: Path) -> None:
    table = root / "old" / "ties.parquet"
    table.write_bytes(b"somebody's")
    (found,) = [each for each in retained_under(root, AFTER, {}) if each.is_due]
    assert "persons not counted" not in found.why
    _, left, _ = erase_due([found], RUN_FILES)
    assert left == [f"{table} is not what the run's lists say, so it is left: move it away"]
    assert sorted(path.name for path in (root / "old").iterdir()) == ["run.json", "ties.parquet"]
    table.unlink()
    assert list(due(root, AFTER)) == ["old"]
    assert erase_due(retained_under(root, AFTER, {}), RUN_FILES)[1] == []
    assert not (root / "old").exists()


def test_a_run_at_work_is_left(root: Path) -> None:
    with RunFolder(root / "old", RUN_FILES):
        _, left, _ = erase_due(retained_under(root, AFTER, {}), RUN_FILES)
    assert "at work" in left[0]
    assert (root / "old" / "features.parquet").is_file()


def test_packages_and_unfinished_runs_are_retained_too(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(root / "a.zip", "w") as package:
        for name in ("ro-crate-metadata.json", "signature.dsse.json"):
            package.writestr(name, "{}")
        package.write(root / "old" / "run.json", "run/run.json")
        package.write(root / "old" / "features.parquet", "run/features.parquet")
    (root / "b.zip").write_bytes(b"PK no archive")

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gpunet.runs.stages.Run.write_features", stop)
    asked = RunOptions(threads=1, checkpoint_seconds=0)
    config = {**CONFIG, "governance": GIVEN}
    inputs = [write(tmp_path / "in.csv", random_rows(np.random.default_rng(1), 60, 24, text=True))]
    with pytest.raises(KeyboardInterrupt):
        run_features(inputs, root / "half", config, None, asked)
    found = due(root, AFTER)
    assert {name: each.held.kind for name, each in found.items()} == {
        "a.zip": "package",
        "half": "unfinished",
        "old": "run",
    }
    assert found["a.zip"].persons == found["old"].persons
    assert found["half"].persons
    erased, left, _ = erase_due(found.values(), RUN_FILES)
    assert (len(erased), left) == (3, [])
    assert list(due(root, AFTER)) == []
    assert not (root / "half" / ".partial").exists()
    assert (root / "b.zip").is_file()


class Killed(BaseException):
    """Ends the deletion where a kill does."""


@settings(max_examples=8, deadline=None)
@given(after=st.integers(0, 9))
def test_a_killed_deletion_is_found_and_gone_on_with(
    made: Path, tmp_path_factory: pytest.TempPathFactory, after: int
) -> None:
    root = tmp_path_factory.mktemp("killed") / "runs"
    shutil.copytree(made, root)
    removed = 0
    unlink = Path.unlink

    def counted(path: Path, missing_ok: bool = False) -> None:
        nonlocal removed
        if path.parent.name == "old" and removed == after:
            raise Killed
        removed += path.parent.name == "old"
        unlink(path, missing_ok=missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", counted)
        try:
            erase_due(retained_under(root, AFTER, {}), RUN_FILES)
        except Killed:
            assert list(due(root, AFTER)) == ["old"]
    assert erase_due(retained_under(root, AFTER, {}), RUN_FILES)[1] == []
    assert not (root / "old").exists()


def test_a_damaged_manifest_is_told_and_nothing_is_deleted(root: Path) -> None:
    (root / "old" / "run.json").write_text("{")
    found = {each.held.path.name: each for each in retained_under(root, AFTER, {})}
    assert "cannot be read" in found["old"].why
    assert not found["old"].is_due
    with pytest.raises(InputError), ErasedFolder(root / "old", RUN_FILES) as folder:
        folder.remove()
    assert (root / "old" / "features.parquet").is_file()


def test_the_day_is_that_of_the_configuration_where_governance_is_not_stated(root: Path) -> None:
    manifest = json.loads((root / "old" / "run.json").read_text())
    del manifest["governance"]
    (root / "old" / "run.json").write_text(json.dumps(manifest))
    assert list(due(root, AFTER)) == ["old"]


def governed(path: Path, until: str = "2026-01-31", **columns: list[Any]) -> Path:
    write_parquet(
        path, pa.table(columns or {"person_id": ["P1", "P2"]}), {"governance": {**GIVEN, "retain_until": until}}
    )
    return path


def test_files_outside_runs_that_tell_how_long_they_are_kept(root: Path, tmp_path: Path) -> None:
    scored = governed(root / "deep" / "s.pq")
    links = governed(root / "links.parquet", person_a=["P1"], person_b=["P3"])
    stays = [
        governed(root / "later.parquet", "2027-01-31"),
        governed(root / "nobody.parquet", place=["here"]),
        root / "mine.parquet",
        root / "mine.html",
        governed(root / "old" / "mine.parquet"),  # in a run's folder, which tells of it
    ]
    pl.DataFrame({"person_id": ["P1"]}).write_parquet(stays[2])
    stays[3].write_text('<meta name="retain-until" content="2026-01-31">')
    page = '<meta name="generator" content="gpunet 1">\n{}<title>Card of one score: person P1</title>'
    card, old_card = root / "card.html", root / "old_card.html"
    card.write_text(page.format('<meta name="retain-until" content="2026-01-31">\n'))
    old_card.write_text(page.format(""))
    answer = root / "answer.json"
    said = {"person_id": "P1", "run": {}, "governance": GIVEN, "retain_until": "2026-01-31", "came_from": []}
    answer.write_text(json.dumps(said))
    (root / "link.parquet").symlink_to(scored)
    found = due(root, AFTER)
    gone = {scored, links, card, answer}
    assert {each.held.path: each.persons for each in found.values() if each.held.kind == "file"} == {
        scored: 2, links: 2, card: 1, answer: 1,
    }  # fmt: skip
    assert due(root, LAST) == {}
    erased, left, _ = erase_due(found.values(), RUN_FILES)
    assert (len(erased), left) == (5, [])
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in (*stays, old_card))
    assert [entry["operation"] for entry in log.entries(root / "log.jsonl")].count("erasure") == 4
    assert [entry["persons"] for entry in log.entries(root / "deep" / "log.jsonl")] == [2]  # the log beside the file


def test_a_review_that_is_due_does_not_delete_a_file_and_lists_it(root: Path) -> None:
    governed(root / "s.parquet", "2027-01-31")
    (found,) = [each for each in retained_under(root, LAST, {"P1": LAST}) if each.held.path.name == "s.parquet"]
    assert (found.reviews_due, found.is_due, found.why) == (1, False, "review due of 1 person")


def test_what_has_changed_since_it_was_looked_at_is_left(root: Path, tmp_path: Path) -> None:
    scored = governed(root / "s.parquet")
    found = list(due(root, AFTER).values())
    assert len(found) == 2
    table = write(tmp_path / "in.csv", random_rows(np.random.default_rng(1), 60, 24, text=True))
    config = {**CONFIG, "governance": {**GIVEN, "retain_until": "2027-01-31"}}
    run_features([table], root / "old", config, None, RunOptions(threads=1, start_over=True))
    governed(scored, "2027-01-31")
    erased, left, _ = erase_due(found, RUN_FILES)
    assert erased == []
    assert sorted(left) == sorted(
        f"{path}: it has changed since it was looked at, and is left: give the command again"
        for path in (root / "old", scored)
    )
    assert (root / "old" / "run.json").is_file()
    assert scored.is_file()
    assert due(root, AFTER) == {}


def test_half_written_files_of_killed_commands_are_listed_and_deleted(root: Path) -> None:
    dead = root / "b.zip.0123abcd.partial"
    dead.write_bytes(b"PK")
    folder = root / ".out.0123_bcd.partial"
    folder.mkdir()
    (folder / "a.parquet").write_bytes(b"half")
    mine = root / "b.zip.mine.partial"
    mine.write_bytes(b"PK")
    at_work = Partial(root / "c.zip")
    assert list(due(root, LAST)) == [folder.name, dead.name]
    done = CliRunner().invoke(app, ["retain", str(root), "--apply"])
    assert done.exit_code == 0, done.output
    assert not dead.exists()
    assert not folder.exists()
    assert mine.exists()
    assert at_work.path.exists()
    at_work.close()


def test_a_table_of_reviews_that_cannot_be_read_is_refused(root: Path) -> None:
    reviews = root / "reviews.csv"
    for make in (lambda: reviews.symlink_to(root / "nowhere"), lambda: os.mkfifo(reviews)):
        make()
        result = CliRunner().invoke(app, ["retain", str(root)])
        assert isinstance(result.exception, InputError)
        assert "the table of reviews, cannot be read" in str(result.exception)
        reviews.unlink()


@pytest.mark.parametrize("name", ["c.pkg", "c", "c.zip.bak"])
def test_packages_have_names_by_which_they_are_known(root: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"give a name that ends in \.zip"):
        package_run(root / "old", Ed25519PrivateKey.generate(), root / name, described)
    package_run(root / "old", Ed25519PrivateKey.generate(), root / "c.ZIP", described)
    (root / "c.ZIP").rename(root / name)
    assert [held.path.name for held in held_under(root) if held.kind == "package"] == [name]
