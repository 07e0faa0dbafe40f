"""What input or configuration may have got wrong, to judge by the arrests that were read."""

from __future__ import annotations

import numpy as np

from gpunet.arrests import Arrests

__all__ = ["doubts", "why_nothing"]


def doubts(arrests: Arrests) -> list[str]:
    """What the configuration may have got wrong, to judge by the arrests."""
    sentences = []
    found = int(np.bitwise_or.reduce(arrests.offences))
    absent = [name for i, name in enumerate(arrests.config.violent_offences) if not found >> i & 1]
    if absent:
        sentences.append(f"no offence in the data matches {', '.join(absent)}: check [violent_offences]")
    if "force" not in arrests.config.input.incident_key:
        pairs = np.unique(np.stack([arrests.incident, arrests.force], axis=1), axis=0)
        shared = int(np.count_nonzero(np.bincount(pairs[:, 0]) > 1))
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
    for reason in sorted(set(report.rejected["reason"].to_list())):
        row = report.rejected.filter(report.rejected["reason"] == reason).head(1)
        shown = f' (as in "{row["date"].to_list()[0]}"; dates are written 2013-02-01)' if reason == "bad_date" else ""
        examples.append(reason + shown)
    return f"all {sum(f.read for f in report.files)} rows were rejected: {', '.join(examples)}"
