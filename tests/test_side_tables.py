"""Tables of victims and of who was in custody: read by the rules of arrest tables, and matched to the persons."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import gpunet
from gpunet.base.days import day_number
from gpunet.base.errors import InputError
from gpunet.base.shapes import values_shown
from gpunet.evaluate.side_tables import read_custody, read_victims


def arrests_of(ids: list[Any], config: Any = None, **columns: Any) -> gpunet.arrests.arrests.Arrests:
    n = len(ids)
    rows = {"person_id": ids, "incident_id": range(n), "date": ["2013-01-05"] * n, "offence": ["THEFT"] * n, **columns}
    return gpunet.read_arrests(pl.DataFrame(rows), config)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "side.csv"
    path.write_text(text, encoding="utf-8")
    return path


def days(*texts: str) -> list[int]:
    return [day_number(date.fromisoformat(text)) for text in texts]


def test_victims_are_read_as_arrests_are(tmp_path: Path) -> None:
    arrests = arrests_of(["a", "b\u00e9", "c"])
    text = "Person ID,note,DATE\n a ,x,2013-02-01\nbe\u0301,y,2013-02-02 23:10\nzz,z,2013-02-03\n a ,x,2013-02-01\n"
    victims = read_victims(written(tmp_path, text + "NULL,x,2013-02-01\nc,,unknown\nc,,01/13/2013\nc,,\n"), arrests)
    assert victims.person.tolist() == [0, 1]
    assert victims.day.tolist() == days("2013-02-01", "2013-02-02")
    unusable, missing = victims.warnings
    assert unusable.startswith("victims: 4 of 8 rows cannot be used: ")
    assert '2 without a date in "date" (as in row 6)' in unusable
    assert "1 without a person_id (as in row 5)" in unusable
    assert '1 whose "date" is no date from 1900 to today (as in row 7: "99/99/9999"), ' in unusable
    assert '; --show-values shows it. column "date": dates such as' in unusable
    assert 'date_format = "monthfirst"' in unusable
    assert missing == "victims: left out, for they have no arrest: 1 of 3 persons"
    assert victims.seeds(3).tolist() == [True, True, False]
    assert victims.seeds(3, date(2013, 2, 2)).tolist() == [True, False, False]
    assert not victims.seeds(3, date(2013, 2, 1)).any()


def test_when_a_row_was_recorded_is_not_read(tmp_path: Path) -> None:
    text = "person_id,date,recorded_at\na,2013-02-01,2013-01-01\nb,2013-02-02,soon\n"
    victims = read_victims(written(tmp_path, text), arrests_of(["a", "b"]))
    assert victims.person.tolist() == [0, 1]
    assert not victims.warnings


@pytest.mark.parametrize("frame", [pl.DataFrame, pd.DataFrame])
def test_custody_from_frames(frame: Any) -> None:
    arrests = arrests_of([7, 8, 9])
    rows = {
        "person_id": [7, 7, 8, 9, 9],
        "from": [date(2013, 1, 1), date(2013, 3, 1), date(2013, 1, 1), date(2013, 2, 1), date(2013, 2, 1)],
        "until": [date(2013, 2, 1), date(2013, 4, 1), None, date(2013, 1, 1), date(2999, 1, 1)],
    }
    custody = read_custody(frame(rows), arrests)
    assert custody.warnings == ('custody: 1 of 5 rows cannot be used: 1 whose "until" is before "from"',)
    held = {day: custody.held(3, date.fromisoformat(day)).tolist() for day in (
        "2012-12-31", "2013-01-01", "2013-01-31", "2013-02-01", "2013-03-01", "2013-04-01", "2020-01-01",
    )}  # fmt: skip
    assert held == {
        "2012-12-31": [False, False, False],
        "2013-01-01": [True, True, False],
        "2013-01-31": [True, True, False],
        "2013-02-01": [False, True, True],
        "2013-03-01": [True, True, True],
        "2013-04-01": [False, True, True],
        "2020-01-01": [False, True, True],
    }


def test_custody_by_the_rules_of_the_configuration(tmp_path: Path) -> None:
    config = {
        "input": {
            "columns": {"person_id": "nominal"},
            "date_format": "dayfirst",
            "null_dates": ["1900-01-01"],
            "id_rules": {"strip_zeros": True},
        }
    }
    rows = {"nominal": ["007", "8"], "incident_id": [1, 2], "date": ["05/01/2013"] * 2, "offence": ["THEFT"] * 2}
    arrests = gpunet.read_arrests(pl.DataFrame(rows), config)
    text = "nominal;FROM;Until\n0007;01/02/2013;01/01/1900\n08;01/02/2013;03/02/2013\n8;01/03/2013;32/01/2014\n"
    custody = read_custody(written(tmp_path, text), arrests)
    assert custody.person.tolist() == [0, 1]
    assert custody.held(2, date(2013, 2, 2)).tolist() == [True, True]
    assert custody.held(2, date(2013, 2, 3)).tolist() == [True, False]
    (warning,) = custody.warnings
    assert "1 of 3 rows cannot be used" in warning
    assert 'whose "until" is no date (as in "99/99/9999"); --show-values shows it' in warning
    with values_shown(True):
        assert '(as in "32/01/2014")' in read_custody(written(tmp_path, text), arrests).warnings[0]


def test_persons_within_their_force() -> None:
    arrests = arrests_of(["1", "1"], {"input": {"person_scope": "force"}}, force=["met", "kent"])
    victims = pl.DataFrame({"person_id": ["1"], "force": ["met"], "date": ["2013-02-01"]})
    assert arrests.person_ids.to_list()[int(read_victims(victims, arrests).person[0])] == "met:1"
    with pytest.raises(InputError, match="victims: person_scope"):
        read_victims(victims.drop("force"), arrests)


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (
            read_victims,
            "person_id,day\na,2013-01-01\n",
            'side.csv: a table of victims has the columns "person_id", "da',
        ),
        (
            read_custody,
            "person_id,from\na,2013-01-01\n",
            'has the columns "person_id", "from", "until"; columns there: ',
        ),
        (read_custody, "who,from,until\na,2013-01-01,\n", 'columns there: "who", "from", "until"'),
        (read_victims, "person_id,date\na,soon\nb,soon\n", "victims: 2 of 2 rows cannot be used: 2 whose"),
        (read_custody, "person_id,from,until\na,2013-01-01,soon\n", 'custody: 1 of 1 row cannot be used: 1 whose "unt'),
    ],
)
def test_tables_that_cannot_be_used(read: Any, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read(written(tmp_path, text), arrests_of(["a", "b"]))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_sources_that_are_none(tmp_path: Path) -> None:
    arrests = arrests_of(["a"])
    for source, said in ((5, "expected a path"), (["a.csv"], "expected a path"), (tmp_path / "no.csv", "no such file")):
        with pytest.raises(InputError, match=f"victims: .*{said}"):
            read_victims(source, arrests)


def test_tables_without_rows_or_without_anybody_known(tmp_path: Path) -> None:
    arrests = arrests_of(["a"])
    nobody = read_victims(written(tmp_path, "person_id,date\n"), arrests)
    assert nobody.warnings == ("victims: the table has no rows",)
    assert nobody.seeds(1).tolist() == [False]
    (warning,) = read_victims(written(tmp_path, "person_id,date\nA,2013-01-01\n"), arrests).warnings
    assert "left out, for they have no arrest: 1 of 1 person; are ids written alike in both?" in warning


def test_nothing_of_a_cell_is_shown(tmp_path: Path) -> None:
    text = "person_id,from,until\nMiller,Tuesday,2013-01-01\nJones,2013-01-01,Wednesday\nSmith,2013-01-01,\n"
    custody = read_custody(written(tmp_path, text), arrests_of(["Smith"]))
    assert np.array_equal(custody.person, [0])
    told = " ".join(custody.warnings)
    assert '"Aaaaaaa"' in told
    assert '"Aaaaaaaaa"' in told
    assert not {word for word in ("Miller", "Jones", "Tuesday", "Wednesday") if word in told}
