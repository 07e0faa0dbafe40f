"""``gpunet cards`` as a command: where it writes, what it refuses, and what it leaves as it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet.cli.app import app
from gpunet.cli.run import run_features
from gpunet.runs.file_lists import CARDS
from gpunet.runs.run_options import RunOptions
from gpunet.synthetic import make_arrests
from tests.record_texts import read_json

OPTIONS = RunOptions(threads=1, report=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of features, and its tables."""
    folder = tmp_path_factory.mktemp("made")
    pl.from_dataframe(make_arrests(200, seed=2)).write_parquet(folder / "arrests.parquet")
    run_features([str(folder / "arrests.parquet")], folder / "run", None, None, OPTIONS)
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "run", tmp_path / "runs" / "run"))


def cards(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["cards", *map(str, arguments)])
    return done.exit_code, f"{done.output}{done.exception or ''}"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


_LOADED = """
import sys
from typer.testing import CliRunner
from gpunet.cli.app import app
*done, last = {commands!r}
for command in done:
    assert CliRunner().invoke(app, command).exit_code == 0, command
assert "altair" not in sys.modules
assert CliRunner().invoke(app, last).exit_code == 0, last
sys.exit(", ".join({{"xgboost", "sklearn"}} & set(sys.modules)) or 0)
"""


def test_what_reads_no_model_loads_no_library_for_models(run: Path) -> None:
    commands = [["cards", str(run)], ["show", str(run)], ["show", str(run), "groups"], ["report", str(run)]]
    asked = [sys.executable, "-c", _LOADED.format(commands=commands)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_records_lie_beside_results_with_their_list(run: Path) -> None:
    before = contents(run)
    code, said = cards(run)
    assert code == 0
    assert said.split() == [str(run / name) for name in CARDS.files]
    assert {name: data for name, data in contents(run).items() if name in before} == before
    stored = read_json(run / CARDS.name)
    assert {name: of["sha256"] for name, of in stored["outputs"].items()} == {
        name: sha256((run / name).read_bytes()).hexdigest() for name in CARDS.files
    }
    assert (stored["audit_sha256"], stored["evaluations_sha256"]) == (None, [])
    after = contents(run)
    assert cards(run)[0] == 0
    assert {n: data for n, data in contents(run).items() if n != CARDS.name} == {
        n: data for n, data in after.items() if n != CARDS.name
    }


def test_a_report_and_a_run_again_take_the_folder(run: Path, made: Path) -> None:
    cards(run)
    records = {name: data for name, data in contents(run).items() if name in CARDS.names}
    assert CliRunner().invoke(app, ["report", str(run)]).exit_code == 0
    assert contents(run).items() >= records.items()
    run_features([str(made / "arrests.parquet")], run, None, None, OPTIONS)
    assert not set(contents(run)) & set(CARDS.names)


def test_a_record_that_was_completed_is_not_replaced(run: Path, tmp_path: Path) -> None:
    cards(run)
    made = (run / "atrs.md").read_bytes()
    (run / "atrs.md").write_text("completed by the force")
    code, said = cards(run)
    assert code != 0
    assert "atrs.md is not what cards.json lists" in said
    assert (run / "atrs.md").read_text() == "completed by the force"
    before = contents(run)
    assert cards(run, "--out", tmp_path / "public")[0] == 0
    assert contents(run) == before
    assert contents(tmp_path / "public").keys() == set(CARDS.files)
    assert (tmp_path / "public" / "atrs.md").read_bytes() == made
    code, said = cards(run, "--out", tmp_path / "public")
    assert code != 0
    assert "which is not replaced" in said


@pytest.mark.parametrize("place", ["run", "run/records"])
def test_another_folder_is_none_of_a_run(run: Path, place: str) -> None:
    before = contents(run)
    assert "folder of a run" in cards(run, "--out", run.parent / place)[1]
    assert contents(run) == before


def test_results_that_were_changed_have_no_records(run: Path, tmp_path: Path) -> None:
    with (run / "ties.parquet").open("ab") as file:
        file.write(b"x")
    for more in ((), ("--out", tmp_path / "public")):
        code, said = cards(run, *more)
        assert code != 0
        assert "ties.parquet is not what run.json lists" in said
    assert not (tmp_path / "public").exists()
    assert not (run / "atrs.md").exists()
