"""Runs in processes of their own, which are killed at chosen moments, and what they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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

#: Cannot write files of more bytes than that.
LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""

_MAIN = "from gpunet.cli.app import main; main()"


def start(
    *arguments: object, before: str = "", cwd: Path | None = None, as_group: bool = False
) -> subprocess.Popen[str]:
    """A gpunet command under way. `before` is Python code that its process begins with.

    As a group it is like the command of a terminal: its process id is that of all processes that it starts.
    """
    command = [sys.executable, "-c", f"{before}\n{_MAIN}", *map(str, arguments)]
    path = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [command[0], "-c", f"import sys; sys.path.insert(0, {path!r})\n{command[2]}", *command[3:]],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
        start_new_session=as_group,
    )  # fmt: skip


def finish(process: subprocess.Popen[str], timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    out, error = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


def gpunet(*arguments: object, before: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return finish(start(*arguments, before=before, cwd=cwd))


def killed_at(folder: Path, moment: int) -> str:
    """Code that kills its process when it comes to the moment of that number."""
    return _KILLED.format(folder=str(folder), moment=moment)


def results(folder: Path) -> dict[str, bytes | dict[str, object]]:
    """What has to be the same for two runs: every file, but for ``execution`` in the manifest. Hidden ones count."""
    found: dict[str, bytes | dict[str, object]] = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    manifest = json.loads((folder / "run.json").read_text())
    return {**found, "run.json": {key: value for key, value in manifest.items() if key != "execution"}}
