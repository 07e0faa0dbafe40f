"""Whatever the writing of a table: the network of the clean one, a clear refusal, or a warning of what is lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import doctest
import json
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import Phase, assume, currently_in_test_context, find, given, note, settings
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.check import check_tables
from gpunet.cli.run import run_features
from gpunet.reading.date_formats import date_formats
from gpunet.synthetic import write_dirty_tables, write_tables
from gpunet.synthetic import writing as choices
from gpunet.synthetic.dirty import draw_writings
from gpunet.synthetic.dirty_files import write_table
from gpunet.synthetic.writing import Writing, fitting, input_settings
from tests.dirty_writings import (
    NUMBERS,
    OPTIONAL,
    SETS,
    Clean,
    cases,
    clean_tables,
    is_clear,
    reading,
    told,
    written,
)
from tests.examples import examples


@settings(max_examples=examples(200))
@given(cases)
def test_every_writing_is_read_with_its_configuration(case: tuple[pa.Table, Writing]) -> None:
    table, writing = case
    with tempfile.TemporaryDirectory() as folder:
        tables, of_input = written(table, writing, Path(folder)), input_settings([writing])
        note(f"{writing.changed()}\n{of_input}")
        arrests = reading(tables, of_input)
        assert not isinstance(arrests, str), arrests
        assert not Clean(table, writing).unlike(arrests)
    report = arrests.report
    assert report is not None
    assert sum(file.read for file in report.files) == sum(
        file.accepted + file.rejected + file.duplicate for file in report.files
    )
    assert {name.strip() for name in report.protected_columns} == set(writing.protected)
    without_date = {"missing_incident"} if writing.placeholder and writing.restarting else set()
    assert set(report.by_reason) <= {"missing_person", "malformed_row", *without_date}


def less(of_input: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], tuple[str, ...]]]:
    """The settings without one of them each, and what of an arrest cannot be told then; at last none."""
    for key, value in of_input.items():
        if key != "columns":
            yield key, {k: v for k, v in of_input.items() if k != key}, ()
            continue
        for column in value:
            columns = {ours: theirs for ours, theirs in value.items() if ours != column}
            if column != "force":  # without which incidents of several forces that have one number are one, untold
                yield f"columns.{column}", {**of_input, "columns": columns}, (column,)
    columns = {ours: theirs for ours, theirs in of_input.get("columns", {}).items() if ours == "force"}
    yield "", {"columns": columns}, OPTIONAL


def noted(text: str) -> None:
    """To be told of an example that fails."""
    if currently_in_test_context():
        note(text)


def shown(value: Any) -> str:
    """A parameter of a test in its name."""
    return str(value.changed() if isinstance(value, Writing) else value)


def without_settings(table: pa.Table, writing: Writing) -> Iterator[tuple[str, str]]:
    """What each setting is needed for: its name, and "refused", "told" or "read" without it. Nothing else may be."""
    clean = Clean(table, writing)
    with tempfile.TemporaryDirectory() as folder:
        tables, of_input = written(table, writing, Path(folder)), input_settings([writing])
        for key, present, without in less(of_input):
            noted(f"{writing.changed()}\n{of_input}\nwithout {key or 'all'}")
            arrests = reading(tables, present)
            if isinstance(arrests, str):
                assert is_clear(arrests, tables), arrests
                if key:
                    assert key.partition(".")[0] in arrests, arrests
                yield key, "refused"
            elif clean.unlike(arrests, tuple(set(without) & set(OPTIONAL))):
                about = [key] if key else list(of_input)
                assert any(name in text for name in about for text in told(arrests)), told(arrests)
                yield key, "told"
            else:
                yield key, "read"


@settings(max_examples=examples(100))
@given(cases)
def test_without_its_configuration_nothing_is_another_network_untold(case: tuple[pa.Table, Writing]) -> None:
    assert list(without_settings(*case))


def four_incidents_of_each_force_and_year() -> pa.Table:
    """As :func:`tests.dirty_writings.clean_tables` draws them."""
    rows: list[dict[str, Any]] = []
    for i in range(16):
        year, force = (2011, 2013)[i // 4 % 2], ("north", "south")[i // 2 % 2]
        number, day = 1 + i % 2 + i // 8 * 2, dt.date(year, 1 + 5 * i % 12, 1 + 9 * i % 28)
        for k in range(2 * i, 2 * i + 2 + i % 3):
            arrest = {"person_id": NUMBERS[k % len(NUMBERS)], "incident_id": f"{year}-{number:04}", "date": day}
            place = {"beat": ("1", "b;2", None)[k % 3], "gang": (None, "Reds, 1st", "Größe")[k % 3], "force": force}
            offences = [["murder"], ["THEFT"], [None], ["robbery - armed, knife", "arson"]][k % 4]
            rows += [{**arrest, "offence": offence, "district": f"D{len(rows):03}", **place} for offence in offences]
    return pa.Table.from_pylist(rows)


#: A writing, one of its settings, and what comes of it without that one; and without any.
NEEDED = [
    *((Writing(date=date), "date_format", "told", "told") for date in ("%d/%m/%Y", "%m/%d/%y")),
    (Writing(sentinel="X0"), "null_values", "told", "told"),
    (Writing(placeholder="1970-01-01"), "null_dates", "told", "told"),
    (Writing(ids="zeros"), "id_rules", "told", "told"),
    (Writing(restarting=True), "incident_key", "told", "told"),
    (Writing(encoding="cp850"), "encoding", "told", "read"),
    (Writing(separator=":"), "separator", "refused", "refused"),
    (Writing(kind="xlsx", two_sheets=True), "sheet", "refused", "refused"),
    (Writing(absent=("date",)), "columns.date", "refused", "refused"),
    *(
        (Writing(names=((column, choices.NAMES[column][0]),)), f"columns.{column}", "refused", "refused")
        for column in ("person_id", "incident_id", "date", "offence")
    ),
    *(
        (Writing(names=((column, choices.NAMES[column][0]),)), f"columns.{column}", "read", "read")
        for column in ("beat", "gang")
    ),
]


@pytest.mark.parametrize(("writing", "key", "outcome", "of_none"), NEEDED, ids=shown)
def test_each_setting_is_needed_for_something(writing: Writing, key: str, outcome: str, of_none: str) -> None:
    """Whatever is drawn above."""
    assert list(without_settings(four_incidents_of_each_force_and_year(), writing)) == [(key, outcome), ("", of_none)]


#: Writings that leave no doubt: they are read without any configuration.
CERTAIN = [
    *(Writing(packing=packing) for packing in choices.PACKINGS),
    *(Writing(kind=kind, packing="gz") for kind in choices.KINDS),
    *(Writing(kind=kind, packing="zip", ending="csv") for kind in choices.KINDS),
    *(Writing(separator=separator, separator_at_end=True) for separator in choices.FOUND_SEPARATORS),
    *(Writing(separator=";", blanks=True, quoted=quoted, sep_line=True) for quoted in (False, True)),
    *(Writing(encoding=encoding, titles=2, line_end="\r\n") for encoding in choices.FOUND_ENCODINGS),
    *(Writing(spelling=spelling) for spelling in choices.SPELLINGS),
    *(Writing(total=total, kind=kind) for total in choices.TOTALS for kind in ("csv", "xlsx")),
    *(Writing(null=null, nobody=True, repeats=True) for null in choices.NULL_WORDS),
    *(Writing(date=date, kind=kind) for date in choices.DATES[:3] for kind in choices.KINDS),
    *(Writing(date=date) for date in choices.DATES if "%Y-%m-%d" in date and "CST" not in date),
    *(Writing(ids=ids, kind=kind) for ids in ("number", "float", "suffix") for kind in choices.KINDS),
    Writing(padded=True, decomposed=True, protected=choices.PROTECTED, others=choices.OTHER_COLUMNS),
    Writing(folders=("month", "force"), line_end="\r"),
]


@pytest.fixture(scope="module")
def clean() -> pa.Table:
    return find(
        clean_tables(NUMBERS), lambda table: len(table) > 20, settings=settings(database=None, phases=[Phase.generate])
    )


@pytest.mark.parametrize("writing", CERTAIN, ids=shown)
def test_what_leaves_no_doubt_is_read_without_a_configuration(
    writing: Writing, clean: pa.Table, tmp_path: Path
) -> None:
    tables = written(clean, writing, tmp_path)
    arrests = reading(tables, {})
    assert not isinstance(arrests, str), arrests
    assert not Clean(clean, writing).unlike(arrests)


def answered(proposed: str, of_input: dict[str, Any]) -> dict[str, Any]:
    """The proposed configuration with those of its questions taken that are answered by the writing's own."""
    answers: dict[str, Any] = tomllib.loads(proposed).get("input", {})
    for line in proposed.splitlines():
        with suppress(tomllib.TOMLDecodeError):
            asked = tomllib.loads(line.removeprefix("# ")) if line.startswith("# ") else {}
            answers |= {key: value for key, value in asked.items() if is_answer(key, value, of_input)}
    return answers


