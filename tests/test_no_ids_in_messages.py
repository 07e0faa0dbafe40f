"""No message, log or error, and no text of run.json or report.json, holds the id of a person, not even one typed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from every_command import SENTINEL, WRITING, called, scored_person, write_tables
from test_private_modes import FOR_EVERYBODY, other_modes, umask

#: A person of no table.
NOBODY = f"{SENTINEL}999"


def files_of_texts(folder: Path) -> list[Path]:
    names = ("run.json", "report.json", "features.json", "panel.json", "log.jsonl", "cards.json", "descriptives.json")
    return [path for name in names for path in folder.rglob(name)]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every command was given under the umask 0, what they said, and which modes are not private."""
    folder = tmp_path_factory.mktemp("ids")
    (folder / "in").mkdir()
    write_tables(folder / "in")
    (folder / "out").mkdir()
    said, modes = [], {}
    for line in WRITING:
        person = scored_person(folder / "out" / "deep" / "run") if "{person}" in line else ""
        with umask(0):
            code, text = called(line, folder, person=person)
        assert code == 0, text
        said.append(text)
        modes[line] = other_modes(folder / "out", 0o600, 0o700)
    (folder / "said.txt").write_text("\n".join(said))
    (folder / "modes.json").write_text(json.dumps(modes))
    return folder


@pytest.mark.skipif(os.name != "posix", reason="has no such modes")
def test_whatever_a_command_writes_is_for_its_owner_alone(done: Path) -> None:
    modes = json.loads((done / "modes.json").read_text())
    assert [*modes] == [*WRITING]
    for line, found in modes.items():
        assert found.items() <= FOR_EVERYBODY.items(), (line, found)


def test_what_goes_well_names_nobody(done: Path) -> None:
    assert SENTINEL not in (done / "said.txt").read_text()
    texts = files_of_texts(done / "out")
    assert len(texts) > 10
    for path in texts:
        assert SENTINEL not in path.read_text(encoding="utf-8"), path


def test_there_is_an_id_to_be_found(done: Path) -> None:
    """Where results hold persons, that is."""
    assert SENTINEL in (done / "out" / "scores.csv").read_text()
    assert SENTINEL in called("show {out}/deep/run scores", done)[1]


def test_no_file_of_a_public_report_names_anybody(done: Path) -> None:
    run = done / "out" / "deep" / "run"
    assert called("report {out}/deep/run --audience public", done)[0] == 0
    for path in (run / "report.html", *(run / "figures").iterdir()):
        assert SENTINEL.encode() not in path.read_bytes(), path


HEAD = "person_id,incident_id,date,offence\n"
GOOD = HEAD + "".join(f"{SENTINEL}{i},i{i // 2},2013-01-{i % 27 + 1:02d},theft\n" for i in range(40))

#: Tables of arrests with something wrong, about somebody.
TABLES = {
    "an id on many rows": GOOD + "".join(f"{NOBODY},j{i},2013-02-01,theft\n" for i in range(60)),
    "ids alike": GOOD + f"{SENTINEL.lower()}1,i1,2013-01-05,x\n{SENTINEL}-1,i2,2013-01-05,x\n",
    "a field too many": GOOD + f"{NOBODY},i1,2013-01-05,theft,{NOBODY}\n",
    "a quotation mark": GOOD + f'"{NOBODY},i1,2013-01-05,theft\n',
    "no header": GOOD.removeprefix(HEAD),
    "all dates bad": HEAD + f"{NOBODY},i1,9999,theft\n" * 3,
    "a person alone": HEAD + f"{NOBODY},i1,2013-01-05,theft\n",
    "nobody tied": HEAD + "".join(f"{SENTINEL}{i},i{i},2013-01-05,theft\n" for i in range(30)),
    "cut off": GOOD[:-30],
    "not text": "\x00\x01" + GOOD,
}


