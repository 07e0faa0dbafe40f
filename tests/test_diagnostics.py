"""What is told of arrests that may not be what they seem: sentinels, numbers that begin anew, ids that come once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gpunet.arrests.diagnostics import diagnosed
from gpunet.arrests.facts import Frequencies
from gpunet.base.errors import InputError
from gpunet.base.shapes import shape_of
from gpunet.cli.run import run_features, run_forecast
from gpunet.reading import read_arrests

START = date(2013, 1, 1)


def rows(*of: tuple[Any, Any, Any]) -> pl.DataFrame:
    """Person, incident and days after the start (or None)."""
    persons, incidents, days = zip(*of, strict=True)
    dates = [None if day is None else START + timedelta(days=day) for day in days]
    columns = {"person_id": [str(p) for p in persons], "incident_id": [str(i) for i in incidents], "date": dates}
    return pl.DataFrame(columns, schema_overrides={"date": pl.Date}).with_columns(offence=pl.lit("robbery"))


def told(frame: pl.DataFrame, config: dict[str, Any] | None = None) -> list[str]:
    """Warnings, but for that of sets that nothing is in."""
    sets = {"violent_offences": {"robbery": ["robbery*"]}}
    return diagnosed(read_arrests(frame, {**sets, **(config or {})})).warnings


PAIRS = [(f"p{k}", f"i{k // 2}", k % 90) for k in range(600)] + [(f"p{k}", f"j{k}", 95) for k in range(300)]


def test_a_clean_table_is_not_warned_of() -> None:
    assert told(rows(*PAIRS)) == []


@pytest.mark.parametrize("word", ["99989", "Unknown Ann", "DOE JOHN", "X1234", "A"])
def test_an_id_on_more_than_a_hundredth_of_the_rows_is_told_of_but_never_shown(word: str) -> None:
    """It may be a person's; the configuration takes it as any other."""
    frame = rows(*PAIRS, *((word, f"i{k}", 5) for k in range(20)))
    (warning,) = told(frame)
    assert warning.startswith(f'a person_id of the shape "{shape_of(word)}" has 20 arrests (2.2 % of all)')
    assert word == shape_of(word) or f'"{word}"' not in warning
    assert "write it into [input] null_values" in warning
    assert told(frame, {"input": {"null_values": [word]}}) == []


@pytest.mark.parametrize("word", ["UNKNOWN PERSON", "Name not known", "unknown offender", "99999", "xxx", "X0", "0000"])
def test_words_for_nobody_are_named(word: str) -> None:
    frame = rows(*PAIRS, *((word, f"i{k}", 5) for k in range(20)))
    (warning,) = told(frame)
    assert warning.startswith(f'person_id "{word}" has 20 arrests (2.2 % of all)')
    assert warning.endswith(f'write [input] null_values = ["{word}"]')
    assert told(frame, {"input": {"null_values": [word]}}) == []


def test_an_incident_that_stands_for_none_is_named() -> None:
    (warning,) = told(rows(*PAIRS, *((f"p{k}", "TBC", 5) for k in range(30))))
    assert warning.startswith('incident_id "TBC" has 30 arrests')


def test_an_id_with_more_than_ten_times_the_arrests_of_the_next() -> None:
    assert [text for _, text in Frequencies(5000, 10_000, ((40, "X"), (3, "a"), (3, "b"))).outstanding()] == ["X"]
    assert Frequencies(5000, 10_000, ((40, "X"), (4, "a"))).outstanding() == []
    two = Frequencies(15_000, 60_950, ((500, "DOE JOHN"), (450, "JOHN DOE"), (20, "a"), (19, "b")))
    assert [text for _, text in two.outstanding()] == ["DOE JOHN", "JOHN DOE"]  # neither is on a hundredth
    assert Frequencies(1, 10_000, ((10_000, "X"),)).outstanding() == []


def test_persons_within_forces_where_some_have_none() -> None:
    frame = rows(*PAIRS).with_columns(force=pl.Series(["n"] * 600 + [None] * 300))
    config = {"input": {"person_scope": "force"}}
    assert any("some arrests have no force" in text for text in told(frame, config))
    assert told(frame.with_columns(force=pl.lit("n")), config) == []


def test_incidents_whose_numbers_begin_anew_each_year() -> None:
    frame = rows(*PAIRS, ("q1", "i0", 400), ("q2", "i2", 500), ("q1", "i3", None), ("q2", "i9", 366))
    (warning,) = told(frame)
    assert warning.startswith('2 incidents hold arrests more than a year apart (as "a9"; --show-values shows it)')
    assert warning.endswith('[input] incident_key = ["force", "incident_id", "year"]')
    assert told(frame, {"input": {"incident_key": ["force", "incident_id", "year"]}}) == []


def test_a_day_with_a_hundred_times_the_mean() -> None:
    frame = rows(
        *((f"p{k % 900}", f"x{k}", k % 1000) for k in range(2000)), *((f"p{k}", f"y{k // 2}", 7) for k in range(600))
    )
    (warning,) = told(frame)
    assert warning.startswith("602 arrests are dated 2013-01-08")
    assert warning.endswith('null_dates = ["2013-01-08"]')


def test_ids_that_never_come_again_name_the_arrest() -> None:
    (warning,) = told(rows(*((f"a{k}", f"i{k // 2}", k) for k in range(12))))
    assert warning.startswith("person_id seems to name the arrest, not the person: none of 12 ids comes again; set")


@pytest.mark.parametrize(
    ("frame", "about"),
    [
        (rows(("a", "i", 0), ("b", "j", 0)), "person_id seems to name the arrest, not the person"),
        (rows(("a", "i", 0), ("a", "j", 0), ("b", "k", 0)), "incident_id seems to name the arrest or the charge"),
        (
            rows(*((f"a{k}", f"i{k % 2}", k) for k in range(110)), ("a1", "z", 0)),
            "every incident of several persons has",
        ),
    ],
)
def test_an_empty_network_is_a_warning_of_features_and_refused_by_run(
    frame: pl.DataFrame, about: str, tmp_path: Path
) -> None:
    manifest = run_features(frame, tmp_path / "features")
    assert any(about in text for text in manifest["warnings"])
    with pytest.raises(InputError, match=about):
        run_forecast(frame, tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()
