"""Nothing that gpunet has not written is removed, replaced or written through, wherever it lies and whatever it is."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gpunet.base.errors import ConfigError, GpunetError, InputError, ModelError
from gpunet.base.paths import named_path, open_regular, read_regular, refuse_inputs
from gpunet.cli.app import app
from gpunet.cli.run import RUN_FILES, resume_run, run_features
from gpunet.cli.show import print_run
from gpunet.config.config import load_config
from gpunet.model import load_model
from gpunet.model.scoring import SCORE_COLUMNS
from gpunet.model.table import read_features
from gpunet.reading import read_arrests
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.checkpoints import Checkpoints
from gpunet.runs.folder import RunFolder
from gpunet.runs.hidden_folder import checkpoints_of
from gpunet.synthetic import write_dirty_tables, write_tables
from gpunet.synthetic.folder import fresh_folder
from gpunet.tables.files import sha256_of, write_new, write_whole
from gpunet.tables.parquet import read_parquet
from gpunet.tables.partial_files import final_name

NAMES = ("t.parquet", "d.json")
TABLE = "person_id,incident_id,date,offence\np1,i1,2013-01-05,ROBBERY\np2,i1,2013-01-05,THEFT\n"


def everything(folder: Path) -> dict[str, bytes | str]:
    """Every name below a folder with what it is: bytes, where a link leads, or that it is a folder."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink()
        else "folder" if path.is_dir() else path.read_bytes() if path.is_file() else "special"
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


def complete(folder: Path, value: str = "first") -> None:
    with RunFolder(folder, NAMES) as run:
        run.write_json("d.json", value)
        run.finish({})


def unfinished(folder: Path) -> None:
    """As a run leaves it that is killed: its lock, checkpoints, half a file."""
    kept = checkpoints_of(folder)
    Checkpoints(kept).save("arrests", Contents({"n": 1}))
    Checkpoints(kept).save("features-T-2H-betweenness, samples 3", Contents({"n": 1}))
    (kept / "request.json").write_text("{}")
    (kept / "features-T.checkpoint.0a1b2c3d.partial").write_text("half")
    (folder / ".partial" / "lock").touch()
    (folder / ".partial" / "lock.holder").write_text("4711\n")
    (folder / ".partial" / "t.parquet.0a1b2c3d.partial").write_text("half")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of the user's, with names that runs use too."""
    folder = tmp_path / "victim"
    (folder / "checkpoints").mkdir(parents=True)
    for name in ("mine.txt", "d.json", "checkpoints/arrests.checkpoint", "lock"):
        (folder / name).write_text("mine")
    return folder


PLACES = (
    ".partial", ".partial/checkpoints", ".partial/lock", ".partial/lock.holder", ".partial/t.parquet",
    ".partial/d.json.partial", ".partial/run.json", ".partial/checkpoints/arrests.checkpoint",
    ".partial/checkpoints/request.json", "d.json", "run.json", "t.parquet",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("leads_to", ["victim", "victim/mine.txt", "nowhere"])
@pytest.mark.parametrize("state", ["new", "complete", "unfinished"])
def test_a_link_in_a_run_folder_is_refused(tmp_path: Path, victim: Path, place: str, leads_to: str, state: str) -> None:
    out = tmp_path / "out"
    {"new": Path.mkdir, "complete": complete, "unfinished": unfinished}[state](out)
    link = out / place
    if not link.parent.exists():
        link.parent.mkdir(parents=True)
    if os.path.lexists(link):
        link.rename(tmp_path / "away")
    link.symlink_to(tmp_path / leads_to)
    before = everything(tmp_path)
    with pytest.raises(InputError) as refused:
        complete(out, "second")
    assert "symbolic link" in str(refused.value)
    assert str(link) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert everything(tmp_path) == before


FOREIGN = (
    ".partial/mine.txt", ".partial/mine.txt.partial", ".partial/sub/mine.txt", ".partial/checkpoints/mine.txt",
    ".partial/checkpoints/mine.checkpoint", ".partial/checkpoints/sub/arrests.checkpoint", ".partial/lock/mine.txt",
    ".partial/d.json/mine.txt", ".partial/checkpoints/arrests.checkpoint/mine", "mine.txt", "t.parquet/mine.txt",
)  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("state", [complete, unfinished])
def test_what_a_run_has_no_name_for_is_refused(tmp_path: Path, name: str, state) -> None:
    out = tmp_path / "out"
    state(out)
    for path in ((out / name).parent, out / name):
        if path.is_file():
            path.unlink()
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_text("mine")
    before = everything(out)
    with pytest.raises(InputError, match=r"another folder|new or empty folder"), RunFolder(out, NAMES):
        pass
    assert everything(out) == before


@pytest.mark.parametrize("name", ["t.parquet", "d.json.partial", "lock", "lock.holder"])
def test_a_hidden_folder_that_no_run_made_is_refused(tmp_path: Path, name: str) -> None:
    """The names are those of runs, but nothing says that one was here: other programs have such folders too."""
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / name).write_text("mine")
    with pytest.raises(InputError, match=r"not of a run"), RunFolder(tmp_path, NAMES):
        pass
    assert everything(tmp_path) == {".partial": "folder", f".partial/{name}": b"mine"}


