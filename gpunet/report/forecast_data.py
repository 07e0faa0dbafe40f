"""What a run's folder holds of how good its forecast was: of everybody in the test window, and of groups of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from gpunet.base.errors import InputError, in_words
from gpunet.config.config import load_config
from gpunet.evaluate.forecast_intervals import Compared, Estimate, Window, forecast_intervals, number_of_draws
from gpunet.evaluate.schemas import MEASURES
from gpunet.model.tested import own_names
from gpunet.report.forecast_words import window_words
from gpunet.report.outcome import OFFENDING, VICTIMISATION, Outcome, outcome_of
from gpunet.report.source import Source

__all__ = ["ALL", "GROUPS", "Forecasts", "Group", "forecast_of_all", "forecasts_of", "groups_of"]

#: The population of everybody who was tested.
ALL = "all"


@dataclass(frozen=True)
class Group:
    """Persons for whom a forecast may be better or worse: what tells them apart, their words, and who they are."""

    name: str
    told_by: str
    words: str
    who: pl.Expr


_ARRESTS, _VIOLENT, _TIES = map(pl.col, own_names(OFFENDING.side))
_TIMES, _HARMED, _ = map(pl.col, own_names(VICTIMISATION.side))

_KNOWN = (
    Group("seen", "known to the model", "in the training data", ~pl.col("new_person")),
    Group("new", "known to the model", "new: not in the training data", pl.col("new_person")),
)
_NETWORK = (
    Group("in_network", "network", "in the network: a tie to someone", _TIES > 0),
    Group("outside", "network", "outside: no tie to anyone", _TIES == 0),
)

#: All as of the day on which the test window begins. Groups told apart by the same are parts of everybody.
GROUPS = (
    Group("violent_before", "violent record", "a violent arrest before", _VIOLENT > 0),
    Group("no_violent_before", "violent record", "no violent arrest before", _VIOLENT == 0),
    *_KNOWN,
    Group("arrests_1", "arrests so far", "1 arrest so far", _ARRESTS == 1),
    Group("arrests_2", "arrests so far", "2 arrests so far", _ARRESTS == 2),
    Group("arrests_3_4", "arrests so far", "3 or 4 arrests so far", _ARRESTS.is_between(3, 4)),
    Group("arrests_5", "arrests so far", "5 or more arrests so far", _ARRESTS >= 5),
    *_NETWORK,
)

#: The same of a forecast of victims: by what is on record of persons as victims.
_OF_VICTIMS = (
    Group("violent_before", "violent record", "a victim of violence before", _HARMED > 0),
    Group("no_violent_before", "violent record", "no victim of violence before", _HARMED == 0),
    *_KNOWN,
    Group("victim_0", "times a victim so far", "never a victim so far", _TIMES == 0),
    Group("victim_1", "times a victim so far", "once a victim so far", _TIMES == 1),
    Group("victim_2", "times a victim so far", "twice or more a victim so far", _TIMES >= 2),
    *_NETWORK,
)


def groups_of(outcome: Outcome) -> tuple[Group, ...]:
    """The groups of persons for whom a forecast of that is looked at."""
    return _OF_VICTIMS if outcome is VICTIMISATION else GROUPS


@dataclass(frozen=True, eq=False)
class Forecasts:
    """How good a forecast was.

    Attributes
    ----------
    of
        ``{population: Compared}``: ``all``, then those of :func:`groups_of` in which anybody is.
    persons
        Everybody of the test window, a row each: ``probability``, ``past`` (the order by the own record), ``label``,
        ``community`` (-1 outside the network) and more. None in a folder without predictions, in which measures have no
        intervals.
    draws, asked
        How many draws the intervals are from, and how many were asked for.
    horizon_days, window
        The length of the window that is forecast, and the test window in words: its first and last day.
    outcome
        What is forecast, in words.
    """

    of: Mapping[str, Compared]
    persons: pl.DataFrame | None
    draws: int
    asked: int
    horizon_days: int
    window: str
    outcome: Outcome = OFFENDING

    @property
    def everybody(self) -> Compared:
        """The comparison over all persons."""
        return self.of[ALL]


def forecasts_of(source: Source) -> Forecasts:
    """Read and measure; of a folder that an earlier version has made, only what ``run.json`` says.

    Raises
    ------
    InputError
        If a table cannot be read, or holds what no run writes.
    """
    return _measured(source, groups_of(outcome_of(source.manifest)))


def forecast_of_all(source: Source) -> Forecasts:
    """The same without any group, which takes a fifth of the time."""
    return _measured(source, ())


def _measured(source: Source, groups: Sequence[Group]) -> Forecasts:
    model, config = source.manifest["model"], load_config(source.manifest.get("config"))
    asked = config.evaluate.bootstrap
    outcome = outcome_of(source.manifest)
    about = (asked, int(model["horizon_days"]), window_words(str(model["test"]["window"])), outcome)
    if not source.has("predictions"):
        return Forecasts(_told(model), None, 0, *about)
    persons = _persons(source, outcome)
    tested = _tested(persons)
    draws = number_of_draws(tested.community, asked)
    flags = {ALL: np.ones(len(persons), np.bool_)}
    for group in groups:
        flag = persons.select(group.who.fill_null(value=False)).to_series().to_numpy()
        if flag.any():
            flags[group.name] = flag
    threshold = float(model["results"]["threshold"])
    found = forecast_intervals(tested, threshold, flags, draws=draws, seed=config.model.seed)
    return Forecasts(found, persons, draws, *about)


def _persons(source: Source, outcome: Outcome) -> pl.DataFrame:
    order = outcome.own.order
    values = {"probability": pl.Float64, order: pl.Float64, "new_person": pl.Boolean, "label": pl.Boolean}
    wanted = {**values, **dict.fromkeys(own_names(outcome.side), pl.Int64)}
    found = source.table("predictions", ["person_id", *wanted])
    try:
        found = _in_file_order(found, source.communities())
    except pl.exceptions.PolarsError as error:
        raise _damaged(source, in_words(error)) from error
    for name, dtype in wanted.items():
        if found.schema[name] != dtype:
            raise _damaged(source, f'"{name}" holds {found.schema[name]}, not {dtype}')
    for name in ("probability", "label", "new_person"):
        if found[name].null_count():
            raise _damaged(source, f'"{name}" has no value of some person')
    if not (found["probability"].is_between(0, 1).all() and found[order].is_finite().all()):
        raise _damaged(source, "a value is no number that a run writes")
    return found.rename({order: "past"}).with_columns(pl.col("community").cast(pl.Int64).fill_null(-1))


def _in_file_order(found: pl.DataFrame, communities: pl.DataFrame) -> pl.DataFrame:
    """The rows with their communities, as the files first name the persons: so draws do not depend on the ids."""
    placed = communities.with_row_index("place")
    found = found.join(placed, on="person_id", how="left", maintain_order="left", validate="1:1")
    return found.sort("place", nulls_last=True, maintain_order=True).drop("place")


def _damaged(source: Source, why: str) -> InputError:
    return InputError(f"{source.folder / 'predictions.parquet'}: damaged: {why}; run gpunet run again")


def _tested(persons: pl.DataFrame) -> Window:
    record = persons["past"]
    return Window(
        persons["probability"].to_numpy(),
        None if record.null_count() else record.to_numpy(),
        persons["label"].to_numpy(),
        persons["community"].to_numpy(),
    )


_NO_TABLE = "the folder has no predictions.parquet, which runs of this version write"


def _told(model: Mapping[str, Any]) -> dict[str, Compared]:
    """What ``run.json`` says of everybody, and of new persons: measures without intervals."""
    results = {ALL: (model["results"], model["calibration"]), "new": (model.get("results_new_persons"), [])}
    return {name: _without_intervals(of, groups) for name, (of, groups) in results.items() if of is not None}


def _without_intervals(results: Mapping[str, Any], calibration: list[dict[str, Any]]) -> Compared:
    model, record, random = (results[name] or {} for name in ("model", "past_violence", "chance"))
    found, simple = ({name: of.get(name) for name in MEASURES} for of in (model, record))
    less = {
        name: None if value is None or simple[name] is None else value - simple[name] for name, value in found.items()
    }
    hits = round((model.get("precision") or 0.0) * model["flagged"])
    groups = [
        {
            "group": number,
            "persons": of["persons"],
            "positives": round(of["observed"] * of["persons"]),
            "mean_value": of["mean_probability"],
            "observed": of["observed"],
            "observed_low": None,
            "observed_high": None,
            "undefined": _NO_TABLE,
        }
        for number, of in enumerate(calibration, start=1)
    ]
    return Compared(
        results["persons"],
        results["positives"],
        model["flagged"],
        hits,
        base_rate=Estimate(results["base_rate"], None, _NO_TABLE),
        model=_as_told(found),
        past_violence=_as_told(simple),
        difference=_as_told(less),
        chance={name: random.get(name) for name in MEASURES},
        calibration=groups,
    )


def _as_told(values: Mapping[str, float | None]) -> dict[str, Estimate]:
    return {
        name: Estimate(value, None, "it is not defined for these persons" if value is None else _NO_TABLE)
        for name, value in values.items()
    }
