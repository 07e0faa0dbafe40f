"""Seconds and memory of a report: `python scripts/measure_report.py RUN --times 10 --audience analyst`.

RUN is a folder of `gpunet run` or `gpunet features` whose ids are whole numbers. Its network is repeated so many times,
with other ids, as if as many cities were one table: a run of 10,000 persons becomes one of 100,000 or a million, which
takes seconds, where a run of a million takes hours. The report of that folder is made in this process. Memory is what
comes on top of what the process had with everything imported and nothing read.

Prints each section's seconds, then all of the report's: seconds, processor seconds, MiB, bytes of the page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.base.memory import part_peak
from gpunet.report.audience import AUDIENCES, Audience
from gpunet.report.figure import Page
from gpunet.report.page import rendered
from gpunet.report.pages import _SECTIONS
from gpunet.report.source import Source

PERSONS = {"person_id", "person_a", "person_b"}
GROUPS = {"group", "community"}


def repeated_run(run: Path, times: int, out: Path) -> None:
    """Write the folder of a run with everybody so many times."""
    manifest = json.loads((run / "run.json").read_text(encoding="utf-8"))
    highest = pc.max(pq.read_table(run / "features.parquet", columns=["person_id"])["person_id"]).as_py()
    out.mkdir()
    for name in manifest["outputs"]:
        if name.endswith(".parquet") and PERSONS & set(pq.read_schema(run / name).names):
            pq.write_table(repeated_table(pq.read_table(run / name), times, highest + 1), out / name)
        else:
            shutil.copyfile(run / name, out / name)
        written = (out / name).read_bytes()
        manifest["outputs"][name] = {"bytes": len(written), "sha256": hashlib.sha256(written).hexdigest()}
    manifest["arrests"] = multiplied(manifest["arrests"], times)
    for name in ("persons", "ties", "components", "members"):
        manifest["network"][name] = multiplied(manifest["network"][name], times)
    (out / "run.json").write_text(json.dumps(manifest), encoding="utf-8")


def repeated_table(table: pa.Table, times: int, step: int) -> pa.Table:
    """The table one below the other, each time with its persons and groups anew."""
    steps = {name: step for name in PERSONS & set(table.column_names) if pa.types.is_integer(table[name].type)}
    steps |= {name: pc.max(table[name]).as_py() + 1 for name in GROUPS & set(table.column_names)}
    copies = []
    for time_ in range(times):
        columns = [
            pc.add(table[name], pa.scalar(time_ * steps[name], table[name].type)) if name in steps else table[name]
            for name in table.column_names
        ]
        copies.append(pa.Table.from_arrays(columns, schema=table.schema))
    return pa.concat_tables(copies)


def multiplied(value: Any, times: int) -> Any:
    """Whole numbers, also those within, so many times."""
    if isinstance(value, dict):
        return {key: multiplied(part, times) for key, part in value.items()}
    return value * times if isinstance(value, int) else value


def resident() -> int:
    """Bytes that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(folder: Path, audience: Audience) -> None:
    """Make the report, and print what each part of it took."""
    source, before = Source(folder, audience), resident()
    began, busy = time.perf_counter(), time.process_time()
    with part_peak() as peak:
        sections = [section for of in _SECTIONS[source.kind] if (section := timed(of.__name__, of, source)) is not None]
        page = timed("the page itself", rendered, Page("Measured", (), tuple(sections)), audience)
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    print(f"whole report: {seconds:.1f} s, {processor:.1f} processor s, {(peak.size - before) / 2**20:,.0f} MiB more")
    print(f"page: {len(page.html):,} bytes; figures: {sum(map(len, page.figures.values())):,} bytes")


def timed(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """What the work gives; its processor seconds are printed. What sections share counts for the first that asks."""
    busy = time.process_time()
    found = work(*arguments)
    print(f"  {name}: {time.process_time() - busy:.1f} processor s", flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--audience", choices=AUDIENCES, default="analyst")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        repeated_run(arguments.run, arguments.times, folder)
        persons = pq.read_metadata(folder / "features.parquet").num_rows
        print(f"{arguments.run} {arguments.times} times: {persons:,} persons", flush=True)
        measure(folder, Audience(arguments.audience))


if __name__ == "__main__":
    main()
