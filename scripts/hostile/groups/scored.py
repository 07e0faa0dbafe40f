"""Feature tables that do not fit a model, and scores over what is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from scripts.hostile import tables
from scripts.hostile.case import DONE, REFUSED, Case, End, Place, Step, Wrong, command, single
from scripts.hostile.damage import altered
from scripts.hostile.groups.models import check_probabilities


def cases() -> Iterator[Case]:
    yield from _features()
    yield from _outputs()
    yield Case("models/features-of-another-day", _unlike("--as-of", "2014-03-01"))
    yield Case("models/features-of-another-cap", _unlike("--config", "cap.toml"))


def _features() -> Iterator[Case]:
    """Feature tables that a model did not expect."""
    changes: dict[str, Callable[[Any], Any]] = {
        "no-rows": lambda table: table.slice(0, 0),
        "one-row": lambda table: table.slice(0, 1),
        "no-columns": lambda table: table.select([]),
        "only-ids": lambda table: table.select(["person_id"]),
        "no-ids": lambda table: table.drop_columns(["person_id"]),
        "same-ids": lambda table: _set(table, "person_id", ["1"] * len(table)),
        "null-ids": lambda table: _set(table, "person_id", [None] * len(table)),
        "texts": lambda table: _set(table, table.column_names[4], ["x"] * len(table)),
        "infinite": lambda table: _set(table, table.column_names[4], [float("inf")] * len(table)),
        "not-numbers": lambda table: _set(table, table.column_names[4], [float("nan")] * len(table)),
        "large": lambda table: _set(table, table.column_names[4], [1e300] * len(table)),
        "nulls": lambda table: _set(table, table.column_names[4], [None] * len(table)),
        "lists": lambda table: _set(table, table.column_names[4], [[1]] * len(table)),
        "twice": lambda table: table.append_column(table.column_names[4], table.column(4)),
        "no-metadata": lambda table: table.replace_schema_metadata({}),
        "odd-metadata": lambda table: table.replace_schema_metadata({"gpunet": "{", "x": "y"}),
        "list-metadata": lambda table: table.replace_schema_metadata({"gpunet": "[1, 2]"}),
        "deep-metadata": lambda table: table.replace_schema_metadata({"gpunet": "[" * 100_000}),
        "backwards": lambda table: table.select(table.column_names[::-1]),
    }
    for name, change in changes.items():

        def play(place: Place, change: Callable[[Any], Any] = change) -> Generator[Step, End, None]:
            import pyarrow.parquet as pq

            table = change(pq.read_table(place.base.features / "features.parquet", use_threads=False))
            features, out = place.write("f.parquet", tables.parquet(table)), place.root / "s.parquet"
            end = yield command("score", "--model", place.base.model(), "--features", features, "--out", out)
            if end.code == 0:
                check_probabilities(out)

        yield Case(f"models/features-{name}", play)

    def metadata(place: Place) -> Step:
        import pyarrow.parquet as pq

        table = pq.read_table(place.base.features / "features.parquet", use_threads=False)
        old = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        key = place.rng.choice(sorted(key for key in old if key != "ARROW:schema"))
        try:
            old[key] = json.dumps(altered(json.loads(old[key]), place.rng))
        except ValueError:
            old[key] = "\u202e"
        features = place.write("f.parquet", tables.parquet(table.replace_schema_metadata(old)))
        return command(
            "score", "--model", place.base.model(), "--features", features, "--out", place.root / "s.parquet"
        )

    for k in range(25):
        yield single(f"models/features-metadata-{k}", metadata)


def _set(table: Any, name: str, values: list[Any]) -> Any:
    import pyarrow as pa

    return table.set_column(table.column_names.index(name), name, pa.array(values))


def _unlike(*options: str) -> Callable[[Place], Generator[Step, End, None]]:
    """Features made otherwise than those that the model learned from: scored, with a warning."""

    def play(place: Place) -> Generator[Step, End, None]:
        place.write("cap.toml", "[network]\nmax_incident_size = 2\n")
        yield command("features", place.base.table, "--out", place.out, *options, codes=DONE)
        features, out = place.out / "features.parquet", place.root / "s.parquet"
        end = yield command("score", "--model", place.base.model(), "--features", features, "--out", out, codes=DONE)
        if "warning" not in end.error:
            raise Wrong(f"scored without a warning: features with {' '.join(options)}")

    return play


def _outputs() -> Iterator[Case]:
    """Scores over what is read: refused, whatever way the same file is named."""
    ways: dict[str, Callable[[Path], Path]] = {
        "same": lambda path: path,
        "dotted": lambda path: path.parent / "." / "x" / ".." / path.name,
        "hard-link": _hard_link,
        "link": _link,
        "folder-link": _folder_link,
    }
    for which in ("--model", "--features"):
        for way, name in ways.items():

            def play(
                place: Place, which: str = which, name: Callable[[Path], Path] = name
            ) -> Generator[Step, End, None]:
                model = place.guard(place.write("in/m.ubj", place.base.model().read_bytes()))
                data = (place.base.features / "features.parquet").read_bytes()
                features = place.guard(place.write("in/f.parquet", data))
                (place.root / "in" / "x").mkdir()
                out = name(model if which == "--model" else features)
                yield command("score", "--model", model, "--features", features, "--out", out, codes=REFUSED)

            yield Case(f"models/out-is{which}-{way}", play)


def _hard_link(path: Path) -> Path:
    other = path.with_name("other")
    other.hardlink_to(path)
    return other


def _link(path: Path) -> Path:
    other = path.with_name("other")
    other.symlink_to(path.name)
    return other


def _folder_link(path: Path) -> Path:
    other = path.parent.with_name("alias")
    other.symlink_to(path.parent.name)
    return other / path.name
