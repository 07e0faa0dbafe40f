"""What commands that fill a run folder have in common: their options, going on with a run, progress, summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gpunet.base.errors import InputError
from gpunet.base.paths import named_path, refuse_inputs
from gpunet.base.progress import ProgressCallback
from gpunet.cli.console import columns_of_terminal, compiling_noticed, notice, say
from gpunet.cli.options import Engine

if TYPE_CHECKING:
    from gpunet.config.config import Config
    from gpunet.runs.run_options import RunOptions

__all__ = ["given", "go_on", "needed", "options_of", "with_beside", "work"]


def given(asked: dict[str, Any]) -> dict[str, Any]:
    """What the command line says at all."""
    return {name: value for name, value in asked.items() if value is not None}


def needed(
    inputs: list[str] | None, out: Path | None, config: Path | None, *beside: list[str] | None
) -> tuple[list[str], Path]:
    """What a run that is not resumed cannot do without; the configuration does not lie where it is replaced.

    `beside` are the files of options that take several, in case they took the input as well.
    """
    if not inputs and any(beside):
        options = "--ties, --victims and --person-links" if any(beside[2:]) else "--ties and --victims"
        raise InputError(
            f"no input: {options} take every word up to the next option, so name the tables of arrests before them, "
            "or after --"
        )
    if not inputs:
        raise InputError("no input: name the tables to read (or an unfinished run, with --resume FOLDER)")
    if out is None:
        raise InputError("no --out: name a folder for the results")
    refuse_inputs(out, [] if config is None else [config])
    return inputs, out


def with_beside(
    config: Config, ties: list[str] | None, victims: list[str] | None, person_links: list[str] | None = None
) -> Config:
    """The configuration with the tables beside the arrests that the command line names."""
    asked = {
        name: tuple(str(named_path(path, f"--{name.replace('_', '-')}")) for path in paths)
        for name, paths in (("ties", ties), ("victims", victims), ("person_links", person_links))
        if paths
    }
    return replace(config, input=replace(config.input, **asked)) if asked else config  # type: ignore[arg-type]


def options_of(
    engine: Engine,
    threads: int | None,
    cluster: str | None,
    checkpoint_seconds: float | None,
    start_over: bool,
    keep_going: bool,
    show_values: bool,
    allow_incomplete: bool = False,
    report: bool = False,
    keep_state: bool = False,
) -> RunOptions:
    """What the command line says of how to run."""
    from gpunet.base.threads import available_threads, limit_pools
    from gpunet.runs.run_options import RunOptions

    limit_pools(available_threads(threads))  # before Polars is loaded
    options = RunOptions(
        engine,
        threads,
        notice=notice,
        cluster=cluster,
        start_over=start_over,
        keep_going=keep_going,
        allow_incomplete=allow_incomplete,
        show_values=show_values,
        report=report,
        keep_state=keep_state,
    )
    return options if checkpoint_seconds is None else replace(options, checkpoint_seconds=checkpoint_seconds)


def go_on(context: typer.Context, command: str, folder: Path, options: RunOptions) -> None:
    """Go on with the run in a folder."""
    from gpunet.cli.run import resume_run
    from gpunet.config.config import load_config
    from gpunet.runs.resume import stored_request

    beside = {"resume", "threads", "cluster", "checkpoint_seconds", "show_values", "report", "keep_state"}
    source = {name: context.get_parameter_source(name) for name in context.params if name not in beside}
    if others := sorted(name.replace("_", "-") for name, of in source.items() if of and of.name == "COMMANDLINE"):
        raise InputError(
            f"--resume goes on with what the run was asked for; beside it there is no {', '.join(others)}, "
            "but --threads, --cluster, --checkpoint-seconds, --show-values, --keep-state and --no-report"
        )
    request = stored_request(folder)
    config = load_config(None if request is None else request.config)
    if request is not None:  # which kernels are compiled ahead depends on it
        threads, cluster = options.threads or request.threads, options.cluster or request.cluster
        options = replace(options, engine=request.engine, threads=threads, cluster=cluster)
    work(command, folder, config, options, lambda options: resume_run(folder, command, options))


def work(
    command: str,
    out: Path,
    config: Config,
    options: RunOptions,
    job: Callable[[RunOptions], dict[str, Any]],
    of: str | None = None,
) -> None:
    """Do a run with its progress on the console, which signals end in good order; print its summary.

    `config` says which stages are to come; of an update, that `of` the command which it repeats.
    """
    from gpunet.base.stopping import raise_if_stopped, stoppable
    from gpunet.base.threads import available_threads
    from gpunet.cli.first_kernels import kernels_of
    from gpunet.cli.first_words import first_words
    from gpunet.cli.plans import plan_of
    from gpunet.cli.progress import console_progress
    from gpunet.cli.summary import summarise

    message = f"what was finished is kept; to go on: gpunet {command} --resume {out}, or the same command again"
    if command in ("audit", "flags", "update"):  # nothing of it is kept: it takes seconds
        message = "nothing was written; give the same command again"
    plan = plan_of(command, config, report=options.report, of=of)
    kernels = kernels_of(command, options)
    compiling = compiling_noticed(kernels, available_threads(options.threads))
    with stoppable(message), console_progress(plan=plan) as show, compiling:

        def progress(stage: str, done: float, total: float) -> None:
            raise_if_stopped()
            show(stage, done, total)

        manifest = job(replace(options, progress=progress))
        first = first_words(out, manifest)
        page = _report(out, progress) if options.report else None
    say(summarise(manifest, out, columns_of_terminal(), first), indent=10)
    if page is not None:
        say(f"report    {page}", indent=10)
    if config.output.share == "group":
        _tell_of_log(config, out)


def _tell_of_log(config: Config, out: Path) -> None:
    """Say so where a run is for the group, and its log is not for the group to write."""
    from gpunet.governance.log import log_of
    from gpunet.governance.log_sharing import refused_to_group

    log = log_of(config, out)
    if log is not None and (why := refused_to_group(log)):
        notice(f"warning   {why}")


def _report(out: Path, progress: ProgressCallback) -> Path | None:
    from gpunet.cli.reports import report_of_run  # what plots need is loaded for no other command

    return report_of_run(out, progress)
