"""How likely two records are of one person: the model of Fellegi and Sunter, by Splink on DuckDB.

Splink is given numbers of records and never an id, so that nothing that it might say holds one.

Sources: I. P. Fellegi and A. B. Sunter, "A theory for record linkage", Journal of the American Statistical Association
64 (1969); Splink's documentation (moj-analytical-services.github.io/splink).
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Float64, Int64
from gpunet.base.errors import EngineError, GpunetError
from gpunet.base.progress import ProgressCallback
from gpunet.exchange.comparisons import Compared, pairs_alike
from gpunet.exchange.link_levels import share_of, smoothed

__all__ = ["Scored", "scored_pairs"]

#: Up to so many pairs of records all are compared; of more, those that are equal in a column.
_ALL_PAIRS = 1_000_000

#: A column of which more pairs are equal does not choose pairs alone.
_MOST_ALIKE = 10_000_000

#: Fewer pairs than this tell nothing of how often values of one person agree.
_FEWEST_TO_LEARN = 20

#: Pairs at random from which it is learnt how often values of two persons agree.
_RANDOM_PAIRS = 10_000_000

#: Of pairs that are one person, as many as this are taken to be found by agreeing in all columns but one.
_RECALL = 0.7

#: Where no pair agrees in so many: so large a share of the smaller table is taken to be in the other one.
_SHARE_IN_BOTH = 0.1

#: More pairs than this that agree so are those of tables in which everybody looks alike.
_MOST_FOUND = 1_000_000

_OFF = logging.CRITICAL + 1


@dataclass(frozen=True, eq=False)
class Scored:
    """Pairs of records, how likely each is one person, and how the model came about.

    Attributes
    ----------
    a, b
        int64[k], the numbers of the records.
    probability
        float64[k].
    levels
        int64[columns, k]: how well each column agrees, 0 not at all, -1 where a value is missing.
    best
        The level of equal values, by column.
    notes
        What could not be learnt from these tables, in sentences.
    parameters
        The model, for the file's metadata.
    """

    a: Int64
    b: Int64
    probability: Float64
    levels: Int64
    best: tuple[int, ...]
    notes: tuple[str, ...]
    parameters: dict[str, Any]


def scored_pairs(
    columns: Sequence[Compared], min_probability: float, seed: int, progress: ProgressCallback | None = None
) -> Scored:
    """Pairs of records of two tables that are one person with a probability of `min_probability` or more.

    How often values agree by chance is learnt from random pairs, how often those of one person do by expectation
    maximisation; both are drawn towards starting values where there are few pairs. One thread adds up, so that the
    same tables give the same numbers.

    Parameters
    ----------
    columns
        Two or more.
    min_probability
        Pairs below are left out.
    seed
        Of the random pairs.
    progress
        Called as it goes on.

    Raises
    ------
    EngineError
        If Splink is not installed.
    GpunetError
        If Splink or DuckDB fails.
    """

    def tell(done: float) -> None:
        if progress is not None:
            progress("linking", done, 1.0)

    splink, duckdb = _libraries()
    sizes = len(columns[0].a), len(columns[0].b)
    notes: list[str] = []
    with _silent(), _no_ids_in_errors(duckdb):
        blocking = _blocking(columns, sizes)
        settings = _settings(splink, columns, blocking)
        tell(0.0)
        linker = _linker(splink, duckdb, columns, settings)
        linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=seed)
        tell(0.3)
        expected = _expected_pairs(columns, sizes, notes)
        chance = min(0.5, expected / (sizes[0] * sizes[1]))
        linker._settings_obj._probability_two_random_records_match = chance
        _learn(linker, splink, columns, sizes, notes)
        found = linker.misc.save_model_to_json()
        names = [column.name for column in columns]
        model = smoothed(found, names, expected, sizes[0] * sizes[1], notes)
        model["probability_two_random_records_match"] = chance
        tell(0.6)
        linker = _linker(splink, duckdb, columns, model)
        table = linker.inference.predict(threshold_match_probability=min_probability, warning_mode="never")
        pairs = table.as_pyarrow_table()
    tell(1.0)
    levels = np.stack([_numbers(pairs, f"gamma_{_column(at)}") for at in range(len(columns))])
    return Scored(
        _numbers(pairs, "unique_id_l"),
        _numbers(pairs, "unique_id_r"),
        np.asarray(pairs["match_probability"].combine_chunks(), dtype=np.float64),
        levels,
        tuple(len(share_of(name, of)) - 1 for name, of in zip(names, model["comparisons"], strict=True)),
        tuple(notes),
        {
            "probability_two_random_records_match": chance,
            "pairs_compared": "all" if blocking == ["1=1"] else [_named(rule, columns) for rule in blocking],
            "agreement": {name: share_of(name, of) for name, of in zip(names, model["comparisons"], strict=True)},
        },
    )


def _libraries() -> tuple[Any, Any]:
    try:
        return importlib.import_module("splink"), importlib.import_module("duckdb")
    except ImportError as error:
        raise EngineError('gpunet link needs Splink, which is not installed: pip install "gpunet[link]"') from error


@contextmanager
def _silent() -> Iterator[None]:
    """Splink's words are of models and not of persons, but nobody has asked for them."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(_OFF)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _no_ids_in_errors(duckdb: Any) -> Iterator[None]:
    """Errors of the database may quote values of cells, so only their kind is told."""
    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        raise GpunetError(
            f"Splink could not compare these tables ({type(error).__name__}): give fewer columns, or smaller tables"
        ) from None


