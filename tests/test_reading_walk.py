"""Folders and patterns: each real file is read once or told, links that form a loop come to an end."""

from __future__ import annotations

import glob
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.config.config import InputConfig
from gpunet.reading import read_arrests
from gpunet.reading.sources import find_sources
from gpunet.reading.walk import Walk, files_matching

TABLE = "person_id,incident_id,date,offence\np1,i1,2013-01-05,ROBBERY\n"


def table(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TABLE)
    return path


def found(paths: list[str], warnings: list[str] | None = None) -> list[str]:
    return [source.name for source in find_sources(paths, InputConfig(), [] if warnings is None else warnings)]


@pytest.fixture
def looped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three folders, in each of which links lead to all of them: without end, and more at every step."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "a/b", "a/b/c"):
        table(tmp_path / name / "t.csv")
        for target, link in (("a", "l1"), ("a/b", "l2"), ("a/b/c", "l3")):
            (tmp_path / name / link).symlink_to(tmp_path / target)
    return tmp_path


@pytest.mark.parametrize("path", ["a", "a/**/*.csv", "**/*.csv", "a/**", "a/**/**/t.csv", "[a]/**/t.*"])
def test_loops_come_to_an_end(looped: Path, path: str) -> None:
    warnings: list[str] = []
    assert found([path], warnings) == ["a/b/c/t.csv", "a/b/t.csv", "a/t.csv"]
    (told,) = warnings
    assert "9 link(s)" in told
    assert "a/l1, a/l2, a/l3" in told


def test_a_link_to_another_folder_is_followed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "elsewhere" / "force=met" / "t.csv")
    table(tmp_path / "a" / "z" / "t.csv")
    for link, target in (("a/first", "elsewhere"), ("a/second", "elsewhere"), ("a/before_z", "a/z")):
        (tmp_path / link).symlink_to(tmp_path / target)
    for path in ("a", "a/**/*.csv"):
        warnings: list[str] = []
        # What is really there goes by its own name, though links to it come before.
        assert found([path], warnings) == ["a/first/force=met/t.csv", "a/z/t.csv"]
        assert "2 link(s)" in warnings[0]
        assert "a/before_z, a/second" in warnings[0]
    assert found(["a/*/*.csv"], []) == ["a/before_z/t.csv"]  # its two names are one file


def test_what_is_given_through_a_link_is_walked(tmp_path: Path) -> None:
    table(tmp_path / "a" / "t.csv")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "self").symlink_to("self")  # leads nowhere, and is no table
    assert found([str(tmp_path / "link")]) == [f"{tmp_path}/link/t.csv"]


_NAMES = st.sampled_from(["a", "b", "x.csv", ".h", "_h.csv"])
_PARTS = st.sampled_from(["**", "*", "a", "?", "*.csv", "[ab]", ".h", "_*"])


@given(
    st.sets(st.lists(_NAMES, min_size=1, max_size=4).map(tuple), max_size=8), st.lists(_PARTS, min_size=1, max_size=4)
)
def test_patterns_mean_what_they_do_elsewhere(tmp_path_factory, paths, parts) -> None:
    """Python's own glob is the reference, where there are no links."""
    root = tmp_path_factory.mktemp("tree")
    for path in sorted(paths, key=len, reverse=True):
        if not root.joinpath(*path).exists() and not any(p.is_file() for p in root.joinpath(*path).parents):
            table(root.joinpath(*path))
    pattern = str(root.joinpath(*parts))
    expected = {Path(name) for name in glob.glob(pattern, recursive=True)}  # noqa: PTH207 - it is the reference
    hidden = (".", "_")
    files = {path for path in expected if path.is_file() and not path.name.startswith(hidden)}
    after = list(itertools.dropwhile(lambda part: part != "**", parts))
    if ".h" in after:  # a hidden folder that is named after "**" is not looked for
        files = {path for path in files if ".h" not in path.relative_to(root).parts}
    assert set(files_matching(pattern)[0]) == files


def test_a_folder_that_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this folder cannot be listed: No such file"):
        list(Walk().files(tmp_path / "absent"))


def test_many_files_are_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(1001):
        (tmp_path / f"{i:04}.csv").write_text(TABLE.replace("p1", f"p{i}"))
    for paths, said in ((tmp_path, True), ([tmp_path / f"{i:04}.csv" for i in range(1000)], False)):
        told: list[str] = []
        sources = find_sources([paths] if said else paths, InputConfig(), [], notice=told.append)
        assert len(sources) == 1000 + said
        assert told == [f"1,001 files are read, 0 MB: {sources[0].name} to {sources[-1].name}"] * said
    monkeypatch.setattr("gpunet.reading.sources._MANY_FILES", 2)
    told = []
    assert len(read_arrests(f"{tmp_path}/000[0-2].csv", notice=told.append)) == 3
    assert len(told) == 1


def test_two_names_of_one_file_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "b.csv").hardlink_to(table(tmp_path / "a.csv"))
    (tmp_path / "c.csv").symlink_to(tmp_path / "b.csv")
    warnings: list[str] = []
    assert found([str(tmp_path)], warnings) == [f"{tmp_path}/a.csv"]
    assert "2 file(s) were given more than once" in warnings[0]
