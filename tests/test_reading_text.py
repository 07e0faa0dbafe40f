"""Text files as programs write them: read as the clean table is, or refused with a sentence."""

from __future__ import annotations

import codecs
import gzip
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from dirty_tables import CONFIG, DATES, Row, write_csv
from hypothesis import example, given
from hypothesis import strategies as st
from reading_naive import decoded

from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import ConfigError, InputError, UnreadableFile
from gpunet.config.config import load_config
from gpunet.reading import delimited, encodings, read_arrests, totals
from gpunet.reading.files import open_file
from gpunet.reading.sources import find_sources

COLUMNS = ("person_id", "incident_id", "date", "offence", "note", "gang")
HEADER = "person_id,incident_id,date,offence\n"
ROWS = "p1,i1,2013-01-05,ROBBERY\np2,i1,2013-01-05,THEFT\np2,i2,2013-02-05,THEFT\np3,i2,2013-02-05,HOMICIDE\n"
TABLE = HEADER + ROWS


def notes_of(path: Path, **settings: Any) -> list[str]:
    """What is noted of a file once it was read."""
    config = load_config({"input": settings}).input
    file = open_file(find_sources([path], config, [])[0], config)
    for _ in file.batches({"person_id": next(iter(file.types))}):
        pass
    return file.notes


def written(tmp_path: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rejected(arrests: Arrests) -> list[tuple[int, str, str | None]]:
    assert arrests.report is not None
    frame = arrests.report.rejected
    columns = [frame.get_column(c).to_list() for c in ("row_number", "reason", "line")]
    return list(zip(*columns, strict=True))


# Every way of writing


@dataclass(frozen=True)
class Writing:
    """How a table is written; ``by_name``: whether the configuration has to name the encoding."""

    separator: str = ","
    sep_line: bool = False
    titles: tuple[str, ...] = ()
    encoding: str = "utf-8"
    newline: str = "\n"
    quote_all: bool = False
    blanks: bool = False
    end_of_header: bool = False
    end_of_rows: bool = False
    rule: bool = False
    total: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def by_name(self) -> bool:
        return self.encoding in ("latin-1", "mac_roman", "cp037")

    def write(self, rows: list[Row]) -> bytes:
        lines = [*([f"sep={self.separator}"] if self.sep_line else []), *self.titles]
        lines.append(self._line(COLUMNS, self.end_of_header))
        if self.rule:
            lines.append(self._line(["-" * 9] * len(COLUMNS), self.end_of_rows))
        lines += [self._line([row[c] or "" for c in COLUMNS], self.end_of_rows) for row in rows]
        if self.total:
            lines.append(self._line([*self.total, *[""] * (len(COLUMNS) - len(self.total))], self.end_of_rows))
        return "".join(line + self.newline for line in (*lines, *self.after)).encode(self.encoding)

    def _line(self, values: Any, end: bool) -> str:
        between = self.separator + " " * self.blanks
        return between.join([*map(self._value, values), *[""] * end])

    def _value(self, text: str) -> str:
        if self.quote_all or any(c in text for c in (self.separator, '"', "\n", "\r")) or text != text.strip(" "):
            return '"' + text.replace('"', '""') + '"'
        return text


TITLES = ("Arrest report", "Generated 2013-03-01", "", 'Force: "North", of 2013; all | each', "\tdraft", '5" x')

writings = st.builds(
    Writing,
    separator=st.sampled_from(",;\t|^~\x1f"),
    sep_line=st.booleans(),
    titles=st.lists(st.sampled_from(TITLES), max_size=4).map(tuple),
    encoding=st.sampled_from(
        [
            "utf-8",
            "utf-8-sig",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-32-be",
            "cp1252",
            "latin-1",
            "mac_roman",
        ]
    ),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    quote_all=st.booleans(),
    blanks=st.booleans(),
    end_of_header=st.booleans(),
    end_of_rows=st.booleans(),
    rule=st.booleans(),
    total=st.sampled_from([(), ("Total", "4"), ("Grand total:", "", "", "4"), ("rows: 4",), ("(4 rows affected)",)]),
    after=st.sampled_from([(), ("",), ("", ""), ("\x1a",)]),
)

values = st.sampled_from(
    [
        "p1",
        "p2",
        "Zoë",
        "a;b",
        'q"x',
        '"',
        "x,y",
        "t\tu",
        "l\nm",
        "r\rs",
        "|",
        "~^",
        "7",
        "007",
        "",
        "it's",
        "- -",
        "Total x",
    ]
)
table_rows = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": values,
            "incident_id": values,
            "date": st.sampled_from(["", "nonsense", *DATES[:6]]),
            "offence": st.one_of(values, st.sampled_from(["murder", "ROBBERY - ARMED"])),
            "note": values,
            "gang": values,
        }
    ),
    max_size=12,
)


