"""Heuristics against slow references: hops by NetworkX, records row by row."""

from __future__ import annotations

from datetime import date, timedelta

import networkx as nx
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import gpunet
from gpunet.evaluate.heuristics import arrested_within, two_hop_heuristic, violent_within

START = date(2013, 1, 1)

ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 8), st.integers(0, 40), st.booleans()), min_size=1, max_size=24
)


def table(rows: list[tuple[int, int, int, bool]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_id": [row[0] for row in rows],
            "incident_id": [row[1] for row in rows],
            "date": [START + timedelta(days=row[2]) for row in rows],
            "offence": ["ROBBERY" if row[3] else "THEFT" for row in rows],
        }
    )


@given(ROWS, st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_two_hops_as_a_breadth_first_search_finds_them(rows, seed_ids, violent_ids):
    arrests = gpunet.read_arrests(table(rows))
    network = gpunet.build_network(arrests)
    ids = arrests.person_ids.to_list()
    graph = nx.Graph()
    graph.add_nodes_from(ids)
    graph.add_edges_from(gpunet.ties_table(arrests, network).select("person_a", "person_b").rows())
    violent = np.isin(ids, list(violent_ids))
    for seeds in (seed_ids, None):
        started = violent_ids if seeds is None else seeds
        expected = [
            person not in violent_ids
            and any(
                hops > 0 and other in started
                for other, hops in nx.single_source_shortest_path_length(graph, person, 2).items()
            )
            for person in ids
        ]
        given_seeds = None if seeds is None else np.isin(ids, list(seeds))
        assert two_hop_heuristic(network, violent, given_seeds).tolist() == expected


@given(ROWS, st.integers(1, 45), st.integers(1, 20))
def test_the_record_row_by_row(rows, until, last):
    day = START + timedelta(days=until)
    arrests = gpunet.read_arrests(table(rows)).before(day)
    before = {}  # of rows of one person in one incident the earliest date, and any violence
    for person, incident, at, violent in rows:
        old = before.get((person, incident), (at, False))
        before[person, incident] = (min(old[0], at), old[1] or violent)
    known = [(person, at, violent) for (person, _), (at, violent) in before.items() if at < until]
    ids = arrests.person_ids.to_list()
    assert ids == sorted({person for person, _, _ in known})

    def those(chosen):
        return [person in chosen for person in ids]

    assert violent_within(arrests).tolist() == those({p for p, _, violent in known if violent})
    recent = {p for p, at, violent in known if violent and at >= until - last}
    assert violent_within(arrests, last).tolist() == those(recent)
    assert arrested_within(arrests, last).tolist() == those({p for p, at, _ in known if at >= until - last})
