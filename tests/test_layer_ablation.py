"""What goes with a layer that is left out, and what is computed anew: held against features computed without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from layer_tables import LayerCase, layer_cases
from strategies import CUT
from synthetic_layers import with_layers

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.joined import without_layer
from gpunet.arrests.network import build_network
from gpunet.config.layers import Layers
from gpunet.config.registry import LAYER_FAMILIES
from gpunet.engines.cpu import CpuEngine
from gpunet.evaluate.ablation import columns_of_layer, union_columns, union_without, without_columns
from gpunet.evaluate.known_ablation import MatricesWithout, without_victims
from gpunet.evaluate.labels import violent_persons
from gpunet.evaluate.protocols import HiddenFeatures, Matrices
from gpunet.features import compute_all

PROTOCOLS = ("paper", "cross_fitted", "same_event")


def without(case: LayerCase, layer: str) -> LayerCase:
    """The tables as if there were none of that layer."""
    if layer == "victim":
        return replace(case, victims=None)
    kinds = {kind: of for kind, of in case.kinds.items() if kind != layer}
    ties = [row for row in case.ties or [] if row["kind"] != layer]
    return replace(case, kinds=kinds, ties=ties if kinds else None)


def features_of(arrests: Arrests) -> Any:
    """Those of layers, and some that no layer changes."""
    return compute_all(arrests, ["neighbourhood", *LAYER_FAMILIES], threads=1).features


def numbers(features: Any) -> tuple[list[str], np.ndarray]:
    columns = [c for c in features.columns if c != "person_id"]
    return columns, features.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


@given(case=layer_cases(), data=st.data())
def test_what_is_left_is_what_tables_without_the_layer_give(case: LayerCase, data: st.DataObject) -> None:
    arrests = case.uncut().before(CUT)
    assume(len(arrests))
    layer = data.draw(st.sampled_from(arrests.layers.single))
    left = without_layer(arrests, layer)
    assert left.person_ids.to_list() == arrests.person_ids.to_list()
    found = features_of(left)
    expected = features_of(without(case, layer).uncut().before(CUT))
    assert found.columns == expected.columns
    assert found.join(expected.select("person_id"), on="person_id", how="semi").equals(expected)


@given(case=layer_cases(), data=st.data())
def test_columns_that_are_replaced_are_those_of_features_computed_without(case: LayerCase, data: st.DataObject) -> None:
    arrests = case.read()
    assume(len(arrests))
    names, matrix = numbers(features_of(arrests))
    network, engine = build_network(arrests), CpuEngine(1)
    layer = data.draw(st.sampled_from(arrests.layers.single))
    gone = columns_of_layer(arrests.config.sets, arrests.layers, layer)
    anew = union_columns(arrests.config.sets, arrests.layers, layer)
    union = union_without(arrests, network, layer, engine, arrests.config.path)
    found = without_columns(names, matrix, gone, anew, union)
    columns, expected = numbers(features_of(without_layer(arrests, layer)))
    assert [name for name in names if name not in gone] == columns
    np.testing.assert_array_equal(found, expected)


def test_which_columns_go() -> None:
    sets = ["all", "violent"]
    gone = columns_of_layer(sets, Layers(("calls",), victims=True), "victim")
    assert {"degree__all__victim", "victims_1hop__all", "own_victimisations__violent"} < gone
    assert not {name for name in gone if name.endswith(("__any", "__calls"))}
    alone = columns_of_layer(sets, Layers(("calls",)), "calls")
    assert {"degree__all__calls", "degree__all__any", "betweenness__violent__any"} < alone
    assert union_columns(sets, Layers(("calls",)), "calls") == ()


# --- The known network ---


@pytest.fixture(scope="module")
def known() -> tuple[Arrests, np.ndarray, np.ndarray]:
    """Arrests, the persons of their network, and the fold of each."""
    arrests = without_victims(with_layers(100, seed=3))
    person = np.asarray(build_network(arrests).person, np.int64)
    return arrests, person, np.random.default_rng(1).integers(0, 3, len(person)).astype(np.int32)


def compute(name: str, work: Any, shape: Any) -> Any:
    return work()


def rows_of(arrests: Arrests, protocol: str, person: np.ndarray, fold: np.ndarray) -> dict[str, Any]:
    """The rows with every layer, and without each."""
    features = HiddenFeatures(arrests, CpuEngine(1))
    matrices = Matrices(features, protocol, person, fold, compute)
    rest = {
        layer: MatricesWithout(matrices, features, layer, protocol, person, fold, compute)
        for layer in arrests.layers.single
    }
    return {"": matrices, **rest}


def seen(rows: Any, width: int, test: int) -> list[np.ndarray]:
    every = np.arange(width)
    return [rows.training(test, every)[1], *rows.tests(test, every)[1]]


def width_of(rows: Any, arrests: Arrests) -> int:
    return rows.width if isinstance(rows, MatricesWithout) else len(HiddenFeatures(arrests, CpuEngine(1)).declared)


@pytest.mark.parametrize("protocol", ["cross_fitted", "same_event"])
def test_no_row_of_a_fold_depends_on_the_labels_in_it(known: Any, protocol: str) -> None:
    arrests, person, fold = known
    before = rows_of(arrests, protocol, person, fold)
    for test in range(3):
        inside = np.zeros(arrests.n_persons, bool)
        inside[person[fold == test]] = True
        of_fold = inside[arrests.person]
        flipped = replace(
            arrests, offences=np.where(of_fold, (arrests.offences == 0).astype(np.uint64), arrests.offences)
        )
        assert (violent_persons(flipped) != violent_persons(arrests)).any()
        if protocol == "same_event":  # what others did in incidents of the fold is hidden too
            of_event = np.isin(arrests.incident, arrests.incident[of_fold]) & ~of_fold
            flipped = replace(flipped, offences=np.where(of_event, np.uint64(0), flipped.offences))
        after = rows_of(flipped, protocol, person, fold)
        for layer, rows in before.items():
            width = width_of(rows, arrests)
            for one, other in zip(seen(rows, width, test), seen(after[layer], width, test), strict=True):
                np.testing.assert_array_equal(one, other, err_msg=layer)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rows_without_a_layer_are_those_of_arrests_without_it(known: Any, protocol: str) -> None:
    arrests, person, fold = known
    found = rows_of(arrests, protocol, person, fold)
    for layer in arrests.layers.single:
        expected = rows_of(without_layer(arrests, layer), protocol, person, fold)[""]
        width = found[layer].width
        assert width == width_of(expected, without_layer(arrests, layer)) < width_of(found[""], arrests)
        for test in range(3):
            for one, other in zip(seen(found[layer], width, test), seen(expected, width, test), strict=True):
                np.testing.assert_array_equal(one, other)


def test_the_known_network_knows_nothing_of_victims(known: Any) -> None:
    arrests = with_layers(100, seed=3)
    assert arrests.victims is not None
    declared = HiddenFeatures(without_victims(arrests), CpuEngine(1)).declared
    assert not [name for name in declared if "victim" in name]
    assert [name for name in declared if name.endswith("__any")]
