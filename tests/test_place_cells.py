"""H3 cells as places: coordinates of all kinds, forces, corrections, neighbours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import h3
import numpy as np
import polars as pl
import pytest

import gpunet
from gpunet.base.errors import ConfigError, InputError
from gpunet.config.config import load_config
from gpunet.places.cells import as_read, cell_areas, neighbour_weights, with_cells
from gpunet.places.tables import PlaceNames

CHICAGO = (41.8781, -87.6298)


def placed(rows: dict[str, Any], **places: Any) -> Any:
    config = load_config({"places": {"unit": "cell", **places}})
    return with_cells(gpunet.read_arrests(pl.DataFrame(rows, strict=False), as_read(config)), config)


def table(coordinates, **more: Any) -> dict[str, Any]:
    n = len(coordinates)
    return {
        "person_id": [f"p{i}" for i in range(n)],
        "incident_id": list(range(n)),
        "date": [date(2013, 1, 1 + i % 28) for i in range(n)],
        "offence": ["robbery"] * n,
        "latitude": [each[0] for each in coordinates],
        "longitude": [each[1] for each in coordinates],
        **more,
    }


def cells_of(arrests) -> list[str | None]:
    names = arrests.beat_names.to_list()
    return [None if code < 0 else names[code] for code in arrests.beat.tolist()]


@pytest.mark.parametrize("resolution", [5, 9, 15])
def test_each_arrest_has_h3_s_cell(resolution):
    rng = np.random.default_rng(1)
    points = [(float(a), float(b)) for a, b in zip(rng.uniform(-90, 90, 60), rng.uniform(-180, 180, 60), strict=True)]
    points += [CHICAGO, CHICAGO, (90.0, 0.0), (-90.0, 180.0)]
    arrests, reasons = placed(table(points), resolution=resolution)
    assert cells_of(arrests) == [h3.latlng_to_cell(*point, resolution) for point in _by_person(points)]
    assert reasons == {}
    assert arrests.beat_names.to_list() == sorted(arrests.beat_names.to_list())
    assert arrests.beat[arrests.beat >= 0].max() == len(arrests.beat_names) - 1


def _by_person(values):
    """In the order of arrests, which is that of ids as texts."""
    return [values[i] for i in sorted(range(len(values)), key=lambda i: f"p{i}")]


def test_coordinates_that_are_none_are_counted_by_reason():
    bad = [
        ("91", "0"),
        ("45", "-180.5"),
        ("0", "0"),
        ("north", "1"),
        ("nan", "1"),
        ("inf", "1"),
        (None, "1"),
        ("2", None),
    ]
    good = [("41,8781", "-87,6298"), ("41.8781", "-87.6298"), (" 41.8781 ", "-87.62980")]
    arrests, reasons = placed(table(good + bad))
    assert reasons == {"missing": 3, "not a number": 2, "out of range": 2, "at 0, 0": 1}
    assert sorted(map(str, cells_of(arrests))) == [h3.latlng_to_cell(*CHICAGO, 9)] * 3 + ["None"] * 8


def test_a_cell_is_one_within_its_force_and_another_column_s_name_is_configured():
    rows = table([CHICAGO] * 3, force=["north", "a/b", None])
    rows["lat"], rows["Y"] = rows.pop("latitude"), rows.pop("longitude")
    config = load_config({"places": {"unit": "cell", "latitude": "lat", "longitude": "Y"}})
    arrests = gpunet.read_arrests(pl.DataFrame(rows), as_read(config))
    found, _ = with_cells(arrests, config)
    cell = h3.latlng_to_cell(*CHICAGO, 9)
    assert sorted(found.beat_names.to_list()) == sorted([cell, f"a/b/{cell}", f"north/{cell}"])
    told = PlaceNames(found, "beat").columns(np.arange(3))
    assert told["place"].to_list() == [cell] * 3
    assert sorted(told["force"].to_list()) == ["", "a/b", "north"]
    assert found.report.columns["latitude"] == ["lat"]
    assert "beat" not in found.report.columns
    assert found.config.input.columns == {}


def test_a_corrected_row_moves_the_arrest_on_the_day_on_which_it_came_to_be_known():
    there, elsewhere = CHICAGO, (40.0, -80.0)
    rows = table([(None, None), there, elsewhere])
    rows |= {"person_id": ["a"] * 3, "incident_id": [1] * 3, "date": [date(2013, 1, 1)] * 3}
    rows["offence"] = ["theft", "robbery", "battery"]
    rows["recorded_at"] = [date(2013, 1, 1), date(2013, 2, 1), date(2013, 1, 15)]
    arrests, reasons = placed(rows)
    assert cells_of(arrests) == [h3.latlng_to_cell(*there, 9)]
    assert reasons == {}
    assert cells_of(arrests.before(date(2013, 1, 20))) == [h3.latlng_to_cell(*elsewhere, 9)]
    assert cells_of(arrests.before(date(2013, 1, 10))) == [None]
    assert cells_of(arrests.before(date(2013, 3, 1))) == [h3.latlng_to_cell(*there, 9)]


def test_without_coordinates_it_is_an_error_that_says_what_to_write():
    rows = table([(None, None)])
    with pytest.raises(InputError, match=r"\[places\] latitude and longitude"):
        placed({**rows, "latitude": [""], "longitude": [""]})
    del rows["latitude"], rows["longitude"]
    with pytest.raises(InputError, match=r"\[places\] latitude and longitude"):
        placed(rows)
    with pytest.raises(ConfigError, match="cannot be both"):
        as_read(load_config({"places": {"latitude": "person_id"}}))
    with pytest.raises(ConfigError, match="incident_key: beat is a part of it"):
        as_read(load_config({"input": {"incident_key": ["beat", "incident_id"]}}))


def test_other_readings_do_not_know_coordinates():
    rows = pl.DataFrame(table([CHICAGO] * 2))
    arrests = gpunet.read_arrests(rows)
    assert {"latitude", "longitude"} <= set(arrests.report.ignored_columns)
    assert len(arrests.beat_names) == 0


def test_weights_fall_by_half_with_each_ring_and_add_up_to_one():
    middle = h3.latlng_to_cell(*CHICAGO, 9)
    names = sorted(h3.grid_disk(middle, 5))
    weights = neighbour_weights(names, 2).toarray()
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            ring = h3.grid_distance(one, other)
            share = 0.5**ring / max(1, 6 * ring) / 1.75
            assert weights[i, j] == pytest.approx(share if ring <= 2 else 0)
    at = names.index(middle)
    assert weights[:, at].sum() == pytest.approx(1)  # of an arrest in the middle nothing is lost
    forces = neighbour_weights([f"a/{middle}", f"b/{middle}"], 2).toarray()
    assert forces[0, 1] == 0 < forces[0, 0]
    assert np.allclose(neighbour_weights(names, 0).toarray(), np.eye(len(names)))


def test_around_a_pentagon_five_neighbours_share_a_ring():
    pentagon = sorted(h3.get_pentagons(3))[0]
    names = sorted(h3.grid_disk(pentagon, 1))
    assert len(names) == 6
    assert neighbour_weights(names, 1).toarray()[:, names.index(pentagon)].sum() == pytest.approx(1)


def test_areas_are_h3_s():
    names = [h3.latlng_to_cell(*CHICAGO, 9), "north/" + h3.latlng_to_cell(60.0, 10.0, 9)]
    assert cell_areas(names).tolist() == [h3.cell_area(name.rpartition("/")[2], "km^2") for name in names]


def test_reading_settings_do_not_stay():
    config = load_config({"input": {"columns": {"beat": "sector"}}, "places": {"unit": "cell"}})
    read = as_read(config)
    assert read.input.columns == {"beat": "latitude", "district": "longitude"}
    assert replace(read, input=config.input) == config
