"""Cells that seem to hold several charges, so that what one of them is not hides what another is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import narwhals as nw

from gpunet.base.words import Advice, counted
from gpunet.config.config import Config
from gpunet.config.offences import charges_in, compile_taxonomy, offence_mask

__all__ = ["several_charges"]

#: What parts charges, and hardly ever stands within the text of a single one.
_CERTAIN = (";", "|", "\n")

#: What parts charges, and often stands within the text of a single one.
_POSSIBLE = (" / ", ", ")

#: What qualifies a charge, as in "Robbery / No Weapon" and "Murder, conspiracy to commit", and is none itself.
_QUALIFIES = re.compile(
    r"\b(no|non|not|neither|without|w/o|consensual|consent|accessory)\b|\b(to|to commit|of|with)$", re.IGNORECASE
)


def several_charges(offences: nw.DataFrame[Any], config: Config) -> list[Advice]:
    """What to tell of offences (``text, rows, sets``) that seem to be several charges.

    A text is taken for several where its parts, each by itself, are in other sets than the text is; where they are in
    the same, no harm is done. Unless parts are in sets that the text is not in, with a semicolon, a bar or a line break
    between them, each has to look like a charge besides, as one charge may be written so too ("Burglary, dwelling"): it
    has to be an offence of these tables, or to have two words that do not only qualify another.
    """
    compiled, names = compile_taxonomy(config.violent_offences), list(config.violent_offences)
    texts = {
        text: (rows, sum(1 << names.index(name) for name in sets))
        for text, rows, sets in zip(*(offences[name].to_list() for name in ("text", "rows", "sets")), strict=True)
        if text
    }
    known = {text.casefold() for text in texts}

    def is_charge(part: str) -> bool:
        return part.casefold() in known or (len(part.split()) > 1 and not _QUALIFIES.search(part))

    mask_of = cache(lambda part: offence_mask(part, compiled))
    met: Counter[str] = Counter()
    found = 0
    for text, (rows, mask) in texts.items():
        separator = _between(text, mask, mask_of, is_charge)
        if separator:
            found += 1
            met[separator] += rows
    return [_told(found, met, config)] if found else []


def _between(text: str, mask: int, mask_of: Callable[[str], int], is_charge: Callable[[str], bool]) -> str:
    """What stands between the charges of a text that is in the sets `mask`; "" if it seems to be one charge."""
    for separator in (*_CERTAIN, *_POSSIBLE):
        parts = charges_in(text, [separator])
        if len(parts) > 1:
            of_parts, is_certain = 0, separator in _CERTAIN
            for part in parts:
                of_parts |= mask_of(part)
            differ = of_parts != mask if is_certain else bool(of_parts & ~mask)
            if differ and ((is_certain and of_parts & ~mask) or all(map(is_charge, parts))):
                return separator
    return ""


def _told(texts: int, met: Counter[str], config: Config) -> Advice:
    """That so many texts seem to be several charges, with `met` rows by what stands between these."""
    between = [separator for separator, _ in met.most_common()]
    shown = " or ".join("a line break" if separator == "\n" else f'"{separator}"' for separator in between)
    about = (
        f"{counted(texts, 'offence text')} ({counted(met.total(), 'row')}) {'looks' if texts == 1 else 'look'} like "
        f"several charges in one cell, with {shown} between them, so that what one charge is not hides what another "
        "is: have one charge a row in the tables; or if each part of such a text is a charge"
    )
    separators = [*config.input.offence_separators, *between]
    return Advice(about, "offence_separator", separators if len(separators) > 1 else separators[0])
