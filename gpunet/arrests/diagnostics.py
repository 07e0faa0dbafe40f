"""What input or configuration may have got wrong, to judge by the arrests that were read."""

from __future__ import annotations

from collections.abc import Sequence

from gpunet.arrests.arrests import Arrests, ReadReport
from gpunet.base.array_types import Int32
from gpunet.tables.arrays import count_by_code, distinct, greatest, namespace

__all__ = ["input_warnings", "sentences", "shared_incidents", "why_nothing"]


def input_warnings(arrests: Arrests) -> list[str]:
    """What the configuration may have got wrong, to judge by the arrests."""
    xp = namespace(arrests.offences)
    sets = enumerate(arrests.config.violent_offences)
    absent = [name for i, name in sets if not bool(xp.any((arrests.offences >> i) & 1 != 0))]
    shared = 0 if "force" in arrests.config.input.incident_key else shared_incidents(
        arrests.incident, arrests.force, arrests.n_incidents
    )  # fmt: skip
    return sentences(absent, shared)


def shared_incidents(incident: Int32, force: Int32, n_incidents: int) -> int:
    """How many incidents have arrests by several forces, from each arrest's incident and force (-1: none)."""
    xp = namespace(incident, force)
    width = greatest(force, otherwise=-1) + 2  # -1 is a force too: none
    pairs = distinct(xp.astype(incident, xp.int64) * width + (force + 1))
    return int(xp.count_nonzero(count_by_code(pairs // width, n_incidents) > 1))


def sentences(absent: Sequence[str], shared: int) -> list[str]:
    """What to say of sets that no offence matches, and of so many incidents with arrests by several forces."""
    found = []
    if absent:
        found.append(f"no offence in the data matches {', '.join(absent)}: check [violent_offences]")
    if shared:
        found.append(
            f"{shared} incidents have arrests by several forces: right if incident numbers are national, else "
            "name force in [input] incident_key"
        )
    return found


def why_nothing(report: ReadReport | None) -> str:
    """Say why no row was accepted, with an example of each reason."""
    if report is None or not any(f.read for f in report.files):
        return "the input has no rows"
    return f"all {sum(f.read for f in report.files):,} rows were rejected: {', '.join(report.reasons.values())}"
