"""Columns in the names of folders, ``force=met/month=2013-01``, and persons who are known within their force alone."""

from __future__ import annotations

import datetime as dt
import tempfile
import unicodedata
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty_tables import COLUMNS
from hypothesis import given, settings
from hypothesis import strategies as st
from packaged_tables import written
from reading_at import HOMES, assert_same
from reading_at import read_everywhere as read_arrests
from reading_naive import decoded, rejections

from gpunet.base.errors import ConfigError, InputError, UnreadableFile
from gpunet.config.config import Config, InputConfig
from gpunet.reading import direct
from gpunet.reading.folder_keys import keys_of
from gpunet.reading.partition import plan_partitions, read_partition
from gpunet.reading.read import read_arrests as host_arrests
from gpunet.reading.read import read_arrests_at
from gpunet.reading.sources import find_sources
from tests.examples import examples

KINDS = ("csv", "parquet", "feather", "xlsx", "csv.gz")
HEADER = ("person_id", "incident_id", "date", "offence")
ROWS = (("p1", "i1", "2013-01-05", "robbery"), ("p2", "i1", "2013-01-05", "theft"))


def table_at(folder: Path, kind: str = "csv", rows: Any = ROWS, header: Any = HEADER, name: str = "a") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    kind, _, packing = kind.partition(".")
    return written(folder, name, (header, *rows), kind, packing)


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("force=met/month=2013-01/a.parquet", (("force", "met"), ("month", "2013-01"))),
        ("/data/force=west%20midlands/a=b=c/x=1.csv", (("force", "west midlands"), ("a", "b=c"))),
        ("force=__HIVE_DEFAULT_PARTITION__/beat=/a.csv", (("force", None), ("beat", None))),
        ("a%2Fb=100%/c=%FF/a.csv", (("a/b", "100%"), ("c", "%FF"))),
        ("=x/plain/a.csv", ()),
        ("Stra\u0308sse=e\u0301/a.csv", (("Str\u00e4sse", "\u00e9"),)),
    ],
)
def test_keys_of_a_path(path: str, keys: tuple[tuple[str, str | None], ...]) -> None:
    assert keys_of(PurePosixPath(path)) == keys


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_columns(kind: str, tmp_path: Path) -> None:
    for force in ("met", "west%20midlands", "__HIVE_DEFAULT_PARTITION__"):
        for month in ("2013-01", "2013-02"):
            table_at(tmp_path / f"force={force}" / f"month={month}", kind)
    arrests = read_arrests(tmp_path)
    assert arrests.report.ignored_columns == ("month",)
    assert [row[:3] for row in decoded(arrests)] == [
        (person, "i1", force) for person in ("p1", "p2") for force in ("", "met", "west midlands")
    ]
    assert [f.duplicate for f in arrests.report.files] == [0, 2] * 3
    by_month = read_arrests(tmp_path, {"input": {"incident_key": ["month", "force", "incident_id"]}})
    assert (by_month.n_incidents, len(by_month), by_month.report.ignored_columns) == (6, 12, ())
    for given_path in (f"{tmp_path}/*/month=2013-01/*", tmp_path / "force=met"):
        assert "met" in read_arrests(given_path).force_names.to_list()


def test_only_the_path_as_it_is_given_has_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table_at(tmp_path / "force=met" / "beat=7")
    monkeypatch.chdir(tmp_path / "force=met")
    arrests = read_arrests(".")
    assert (arrests.force_names.to_list(), arrests.beat_names.to_list()) == ([""], ["7"])


def test_keys_are_named_as_columns_are(tmp_path: Path) -> None:
    """Case and hyphens do not count; they may have names of their own, be required, and be protected."""
    folder = tmp_path / "Incident-ID=7" / "agency=met" / "race=B" / "Date=2013-01-05"
    path = table_at(folder, header=("person_id", "offence"), rows=[("p1", "robbery")])
    arrests = read_arrests(path, {"input": {"columns": {"force": "Agency"}}})
    assert decoded(arrests) == [("p1", "7", "met", dt.date(2013, 1, 5), ("robbery",), None, None, None)]
    assert arrests.report.protected_columns == ("race",)
    with pytest.raises(ConfigError, match="protected"):
        read_arrests(path, {"input": {"columns": {"gang": "race"}}})
    assert read_arrests(path).report.ignored_columns == ("agency",)


