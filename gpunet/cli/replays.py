"""``gpunet verify --replay``: the run of a package once more, on tables that are there, and every byte compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from gpunet.base.errors import InputError
from gpunet.base.passing_folder import passing_folder
from gpunet.cli.run import job_of
from gpunet.config.config import Config, load_config
from gpunet.config.input_config import BESIDE
from gpunet.packages.archive import Archive
from gpunet.packages.contents import RUN
from gpunet.packages.environment import CODE, code_section
from gpunet.packages.verify import Verified
from gpunet.reading.sources import find_sources
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES
from gpunet.runs.kept_state import STATE
from gpunet.runs.manifest import versions
from gpunet.runs.read_back import values_in
from gpunet.runs.request import Command
from gpunet.runs.run_options import RunOptions
from gpunet.runs.sealed import SEALED, opened_bytes
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet, read_parquet_metadata, write_parquet

__all__ = ["Replay", "Replayed", "manifest_in", "replay"]

_COMMANDS = ("features", "run", "evaluate known", "evaluate emerging", "panel", "places")

#: Of run.json, what is of the time and place of a run, or is compared otherwise.
_NOT_COMPARED = ("execution", "versions", "outputs", "review", "sealed")

_SOURCE = "source_file"

#: The keys of ``[input]`` that name tables beside the arrests.
_BESIDE = (*BESIDE, "person_links")


@dataclass(frozen=True)
class Replay:
    """What to run again: the manifest in the package, and where its tables are now, in the order of the run."""

    manifest: Mapping[str, Any]
    inputs: Sequence[str]
    ties: Sequence[str] = ()
    victims: Sequence[str] = ()
    person_links: Sequence[str] = ()


@dataclass
class Replayed:
    """What came of it: every difference in a line, how many files are the same, and what else is to be said."""

    differences: list[str] = field(default_factory=list)
    same: int = 0
    notes: list[str] = field(default_factory=list)


def manifest_in(path: Path, found: Verified) -> dict[str, Any]:
    """What ``run.json`` in a verified package says.

    Raises
    ------
    InputError
        If what is in the package cannot be run again.
    """
    assert found.statement is not None
    if found.statement.is_public:
        raise InputError(f"--replay: {path} is a package for everybody, which holds no results to compare with")
    with Archive(path) as archive:
        manifest: dict[str, Any] = values_in(archive.data_of(RUN + MANIFEST, MOST_JSON_BYTES))
    command = manifest["gpunet"]
    if command not in _COMMANDS:
        raise InputError(
            f"--replay: {path} is of gpunet {command}, which begins with another run, and cannot be run again from "
            f"tables alone; what can is {', '.join(_COMMANDS)}"
        )
    if "update" in manifest["execution"] or "corrections" in manifest:
        raise InputError(
            f"--replay: {path} is of an update of an earlier run, which cannot be run again from tables alone"
        )
    return manifest


def replay(path: Path, asked: Replay, options: RunOptions) -> Replayed:
    """Run a package's command again in a private folder that is removed afterwards, and compare all that it holds.

    Parameters
    ----------
    path
        The package, which has been verified.
    asked
        See :class:`Replay`.
    options
        Threads and progress.

    Raises
    ------
    InputError
        If the tables are not those of the run, by SHA-256 and order.
    GpunetError
        If the run cannot be made.
    """
    manifest, command = asked.manifest, asked.manifest["gpunet"]
    config = _config(asked)
    _check_inputs(asked, config)
    found = Replayed(notes=[*_notes(manifest), *_notes_on_code(path)])
    engine = "gpu" if manifest["engine"] == "gpu" else "cpu"
    options = replace(
        options,
        engine=engine,
        keep_going=bool(manifest["input"]["left_out"]),
        allow_incomplete=True,  # as it was, or there would be no run
    )
    as_of = None if manifest["as_of"] is None else date.fromisoformat(manifest["as_of"])
    with passing_folder() as private:
        folder = private / "runs" / "run"
        folder.parent.mkdir()
        job_of(cast("Command", command))(list(asked.inputs), folder, config, as_of, options)
        _compare(path, manifest, folder, found)
    return found


def _config(asked: Replay) -> Config:
    """The run's, with the tables beside the arrests where they are now, and without its log."""
    config = load_config(asked.manifest["config"])
    given = {name: tuple(of) for name in _BESIDE if (of := getattr(asked, name))}
    if given.get("victims") and not config.input.victims and config.evaluate.victims:
        config = replace(config, evaluate=replace(config.evaluate, victims=given.pop("victims")[0]))
    for name in given:
        if not getattr(config.input, name):
            raise InputError(f"{_option(name)}: the run had read no such tables, so leave it out")
    config = replace(config, input=replace(config.input, **given))  # type: ignore[arg-type]
    return replace(config, governance=replace(config.governance, log=""))


def _check_inputs(asked: Replay, config: Config) -> None:
    """InputError unless the tables are those of the run, in their order."""
    left_out = bool(asked.manifest["input"]["left_out"])
    _check_files("", asked.inputs, asked.manifest["input"], config, left_out=left_out)
    read = {**asked.manifest["input"], "person_links": asked.manifest.get("links", {})}
    for name in _BESIDE:
        if (of := read.get(name, {})).get("files"):
            _check_files(name, getattr(config.input, name), of, config, left_out=left_out)


