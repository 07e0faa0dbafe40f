"""Messages never show what stands in a cell, unless it is asked for; and what they show in any case.

What is, or may be, the id of a person they never show.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gpunet import read_arrests
from gpunet.base.errors import InputError
from gpunet.base.shapes import example, hint, shape_of, values_shown
from gpunet.cli.app import app

SECRET = "Zorblat Quuxley 07700900123"
HEADER = "person_id,incident_id,date,offence,force\n"
GOOD = HEADER + "".join(f"p{i},i{i // 2},2013-01-05,robbery,met\n" for i in range(20))

#: Tables with the secret somewhere, and whether messages show it to whoever asks: not if it may be a person's id.
TABLES = {
    "a date that is none": (GOOD + f"p1,i1,{SECRET},theft,met\n", True),
    "a date with a name": (GOOD + f"p1,i1,{SECRET} 05/01/2013,theft,met\n", True),
    "no date at all": (HEADER + f"p1,i1,{SECRET},theft,met\n" * 3, True),
    "a field too many": (GOOD + f"p1,i1,2013-01-05,theft,met,{SECRET}\n", False),
    "shifted fields": (GOOD + f"{SECRET},p1,i1,2013-01-05,theft\n", False),
    "an id that has lost digits": (GOOD + f"1.23457E+12,{SECRET},2013-01-05,theft,met\n", False),
    "ids alike": (GOOD + f"{SECRET},i1,2013-01-05,x,met\n{SECRET.lower()},i2,2013-01-05,x,met\n", False),
    "an incident over years": (GOOD + f"p1,{SECRET},2010-01-05,x,met\np2,{SECRET},2013-01-05,x,met\n", True),
    "no header": (f"{SECRET},robbery\n" * 5, False),
    "no header, with days": (f"{SECRET},i1,2013-01-05,robbery,met\n" * 5, False),
    "an offence on one row": (GOOD + f"p1,i1,2013-01-05,{SECRET},met\n", True),
    "a gang": (GOOD.replace("force", "gang") + f"p1,i1,2013-01-05,x,{SECRET}\n", False),
    "a quotation mark that is not closed": (GOOD + f'p1,i1,2013-01-05,"{SECRET},met\n', False),
    "a title": (f"{SECRET}\n\n{GOOD}", False),
    "a total": (GOOD + f"Total,{SECRET},,,\n", False),
    "a person called NULL": (GOOD + f"NULL,{SECRET},2013-01-05,theft,met\n", False),
    "a day to come": (GOOD + f"p1,i1,2999-01-05,{SECRET},met\n", False),
}


def checked(path, *options):
    done = CliRunner().invoke(app, ["check", str(path), *options])
    return f"{done.output}{'' if isinstance(done.exception, SystemExit) else done.exception}"


@pytest.mark.parametrize("name", TABLES)
def test_check_shows_no_cell_unless_it_is_asked_to(name, tmp_path):
    text, has_example = TABLES[name]
    path = tmp_path / "a.csv"
    path.write_text(text)
    for options in ((), ("--json",)):
        said = checked(path, *options).lower()
        assert not [part for part in SECRET.lower().split() if part in said], said
    assert ("--show-values" in said or "on one row" in name) == has_example or not has_example
    assert (SECRET in checked(path, "--show-values")) == has_example


def test_a_folder_that_says_otherwise(tmp_path):
    (tmp_path / "force=met").mkdir()
    (tmp_path / "force=met" / "a.csv").write_text(HEADER + f"p,i,2013-01-05,x,{SECRET}\n")
    for shown in (False, True):
        with pytest.raises(InputError) as raised:
            read_arrests(tmp_path, show_values=shown)
        assert (SECRET in str(raised.value)) == shown
        assert ("--show-values" in str(raised.value)) != shown


def test_what_is_decided_on_is_shown(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD + "".join(f"UNKNOWN PERSON,x{i},2013-01-05,stealing,met\n" for i in range(30)))
    said = checked(path)
    assert 'null_values = ["UNKNOWN PERSON"]' in said
    assert '"stealing" 30' in said
    path.write_text(GOOD.replace("2013-01-05", "06/01/2013"))
    said = checked(path)
    assert '# if "06/01/2013" is 6 January 2013' in said


@given(st.text())
def test_a_shape_has_no_letter_or_digit_of_the_text(text):
    shape = shape_of(text)
    assert len(shape) == len(text)
    assert {one for one in shape if one.isalnum()} <= {"9", "A", "a"}
    with values_shown(False):
        assert example(text) == example(shape)
        assert hint()
    with values_shown(True):
        assert not hint()
