"""Options that take several files, one after another: ``--ties one.csv two.csv``."""

from __future__ import annotations

from collections.abc import Sequence

from gpunet.base.errors import InputError
from gpunet.base.paths import is_mere_word
from gpunet.reading.walk import is_pattern

__all__ = ["SEVERAL", "repeated"]

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
        If another option follows where a file has to be, which the parser would take for the file; or a word that is
        no file and does not look like one's name, which may be an id and is not repeated.

    Examples
    --------
    >>> repeated(["features", "arrests.csv", "--ties", "one.csv", "two.csv", "--out", "run"])
    ['features', 'arrests.csv', '--ties', 'one.csv', '--ties', 'two.csv', '--out', 'run']
    >>> repeated(["features", "--ties", "one.csv", "two.csv", "--", "arrests.csv"])
    ['features', '--ties', 'one.csv', '--ties', 'two.csv', '--', 'arrests.csv']
    >>> repeated(["update", "run", "--add", "one.csv", "two.csv"])
    ['update', 'run', '--add', 'one.csv', '--add', 'two.csv']
    """
    several = (*SEVERAL, *_OF_COMMAND.get(arguments[0] if arguments else "", ()))
    found: list[str] = []
    option, first = "", False
    for at, word in enumerate(arguments):
        if option and first and word.startswith("--"):
            raise InputError(f"{option}: no file follows it; name its files, or leave it out")
        if word == "--":
            return [*found, *arguments[at:]]
        if word.startswith("-") and word != "-":
            name, given, value = word.partition("=")
            if given and name in several:
                _refuse_mere_word(name, value)
            option = word if word in several else ""
            first = True
        elif option:
            _refuse_mere_word(option, word)
            if not first:
                found.append(option)
            first = False
        found.append(word)
    return found


def _refuse_mere_word(option: str, word: str) -> None:
    """InputError if a word cannot be a file of the option."""
    if word.strip() and not is_pattern(word) and is_mere_word(word):
        raise InputError(f"a word of {option} is no file: name its files, and put other arguments before it")
