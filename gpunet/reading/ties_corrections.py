"""Corrections of tables of ties: rows that name an erased person are left out, and persons who are one have one id."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from gpunet.arrests.beside import NEVER
from gpunet.base.array_types import Bool
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.location import HOST, Column, joined
from gpunet.reading.ties_rows import TieBatch, TieReader

__all__ = ["corrected_ties"]


def corrected_ties(parts: Sequence[TieBatch], reader: TieReader, corrections: Corrections, effect: Effect) -> TieBatch:
    """The accepted rows after corrections as one; `parts` are all that the reader has read.

    A tie of two ids that are one person's is none, and left out too. Rows that are left out are not counted any more,
    in no file. Corrections of incidents do not reach ties, which are of none.
    """
    n = sum(map(len, parts))
    both = joined([part.a for part in parts] + [part.b for part in parts], HOST, "person_id", as_integers=False)
    texts = both.texts()
    erased = np.array([*(text in corrections.persons for text in texts), False], np.bool_)
    merged = np.array([*(text in corrections.merged for text in texts), False], np.bool_)
    stays = [corrections.merged.get(text, text) for text in texts]
    values = list(dict.fromkeys(stays))
    place = {text: code for code, text in enumerate(values)}
    new = np.array([*(place[text] for text in stays), -1], np.int32)
    a, b = both.codes[:n], both.codes[n:]
    gone = erased[a] | erased[b]
    of_merged = (merged[a] | merged[b]) & ~gone
    gone |= new[a] == new[b]
    effect.removed_rows, effect.merged_rows = int(gone.sum()), int((of_merged & ~gone).sum())
    of_incidents = [*((None, incident) for incident in corrections.incidents), *corrections.arrests]
    effect.enter(texts, {("incident", (who, *incident)): False for who, incident in of_incidents}, corrections)
    touched = {texts[code] for code in np.unique(np.concatenate([a[of_merged], b[of_merged]])) if merged[code]}
    effect.touched = corrections.with_merged(touched)
    ids = HOST.series("person_id", values)
    arrays = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in dataclasses.fields(TieBatch)
        if field.name not in ("a", "b", "basis")
    }
    basis = joined([part.basis for part in parts], HOST, "basis", as_integers=False)
    every = TieBatch(a=Column(ids, new[a]), b=Column(ids, new[b]), basis=basis, **arrays)
    _uncount(reader, parts, gone)
    return every.at(np.flatnonzero(~gone))


def _uncount(reader: TieReader, parts: Sequence[TieBatch], gone: Bool) -> None:
    """Take the rows that go out of the counts of their files."""
    begin = 0
    for at, pieces in enumerate(reader.pieces):
        of_part = gone[begin : begin + len(parts[at])]
        reader.found.unrecorded -= int((parts[at].recorded[of_part] == NEVER).sum())
        stops = np.cumsum([count for _, count in pieces])
        removed = np.diff(np.searchsorted(np.flatnonzero(of_part), stops), prepend=0).tolist()
        for place, ((piece, count), rows) in enumerate(zip(list(pieces), removed, strict=True)):
            piece.record.rows -= rows
            pieces[place] = piece, count - rows
        begin += len(parts[at])
