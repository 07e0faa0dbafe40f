"""Tables of protected attributes: read by the rules of arrest tables, matched to persons, contradictions left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.config.config import load_config
from gpunet.evaluate.attributes import MOST_GROUPS, NOT_KNOWN, Attributes, checked_names, read_attributes


def series(ids: list[Any]) -> nw.Series[Any]:
    return nw.from_native(pl.Series("person_id", ids), series_only=True)


def read(source: Any, names: list[str], ids: list[Any], config: Any = None) -> Attributes:
    return read_attributes(source, names, series(ids), load_config(config))


def values(found: Attributes) -> list[list[str]]:
    return [[of.groups[code] for code in of.code] for of in found.of]


def test_a_table_is_read_as_arrests_are(tmp_path: Path) -> None:
    text = (
        "a title\n\nPerson-ID;Self defined ethnicity;SEX;note\n a ;W;F;1\nbe\u0301;B;M;2\nc;unknown;M;3\nd;W;;4\n"
        ";W;F;2\n1.2E+5;W;F;9\nz;W;F;1\nbad;row\n a ;W;F;1\n"
    )
    path = tmp_path / "attributes.csv"
    path.write_text(text, encoding="utf-8")
    found = read(path, ["self_defined_ethnicity", "sex"], ["a", "b\u00e9", "c", "d", "e"])
    assert [of.name for of in found.of] == ["self_defined_ethnicity", "sex"]
    assert values(found)[0] == ["W", "B", NOT_KNOWN, "W", NOT_KNOWN]
    assert values(found)[1] == ["F", "M", "M", NOT_KNOWN, NOT_KNOWN]
    assert found.found == 4
    assert found.of[0].groups == ("B", "W", NOT_KNOWN)
    (file,) = found.files
    assert (set(file), file["name"], len(file["sha256"])) == ({"name", "sha256"}, str(path), 64)
    said = " | ".join(found.warnings)
    assert "some of the table's rows are left out, without a person_id" in said
    assert "with an id that has lost digits" in said
    assert "with too few or too many fields" in said
    assert "some rows cannot be used" in said


def test_frames_workbooks_and_parquet_are_read_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"person_id": [3, 1, 2], "race": ["x", "y", None]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_excel(tmp_path / "a.xlsx")
    for source in (frame, frame.to_pandas(), frame.to_arrow(), tmp_path / "a.parquet", str(tmp_path / "a.xlsx")):
        assert values(read(source, ["race"], [1, 2, 3, 4])) == [["y", NOT_KNOWN, "x", NOT_KNOWN]]


def test_two_values_that_differ_are_none_and_a_missing_one_contradicts_nobody() -> None:
    frame = pl.DataFrame({"person_id": ["a", "a", "b", "b", "c"], "sex": ["F", "M", "F", None, "M"]})
    found = read(frame, ["sex"], ["a", "b", "c"])
    assert values(found) == [[NOT_KNOWN, "F", "M"]]
    assert found.contradictory == {"sex": 1}
    assert 'persons with two values of "sex" that differ count as not known' in found.warnings[-1]


def test_ids_by_the_rules_of_the_run() -> None:
    frame = pl.DataFrame({"nominal": ["0007", "met:8"], "force": ["met", "met"], "sex": ["F", "M"]})
    rules = {"columns": {"person_id": "nominal"}, "id_rules": {"strip_zeros": True}}
    assert values(read(frame, ["sex"], ["7"], {"input": rules})) == [["F"]]
    scope = {"columns": {"person_id": "nominal"}, "person_scope": "force"}
    assert values(read(frame, ["sex"], ["met:0007", "met:8"], {"input": scope})) == [["F", NOT_KNOWN]]


@given(st.data())
def test_every_person_has_the_one_value_that_rows_give(data: st.DataObject) -> None:
    words = st.sampled_from(["A", "B", "C", None])
    rows = data.draw(st.lists(st.tuples(st.sampled_from("abcdz"), words, words), min_size=1, max_size=20))
    if not {person for person, *_ in rows} & set("abcde"):
        return
    frame = pl.DataFrame(rows, schema={"person_id": pl.String, "sex": pl.String, "race": pl.String}, orient="row")
    found = read(frame, ["race", "sex"], list("abcde"))
    for of, at in zip(found.of, (2, 1), strict=True):
        for person, code in zip("abcde", of.code, strict=True):
            told = {row[at] for row in rows if row[0] == person and row[at] is not None}
            assert of.groups[code] == (told.pop() if len(told) == 1 else NOT_KNOWN)
        assert set(of.code.tolist()) == set(range(len(of.groups)))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    frame = pl.DataFrame({"person_id": ["a", "b"], "sex": ["F", "M"], "Sex": ["F", "M"]})
    with pytest.raises(InputError, match='more than one column could be "sex"'):
        read(frame, ["sex"], ["a"])
    with pytest.raises(InputError, match=r'attributes: .*no column "race", which --by asks for; .*"person_id"'):
        read(frame, ["race"], ["a"])
    with pytest.raises(InputError, match=r'attributes: .*there is no column "person_id"'):
        read(frame.rename({"person_id": "who"}), ["race"], ["a"])
    with pytest.raises(InputError, match="nobody of the run's test window; are ids written alike in both"):
        read(frame.drop("Sex"), ["sex"], ["x"])
    with pytest.raises(InputError, match=r"attributes: .*nowhere"):
        read(tmp_path / "nowhere.csv", ["sex"], ["a"])
    with pytest.raises(InputError, match="expected a path"):
        read(5, ["sex"], ["a"])
    many = [f"p{i}" for i in range(MOST_GROUPS + 5)]
    with pytest.raises(InputError, match="tell persons apart rather than groups; put values together, 50 at most"):
        read(pl.DataFrame({"person_id": many, "name": many}), ["name"], many)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([""], "name one attribute or more"),
        (["sex", "SEX "], "names an attribute twice"),
        (["person id"], '"person id" cannot be an attribute'),
        (["everybody"], "cannot be an attribute"),
        (list("abcde"), "5 attributes at once are more than 4"),
    ],
)
def test_attributes_that_cannot_be_asked_for(names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked_names(names)


def test_arrests_never_take_these_columns() -> None:
    import gpunet

    rows = {"person_id": ["a"], "incident_id": ["1"], "date": ["2013-01-01"], "offence": ["THEFT"], "ethnicity": ["W"]}
    report = gpunet.read_arrests(pl.DataFrame(rows)).report
    assert report is not None
    assert report.protected_columns == ("ethnicity",)
    assert np.array_equal(values(read(pl.DataFrame(rows), ["ethnicity"], ["a"])), [["W"]])
