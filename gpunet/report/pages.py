"""The page of a folder of results: which sections it has, by the command that made the folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gpunet.base.errors import InputError
from gpunet.report.asked import asked
from gpunet.report.audit_page import (
    audit_asked,
    audit_calibration,
    audit_errors,
    audit_proxies,
    audit_selection,
    audit_suppressed,
)
from gpunet.report.calibration import calibration
from gpunet.report.certainty import certainty
from gpunet.report.changes import changes
from gpunet.report.computed import computed
from gpunet.report.drivers import drivers
from gpunet.report.emerging_months import emerging_ever_after, emerging_horizon
from gpunet.report.emerging_page import emerging_experiment, emerging_result
from gpunet.report.experiment_calibration import emerging_calibration, known_calibration
from gpunet.report.experiment_certainty import experiment_certainty
from gpunet.report.experiment_network import experiment_network
from gpunet.report.figure import Page, Section
from gpunet.report.flags_page import flags_asked, flags_raised, flags_worth
from gpunet.report.forecast import forecast
from gpunet.report.governance_section import governance_section
from gpunet.report.known_leak import known_leak
from gpunet.report.known_page import known_experiment, known_families, known_result
from gpunet.report.layers import layers
from gpunet.report.limits import limits
from gpunet.report.network import network
from gpunet.report.outcome import outcome_of
from gpunet.report.panel_page import panel_days
from gpunet.report.places_page import places_forecasts, places_windows
from gpunet.report.source import Source

__all__ = ["page_of"]

#: What makes a section of what lies in the folder; None where there is nothing to say.
SectionOf = Callable[[Source], Section | None]

_SECTIONS: Mapping[str, tuple[SectionOf, ...]] = {
    "audit": (
        audit_asked,
        audit_selection,
        audit_errors,
        audit_calibration,
        audit_proxies,
        audit_suppressed,
        governance_section,
        limits,
        computed,
    ),
    "evaluate emerging": (
        asked,
        layers,
        emerging_experiment,
        experiment_network,
        emerging_result,
        emerging_horizon,
        emerging_ever_after,
        emerging_calibration,
        experiment_certainty,
        governance_section,
        limits,
        computed,
    ),
    "evaluate known": (
        asked,
        layers,
        known_experiment,
        experiment_network,
        known_result,
        known_leak,
        known_calibration,
        known_families,
        experiment_certainty,
        governance_section,
        limits,
        computed,
    ),
    "features": (
        asked,
        changes,
        layers,
        network,
        governance_section,
        limits,
        computed,
    ),
    "flags": (
        flags_asked,
        flags_raised,
        flags_worth,
        governance_section,
        limits,
        computed,
    ),
    "panel": (
        asked,
        layers,
        panel_days,
        governance_section,
        limits,
        computed,
    ),
    "places": (
        asked,
        places_forecasts,
        places_windows,
        governance_section,
        limits,
        computed,
    ),
    "run": (
        asked,
        changes,
        layers,
        network,
        forecast,
        calibration,
        drivers,
        certainty,
        governance_section,
        limits,
        computed,
    ),
}  # fmt: skip

_TITLES: Mapping[str, str] = {
    "audit": "Groups of persons, compared",
    "evaluate emerging": "Who emerges: forecasts month by month",
    "evaluate known": "The known network: violent persons told from others",
    "features": "The network of arrests",
    "flags": "Flags: at whom declared triggers point",
    "panel": "Arrests as they were known day by day",
    "places": "Forecasts of places",
}

#: The sections whose leads come before everything else, in this order; those that a page lacks are passed over.
_FIRST = ("forecast", "places", "known", "emerging", "fairness", "worth", "asked", "limits")


def page_of(source: Source) -> Page:
    """The page of a folder.

    Raises
    ------
    InputError
        If what it holds has no page.
    """
    if source.kind not in _SECTIONS:
        raise InputError(f"{source.folder}: gpunet {source.kind} has no report; there is one of {', '.join(_SECTIONS)}")
    sections = {found.name: found for of in _SECTIONS[source.kind] if (found := of(source)) is not None}
    as_of = source.manifest.get("as_of")
    title = outcome_of(source.manifest).title if source.kind == "run" else _TITLES[source.kind]
    return Page(
        title + (f", as of {as_of}" if as_of else ""),
        tuple(sections[name].lead for name in _FIRST if name in sections),
        tuple(sections.values()),
    )