def test_all_that_is_read_may_be_in_names(tmp_path: Path) -> None:
    folder, config = tmp_path / "person_id=p" / "incident_id=i" / "date=2013-01-05", {"columns": {"offence": ""}}
    for kind in KINDS:
        path = table_at(folder, kind, header=("offence", "x"), rows=[("theft", "1")] * 3)
        (file,) = read_arrests(path, {"input": config}).report.files
        assert (file.read, file.accepted, file.duplicate) == (3, 1, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_and_a_folder_have_to_agree(kind: str, tmp_path: Path) -> None:
    header = (*HEADER, "Force")
    rows = [(*ROWS[0], "met"), (*ROWS[1], None), ("p3", "i1", "2013-01-05", "theft", " ")]
    path = table_at(tmp_path / "force=met", kind, rows, header)
    arrests = read_arrests(path)
    assert [row[2] for row in decoded(arrests)] == ["met"] * 3
    path = table_at(tmp_path / "force=met", kind, [*rows, ("p4", "i1", None, None, "kent")], header)
    with pytest.raises(UnreadableFile, match=r'the folder is named "force=met", but its column "Force" has "aaaa"'):
        read_arrests(path)
    path = table_at(tmp_path / "force=__HIVE_DEFAULT_PARTITION__", kind, rows, header)
    with pytest.raises(UnreadableFile, match=r'the folder is named "force=", but its column "Force" has "aaa"'):
        read_arrests(path)
    config = {"input": {"columns": {"force": "agency"}}}
    assert read_arrests(path, config).force_names.to_list() == [""]  # a column that is not read is not looked at


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("district=07", pa.array([7, None])),
        ("district=7", pa.array([7.0, float("nan")])),
        ("date=2013-01-05", pa.array([dt.date(2013, 1, 5), None])),
        ("date=2013-01-05", pa.array([dt.datetime(2013, 1, 5, 10), dt.datetime(2013, 1, 5)])),
        ("date=2013-01-05", pa.array(["2013-01-05 10:00", None])),
        ("gang=Cafe\u0301", pa.array(["Caf\u00e9", " Caf\u00e9"])),
        ("gang=Reds", pa.array(["Reds", None]).dictionary_encode()),
        ("gang=Reds", pa.array([" Reds ", "N/A"])),
    ],
    ids=str,
)
def test_what_agrees(key: str, values: pa.Array, tmp_path: Path) -> None:
    folder = tmp_path / key
    folder.mkdir()
    base = {"person_id": ["p", "q"], "incident_id": ["i", "i"], "date": ["2013-01-05"] * 2, "offence": ["x"] * 2}
    pq.write_table(pa.table({**base, key.partition("=")[0]: values}), folder / "a.parquet")
    arrests = read_arrests(tmp_path)
    assert len(arrests) == 2
    assert [row[3] for row in decoded(arrests)] == [dt.date(2013, 1, 5)] * 2


@pytest.mark.parametrize("path", ["force=met/force=met", "force=met/x/Force=kent", "a-b=1/A_B=2"])
def test_two_keys_alike(path: str, tmp_path: Path) -> None:
    with pytest.raises(
        UnreadableFile, match=r'two of its folders have names that begin alike, ".*=" and ".*=": rename one'
    ):
        read_arrests(table_at(tmp_path / path))


def test_files_that_disagree_are_left_out_with_keep_going(tmp_path: Path) -> None:
    table_at(tmp_path / "force=met")
    table_at(tmp_path / "force=kent", rows=[(*ROWS[0], "met")], header=(*HEADER, "force"))
    arrests = read_arrests(tmp_path, keep_going=True)
    assert ([file.accepted for file in arrests.report.files], len(arrests.report.skipped)) == ([2], 1)


def test_an_empty_file_in_a_folder_with_keys(tmp_path: Path) -> None:
    (tmp_path / "force=met").mkdir()
    (tmp_path / "force=met" / "a.csv").touch()
    table_at(tmp_path / "force=kent")
    assert read_arrests(tmp_path).force_names.to_list() == ["kent"]


def test_rejected_rows_have_the_folders_values(tmp_path: Path) -> None:
    table_at(tmp_path / "force=met", rows=[*ROWS, (None, "i2", None, "theft")])
    arrests = read_arrests(tmp_path)
    assert rejections(arrests) == [(f"{tmp_path.as_posix()}/force=met/a.csv", 3, "missing_person")]
    assert arrests.report.rejected["force"].to_list() == ["met"]


