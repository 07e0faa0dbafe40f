"""Updates from what a run has left of reading: the same bytes, and the old files need not be there any more."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.cli.updates import run_update
from tests.updating import CONFIG, assert_same_run, more_rows, random_rows, write

OPTIONS = RunOptions(threads=2)
KEEP = RunOptions(threads=2, keep_state=True)


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    columns=st.fixed_dictionaries(
        {name: st.booleans() for name in ("force", "gang", "beat", "recorded_at", "text", "undated")}
    ),
    suffixes=st.tuples(*[st.sampled_from(["csv", "parquet"])] * 2),
)
def test_two_nights_without_the_old_files_are_the_run_on_all_files(tmp_path_factory, seed, columns, suffixes):
    folder, random = tmp_path_factory.mktemp("state"), np.random.default_rng(seed)
    old, new = suffixes
    rows = random_rows(random, 80, 40, **columns)
    rows[3] = {**rows[3], "date": "1850-01-01"}  # rejected
    paths = [write(folder / f"a{i}.{old}", part) for i, part in enumerate((rows[:30], rows[30:]))]
    others = [more_rows(random, rows, 5, 40, **columns) for _ in range(2)]
    nights = [write(folder / f"new{i}.{new}", part) for i, part in enumerate(others)]
    day = date(2013, 12, 1) if columns["recorded_at"] else None
    run_features(paths, folder / "run", CONFIG, None, KEEP)
    run_features([*paths, *nights], folder / "full", CONFIG, day, KEEP)
    for path in paths:
        (folder / path).rename(folder / f"{path} gone")
    run_update(folder / "run", folder / "night", nights[:1], None, OPTIONS)
    run_update(folder / "night", folder / "next", nights[1:], day, OPTIONS)
    assert_same_run(folder / "full", folder / "next")
    assert (folder / "full" / "state.arrests").read_bytes() == (folder / "next" / "state.arrests").read_bytes()


@pytest.fixture
def kept(tmp_path):
    """A run with its state, its file and a new one."""
    random = np.random.default_rng(2)
    rows = random_rows(random, 60, 24, text=True)
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", more_rows(random, rows, 5, 24, text=True))
    run_features(old, tmp_path / "run", CONFIG, None, KEEP)
    return tmp_path, old, new


def test_a_state_changes_no_other_result(kept, tmp_path):
    folder, old, _ = kept
    run_features(old, tmp_path / "plain", CONFIG, None, OPTIONS)
    for path in (tmp_path / "plain").iterdir():
        if path.name != "run.json":
            assert path.read_bytes() == (folder / "run" / path.name).read_bytes()


def test_corrections_stay_in_the_next_nights(kept):
    folder, _, new = kept
    names = pl.read_parquet(folder / "run" / "features.parquet")["person_id"]
    remove = write(folder / "remove.csv", [{"person_id": names[0]}])
    run_update(folder / "run", folder / "erased", [], None, OPTIONS, remove=[remove])
    assert names[0].encode() not in (folder / "erased" / "state.arrests").read_bytes()
    manifest = run_update(folder / "erased", folder / "next", [new], None, OPTIONS)
    assert manifest["corrections"]["erased_persons"] == 1
    text = (folder / "new.csv").read_text(encoding="utf-8")
    if f"{names[0]}," not in text:
        assert names[0] not in pl.read_parquet(folder / "next" / "features.parquet")["person_id"]
    with pytest.raises(InputError, match="its files hold what it left out"):
        run_update(folder / "erased", folder / "again", [new], None, OPTIONS, read_again=True)


def test_a_file_that_was_read_already_is_read_once(kept):
    folder, old, new = kept
    run_features([old, new, old], folder / "full", CONFIG, None, KEEP)
    run_update(folder / "run", folder / "out", [new, old], None, OPTIONS)
    assert_same_run(folder / "full", folder / "out")


def test_days_that_were_to_come_are_looked_at_again(tmp_path, monkeypatch):
    soon = date.today() + timedelta(days=1)
    rows = random_rows(np.random.default_rng(3), 20, 16)
    rows[0] = {**rows[0], "date": soon.isoformat()}
    old, new = write(tmp_path / "old.csv", rows), write(tmp_path / "new.csv", rows[4:6])
    run_features(old, tmp_path / "run", CONFIG, None, KEEP)
    assert pl.read_parquet(tmp_path / "run" / "rejected.parquet").height == 1

    class Later(date):
        @classmethod
        def today(cls):
            return cls(soon.year, soon.month, soon.day)

    monkeypatch.setattr("gpunet.updates.update_run.date", Later)
    run_update(tmp_path / "run", tmp_path / "out", [new], None, OPTIONS)
    assert pl.read_parquet(tmp_path / "out" / "rejected.parquet").height == 0


def test_a_state_that_is_damaged_or_of_another_run_is_refused(kept):
    folder, _, new = kept
    state = folder / "run" / "state.arrests"
    data = state.read_bytes()
    run_features(new, folder / "other", CONFIG, None, KEEP)
    for wrong in (data[:-1], data.replace(b"theft", b"fraud", 1), (folder / "other" / "state.arrests").read_bytes()):
        state.write_bytes(wrong)
        with pytest.raises(InputError, match=r"state\.arrests cannot be used .* --read-again"):
            run_update(folder / "run", folder / "out", [new], None, OPTIONS)
    run_update(folder / "run", folder / "out", [new], None, OPTIONS, read_again=True)
    state.unlink()
    with pytest.raises(InputError, match=r"state\.arrests cannot be used"):
        run_update(folder / "run", folder / "out2", [new], None, OPTIONS)


@pytest.mark.parametrize("options", [RunOptions(keep_state=True, cluster="local"), RunOptions("gpu", keep_state=True)])
def test_where_no_state_can_be_kept(options, tmp_path):
    old = write(tmp_path / "old.csv", random_rows(np.random.default_rng(4), 20, 16))
    with pytest.raises(InputError, match="--keep-state keeps what this process reads"):
        run_features(old, tmp_path / "run", CONFIG, None, options)
    with pytest.raises(InputError, match="--keep-state does not go with"):
        run_forecast(old, tmp_path / "run", {"input": {"person_scope": "force"}}, None, KEEP)
