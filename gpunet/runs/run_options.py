"""Options of a run beside its input and configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gpunet.base.progress import ProgressCallback
from gpunet.reading.corrections import Corrections
from gpunet.runs.checkpoints import SECONDS_BETWEEN

__all__ = ["RunOptions"]


@dataclass(frozen=True)
class RunOptions:
    """What a run can be told beside its input and configuration; but for `keep_going` without bearing on the results.

    `notice` gets a line with the estimate of work, time and memory before path features that take long, one about the
    cluster, and one for each checkpoint that was damaged. `cluster` divides the path features, see
    :func:`gpunet.cluster.cluster_engine`. A checkpoint is made where it saves `checkpoint_seconds` of work or more, and
    costs little beside that; 0 makes every one. `start_over` drops those of an unfinished run in the folder.
    `keep_going` leaves out files that cannot be read, and `show_values` lets messages show what stands in cells, see
    :func:`gpunet.read_arrests`. `allow_incomplete` lets a forecast be of a day over a month after the last arrest.
    `keep_state` leaves what was read in the folder, so that an update need not read the files again.
    `report` is whether the command line makes the report once the run is complete.
    `corrections` leave rows out or rename persons, in an update and where a complete run is made again without a person
    who is erased; nothing is kept to go on from. `read_on` is the day after which there are no dates, where a run is
    made again; `earlier_review` has day and decision of each review of that run, which is not one of this.
    """

    engine: str = "auto"
    threads: int | None = None
    progress: ProgressCallback | None = None
    notice: Callable[[str], None] | None = None
    cluster: str | None = None
    checkpoint_seconds: float = SECONDS_BETWEEN
    start_over: bool = False
    keep_going: bool = False
    allow_incomplete: bool = False
    show_values: bool = False
    report: bool = False
    keep_state: bool = False
    corrections: Corrections | None = None
    read_on: date | None = None
    earlier_review: tuple[Mapping[str, str], ...] = ()
