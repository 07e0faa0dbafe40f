"""Text as a terminal may be given it: characters that would steer the terminal are written as escapes."""

from __future__ import annotations

import re

__all__ = ["printable"]

#: Control characters (C0, DEL, C1), what turns the direction of writing, and halves of surrogate pairs, which stand
#: for bytes of a file name that are no text. Line breaks are looked at apart.
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_SHORT = {"\t": r"\t", "\r": r"\r"}


def printable(text: object, *, line_breaks: bool = True) -> str:
    r"""`text` with every character that steers a terminal written as an escape, such as ``\u001b``.

    Names of files and columns, ids and offences are others' words: an escape sequence among them could clear the
    screen, colour or hide what is written, or turn it round. All other characters stay as they are. The escapes are
    those of JSON and TOML, so within quotation marks text of these stays what it was.

    Parameters
    ----------
    text
        What is to be printed; of anything else than a text, what ``str`` makes of it.
    line_breaks
        Whether ``\n`` stays too: between the lines of a message, not within a cell of a table.

    Returns
    -------
    str

    Examples
    --------
    >>> printable("a\x1b[31mb")
    'a\\u001b[31mb'
    """
    shown = _STEERING.sub(_escape, str(text))
    return shown if line_breaks else shown.replace("\n", r"\n")


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found.group(), f"\\u{ord(found.group()):04x}")
