"""What all cases share, made once: tables, finished and unfinished runs. No case may change any of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

CONFIG = "[panel]\nstart = 2013-05-01\nend = 2013-06-01\n[model]\nmax_rounds = 4\nfolds = 2\nhorizon_days = 150\n"

#: The day up to which some features are made, so that a model and features can differ.
AS_OF = date(2014, 3, 1)


class _Enough(BaseException):
    """Ends a run as a signal does."""


@dataclass(frozen=True)
class Base:
    """Paths of the shared files."""

    root: Path

    @property
    def table(self) -> Path:
        """Arrests of 200 persons in the network and some hundred others, one Parquet file."""
        return self.root / "tables" / "arrests.parquet"

    @property
    def config(self) -> Path:
        """A configuration with which a run is short."""
        return self.root / "short.toml"

    @property
    def features(self) -> Path:
        """A finished ``gpunet features``."""
        return self.root / "features"

    @property
    def run(self) -> Path:
        """A finished ``gpunet run``."""
        return self.root / "run"

    @property
    def panel(self) -> Path:
        """A finished ``gpunet panel``."""
        return self.root / "panel"

    @property
    def forest(self) -> Path:
        """The same with a random forest."""
        return self.root / "forest"

    def unfinished(self) -> list[Path]:
        """Runs that were stopped at several stages, each with its checkpoints."""
        return sorted((self.root / "unfinished").iterdir())

    def model(self, kind: str = "xgboost") -> Path:
        """A model file."""
        return (self.run if kind == "xgboost" else self.forest) / "model.ubj"

    def results(self, command: str) -> dict[str, bytes]:
        """What a run that nobody disturbed ends with."""
        return results(self.root / command)


def results(folder: Path) -> dict[str, bytes]:
    """What has to be the same for two runs: every file, but for ``execution`` in the manifest. Hidden ones count."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    manifest.pop("execution", None)
    return {**found, "run.json": json.dumps(manifest, sort_keys=True).encode()}


def make_base(root: Path) -> Base:
    """Make everything, each in a process of its own, for threads that a library starts must not be there later."""
    base = Base(root)
    for job in _jobs(base):
        _in_child(job)
    return base


def _jobs(base: Base) -> Iterator[Callable[[], object]]:
    from gpunet.cli.panels import run_panel
    from gpunet.cli.run import RunOptions, run_features, run_forecast

    always = {"threads": 1, "checkpoint_seconds": 0.0}
    inputs = [str(base.table)]
    forest = str(base.root / "forest.toml")

    def unfinished(name: str, job: Callable[..., object], stage: str, beyond: float) -> None:
        def progress(at: str, done: float, total: float) -> None:
            if at.startswith(stage) and done >= beyond * total:
                raise _Enough

        with suppress(_Enough):
            options = RunOptions(progress=progress, **always)
            job(inputs, base.root / "unfinished" / name, str(base.config), None, options)
            raise RuntimeError(f"{name} was to be stopped in {stage!r}, which never came")

    yield lambda: _make_table(base)
    yield lambda: run_features(inputs, base.features, str(base.config), None, RunOptions(threads=1))
    yield lambda: run_forecast(inputs, base.run, str(base.config), None, RunOptions(threads=1))
    yield lambda: run_panel(inputs, base.panel, str(base.config), None, RunOptions(threads=1))
    yield lambda: run_forecast(inputs, base.forest, forest, None, RunOptions(threads=1))
    yield lambda: unfinished("features", run_features, "closeness", 0)
    yield lambda: unfinished("run", run_forecast, "train on all (past and test)", 0)


def _make_table(base: Base) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from gpunet.synthetic import make_arrests
    from gpunet.tables.frames import to_arrow

    (base.root / "tables").mkdir()
    (base.root / "unfinished").mkdir()
    arrests: Any = to_arrow(make_arrests(200, seed=1))
    pq.write_table(pa.table(arrests), base.table)
    base.config.write_text(CONFIG)
    (base.root / "forest.toml").write_text(f'{CONFIG}kind = "random_forest"\n')


def _in_child(job: Callable[[], object]) -> None:
    pid = os.fork()
    if not pid:
        code = 1
        try:
            job()
            code = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("hostile: what all cases share cannot be made")
