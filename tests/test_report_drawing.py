"""Plots are drawn by a process of their own, whose bad end is an error of one sentence, and of no run."""

from __future__ import annotations

import altair as alt
import polars as pl
import pytest

from gpunet.base.errors import ResourceError
from gpunet.cli import reports
from gpunet.report import look
from gpunet.report.look import svg_of, svgs_of
from tests.drawing import drawn_by_a_process_of_its_own


@pytest.fixture(autouse=True)
def as_outside_of_tests(monkeypatch):
    monkeypatch.setattr(look, "_drawn", drawn_by_a_process_of_its_own)


def chart(values: list[int]) -> alt.Chart:
    return alt.Chart(pl.DataFrame({"x": [1, 2, 3], "y": values})).mark_line().encode(x="x:Q", y="y:Q")


def test_many_are_drawn_as_each_alone():
    assert svgs_of([]) == []
    one, other = chart([1, 2, 3]), chart([3, 1, 2])
    assert svgs_of([one, other]) == [svg_of(one), svg_of(other)]
    assert svg_of(one) != svg_of(other)


@pytest.mark.parametrize("end", ["import os; os.abort()", "raise SystemExit('no room')"])
def test_a_bad_end_is_one_sentence(monkeypatch, end):
    monkeypatch.setattr(look, "_DRAW", end)
    with pytest.raises(ResourceError, match="the plots cannot be drawn"):
        svg_of(chart([1, 2, 3]))


def test_a_run_is_complete_without_its_report(monkeypatch, tmp_path, capsys):
    def fails(folder, audience):
        raise ResourceError("the plots cannot be drawn")

    monkeypatch.setattr(reports, "write_report", fails)
    assert reports.report_of_run(tmp_path) is None
    said = capsys.readouterr().err
    assert said.startswith("warning: the run is complete, but its report could not be made (the plots cannot be drawn)")
    assert f"gpunet report {tmp_path}" in said