def test_results_are_replaced_only_if_the_manifest_lists_them(tmp_path: Path) -> None:
    complete(tmp_path)
    (tmp_path / "t.parquet").write_text("mine")  # of the right name, but this run had no such file
    with pytest.raises(InputError, match=r"t\.parquet is not what run\.json"), RunFolder(tmp_path, NAMES):
        pass
    (tmp_path / "t.parquet").unlink()
    (tmp_path / "d.json").write_text("mine, and another size")
    with pytest.raises(InputError, match=r"d\.json is not what run\.json"), RunFolder(tmp_path, NAMES):
        pass
    assert (tmp_path / "d.json").read_text() == "mine, and another size"
    (tmp_path / "d.json").unlink()
    complete(tmp_path, "second")
    assert json.loads((tmp_path / "d.json").read_text()) == "second"


@pytest.mark.parametrize("text", ["", "mine", "[]", '{"outputs": 3}', '{"outputs": {"d.json": 3}}', "[" * 100_000])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match=r"run\.json is not that of a run"), RunFolder(tmp_path, NAMES):
        pass
    assert (tmp_path / "run.json").read_text() == text


def test_a_result_that_was_changed_is_kept_whatever_its_size(tmp_path: Path) -> None:
    complete(tmp_path)
    (tmp_path / "d.json").write_text('"mined"\n')
    before = everything(tmp_path)
    with pytest.raises(InputError, match=r"d\.json is not what run\.json lists"):
        complete(tmp_path, "again")
    assert everything(tmp_path) == before
    (tmp_path / "d.json").write_text('"first"\n')
    with RunFolder(tmp_path, NAMES) as run:
        run.write_json("d.json", "again")
        (tmp_path / "d.json").write_text('"later"\n')
        with pytest.raises(InputError, match="was changed while the run was at work"):
            run.finish({})
    assert (tmp_path / "d.json").read_text() == '"later"\n'


@pytest.mark.parametrize("at", range(5))
def test_a_run_that_is_killed_among_its_results_is_followed_by_the_next(tmp_path: Path, monkeypatch, at: int) -> None:
    """Ours is what the old list or the new one has; anything else of those names is kept."""
    complete(tmp_path, "first")
    steps = [0]

    def stopped(real):
        def step(path, *rest, **named):
            steps[0] += path.parent in (tmp_path, tmp_path / ".partial") and "lock" not in path.name
            if steps[0] > at:
                raise KeyboardInterrupt
            return real(path, *rest, **named)

        return step

    def killed():
        with RunFolder(tmp_path, NAMES) as run:
            for name in NAMES:
                run.write_json(name, "second")
            monkeypatch.setattr(RunFolder, "_leave", lambda self, **_: self._lock._lock.release())  # as the system does
            monkeypatch.setattr("gpunet.runs.folder.store_whole", lambda path, write: write(path))
            monkeypatch.setattr(Path, "replace", stopped(Path.replace))
            monkeypatch.setattr(Path, "unlink", stopped(Path.unlink))
            run.finish({})

    with pytest.raises(KeyboardInterrupt):
        killed()
    monkeypatch.undo()
    held = {name for name in ("d.json", "t.parquet") if (tmp_path / name).exists()}
    for name in held:
        kept = (tmp_path / name).read_bytes()
        (tmp_path / name).write_text("mine")
        with pytest.raises(InputError, match="is not what"):
            complete(tmp_path, "third")
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).write_bytes(kept)
    complete(tmp_path, "third")
    assert sorted(everything(tmp_path)) == ["d.json", "run.json"]
    assert json.loads((tmp_path / "d.json").read_text()) == "third"


