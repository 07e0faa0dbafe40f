"""What protections cost: `python scripts/measure_protections.py --persons 100000 --times 5 --out FILE`.

`gpunet run` on synthetic tables, in turns without `[governance]` and with all of it: a purpose in every output, sealed
scores, entries in the log, files for their owner alone. A pair is two processes of their own, one after the other, and
which comes first alternates. Kernels are compiled before. What is compared is the processor time of both, which other
work on the machine hardly moves, and wall time.

Writes a JSON of every pair, and prints the medians and the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from gpunet.base._version import __version__

GOVERNANCE = """[governance]
purpose = "Measure what protections cost"
legal_basis = "none: the tables are synthetic"
controller = "nobody"
owner = "nobody"
requested_by = "developers"
task_ref = "measure"
reviewer = "nobody"
jurisdiction = "uk"
retain_until = "2099-12-31"
person_scores = "reviewed"
"""


def timed(arguments: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a command."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "gpunet", *arguments], check=True, capture_output=True)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pair(folder: Path, number: int) -> dict[str, dict[str, float]]:
    """One run without and one with every protection."""
    options = {"without": [], "with": ["--config", str(folder / "governance.toml")]}
    found = {}
    for name in sorted(options, reverse=bool(number % 2)):
        out = ["--out", str(folder / "runs" / name), "--no-report"]
        wall, processor = timed(["run", str(folder / "arrests"), *out, *options[name]])
        found[name] = {"seconds": round(wall, 3), "cpu_seconds": round(processor, 3)}
        print(f"pair {number}, {name}: {wall:.1f} s, {processor:.1f} s of processor", flush=True)
    return found


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "governance.toml").write_text(GOVERNANCE, encoding="utf-8")
        timed(["synth", "--persons", str(asked.persons), "--seed", "1", "--out", str(folder / "arrests")])
        timed(["run", str(folder / "arrests"), "--out", str(folder / "runs" / "first"), "--no-report"])
        pairs = [pair(folder, number) for number in range(asked.times)]
    medians = {
        name: {key: statistics.median(of[name][key] for of in pairs) for key in ("seconds", "cpu_seconds")}
        for name in ("without", "with")
    }
    ratios = {
        key: round(statistics.median(of["with"][key] / of["without"][key] for of in pairs), 4)
        for key in ("seconds", "cpu_seconds")
    }
    result = {
        "what": "gpunet run --no-report, with every protection and without",
        "date": date.today().isoformat(),
        "gpunet": __version__,
        "python": platform.python_version(),
        "machine": {"processor": platform.machine(), "processors": os.cpu_count(), "system": platform.system()},
        "persons": asked.persons,
        "pairs": pairs,
        "median": medians,
        "median_of_ratios": ratios,
    }
    asked.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({"median": medians, "median_of_ratios": ratios}, indent=2))


if __name__ == "__main__":
    main()