def contents(arrests: Arrests) -> list[tuple[Any, ...]]:
    """The arrests, without the blanks around their texts."""
    rows = [tuple(v.strip() if isinstance(v, str) else v for v in row) for row in decoded(arrests)]
    return sorted(rows, key=repr)


@given(table_rows, writings, st.sampled_from([64, 1 << 14]), st.sampled_from([1 << 10, 1 << 20]))
@example([], Writing(total=("Total", "4")), 64, 1 << 10)
@example([], Writing(separator=";", blanks=True, end_of_rows=True, rule=True), 64, 1 << 10)
def test_a_table_is_read_the_same_however_it_is_written(
    rows: list[Row], writing: Writing, tail: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(totals, "_TAIL", tail)
        patch.setattr(delimited, "_BLOCK_BYTES", block)
        patch.setattr(delimited, "_CHUNK_BYTES", block)
        patch.setattr(encodings, "_CHUNK_BYTES", block)
        clean = read_arrests(write_csv(Path(folder) / "clean.csv", rows, COLUMNS), CONFIG)
        path = written(Path(folder), writing.write(rows))
        settings = {"encoding": writing.encoding} if writing.by_name else {}
        found = read_arrests(path, {**CONFIG, "input": settings})
    assert contents(found) == contents(clean)
    assert clean.report is not None
    assert found.report is not None
    of_total = [(len(rows) + 1, "malformed_row")] if writing.total else []
    assert [r[:2] for r in rejected(found)] == [r[:2] for r in rejected(clean)] + of_total
    before, after = clean.report.files[0], found.report.files[0]
    assert (after.accepted, after.duplicate) == (before.accepted, before.duplicate)
    assert any("which is a total" in note for note in found.report.notes) == bool(writing.total)


@given(
    st.lists(
        st.sampled_from(
            [*HEADER.strip().split(","), *'",;\t|\n\r \x1a', "sep=;", "Total", "4", "p1", "2013-01-05", "é", "---"]
        ),
        max_size=60,
    ),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_any_text_is_read_or_refused(pieces: list[str], headed: bool, encoding: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), (HEADER * headed + "".join(pieces)).encode(encoding))
        try:
            arrests = read_arrests(path)
        except UnreadableFile:
            return
    assert arrests.report is not None
    file = arrests.report.files[0]
    assert file.read == file.accepted + file.rejected + file.duplicate
    assert [number for number, *_ in rejected(arrests)] == sorted({number for number, *_ in rejected(arrests)})


# What is noted


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (TABLE, []),
        (TABLE.replace(",", ";"), ['separated by ";"']),
        (TABLE.replace(",", "\t"), ["separated by tabs"]),
        (TABLE.replace(",", "\x1f"), ['separated by "\\u001f"']),
        ('"sep=:"\n' + TABLE.replace(",", ":"), ['separated by ":"']),
        ("Arrests\n\n" + TABLE, ["1 line before the header was skipped"]),
        ("\n\n" + TABLE, []),
        ("Arrests\nof 2013\n" + TABLE, ["2 lines before the header were skipped"]),
        (HEADER + ROWS.replace("\n", ",\n"), ["a comma at the end of each line"]),
        (TABLE.replace("\n", ",\n"), ["a comma at the end of each line"]),
        (TABLE.replace("\n", "|||\n").replace(",", "|"), ['separated by "|"', '"|" at the end of each line']),
        (HEADER.replace("\n", ",,\n") + ROWS, ["a comma at the end of the header"]),
        (HEADER + "------,------,------,------\n" + ROWS, ["a line of dashes under the header was skipped"]),
        (TABLE.replace("ROBBERY", ' "ROBBERY, ARMED"'), ["blanks before quotation marks were left out"]),
        (TABLE.encode("utf-16-be"), ["UTF-16 without a mark"]),
        (TABLE.encode("utf-32-le"), ["UTF-32 without a mark"]),
        (TABLE.encode("utf-16"), []),
    ],
)
def test_what_is_not_plain_is_noted(content: str | bytes, notes: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, content)
    assert notes_of(path) == notes
    assert len(read_arrests(path)) == 4


