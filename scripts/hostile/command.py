"""The command: which cases, on how many processes at once, and what is told of them."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

#: Before any library is loaded: a process that has threads cannot be forked.
for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["POLARS_MAX_THREADS"] = "1"

from scripts.hostile.base import Base, make_base  # noqa: E402
from scripts.hostile.case import Case  # noqa: E402
from scripts.hostile.groups import GROUPS, all_cases  # noqa: E402
from scripts.hostile.play import Outcome, play  # noqa: E402
from scripts.hostile.process import load_everything, load_kernels  # noqa: E402


def main(description: str) -> None:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", action="append", choices=list(GROUPS), default=None)
    parser.add_argument("--case", action="append", default=None, metavar="NAME", help="cases whose name begins so")
    parser.add_argument("--share", type=float, default=1.0, help="of the cases of each group, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, len(os.sched_getaffinity(0))))
    parser.add_argument("--list", action="store_true", help="only the names of the cases")
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="a folder in which all files are kept")
    asked = parser.parse_args()
    chosen = list(chosen_cases(asked.group, asked.case, asked.share, asked.seed))
    if asked.list:
        print("\n".join(case.name for case in chosen))
        return
    if not chosen:
        parser.error("there is no such case")
    begin = time.monotonic()
    load_everything()
    with tempfile.TemporaryDirectory(prefix="hostile", ignore_cleanup_errors=True) as temporary:
        folder = asked.keep or Path(temporary)
        os.chmod(temporary, 0o755)  # noqa: PTH101
        shared = Path(temporary) / "base"
        shared.mkdir()
        base = make_base(shared)
        load_kernels()  # what the runs of the base have compiled
        outcomes = list(played(chosen, base, folder / "cases", asked))
    print(table(outcomes, time.monotonic() - begin))
    sys.exit(any(outcome.faults for outcome in outcomes))


def chosen_cases(groups: list[str] | None, names: list[str] | None, share: float, seed: int) -> Iterator[Case]:
    """The cases of these groups and names, and of them a share: at least one of each group."""
    first: set[str] = set()
    for case in all_cases():
        if (groups and case.group not in groups) or (names and not case.name.startswith(tuple(names))):
            continue
        draw = int(hashlib.sha256(f"{seed} {case.name}".encode()).hexdigest()[:8], 16) / 2**32
        if draw < share or case.group not in first:
            first.add(case.group)
            yield case


def played(chosen: Sequence[Case], base: Base, folder: Path, asked: argparse.Namespace) -> Iterator[Outcome]:
    """Outcomes as they come; each fault is told at once, with the command that repeats it."""
    global _context
    _context = {case.name: case for case in chosen}, base, folder, asked.seed, asked.keep is not None
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("fork")) as pool:
        for done in as_completed([pool.submit(_play, case.name) for case in chosen]):
            outcome = done.result()
            for fault in outcome.faults:
                print(f"FAULT {outcome.name}: {fault}", flush=True)
            if outcome.faults:
                print(f"      python scripts/hostile.py --seed {asked.seed} --case {outcome.name}", flush=True)
                if asked.case:
                    print(outcome.said, flush=True)
            yield outcome


#: What a forked process of the pool has of the one that forked it.
_context: tuple[dict[str, Case], Base, Path, int, bool]


def _play(name: str) -> Outcome:
    cases, base, folder, seed, keep = _context
    return play(cases[name], base, folder, seed, keep)


def table(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Cases, ends and faults by group."""
    lines = [f"{'group':<16}{'cases':>7}{'exit 0':>8}{'exit 1':>8}{'exit 2':>8}{'signal':>8}{'faulty':>8}"]
    for group in (*GROUPS, "all"):
        mine = [each for each in outcomes if group in ("all", each.name.split("/", 1)[0])]
        codes = Counter("signal" if code < 0 else code for each in mine for code in each.codes)
        faulty = sum(bool(each.faults) for each in mine)
        counts = (codes[0], codes[1], codes[2], codes["signal"], faulty)
        lines.append(f"{group:<16}{len(mine):>7}" + "".join(f"{count:>8}" for count in counts))
    return "\n".join([*lines, f"{seconds:.0f} s"])
