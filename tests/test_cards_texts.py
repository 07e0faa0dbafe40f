"""Whatever texts a configuration or a table has: in a public record they are text, and nothing else."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from record_texts import source, structure

from gpunet.base.printable import printable
from gpunet.records.cards import cards_of
from gpunet.records.facts import Facts
from gpunet.records.markdown import MARK, inline, table, text

KEYS = ("purpose", "legal_basis", "controller", "owner", "requested_by", "jurisdiction", "retain_until", "authority")

PIECES = st.sampled_from(
    ["[x](http://evil)", "![x](y)", "<script>", "</h1>", "<http://a.b>", "&lt;", "&#64;", "| a |", "|---|", "```",
     "~~~", "`", "**", "__", "*", "_", "# h", "## h", "1. a", "2) b", "- a", "+ a", "> q", "===", "---", "\\", "\\\\",
     "\n", "\r\n", "\n\n", "    code", "\t", "\x00", "\x1b[31m", "\u2028", "\u202e", "\u2066", "www.evil.org",
     "http://evil", MARK, f"**{MARK}**", "[x]: http://evil", "[^1]", "$x$", "{: .a}", "<!-- x -->", "a", "1", " ",
     ":", "a\u0301"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=4), min_size=1, max_size=12).map("".join)
SEEN = TEXTS.filter(lambda given: bool(shown(given)))


def shown(given: str) -> str:
    """What a reader is to see of a text: one line, control characters as escapes."""
    line = " ".join(given.replace("\u2068", "").replace("\u2069", "").split())
    return " ".join(printable(line).split())


def run_with(stated: dict[str, Any]) -> Facts:
    manifest: dict[str, Any] = {
        "gpunet": "features", "versions": {"gpunet": "1"}, "config": {}, "as_of": None, "governance": stated,
        "input": {"rows": dict.fromkeys(("read", "accepted", "rejected", "duplicate"), 100), "files": [],
                  "left_out": [], "rejected_by_reason": {}, "recorded_at": "absent: dates alone count"},
        "arrests": {"arrests": 100, "persons": 50, "first_date": "2013-01-01", "last_date": "2013-12-31"},
        "network": {"persons": 20, "ties": 30}, "warnings": [], "outputs": {},
    }  # fmt: skip
    return Facts(source(manifest))


def records(stated: dict[str, Any]) -> dict[str, str]:
    return {name: data.decode() for name, data in cards_of(run_with(stated)).items()}


PLAIN = {name: structure(text)[0] for name, text in records({key: key for key in KEYS}).items()}


@given(st.fixed_dictionaries(dict.fromkeys(KEYS, SEEN)))
def test_no_text_of_a_configuration_is_markup(stated: dict[str, str]) -> None:
    """The elements of a document are those that it has with plain words, and a reader sees the words as they were."""
    for name, record in records(stated).items():
        kinds, seen = structure(record)
        assert kinds == PLAIN[name]
        said = shown(stated["controller"])
        assert {said, f"Data and results: {said} (controller, as the run states)."}.intersection(seen.splitlines())
        marks = sum(line.startswith(f"**{MARK}** ") for line in record.splitlines())
        assert f"**To be completed by the force: {marks}.**" in record
        assert record.count(MARK) == marks


@given(SEEN)
def test_a_text_is_a_paragraph_that_says_it(given: str) -> None:
    kinds, seen = structure(text(given))
    assert kinds == ["paragraph_open", "paragraph_close"]
    assert seen == f"{shown(given)}\n"
    assert not any(unicodedata.category(letter) == "Cc" for letter in text(given))


@given(st.lists(TEXTS, min_size=3, max_size=3), st.lists(TEXTS, min_size=3, max_size=3))
def test_cells_stay_in_their_table(heads: list[str], row: list[str]) -> None:
    kinds, seen = structure(table(heads, [row]))
    assert kinds.count("td_open") == kinds.count("th_open") == 3
    assert kinds[-1] == "table_close"
    assert seen.splitlines() == [shown(cell) for cell in (*heads, *row)]


def test_addresses_are_no_links() -> None:
    """Some renderers make links of bare addresses; what looks like one to them is broken up."""
    assert inline("see http://evil.org and HTTPS://x") == r"see http\://evil.org and HTTPS\://x"
    assert inline("www.evil.org, WWW.evil.org") == r"www\.evil.org, WWW\.evil.org"