def test_what_the_configuration_says_is_not_noted(tmp_path: Path) -> None:
    path = written(tmp_path, "Arrests\n" + TABLE.replace(",", ";"))
    assert notes_of(path, separator=";", skip_lines=1) == []


# Rows


def test_rows_with_something_beyond_the_last_separator_are_malformed(tmp_path: Path) -> None:
    lines = ["p1,i1,,robbery,", "p2,i1,,theft,x", "p3,i1,,", "p4,i1,,theft, ", 'p5,i1,,"theft, petty",', "p6,i1,,,,"]
    path = written(tmp_path, HEADER + "\n".join(lines * 40))
    arrests = read_arrests(path)
    assert arrests.person_ids.to_list() == ["p1", "p4", "p5"]
    expected = [(6 * i + k, "malformed_row", lines[k - 1]) for i in range(40) for k in (2, 3, 6)]
    assert rejected(arrests) == expected


def test_a_malformed_row_is_numbered_the_same_with_a_separator_at_line_ends(tmp_path: Path) -> None:
    rows = ["p1,i1,,a,", ",i1,,a,", "p1", "p2,i1,,a,", "p3,i1,nonsense,a,", "p4,i1,,a,x", "p5,,,a,"]
    arrests = read_arrests(written(tmp_path, HEADER + "\n".join(rows)))
    assert [r[:2] for r in rejected(arrests)] == [
        (2, "missing_person"), (3, "malformed_row"), (5, "bad_date"), (6, "malformed_row"), (7, "missing_incident"),
    ]  # fmt: skip


def test_a_value_that_holds_the_separator_misleads_nobody(tmp_path: Path) -> None:
    text = 'person_id,incident_id,date,"offence; or ""law"""\n' + '"a;b;c;d",i1,,"x;y;z;w"\n' * 3
    arrests = read_arrests(written(tmp_path, text), {"input": {"columns": {"offence": 'offence; or "law"'}}})
    assert arrests.person_ids.to_list() == ["a;b;c;d"]


def test_titles_may_have_stray_marks_and_separators(tmp_path: Path) -> None:
    path = written(tmp_path, '"Arrests; 2013\nperson_id;seen\n\n' + TABLE)
    assert read_arrests(path).person_ids.to_list() == ["p1", "p2", "p3"]


def test_names_of_the_configuration_find_the_header(tmp_path: Path) -> None:
    columns = {"person_id": ["Nominal", "Mni"], "incident_id": "Case No", "date": "On", "offence": "Law"}
    path = written(tmp_path, "Title; of it\nMNI;case no;on;law\np1;i1;;x\np2;i1;;x\n")
    assert read_arrests(path, {"input": {"columns": columns}}).person_ids.to_list() == ["p1", "p2"]


def test_a_header_of_a_column_that_is_absent_is_found_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, "Title\n\nperson_id;incident_id;date\np1;i1;2013-01-01\n")
    with pytest.raises(
        UnreadableFile, match=r'no column "offence".*Columns there: "person_id", "incident_id", "date"$'
    ):
        read_arrests(path)


