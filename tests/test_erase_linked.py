"""``gpunet erase`` of runs with links between ids: a person goes under all of them, the other links count on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from erasing import OPTIONS, PANEL, SENTINEL, all_values, rows_of, traces
from updating import CONFIG, random_ties, random_victims, write
from updating import KINDS as TIES

from gpunet.cli.erasure import erase
from gpunet.cli.flags import run_flags
from gpunet.cli.panels import run_panel
from gpunet.cli.run import run_features, run_forecast
from gpunet.tables.files import sha256_of

#: The person who is erased has two ids; one link of theirs nobody has decided.
OWN = [(SENTINEL, "P1", None, "yes"), ("P1", "P4", 0.95, None), (SENTINEL, "P8", None, "no")]
OTHERS = [("P2", "P3", None, "yes"), ("P3", "P9", None, "yes"), ("P6", "P7", 0.97, None)]
IDS = (SENTINEL, "P1")

SAME = {"features.parquet", "ties.parquet", "groups.parquet", "offences.parquet", "link_effects.parquet"}
KINDS: dict[str, Any] = {"features": run_features, "run": run_forecast, "panel": run_panel}
MORE: dict[str, Any] = {"features": {}, "run": {"evaluate": {"bootstrap": 20}}, "panel": PANEL}


def inputs(folder: Path, gone: tuple[str, ...] = ()) -> tuple[str, dict[str, Any]]:
    """The table of arrests and the configuration with one of links, both without some persons."""
    names = ("person_a", "person_b", "probability", "decision")
    links = [dict(zip(names, link, strict=True)) for link in OWN + OTHERS if not {*link[:2]} & {*gone}]
    rows = [row for row in rows_of() if row["person_id"] not in gone]
    return write(folder / "a.csv", rows), {**CONFIG, "input": {"person_links": write(folder / "links.csv", links)}}


def made(kind: str, folder: Path, out: Path, gone: tuple[str, ...] = ()) -> None:
    table, config = inputs(folder, gone)
    KINDS[kind]([table], out, {**config, **MORE[kind]}, None, OPTIONS)


def told(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "run.json").read_text())
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_goes_under_all_ids_and_the_rest_is_what_it_would_have_been(tmp_path: Path, kind: str) -> None:
    run, hand = tmp_path / "runs" / "run", tmp_path / "by hand"
    made(kind, tmp_path / "in", run)
    assert traces(run, SENTINEL, raw=True)
    made(kind, tmp_path / "without", hand, IDS)
    found = erase(tmp_path / "runs", [SENTINEL], threads=1)
    assert (len(found.done), found.left) == (1, [])
    assert traces(run, SENTINEL, raw=True) == traces(run, "P1", raw=False) == []
    results = [path.relative_to(hand) for path in hand.rglob("*.parquet") if "rejected" not in path.name]
    assert results if kind == "panel" else {path.name for path in results} >= SAME
    assert [name for name in results if sha256_of(run / name) != sha256_of(hand / name)] == []
    now, would = told(run), told(hand)
    counts = ("yes", "no", "undecided", "uncertain", "contradicted", "ids_merged", "unknown")
    assert {name: now["links"][name] for name in counts} == {name: would["links"][name] for name in counts}
    assert now["corrections"]["erased_persons"] == 2
    assert now["corrections"]["removed_rows"] > 0 == now["corrections"]["merged_rows"]
    assert {Path(path).name for path in found.inputs} == {"a.csv", "links.csv"}


def test_the_next_person_and_links_that_are_others(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    made("features", tmp_path / "in", run)
    assert erase(tmp_path / "runs", [SENTINEL], threads=1).left == []
    before = sha256_of(run / "features.parquet")
    inputs(tmp_path / "in", IDS)  # as everybody is told to
    assert sha256_of(run / "features.parquet") == before
    assert erase(tmp_path / "runs", ["P2"], threads=1).left == []
    gone = (*IDS, "P2", "P3", "P9")
    made("features", tmp_path / "without", tmp_path / "by hand", gone)
    assert sha256_of(run / "features.parquet") == sha256_of(tmp_path / "by hand" / "features.parquet")
    with Path(tmp_path / "in" / "links.csv").open("a") as links:
        links.write("P10,P11,,yes\n")
    (why,) = erase(tmp_path / "runs", ["P6"], threads=1).left
    assert "tables of links between ids are not what they were" in why


def test_the_next_person_where_the_tables_still_hold_the_first(tmp_path: Path) -> None:
    made("features", tmp_path / "in", tmp_path / "runs" / "run")
    for person in (SENTINEL, "P2"):
        assert erase(tmp_path / "runs", [person], threads=1).left == []
    made("features", tmp_path / "without", tmp_path / "by hand", (*IDS, "P2", "P3", "P9"))
    for name in sorted(SAME):
        assert sha256_of(tmp_path / "runs" / "run" / name) == sha256_of(tmp_path / "by hand" / name), name


def test_tables_of_ties_and_victims(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    rows = rows_of()
    of = {"ties": random_ties(random, 60, 40, text=True), "victims": random_victims(random, rows, 30, 40, text=True)}
    for folder, gone in (("in", ()), ("without", ("P1", "P2", "P3"))):
        table, config = inputs(tmp_path / folder, gone)
        links = [{"person_a": "P2", "person_b": other, "decision": "yes"} for other in ("P1", "P3")]
        own = write(tmp_path / folder / "links.csv", [{"person_a": "P6", "person_b": "P7", "decision": "yes"}, *links])
        beside = {
            name: [
                write(tmp_path / folder / f"{name}.parquet", [one for one in of[name] if not {*gone} & {*one.values()}])
            ]
            for name in of
        }
        config = {**config, "ties": TIES, "input": {**beside, "person_links": own}}
        run_features([table], tmp_path / ("by hand" if gone else "runs") / "run", config, None, OPTIONS)
    assert traces(tmp_path / "runs", "P1", raw=False)
    assert erase(tmp_path / "runs", ["P1"], threads=1).left == []
    for person in ("P1", "P2", "P3"):
        assert traces(tmp_path / "runs", person, raw=False) == []
    for name in SAME:
        assert sha256_of(tmp_path / "runs" / "run" / name) == sha256_of(tmp_path / "by hand" / "run" / name), name


def test_flags_of_such_runs_are_told(tmp_path: Path) -> None:
    made("run", tmp_path / "in", tmp_path / "runs" / "run")
    run_flags([tmp_path / "runs" / "run"], tmp_path / "runs" / "flags", None, (), OPTIONS)
    person = all_values(tmp_path / "runs" / "run" / "features.parquet")[0]["person_id"]
    alone = shutil.copytree(tmp_path / "runs", tmp_path / "alone")
    found = erase(tmp_path / "runs", [person], threads=1)
    assert [line.split(":")[0] for line in found.done] == ["run"]
    (why,) = (*found.left, *found.notes)
    assert why.startswith("flags: ")
    assert "links between ids" in why
    assert erase(alone, [person], delete=True, threads=1).left == []
