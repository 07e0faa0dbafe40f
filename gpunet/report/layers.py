"""What was read beside the arrests, ties of other kinds and victims, and the layers of the network that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.config.layers import ANY, VICTIM
from gpunet.report.audience import Audience
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["layers"]

_BESIDE = {"ties": "ties of other kinds", "victims": "victims"}

_FATES = {"accepted": "kept", "rejected": "rejected: cannot be used", "duplicate": "left out: the same row again"}

_CAUTION = (
    "A tie of another kind is what somebody has noted: who is watched more has more of them, so compare groups of "
    "persons before anything is made of it. Nobody has chosen to be a victim, and to be one is no ground to be treated "
    "as an offender."
)


def layers(source: Source) -> Section | None:
    """Rows of the tables beside the arrests, and persons and ties of each layer; None without such tables."""
    found, audience = source.manifest, source.audience
    tables = {name: found["input"][name] for name in _BESIDE if name in found["input"]}
    if not tables:
        return None
    return Section(
        "layers",
        "What is known beside arrests?",
        _lead(found, audience),
        (Paragraph(_CAUTION, "warning"), *_of_layers(found), *_of_tables(found, tables, audience)),
    )


def _lead(found: Mapping[str, Any], audience: Audience) -> str:
    read = [name for name in _BESIDE if name in found["input"]]
    said = f"Beside arrests there are tables of {' and of '.join(_BESIDE[name] for name in read)}."
    union = found.get("layers", {}).get(ANY)
    if union is None:
        return said
    known = found["arrests"].get("persons_without_arrest", 0)
    return (
        f"{said} With every kind of tie {audience.count(union['persons'])} persons are tied to somebody, and "
        f"{audience.count(known)} are known who have no arrest."
    )


def _of_layers(found: Mapping[str, Any]) -> Iterator[Table]:
    """A row a layer; the union, which has them all, stands in the first sentence."""
    rows = [
        {
            "layer": "victims with those arrested for it" if name == VICTIM else name.replace("_", " "),
            "persons": of["persons"],
            "ties": of["ties"],
            "records": of["records"],
        }
        for name, of in found.get("layers", {}).items()
        if name != ANY
    ]
    if rows:
        yield Table(
            "layers", "The layers", "Persons with a tie in each layer, ties, and the records that these rest on.",
            found["layers"][ANY]["persons"], pl.DataFrame(rows),
            {"layer": "layer", "persons": "persons", "ties": "ties", "records": "records"},
            counts=("persons", "ties", "records"),
        )  # fmt: skip


def _of_tables(found: Mapping[str, Any], tables: Mapping[str, Any], audience: Audience) -> Iterator[Table]:
    """What became of the rows of each kind of table, and why some were rejected."""
    persons = found["arrests"]["persons"]
    for name, read in tables.items():
        fates = pl.DataFrame({"fate": list(_FATES.values()), "rows": [read["rows"][fate] for fate in _FATES]})
        yield Table(
            f"rows_of_{name}", f"What became of the rows of {_BESIDE[name]}", "Each row counts once.", persons, fates,
            {"fate": "", "rows": "rows"}, counts=("rows",),
        )  # fmt: skip
        reasons = sorted(read["rejected_by_reason"].items(), key=lambda item: (-item[1], item[0]))
        if reasons and _FATES["rejected"] in audience.shown(fates, ["rows"])["fate"]:  # they add up to those rejected
            data = pl.DataFrame([{"reason": reason.replace("_", " "), "rows": rows} for reason, rows in reasons])
            where = "" if audience.is_public else f" Each row is in rejected_{name}.parquet."
            yield Table(
                f"rejected_of_{name}", f"Why rows of {_BESIDE[name]} were rejected",
                f"The first reason that applies to a row counts.{where}", persons, data,
                {"reason": "reason", "rows": "rows"}, counts=("rows",),
            )  # fmt: skip