def test_what_comes_into_the_folder_during_a_run_is_kept(tmp_path: Path) -> None:
    with RunFolder(tmp_path, NAMES) as run:
        run.write_json("d.json", "first")
        (tmp_path / "t.parquet").write_text("mine")
        with pytest.raises(InputError, match=r"t\.parquet has come here"):
            run.finish({})
    assert (tmp_path / "t.parquet").read_text() == "mine"


def test_what_comes_into_the_hidden_folder_during_a_run_stays_there(tmp_path: Path) -> None:
    with RunFolder(tmp_path, NAMES) as run:
        run.write_json("d.json", "first")
        (tmp_path / ".partial" / "mine").mkdir()
        (tmp_path / ".partial" / "mine" / "d.json").write_text("mine")
    assert everything(tmp_path) == {
        ".partial": "folder", ".partial/mine": "folder", ".partial/mine/d.json": b"mine",
    }  # fmt: skip


def test_checkpoints_are_cleared_one_by_one(tmp_path: Path) -> None:
    unfinished(tmp_path)
    kept = checkpoints_of(tmp_path)
    (kept / "mine.txt").write_text("mine")
    (kept / "features.checkpoint").symlink_to(kept / "mine.txt")
    Checkpoints(kept).clear()
    assert sorted(path.name for path in kept.iterdir()) == ["features.checkpoint", "mine.txt"]


def test_an_unfinished_run_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    unfinished(tmp_path)
    for name in ("t.parquet.partial", "checkpoints/model.checkpoint.partial", "checkpoints/inputs.json.partial"):
        (tmp_path / ".partial" / name).write_text("half")
    with RunFolder(tmp_path, NAMES) as run:
        assert Checkpoints(checkpoints_of(tmp_path)).load("arrests", lambda kept: kept.values) == {"n": 1}
        run.write_json("d.json", "new")
        run.finish({})
    assert sorted(everything(tmp_path)) == ["d.json", "run.json"]


@pytest.mark.parametrize("name", sorted(RUN_FILES))
def test_temporary_names_are_told_apart(name: str) -> None:
    assert {final_name(f"{name}{end}") for end in ("", ".partial", ".0a1b2c3d.partial")} == {name}


@given(st.text(min_size=1, max_size=80).filter(lambda name: not set("/\0") & set(name) and name not in (".", "..")))
def test_a_name_that_is_not_temporary_is_final(name: str) -> None:
    assert final_name(name) == name or name.endswith(".partial")


def test_a_file_is_not_written_through_its_temporary_name(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "a.txt.partial").symlink_to(tmp_path / "mine.txt")
    (tmp_path / "b.txt.partial").write_text("mine")
    before = everything(tmp_path)
    for name in ("a.txt", "b.txt"):
        write_whole(tmp_path / name, lambda path: path.write_text("new"))
    assert everything(tmp_path) == {**before, "a.txt": b"new", "b.txt": b"new"}


@pytest.mark.parametrize("leads_to", ["mine.txt", "nowhere", "."])
def test_links_are_not_replaced(tmp_path: Path, leads_to: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / leads_to)
    before = everything(tmp_path)
    with pytest.raises(OSError, match="symbolic link"):
        write_whole(tmp_path / "link", lambda path: path.write_text("new"))
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "link", "new")
    assert everything(tmp_path) == before


