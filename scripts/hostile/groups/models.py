"""Model files that are damaged, altered or others', and features that do not fit them."""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from scripts.hostile import tables
from scripts.hostile.case import REFUSED, USER, Case, End, Place, Step, Wrong, command, single
from scripts.hostile.damage import DAMAGES, altered

_KINDS = ("xgboost", "random_forest")


def cases() -> Iterator[Case]:
    for kind in _KINDS:
        for how in DAMAGES:
            for k in range(5):
                yield Case(f"models/{kind}-{how}-{k}", _scored(kind, _damaged(how)))
        for k in range(30):
            yield Case(f"models/{kind}-metadata-{k}", _scored(kind, _altered))
        for name, change in _METADATA.items():
            yield Case(f"models/{kind}-{name}", _scored(kind, _metadata(change), REFUSED))
        for name, change in _BOOSTER.items():
            for dress in ("sealed", "old") if name in _SEALED else ("old",):
                yield Case(f"models/{kind}-{name}-{dress}", _scored(kind, _booster(change, dress)))
    for name, data in _OTHERS.items():
        yield single(
            f"models/not-a-model-{name}", lambda place, data=data: _with(place, place.write("m.ubj", data()), REFUSED)
        )


def _with(place: Place, model: object, codes: frozenset[int] = USER) -> Step:
    features = place.base.features / "features.parquet"
    return command("score", "--model", model, "--features", features, "--out", place.root / "s.parquet", codes=codes)


def _scored(
    kind: str, change: Callable[[bytes, random.Random], bytes], codes: frozenset[int] = USER
) -> Callable[[Place], Generator[Step, End, None]]:
    """A changed model scores: what it writes has to be probabilities."""

    def play(place: Place) -> Generator[Step, End, None]:
        model = place.write("m.ubj", change(place.base.model(kind).read_bytes(), place.rng))
        end = yield _with(place, model, codes)
        if end.code == 0:
            check_probabilities(place.root / "s.parquet")

    return play


def check_probabilities(path: Path) -> None:
    """Wrong if what was written as scores is none."""
    import pyarrow.parquet as pq

    found = pq.read_table(path, use_threads=False).to_pydict()
    odd = sum(p is None or not (math.isfinite(p) and 0 <= p <= 1) for p in found["probability"])
    if odd:
        raise Wrong(f"{odd} of {len(found['probability'])} probabilities are none")
    if sorted(found["rank"]) != list(range(1, len(found["rank"]) + 1)):
        raise Wrong("ranks are not 1 to n")
    if any(c is not None and not math.isfinite(c) for k in range(1, 6) for c in found[f"contribution_{k}"]):
        raise Wrong("contributions are not finite")


def _damaged(how: str) -> Callable[[bytes, random.Random], bytes]:
    return lambda data, rng: DAMAGES[how](data, rng)


def _dressed(model: dict[str, Any], dress: str) -> bytes:
    """A model file: ``"sealed"`` with a hash that fits it, or ``"old"``, as if of the version that wrote none."""
    from gpunet.model.seal import SEAL, UNSEALED, sealed

    attributes = model["learner"]["attributes"]
    if dress == "sealed":
        attributes[SEAL] = UNSEALED
        return sealed(_as_ubj(model))
    del attributes[SEAL]
    attributes["gpunet"] = json.dumps({**json.loads(attributes["gpunet"]), "format": 1})
    return _as_ubj(model)


def _booster(
    change: Callable[[dict[str, Any], random.Random], None], dress: str
) -> Callable[[bytes, random.Random], bytes]:
    """The trees changed, as JSON, and written in XGBoost's own format."""

    def changed(data: bytes, rng: random.Random) -> bytes:
        import xgboost as xgb

        booster = xgb.Booster()
        booster.load_model(bytearray(data))
        model = json.loads(booster.save_raw("json"))
        change(model, rng)
        return _dressed(model, dress)

    return changed


#: How XGBoost packs numbers: float32, int32, int64 and bytes, all with the high byte first.
_PACKED = {
    **dict.fromkeys(("base_weights", "loss_changes", "split_conditions", "sum_hessian"), "d"),
    **dict.fromkeys(("categories", "categories_nodes", "left_children", "right_children", "parents"), "l"),
    **dict.fromkeys(("split_indices", "feature_segments", "sorted_idx"), "l"),
    **dict.fromkeys(("categories_segments", "categories_sizes"), "L"),
    **dict.fromkeys(("default_left", "split_type"), "U"),
}
_FORMAT = {"d": "f", "l": "i", "L": "q", "U": "B"}


def _as_ubj(value: Any, name: str = "") -> bytes:
    """UBJSON as XGBoost writes it, whatever the values are."""
    if isinstance(value, dict):
        return b"{" + b"".join(_text(key) + _as_ubj(each, key) for key, each in value.items()) + b"}"
    if isinstance(value, list):
        count = b"#L" + struct.pack(">q", len(value))
        if kind := _PACKED.get(name):
            return b"[$" + kind.encode() + count + struct.pack(f">{len(value)}{_FORMAT[kind]}", *value)
        return b"[" + count + b"".join(map(_as_ubj, value))
    return b"S" + _text(value) if isinstance(value, str) else b"L" + struct.pack(">q", value)


def _text(value: str) -> bytes:
    raw = value.encode("utf-8", "surrogatepass")
    return b"L" + struct.pack(">q", len(raw)) + raw


def _trees(model: dict[str, Any]) -> list[dict[str, Any]]:
    return model["learner"]["gradient_booster"]["model"]["trees"]


