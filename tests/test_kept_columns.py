"""What a run on a cluster keeps of a network comes back if it can be of that network, and not otherwise."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from gpunet.arrests.network import build_network
from gpunet.cluster.vertex_columns import VertexColumns, contents_of, vertex_columns_of
from gpunet.config.registry import FAMILIES
from gpunet.engines.cpu import CpuEngine
from gpunet.features import columns_over_vertices
from gpunet.features.community import louvain_partition, recent_gang
from gpunet.reading.read import read_arrests
from gpunet.runs.checkpoint_file import read_contents, write_contents
from gpunet.runs.read_back import Damaged
from gpunet.synthetic import write_tables
from tests.kept_runs import odd_contents, odd_values


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Contents, and what they are of."""
    folder, engine = tmp_path_factory.mktemp("columns"), CpuEngine(1)
    write_tables(folder / "tables", persons=300, seed=5)
    arrests = read_arrests(folder / "tables")
    network = build_network(arrests)
    gang = recent_gang(arrests)[network.person]
    partition = louvain_partition(gang, network, engine)
    found = columns_over_vertices(
        network, partition, FAMILIES, engine, arrests.config.path,
        stage=lambda name: nullcontext(), progress=None, notice=None,
    )  # fmt: skip
    write_contents(folder / "c", contents_of(VertexColumns(partition, *found)))
    return read_contents(folder / "c"), (network, gang, FAMILIES, arrests.config.path)


def is_refused(contents, of):
    try:
        vertex_columns_of(contents, *of)
    except Damaged:
        return True
    return False


def test_what_was_kept_comes_back(kept):
    contents, of = kept
    again = contents_of(vertex_columns_of(contents, *of))
    assert again.values == contents.values
    assert {name: array.tobytes() for name, array in again.arrays.items()} == {
        name: array.tobytes() for name, array in contents.arrays.items()
    }


def test_what_no_run_keeps_is_damaged(kept):
    contents, of = kept
    found = {what: is_refused(odd, of) for what, odd in odd_contents(contents, seed=1)}
    assert len(found) > 400
    assert [what for what, refused in found.items() if not refused] == []
    refused = [is_refused(replace(contents, values=values), of) for values in odd_values(contents.values)]
    assert sum(refused) >= len(refused) - 10  # another number of visits would do


def test_what_is_of_another_network_or_configuration_is_damaged(kept):
    contents, (network, gang, families, config) = kept
    other = np.roll(gang, 1)
    assert not np.array_equal(other, gang)
    assert is_refused(contents, (network, other, families, config))
    assert is_refused(contents, (replace(network, n=network.n - 1), gang, families, config))
    assert is_refused(contents, (network, gang, families, replace(config, seed=2)))
    assert is_refused(contents, (network, gang, families, replace(config, betweenness="approx")))