def test_slices_of_a_file_have_the_keys_of_the_whole(tmp_path: Path) -> None:
    folder = tmp_path / "force=met" / "month=1"
    folder.mkdir(parents=True)
    columns = [[f"p{k}" for k in range(100)], ["i"] * 100, ["2013-01-05"] * 100, ["theft"] * 100]
    pq.write_table(pa.table(columns, names=HEADER), folder / "a.parquet", row_group_size=10)
    plan = plan_partitions(find_sources([tmp_path], InputConfig(), []), 500)
    assert len(plan) > 1
    parts = [read_partition(i, pieces, Config(), dt.date(2020, 1, 1)) for i, pieces in enumerate(plan)]
    assert sum(part.note.rows for part in parts) == 100
    assert {force for part in parts for force in part.note.names["force"]} == {"met"}
    assert not any(part.note.no_force for part in parts)


def test_a_device_leaves_files_whose_folders_have_columns_to_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "_DIRECT_BYTES", 0)
    seen: list[str] = []
    location = HOMES["polars"]
    read = type(location).read_parquet

    def noted(self: Any, path: Path, columns: Any) -> Any:
        seen.append(path.parent.name)
        return read(self, path, columns)

    monkeypatch.setattr(type(location), "read_parquet", noted)
    for key in ("force=met", "month=1"):
        table_at(tmp_path / key, "parquet")
    assert_same(read_arrests_at(location, tmp_path), host_arrests(tmp_path))
    assert seen == ["month=1"]


_characters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
_value = st.text(_characters, min_size=1, max_size=8).map(partial(unicodedata.normalize, "NFC")).filter(str.strip)


@settings(max_examples=examples(40), deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("ij"), st.sampled_from(["2013-01-05", None]),
                            st.sampled_from(["robbery", "theft"])), min_size=1, max_size=6),
    values=st.lists(st.tuples(_value, _value), min_size=1, max_size=3, unique=True),
    kind=st.sampled_from(KINDS),
)  # fmt: skip
def test_keys_are_as_good_as_columns(rows: list[Any], values: list[tuple[str, str]], kind: str) -> None:
    """Any values, written as partitioned tables have them, against the same as columns of one table."""
    config = {"input": {"incident_key": ["month", "force", "incident_id"], "person_scope": "force"}}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for force, month in values:
            keys = f"{len(paths)}/force={quote(force, safe='')}/month={quote(month, safe='')}"
            paths.append(table_at(Path(folder) / keys, kind, rows))
        found = host_arrests(paths, config)
    columns = {name: [row[k] for _ in values for row in rows] for k, name in enumerate(HEADER)}
    for k, name in enumerate(("force", "month")):
        columns[name] = [value[k] for value in values for _ in rows]
    wanted = host_arrests(pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()}), config)
    assert decoded(found) == decoded(wanted)
    assert found.incident.tolist() == wanted.incident.tolist()
    assert sum(f.accepted for f in found.report.files) == wanted.report.files[0].accepted


# Persons within their force


def test_persons_within_forces_need_a_force(tmp_path: Path) -> None:
    path, config = table_at(tmp_path), {"input": {"person_scope": "force"}}
    with pytest.raises(
        InputError, match=r'person_scope = "force", but no row has a force: .*columns\.force = "force".*or'
    ):
        read_arrests(path, config)
    with pytest.raises(InputError, match=r'columns\.force = "agency"'):
        read_arrests(path, {"input": {**config["input"], "columns": {"force": "agency"}}})
    blank = table_at(tmp_path / "blank", header=(*HEADER, "force"), rows=[(*row, " ") for row in ROWS])
    with pytest.raises(InputError, match="no row has a force"):
        read_arrests([path, blank], config)
    one = table_at(tmp_path / "force=met")
    assert read_arrests([path, one], config).person_ids.to_list() == [":p1", ":p2", "met:p1", "met:p2"]
    empty = table_at(tmp_path / "empty", rows=[])
    assert len(read_arrests(empty, config)) == 0


def test_columns_of_all_names_are_keys(tmp_path: Path) -> None:
    """Every column of ours may be a folder's."""
    values = {"district": "9", "beat": "7", "gang": "Reds", "force": "met"}
    path = table_at(tmp_path.joinpath(*(f"{name}={value}" for name, value in values.items())))
    row = decoded(read_arrests(path))[0]
    assert row[5:] == ("met/9", "met/7", "Reds")
    assert set(values) == set(COLUMNS) - set(HEADER)
