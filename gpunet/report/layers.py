"""What was read beside the arrests, ties of other kinds and victims, and the layers of the network that they make."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.config.layers import ANY, VICTIM
from gpunet.report.audience import Audience
from gpunet.report.few import is_few
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.layer_kinds import kind_words, kinds_in_use
from gpunet.report.rejected_words import TIE_REASONS, VICTIM_REASONS
from gpunet.report.source import Source

__all__ = ["layers", "persons_told"]

_BESIDE = {"ties": "ties of other kinds", "victims": "victims"}

_FATES = {
    "ties": {
        "accepted": "kept",
        "rejected": "rejected: cannot be used, or not to be",
        "duplicate": "left out: the same row again",
    },
    "victims": {
        "accepted": "kept",
        "rejected": "rejected: cannot be used",
        "duplicate": "left out: the same row again",
    },
}

_REASONS = {"ties": TIE_REASONS, "victims": VICTIM_REASONS}

_CAUTIONS = {
    "ties": "A tie of another kind is what somebody has noted: who is watched more has more of them, so compare groups "
    "of persons before anything is made of it.",
    "victims": "Nobody has chosen to be a victim, and to be one is no ground to be treated as an offender.",
}


def layers(source: Source) -> Section | None:
    """Rows of the tables beside the arrests, which of them count, and the layers; None without such tables."""
    found, audience = source.manifest, source.audience
    tables = {name: found["input"][name] for name in _BESIDE if name in found["input"]}
    if not tables:
        return None
    kinds = found["config"].get("ties", {}) if "ties" in tables else {}
    return Section(
        "layers",
        "What is known beside arrests?",
        _lead(found, audience),
        (
            Paragraph(" ".join(_CAUTIONS[name] for name in tables), "warning"),
            *_of_layers(found, audience),
            *kinds_in_use(kinds, audience),
            *_of_tables(tables, kinds, audience),
        ),
    )


def persons_told(found: Mapping[str, Any], persons: int, audience: Audience) -> int | None:
    """A number of persons that those without an arrest are among; None if that would tell the public of few of them."""
    beside = found.get("arrests", {}).get("persons_without_arrest", 0)
    return None if audience.is_public and beside and is_few(beside, persons) else persons


def _lead(found: Mapping[str, Any], audience: Audience) -> str:
    read = [name for name in _BESIDE if name in found["input"]]
    said = f"Beside arrests there are tables of {' and of '.join(_BESIDE[name] for name in read)}."
    if ANY not in found.get("layers", {}):
        return said
    alone = found["arrests"].get("persons_without_arrest", 0)
    known = f"{audience.count(alone)} {'is' if alone == 1 and not audience.is_public else 'are'} known from these alone"
    if (union := _union_told(found, audience)) is None:
        return f"{said} Of all persons {known}, without an arrest."
    tied = f"With every kind of tie {counted(union, 'person')} {'is' if union == 1 else 'are'} tied to somebody."
    return f"{said} {tied} Of all persons {known}, without an arrest."


def _union_told(found: Mapping[str, Any], audience: Audience) -> int | None:
    """Persons with any tie; None if, beside those of the layers, that would tell the public of few of them."""
    of = {name: layer["persons"] for name, layer in found["layers"].items()}
    union = of.pop(ANY)
    parts = [*of.values(), found.get("network", {}).get("persons", 0)]
    overlap = sum(parts) - union  # of two layers, the persons who are in both
    few = any(is_few(part, union) for part in parts) or (len(parts) == 2 and is_few(overlap, union))
    return None if audience.is_public and few else union


def _of_layers(found: Mapping[str, Any], audience: Audience) -> Iterator[Table]:
    """A row a layer; the union, which has them all, stands in the first sentence."""
    rows = [
        {
            "layer": "victims with those arrested for it" if name == VICTIM else kind_words(name),
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
            _union_told(found, audience), pl.DataFrame(rows),
            {"layer": "layer", "persons": "persons", "ties": "ties", "records": "records"},
            counts=("persons", "ties", "records"),
        )  # fmt: skip


def _of_tables(tables: Mapping[str, Any], used: Collection[str], audience: Audience) -> Iterator[Table | Paragraph]:
    """What became of the rows of each kind of table, why some were rejected, and what those that were kept are."""
    for name, read in tables.items():
        fates = pl.DataFrame(
            {"fate": list(_FATES[name].values()), "rows": [read["rows"][fate] for fate in _FATES[name]]}
        )
        yield Table(
            f"rows_of_{name}", f"What became of the rows of {_BESIDE[name]}", "Each row counts once.", None, fates,
            {"fate": "", "rows": "rows"}, counts=("rows",),
        )  # fmt: skip
        reasons = sorted(read["rejected_by_reason"].items(), key=lambda item: (-item[1], item[0]))
        if reasons and _FATES[name]["rejected"] in audience.shown(fates, ["rows"])["fate"]:  # they add up to those
            data = pl.DataFrame(
                [{"reason": code, "words": _REASONS[name].get(code, code), "rows": rows} for code, rows in reasons]
            )
            where = "" if audience.is_public else f" Each row is in rejected_{name}.parquet."
            yield Table(
                f"rejected_of_{name}", f"Why rows of {_BESIDE[name]} were rejected",
                f"The first reason that applies to a row counts.{where}", None, data,
                {"reason": "reason", "words": "in words", "rows": "rows"}, counts=("rows",),
            )  # fmt: skip
        if name == "ties" and not audience.is_public:
            yield from _of_kinds(read["notes"], used)


def _of_kinds(notes: Sequence[str], used: Collection[str]) -> Iterator[Paragraph]:
    """Rows, persons, days and conditions of each kind in use, as reading found them."""
    for note in notes:
        kind, _, rest = note.partition(": ")
        if kind in used:
            yield Paragraph(f"Kept of {kind_words(kind)}: {rest}.", "list item")
