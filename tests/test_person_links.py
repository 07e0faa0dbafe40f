"""Which ids are one person by links: against a slow reference, and what is refused without telling an id."""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import ConfigError, InputError
from gpunet.config.config import load_config
from gpunet.reading.links_table import LinkRow, read_link_rows
from gpunet.reading.person_links import person_links, settled

IDS = ["7", "12", "007", "b", "a", "é", "north:7", "-3"]

#: As ids are ordered: numbers, as numbers are written, first.
ORDER = {"-3": 0, "7": 1, "12": 2, "007": 3, "a": 4, "b": 5, "north:7": 6, "é": 7}

LINKS = st.lists(
    st.tuples(
        st.sampled_from(IDS),
        st.sampled_from(IDS),
        st.sampled_from([None, 0.3, 0.9, 0.91, 0.99]),
        st.sampled_from([None, None, "yes", "no"]),
    ).filter(lambda link: link[0] != link[1]),
    max_size=12,
)


def rows_of(links):
    return [LinkRow(f"row {at + 1}", *link) for at, link in enumerate(links)]


def groups_of(pairs):
    """Whoever can be reached from whom, the slow way."""
    reach = {person: {person} for person in IDS}
    for _ in IDS:
        for a, b in pairs:
            together = reach[a] | reach[b]
            for person in together:
                reach[person] = together | reach[person]
    return reach


def merged_by(pairs):
    reach = groups_of(pairs)
    stays = {person: min(reach[person], key=ORDER.__getitem__) for person in IDS}
    return {person: other for person, other in stays.items() if person != other}


@given(LINKS)
def test_groups_are_those_of_a_slow_search(links):
    yes = [(a, b) for a, b, _, decision in links if decision == "yes"]
    no = [(a, b) for a, b, _, decision in links if decision == "no"]
    reach = groups_of(yes)
    if any(b in reach[a] for a, b in no):
        with pytest.raises(InputError, match=r"row \d+ says no of two ids that row \d+.* make one person"):
            settled(rows_of(links), 0.9)
        return
    found = settled(rows_of(links), 0.9)
    assert found.decided == merged_by(yes)
    open_ = [(p, a, b) for a, b, p, decision in links if decision is None and p is not None and p >= 0.9]
    used, left = list(yes), 0
    for _, a, b in sorted(open_, key=lambda link: (-link[0], *sorted(ORDER[person] for person in link[1:]))):
        reach = groups_of([*used, (a, b)])
        if any(other in reach[one] for one, other in no):
            left += 1
        else:
            used.append((a, b))
    assert found.likely == merged_by(used)
    assert (found.uncertain, found.contradicted) == (len(used) - len(yes), left)
    assert (found.yes, found.no, found.undecided) == (len(yes), len(no), len(links) - len(yes) - len(no))


@given(LINKS, st.randoms(use_true_random=False))
def test_decisions_do_not_depend_on_the_order_of_rows(links, random):
    decided = [link for link in links if link[3] == "yes"]
    shuffled = random.sample(decided, len(decided))
    assert settled(rows_of(decided), 0.9).decided == settled(rows_of(shuffled), 0.9).decided


def test_a_long_chain_and_a_circle():
    ids = [f"p{at:05d}" for at in range(5000)]
    links = [LinkRow(f"row {at}", a, b, None, "yes") for at, (a, b) in enumerate(itertools.pairwise([*ids, ids[0]]))]
    assert settled(links[::-1], 0.9).decided == dict.fromkeys(ids[1:], ids[0])
    with pytest.raises(InputError) as error:
        settled([*links, LinkRow("row 9999", ids[10], ids[3000], None, "no")], 0.9)
    assert "row 9999 says no" in str(error.value)
    assert "..." in str(error.value)
    assert not any(person in str(error.value) for person in ids)


def write(path: Path, rows: list[dict[str, object]]) -> str:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return str(path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_tables_of_ones_own(tmp_path, suffix):
    rows = [
        {"Person A": " 0012", "person-b": "B-1", "probability": 0.93, "decision": "Yes"},
        {"Person A": "3", "person-b": "B-2", "probability": None, "decision": None},
        {"Person A": "b2", "person-b": "B-2", "probability": 0.5, "decision": "no"},
    ]
    config = load_config({"input": {"id_rules": ["strip_zeros", "casefold", "strip_hyphens"]}})
    found, files = read_link_rows([write(tmp_path / f"links.{suffix}", rows)], config)
    assert [(row.a, row.b, row.probability, row.decision) for row in found] == [
        ("12", "b1", 0.93, "yes"),
        ("3", "b2", None, None),
    ]  # and b2 and B-2 are one id
    assert found[1].where == f"row 2 of {tmp_path / f'links.{suffix}'}"
    assert len(files) == 1


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"person_a": "secret", "person_b": None}, "row 1 of .* lacks person_a or person_b"),
        ({"person_a": "secret", "person_b": "b", "decision": "maybe"}, "row 1 of .* neither yes nor no"),
        ({"person_a": "secret", "person_b": "b", "probability": "1.5"}, "row 1 of .* no number from 0 to 1"),
        ({"person_a": "secret", "person_b": "b", "probability": "nearly"}, "row 1 of .* no number from 0 to 1"),
        (
            {"person_a": "secret", "other": "b"},
            'no column "person_b"; .* the columns person_a and person_b',
        ),
        ({"person_a": "secret", "person a": "b", "person_b": "c"}, "more than one column"),
    ],
)
def test_what_is_refused(tmp_path, row, text):
    config = load_config({"input": {"person_links": write(tmp_path / "links.csv", [row])}})
    with pytest.raises(InputError, match=f"^person_links: .*{text}") as error:
        person_links(config)
    assert "secret" not in str(error.value)


def test_settings_are_checked_and_left_out_where_nothing_is_said():
    with pytest.raises(ConfigError, match=r"\[links\] min_probability"):
        load_config({"links": {"min_probability": 2.0}})
    plain = load_config({}).as_dict()
    assert "links" not in plain
    assert "person_links" not in plain["input"]
    assert person_links(load_config({})) is None
    assert load_config({"input": {"person_links": ["l.csv"]}}).as_dict()["input"]["person_links"] == ["l.csv"]
