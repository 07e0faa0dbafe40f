"""Networks that have been hard on some kernel, by name: what each engine is tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import gpunet


def diamonds(k: int) -> gpunet.arrests.network.Network:
    """A ladder: each of the k diamonds doubles the shortest paths from end to end."""
    left = 3 * np.arange(k)
    src = np.concatenate([left, left, left + 1, left + 2])
    dst = np.concatenate([left + 1, left + 2, left + 3, left + 3])
    return with_sets(src, dst, 3 * k + 1)


def with_sets(src: Any, dst: Any, n: int) -> Any:
    rng = np.random.default_rng(n)
    sets = {"violent": rng.random(n) < 0.3, "few": rng.random(n) < 0.02, "nobody": np.zeros(n, bool)}
    return gpunet.network_from_edges(src, dst, n, sets)


def random_pieces(n: int, ties: int, seed: int) -> Any:
    """Several components, pairs, and vertices on their own."""
    rng = np.random.default_rng(seed)
    return with_sets(rng.integers(0, n, ties), rng.integers(0, n, ties), n)


def cliques() -> Any:
    """Cliques of 2 to 12 that share cut vertices, as incidents do."""
    src, dst, first = [], [], 0
    for size in range(2, 13):
        members = np.arange(first, first + size)
        a, b = np.triu_indices(size, 1)
        src.append(members[a])
        dst.append(members[b])
        first += size - 1
    return with_sets(np.concatenate(src), np.concatenate(dst), first + 1)


def grid(side: int) -> Any:
    """One block, with more shortest paths than a 64-bit integer holds."""
    at = np.arange(side * side).reshape(side, side)
    src = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    dst = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    return with_sets(src, dst, side * side)


NETWORKS: dict[str, Callable[[], Any]] = {
    "nobody": lambda: with_sets(np.array([], int), np.array([], int), 0),
    "no tie": lambda: with_sets(np.array([], int), np.array([], int), 5),
    "one tie": lambda: with_sets([0], [2], 3),
    "star": lambda: with_sets(np.zeros(400, int), np.arange(1, 401), 401),
    "path": lambda: with_sets(np.arange(2999), np.arange(1, 3000), 3000),
    "ring": lambda: with_sets(np.arange(801), (np.arange(801) + 1) % 801, 801),
    "cliques": cliques,
    "2^40 shortest paths": lambda: diamonds(40),
    "2^1200 shortest paths": lambda: diamonds(1200),
    "grid": lambda: grid(40),
    "sparse pieces": lambda: random_pieces(3000, 2600, 1),
    "dense pieces": lambda: random_pieces(1200, 9000, 2),
    "sets without the violent": lambda: gpunet.network_from_edges([0, 1, 2, 0], [1, 2, 3, 3], 6),
}
