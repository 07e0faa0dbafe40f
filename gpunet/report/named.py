"""Others' words in our sentences: names of files, columns, places, gangs, ids."""

from __future__ import annotations

from collections.abc import Sequence

from gpunet.base.printable import printable

__all__ = ["ISOLATED", "ends_kept", "named", "named_list"]

#: What a name stands between in a sentence (U+2068, U+2069); the page makes ``<bdi>`` of them.
ISOLATED = ("\u2068", "\u2069")

#: Characters of a name in a sentence, and how many of them are its end.
_LONGEST = 120
_END = 40


def ends_kept(text: str, longest: int) -> str:
    """A text, or of a longer one the beginning and the end: ids that begin alike are told apart by their ends.

    >>> ends_kept("a" * 200 + "b" * 40, 120) == "a" * 80 + " ... " + "b" * 40
    True
    """
    return text if len(text) <= longest else f"{text[: longest - _END]} ... {text[-_END:]}"


def named(name: object) -> str:
    """A name for a sentence: quoted, not too long, and isolated, so that its direction of writing turns nothing round.

    >>> named("a" * 200) == '"\u2068' + "a" * 80 + " ... " + "a" * 40 + '\u2069"'
    True
    """
    begin, end = ISOLATED
    return f'"{begin}{ends_kept(printable(name, line_breaks=False), _LONGEST)}{end}"'


def named_list(names: Sequence[object], most: int = 10) -> str:
    """Names for a sentence, at most so many.

    >>> named_list([1, 2, 3], most=2).replace("\u2068", "").replace("\u2069", "")
    '"1", "2" and 1 more'
    """
    shown = ", ".join(map(named, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
