"""Tables as whoever reads them gives them, paths or frames, as one stream of batches that tells how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.config.input_config import InputConfig
from gpunet.reading.batches import Batch, Inputs, Withdrawal
from gpunet.reading.columns import layout_of
from gpunet.reading.location import Location
from gpunet.reading.sources import find_sources
from gpunet.reading.stream import LayoutOf, frame_batches, source_batches
from gpunet.tables.frames import as_eager, backend_of, is_frame, without_repeated

__all__ = ["Tables", "items_of", "open_tables"]


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables of which nothing has been read.

    ``backend``: the kind of frame that they are, Polars' of files. ``total``: bytes of the files or rows of the frames.
    ``inputs`` grows as the ``stream`` is read.
    """

    backend: str
    total: float
    inputs: Inputs
    stream: Iterator[Batch | Withdrawal]

    def batches(self, progress: ProgressCallback | None, stage: str) -> Iterator[Batch | Withdrawal]:
        """The batches of all tables; `progress` is told of each, and not of the end."""
        begun(progress, stage)
        for batch in self.stream:
            yield batch
            if progress is not None:
                progress(stage, min(_done(self.inputs), self.total * 0.99), self.total)


def open_tables(
    paths_or_frame: Any,
    config: InputConfig,
    location: Location,
    *,
    keep_going: bool = False,
    notice: Callable[[str], None] | None = None,
    of: LayoutOf = layout_of,
    after: int = 0,
) -> Tables:
    """Find the tables; with `keep_going` those that cannot be read are left out. `of` chooses the columns.

    `after` is how many files were read before: then there may be none.

    Raises
    ------
    InputError
        If there is no table, or a path leads nowhere.
    """
    inputs = Inputs(skipped=[] if keep_going else None)
    items = [] if after and not paths_or_frame else items_of(paths_or_frame)
    if any(is_frame(item) for item in items):
        frames = [(as_eager(frame), repeated) for frame, repeated in map(without_repeated, items)]
        backend, total = backend_of(frames[0][0]), float(sum(len(frame) for frame, _ in frames))
        return Tables(backend, total, inputs, frame_batches(frames, config, inputs, location, of))
    found = find_sources(items, config, inputs.warnings, inputs.skipped, notice) if items else []
    sources = [replace(source, number=source.number + after) for source in found] if after else found
    total = float(sum(source.size_bytes for source in sources))
    return Tables("polars", total, inputs, source_batches(sources, config, inputs, location, of=of))


def items_of(paths_or_frame: Any) -> list[Any]:
    """Paths or frames as a list, one alone too; InputError if they are neither."""
    if isinstance(paths_or_frame, str | os.PathLike) or is_frame(paths_or_frame):
        return [paths_or_frame]
    if isinstance(paths_or_frame, Iterable) and not isinstance(paths_or_frame, Mapping | bytes | np.ndarray):
        items = list(paths_or_frame)
        if not items:
            raise InputError("no input: the list of paths is empty")
        framed = [is_frame(item) for item in items]
        if all(framed) or (not any(framed) and all(isinstance(item, str | os.PathLike) for item in items)):
            return items
    kind = type(paths_or_frame).__name__
    raise InputError(f"expected paths, or data frames that Narwhals takes, not {kind}")


def _done(inputs: Inputs) -> float:
    """Bytes of the files, or rows of the frames, that are done with; of what is open the bytes or rows so far."""
    read = sum(r.rows if r.size_bytes is None else r.size_bytes * r.done for r in inputs.records)
    return float(read + inputs.open_bytes + sum(file.size_bytes or 0 for file in inputs.skipped or ()))
