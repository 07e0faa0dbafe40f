"""One step in a process of its own, forked from one that has imported everything; watched until it ends."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from scripts.hostile.case import MIB, Place, Step

#: A process hangs that takes so many seconds of a processor, or waits so long for something that does not come: longer
#: than the ten seconds in which a scheduler has to answer.
LONGEST, IDLE = 30.0, 15.0

_NOBODY = 65_534
_ROOT = str(Path(__file__).parents[2])


def run_step(step: Step, place: Place, out: Path, error: Path) -> tuple[int, int, str]:
    """Run a step; its exit code (negative: a signal), its peak memory in MiB, and how it had to be ended, if so."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _child(step, place, out, error)
    return _watched(pid, step)


def _watched(pid: int, step: Step) -> tuple[int, int, str]:
    begin, ended_by = time.monotonic(), ""
    busy, active = -1.0, begin
    to_send, to_do = step.signal, step.meanwhile
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            _end_group(pid)
            return os.waitstatus_to_exitcode(status), usage.ru_maxrss // 1024, ended_by
        now = time.monotonic()
        if to_send is not None and now - begin >= to_send[1]:
            os.kill(pid, to_send[0])
            to_send = None
        if to_do is not None and now - begin >= to_do[1]:
            to_do[0]()
            to_do = None
        state, seconds = _state(pid)
        if state == "R" or seconds != busy:
            busy, active = seconds, now
        if not ended_by and (now - active > IDLE or seconds > LONGEST):
            ended_by = "waits for ever" if now - active > IDLE else f"not done after {LONGEST:.0f} s of a processor"
            os.kill(pid, signal.SIGTERM)
            begin = now
        elif ended_by and now - begin > 3:
            ended_by = ended_by.removesuffix(", SIGTERM ignored") + ", SIGTERM ignored"
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.004)


def _state(pid: int) -> tuple[str, float]:
    """Whether it or a process that it started runs ("R"), and their seconds of a processor."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return "", 0.0
    state, seconds = fields[0].decode(), sum(map(float, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    for of_child, more in map(_state, map(int, children)):
        state, seconds = "R" if of_child == "R" else state, seconds + more
    return state, seconds


def _end_group(pid: int) -> None:
    """End what a process that has ended may have started."""
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def _child(step: Step, place: Place, out: Path, error: Path) -> NoReturn:
    code = 99
    try:
        os.setsid()
        _circumstances(step, place, out, error)
        if step.fresh is not None:
            python = [sys.executable, "-m", "gpunet", *map(str, step.argv)]
            plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
            os.execve(sys.executable, python, {**plain, "PYTHONPATH": _ROOT, **step.fresh})
        code = _called(step) if step.call is not None else _commanded(step)
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(code)


def _circumstances(step: Step, place: Place, out: Path, error: Path) -> None:
    os.chdir(step.cwd or place.root)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _streams(step, out, error)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {"AS": used + step.memory * MIB, "FSIZE": step.file_size, "CORE": 0}
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    if step.nobody and os.getuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)


def _streams(step: Step, out: Path, error: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, step.stdin[:60_000])
    os.dup2(reading, 0)
    os.close(writing)
    os.dup2(os.open(error, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), 2)
    if step.stdout == "broken":
        reading, writing = os.pipe()
        os.dup2(writing, 1)
        os.close(reading)
    else:
        os.dup2(os.open("/dev/full" if step.stdout == "full" else out, os.O_WRONLY | os.O_CREAT, 0o666), 1)
    # As Python has them in a process of its own, whoever started this one.
    sys.stdout = None if step.stdout == "closed" else os.fdopen(1, "w", encoding=step.encoding, closefd=False)
    errors = "backslashreplace"
    sys.stderr = os.fdopen(2, "w", encoding=step.encoding, errors=errors, buffering=1, closefd=False)
    if step.stdout == "closed":
        os.close(1)


def _commanded(step: Step) -> int:
    from gpunet.cli.app import main

    sys.argv = ["gpunet", *map(str, step.argv)]
    try:
        main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    return code if _flushed() else 120  # as Python does at its end


def _called(step: Step) -> int:
    from gpunet.base.errors import GpunetError

    assert step.call is not None
    try:
        wrong = step.call()
    except GpunetError as error:
        print(f"gpunet: {error}", file=sys.stderr)
        return error.exit_code
    except BaseException:
        traceback.print_exc()
        return 1
    if wrong:
        print(f"wrong result: {wrong}", file=sys.stderr)
    return 0


def _flushed() -> bool:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return False
    return True


def load_everything() -> None:
    """Import what commands import later, and load compiled kernels: a forked process begins where others have to."""
    import codecs
    import encodings
    import importlib
    import pkgutil

    import gpunet

    for each in pkgutil.walk_packages(gpunet.__path__, "gpunet."):
        if not any(word in each.name for word in ("cluster", "gpu", "cuda", "cudf", "__main__")):
            importlib.import_module(each.name)
    for name in ("pyarrow.csv", "pyarrow.parquet", "pyarrow.feather", "xgboost", "polars", "python_calamine"):
        importlib.import_module(name)
    for name in ("sklearn.linear_model", "sklearn.metrics", "rich.console", "rich.table", "gpunet.cluster.address"):
        importlib.import_module(name)
    for each in pkgutil.iter_modules(encodings.__path__):  # where nobody else may be allowed to read Python's library
        with suppress(LookupError, ImportError):
            codecs.lookup(each.name)
    load_kernels()
    gc.collect()
    gc.freeze()


def load_kernels() -> None:
    """Load every compiled kernel that is on disk; others are compiled where they are needed."""
    from numba.core.dispatcher import Dispatcher

    for module in [module for name, module in sys.modules.items() if name.startswith("gpunet.")]:
        for kernel in list(vars(module).values()):
            if isinstance(kernel, Dispatcher):
                for signature in _signatures(kernel):
                    kernel.compile(signature)


def _signatures(kernel: Any) -> list[Any]:
    try:
        return [key[0] for key in kernel._cache._cache_file._load_index()]
    except Exception:  # another version of Numba: kernels are loaded when they are called
        return []
