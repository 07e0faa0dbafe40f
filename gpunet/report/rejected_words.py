"""Why rows of tables were rejected, for whoever has never seen the tables."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ARREST_REASONS", "TIE_REASONS", "VICTIM_REASONS"]

#: Of arrests (gpunet.reading.rejections.REASONS).
ARREST_REASONS: Mapping[str, str] = {
    "missing_person": "no person",
    "missing_incident": "no incident",
    "bad_id": "an id that cannot be read",
    "bad_date": "a date that cannot be read",
    "bad_recorded_at": "a day of recording that cannot be read",
    "recorded_before_date": "recorded before the day of the arrest",
    "malformed_row": "too few or too many fields",
}

#: Of victims, which are read by the rules of arrests.
VICTIM_REASONS: Mapping[str, str] = {
    **ARREST_REASONS,
    "recorded_before_date": "recorded before the day of the incident",
}

#: Of ties of other kinds (gpunet.reading.ties_rows.TIE_REASONS); five of them are by choice, of rows that can be read.
TIE_REASONS: Mapping[str, str] = {
    "missing_person": "one of the two persons is missing",
    "bad_id": "an id that cannot be read",
    "same_person": "both persons are the same one",
    "missing_kind": "nothing says of which kind the tie is",
    "missing_date": "no date, so nobody knows how old the tie is",
    "bad_date": "a date that cannot be read",
    "bad_until": "a day of ending that cannot be read",
    "until_before_date": "over before it began",
    "bad_recorded_at": "a day of recording that cannot be read",
    "recorded_before_date": "recorded before the day that it tells of",
    "bad_source_grade": "a grade of the source other than 1 to 3",
    "bad_information_grade": "a grade of the information other than A to E",
    "bad_handling": "a handling code other than P and C",
    "kind_not_used": "the kind is named, and not to be used",
    "missing_source_grade": "the source has no grade, and its kind asks for one",
    "source_too_low": "the source is less reliable than its kind asks for",
    "missing_information_grade": "the information has no grade, and its kind asks for one",
    "information_too_low": "the information is weaker than its kind asks for",
    "malformed_row": "too few or too many fields",
}
