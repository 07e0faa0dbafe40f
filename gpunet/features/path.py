"""Path features (Table 5) and what removal leaves (Table 4): everything that needs the network alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gpunet.engine import resolve_engine
from gpunet.errors import InputError
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels.cores_cpu import core_numbers, shell_of_outsiders
from gpunet.kernels.tipping_cpu import tipping, tipping_without_own_seed
from gpunet.network import Network
from gpunet.parallel import available_threads, in_batches, spans
from gpunet.progress import ProgressCallback
from gpunet.registry import PATH_FAMILIES, expand_families

__all__ = ["path_features"]

TIPPING_K = (2, 3, 4, 5, 6)

_VERTICES = 8192  # vertices a batch of shell and tipping


def path_features(
    network: Network,
    families: Iterable[str] | None = PATH_FAMILIES,
    sets: Iterable[str] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> dict[str, NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]]:
    """Betweenness, closeness, shell, tipping and removal features of every vertex (Tables 4 and 5).

    Parameters
    ----------
    network
        From :func:`build_network` or :func:`network_from_edges`.
    families
        Any of ``betweenness, closeness, shell, tipping, removal``; None or ``path`` is all of them.
    sets
        Which sets C to compute ``betweenness__C``, ``closeness__C`` and ``shell__C`` for; all of the network's if
        None. Only members of these sets are used as sources, so a small set alone is cheap.
    engine
        ``"auto"``, ``"cpu"`` or ``"gpu"``.
    threads
        Number of threads, all available if None. Results are the same, bit for bit, for any number.
    progress
        Called as the work goes on, see :mod:`gpunet.progress`.

    Returns
    -------
    dict
        ``{column: array of n}``, int64 for shell and removal, float64 for betweenness and closeness, bool for tipping.
        Tipping and ``removal_largest_violent_component`` use the set ``violent``; a network without it has nobody
        violent.

    Raises
    ------
    InputError
        If a family or set is unknown.
    EngineError
        If the engine is not available.
    """
    resolve_engine(engine)
    threads = available_threads(threads)
    wanted = _families(families)
    chosen = tuple(network.sets) if sets is None else [sets] if isinstance(sets, str) else sets
    names = tuple(dict.fromkeys(chosen))
    for name in names:
        if name not in network.sets:
            raise InputError(f"unknown set {name!r}; this network has {', '.join(network.sets)}")
    out: dict[str, NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]] = {}
    if {"removal", "betweenness", "closeness"} & set(wanted):
        blocks = Blocks(network)
        if "removal" in wanted:
            largest, largest_violent = blocks.removal(_violent(network))
            out["removal_largest_component"] = largest
            out["removal_largest_violent_component"] = largest_violent
        if names and {"betweenness", "closeness"} & set(wanted):
            pairs = PairWork(blocks, names)
            if "betweenness" in wanted:
                out |= pairs.betweenness(threads, progress)
            if "closeness" in wanted:
                out |= pairs.closeness(threads, progress)
    if "shell" in wanted:
        out |= _shell(network, names, threads)
    if "tipping" in wanted:
        out |= _tipping(network, threads)
    return out


def _families(families: Iterable[str] | None) -> tuple[str, ...]:
    try:
        wanted = expand_families("path" if families is None else families)
    except ValueError as error:
        raise InputError(str(error)) from error
    for family in wanted:
        if family not in PATH_FAMILIES:
            raise InputError(f"{family!r} needs arrests; the path families are {', '.join(PATH_FAMILIES)}")
    return wanted


def _violent(network: Network) -> NDArray[np.bool_]:
    return network.sets.get("violent", np.zeros(network.n, np.bool_))


def _shell(network: Network, names: tuple[str, ...], threads: int) -> dict[str, NDArray[np.int64]]:
    out = {}
    for name in names:
        core = core_numbers(network.indptr, network.indices, network.sets[name])

        def work(span: tuple[int, int], core: NDArray[np.int32] = core) -> NDArray[np.int64]:
            return shell_of_outsiders(network.indptr, network.indices, core, *span)

        values = np.zeros(network.n, np.int64)
        for (first, last), part in in_batches(work, spans(network.n, _VERTICES), threads):
            values[first:last] = part
        out[f"shell__{name}"] = values
    return out


def _tipping(network: Network, threads: int) -> dict[str, NDArray[np.bool_]]:
    seed = _violent(network)
    out = {}
    for k in TIPPING_K:
        rank = tipping(network.indptr, network.indices, seed, k)

        def work(span: tuple[int, int], rank: NDArray[np.int32] = rank, k: int = k) -> NDArray[np.bool_]:
            return tipping_without_own_seed(network.indptr, network.indices, seed, rank, k, *span)

        values = np.zeros(network.n, np.bool_)
        for (first, last), part in in_batches(work, spans(network.n, _VERTICES), threads):
            values[first:last] = part
        out[f"tipping_{k}"] = values
    return out
