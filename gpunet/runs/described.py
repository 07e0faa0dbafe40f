"""What a run's files say of it: the metadata of features, sections of the manifest, and its inputs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from gpunet.base._version import __version__
from gpunet.config.config import Config
from gpunet.config.input_config import BESIDE
from gpunet.config.layers import ANY
from gpunet.config.offences import taxonomy_hash
from gpunet.config.registry import columns
from gpunet.search.path_report import PathReport
from gpunet.tables.frames import is_frame

__all__ = [
    "coarsest",
    "feature_metadata",
    "files_read",
    "latest_date",
    "least_exact",
    "methods_of",
    "path_section",
    "paths_in",
    "paths_of",
    "protected_columns",
    "windows",
]


def feature_metadata(
    config: Config, as_of: date | None, path: PathReport | None, counted_from: date | None = None, undated: int = 0
) -> dict[str, Any]:
    """What a feature file says of itself, so that a model can tell whether it fits.

    `counted_from` is the day from which ``days_since_*`` count, `undated` the number of arrests without a date that
    count in the features.
    """
    return {
        "version": __version__,
        "taxonomy": taxonomy_hash(config.violent_offences),
        "sets": {name: list(patterns) for name, patterns in config.violent_offences.items()},
        "as_of": None if as_of is None else as_of.isoformat(),
        "counted_from": None if counted_from is None else counted_from.isoformat(),
        "undated_arrests": undated,
        "settings": config.feature_settings(),
        "columns": list(columns(config.sets, layers=config.layers)),
        "betweenness": None if path is None else path.metadata(),
    }


def files_read(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every file that the ``input`` of a ``run.json`` lists: of arrests, then those beside them.

    >>> files_read({"files": [{"name": "a.csv"}], "ties": {"files": [{"name": "t.csv"}]}})
    [{'name': 'a.csv'}, {'name': 't.csv'}]
    """
    return [file for of in _tables(read) for file in of.get("files", ())]


def protected_columns(read: Mapping[str, Any]) -> list[str]:
    """The names of columns that were not read, of all tables that the ``input`` of a ``run.json`` lists.

    >>> protected_columns({"protected_columns_dropped": ["sex"], "victims": {"protected_columns_dropped": ["race"]}})
    ['race', 'sex']
    """
    return sorted({name for of in _tables(read) for name in of.get("protected_columns_dropped", ())})


def _tables(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What is said of the arrests, then of the tables beside them."""
    return [read, *(read.get(name) or {} for name in BESIDE)]


def latest_date(manifest: Mapping[str, Any]) -> date:
    """The day after which a run that is read again has no dates: the one on which it was read, as near as it tells.

    It tells the day of UTC, and where it was read it may have been a day later.

    >>> latest_date({"execution": {"started": "2024-05-01T23:30:00+00:00"}})
    datetime.date(2024, 5, 2)
    """
    started = date.fromisoformat(manifest["execution"]["started"][:10])
    return min(date.today(), started + timedelta(days=1))


def windows(days: Mapping[str, date]) -> tuple[str, str]:
    """The two label windows of a forecast in words."""
    past, test, now = days["T-2H"], days["T-H"], days["T"]
    return f"[{past}, {test})", f"[{test}, {now})"


def coarsest(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """How betweenness was computed where it is known least exactly."""
    report = least_exact([report for features in found.values() for report in paths_in(features)])
    return None if report is None else report.metadata()


def paths_in(found: Any) -> list[PathReport]:
    """How path features were computed: of co-arrest and, where there are other layers, of the union of all."""
    reports = (found.path, getattr(found, "path_any", None))
    return [report for report in reports if report is not None]


def least_exact(reports: Sequence[PathReport]) -> PathReport | None:
    """The one in which betweenness is known least exactly, None of none."""
    return max(reports, key=lambda report: report.certified_error, default=None)


def methods_of(found: Any) -> dict[str, Any]:
    """``{column: how it was computed}`` for the columns that are not exact."""
    path_any = getattr(found, "path_any", None)
    methods = {} if found.path is None else found.path.of_columns()
    of_union = {} if path_any is None else path_any.of_columns()
    return {**methods, **{f"{column}__{ANY}": how for column, how in of_union.items()}}


def path_section(report: PathReport | None) -> dict[str, Any] | None:
    """What the manifest says of path features."""
    return None if report is None else report.as_dict()


def paths_of(inputs: Any) -> list[str] | None:
    """The paths of files to read; None for data frames."""
    items = [inputs] if isinstance(inputs, str | os.PathLike) or is_frame(inputs) else inputs
    if not isinstance(items, list | tuple) or not all(isinstance(item, str | os.PathLike) for item in items):
        return None
    return [os.fspath(item) for item in items]