def _column(at: int) -> str:
    return f"column_{at}"


def _named(rule: str, columns: Sequence[Compared]) -> list[str]:
    """The columns that have to be equal in a pair by a rule."""
    return [column.name for at, column in enumerate(columns) if f"l.{_column(at)} =" in rule]


def _equal(*at: int) -> str:
    return " AND ".join(f"l.{_column(one)} = r.{_column(one)}" for one in at)


def _blocking(columns: Sequence[Compared], sizes: tuple[int, int]) -> list[str]:
    """The rules by which pairs are chosen that are compared."""
    if sizes[0] * sizes[1] <= _ALL_PAIRS:
        return ["1=1"]
    few = [at for at, column in enumerate(columns) if pairs_alike(column) <= _MOST_ALIKE]
    many = [at for at in range(len(columns)) if at not in few]
    return [*map(_equal, few), *(_equal(*two) for two in combinations(many, 2))] or [_equal(*range(len(columns)))]


def _settings(splink: Any, columns: Sequence[Compared], blocking: list[str]) -> Any:
    library = importlib.import_module("splink.comparison_library")
    makes = {
        "date": lambda name: library.DateOfBirthComparison(
            name, input_is_string=True, datetime_thresholds=[1, 1], datetime_metrics=["month", "year"]
        ),
        "postcode": lambda name: library.PostcodeComparison(name),
        "name": lambda name: library.NameComparison(name, jaro_winkler_thresholds=[0.92, 0.88]),
        "exact": lambda name: library.ExactMatch(name),
    }
    return splink.SettingsCreator(
        link_type="link_only",
        comparisons=[makes[column.kind](_column(at)) for at, column in enumerate(columns)],
        blocking_rules_to_generate_predictions=blocking,
    )


def _linker(splink: Any, duckdb: Any, columns: Sequence[Compared], settings: Any) -> Any:
    """Splink over a database in memory, which reads no file and fetches nothing."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": "1",
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    connection.execute("SET enable_progress_bar = false")
    api = splink.DuckDBAPI(connection)
    tables = [
        api.register(_table([getattr(column, side) for column in columns]), dataset_display_name=f"table_{side}")
        for side in ("a", "b")
    ]
    return splink.Linker(tables, settings, log_level=None)


def _table(values: Sequence[tuple[str | None, ...]]) -> pa.Table:
    texts = {_column(at): pa.array(of, pa.string()) for at, of in enumerate(values)}
    return pa.table({"unique_id": pa.array(range(len(values[0])), pa.int64()), **texts})


def _expected_pairs(columns: Sequence[Compared], sizes: tuple[int, int], notes: list[str]) -> float:
    """How many pairs are one person, by those that agree in all columns, or all but one of three or more."""
    n = len(columns)
    alike: set[tuple[int, int]] = set()
    for rule in combinations(columns, n if n == 2 else n - 1):
        place: dict[tuple[str | None, ...], list[int]] = {}
        for at, values in enumerate(zip(*(column.a for column in rule), strict=True)):
            if None not in values:
                place.setdefault(values, []).append(at)
        for at, values in enumerate(zip(*(column.b for column in rule), strict=True)):
            alike.update((of_a, at) for of_a in place.get(values, ()))
            if len(alike) > _MOST_FOUND:
                return float(min(sizes))
    if alike:
        return min(len(alike) / _RECALL, float(min(sizes)))
    notes.append(
        f"no two records agree in all columns{'' if n == 2 else ' but one'}, so one in ten persons of the smaller "
        "table is taken to be in the other"
    )
    return max(1.0, _SHARE_IN_BOTH * min(sizes))


def _learn(linker: Any, splink: Any, columns: Sequence[Compared], sizes: tuple[int, int], notes: list[str]) -> None:
    """Learn how often the values of one person agree, where there are pairs enough."""
    exceptions = importlib.import_module("splink.internals.exceptions")
    if sizes[0] * sizes[1] <= _ALL_PAIRS:
        rules = ["1=1"] if sizes[0] * sizes[1] >= _FEWEST_TO_LEARN else []
    else:
        alike = sorted((pairs_alike(column), at) for at, column in enumerate(columns))
        rules = [_equal(at) for count, at in alike if _FEWEST_TO_LEARN <= count <= _MOST_ALIKE][:3]
    learnt = 0
    for rule in rules:
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, fix_probability_two_random_records_match=rule == "1=1"
            )
            learnt += 1
        except exceptions.SplinkException:
            continue
    if not learnt:
        notes.append("there are too few pairs to learn how often values of one person agree: starting values are used")


def _numbers(table: Any, name: str) -> Int64:
    return np.asarray(table[name].combine_chunks(), dtype=np.int64)
