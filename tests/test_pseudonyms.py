"""Pseudonyms: equality stays, order and length do not; without the key nothing of the ids is left in any file."""

from __future__ import annotations

import datetime as dt
import doctest
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from dirty_tables import CONFIG, FILE_KINDS, split_tables, write_table
from exchanged import DOMAIN, KEY, OF, facts, made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gpunet
from gpunet.base.errors import ConfigError, InputError
from gpunet.config.config import load_config
from gpunet.exchange.coarse_dates import STEPS, ends_of, lasts_of, starts_of
from gpunet.exchange.keys import Key
from gpunet.exchange.pseudonyms import LENGTH, Pseudonymiser

few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(max_size=30)
TODAY = dt.date(2024, 1, 1)


@given(st.lists(TEXTS, min_size=2, max_size=30, unique=True))
def test_equality_stays_and_length_and_order_do_not(texts):
    found = [OF.pseudonym("person", text) for text in texts]
    assert found == [OF.pseudonym("person", text) for text in texts]
    assert len(set(found)) == len(texts)
    assert {len(text) for text in found} == {LENGTH}
    assert set("".join(found)) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_the_recipe_of_the_page_gives_the_programs_pseudonyms():
    """An outsider needs the page, Python's hmac and hashlib, and nothing of this program."""
    page = (Path(__file__).parents[1] / "docs" / "exchange.md").read_text(encoding="utf-8")
    recipe = page.split("```py\n")[1].split("```")[0]
    assert "gpunet" not in re.sub(r'b"gpunet [a-z]+ 1"', "", recipe)
    names: dict[str, Any] = {}
    example = doctest.DocTestParser().get_doctest(recipe, names, "exchange.md", None, None)
    assert doctest.DocTestRunner().run(example, clear_globs=False) == doctest.TestResults(0, len(example.examples))
    names = example.globs
    for secret, domain, kind, text in (
        (bytes(range(32)), "study", "person", "7"),
        (KEY.secret, DOMAIN, "person", "north:7"),
        (bytes(70), "vergr\u00f6\u00dfert", "incident caseno", "Ä-1 \u4e00"),
    ):
        key = Key(secret)
        assert names["pseudonym"](secret, domain, kind, text) == Pseudonymiser(key, domain).pseudonym(kind, text)
        assert names["derived"](secret, b"gpunet fingerprint 1", 10).hex() == key.fingerprint
        check = names["derived"](secret, b"gpunet domain check 1\0" + domain.encode(), 10)
        assert check.hex() == key.domain_check(domain)


@pytest.mark.parametrize("ids", [[7, 12, -5], ["7", "12", "-5"], [" 7", "12 ", "-5"]])
def test_ids_become_the_texts_that_the_page_says(ids, tmp_path):
    rows = {"person_id": ids, "incident_id": [1, 1, 2], "date": ["2020-01-05"] * 3, "offence": ["theft"] * 3}
    for scope, text in (("national", "{}"), ("force", "north:{}")):
        frame = pl.DataFrame({**rows, "force": ["north"] * 3} if scope == "force" else rows)
        frame.write_parquet(tmp_path / f"{scope}.parquet")
        config = {"input": {"person_scope": scope}}
        made(tmp_path / scope, [tmp_path / f"{scope}.parquet"], config, today=TODAY)
        found = pq.read_table(tmp_path / scope / "arrests" / "0001.parquet")
        persons = [OF.pseudonym("person", text.format(of)) for of in ("7", "12", "-5")]
        assert found["person_id"].to_pylist() == persons
        assert found["incident_id"].to_pylist() == [OF.pseudonym("incident", of) for of in ("1", "1", "2")]


def test_order_is_another():
    numbers = [str(n) for n in range(1000, 2000)]
    ranks = np.argsort(np.argsort([OF.pseudonym("person", text) for text in numbers]))
    assert abs(np.corrcoef(ranks, np.arange(len(numbers)))[0, 1]) < 0.15


@given(st.lists(TEXTS, min_size=1, max_size=20), st.binary(min_size=32, max_size=80), TEXTS)
def test_other_keys_domains_and_kinds_have_other_pseudonyms(texts, secret, domain):
    found = {OF.pseudonym("person", text) for text in texts}
    others = [
        OF.pseudonym(kind, text) for kind in ("incident", "incident caseno", "personx", "perso") for text in texts
    ]
    if secret != KEY.secret:
        others += [Pseudonymiser(Key(secret), DOMAIN).pseudonym("person", text) for text in texts]
    if domain.strip() and domain.isprintable() and domain.strip() != DOMAIN:
        others += [Pseudonymiser(KEY, domain).pseudonym("person", text) for text in texts]
    assert found.isdisjoint(others)


@given(st.binary(min_size=32, max_size=64))
def test_neither_fingerprint_nor_check_tell_of_the_key(secret):
    key = Key(secret)
    told = (key.fingerprint, key.domain_check("a"), repr(key))
    assert len({*told}) == 3
    assert not any(secret.hex()[i : i + 16] in "".join(told) for i in range(0, 48))
    assert not any(key.of_domain("a").hex()[i : i + 16] in "".join(told) for i in range(0, 48))


