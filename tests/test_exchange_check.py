"""``gpunet check`` refuses what a run refuses to join, and both tell of dates that are cut in different ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from exchanged import DOMAIN, KEY, OF, made

import gpunet
from gpunet.cli.app import _code_of
from gpunet.evaluate.side_tables import read_victims
from gpunet.exchange.keys import Key
from gpunet.exchange.pseudonyms import PERSON
from gpunet.synthetic import write_tables
from gpunet.tables.parquet import write_parquet

UNLIKE = "cut in different ways"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    """Raw tables, and those of pseudonyms of one key, of another, and of another domain, and by week."""
    place: Path = tmp_path_factory.mktemp("check")
    write_tables(place / "raw", persons=120, seed=5, further=["ties", "victims"])
    beside = {name: [place / f"raw/{name}.parquet"] for name in ("ties", "victims")}
    ways: dict[str, dict[str, Any]] = {
        "ours": {}, "key": {"key": Key(bytes(range(2, 34)))}, "domain": {"domain": "other"}, "week": {"dates": "week"}
    }  # fmt: skip
    for name, how in ways.items():
        made(
            place / name, sorted((place / "raw/arrests").rglob("*.parquet")), place / "raw/config.toml", **beside, **how
        )
    ids = pl.read_parquet(next((place / "raw/arrests").rglob("*.parquet")))["person_id"].unique().sort().to_list()[:2]
    for name, of in (("raw", str), ("ours", lambda text: OF.pseudonym(PERSON, str(text)))):
        links = pl.DataFrame({"person_a": [of(ids[0])], "person_b": [of(ids[1])], "decision": ["yes"]})
        said = {"fingerprint": KEY.fingerprint, "domain": DOMAIN, "dates": "day"}
        write_parquet(place / name / "links.parquet", links, {} if name == "raw" else {"pseudonyms": said})
    return place


def checked(folder: Path, tables: str, *options: str) -> int:
    return _code_of(
        ["check", str(folder / tables / "arrests"), "--config", str(folder / "raw/config.toml"), *options], False
    )


@pytest.mark.parametrize("name", ["ties", "victims"])
@pytest.mark.parametrize("other", ["raw", "key", "domain"])
def test_tables_that_are_never_joined_are_refused(name: str, other: str, folder: Path, capsys: Any) -> None:
    source = folder / other / (f"{name}.parquet" if other == "raw" else name)
    assert checked(folder, "ours", f"--{name}", str(source)) == 2
    assert "never joined" in capsys.readouterr().err
    if other == "raw":
        assert checked(folder, "raw", f"--{name}", str(folder / "ours" / name)) == 2
        assert "never joined" in capsys.readouterr().err


def test_among_the_tables_beside_too(folder: Path, capsys: Any) -> None:
    for name in ("ties", "victims"):
        paths = [str(folder / "ours" / name), str(folder / "key" / name)]
        assert checked(folder, "ours", f"--{name}", *paths) == 2
        assert "never joined" in capsys.readouterr().err


def test_links_are_refused_as_well(folder: Path, capsys: Any) -> None:
    for tables, links in (("ours", "raw"), ("raw", "ours"), ("key", "ours")):
        assert checked(folder, tables, "--person-links", str(folder / links / "links.parquet")) == 2
        assert "never joined" in capsys.readouterr().err


@pytest.mark.parametrize("tables", ["ours", "raw"])
def test_tables_that_fit_are_not(tables: str, folder: Path, capsys: Any) -> None:
    beside = {name: folder / tables / (f"{name}.parquet" if tables == "raw" else name) for name in ("ties", "victims")}
    beside["person-links"] = folder / tables / "links.parquet"
    options = [text for name, path in beside.items() for text in (f"--{name}", str(path))]
    assert checked(folder, tables, *options) == 0
    said = capsys.readouterr()
    assert "a run takes these tables as they are configured" in said.out
    assert UNLIKE not in said.out


def test_dates_that_are_cut_in_different_ways_are_told_of(folder: Path, tmp_path: Path, capsys: Any) -> None:
    config, both = str(folder / "raw/config.toml"), [folder / "ours/arrests/0001.parquet", folder / "week/arrests"]
    given = [*map(str, both), "--config", config]
    assert _code_of(["check", *given], False) == 0
    assert UNLIKE in capsys.readouterr().out.replace("\n           ", " ")
    beside = ["--ties", str(folder / "week/ties"), "--victims", str(folder / "week/victims")]
    assert checked(folder, "ours", *beside) == 0
    assert capsys.readouterr().out.replace("\n           ", " ").count(UNLIKE) == 2
    run = ["features", str(folder / "ours/arrests"), "--config", config, *beside, "--out", str(tmp_path / "run")]
    assert _code_of([*run, "--threads", "1"], False) == 0
    warnings = [text for text in json.loads((tmp_path / "run/run.json").read_text())["warnings"] if UNLIKE in text]
    assert [("ties by week" in text, "victims by week" in text) for text in warnings] == [(True, False), (False, True)]
    arrests = gpunet.read_arrests(folder / "ours/arrests")
    assert any(UNLIKE in text for text in read_victims(folder / "week/victims", arrests).warnings)
    assert not any(UNLIKE in text for text in read_victims(folder / "ours/victims", arrests).warnings)
    assert any(UNLIKE in text for text in gpunet.read_arrests(both).report.warnings)
