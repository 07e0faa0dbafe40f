"""How many threads libraries have, and that OpenMP's sleep where they wait."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gpunet.base import threads as module
from gpunet.base.errors import ConfigError
from gpunet.base.threads import available_threads, threads_for


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("150000 100000", 2), ("50000 100000", 1), ("6400000 100000", 8), ("max 100000", 8), ("", 8)],
)
def test_a_containers_share_of_the_processors_counts(monkeypatch, tmp_path, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(module, "_QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(quota)
    assert available_threads() == expected
    assert available_threads(3) == 3


def test_no_quota_is_no_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(module, "_QUOTA", tmp_path / "none")
    assert available_threads() == 8


def test_fewer_than_one_is_refused():
    with pytest.raises(ConfigError, match="at least 1 and at most 10,000, not 0"):
        available_threads(0)


def test_small_tables_get_fewer_threads():
    assert [threads_for(cells, 8) for cells in (0, 1000, 3 << 17, 1 << 30)] == [1, 1, 3, 8]


def in_a_new_process(code: str, **environment: str) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "POLARS_MAX_THREADS")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=True).stdout.split()


def test_openmp_is_told_to_sleep_unless_the_user_says_otherwise():
    code = "import gpunet, os; print(os.environ['OMP_WAIT_POLICY'])"
    assert in_a_new_process(code) == ["passive"]
    assert in_a_new_process(code, OMP_WAIT_POLICY="active") == ["active"]


def test_all_pools_have_the_threads_that_the_command_line_gives():
    code = (
        "from gpunet.cli.app import app\n"
        "import sys\n"
        "try: app(['features', 'nothing.parquet', '--out', 'none', '--threads', '3'])\n"
        "except Exception: pass\n"
        "import polars, pyarrow, threadpoolctl\n"
        "blas = {pool['num_threads'] for pool in threadpoolctl.threadpool_info() if pool['user_api'] == 'blas'}\n"
        "print(polars.thread_pool_size(), pyarrow.cpu_count(), *blas)"
    )
    assert in_a_new_process(code) == ["3", "3", "3"]
