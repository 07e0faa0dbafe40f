"""``gpunet subject`` as a job: all that a run holds of one person, and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import GpunetError
from gpunet.base.progress import ProgressCallback
from gpunet.cli.subject_words import in_words
from gpunet.config.input_config import BESIDE
from gpunet.config.sides import OFFENDER
from gpunet.governance.statement import stated_by
from gpunet.governance.subject import held_of, sealed_results
from gpunet.governance.wanted import Wanted
from gpunet.reading.beside import read_beside
from gpunet.runs.complete import read_manifest
from gpunet.runs.described import latest_date
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import sha256_of

__all__ = ["subject_access"]

_NOTE = (
    "All that this run holds of one person. Other persons stand here without their ids, the same one under the same "
    "name everywhere. Flags, audits, panels and packages have folders of their own: give the command for each of them."
)

_SEALED = (
    "A score or flag of this person may be held under seal. No command of gpunet shows it until a review (gpunet "
    "review) opens it."
)


def subject_access(folder: Path, person: str, progress: ProgressCallback | None = None) -> dict[str, Any]:
    """All that is held of one person by a complete run, as values that JSON can hold.

    Parameters
    ----------
    folder
        The run's.
    person
        The id, as results write it.
    progress
        Called while the run's tables are read again.

    Returns
    -------
    dict
        The run, its purpose and who answers for it, where the data came from, until when they are kept, the person's
        features with their meaning, the rows of all other tables, the arrests behind them, models, and seals.

    Raises
    ------
    InputError
        If there is no complete run, or nobody of that id in it.
    """
    manifest = read_manifest(folder)
    held = in_words(folder, manifest, held_of(folder, manifest, person))
    stated = stated_by(manifest)
    sealed = sealed_results(manifest)
    return {
        "note": _NOTE,
        "person_id": person,
        "run": {
            "command": f"gpunet {manifest['gpunet']}",
            "as_of": manifest.get("as_of"),
            "gpunet": manifest["versions"]["gpunet"],
            "made": manifest["execution"].get("started"),
            "run_json_sha256": sha256_of(folder / MANIFEST),
        },
        "governance": stated,
        "retain_until": stated.get("retain_until"),
        "came_from": _sources(manifest),
        **held,
        "arrests": _arrests(manifest, person, progress),
        "models": _models(manifest),
        **(
            {"sealed": {"results": list(sealed), "note": _SEALED, "reviewer": stated.get("reviewer")}} if sealed else {}
        ),
    }


def _sources(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tables that the run was made of."""
    read = manifest.get("input", {})
    of_kind = {"arrests": read, **{name: read.get(name) for name in BESIDE}, "person_links": manifest.get("links")}
    return [
        {"kind": kind, "file": file["name"], "sha256": file.get("sha256"), "rows": file.get("rows")}
        for kind, of in of_kind.items()
        for file in (of or {}).get("files", ())
    ]


def _arrests(manifest: Mapping[str, Any], person: str, progress: ProgressCallback | None) -> dict[str, Any]:
    """The arrests of the person, and when they became a victim, read again; or why they are not."""
    if manifest["gpunet"] in ("audit", "flags"):
        return {"not_read": "they are those of the runs that this was made of: give the command for these"}
    from gpunet.report.card_inputs import input_paths, read_again

    try:
        arrests = read_again(manifest, input_paths(manifest), progress)
        found = {"arrests": _own(arrests, person)}
        if manifest["input"].get("victims"):
            arrests, _ = read_beside(arrests, arrests.config, today=latest_date(manifest))
            if arrests.victims is not None:
                found["victim"] = _own(arrests.victims.events, person)
    except GpunetError as error:
        message = str(error)
        if Wanted(frozenset({person})).in_text(message):
            message = "the tables of the run cannot be read again"
        return {"not_read": message}
    return found


def _own(arrests: Any, person: str) -> list[dict[str, Any]]:
    """A row for each arrest, or each time that the person became a victim."""
    import pyarrow as pa

    from gpunet.report.record import Record
    from gpunet.tables.frames import series_to_arrow

    whole = pa.types.is_integer(series_to_arrow(arrests.person_ids).type)
    if whole and not person.lstrip("-").isdigit():
        return []
    record = Record(arrests, int(person) if whole else person)
    if record.code < 0:
        return []
    rows = record.own.drop("number").to_dicts()
    return [
        {
            name: value if value is None or isinstance(value, str | int | bool) else str(value)
            for name, value in row.items()
        }
        for row in rows
    ]


def _models(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The models that the person's data were used for."""
    if "model" not in manifest:
        return []
    names = [name for name in manifest["outputs"] if name.startswith("model.")]
    told = manifest["model"]
    return [
        {
            "file": name,
            "sha256": manifest["outputs"][name]["sha256"],
            "forecasts": "a violent arrest" if manifest.get("side", OFFENDER) == OFFENDER else "becoming a victim",
            "horizon_days": told["horizon_days"],
            "days": told.get("days"),
            "used": "the person's rows as of the earlier days, as far as the person was known by then, are among those "
            "that it learned from; it holds no rows itself",
        }
        for name in names
    ]
