"""Network and features from arrays that allow only what the array API standard has: the same as from NumPy's.

What runs on such arrays runs on a GPU's. The loops of the engine here are the CPU's, on copies of the arrays.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import array_api_strict
import numpy as np
import pytest
from comparison import frame_of, row
from hypothesis import given
from strategies import CUT, TableCase, arrest_tables

from gpunet import read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import cut_before, forecast_days, violent_between
from gpunet.arrests.diagnostics import diagnosed
from gpunet.arrests.incidents import incident_members
from gpunet.arrests.network import Network, build_network
from gpunet.base.errors import InputError
from gpunet.config.registry import FAMILIES, PATH_FAMILIES
from gpunet.engines.cpu import CpuEngine
from gpunet.features import FeatureSet, compute_all
from gpunet.runs.manifest import arrest_statistics, network_statistics
from gpunet.synthetic import write_tables
from gpunet.tables.arrays import to_host

OTHER_FAMILIES = [family for family in FAMILIES if family not in PATH_FAMILIES]


class ElsewhereEngine:
    """An engine whose memory holds strict arrays: results of the CPU's loops are brought there."""

    name = "cpu"
    threads = 1

    def to_engine(self, array: Any) -> Any:
        return array_api_strict.asarray(array) if isinstance(array, np.ndarray) else array

    def __getattr__(self, loop: str) -> Any:
        run = getattr(CpuEngine(1), loop)

        def on_copies(*given: Any) -> Any:
            assert not any(isinstance(value, np.ndarray) for value in given), f"{loop} was given an array of the host"
            found = run(*(to_host(x) if isinstance(x, array_api_strict._array_object.Array) else x for x in given))
            return tuple(map(self.to_engine, found)) if isinstance(found, tuple) else self.to_engine(found)

        return on_copies


def is_elsewhere(array: Any) -> bool:
    return not isinstance(array, np.ndarray)


def same(found: Any, expected: Any) -> None:
    """Arrays of the same type and bits."""
    assert is_elsewhere(found)
    host = to_host(found)
    assert host.dtype == expected.dtype
    np.testing.assert_array_equal(host, expected)


def placed(arrests: Arrests) -> Arrests:
    there = arrests.to_engine(ElsewhereEngine())
    assert is_elsewhere(there.person)
    return there


def read(case: TableCase, backend: str = "polars") -> Arrests:
    return read_arrests(frame_of(case.rows, backend), config=case.config, as_of=case.as_of)


def same_networks(found: Network, expected: Network) -> None:
    assert found.n == expected.n
    assert list(found.sets) == list(expected.sets)
    for name in ("indptr", "indices", "person", "oversize", "degree"):
        same(getattr(found, name), getattr(expected, name))
    for name in ("a", "b", "incidents", "strength", "first_day", "last_day"):
        same(getattr(found.ties, name), getattr(expected.ties, name))
    for name, mask in expected.sets.items():
        same(found.sets[name], mask)
    same(found.members(tuple(found.sets)), expected.members(tuple(expected.sets)))


def same_results(found: FeatureSet, expected: FeatureSet) -> None:
    for table in ("features", "groups", "ties"):
        assert getattr(found, table).equals(getattr(expected, table)), table


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Arrests:
    folder: Path = tmp_path_factory.mktemp("synthetic") / "arrests"
    write_tables(folder, 1_500, 4)
    return read_arrests(folder, config={"network": {"max_incident_size": 6}})


def test_synthetic_tables(synthetic: Arrests) -> None:
    engine, there = ElsewhereEngine(), placed(synthetic)
    network = build_network(synthetic)
    same_networks(build_network(there, engine), network)
    expected = compute_all(synthetic, OTHER_FAMILIES, "cpu", 1)
    same_results(compute_all(synthetic, OTHER_FAMILIES, engine), expected)
    assert arrest_statistics(there) == arrest_statistics(synthetic)


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
@given(case=arrest_tables())
def test_every_table(backend: str, case: TableCase) -> None:
    arrests = read(case, backend)
    expected = compute_all(arrests, OTHER_FAMILIES, "cpu", 1)
    found = compute_all(arrests, OTHER_FAMILIES, ElsewhereEngine())
    same_results(found, expected)
    same_networks(found.network, expected.network)


