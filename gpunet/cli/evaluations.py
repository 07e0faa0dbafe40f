"""The experiments as jobs of the command line: tables in, results in a complete run folder out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpunet.base.errors import InputError
from gpunet.cli.running import snapshot_run
from gpunet.runs.manifest import arrest_statistics
from gpunet.runs.run_options import RunOptions
from gpunet.runs.snapshot_run import SnapshotRun

if TYPE_CHECKING:
    from gpunet.evaluate.predicted import Evaluation

__all__ = ["run_emerging", "run_known"]

_TABLES = ("results", "predictions", "curves", "calibration")

# Of results, what the manifest repeats for the summary.
_BRIEF = (
    "protocol", "classifier", "smote", "month", "outcome",
    "persons", "positives", "tp", "fp", "fn", "recall", "auc", "f1",
)  # fmt: skip
_BRIEF_LAYERS = ("protocol", "layer", "outcome", "measure", "difference", "low", "high", "worth")
_BRIEF_LEAK = ("protocol", "classifier", "smote", "leak", "leak_low", "leak_high")

_NO_LEAK = (
    "how much is leak cannot be said (leak.parquet is empty): for it the paper's protocol is compared with another; "
    "ask for both, such as --protocol paper --protocol cross_fitted"
)


def run_known(
    inputs: Any,
    out: str | Path,
    config: Any = None,
    as_of: date | None = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Read arrest tables; write the experiment of the known network (section 5.1 of the paper) into a run folder.

    Parameters, return value and errors are those of :func:`gpunet.cli.run.run_features`; ``[evaluate]`` of the
    configuration says what is evaluated. The manifest has the results for everybody and all features under
    ``evaluation``.
    """
    from gpunet.evaluate.known import evaluate_known

    with snapshot_run("evaluate known", inputs, out, config, options) as run:
        arrests = _read(run, inputs)
        if as_of is None:
            arrests = run.current(arrests)
        else:
            with run.stage("as of"):
                run.warn_of_late(arrests, as_of)
                arrests = run.cut(arrests, as_of)
        with run.stage("evaluate"):
            found = evaluate_known(arrests, run.config, **_asked(run))
        return _finish(run, arrests, "known", found)


def run_emerging(
    inputs: Any, out: str | Path, config: Any = None, as_of: None = None, options: RunOptions | None = None
) -> dict[str, Any]:
    """Read arrest tables; write the experiment of emerging violent persons (section 5.2), month by month.

    Parameters, return value and errors are those of :func:`run_known`; `as_of` is None, as every month is a day of its
    own.
    """
    from gpunet.evaluate.emerging import evaluate_emerging

    with snapshot_run("evaluate emerging", inputs, out, config, options, whole="months") as run:
        arrests = _read(run, inputs)
        with run.stage("evaluate"):
            union = run.union_config if arrests.layers else None
            found = evaluate_emerging(arrests, run.config, snapshot=run.snapshot, union_config=union, **_asked(run))
        return _finish(run, arrests, "emerging", found)


def _read(run: SnapshotRun, inputs: Any) -> Any:
    arrests = run.read(inputs, None)
    if run.no_network is not None and run.config.evaluate.population == "network":
        raise InputError(run.no_network)
    return arrests


def _asked(run: SnapshotRun) -> dict[str, Any]:
    """How an experiment computes and keeps, and whom it tells how far it is."""
    return {
        "engine": run.engine,
        "threads": run.options.threads,
        "progress": run.progress,
        "kept": run.kept,
    }


def _finish(run: SnapshotRun, arrests: Any, experiment: str, found: Evaluation) -> dict[str, Any]:
    """Write the tables of an experiment, and complete the folder."""
    from gpunet.evaluate.layer_schemas import LAYER_TABLES, layer_metadata
    from gpunet.evaluate.schemas import dates_of, metadata_of

    tables = (*_TABLES, *(("leak",) if experiment == "known" else ()))
    with run.stage("write results"):
        for name in tables:
            run.folder.write_table(f"{name}.parquet", [getattr(found, name)], metadata_of(name), dates=dates_of(name))
        for name in LAYER_TABLES:
            if (table := getattr(found, name)) is not None:
                run.folder.write_table(f"{name}.parquet", [table], layer_metadata(name))
        run.folder.write_json("descriptives.json", found.descriptives)
        run.write_input_tables(arrests)
    run.warnings += found.warnings
    brief: dict[str, Any] = {"experiment": experiment, "results": _brief(found.results, _BRIEF)}
    if experiment == "known":
        brief["leak"] = _brief(found.leak, _BRIEF_LEAK)
        if not len(found.leak):
            run.warnings.append(_NO_LEAK)
    if found.layers is not None:
        brief["layers"] = found.layers.select(_BRIEF_LAYERS).to_dicts()
    sections: Mapping[str, Any] = {
        "arrests": arrest_statistics(arrests),
        "tables": run.side_section(),
        "evaluation": brief,
    }
    return run.finish(f"evaluate {experiment}", arrests, sections)


def _brief(table: Any, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """These columns of the rows that are of everybody and of all features."""
    import polars as pl

    rows = table.filter((pl.col("family") == "all") & (pl.col("population") == "all")).select(columns)
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
        for row in rows.to_dicts()
    ]
