"""What a report says of what drives scores: shares, and what values multiply the odds by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gpunet
from gpunet.base.errors import InputError
from gpunet.config.config import load_config
from gpunet.report.audience import Audience
from gpunet.report.dependence import Moved, binned, moved_by
from gpunet.report.drivers import FAMILY_WORDS, drivers
from gpunet.report.figure import Figure, Table
from gpunet.report.source import Source

N = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features and the model that they have trained; violence goes with arrests, and less with co-arrests."""
    rng = np.random.default_rng(3)
    arrests, degree = rng.integers(1, 15, N), rng.integers(0, 6, N)
    frame = pl.DataFrame({
        "person_id": np.arange(N),
        "own_arrests": arrests,
        "degree__all": degree,
        "tipping_2": rng.random(N) < 0.4,
        "days_since_last_violent": pl.Series(rng.integers(1, 900, N)).set(pl.Series(rng.random(N) < 0.5), None),
    })  # fmt: skip
    label = rng.random(N) < 0.02 * arrests + 0.03 * degree
    out = tmp_path_factory.mktemp("run")
    frame.write_parquet(out / "features.parquet", row_group_size=256)
    gpunet.train(frame, label, config={"max_rounds": 30}, threads=1).save(out / "model.ubj")
    return out


def source_of(folder: Path, audience: Any = "analyst") -> Source:
    source = Source(folder, Audience(audience))
    shares = {"own_arrests": 0.6, "degree__all": 0.2, "tipping_2": 0.0, "days_since_last_violent": 0.2}
    importance = [
        {"feature": name, "mean_absolute_contribution": 2 * share, "loss_share": share}
        for name, share in shares.items()
    ]
    source.__dict__["manifest"] = {
        "gpunet": "run", "config": load_config(None).as_dict(), "model": {"importance": importance}, "outputs": {},
    }  # fmt: skip
    return source


def test_factors_make_a_persons_odds_of_the_base(folder: Path) -> None:
    moved = moved_by(source_of(folder))
    model, frame = gpunet.load_model(folder / "model.ubj"), pl.read_parquet(folder / "features.parquet")
    base = model.contributions(frame)[:, -1]
    slope, intercept = model.calibration.slope, model.calibration.intercept
    odds = moved.factor.prod(axis=1) * np.exp(slope * base + intercept)
    scores = gpunet.score(model, frame)["probability"].to_numpy()
    np.testing.assert_allclose(odds / (1 + odds), scores, rtol=1e-4)
    assert (len(moved), moved.of, moved.features) == (N, N, model.features)
    known = frame["days_since_last_violent"].to_numpy()
    np.testing.assert_array_equal(moved.value[:, 3], known)


def test_a_sample_is_of_rows_in_their_order_and_the_same_each_time(folder: Path, monkeypatch: Any) -> None:
    whole = moved_by(source_of(folder))
    monkeypatch.setattr("gpunet.report.dependence._SAMPLE", 150)
    monkeypatch.setattr("gpunet.report.dependence._ROWS", 64)
    some = moved_by(source_of(folder))
    rows = np.sort(np.random.default_rng(1).choice(N, 150, replace=False))
    np.testing.assert_array_equal(some.value, whole.value[rows])
    np.testing.assert_allclose(some.factor, whole.factor[rows])
    assert (len(some), some.of) == (150, N)


@given(
    st.lists(st.one_of(st.sampled_from([0.0, 1.0, 2.0]), st.floats(-5, 5), st.just(np.nan)), min_size=1, max_size=300),
    st.integers(0, 10),
)
def test_groups_of_values_are_of_ten_persons_at_least(values: list[float], seed: int) -> None:
    value, factor = np.array(values), np.exp(np.random.default_rng(seed).normal(size=len(values)))
    found, missing = binned(value, factor), int(np.isnan(value).sum())
    rest = len(value) - missing
    known = found.filter(pl.col("values") != "no value") if len(found) else found
    assert len(known) <= 8
    assert (known["persons"].sum() if len(known) else 0) == rest
    assert len(known) == (1 if 0 < rest < 10 else len(known))
    if rest >= 10:
        assert known["persons"].min() >= 10
        logs = (known["persons"] * known["factor"].log()).sum()
        assert logs == pytest.approx(np.log(factor[~np.isnan(value)]).sum(), abs=1e-9)
        assert (known["factor_low"] <= known["factor_high"]).all()
    assert len(found) - len(known) == (missing > 0)