def test_columns_are_listed_also_where_none_is_known(tmp_path: Path) -> None:
    path = written(tmp_path, "Title, of it\nnominal;case;day;law\np1;i1;2013-01-05;a, b\np2;i2;2013-01-05;x\n")
    with pytest.raises(UnreadableFile, match=r'columns.person_id = "nominal".*"nominal", "case", "day", "law"$'):
        read_arrests(path)


# Totals


@pytest.mark.parametrize(
    "line",
    [
        "Total,4,,", "TOTALS,,,4", "Grand total:,4,,", "Sub-Total,4,,", "Sum,4,,", "rows: 4,,,", "Row count,4,,",
        "Summe,4,,", "(4 rows affected)", "4 record(s) selected.,,,", "Gesamt,4,,", 'Total arrests,"1,234",,',
        '"Total","4","",""',
        "Total", "Number of records = 4,,,", ",,Total,4",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["", "\n", "\n\n,,,\n,,,\n", "\r\n\x1a"])
def test_a_total_at_the_end_is_no_person(line: str, end: str, tmp_path: Path) -> None:
    arrests = read_arrests(written(tmp_path, TABLE + line + end))
    assert arrests.person_ids.to_list() == ["p1", "p2", "p3"]
    assert rejected(arrests)[0] == (5, "malformed_row", line)
    assert arrests.report is not None
    assert any("rejected as malformed_row" in note for note in arrests.report.notes)


def test_totals_may_be_several_and_have_lines_after_them(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE + "Subtotal,4,,\n\nTotal,4,,\nGenerated 2013-03-01\n")
    arrests = read_arrests(path)
    assert [(number, line) for number, _, line in rejected(arrests)] == [
        (5, "Subtotal,4,,"), (6, "Total,4,,"), (7, "Generated 2013-03-01")
    ]  # fmt: skip
    assert arrests.report is not None
    note = "the last 3 rows, which are totals, were rejected as malformed_row"
    assert arrests.report.notes == (f"{path.as_posix()}: {note}",)


@pytest.mark.parametrize(
    "line",
    [
        "Total,i9,,",
        "Total,9,2013-01-01,theft",
        "Totally,9,,",
        "Sum,9,20130101,9",
        "Summers,9,,",
        "TOTAL7,9,,",
        "rows,i9,,",
        "9,9,,",
    ],
)
def test_what_may_be_a_person_is_one(line: str, tmp_path: Path) -> None:
    arrests = read_arrests(written(tmp_path, TABLE + line))
    assert line.split(",")[0] in arrests.person_ids.to_list()
    assert rejected(arrests) == []


def test_a_total_is_sought_at_the_end_alone(tmp_path: Path) -> None:
    arrests = read_arrests(written(tmp_path, HEADER + "Total,4,,\n" + ROWS))
    assert "Total" in arrests.person_ids.to_list()


@pytest.mark.parametrize("end", ['"', ""])
def test_a_line_within_quotation_marks_is_no_total(end: str, tmp_path: Path) -> None:
    arrests = read_arrests(written(tmp_path, f'{TABLE}p4,i4,,"x\nTotal,4,,{end}'))
    assert arrests.person_ids.to_list() == ["p1", "p2", "p3", "p4"]
    assert rejected(arrests) == []


def test_totals_after_many_rows_and_many_empty_ones(tmp_path: Path) -> None:
    rows = "".join(f"p{i},i{i // 2},,theft\n" for i in range(200_000))
    path = written(tmp_path, HEADER + rows + "Total,200000,,\n" + ",,,\n" * 5000)
    arrests = read_arrests(path)
    assert (len(arrests), arrests.n_persons) == (200_000, 200_000)
    assert rejected(arrests)[0] == (200_001, "malformed_row", "Total,200000,,")
    assert len(rejected(arrests)) == 5001


def test_a_table_of_a_total_alone_has_no_rows(tmp_path: Path) -> None:
    arrests = read_arrests(written(tmp_path, HEADER + "Total,0,,\n"))
    assert (len(arrests), rejected(arrests)) == (0, [(1, "malformed_row", "Total,0,,")])


# What is refused

KINDS = {
    "<!DOCTYPE html>\n<html>": "an HTML page",
    "\n\n  <HTML><body>": "an HTML page",
    '<?xml version="1.0"?>\n<!DOCTYPE html>\n<html lang="en">': "an HTML page",
    "<table><tr><td>person_id</td>": "an HTML page",
    '<?xml version="1.0"?>\n<rows><row/></rows>': "XML",
    '<rows n="1">\n <row>': "XML",
    '{"person_id": 1}\n': "JSON",
    '[{"person_id": 1}]': "JSON",
    "From: Desk <desk@example.org>\nSubject: arrests\n": "an e-mail",
    "Received: by mail\n": "an e-mail",
    "version https://git-lfs.github.com/spec/v1\noid sha256:0": "a pointer of Git LFS",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("content", KINDS)
def test_what_is_no_table_is_called_by_its_name(content: str, encoding: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=rf"a\.csv: this is {KINDS[content]}.*, not a table: \w+"):
        read_arrests(written(tmp_path, content.encode(encoding)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            "p1;i1;2013-01-05;ROBBERY\n" * 3,
            r"no header, as line 1 has dates.*such as person_id,incident_id,date,offence",
        ),
        ("x\n\n1,2,3\n4,5,6\n", "no header, as line 3 has dates"),
        (TABLE.replace(",", " "), r'separated by blanks: .* set \[input\] separator = " "'),
        (TABLE.replace(",", "   "), "separated by blanks: save the table as CSV$"),
        ("".join(f'"{line}"\n' for line in TABLE.splitlines()), "each line stands within quotation marks as a whole"),
        (HEADER + ROWS.replace(",", "','").replace("p", "'p"), "within single quotation marks"),
        (HEADER + "".join(f'"{line}"\n' for line in ROWS.splitlines()), "within quotation marks as a whole"),
        (HEADER + ROWS.replace(",", ";"), 'rows are separated by ";" and the header is separated by ","'),
        (HEADER + "1,p1,i1,2013-01-05,x\n2,p2,i1,2013-01-05,\n3,p2,i1,2013-01-05,\n", "rows begin with their number"),
        (TABLE + "p4,\0,,\n", r"byte 136 is NUL.*\[input\] encoding"),
        (TABLE.encode("utf-16-le") + b"\0\0", "NUL characters"),
        (TABLE.encode("utf-16-le") + b"a", "not utf-16-le throughout"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(content: str | bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read_arrests(written(tmp_path, content))


# What the configuration says


def test_a_separator_of_blanks_has_to_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE.replace(",", " "))
    assert len(read_arrests(path, {"input": {"separator": " "}})) == 4


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"separator": "|"}, 'separator = ";", or leave it out'),
        ({"skip_lines": 1}, "skip_lines = 2, or leave it out"),
        ({"skip_lines": 99}, "skip_lines = 2, or leave it out"),
        ({"skip_lines": 0, "separator": ","}, 'separator = ";" and skip_lines = 2, or leave them out'),
    ],
)
def test_a_setting_that_is_wrong_is_answered_with_the_right_one(
    settings: dict[str, Any], line: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "Arrests\nof 2013\n" + TABLE.replace(",", ";"))
    with pytest.raises(UnreadableFile, match=f'the header is line 3, separated by ";".* write {line}$'):
        read_arrests(path, {"input": settings})
    assert len(read_arrests(path, {"input": {"separator": ";", "skip_lines": 2}})) == 4


