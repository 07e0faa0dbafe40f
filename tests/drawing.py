"""Plots for tests: one process draws those of a whole session, and each once, as it is started for every page else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gpunet.report import look

__all__ = ["drawn_by_a_process_of_its_own", "one_process_for_all"]

#: What draws outside of tests.
drawn_by_a_process_of_its_own = look._drawn

_DRAW_EACH_LINE = """
import json, sys, vl_convert
for line in sys.stdin:
    print(json.dumps(vl_convert.vegalite_to_svg(json.loads(line), allowed_base_urls=[])), flush=True)
"""


class _Drawing:
    """The process, from the first plot on, and what it has drawn."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._of = os.getpid()
        self._known: dict[str, str] = {}

    def __call__(self, specifications: list[dict[str, Any]]) -> list[str]:
        if os.getpid() != self._of:  # a fork has the same pipes, and would read the answers of others
            return drawn_by_a_process_of_its_own(specifications)
        return [self._svg(json.dumps(one)) for one in specifications]

    def _svg(self, line: str) -> str:
        if line not in self._known:
            if self._process is None:
                command = [sys.executable, "-P", "-c", _DRAW_EACH_LINE]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            self._known[line] = look._lean(json.loads(self._process.stdout.readline()))
        return self._known[line]

    def end(self) -> None:
        if self._process is not None:
            self._process.communicate()


@contextmanager
def one_process_for_all() -> Iterator[_Drawing]:
    """What draws plots inside, in place of :func:`drawn_by_a_process_of_its_own`."""
    drawing = _Drawing()
    try:
        yield drawing
    finally:
        drawing.end()