def test_the_lock_is_not_written_through(tmp_path: Path) -> None:
    """A second name of the user's own file is neither emptied nor removed."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out" / ".partial").mkdir(parents=True)
    for name in ("lock", "lock.holder"):
        (tmp_path / "out" / ".partial" / name).hardlink_to(tmp_path / "mine")
        with pytest.raises(InputError, match=f"{name} is not of a run"), RunFolder(tmp_path / "out", NAMES):
            pass
        (tmp_path / "out" / ".partial" / name).unlink()
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("make", [write_tables, write_dirty_tables])
def test_made_tables_remove_nothing_of_others(tmp_path: Path, victim: Path, make) -> None:
    out = tmp_path / "out"
    out.mkdir()
    hidden = out / ".partial"
    cases = [
        lambda: hidden.symlink_to(victim),
        lambda: (hidden.mkdir(), (hidden / "mine.txt").write_text("mine")),
        lambda: (hidden / "mine.txt").rename(hidden / "config.toml.mine"),
        lambda: ((hidden / "tables").mkdir(), (hidden / "config.toml.mine").rename(hidden / "tables" / "mine.csv")),
        lambda: (
            (hidden / "tables" / "mine.csv").unlink(), (hidden / "tables" / "force=met").symlink_to(victim),
        ),
    ]  # fmt: skip
    for i, case in enumerate(cases):
        case()
        before = everything(tmp_path)
        with pytest.raises(InputError, match="left alone"):
            make(out, 100)
        assert everything(tmp_path) == before
        if i == 0:
            hidden.unlink()


def test_made_tables_replace_what_a_killed_run_left(tmp_path: Path) -> None:
    left = (
        "clean/north_2011-08.parquet", "clean/.partial/north_2011-08.parquet.partial", "config.toml", "troubles.json",
        "tables/force=north/month=2011-08/north_2011-08.csv.gz", "south_2011-09.parquet.0a1b2c3d.partial",
    )  # fmt: skip
    for name in left:
        (tmp_path / ".partial" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".partial" / name).write_text("half")
    fresh_folder(tmp_path)
    assert everything(tmp_path) == {}


# Outputs and inputs.


def test_no_output_is_an_input_under_any_name(tmp_path: Path) -> None:
    table, folder = tmp_path / "a.csv", tmp_path / "data"
    folder.mkdir()
    table.write_text(TABLE)
    (tmp_path / "hard.csv").hardlink_to(table)
    (tmp_path / "soft.csv").symlink_to(table)
    (tmp_path / "linked").symlink_to(folder)
    (folder / "b.csv").write_text(TABLE)
    for out, path in [
        ("a.csv", "a.csv"), ("a.csv", "hard.csv"), ("hard.csv", "soft.csv"), ("soft.csv", "a.csv"),
        ("a.csv", "data/../a.csv"), ("data", "data/b.csv"), ("linked", "data/b.csv"), ("data", "linked/b.csv"),
        ("data", "data"), ("linked", "data"), ("data", "data/sub/*.csv"), ("data", "data/absent.csv"),
    ]:  # fmt: skip
        with pytest.raises(InputError, match="another --out"):
            refuse_inputs(tmp_path / out, [tmp_path / "other.csv", tmp_path / path])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "t.parquet").hardlink_to(table)
    with pytest.raises(InputError, match="another --out"):
        refuse_inputs(tmp_path / "run", [table])
    for out in ("new", "data/new", "linked/new"):
        refuse_inputs(tmp_path / out, [table, folder, folder / "b.csv"])
    refuse_inputs(tmp_path / "run", [folder, tmp_path])


def invoke(*arguments: object) -> tuple[int | str, str]:
    """Exit code and message of a command, as :func:`gpunet.cli.app.main` would have them."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(done.exception, GpunetError):
        return 2, str(done.exception)
    return done.exit_code, done.output


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    return path


