"""Measure how fast arrest tables are read, and how much memory it takes next to what is kept.

Usage: python scripts/measure_reading.py [--rows 10000000] [--folder DIR] [CASE ...]

Each case is a made-up table; it is read in a process of its own. Peak memory counts from after the imports and after a
first small reading, which loads the compiled kernels. "kept" is the coded arrays and the texts of the ids.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

CHUNK = 500_000


def _ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(prefix), pa.array(numbers).cast(pa.string()), "")


def chunks(case: str, rows: int) -> Iterator[pa.Table]:
    """The table of a case, in parts."""
    rng = np.random.default_rng(1)
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        index = np.arange(start, start + n)
        person = {"one_person": np.zeros(n, dtype=np.int64), "repeats": index % 1000}.get(
            case, rng.integers(0, max(rows // 4, 1), n)
        )
        incident = {"one_person": index, "repeats": index % 1000, "charges": index // 6}.get(case, index * 2 // 3)
        if case == "charges":  # three charges of each of two persons in an incident
            person = index // 3 * 7919 % max(rows // 8, 1)
        offence = index % 3 if case == "charges" else np.zeros(n, dtype=np.int64) if case == "repeats" else index % 17
        day = incident % 3650 + 12_000
        district = incident % 43
        yield pa.table(
            {
                "person_id": _ids("P", person + 1_000_000),
                "incident_id": _ids("HX", incident + 100_000_000),
                "date": pa.array(day.astype(np.int32)).cast(pa.date32()),
                "offence": _ids("OFFENCE ", offence),
                "district": _ids("", district),
                "beat": _ids("", district * 10 + incident % 10),
                "gang": pc.if_else(pa.array(person % 3 == 0), _ids("gang ", person % 97), pa.scalar(None, pa.string())),
                "force": _ids("force ", incident % 5 if case != "one_person" else np.zeros(n, dtype=np.int64)),
            }
        )


def write(case: str, rows: int, path: Path) -> None:
    parts = chunks(case, rows)
    first = next(parts)
    writer = pacsv.CSVWriter(path, first.schema) if path.suffix == ".csv" else pq.ParquetWriter(path, first.schema)
    with writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)


def small_files(rows: int, folder: Path) -> None:
    table = pa.concat_tables(chunks("many_persons", rows))
    step = max(rows // 5000, 1)
    for i, start in enumerate(range(0, rows, step)):
        pq.write_table(table.slice(start, step), folder / f"{i:05}.parquet")


def read(path: str, warm: str) -> None:
    """Read in this process and print the figures as JSON."""
    import psutil

    from gpunet.reading import read_arrests

    process = psutil.Process()
    read_arrests(warm)
    before = process.memory_info().rss
    started = time.perf_counter()
    arrests = read_arrests(path)
    seconds = time.perf_counter() - started
    texts = sum(series.to_arrow().nbytes for series in (arrests.person_ids, arrests.incident_ids))
    assert arrests.report is not None
    print(
        json.dumps(
            {
                "rows": sum(f.read for f in arrests.report.files),
                "arrests": len(arrests),
                "persons": arrests.n_persons,
                "seconds": seconds,
                "kept": arrests.nbytes() + texts,
                "peak": _peak() - before,
            }
        )
    )


def _peak() -> int:
    """Peak bytes of this process. Linux's own record comes first: getrusage also counts the parent's, before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(text for text in status.read_text().splitlines() if text.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(path: Path, warm: Path) -> dict[str, float]:
    """Read `path` in a fresh process."""
    command = [sys.executable, __file__, "--read", str(path), str(warm)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cases = (
        "many_persons.parquet",
        "many_persons.csv",
        "one_person.csv",
        "charges.parquet",
        "repeats.csv",
        "small_files",
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"any of {', '.join(cases)}")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where to make the tables (they are removed)")
    parser.add_argument("--read", nargs=2, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(*arguments.read)
        return
    print(f"{'case':22}{'rows':>12}{'seconds':>9}{'rows/s':>12}{'kept MB':>10}{'peak MB':>10}{'peak/kept':>11}")
    for case in arguments.cases or cases:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
            folder = Path(name)
            warm = folder / f"warm{'.csv' if case.endswith('.csv') else '.parquet'}"
            write("many_persons", 1000, warm)
            path = folder / case
            if case == "small_files":
                path.mkdir()
                small_files(arguments.rows, path)
            else:
                write(case.split(".")[0], arguments.rows, path)
            found = measure(path, warm)
        print(
            f"{case:22}{found['rows']:12,.0f}{found['seconds']:9.1f}{found['rows'] / found['seconds']:12,.0f}"
            f"{found['kept'] / 1e6:10.1f}{found['peak'] / 1e6:10.1f}{found['peak'] / found['kept']:11.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
