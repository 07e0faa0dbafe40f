"""Tables of persons and incidents alone: what follows from dates and offences is null, and said."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from gpunet.base.errors import InputError, UnreadableFile
from gpunet.cli.run import run_features, run_forecast
from gpunet.config.config import load_config
from gpunet.config.registry import columns

ABSENT = {"input": {"columns": {"date": "", "offence": ""}}}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("person_id,incident_id,gang\n" + "a,1,G\nb,1,G\nc,1,\nb,2,\nc,2,\nd,3,\nd,4,\n")
    return path


def test_what_follows_from_offences_and_dates_is_null_and_the_rest_is_not(table: Path, tmp_path: Path) -> None:
    manifest = run_features(str(table), tmp_path / "run", ABSENT)
    features = pl.read_parquet(tmp_path / "run" / "features.parquet")
    null = {name for name in features.columns if features[name].null_count() == len(features)}
    sets = load_config(ABSENT).sets
    names = columns(sets)
    follows = {
        name for name in names if any(part in name for part in ("violent", "tipping", *(f"__{s}" for s in sets[2:])))
    }
    assert null == follows | {"interval_days", "days_since_last_arrest", "group_transitivity"}  # the group is a pair
    assert {
        "degree__all",
        "betweenness__all",
        "closeness__all",
        "shell__all",
        "own_arrests",
        "community_size",
    }.isdisjoint(null)
    assert features["degree__all"].to_list() == [2, 2, 2, 0]
    dictionary = {column["column"]: column for column in json.loads((tmp_path / "run" / "features.json").read_text())}
    assert dictionary["degree__robbery"]["null"] == "always: the input has no offences"
    assert any(text.startswith("no dates") for text in manifest["warnings"])
    assert any(text.startswith("no offences") for text in manifest["warnings"])
    assert not any("matches" in text for text in manifest["warnings"])


def test_a_forecast_needs_both(table: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to forecast"):
        run_forecast(str(table), tmp_path / "run", ABSENT)
    with pytest.raises(UnreadableFile, match=r'no column "date".*or "" where there is none'):
        run_features(str(table), tmp_path / "run2", {"input": {"columns": {"offence": ""}}})
