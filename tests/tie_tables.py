"""Tables of ties for tests: rows drawn at random, and a slow reader of them in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

Row = dict[str, str | None]

COLUMNS = ("person_a", "person_b", "kind", "date", "until", "recorded_at", "source_grade", "information_grade",
           "handling", "basis")  # fmt: skip
OPTIONAL = COLUMNS[4:]
TODAY = date(2020, 1, 1)
NULLS = ("", "na", "unknown")
EPOCH = date(1970, 1, 1)

#: A row in which nothing is amiss.
GOOD: Row = {"person_a": "1", "person_b": "2", "kind": "calls", "date": "2013-02-01", "until": None,
             "recorded_at": None, "source_grade": "1", "information_grade": "A", "handling": "P",
             "basis": None}  # fmt: skip

TIES: dict[str, dict[str, Any]] = {
    "calls": {"use": True, "min_source": 2, "min_information": "C", "half_life_days": 100},
    "chat": {"use": False},
    "intelligence": {"use": True, "min_source": 3, "min_information": "E", "limit_days": 400},
}

_id = st.sampled_from(["1", "2", "3", "07", "7", "Ann", "ann", " 3 ", "NA", None, "1.5E+11"])
_day = st.sampled_from(["2013-02-01", "2013-02-03", "2013-02-03T10:00:00", "20130501"])
_bad_day = st.sampled_from(["2013-02-30", "1899-12-31", "yesterday"])

tie_row: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "person_a": _id,
        "person_b": _id,
        "kind": st.sampled_from(["calls", "calls", "Calls ", "intelligence", "chat", None, "unknown"]),
        "date": st.one_of(_day, _day, _day, st.none(), _bad_day, st.just("2021-01-01")),
        "until": st.one_of(st.none(), _day, st.just("2999-01-01"), _bad_day),
        "recorded_at": st.one_of(st.none(), _day, _day, _bad_day, st.just("2021-01-01")),
        "source_grade": st.sampled_from(["1", "1", "2", "3", "1.0", None, "4", "E"]),
        "information_grade": st.sampled_from(["A", "a", "C", "E", None, "F", "1"]),
        "handling": st.sampled_from(["P", "c", "C", None, "NA", "X"]),
        "basis": st.sampled_from([None, "log", "log ", "sighting"]),
    }
)


@dataclass
class Expected:
    """What a slow reader makes of files: ties, and counts and reasons of each file."""

    ties: list[tuple[str, str, str, int, int | None, int | str | None]] = field(default_factory=list)
    counts: list[tuple[int, int, int, int]] = field(default_factory=list)
    reasons: list[Counter[str]] = field(default_factory=list)
    rejected: list[tuple[int, int, str]] = field(default_factory=list)


def expected(files: Sequence[Sequence[Row]], config: Mapping[str, Any]) -> Expected:
    """What becomes of the rows; a file's columns are the keys of its rows."""
    found, known = Expected(), {}
    for number, rows in enumerate(files):
        reasons: Counter[str] = Counter()
        duplicate = 0
        for i, row in enumerate(rows, 1):
            tie = _tie(row, config)
            if isinstance(tie, str):
                reasons[tie] += 1
                found.rejected.append((number, i, tie))
                continue
            key, recorded = tie
            if key in known:
                duplicate += 1
                known[key] = min(known[key], recorded, key=_order)
            else:
                known[key] = recorded
        rejected = sum(reasons.values())
        found.counts.append((len(rows), len(rows) - rejected - duplicate, rejected, duplicate))
        found.reasons.append(reasons)
    found.ties = [
        (a, b, kind, _number(day), until, recorded) for (a, b, kind, day, until, *_), recorded in known.items()
    ]
    return found


def _order(recorded: int | str | None) -> tuple[int, int]:
    """Told by no column comes first, told by nobody last."""
    return (0, 0) if recorded == "always" else (2, 0) if recorded is None else (1, int(recorded))


def _number(day: datetime) -> int:
    return (day.date() - EPOCH).days


def _tie(row: Row, config: Mapping[str, Any]) -> str | tuple[Any, Any]:
    """A row's key and when it was recorded, or why it is rejected."""
    cells = {name: _cell(text) for name, text in row.items()}
    rules = config.get("input", {}).get("id_rules", [])
    persons = [_person(cells["person_a"], rules), _person(cells["person_b"], rules)]
    if None in persons:
        return "missing_person"
    if any("1.5e+11" in str(person).lower() for person in persons):
        return "bad_id"
    if persons[0] == persons[1]:
        return "same_person"
    kind = cells["kind"]
    if kind is None:
        return "missing_kind"
    stamps = {name: _stamp(cells.get(name)) for name in ("date", "until", "recorded_at")}
    day, until, recorded = stamps["date"], stamps["until"], stamps["recorded_at"]
    if day is None:
        return "missing_date"
    if day == "bad" or day.date() > TODAY:
        return "bad_date"
    if until == "bad":
        return "bad_until"
    if until is not None and until.date() < day.date():
        return "until_before_date"
    if recorded == "bad" or (recorded is not None and recorded.date() > TODAY):
        return "bad_recorded_at"
    if recorded is not None and recorded.date() < day.date():
        return "recorded_before_date"
    source, information, handling = (cells.get(name) for name in ("source_grade", "information_grade", "handling"))
    if source not in (None, "1", "2", "3", "1.0"):
        return "bad_source_grade"
    if information is not None and information.upper() not in ("A", "B", "C", "D", "E"):
        return "bad_information_grade"
    if handling is not None and handling.upper() not in ("P", "C"):
        return "bad_handling"
    settings = {"min_source": 1, "min_information": "B", **config["ties"][kind.lower()]}
    if not settings["use"]:
        return "kind_not_used"
    if source is None and settings["min_source"] < 3:
        return "missing_source_grade"
    if source is not None and int(float(source)) > settings["min_source"]:
        return "source_too_low"
    if information is None and settings["min_information"] != "E":
        return "missing_information_grade"
    if information is not None and information.upper() > settings["min_information"]:
        return "information_too_low"
    a, b = sorted(map(str, persons))
    grades = (source and int(float(source)), information and information.upper(), handling and handling.upper())
    key = (a, b, kind.lower(), day, until and _number(until), *grades, cells.get("basis"))
    told = "always" if "recorded_at" not in row else None if recorded is None else _number(recorded)
    return key, told


def _cell(text: str | None) -> str | None:
    text = (text or "").strip()
    return None if text.lower() in NULLS else text


def _person(text: str | None, rules: Sequence[str]) -> str | None:
    if text is not None and "casefold" in rules:
        text = text.casefold()
    return text.lstrip("0") if text is not None and "strip_zeros" in rules else text


def _stamp(text: str | None) -> Any:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return "bad"
    return "bad" if found.year < 1900 else found
