"""What the arrests are like: Tables 1 and 2 and Figures 2 to 4 of the method's paper. Values that JSON can hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.incidents import incident_members
from gpunet.arrests.network import Network, build_network
from gpunet.base.array_types import Bool, Int64
from gpunet.base.days import NO_DAY
from gpunet.base.progress import ProgressCallback
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features.path import compute_path
from gpunet.runs.manifest import arrest_statistics, network_statistics
from gpunet.tables.arrays import to_host

__all__ = ["descriptives", "exponential_fit"]


def descriptives(
    arrests: Arrests,
    network: Network | None = None,
    *,
    engine: str | Engine = "auto",
    threads: int | None = None,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Describe arrests and their network.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    network
        That of the arrests; built if not given.
    engine, threads
        With which the network's figures are computed; they do not depend on the number of threads.
    progress
        Called as the work goes on.

    Returns
    -------
    dict
        ``records`` (accepted rows, None for arrests that were not read from a table), ``arrests`` (Table 1) and
        ``network`` (Table 2) as in ``run.json``; ``degrees``: ``distribution`` (persons of each degree), and its
        ``exponential_fit``; ``repeat_arrests``: persons with so many arrests, and how many of them are violent;
        ``seasonality``: ``by_month_of_year`` and ``by_month``, dated arrests and violent ones; ``violent_together``:
        of ``all`` violent persons, and of those of the ``network``, how many were in an incident in which somebody else
        was violent.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "cyd"], "incident_id": [1, 1, 2], "date": ["2013-05-04"] * 3,
    ...         "offence": ["robbery", "robbery", "theft"]}
    >>> found = descriptives(gpunet.read_arrests(pl.DataFrame(rows)))
    >>> found["violent_together"]["all"]
    {'violent_persons': 2, 'with_another': 2, 'share': 1.0}
    """
    engine = resolve_engine(engine, threads)
    with engine.stage("network"):
        arrests = arrests.to_engine(engine)
        network = network or build_network(arrests, engine)
        everybody = replace(network, sets={"all": network.sets["all"]})
        path = compute_path(everybody, ["closeness"], engine=engine, config=arrests.config.path, progress=progress)
        near: Any = path.columns["closeness__all"]
        figures = network_statistics(arrests, network, near, engine)
    degree = np.bincount(to_host(network.degree))
    report = arrests.report
    return {
        "records": None if report is None else sum(file.accepted for file in report.files),
        "arrests": arrest_statistics(arrests),
        "network": figures,
        "degrees": {
            "distribution": [{"degree": k, "persons": n} for k, n in enumerate(degree.tolist()) if n],
            "exponential_fit": exponential_fit(degree),
        },
        "repeat_arrests": _repeat_arrests(arrests),
        "seasonality": _seasonality(to_host(arrests.day), to_host(arrests.offences) != 0),
        "violent_together": _violent_together(arrests, network),
    }


def exponential_fit(counts: Int64) -> dict[str, Any]:
    """Fit ``persons = scale · exp(-rate · degree)`` by least squares of the logarithm, over degrees somebody has.

    Parameters
    ----------
    counts
        int64[k], persons of degree 0, 1, ..., k-1.

    Returns
    -------
    dict
        ``method, degrees`` (how many were fitted), ``scale``, ``rate`` and ``r_squared``, that of the logarithm. None
        of fewer than three degrees; ``r_squared`` also where as many persons have each degree.

    Examples
    --------
    >>> fit = exponential_fit(np.array([0, 800, 400, 200, 100]))
    >>> round(fit["scale"]), round(fit["rate"], 3), round(fit["r_squared"], 3)
    (1600, 0.693, 1.0)
    """
    degree = np.flatnonzero(counts)
    found: dict[str, Any] = {
        "method": "least squares of ln(persons) on the degree, every degree that somebody has alike",
        "degrees": len(degree),
        "scale": None,
        "rate": None,
        "r_squared": None,
    }
    if len(degree) < 3:
        return found
    y = np.log(counts[degree])
    dx, dy = degree - degree.mean(), y - y.mean()
    slope = float(np.sum(dx * dy) / np.sum(dx * dx))
    found |= {"scale": float(np.exp(y.mean() - slope * degree.mean())), "rate": -slope}
    if len(np.unique(counts[degree])) > 1:
        found["r_squared"] = float(1 - np.sum((dy - slope * dx) ** 2) / np.sum(dy * dy))
    return found


def _repeat_arrests(arrests: Arrests) -> list[dict[str, Any]]:
    times = np.bincount(to_host(arrests.person), minlength=arrests.n_persons)
    persons = np.bincount(times)
    violent = np.bincount(times[to_host(arrests.person_offences) != 0], minlength=len(persons))
    return [
        {"arrests": k, "persons": n, "violent": m, "share_violent": m / n}
        for k, (n, m) in enumerate(zip(persons.tolist(), violent.tolist(), strict=True))
        if n and k  # of those known otherwise than by an arrest there is nothing to repeat
    ]


def _seasonality(day: Int64, violent: Bool) -> dict[str, Any]:
    dated = day != NO_DAY
    month = day[dated].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)  # from 1970-01
    of_year = _both(month % 12, violent[dated], 12)
    first = int(month.min()) if len(month) else 0
    by_month = _both(month - first, violent[dated], int(month.max()) - first + 1 if len(month) else 0)
    return {
        "by_month_of_year": [{"month": m + 1, **counts} for m, counts in enumerate(of_year)],
        "by_month": [{"month": str(np.datetime64(first + m, "M")), **counts} for m, counts in enumerate(by_month)],
    }


def _both(month: Int64, violent: Bool, n: int) -> list[dict[str, int]]:
    every, some = np.bincount(month, minlength=n), np.bincount(month[violent], minlength=n)
    return [{"arrests": a, "violent_arrests": v} for a, v in zip(every.tolist(), some.tolist(), strict=True)]


def _violent_together(arrests: Arrests, network: Network) -> dict[str, dict[str, Any]]:
    members = incident_members(arrests)
    incident, person, here = to_host(members.incident), to_host(members.person), to_host(members.violent)
    others = np.bincount(incident[here], minlength=arrests.n_incidents)[incident] - here
    with_another = np.zeros(arrests.n_persons, np.bool_)
    with_another[person[others > 0]] = True
    violent = to_host(arrests.person_offences) != 0
    assert network.person is not None  # it was made of arrests
    tied = to_host(network.person)
    found = {"all": (violent, with_another), "network": (violent[tied], with_another[tied])}
    return {name: _together(*flags) for name, flags in found.items()}


def _together(violent: Bool, with_another: Bool) -> dict[str, Any]:
    persons, together = int(violent.sum()), int((violent & with_another).sum())
    return {"violent_persons": persons, "with_another": together, "share": together / persons if persons else None}
