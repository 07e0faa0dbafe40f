"""The command line: exit codes, one clear message, and a quick start."""

import io
import subprocess
import sys

import polars as pl
import pytest

from gpunet import __version__
from gpunet.cli import jobs
from tests.run_processes import finish, gpunet, start


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "arrests.parquet"
    pl.DataFrame(
        {
            "person_id": ["a", "b", "b", "c"],
            "incident_id": ["1", "1", "2", "2"],
            "date": ["2012-01-01", "2012-01-01", "2012-05-01", "2012-05-01"],
            "offence": ["robbery", "theft", "theft", None],
        }
    ).write_parquet(path)
    return path


def test_features_from_the_shell(table, tmp_path):
    done = finish(start("features", table, "--out", tmp_path / "run", "--as-of", "2012-03-01", "--threads", 1))
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "run") in done.stdout
    frame = pl.read_parquet(tmp_path / "run" / "features.parquet")
    assert frame["person_id"].to_list() == ["a", "b"]
    assert frame["degree__violent"].to_list() == [0, 1]
    assert "done" in done.stderr  # progress, as plain lines
    assert "\x1b" not in done.stderr


def test_version_and_help():
    assert gpunet("--version").stdout.split() == ["gpunet", __version__]
    for command in ("synth", "features", "run", "score", "show", "info"):
        done = gpunet(command, "--help")
        assert done.returncode == 0
        assert done.stdout


def test_help_shows_defaults_in_brackets():
    assert "[exact]" in gpunet("features", "--help").stdout
    assert "[xgboost]" in gpunet("run", "--help").stdout


def test_the_package_is_the_command():
    done = subprocess.run([sys.executable, "-m", "gpunet", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["gpunet", __version__]


def test_info_names_engines_and_what_is_missing():
    done = gpunet("info")
    assert done.returncode == 0
    for word in ("cpu", "gpu", "driver", "xgboost", "cugraph"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["features", "absent.parquet", "--out", "{tmp}/run"], "absent.parquet"),
        (["features", "{table}", "--out", "{tmp}/run", "--engine", "gpu"], "GPU"),
        (["features", "{table}", "--out", "{tmp}/run", "--config", "{tmp}/c.toml"], "max_size"),
        (["features", "{table}", "--out", "{tmp}/run", "--as-of", "2011-01-01"], "2012-01-01"),
        (["features", "{table}", "--out", "{tmp}/run", "--as-of", "yesterday"], "as-of"),
        (["features", "{table}", "--out", "{table}"], "arrests.parquet"),
        (["run", "{table}", "--out", "{tmp}/run"], "arrest"),
        (["features", "{table}"], "out"),
        (["score", "--model", "{tmp}/none.ubj", "--features", "{table}", "--out", "{tmp}/s.parquet"], "none.ubj"),
        (["conjure"], "conjure"),
        (["show", "{tmp}"], "run.json"),
        (["show", "{tmp}/absent"], "absent"),
        (["show", "{table}"], "arrests.parquet"),
        (["show", "{tmp}", "--top", "0"], "top"),
        (["run", "{table}", "--out", "{tmp}/run", "--horizon", "400000"], "horizon"),
        (["run", "{table}", "--out", "{tmp}/run", "--horizon", "800000000000"], "horizon"),
        (["features", "{table}", "--out", "{tmp}/run", "--config", "{tmp}/p.toml"], "robbery"),
        (["features", "{table}", "--out", "{table}/run"], "arrests.parquet"),
        (["score", "--model", "{table}", "--features", "{table}", "--out", "{tmp}"], "folder"),
        (["score", "--model", "{table}", "--features", "{table}", "--out", "{table}/x.parquet"], "--out"),
        (["score", "--model", "{table}", "--features", "{table}", "--out", "{tmp}/x.parquet"], "arrests.parquet"),
    ],
)
def test_errors_exit_with_2_and_say_what_is_wrong(arguments, named, table, tmp_path):
    (tmp_path / "c.toml").write_text("[network]\nmax_size = 3\n")
    (tmp_path / "p.toml").write_text("[violent_offences]\nrobbery = 5\n")
    done = gpunet(*(a.format(tmp=tmp_path, table=table) for a in arguments))
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_column_names_file_column_and_key(tmp_path):
    path = tmp_path / "month.csv"
    path.write_text("incident_id,date,offence\n1,2012-01-01,theft\n")
    done = gpunet("features", path, "--out", tmp_path / "run")
    assert done.returncode == 2
    for word in ("month.csv", "person_id", "columns"):
        assert word in done.stderr


def test_help_imports_nothing_heavy():
    code = (
        "import sys, gpunet, gpunet.cli.app; "
        "heavy = {'numpy', 'numba', 'polars', 'pyarrow', 'narwhals', 'xgboost', 'sklearn'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_notices_go_to_what_stands_in_for_stderr_when_they_are_given(monkeypatch):
    """As progress bars do while they are shown."""
    options = jobs.options_of("cpu", 1, None, None, False, False, False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    options.notice("cluster: 2 workers")
    assert sys.stderr.getvalue() == "cluster: 2 workers\n"