@pytest.mark.parametrize("name", TABLES)
def test_bad_tables_name_nobody_even_where_values_are_asked_for(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(TABLES[name])
    for more in ("", " --show-values", " --debug"):
        for line in ("check {in}/a.csv", "features {in}/a.csv --start-over --out {out}/features"):
            said = called(line + more, tmp_path)[1]
            assert SENTINEL.lower() not in said.lower(), (line + more, said)
    for path in files_of_texts(tmp_path):
        assert SENTINEL not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize(
    "line",
    [
        "show {out}/deep/run scores --person {nobody}",
        "show {out}/deep/run --person {nobody} --json",
        "show {out}/deep/run {nobody}",
        "card {out}/deep/run --person {nobody} --out {out}/none.html",
        "card {out}/deep/run {nobody}",
        "card {out}/deep/run {nobody} {nobody} --out {out}/none.html",
        "report {out}/deep/run {nobody}",
        "subject {out}/deep/run --person {nobody}",
        "subject {out}/deep/run {nobody}",
        "erase {out} {nobody}",
        "evaluate known --out {out}/x --debug",
        "update {out}/deep/run --out {out}/x --add {nobody}",
        "update {out}/deep/run --out {out}/x --remove {in}/remove.csv {nobody}",
        "update {out}/deep/run --out {out}/x --merge={nobody}",
        "update {out}/deep/run --out {out}/x --add {in}/more.csv --input {nobody}",
        "features {nobody} --out {out}/x",
        "features {in}/arrests.csv {nobody}.5 --out {out}/x",
        "run {in}/arrests.csv --ties {nobody} --out {out}/x",
        "panel {in}/arrests.csv --victims {in}/more.csv {nobody} --out {out}/x",
        "run {in}/arrests.csv --person-links {nobody} --out {out}/x",
        "check {nobody}",
        "link {nobody} {nobody} --on name,born --out {out}/x",
        "pseudonymise {nobody} --key {out}/psn.key --domain d --out {out}/x",
        "flags {out}/deep/run --input {nobody} --out {out}/x",
        "audit {out}/deep/run --attributes {nobody} --by sex --out {out}/x",
        "retain {out} --reviews {nobody}",
    ],
)
def test_an_id_that_was_typed_is_not_repeated(done: Path, line: str) -> None:
    for more in ("", " --debug"):
        code, said = called(line + more, done, nobody=NOBODY)
        assert code == 2, said
        assert SENTINEL not in said


@pytest.mark.parametrize("option", ["--add", "--remove", "--merge", "--ties", "--victims", "--input"])
def test_a_word_that_is_no_file_is_said_to_be_none_of_the_option(done: Path, option: str) -> None:
    line = "update {out}/deep/run --out {out}/x %s {in}/more.csv {nobody}" % option  # noqa: UP031 - braces stay
    assert f"a word of {option} is no file" in called(line, done, nobody=NOBODY)[1]
    if option in ("--add", "--remove", "--merge"):
        assert "none.csv" in called(line, done, nobody="none.csv")[1]  # which looks like a file's name, and helps


@pytest.mark.parametrize(
    "line",
    [
        "subject {out}/deep/run --person {person} --out {out}/subject.json",
        "cards {out}/deep/run",
        "retain {out}",
        "erase {out} --person {nobody}",
        "log summary {out}/deep --out {out}/summary",
    ],
)
def test_records_and_rights_name_nobody(done: Path, line: str) -> None:
    _, said = called(line, done, nobody=NOBODY, person=scored_person(done / "out" / "deep" / "run"))
    assert SENTINEL not in said
    for name in ("atrs.md", "model_card.md", "algo_care.md", "log.jsonl", "cards.json"):
        for path in done.rglob(name):
            assert SENTINEL not in path.read_text(encoding="utf-8"), path


def of_somebody(folder: Path, name: str, rows: dict[str, list[Any]]) -> None:
    pl.DataFrame(rows).write_csv(folder / "in" / f"{name}.csv")


CORRECTIONS: dict[str, tuple[str, dict[str, list[Any]]]] = {
    "of nobody": ("--remove", {"person_id": [NOBODY]}),
    "of an incident of nobody": ("--remove", {"person_id": [NOBODY], "incident_id": ["none"]}),
    "a row that says nothing": ("--remove", {"person_id": [NOBODY, None]}),
    "into nobody": ("--merge", {"person_id": [NOBODY], "into": [None]}),
    "into two": ("--merge", {"person_id": [NOBODY, NOBODY], "into": [f"{SENTINEL}1", f"{SENTINEL}2"]}),
    "in a chain": ("--merge", {"person_id": [f"{SENTINEL}1", NOBODY], "into": [NOBODY, f"{SENTINEL}3"]}),
    "without a column": ("--merge", {"person": [NOBODY], "whom": [NOBODY]}),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRECTIONS)
def test_corrections_name_nobody(done: Path, name: str) -> None:
    option, rows = CORRECTIONS[name]
    of_somebody(done, "wrong", rows)
    shutil.rmtree(done / "out" / "corrected", ignore_errors=True)
    code, said = called(f"update {{out}}/deep/run --out {{out}}/corrected {option} {{in}}/wrong.csv --debug", done)
    assert code in (0, 2), said
    assert SENTINEL not in said
    for path in files_of_texts(done / "out" / "corrected"):
        assert SENTINEL not in path.read_text(encoding="utf-8")


def test_attributes_name_nobody(done: Path) -> None:
    ids = pl.read_csv(done / "in" / "attributes.csv")["person_id"].to_list()
    for name, rows in {
        "two values": {"person_id": [*ids, ids[0]], "sex": ["f", "m"] * (len(ids) // 2) + ["m"] * (len(ids) % 2 + 1)},
        "of nobody": {"person_id": [NOBODY], "sex": ["f"]},
        "a value each": {"person_id": ids, "sex": ids},
    }.items():
        of_somebody(done, "odd", rows)
        shutil.rmtree(done / "out" / "odd", ignore_errors=True)
        said = called("audit {out}/deep/run --attributes {in}/odd.csv --by sex --out {out}/odd --debug", done)[1]
        assert SENTINEL not in said, (name, said)


def test_scores_and_damaged_tables_name_nobody(done: Path) -> None:
    run, copy = done / "out" / "deep" / "run", done / "out" / "copy"
    features = pl.read_parquet(run / "features.parquet")
    line = "score --model {out}/deep/run/model.ubj --features {in}/f.parquet --out {out}/again.parquet --debug"
    for name, frame in {
        "two rows": pl.concat([features, features[:1]]),
        "no person": features.with_columns(pl.lit(None, pl.String).alias("person_id")),
        "ids in a feature": features.with_columns(pl.col("person_id").alias(features.columns[1])),
        "infinite": features.with_columns(pl.lit(float("inf")).alias(features.columns[2])),
    }.items():
        frame.write_parquet(done / "in" / "f.parquet")
        (done / "out" / "again.parquet").unlink(missing_ok=True)
        said = called(line, done)[1]
        assert SENTINEL not in said, (name, said)
    for table in ("scores", "features", "groups", "ties"):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy)
        path = copy / f"{table}.parquet"
        path.write_bytes(path.read_bytes()[:-40])
        for command in ("report {out}/copy", "show {out}/copy scores", "card {out}/copy --person {person}"):
            said = called(f"{command} --debug", done, person=scored_person(run))[1]
            assert SENTINEL not in said or command.startswith("show"), said


def test_the_text_of_an_error_that_nobody_expected_has_shapes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from gpunet.cli import show

    text = "no row " + json.dumps({"person_id": " ".join(("Ann", "Example"))}) + f", nor {NOBODY}"  # not as one word

    def fails(*_: object) -> None:
        raise KeyError(text)

    monkeypatch.setattr(show, "print_run", fails)
    code, said = called("show {out} --debug", tmp_path)
    assert code == 1
    assert "Traceback" in said
    assert "KeyError" in said
    assert SENTINEL not in said
    assert "Ann Example" not in said