def test_commands_write_no_input(tmp_path: Path, table: Path) -> None:
    complete(tmp_path / "run")
    out = tmp_path / "data"
    (out / ".partial" / "checkpoints").mkdir(parents=True)
    (out / ".partial" / "features.parquet").write_bytes(table.read_bytes())
    config = tmp_path / "run" / "d.json"
    features, model = tmp_path / "f.parquet", tmp_path / "m.ubj"
    pl.DataFrame({"person_id": [1]}).write_parquet(features)
    model.write_text("model")
    (tmp_path / "second.parquet").hardlink_to(features)
    before = everything(tmp_path)
    score = ("score", "--model", model, "--features", features)
    for command, said in [
        (("features", out / ".partial" / "features.parquet", "--out", out), "lies in"),
        (("run", f"{out}/.partial/*.parquet", "--out", out), "lies in"),
        (("features", tmp_path, "--out", tmp_path), "is to be written"),
        (("features", table, "--config", config, "--out", tmp_path / "run"), "d.json"),
        ((*score, "--out", features), "f.parquet"),
        ((*score, "--out", model), "m.ubj"),
        ((*score, "--out", tmp_path / "second.parquet"), "f.parquet"),
        ((*score, "--out", table), "as a Parquet file"),
        (("check", table, "--write-config", table), "already"),
        (("check", table, "--write-config", tmp_path / "no" / "c.toml"), "no folder"),
    ]:
        code, message = invoke(*command)
        assert code == 2, message
        assert said in message
    assert everything(tmp_path) == before


def test_the_proposed_configuration_is_not_written_through_a_link(tmp_path: Path, table: Path) -> None:
    (tmp_path / "c.toml").symlink_to(tmp_path / "nowhere.toml")
    assert invoke("check", table, "--write-config", tmp_path / "c.toml")[0] == 2
    assert not (tmp_path / "nowhere.toml").exists()


def test_score_replaces_scores_alone(tmp_path: Path) -> None:
    from gpunet.cli.commands.scores import _check_out

    scores, link = tmp_path / "s.parquet", tmp_path / "link.parquet"
    _check_out(scores, [])
    of_scores = pl.DataFrame({name: [1] for name in SCORE_COLUMNS})
    of_scores.write_parquet(scores)
    _check_out(scores, [])
    link.symlink_to(scores)
    with pytest.raises(InputError, match="symbolic link"):
        _check_out(link, [])
    of_scores.with_columns(my_notes=pl.lit("mine")).write_parquet(scores)
    with pytest.raises(InputError, match="holds no scores"):
        _check_out(scores, [])
    for name in ("-", "s.csv", "s.XLSX"):
        with pytest.raises(InputError, match="as a Parquet file"):
            _check_out(Path(name), [])


def test_score_does_not_replace_the_results_of_a_run(tmp_path: Path) -> None:
    from gpunet.cli.commands.scores import _check_out

    with RunFolder(tmp_path, ("scores.parquet",)) as run:
        run.write_table("scores.parquet", [pl.DataFrame({name: [1] for name in SCORE_COLUMNS})])
        run.finish({})
    pl.DataFrame({name: [1] for name in SCORE_COLUMNS}).write_parquet(tmp_path / "mine.parquet")
    _check_out(tmp_path / "mine.parquet", [])
    with pytest.raises(InputError, match="result of the run"):
        _check_out(tmp_path / "scores.parquet", [])


def test_a_file_is_no_folder_of_a_run(tmp_path: Path, table: Path) -> None:
    for job in (lambda: print_run(table, None, 3), lambda: resume_run(table, "run")):
        with pytest.raises(InputError, match="is a file: name the folder of a run"):
            job()


# What is no regular file, and paths that are empty.


@pytest.fixture(params=["pipe", "socket", "device"])
def endless(request, tmp_path: Path) -> Path:
    """Something that never ends, or never begins."""
    if request.param == "device":
        return Path("/dev/zero")
    path = tmp_path / "special"
    if request.param == "pipe":
        os.mkfifo(path)
    else:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket cannot be long
        try:
            with socket.socket(socket.AF_UNIX) as here_it_is:
                here_it_is.bind("special")
        finally:
            os.chdir(here)
    return path


