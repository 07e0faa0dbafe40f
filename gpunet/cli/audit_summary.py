"""The lines on what an audit found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gpunet.base.words import quoted

__all__ = ["audit_lines"]


def audit_lines(manifest: Mapping[str, Any], out: Path) -> list[str]:
    """Whom the audit was of, what the tables in `out` say of groups, and how much they do not tell."""
    from gpunet.report.audit_words import (
        calibration_lead,
        errors_lead,
        missing_lead,
        positives_words,
        proxies_lead,
        selection_lead,
    )
    from gpunet.report.outcome import outcome_of
    from gpunet.report.source import Source

    outcome = outcome_of(manifest)
    of, source = manifest["audit"], Source(out)
    fairness, proxies = source.table("fairness"), source.table("proxies")

    def name(text: object) -> str:
        return quoted([str(text)])

    found: dict[str, Iterable[list[str]]] = {
        "selected": selection_lead(fairness, of["by"], name),
        "errors": errors_lead(fairness, of["by"], name, outcome),
        "scores": [[calibration_lead(fairness, of["by"], name, outcome)]],
        "proxies": ([sentence] for sentence in proxies_lead(proxies, of["by"], name)),
    }
    positives = positives_words(of["positives"], of["min_persons"])
    return [
        f"audited   {of['persons']:,} persons of the test window {of['run']['test_window']}, {positives} "
        f"{outcome.violence_of_many} in it; by {quoted(of['by'])}",
        *(
            f"{'' if number else what:10}{sentence}"
            for what, of_attributes in found.items()
            for sentences in of_attributes
            for number, sentence in enumerate(sentences)
        ),
        f"not told  something in {of['rows_with_suppression']:,} of {of['rows']:,} rows: no group and no denominator "
        f"of fewer than {of['min_persons']} persons, nor what would give one away; right and wrong selections within "
        "them can be fewer",
        *(f"{'missing':10}{sentence}" for sentence in missing_lead(fairness, of["by"], of["persons"], name)),
    ]
