"""Options that take several files, one after another: ``--ties one.csv two.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from glob import has_magic
from itertools import pairwise

from gpunet.base.errors import InputError
from gpunet.base.paths import is_mere_word

__all__ = ["SEVERAL", "refuse_mere_words", "repeated"]

#: The options whose following words are all theirs, up to the next option or ``--``.
SEVERAL = ("--ties", "--victims", "--person-links")

#: Those of one command beside these.
_OF_COMMAND = {
    "erase": ("--input",),
    "retain": ("--reviews",),
    "update": ("--add", "--input", "--remove", "--merge"),
    "verify": ("--replay",),
}


def repeated(arguments: Sequence[str]) -> list[str]:
    """The arguments with an option of several files before each of its files, as the parser wants it.

    Tables of arrests, or the run that is updated, come before such an option, or after another one, or after ``--``.

    Raises
    ------
    InputError
        If another option follows where a file has to be, which the parser would take for the file.

    Examples
    --------
    >>> repeated(["features", "arrests.csv", "--ties", "one.csv", "two.csv", "--out", "run"])
    ['features', 'arrests.csv', '--ties', 'one.csv', '--ties', 'two.csv', '--out', 'run']
    >>> repeated(["features", "--ties", "one.csv", "two.csv", "--", "arrests.csv"])
    ['features', '--ties', 'one.csv', '--ties', 'two.csv', '--', 'arrests.csv']
    >>> repeated(["update", "run", "--add", "one.csv", "two.csv"])
    ['update', 'run', '--add', 'one.csv', '--add', 'two.csv']
    """
    several = _several(arguments)
    found: list[str] = []
    option, first = "", False
    for at, word in enumerate(arguments):
        if option and first and word.startswith("--"):
            raise InputError(f"{option}: no file follows it; name its files, or leave it out")
        if word == "--":
            return [*found, *arguments[at:]]
        if word.startswith("-") and word != "-":
            option = word if word in several else ""
            first = True
        elif option and not first:
            found.append(option)
        else:
            first = False
        found.append(word)
    return found


def refuse_mere_words(arguments: Sequence[str]) -> None:
    """Refuse words of these options that are no file and do not look like one's name: each may be somebody's id.

    Parameters
    ----------
    arguments
        As :func:`repeated` gives them.

    Raises
    ------
    InputError
        If there is one; it is not repeated.

    Examples
    --------
    >>> refuse_mere_words(["update", "run", "--add", "none.csv", "--remove", "7654321"])
    Traceback (most recent call last):
    gpunet.base.errors.InputError: a word of --remove is no file: name its files, and put other arguments before it
    """
    several = _several(arguments)
    plain = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = [(name, value) for name, is_given, value in (word.partition("=") for word in plain) if is_given]
    for option, word in (*pairwise(plain), *given):
        if option in several and word.strip() and not has_magic(word) and is_mere_word(word):
            raise InputError(f"a word of {option} is no file: name its files, and put other arguments before it")


def _several(arguments: Sequence[str]) -> tuple[str, ...]:
    """The options of the command that take several files."""
    return (*SEVERAL, *_OF_COMMAND.get(arguments[0] if arguments else "", ()))
