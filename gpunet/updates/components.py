"""Which components of the network are as they were in an earlier run, and what that run has on their paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network, in_file_order
from gpunet.base.array_types import Bool, Int64
from gpunet.config.layers import ANY, CO_ARREST
from gpunet.engines.choice import resolve_engine
from gpunet.features.known import KnownPaths, least_saved
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.runs.stored_tables import array_of
from gpunet.tables.arrays import distinct, put_at
from gpunet.updates.earlier import Earlier

__all__ = ["FileOrder", "coded_ties", "in_order_alike", "known_paths", "unchanged", "without"]

_OWN = {"violent": "own_violent_arrests"}


@dataclass(frozen=True, eq=False)
class FileOrder:
    """In which order the files of an earlier run first name its persons, by which its vertices were numbered.

    ``ids``: the persons' ids, ascending. ``first_rows``: int64[persons], :attr:`gpunet.Arrests.first_rows`.
    """

    ids: pa.Array
    first_rows: Int64


def known_paths(
    earlier: Earlier, order: FileOrder | None, arrests: Arrests, network: Network, layer: str = CO_ARREST
) -> KnownPaths | None:
    """What an earlier run has on paths of this network, of co-arrest or any layer; None if nothing of it can be taken.

    That is so if versions, engine or the way of computing betweenness differ, or the order of its persons is not known,
    or ids are of another type, or every component has changed, or those that may not have changed are little work.
    """
    suffix = "" if layer == CO_ARREST else f"__{layer}"
    path = earlier.manifest.get("path" if layer == CO_ARREST else f"path_{layer}")
    exact = path is not None and path["betweenness"]["method"] == "exact" and "whole_network" not in path["betweenness"]
    if not (exact and earlier.is_of_these_versions and earlier.manifest["engine"] == "cpu") or network.person is None:
        return None
    if order is None or _little_can_be_saved(earlier, network, layer):
        return None
    names = tuple(network.sets)
    own = {name: _OWN.get(name, f"own_arrests__{name}") for name in names if name != "all"}
    features = earlier.table("features", ["person_id", *own.values()])
    ids, now = features["person_id"].combine_chunks(), array_of(arrests.person_ids)
    if ids.type != now.type or not ids.equals(order.ids):
        return None
    old = _earlier_network(earlier, features, own, layer, order.first_rows)
    before = pc.index_in(now.take(pa.array(network.person)), value_set=ids).fill_null(-1).to_numpy()
    assert old.person is not None
    place = np.full(len(ids) + 1, -1, np.int64)
    place[old.person] = np.arange(old.n)
    vertex = in_order_alike(network, unchanged(network, old, place[before]))
    if not (vertex >= 0).any():
        return None
    wanted = [f"{family}__{name}" for family in ("betweenness", "closeness") for name in names]
    table = earlier.table("features", [f"{name}{suffix}" for name in wanted])
    return KnownPaths(old, vertex, {name: table[f"{name}{suffix}"].to_numpy()[old.person] for name in wanted})


def _little_can_be_saved(earlier: Earlier, network: Network, layer: str = CO_ARREST) -> bool:
    """Whether the largest component has changed, and all others together are little work.

    Betweenness of a component takes no more than a visit of every person from every person.
    """
    label, n = component_labels(network.indptr, network.indices, np.zeros(network.n, np.int32))
    sizes = np.bincount(label, minlength=n).astype(np.float64)
    if n and layer == CO_ARREST:  # of which alone the manifest tells
        largest = int(np.argmax(sizes))
        now = {"persons": int(sizes[largest]), "ties": int(network.degree[label == largest].sum()) // 2}
        told = earlier.manifest["network"]["largest_component"]
        if {name: told[name] for name in now} != now:
            sizes[largest] = 0.0
    return float(sizes @ sizes) < least_saved(network)


def _earlier_network(
    earlier: Earlier, features: pa.Table, own: Mapping[str, str], layer: str, first_rows: Int64
) -> Network:
    """The network of an earlier run, with its vertices' numbers; ``person`` are places in its table of features."""
    ids = features["person_id"].combine_chunks()
    ends = np.concatenate([coded_ties(of, ids) for name, of in earlier.ties().items() if layer in (ANY, name)], axis=1)
    person = in_file_order(distinct(ends.ravel()), first_rows)
    vertex = put_at(np.arange(len(person)), person, len(features), -1)[ends]
    keys = distinct(vertex.min(axis=0) * max(len(person), 1) + vertex.max(axis=0))  # a tie may be of several kinds
    a, b = (of.astype(np.int32) for of in np.divmod(keys, max(len(person), 1)))
    rows, columns = resolve_engine("cpu").csr_from_ties(a, b, len(person))
    sets = {name: np.asarray(pc.fill_null(features[column], 0))[person] > 0 for name, column in own.items()}
    everybody = {"all": np.ones(len(person), np.bool_)}
    return Network(len(person), rows, columns, everybody | sets, person=person.astype(np.int32))


