"""Runs in processes of their own, which are killed at chosen moments, and what they leave."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

from tests import warm_workers

#: Kills itself without a word when it opens or renames the n-th file below a folder: before, in the middle of, and
#: after every write of a checkpoint or result lies such a moment.
_KILLED = """
import os, signal, sys
folder, left = {folder!r}, {moment}
def hook(event, arguments):
    global left
    if event in ("open", "os.rename") and isinstance(arguments[0], str) and arguments[0].startswith(folder):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
"""

#: Sends itself a signal as soon as a checkpoint is there.
_SIGNALLED = """
import os, signal, sys
events = []
def hook(event, arguments):
    if events == ["kept"]:
        events.append("signal")
        os.kill(os.getpid(), signal.{signal})
    if event == "os.rename" and str(arguments[1]).endswith("{checkpoint}.checkpoint"):
        events.append("kept")
sys.addaudithook(hook)
"""

#: Cannot write files of more bytes than that.
LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""

_MAIN = "from gpunet.cli.app import main; main()"


def start(*arguments: object, before: str = "", as_group: bool = False) -> subprocess.Popen[str]:
    """A gpunet command under way, in an interpreter of its own. `before` is Python code that its process begins with.

    As a group it is like the command of a terminal: its process id is that of all processes that it starts.
    """
    path = str(Path(__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {path!r})\n{before}\n{_MAIN}"
    return subprocess.Popen(
        [sys.executable, "-c", code, *_without_report([*map(str, arguments)])],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=as_group,
    )  # fmt: skip


def finish(process: subprocess.Popen[str], timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    out, error = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.imported_commands"])


class Fork:
    """As :func:`start`, but forked from a process that has imported gpunet already, which most of a short run goes to.

    It can be killed at any moment as well; what it prints can be read when it has ended.
    """

    def __init__(self, *arguments: object, before: str = "", cwd: Path | None = None) -> None:
        self._printed = Path(tempfile.mkdtemp())
        for name in _STREAMS:  # here, as it may be killed before it comes to that
            (self._printed / name).touch()
        folder = cwd or Path.cwd()
        given = (warm_workers.address(), self._printed, _without_report([*map(str, arguments)]), before, folder)
        self._process = _FORKS.Process(target=_command, args=given)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def ended(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def kill(self) -> None:
        self._process.kill()

    def finish(self, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
        """Wait for its end."""
        assert self.ended(timeout)
        out, error = ((self._printed / name).read_text("utf-8") for name in _STREAMS)
        shutil.rmtree(self._printed)
        return subprocess.CompletedProcess([], cast(int, self._process.exitcode), out, error)


_STREAMS = ("stdout", "stderr")


def _without_report(arguments: list[str]) -> list[str]:
    """These arguments, where nothing is said of a report with ``--no-report``: it takes as long as a small run."""
    silent = arguments[:1] in (["run"], ["evaluate"]) and not {"--report", "--help"} & set(arguments)
    return [*arguments, "--no-report"] if silent else arguments


def _command(forks_from: str, printed: Path, arguments: list[str], before: str, cwd: Path) -> None:
    """What a fork does."""
    warm_workers.share(forks_from)
    for number, name in enumerate(_STREAMS, 1):
        os.dup2(os.open(printed / name, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    sys.argv = ["gpunet", *arguments]
    exec(f"{before}\n{_MAIN}", {})


def gpunet(*arguments: object, before: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return Fork(*arguments, before=before, cwd=cwd).finish()


def killed_at(folder: Path, moment: int) -> str:
    """Code that kills its process when it comes to the moment of that number."""
    return _KILLED.format(folder=str(folder), moment=moment)


def signalled_after(checkpoint: str, name: str) -> str:
    """Code that sends its process the signal of that name as soon as a checkpoint is there, whatever else is slow."""
    return _SIGNALLED.format(checkpoint=checkpoint, signal=name)


def results(folder: Path) -> dict[str, bytes | dict[str, object]]:
    """What has to be the same for two runs: every file, but for ``execution`` in the manifest. Hidden ones count."""
    found: dict[str, bytes | dict[str, object]] = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    manifest = json.loads((folder / "run.json").read_text())
    return {**found, "run.json": {key: value for key, value in manifest.items() if key != "execution"}}
