"""Flags of a run whose scores are reviewed: sealed until they are reviewed themselves."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest
from every_command import SENTINEL, called, write_tables

REVIEW = "review {out}/reviewed/flags --by Jane --note looked --decision "


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features and flags of them, where scores are reviewed and where they are not, and what was said."""
    folder = tmp_path_factory.mktemp("flags")
    (folder / "in").mkdir()
    write_tables(folder / "in")
    for kind, config in (("reviewed", "reviewed"), ("plain", "config")):
        for name, day in (("run", "2013-11-01"), ("later", "2013-12-01")):
            of = f"features {{in}}/arrests.csv --config {{in}}/{config}.toml --out {{out}}/{kind}/{name} --as-of {day}"
            code, said = called(of, folder)
            assert code == 0, said
        code, said = called(f"flags {{out}}/{kind}/run --out {{out}}/{kind}/flags", folder)
        assert code == 0, said
        (folder / f"said_{kind}.txt").write_text(said)
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def test_they_are_sealed_and_what_is_told_names_nobody(made: Path) -> None:
    flags = made / "out" / "reviewed" / "flags"
    plain = pl.read_parquet(made / "out" / "plain" / "flags" / "flags.parquet")
    assert len(plain) > 20
    assert not (flags / "flags.parquet").exists()
    for path in (path for path in flags.rglob("*") if path.is_file()):
        assert SENTINEL.encode() not in path.read_bytes(), path
    with pytest.raises(pl.exceptions.PolarsError):
        pl.read_parquet((flags / "flags.parquet.sealed").read_bytes())
    said = (made / "said_reviewed.txt").read_text()
    assert SENTINEL not in said
    assert "flags.parquet.sealed" in said
    assert "% of" in said  # what they were worth is told, and how many persons each is about
    assert re.search(r"\d+ persons? as of 2013-11-01", said)
    page = (flags / "report.html").read_text(encoding="utf-8")
    assert "is sealed until somebody has reviewed them" in page
    other = (made / "out" / "plain" / "flags" / "report.html").read_text(encoding="utf-8")
    assert "is sealed until" not in other
    for name in ("raised", "worth"):
        one, two = (made / "out" / kind / "flags" / "figures" / f"{name}.csv" for kind in ("reviewed", "plain"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        "show {out}/reviewed/flags flags",
        "show {out}/reviewed/flags --top 2",
        "subject {out}/reviewed/flags --person {person}",
    ],
)
def test_no_command_shows_a_sealed_flag(made: Path, line: str) -> None:
    person = pl.read_parquet(made / "out" / "plain" / "flags" / "flags.parquet")["person_id"][0]
    for more in ("", " --debug"):
        code, said = called(line + more, made, person=person)
        assert code == 2
        assert f"the flags in {made}/out/reviewed/flags are sealed until they are reviewed: gpunet review" in said
        assert SENTINEL not in said


def test_a_package_holds_them_sealed(place: Path) -> None:
    assert called("key new {out}/key.pem --signing", place)[0] == 0
    code, said = called("package {out}/reviewed/flags --sign {out}/key.pem --out {out}/flags.zip", place)
    assert code == 0, said
    with zipfile.ZipFile(place / "out" / "flags.zip") as file:
        names = {Path(name).name for name in file.namelist()}
        assert not [name for name in file.namelist() if SENTINEL.encode() in file.read(name)]
    assert "flags.parquet.sealed" in names
    assert "flags.parquet" not in names


def test_a_review_of_their_own_opens_them(place: Path) -> None:
    flags = place / "out" / "reviewed" / "flags"
    code, said = called(REVIEW + "reject", place)
    assert (code, (flags / "flags.parquet").exists()) == (0, False)
    assert "the flags stay sealed" in said
    code, said = called(REVIEW + "approve", place)
    assert code == 0, said
    assert "opened: flags.parquet\n" in said
    opened = pl.read_parquet(flags / "flags.parquet")
    assert opened.equals(pl.read_parquet(place / "out" / "plain" / "flags" / "flags.parquet"))
    assert not (flags / "flags.parquet.sealed").exists()
    assert "is sealed until somebody" not in (flags / "report.html").read_text(encoding="utf-8")
    assert called("show {out}/reviewed/flags flags", place)[0] == 0
    assert "the flags in" in called(REVIEW + "reject", place)[1]


def test_one_reviewed_run_seals_the_flags_of_all(place: Path) -> None:
    out = place / "out"
    for runs in (("reviewed/run", "plain/later"), ("plain/run", "reviewed/later")):
        shutil.rmtree(out / "both", ignore_errors=True)
        code, said = called(f"flags {{out}}/{runs[0]} {{out}}/{runs[1]} --out {{out}}/both", place)
        assert code == 0, said
        manifest = json.loads((out / "both" / "run.json").read_text(encoding="utf-8"))
        assert "flags.parquet.sealed" in manifest["outputs"]
        assert manifest["governance"]["person_scores"] == "reviewed"
    assert called("review {out}/both --by Jane --note looked --decision approve", place)[0] == 0
    assert len(pl.read_parquet(out / "both" / "flags.parquet")["as_of"].unique()) == 2


def test_an_erasure_reaches_into_the_seal(place: Path) -> None:
    flags = place / "out" / "reviewed" / "flags"
    person = pl.read_parquet(place / "out" / "plain" / "flags" / "flags.parquet")["person_id"][0]
    code, said = called("erase {out}/reviewed --person {person}", place, person=person)
    assert code == 0, said
    assert "flags: gpunet flags made again" in said
    assert not (flags / "flags.parquet").exists()
    assert called(REVIEW + "approve", place)[0] == 0
    assert person not in pl.read_parquet(flags / "flags.parquet")["person_id"].to_list()
