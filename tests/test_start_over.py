"""Runs that state a purpose, were reviewed, or had persons erased: nothing replaces them unless it is told to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from erasing import OPTIONS, PANEL, SENTINEL, rows_of
from test_governance import EVERY, GIVEN
from typer.testing import CliRunner
from updating import CONFIG, write

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.erasure import erase
from gpunet.cli.evaluations import run_known
from gpunet.cli.flags import run_flags
from gpunet.cli.panels import run_panel
from gpunet.cli.places import run_places
from gpunet.cli.run import resume_run, run_features, run_forecast
from gpunet.cli.running import RUN_FILES
from gpunet.cli.updates import run_update
from gpunet.governance.review import ReviewFolder
from gpunet.model.scoring import COLUMNS_OF_SIDE
from gpunet.runs.feature_run import FeatureRun
from gpunet.tables.files import sha256_of
from gpunet.tables.parquet import write_parquet

GOVERNED = {**CONFIG, "governance": EVERY}
START_OVER = replace(OPTIONS, start_over=True)
STATES = r"states a purpose \(retain_until 2030-01-31, scores reviewed\), and this run states another or none"

Job = Callable[[list[str], Path, Any], dict[str, Any]]

#: What begins a run in a folder, on tables and with a configuration.
JOBS: dict[str, Job] = {
    "features": lambda tables, out, config: run_features(tables, out, config, None, OPTIONS),
    "run": lambda tables, out, config: run_forecast(tables, out, config, None, OPTIONS),
    "panel": lambda tables, out, config: run_panel(tables, out, {**config, **PANEL}, None, OPTIONS),
    "places": lambda tables, out, config: run_places(tables, out, config, None, OPTIONS),
    "evaluate": lambda tables, out, config: run_known(tables, out, config, None, OPTIONS),
    "flags": lambda tables, out, config: run_flags([out.parent / "plain"], out, None, (), OPTIONS),
    "update": lambda tables, out, config: run_update(out.parent / "plain", out, tables, None, OPTIONS),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A governed run, and one of which no purpose is stated."""
    root = tmp_path_factory.mktemp("made")
    tables = [write(root / "in" / "a.csv", rows_of())]
    run_forecast(tables, root / "runs" / "governed", GOVERNED, None, OPTIONS)
    run_features(tables, root / "runs" / "plain", CONFIG, None, OPTIONS)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The two runs, copied; their tables are where they were."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    (tmp_path / "in").symlink_to(made / "in")
    return tmp_path


def tables_of(root: Path) -> list[str]:
    return [str((root / "in").resolve() / "a.csv")]


def approve(run: Path) -> None:
    with ReviewFolder(run, RUN_FILES) as folder:
        folder.decide("Panel", "approve", "good")


@pytest.mark.parametrize("job", JOBS)
def test_no_command_replaces_a_run_that_states_a_purpose_by_one_that_states_none(root: Path, job: str) -> None:
    run = root / "runs" / "governed"
    before = sha256_of(run / "run.json")
    with pytest.raises(InputError, match=STATES) as caught:
        JOBS[job](tables_of(root), run, CONFIG)
    assert str(caught.value).endswith("Give another --out, or --start-over to replace it")
    assert sha256_of(run / "run.json") == before
    assert (run / "scores.parquet.sealed").is_file()


def test_nor_by_one_that_states_another(root: Path) -> None:
    run = root / "runs" / "governed"
    with pytest.raises(InputError, match=STATES):
        run_features(tables_of(root), run, {**CONFIG, "governance": GIVEN}, None, OPTIONS)


def test_the_same_purpose_and_no_purpose_are_replaced_as_ever(root: Path) -> None:
    run_features(tables_of(root), root / "runs" / "governed", GOVERNED, None, OPTIONS)
    run_features(tables_of(root), root / "runs" / "plain", GOVERNED, None, OPTIONS)
    assert json.loads((root / "runs" / "plain" / "run.json").read_text())["governance"] == EVERY


