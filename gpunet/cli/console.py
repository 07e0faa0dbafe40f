"""What commands say on the terminal: results, notices, and that kernels are being compiled."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gpunet.base.errors import StorageError, in_words
from gpunet.base.printable import printable

if TYPE_CHECKING:
    from gpunet.kernels.ahead import Kernel

__all__ = ["COMPILED", "COMPILING", "columns_of_terminal", "compiling_noticed", "notice", "put", "say"]

COMPILING = "compiling for this machine on first use: takes up to a minute; later runs start at once"

COMPILED = "compiled for this machine: {seconds:.1f} s of this run, which later ones do not need"


def say(text: str, *, indent: int | None = None) -> None:
    """Print a result, without what would steer the terminal.

    With `indent`, lines that are too long for a terminal go on below with so many blanks in front, or with as many as
    the line itself if these are more. Words stay whole, so that a path can be copied; into a file lines go as they are.

    Raises
    ------
    StorageError
        If standard output is a file on a full disk.
    """
    width = columns_of_terminal()
    lines = printable(text).split("\n")
    fitted = lines if indent is None or width is None else [_wrapped(line, width, indent) for line in lines]
    _print("\n".join(fitted) + "\n")


def put(text: str) -> None:
    """Print a part of a table that other programs read, as it is; on a terminal, without what would steer it.

    Raises
    ------
    StorageError
        As :func:`say`.
    """
    _print(text if columns_of_terminal() is None else printable(text))


def _print(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(f"cannot write to standard output: {in_words(error)}") from error


def columns_of_terminal() -> int | None:
    """How wide the terminal is that results go to; None if they go elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _wrapped(line: str, width: int, indent: int) -> str:
    own = len(re.match(" *", line)[0])  # type: ignore[index]
    if len(line) <= width:
        return line
    beneath = min(max(indent, own), width // 2)
    return textwrap.fill(
        line[own:],
        width,
        initial_indent=" " * own,
        subsequent_indent=" " * beneath,
        break_long_words=False,
        break_on_hyphens=False,
    )


def notice(text: str) -> None:
    """Print a line beside the results, on standard error, without what would steer the terminal."""
    # Progress bars stand in for sys.stderr while they are shown, and put what is printed above them.
    print(printable(text), file=sys.stderr, flush=True)


@contextmanager
def compiling_noticed(kernels: Sequence[Kernel] = (), processes: int = 1) -> Iterator[None]:
    """Inside, a notice when kernels begin to be compiled: once, and not when they come from Numba's cache.

    Another one at the end says how long it took, if everything went well. The `kernels`, where they are not on disk,
    are compiled by so many processes before they are called.
    """
    from gpunet.kernels.ahead import compilers
    from gpunet.kernels.jit import when_compiling

    with (
        compilers(kernels, processes) as others,
        when_compiling(lambda: notice(COMPILING), None if others is None else others.wait_for) as compiling,
    ):
        yield
    if compiling.seconds:
        notice(COMPILED.format(seconds=compiling.seconds))
