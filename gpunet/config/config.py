"""The configuration: frozen dataclasses, read from one TOML file. An unknown key is an error that names it."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gpunet.base.errors import ConfigError
from gpunet.config.offences import PRESETS, Taxonomy, check_taxonomy
from gpunet.config.pool_config import PoolConfig

T = TypeVar("T")

__all__ = [
    "ALL_COLUMNS",
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "UNENCRYPTED",
    "ClusterConfig",
    "Config",
    "InputConfig",
    "ModelConfig",
    "NetworkConfig",
    "PathConfig",
    "load_config",
]

REQUIRED_COLUMNS = ("person_id", "incident_id", "date", "offence")
OPTIONAL_COLUMNS = ("district", "beat", "gang", "force")
ALL_COLUMNS = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
DEFAULT_PRESET = "fbi_index"

#: What ``[cluster] unencrypted`` has to say before a scheduler without TLS on another machine is spoken to.
UNENCRYPTED = "I accept that anyone on this network can run code"


@dataclass(frozen=True)
class InputConfig:
    """How to read the tables.

    Attributes
    ----------
    columns
        ``{our name: name in the files}`` for columns that are called otherwise there.
    incident_key
        Columns (our names, or any other column of the files) that together identify an incident. The default is the
        pair ``("force", "incident_id")``; another key replaces it whole.
    person_scope
        ``"national"``: a person_id means the same person in every force. ``"force"``: only within its force; then
        the output's person_id is the text ``force:person_id``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    incident_key: tuple[str, ...] = ("force", "incident_id")
    person_scope: str = "national"

    def __post_init__(self) -> None:
        for ours, theirs in self.columns.items():
            if ours not in ALL_COLUMNS:
                raise ConfigError(f"[input] columns.{ours}: unknown column; the columns are {', '.join(ALL_COLUMNS)}")
            if not isinstance(theirs, str) or not theirs:
                raise ConfigError(f"[input] columns.{ours}: expected the name of a column")
        if not self.incident_key or not all(isinstance(c, str) and c for c in self.incident_key):
            raise ConfigError("[input] incident_key: expected a list of column names")
        if len(set(self.incident_key)) != len(self.incident_key):
            raise ConfigError("[input] incident_key: a column is named twice")
        if self.person_scope not in ("national", "force"):
            raise ConfigError(f'[input] person_scope: "{self.person_scope}" is neither "national" nor "force"')

    def source_name(self, column: str) -> str:
        """The name that `column` has in the files."""
        return self.columns.get(column, column)


@dataclass(frozen=True)
class NetworkConfig:
    """``max_incident_size``: incidents with more distinct persons than this tie nobody."""

    max_incident_size: int = 50

    def __post_init__(self) -> None:
        if isinstance(self.max_incident_size, bool) or not isinstance(self.max_incident_size, int):
            raise ConfigError("[network] max_incident_size: expected a whole number")
        if self.max_incident_size < 2:
            raise ConfigError("[network] max_incident_size: must be at least 2, or nobody would be tied")


