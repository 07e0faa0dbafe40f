"""What ``[governance]`` and ``[output]`` say: what a run is for, who answers for it, and who may see what.

Sources: UK Data Protection Act 2018, sections 35 to 42, 61 and 62 (legislation.gov.uk); Regulation (EU) 2024/1689,
Article 5(1)(d) (eur-lex.europa.eu); both as of 30 November 2026. docs/governance.md has more, and says that none of it
is legal advice.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, WrapValidator
from pydantic.dataclasses import dataclass

from gpunet.config.jurisdictions import is_known, is_of_union
from gpunet.config.offences import EXCEPT
from gpunet.config.validation import CHECKED, names_keys

__all__ = [
    "ALLOWED_BY",
    "NEVER_OUTCOMES",
    "NO_PURPOSE",
    "GovernanceConfig",
    "OutputConfig",
    "StatedGovernance",
    "is_never_outcome",
    "named_as_outcome",
]

#: What every output says of a run without ``[governance]``.
NO_PURPOSE = "no purpose stated"

#: Offences of protest and public order, in the wordings of public lists: they are no outcome that may be forecast
#: without an authority of its own.
NEVER_OUTCOMES = (
    "*protest*", "*demonstration*", "*public order*", "*public assembly*", "*unlawful assembl*", "*public procession*",
    "*riot", "*riot *", "riot*", "*affray*", "*violent disorder*", "*disorderly*", "*breach of*peace*", "*picket*",
    "*obstruct*highway*", "*locking on*", "*failure to disperse*", "*public nuisance*", "*mob action*", "*riotous*",
    "*civil disorder*", "*aggravated trespass*",
)  # fmt: skip

#: How to go on where such an offence is to be an outcome.
ALLOWED_BY = (
    'say who has allowed it, and under which law: authority = "..." under [governance], with purpose, legal_basis and '
    "controller"
)

_REQUIRED = ("purpose", "legal_basis", "controller")


def _one_line(text: str) -> str:
    text = text.strip()
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise ValueError("must be one line of text without control characters")
    return text


def _says_whose(text: str) -> str:
    if not text:
        raise ValueError('is empty: give the code of whose law holds, such as "uk", or leave the key out')
    return text


def _beside_built_in(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pattern for pattern in patterns if pattern not in NEVER_OUTCOMES)


_Line = Annotated[str, Field(max_length=500), AfterValidator(_one_line)]
_Pattern = Annotated[str, Field(min_length=1)]


@names_keys("governance")
@dataclass(frozen=True, config=CHECKED)
class GovernanceConfig:
    """What a run is for and who answers for it. Without the section every output says "no purpose stated".

    With it `purpose`, `legal_basis` and `controller` are required, and `reviewer` if scores are reviewed.
    """

    purpose: _Line = ""
    """What the results are for, in one line."""
    legal_basis: _Line = ""
    """The law that allows it."""
    controller: _Line = ""
    """The body that decides why and how the data are processed."""
    owner: _Line = ""
    """Who in that body answers for the results."""
    requested_by: _Line = ""
    """The team that asked for it; it stands in the log beside the user's name."""
    task_ref: _Line = ""
    """Reference of the task."""
    reviewer: _Line = ""
    """Who decides whether scores may be opened, with ``person_scores = "reviewed"``."""
    jurisdiction: Annotated[_Line, AfterValidator(_says_whose)] | None = None
    """Whose law holds, such as ``"uk"``; ``"eu"``, or a member state by code or name, refuses scores of persons."""
    retain_until: date | None = None
    """The last day on which results are kept: from the next day on ``gpunet retain`` lists them."""
    person_scores: Literal["allow", "reviewed", "refuse"] = "allow"
    """``"allow"``; ``"reviewed"``: scores are sealed until ``gpunet review`` opens them; ``"refuse"``: none."""
    authority: _Line = ""
    """Who has allowed that an offence of protest or public order is an outcome, and under which law."""
    never_outcomes: Annotated[tuple[_Pattern, ...], AfterValidator(_beside_built_in)] = ()
    """Case-insensitive patterns of further offences that are no outcome without `authority`, beside those of protest
    and public order, which hold in any case."""
    log: str = ""
    """Path of the log, from the folder that holds the run's; if empty, ``log.jsonl`` in it."""

    def __post_init__(self) -> None:
        if self.is_given:
            self.require()

    def require(self) -> None:
        """Refuse the section where something that it has to say is missing.

        Raises
        ------
        ValueError
            It names what is missing.
        """
        required = (*_REQUIRED, "reviewer") if self.person_scores == "reviewed" else _REQUIRED
        if missing := [name for name in required if not getattr(self, name)]:
            raise ValueError(f"needs {', '.join(missing)}: say what the run is for and who answers for it")

    @property
    def is_given(self) -> bool:
        """Whether the section says anything."""
        return any(getattr(self, f.name) != f.default for f in dataclasses.fields(self))

    @property
    def is_eu(self) -> bool:
        """Whether the law of the European Union holds: it or a member state is named, be it with a region (DE-BY).

        Examples
        --------
        >>> about = {"purpose": "p", "legal_basis": "l", "controller": "c"}
        >>> [GovernanceConfig(**about, jurisdiction=of).is_eu for of in ("EU", "de-by", "Germany", "uk", "US-IL")]
        [True, True, True, False, False]
        """
        return self.jurisdiction is not None and is_of_union(self.jurisdiction)

    def warnings(self) -> tuple[str, ...]:
        """What a run has to tell of the section.

        Examples
        --------
        >>> about = {"purpose": "p", "legal_basis": "l", "controller": "c"}
        >>> GovernanceConfig(**about, jurisdiction="uk").warnings()
        ()
        """
        if self.jurisdiction is None or is_known(self.jurisdiction):
            return ()
        return (
            f'[governance] jurisdiction = "{self.jurisdiction}" is not known to gpunet, and rules of the EU were not '
            'applied: write the code, such as "de" or "eu"',
        )

    @property
    def refused_outcomes(self) -> tuple[str, ...]:
        """Patterns of all offences that are no outcome without `authority`.

        Examples
        --------
        >>> about = {"purpose": "p", "legal_basis": "l", "controller": "c"}
        >>> config = GovernanceConfig(**about, never_outcomes=["*begging*"])
        >>> "*protest*" in config.refused_outcomes, "*begging*" in config.refused_outcomes
        (True, True)
        """
        return (*NEVER_OUTCOMES, *self.never_outcomes)

    @property
    def scores_persons(self) -> bool:
        """Whether scores of single persons may be made at all."""
        return self.person_scores != "refuse" and not self.is_eu

    def stated(self) -> dict[str, Any]:
        """What outputs say: the keys that are given, and whether scores are made in any case; not where the log is."""
        if not self.is_given:
            return {"purpose": NO_PURPOSE}
        given: dict[str, Any] = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if f.name == "person_scores" or (f.name != "log" and value != f.default):
                given[f.name] = value.isoformat() if isinstance(value, date) else value
        return given


