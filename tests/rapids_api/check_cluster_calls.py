"""What gpunet.cluster rests on in Dask-CUDA and cugraph.dask, held against the real packages; no GPU is needed.

The ordinary tests do not collect this file. Calls stand in the tables beside it.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")

import cugraph
import cugraph.dask.comms.comms
import cugraph_dask_stand_in as stand_in
import dask_cuda
import dask_cuda_stand_in
import pylibcugraph
import pytest
import raft_dask.common.comms
from cugraph.structure.graph_implementation.simpleDistributedGraph import simpleDistributedGraphImpl
from dask_cuda.plugins import RMMSetup
from distributed import Client
from rapids_api.signatures import signature_of

from gpunet.cluster import cugraph_dask

PAIRS = [
    *((each, getattr(cugraph.dask, each.__name__)) for each in stand_in.FUNCTIONS),
    (stand_in.Graph.from_dask_cudf_edgelist, cugraph.Graph.from_dask_cudf_edgelist),
    (stand_in.COMMS.initialize, cugraph.dask.comms.comms.initialize),
    (dask_cuda_stand_in.LocalCUDACluster, dask_cuda.LocalCUDACluster),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_stand_ins_have_the_parameters_and_defaults_of_the_real_ones(pair: tuple[Any, Any]) -> None:
    ours, real = (inspect.signature(each).parameters.values() for each in pair)
    assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind) for p in real]


class _Left:
    """A communication whose workers are gone."""

    nccl_initialized = ucx_initialized = True

    def destroy(self) -> None:
        raise OSError("there is nobody")


def test_a_communication_whose_workers_are_gone_makes_room_for_another() -> None:
    comms, left = cugraph.dask.comms.comms, _Left()
    comms.initialize(comms=left)
    cugraph_dask._destroy(cugraph)
    assert not comms.is_initialized()
    flags = {"nccl_initialized": False, "ucx_initialized": False}
    assert flags.items() <= vars(left).items()
    assert flags.items() <= vars(raft_dask.common.comms.Comms(client=object())).items()


COLUMNS = {
    "core_number": "core_number",
    "louvain": "partition",
    "triangle_count": "counts",
    "weakly_connected_components": "labels",
    "betweenness_centrality": "betweenness_centrality",
}


@pytest.mark.parametrize("name", COLUMNS)
def test_results_have_the_columns_that_are_asked_for(name: str) -> None:
    source = inspect.getsource(inspect.getmodule(getattr(cugraph.dask, name)))
    assert 'df["vertex"] = ' in source
    assert f'df["{COLUMNS[name]}"] = ' in source
    assert {each.__name__ for each in stand_in.FUNCTIONS} == set(COLUMNS)


def test_ties_of_an_undirected_graph_may_be_given_once() -> None:
    """The graph on the devices is made with ``symmetrize``, and repeats are dropped."""
    make = simpleDistributedGraphImpl._make_plc_graph
    names = list(inspect.signature(make).parameters)
    assert names[-2:] == ["drop_multi_edges", "symmetrize"]
    source = inspect.getsource(simpleDistributedGraphImpl)
    assert "not self.properties.multi_edge,\n                not self.properties.directed,\n            )" in source
    assert {"symmetrize", "drop_multi_edges"} <= set(signature_of(pylibcugraph.MGGraph).parameters)
    assert "vertices_array" in signature_of(pylibcugraph.MGGraph).parameters  # which cugraph does not pass
    assert "vertices_array" not in inspect.getsource(make)


def test_whole_numbers_are_not_renumbered_by_cugraph_itself() -> None:
    """So results name our vertices, and need no frame of names to be joined with."""
    from cugraph.structure.number_map import NumberMap

    source = inspect.getsource(NumberMap.renumber_and_segment)
    assert "df[src_col_names].dtype == np.int32 or df[src_col_names].dtype == np.int64" in source


def test_the_current_client_is_the_one_that_is_used() -> None:
    from distributed.client import default_client

    with Client(processes=False, n_workers=1, dashboard_address=None, set_as_default=False) as client:
        with pytest.raises(ValueError, match="No clients found"):
            default_client()
        with client.as_current():
            assert default_client() is client


def test_without_options_dask_cuda_leaves_memory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import rmm

    for name in ("reinitialize", "mr"):
        monkeypatch.setattr(rmm, name, None)
    given = dict.fromkeys(inspect.signature(RMMSetup).parameters)
    RMMSetup(**{**given, "managed_memory": False, "async_alloc": False, "track_allocations": False}).setup()


def test_workers_hold_what_they_hold_in_a_plain_dictionary() -> None:
    """``data`` goes through to the workers, and then Dask-CUDA makes no store that spills to files."""
    source = inspect.getsource(dask_cuda.LocalCUDACluster)
    assert 'data = kwargs.pop("data", None)\n        if data is None:\n            self.data = worker_data' in source
    assert "            data=data,\n" in source
    assert 'if hasattr(self, "data") else {}' in source
