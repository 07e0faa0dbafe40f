"""Audits as jobs of the command line: a run and a table of attributes in, groups in a complete run folder out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow.parquet as pq

from gpunet.base.array_types import Float64, Int64
from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import name_of, named_path, refuse_inputs
from gpunet.base.private import sharing
from gpunet.base.shapes import values_shown
from gpunet.base.threads import available_threads
from gpunet.cli.at_once import no_new_folder, timed_stage
from gpunet.cli.running import RUN_FILES
from gpunet.config.config import Config, load_config
from gpunet.config.registry import Feature, columns
from gpunet.config.sides import OFFENDER
from gpunet.governance.noted import noted
from gpunet.governance.rules import folder_rules
from gpunet.reading.pseudonymised import check_ids, pseudonyms_of_run
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST, RunFolder
from gpunet.runs.linked import refuse_changed_links
from gpunet.runs.manifest import StageClock, versions
from gpunet.runs.run_options import RunOptions
from gpunet.runs.sealed import SEALED, open_result
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import as_eager, from_arrow, numbers_of, series_to_arrow, to_array
from gpunet.tables.parquet import read_parquet

if TYPE_CHECKING:
    from gpunet.evaluate.attributes import Attributes
    from gpunet.evaluate.fairness import Scored

__all__ = ["audit_config", "run_audit"]

#: The tables of the run that are read.
_TABLES = ("predictions", "groups", "features")


@dataclass(frozen=True, eq=False)
class _Audited:
    """The persons of a run's test window.

    ``ids``: their ids, a series. ``community``: int64[n], -1 outside the network. ``matrix``: float64[n, features].
    """

    manifest: Mapping[str, Any]
    scored: Scored
    ids: nw.Series[Any]
    community: Int64
    matrix: Float64
    declared: Mapping[str, Feature]
    layers: tuple[str, ...]

    def degrees(self) -> dict[str, Float64]:
        """By layer beside co-arrest float64[n], with how many others each person is tied in it."""
        place = {name: i for i, name in enumerate(self.declared)}
        return {layer: self.matrix[:, place[f"degree__all__{layer}"]] for layer in self.layers}


def audit_config(run: str | Path, config: Any = None) -> Config:
    """What an audit goes by: `config`, or the run's own, which in any case says when two ids are one.

    Raises
    ------
    GpunetError
        If the configuration cannot be used, or there is no complete ``gpunet run`` in the folder `run`.
    """
    of_run = load_config(_manifest_of(named_path(run, "the run folder"))["config"])
    if config is None:
        return of_run
    found = load_config(config)
    names = dict.fromkeys((*found.input.source_names("person_id"), *of_run.input.source_names("person_id")))
    matching = replace(
        found.input,
        columns={**found.input.columns, "person_id": tuple(names)},
        id_rules=of_run.input.id_rules,
        person_scope=of_run.input.person_scope,
        person_links=of_run.input.person_links,
    )
    return replace(found, input=matching)


def run_audit(
    run: str | Path,
    attributes: str | Path,
    by: Sequence[str],
    out: str | Path,
    config: Any = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Compare groups of the persons of a run's test window; write ``fairness.parquet`` and ``proxies.parquet``.

    Of a run with layers beside co-arrest also ``watching.parquet``.

    Parameters
    ----------
    run
        The folder of a complete ``gpunet run``.
    attributes
        A table of ``person_id`` and protected attributes; a file, a folder or a glob. It is used here alone: no value
        of it is written but as the name of a group.
    by
        The attributes.
    out
        The folder for the results.
    config, options
        As of :func:`gpunet.cli.run.run_forecast`; without `config` it is the run's.

    Returns
    -------
    dict
        The manifest, as it stands in ``run.json``.

    Raises
    ------
    GpunetError
        If the run, the table, the configuration or the folder cannot be used.
    """
    from gpunet.evaluate.attributes import checked_names, read_attributes

    options = options or RunOptions()
    folder, place = named_path(run, "the run folder"), named_path(out, "the audit's folder")
    names, settings = checked_names(by), audit_config(folder, config)
    configured = [config] if isinstance(config, str | Path) else []
    refuse_inputs(place, [named_path(attributes, "--attributes"), folder, *configured])
    if folder.resolve() in place.resolve().parents:
        raise InputError(f"{place} lies in the run that is audited, {folder}: give another --out")
    clock, rules = StageClock("cpu"), folder_rules(settings, place, options)
    with (
        sharing(settings.output.share),
        no_new_folder(place),
        values_shown(options.show_values),
        RunFolder(place, RUN_FILES, rules) as written,
    ):
        with timed_stage(clock, options, "read"):
            audited = _audited(folder)
            refuse_changed_links(audited.manifest)
            if len(audited.scored.label) < settings.audit.min_persons:
                raise InputError(
                    f"{folder} has fewer than {settings.audit.min_persons} persons in its test window, so nothing of "
                    "them can be told: audit a run of more persons"
                )
            written.pseudonyms = pseudonyms_of_run(audited.manifest)
            check = partial(check_ids, written.pseudonyms, str(folder))
            found = read_attributes(attributes, names, audited.ids, settings, check, written.pseudonyms)
        told, uneven = _written(written, audited, found, settings, options, clock)
        noted(folder, "consultation", told["persons"])
        return written.finish(
            {
                "gpunet": "audit",
                "versions": versions(),
                "config": settings.as_dict(),
                "as_of": audited.manifest["as_of"],
                "seed": settings.model.seed,
                "engine": "cpu",
                "audit": {
                    "run": _run_section(folder, audited.manifest),
                    **told,
                    "public_rules": _public_rules(audited),
                },
                **({} if written.pseudonyms is None else {"pseudonyms": dict(written.pseudonyms)}),
                "warnings": [*found.warnings, *uneven],
                "execution": {"threads": available_threads(options.threads), **clock.times()},
            }
        )


