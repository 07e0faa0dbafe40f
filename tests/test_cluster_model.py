"""Models trained on a cluster: by one worker the bytes of one process, by several together a run that repeats."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import Any

import distributed_tables
import numpy as np
import polars as pl
import pytest
from cluster_helpers import Killer, wait_until
from distributed_tables import bounds, first_rows, labels_on_workers, on_workers, run, scores_of
from hypothesis import given
from hypothesis import strategies as st
from model_tables import QUICK, table

from gpunet.base.errors import EngineError, ModelError
from gpunet.cluster import cluster_engine, waiting
from gpunet.cluster.model import forecast as cluster_forecast
from gpunet.cluster.model import training_distributed, training_single
from gpunet.cluster.model.forecast import forecast_distributed
from gpunet.cluster.model.training_distributed import groups_of
from gpunet.config.cluster_config import ClusterConfig
from gpunet.config.offences import PRESETS
from gpunet.model import forecast, score
from gpunet.runs.kept_trainings import fit_of, of_fit

SIZES = (1200, 1400, 1500)
DAYS = [table(n, seed) for seed, n in enumerate(SIZES)]
(PAST, PAST_LABELS), (TEST, TEST_LABELS), (NOW, _) = DAYS


def client_of(engine: Any) -> Any:
    return engine.executor.client


@pytest.fixture(scope="module")
def one_worker():
    with cluster_engine("local", ClusterConfig(workers=1, threads=1)) as engine:
        yield client_of(engine)


@pytest.fixture(scope="module")
def two_workers():
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as engine:
        yield client_of(engine)


def single(kind: str = "xgboost", **options: Any) -> Any:
    return forecast(PAST, TEST, NOW, PAST_LABELS, TEST_LABELS, QUICK, kind=kind, threads=1, **options)


@pytest.fixture(scope="module")
def expected():
    return single()


def cut(parts: int) -> list[list[int]]:
    return [bounds(n, parts) for n in SIZES]


def together(client: Any, days: Any = DAYS, cuts: Any = None, **options: Any) -> Any:
    """A forecast whose model is trained by all workers."""
    return run(client, days, cuts or cut(3), QUICK, unencrypted=True, **options)


@pytest.fixture(scope="module")
def of_two(two_workers):
    return together(two_workers)


def same(found: Any, expected: Any) -> bool:
    assert found.model.to_bytes() == expected.model.to_bytes()
    assert json.dumps(found.evaluation) == json.dumps(expected.evaluation)
    assert found.warnings == expected.warnings
    scores = expected.scores if isinstance(expected.scores, pl.DataFrame) else scores_of(expected)
    return scores_of(found).equals(scores)


@pytest.mark.parametrize(("parts", "unencrypted"), [(1, True), (4, True), (4, False)])
def test_one_worker_gives_the_bytes_of_one_process(one_worker, expected, parts, unencrypted):
    steps = []
    options = {"unencrypted": unencrypted, "progress": lambda *step: steps.append(step)}
    found = run(one_worker, DAYS, cut(parts), QUICK, **options)
    assert same(found, expected)
    assert len(found.scores) == len(NOW)
    stages = {stage: (done, total) for stage, done, total in steps}
    assert list(stages) == ["cross-fit (past)", "train on all (past)", "train on all (past and test)", "score"]
    assert all(done == total for done, total in stages.values())


def shape(value: Any) -> Any:
    """Keys and types, without the numbers."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else type(value)


def test_two_workers_train_a_model_as_good(of_two, expected):
    # Rows are drawn and cut points found on each worker, so that the trees are others; what they say is alike.
    assert of_two.model.to_bytes() != expected.model.to_bytes()
    evaluation = json.loads(json.dumps(of_two.evaluation))
    for name in ("training", "evaluated_model"):
        assert evaluation[name]["parameters"].pop("workers") == 2
    assert shape(evaluation) == shape(expected.evaluation)
    for name in ("results", "held_out"):
        ours, theirs = of_two.evaluation[name], expected.evaluation[name]
        assert ours["positives"] == theirs["positives"]
        assert ours["past_violence"] == theirs["past_violence"]
        assert ours["model"]["auc"] == pytest.approx(theirs["model"]["auc"], abs=0.02)
        assert ours["model"]["brier"] == pytest.approx(theirs["model"]["brier"], abs=0.01)
    scores = scores_of(of_two)
    assert scores.equals(score(of_two.model, NOW, threads=1))
    assert scores.schema == expected.scores.schema
    assert scores["person_id"].equals(NOW["person_id"])
    assert sorted(scores["rank"]) == list(range(1, len(NOW) + 1))
    assert np.corrcoef(scores["probability"], expected.scores["probability"])[0, 1] > 0.98