def test_lines_that_are_skipped_may_look_like_the_header(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE + TABLE.replace("p", "q").replace("qerson", "person"))
    assert read_arrests(path, {"input": {"skip_lines": 5}}).person_ids.to_list() == ["q1", "q2", "q3"]
    with pytest.raises(UnreadableFile, match=r"nothing after the first 40 lines.*skip_lines"):
        read_arrests(written(tmp_path, "x\ny\n"), {"input": {"skip_lines": 40}})


def test_an_encoding_is_taken_by_name(tmp_path: Path) -> None:
    text = TABLE.replace("p1", "Žižka").replace("p2", "Zoë")
    for name in ("cp1250", "utf-16-le", "utf-32-be", "UTF8", "utf-8-sig", "iso8859-2"):
        arrests = read_arrests(written(tmp_path, text.encode(name)), {"input": {"encoding": name}})
        assert arrests.person_ids.to_list() == ["Zoë", "p3", "Žižka"]
    arrests = read_arrests(written(tmp_path, TABLE.encode("cp037")), {"input": {"encoding": "cp037"}})
    assert arrests.person_ids.to_list() == ["p1", "p2", "p3"]


@pytest.mark.parametrize("told", ["cp1250", "utf-16-le", "utf-8"])
def test_a_byte_order_mark_counts_more_than_the_configuration(told: str, tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        path = written(tmp_path, TABLE.replace("p1", "Zoë").encode(encoding))
        assert read_arrests(path, {"input": {"encoding": told}}).person_ids.to_list() == ["Zoë", "p2", "p3"]


def test_text_that_is_not_of_the_encoding_that_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE.replace("p1", "Zoë").encode("cp1252"))
    with pytest.raises(UnreadableFile, match=r"byte 38 is not UTF-8: set \[input\] encoding"):
        read_arrests(path, {"input": {"encoding": "utf-8"}})
    with pytest.raises(UnreadableFile, match=r"not ascii throughout; \[input\] encoding"):
        read_arrests(path, {"input": {"encoding": "ascii"}})
    assert read_arrests(path, {"input": {"encoding": "utf-16-be"}}).person_ids.to_list() == ["Zoë", "p2", "p3"]


