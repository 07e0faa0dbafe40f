"""The few lines that a command prints when a run is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gpunet.base.words import counted
from gpunet.cli.audit_summary import audit_lines
from gpunet.cli.flag_summary import flag_lines
from gpunet.cli.places_summary import places_lines
from gpunet.cli.running import LAYERED_FILES, RUN_FILES
from gpunet.cli.summary_input import beside_lines, layer_lines, read_line, rejected_lines
from gpunet.cli.summary_tables import evaluation_lines, figure, panel_lines, table_of
from gpunet.governance.statement import stated_by
from gpunet.report.outcome import Outcome, outcome_of
from gpunet.runs.result_names import ResultNames
from gpunet.runs.sealed import SEALABLE, SEALED

__all__ = ["null_words", "summarise"]

_MEASURES = {
    "auc": "AUC",
    "average_precision": "avg. prec.",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "brier": "Brier",
    "precision_top_100": "top 100",
    "precision_top_500": "top 500",
}

# Of the evaluation table, unless a terminal is narrower.
_WIDTH = 80

_MOST_WARNINGS, _MOST_WORDS, _MOST_NOTES = 10, 8, 3


def summarise(manifest: Mapping[str, Any], out: Path, width: int | None = None, first: Sequence[str] = ()) -> str:
    """Return the `first` sentences, what was read, what was found, and where the results are.

    The table of measures fits into `width` columns, 80 if that is not known; sentences are one line each.
    """
    width = _WIDTH if width is None else width
    if "audit" in manifest:
        return "\n".join([*audit_lines(manifest, out), *_warnings(manifest["warnings"]), *_results(manifest, out)])
    if "flags" in manifest:
        return "\n".join([*flag_lines(manifest), *_warnings(manifest["warnings"]), *_results(manifest, out)])
    network, arrests = manifest.get("network"), manifest["arrests"]
    span = f"{arrests['first_date']} to {arrests['last_date']}" if arrests["first_date"] else "undated"
    lines = [
        *first,
        read_line("read", manifest["input"]),
        *rejected_lines(manifest["input"]["rejected_by_reason"]),
        *_words(manifest["input"].get("null_words", {})),  # which earlier versions did not note
        *(f"format    {note}" for note in manifest["input"].get("notes", [])[:_MOST_NOTES]),
        *beside_lines(manifest),
        f"arrests   {arrests['arrests']:,} of {counted(arrests['persons'], 'person')}, {span}, "
        f"{arrests['violent_arrests']['violent']:,} violent",
    ]
    if network is not None:
        lines.append(
            f"network   {counted(network['persons'], 'person')}, {counted(network['ties'], 'tie')}, "
            f"{counted(network['components'], 'component')}"
        )
    lines += layer_lines(manifest)
    path = manifest.get("path")
    if path is not None and "sets" in path["betweenness"] and path["betweenness"]["method"] == "exact":
        lines.append("paths     betweenness exact after all: sampling would have cost more")
    elif path is not None and path["betweenness"]["method"] == "approx":
        found = path["betweenness"]
        lines.append(
            f"paths     betweenness approximate: normalised values within {found['epsilon']:g} with probability "
            f"{1 - found['delta']:g}; certified {found['certified_error']:.2g}"
        )
    if (update := manifest["execution"].get("update")) is not None:
        whose = counted(update["persons_moved"], "person")
        lines.append(f"moved     {counted(update['changes'], 'value')} of {whose} since {update['of']}")
    if "model" in manifest:
        lines += _model(manifest["model"], width, outcome_of(manifest))
    if "evaluation" in manifest:
        lines += evaluation_lines(manifest["evaluation"], width)
    if "panel" in manifest:
        lines += panel_lines(manifest["panel"])
    if "places" in manifest:
        lines += places_lines(manifest["places"], width)
    return "\n".join([*lines, *_warnings(manifest["warnings"]), *_results(manifest, out)])


def _results(manifest: Mapping[str, Any], out: Path) -> list[str]:
    """How long it took, and every file with what is in it."""
    words = RUN_FILES | (LAYERED_FILES if "layers" in manifest else {})
    outputs = manifest["outputs"]
    results = {name: what for name, what in words.items() if ResultNames([name]).any_of(outputs)}
    results |= {f"{name}{SEALED}": f"{words[name]}, sealed" for name in SEALABLE if f"{name}{SEALED}" in outputs}
    results["run.json"] = "versions, configuration, counts, statistics, evaluation, times"
    wide = max(18, *map(len, results))
    files = [f"  {name:{wide}} {what}" for name, what in results.items()]
    return ["", f"purpose   {_stated(manifest)}", f"{manifest['execution']['seconds']:.1f} s; results in {out}", *files]


def _stated(manifest: Mapping[str, Any]) -> str:
    """What a run is for and under which law, of which task and until when, in one line; the rest is in run.json."""
    stated = stated_by(manifest)
    words = {"legal_basis": "legal basis", "task_ref": "task", "retain_until": "kept until"}
    return "; ".join([stated["purpose"], *(f"{word}: {stated[key]}" for key, word in words.items() if stated.get(key))])


def null_words(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    """How many rows have which word for no value, by column."""
    return [f'"{word}" {rows:,} in {column}' for column, of in words.items() for word, rows in of.items()]


def _words(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    shown = null_words(words)
    more = f", ... {len(shown) - _MOST_WORDS:,} more" if len(shown) > _MOST_WORDS else ""
    return [f"no value  {', '.join(shown[:_MOST_WORDS])}{more}"] if shown else []


def _model(model: Mapping[str, Any], width: int, outcome: Outcome) -> list[str]:
    """How the forecast did on the window that it was not trained on, beside the own past and chance."""
    results, test = model["results"], model["test"]
    lines = [
        f"forecast  {outcome.event} within {counted(model['horizon_days'], 'day')}; tried on {test['window']}: "
        f"{test['positives']:,} of {counted(test['persons'], 'person')}"
    ]
    named = {"model": "model", "past_violence": outcome.record, "chance": "chance"}
    names = {name: words for name, words in named.items() if results[name] is not None}
    columns = [[title, *(figure(results[name].get(measure)) for name in names)] for measure, title in _MEASURES.items()]
    return [*lines, *table_of([["", *names.values()], *columns], width)]


def _warnings(warnings: list[str]) -> list[str]:
    shown = [f"warning   {text}" for text in warnings[:_MOST_WARNINGS]]
    more = len(warnings) - len(shown)
    return [*shown, f"warning   ... and {more:,} more in run.json"] if more > 0 else shown
