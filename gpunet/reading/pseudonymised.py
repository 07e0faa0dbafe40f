"""Tables that hold pseudonyms in place of ids say under which key; tables of different keys are never joined."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from gpunet.arrests.read_report import ReadReport
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.base.printable import printable
from gpunet.base.words import quoted, shortened
from gpunet.config.input_config import ALL_COLUMNS, InputConfig

__all__ = [
    "KINDS",
    "CheckIds",
    "NotJoinedError",
    "check_alike",
    "check_beside",
    "check_ids",
    "check_kind",
    "check_plain",
    "check_tables",
    "check_unsaid",
    "other_dates",
    "other_dates_beside",
    "pseudonyms_in",
    "pseudonyms_of_run",
    "standard_names",
    "stated_pseudonyms",
]

#: Kinds of tables.
KINDS = ("arrests", "ties", "victims")

_KEY = b"gpunet"

#: What a table says, all of it text; ``scope`` is ``[input] person_scope`` of the tables that it was made of.
_FIELDS = ("fingerprint", "domain", "dates", "kind", "scope")

#: The kind of tables that a run has written, which say no other.
_RESULTS = "results"

#: The form of every pseudonym.
_FORM = r"^[a-z2-7]{32}$"

#: Steps from the finest to the coarsest.
_DATES = ("day", "week", "month")


#: Called with what a list of persons says of its pseudonyms, and its name: :func:`check_ids` of a run.
CheckIds: TypeAlias = Callable[[Mapping[str, str] | None, str], None]


class NotJoinedError(InputError):
    """Tables hold pseudonyms of different keys or domains, or pseudonyms and plain ids: they are never joined."""


class _Named(Protocol):
    """Anything that holds ids: an input, or a run."""

    @property
    def name(self) -> str: ...

    @property
    def pseudonyms(self) -> Mapping[str, str] | None: ...


class _Record(_Named, Protocol):
    """What is known of an input: :class:`gpunet.reading.batches.InputRecord`."""

    @property
    def sha256(self) -> str | None: ...


def pseudonyms_in(metadata: Mapping[bytes, bytes] | None, name: str) -> dict[str, str] | None:
    """What the metadata of an Arrow schema say of pseudonyms; None for a table of plain ids.

    Raises
    ------
    UnreadableFile
        If they speak of pseudonyms and are damaged; the message names the file `name`.
    """
    text = (metadata or {}).get(_KEY)
    if text is None or b'"pseudonyms"' not in text:
        return None
    try:
        found = json.loads(text)
        told = found.get("pseudonyms") if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        told = {}
    if told is None:
        return None
    if isinstance(told, dict) and "kind" not in told:
        told = {**told, "kind": _RESULTS, "scope": ""}
    if not isinstance(told, dict) or not all(isinstance(told.get(field), str) for field in _FIELDS):
        raise UnreadableFile(name, "what it says of its pseudonyms is damaged: make it again with gpunet pseudonymise")
    return {field: told[field] for field in _FIELDS}


def standard_names(config: InputConfig) -> InputConfig:
    """How tables of pseudonyms are read: their columns have our names, whatever those of plain ids are called."""
    return replace(config, columns={name: "" for name in ALL_COLUMNS if config.is_absent(name)})


def check_alike(first: _Named, other: _Named) -> None:
    """Refuse two tables, or runs, that cannot be joined.

    Raises
    ------
    NotJoinedError
        If one holds pseudonyms and the other does not, or they are of different keys or domains.
    """
    _check(first.pseudonyms, first.name, other.pseudonyms, other.name)


def check_kind(records: Iterable[_Named], kind: str, scope: str) -> None:
    """Refuse tables of pseudonyms of another kind than is asked for, and such as hold the force already.

    Raises
    ------
    InputError
        If there is one.
    """
    for record in records:
        of = record.pseudonyms
        if of is None:
            continue
        if of["kind"] != kind:
            how = {"ties": "give it after --ties", "victims": "give it after --victims"}.get(of["kind"], "give another")
            raise InputError(f"{record.name} is a table of {_word(of['kind'])}, not of {kind}: {how}")
        if scope == "force" and of["scope"] == "force":
            raise InputError(
                f'{record.name}: its pseudonyms hold the force of each person already: set person_scope = "national" '
                "under [input]"
            )


def check_plain(record: _Named) -> None:
    """Refuse a table that holds pseudonyms already, of which others would be made.

    Raises
    ------
    InputError
        If so.
    """
    if record.pseudonyms is not None:
        raise InputError(f"{record.name} holds pseudonyms already: give the table that they were made of")


def check_tables(report: ReadReport | None, beside: Mapping[str, ReadReport]) -> None:
    """Refuse tables of ties and victims that cannot be joined with those of arrests; of frames nothing is known.

    Raises
    ------
    NotJoinedError
        As :func:`check_alike`.
    """
    if report is None or not _can_tell(report):
        return
    for name, other in beside.items():
        if _can_tell(other):
            _check(report.pseudonyms, report.files[0].name, other.pseudonyms, f"{other.files[0].name} ({name})")


def check_beside(report: ReadReport | None, records: Iterable[_Record]) -> None:
    """Refuse another table of persons that cannot be joined with those of arrests, of which this is the report.

    Raises
    ------
    NotJoinedError
        As :func:`check_alike`.
    """
    if report is None or not _can_tell(report):
        return
    for record in records:
        if record.sha256 is not None:
            _check(report.pseudonyms, report.files[0].name, record.pseudonyms, record.name)


def pseudonyms_of_run(manifest: Mapping[str, Any]) -> Mapping[str, str] | None:
    """What ``run.json`` says of the pseudonyms that a complete run is of; None if it is of plain ids.

    Examples
    --------
    >>> pseudonyms_of_run({"input": {"files": []}}) is None
    True
    """
    found: Mapping[str, str] | None = manifest.get("pseudonyms", manifest.get("input", {}).get("pseudonyms"))
    return found


def check_ids(of_run: Mapping[str, str] | None, run: str, of_list: Mapping[str, str] | None, name: str) -> None:
    """Refuse a list of persons that says that its ids are other pseudonyms than those of a run.

    A list that says nothing is taken: ids out of results are written as CSV, which has no place to say it.

    Raises
    ------
    NotJoinedError
        As :func:`check_alike`.

    Examples
    --------
    >>> a, b = ({"fingerprint": of, "domain": "study", "dates": "day"} for of in ("1e11", "07ab"))
    >>> check_ids(a, "runs/a", None, "list.csv")
    >>> check_ids(a, "runs/a", b, "list.parquet")
    Traceback (most recent call last):
        ...
    gpunet.reading.pseudonymised.NotJoinedError: runs/a and list.parquet hold pseudonyms of different keys (1e11 and \
07ab), which are never joined: make them again with one key and domain
    """
    if of_list is not None:
        _check(of_run, run, of_list, name)


def check_unsaid(
    of_run: Mapping[str, str] | None, records: Iterable[_Named], ids: Iterable[str], of_persons: Sequence[str]
) -> tuple[str, ...]:
    """Look at the ids of lists of persons that cannot say whose pseudonyms they hold; return what to tell of these.

    Parameters
    ----------
    of_run
        What the run says of its pseudonyms; None of plain ids, beside which nothing is looked at.
    records
        The lists.
    ids
        Those in them.
    of_persons
        The ids of the persons of the run's test window. If these have been changed by a rule, forms are not compared.

    Raises
    ------
    NotJoinedError
        If an id is no pseudonym, or none is of the run.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> lists, pseudonym = [SimpleNamespace(name="list.csv", pseudonyms=None)], "hgyspet22lhckl3w2ldb2y5wljtja563"
    >>> check_unsaid({"fingerprint": "1e11", "domain": "study", "dates": "day"}, lists, [pseudonym], [pseudonym])
    ('"list.csv" cannot say of which key and domain its pseudonyms are: they were not compared with those of the run',)
    """
    silent = [record.name for record in records if record.pseudonyms is None]
    if of_run is None or not silent:
        return ()
    ids = list(ids)
    if all(map(_has_form, of_persons)) and not all(map(_has_form, ids)):
        raise NotJoinedError(
            f"{quoted(silent)}: an id is no pseudonym, as those of the run are: give the table with pseudonyms of the "
            f"same key and domain ({_word(of_run['fingerprint'])}, {_word(of_run['domain'])}) in place of all ids"
        )
    if set(ids).isdisjoint(of_persons):
        raise NotJoinedError(
            f"{quoted(silent)}: no pseudonym is of the run's test window: they are of another key or domain than "
            f"{_word(of_run['fingerprint'])}, {_word(of_run['domain'])}, or of other persons; give those of these"
        )
    verb = "its pseudonyms are" if len(silent) == 1 else "their pseudonyms are"
    return (
        f"{quoted(silent)} cannot say of which key and domain {verb}: they were not compared with those of the run",
    )


def _has_form(text: str) -> bool:
    return re.fullmatch(_FORM, text) is not None


def _can_tell(report: ReadReport) -> bool:
    """Whether files were read, which say whether they hold pseudonyms."""
    return bool(report.files) and report.files[0].sha256 is not None


def stated_pseudonyms(records: Sequence[_Named]) -> dict[str, str] | None:
    """What outputs say of the inputs' pseudonyms: key, domain, and the coarsest dates; None if there are none."""
    told = [record.pseudonyms for record in records if record.pseudonyms is not None]
    if not told:
        return None
    return {**{name: told[0][name] for name in ("fingerprint", "domain")}, "dates": _coarsest(told)}