def _written(
    written: RunFolder, audited: _Audited, found: Attributes, settings: Config, options: RunOptions, clock: StageClock
) -> tuple[dict[str, Any], list[str]]:
    """Compute and write the tables; return what the manifest says of them, and warnings."""
    from gpunet.evaluate.attributes import NOT_KNOWN
    from gpunet.evaluate.audit_schemas import audit_frame, audit_metadata
    from gpunet.evaluate.bootstrap import draw_communities
    from gpunet.evaluate.fairness import fairness_rows, hidden_of, why_hidden
    from gpunet.evaluate.group_grid import PERSONS, POSITIVES
    from gpunet.evaluate.group_ties import group_ties, group_warnings
    from gpunet.evaluate.proxies import Guessing, proxy_rows

    least, seed, side = settings.audit.min_persons, settings.model.seed, audited.manifest.get("side", OFFENDER)
    n = len(audited.scored.label)
    with timed_stage(clock, options, "groups"):
        persons = np.arange(len(audited.community))
        draws = draw_communities(audited.community, persons, settings.evaluate.bootstrap, seed)
        hidden = hidden_of(audited.scored, found.of, least)
        fairness = audit_frame("fairness", fairness_rows(audited.scored, found.of, draws, hidden, least))
        watching = group_ties(audited.degrees(), found.of, hidden, least)
    with clock.stage("proxies"):
        guessing = Guessing(
            audited.matrix, audited.declared, draws, settings.audit.folds, settings.audit.proxy_persons, seed
        )
        not_told = [hidden[(PERSONS, ""), (i,)] for i in range(len(found.of))]
        threads = available_threads(options.threads)
        guesses = proxy_rows(guessing, found.of, not_told, why_hidden(least), least, threads, options.progress)
    with timed_stage(clock, options, "write tables"):
        written.write_table("fairness.parquet", [fairness], audit_metadata("fairness", side))
        written.write_table("proxies.parquet", [audit_frame("proxies", guesses)], audit_metadata("proxies", side))
        if watching:
            metadata = audit_metadata("watching", side)
            written.write_table("watching.parquet", [audit_frame("watching", watching)], metadata)
    unknown = [(attribute.code == attribute.groups.index(NOT_KNOWN), of[attribute.groups.index(NOT_KNOWN)])
               for attribute, of in zip(found.of, not_told, strict=True) if NOT_KNOWN in attribute.groups]  # fmt: skip
    # How many are not in the table would tell of how many of those who are in it an attribute is not known.
    beside = [int(here.sum()) - (n - found.found) for here, _ in unknown]
    few = any(0 < number < least for number in (n - found.found, *beside)) or found.found < least
    told = {
        "by": [attribute.name for attribute in found.of],
        "groups": {attribute.name: len(attribute) for attribute in found.of},
        "attributes": {
            "files": list(found.files),
            "persons_found": None if few or any(is_hidden for _, is_hidden in unknown) else found.found,
            "contradictory": [name for name, number in found.contradictory.items() if number],
        },
        "persons": n,
        "positives": None if hidden[(POSITIVES, ""), ()] else int(audited.scored.label.sum()),
        "threshold": audited.scored.threshold,
        "rules": list(audited.scored.rules),
        "min_persons": least,
        "rows": len(fairness),
        "rows_with_suppression": int(fairness["undefined"].fill_null("").str.contains("not told:").sum()),
    }
    return told, group_warnings(watching)