@dataclass(frozen=True)
class PathConfig:
    """How betweenness is computed; the command line's options of the same names come first.

    Attributes
    ----------
    betweenness
        ``"exact"``; ``"approx"``: within `epsilon`, see docs/approximation.md; or ``"auto"``: exact, unless the work
        is estimated at more than `budget`.
    epsilon, delta
        Of approximate betweenness: with probability 1 - `delta` no normalised value, of any person and set, is further
        off than `epsilon`. Both lie between 0 and 1.
    budget
        Core-seconds of exact betweenness, by the estimate, above which ``"auto"`` turns to ``"approx"``.
    seed
        Seed of the samples.
    whole_network
        What computes ``betweenness__all``: ``"gpunet"``, or on the GPU engine ``"cugraph"``, whose last bits vary from
        run to run.
    """

    betweenness: str = "exact"
    epsilon: float = 0.01
    delta: float = 0.1
    budget: float = 14_400.0
    seed: int = 1
    whole_network: str = "gpunet"

    def __post_init__(self) -> None:
        if self.betweenness not in ("exact", "approx", "auto"):
            raise ConfigError(f'[path] betweenness: "{self.betweenness}" is none of "exact", "approx", "auto"')
        for name in ("epsilon", "delta"):
            value = getattr(self, name)
            if not _is_number(value) or not 0 < value < 1:
                raise ConfigError(f"[path] {name}: expected a number greater than 0 and less than 1, not {value!r}")
        if not _is_number(self.budget) or not 0 <= self.budget < math.inf:
            raise ConfigError(f"[path] budget: expected core-seconds, 0 or more, not {self.budget!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**31:
            raise ConfigError(f"[path] seed: expected a whole number from 0 to {2**31 - 1}, not {self.seed!r}")
        if self.whole_network not in ("gpunet", "cugraph"):
            raise ConfigError(f'[path] whole_network: "{self.whole_network}" is neither "gpunet" nor "cugraph"')
        if self.whole_network != "gpunet" and self.betweenness != "exact":
            raise ConfigError('[path] whole_network = "cugraph" goes with betweenness = "exact" alone')


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class ModelConfig:
    """The model of ``gpunet run``; the command line's options of the same names come first.

    Attributes
    ----------
    kind
        ``"xgboost"`` or ``"random_forest"``.
    horizon_days
        Length of the forecast window in days.
    seed
        Seed of every random choice.
    folds
        Folds (by person) of the cross-fitting behind early stopping, threshold and calibration.
    max_rounds
        Upper bound of boosting rounds, or the forest's number of trees.
    """

    kind: str = "xgboost"
    horizon_days: int = 180
    seed: int = 1
    folds: int = 5
    max_rounds: int = 500

    def __post_init__(self) -> None:
        if self.kind not in ("xgboost", "random_forest"):
            raise ConfigError(f'[model] kind: "{self.kind}" is neither "xgboost" nor "random_forest"')
        bounds = {
            "horizon_days": (1, 36_525), "seed": (0, 2**31 - 1), "folds": (2, 1000), "max_rounds": (1, 1_000_000),
        }  # fmt: skip
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise ConfigError(f"[model] {name}: expected a whole number from {least} to {most}")


@dataclass(frozen=True)
class ClusterConfig(PoolConfig):
    """The Dask cluster of ``--cluster``; docs/cluster.md has more.

    None of this has a bearing on the results, but that with `unencrypted` the model depends on the number of workers
    and on their threads.

    Attributes
    ----------
    workers, threads
        Of ``local``: processes, and threads of each; 0 lets Dask divide the processors (or ``--threads``) into them.
        Of ``local-cuda``: GPUs, all that are visible if 0; each has a process of one thread.
    cuda_visible_devices
        Of ``local-cuda``: GPUs to choose from, such as ``"0,2"``, or their UUIDs; ``""`` is what the variable
        CUDA_VISIBLE_DEVICES says, or all.
    enable_cudf_spill
        Of ``local-cuda``: lets cuDF move its frames to the host's memory where the GPU's does not suffice. The other
        options of GPUs are :class:`gpunet.config.pool_config.PoolConfig`'s.
    memory_limit
        Of ``local`` and ``local-cuda``: of each process, such as ``"8 GiB"``; ``"auto"`` is an equal share, ``"0"`` no
        limit. A worker that is about to pass it is started again, and its work goes to others.
    tls_ca, tls_cert, tls_key
        Of a scheduler's address: paths of the authority's certificate, and of our own certificate and key.
    unencrypted
        Words without which a scheduler on another machine is not used but through TLS, and XGBoost does not train on
        several workers, of ``local`` neither: they would listen on every interface. See `UNENCRYPTED`.
    """

    workers: int = 0
    threads: int = 0
    memory_limit: str = "auto"
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    unencrypted: str = ""
    cuda_visible_devices: str = ""
    enable_cudf_spill: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("workers", "threads"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
                raise ConfigError(f"[cluster] {name}: expected a whole number from 0 to 10000, not {value!r}")
        if not isinstance(self.enable_cudf_spill, bool):
            raise ConfigError(f"[cluster] enable_cudf_spill: expected true or false, not {self.enable_cudf_spill!r}")
        if self.unencrypted not in ("", UNENCRYPTED):
            raise ConfigError(f'[cluster] unencrypted: expected nothing or the words "{UNENCRYPTED}"')

    def pool(self) -> PoolConfig:
        """What workers are told of their GPUs' memory."""
        return PoolConfig(**{f.name: getattr(self, f.name) for f in dataclasses.fields(PoolConfig)})


@dataclass(frozen=True)
class Config:
    """Everything a run can be told, apart from its input. ``violent_offences`` is ``{set name: patterns}``, ordered."""

    input: InputConfig = field(default_factory=InputConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    violent_offences: Taxonomy = field(default_factory=lambda: PRESETS[DEFAULT_PRESET])
    path: PathConfig = field(default_factory=PathConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the sets C in the order of the output columns: ``all``, ``violent``, then each offence."""
        return ("all", "violent", *self.violent_offences)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in ``run.json``."""
        return {
            "input": {
                "columns": dict(self.input.columns),
                "incident_key": list(self.input.incident_key),
                "person_scope": self.input.person_scope,
            },
            "network": dataclasses.asdict(self.network),
            "violent_offences": {name: list(patterns) for name, patterns in self.violent_offences.items()},
            "path": dataclasses.asdict(self.path),
            "model": dataclasses.asdict(self.model),
            "cluster": dataclasses.asdict(self.cluster),
        }


def load_config(source: Config | Mapping[str, Any] | str | Path | None = None) -> Config:
    """Make a :class:`Config` of a TOML file, of a mapping with the same keys, or of nothing (all defaults).

    Raises
    ------
    ConfigError
        If the file cannot be read or parsed, or a key or value is not understood; the message names it.

    Examples
    --------
    >>> robbery = {"robbery": ["robbery*"]}
    >>> config = gpunet.load_config({"network": {"max_incident_size": 30}, "violent_offences": robbery})
    >>> config.network.max_incident_size, list(config.violent_offences)
    (30, ['robbery'])
    >>> gpunet.load_config({"network": {"max_incident": 30}})
    Traceback (most recent call last):
        ...
    gpunet.base.errors.ConfigError: [network] max_incident: unknown key; known: max_incident_size
    """
    if isinstance(source, Config):
        return source
    if source is None:
        return Config()
    if isinstance(source, Mapping):
        return _from_mapping(source)
    if not isinstance(source, str | Path):
        raise ConfigError(f"expected a configuration file, a mapping or a Config, not {type(source).__name__}")
    try:
        text = Path(source).read_text(encoding="utf-8")
        return _from_mapping(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {source}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def _from_mapping(data: Mapping[str, Any]) -> Config:
    sections = {f.name for f in dataclasses.fields(Config)}
    for key, value in data.items():
        if key not in sections:
            raise ConfigError(f"unknown key [{key}]; the sections are {', '.join(sorted(sections))}")
        if not isinstance(value, Mapping):
            raise ConfigError(f"[{key}] must be a table")
    input_values = dict(data.get("input", {}))
    if isinstance(input_values.get("incident_key"), list):
        input_values["incident_key"] = tuple(input_values["incident_key"])
    return Config(
        input=_section(InputConfig, "input", input_values),
        network=_section(NetworkConfig, "network", data.get("network", {})),
        violent_offences=_taxonomy(data.get("violent_offences")),
        path=_section(PathConfig, "path", data.get("path", {})),
        model=_section(ModelConfig, "model", data.get("model", {})),
        cluster=_section(ClusterConfig, "cluster", data.get("cluster", {})),
    )


#: Types of the values that are not whole numbers.
_TYPES: dict[str, type | tuple[type, ...]] = {
    "columns": Mapping, "incident_key": tuple, "person_scope": str, "kind": str,
    "betweenness": str, "whole_network": str, "epsilon": (int, float), "delta": (int, float), "budget": (int, float),
    "rmm_pool_size": (int, float, str), "rmm_maximum_pool_size": (int, float, str), "cuda_visible_devices": str,
    "memory_limit": str, "tls_ca": str, "tls_cert": str, "tls_key": str, "unencrypted": str,
}  # fmt: skip


def _section(kind: type[T], name: str, values: Mapping[str, Any]) -> T:
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"unknown key [{name}] {key}; known are {', '.join(known)}")
        if not isinstance(value, _TYPES.get(key, int)):
            raise ConfigError(f"[{name}] {key}: {value!r} is not of the expected type")
    return kind(**values)


def _taxonomy(values: Mapping[str, Any] | None) -> Taxonomy:
    if values is None:
        return PRESETS[DEFAULT_PRESET]
    if "preset" in values and isinstance(values["preset"], str):
        if len(values) > 1:
            raise ConfigError("[violent_offences] has a preset and sets of its own: give one or the other")
        if values["preset"] not in PRESETS:
            raise ConfigError(
                f'[violent_offences] preset: "{values["preset"]}" is unknown; there are {", ".join(PRESETS)}'
            )
        return PRESETS[values["preset"]]
    return check_taxonomy(values)