@few
@given(tables=split_tables(), kind=st.sampled_from(FILE_KINDS), scope=st.sampled_from(["national", "force"]))
def test_tables_of_pseudonyms_are_read_as_those_of_ids(tables, kind, scope, tmp_path_factory):
    """What is dirty is as the reader understands it, whichever file it stands in."""
    folder = tmp_path_factory.mktemp("tables")
    paths = [write_table(folder, f"t{i}", rows, kind) for i, rows in enumerate(tables)]
    config = load_config({**CONFIG, "input": {"person_scope": scope}})
    try:
        raw = gpunet.read_arrests(paths, config)
    except InputError:  # no row has a force
        with pytest.raises(InputError, match="no row has a force"):
            made(folder / "out", paths, config)
        return
    written = made(folder / "out", paths, config)
    national = replace(config, input=replace(config.input, person_scope="national"))
    found = gpunet.read_arrests(folder / "out" / "arrests", national)
    assert facts(found, None) == facts(raw, OF)
    assert found.report.by_reason == {}
    told = [sum(table["rejected"].values()) for table in written.listed["tables"]]
    assert told == [file.rejected for file in raw.report.files]
    assert [table["rows_read"] for table in written.listed["tables"]] == [file.read for file in raw.report.files]


def _secret_table(path: Path) -> list[str]:
    ids = [f"NOMINAL-{i:05d}" for i in range(40)]
    pl.DataFrame(
        {
            "person_id": ids,
            "incident_id": [f"CASE/{i // 2:04d}" for i in range(40)],
            "date": [dt.date(2013, 1, 1) + dt.timedelta(days=i) for i in range(40)],
            "offence": ["theft"] * 40,
            "name": [f"Surname{i}" for i in range(40)],
            "race": ["x"] * 40,
            "latitude": [51.123456] * 40,
            "notes": ["SEEN WITH NOMINAL-00001"] * 40,
        }
    ).write_csv(path)
    return [*ids, *(f"CASE/{i:04d}" for i in range(20)), "Surname", "SEEN WITH", "51.123456"]


def test_nothing_of_the_ids_and_of_free_text_is_left(tmp_path):
    secrets = _secret_table(tmp_path / "arrests_of_NOMINAL-00001.csv")
    written = made(tmp_path / "out", [tmp_path / "arrests_of_NOMINAL-00001.csv"])
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in files) == [
        "arrests/0001.parquet", "pseudonyms.json", "uniqueness.json"
    ]  # fmt: skip
    for path in files:
        data = path.read_bytes()
        if path.suffix == ".parquet":  # values lie compressed
            table = pq.read_table(path)
            data += str(table.schema).encode() + repr(table.to_pydict()).encode()
            assert table.column_names == ["person_id", "incident_id", "date", "offence"]
        assert not [text for text in secrets if text.encode() in data], path
        assert KEY.secret not in data
        assert KEY.of_domain(DOMAIN) not in data
        assert path.stat().st_mode & 0o777 == 0o600
    assert written.listed["tables"][0]["dropped_columns"] == ["latitude", "name", "notes", "race"]


@given(st.lists(st.integers(-25_567, 40_000), min_size=1, max_size=30), st.sampled_from(STEPS))
def test_coarse_days_keep_their_order_and_hold_the_day(days, step):
    days = np.array(sorted(days), np.int64)
    first, last, end = starts_of(days, step), lasts_of(days, step), ends_of(days, step)
    for of in (first, last, end):
        assert (np.diff(of) >= 0).all()
    assert (first <= days).all()
    assert (days <= last).all()
    assert (end >= days).all()
    for day, begin, stop in zip(days.tolist(), first.tolist(), end.tolist(), strict=True):
        a, b = (dt.date(1970, 1, 1) + dt.timedelta(days=n) for n in (begin, stop))
        assert {"day": True, "week": a.weekday() == b.weekday() == 0, "month": a.day == b.day == 1}[step]
        assert stop - day < {"day": 1, "week": 7, "month": 31}[step]


@pytest.mark.parametrize("step", ["week", "month"])
def test_what_is_coarse_is_known_no_earlier_than_it_was(step, tmp_path):
    days = [dt.date(2023, 1, 1) + dt.timedelta(days=3 * i) for i in range(40)]
    rows = {"person_id": range(40), "incident_id": range(40), "date": days, "offence": ["theft"] * 40}
    recorded = [day + dt.timedelta(days=i % 5) for i, day in enumerate(days)]
    pl.DataFrame({**rows, "recorded_at": recorded}).write_parquet(tmp_path / "a.parquet")
    made(tmp_path / "out", [tmp_path / "a.parquet"], dates=step, rows="as-they-are", today=TODAY)
    found = pl.read_parquet(tmp_path / "out" / "arrests" / "0001.parquet")
    assert (found["recorded_at"] >= pl.Series(recorded)).all()
    assert found["recorded_at"].max() == max(recorded)
    assert (found["date"] <= pl.Series(days)).all()
    read = gpunet.read_arrests(tmp_path / "out" / "arrests")
    assert read.report.files[0].accepted == 40


def test_incidents_that_only_dates_tell_apart_are_not_merged(tmp_path):
    pl.DataFrame({"person_id": [1], "incident_id": [1], "date": [TODAY], "offence": ["x"]}).write_csv(
        tmp_path / "a.csv"
    )
    for key, step in itertools.product((["incident_id", "date"], ["incident_id", "year"]), STEPS):
        config = {"input": {"incident_key": key}}
        if step == "day" or (step == "month" and "year" in key):
            made(tmp_path / f"{key[1]}{step}", [tmp_path / "a.csv"], config, dates=step)
        else:
            with pytest.raises(ConfigError, match="incident_key"):
                made(tmp_path / "none", [tmp_path / "a.csv"], config, dates=step)


def test_equal_input_gives_equal_bytes(tmp_path):
    _secret_table(tmp_path / "a.csv")
    for name in ("one", "two"):
        made(tmp_path / name, [tmp_path / "a.csv"], dates="week", today=TODAY)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
