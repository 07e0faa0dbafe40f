"""Which offences are violent: named sets of case-insensitive patterns over the offence text.

A taxonomy is an ordered mapping ``set name -> patterns``. A set's position is its bit in
:attr:`gpunet.arrests.arrests.Arrests.offences`, so at most 62 sets are possible. The paper's script V, ``violent``, is
their union.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from gpunet.config.presets import PRESETS

__all__ = [
    "EXCEPT",
    "PRESETS",
    "RESERVED_SETS",
    "charges_in",
    "compile_taxonomy",
    "offence_mask",
    "plain_text",
    "preset_of",
    "taxonomy_hash",
]

Taxonomy = Mapping[str, tuple[str, ...]]

#: A pattern, the longest text that it cannot do without (looking for that first is several times faster), and whether
#: blanks and punctuation count.
_Glob = tuple[str, re.Pattern[str], bool]

#: What a set takes, and what it leaves although it would take it.
CompiledSet = tuple[list[_Glob], list[_Glob]]

#: Patterns of presets are written without punctuation, and match texts without theirs too; all others match as globs.
_OF_PRESETS = frozenset(pattern for sets in PRESETS.values() for patterns in sets.values() for pattern in patterns)

#: Set names that exist in every network and cannot be configured.
RESERVED_SETS = ("all", "violent")

#: A pattern that begins with this says what its set leaves.
EXCEPT = "!"


def plain_text(text: str) -> str:
    """`text` in lower case, every run of white space and punctuation one blank.

    Examples
    --------
    >>> plain_text("AGG. ASSAULT  - W/Firearm")
    'agg assault w firearm'
    """
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def compile_taxonomy(sets: Taxonomy) -> list[CompiledSet]:
    """What :func:`offence_mask` matches for each set, in the order of `sets`."""
    compiled = []
    for patterns in sets.values():
        take = [_glob(pattern) for pattern in patterns if not pattern.strip().startswith(EXCEPT)]
        leave = [_glob(pattern) for pattern in patterns if pattern.strip().startswith(EXCEPT)]
        compiled.append((take, leave))
    return compiled


@lru_cache(maxsize=2048)  # a preset has hundreds, and each reading asks for them several times
def _glob(pattern: str) -> _Glob:
    folded = pattern.strip().casefold().removeprefix(EXCEPT)
    literal = max(re.split(r"[*?]|\[!?\]?[^]]*\]", folded), key=len)
    return literal, re.compile(fnmatch.translate(folded)), pattern not in _OF_PRESETS


def charges_in(text: str, separators: Sequence[str]) -> list[str]:
    """The charges that a text names: what stands between any of `separators`; one text where none is in it.

    Examples
    --------
    >>> charges_in("S.18 GBH Wounding; Criminal damage", [";"])
    ['S.18 GBH Wounding', 'Criminal damage']
    """
    found = [text]
    for separator in separators:
        found = [part for whole in found for part in whole.split(separator)]
    return [part.strip() for part in found if part.strip()] or [text]


def offence_mask(text: str, compiled: list[CompiledSet], separators: Sequence[str] = ()) -> int:
    """Bit mask of the sets that the offence `text` belongs to: bit i for the i-th set of the taxonomy.

    Patterns are matched against the text without case and white space around it; those of presets also against what
    :func:`plain_text` leaves of it. With `separators` a text is in the sets of its charges, each by itself.
    """
    mask = 0
    for charge in charges_in(text, separators):
        mask |= _mask_of_charge(charge, compiled)
    return mask


def _mask_of_charge(text: str, compiled: list[CompiledSet]) -> int:
    text, plain = text.strip().casefold(), plain_text(text)
    return sum(
        1 << i
        for i, (take, leave) in enumerate(compiled)
        if _matches(take, text, plain) and not _matches(leave, text, plain)
    )


def _matches(globs: list[_Glob], text: str, plain: str) -> bool:
    return any(
        (literal in text and pattern.match(text)) or (not exact and literal in plain and pattern.match(plain))
        for literal, pattern, exact in globs
    )


def preset_of(sets: Taxonomy) -> str | None:
    """The name of the preset whose sets these are, None where they are the user's own.

    Examples
    --------
    >>> preset_of(PRESETS["nibrs"])
    'nibrs'
    """
    plain = {name: tuple(patterns) for name, patterns in sets.items()}
    return next((name for name, of_preset in PRESETS.items() if list(of_preset.items()) == list(plain.items())), None)


def taxonomy_hash(sets: Taxonomy) -> str:
    """SHA-256 over set names and patterns, so that a model is never scored with features of other sets."""
    return hashlib.sha256(json.dumps({k: list(v) for k, v in sets.items()}).encode()).hexdigest()
