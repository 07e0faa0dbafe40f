"""Numbers of one are told as one; a page of flags names the folders of its runs, and not where these lie."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gpunet.arrests.diagnostics import why_nothing
from gpunet.arrests.read_report import ReadReport
from gpunet.cli.summary_input import layer_lines, read_line
from gpunet.report.audience import Audience
from gpunet.report.flags_page import flags_asked
from gpunet.report.named import named_list
from gpunet.report.source import Source


def test_lines_of_a_summary_on_one_of_each() -> None:
    rows = {"read": 1, "accepted": 1, "rejected": 0, "duplicate": 0}
    read = read_line("read", {"rows": rows, "files": [{}], "left_out": []})
    assert read == "read      1 row of 1 file: 1 accepted, 0 rejected, 0 duplicate"
    layers = {"any": {"persons": 1, "ties": 1}, "family": {"persons": 2_000, "ties": 2}}
    assert layer_lines({"layers": layers}) == [
        "layer     any: 1 person, 1 tie",
        "layer     family: 2,000 persons, 2 ties",
    ]


@pytest.mark.parametrize(("read", "said"), [(1, "the one row was rejected: why"), (3, "all 3 rows were rejected: why")])
def test_why_nothing_was_accepted(read: int, said: str) -> None:
    report = SimpleNamespace(files=[SimpleNamespace(read=read)], reasons={"bad_date": "why"})
    assert why_nothing(cast(ReadReport, report)) == said


@pytest.mark.parametrize("folder", ["/srv/police/runs/b", "runs/b", "b"])
def test_a_page_of_flags_names_folders_alone(folder: str) -> None:
    flags: dict[str, Any] = {"runs": [{"folder": folder, "as_of": "2024-05-01", "persons": 40}], "declared": {}}
    source = SimpleNamespace(manifest={"flags": flags, "warnings": [], "outputs": []}, audience=Audience("analyst"))
    sentence = flags_asked(cast(Source, source)).lead
    assert "/" not in sentence
    assert sentence.endswith(f"The runs are {named_list(['b'])}.")
