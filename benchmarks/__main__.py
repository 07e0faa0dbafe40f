"""``python -m benchmarks``: the command line. Exit code 0 done, 2 a usage or input error, 1 anything else."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.arguments import parse
from benchmarks.report import check_folder, write_report
from benchmarks.suite import BenchmarkError, run_suite
from gpunet.base.errors import GpunetError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    settings = parse(given)
    try:
        check_folder(settings.out, [*settings.inputs, *filter(None, [settings.config])])
        settings.out.mkdir(parents=True, exist_ok=True)
        command = shlex.join(["python", "-m", "benchmarks", *map(_without_folder, given)])

        def report(results: dict[str, Any]) -> None:
            written = write_report({**results, "command": command}, settings.out)
            print("\n".join(["written:", *(f"  {path}" for path in written)]))

        run_suite(settings, report)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    except GpunetError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("benchmarks: interrupted", file=sys.stderr)
        return 1
    return 0


def _without_folder(argument: str) -> str:
    """Files by their names: results are passed on, and where something lies on this machine is of no use to others."""
    option, equals, value = argument.rpartition("=")
    return option + equals + (Path(value).name if os.sep in value else value)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended, what was written removed
    sys.exit(main())
