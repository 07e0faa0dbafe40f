"""How much longer `gpunet run` takes when something else wants every processor.

    python scripts/measure_busy.py --persons 10000 --rounds 3

A run has a claim to half of each processor then, so twice the quiet time is what it cannot do without.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from gpunet.base.threads import available_threads

_LOOP = [sys.executable, "-c", "while True: pass"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--persons", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--command", choices=["features", "run"], default="run")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder) / "tables"
        gpunet("synth", "--persons", str(asked.persons), "--out", str(tables))
        gpunet(asked.command, str(tables), "--out", str(Path(folder) / "first"))  # compiles
        quiet, busy = [], []
        for number in range(asked.rounds):
            quiet.append(seconds_of(asked.command, tables, Path(folder) / f"quiet-{number}"))
            with every_processor_busy():
                busy.append(seconds_of(asked.command, tables, Path(folder) / f"busy-{number}"))
            print(f"quiet {quiet[-1]:.1f} s, busy {busy[-1]:.1f} s, ratio {busy[-1] / quiet[-1]:.2f}", flush=True)
    print(f"{asked.command}, {asked.persons} persons: median ratio {median(busy) / median(quiet):.2f}")


def seconds_of(command: str, tables: Path, out: Path) -> float:
    start = time.perf_counter()
    gpunet(command, str(tables), "--out", str(out))
    return time.perf_counter() - start


def gpunet(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "gpunet", *arguments], check=True, capture_output=True)


@contextmanager
def every_processor_busy() -> Iterator[None]:
    loops = [subprocess.Popen(_LOOP) for _ in range(available_threads())]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


if __name__ == "__main__":
    main()
