"""The inputs of the benchmarks: tables, and the networks made of them, which every process loads from one file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.arguments import Settings
from benchmarks.dense import DENSE
from gpunet import build_network, read_arrests
from gpunet.arrests.network import Network
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.synthetic import FEWEST_PERSONS, write_tables

__all__ = ["Case", "load_network", "prepare_cases", "save_network", "warm_case"]

_SNAPSHOTS = 12


@dataclass(frozen=True)
class Case:
    """Tables and their network.

    ``name`` is what results call it, ``inputs`` what ``read_arrests`` takes, ``network`` the file with the arrays.
    ``days`` are the first and the last day of a panel: the beginnings of the data's last twelve months, or of as many
    as have arrests before them.
    """

    name: str
    inputs: list[str]
    network: Path
    persons: int
    ties: int
    sets: tuple[str, ...]
    days: tuple[date, date]

    def as_dict(self) -> dict[str, Any]:
        """What results.json says of it."""
        return {"name": self.name, "persons": self.persons, "ties": self.ties, "sets": list(self.sets)}


def prepare_cases(settings: Settings, folder: Path) -> list[Case]:
    """Write synthetic tables where asked for; build and save every network. From the smallest to the largest."""
    rules = "" if settings.config is None else f" ({settings.config.name})"  # other rules, another network
    if settings.inputs:
        name = ", ".join(Path(text).name for text in settings.inputs) + rules
        return [_case(name, list(settings.inputs), settings.config, folder / "input.npz")]
    cases = []
    for persons in settings.persons:
        tables = folder / f"tables_{persons}"
        write_tables(tables, persons=persons, seed=settings.seed, config=DENSE if settings.dense else None)
        name = f"{'dense' if settings.dense else 'synthetic'} {persons:,}{rules}"
        cases.append(_case(name, [str(tables)], settings.config, folder / f"{persons}.npz"))
    return cases


def warm_case(folder: Path) -> Case:
    """Small tables, for a first call that compiles."""
    tables = folder / "warm"
    write_tables(tables, persons=FEWEST_PERSONS, seed=1)
    return _case("warm", [str(tables)], None, folder / "warm.npz")


def _case(name: str, inputs: list[str], config: Path | None, path: Path) -> Case:
    arrests = read_arrests(inputs, config)
    network = build_network(arrests)
    save_network(network, path)
    return Case(name, inputs, path, network.n, network.n_ties, tuple(network.sets), _panel_days(arrests.day))


def _panel_days(days: NDArray[np.int32]) -> tuple[date, date]:
    dated = days[days != NO_DAY]
    if not len(dated):
        return date(1970, 1, 1), date(1970, 1, 1)  # the command says what is wrong
    months = (day_to_date(dated.min()), day_to_date(dated.max()))
    first, last = (day.year * 12 + day.month - 1 for day in months)
    begin = min(max(last - _SNAPSHOTS + 1, first + 1), last)
    return date(begin // 12, begin % 12 + 1, 1), date(last // 12, last % 12 + 1, 1)


def save_network(network: Network, path: Path) -> None:
    """Write the arrays of a network to an .npz file."""
    names = tuple(network.sets)
    masks = np.stack([network.sets[name] for name in names])
    np.savez(path, indptr=network.indptr, indices=network.indices, names=np.array(names), masks=masks)


def load_network(path: Path) -> Network:
    """Read what :func:`save_network` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        sets = dict(zip(arrays["names"].tolist(), arrays["masks"], strict=True))
        return Network(len(arrays["indptr"]) - 1, arrays["indptr"], arrays["indices"], sets)
