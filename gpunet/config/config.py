"""The configuration: frozen Pydantic dataclasses, read from one TOML file. An unknown key is an error that names it."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.base.errors import ConfigError, in_words
from gpunet.base.paths import named_path, read_regular
from gpunet.base.words import shortened
from gpunet.config.audit_config import AuditConfig
from gpunet.config.cluster_config import ClusterConfig
from gpunet.config.evaluate_config import EvaluateConfig, PanelConfig
from gpunet.config.flags_config import Flags
from gpunet.config.governance_config import (
    ALLOWED_BY,
    GovernanceConfig,
    OutputConfig,
    StatedGovernance,
    named_as_outcome,
)
from gpunet.config.input_config import ALL_COLUMNS, BESIDE, OPTIONAL_COLUMNS, REQUIRED_COLUMNS, IdRules, InputConfig
from gpunet.config.layers import Layers
from gpunet.config.links_config import LinksConfig
from gpunet.config.offences import EXCEPT, PRESETS, RESERVED_SETS
from gpunet.config.places_config import PlacesConfig
from gpunet.config.sides import OFFENDER, Side
from gpunet.config.ties_config import Kinds, VictimsConfig
from gpunet.config.validation import AS_GIVEN, CHECKED, names_keys

__all__ = [
    "ALL_COLUMNS",
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "AuditConfig",
    "Config",
    "EvaluateConfig",
    "IdRules",
    "InputConfig",
    "ModelConfig",
    "NetworkConfig",
    "PanelConfig",
    "PathConfig",
    "PlacesConfig",
    "load_config",
]

DEFAULT_PRESET = "fbi_index"

_MOST_BYTES = 1 << 24  # of a configuration file

_MAX_SETS = 62  # bits of an arrest's mask of offences
_Seed = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
_Share = Annotated[float, Field(strict=True, gt=0, lt=1), AS_GIVEN]


@names_keys("network")
@dataclass(frozen=True, config=CHECKED)
class NetworkConfig:
    """Who is tied to whom."""

    max_incident_size: Annotated[StrictInt, Field(ge=2, le=2**31 - 1)] = 50
    """Incidents with more distinct persons than this tie nobody."""


@names_keys("path")
@dataclass(frozen=True, config=CHECKED)
class PathConfig:
    """How betweenness is computed; the command line's options of the same names come first."""

    betweenness: Literal["exact", "approx", "auto"] = "exact"
    """``"exact"``; ``"approx"``: within `epsilon`, see docs/approximation.md; or ``"auto"``: exact, unless the work is
    estimated at more than `budget`."""
    epsilon: _Share = 0.01
    """Of approximate betweenness: with probability 1 - `delta` no normalised value, of any person and set, is further
    off than this."""
    delta: _Share = 0.1
    """Probability of a larger error than `epsilon`."""
    budget: Annotated[float, Field(strict=True, ge=0), AS_GIVEN] = 14_400.0
    """Core-seconds of exact betweenness, by the estimate, above which ``"auto"`` turns to ``"approx"``."""
    seed: _Seed = 1
    """Seed of the samples."""
    whole_network: Literal["gpunet", "cugraph"] = "gpunet"
    """What computes ``betweenness__all``: ``"gpunet"``, or on the GPU engine ``"cugraph"``, whose last bits vary from
    run to run."""

    def __post_init__(self) -> None:
        if self.whole_network != "gpunet" and self.betweenness != "exact":
            raise ValueError('whole_network = "cugraph" goes with betweenness = "exact" alone')


@names_keys("model")
@dataclass(frozen=True, config=CHECKED)
class ModelConfig:
    """The model of ``gpunet run``; the command line's options of the same names come first."""

    kind: Literal["xgboost", "random_forest"] = "xgboost"
    """``"xgboost"`` or ``"random_forest"``."""
    horizon_days: Annotated[StrictInt, Field(ge=1, le=36_525)] = 180
    """Length of the forecast window in days."""
    seed: _Seed = 1
    """Seed of every random choice."""
    folds: Annotated[StrictInt, Field(ge=2, le=1000)] = 5
    """Folds (by person) of the cross-fitting behind early stopping, threshold and calibration."""
    max_rounds: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 500
    """Upper bound of boosting rounds, or the forest's number of trees."""
    side: Side = OFFENDER
    """What is forecast: ``"offender"``, a violent arrest; or ``"victim"``, becoming a victim of a violent offence,
    which needs tables of victims. The two lists are never put together."""


