"""When a text file has been read, PyArrow's threads have let go of everything that is Python's."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from gpunet.base.errors import UnreadableFile
from gpunet.config.config import InputConfig
from gpunet.reading import delimited
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.sources import find_sources

HEADER = "person_id,incident_id,date,offence\n"

ROWS = f"p,i,2013-01-05,{'theft ' * 600}\n" * 2000

#: Reads a file and ends at once.
SCRIPT = """
import sys
from pathlib import Path
from gpunet.config.config import InputConfig
from gpunet.reading import delimited, unpacking
from gpunet.reading.files import open_file
from gpunet.reading.sources import find_sources
delimited._BLOCK_BYTES = delimited._CHUNK_BYTES = unpacking._CHUNK_BYTES = 1 << 16
(source,) = find_sources([Path(sys.argv[1])], InputConfig(), [])
print(sum(map(len, open_file(source, InputConfig()).batches({"person_id": "person_id"}))), flush=True)
"""


@pytest.fixture
def waited_for(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What was waited for while the test has read."""
    events: list[Event] = []

    def gone(of: Any, make: Any = delimited._gone) -> Event:
        events.append(make(of))
        return events[-1]

    monkeypatch.setattr(delimited, "_gone", gone)
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(delimited, "_CHUNK_BYTES", 1 << 16)
    return events


def opened(path: Path, text: str) -> InputFile:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    (source,) = find_sources([path], InputConfig(), [])
    return open_file(source, InputConfig())


@pytest.mark.parametrize(("name", "count"), [("a.csv", 1), ("a.csv.gz", 2)])
def test_after_the_last_row(tmp_path: Path, waited_for: list[Event], name: str, count: int) -> None:
    """Of a small file PyArrow has the text itself, and of Python only what is called for malformed rows."""
    text = HEADER + (ROWS if name.endswith("gz") else ROWS[:36000])
    assert sum(map(len, opened(tmp_path / name, text).batches({"person_id": "person_id"}))) > 5
    assert len(waited_for) == count
    assert all(gone.is_set() for gone in waited_for)


def test_where_reading_is_given_up(tmp_path: Path, waited_for: list[Event]) -> None:
    batches = opened(tmp_path / "a.csv.gz", HEADER + ROWS).batches({"person_id": "person_id"})
    assert len(next(iter(batches))) > 0
    batches.close()
    assert len(waited_for) == 2
    assert all(gone.is_set() for gone in waited_for)


def test_where_a_file_cannot_be_read(tmp_path: Path, waited_for: list[Event]) -> None:
    broken = opened(tmp_path / "a.csv.gz", HEADER + ROWS + f'p,i,2013-01-05,"{ROWS}')
    with pytest.raises(UnreadableFile, match="quotation mark"):
        list(broken.batches({"person_id": "person_id"}))
    assert len(waited_for) == 2
    assert all(gone.is_set() for gone in waited_for)


def test_a_script_may_end_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress((HEADER + f"p,i,,{'x' * 4000}\n" * 5000).encode()))
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", SCRIPT, path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "5000\n"), done.stderr
