"""Kinds of ties that tables have and the configuration does not name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from gpunet.base.errors import ConfigError
from gpunet.base.shapes import example, hint, values_are_shown
from gpunet.base.words import counted, quoted
from gpunet.config.ties_config import KindConfig, is_kind_name, kind_in_table

__all__ = ["check_kinds"]

#: A text that looks like the name of a kind, and not like data.
_WORD = re.compile(r"[a-z]{2,20}(_[a-z]{1,20}){0,3}[0-9]?")

#: More kinds than this are no kinds, and none of them is named.
_MOST_KINDS, _MOST_NAMED = 20, 8


def check_kinds(unknown: Mapping[str, int], kinds: Mapping[str, KindConfig]) -> None:
    """Refuse kinds that are not named; `unknown` are rows by kind as the tables have it.

    Raises
    ------
    ConfigError
        If there is one. It names those that look like a word, and of others the shape.
    """
    rows: Counter[str] = Counter()
    for text, n in unknown.items():
        rows[kind_in_table(text)] += n
    if not rows:
        return
    words = sorted(name for name in rows if _is_word(name))
    if len(rows) > _MOST_KINDS or not words:
        text = min(unknown)
        raise ConfigError(
            f"ties: {counted(len(rows), 'kind')} of ties that [ties] does not name, as {example(text)}{hint()}: the "
            "column kind has to say in a word what ties people, such as calls, and [ties.calls] whether that counts"
        )
    taken = [name for name in words if not is_kind_name(name)]
    if taken:
        raise ConfigError(
            f"ties: the kind {quoted(taken[:1])} has a name that is reserved or too long: write another in the table"
        )
    several = len(rows) > 1
    named = quoted(words[:_MOST_NAMED]) + (", ..." if len(words) > _MOST_NAMED else "")
    others = f" and {len(rows) - len(words):,} more" if len(rows) > len(words) else ""
    known = f", which names {quoted(kinds)}" if kinds else ""
    raise ConfigError(
        f"ties: the kind{'s' if several else ''} {named}{others} of the table {'are' if several else 'is'} not in the "
        f"configuration{known}; for {'each' if several else 'it'} write, or with use = false to leave it out:\n"
        f"[ties.{words[0]}]\nuse = true"
    )


def _is_word(name: str) -> bool:
    return values_are_shown() or bool(_WORD.fullmatch(name))
