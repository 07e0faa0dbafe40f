"""What came of the steps of a call: one file, written anew after each step, so that a cut loses nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["Results", "write_json"]


def write_json(path: Path, content: Any) -> None:
    """Write a file that is whole at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.part")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


class Results:
    """``gpu-CALL.json`` in a folder, and beside it what the step in progress has found so far (:attr:`now`).

    A step that was in progress when everything ended is `cut short` when the folder is looked at again, with what it
    had found. A rehearsal and the real thing do not count as done for each other.
    """

    def __init__(self, out: Path, call: str, rehearsal: bool = False) -> None:
        self.rehearsal = rehearsal
        self.path, self.now, self.log = (out / f"gpu-{call}{end}" for end in (".json", ".now.json", ".log"))
        self.steps: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            self.steps = json.loads(self.path.read_text(encoding="utf-8"))["steps"]
        for step in self.steps.values():
            if step["status"] == "begun":
                step |= {"status": "cut short", "result": self.found()}

    def is_done(self, step: str) -> bool:
        """Whether there is nothing left to find out."""
        return bool(self._own(step).get("status") == "done")

    def begin(self, step: str, record: dict[str, Any]) -> None:
        """Note that a step is begun: there is no word of it later if this process is killed."""
        self.now.unlink(missing_ok=True)
        self._write(step, {**record, "status": "begun"})

    def end(self, step: str, record: dict[str, Any]) -> None:
        """Note what came of a step; what it left in progress is in the record."""
        self._write(step, record)
        self.now.unlink(missing_ok=True)

    def leave_out(self, step: str, why: str) -> None:
        """Note why a step was not begun, unless an earlier attempt has found something."""
        if "result" not in self._own(step):
            self._write(step, {"status": why})

    def found(self) -> Any:
        """What the step in progress has left so far."""
        return json.loads(self.now.read_text(encoding="utf-8")) if self.now.exists() else None

    def measured(self) -> list[str]:
        """Steps of which there are results that are no rehearsal's."""
        return [name for name, record in self.steps.items() if "result" in record and "rehearsal" not in record]

    def _own(self, step: str) -> dict[str, Any]:
        record = self.steps.get(step, {})
        return record if ("rehearsal" in record) == self.rehearsal else {}

    def _write(self, step: str, record: dict[str, Any]) -> None:
        self.steps[step] = record
        write_json(self.path, {"steps": self.steps})
