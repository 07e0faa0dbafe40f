"""The examples of README and docs: configurations do what is said of them, Python runs, options of commands exist."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import gpunet
from gpunet.base.days import day_to_date
from gpunet.cli.app import app
from gpunet.config.config import Config, load_config
from gpunet.synthetic import write_tables

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(*languages: str) -> Iterator[Any]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _FENCED.finditer(text):
            if found[2] in languages:
                line = text[: found.start()].count("\n") + 1
                yield pytest.param(found[3].replace(f"\n{found[1]}", "\n").strip(), id=f"{page.name}:{line}")


TOML = list(blocks("toml"))


@pytest.mark.parametrize("text", TOML)
def test_a_configuration_shows_one_thing(text):
    """What it does not show stays as it is: above all what is violent."""
    shown, default = load_config(tomllib.loads(text)).as_dict(), Config().as_dict()
    sections = tomllib.loads(text)
    assert len(sections) == 1
    assert {name for name, section in shown.items() if section != default.get(name)} <= set(sections)
    for name, keys in sections.items():
        if name != "violent_offences":
            assert all(shown[name][key] != default.get(name, {}).get(key) for key in keys)


def example(key: str) -> Config:
    """The configuration of the one example that has this text."""
    (found,) = [param.values[0] for param in TOML if key in param.values[0]]
    return load_config(tomllib.loads(found))


def read(tmp_path: Path, key: str, table: str | bytes) -> gpunet.read_arrests:
    path = tmp_path / "a.csv"
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    return gpunet.read_arrests(path, example(key))


def test_names_of_columns_and_days_first(tmp_path):
    for key, person, date, day in (
        ('"nominal_id"', "Nominal ID", "Date of arrest", "05/01/2013"),
        ('"nominal_id"', "nominal_id", "arrest_date", "5 Jan 2013"),
        ('"nominal_ref"', "nominal_ref", "Occurred On", "2013-01-05"),
    ):
        arrests = read(tmp_path, key, f"{person},incident_id,{date},offence\np,i,{day},robbery\n")
        assert day_to_date(arrests.last_day).isoformat() == "2013-01-05"
        assert arrests.person_ids.to_list() == ["p"]


def test_how_a_text_file_is_written(tmp_path):
    table = "Arrests\nof\n2013\nperson_id;incident_id;date;offence\nŁ;i;2013-01-05;robbery\n"
    assert read(tmp_path, 'encoding = "cp1250"', table.encode("cp1250")).person_ids.to_list() == ["Ł"]


def test_formats_of_dates_and_a_day_that_is_none(tmp_path):
    days = ["5-Jan-13", "05/01/2013 10:00", "1357387200", "1900-01-01", "2013-01-05"]
    rows = "".join(f"p{i},i,{day},robbery\n" for i, day in enumerate(days))
    arrests = read(tmp_path, '"%d-%b-%y"', f"person_id,incident_id,date,offence\n{rows}")
    assert len(arrests) == 5
    assert len(set(arrests.day.tolist())) == 2  # one of them no day


def test_rules_of_ids(tmp_path):
    table = "person_id,incident_id,date,offence\n0007:1,i,2013-01-05,robbery\n7,I,2013-01-05,robbery\n"
    assert read(tmp_path, "id_rules", table).person_ids.to_list() == ["7"]


def test_presets_and_sets_of_ones_own():
    assert example('preset = "fbi_index"') == Config()
    assert list(example("knife =").violent_offences) == ["robbery", "knife"]
    assert "which then are all the sets there are" in (ROOT / "docs" / "offences.md").read_text(encoding="utf-8")
    assert example("max_incident_size").network.max_incident_size == 1_000_000


def test_the_defaults_in_readme():
    section, found = "", 0
    for row in re.findall(r"^\| ?(\S*) \| (`[^|]*) \| ([^|]*) \| ", (ROOT / "README.md").read_text(), re.MULTILINE):
        section = row[0].strip("`") or section
        for key, value in zip(re.findall("`(.*?)`", row[1]), re.findall("`(.*?)`", row[2]), strict=False):
            given = tomllib.loads(f"{section}\n{key} = {value}")
            assert load_config(given) == Config(), key
            found += 1
    assert found == 16


@pytest.mark.parametrize("text", list(blocks("python")))
def test_python_runs_or_names_what_there_is(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute) and is_gpunet(node)}
    assert names <= {*gpunet.__all__}
    if "cluster" in text:
        return  # starts processes, which tests of their own do
    if "write_tables" not in text:
        write_tables("arrests", persons=300, seed=1)
    exec(compile(text.replace("1_000_000", "300"), "example", "exec"), {})


def is_gpunet(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "gpunet"


def commands() -> Iterator[Any]:
    """Every line of a block, and every piece of code in a sentence, that is a gpunet command."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = [line for found in _FENCED.finditer(text) if not found[2] for line in found[3].splitlines()]
        lines += re.findall(r"^    (gpunet .*)$", text, re.MULTILINE)
        lines += re.findall(r"`(gpunet [^`]*)`", _FENCED.sub("", text))
        for line in dict.fromkeys(" ".join(line.split()) for line in lines):
            if line.startswith("gpunet ") and not line.startswith("gpunet: "):
                yield pytest.param(shlex.split(line, comments=True)[1:], id=f"{page.name}: {line[:40]}")


@pytest.mark.parametrize("arguments", list(commands()))
def test_a_command_and_its_options_exist(arguments):
    command = typer.main.get_command(app)
    params, rest = [*command.params], list(arguments)
    while isinstance(command, typer.core.TyperGroup):  # of which one may lie in another
        name = next((one for one in rest if not one.startswith("-")), None)
        assert name in {*command.commands, "COMMAND", None}
        if name not in command.commands:
            break
        command, rest = command.commands[name], rest[rest.index(name) + 1 :]
        params += command.params
    known = {option for param in params for option in param.opts} | {"--help"}
    assert {one.partition("=")[0] for one in arguments if one[:2] == "--" != one} <= known
    if not isinstance(command, typer.core.TyperGroup) and {"..."}.isdisjoint(arguments):
        with command.make_context(str(command.name), rest, resilient_parsing=True):
            pass


def test_the_first_minutes_in_readme(tmp_path, monkeypatch):
    """But for those commands that take long, which have tests of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    lines = (ROOT / "README.md").read_text().partition("## First five minutes")[2].partition("\n## ")[0].splitlines()
    run = [shlex.split(line, comments=True) for line in lines if line.startswith(("gpunet synth", "gpunet check"))]
    assert len(run) == 2
    for _, *arguments in run:
        done = CliRunner().invoke(app, ["300" if one == "10000" else one for one in arguments])
        assert done.exit_code == 0, done.output
    assert "a run takes these tables as they are configured" in done.output