def is_answer(key: str, value: Any, of_input: dict[str, Any]) -> bool:
    """Whether a setting says what the writing's own does: perhaps of an id by its rules, or with another format."""
    if key == "null_values" and key in of_input:
        (word,) = of_input[key]
        return value in ([word], [word.lower()], [word.replace(" ", "")])
    if key != "date_format" or key not in of_input:
        return bool(value == of_input.get(key))
    days = [dt.datetime(2011, 2, 3, 14, 5), dt.datetime(2013, 11, 12, 14, 5)]
    texts = pa.array([day.strftime(of_input[key].replace("%Z", "CST")) for day in days], pa.large_string())
    return of_input[key][0] == "%" and bool(
        (date_formats(value).parse(texts) == date_formats(of_input[key]).parse(texts)).all()
    )


#: Settings that a proposed configuration asks about, where it does not know.
ASKED = {"null_values", "null_dates", "id_rules", "incident_key"}


def check_proposes(table: pa.Table, writing: Writing) -> None:
    of_input = input_settings([writing])
    without = tuple(c for c in OPTIONAL if c in dict(writing.names))
    with tempfile.TemporaryDirectory() as folder:
        tables = written(table, writing, Path(folder))
        questions = ASKED & set(of_input)
        chosen: dict[str, Any] = {}
        for _ in range(2 if questions else 1):  # what is answered may show what else there is to ask
            _, proposed = check_tables([str(tables)], {"input": chosen, "violent_offences": SETS})
            noted(f"{writing.changed()}\n{of_input}\n{proposed}")
            chosen = answered(proposed, of_input if questions else {})
        arrests = reading(tables, chosen)
        assert not isinstance(arrests, str), arrests
        assert not Clean(table, writing).unlike(arrests, without)


