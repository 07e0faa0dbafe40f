"""Which consecutive parts make one task: much work at first, single parts at the end."""

from __future__ import annotations

from collections.abc import Sequence

from gpunet.features.adding import Part

__all__ = ["runs_of_parts"]

# A task gets at most this share of a slot's share of what is left, so that slots are busy until about the same moment.
_SHARE = 0.5

# Nor more than this, in positions times sources (about a second), unless one part is: a task costs the client some
# milliseconds whatever it does, and what is in a task is lost together with its worker and shows no progress.
_MOST_WEIGHT = 2e7

# Nor does it send back more bytes, unless one part does.
_MOST_BYTES = 16 << 20


def runs_of_parts(parts: Sequence[Part], position_bytes: int, slots: int) -> list[tuple[int, int]]:
    """Divide the parts into runs, in their order, each to be computed by one task.

    Runs shrink as the work that is left does (guided self-scheduling), so there are few of them and yet the last are
    small. They do not show in the results: the sums of a run's parts are sent back and added one by one.

    Parameters
    ----------
    parts
        From :func:`gpunet.features.adding.parts_of`.
    position_bytes
        Bytes of a sum for each position.
    slots
        Threads of all workers, at least 1.

    Returns
    -------
    list
        ``(begin, end)`` of each run.
    """
    runs: list[tuple[int, int]] = []
    left, begin = sum(part.weight for part in parts), 0
    while begin < len(parts):
        end, held, size = begin, 0.0, 0
        most = min(_MOST_WEIGHT, _SHARE * left / slots)
        while end < len(parts):
            held += parts[end].weight
            size += (parts[end].last - parts[end].first) * position_bytes
            if end > begin and (held > most or size > _MOST_BYTES):
                break
            end += 1
        runs.append((begin, end))
        left -= sum(part.weight for part in parts[begin:end])
        begin = end
    return runs