@given(case=arrest_tables())
def test_incidents_and_statistics(case: TableCase) -> None:
    arrests = read(case)
    there, engine = placed(arrests), ElsewhereEngine()
    members, expected = incident_members(there), incident_members(arrests)
    for name in ("indptr", "person", "first_day", "last_day", "violent", "size", "incident"):
        same(getattr(members, name), getattr(expected, name))
    same(there.person_offences, arrests.person_offences)
    assert there.last_day == arrests.last_day
    assert arrest_statistics(there) == arrest_statistics(arrests)
    network = build_network(arrests)
    closeness = np.linspace(0.1, 0.9, network.n)
    statistics = network_statistics(arrests, network, closeness)
    for near in (closeness, engine.to_engine(closeness)):
        assert network_statistics(there, build_network(there, engine), near, engine) == statistics


@given(case=arrest_tables())
def test_cuts_and_labels(case: TableCase) -> None:
    arrests = read(case)
    there = placed(arrests)
    same(there.persons_before(CUT), arrests.persons_before(CUT))
    end = CUT + dt.timedelta(days=9)
    same(violent_between(there, CUT, end), violent_between(arrests, CUT, end))
    if not arrests.persons_before(CUT).size:
        with pytest.raises(InputError, match="no arrest before"):
            cut_before(there, CUT)
        return
    found, expected = cut_before(there, CUT), cut_before(arrests, CUT)
    assert found.person_ids.to_list() == expected.person_ids.to_list()
    for name in ("person", "incident", "force", "day", "offences", "district", "beat", "gang"):
        same(getattr(found, name), getattr(expected, name))
    days = [forecast_days(arrests.last_day, None, dt.timedelta(days=2)) for arrests in (found, expected)]
    assert days[0] == days[1]


def test_incidents_over_the_cap_are_listed_with_their_force() -> None:
    rows = [row(p, incident, force=force) for incident, force in ((7, "North"), (7, "South")) for p in range(4)]
    rows += [row(p, 9, force=None) for p in range(5)] + [row(p, 8) for p in range(2)]
    arrests = read_arrests(frame_of(rows), config={"network": {"max_incident_size": 3}})
    engine, there = ElsewhereEngine(), placed(arrests)
    network = build_network(there, engine)
    statistics = network_statistics(there, network, np.ones(network.n), engine)
    assert statistics == network_statistics(arrests, build_network(arrests), np.ones(network.n))
    assert sorted(statistics["incidents_over_max_size"], key=str) == [
        {"incident_id": "7", "force": "North", "persons": 4},
        {"incident_id": "7", "force": "South", "persons": 4},
        {"incident_id": "9", "force": "", "persons": 5},
    ]


def test_input_warnings_are_the_same() -> None:
    rows = [row(1, 7, force="North"), row(2, 7, force="South"), row(3, 8, force="South"), row(3, 9)]
    config = {"input": {"incident_key": ["incident_id"]}, "violent_offences": {"arson": ["arson*"]}}
    arrests = read_arrests(frame_of(rows), config=config)
    found = diagnosed(placed(arrests))
    assert found == diagnosed(arrests)
    assert found.no_network is None
    absent, shared = found.warnings
    assert absent.startswith("no offence in the data matches arson")
    assert shared.startswith("1 incident has arrests by several forces")


def test_arrests_and_networks_stay_where_they_are(synthetic: Arrests) -> None:
    here, engine = CpuEngine(1), ElsewhereEngine()
    assert synthetic.to_engine(here) is synthetic
    there = placed(synthetic)
    assert there.to_engine(engine) is there
    np.testing.assert_array_equal(there.to_engine(here).incident, synthetic.incident, strict=True)
    network = build_network(synthetic)
    assert network.to_engine(here) is network
    assert network.on_host() is network
    elsewhere = network.to_engine(engine)
    assert is_elsewhere(elsewhere.indices)
    assert elsewhere.to_engine(engine) is elsewhere
    assert elsewhere.on_host() is network  # it was never anything else


def test_a_network_made_elsewhere_is_copied_to_the_host_once(synthetic: Arrests) -> None:
    made = build_network(placed(synthetic), ElsewhereEngine())
    host, expected = made.on_host(), build_network(synthetic)
    assert made.on_host() is host
    assert host.n == expected.n
    for name in ("indptr", "indices", "person", "oversize"):
        np.testing.assert_array_equal(getattr(host, name), getattr(expected, name), strict=True)
    for name, mask in expected.sets.items():
        np.testing.assert_array_equal(host.sets[name], mask, strict=True)
