"""Cards of single scores that lie in a folder: whom they are about, and whom their pictures and tables name."""

from __future__ import annotations

import base64
import html
import re
from io import StringIO
from pathlib import Path

from gpunet.base.paths import open_regular
from gpunet.base.printable import printable
from gpunet.governance.text_tables import ids_in_csv
from gpunet.governance.traces import PERSONS, Unreadable
from gpunet.governance.wanted import Wanted

__all__ = ["is_card", "names_one"]

#: What the head of every card has.
_CARD, _OURS = b"<title>Card of one score", b'content="gpunet '

#: Its title, which names its person last.
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)

#: The data of its pictures and tables, and the columns of these that have ids.
_DATA, _COLUMNS = re.compile(r"data:text/csv;charset=utf-8;base64,([A-Za-z0-9+/=]+)"), (*PERSONS, "person")

_HEAD_BYTES = 1 << 16
_MOST_BYTES = 1 << 24


def is_card(path: Path) -> bool:
    """Whether a file is a card; OSError if it cannot be read."""
    if path.suffix.lower() not in (".html", ".htm"):
        return False
    with open_regular(path) as file:
        head = file.read(_HEAD_BYTES)
    return _CARD in head and _OURS in head


def names_one(path: Path, wanted: Wanted) -> bool:
    """Whether a card is about one of the persons or names one.

    Its title says whom it is about, and the data of its pictures and tables have columns of persons. Elsewhere in its
    text an id counts if it is unmistakable: a rank or a number of arrests is a number too.

    Raises
    ------
    Unreadable
        If its data are damaged.
    OSError
        If it cannot be read.
    """
    with open_regular(path) as file:
        text = file.read(_MOST_BYTES).decode(errors="replace")
    if (title := _TITLE.search(text)) and _is_of(_plain(title[1]), wanted):
        return True
    return wanted.unmistakable.in_text(_plain(text)) or any(_has(data, wanted) for data in _DATA.findall(text))


def _plain(text: str) -> str:
    """A text without marks of HTML, and without those that isolate names."""
    return re.sub(r"</?bdi>|[\u2068\u2069]", "", html.unescape(text))


def _is_of(title: str, wanted: Wanted) -> bool:
    """Whether a title names one of the persons; of a long id it has the beginning and the end."""
    begin, cut, end = title.partition(': person "')[2].removesuffix('"').partition(" ... ")
    named = (printable(id_, line_breaks=False) for id_ in wanted.persons)
    return any(id_ == begin + cut + end or (cut and id_.startswith(begin) and id_.endswith(end)) for id_ in named)


def _has(data: str, wanted: Wanted) -> bool:
    try:
        lines = base64.b64decode(data, validate=True).decode("utf-8-sig", errors="replace")
    except ValueError as error:
        raise Unreadable("its data are damaged") from error
    return not wanted.persons.isdisjoint(ids_in_csv(StringIO(lines, newline=None), _COLUMNS))