def _public_rules(audited: _Audited) -> list[str]:
    """The rules of which everybody may be told errors, whatever the public report of the run tells."""
    from gpunet.report.public_rules import forecast_alone, public_rules

    of = audited.scored
    return public_rules(forecast_alone(of.probability, of.label, of.threshold))


def _manifest_of(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if manifest["gpunet"] != "run":
        raise InputError(f"{folder} is of gpunet {manifest['gpunet']}; an audit is of gpunet run, which has scores")
    if not {"predictions.parquet", f"predictions.parquet{SEALED}"} & manifest["outputs"].keys():
        raise InputError(
            f"{folder} has no predictions.parquet: the run is of an earlier version of gpunet; give it again"
        )
    return manifest


def _audited(folder: Path) -> _Audited:
    """The persons of the test window, with their features as of T."""
    from gpunet.evaluate.bootstrap import communities_of
    from gpunet.evaluate.fairness import Scored

    manifest = _manifest_of(folder)
    predictions, groups, features = (_table(folder, name, manifest) for name in _TABLES)
    ids = predictions.get_column("person_id")
    config = load_config(manifest["config"])
    declared = columns(config.sets, layers=config.layers)
    if missing := [name for name in declared if name not in features.columns]:
        raise InputError(f"{folder / 'features.parquet'} has no column {missing[0]}, which its run.json speaks of")
    matrix = np.stack([numbers_of(features.get_column(name)).astype(np.float64) for name in declared], axis=1)
    probability = numbers_of(predictions.get_column("probability")).astype(np.float64)
    label = to_array(predictions.get_column("label")).astype(np.bool_)
    threshold = float(manifest["model"]["results"]["threshold"])
    return _Audited(
        manifest,
        Scored(probability, label, threshold),
        ids,
        communities_of(groups.to_native())[_places(ids, groups, folder)],
        matrix[_places(ids, features, folder)],
        declared,
        config.layers.single,
    )


def _table(folder: Path, name: str, manifest: Mapping[str, Any]) -> nw.DataFrame[Any]:
    """A table of the run; InputError if it is not as the run has written it."""
    path = folder / f"{name}.parquet"
    found = open_result(folder, path.name, manifest)  # under seal too: of groups alone is anything told
    if not isinstance(found, Path):
        return from_arrow(pq.read_table(found))
    try:
        known = manifest["outputs"].get(path.name, {}).get("sha256")
        if known is None or sha256_of(path) != known:
            raise InputError(f"{path} is not what {MANIFEST} lists: give the run again")
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing, which {MANIFEST} lists: give the run again") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {in_words(error)}") from error
    return as_eager(read_parquet(path))


def _places(ids: nw.Series[Any], table: nw.DataFrame[Any], folder: Path) -> Int64:
    """int64[n], where each person stands in a table of persons."""
    import pyarrow.compute as pc

    known = series_to_arrow(table.get_column("person_id"))
    found = pc.index_in(series_to_arrow(ids), value_set=known)
    if found.null_count:
        raise InputError(f"{folder}: its tables are not of the same persons: give the run again")
    return np.asarray(found, dtype=np.int64)


def _run_section(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Which run was audited."""
    return {
        "folder": name_of(folder),
        "run_json_sha256": sha256_of(folder / MANIFEST),
        "test_window": manifest["model"]["test"]["window"],
        "horizon_days": manifest["model"]["horizon_days"],
        **({"side": manifest["side"]} if manifest.get("side", OFFENDER) != OFFENDER else {}),
    }
