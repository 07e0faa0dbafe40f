"""``gpunet estimate``: what tables come to as a network, and what its features would cost, before they are computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from gpunet.arrests.as_of import cut_before
from gpunet.arrests.diagnostics import why_nothing
from gpunet.arrests.network import build_network
from gpunet.base.errors import InputError
from gpunet.base.memory import part_peak
from gpunet.base.progress import ProgressCallback
from gpunet.base.words import counted
from gpunet.cli.summary_tables import table_of
from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.features.path_cost import path_cost
from gpunet.reading import read_arrests
from gpunet.search.estimate import PathEstimate, duration
from gpunet.search.gpu_floor import GPU

__all__ = ["THREADS", "describe_estimate", "estimate_tables"]

THREADS = (1, 2, 4, 8, 16, 32, 64)

#: What the figures leave out, in words.
NOT_COUNTED = (
    "The other features and the writing of tables: seconds to minutes, in proportion to rows and ties",
    "The model of gpunet run, which also searches two earlier networks: at most three times these seconds",
    "A slower or faster processor: seconds are those of one core of a cloud machine; more than 2 threads were never "
    "measured, and are taken to share the work evenly",
    "Blocks, which either engine finds on the host: about a second for a million persons",
)

_WIDTH = 80
_FLOAT_BYTES = 8


def estimate_tables(
    inputs: list[str],
    config: Any = None,
    as_of: date | None = None,
    *,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Read tables, build the network, and estimate the path features; no feature is computed.

    Parameters
    ----------
    inputs
        Files, folders and globs.
    config
        A :class:`Config`, a mapping, the path of a TOML file, or None for the defaults.
    as_of
        Only arrests before this day count; all if None.
    progress, notice
        As of :func:`gpunet.read_arrests`.

    Returns
    -------
    dict
        Values that JSON can hold. ``arrests``, ``network``: counts. ``measured_here``: seconds and bytes of reading and
        of building the network on this machine. ``cpu``: for each of :data:`THREADS`, seconds of path features and
        bytes of the process. ``gpu``: a floor, counted. ``approx``: what it would save. ``not_counted``: sentences.

    Raises
    ------
    InputError
        If nothing can be read, no arrest was accepted, or none lies before `as_of`.
    ConfigError
        If the configuration is not understood.
    """
    settings = load_config(config)
    began = time.perf_counter()
    with part_peak() as reading:
        arrests = read_arrests(inputs, settings, progress=progress, notice=notice)
    report = arrests.report
    assert report is not None  # they were read
    if not len(arrests):
        raise InputError(f"no arrest was accepted: {why_nothing(report)}")
    read = time.perf_counter()
    with part_peak() as building:
        arrests = arrests if as_of is None else cut_before(arrests, as_of)
        network = build_network(arrests)
    built = time.perf_counter()
    with part_peak() as held:  # what is held now
        pass
    cost = path_cost(network, settings.path)
    table = _FLOAT_BYTES * arrests.n_persons * len(columns(settings.violent_offences))
    peak = max(reading.size, building.size)

    def memory(estimate: PathEstimate, threads: int) -> int:
        return max(peak, held.size + table + estimate.memory(threads))

    ways = {"exact": cost.exact, "approx": cost.approx}
    return {
        "as_of": None if as_of is None else as_of.isoformat(),
        "arrests": {"arrests": len(arrests), "persons": arrests.n_persons},
        "network": {
            "persons": network.n,
            "ties": network.n_ties,
            "blocks": cost.blocks,
            "largest_block": cost.largest_block,
        },
        "measured_here": {
            "read_seconds": round(read - began, 3),
            "network_seconds": round(built - read, 3),
            "peak_memory_bytes": peak,
        },
        "betweenness": cost.method,
        "cpu": [
            {"threads": n}
            | {f"{way}_seconds": of.seconds(n) for way, of in ways.items()}
            | {f"{way}_memory_bytes": memory(of, n) for way, of in ways.items()}
            for n in THREADS
        ],
        "gpu": {"name": GPU, "is": "counted, not measured", **asdict(cost.gpu)},
        "exact": cost.exact.as_dict(),
        "approx": {"epsilon": settings.path.epsilon, "delta": settings.path.delta, **cost.approx.as_dict()},
        "not_counted": list(NOT_COUNTED),
    }


def describe_estimate(found: Mapping[str, Any], width: int = _WIDTH) -> str:
    """What :func:`estimate_tables` found, for one screen."""
    network, arrests, here, gpu = found["network"], found["arrests"], found["measured_here"], found["gpu"]
    lines = [
        ("arrests", f"{counted(arrests['arrests'], 'arrest')} of {counted(arrests['persons'], 'person')}"),
        ("network", f"{counted(network['persons'], 'person')}, {counted(network['ties'], 'tie')}"),
        ("blocks", f"{counted(network['blocks'], 'block')}: parts that hold together without any one of their persons; "
                   f"the largest has {counted(network['largest_block'], 'person')}"),
        ("measured", f"here, just now: read in {here['read_seconds']:.1f} s, network built in "
                     f"{here['network_seconds']:.1f} s, {_memory(here['peak_memory_bytes'])} at most"),
        ("expected", "time of betweenness and closeness, nearly all of a large run, and the process's memory then:"),
    ]  # fmt: skip
    after = [
        ("gpu", f"one {gpu['name']}: counted, not measured. Its processors have to move "
                f"{gpu['bytes_moved'] / 1e9:,.3g} GB to and from its memory: at the speed of that memory alone this "
                f"takes {duration(gpu['seconds'])}; real searches take longer"),
        ("approx", _saved(found)),
        ("config", f"betweenness {found['betweenness']}"),
        *(("not in it", text) for text in found["not_counted"]),
    ]  # fmt: skip
    return "\n".join([*map(_line, lines), *_table(found, width), *map(_line, after)])


def _line(titled: tuple[str, str]) -> str:
    return f"{titled[0]:10} {titled[1]}"


def _table(found: Mapping[str, Any], width: int) -> list[str]:
    rows, gpu = found["cpu"], found["gpu"]
    names = ["", *(f"CPU, {counted(row['threads'], 'thread')}" for row in rows), "one GPU, at least"]
    return table_of(
        [
            names,
            ["exact", *(duration(row["exact_seconds"]) for row in rows), duration(gpu["seconds"])],
            ["memory", *(_memory(row["exact_memory_bytes"]) for row in rows), _memory(gpu["memory_bytes"])],
            ["approx", *(duration(row["approx_seconds"]) for row in rows), "-"],
            ["memory", *(_memory(row["approx_memory_bytes"]) for row in rows), "-"],
        ],
        width,
    )


def _saved(found: Mapping[str, Any]) -> str:
    """What approximation would save of betweenness, on one core."""
    exact, approx = found["exact"]["core_seconds"], found["approx"]
    within = f"within {approx['epsilon']:g} of every normalised value, with probability {1 - approx['delta']:g}"
    if approx["core_seconds"] >= exact:
        return f"saves nothing here, for exact work is cheaper than samples ({within})"
    return (
        f"{within}: {duration(approx['core_seconds'])} of one core in place of {duration(exact)}, "
        f"{exact / approx['core_seconds']:.3g} times less; {duration(approx['most_core_seconds'])} if the bound is "
        "reached late"
    )


def _memory(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size < 10 * 2**30 else f"{size / 2**30:,.1f} GiB"