@pytest.fixture(scope="module")
def two_others():
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as engine:
        yield client_of(engine)


def test_a_run_repeats_on_other_workers(of_two, two_others):
    assert same(together(two_others, workers=2), of_two)


def test_folds_are_those_of_one_process_and_trainings_are_kept(two_workers, of_two):
    ours, theirs = {}, {}
    single(kept=lambda name, fit, fits: theirs.setdefault(name, fit()))
    together(two_workers, kept=lambda name, fit, fits: ours.setdefault(name, fit()))
    assert list(ours) == list(theirs) == ["past", "both"]
    for name, fit in ours.items():
        assert fit.fold.tobytes() == theirs[name].fold.tobytes()
        assert fit.probability == pytest.approx(theirs[name].probability, abs=0.25)
        assert fit.probability.mean() == pytest.approx(theirs[name].probability.mean(), abs=0.01)
    stored = {name: fit_of(of_fit(fit)) for name, fit in ours.items()}
    found = together(two_workers, kept=lambda name, fit, fits: stored[name] if fits(stored[name]) else None)
    assert found.model.to_bytes() == of_two.model.to_bytes()
    assert found.evaluation == of_two.evaluation


def test_parts_may_be_few_or_empty(two_workers, expected):
    """With all rows in one part one worker trains alone, and the bytes are those of one process."""
    cuts = [[0, 0, n, n] for n in SIZES]
    assert same(together(two_workers, cuts=cuts), expected)
    assert same(together(two_workers, cuts=cut(1)), expected)


def test_labels_all_in_one_part(two_workers):
    order = np.argsort(~PAST_LABELS, kind="stable")
    frame = PAST[order].with_columns(PAST["person_id"])
    first = int(PAST_LABELS.sum())
    cuts = [[0, first, len(PAST)], *cut(2)[1:]]
    found = together(two_workers, [(frame, PAST_LABELS[order]), *DAYS[1:]], cuts)
    alone = forecast(frame, TEST, NOW, PAST_LABELS[order], TEST_LABELS, QUICK, threads=1)
    ours, theirs = (each.evaluation["held_out"]["model"]["auc"] for each in (found, alone))
    assert ours == pytest.approx(theirs, abs=0.02)


def test_a_killed_worker_costs_time_alone(two_workers, of_two):
    for stage in ("cross-fit (past)", "train on all (past and test)"):
        pid = next(iter(two_workers.run(pid_of).values()))
        killer = Killer(pid, stage)
        found = together(two_workers, progress=killer)
        assert 0 < killer.share < 1
        assert found.model.to_bytes() == of_two.model.to_bytes()
        assert found.warnings == of_two.warnings
        assert scores_of(found).equals(scores_of(of_two))
        assert pid not in two_workers.run(pid_of).values()


def test_workers_of_the_start_are_waited_for(two_workers, of_two):
    """One that ends before the training begins, and after they were counted."""
    pid = next(iter(two_workers.run(pid_of).values()))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(two_workers.nthreads()) == 1)
    assert same(together(two_workers, workers=2), of_two)


def test_a_killed_worker_that_trains_alone_costs_time_alone(one_worker, expected):
    pid = next(iter(one_worker.run(pid_of).values()))
    killer = Killer(pid, "train on all (past)")
    assert same(run(one_worker, DAYS, cut(3), QUICK, progress=killer), expected)
    assert 0 < killer.share < 1
    assert pid not in one_worker.run(pid_of).values()


def pid_of() -> int:
    return os.getpid()


def test_a_worker_that_does_not_come_back(monkeypatch, expected, two_others):
    monkeypatch.setattr(waiting, "_PATIENCE", 1.0)
    left = []

    def leave(stage: str, done: float, total: float) -> None:
        if stage == "cross-fit (past)" and done > 5 and not left:
            left.append(next(iter(two_others.cluster.workers.values())))
            left[0].close_gracefully()  # so that it starts no other worker
            os.kill(left[0].pid, signal.SIGKILL)

    found = together(two_others, cuts=cut(2), progress=leave)
    assert len(two_others.nthreads()) == 1
    fewer = together(two_others, cuts=cut(2), workers=2)
    assert same(fewer, found)
    missing = [text for text in found.warnings if "1 of 2 workers were missing in the training" in text]
    assert len(missing) == 1
    parameters = found.evaluation["evaluated_model"]["parameters"]
    assert "workers" not in parameters
    assert found.evaluation["results"] == expected.evaluation["results"]


