"""What ``gpunet erase`` says of what it has found: of what was deleted, and of what is left and why."""

from __future__ import annotations

from gpunet.runs.hidden_folder import HIDDEN

__all__ = ["AT_WORK", "CALLED", "CARD", "DAMAGED_RUN", "DELETED", "MAYBE_AT_WORK", "TABLE", "UNTOLD", "UNTOLD_LEFT"]

#: Of what is not finished and holds the person, what is told.
DELETED = {
    "unfinished": "its checkpoints are deleted, and the run begins anew: give its command again",
    "stopped": "what a stopped command left there is deleted",
}

#: And of what does not tell whom it holds, if it is deleted, or left.
UNTOLD = {
    "unfinished": "its checkpoints do not tell whom they hold and are deleted, and the run begins anew: give its "
    "command again",
    "stopped": "what a stopped command left there does not tell whom it holds, and is deleted",
}
UNTOLD_LEFT = {
    "unfinished": "its checkpoints do not tell whom they hold, and are left, as nothing tells for certain of this id: "
    "go on with the run, or delete its folder",
    "stopped": "what a stopped command left there does not tell whom it holds, and is left, as nothing tells for "
    "certain of this id: gpunet retain lists it, and deletes it with --apply",
}

CARD = "card of a score deleted, which was about the person or named them"

TABLE = "table that gpunet made of persons deleted, as it cannot be made again from here: give its command again"

AT_WORK = "a command is writing it: give this command again when that one has ended"

MAYBE_AT_WORK = (
    "what lies hidden there is not looked into, as it cannot be told whether somebody is at work there: delete its "
    f"{HIDDEN} if nobody is, and give the command again"
)

DAMAGED_RUN = (
    "lies in the folder of a run whose run.json is damaged, names the person, and is left: delete it, or give the "
    "run's command again"
)

CALLED = "something else is called as the id is, which no column of persons has any more, and stays"
