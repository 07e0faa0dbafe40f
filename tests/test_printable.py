"""What steers a terminal never reaches it: not from names of files and columns, nor from ids and other values."""

from __future__ import annotations

import json
import subprocess
import tomllib
import unicodedata

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.printable import printable
from gpunet.base.words import quoted
from tests import run_processes

_EVERY = [chr(code) for code in range(0x110000)]

_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

#: Of all of Unicode: controls, halves of surrogate pairs, and what turns the direction of writing.
STEERING = {c for c in _EVERY if unicodedata.category(c) in ("Cc", "Cs") or unicodedata.bidirectional(c) in _TURNING}

#: Clears the screen, sets the title of the window, colours: as a file may be called.
NAME = "clear\x1b[2Jtitle\x1b]0;owned\x07\x9b31m\u202etxt"

SHOWN = r"clear\u001b[2Jtitle\u001b]0;owned\u0007\u009b31m\u202etxt"


def test_exactly_these_characters_become_escapes():
    changed = {c for c in _EVERY if printable(c, line_breaks=False) != c}
    assert changed == STEERING
    assert all(printable(c, line_breaks=False).isascii() for c in STEERING)
    assert printable("one\ntwo") == "one\ntwo"
    assert printable("one\ntwo", line_breaks=False) == r"one\ntwo"


@given(st.text(st.characters(exclude_categories=())))
def test_of_any_text_the_rest_stays_as_it_is(text):
    shown = printable(text)
    assert not STEERING & set(shown) - {"\n"}
    assert printable(shown) == shown
    assert [c for c in text if c not in STEERING] == [c for c in text if printable(c, line_breaks=False) == c]
    kept = "".join(c for c in text if c not in STEERING or c == "\n")
    assert printable(kept) == kept


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_and_toml_stay_what_they_are(text):
    written = json.dumps({"text": text}, ensure_ascii=False)
    assert json.loads(printable(written)) == {"text": text}
    toml = f"text = {json.dumps(text, ensure_ascii=False)}"
    assert tomllib.loads(printable(toml)) == {"text": text}


def test_names_are_listed_in_quotation_marks():
    assert quoted(["a b", "c", 1]) == '"a b", "c", "1"'
    assert quoted([]) == ""


def gpunet(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = run_processes.gpunet(*arguments)
    assert not STEERING & set(done.stdout + done.stderr) - {"\n"}
    return done


def test_an_error_about_a_file_and_its_columns(tmp_path):
    (tmp_path / f"{NAME}.csv").write_text(f"incident_id,date,offence,{NAME}\n1,2012-01-01,theft,7\n")
    done = gpunet("features", tmp_path / f"{NAME}.csv", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert f"{tmp_path}/{SHOWN}.csv: " in done.stderr
    assert done.stderr.count(SHOWN) >= 2


def test_warnings_and_the_summary(tmp_path):
    """Of a file that is left out, of a set that nothing matches, and of the folder."""
    rows = {"person_id": ["a", "b"], "incident_id": ["1", "1"], "date": ["2012-01-01"] * 2, "offence": ["robbery"] * 2}
    pl.DataFrame(rows).write_parquet(tmp_path / "t.parquet")
    (tmp_path / f"{NAME}.parquet").write_text("no table")
    (tmp_path / "c.toml").write_text('[violent_offences]\n"odd_\\u001b[31m" = ["odd*"]\nrobbery = ["robbery"]\n')
    inputs, out = [tmp_path / "t.parquet", tmp_path / f"{NAME}.parquet"], tmp_path / f"run{NAME}"
    done = gpunet("features", *inputs, "--out", out, "--keep-going")
    assert done.returncode == 0, done.stderr
    assert f"{SHOWN}.parquet was left out" in done.stdout
    assert f"results in {tmp_path}/run{SHOWN}" in done.stdout
    assert gpunet("features", *inputs, "--out", out, "--config", tmp_path / "c.toml").returncode == 2
    assert gpunet("features", inputs[0], "--out", out, "--config", tmp_path / f"{NAME}.toml").returncode == 2
    assert gpunet("show", out, NAME).returncode == 2
    assert gpunet("show", tmp_path / NAME).returncode == 2
    assert gpunet("conjure", NAME).returncode == 2


def test_an_error_of_the_program_itself():
    """Exit code 1 and one line; with --debug the traceback."""
    failing = f"import gpunet.cli.info\ndef fail(): raise RuntimeError({NAME!r})\ngpunet.cli.info.describe = fail"
    done = run_processes.gpunet("info", before=failing)
    assert done.returncode == 1
    assert done.stderr.startswith("gpunet: unexpected error, RuntimeError")
    done = run_processes.gpunet("info", "--debug", before=failing)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("RuntimeError: ")]
    assert told.startswith("RuntimeError: clear")
    assert told.isprintable()  # words with digits, which may be a cell, have their shape alone
