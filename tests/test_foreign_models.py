"""Model files that somebody has made to do harm: they are refused in a process of their own, and XGBoost never reads
them here."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given
from hypothesis import strategies as st
from model_files import changed
from model_tables import QUICK, table

from gpunet.base.errors import ModelError
from gpunet.model import Model, load_model, score, structure, train, trees, trial
from gpunet.model.seal import SEAL, UNSEALED, sealed
from gpunet.model.structure import MOST_DEPTH, check_structure
from gpunet.model.ubjson import read_ubjson
from scripts.hostile.groups.models import _as_ubj


@pytest.fixture(scope="module")
def model() -> Model:
    frame, labels = table(200)
    return train(frame, labels, kind="xgboost", config=QUICK, threads=1)


@pytest.fixture(scope="module")
def as_json(model: Model) -> str:
    booster = xgb.Booster()
    booster.load_model(bytearray(model.to_bytes()))
    return bytes(booster.save_raw("json")).decode()


def resealed(learner_and_version: dict[str, Any]) -> bytes:
    """A file with a hash that fits it, as somebody would make it who means to."""
    learner_and_version["learner"]["attributes"][SEAL] = UNSEALED
    return sealed(_as_ubj(learner_and_version))


Change = Callable[[dict[str, Any]], object]


def first(model: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model["learner"]["gradient_booster"]["model"]["trees"][0]
    return found


def in_tree(key: str, node: int, value: Any) -> Change:
    return lambda model: first(model)[key].__setitem__(node, value)


def in_learner(*keys: str, value: Any) -> Change:
    def change(model: dict[str, Any]) -> None:
        at = model["learner"]
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


def in_model(*keys: str, value: Any) -> Change:
    return in_learner("gradient_booster", "model", *keys, value=value)


def chain(model: dict[str, Any]) -> None:
    """A tree that is a way of too many steps."""
    tree, n = first(model), 2 * MOST_DEPTH + 3
    left = [-1] * n
    right = [-1] * n
    parents = [2**31 - 1] * n
    at = 0
    for child in range(1, n - 1, 2):
        left[at], right[at] = child, child + 1
        parents[child] = parents[child + 1] = at
        at = child
    for key in ("base_weights", "loss_changes", "split_conditions", "sum_hessian", "default_left", "split_type"):
        tree[key] = [0] * n
    tree |= {"left_children": left, "right_children": right, "parents": parents, "split_indices": [0] * n}
    tree["tree_param"]["num_nodes"] = str(n)


def childless(model: dict[str, Any]) -> None:
    in_tree("left_children", -1, -7)(model)
    in_tree("right_children", -1, -7)(model)


def described(model: dict[str, Any], **values: Any) -> None:
    attributes = model["learner"]["attributes"]
    attributes["gpunet"] = json.dumps({**json.loads(attributes["gpunet"]), **values})


CHANGES: dict[str, tuple[Change, str]] = {
    "a circle": (in_tree("left_children", 0, 0), "another parent|circle"),
    "two ways to a node": (in_tree("right_children", 0, 1), "another parent|circle"),
    "a child beyond": (in_tree("left_children", 0, 10_000), "child that there is not"),
    "a child far beyond": (in_tree("right_children", 0, 2**31 - 1), "child that there is not"),
    "a child below": (in_tree("right_children", 0, -7), "one child"),
    "no child that can be": (childless, "no child that can be"),
    "a parent elsewhere": (in_tree("parents", 1, 7), "another parent"),
    "a root with a parent": (in_tree("parents", 0, 1), "root"),
    "a deep tree": (chain, f"deeper than {MOST_DEPTH}"),
    "a feature beyond": (in_tree("split_indices", 0, 8), "feature that there is not"),
    "a feature below": (in_tree("split_indices", 0, -2), "feature that there is not"),
    "an infinite condition": (in_tree("split_conditions", 0, float("inf")), "not finite"),
    "a leaf that is no number": (in_tree("base_weights", -1, float("nan")), "not finite"),
    "covers below zero": (in_tree("sum_hessian", 0, -1.0), "below zero"),
    "a split by category": (in_tree("split_type", 0, 1), "unknown way"),
    "lengths": (lambda m: first(m)["left_children"].append(-1), "lengths"),
    "a missing field": (lambda m: first(m).pop("parents"), "missing"),
    "categories": (lambda m: first(m)["categories"].append(3), "by categories"),
    "number of nodes": (lambda m: first(m)["tree_param"].update(num_nodes="1000000"), "lengths"),
    "number of trees": (in_model("gbtree_model_param", "num_trees", value="3"), "numbers of trees"),
    "rounds": (in_model("iteration_indptr", value=[0, 99]), "rounds"),
    "classes": (in_learner("learner_model_param", "num_class", value="1000000000"), "several outputs"),
    "targets": (in_learner("learner_model_param", "num_target", value="9"), "several outputs"),
    "features": (in_learner("learner_model_param", "num_feature", value="2147483"), "do not agree"),
    "a number of features that is none": (in_learner("learner_model_param", "num_feature", value="-1"), "another kind"),
    "base score": (in_learner("learner_model_param", "base_score", value="[NAN]"), "base score"),
    "objective": (in_learner("objective", "name", value="rank:pairwise"), "another objective"),
    "booster": (in_learner("gradient_booster", "name", value="dart"), "not gbtree"),
    "control characters": (lambda m: m["learner"]["feature_names"].__setitem__(0, "a\x1b[2Jb"), "control characters"),
    "a line break in the metadata": (lambda m: described(m, features=["a\nb"]), "control characters"),
    "a name without end": (lambda m: m["learner"]["feature_names"].__setitem__(0, "a" * 5000), "longer than"),
    "names that are none": (in_learner("feature_names", value=[1] * 8), "no names"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_structure_that_is_none_is_refused(as_json: str, name: str) -> None:
    change, said = CHANGES[name]
    model = json.loads(as_json)
    check_structure(resealed(model))
    change(model)
    with pytest.raises(ModelError, match=said) as caught:
        check_structure(resealed(model))
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("name", ["a circle", "control characters", "a deep tree"])
def test_xgboost_never_reads_it_here(as_json: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hash that fits; the same files cannot be scored with from the command line."""
    monkeypatch.setattr(trees, "parsed", lambda _: pytest.fail("XGBoost was let at it"))
    change, said = CHANGES[name]
    model = json.loads(as_json)
    change(model)
    (tmp_path / "model.ubj").write_bytes(resealed(model))
    with pytest.raises(ModelError, match=rf"model\.ubj is not a model: .*({said})"):
        load_model(tmp_path / "model.ubj")


