"""Which consecutive chunks make one task: much work at first, single chunks at the end."""

from __future__ import annotations

from collections.abc import Sequence

from gpunet.search.reduction import Chunk

__all__ = ["runs_of_chunks"]

# A task gets at most this share of a slot's share of what is left, so that slots are busy until about the same moment.
_SHARE = 0.5

# Nor more than this, in positions times sources (about a second), unless one chunk is: a task costs the client some
# milliseconds whatever it does, and what is in a task is lost together with its worker and shows no progress.
_MOST_WEIGHT = 2e7

# Nor does it send back more bytes, unless one chunk does.
_MOST_BYTES = 16 << 20


def runs_of_chunks(chunks: Sequence[Chunk], position_bytes: int, slots: int) -> list[tuple[int, int]]:
    """Divide the chunks into runs, in their order, each to be computed by one task.

    Runs shrink as the work that is left does (guided self-scheduling), so there are few of them and yet the last are
    small. They do not show in the results: the sums of a run's chunks are sent back and added one by one.

    Parameters
    ----------
    chunks
        From :func:`gpunet.search.reduction.chunks_of`.
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
    left, begin = sum(chunk.weight for chunk in chunks), 0
    while begin < len(chunks):
        end, held, size = begin, 0.0, 0
        most = min(_MOST_WEIGHT, _SHARE * left / slots)
        while end < len(chunks):
            held += chunks[end].weight
            size += (chunks[end].last - chunks[end].first) * position_bytes
            if end > begin and (held > most or size > _MOST_BYTES):
                break
            end += 1
        runs.append((begin, end))
        left -= sum(chunk.weight for chunk in chunks[begin:end])
        begin = end
    return runs