@pytest.mark.parametrize(
    "setting",
    [
        {"separator": ";;"},
        {"separator": '"'},
        {"separator": "\n"},
        {"separator": "¦"},
        {"encoding": "hex"},
        {"encoding": "x"},
    ],
)
def test_settings_that_cannot_be_are_refused(setting: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=rf"\[input\] {next(iter(setting))}: .*"):
        load_config({"input": setting})


# Size


def test_a_long_file_of_any_encoding_is_read_like_a_short_one(tmp_path: Path) -> None:
    row = "; ".join(['"Zoë; the {}th"', "i{}", '"2013-01-05"', "ROBBERY", ""])
    rows = "\r\n".join(row.format(i, i // 3) for i in range(30_000))
    text = f"Arrests\r\n{HEADER.strip().replace(',', ';')}\r\n{rows}\r\nTotal; 30000;;;"
    for encoding in ("utf-8", "cp1252", "utf-16-le"):
        content = gzip.compress(text.encode(encoding), 1)
        arrests = read_arrests(written(tmp_path, content, "a.csv.gz"))
        assert (len(arrests), arrests.n_persons) == (30_000, 30_000)
        assert [r[:2] for r in rejected(arrests)] == [(30_001, "malformed_row")]
        path = tmp_path / "a.csv.gz"
        assert notes_of(path)[-5:-1] == [
            'separated by ";"', "1 line before the header was skipped", "a semicolon at the end of each line",
            "blanks before quotation marks were left out",
        ]  # fmt: skip


def test_more_marks_than_one_are_none(tmp_path: Path) -> None:
    path = written(tmp_path, codecs.BOM_UTF8 * 2 + TABLE.encode())
    assert read_arrests(path).person_ids.to_list() == ["p1", "p2", "p3"]


def test_a_writing_says_what_it_writes() -> None:
    """So that the test above does not compare a table with itself."""
    rows = [dict.fromkeys(COLUMNS, "a,b")]
    plain = Writing().write(rows)
    for change in (
        {"separator": ";"},
        {"titles": ("x",)},
        {"blanks": True},
        {"end_of_rows": True},
        {"total": ("Total",)},
    ):
        assert replace(Writing(), **change).write(rows) != plain  # type: ignore[arg-type]
    with pytest.raises(InputError):
        read_arrests(Path("no such file.csv"))
