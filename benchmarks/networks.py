"""The inputs of the benchmarks: tables, and the networks made of them, which every process loads from one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.arguments import Settings
from gpunet import build_network, read_arrests
from gpunet.arrests.network import Network
from gpunet.synthetic import write_tables

__all__ = ["Case", "load_network", "prepare_cases", "save_network"]


@dataclass(frozen=True)
class Case:
    """Tables and their network.

    ``name`` is what results call it, ``inputs`` what ``read_arrests`` takes, ``network`` the file with the arrays.
    """

    name: str
    inputs: list[str]
    network: Path
    persons: int
    ties: int
    sets: tuple[str, ...]

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
        write_tables(tables, persons=persons, seed=settings.seed)
        name = f"synthetic {persons:,}{rules}"
        cases.append(_case(name, [str(tables)], settings.config, folder / f"{persons}.npz"))
    return cases


def _case(name: str, inputs: list[str], config: Path | None, path: Path) -> Case:
    network = build_network(read_arrests(inputs, config))
    save_network(network, path)
    return Case(name, inputs, path, network.n, network.n_ties, tuple(network.sets))


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
