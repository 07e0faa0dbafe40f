"""Measure `gpunet evaluate known`: `python scripts/measure_evaluation.py leak|times --out figures.json`.

leak    whether a protocol lets features know what is to be told. Labels are drawn at random on synthetic tables of the
        paper's size: all charges become non-violent, then one violent charge is given to one arrest of each of a fifth
        of the persons, drawn evenly. Nothing can be told of such labels: an AUC that is not about 0.5 is a leak. Then
        the same on the tables as they are, whose mechanism is planted.
times   how many processor seconds one fit of each classifier takes with what belongs to it (preparing, oversampling,
        predictions from each of the nine computations), for each family, under cross_fitted.

Takes from minutes to half an hour. Classifiers, protocols, persons and seeds can be given.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from gpunet import load_config, read_arrests
from gpunet.config.evaluate_config import PROTOCOLS
from gpunet.engines.choice import resolve_engine
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.families import family_columns
from gpunet.evaluate.fitting import held_out_values
from gpunet.evaluate.known_network import KnownNetwork
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.protocols import Matrices
from gpunet.synthetic import make_arrests


def drawn_at_random(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The rows with one violent charge for each of a fifth of the persons, on a row drawn evenly, and no other."""
    rng = np.random.default_rng(seed)
    person = frame["person_id"].to_numpy()
    offence = np.full(len(frame), "theft", dtype=object)
    everybody = np.unique(person)
    order = rng.permutation(len(frame))
    _, first = np.unique(person[order], return_index=True)  # of each person, in the order of everybody
    offence[order[first[rng.permutation(len(everybody))[: len(everybody) // 5]]]] = "robbery"
    return frame.with_columns(pl.Series("offence", offence.tolist()))


def predicted(frame: pl.DataFrame, arguments: argparse.Namespace) -> Iterator[tuple[Predicted, float]]:
    """What each classifier said, and the processor seconds since the one before."""
    evaluate = {"classifiers": arguments.classifiers, "protocols": arguments.protocols, "smote": arguments.smote}
    config = load_config({"evaluate": evaluate})
    known = KnownNetwork(read_arrests(frame), config, "network", resolve_engine("cpu", arguments.threads))
    before = time.process_time()
    for one in known.predicted(arguments.threads, None, lambda name, compute, shape: compute()):
        now = time.process_time()
        yield one, now - before
        before = now


def rows_of(frame: pl.DataFrame, arguments: argparse.Namespace, **more: Any) -> list[dict[str, Any]]:
    found = []
    for one, seconds in predicted(frame, arguments):
        row = {
            **more,
            "protocol": one.protocol,
            "classifier": one.classifier + (" + smote" if one.smote else ""),
            "family": one.family,
            "auc": round(float(roc_auc_score(one.label, one.value)), 4),
            "seconds": round(seconds, 2),
        }
        print(*row.values(), sep="\t", flush=True)
        found.append(row)
    return found


def leak(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    frame = make_arrests(arguments.persons, seed=1)
    found = []
    for seed in arguments.seeds:
        found += rows_of(drawn_at_random(frame, seed), arguments, labels="random", seed=seed)
    return found + rows_of(frame, arguments, labels="planted", seed=1)


def times(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    evaluate = {"classifiers": arguments.classifiers, "smote": arguments.smote}
    arrests = read_arrests(make_arrests(arguments.persons, seed=1))
    known = KnownNetwork(arrests, load_config({"evaluate": evaluate}), "network", resolve_engine("cpu", 1))
    declared = known.features.declared.values()
    flags = np.array([feature.dtype == "bool" for feature in declared])
    matrices = Matrices(
        known.features, "cross_fitted", known.person, known.fold, lambda name, compute, shape: compute()
    )
    first = SimpleNamespace(n_folds=1, training=matrices.training, tests=matrices.tests)
    tried = [(name, False) for name in arguments.classifiers]
    if arguments.smote and "random_forest" in arguments.classifiers:
        tried.append(("random_forest", True))
    found = []
    for name, smote in tried:
        row: dict[str, Any] = {"classifier": name + (" + smote" if smote else "")}
        for family, columns in family_columns(declared).items():
            before = time.process_time()
            held_out_values(
                first, known.label, CLASSIFIERS[name], columns, flags[columns], seed=1, smote=smote, threads=1
            )
            row[family] = round(time.process_time() - before, 2)
        print(*row.values(), sep="\t", flush=True)
        found.append(row)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("leak", "times"))
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--persons", type=int, default=9_373, help="persons of the network (default: the paper's)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of labels drawn at random")
    parser.add_argument("--classifiers", nargs="+", choices=list(CLASSIFIERS), default=["xgboost", "random_forest"])
    parser.add_argument("--protocols", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--smote", action="store_true", help="the forest a second time, with oversampling")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    found = {"leak": leak, "times": times}[arguments.what](arguments)
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
