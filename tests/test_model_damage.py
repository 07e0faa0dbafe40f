"""Model files that are damaged: one clear error each, found before XGBoost reads anything."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
import xgboost as xgb
from model_files import changed
from model_tables import KINDS, QUICK, table

from gpunet.base.errors import ModelError
from gpunet.cli.app import main
from gpunet.model import Model, load_model, score, train, trees, trial
from gpunet.model.boosted_nodes import check_trees, trees_of
from gpunet.model.seal import is_sealed, is_whole
from gpunet.model.trained import model_from_bytes
from gpunet.tables.parquet import write_parquet


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    frame, labels = table()
    return {kind: train(frame, labels, kind=kind, config=QUICK, threads=1) for kind in KINDS}


def damaged(file: bytes, seed: int) -> bytes:
    """A copy with flipped bits, bytes added, left out or exchanged, cut off, or a length that is huge."""
    draw, data = random.Random(seed), bytearray(file)
    place, n = draw.randrange(len(data)), draw.choice((1, 8, 100))
    match seed % 6:
        case 0:
            for _ in range(n):
                data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        case 1:
            del data[place:]
        case 2:
            data[place:place] = draw.randbytes(n)
        case 3:
            del data[place : place + n]
        case 4:
            first, second = sorted(draw.sample(range(0, len(data) - n, n), 2))
            data[first : first + n], data[second : second + n] = data[second : second + n], data[first : first + n]
        case 5:
            lengths = [i + 1 for i in range(len(data) - 9) if data[i : i + 3] == b"L\0\0"]
            start = draw.choice(lengths)
            data[start : start + 8] = draw.choice((b"\x7f" + b"\xff" * 7, b"\xff" * 8, b"\0\0\0\x40" + b"\0" * 4))
    return bytes(data)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_found_before_xgboost_reads(
    models: dict[str, Model], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the hash itself cannot be found any more, the file goes to a trial, of which other tests are."""
    file, tried = models[kind].to_bytes(), []

    def trial_of(data: bytes) -> None:
        tried.append(is_sealed(data))
        raise ModelError("tried in another process")

    monkeypatch.setattr(trees, "try_out", trial_of)
    monkeypatch.setattr(trees, "parsed", lambda data: pytest.fail("XGBoost was let at it"))
    for seed in range(300):
        data = damaged(file, seed)
        if data == file:
            continue
        with pytest.raises(ModelError) as caught:
            model_from_bytes(data)
        assert "\n" not in str(caught.value)
    assert len(tried) < 30
    assert not any(tried)


def test_every_bit_of_a_file_is_vouched_for(models: dict[str, Model]) -> None:
    file = models["xgboost"].to_bytes()
    assert is_whole(file)
    for place in range(0, len(file), 23):
        data = bytearray(file)
        data[place] ^= 1 << place % 8
        assert not is_whole(bytes(data))


def test_damage_is_one_line_and_exit_code_2(
    models: dict[str, Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = models["xgboost"].to_bytes(), tmp_path / "scores.parquet"
    write_parquet(tmp_path / "features.parquet", table(20)[0])
    options = ["--features", str(tmp_path / "features.parquet"), "--out", str(out)]
    flipped = bytearray(file)
    flipped[len(flipped) // 2] ^= 1
    for data, text in (
        (b"", "it is empty"),
        (bytes(flipped), "its SHA-256 is not the one that it carries"),
        (file[: len(file) // 2], "its SHA-256 is not the one that it carries"),
        (b"x" + file, "not an XGBoost model"),
    ):
        (tmp_path / "model.ubj").write_bytes(data)
        monkeypatch.setattr(sys, "argv", ["gpunet", "score", "--model", str(tmp_path / "model.ubj"), *options])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr().err.strip()
        assert end.value.code == 2
        assert text in said
        assert "\n" not in said
        assert not out.exists()


def test_a_file_without_a_hash_that_crashes_xgboost_is_an_error(models: dict[str, Model]) -> None:
    file = bytearray(changed(models["xgboost"].to_bytes(), {"format": 1}, seal=False))
    key = b"L\0\0\0\0\0\0\0\x0dleft_children[$l#L"  # its length is read, and then so many numbers
    start = file.index(key) + len(key)
    file[start : start + 8] = b"\xff" * 8
    with pytest.raises(ModelError, match="XGBoost") as caught:
        model_from_bytes(bytes(file))
    assert "\n" not in str(caught.value)


def test_a_trial_that_comes_to_no_end_is_given_up(models: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.001)
    with pytest.raises(ModelError, match=r"came to no end within 0\.001 seconds"):
        model_from_bytes(changed(models["xgboost"].to_bytes(), {"format": 1}, seal=False))


def test_a_file_of_the_first_versions_is_read_after_a_trial(models: dict[str, Model]) -> None:
    model, (frame, _) = models["random_forest"], table(50, seed=1)
    early = changed(model.to_bytes(), {"format": 1}, seal=False)
    assert not is_sealed(early)
    back = model_from_bytes(early)
    assert score(back, frame, threads=1).equals(score(model, frame, threads=1))
    assert is_whole(back.to_bytes())


def test_a_file_that_lost_its_hash_is_refused(models: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "try_out", lambda data: None)
    with pytest.raises(ModelError, match="lost its SHA-256"):
        model_from_bytes(changed(models["xgboost"].to_bytes(), {}, seal=False))


class Altered:
    """A booster whose trees read otherwise."""

    def __init__(self, booster: Any, key: str, node: int, value: Any) -> None:
        import json

        data = json.loads(bytes(booster.save_raw("json")))
        data["learner"]["gradient_booster"]["model"]["trees"][0][key][node] = value
        self._json, self._features, self.attr = json.dumps(data).encode(), booster.num_features(), booster.attr

    def save_raw(self, _: str) -> bytes:
        return self._json

    def num_features(self) -> int:
        return int(self._features)


@pytest.mark.parametrize(
    ("key", "node", "value"),
    [
        ("left_children", 0, 0),  # a way without an end
        ("right_children", 0, 1),  # two ways to one node
        ("left_children", 0, 10_000),
        ("right_children", 0, -7),
        ("split_indices", 0, 8),
        ("split_indices", 0, -1),
        ("split_conditions", 0, float("nan")),
        ("split_conditions", -1, float("inf")),
        ("sum_hessian", 0, -1.0),
        ("split_type", 0, 1),
        ("left_children", 0, "1"),
    ],
)
def test_trees_that_are_none_are_refused(models: dict[str, Model], key: str, node: int, value: Any) -> None:
    booster: Any = models["xgboost"].classifier._booster
    check_trees(booster)
    assert trees_of(booster)[0]["left_children"][0] == 1
    with pytest.raises(ModelError, match="its trees are damaged"):
        check_trees(Altered(booster, key, node, value))


def test_a_model_file_is_still_one_that_xgboost_reads(models: dict[str, Model], tmp_path: Path) -> None:
    models["xgboost"].save(tmp_path / "model.ubj")
    booster = xgb.Booster(model_file=str(tmp_path / "model.ubj"))
    assert booster.attributes().keys() == {"gpunet", "gpunet_sha256", "zeros_missing"}
    assert len(booster.attr("gpunet_sha256")) == 64


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "model.ubj")
    for path in (tmp_path / "model.ubj", "/dev/zero"):
        with pytest.raises(ModelError, match="no regular file"):
            load_model(path)
