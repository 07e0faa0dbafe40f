"""``gpunet score``: persons scored by a model of an earlier run."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from gpunet.base.errors import InputError, cannot_write, in_words
from gpunet.base.paths import check_target, refuse_inputs, refuse_inside
from gpunet.base.words import counted
from gpunet.cli.console import compiling_noticed, notice, say
from gpunet.cli.options import EngineOption, ShowValues, Threads, path_of
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.config.sides import OFFENDER, Side

__all__ = ["score"]

_OTHER_KINDS = (".csv", ".tsv", ".txt", ".xlsx", ".ods", ".json", ".feather", ".arrow", ".ubj")


def score(
    model: Annotated[Path, typer.Option("--model", parser=path_of("--model"), help="A model file of an earlier run.")],
    features: Annotated[
        Path,
        typer.Option("--features", parser=path_of("--features"), help="A features.parquet with the model's columns."),
    ],
    out: Annotated[Path, typer.Option("--out", parser=path_of("--out"), help="The Parquet file to write.")],
    engine: EngineOption = "auto",
    threads: Threads = None,
    show_values: ShowValues = False,
) -> None:
    """Score the persons of a feature file with a model of an earlier run."""
    from gpunet.base.private import make_folder
    from gpunet.base.shapes import values_shown
    from gpunet.base.threads import available_threads, limit_pools
    from gpunet.cli.noting import note_scores
    from gpunet.cli.progress import console_progress
    from gpunet.engines.choice import resolve_engine
    from gpunet.governance.rules import check_features_scored
    from gpunet.governance.start_over import refuse_other_purpose
    from gpunet.governance.statement import stated_of_table
    from gpunet.model import load_model
    from gpunet.model import score as score_features
    from gpunet.tables.files import write_whole
    from gpunet.tables.parquet import read_parquet_metadata, write_parquet

    _check_out(out, [features, model])
    said = read_parquet_metadata(features) or {}
    stated = stated_of_table(said)
    check_features_scored(stated, features)
    if out.exists():
        refuse_other_purpose(f"--out {out}", stated_of_table(read_parquet_metadata(out)), stated)
    try:
        make_folder(out.parent)
    except OSError as error:
        raise cannot_write(f"--out {out}: cannot make its folder", error) from error
    limit_pools(available_threads(threads))
    chosen = resolve_engine(engine, threads)
    with (
        values_shown(show_values),
        warnings.catch_warnings(),
        chosen.stage("score"),
        console_progress() as progress,
        compiling_noticed(),
    ):
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        asked: dict[str, Any] = {"threads": threads, "device": chosen.name}
        loaded = load_model(model)
        _check_side(out, loaded.side)
        scores = score_features(loaded, features, progress=progress, **asked)
    side = {} if loaded.side == OFFENDER else {"side": loaded.side}
    ids = {"pseudonyms": said["pseudonyms"]} if "pseudonyms" in said else {}
    if not note_scores([features.parent, model.parent], len(scores)) and stated["purpose"] != NO_PURPOSE:
        notice("not entered: neither features nor model lie in the folder of a run, beside which there is a log")
    try:
        write_whole(out, lambda path: write_parquet(path, scores, {**side, **ids, "governance": stated}))
    except OSError as error:
        raise cannot_write(f"cannot write {out}", error) from error
    of = " as possible victims" if side else ""
    say(f"{counted(len(scores), 'person')} scored{of}: {out}")


def _check_out(out: Path, inputs: list[Path]) -> None:
    """Refuse to replace anything but the scores of an earlier time."""
    from gpunet.model.scoring import COLUMNS_OF_SIDE
    from gpunet.runs.folder import MANIFEST, outputs_in
    from gpunet.tables.parquet import read_parquet_names

    if out.is_dir():
        raise InputError(f"--out {out} is a folder: give the name of a Parquet file")
    refuse_inputs(out, inputs)
    if str(out) == "-" or out.suffix.lower() in _OTHER_KINDS:
        raise InputError(f"--out {out}: scores are written as a Parquet file: give the name of one")
    try:
        check_target(out)
    except OSError as error:
        raise InputError(f"--out {out}: {in_words(error)}; give the name of a Parquet file") from error
    if out.exists() and tuple(read_parquet_names(out) or ()) not in COLUMNS_OF_SIDE.values():
        raise InputError(f"--out {out}: that file is there and holds no scores, so it is not replaced: name another")
    if not out.exists():
        refuse_inside(out, MANIFEST, "--out")
    manifest = out.parent / MANIFEST
    if out.exists() and manifest.exists() and out.name in outputs_in(manifest):
        raise InputError(f"--out {out} is a result of the run in its folder, so it is not replaced: name another")


def _check_side(out: Path, side: Side) -> None:
    """Refuse to put the scores of one side in the place of the other's."""
    from gpunet.model.scoring import COLUMNS_OF_SIDE
    from gpunet.tables.parquet import read_parquet_names

    if out.exists() and tuple(read_parquet_names(out) or ()) != COLUMNS_OF_SIDE[side]:
        raise InputError(
            f"--out {out} holds scores of the other side, and the model forecasts the side {side}: lists of offenders "
            "and of victims are never in one place; name another file"
        )


def _show_warning(message: Warning | str, *where: object, **more: object) -> None:
    notice(f"warning   {message}")