def test_a_good_file_of_another_process_is_tried_and_then_read(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.save(tmp_path / "model.ubj")
    tried = []
    real = trial.subprocess.run

    def run(*given: Any, **named: Any) -> Any:
        tried.append((given[0], named))
        return real(*given, **named)

    monkeypatch.setattr(trial.subprocess, "run", run)
    assert load_model(tmp_path / "model.ubj").features == model.features
    assert not tried  # this process has made it
    monkeypatch.setattr(trial, "_own", set())
    monkeypatch.setenv("GPUNET_SECRET", "x")
    back = load_model(tmp_path / "model.ubj")
    ((command, named),) = tried
    assert command[:2] == [sys.executable, "-I"]
    assert named["close_fds"]
    assert "GPUNET_SECRET" not in named["env"]
    frame = table(30, seed=2)[0]
    assert score(back, frame, threads=1).equals(score(model, frame, threads=1))


def test_one_changed_byte_makes_it_foreign(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    file = model.to_bytes()
    assert trial.is_of_this_process(file)
    assert not trial.is_of_this_process(file[:-1] + b"]")
    assert not trial.is_of_this_process(changed(file, {"threshold": 0.125}))


@pytest.mark.parametrize(("code", "signal"), [(-11, "killed"), (1, "ended"), (-9, "out of memory")])
def test_a_child_that_crashes_is_told_of(
    model: Model, code: int, signal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.save(tmp_path / "model.ubj")
    monkeypatch.setattr(trial, "_own", set())
    monkeypatch.setattr(trees, "parsed", lambda _: pytest.fail(f"read, though its trial was {signal}"))
    done = subprocess.CompletedProcess([], code, stdout=b"")
    monkeypatch.setattr(trial.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(ModelError, match="crashed XGBoost, or took too much memory"):
        load_model(tmp_path / "model.ubj")


def test_a_child_that_says_much_is_cut_short(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], trial.REFUSED, stdout=b"x\n" + b"\xffy" * 10_000)
    monkeypatch.setattr(trial.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(ModelError) as caught:
        trial.try_out(model.to_bytes())
    assert len(str(caught.value)) < 600


def test_limits_of_the_child_end_a_greedy_or_endless_one() -> None:
    """The limits themselves, in a process of their own."""
    greedy = "from gpunet.model.rehearsal import _limit; _limit(1 << 28); bytearray(1 << 31)"
    done = subprocess.run([sys.executable, "-c", greedy], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr
    endless = (
        "import time, xgboost; from gpunet.model import rehearsal\n"
        "rehearsal._SECONDS = int(time.process_time()) + 2; rehearsal._limit(1 << 30)\n"
        "while True: pass"
    )
    assert subprocess.run([sys.executable, "-c", endless], capture_output=True, check=False).returncode < 0


def test_a_name_with_control_characters_is_not_saved(tmp_path: Path) -> None:
    frame, labels = table(200)
    odd = train(frame.rename({"noise": "no\x1bise"}), labels, config=QUICK, threads=1)
    with pytest.raises(ModelError, match="control characters"):
        odd.save(tmp_path / "model.ubj")
    assert list(tmp_path.iterdir()) == []


def ubj_of(value: Any) -> bytes:
    """UBJSON of nested lists and mappings, with numbers of eight bytes."""
    return _as_ubj(value)


keys = st.text(st.sampled_from("abcd"), max_size=5)
values = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(keys, each, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(keys, values, max_size=4))
def test_the_reader_reads_what_is_written(value: dict[str, Any]) -> None:
    data = ubj_of(value)
    assert read_ubjson(data) == value
    for end in range(0, len(data), 7):
        with pytest.raises(ModelError):
            read_ubjson(data[:end])
    with pytest.raises(ModelError, match="behind its end"):
        read_ubjson(data + b"}")


@given(st.binary(max_size=60), st.integers(0, 60))
def test_whatever_bytes_there_are_it_ends_with_a_value_or_an_error(noise: bytes, place: int) -> None:
    good = ubj_of({"a": [1, {"b": "c"}], "left_children": [1, -1]})
    for data in (noise, good[:place] + noise + good[place:], b"{" + noise):
        try:
            read_ubjson(data)
        except ModelError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("length", [-1, 2**62, 2**63 - 1, 10_000])
@pytest.mark.parametrize("head", [b"[$l#L", b"[#L", b"SL", b"{L"])
def test_a_length_that_lies_takes_no_memory(head: bytes, length: int) -> None:
    with pytest.raises(ModelError, match=r"longer than the file|a key of|ends too early"):
        read_ubjson(head + struct.pack(">q", length) + bytes(40))


def test_what_lies_too_deep_is_refused() -> None:
    one = b"[#L" + struct.pack(">q", 1)
    with pytest.raises(ModelError, match="lie in each other"):
        read_ubjson(one * 100_000 + b"Z")


def test_numbers_are_read_with_the_high_byte_first() -> None:
    data = b"[$l#L" + struct.pack(">q", 2) + struct.pack(">2i", 1, -2)
    assert read_ubjson(data).tolist() == [1, -2]
    assert np.asarray(read_ubjson(data)).dtype.kind == "i"


def test_metadata_nested_without_end_are_refused(as_json: str) -> None:
    model = json.loads(as_json)
    model["learner"]["attributes"]["gpunet"] = "[" * 100_000
    with pytest.raises(ModelError):
        structure.check_structure(resealed(model))
