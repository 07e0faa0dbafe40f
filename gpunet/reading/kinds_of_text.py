"""Files under the name of a table that are something else: known by how they begin."""

from __future__ import annotations

import re

__all__ = ["not_a_table"]

_AGAIN = "it may stand for an error or a login in place of the download, so fetch the file again"
_AS_CSV = "export the table as CSV"

#: How a file begins, its white space apart; what it is then; and what to do.
_KINDS = tuple(
    (re.compile(begins, re.IGNORECASE), kind, advice)
    for begins, kind, advice in (
        (r"<\?xml[^\0]{0,500}?<html\b", "an HTML page", _AGAIN),
        (r"<(!doctype html|html|head|body|table|div|p|script|meta|title|center|h1|pre)\b|<!--", "an HTML page", _AGAIN),
        (r"<\?xml|<!doctype|<[a-z][\w:.-]*(\s[^<>]*)?>\s*<", "XML", _AS_CSV),
        (r"\{\s*[\"}]|\[\s*[{\[\"]", "JSON", _AS_CSV),
        (r"(return-path|received|delivered-to|mime-version|message-id): |from: .{0,100}@", "an e-mail",
         "save the table that is attached to it"),
        (r"version https://git-lfs", "a pointer of Git LFS to the file", "fetch the file with git lfs pull"),
    )
)  # fmt: skip


def not_a_table(start: bytes, encoding: str) -> str | None:
    """What a file is that begins with these bytes, and what to do, if it is no table; else None."""
    text = start.decode(encoding or "latin-1", "replace").lstrip("\ufeff\xef\xbb\xbf \t\r\n")
    for begins, kind, advice in _KINDS:
        if begins.match(text):
            return f"this is {kind}, not a table: {advice}"
    return None
