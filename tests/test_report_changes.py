"""What a report says of an update: how many values moved, of which column, and why."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from gpunet.report.audience import Audience, AudienceName
from gpunet.report.changes import changes
from gpunet.report.figure import Section, Table
from gpunet.report.source import Source

MOVED = pl.DataFrame(
    [
        *((person, "probability", 0.1, 0.2, "own arrest") for person in range(12)),
        *((person, "flag:violence_nearby", 0.0, 1.0, "own arrest") for person in range(10)),
        (50, "flag:violence_nearby", 1.0, 0.0, "time passed"),
        (51, "person", None, 1.0, "own arrest"),
    ],
    schema=["person_id", "column", "before", "after", "cause"],
    orient="row",
)


def section_of(folder: Path, moved: pl.DataFrame | None, audience: AudienceName = "analyst") -> Section | None:
    source = Source(folder, Audience(audience))
    outputs = {}
    if moved is not None:
        moved.write_parquet(folder / "changes.parquet")
        outputs["changes.parquet"] = {}
    source.__dict__["manifest"] = {"outputs": outputs, "execution": {"update": {"of": "runs/sunday"}}}
    return changes(source)


def tables(section: Section | None) -> dict[str, pl.DataFrame]:
    assert section is not None
    return {part.name: part.data for part in section.parts if isinstance(part, Table)}


def test_values_are_counted_by_column_and_cause(tmp_path: Path) -> None:
    section = section_of(tmp_path, MOVED)
    assert section is not None
    assert section.lead == "Since the run runs/sunday something moved of 14 persons."
    found = tables(section)
    assert found["changes_by_column"].drop("words").rows() == [
        ("probability", 12, 12, 0),
        ("flag:violence_nearby", 11, 10, 1),
        ("person", 1, 1, 0),
    ]
    assert found["changes_by_column"]["words"].to_list()[1] == "flag violence nearby"
    assert found["changes_by_cause"].rows() == [("own arrest", 13, 23), ("time passed", 1, 1)]


@pytest.mark.parametrize(("moved", "lead"), [(None, None), (MOVED.clear(), "Since the run runs/sunday nothing moved.")])
def test_without_changes(tmp_path: Path, moved: pl.DataFrame | None, lead: str | None) -> None:
    section = section_of(tmp_path, moved)
    assert lead == (None if section is None else section.lead)


def test_the_public_is_told_neither_the_folder_nor_a_few(tmp_path: Path) -> None:
    section = section_of(tmp_path, MOVED.filter(pl.col("person_id") > 48), "public")
    assert section is not None
    assert "sunday" not in section.lead
    assert "2 persons" not in section.lead