def _preset(sets: Any) -> Any:
    """The sets of a preset if it is one that is named."""
    if not isinstance(sets, Mapping) or not isinstance(sets.get("preset"), str):
        return sets
    if len(sets) > 1:
        raise ValueError("has a preset and sets of its own: give one or the other")
    if sets["preset"] not in PRESETS:
        raise ValueError(f'preset: "{sets["preset"]}" is unknown; there are {", ".join(PRESETS)}')
    return PRESETS[sets["preset"]]


def _free_name(name: str) -> str:
    if name in RESERVED_SETS:
        raise ValueError("this name is reserved; choose another")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or "__" in name:
        raise ValueError("a set name is lower-case letters, digits and single '_'")
    return name


def _takes_something(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if all(pattern.strip().startswith(EXCEPT) for pattern in patterns):
        raise ValueError(f'every pattern begins with "{EXCEPT}" and says what to leave; add one that says what to take')
    return patterns


_Patterns = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_takes_something)]
_Sets = Mapping[Annotated[str, AfterValidator(_free_name)], _Patterns]
_Preset = Mapping[Literal["preset"], Literal["fbi_index", "nibrs", "home_office"]]


@names_keys()
@dataclass(frozen=True, config=CHECKED)
class Config:
    """Everything a run can be told, apart from its input."""

    input: InputConfig = field(default_factory=InputConfig)
    """How to read the tables."""
    network: NetworkConfig = field(default_factory=NetworkConfig)
    """Who is tied to whom."""
    violent_offences: Annotated[
        _Sets,
        Field(min_length=1, max_length=_MAX_SETS),
        BeforeValidator(_preset, json_schema_input_type=_Sets | _Preset),
    ] = field(default_factory=lambda: PRESETS[DEFAULT_PRESET])
    """``{set name: patterns}``, ordered; or ``{preset = "fbi_index"}``."""
    path: PathConfig = field(default_factory=PathConfig)
    """How betweenness is computed."""
    model: ModelConfig = field(default_factory=ModelConfig)
    """The model."""
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    """The experiments of ``gpunet evaluate``."""
    panel: PanelConfig = field(default_factory=PanelConfig)
    """Panels of features as of many days."""
    audit: AuditConfig = field(default_factory=AuditConfig)
    """How groups of persons are compared."""
    places: PlacesConfig = field(default_factory=PlacesConfig)
    """Forecasts of places."""
    flags: Flags = field(default_factory=dict)
    """``{name: trigger and its parameters}``, of ``gpunet flags``; without any, one flag of each trigger."""
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    """The Dask cluster."""
    ties: Kinds = field(default_factory=dict)
    """``{kind: settings}`` of ties of other kinds than arrests."""
    victims: VictimsConfig = field(default_factory=VictimsConfig)
    """Who may become a victim."""
    links: LinksConfig = field(default_factory=LinksConfig)
    """Links between ids of persons that nobody has decided."""
    governance: StatedGovernance = field(default_factory=GovernanceConfig)
    """What a run is for, who answers for it, who may see what."""
    output: OutputConfig = field(default_factory=OutputConfig)
    """Who may read what a run writes."""

    def __post_init__(self) -> None:
        found = named_as_outcome(self.violent_offences, self.governance.refused_outcomes)
        if found and not self.governance.authority:
            raise ConfigError(
                f"[violent_offences] {', '.join(found)}: offences of protest and public order are no outcome, as what "
                f"people lawfully do together is not forecast: leave them out, or {ALLOWED_BY}"
            )

    @property
    def is_governed(self) -> bool:
        """Whether ``[governance]`` says anything."""
        return self.governance.is_given

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of ties that are in use, in the order of the configuration."""
        return tuple(name for name, kind in self.ties.items() if kind.use)

    @property
    def layers(self) -> Layers:
        """The layers that the tables make which ``[input]`` names beside the arrests."""
        return Layers(self.kinds if self.input.ties else (), bool(self.input.victims))

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the sets C in the order of the output columns: ``all``, ``violent``, then each offence."""
        return ("all", "violent", *self.violent_offences)

    def feature_settings(self) -> dict[str, Any]:
        """What beside the violent sets says what a tie, a person, an incident and a value are, by the keys' full names.

        Features that were computed with other ones mean something else. How a table is written (the names of its
        columns, its separator, encoding, sheet, dates) is not among them.
        """
        plain = self.as_dict()["input"]
        kept = ("incident_key", "person_scope", "id_rules", "null_values", "null_dates")
        beside = {f"[ties.{kind}]": self.as_dict()["ties"][kind] for kind in self.layers.kinds}
        if self.layers.victims:
            beside["[victims] recent_days"] = self.victims.recent_days
        return {
            "[network] max_incident_size": self.network.max_incident_size,
            **{f"[input] {key}": plain[key] for key in kept},
            "[input] offence_separator": list(self.input.offence_separators),
            "[input] columns that are absent": [name for name in ALL_COLUMNS if self.input.is_absent(name)],
            **beside,
        }

    def every_value(self) -> dict[str, Any]:
        """Plain values of every key."""
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self), default=date.isoformat))
        return plain

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in ``run.json``; what is optional is left out where nothing is said of it."""
        plain = self.every_value()
        for name in _OPTIONAL_SECTIONS:
            if getattr(self, name) == _DEFAULTS[name]():
                del plain[name]
        for name in (*BESIDE, "person_links", "offence_separator"):
            if not plain["input"][name]:
                del plain["input"][name]
        if self.model.side == OFFENDER:
            del plain["model"]["side"]
        for flag in plain.get("flags", {}).values():
            if not flag.get("sources", True):
                del flag["sources"]
        return plain


#: Sections of what is off unless asked for.
_OPTIONAL_SECTIONS = ("ties", "victims", "links", "flags", "places", "governance", "output")
_DEFAULTS: Mapping[str, Any] = {f.name: f.default_factory for f in dataclasses.fields(Config)}


def load_config(source: Config | Mapping[str, Any] | str | Path | None = None) -> Config:
    """Make a :class:`Config` of a TOML file, of a mapping with the same keys, or of nothing (all defaults).

    Raises
    ------
    ConfigError
        If the file cannot be read or parsed, or a key or value is not understood; the message names it, in one line
        each if there are several.

    Examples
    --------
    >>> robbery = {"robbery": ["robbery*"]}
    >>> config = gpunet.load_config({"network": {"max_incident_size": 30}, "violent_offences": robbery})
    >>> config.network.max_incident_size, list(config.violent_offences)
    (30, ['robbery'])
    >>> gpunet.load_config({"network": {"max_incident": 30}})
    Traceback (most recent call last):
        ...
    gpunet.base.errors.ConfigError: unknown key [network] max_incident; known are max_incident_size
    """
    if isinstance(source, Config):
        return source
    if source is None or isinstance(source, Mapping):
        return Config(**{str(key): value for key, value in (source or {}).items()})
    if not isinstance(source, str | Path):
        raise ConfigError(f"expected a configuration file, a mapping or a Config, not {type(source).__name__}")
    name = shortened(str(source), 200)
    try:
        return Config(**_read_toml(named_path(source, "the configuration", ConfigError), name))
    except ConfigError as error:
        if error.__cause__ is not None:
            raise
        raise ConfigError("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from error


def _read_toml(path: Path, name: str) -> dict[str, Any]:
    """What a TOML file says; ConfigError, with a cause, if it cannot be read or is none."""
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8-sig")
        if "\0" in text:
            raise ValueError("it holds NUL characters; if it is text in UTF-16, save it as UTF-8")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        reason = "it is not text in UTF-8; save it as such"
        raise ConfigError(f"cannot read the configuration {name}: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {in_words(error)}") from error
    except RecursionError as error:
        raise ConfigError(f"{name} is not a configuration: lists or tables within each other are too deep") from error
    except (OSError, ValueError) as error:
        reason = "a number has thousands of digits" if "digits" in str(error) else in_words(error)
        raise ConfigError(f"cannot read the configuration {name}: {reason}") from error
