"""Runs of another version of gpunet: nothing that a run has kept is taken over, and what is read from files still is.

The numbers of vertices may be others in another version, and then the last bits of sums.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpunet import __version__
from gpunet.base.errors import InputError
from gpunet.cli.replays import Replay, manifest_in, replay
from gpunet.cli.run import RunOptions, resume_run, run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.model import load_model
from gpunet.packages.verify import verify_package
from tests.kept_runs import kept_run
from tests.package_runs import KEY, packed
from tests.updating import CONFIG, assert_same_run, random_rows, taking_all, write

OLD = "0.1.0"

OPTIONS = RunOptions(threads=1)


@contextmanager
def made_by_old() -> Iterator[None]:
    """Runs say that the version before this one has made them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gpunet.runs.manifest.__version__", OLD)
        yield


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, str]:
    """A table, and a new one of few persons, so that most components of the network stay as they are."""
    random = np.random.default_rng(7)
    rows, more = random_rows(random, 240, 160), random_rows(random, 3, 8)
    return write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", more)


def test_this_is_another_version() -> None:
    assert __version__ != OLD  # whose vertices had other numbers


@pytest.mark.parametrize("old", [True, False])
def test_an_update_takes_no_path_of_another_version(tables: tuple[str, str], tmp_path: Path, old: bool) -> None:
    with taking_all() as taken:
        with made_by_old() if old else nullcontext():
            run_features(tables[0], tmp_path / "run", CONFIG, None, OPTIONS)
        run_features(list(tables), tmp_path / "full", CONFIG, None, OPTIONS)
        run_update(tmp_path / "run", tmp_path / "updated", tables[1:], None, OPTIONS)
    assert (sum(taken) > 0) is not old
    assert_same_run(tmp_path / "full", tmp_path / "updated")


def test_what_another_version_kept_of_reading_is_refused(tables: tuple[str, str], tmp_path: Path) -> None:
    keep = replace(OPTIONS, keep_state=True)
    updated = tmp_path / "run", tmp_path / "updated", tables[1:], None, OPTIONS
    with taking_all() as taken:
        with made_by_old():
            run_features(tables[0], tmp_path / "run", CONFIG, None, keep)
        run_features(list(tables), tmp_path / "full", CONFIG, None, keep)
        with pytest.raises(InputError, match=r"state\.arrests cannot be used .*: give --read-again"):
            run_update(*updated)
        run_update(*updated, read_again=True)
    assert sum(taken) == 0
    assert_same_run(tmp_path / "full", tmp_path / "updated")


def test_checkpoints_of_another_version_are_refused(tables: tuple[str, str], tmp_path: Path) -> None:
    with made_by_old():
        kept_run(Path(tables[0]), tmp_path / "run", CONFIG)
    said = f"gpunet was version {OLD} and is {__version__}.*--start-over"
    with pytest.raises(InputError, match=said):
        resume_run(tmp_path / "run", "run", OPTIONS)
    again = [tables[0]], tmp_path / "run", CONFIG, None
    with pytest.raises(InputError, match=said):
        run_forecast(*again, OPTIONS)
    run_forecast(*again, replace(OPTIONS, start_over=True))
    run_forecast([tables[0]], tmp_path / "undisturbed", CONFIG, None, OPTIONS)
    outputs = [
        json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8"))["outputs"]
        for name in ("run", "undisturbed")
    ]
    assert outputs[0] == outputs[1]


def test_a_replay_says_that_the_version_is_another(tables: tuple[str, str], tmp_path: Path) -> None:
    with made_by_old():
        run_features(tables[0], tmp_path / "run", CONFIG, None, OPTIONS)
    package = packed(tmp_path / "run", tmp_path / "x.zip")
    manifest = manifest_in(package, verify_package(package, KEY.public_key()))
    assert replay(package, Replay(manifest, [tables[0]]), OPTIONS).notes == [
        f"gpunet was version {OLD} and is {__version__}: differences may come of that"
    ]


def test_a_model_of_the_version_before_is_read(tables: tuple[str, str], tmp_path: Path) -> None:
    run_forecast([tables[0]], tmp_path / "run", CONFIG, None, OPTIONS)
    model = load_model(tmp_path / "run" / "model.ubj")
    assert model.version == __version__
    old = replace(model, version=OLD).to_bytes()
    (tmp_path / "old.ubj").write_bytes(old)
    back = load_model(tmp_path / "old.ubj")
    assert back.version == OLD
    assert back.to_bytes() == old