def _in_tree(field: str, value: Callable[[int], Any]) -> Callable[[dict[str, Any], random.Random], None]:
    def change(model: dict[str, Any], rng: random.Random) -> None:
        tree = max(_trees(model), key=lambda tree: len(tree["left_children"]))
        tree[field][rng.randrange(len(tree[field]))] = value(len(tree["left_children"]))

    return change


def _top(field: str, value: Any) -> Callable[[dict[str, Any], random.Random], None]:
    def change(model: dict[str, Any], rng: random.Random) -> None:
        model["learner"]["learner_model_param"][field] = value

    return change


def _no_trees(model: dict[str, Any], rng: random.Random) -> None:
    _trees(model).clear()


_BOOSTER: dict[str, Callable[[dict[str, Any], random.Random], None]] = {
    "unchanged": lambda model, rng: None,
    "child-beyond": _in_tree("left_children", lambda n: n + 1000),
    "child-far": _in_tree("right_children", lambda n: 2**31 - 1),
    "child-negative": _in_tree("left_children", lambda n: -5),
    "child-circle": _in_tree("left_children", lambda n: 0),
    "feature-beyond": _in_tree("split_indices", lambda n: 10_000),
    "feature-far": _in_tree("split_indices", lambda n: 2**31 - 1),
    "leaf-not-a-number": _in_tree("split_conditions", lambda n: float("nan")),
    "leaf-infinite": _in_tree("split_conditions", lambda n: float("inf")),
    "parent-beyond": _in_tree("parents", lambda n: n + 99),
    "categories": _in_tree("split_type", lambda n: 1),
    "no-trees": _no_trees,
    "base-not-a-number": _top("base_score", "[NAN]"),
    "base-text": _top("base_score", "x"),
    "many-classes": _top("num_class", "1000000000"),
    "many-targets": _top("num_target", "1000000000"),
    "features-none": _top("num_feature", "0"),
    "features-many": _top("num_feature", "2147483647"),
    "features-negative": _top("num_feature", "-1"),
}


#: What is tried with a hash that fits, too. The hash finds damage and is no signature: whoever alters how trees hang
#: together and makes the hash again can crash XGBoost.
_SEALED = ("unchanged", "leaf-not-a-number", "leaf-infinite", "no-trees", "base-not-a-number", "base-text")


def _metadata(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes, random.Random], bytes]:
    """The metadata changed, and what checks them made again, as somebody who means to would."""

    def changed(data: bytes, rng: random.Random) -> bytes:
        import xgboost as xgb

        from gpunet.model.seal import SEAL, UNSEALED, sealed

        booster = xgb.Booster()
        booster.load_model(bytearray(data))
        metadata = json.loads(booster.attr("gpunet"))
        change(metadata)
        booster.set_attr(gpunet=json.dumps(metadata), **{SEAL: UNSEALED})
        return sealed(bytes(booster.save_raw("ubj")))

    return changed


def _altered(data: bytes, rng: random.Random) -> bytes:
    def change(metadata: dict[str, Any]) -> None:
        other = altered(metadata, rng)
        metadata.clear()
        metadata.update(json.loads(json.dumps(other)))

    return _metadata(change)(data, rng)


def _calibration(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda metadata: metadata["calibration"].update(values)


def _exchange(metadata: dict[str, Any]) -> None:
    names = metadata["features"]
    names[0], names[1] = names[1], names[0]


def _repeat(metadata: dict[str, Any]) -> None:
    metadata["features"][1] = metadata["features"][0]


_METADATA: dict[str, Callable[[dict[str, Any]], None]] = {
    "slope-not-a-number": _calibration(slope=float("nan")),
    "slope-infinite": _calibration(slope=float("inf")),
    "slope-negative": _calibration(slope=-1.0),
    "slope-text": _calibration(slope="1"),
    "slope-true": _calibration(slope=True),
    "intercept-not-a-number": _calibration(intercept=float("nan")),
    "intercept-infinite": _calibration(intercept=float("-inf")),
    "threshold-not-a-number": lambda metadata: metadata.update(threshold=float("nan")),
    "threshold-two": lambda metadata: metadata.update(threshold=2.0),
    "threshold-negative": lambda metadata: metadata.update(threshold=-0.5),
    "names-exchanged": _exchange,
    "name-repeated": _repeat,
    "names-short": lambda metadata: metadata["features"].pop(),
    "names-numbers": lambda metadata: metadata.update(features=list(range(len(metadata["features"])))),
    "names-none": lambda metadata: metadata.update(features=[]),
    "kind-other": lambda metadata: metadata.update(kind="os"),
    "kind-none": lambda metadata: metadata.update(kind=None),
    "format-next": lambda metadata: metadata.update(format=99),
    "format-text": lambda metadata: metadata.update(format="1"),
    "sets-text": lambda metadata: metadata.update(sets="violent"),
    "training-list": lambda metadata: metadata.update(training=[1]),
    "empty": lambda metadata: metadata.clear(),
}

_OTHERS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "brace": lambda: b"{",
    "start": lambda: b"{L",
    "deep": lambda: b"{L" + (0).to_bytes(7, "big") + b"\1a" + b"[" * 1_000_000,
    "huge-array": lambda: b"{L" + (1).to_bytes(8, "big") + b"a[$d#L" + (2**62).to_bytes(8, "big"),
    "huge-name": lambda: b"{L" + (2**62).to_bytes(8, "big"),
    "json": lambda: b'{"learner": {}}',
    "pickle": lambda: b"cos\nsystem\n(S'touch victim'\ntR.",
    "zip": lambda: tables.zipped(schema__json=b"{}"),
    "parquet": lambda: tables.parquet(tables.rows()),
    "zeros": lambda: bytes(10_000),
    "elf": lambda: b"\x7fELF" + bytes(1000),
}
