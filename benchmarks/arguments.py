"""What the command line can say."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dense import DENSE_PERSONS
from benchmarks.systems import CPU_PEERS, GPU_PEERS, ON_THE_CPU, PEERS
from gpunet.base.threads import available_threads
from gpunet.synthetic import FEWEST_PERSONS

__all__ = ["BENCHMARKS", "COMMANDS", "Settings", "parse"]

BENCHMARKS = ("paths", "cores", "louvain", "ingest", "end-to-end", "run", "panel")

#: What runs only where it is named, for it takes long: a model is trained, or a year of features computed.
_ONLY_IF_NAMED = ("run", "panel")

#: By benchmark, the command that it runs whole.
COMMANDS = {"end-to-end": "features", "run": "run", "panel": "panel"}

#: What the GPU engine can be measured at: reading is timed within the whole command, and its Louvain is cuGraph's own.
_ON_THE_GPU = ("paths", "cores", "end-to-end")

_PERSONS = (1_000, 10_000, 100_000)
_EPILOG = "Without a benchmark, all but run and panel run. docs/benchmarks.md says what is measured and how."


@dataclass(frozen=True)
class Settings:
    """One call of the suite. ``inputs`` is empty for synthetic tables of the sizes ``persons``.

    With the engine ``gpu``, ``peers`` ends with gpunet's CPU engine.
    """

    benchmarks: tuple[str, ...]
    persons: tuple[int, ...]
    seed: int
    inputs: tuple[str, ...]
    config: Path | None
    dense: bool
    busy: bool
    engine: str
    peers: tuple[str, ...]
    threads: int
    repeat: int
    limit: float
    out: Path


def parse(arguments: Sequence[str]) -> Settings:
    """Read the arguments; a wrong one prints one clear message and exits with code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure gpunet beside other libraries.", epilog=_EPILOG
    )
    one_of = f"any of {', '.join(BENCHMARKS)}"
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=one_of)
    parser.add_argument(
        "--persons", type=_sizes, metavar="N,N,...", help="sizes of synthetic networks [1e3,1e4,1e5]; 1e4 is 10000"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of synthetic tables [1]")
    parser.add_argument(
        "--input",
        nargs="+",
        default=["synth"],
        metavar="FILE",
        help="arrest tables (files, folders, globs) to use instead of synthetic ones; 'synth' for those [synth]",
    )
    parser.add_argument("--config", type=_path, metavar="FILE", help="TOML configuration for the tables")
    parser.add_argument(
        "--dense", action="store_true", help=f"dense synthetic networks, of {DENSE_PERSONS:,} persons by default"
    )
    parser.add_argument(
        "--busy", action="store_true", help="whole commands also beside a busy loop on each processor, in turn"
    )
    parser.add_argument("--engine", choices=("cpu", "gpu"), default="cpu", help="of gpunet [cpu]")
    parser.add_argument(
        "--peers",
        type=_peers,
        default=None,
        metavar="P,P,...",
        help=f"any of {', '.join(PEERS)}; or none [{','.join(CPU_PEERS)}; with --engine gpu {','.join(GPU_PEERS)}]",
    )
    parser.add_argument("--threads", type=_positive, default=None, help="threads of those systems that use several")
    parser.add_argument("--repeat", type=_positive, default=5, help="runs of each measurement [5]")
    parser.add_argument(
        "--limit",
        type=_seconds,
        default=25.0,
        metavar="SECONDS",
        help="time for conversion and all runs of one system on one network [25]",
    )
    parser.add_argument("--out", type=_path, default=Path("runs/benchmarks"), help="folder [runs/benchmarks]")
    given = parser.parse_args(arguments)
    for name in given.benchmarks:
        if name not in BENCHMARKS:
            parser.error(f"unknown benchmark {name!r}: {one_of}")
    inputs = () if given.input == ["synth"] else tuple(given.input)
    if "synth" in inputs:
        parser.error("--input: 'synth' stands alone, not beside files")
    for text in inputs:
        if text in BENCHMARKS and not Path(text).exists():
            parser.error(f"--input takes every name after it: put {text!r} before --input")
    if inputs and given.persons:
        parser.error("--persons is the size of synthetic networks; it does not go with --input FILE")
    if inputs and given.dense:
        parser.error("--dense is a kind of synthetic networks; it does not go with --input FILE")
    if given.seed < 0:
        parser.error("--seed must be at least 0")
    if given.config is not None and not given.config.is_file():
        parser.error(f"--config {given.config}: no such file")
    if given.out.exists() and not given.out.is_dir():
        parser.error(f"--out {given.out} is not a folder")
    for name in given.benchmarks:
        if given.engine == "gpu" and name not in _ON_THE_GPU:
            parser.error(f"--engine gpu: there are {', '.join(_ON_THE_GPU)}, not {name}")
    if given.engine == "cpu" and given.peers is not None and ON_THE_CPU in given.peers:
        parser.error(f"--peers {ON_THE_CPU} goes with --engine gpu")
    possible = _ON_THE_GPU if given.engine == "gpu" else tuple(n for n in BENCHMARKS if n not in _ONLY_IF_NAMED)
    chosen = tuple(name for name in BENCHMARKS if name in given.benchmarks) or possible
    if given.busy and not any(name in COMMANDS for name in chosen):
        parser.error(f"--busy goes with {', '.join(COMMANDS)}, which run a whole command, not with {', '.join(chosen)}")
    return Settings(
        benchmarks=chosen,
        persons=() if inputs else given.persons or ((DENSE_PERSONS,) if given.dense else _PERSONS),
        seed=given.seed,
        inputs=inputs,
        config=given.config,
        dense=given.dense,
        busy=given.busy,
        engine=given.engine,
        peers=_all_peers(given.engine, given.peers),
        threads=available_threads(given.threads),
        repeat=given.repeat,
        limit=given.limit,
        out=given.out,
    )


def _sizes(text: str) -> tuple[int, ...]:
    sizes = set()
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part!r} is not a number") from None
        if not math.isfinite(value) or value != int(value) or value < FEWEST_PERSONS:
            raise argparse.ArgumentTypeError(f"{part!r}: whole numbers of at least {FEWEST_PERSONS} are possible")
        sizes.add(int(value))
    return tuple(sorted(sizes))


def _peers(text: str) -> tuple[str, ...]:
    if text == "none":
        return ()
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"unknown peer {name!r}: any of {', '.join(PEERS)}, or none")
    return tuple(dict.fromkeys(names))


def _all_peers(engine: str, asked: tuple[str, ...] | None) -> tuple[str, ...]:
    if engine == "cpu":
        return CPU_PEERS if asked is None else asked
    return tuple(dict.fromkeys([*(GPU_PEERS if asked is None else asked), ON_THE_CPU]))


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(value) or value <= 0:
        raise argparse.ArgumentTypeError(f"must be above 0 seconds, not {text}")
    return value
