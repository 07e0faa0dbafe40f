"""Arrests that lie on workers, put together again to be compared with those of one process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from reading_at import CODES

from gpunet.arrests.arrests import Arrests
from gpunet.cluster.results import fetched
from gpunet.tables.frames import to_arrow

__all__ = ["assert_same_arrests", "parts_of"]


def parts_of(distributed: Any) -> list[Any]:
    return fetched(distributed.client, distributed.partitions)


def assert_same_arrests(distributed: Any, expected: Arrests) -> None:
    """Everything about the two is equal; of places their names, as places without an arrest may be known."""
    parts = parts_of(distributed)
    assert [len(part.arrests) for part in parts] == list(distributed.arrests)
    assert [part.arrests.n_persons for part in parts] == list(distributed.persons)
    assert [part.first_person for part in parts] == np.concatenate([[0], np.cumsum(distributed.persons)])[:-1].tolist()
    assert distributed.n_numbers == expected.n_persons
    ids = [id_ for part in parts for id_ in part.arrests.person_ids.to_list()]
    assert ids == expected.person_ids.to_list()
    assert {part.arrests.person_ids.dtype for part in parts} == {expected.person_ids.dtype}
    found = {name: np.concatenate([np.asarray(getattr(part.arrests, name)) for part in parts]) for name in CODES}
    found["person"] = np.concatenate([part.arrests.person + part.first_person for part in parts])
    for name in ("person", "force", "day", "offences", "gang"):
        np.testing.assert_array_equal(found[name], getattr(expected, name), err_msg=name)
    for name in ("district", "beat"):
        here, there = ([*names, None] for names in (getattr(distributed, f"{name}_names"), _texts(expected, name)))
        assert [here[code] for code in found[name]] == [there[code] for code in getattr(expected, name)], name
    for name in ("force", "gang"):
        assert list(getattr(distributed, f"{name}_names")) == _texts(expected, name)
    keys = [part.incident_key.take(pa.array(part.arrests.incident)).to_pylist() for part in parts]
    texts = [[part.arrests.incident_ids.to_list()[code] for code in part.arrests.incident] for part in parts]
    known = {key: code for code, key in enumerate(sorted({key for some in keys for key in some}))}
    np.testing.assert_array_equal([known[key] for some in keys for key in some], expected.incident)
    ids = expected.incident_ids.to_list()
    assert [text for some in texts for text in some] == [ids[code] for code in expected.incident]
    assert distributed.last_day == expected.last_day
    _assert_same_report(distributed, expected)


def _texts(arrests: Arrests, name: str) -> list[str]:
    return getattr(arrests, f"{name}_names").to_list()


def _assert_same_report(distributed: Any, expected: Arrests) -> None:
    for name in ("files", "protected_columns", "ignored_columns", "warnings", "skipped", "by_reason", "reasons",
                 "null_words", "notes", "columns", "advice", "bad_dates"):  # fmt: skip
        assert getattr(distributed.report, name) == getattr(expected.report, name), name
    rejected = pa.concat_tables(fetched(distributed.client, distributed.rejected))
    assert rejected.equals(to_arrow(expected.report.rejected))
    assert distributed.report.offences.to_dict(as_series=False) == expected.report.offences.to_dict(as_series=False)
