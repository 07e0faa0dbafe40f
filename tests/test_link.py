"""``gpunet link``: planted persons are found, the same bytes come twice, and nothing is told of anybody."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet.base.errors import ConfigError, EngineError, InputError
from gpunet.cli.app import app
from gpunet.cli.run import RunOptions, run_features
from gpunet.config.config import load_config
from gpunet.config.input_config import InputConfig
from gpunet.exchange.comparisons import compared
from gpunet.exchange.link import link
from gpunet.exchange.link_file import read_links
from gpunet.exchange.link_review import decide
from gpunet.reading.person_links import person_links
from gpunet.tables.parquet import write_parquet

ON = ("name", "birth_date", "postcode")

FIRST = ("Zoë", "James", "Mary", "Ivan", "Olga", "Petra", "Jon", "Maria", "Susan", "David", "Karen", "Aoife")
LAST = ("Smith", "O'Neil", "Taylor", "Brown", "Wilson", "Evans", "Roberts", "Johnson", "Walker", "White-Hall")


def person(random):
    year, month, day = random.integers((1950, 1, 1), (2006, 13, 29)).tolist()
    area, sector, end = random.integers((1, 1, 0), (30, 10, 16)).tolist()
    return {
        "name": f"{random.choice(FIRST)} {random.choice(LAST)}",
        "birth_date": f"{year}-{month:02}-{day:02}",
        "postcode": f"AB{area} {sector}{'ABDE'[end % 4]}{'FGHJ'[end // 4]}",
    }


def with_typo(random, row):
    name, at = row["name"], int(random.integers(1, len(row["name"]) - 1))
    kind = int(random.integers(0, 4))
    if kind == 0:
        return {**row, "name": name[:at] + name[at + 1 :]}
    if kind == 1:
        return {**row, "name": name.upper(), "postcode": row["postcode"].replace(" ", "").lower()}
    if kind == 2:
        return {**row, "postcode": row["postcode"][:-2] + "ZZ"}
    return {**row, "birth_date": f"{row['birth_date'][:-1]}{9 - int(row['birth_date'][-1])}"}


def tables(folder: Path, n: int = 90, shared: int = 30, seed: int = 1) -> tuple[str, str]:
    """Two tables, in which the first persons are the same, written otherwise."""
    random = np.random.default_rng(seed)
    a = [person(random) for _ in range(n)]
    b = [with_typo(random, row) for row in a[:shared]] + [person(random) for _ in range(n)]
    paths = str(folder / "a.csv"), str(folder / "b.csv")
    for name, rows, path in (("a", a, paths[0]), ("b", b, paths[1])):
        pl.DataFrame([{"person_id": f"{name}-secret-{at}", **row} for at, row in enumerate(rows)]).write_csv(path)
    return paths


def pairs_of(file: Path) -> dict[tuple[str, str], float]:
    table, _ = read_links(file)
    columns = (table[name].to_pylist() for name in ("person_a", "person_b", "probability"))
    return {(a, b): probability for a, b, probability in zip(*columns, strict=True)}


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_persons_are_found(tmp_path, seed):
    paths = tables(tmp_path, seed=seed)
    found = link(*paths, ON, tmp_path / "links.parquet")
    likely = {pair for pair, probability in pairs_of(tmp_path / "links.parquet").items() if probability >= 0.9}
    planted = {(f"a-secret-{at}", f"b-secret-{at}") for at in range(30)}
    assert len(likely & planted) >= 27
    assert len(likely - planted) <= 3
    assert (found.persons, found.records, found.without_id) == ((90, 120), (90, 120), (0, 0))
    assert [how.split(":")[0] for how in found.compared.values()] == ["names", "dates", "UK postcodes"]


def test_large_tables_are_compared_where_a_column_is_equal(tmp_path, monkeypatch):
    monkeypatch.setattr("gpunet.exchange.link_model._ALL_PAIRS", 1000)
    paths = tables(tmp_path, n=200, shared=80)
    link(*paths, ON, tmp_path / "links.parquet")
    found = pairs_of(tmp_path / "links.parquet")
    assert len(found.keys() & {(f"a-secret-{at}", f"b-secret-{at}") for at in range(80)}) >= 70
    assert read_links(tmp_path / "links.parquet")[1]["links"]["model"]["pairs_compared"] == [[name] for name in ON]


def test_the_same_bytes_come_twice_and_nobody_is_told_of(tmp_path, monkeypatch):
    def refused(*given):
        raise AssertionError("nothing is fetched")

    monkeypatch.setattr(socket.socket, "connect", refused)
    a, b = tables(tmp_path)
    told = []
    for name in ("one", "two"):
        words = ["link", a, b, "--on", "Name,Birth Date,postcode", "--out", str(tmp_path / f"{name}.parquet")]
        told.append(CliRunner().invoke(app, words))
        assert told[-1].exit_code == 0
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    for result in told:
        assert "secret" not in result.output
        assert "WARNING" not in result.output
        assert "links     " in result.output
    table, metadata = read_links(tmp_path / "one.parquet")
    assert table["probability"].to_pylist() == sorted(table["probability"].to_pylist(), reverse=True)
    assert "Name~,Birth Date,postcode" in table["on"].to_pylist()
    assert metadata["governance"] == {"purpose": "no purpose stated"}
    assert metadata["links"]["a"][0]["name"] == a
    assert metadata["versions"]["splink"]
    assert "secret" not in str(metadata)


def test_a_person_with_several_rows_and_ids_that_are_the_same(tmp_path):
    random = np.random.default_rng(3)
    rows = [person(random) for _ in range(40)]
    a = [{"person_id": at, **row} for at, row in enumerate(rows)]
    more = [{"person_id": 0, **person(random)}, {"person_id": None, **rows[3]}, a[5]]
    b = [{"person_id": at + (100 if at < 20 else 0), **row} for at, row in enumerate(rows)]
    pl.DataFrame([*a, *more], infer_schema_length=None).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(b).write_csv(tmp_path / "b.csv")
    found = link(str(tmp_path / "a.parquet"), str(tmp_path / "b.csv"), ON, tmp_path / "links.parquet")
    pairs = pairs_of(tmp_path / "links.parquet")
    assert {(str(at), str(at + 100)) for at in range(20)} <= set(pairs)
    assert all(one != other for one, other in pairs)
    assert (found.persons, found.records, found.without_id) == ((40, 40), (41, 40), (1, 0))


def test_small_tables_and_tables_that_share_nobody(tmp_path):
    a = [{"person_id": "a1", "name": "Jon Smith", "born": "1990-02-01"}]
    pl.DataFrame(a).write_csv(tmp_path / "a.csv")
    pl.DataFrame([{"person_id": "b1", "name": "Olga Hall", "born": "1960-07-21"}]).write_csv(tmp_path / "b.csv")
    found = link(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), ["name", "born"], tmp_path / "none.parquet")
    assert found.links == 0
    assert any("starting values" in note for note in found.notes)
    assert any("no two records agree" in note for note in found.notes)
    assert pairs_of(tmp_path / "none.parquet") == {}
    assert person_links(load_config({"input": {"person_links": str(tmp_path / "none.parquet")}})).decided == {}


def test_ids_of_a_force(tmp_path):
    random = np.random.default_rng(4)
    rows = [person(random) for _ in range(30)]
    for force in ("north", "south"):
        named = [{"nummer": at, "force": force, **row} for at, row in enumerate(rows)]
        pl.DataFrame(named).write_csv(tmp_path / f"{force}.csv")
    config = {"input": {"person_scope": "force", "columns": {"person_id": "nummer"}}}
    paths = str(tmp_path / "north.csv"), str(tmp_path / "south.csv")
    link(*paths, ON, tmp_path / "links.parquet", config)
    assert {(f"north:{at}", f"south:{at}") for at in range(30)} <= set(pairs_of(tmp_path / "links.parquet"))


@pytest.mark.parametrize(
    ("on", "text"),
    [
        (["name"], "two columns or more"),
        (["name", "Name"], "named twice"),
        (["name", "ethnicity"], '"ethnicity" is a protected column'),
        (["name", "self_defined_gender"], "is a protected column"),
        (["name", "person id"], "cannot tell who is who"),
        (["name", "shoe size"], 'there is no column "shoe size"'),
        (["name", "empty"], '"empty" has no value'),
    ],
)
def test_columns_that_are_refused(tmp_path, on, text):
    for name in "ab":
        rows = [{"person_id": f"{name}1", "name": "Jon Smith", "empty": None, "ethnicity": "x"}]
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.csv")
    with pytest.raises(InputError, match=text):
        link(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), on, tmp_path / "links.parquet")
    assert not (tmp_path / "links.parquet").exists()


def test_without_splink_it_says_what_to_install(tmp_path, monkeypatch):
    paths = tables(tmp_path)
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(EngineError, match=r'pip install "gpunet\[link\]"'):
        link(*paths, ON, tmp_path / "links.parquet")
    assert list(tmp_path.glob("*.parquet*")) == []


def test_what_else_is_refused(tmp_path):
    paths = tables(tmp_path)
    (tmp_path / "there.parquet").write_bytes(b"")
    with pytest.raises(InputError, match="there is such a file already"):
        link(*paths, ON, tmp_path / "there.parquet")
    with pytest.raises(ConfigError, match="--min-probability"):
        link(*paths, ON, tmp_path / "links.parquet", min_probability=1.5)
    (tmp_path / "none.csv").write_text("person_id,name,birth_date,postcode\n,Jon,1990-01-01,AB1 2CD\n")
    with pytest.raises(InputError, match="B: no row has a person_id"):
        link(paths[0], str(tmp_path / "none.csv"), ON, tmp_path / "links.parquet")


def test_pseudonyms_of_different_keys_are_not_linked(tmp_path):
    a, b = map(pl.read_csv, tables(tmp_path))
    keys = [
        {"fingerprint": "f1", "domain": "d"},
        {"fingerprint": "f1", "domain": "e"},
        {"fingerprint": "f2", "domain": "d"},
    ]
    for at, key in enumerate(keys):
        said = {**key, "dates": "day", "kind": "arrests", "scope": "national"}
        write_parquet(tmp_path / f"a{at}.parquet", a, {"pseudonyms": said})
        write_parquet(tmp_path / f"b{at}.parquet", b, {"pseudonyms": said})
    for one, other, text in (
        ("a0.parquet", "b1.parquet", "pseudonyms of different domains"),
        ("a2.parquet", "b0.parquet", "pseudonyms of different keys"),
        ("a.csv", "b0.parquet", "holds pseudonyms and .*csv does not"),
        ("a?.parquet", "b0.parquet", "pseudonyms of different domains"),
    ):
        with pytest.raises(InputError, match=text):
            link(str(tmp_path / one), str(tmp_path / other), ON, tmp_path / "links.parquet")
    link(str(tmp_path / "a0.parquet"), str(tmp_path / "b0.parquet"), ON, tmp_path / "links.parquet")
    assert read_links(tmp_path / "links.parquet")[1]["pseudonyms"] == {**keys[0], "dates": "day"}
    rows = {"person_id": ["a", "b"], "incident_id": [1, 1], "date": ["2024-01-01"] * 2, "offence": ["x"] * 2}
    pl.DataFrame(rows).write_csv(tmp_path / "arrests.csv")
    config = {"input": {"person_links": str(tmp_path / "links.parquet")}}
    with pytest.raises(InputError, match=r"links\.parquet holds pseudonyms and .*arrests\.csv does not"):
        run_features(str(tmp_path / "arrests.csv"), tmp_path / "out", config, None, RunOptions(threads=1))


def test_what_columns_hold_decides_how_they_are_compared():
    config = InputConfig(date_format="dayfirst", null_dates=("1900-01-01",))
    dates = compared("born", ("02/01/1990", "01/01/1900"), ("1990-01-02", None), config)
    assert (dates.kind, dates.a, dates.b) == ("date", ("1990-01-02", None), ("1990-01-02", None))
    assert compared("code", ("M", "F"), ("F",), config).kind == "exact"
    assert compared("number", ("0171 22", "5"), ("12",), config).kind == "exact"
    assert compared("post", ("SW1A 1AA",), ("not known here",), config).kind == "exact"
    names = compared("name", ("ŽIŽEK, Slavoj",), ("zizek slavoj",), config)
    assert (names.kind, names.a, names.b) == ("name", ("zizek slavoj",), ("zizek slavoj",))


def test_the_example_of_the_page(tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs" / "linking.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(page.split("```python\n")[1].split("```")[0], "page", "exec"), {})
    link("north.csv", "south.csv", ON, Path("links.parquet"))
    rows = pl.read_parquet("links.parquet").select("person_a", "person_b", "probability", "on").rows()
    assert len(rows) == 9
    lines = ["  ".join(map(str, row)) for row in rows]
    shown = [line for line in page.splitlines() if line.startswith("n4") and "  s" in line]
    assert len(shown) == 4
    assert set(shown) <= set(lines)
    config = {"input": {"person_links": "links.parquet"}}
    decide(Path("links.parquet"), "n40", "s0", "yes", "J. Doe")
    told = run_features("arrests.csv", "out", config, None, RunOptions(threads=1))
    assert (told["arrests"]["persons"], told["links"]["uncertain"]) == (10, 7)
    effects = pl.read_parquet("out/link_effects.parquet").filter(pl.col("column").is_in(["own_arrests", "degree__all"]))
    assert {row[0] for row in effects.rows()} == {"n42", "s2"}
    assert {row[2:] for row in effects.rows()} == {(1.0, 2.0)}
