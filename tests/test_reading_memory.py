"""Reading streams: its peak memory follows what is kept, not what is read. All figures: scripts/measure_reading.py."""

from __future__ import annotations

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "scripts" / "measure_reading.py"

#: Above the buffers of a batch, of the CSV reader and of the libraries' first use (150 MB, and 30 more or less by what
#: else runs), and far below the 460 MB that the rows of "repeats" would take as columns of text.
FIXED_BYTES = 256e6


def test_peak_memory_is_under_four_times_what_is_kept(tmp_path: Path) -> None:
    script = runpy.run_path(str(SCRIPT))
    script["write"]("many_persons", 1000, tmp_path / "warm.csv")
    for case, rows in (("one_person", 1_000_000), ("repeats", 4_000_000)):
        path = tmp_path / f"{case}.csv"
        script["write"](case, rows, path)
        found = script["measure"](path, tmp_path / "warm.csv")
        path.unlink()
        assert found["rows"] == rows
        assert found["arrests"] == (1000 if case == "repeats" else rows)
        assert found["peak"] < 4 * found["kept"] + FIXED_BYTES, case
