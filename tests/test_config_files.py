"""Configuration files that cannot be used, whatever is in them: one clear error that names the file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import ConfigError
from gpunet.cli.proposed_columns import proposed_columns
from gpunet.config.config import Config, load_config
from gpunet.reading.sources import find_sources


def refused(path) -> str:
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    said = str(raised.value)
    assert str(path) in said
    assert len(said) < len(str(path)) + 250
    return said


def error_of(source: Any) -> str | None:
    """What is wrong with a configuration; None if it is one, which then has a form as JSON."""
    try:
        load_config(source).as_dict()
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = " + b"[" * 5000 + b"]" * 5000, "too deep"),
        (b"x = " + b"{a = " * 3000 + b"1" + b"}" * 3000, "too deep"),
        (b"[model]\nseed = " + b"9" * 5000, "a number has thousands of digits"),
        (b"[model]\nseed = 0x" + b"f" * 5000, "must be at most 2147483647"),
        (b"[network]\nmax_incident_size = " + b"9" * 4000, "must be at most 2147483647"),
        (b"[path]\nbudget = nan", "must be a finite number, not nan"),
        (b"[path]\nepsilon = -inf", "must be a finite number, not -inf"),
        (b"[path]\nepsilon = 1e400", "must be a finite number, not inf"),
        (b"[input]\ndate_format = 2013-01-01", "not 2013-01-01 without quotation marks"),
        (b"[input]\nnull_dates = [1900-01-01]", "not 1900-01-01 without quotation marks"),
        (b"[input]\nsheet = 10:00:00", "not 10:00:00 without quotation marks"),
        (b"[model]\nseed = 1\nseed = 2", "not valid TOML"),
        (b"[model]\nseed = 1\n[model]\nfolds = 3", "not valid TOML"),
        (b'[model]\nkind = "\\ud800"', "not valid TOML"),
        ("[model]\nseed = 1".encode("utf-16"), "UTF-8"),
        ("[model]\nseed = 1".encode("utf-16-le"), "UTF-16"),
        ('[violent_offences]\nx = ["é*"]'.encode("cp1252"), "UTF-8"),
        (bytes(range(256)), "UTF-8"),
        (b"[model]\n" + b"k" * 10_000 + b" = 1", "unknown key [model] kkk"),
        (b'[model]\nkind = "' + b"v" * 10_000 + b'"', "not 'vvv"),
        (b"[input]\nid_rules = [[1]]", "id_rules"),
        (b"[input]\nskip_lines = 10000000000000000000000", "skip_lines"),
    ],
)
def test_each_is_one_short_line(content, said, tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    assert said in refused(path)
    assert "\n" not in refused(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbf[model]\nseed = 7")
    assert load_config(path).model.seed == 7


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/null"):
        assert "no regular file" in refused(path)
    assert "No such file or directory" in refused(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"null (byte|character)"):
        load_config(tmp_path / "a\0b")
    with pytest.raises(ConfigError, match="File name too long"):
        load_config("x" * 5000)


@given(st.binary())
def test_any_bytes(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    said = error_of(path)
    assert said is None or str(path) in said


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_SECTIONS = {name: list(section) for name, section in Config().as_dict().items()}


@given(st.data(), _VALUES)
def test_any_value_of_any_key(data: Any, value: Any):
    section = data.draw(st.sampled_from(list(_SECTIONS)))
    key = data.draw(st.sampled_from(_SECTIONS[section]))
    said = error_of({section: {key: value}})
    assert said is None or f"[{section}]" in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"columns": {"person_id": "a", "incident_id": "a"}}, '"a" cannot be both person_id and incident_id'),
        ({"columns": {"person_id": "A_b", "date": "a B"}}, '"A_b" cannot be both person_id and date'),
        ({"columns": {"person_id": ["a", "b"], "offence": ["c", "b"]}}, '"b" cannot be both person_id and offence'),
        ({"columns": {"person_id": "incident_id"}}, '"incident_id" cannot be both person_id and incident_id'),
        ({"columns": {"date": "place", "beat": "place"}}, '"place" cannot be both date and beat'),
        ({"incident_key": ["force", "person_id"]}, '"person_id" is the person'),
        ({"columns": {"person_id": "nominal"}, "incident_key": ["Nominal"]}, '"Nominal" is the person'),
    ],
)
def test_one_column_for_two_of_ours(settings, said):
    with pytest.raises(ConfigError) as raised:
        load_config({"input": settings})
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"columns": {"district": "place", "beat": "place"}},  # a force with places of one kind
        {"columns": {"force": "area", "district": "area"}},
        {"columns": {"person_id": "incident_id", "incident_id": "person_id"}},
        {"columns": {"person_id": "incident_id"}, "incident_key": ["case_no"]},
    ],
)
def test_places_may_share_a_column_and_names_may_be_exchanged(settings):
    assert load_config({"input": settings}).as_dict()["input"]["columns"] == settings["columns"]


def test_check_never_proposes_one_column_twice(tmp_path):
    (tmp_path / "a.csv").write_text("suspect_case_no,charge_date\n1,2013-01-01\n")
    sources = find_sources([tmp_path / "a.csv"], Config().input, [])
    columns = proposed_columns(sources, Config()).certain
    names = [name for name in columns.values() if name]
    assert len(names) == len(set(names)) == 2


def test_every_key_is_described_for_editors():
    schema = json.loads((Path(__file__).parents[1] / "docs" / "config.schema.json").read_text(encoding="utf-8"))
    for place in (schema, *schema["$defs"].values()):
        for key, described in place.get("properties", {}).items():
            assert described.get("description"), (place.get("title"), key)