def coded_ties(ties: pa.Table, ids: Any) -> Int64:
    """int64[2, ties], the places of both persons among the `ids`, -1 where they are not there."""
    kind = ids.type
    ends = [pc.index_in(ties[name].cast(kind), value_set=ids) for name in ("person_a", "person_b")]
    return np.stack([np.asarray(of.fill_null(-1), dtype=np.int64) for of in ends])


def unchanged(network: Network, old: Network, before: Int64) -> Int64:
    """int64[n], the earlier vertex of each vertex whose component is as it was, -1 of all others.

    `before` (int64[n]) is the earlier vertex of the same person, -1 if there was none.
    """
    dirty = before < 0
    for name, mask in network.sets.items():
        dirty |= mask != old.sets[name][before]  # what stands at -1 does not matter
    place = np.full(old.n, -1, np.int64)
    place[before[before >= 0]] = np.flatnonzero(before >= 0)
    now, then = _keys(network, np.arange(network.n), network.n), _keys(old, place, network.n)
    then = then[then >= 0]
    for one, other in ((now, then), (then, now)):
        dirty[np.concatenate(np.divmod(without(one, other), max(network.n, 1)))] = True
    dirty[_ends_of_lost(old, place)] = True
    label, n = component_labels(network.indptr, network.indices, np.zeros(network.n, np.int32))
    touched = np.zeros(n, np.bool_)
    touched[label[dirty]] = True
    return np.where(touched[label], -1, before)


def in_order_alike(network: Network, before: Int64) -> Int64:
    """Earlier vertices as :func:`unchanged` gives them, -1 in components whose vertices came in another order then."""
    label, n = component_labels(network.indptr, network.indices, np.zeros(network.n, np.int32))
    order = np.argsort(label, kind="stable")
    of, then = label[order], before[order]
    moved = np.zeros(n, np.bool_)
    moved[of[1:][(of[1:] == of[:-1]) & (then[1:] < then[:-1])]] = True
    return np.where(moved[label], -1, before)


def without(some: Int64, others: Int64) -> Int64:
    """Those numbers that are not among `others`.

    >>> without(np.array([3, 1, 5]), np.array([5, 2])).tolist()
    [3, 1]
    """
    known = np.sort(others)
    at = np.minimum(np.searchsorted(known, some), len(known) - 1)
    return some[known[at] != some] if len(known) else some


def _keys(network: Network, place: Int64, n: int) -> Int64:
    """Every tie, once, as one number of its ends' places among n; -1 if one has no place."""
    rows = np.repeat(np.arange(network.n), np.diff(network.indptr))
    once = rows < network.indices
    a, b = place[rows[once]], place[network.indices[once]]
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.where(low < 0, -1, low * n + high)


def _ends_of_lost(old: Network, place: Int64) -> Int64:
    """The vertices that were tied to somebody who is not in the network any more."""
    rows = np.repeat(np.arange(old.n), np.diff(old.indptr))
    gone: Bool = place[old.indices] < 0
    found: Int64 = place[rows[gone]]
    return found[found >= 0]
