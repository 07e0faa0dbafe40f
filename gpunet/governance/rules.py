"""What ``[governance]`` allows, and what it has the folder of a run do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.base.errors import ConfigError, InputError
from gpunet.config.config import Config
from gpunet.config.governance_config import GovernanceConfig
from gpunet.config.jurisdictions import region_meant
from gpunet.config.sides import OFFENDER
from gpunet.governance.noted import entering_of
from gpunet.governance.review import is_of_approved
from gpunet.governance.start_over import refuse_replacing
from gpunet.governance.statement import EARLIER_REVIEW
from gpunet.runs.folder import MANIFEST
from gpunet.runs.folder_rules import FolderRules
from gpunet.runs.run_options import RunOptions
from gpunet.runs.sealed import SEALABLE

__all__ = ["EU_LAW", "check_features_scored", "check_person_scores", "folder_rules", "past_retention"]

#: Why scores of single persons are refused in the European Union, and what is not.
EU_LAW = (
    "Regulation (EU) 2024/1689, Article 5(1)(d) (eur-lex.europa.eu; it applies since 2 February 2025), prohibits "
    "assessing or predicting the risk that a natural person commits a criminal offence based solely on profiling, and "
    "gpunet takes these scores to rest on profiling alone"
)

_STILL_WORKS = (
    "What still works: gpunet features, gpunet panel (of areas too), gpunet places, and gpunet evaluate, which tells "
    "how well such scores would do without naming anyone"
)


def check_person_scores(config: Config, command: str) -> None:
    """Refuse a command that tells of single persons (run, flags) where ``[governance]`` does not allow it.

    Raises
    ------
    ConfigError
        If ``person_scores`` is ``"refuse"``, or the jurisdiction is in the European Union and offenders are forecast;
        it says what still works.
    """
    rules = config.governance
    if command == "run" and config.model.side != OFFENDER and rules.person_scores != "refuse":
        return  # the article is about offences that are committed, not suffered
    _refuse_scores(rules, command)


def _refuse_scores(rules: GovernanceConfig, command: str) -> None:
    """ConfigError unless scores of single persons may be made."""
    if rules.scores_persons:
        return
    if rules.person_scores == "refuse":
        raise ConfigError(
            f'[governance] person_scores = "refuse": gpunet {command} tells of single persons, and is refused. '
            f"{_STILL_WORKS}."
        )
    region = region_meant(rules.jurisdiction or "")
    hint = "" if region is None else f'If that is no state of the EU, write its code with its country\'s: "{region}". '
    raise ConfigError(
        f'[governance] jurisdiction = "{rules.jurisdiction}": {EU_LAW}, so gpunet {command} is refused. '
        f"{hint}{_STILL_WORKS}. This is no legal advice."
    )


def check_features_scored(stated: Mapping[str, Any], table: Path) -> None:
    """Refuse to score a table of features whose metadata state that scores are refused or are still to be reviewed.

    Parameters
    ----------
    stated
        What its metadata state.
    table
        Its file. As a result of an approved run, in that run's folder, it may be scored.

    Raises
    ------
    InputError
        If they state it.
    """
    if stated.get("person_scores") == "reviewed":
        if is_of_approved(table):
            return
        run = table.parent if (table.parent / MANIFEST).is_file() else "RUN"
        raise InputError(
            f"scores of this run need a review first: gpunet review {run} --by NAME --decision approve --note TEXT; "
            f"then score {run}/{table.name} where it lies, as the run made it"
        )
    given = {key: stated[key] for key in ("jurisdiction", "person_scores") if key in stated}
    _refuse_scores(GovernanceConfig(purpose="stated", legal_basis="stated", controller="stated", **given), "score")


def folder_rules(config: Config, place: Path, options: RunOptions) -> FolderRules:
    """What holds for everything that a command with this configuration writes into the folder of its run.

    A run that is past its retention when it is made is told of.

    Parameters
    ----------
    config
        The run's.
    place
        The folder.
    options
        Whether a run there may be replaced that states another purpose, was reviewed, or had persons erased from it;
        and which reviews the run had in whose place this one is put, if it is made again.
    """
    rules = config.governance
    sealed = frozenset() if rules.person_scores == "allow" and rules.scores_persons else frozenset(SEALABLE)
    if config.model.side != OFFENDER and rules.person_scores == "allow":
        sealed = frozenset()  # of possible victims the law that refuses scores says nothing
    if options.notice is not None and past_retention(rules.stated(), date.today()):
        options.notice(
            f"warning   [governance] retain_until = {rules.retain_until} has passed: gpunet retain lists what is made "
            "now as due from the beginning"
        )
    replacing = None if options.start_over else lambda folder: refuse_replacing(folder, config)
    told = {EARLIER_REVIEW: [dict(of) for of in options.earlier_review]} if options.earlier_review else {}
    return FolderRules(rules.stated(), sealed, entering_of(config, place), replacing, told, rules.warnings())


def past_retention(stated: Mapping[str, Any], today: date) -> bool:
    """Whether the last day on which results are kept has passed.

    Examples
    --------
    >>> past_retention({"retain_until": "2026-01-31"}, date(2026, 1, 31))
    False
    """
    until = stated.get("retain_until")
    return until is not None and today > date.fromisoformat(until)