def test_a_review_is_lost_only_to_whoever_starts_over(root: Path) -> None:
    run = root / "runs" / "governed"
    approve(run)
    with pytest.raises(InputError, match=r"governed was reviewed\. Give another --out, or --start-over"):
        run_forecast(tables_of(root), run, GOVERNED, None, OPTIONS)
    run_forecast(tables_of(root), run, GOVERNED, None, START_OVER)
    assert "review" not in json.loads((run / "run.json").read_text())


def test_nobody_who_was_erased_comes_back_by_the_same_command(root: Path) -> None:
    assert erase(root / "runs", SENTINEL, tables_of(root), threads=1).done
    for name, config in (("governed", GOVERNED), ("plain", CONFIG)):
        with pytest.raises(InputError, match=rf"{name} had 1 person erased from it\. Give another --out") as caught:
            run_features(tables_of(root), root / "runs" / name, config, None, OPTIONS)
        assert SENTINEL not in str(caught.value)
    with pytest.raises(InputError, match=f"{STATES}; had 1 person erased from it"):
        run_features(tables_of(root), root / "runs" / "governed", CONFIG, None, OPTIONS)


def test_whoever_was_left_out_by_an_update_does_not_come_back_either(root: Path) -> None:
    leave = write(root / "leave.csv", [{"person_id": SENTINEL}])
    run_update(root / "runs" / "plain", root / "runs" / "next", remove=[leave], options=OPTIONS)
    with pytest.raises(InputError, match="had 1 person erased from it, or left out by --remove"):
        run_features(tables_of(root), root / "runs" / "next", CONFIG, None, OPTIONS)


def test_a_run_that_was_started_over_and_stopped_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, options = root / "runs" / "governed", replace(OPTIONS, checkpoint_seconds=0)
    with stopped(monkeypatch):
        run_features(tables_of(root), run, CONFIG, None, replace(options, start_over=True))
    approve(run)  # meanwhile: what was to be replaced is another run now
    for again in (
        lambda: resume_run(run, "features", options),
        lambda: run_features(tables_of(root), run, CONFIG, None, options),
    ):
        with pytest.raises(InputError, match="was reviewed"):
            again()
    with stopped(monkeypatch):
        run_features(tables_of(root), run, CONFIG, None, replace(options, start_over=True))
    with pytest.raises(InputError, match=STATES):  # which was never allowed to
        run_features(tables_of(root), run, {**CONFIG, "governance": GIVEN}, None, options)
    assert resume_run(run, "features", options)["governance"] == {"purpose": "no purpose stated"}


class Stopped(BaseException):
    """Ends a run as a signal does."""


def stop(*_: object) -> None:
    raise Stopped


@contextmanager
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What stops a run once its features are kept."""
    with monkeypatch.context() as patch:
        patch.setattr(FeatureRun, "write_features", stop)
        with pytest.raises(Stopped):
            yield


def test_scores_of_one_purpose_are_not_replaced_by_those_of_none(root: Path) -> None:
    approve(root / "runs" / "governed")
    out, model = root / "scores.parquet", root / "runs" / "governed" / "model.ubj"
    score = ["score", "--model", str(model), "--out", str(out), "--engine", "cpu", "--features"]
    governed, plain = (str(root / "runs" / name / "features.parquet") for name in ("governed", "plain"))
    assert CliRunner().invoke(app, [*score, governed]).exit_code == 0
    refused = CliRunner().invoke(app, [*score, plain])
    assert refused.exit_code != 0
    assert "states a purpose (retain_until 2030-01-31, scores reviewed)" in str(refused.exception)
    none = pl.DataFrame(schema=dict.fromkeys(COLUMNS_OF_SIDE["offender"], pl.Int64)).to_arrow()
    write_parquet(out, none, {"governance": {"purpose": "no purpose stated"}})
    assert CliRunner().invoke(app, [*score, plain]).exit_code == 0
