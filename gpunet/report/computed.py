"""How it was computed: the last part of every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["computed"]

_ENGINES = {"cpu": "the CPU", "gpu": "a GPU", "gpus": "GPUs"}

_MIB = 2**20

_MOST_STAGES = 12


def computed(source: Source) -> Section:
    """Engine, threads, seconds and memory, stage by stage, versions, and the SHA-256 of what was written."""
    found = source.manifest
    execution = found["execution"]
    threads = f" with {counted(execution['threads'], 'thread')}" if "threads" in execution else ""
    memory = execution.get("peak_memory_bytes")
    took = f"It took {execution['seconds']:,.1f} seconds" + (
        "." if memory is None else f" and {memory / _MIB:,.0f} MiB of memory at most."
    )
    return Section(
        "computed",
        "How it was computed",
        f"By gpunet {_version(found)} on {_ENGINES.get(found.get('engine', ''), 'one machine')}{threads}. {took}",
        (
            *(Paragraph(text) for text in _ways(found)),
            *_stages(execution),
            *_versions(found),
            *_outputs(found),
            Paragraph(
                "The same input, settings and version give the same files, byte for byte, whatever the number of "
                "threads. A file is unchanged if its SHA-256 is still the one given here; run.json has those of the "
                "input too, every setting and every count."
            ),
        ),
    )


def _version(found: Mapping[str, Any]) -> str:
    return str(found.get("versions", {}).get("gpunet", ""))


def _ways(found: Mapping[str, Any]) -> Iterator[str]:
    """Whether path features are exact, and what chance was left."""
    path = (found.get("path") or {}).get("betweenness", {})
    if path.get("method") == "approx":
        yield (
            f"Betweenness was sampled: each normalised value lies within {path['epsilon']:g} of the exact one with a "
            f"probability of {1 - path['delta']:g}. Everything else is exact."
        )
    elif path.get("method") == "exact":
        yield "Every feature is exact; none was sampled."
    if found.get("seed") is not None:
        yield f"Every choice by chance starts from the seed {found['seed']}, so that it can be made again."


def _stages(execution: Mapping[str, Any]) -> Iterator[Table]:
    stages = execution.get("stages", [])
    if not stages:
        return
    data = pl.DataFrame(
        [
            {
                "stage": stage["stage"],
                "engine": stage["engine"],
                "seconds": float(stage["seconds"]),
                "memory_mib": None if (peak := stage.get("peak_memory_bytes")) is None else peak / _MIB,
            }
            for stage in stages
        ],
        {"stage": pl.String, "engine": pl.String, "seconds": pl.Float64, "memory_mib": pl.Float64},
    ).sort("seconds", descending=True, maintain_order=True)
    yield Table(
        "stages", "Time and memory of each stage", _memory_is(execution), None, data,
        {"stage": "stage", "engine": "engine", "seconds": "seconds", "memory_mib": "memory, MiB"},
        {"seconds": "{:,.1f}", "memory_mib": "{:,.0f}"}, rows=_MOST_STAGES,
    )  # fmt: skip


def _memory_is(execution: Mapping[str, Any]) -> str:
    until = "during" if execution.get("peak_memory_is") == "of the stage" else "up to the end of"
    return f"The longest come first. Memory is the highest of the process {until} that stage."


def _versions(found: Mapping[str, Any]) -> Iterator[Table]:
    versions = {name: version for name, version in found.get("versions", {}).items() if version}
    if versions:
        data = pl.DataFrame({"package": list(versions), "version": list(versions.values())})
        yield Table(
            "versions", "Versions", "The program and the libraries that the numbers depend on.", None, data,
            {"package": "package", "version": "version"},
        )  # fmt: skip


def _outputs(found: Mapping[str, Any]) -> Iterator[Table]:
    data = pl.DataFrame(
        [{"file": name, "bytes": of.get("bytes"), "sha256": of.get("sha256")} for name, of in found["outputs"].items()],
        {"file": pl.String, "bytes": pl.Int64, "sha256": pl.String},
    )
    yield Table(
        "files_written", "Files of results", "Each file that was written, with its fingerprint (SHA-256).", None, data,
        {"file": "file", "bytes": "bytes", "sha256": "SHA-256"},
    )  # fmt: skip
