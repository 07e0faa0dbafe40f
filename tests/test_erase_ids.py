"""``gpunet erase`` and ``gpunet subject``: where an id is an id, and where it is another number or word."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from erasing import OPTIONS
from typer.testing import CliRunner
from updating import CONFIG, random_rows

from gpunet.base.errors import InputError
from gpunet.cli import erasure
from gpunet.cli.app import app
from gpunet.cli.erasure import erase
from gpunet.cli.run import run_features, run_forecast
from gpunet.cli.subjects import subject_access
from gpunet.governance.cards import names_one
from gpunet.governance.log import entries
from gpunet.governance.subject import _Others, _plain
from gpunet.governance.wanted import Wanted
from gpunet.reading.corrections import Corrections
from gpunet.reading.rejected_persons import rows_naming
from gpunet.tables.files import sha256_of

HEAD = "person_id,incident_id,date,offence\n"
ROWS = "".join(f"{100 + i % 7},I{i // 3},2014-01-{i % 28 + 1:02d},theft\n" for i in range(30))


def features(root: Path, more: str, head: str = HEAD, rows: str = ROWS, name: str = "run") -> Path:
    """A run of some rows, and of more that are rejected."""
    (root / "in").mkdir(parents=True, exist_ok=True)
    table = root / "in" / f"{name}.csv"
    table.write_text(head + rows + more)
    run_features([str(table)], root / "runs" / name, CONFIG, None, OPTIONS)
    return root / "runs"


def rejected(runs: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(runs / "run" / "rejected.parquet").to_dicts()


def told(words: list[str]) -> tuple[int, str]:
    """The exit code of ``gpunet erase``, and all that it says."""
    done = CliRunner().invoke(app, ["erase", *words, "--threads", "1"])
    if isinstance(done.exception, InputError):
        return 2, f"{done.output} {done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


def state(root: Path) -> dict[Path, str]:
    return {path: sha256_of(path) for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("person", ["40213", "7", "0x"])
def test_who_stands_in_a_malformed_row_alone_is_found(tmp_path: Path, person: str) -> None:
    runs = features(tmp_path, f'"{person}",I9100,2014-01-01,theft,Joan Smith of 4 High St,extra,cells\n')
    (row,) = rejected(runs)
    assert person in row["line"]
    code, said = told([str(runs), "--person", person])
    assert (code, "made again without the person" in said) == (0, True)
    assert rejected(runs) == []
    assert told([str(runs), "--person", person])[0] == 2


@pytest.mark.parametrize("person", ["12", "45", "4", "1", "Smith", "2014"])
def test_a_short_id_is_not_found_in_dates_and_words_of_other_s_rejected_rows(tmp_path: Path, person: str) -> None:
    """What is left is what it would have been had the tables never held the person."""
    others = (
        "103,I1,2014-12-45,theft\n104,I2,2014-12-45,theft of 12 by Smith\n"
        "105,I3,2014-02-01,theft,Joan Smith of 4 High St,12 of them\n"
    )
    rows = ROWS + f"{person},I77,2014-02-02,theft\n"
    runs = features(tmp_path, others, rows=rows)
    clean = features(tmp_path / "clean", others)
    found = subject_access(runs / "run", person)
    assert "rejected" not in found["tables"]
    assert told([str(runs), "--person", person])[0] == 0
    shown = [[{**row, "source_file": ""} for row in rejected(of)] for of in (runs, clean)]
    assert [row.pop("row_number") for row in shown[0]] == [32, 33, 34]
    assert [row.pop("row_number") for row in shown[1]] == [31, 32, 33]
    assert shown[0] == shown[1]
    assert sha256_of(runs / "run" / "features.parquet") == sha256_of(clean / "run" / "features.parquet")


def test_the_subject_s_own_rejected_rows_without_ids_and_names_of_others(tmp_path: Path) -> None:
    more = (
        "A1007,I1,bad,theft\n"
        "B2000,I2,2014-01-01,theft,Joan Smith and A1007,extra\n"  # of another
        "A1007,I3,2014-01-01,theft,B2000,Joan Smith\n"
        "B2000,I4,bad,assault on A1007\n"
    )
    rows = ROWS + "A1007,I9,2014-01-01,theft\n"
    runs = features(tmp_path, more, rows=rows)
    found = subject_access(runs / "run", "A1007")
    own, malformed = found["tables"]["rejected"]
    assert (own["person_id"], own["date"], own["line"]) == ("A1007", "bad", None)
    assert malformed["row_number"] == 34
    assert malformed["line"].startswith("not shown, as it is not parted into columns and may name others")
    assert not any(word in json.dumps(found["tables"]) for word in ("Joan", "Smith", "B2000"))
    assert erase(runs, ["A1007"], threads=1).left == []
    assert "A1007" not in str(rejected(runs))  # an id that is nothing else goes from texts too


def test_the_own_id_is_known_as_the_input_writes_it(tmp_path: Path) -> None:
    runs = features(tmp_path, '="00101",I1,bad,theft\n')
    (row,) = subject_access(runs / "run", "101")["tables"]["rejected"]
    assert row["person_id"] == '="00101"'


def test_evidence_of_flags_has_no_ids_of_others() -> None:
    others = _Others(frozenset({"12"}))
    text = json.dumps({"arrests": 2, "seen": [{"person_id": 12}, {"person_id": 44, "incident": 44}]})
    seen = [{"person_id": 12}, {"person_id": "another person (1)", "incident": 44}]
    assert _plain(text, others) == {"arrests": 2, "seen": seen}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "^", "#"])
def test_fields_of_malformed_rows(separator: str) -> None:
    def line(*fields: str) -> str:
        return separator.join(fields)

    lines = {
        line("12", "x"): True,
        line("0012", "x"): True,
        line("x", ' "12"', "y"): True,
        line("x", "y", "12"): True,
        line("x", "12.0"): True,
        line("x", "12 y"): False,
        line("x", "2014-12-45"): False,
        line("x", f'"y{separator} 12{separator} z"', "v"): True,  # for a mark may be missing
        line("x", "112", "12a"): False,
        line("x", '"broken\n12', "y"): True,
        line("x", '"broken', f"y\n12{separator}z"): True,
        line("2014-12-45 12:30", "12/12/2014", "1.12"): False,
    }
    table = pa.table({"row_number": range(len(lines)), "reason": ["malformed_row"] * len(lines), "line": list(lines)})
    assert dict(zip(lines, rows_naming(table, {"12"}).tolist(), strict=True)) == lines


@pytest.mark.parametrize("line", ["12:2014:a,b", "a\t12;b", "a~12^b", "'12',x;y", "a;b,00012.0", "x\u202812,y"])
def test_fields_of_malformed_rows_with_several_marks(line: str) -> None:
    table = pa.table({"row_number": [1], "reason": ["malformed_row"], "line": [line]})
    assert rows_naming(table, {"12"}).tolist() == [True]


@pytest.mark.parametrize(
    "more",
    ['40213,2014-02-11,"theft,99\n40205,2014-02-12,theft,98\n', "x,I2,0040205.0^2014-02-12~theft,98,y\n"],
    ids=["a quotation mark too few", "other marks and forms"],
)
def test_who_stands_in_a_malformed_row_alone_goes_and_stays_gone(tmp_path: Path, more: str) -> None:
    """The next erasure, on the same table, leaves them out again, though no accepted row names them."""
    runs = features(tmp_path, more)
    assert len(rejected(runs)) == 1
    for person in ("40205", "100"):
        found = erase(runs, [person], threads=1)
        assert (len(found.done), found.left) == (1, [])
        assert rejected(runs) == []


def test_cells_of_persons_with_several_ids() -> None:
    cells = {
        "12/44": True,
        "44+12": True,
        "P1/P12": False,
        "12": True,
        "12; 44": True,
        "44 (12)": True,
        "met:12": False,
        "AB/12/2014": False,
        "12-44": False,
    }
    table = pa.table({"person_a": list(cells), "person_b": ["x"] * len(cells)})
    assert rows_naming(table, {"12"}).tolist() == list(cells.values())
    assert rows_naming(table, Corrections(persons=frozenset({"met:12"})).forms_of_erased()).tolist()[3]


def test_an_id_that_is_a_force_alone_is_refused_and_means_nobody(tmp_path: Path) -> None:
    runs = features(tmp_path, "1,I1,bad,theft\n")
    before = state(runs)
    for person in ("met:", "met: ", ":", " "):
        code, said = told([str(runs), "--person", person])
        assert (code, "a force without an id" in said) == (2, True)
        asked = CliRunner().invoke(app, ["subject", str(runs / "run"), "--person", person])
        assert isinstance(asked.exception, InputError)
    assert state(runs) == before
    assert Corrections(persons=frozenset({"met:"})).forms_of_erased() == {"met:"}


def test_a_number_behind_a_force_is_no_unmistakable_word(tmp_path: Path) -> None:
    (tmp_path / "case 40213.txt").write_text("case 40213")
    code, said = told([str(tmp_path), "--person", "met:40213"])
    assert code == 2
    assert "has what may be the id: look at it" in said


CARD = '<meta name="generator" content="gpunet 1"><title>Card of one score: person "{}"</title><p>{}</p>{}'


def card(person: str, text: str = "", data: str = "") -> str:
    coded = base64.b64encode(data.encode()).decode()
    return CARD.format(person, text, f'<a href="data:text/csv;charset=utf-8;base64,{coded}">')


def test_cards_of_others_with_the_number_as_a_rank_stay(tmp_path: Path) -> None:
    runs = features(tmp_path, "")
    cards = {
        "own": card("5"),
        "tied": card("44", data="number,person\r\n1,5\r\n"),
        "near": card("44", data="person_a,steps_a,person_b\n44,0,7\n7,1,5\n"),
        "other": card("44", "Rank 5 of 90", data="number,person\n5,7\n"),
        "longer": card("55", "rank 5"),
    }
    for name, text in cards.items():
        (runs / f"{name}.html").write_text(text)
    (runs / "run" / "own.html").write_text(cards["own"])
    code, said = told([str(runs), "--person", "5"])
    assert code == 0
    assert said.count("card of a score deleted") == 4
    assert sorted(path.stem for path in runs.rglob("*.html")) == ["longer", "other"]
    erasures = [entry for entry in entries(runs / "log.jsonl") if entry["operation"] == "erasure"]
    assert [entry["persons"] for entry in erasures] == [1] * 4
    assert not (runs / "run" / "log.jsonl").exists()
    before = state(runs)
    code, said = told([str(runs), "--person", "5"])
    assert (code, state(runs)) == (2, before)


def test_real_cards(tmp_path: Path) -> None:
    import numpy as np

    rows = random_rows(np.random.default_rng(3), 300, 40)
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    run_forecast([str(tmp_path / "a.csv")], tmp_path / "run", CONFIG, None, OPTIONS)
    person = str(pl.read_parquet(tmp_path / "run" / "features.parquet").sort("degree__all")["person_id"][-1])
    out = tmp_path / "card.html"
    done = CliRunner().invoke(app, ["card", str(tmp_path / "run"), "--person", person, "--out", str(out)])
    assert done.exit_code == 0, done.output
    pairs = pl.read_parquet(tmp_path / "run" / "ties.parquet").select("person_a", "person_b").rows()
    near = {str(one) for pair in pairs if person in map(str, pair) for one in pair}
    two = {str(one) for pair in pairs if near & set(map(str, pair)) for one in pair}
    assert len(near) > 2
    everybody = pl.read_parquet(tmp_path / "run" / "features.parquet")["person_id"].cast(pl.String).to_list()
    assert {one for one in everybody if names_one(out, Wanted(frozenset({one})))} == two | {person}


def test_every_id_is_decided_by_itself(tmp_path: Path) -> None:
    (tmp_path / "of p00012X").mkdir()
    (tmp_path / "letter.txt").write_text("about P00012x")
    for words in (["--person", "P00012x"], ["--person", "P00012x", "--person", "nan"], ["--person", "met:P00012x"]):
        code, said = told([str(tmp_path), *words])
        assert code == 1
        assert "left of [id]: its name has the id" in said
        assert "left letter.txt: is not of a run, and holds the person" in said
        assert "00012" not in said


def test_lines_that_end_as_old_systems_end_them(tmp_path: Path) -> None:
    runs = features(tmp_path, "")
    (runs / "notes.txt").write_bytes(b"a\rb\r")
    (runs / "old.csv").write_bytes(b"days,person_id\r1,100\r")
    (runs / "separators.jsonl").write_text('{"offence": "a\u2028b", "person_id": 100}\n{}\n')
    code, said = told([str(runs), "--person", "100"])
    assert code == 1
    assert "run: gpunet features made again without the person" in said
    assert "old.csv: is not of a run, and holds the person" in said
    assert "separators.jsonl: is not of a run, and holds the person" in said
    assert "notes.txt" not in said


def test_whatever_a_file_does_what_was_done_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = features(tmp_path, "")
    (runs / "long.csv").write_text(f"person_id,text\n7,{'x' * 200_000}\n")
    (runs / "bad.html").write_text(CARD.format("7", "", '<a href="data:text/csv;charset=utf-8;base64,AAA">'))

    def is_about(path: Path, wanted: Wanted) -> bool:
        if path.name == "strange.txt":
            raise RuntimeError("strange")
        return of_before(path, wanted)

    of_before = erasure.leftovers.__globals__["is_about"]
    monkeypatch.setattr("gpunet.governance.leftovers.is_about", is_about)
    (runs / "strange.txt").write_text("strange")
    code, said = told([str(runs), "--person", "100"])
    assert code == 1
    assert "run: gpunet features made again without the person" in said
    for name in ("long.csv", "bad.html", "strange.txt"):
        assert f"left {name}: cannot be looked into" in said

    def leftovers(*_: Any) -> Any:
        raise RuntimeError("strange")

    monkeypatch.setattr(erasure, "leftovers", leftovers)
    code, said = told([str(runs), "--person", "101", "--person", "100"])
    assert code == 1
    assert "run: gpunet features made again without the person" in said
    assert "left what is beside the runs: cannot all be looked into: unexpected RuntimeError" in said


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("words", [["show", "RUN", "ties", "--json"], ["subject", "RUN", "--person", "C"]])
def test_what_steers_a_terminal_is_escaped_there_and_nowhere_else(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gang = "\u202egang\x1b[2J\x85z"
    rows = f"C,I1,2014-01-01,theft,{gang}\nD{gang},I1,2014-01-01,theft,{gang}\n"
    runs = features(tmp_path, "", head="person_id,incident_id,date,offence,gang\n", rows=rows)
    asked = [str(runs / "run") if word == "RUN" else word for word in words]
    plain = CliRunner().invoke(app, asked).stdout
    assert "\u202egang" in plain
    terminal = Terminal()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        app(asked, standalone_mode=False)
    shown = terminal.getvalue()
    assert not any(steering in shown for steering in ("\u202e", "\x1b[2J", "\x85"))
    assert "\\u202egang\\u001b[2J\\u0085z" in shown
