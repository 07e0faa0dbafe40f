"""What input or configuration may have got wrong, to judge by the arrests that were read."""

from __future__ import annotations

from gpunet.arrays import count_by_code, distinct, greatest, namespace
from gpunet.arrests import Arrests

__all__ = ["doubts", "why_nothing"]


def doubts(arrests: Arrests) -> list[str]:
    """What the configuration may have got wrong, to judge by the arrests."""
    sentences = []
    xp = namespace(arrests.offences)
    sets = enumerate(arrests.config.violent_offences)
    absent = [name for i, name in sets if not bool(xp.any((arrests.offences >> i) & 1 != 0))]
    if absent:
        sentences.append(f"no offence in the data matches {', '.join(absent)}: check [violent_offences]")
    if "force" not in arrests.config.input.incident_key:
        width = greatest(arrests.force, otherwise=-1) + 2  # -1 is a force too: none
        pairs = distinct(xp.astype(arrests.incident, xp.int64) * width + (arrests.force + 1))
        shared = int(xp.count_nonzero(count_by_code(pairs // width, arrests.n_incidents) > 1))
        if shared:
            sentences.append(
                f"{shared} incidents have arrests by several forces: right if incident numbers are national, else "
                "name force in [input] incident_key"
            )
    return sentences


def why_nothing(arrests: Arrests) -> str:
    """Say why no row was accepted, with an example of each reason."""
    report = arrests.report
    if report is None or not any(f.read for f in report.files):
        return "the input has no rows"
    examples = []
    for reason in report.reasons():
        shown = f' (as in "{report.bad_date()}"; dates are written 2013-02-01)' if reason == "bad_date" else ""
        examples.append(reason + shown)
    return f"all {sum(f.read for f in report.files)} rows were rejected: {', '.join(examples)}"
