"""Corrected runs: what reads their tables again would bring back what was left out, and is refused."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli.app import app, main
from gpunet.cli.flags import run_flags
from gpunet.cli.run import RunOptions, run_features
from gpunet.cli.updates import run_update
from gpunet.report.card_inputs import input_paths
from tests.updating import CONFIG, write

OPTIONS = RunOptions(threads=1)

ROWS = [
    {"person_id": person, "incident_id": incident, "date": "2013-05-04", "offence": "murder"}
    for incident, persons in enumerate([("ann", "bob"), ("bob", "cyd"), ("cyd", "dot")])
    for person in persons
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run_features(write(tmp_path / "arrests.csv", ROWS), tmp_path / "run", CONFIG, None, OPTIONS)
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("kind", "row"), [("remove", {"person_id": "dot"}), ("merge", {"person_id": "dot", "into": "cyd"})]
)
def test_flags_and_cards_bring_nobody_back(run: Path, tmp_path: Path, kind: str, row: dict[str, str]) -> None:
    assert run_flags([run], tmp_path / "flags")["flags"]["raised"]
    found = run_update(run, tmp_path / "out", options=OPTIONS, **{kind: [write(tmp_path / "file.csv", [row])]})
    with pytest.raises(InputError, match=r"out was made with .*correct the tables, and give gpunet features on them"):
        run_flags([tmp_path / "out"], tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with pytest.raises(InputError, match="the run was made with --remove or --merge"):
        input_paths(found)


def test_corrections_that_did_nothing_leave_a_run_as_it_was(run: Path, tmp_path: Path) -> None:
    remove = write(tmp_path / "file.csv", [{"person_id": "eve"}])
    found = run_update(run, tmp_path / "out", options=OPTIONS, remove=[remove])
    assert found["corrections"]["unknown"] == 1
    assert run_flags([tmp_path / "out"], tmp_path / "flags")["flags"]["raised"]
    assert input_paths(found)


@pytest.mark.parametrize("words", [("update", "run", "--add"), ("features", "arrests.csv", "--ties")])
def test_an_option_of_files_without_a_file(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["gpunet", *words, "--out", "out"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"{words[-1]}: no file follows it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_update_shows_values_if_asked(run: Path, tmp_path: Path) -> None:
    new = write(tmp_path / "new.csv", [{**ROWS[0], "date": "never"}])
    for option, shown in (("--no-report", False), ("--show-values", True)):
        words = ["update", str(run), "--add", str(new), "--out", str(tmp_path / option), option]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0
        assert ('"never"' in done.output) is shown