def test_equals_are_ranked_as_files_name_them(one_worker):
    """Of 1,500 persons many are equal: features of the present that hardly differ."""
    frames = [PAST, TEST, NOW.with_columns(pl.all().exclude("person_id").gather(pl.int_range(pl.len()) % 40))]
    orders = tuple(np.argsort(first_rows(frame)) for frame in frames)
    expected = forecast(*frames, PAST_LABELS, TEST_LABELS, QUICK, threads=1, orders=orders)
    parts = [on_workers(one_worker, frame, cuts, of_files=True) for frame, cuts in zip(frames, cut(3), strict=True)]
    labels = [labels_on_workers(one_worker, each, cuts) for (_, each), cuts in zip(DAYS[:2], cut(3), strict=False)]
    found = forecast_distributed(one_worker, *parts, *labels, QUICK)
    assert same(found, expected)
    assert expected.scores["probability"].n_unique() <= 40
    by_hand = expected.scores.with_columns(at=first_rows(NOW)).sort("probability", "at", descending=[True, False])
    assert by_hand["rank"].to_list() == list(range(1, len(NOW) + 1))


def test_a_forest_is_trained_on_one_worker(two_workers):
    steps = []
    found = run(
        two_workers, DAYS, cut(2), replace(QUICK, kind="random_forest"), progress=lambda *step: steps.append(step)
    )
    assert same(found, single("random_forest"))
    assert steps[-1] == ("score", len(NOW), len(NOW))


def test_unless_allowed_xgboost_opens_no_port(two_workers, expected, monkeypatch):
    """One worker trains, whatever their number, and the bytes are those of one process."""
    monkeypatch.setattr(cluster_forecast, "fit_distributed", None)
    assert same(run(two_workers, DAYS, cut(2), QUICK), expected)
    assert same(run(two_workers, DAYS, cut(3), QUICK, workers=2), expected)


def test_one_worker_takes_the_threads_of_its_host():
    of_workers = {"tls://10.0.0.1:1": 2, "tls://10.0.0.1:2": 3, "tls://10.0.0.2:1": 7}
    assert training_single._threads_beside("tls://10.0.0.1:9", of_workers) == 5
    assert training_single._threads_beside("tls://10.0.0.3:1", of_workers) == 0


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ("too_little_memory", r"a worker had too little memory \(std::bad_alloc: out of memory\): see \[cluster\]"),
        ("too_little_on_a_gpu", r"a worker had too little memory \(6 bytes\): see \[cluster\] memory_limit"),
        ("given_up", r"the training failed on the cluster: \[10:00:00\] data.cc:1: Check failed: rows$"),
    ],
)
def test_what_fails_on_a_worker_is_said_in_one_line(two_workers, monkeypatch, failing, words):
    monkeypatch.setattr(training_distributed, "matrix_of", getattr(distributed_tables, failing))
    monkeypatch.setattr(training_single, "_cross_fit", getattr(distributed_tables, failing))
    for unencrypted in (True, False):
        with pytest.raises(EngineError, match=words) as caught:
            run(two_workers, DAYS, cut(2), QUICK, unencrypted=unencrypted)
        assert "\n" not in str(caught.value)


def test_an_error_of_the_code_is_passed_on(two_workers, monkeypatch):
    monkeypatch.setattr(training_distributed, "matrix_of", distributed_tables.mistaken)
    with pytest.raises(ZeroDivisionError, match="as it should"):
        together(two_workers)


