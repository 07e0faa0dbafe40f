"""What is done with links is entered in the log of what is done with the data of persons."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.config.config import Config, load_config
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.governance.log import LOG, append, is_log, log_of, refuse_unwritable
from gpunet.governance.log_line import actor_of

__all__ = ["entered", "governed_by", "not_entered", "refuse_unwritable_log"]


def entered(config: Config, file: Path, operation: str, object_sha256: str, persons: int | None) -> None:
    """Enter an operation on a file of links, if a log is kept: where ``[governance]`` says, or beside the file.

    Raises
    ------
    GpunetError
        If the log cannot be written, or is damaged; then the thing is not to be done.
    """
    place = log_of(config, file)
    if place is not None:
        append(
            place,
            operation,
            purpose=config.governance.stated()["purpose"],
            task_ref=config.governance.task_ref,
            object_sha256=object_sha256,
            persons=persons,
            actor=actor_of(config.governance.requested_by),
            group=config.output.share == "group",
        )


def refuse_unwritable_log(config: Config, file: Path) -> None:
    """Before long work: GpunetError if :func:`entered` could not enter what is done."""
    place = log_of(config, file)
    if place is not None:
        refuse_unwritable(place)


def not_entered(config: Config, file: Path) -> list[str]:
    """What to tell if an operation on a file is entered in no log, though one is kept of runs in a folder beside it.

    Where no log is kept anywhere near there is nothing to tell.
    """
    beside = Path(os.path.realpath(file)).parent
    logs = [log for log in sorted(beside.glob(f"*/{LOG}")) if is_log(log)]
    if not logs or log_of(config, file) is not None:
        return []
    near = logs[0].relative_to(beside).as_posix()
    return [f"not entered: there is no log beside {file}, and {near} is of other runs: give --config with [governance]"]


def governed_by(config: Config, metadata: Mapping[str, Any]) -> Config:
    """The configuration, or one of what a file says of its purpose, if this one says nothing."""
    stated = metadata.get("governance", {})
    if config.is_governed or stated.get("purpose", NO_PURPOSE) == NO_PURPOSE:
        return config
    return load_config({"governance": dict(stated)})