def _says_something(section: Any, read: Callable[[Any], GovernanceConfig]) -> GovernanceConfig:
    """A section that stands there and says nothing is one that somebody has not finished."""
    found = read(section)
    if isinstance(section, Mapping):
        found.require()
    return found


#: The section as a configuration has it: what is required is missing also where it is empty.
StatedGovernance: TypeAlias = Annotated[GovernanceConfig, WrapValidator(_says_something)]


@names_keys("output")
@dataclass(frozen=True, config=CHECKED)
class OutputConfig:
    """Who may read what a run writes."""

    share: Literal["owner", "group"] = "owner"
    """``"owner"``: files and folders of a run are for whoever made them alone (modes 0600 and 0700). ``"group"``: the
    folder's group may read them too (0640 and 0750), where several analysts work on one run."""


def is_never_outcome(offence: str, patterns: tuple[str, ...]) -> bool:
    """Whether an offence's text is one of those that are never an outcome.

    Examples
    --------
    >>> is_never_outcome("PUBLIC ORDER - sec 4", NEVER_OUTCOMES), is_never_outcome("robbery", NEVER_OUTCOMES)
    (True, False)
    """
    text = offence.strip().casefold()
    return any(fnmatch.fnmatchcase(text, pattern.casefold()) for pattern in patterns)


def named_as_outcome(sets: Mapping[str, tuple[str, ...]], patterns: tuple[str, ...]) -> list[str]:
    """The sets of violent offences whose own patterns, or name, speak of what is never an outcome.

    Examples
    --------
    >>> named_as_outcome({"robbery": ("robb*",), "order": ("*Protest*",)}, NEVER_OUTCOMES)
    ['order']
    """
    return [
        name
        for name, takes in sets.items()
        if is_never_outcome(name.replace("_", " "), patterns) or any(_speaks(pattern, patterns) for pattern in takes)
    ]


@lru_cache(maxsize=2048)  # a preset has hundreds, and each configuration that is made asks for them
def _speaks(pattern: str, patterns: tuple[str, ...]) -> bool:
    """Whether a set's own pattern speaks of what is never an outcome."""
    text = re.sub(r"[*?]+", " ", pattern).strip()
    return not pattern.strip().startswith(EXCEPT) and bool(text) and is_never_outcome(text, patterns)
