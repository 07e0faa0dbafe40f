"""How a command ends: the exit code, one sentence for people, and a traceback only if it is asked for."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
import traceback
from pathlib import Path
from typing import TextIO

from gpunet.base.errors import GpunetError, in_words
from gpunet.base.printable import printable
from gpunet.base.shapes import shape_of
from gpunet.base.stopping import Stopped
from gpunet.base.words import shortened

__all__ = ["EXIT_CODES", "code_and_message", "debug_asked", "nowhere", "open_streams", "report"]

#: What a command's exit code says.
EXIT_CODES = {
    0: "done",
    2: "what was given is to be mended: options, input, configuration, model or folder",
    1: "anything else: disk full, too little memory, interrupted, a cluster that is lost, an error of ours",
}

_DEBUG, _VARIABLE = "--debug", "GPUNET_DEBUG"

_LONGEST_NAME = 300

#: What may be a cell in the text of an error: what is in quotation marks, and words with digits.
_CELLS = re.compile(r"""(['"`])(?:(?!\1).)*\1|\w*\d\w*""", re.DOTALL)

_NO_MEMORY = (
    "the memory does not suffice: give it more, fewer threads (--threads) or fewer tables at once, or divide the work "
    "over several machines (--cluster)"
)


def code_and_message(error: BaseException) -> tuple[int, str]:
    """The exit code that `error` means, and what to say of it."""
    if isinstance(error, GpunetError):
        return error.exit_code, str(error)
    if isinstance(error, Stopped):
        return 1, str(error)
    if isinstance(error, KeyboardInterrupt):
        return 1, "interrupted"
    if isinstance(error, MemoryError) or "bad_alloc" in str(error):  # what libraries in C++ say of it
        return 1, _NO_MEMORY
    if isinstance(error, OSError):
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        code = 2 if error.errno == errno.ENAMETOOLONG else 1
        return code, f'"{shortened(name, _LONGEST_NAME)}": {in_words(error)}' if name else in_words(error)
    # The text of an error that nobody expected may hold the content of a cell, so it is shown only when asked for.
    return 1, f"unexpected error, {type(error).__name__}{_place(error)}: give {_DEBUG} too to see all of it"


def _place(error: BaseException) -> str:
    """The last line of this package that the error came through."""
    package = Path(__file__).parents[1]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(package):
            return f" in gpunet/{path.relative_to(package).as_posix()}, line {frame.lineno}"
    return ""


def debug_asked(arguments: list[str]) -> tuple[bool, list[str]]:
    """Whether ``--debug`` stands anywhere before ``--``, or GPUNET_DEBUG is set; and the arguments without it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    rest = [*(one for one in arguments[:end] if one != _DEBUG), *arguments[end:]]
    return len(rest) < len(arguments) or os.environ.get(_VARIABLE, "") not in ("", "0"), rest


def report(error: BaseException, debug: bool) -> int:
    """Print what `error` says, on standard error, and return the exit code that it means."""
    code, message = code_and_message(error)
    if debug:
        print(printable(_traceback(error)), file=sys.stderr)
    print(printable(f"gpunet: {message}"), file=sys.stderr, flush=True)
    return code


def _traceback(error: BaseException) -> str:
    """Where `error` came from; what may be a cell in the texts of errors that libraries raise has its shape alone."""
    found = traceback.TracebackException.from_exception(error)
    lines: list[str] = []
    for part in found.format():
        is_text = not part.startswith((" ", "Traceback", "\n"))
        lines.append(_CELLS.sub(lambda cell: shape_of(cell[0]), part) if is_text else part)
    return "".join(lines).rstrip()


def open_streams() -> None:
    """Make standard output and error fit for whatever is printed: open, and with escapes for what they cannot show."""
    codecs.register_error("gpunet.escape", _escaped)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes this number, lest the next file that is opened does
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, nowhere())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="gpunet.escape")


def nowhere() -> TextIO:
    """A stream that keeps nothing, for one that is closed."""
    return Path(os.devnull).open("w", encoding="utf-8")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Escapes of JSON, as :func:`printable` writes them, for what an encoding has no characters for."""
    assert isinstance(error, UnicodeEncodeError)
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2)), error.end
