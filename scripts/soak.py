"""Kill runs again and again, resume them, and compare what they end with to an undisturbed run.

Usage: python scripts/soak.py [--persons 10000] [--kills 200] [--minutes 60] [--seed 1] [--threads 2] [--features]
                              [--workers 0] [--folder DIR]

Half of the kills (SIGKILL) come when a file of the run is opened or renamed, the others at any time, some as SIGTERM
and SIGINT. With --workers runs have a cluster of so many local processes; the process that was started is killed, and
they end by themselves. Checkpoints are made at every chance (--checkpoint-seconds 0) or as usual, at random. Whatever
way a run went on, its results have to be those of the undisturbed one. It stops with exit code 1 at the first that
differs, and keeps the folder; else after so many kills or minutes, whatever comes first.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.run_processes import finish, gpunet, killed_at, results, start

CONFIG = "[model]\nmax_rounds = 40\nfolds = 3\nhorizon_days = 150\n"


def disturbed(command: list[object], out: Path, longest: float, rng: random.Random) -> tuple[int, str]:
    """Start a run or go on with it, and kill it at some moment; its exit code and what it said."""
    again = ["--resume", out] if out.exists() and rng.random() < 0.5 else [*command[1:], "--out", out]
    often = ["--checkpoint-seconds", rng.choice((0, 0, 0.5))]
    at_file = rng.random() < 0.5
    process = start(command[0], *again, *often, before=killed_at(out, rng.randrange(3, 150)) if at_file else "")
    if not at_file:
        try:
            process.wait(rng.uniform(0.3, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
    done = finish(process)
    return done.returncode, done.stderr


def progress_text(ends: Counter[int], resumed: int, complete: int) -> str:
    names = {code: signal.Signals(-code).name if code < 0 else f"exit code {code}" for code in ends}
    how = ", ".join(f"{count} by {names[code]}" for code, count in ends.most_common())
    return f"{sum(ends.values())} ends ({how}), {resumed} starts from checkpoints, {complete} runs completed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--features", action="store_true", help="gpunet features instead of gpunet run")
    parser.add_argument("--workers", type=int, default=0, help="of --cluster local; 0 is none")
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="soak"))
    rng = random.Random(asked.seed)
    made = gpunet("synth", "--persons", asked.persons, "--out", folder / "arrests")
    if made.returncode:
        sys.exit(made.stderr)
    (folder / "c.toml").write_text(f"{CONFIG}[cluster]\nworkers = {asked.workers}\n")
    command: list[object] = ["features" if asked.features else "run", folder / "arrests"]
    command += ["--config", folder / "c.toml", "--threads", asked.threads]
    command += ["--cluster", "local"] if asked.workers else []
    for _ in range(2):  # the first may have had kernels to compile
        begin = time.monotonic()
        done = gpunet(*command, "--out", folder / "undisturbed")
        if done.returncode:
            sys.exit(done.stderr)
    seconds, expected = time.monotonic() - begin, results(folder / "undisturbed")
    print(f"{seconds:.1f} s undisturbed", flush=True)
    ends: Counter[int] = Counter()
    out, complete, resumed = folder / "run", 0, 0
    while sum(ends.values()) < asked.kills and time.monotonic() - begin < asked.minutes * 60:
        resumed += any((out / ".partial" / "checkpoints").glob("*.checkpoint"))
        code, said = disturbed(command, out, seconds, rng)
        if code == 0:
            if results(out) != expected:
                sys.exit(f"the results in {out} differ from those in {folder / 'undisturbed'}")
            shutil.rmtree(out)
            complete += 1
            print(
                f"{progress_text(ends, resumed, complete)} after {(time.monotonic() - begin) / 60:.0f} minutes",
                flush=True,
            )
        elif code == -signal.SIGKILL or "stopped by SIG" in said or "there is no run to go on with" in said:
            ends[code] += 1
        elif code in (-signal.SIGTERM, -signal.SIGINT, 130) or said.endswith("KeyboardInterrupt\n"):
            ends[code] += 1  # before the run had begun
        else:
            sys.exit(f"exit code {code}: {said}")
    if out.exists() and gpunet(*command, "--out", out).returncode == 0 and results(out) != expected:
        sys.exit(f"the results in {out} differ from those in {folder / 'undisturbed'}")
    print(f"{progress_text(ends, resumed, complete)}: all results were equal")
    if asked.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
