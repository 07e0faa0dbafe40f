"""A slow reading of arrest tables, written from the rules of docs/input.md: plain Python, row by row, with dicts."""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.reading.values import NULL_WORDS

Row = dict[str, Any]

_OURS = ("force", "district", "beat", "gang", "offence", "date", "year")

_DATE = re.compile(r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[Tt ](.*))?", re.ASCII | re.DOTALL)
_TIME = re.compile(
    r"(\d\d)(?:(:?)([0-5]\d)(?:\2([0-5]\d)(?:[.,](\d+))?)?)?(?:[Zz]|[+-](\d\d)(?::?[0-5]\d)?)?", re.ASCII
)


@dataclass
class Naive:
    """Arrests as ``{(person, force, key): values}`` in the order of first appearance; counts and rejections a table."""

    arrests: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    counts: list[tuple[int, int, int, int]] = field(default_factory=list)
    rejected: list[tuple[int, int, str]] = field(default_factory=list)


def naive_text(value: Any) -> str | None:
    """A value as text, trimmed and in form NFC; None where it is null, blank or a word for no value."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = unicodedata.normalize("NFC", str(value).strip())
    return text if text and text.lower() not in NULL_WORDS else None


def naive_is_bad(text: str | None) -> bool:
    """Whether an id has lost digits on its way."""
    if text is None:
        return False
    if re.fullmatch(r"[+-]?[0-9]+([.,][0-9]*[eE][+-]?[0-9]+|[eE]\+[0-9]+)", text):
        return True
    return re.fullmatch(r"[+-]?[0-9]+\.0", text) is not None and abs(int(text[:-2])) >= 2**53


def _without_point(rows: list[Row], columns: tuple[str, ...]) -> list[Row]:
    """The rows of a CSV file, of which columns of whole numbers with a point lose that."""
    rows = [dict(row) for row in rows]
    for column in columns:
        numbers = [row for row in rows if naive_text(row.get(column)) is not None]
        if all(re.fullmatch(r"\s*[+-]?[0-9]+[.,]0*\s*", row[column]) for row in numbers):
            for row in numbers:
                if abs(float(row[column].strip().replace(",", "."))) < 2**53:
                    row[column] = re.sub(r"[.,]0*$", "", row[column].strip())
    return rows


def naive_date(value: Any) -> dt.datetime | None:
    """The local date and time that a text or date says; ValueError if it says none that is allowed."""
    if isinstance(value, dt.datetime):
        found = value.replace(tzinfo=None)
    elif isinstance(value, dt.date):
        found = dt.datetime.combine(value, dt.time())
    elif not isinstance(value, str):
        raise ValueError(value)
    else:
        match = _DATE.fullmatch(value.strip(" \t\n\r\f\v"))
        if match is None:
            raise ValueError(value)
        year, _, month, day, rest = match.groups()
        found = dt.datetime(int(year), int(month), int(day))
        if rest is not None:
            clock = _TIME.fullmatch(rest)
            if clock is None or int(clock[1]) > 23 or int(clock[6] or 0) > 23:
                raise ValueError(value)
            found += dt.timedelta(hours=int(clock[1]), minutes=int(clock[3] or 0), seconds=int(clock[4] or 0))
            found += dt.timedelta(microseconds=int((clock[5] or "0")[:6].ljust(6, "0")))
    if not dt.date(1900, 1, 1) <= found.date() <= dt.date.today():
        raise ValueError(value)
    return found


def naive_reading(
    tables: list[list[Row]],
    sets: Mapping[str, list[str]],
    incident_key: tuple[str, ...] = ("force", "incident_id"),
    person_scope: str = "national",
    are_csv: Iterable[bool] = repeat(False),
) -> Naive:
    out = Naive()
    seen = set()
    for t, (rows, is_csv) in enumerate(zip(tables, are_csv, strict=False)):
        ids = tuple(dict.fromkeys(("person_id", "incident_id", *(c for c in incident_key if c not in _OURS))))
        rows = _without_point(rows, ids) if is_csv else rows
        accepted = rejected = duplicate = 0
        for number, row in enumerate(rows, start=1):
            clean = {c: naive_text(v) for c, v in row.items() if c != "date"}
            force = clean.get("force") or ""
            raw_date = row.get("date")
            date = None if naive_text(raw_date) is None else raw_date
            reason = None
            if clean["person_id"] is None:
                reason = "missing_person"
            elif any((date if c == "date" else clean.get(c)) is None for c in incident_key if c != "force"):
                reason = "missing_incident"
            elif any(naive_is_bad(clean.get(c)) for c in ("person_id", *(c for c in ids if c in incident_key))):
                reason = "bad_id"
            else:
                try:
                    date = None if date is None else naive_date(date)
                except ValueError:
                    reason = "bad_date"
            if reason is not None:
                rejected += 1
                out.rejected.append((t, number, reason))
                continue
            person = f"{force}:{clean['person_id']}" if person_scope == "force" else clean["person_id"]
            key = tuple(force if c == "force" else date.date() if c == "date" else clean[c] for c in incident_key)
            whole = (person, key, date, tuple(sorted({**clean, "force": force}.items(), key=lambda item: item[0])))
            if whole in seen:
                duplicate += 1
                continue
            seen.add(whole)
            accepted += 1
            arrest = out.arrests.setdefault(
                (person, force, key), {"day": None, "offences": set(), "district": None, "beat": None, "gang": None}
            )
            if date is not None:
                arrest["day"] = date.date() if arrest["day"] is None else min(arrest["day"], date.date())
            offence = (clean["offence"] or "").strip().casefold()
            arrest["offences"] |= {
                name for name, ps in sets.items() if any(fnmatch.fnmatchcase(offence, p.casefold()) for p in ps)
            }
            for c in ("district", "beat", "gang"):
                if arrest[c] is None:
                    arrest[c] = clean.get(c)
        out.counts.append((accepted + rejected + duplicate, accepted, rejected, duplicate))
    return out


def described(naive: Naive) -> list[tuple[Any, ...]]:
    """The naive arrests in the order and the terms of :func:`decoded`, for keys of force and one other column."""
    rows = []
    for (person, force, key), values in naive.arrests.items():
        ident = next(iter(k for k in reversed(key)))
        place = {c: None if values[c] is None else (f"{force}/{values[c]}" if force else values[c])
                 for c in ("district", "beat")}  # fmt: skip
        offences = tuple(sorted(values["offences"]))
        rows.append((person, ident, force, values["day"], offences, place["district"], place["beat"], values["gang"]))
    return sorted(rows, key=lambda row: row[0].encode())  # stable: file order within a person


def decoded(arrests: Arrests) -> list[tuple[Any, ...]]:
    """Arrests as (person, incident, force, day, offence sets, district, beat, gang), codes put back into texts."""
    persons, incidents = arrests.person_ids.to_list(), arrests.incident_ids.to_list()
    names = {c: getattr(arrests, f"{c}_names").to_list() for c in ("force", "district", "beat", "gang")}
    sets = list(arrests.config.violent_offences)
    rows = []
    for i in range(len(arrests)):
        place = {c: None if getattr(arrests, c)[i] < 0 else names[c][getattr(arrests, c)[i]] for c in names}
        day = None if arrests.day[i] == NO_DAY else day_to_date(arrests.day[i])
        offences = tuple(sorted(s for k, s in enumerate(sets) if int(arrests.offences[i]) >> k & 1))
        rows.append(
            (persons[arrests.person[i]], incidents[arrests.incident[i]], place["force"], day, offences,
             place["district"], place["beat"], place["gang"])
        )  # fmt: skip
    return rows


def rejections(arrests: Arrests) -> list[tuple[str, int, str]]:
    assert arrests.report is not None
    frame = arrests.report.rejected
    columns = [frame.get_column(c).to_list() for c in ("source_file", "row_number", "reason")]
    return list(zip(*columns, strict=True))