def test_groups_of_values_by_hand() -> None:
    value = np.concatenate([np.zeros(50), np.repeat([1.0, 2.0, 3.0, 4.0, 40.0], 12), np.full(3, 123_456.0)])
    factor = np.where(value == 0, 0.5, 4.0)
    factor[50] = 1.0  # of twelve persons, one
    rows = binned(value, factor).rows(named=True)
    assert [row["values"] for row in rows] == ["0", "1", "2", "3", "4", "40 or more"]
    assert [row["persons"] for row in rows] == [50, 12, 12, 12, 12, 15]
    assert rows[0]["factor"] == rows[0]["factor_low"] == rows[0]["factor_high"] == pytest.approx(0.5)
    assert rows[1]["factor"] == pytest.approx(4.0 ** (11 / 12))
    assert binned(np.repeat([0.0, 1.0], 20), np.ones(40), flag=True)["values"].to_list() == ["no", "yes"]
    assert binned(np.arange(12.0), np.ones(12))["values"].to_list() == ["any value"]


@pytest.mark.parametrize("audience", ["analyst", "public"])
def test_the_section_tells_shares_and_draws_the_strongest(folder: Path, audience: str) -> None:
    section = drivers(source_of(folder, audience))
    assert section is not None
    assert section.lead.startswith("The strongest single feature is: arrests on record (60 % of all")
    assert "The person's own arrests make up 80 %, who was arrested with whom 20 %" in section.lead
    shown = {part.name: part for part in section.parts if isinstance(part, Figure | Table)}
    families = shown["driver_families"].data
    assert families.select("words", "share").rows()[0] == (FAMILY_WORDS["own record"], pytest.approx(0.8))
    assert families["share"].sum() == pytest.approx(1.0)
    assert [name for name in shown if name.startswith("driver_values")] == [f"driver_values_{i}" for i in (1, 2, 3, 4)]
    assert all(part.data["persons"].min() >= 10 for name, part in shown.items() if name.startswith("driver_values"))
    most = shown["driver_values_1"].data
    assert most["factor"][-1] > 1 > most["factor"][0]  # who was arrested often is likelier to be violent


def test_few_without_a_value_are_not_found_by_subtraction(folder: Path, monkeypatch: Any) -> None:
    value = np.tile(np.repeat([0.0, 1.0], 60)[:, None], 4)
    value[:4, 0] = np.nan
    some = Moved(value, np.exp(value), ("own_arrests", "degree__all", "tipping_2", "days_since_last_violent"), 120)
    some.factor[:4, 0] = 1.0
    monkeypatch.setattr("gpunet.report.drivers.moved_by", lambda source: some)
    for audience, persons in (("analyst", 120), ("public", 60)):
        section = drivers(source_of(folder, audience))
        assert section is not None
        figure = next(part for part in section.parts if getattr(part, "name", "") == "driver_values_1")
        assert isinstance(figure, Figure)
        assert figure.persons == figure.data["persons"].sum() == persons


def test_of_few_persons_no_values_are_drawn(folder: Path, monkeypatch: Any) -> None:
    few = Moved(np.ones((9, 4)), np.ones((9, 4)), ("own_arrests", "degree__all", "tipping_2", "x"), 9)
    monkeypatch.setattr("gpunet.report.drivers.moved_by", lambda source: few)
    section = drivers(source_of(folder))
    assert section is not None
    assert not [part for part in section.parts if getattr(part, "name", "").startswith("driver_values")]


def test_a_model_that_goes_by_nothing_has_no_section(folder: Path) -> None:
    source = source_of(folder)
    for of in source.manifest["model"]["importance"]:
        of["mean_absolute_contribution"] = 0.0
    assert drivers(source) is None


def test_features_that_cannot_be_read_are_told_of(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.ubj").write_bytes((folder / "model.ubj").read_bytes())
    for data in (None, b"no parquet"):
        if data is not None:
            (tmp_path / "features.parquet").write_bytes(data)
        with pytest.raises(InputError, match=r"features\.parquet"):
            moved_by(source_of(tmp_path))
