"""``gpunet places``: a run folder, the same bytes however it was ended and computed, and what it says and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import h3
import numpy as np
import polars as pl
import pytest
from kept_runs import odd_values
from report_pages import assert_harmless, assert_public
from run_processes import results
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli import places as job
from gpunet.cli.app import app, main
from gpunet.cli.places import MODELS, run_places
from gpunet.cli.run import resume_run, run_features
from gpunet.cli.summary import summarise
from gpunet.config.config import load_config
from gpunet.places.cautions import PATROLS
from gpunet.report.audience import Audience
from gpunet.report.page import rendered
from gpunet.report.pages import page_of
from gpunet.report.source import Source
from gpunet.runs.complete import read_manifest
from gpunet.runs.run_options import RunOptions

FEW = {"rounds": 10, "bootstrap": 50}


def arrests(n: int = 4000, cells: bool = False, seed: int = 3) -> pl.DataFrame:
    """Two years in forty places, four of which are violent most of the time."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 40, n)
    violent = rng.random(n) < np.where(place < 4, 0.8, 0.05)
    table = pl.DataFrame(
        {
            "person_id": [f"p{2 * i + j % 2}" for j, i in enumerate(rng.integers(0, n // 6, n))],
            "incident_id": np.arange(n) // 2,
            "date": [date(2012, 1, 1) + timedelta(days=int(i)) for i in np.repeat(rng.integers(0, 730, n // 2), 2)],
            "offence": np.where(violent, "robbery", "theft"),
            "beat": [f"b{i:02}" if i < 39 else None for i in place],
            "force": "north",
        }
    )
    where = {"lat": 41.8 + 0.01 * (place // 8), "lon": -87.7 + 0.01 * (place % 8)}
    return table.with_columns(pl.Series(name, values) for name, values in where.items()) if cells else table


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("places") / "arrests.parquet"
    arrests(cells=True).write_parquet(path)
    return path


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["places", *map(str, arguments)])


@pytest.fixture(scope="module")
def beats(file, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "beats"
    done = command(file, "--unit", "beat", "--every", "2w", "--out", out, "--threads", 1)
    assert done.exit_code == 0, done.output
    assert "places    27 windows by beat" in done.stdout
    assert "tried on  22 windows that no model had seen" in done.stdout
    assert "warning   patrols make arrests" in done.stdout
    assert "(step 5 of 5)" in done.stderr
    assert (out / "report.html").is_file()
    return out


def test_the_tables_and_what_run_json_says(beats):
    manifest = read_manifest(beats)
    assert manifest["gpunet"] == "places"
    tables = {name: pl.read_parquet(beats / f"{name}.parquet") for name in
              ("places", "place_forecasts", "place_results")}  # fmt: skip
    assert {f"{name}.parquet" for name in tables} < set(manifest["outputs"])
    section, places = manifest["places"], tables["places"]
    assert PATROLS in manifest["warnings"]
    missing = int(arrests()["beat"].is_null().sum())
    assert section["arrests_without_place"] == missing
    assert any(text.startswith(f"{missing:,} of 4,000 arrests have no beat") for text in manifest["warnings"])
    told = [(w["as_of"], w["places"], w["violent_arrests"], w["label_complete"]) for w in section["windows"]]
    by_day = places.group_by("as_of", maintain_order=True).agg(
        pl.len(), pl.col("label").sum(), pl.col("label_complete").all()
    )
    assert told == [(str(day), n, label, complete) for day, n, label, complete in by_day.iter_rows()]
    assert places.schema["as_of"] == pl.Date
    forecasts = tables["place_forecasts"]
    assert forecasts.columns == ["force", "place", "as_of", "model", "forecast", "rank", "label", "label_complete"]
    assert set(forecasts["model"]) == set(MODELS)
    trained = [w["as_of"] for w in section["windows"] if w["trained_on"]]
    assert sorted(set(map(str, forecasts.filter(model="xgboost")["as_of"]))) == trained
    assert (forecasts["forecast"] >= 0).all()
    assert tables["place_results"].drop("share").columns == [
        "model", "windows", "places", "flagged", "hits", "all_hits", "best_hits", "hits_elsewhere",
        *(f"{name}{end}" for name in ("pai", "pei", "recapture") for end in ("", "_low", "_high")),
    ]  # fmt: skip
    assert tables["place_results"].to_dicts() == section["results"]


def test_four_violent_places_of_forty_are_found_and_chance_finds_a_tenth(beats):
    rows = {(row["model"], row["share"]): row for row in read_manifest(beats)["places"]["results"]}
    assert len(rows) == 12
    for model in MODELS:
        row = rows[model, 0.1]
        assert row["pai_low"] > 4  # of 10 at most; four of five violent arrests happen there
        assert row["pei_low"] > 0.8
        assert row["pai_low"] <= row["pai"] <= row["pai_high"]
    assert rows["chance", 0.1]["pai"] == pytest.approx(1)
    assert rows["chance", 0.1]["pei_high"] < 0.2


def test_of_noise_nothing_beats_chance(tmp_path):
    rng = np.random.default_rng(11)
    table = arrests().with_columns(offence=pl.Series(np.where(rng.random(4000) < 0.2, "robbery", "theft")))
    manifest = run_places(table, tmp_path, {"places": {"every": "2w", "rounds": 20}})
    for row in manifest["places"]["results"]:
        if row["share"] == 0.1:
            assert 0.6 < row["pai"] < 1.4
            assert row["pai_low"] < 1.05


def test_threads_and_a_stop_leave_the_bytes_alone(beats, file, tmp_path, monkeypatch):
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    config = load_config({"places": {"every": "2w"}})
    with monkeypatch.context() as patch:
        patch.setattr(job, "known_places", stop)
        with pytest.raises(KeyboardInterrupt):
            run_places([str(file)], tmp_path, config, None, RunOptions(threads=2, checkpoint_seconds=0, engine="cpu"))
    assert [path.name for path in tmp_path.iterdir()] == [".partial"]
    with pytest.raises(InputError, match=r"\[places\] every was .2w. and is .1w."):
        run_places([str(file)], tmp_path, replace(config, places=replace(config.places, every="1w")))
    resume_run(tmp_path, "places", RunOptions(threads=3))
    here = results(tmp_path)
    assert {name: here[name] for name in here if name.endswith(".parquet")} == {
        name: of for name, of in results(beats).items() if name.endswith(".parquet")
    }
    assert resume_run(tmp_path, "places")["places"]["unit"] == "beat"


CELLS = {"places": {"unit": "cell", "every": "1mo", "latitude": "lat", "longitude": "lon", **FEW}}


def test_cells_have_columns_of_their_own_also_after_a_stop(file, tmp_path, monkeypatch):
    manifest = run_places([str(file)], tmp_path / "one", CELLS)
    section = manifest["places"]
    assert section["resolution"] == 9
    assert section["area"] == "km2"
    assert manifest["config"]["input"]["columns"] == {}
    assert manifest["input"]["columns"]["latitude"] == ["lat"]
    places = pl.read_parquet(tmp_path / "one" / "places.parquet")
    table = arrests(cells=True)
    expected = {h3.latlng_to_cell(a, b, 9) for a, b in table.select("lat", "lon").unique().iter_rows()}
    assert set(places["place"]) == expected
    assert set(places["force"]) == {"north"}
    monkeypatch.setattr(job, "known_places", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run_places([str(file)], tmp_path / "two", CELLS, None, RunOptions(checkpoint_seconds=0))
    monkeypatch.undo()
    resume_run(tmp_path / "two", "places")
    one, two = results(tmp_path / "one"), results(tmp_path / "two")
    assert {**one, "run.json": b""} == {**two, "run.json": b""}


def test_coordinates_that_are_none_are_told(tmp_path):
    table = arrests(cells=True).with_columns(lat=pl.when(pl.int_range(4000) < 7).then(None).otherwise("lat"))
    table = table.with_columns(lon=pl.when(pl.int_range(4000) == 9).then(999.0).otherwise("lon"))
    manifest = run_places(table, tmp_path, CELLS)
    assert manifest["places"]["arrests_without_place"] == 8
    assert manifest["places"]["why_without_place"] == {"missing": 7, "out of range": 1}
    said = "8 of 4,000 arrests have no coordinates that can be used (7 missing, 1 out of range)"
    assert any(text.startswith(said) for text in manifest["warnings"])
    assert manifest["arrests"]["arrests"] == 4000


def test_other_commands_do_not_read_coordinates(file, tmp_path):
    manifest = run_features([str(file)], tmp_path, {"places": CELLS["places"]})
    assert {"lat", "lon"} <= set(manifest["input"]["other_columns_ignored"])
    assert manifest["input"]["columns"]["beat"] == ["beat"]


def test_where_nothing_can_be_tried_it_says_so(tmp_path):
    manifest = run_places(arrests(), tmp_path, {"places": {"every": "1y", "start": date(2013, 12, 1)}})
    assert manifest["places"]["results"] == []
    assert len(pl.read_parquet(tmp_path / "place_results.parquet")) == 0
    assert any("nothing could be tried" in text for text in manifest["warnings"])
    assert "places    1 window by beat" in summarise(manifest, tmp_path)
    assert "Nothing could be tried" in page(tmp_path, "analyst")[0]


@pytest.mark.parametrize(
    ("offence", "beat", "said"),
    [
        ("theft", pl.col("beat"), "nothing to forecast: no arrest is of an offence in a set of [violent_offences]"),
        (
            pl.col("offence"),
            pl.when(pl.col("offence") == "theft").then("beat"),
            "to forecast: no violent arrest, of ",
        ),
    ],
)
def test_without_a_violent_arrest_there_is_nothing_to_forecast(tmp_path, offence, beat, said):
    table = arrests(400).with_columns(offence=offence if isinstance(offence, pl.Expr) else pl.lit(offence), beat=beat)
    manifest = run_places(table, tmp_path, {"places": {"every": "2mo", "training_windows": 1, **FEW}})
    (warning,) = [text for text in manifest["warnings"] if text.startswith("nothing to forecast")]
    assert said in warning
    assert warning in " ".join(summarise(manifest, tmp_path).split())


def test_with_violent_arrests_there_is_no_such_warning(beats):
    assert not [text for text in read_manifest(beats)["warnings"] if "nothing to forecast" in text]


def page(folder: Path, audience: str) -> tuple[str, Any]:
    source = Source(folder, Audience(audience))
    found = rendered(page_of(source), source.audience)
    return assert_harmless(found.html).text, found


def test_the_report_has_the_three_measures_and_the_warning(beats):
    text, found = page(beats, "analyst")
    assert "Patrols make arrests" in text
    table = pl.read_csv(found.figures["figures/place_results.csv"])
    assert len(table) == 12
    assert {"pai", "pei", "recapture"} < set(table.columns)
    assert "10 % of places" not in text or "by chance" in text
    _, found = page(beats, "public")
    assert_public(found.html, found.figures, set())


def test_a_manifest_with_odd_values_is_refused_or_summarised(beats, tmp_path):
    manifest, refused = json.loads((beats / "run.json").read_text()), 0
    section = manifest["places"]
    section = {**section, "windows": section["windows"][:2], "results": section["results"][:2]}
    for odd in odd_values({"places": section}):
        (tmp_path / "run.json").write_text(json.dumps({**manifest, "places": None, **odd}))
        try:
            summarise(read_manifest(tmp_path), tmp_path)
        except InputError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--from", "2013-06-01", "--to", "2013-01-01"), "no day from 2013-06-01 to 2013-01-01"),
        (("--from", "2001-01-01"), "no arrest was known before it"),
        (("--every", "soon"), "[places] every"),
        (("--unit", "district"), "no arrest has a district, so there is no forecast of districts: name"),
        (("--unit", "cell"), "[places] latitude and longitude"),
        (("--resolution", "16"), "[places] resolution"),
        (("--unit", "street"), "street"),
        (("--resume", "{out}"), "there is no"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_leaves_nothing(file, tmp_path, capsys, monkeypatch, asked, said):
    out = tmp_path / "out"
    given = [each.format(out=out) for each in asked]
    monkeypatch.setattr("sys.argv", ["gpunet", "places", str(file), *given, "--out", str(out)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not out.exists() or not list(out.iterdir())
