"""What commands say on the terminal: results, notices, and that kernels are being compiled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gpunet.base.errors import StorageError, in_words
from gpunet.base.printable import printable

__all__ = ["COMPILING", "compiling_noticed", "notice", "say"]

COMPILING = "compiling for this machine on first use: takes up to a minute or two; later runs start at once"


def say(text: str) -> None:
    """Print a result, without what would steer the terminal.

    Raises
    ------
    StorageError
        If standard output is a file on a full disk.
    """
    try:
        print(printable(text), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(f"cannot write to standard output: {in_words(error)}") from error


def notice(text: str) -> None:
    """Print a line beside the results, on standard error, without what would steer the terminal."""
    # Progress bars stand in for sys.stderr while they are shown, and put what is printed above them.
    print(printable(text), file=sys.stderr, flush=True)


@contextmanager
def compiling_noticed() -> Iterator[None]:
    """Inside, a notice when kernels begin to be compiled: once, and not when they come from Numba's cache."""
    from gpunet.kernels.jit import when_compiling

    with when_compiling(lambda: notice(COMPILING)):
        yield
