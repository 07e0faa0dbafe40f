"""What messages show of a cell: its shape, unless the user asks for values, as a cell may hold a name or a number.

Of a cell that is the id of a person, or may be one, the shape is all that is ever shown: messages end in logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gpunet.base.printable import printable
from gpunet.base.words import shortened

__all__ = ["example", "example_of_id", "hint", "shape_of", "values_are_shown", "values_shown"]

_LONGEST = 60

_shown: ContextVar[bool] = ContextVar("show_values", default=False)


@contextmanager
def values_shown(shown: bool) -> Iterator[None]:
    """Inside, messages show what stands in cells, or not."""
    token = _shown.set(shown)
    try:
        yield
    finally:
        _shown.reset(token)


def values_are_shown() -> bool:
    """Whether messages show what stands in cells: not, unless :func:`values_shown` says so."""
    return _shown.get()


def shape_of(text: str) -> str:
    """The shape of a text: 9 for a digit, A or a for a letter; punctuation of ASCII and blanks stay.

    Examples
    --------
    >>> shape_of("05/01/2013"), shape_of("1.23457E+12"), shape_of("O'Neill, Ann")
    ('99/99/9999', '9.99999A+99', "A'Aaaaa, Aaa")
    """
    return "".join(map(_shape, text))


def _shape(character: str) -> str:
    if character.isalpha():
        return "A" if character.isupper() else "a"
    if character.isnumeric():
        return "9"
    return character if character.isascii() else "?"


def example(text: str) -> str:
    """What stands in a cell as a message shows it: in quotation marks its shape, or the text if values are shown."""
    return _in_quotes(text if values_are_shown() else shape_of(text))


def example_of_id(text: str) -> str:
    """What a message shows of a cell that is a person's id, or may hold one: in quotation marks its shape, always.

    Examples
    --------
    >>> with values_shown(True):
    ...     example("P1234"), example_of_id("P1234")
    ('"P1234"', '"A9999"')
    """
    return _in_quotes(shape_of(text))


def _in_quotes(text: str) -> str:
    return f'"{printable(shortened(text, _LONGEST), line_breaks=False)}"'


def hint() -> str:
    """What follows an :func:`example`: how to see the text, if it does not show it."""
    return "" if values_are_shown() else "; --show-values shows it"