def other_dates(records: Iterable[_Named]) -> tuple[str, ...]:
    """What to tell of tables of pseudonyms whose dates are cut in different ways; nothing where all are alike."""
    names: dict[str, str] = {}
    for record in records:
        if record.pseudonyms is not None:
            names.setdefault(record.pseudonyms["dates"], record.name)
    if len(names) < 2:
        return ()
    (one, first), (other, second) = list(names.items())[:2]
    return (_unlike(first, one, second, other),)


def other_dates_beside(report: ReadReport | None, name: str, other: Mapping[str, str] | None) -> tuple[str, ...]:
    """The same of tables of arrests, of which this is the report, and others of which `other` is stated."""
    mine = None if report is None else report.pseudonyms
    if mine is None or other is None or mine["dates"] == other["dates"]:
        return ()
    return (_unlike("arrests", mine["dates"], name, other["dates"]),)


def _unlike(first: str, one: str, second: str, other: str) -> str:
    return (
        f"dates of these pseudonymised tables are cut in different ways ({first} by {_word(one)}, {second} by "
        f"{_word(other)}), and what comes before what is not known to the day: make them again with one --dates"
    )


def _coarsest(told: Iterable[Mapping[str, str]]) -> str:
    return max((of["dates"] for of in told), key=lambda step: _DATES.index(step) if step in _DATES else len(_DATES))


def _check(one: Mapping[str, Any] | None, first: str, other: Mapping[str, Any] | None, second: str) -> None:
    if one is None and other is None:
        return
    if one is None or other is None:
        holds, lacks = (second, first) if one is None else (first, second)
        raise NotJoinedError(
            f"{holds} holds pseudonyms and {lacks} does not: they are never joined; make pseudonyms of both, with the "
            "same key and domain"
        )
    for field, what in (("fingerprint", "keys"), ("domain", "domains")):
        if one[field] != other[field]:
            raise NotJoinedError(
                f"{first} and {second} hold pseudonyms of different {what} ({_word(one[field])} and "
                f"{_word(other[field])}), which are never joined: make them again with one key and domain"
            )


def _word(text: str) -> str:
    return printable(shortened(text), line_breaks=False)