def _check_files(name: str, paths: Sequence[str], read: Mapping[str, Any], config: Config, *, left_out: bool) -> None:
    option = _option(name)
    skipped: list[Any] | None = [] if left_out else None
    try:
        sources = find_sources(paths, config.input, [], skipped)
    except InputError as error:
        raise InputError(f"{option}: {error}") from error
    aside = {file["sha256"] for file in read.get("left_out", ())}
    before = [file["sha256"] for file in read["files"]]
    now = {str(source.path): sha256_of(source.path) for source in sources}
    found = [sha256 for sha256 in now.values() if sha256 not in aside or sha256 in before]
    if found == before:
        return
    lines = [f"{option}: {path} is no file that the run had read" for path, of in now.items() if of not in before]
    lines += [
        f"{option}: {file['name']}, which the run had read, is not among the files (SHA-256 {file['sha256']})"
        for file in read["files"]
        if file["sha256"] not in found
    ]
    if not lines:
        names = [file["name"] for file in read["files"]]
        lines = [f"{option}: the files come in another order than the run had read them in: {', '.join(names)}"]
    raise InputError("\n".join(lines))


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}" if name else "--replay"


def _notes(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What differences may come of."""
    for name, before in manifest["versions"].items():
        if (now := versions().get(name)) != before:
            yield f"{name} was version {before} and is {now}: differences may come of that"
    if manifest["engine"] not in ("cpu", "gpu"):
        yield f"the run was made on {manifest['engine']}, and again on the CPU: differences may come of that"


def _notes_on_code(path: Path) -> Iterator[str]:
    with Archive(path) as archive:
        packed = values_in(archive.data_of(CODE, MOST_JSON_BYTES))
    if packed["sha256"] != code_section()["sha256"]:
        yield "the code of gpunet is not that which the package was made with: differences may come of that"


def _compare(path: Path, manifest: Mapping[str, Any], folder: Path, found: Replayed) -> None:
    now = read_manifest(folder)
    before, after = manifest["outputs"], dict(now["outputs"])
    renamed = {file["name"]: old["name"] for file, old in _file_pairs(now["input"], manifest["input"])}
    with Archive(path) as archive:
        for name in before:
            if name == STATE:
                found.notes.append(f"{name} is not compared: it is what was read, and no result")
                continue
            same = _is_same(archive, folder, name, after.keys(), before[name]["sha256"], renamed)
            if same is None:
                found.differences.append(f"{name}: the run made again has no such file")
            elif same:
                found.same += 1
            else:
                found.differences.append(f"{name}: the run made again has other bytes")
    plain = {name.removesuffix(SEALED) for name in before}
    found.differences += (
        f"{name}: only the run made again has it" for name in after if name.removesuffix(SEALED) not in plain
    )
    found.differences += _differences(_told(manifest, {}), _told(now, renamed), MANIFEST)


def _file_pairs(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Each file that was read, and the same file as it was named then."""
    for name in ("", *BESIDE):
        parts = [(of.get(name, {}) if name else of).get("files", []) for of in (now, before)]
        yield from zip(*parts, strict=False)


def _is_same(
    archive: Archive, folder: Path, name: str, after: Any, sha256: str, renamed: Mapping[str, str]
) -> bool | None:
    """Whether a result is the same; None if there is none. What is sealed in one of the two is opened to compare."""
    plain = name.removesuffix(SEALED)
    if name in after and sha256_of(folder / name) == sha256:
        return True
    if plain + SEALED in after:
        then = archive.data_of(RUN + name, archive.size_of(RUN + name))
        then = opened_bytes(then) if name.endswith(SEALED) else then
        return opened_bytes((folder / f"{plain}{SEALED}").read_bytes()) == then
    if name not in after:
        return None
    return plain.startswith("rejected") and _renamed_hash(folder / name, renamed) == sha256


def _renamed_hash(path: Path, renamed: Mapping[str, str]) -> str:
    """SHA-256 of a table of rejected rows, were its files where they were."""
    table = to_arrow(read_parquet(path))
    if _SOURCE in table.column_names:
        import pyarrow as pa

        at, column = table.column_names.index(_SOURCE), table[_SOURCE]
        values = [renamed.get(value, value) for value in column.to_pylist()]
        table = table.set_column(at, _SOURCE, pa.array(values, column.type))
    write_parquet(path, table, read_parquet_metadata(path))
    return sha256_of(path)


def _told(manifest: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """What ``run.json`` says of the results, with the names that files had then."""
    kept = {name: of for name, of in manifest.items() if name not in _NOT_COMPARED}
    config = json.loads(json.dumps(kept["config"]))
    config.pop("cluster", None)
    config.pop("output", None)
    config.get("governance", {}).pop("log", None)
    for section in (config["input"], config["evaluate"]):
        for name in (*_BESIDE, "custody"):
            section.pop(name, None)
    if "tables" in kept:  # it names each by its place, and then the files
        kept["tables"] = _hashes(kept["tables"])
    if "links" in kept:
        kept["links"] = {**kept["links"], "files": _hashes(kept["links"])}
    return cast("dict[str, Any]", _with_names({**kept, "config": config}, renamed))


def _hashes(of: Mapping[str, Any]) -> list[str]:
    return [file["sha256"] for file in of.get("files", ())]


def _with_names(value: Any, renamed: Mapping[str, str]) -> Any:
    """The value with every name of a file now, also within a sentence, as it was then."""
    if isinstance(value, Mapping):
        return {name: _with_names(of, renamed) for name, of in value.items()}
    if isinstance(value, list):
        return [_with_names(of, renamed) for of in value]
    if isinstance(value, str) and renamed:
        names = sorted(renamed, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, names)), lambda hit: renamed[hit[0]], value)
    return value


def _differences(before: Any, now: Any, where: str) -> Iterator[str]:
    """Where two values differ; of the values themselves nothing is said, as they may be of persons."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in sorted({*before, *now}):
            yield from _differences(before.get(name), now.get(name), f"{where}: {name}")
    elif json.dumps(before) != json.dumps(now):
        yield f"{where} differs"