def test_only_regular_files_are_read(endless: Path, tmp_path: Path, table: Path) -> None:
    named = {}
    for kind in ("parquet", "csv", "xlsx", "arrow", "csv.gz", "zip", "toml", "ubj"):
        named[kind] = tmp_path / f"special.{kind}"
        named[kind].symlink_to(endless)
    for path in (endless, *named.values()):
        for read in (open_regular, sha256_of, lambda path: read_regular(path, 10)):
            with pytest.raises(OSError, match="no regular file"):
                read(path)
        for paths in (path, [table, path]):
            with pytest.raises(InputError, match=r"it is a (named pipe|socket|device), and no regular file"):
                read_arrests(paths)
    with pytest.raises(ConfigError, match="no regular file"):
        load_config(named["toml"])
    with pytest.raises(ModelError, match="no regular file"):
        load_model(named["ubj"])
    for read in (read_parquet, read_features):
        with pytest.raises(InputError, match="no regular file"):
            read(named["parquet"])


def test_pipes_in_folders_are_refused_or_left_out(tmp_path: Path, table: Path) -> None:
    os.mkfifo(tmp_path / "b.parquet")
    os.mkfifo(tmp_path / "notes.md")  # nothing that would be read
    for path in (tmp_path, f"{tmp_path}/**/*.parquet"):
        with pytest.raises(InputError, match=r"b\.parquet: it is a named pipe"):
            read_arrests(path)
    arrests = read_arrests(tmp_path, keep_going=True)
    assert (len(arrests), len(arrests.report.skipped)) == (2, 1)


@pytest.mark.parametrize("place", ["run.json", "d.json", ".partial/lock", ".partial/checkpoints/request.json"])
def test_pipes_in_a_run_folder_are_refused(tmp_path: Path, place: str) -> None:
    out = tmp_path / "out"
    (out / place).parent.mkdir(parents=True)
    os.mkfifo(out / place)
    with pytest.raises(InputError, match=r"named pipe"), RunFolder(out, NAMES):
        pass
    with pytest.raises(InputError, match=r"there is no run|no regular file"):
        resume_run(out, "features")
    with pytest.raises(InputError, match="run"):
        print_run(out, None, 3)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "c.toml").open("wb") as file:
        file.truncate(1 << 40)  # of holes
    with pytest.raises(ConfigError, match="larger than the 16 MiB"):
        load_config(tmp_path / "c.toml")
    with pytest.raises(ModelError, match="larger than"):
        load_model(tmp_path / "c.toml")
    with (tmp_path / "t.xls").open("wb") as file:
        file.write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="a workbook of more than 1 GiB is not read"):
        read_arrests(tmp_path / "t.xls")


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_path_is_an_error(tmp_path: Path, table: Path, empty: str, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = everything(tmp_path)
    model = ("--model", "m.ubj", "--features", "f.parquet")
    for command in [
        ("features", empty, "--out", "o"), ("features", table, "--out", empty), ("run", table, "--out", empty),
        ("run", table, empty, "--out", "o"), ("features", table, "--out", "o", "--config", empty),
        ("features", "--resume", empty), ("run", "--resume", empty), ("check", empty),
        ("check", table, "--config", empty), ("check", table, "--write-config", empty), ("synth", "--out", empty),
        ("show", empty),
        ("certificates", "--out", empty), ("score", *model, "--out", empty),
        ("score", "--model", empty, *model[2:], "--out", "o"), ("score", *model[:2], "--features", empty, "--out", "o"),
    ]:  # fmt: skip
        code, message = invoke(*command)
        assert (code, "is empty" in message) == (2, True), (command, message)
    for call in (
        lambda: read_arrests(empty), lambda: read_arrests([str(table), empty]), lambda: run_features(empty, "o"),
        lambda: run_features(str(table), empty), lambda: write_tables(empty, 100), lambda: load_config(empty),
        lambda: read_features(empty), lambda: load_model(empty), lambda: write_dirty_tables(empty, 100),
        lambda: resume_run(empty, "run"), lambda: RunFolder(empty, NAMES),
    ):  # fmt: skip
        with pytest.raises(GpunetError, match="is empty"):
            call()
    assert everything(tmp_path) == before


@pytest.mark.parametrize("path", [None, 3, b"a", ["a"], "a\0b"])
def test_what_is_no_path_is_told(path) -> None:
    with pytest.raises(InputError, match=r"the input: (expected a path|a path cannot)"):
        named_path(path, "the input")