@settings(max_examples=examples(100))
@given(cases)
def test_check_proposes_what_reads_the_tables(case: tuple[pa.Table, Writing]) -> None:
    table, writing = case
    assume(not {"separator", "encoding", "sheet"} & set(input_settings([writing])))
    assume("force" not in dict(writing.names))
    check_proposes(table, writing)


@pytest.mark.parametrize(
    ("writing", "asks"),
    [
        *((Writing(date=date, names=(("date", "Arrest Date"),)), False) for date in ("%Y-%m-%d", "%d/%m/%Y")),
        (Writing(sentinel="X0"), True),
        (Writing(placeholder="1970-01-01"), True),
        (Writing(ids="zeros"), True),
        (Writing(restarting=True, sentinel="X0"), True),
    ],
    ids=shown,
)
def test_check_proposes_with_questions_and_without(writing: Writing, asks: bool) -> None:
    """Whatever is drawn above."""
    assert bool(ASKED & set(input_settings([writing]))) == asks
    check_proposes(four_incidents_of_each_force_and_year(), writing)


def test_dirty_tables_have_the_features_of_the_clean_ones(tmp_path: Path) -> None:
    dirty, runner = tmp_path / "dirty", CliRunner()
    done = runner.invoke(app, ["synth", "--dirty", "--persons", "300", "--seed", "3", "--out", str(dirty)])
    assert done.exit_code == 0, done.output
    assert f"gpunet check {dirty / 'tables'} --config {dirty / 'config.toml'}" in done.output
    write_tables(tmp_path / "clean", persons=300, seed=3)
    run_features(tmp_path / "clean", tmp_path / "a")
    manifest = run_features(dirty / "tables", tmp_path / "b", dirty / "config.toml")
    clean, found = (pl.read_parquet(tmp_path / name / "features.parquet") for name in ("a", "b"))
    # Louvain visits persons in the order of the files, which are others here.
    alike = [name for name in clean.columns if not name.startswith(("group_", "community_"))]
    assert_frame_equal(found.with_columns(pl.col("person_id").cast(pl.Int64)).select(alike), clean.select(alike))
    troubles = json.loads((dirty / "troubles.json").read_text())
    files = manifest["input"]["files"]
    assert sorted(Path(file["name"]).relative_to(dirty).as_posix() for file in files) == sorted(
        file["file"] for file in troubles["files"]
    )
    assert sum(file["rows"]["read"] for file in files) == sum(
        file["rows"] + ("total" in file["writing"]) for file in troubles["files"]
    )


def test_few_files_have_every_trouble_and_the_same_seed_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_dirty_tables(tmp_path / name, persons=100, seed=seed)
    a, b, c = ({p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*") if p.is_file()}
               for name in "abc")  # fmt: skip
    assert a == b
    assert a != c
    made = draw_writings(60, 1)
    assert {one.kind for one in made} == set(choices.KINDS)
    assert {one.packing for one in made} == set(choices.PACKINGS)
    assert {one.separator for one in made} == set(choices.FOUND_SEPARATORS)
    assert {one.encoding for one in made} == set(choices.FOUND_ENCODINGS)
    assert {one.spelling for one in made} == set(choices.SPELLINGS)
    assert {one.null for one in made} == set(choices.NULL_WORDS)
    assert {one.date for one in made} >= set(choices.DATES)
    assert set(Writing().changed()) == set()
    plain = {name for one in made for name in one.changed()}
    assert plain >= {field.name for field in dataclasses.fields(Writing)} - {"absent", "restarting"}


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("mine")
    with pytest.raises(InputError, match="already holds files"):
        write_dirty_tables(tmp_path, persons=100)
    assert [path.name for path in tmp_path.iterdir()] == ["here.txt"]


@pytest.mark.parametrize("function", [fitting, input_settings, write_table, write_dirty_tables])
def test_examples_run(function: Any, tmp_path: Path) -> None:
    names = {"pa": pa, "date": dt.date, "folder": tmp_path, "Writing": Writing, function.__name__: function}
    (example,) = doctest.DocTestFinder(recurse=False).find(function, globs=names)
    told: list[str] = []
    doctest.DocTestRunner().run(example, out=told.append)
    assert example.examples
    assert not told, "".join(told)