def test_errors_are_those_of_one_process(two_workers, monkeypatch):
    def trouble(days: Any = DAYS, cuts: Any = None, **options: Any) -> str:
        said = set()
        for each in (False, True):
            with pytest.raises(ModelError) as caught:
                run(two_workers, days, cuts or cut(2), QUICK, unencrypted=each, **options)
            said.add(str(caught.value))
        assert len(said) == 1
        return said.pop()

    none = [(PAST, np.zeros(len(PAST), bool)), *DAYS[1:]]
    with pytest.raises(ModelError) as caught:
        forecast(PAST, TEST, NOW, none[0][1], TEST_LABELS, QUICK, windows=("July", "August"))
    assert trouble(none, windows=("July", "August")) == str(caught.value)
    nobody = [(frame[:0], labels[:0]) for frame, labels in DAYS]
    assert trouble(nobody, [[0, 0, 0]] * 3) == "the past snapshot, labels of [T-2H, T-H): there are no rows"
    assert 'missing: "noise"' in trouble([DAYS[0], (TEST.drop("noise"), TEST_LABELS), DAYS[2]])
    assert 'missing: "noise"' in trouble([*DAYS[:2], (NOW.drop("noise"), None)])
    texts = TEST.with_columns(pl.col("person_id").cast(pl.String))
    assert "int64 in one snapshot and large_string" in trouble([DAYS[0], (texts, TEST_LABELS), DAYS[2]])
    assert "persons do not ascend" in trouble([(PAST.reverse(), PAST_LABELS), *DAYS[1:]])
    short = [(PAST, PAST_LABELS[:-1]), *DAYS[1:]]
    assert "expected 600 values, one a row" in trouble(short)


def test_parts_that_do_not_fit_each_other(two_workers):
    ends = (PAST_LABELS[:600], PAST_LABELS[600:])
    labels = [labels_on_workers(two_workers, each, [0, 600])[0] for each in ends]

    def trouble(first: list[Any], second: list[Any], past_labels: Any = labels) -> str:
        past = [*first, *second]
        with pytest.raises(ModelError) as caught:
            forecast_distributed(two_workers, past, past, past, past_labels, past_labels, QUICK)
        return str(caught.value)

    def halves(a: pl.DataFrame, b: pl.DataFrame, **second: Any) -> tuple[list[Any], list[Any]]:
        return on_workers(two_workers, a, [0, 600]), on_workers(two_workers, b, [0, 600], **second)

    one, other = PAST[:600], PAST[600:]
    assert 'other columns: "noise"' in trouble(*halves(one, other.drop("noise")))
    texts = other.with_columns(pl.col("person_id").cast(pl.String))
    assert "int64 in one part and large_string in another" in trouble(*halves(one, texts))
    assert "persons do not ascend" in trouble(*halves(one, other, first_number=900))
    assert "1 parts, but the features have 2" in trouble(*halves(one, other), past_labels=labels[:1])
    assert "there are no parts" in trouble([], [])
    a = on_workers(two_workers, one, [0, 600], taxonomy=PRESETS["fbi_index"])
    b = on_workers(two_workers, other, [0, 600], taxonomy=PRESETS["home_office"])
    assert "the violent sets differ: one part of the past snapshot" in trouble(a, b)


def test_an_error_of_the_callback_ends_it_and_leaves_the_cluster_in_order(two_workers, of_two):
    def fail(stage: str, done: float, total: float) -> None:
        raise ZeroDivisionError(stage)

    with pytest.raises(ZeroDivisionError, match=r"^cross-fit \(past\)$"):
        together(two_workers, progress=fail)
    assert together(two_workers).model.to_bytes() == of_two.model.to_bytes()


def test_what_cannot_be_computed_again(two_workers):
    from distributed_tables import part

    held = two_workers.scatter([part(PAST, 0)], hash=False)
    labels = labels_on_workers(two_workers, PAST_LABELS, [0, len(PAST)])
    two_workers.cancel(held)
    wait_until(lambda: held[0].status == "cancelled")
    with pytest.raises(EngineError, match="what a worker held is lost"):
        forecast_distributed(two_workers, held, held, held, labels, labels, QUICK)


@given(st.lists(st.integers(0, 50), max_size=12), st.integers(1, 5))
def test_groups_are_contiguous_and_even(rows, count):
    groups = groups_of(rows, count)
    assert groups == sorted(groups)
    assert all(0 <= group < count for group in groups)
    total = [sum(n for n, group in zip(rows, groups, strict=True) if group == k) for k in range(count)]
    assert sum(total) == sum(rows)
    # A group differs from its equal share by less than half a part at either end.
    assert all(abs(n - sum(rows) / count) <= max(rows, default=0) for n in total)


def test_models_do_without_dask():
    code = "import sys, gpunet.model; sys.exit(any(name in sys.modules for name in ('dask', 'distributed')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
